"""Tensors in float64, and graphs of them, for the tests of graphs."""

from collections.abc import Callable

import torch
from torch import Tensor

from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Graph, trace

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
