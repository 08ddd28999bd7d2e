"""Tensors in float64, and graphs of them, for the tests of graphs."""

from collections.abc import Callable

import torch
from torch import Tensor

from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Graph, Node, trace

DOUBLE = torch.float64
Function = Callable[..., Tensor]


def vector(*numbers: float) -> Tensor:
    """Return a vector in float64."""
    return torch.tensor(numbers, dtype=DOUBLE)


def number(x: float) -> Tensor:
    """Return a tensor without dimensions in float64."""
    return torch.tensor(x, dtype=DOUBLE)


def randn(*shape: int, seed: int = 0) -> Tensor:
    """Return a random tensor in float64, always the same."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=DOUBLE, generator=generator)


def tensor(value: object) -> Tensor:
    """Return the tensor that this must be."""
    assert isinstance(value, Tensor)
    return value


def example() -> Graph:
    """Return the graph of F at 2."""
    return trace(log_sine_reciprocal, number(2))


def wide(x: Tensor) -> Tensor:
    """Use vectors, views, several results and a matrix product."""
    a, b = torch.split(x, 2)
    y = torch.outer(a, b.exp())
    return (y @ a).tanh() * x[:2]


def wide_graph() -> Graph:
    """Return the graph of a function of vectors."""
    return trace(wide, randn(4), cotangent=randn(2, seed=1))


def statements(graph: Graph) -> list[str]:
    """Return the evaluation trace."""
    return [node.statement for node in graph.nodes]


def names(graph: Graph) -> list[str]:
    """Return the names of the nodes."""
    return [node.name for node in graph.nodes]


def central_differences(
    f: Function, inputs: tuple[Tensor, ...], which: int, h: float = 1e-6
) -> Tensor:
    """Return the Jacobian by one input: no autograd, no formula."""
    x = inputs[which]

    def at(step: Tensor) -> Tensor:
        moved = [v.detach().clone().requires_grad_() for v in inputs]
        moved[which] = (x + step).requires_grad_()
        return f(*moved).detach()

    columns = []
    for k in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=DOUBLE)
        step[k] = h
        step = step.view(x.shape)
        columns.append((at(step) - at(-step)) / (2 * h))
    shape = (*f(*inputs_that_require_grad(inputs)).shape, *x.shape)
    if not columns:
        return torch.zeros(shape, dtype=DOUBLE)
    return torch.stack(columns, dim=-1).reshape(shape)


def inputs_that_require_grad(inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return copies that require grad."""
    return [x.detach().clone().requires_grad_() for x in inputs]


def product_over_paths(graph: Graph, source: Node) -> Tensor | None:
    """Add up the products of the partials along all paths from a leaf to the output.

    None if a partial is missing on the way.
    """
    size = tensor(source.primals[0]).numel()
    eye = torch.eye(size, dtype=DOUBLE)
    jacobians = {source: eye.view(*tensor(source.primals[0]).shape, size)}
    for node in graph.nodes:
        for edge in graph.edges_into.get(node, ()):
            if edge.source not in jacobians:
                continue
            if edge.partial is None:
                return None
            before = jacobians[edge.source]
            term = torch.tensordot(edge.partial, before, dims=before.dim() - 1)
            jacobians[node] = jacobians.get(node, 0) + term
    if graph.output not in jacobians:
        return None
    return jacobians[graph.output]
