"""What a graph can be asked: its check, its products with vectors, its first NaN."""

import copy
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Edge, Graph, Node, trace

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


def bent(entry: Tensor | None) -> Tensor:
    """Return the tensor with its first entry changed."""
    changed = tensor(entry).clone()
    changed.view(-1)[0] += 0.5
    return changed


class TestCheck:
    """Each number is checked, and each difference is told."""

    @pytest.mark.parametrize("make", [example, wide_graph])
    def test_holds(self, make: Callable[[], Graph]) -> None:
        """Without a fault there is nothing to tell."""
        graph = make()
        assert graph.check() == 0
        assert graph.doubts == ()

    @pytest.mark.parametrize("make", [example, wide_graph])
    @pytest.mark.parametrize("field", ["partial", "message"])
    def test_a_changed_edge_is_found(
        self, make: Callable[[], Graph], field: str
    ) -> None:
        """Whichever partial or message is wrong, the check is not 0 and its ends are named."""
        graph = make()
        changed = 0
        for edge in graph.edges:
            right = getattr(edge, field)
            if right is None:
                continue
            setattr(edge, field, bent(right))
            assert graph.check() > 0
            told = " ".join(graph.doubts)
            assert edge.source.names[edge.output] in told
            if field == "partial":
                assert edge.target.name in told
            setattr(edge, field, right)
            changed += 1
        assert changed >= len(graph.edges) - 1
        assert graph.check() == 0

    @pytest.mark.parametrize("make", [example, wide_graph])
    def test_a_changed_adjoint_is_found(
        self, make: Callable[[], Graph]
    ) -> None:
        """So it is with an adjoint, that of the output and those of leaves among them."""
        graph = make()
        for node in graph.nodes:
            right = node.adjoints
            for k, adjoint in enumerate(right):
                node.adjoints = (*right[:k], bent(adjoint), *right[k + 1 :])
                assert graph.check() > 0
                assert any(node.names[k] in told for told in graph.doubts)
            node.adjoints = right
        assert graph.check() == 0

    def test_a_wrong_cotangent_is_found(self) -> None:
        """The output's adjoint is the cotangent."""
        graph = example()
        graph.cotangent = number(2)
        assert graph.check() == 1
        (told,) = graph.doubts
        assert told.startswith("The messages to v7 do not add up")

    def test_a_wrong_shape_is_found(self) -> None:
        """An adjoint of another shape than the messages is infinitely wrong."""
        graph = wide_graph()
        graph["x"].adjoints = (tensor(graph["x"].adjoint).repeat(2),)
        assert graph.check() == math.inf

    def test_zero_times_infinity_is_no_difference(self) -> None:
        """A matrix that holds ∞ and NaN says nothing about some of its messages."""
        graph = trace(torch.sqrt, vector(0, 1), cotangent=vector(1, 1))
        assert tensor(graph["x"].adjoint).tolist() == [math.inf, 0.5]
        assert not tensor(graph.edges[0].partial).isfinite().all()
        assert graph.check() == 0
        graph.edges[0].message = vector(math.inf, 0.75)
        assert graph.check() == 0.25

    @pytest.mark.parametrize(
        ("f", "cotangent"),
        [
            (lambda x: (2 * x).log(), vector(1, 1)),
            (lambda x: (3 * x).sqrt(), vector(1, 1)),
            (lambda x: 2 * x, vector(math.inf, math.nan)),
            (lambda x: 2 * x, vector(-math.inf, 0)),
            (lambda x: x / x[:1], vector(1, 1)),
        ],
    )
    def test_an_infinite_adjoint_is_no_difference(
        self, f: Function, cotangent: Tensor
    ) -> None:
        """Beside an infinite adjoint, the zeros of the partial say nothing."""
        graph = trace(f, vector(0, 1), cotangent=cotangent)
        assert not tensor(graph["x"].adjoint).isfinite().all()
        assert graph.check() == 0
        assert graph.doubts == ()

    @pytest.mark.parametrize(
        "wrong",
        [
            vector(0.75, 2),
            vector(-math.inf, 2),
            vector(math.nan, 2),
            vector(math.inf, 2.25),
            vector(math.inf, math.inf),
        ],
    )
    def test_a_wrong_message_beside_infinity_is_found(
        self, wrong: Tensor
    ) -> None:
        """One infinite entry hides no other one, and is checked itself."""
        seed = vector(math.inf, 1)
        graph = trace(lambda x: x * 2, vector(0, 1), cotangent=seed)
        assert tensor(graph["x"].adjoint).tolist() == [math.inf, 2]
        (graph.edges[0].message,) = graph["x"].adjoints = (wrong,)
        assert graph.check() > 0
        assert len(graph.doubts) == 1

    def test_entropy_at_zero_is_no_difference(self) -> None:
        """Where 0 · ∞ stands beside the diagonal, the messages are still those of the diagonal."""
        graph = trace(lambda p: -(p * p.log()).sum(), vector(0.5, 0.5, 0))
        assert graph.check() == 0
        assert graph.doubts == ()

    def test_a_missing_message_is_found(self) -> None:
        """A value that has an adjoint has received something."""
        graph = example()
        (edge,) = graph.edges_from[graph["v1"]]
        edge.message = None
        assert graph.check() == abs(tensor(graph["v1"].adjoint).item())

    def test_nan_on_one_side(self) -> None:
        """A NaN that the chain rule does not explain is infinitely wrong."""
        graph = example()
        graph.edges[0].message = number(math.nan)
        assert graph.check() == math.inf
        assert graph.doubts

    def test_nan_on_both_sides(self) -> None:
        """A NaN that it does explain is none."""
        graph = trace(lambda x: (x * 0).log() * 0, number(1))
        assert tensor(graph["x"].adjoint).isnan()
        assert graph.check() == 0

    def test_infinity_on_both_sides(self) -> None:
        """Infinities that agree do not differ; of opposite signs they do."""
        graph = trace(lambda x: (x * 2).sqrt(), number(0))
        assert graph["x"].adjoint == math.inf
        assert graph.check() == 0
        graph["x"].adjoints = (number(-math.inf),)
        assert graph.check() == math.inf

    def test_rounding_is_no_doubt(self) -> None:
        """The check counts the last bit, the sentences do not."""
        graph = example()
        adjoint = tensor(graph["v1"].adjoint)
        graph["v1"].adjoints = (torch.nextafter(adjoint, number(9)),)
        assert 0 < graph.check() < 1e-15
        assert graph.doubts == ()

    def test_of_a_graph_without_edges(self) -> None:
        """One node agrees with itself."""
        assert trace(lambda x: x, number(1)).check() == 0

    def test_no_entries(self) -> None:
        """Nothing differs from nothing."""
        graph = trace(lambda x: x * 2, vector(), cotangent=vector())
        assert graph.check() == 0
        assert graph.doubts == ()


def norm_network(x: Tensor) -> Tensor:
    """Normalise a batch between two layers with random weights."""
    net = nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)
    )
    result: Tensor = net(x).pow(2).sum()
    return result


CANCELLING: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, ...]]] = {
    "layer norm": (lambda x: F.layer_norm(x, (2,)).pow(3).sum(), (3, 2)),
    "batch norm": (
        lambda x: F.batch_norm(x, None, None, training=True).pow(3).sum(),
        (2, 3),
    ),
    "network": (norm_network, (2, 3)),
    "softmax": (lambda x: (100 * x).softmax(0).pow(2).sum(), (5,)),
    "softmax, summed": (lambda x: (100 * x).softmax(0).sum(), (5,)),
    "attention": (
        lambda x: F.scaled_dot_product_attention(x, x, x).pow(2).sum(),
        (1, 1, 3, 2),
    ),
}


class Backward(torch.autograd.Function):
    """x times 2, sent back by a function that can be chosen, right or wrong."""

    how: Callable[[Tensor], Tensor]

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        """Double it."""
        return 2 * x

    @staticmethod
    def backward(_ctx: Any, grad: Tensor) -> Tensor:
        """Send something back."""
        return 2 * Backward.how(grad)


class TestRounding:
    """What torch rounds is no doubt, and what is wrong is one."""

    @pytest.mark.parametrize("name", CANCELLING)
    def test_where_terms_cancel(self, name: str) -> None:
        """Normalisation of two numbers has hardly a derivative, but it rounds."""
        f, shape = CANCELLING[name]
        for seed in range(200):
            torch.manual_seed(seed)
            x = (
                20 * torch.randn(shape)
                if name == "attention"
                else (torch.randn(shape))
            )
            assert trace(f, x).doubts == (), seed

    @pytest.mark.parametrize(
        "how",
        [
            torch.square,
            torch.relu,
            torch.abs,
            torch.round,
            lambda g: g.clamp(-0.5, 0.5),
            lambda g: g + 1e-3,
        ],
        ids=["square", "relu", "abs", "round", "clamp", "shift"],
    )
    @pytest.mark.parametrize("size", [1, 1e8])
    def test_a_backward_that_is_not_linear(
        self, how: Callable[[Tensor], Tensor], size: float
    ) -> None:
        """No rounding excuses it, however large the values are."""
        Backward.how = how
        weights = torch.tensor([0.7, -0.9, 0.3])
        graph = trace(
            lambda x: Backward.apply(x) @ weights,  # type: ignore[no-untyped-call]
            size * torch.tensor([1.0, 2.0, 3.0]),
        )
        assert "is not its adjoint times the partial" in graph.doubts[0]

    @pytest.mark.parametrize("name", ["layer norm", "batch norm", "softmax"])
    def test_a_hook_on_a_node_that_cancels(self, name: str) -> None:
        """A message that the node does not send for its adjoint is doubtful."""
        f, shape = CANCELLING[name]

        def hooked(x: Tensor) -> Tensor:
            y = f(x)
            node: Any = y.grad_fn
            while not re.search("Norm|Softmax", node.name()):
                node = node.next_functions[0][0]
            node.register_hook(lambda sent, _: (sent[0] + 1e-3, *sent[1:]))
            return y

        torch.manual_seed(0)
        assert trace(hooked, torch.randn(shape)).doubts

    def test_a_wrong_number_beside_a_cancelled_one(self) -> None:
        """A partial that is wrong is found."""
        graph = trace(*CANCELLING["layer norm"][:1], randn(3, 2).float())
        edge = graph.edges[0]
        edge.partial = tensor(edge.partial) + 1e-3
        assert graph.doubts


class TestAsAContainer:
    """A graph holds nodes by name."""

    def test_in_and_iter(self) -> None:
        """The names lead to the nodes."""
        graph = example()
        assert [graph[name] for name in graph] == list(graph.nodes)
        assert "v1" in graph
        assert "y" not in graph
        assert graph["v1"] not in graph
        assert "v1[1]" in trace(lambda x: sum(x.unbind()), vector(1, 2))

    @pytest.mark.parametrize(
        "how", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"]
    )
    def test_cannot_be_copied(self, how: Callable[[Any], object]) -> None:
        """It says so, and what to keep instead."""
        graph = example()
        for part in (graph, graph.nodes[0], graph.edges[0]):
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                how(part)
        kept = {name: graph[name].primal for name in graph}
        assert len(pickle.loads(pickle.dumps(kept))) == len(graph.nodes)


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


class TestFirstNan:
    """Where the first NaN comes from, in words."""

    def line(self, f: Function, offset: int) -> int:
        """Return the number of a line of a function."""
        return f.__code__.co_firstlineno + offset

    def test_none(self) -> None:
        """Infinities are numbers."""
        assert example().first_nan is None
        assert trace(torch.log, vector(0)).first_nan is None

    def test_forward(self) -> None:
        """Log 0 is −∞, and 0 · −∞ is NaN."""

        def f(x: Tensor) -> Tensor:
            y = x.log()
            return y * x

        found = trace(f, number(0)).first_nan
        assert found is not None
        assert found.phase == "forward"
        assert found.node.operation == "mul"
        assert str(found) == found.sentence
        line = self.line(f, 2)
        assert found.sentence == (
            "The first NaN is the value of v1 = mul(y, x) "
            f"(line {line}: return y * x), where y = −∞ and x = 0."
        )

    def test_of_an_input(self) -> None:
        """An input may be NaN from the start."""
        found = trace(lambda x, y: x * y, number(1), number(math.nan)).first_nan
        assert found is not None
        assert (found.node.name, found.phase) == ("y", "forward")
        assert found.sentence == "The input y is NaN from the start."

    def test_of_a_parameter(self) -> None:
        """So may a parameter."""
        weight = nn.Parameter(vector(math.nan))
        found = trace(lambda x: x * weight, vector(1)).first_nan
        assert found is not None
        assert found.sentence == "The parameter weight is NaN from the start."

    def test_of_the_cotangent(self) -> None:
        """So may the cotangent."""
        graph = trace(torch.sin, number(1), cotangent=number(math.nan))
        assert graph.first_nan is not None
        assert graph.first_nan.phase == "backward"
        assert graph.first_nan.node is graph.output
        assert (
            graph.first_nan.sentence == "The cotangent is NaN from the start."
        )

    def test_where_sqrt(self) -> None:
        """The branch that was not taken sends 0 · ∞."""

        def f(x: Tensor) -> Tensor:
            return torch.where(x > 0, x.sqrt(), 0.0).sum()

        graph = trace(f, vector(0, 1))
        found = graph.first_nan
        assert found is not None
        assert found.phase == "backward"
        assert found.node is graph["v1"]
        assert found.sentence == (
            "All values are numbers. The first NaN comes on the way back: v1 = sqrt(x) "
            f"(line {self.line(f, 1)}: return torch.where(x > 0, x.sqrt(), 0.0).sum()) "
            "receives the adjoint [0, 1] and sends NaN to x, where x = [0, 1]. "
            "Its local derivative is infinite there, and 0 · ∞ is NaN."
        )
        assert found.infinite is graph.edges_into[graph["v1"]][0]

    def test_norm_by_sqrt(self) -> None:
        """The norm at zero: its square root sends ∞, and the square makes it NaN."""
        graph = trace(lambda x: (x * x).sum().sqrt(), vector(0, 0))
        found = graph.first_nan
        assert found is not None
        assert found.node is graph["v1"]
        assert "v1 = mul(x, x)" in found.sentence
        assert (
            "receives the adjoint [∞, ∞] and sends NaN to x" in found.sentence
        )
        assert "There 0 · ∞ is NaN. The ∞ came from v3 = sqrt(v2)" in (
            found.sentence
        )
        assert found.sentence.endswith(
            ", whose local derivative with respect to v2 is infinite, where v2 = 0."
        )
        assert found.infinite is graph.edges_into[graph["v3"]][0]

    def test_an_angle(self) -> None:
        """The arc cosine at 1 is to blame, three operations after the norm that makes NaN."""
        b = vector(1, 0)

        def angle(a: Tensor) -> Tensor:
            return torch.acos(((a @ b) / (a.norm() * b.norm())).clamp(-1, 1))

        found = trace(angle, b).first_nan
        assert found is not None
        assert found.node.operation == "linalg_vector_norm"
        assert found.infinite is not None
        assert found.infinite.target.operation == "acos"
        assert "The ∞ came from" in found.sentence

    def test_a_partial_that_is_not_built(self) -> None:
        """Of a hundred square roots none has a partial, but the node can be asked."""
        found = trace(
            lambda x: torch.where(x > 0, x.sqrt(), 0.0).sum(),
            torch.zeros(100, dtype=DOUBLE),
        ).first_nan
        assert found is not None
        assert found.infinite is not None
        assert found.infinite.target is found.node
        assert found.infinite.partial is None
        assert "Its local derivative is infinite there" in found.sentence

    def test_a_message_that_overflows(self) -> None:
        """Finite factors may send ∞ as well."""
        found = trace(
            lambda x: (x * 0) * vector(1e200)[0] * 1e200, number(2)
        ).first_nan
        assert found is not None
        assert found.infinite is not None
        assert found.infinite.target.operation == "mul"
        assert ", which sends it to v1" in found.sentence

    def test_of_several_results(self) -> None:
        """Equal eigenvalues have no derivative of their vectors."""
        graph = trace(
            lambda x: torch.linalg.eigh(x)[1].sum(),
            torch.eye(2, dtype=DOUBLE),
        )
        found = graph.first_nan
        assert found is not None
        assert found.phase == "backward"
        assert "receives its adjoints and sends NaN to x" in found.sentence

    def test_infinities_that_meet(self) -> None:
        """The square roots send ∞ and −∞, neither of which is NaN."""
        graph = trace(lambda x: x.sqrt() - x.sqrt(), number(0))
        found = graph.first_nan
        assert found is not None
        assert (found.node, found.phase) == (graph["x"], "backward")
        assert found.infinite is not None
        line = found.sentence.partition("sqrt(x)")[2].partition(", whose")[0]
        assert found.sentence == (
            "All values are numbers. The first NaN comes on the way back, in "
            "the adjoint of x: adding ∞ and −∞ makes it NaN. The ∞ came from "
            f"v2 = sqrt(x){line}, whose local derivative with respect to x is infinite, where "
            "x = 0."
        )

    def test_hook_on_a_leaf(self) -> None:
        """A leaf may be the only one to see what its hook did."""
        weight = nn.Parameter(number(2))
        weight.register_hook(lambda g: g * math.nan)
        found = trace(lambda x: x * weight, number(1)).first_nan
        assert found is not None
        assert found.node.name == "weight"
        assert found.sentence.endswith(
            "in the adjoint of weight: no message to it is NaN, so a hook "
            "changed it."
        )

    def test_hook_on_a_value(self) -> None:
        """The operation that made the value is innocent."""

        def f(x: Tensor) -> Tensor:
            y = x * 2
            y.register_hook(lambda g: g * math.nan)
            return y * 3

        graph = trace(f, number(1))
        found = graph.first_nan
        assert found is not None
        assert (found.node, found.phase) == (graph["y"], "backward")
        assert found.sentence.endswith(
            f"in the adjoint of y (line {self.line(f, 1)}: y = x * 2): "
            "no message to it is NaN, so a hook changed it."
        )

    @pytest.mark.parametrize("constant", [vector(math.nan, 1), math.nan])
    def test_of_a_constant(self, constant: Tensor | float) -> None:
        """The graph does not hold constants, so it cannot tell."""
        graph = trace(lambda x: (x * constant).sum(), number(1))
        assert graph.first_nan is not None
        assert graph.first_nan.sentence.endswith(
            ", where x = 1. None of the recorded arguments is NaN, so a "
            "constant holds it or the operation made it."
        )

    def test_without_a_line(self) -> None:
        """Where the line is unknown, there is none in the sentence."""

        class Log(nn.Module):
            forward = staticmethod(torch.log)

        found = trace(Log(), vector(-1)).first_nan
        assert found is not None
        assert found.sentence == (
            "The first NaN is the value of v1 = log(x), where x = [−1]."
        )

    def test_forward_comes_first(self) -> None:
        """A NaN value is told before the messages that it makes NaN."""
        graph = trace(lambda x: (x - 1).sqrt() + x.sqrt() * 0, number(0))
        assert graph.first_nan is not None
        assert graph.first_nan.phase == "forward"
        assert graph.first_nan.node is graph["v2"]


class TestGraph:
    """Nodes and edges are found."""

    def test_by_name(self) -> None:
        """A node is found by its name or that of one of its results."""
        graph = wide_graph()
        assert graph["x"] is graph.inputs[0]
        assert graph["a"] is graph["b"]

    def test_unknown_names(self) -> None:
        """The error lists the names, and only the first of many."""
        with pytest.raises(KeyError) as caught:
            example()["z"]
        assert "No node is called 'z'" in caught.value.args[0]
        assert caught.value.args[0].endswith("x, v1, v2, v3, v4, v5, v6, v7")

        def many(x: Tensor) -> Tensor:
            for _ in range(30):
                x = x * 1
            return x

        with pytest.raises(KeyError, match="x19, …"):
            trace(many, number(1))["y"]

    def test_repr(self) -> None:
        """Nodes and edges are shown in a few words."""
        graph = wide_graph()
        (split,) = graph.edges_into[graph["a"]]
        assert repr(split.source) == "<Node x>"
        assert repr(split.target) == f"<Node {split.target.statement}>"
        assert repr(split) == f"<Edge x to {split.target.name}>"
        (exp,) = graph.edges_into[graph["v1"]]
        assert repr(exp) == "<Edge b to v1>"

    def test_edges_into(self) -> None:
        """The edges into an operation stand in the order of its arguments."""
        graph = example()
        edges = graph.edges_into[graph["v4"]]
        assert [(e.source.name, e.slot) for e in edges] == [
            ("v2", 0),
            ("v3", 1),
        ]
        assert graph["x"] not in graph.edges_into
        assert sum(map(len, graph.edges_into.values())) == len(graph.edges)

    def test_edges_from(self) -> None:
        """The edges out of a node stand in the order of their messages."""
        graph = example()
        edges = graph.edges_from[graph["x"]]
        assert [e.target.name for e in edges] == ["v5", "v3", "v1"]
        total = sum(tensor(e.message) for e in edges)
        assert total == graph["x"].adjoint
        assert graph.output not in graph.edges_from

    def test_vjp(self) -> None:
        """An operation can be asked for its messages; a leaf cannot."""
        graph = example()
        vjp = graph["v4"].vjp
        assert vjp is not None
        v2, v3 = graph["v2"].primal, graph["v3"].primal
        assert vjp((number(10),)) == (10 * tensor(v3), 10 * tensor(v2))
        assert graph["x"].vjp is None

    def test_nodes_and_edges_are_told_apart(self) -> None:
        """They are compared by identity, and can be keys."""
        left, right = example(), example()
        assert left["v1"] != right["v1"]
        assert len({*left.nodes, *right.nodes}) == 16
        assert len({*left.edges, *right.edges}) == 18
        assert isinstance(left.nodes[0], Node)
        assert isinstance(left.edges[0], Edge)


UNARY: list[Function] = [
    torch.sin,
    lambda a: a.tanh().exp(),
    lambda a: a**2,
    lambda a: a.sum() + a,
    lambda a: (a[:1] if a.dim() else a) * 1.5,
    lambda a: a.flip(-1) if a.dim() else a,
    lambda a: -a,
]
BINARY: list[Function] = [
    torch.add,
    torch.sub,
    torch.mul,
    lambda a, b: a / (1 + b * b),
    lambda a, b: torch.where(a > b, a, 2 * b),
]


def combined(f: Function, a: Function, b: Function | None = None) -> Function:
    """Return f of expressions."""
    if b is None:
        return lambda x: f(a(x))
    return lambda x: f(a(x), b(x))


def identity(x: Tensor) -> Tensor:
    """Return the variable itself."""
    return x


expressions: st.SearchStrategy[Function] = st.recursive(
    st.sampled_from([identity, lambda x: x * 1, lambda x: x.sum()]),
    lambda inner: st.one_of(
        st.builds(combined, st.sampled_from(UNARY), inner),
        st.builds(combined, st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=6,
)
points = st.lists(st.floats(-2, 2), min_size=1, max_size=4).map(
    lambda numbers: torch.tensor(numbers, dtype=DOUBLE)
)


@settings(max_examples=150)
@given(expressions, points, st.integers(0, 99))
def test_random_expressions(f: Function, x: Tensor, seed: int) -> None:
    """Whatever is composed, the record agrees with torch and with itself."""
    leaf = x.clone().requires_grad_()
    result = f(leaf)
    v = randn(*result.shape, seed=seed)
    (expected,) = torch.autograd.grad(result, leaf, v)
    graph = trace(f, x, cotangent=v)
    sizes = [tensor(edge.message).abs().max().item() for edge in graph.edges]
    assert graph.check() <= 4e-16 * max(sizes, default=0)
    assert graph.doubts == ()
    assert torch.equal(tensor(graph.output.primal), result)
    assert torch.equal(tensor(graph["x"].adjoint), expected)
    assert torch.equal(tensor(graph.pullback()), expected)
    t = randn(*x.shape, seed=seed + 1)
    pushed = graph.pushforward(t)
    assert_close(
        pushed,
        torch.func.jvp(f, (x,), (t,))[1],
        rtol=1e-11,
        atol=1e-11 * max(sizes, default=1),
    )
