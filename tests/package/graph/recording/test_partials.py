"""Local derivatives are those of torch, and of finite differences."""

import math
from typing import Any

import pytest
import torch
from graphs import (
    Function,
    central_differences,
    product_over_paths,
    randn,
    statements,
    tensor,
    vector,
)
from torch import Tensor
from torch.nn import functional as F
from torch.testing import assert_close
from trial_set import (
    DOUBLE,
    in_place_on_a_view,
)

from autograd_tutorial.graph import trace

OPERATIONS: list[tuple[str, Function, list[tuple[int, ...]]]] = [
    ("add", torch.add, [(3,), (3,)]),
    ("alpha", lambda a, b: torch.add(a, b, alpha=-2), [(3,), (3,)]),
    ("sub, broadcast", torch.sub, [(2, 2), (2,)]),
    ("rsub", lambda a: 1 - a, [(3,)]),
    ("mul, broadcast", torch.mul, [(3, 1), (1, 4)]),
    ("mul by a scalar", torch.mul, [(), (3,)]),
    ("div", torch.div, [(3,), (3,)]),
    ("pow of a tensor", lambda a, b: a.exp() ** b, [(2,), (2,)]),
    ("exp", torch.exp, [(3,)]),
    ("sin", torch.sin, [(2, 2)]),
    ("sigmoid", torch.sigmoid, [(3,)]),
    ("silu", F.silu, [(3,)]),
    ("gelu", F.gelu, [(3,)]),
    ("softmax", lambda a: a.softmax(-1), [(2, 3)]),
    ("logsumexp", lambda a: a.logsumexp(0), [(4,)]),
    ("sum", lambda a: a.sum(0), [(2, 3)]),
    ("mean", torch.mean, [(2, 3)]),
    ("prod", torch.prod, [(3,)]),
    ("norm", torch.linalg.vector_norm, [(3,)]),
    ("cumsum", lambda a: a.cumsum(0), [(4,)]),
    ("mm", torch.mm, [(2, 3), (3, 2)]),
    ("mv", torch.mv, [(2, 3), (3,)]),
    ("addmm", torch.addmm, [(2,), (2, 3), (3, 2)]),
    ("bmm", torch.bmm, [(2, 2, 2), (2, 2, 2)]),
    ("dot", torch.dot, [(4,), (4,)]),
    ("det", torch.linalg.det, [(3, 3)]),
    ("inv", torch.linalg.inv, [(2, 2)]),
    ("solve", torch.linalg.solve, [(2, 2), (2,)]),
    ("transpose", torch.t, [(2, 3)]),
    ("expand", lambda a: a.expand(2, 3), [(3,)]),
    ("select", lambda a: a[1], [(3, 2)]),
    ("index", lambda a: a[torch.tensor([0, 0, 2])], [(3,)]),
    ("gather", lambda a: a.gather(0, torch.tensor([2, 0])), [(3,)]),
    ("cat", lambda a, b: torch.cat([a, b, a]), [(2,), (1,)]),
    ("where", lambda a, b: torch.where(a > 0, a, b), [(3,), (3,)]),
    ("relu", torch.relu, [(4,)]),
    ("max", lambda a: a.max(1).values, [(3, 3)]),
    ("sort", lambda a: a.sort().values, [(4,)]),
    ("layer_norm", lambda a: F.layer_norm(a, [3]), [(2, 3)]),
    ("conv1d", F.conv1d, [(1, 1, 4), (1, 1, 2)]),
]  # fmt: skip


class TestPartials:
    """The partial of one operation, against witnesses that do not share its node."""

    @pytest.mark.parametrize(
        ("f", "shapes"),
        [(f, shapes) for _, f, shapes in OPERATIONS],
        ids=[name for name, *_ in OPERATIONS],
    )
    def test_one_operation(
        self, f: Function, shapes: list[tuple[int, ...]]
    ) -> None:
        """The partial of each argument is the Jacobian of torch.func and of differences."""
        inputs = tuple(randn(*s, seed=k) for k, s in enumerate(shapes))
        graph = trace(f, *inputs, cotangent=torch.ones_like(f(*inputs)))
        assert graph.doubts == ()
        for k, source in enumerate(graph.inputs):
            partial = product_over_paths(graph, source)
            assert partial is not None
            difference = central_differences(f, inputs, k)
            partial = partial.reshape(difference.shape)
            assert_close(partial, difference, rtol=1e-6, atol=1e-8)
            assert_close(
                partial,
                torch.func.jacrev(f, argnums=k)(*inputs),
                rtol=1e-12,
                atol=1e-14,
            )

    def test_sibling_paths_do_not_add_up(self) -> None:
        """∂v4/∂v2 of y = x · sin x with v1 = sin x is x, though x reaches y twice."""
        graph = trace(lambda x: x * x.sin(), vector(2.0)[0])
        by_x, by_sine = graph.edges_into[graph.output]
        assert by_x.partial == math.sin(2)
        assert by_sine.partial == 2
        (through,) = graph.edges_into[graph["v1"]]
        assert through.partial == math.cos(2)
        assert graph["x"].adjoint == math.sin(2) + 2 * math.cos(2)

    def test_multiple_edges_are_kept_apart(self) -> None:
        """In x · x there are two edges, each with the partial x."""
        graph = trace(lambda x: x * x, vector(3.0)[0])
        assert [e.slot for e in graph.edges] == [0, 1]
        assert [tensor(e.partial).item() for e in graph.edges] == [3, 3]

    def test_broadcasting_is_undone(self) -> None:
        """The partial of a broadcast argument has the argument's shape, not the result's."""
        a, b = randn(2, 2), randn(2, seed=1)
        graph = trace(torch.mul, a, b, cotangent=torch.ones(2, 2))
        partial = tensor(graph.edges[1].partial)
        assert partial.shape == (2, 2, 2)
        expected = torch.einsum("ij,jk->ijk", a, torch.eye(2, dtype=DOUBLE))
        assert torch.equal(partial, expected)
        assert torch.equal(tensor(graph.edges[1].message), a.sum(0))

    @pytest.mark.parametrize(("size", "built"), [(8, True), (9, False)])
    def test_large_ones_are_not_built(self, size: int, built: bool) -> None:
        """8 × 8 entries are built, 9 × 9 are not; the message is always there."""
        graph = trace(lambda x: x.sin().sum(), randn(size))
        edge = graph.edges[0]
        assert (edge.partial is not None) is built
        assert torch.equal(tensor(edge.message), randn(size).cos())

    def test_several_results_have_none(self) -> None:
        """An operation with several results sends a message, but has no partial."""
        graph = trace(lambda x: torch.split(x, 1)[1].sum(), vector(1, 2))
        (edge,) = graph.edges_into[graph["v1"]]
        assert edge.partial is None
        assert tensor(edge.message).tolist() == [0, 1]
        assert isinstance(graph["v1"].primal, tuple)
        assert isinstance(graph["v1"].adjoint, tuple)
        assert graph["v1"].adjoints[0] is None

    def test_complex_ones_are_not_built(self) -> None:
        """A map between real and complex numbers is no matrix of complex numbers."""
        graph = trace(lambda x: torch.fft.fft(x).abs().sum(), vector(1, 2, 4))
        assert graph.edges[0].partial is None
        assert graph.edges[1].partial is None
        assert graph.edges[2].partial is not None

    def test_in_place_on_a_view(self) -> None:
        """Torch drops the node of the view: the changed tensor depends on the old one."""
        graph = trace(in_place_on_a_view, vector(1, 2))
        assert statements(graph) == [
            "x",
            "y1 = mul(x, 1)",
            "y2 = mul_(select(y1, 0, 0), 3)",
            "v1 = as_strided(y2)",
            "y3 = copy_(select(y2, 0, 0), v1)",
            "v2 = pow(y3, 2)",
            "v3 = sum(v2)",
        ]
        node = graph["y2"]
        assert node.grad_fn == "CopySlices"
        assert node.overload == ""
        (edge,) = graph.edges_into[node]
        assert tensor(edge.partial).tolist() == [[3, 0], [0, 1]]
        assert edge.rule == edge.formula == ""
        assert tensor(node.primal).tolist() == [3, 2]
        assert tensor(graph["x"].adjoint).tolist() == [18, 4]


class UsesItUp(torch.autograd.Function):
    """Go back through a graph of its own, which that frees."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        """Make the graph."""
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_()
            ctx.y = torch.tanh(ctx.x) * ctx.x
        return ctx.y.detach()

    @staticmethod
    def backward(ctx: Any, adjoint: Tensor) -> Any:
        """Use it up."""
        return torch.autograd.grad(ctx.y, ctx.x, adjoint)[0]


class PopsIt(torch.autograd.Function):
    """Take the slope from a stack, which is empty afterwards."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Put it there."""
        ctx.stack = [2 * x]
        return x**2

    @staticmethod
    def backward(ctx: Any, adjoint: Tensor) -> Any:
        """Take it."""
        return adjoint * ctx.stack.pop()


@pytest.mark.parametrize("function", [UsesItUp, PopsIt])
def test_a_backward_that_runs_once(function: Any) -> None:
    """The adjoints are those of plain torch, no local derivative is shown, and advice is given."""
    x = torch.tensor([0.5, -2.0], requires_grad=True)
    function.apply(x).sum().backward()
    graph = trace(lambda x: function.apply(x).sum(), x)
    assert_close(graph["x"].adjoint, x.grad, rtol=0, atol=0)
    assert graph.edges[0].partial is None
    assert graph.doubts == ()
    with pytest.raises(ValueError, match="sent back"):
        graph.pullback()
