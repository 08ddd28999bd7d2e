"""Products of a graph with vectors, back and forward."""

import copy
import math
from typing import Any

import pytest
import torch
from graphs import DOUBLE, Function, number, randn, tensor, vector, wide_graph
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from autograd_tutorial.graph import trace


class TestPullback:
    """The vector-Jacobian product of the recorded graph."""

    def test_without_a_cotangent(self) -> None:
        """It is that of the trace."""
        graph = wide_graph()
        assert torch.equal(tensor(graph.pullback()), tensor(graph["x"].adjoint))

    def test_of_one_input(self) -> None:
        """One input gives a tensor with its shape."""
        graph = trace(torch.sin, vector(1, 2), cotangent=vector(1, 1))
        found = graph.pullback(vector(0, 3))
        assert torch.equal(tensor(found), vector(0, 3 * math.cos(2)))

    def test_of_several_inputs(self) -> None:
        """Several give a tuple, with None for one that plays no part."""
        graph = trace(
            lambda a, b, c: a * c,  # noqa: ARG005
            number(2),
            number(3),
            number(4),
        )
        assert graph.pullback(number(10)) == (40, None, 20)

    def test_of_no_part(self) -> None:
        """None comes alone, too."""
        weight = nn.Parameter(vector(1))
        graph = trace(lambda x: weight * 2, vector(1))  # noqa: ARG005
        assert graph.pullback() is None

    def test_leaves_the_record_alone(self) -> None:
        """Another cotangent changes no recorded number."""
        graph = wide_graph()
        before = copy.deepcopy([node.adjoints for node in graph.nodes])
        graph.pullback(vector(5, 5))
        graph.pushforward(vector(1, 2, 3, 4))
        for node, adjoints in zip(graph.nodes, before, strict=True):
            for now, then in zip(node.adjoints, adjoints, strict=True):
                assert torch.equal(tensor(now), tensor(then))
        assert graph.check() == 0

    def test_of_another_precision(self) -> None:
        """The cotangent takes the dtype of the output."""
        graph = trace(torch.sin, vector(0.5))
        assert tensor(graph.pullback(torch.ones(1))).dtype == DOUBLE

    @pytest.mark.parametrize(
        ("cotangent", "error", "words"),
        [
            (vector(1, 2, 3), ValueError, ["cotangent", "(2,)", "(3,)"]),
            ([1.0, 2.0], TypeError, ["cotangent must be a tensor", "list"]),
            (torch.tensor([1, 2]), TypeError, ["cotangent", "torch.int64"]),
        ],
    )
    def test_errors(
        self, cotangent: Any, error: type[Exception], words: list[str]
    ) -> None:
        """The cotangent is a real tensor with the shape of the output."""
        graph = wide_graph()
        with pytest.raises(error) as caught:
            graph.pullback(cotangent)
        for word in words:
            assert word in str(caught.value)

    def test_of_what_torch_refuses(self) -> None:
        """Torch's reason is told, and no cure that would not help."""
        x = torch.tensor([[0, -1, 0], [1, 0, 0], [0.3, 0.2, 2]])
        graph = trace(
            lambda x: torch.view_as_real(torch.linalg.eig(x)[1]).abs(),
            x.double(),
            cotangent=torch.zeros(3, 3, 2),
        )
        with pytest.raises(ValueError, match=r"eig\(x\) cannot be .* phi") as e:
            graph.pullback(randn(3, 3, 2))
        assert "again" not in str(e.value)

    def test_carries_no_graph(self) -> None:
        """The cotangent's own graph stays outside."""
        graph = trace(lambda x: x, vector(1))
        cotangent = vector(1).requires_grad_()
        assert not tensor(graph.pullback(cotangent)).requires_grad

    def test_after_a_change_in_place(self) -> None:
        """A saved tensor that has changed is found, and the cure is told."""
        weight = nn.Parameter(vector(3, 4))
        graph = trace(lambda x: (x * weight).sum(), vector(1, 2))
        with torch.no_grad():
            weight.mul_(2)
        with pytest.raises(
            ValueError, match=r"v1 = mul\(x, weight\) can no longer .* again"
        ):
            graph.pullback()
        assert graph.pushforward(vector(1, 1)) == 7
        assert graph.check() == 0

    def test_pushforward_after_a_change_in_place(self) -> None:
        """So it is on the way forward, where there is no partial."""
        weight = nn.Parameter(randn(20))
        graph = trace(lambda x: (x * weight).sum(), randn(20))
        with torch.no_grad():
            weight.mul_(2)
        with pytest.raises(ValueError, match=r"no longer .* again"):
            graph.pushforward(randn(20))


class Once(torch.autograd.Function):
    """2x, whose backward cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return 2x."""
        del ctx
        return x.mul(2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return twice the adjoint."""
        del ctx
        return grad * 2


class Detached(Once):
    """2x, whose backward cuts the graph."""

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return twice the adjoint, without its graph."""
        del ctx
        return grad.detach() * 2


class Silent(Once):
    """2x, with a backward that says nothing."""

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> None:  # type: ignore[override]
        """Send no message."""


def branches(x: Tensor) -> Tensor:
    """Use operations with large Jacobians, several results and views."""
    a, b = torch.split(x, 10)
    y = torch.outer(a, b).softmax(1) * 1
    y[0] *= 2
    z: Tensor = torch.linalg.eigh(y @ y.T).eigenvalues
    return z.sum() + x.max() + F.layer_norm(x, [20]).prod()


class TestPushforward:
    """The Jacobian-vector product of the recorded graph."""

    def test_of_several_inputs(self) -> None:
        """Each input has a tangent; the other leaves stand still."""
        weight = nn.Parameter(number(5))
        graph = trace(lambda a, b: a * b * weight, number(2), number(3))
        assert graph.pushforward(number(1), number(0)) == 15
        assert graph.pushforward(number(0), number(1)) == 10
        assert graph.pushforward(number(1), number(1)) == 25

    def test_without_partials(self) -> None:
        """Where the matrix is not built, the transpose of the pullback does it."""
        x, t = randn(20), randn(20, seed=1)
        graph = trace(branches, x)
        assert any(edge.partial is None for edge in graph.edges)
        expected = torch.func.jvp(branches, (x,), (t,))[1]
        assert_close(graph.pushforward(t), expected, rtol=1e-11, atol=1e-13)

    @pytest.mark.parametrize("size", [3, 30])
    def test_of_steps(self, size: int) -> None:
        """The tangent of floor is zero, with a partial and without."""
        x, t = randn(size), randn(size, seed=1)

        def f(x: Tensor) -> Tensor:
            return (x.floor() * x + x.round()).sum()

        graph = trace(f, x)
        assert_close(graph.pushforward(t), (x.floor() * t).sum())

    def test_of_complex_values(self) -> None:
        """Complex numbers on the way have no partials, but tangents."""

        def f(x: Tensor) -> Tensor:
            z: Tensor = torch.fft.fft(x) * torch.complex(x, x.sin())
            return z.abs().log().sum() + z.imag.prod()

        x, t = randn(5), randn(5, seed=1)
        graph = trace(f, x)
        expected = torch.func.jvp(f, (x,), (t,))[1]
        assert_close(graph.pushforward(t), expected, rtol=1e-12, atol=1e-13)
        assert graph.check() == 0

    @pytest.mark.parametrize(
        "f",
        [
            torch.sqrt,
            lambda x: x.sqrt() * 2,
            lambda x: torch.where(x > 0, x.sqrt(), 0.0),
            lambda x: x.sqrt().sum(),
        ],
        ids=["alone", "scaled", "masked", "summed"],
    )
    def test_of_infinite_partials(self, f: Function) -> None:
        """Zeros beside an infinity make no NaN."""
        x, t = vector(0, 4), vector(1, 1)
        graph = trace(f, x, cotangent=torch.ones_like(f(x)))
        expected = torch.func.jvp(f, (x,), (t,))[1]
        assert not expected.isnan().any()
        assert torch.equal(graph.pushforward(t), expected)

    def test_of_results_that_are_not_used(self) -> None:
        """Eigenvectors, which the output does not depend on, are left alone."""

        def f(x: Tensor) -> Tensor:
            values: Tensor = torch.linalg.eigvals(x)
            return values.real.prod()

        x = torch.tensor([[0, -1, 0], [1, 0, 0], [0.3, 0.2, 2]]).double()
        x += 0.1 * randn(3, 3)
        t = randn(3, 3, seed=1)
        expected = torch.func.jvp(f, (x,), (t,))[1]
        assert_close(trace(f, x).pushforward(t), expected)

    def test_in_inference_mode(self) -> None:
        """The graph is asked as anywhere else."""
        x, t = randn(20), randn(20, seed=1)
        graph = trace(branches, x)
        expected = graph.pushforward(t)
        with torch.inference_mode():
            assert torch.equal(graph.pushforward(t.clone()), expected)

    @pytest.mark.parametrize("size", [3, 30])
    def test_carries_no_graph(self, size: int) -> None:
        """The tangent's own graph stays outside."""
        graph = trace(lambda x: x.sin().sum(), randn(size))
        pushed = graph.pushforward(randn(size).requires_grad_())
        assert not pushed.requires_grad

    def test_of_an_input_that_plays_no_part(self) -> None:
        """What the output does not depend on moves nothing."""
        graph = trace(lambda a, b: a * 2, vector(1), vector(1))  # noqa: ARG005
        assert graph.pushforward(vector(0), vector(5)).tolist() == [0]
        weight = nn.Parameter(vector(1, 1))
        graph = trace(
            lambda x: weight * 2,  # noqa: ARG005
            vector(1),
            cotangent=vector(1, 1),
        )
        assert graph.pushforward(vector(5)).tolist() == [0, 0]

    def test_of_the_identity(self) -> None:
        """A returned input moves as it does."""
        graph = trace(lambda x: x, vector(1))
        assert graph.pushforward(vector(5)).tolist() == [5]

    def test_with_a_partial_any_function_will_do(self) -> None:
        """A matrix that is built needs no derivative of the backward."""
        graph = trace(lambda x: Once.apply(x).sum(), vector(1, 2))  # type: ignore[no-untyped-call]
        assert graph.pushforward(vector(1, 2)) == 6

    @pytest.mark.parametrize("function", [Once, Detached])
    def test_without_a_transpose(
        self, function: type[torch.autograd.Function]
    ) -> None:
        """Else it is an error, never a silent zero."""
        graph = trace(
            lambda x: function.apply(x) + x,
            randn(9),
            cotangent=randn(9),
        )
        with pytest.raises(ValueError, match=r"no partial .* torch\.func\.jvp"):
            graph.pushforward(randn(9))

    def test_without_a_message(self) -> None:
        """What sends no message pushes no tangent."""
        graph = trace(lambda x: Silent.apply(x.sin()) + 3 * x, vector(1))  # type: ignore[no-untyped-call]
        assert graph.pushforward(vector(2)).tolist() == [6]
        assert tensor(graph.pullback()).tolist() == [3]

    @pytest.mark.parametrize(
        ("tangents", "error", "words"),
        [
            ((), ValueError, ["one tangent for each of the 1", "got 0"]),
            ((vector(1), vector(1)), ValueError, ["got 2"]),
            ((vector(1),), ValueError, ["input x", "(4,)", "(1,)"]),
            (([1.0] * 4,), TypeError, ["tangent must be a tensor", "list"]),
            ((torch.ones(4).int(),), TypeError, ["tangent", "torch.int32"]),
        ],
    )
    def test_errors(
        self, tangents: Any, error: type[Exception], words: list[str]
    ) -> None:
        """There is a real tangent for each input, with its shape."""
        graph = wide_graph()
        with pytest.raises(error) as caught:
            graph.pushforward(*tangents)
        for word in words:
            assert word in str(caught.value)
