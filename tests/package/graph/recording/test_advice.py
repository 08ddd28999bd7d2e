"""Each piece of advice in an error of `trace` is followed here, and works."""

import re
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
)

from autograd_tutorial.graph import Graph, trace

Pair = namedtuple("Pair", ["left", "right"])  # noqa: PYI024
X = torch.tensor([1.0, 2.0])


def advice(f: Callable[..., Any], *inputs: Any, **options: Any) -> str:
    """Return what the error says that this raises, with its notes."""
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        trace(f, *inputs, **options)
    return " ".join(
        [str(caught.value), *getattr(caught.value, "__notes__", ())]
    )


def calls(text: str) -> list[str]:
    """Return the calls of trace that a text names."""
    found = []
    for start in re.finditer(r"trace\((?=f|lambda|torch)", text):
        depth, end = 0, start.start()
        for end in range(start.end() - 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if not depth:
                break
        found.append(text[start.start() : end + 1])
    return found


def follow(text: str, **variables: Any) -> Graph:
    """Run the last call of trace that a text names, and return its graph."""
    graph = eval(calls(text)[-1], {"trace": trace, "torch": torch, **variables})
    assert isinstance(graph, Graph)
    assert graph.edges
    return graph


class Total(torch.autograd.Function):
    """A sum of tensors that come in a list."""

    @staticmethod
    def forward(_ctx: Any, parts: list[Tensor]) -> Tensor:
        """Add up."""
        return torch.stack(parts).sum()


class Separate(torch.autograd.Function):
    """The same, as `trace` advises."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> Tensor:
        """Add up."""
        ctx.count = len(tensors)
        return torch.stack(tensors).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        """Return a gradient for each."""
        messages: tuple[Tensor, ...] = (grad,) * ctx.count
        return messages


class Closes(torch.autograd.Function):
    """A function that uses what is not an argument."""

    held: Tensor

    @staticmethod
    def forward(_ctx: Any, factor: float) -> Tensor:
        """Use it."""
        return Closes.held * factor


class Sorted(torch.autograd.Function):
    """A function with a result that is not differentiable."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Mark it."""
        order = x.argsort() * 1.0
        ctx.mark_non_differentiable(order)
        return order


@torch.no_grad()  # type: ignore[untyped-decorator,unused-ignore]
def decorated(x: Tensor) -> Tensor:
    """Compute under no_grad."""
    return x.sin()


class TestCuts:
    """Where a graph was cut, and what to do about it."""

    def test_a_list(self) -> None:
        """Tensors in a list are not recorded, and there is no block to move out of."""
        said = advice(lambda a, b: Total.apply([a, b]), *X)  # type: ignore[no-untyped-call]
        assert "cut by Total.apply in line" in said
        assert "Total.apply(*tensors), define forward(ctx, *tensors)" in said
        assert "block" not in said
        graph = trace(Separate.apply, *X)
        assert [node.adjoint for node in graph.inputs] == [1, 1]

    def test_a_tensor_from_outside(self) -> None:
        """Nor is one that is no argument at all."""

        def f(x: Tensor) -> Tensor:
            Closes.held = x
            result: Tensor = Closes.apply(2.0)  # type: ignore[no-untyped-call]
            return result

        assert "Pass it as an argument" in advice(f, X)

    def test_a_marked_result(self) -> None:
        """A Function may say that its result has no derivative."""
        said = advice(Sorted.apply, X)
        assert "cut by Sorted.apply" in said
        assert "marks the result as not differentiable" in said

    def test_what_a_function_does_inside_is_innocent(self) -> None:
        """Its forward runs under no_grad, as it should."""

        def f(x: Tensor) -> Tensor:
            y: Tensor = Separate.apply(x, x)  # type: ignore[no-untyped-call]
            return (y > 0) * 1.0

        assert "cut by gt" in advice(f, X)

    @pytest.mark.parametrize(
        ("distribution", "words"),
        [
            (torch.distributions.Normal, "Use rsample()"),
            (torch.distributions.LogNormal, "Use rsample()"),
            (torch.distributions.Gamma, "Use rsample()"),
        ],
    )
    def test_sampling(self, distribution: Any, words: str) -> None:
        """sample() cuts; rsample() does not."""
        name = distribution.__name__
        said = advice(lambda m, s: distribution(m, s).sample() ** 2, *X)
        assert f"cut by the sample() of {name} in line" in said
        assert words in said
        assert "block" not in said
        assert trace(lambda m, s: distribution(m, s).rsample() ** 2, *X).edges

    def test_sampling_of_integers(self) -> None:
        """They have no rsample(), but their log_prob() can be differentiated."""
        bernoulli = torch.distributions.Bernoulli
        said = advice(lambda p: bernoulli(p).sample(), X[0] / 2)
        assert "Bernoulli has no rsample()" in said
        assert "log_prob()" in said

        def weighted(p: Tensor) -> Tensor:
            drawn = bernoulli(p)
            sample = drawn.sample()
            result: Tensor = drawn.log_prob(sample) * (sample - 0.5)
            return result

        assert trace(weighted, X[0] / 2).edges

    def test_a_decorator(self) -> None:
        """It is no block either."""
        said = advice(lambda x: decorated(x).sum(), X)
        assert "decorator torch.no_grad() of decorated(), called in line" in (
            said
        )
        assert "block" not in said

    def test_numpy(self) -> None:
        """To leave out detach() alone would not help."""
        said = advice(lambda x: torch.from_numpy(np.sin(x.detach().numpy())), X)
        assert "NumPy's are not recorded" in said

    def test_a_module_that_changes_its_input(self) -> None:
        """A leaf must not be changed, a copy of it may."""
        said = advice(nn.ReLU(inplace=True), X, cotangent=X)
        assert "nn.ReLU(inplace=True)" in said
        assert calls(said)[-1] == "trace(lambda x: f(x.clone()), x)"
        relu = nn.ReLU(inplace=True)
        assert follow(said, f=lambda x: relu(x).sum(), x=X).check() == 0


class KeywordOnly(nn.Module):
    """A module that wants its input by keyword."""

    def forward(self, *, x: Tensor) -> Tensor:
        """Return the sum."""
        return x.sum()


class TestInputs:
    """What to do about inputs that cannot be differentiated."""

    def test_tokens(self) -> None:
        """A language model is traced with respect to its parameters."""
        model = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(0))
        tokens = torch.tensor([1, 2])
        said = advice(model, tokens)
        assert "Labels, indices, tokens and masks have no derivative" in said
        graph = follow(said, f=lambda t: model(t).sum(), input=tokens)
        assert graph.nodes[0].kind == "parameter"

    def test_labels(self) -> None:
        """The other inputs stay inputs."""
        loss = nn.functional.cross_entropy

        def loss_of(scores: Tensor, labels: Tensor) -> Tensor:
            return loss(scores, labels)

        scores, labels = torch.randn(2, 3), torch.tensor([0, 2])
        said = advice(loss_of, scores, labels)
        assert calls(said) == [
            "trace(lambda scores: f(scores, labels), scores)"
        ]
        assert follow(said, f=loss, scores=scores, labels=labels).inputs

    def test_integers(self) -> None:
        """What is a number may become a floating-point one."""
        x = torch.tensor([1, 2])
        assert "pass x.float()" in advice(lambda x: (x**2).sum(), x)
        assert trace(lambda x: (x**2).sum(), x.float()).edges

    def test_complex(self) -> None:
        """Real and imaginary part are numbers of their own."""
        z = torch.tensor([1 + 2j])
        said = advice(lambda z: z.abs().sum(), z)
        graph = follow(said, f=lambda z: z.abs().sum(), z=z)
        primal = graph.inputs[0].primals[0]
        assert primal is not None
        assert primal.tolist() == [[1, 2]]

    @pytest.mark.parametrize(
        "x",
        [2.0, 3, [1.0, 2.0], np.array([1, 2])],
        ids=["float", "int", "list", "array"],
    )
    def test_numbers(self, x: Any) -> None:
        """They become tensors as the error says."""
        said = advice(lambda x: (x**2).sum(), x)
        made = re.search(r"torch\.tensor\(.*?\)(?=\.)", said)
        assert made
        tensor = eval(made[0], {"torch": torch, "x": x})
        assert trace(lambda x: (x**2).sum(), tensor).edges

    def test_other_arguments(self) -> None:
        """What is no number is closed over."""

        def f(x: Tensor, mode: str) -> Tensor:
            return x.sum() if mode == "sum" else x.mean()

        said = advice(f, X, "sum")
        assert calls(said) == ["trace(lambda x: f(x, mode), x)"]
        assert follow(said, f=f, x=X, mode="sum").output.operation == "sum"

    @pytest.mark.parametrize(
        ("packed", "total"),
        [
            ((X, X), lambda p: (p[0] * p[1]).sum()),
            ([X, X], lambda p: (p[0] * p[1]).sum()),
            ({"a": X, "b": X}, lambda p: (p["a"] * p["b"]).sum()),
            (Pair(X, X), lambda p: (p.left * p.right).sum()),
        ],
        ids=["tuple", "list", "dict", "namedtuple"],
    )
    def test_containers(self, packed: Any, total: Any) -> None:
        """They are packed inside of f."""
        said = advice(total, packed)
        assert len(follow(said, f=total, a=X, b=X, Pair=Pair).inputs) == 2

    def test_packed_sequences(self) -> None:
        """They are packed inside of f, too."""
        lstm, x = nn.LSTM(2, 3), torch.randn(4, 1, 2)
        lengths = torch.tensor([4])

        def f(packed: PackedSequence) -> Tensor:
            result: Tensor = pad_packed_sequence(lstm(packed)[0])[0].sum()
            return result

        said = advice(f, pack_padded_sequence(x, lengths))
        assert follow(said, f=f, x=x, lengths=lengths).check() < 1e-6

    def test_no_arguments(self) -> None:
        """Then there are no inputs."""
        weight = torch.ones(2, requires_grad=True)

        def f() -> Tensor:
            return (weight**2).sum()

        said = advice(f, X)
        assert "takes no arguments" in said
        assert follow(said, f=f).nodes

    @pytest.mark.parametrize("count", [0, 1])
    def test_keywords(self, count: int) -> None:
        """A keyword is passed by a small function."""
        module = KeywordOnly()
        said = advice(module, *[X] * count)
        if count:
            assert calls(said) == ["trace(lambda x: f(x=x), x)"]
            assert follow(said, f=module, x=X).check() == 0
        else:
            assert "Wrap keywords in a small function" in said

    def test_too_few(self) -> None:
        """Each tensor that is needed is named."""
        said = advice(lambda a, b: (a * b).sum(), X)
        assert "as in trace(f, a, b)" in said

    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_unusual_inputs(self) -> None:
        """They are made inside of f."""
        assert "let f make it sparse" in advice(torch.sum, X.to_sparse())
        assert trace(lambda x: torch.sparse.sum(x.to_sparse()), X).edges
        nested = torch.nested.nested_tensor([X], layout=torch.jagged)
        assert "let f make it nested" in advice(torch.sum, nested)


class Output:
    """What some libraries return."""

    def __init__(self, loss: Tensor) -> None:
        """Keep a tensor."""
        self.loss = loss


class TestResults:
    """What to do about results that are not one tensor."""

    @pytest.mark.parametrize(
        "f",
        [
            lambda x: (x.sum(), x),
            lambda x: {"loss": x.sum(), "logits": x},
            lambda x: Output(x.sum()),
            lambda x: [{"a": (x.sum(),)}],
            lambda x: torch.max(x, 0),
            lambda x: Pair(x.sum(), x),
        ],
        ids=["tuple", "dict", "object", "nested", "of torch", "namedtuple"],
    )
    def test_one_of_several(self, f: Callable[..., Any]) -> None:
        """One of its tensors is returned, by the place that the error names."""
        assert follow(advice(f, X), f=f, x=X).edges

    def test_a_cotangent(self) -> None:
        """It is made as the error says."""
        said = advice(lambda x: x * 2, X)
        made = re.search(r"cotangent=(torch\.ones\(\(.*?\)\))", said)
        assert made
        cotangent = eval(made[1], {"torch": torch})
        assert trace(lambda x: x * 2, X, cotangent=cotangent).edges

    def test_complex_results(self) -> None:
        """Their size can be differentiated."""
        assert "abs()" in advice(lambda x: torch.complex(x, x).sum(), X)
        assert trace(lambda x: torch.complex(x, x).sum().abs(), X).edges
