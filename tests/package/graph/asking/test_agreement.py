"""A graph checks itself: it finds what is wrong, and forgives rounding."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from graphs import Function, example, number, randn, tensor, vector, wide_graph
from torch import Tensor, nn
from torch.nn import functional as F

from autograd_tutorial.graph import Graph, trace


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


def by_module(module: nn.Module) -> None:
    """Change the gradient that a module sends."""
    module.register_full_backward_hook(
        lambda _, sent, __: (tensor(next(iter(sent))) / 10,)
    )


def before_module(module: nn.Module) -> None:
    """Change the gradient that a module receives."""
    module.register_full_backward_pre_hook(
        lambda _, got: (tensor(next(iter(got))) / 10,)
    )


def by_node(module: nn.Module) -> None:
    """Change what the node of torch sends that a module makes."""

    def hook(_: nn.Module, __: object, result: Tensor) -> None:
        assert result.grad_fn
        result.grad_fn.register_hook(
            lambda sent, _: tuple(t if t is None else t / 10 for t in sent)
        )

    module.register_forward_hook(hook)


@pytest.mark.parametrize("hook", [by_module, before_module, by_node])
@pytest.mark.parametrize("samples", [2, 8, 40])
def test_a_hook_is_found_where_there_is_no_partial(
    hook: Callable[[nn.Module], None], samples: int
) -> None:
    """The message is compared with what the operation sends without it."""
    layer = nn.Linear(3, 4)
    x = randn(samples, 3)

    def loss(x: Tensor) -> Tensor:
        return torch.tanh(layer(x)).sum()

    layer.double()
    assert trace(loss, x).doubts == ()
    hook(layer)
    graph = trace(loss, x)
    assert graph.doubts
    assert graph.check() > 1e-3
