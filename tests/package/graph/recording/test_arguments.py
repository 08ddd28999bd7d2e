"""What cannot be traced is refused in plain words, and what a graph cannot show is noted."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from graphs import (
    Function,
    randn,
    tensor,
    vector,
)
from torch import Tensor, nn
from trial_set import (
    DOUBLE,
    WEIGHT,
)

from autograd_tutorial.graph import trace


class TestNotes:
    """What a graph cannot show it says."""

    def test_requires_grad_on_a_result(self) -> None:
        """It makes the loss a leaf: the graph is empty, and the cut is named."""
        net = nn.Linear(2, 3).double()
        inputs, labels = randn(8, 2), torch.zeros(8, dtype=torch.long)

        def wrong() -> Tensor:
            loss: Tensor = (net(inputs).argmax(1) != labels).double().mean()
            loss.requires_grad = True
            return loss

        graph = trace(wrong)
        line = wrong.__code__.co_firstlineno + 1
        assert graph.notes[0] == (
            "The graph is empty: f returned the leaf loss, which no recorded operation computed."
        )
        assert f"The graph was cut by argmax, in line {line}." in graph.notes[1]
        assert "Setting requires_grad on loss afterwards" in graph.notes[1]
        assert repr(graph) == (
            "<Graph of wrong: 1 node, 0 edges, so it is empty: see its notes>"
        )
        page = graph._repr_html_()
        assert "The graph is empty" in page
        assert "Checked:" not in page

    def test_a_number_that_is_made_a_leaf(self) -> None:
        """The same by torch.tensor(…, requires_grad=True)."""
        graph = trace(
            lambda x: torch.tensor(x.sum().item(), requires_grad=True),
            vector(1, 2),
        )
        assert "cut by .item()" in graph.notes[1]

    def test_a_returned_input_and_parameter(self) -> None:
        """They are what they are: nothing was cut."""
        assert trace(lambda x: x, vector(1.0)).notes == (
            "The graph is empty: f returned an input, which no recorded operation computed.",
        )
        graph = trace(
            lambda: (WEIGHT.detach() * 2, WEIGHT)[1], cotangent=vector(1, 1, 1)
        )
        (note,) = graph.notes
        assert "f returned the leaf WEIGHT, which no recorded" in note

    def test_a_hook_of_an_input_runs(self) -> None:
        """As those of parameters do; `doubts` shows what it changed."""
        x = vector(3.0).requires_grad_()
        x.register_hook(lambda g: g / 10)
        graph = trace(lambda x: x**2, x)
        assert tensor(graph["x"].adjoint).item() == pytest.approx(0.6)
        assert tensor(graph.pullback()).item() == 6
        (doubt,) = graph.doubts
        assert "The messages to x do not add up" in doubt
        assert x.grad is None

    def test_a_hook_after_accumulation_does_not_run(self) -> None:
        """Nothing accumulates, which is said of inputs and of parameters."""
        fired: list[Tensor] = []
        x, w = vector(3.0).requires_grad_(), vector(2.0).requires_grad_()
        x.register_post_accumulate_grad_hook(fired.append)
        w.register_post_accumulate_grad_hook(fired.append)
        graph = trace(lambda x: x * w, x)
        assert fired == []
        (note,) = graph.notes
        assert note == (
            "A hook of x, w that is to run after accumulation did not run: trace adds nothing to "
            "any .grad."
        )
        assert note in graph._repr_html_()
        assert trace(torch.sin, vector(1.0)).notes == ()


def needs_keyword(x: Tensor, *, k: float) -> Tensor:
    """Have a parameter that only a keyword can fill."""
    return x * k


def returns(result: object) -> Callable[..., Any]:
    """Return a function that returns this."""
    return lambda _: result


def freed(x: Tensor) -> Tensor:
    """Call backward() on the result."""
    y = (x * x).sum()
    y.backward()
    return y


def freed_by_grad(x: Tensor) -> Tensor:
    """Call torch.autograd.grad on the result."""
    y = (x * x).sum()
    torch.autograd.grad(y, x)
    return y


def gradient_without_graph(x: Tensor) -> Tensor:
    """Return a gradient that cannot be differentiated."""
    y = (x * x).sum()
    (gradient,) = torch.autograd.grad(y, x)
    return gradient * 2


def stored_gradient(x: Tensor) -> Tensor | None:
    """Return what backward() stored."""
    (x * x).sum().backward()
    return x.grad


def in_inference_mode(x: Tensor) -> Tensor:
    """Compute everything in inference mode."""
    with torch.inference_mode():
        return x * 2


def asks_first(x: Tensor) -> Tensor:
    """Compare, log a number, and cut the graph after that."""
    y = x * 2 if x.sum() > 0 else x * 3
    assert y.sum().item() > 0
    return y.detach() + 1


def filled(x: Tensor) -> Tensor:
    """Fill a tensor with numbers."""
    y = torch.zeros_like(x)
    for k in range(2):
        y[k] = x[k].item() ** 2
    return y


def filled_with_detached(x: Tensor) -> Tensor:
    """Fill a tensor with tensors outside of the graph."""
    assert x.sum().item() > 0
    y = torch.zeros(2, dtype=DOUBLE)
    for k in range(2):
        y[k] = x[k].detach() ** 2
    return y


def recording_set_off(x: Tensor) -> Tensor:
    """Switch the recording off without a block."""
    torch.set_grad_enabled(False)
    try:
        return x**2
    finally:
        torch.set_grad_enabled(True)


@torch.no_grad()  # type: ignore[untyped-decorator,unused-ignore]
def decorated(x: Tensor) -> Tensor:
    """Compute where a decorator has switched the recording off."""
    return x**2


class SlopeOnCtx(torch.autograd.Function):
    """The square, whose backward knows no graph of its slope."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Keep the slope as a number."""
        ctx.slope = 2 * x
        return x**2

    @staticmethod
    def backward(ctx: Any, adjoint: Tensor) -> Any:
        """Multiply with it."""
        return adjoint * ctx.slope


def slope_on_ctx(x: Tensor) -> Tensor:
    """Return a gradient that should have a graph, and has none."""
    y = SlopeOnCtx.apply(x).sum()  # type: ignore[no-untyped-call]
    return torch.autograd.grad(y, x, create_graph=True)[0]


def without_recording(x: Tensor) -> Tensor:
    """Compute everything under no_grad."""
    with torch.no_grad():
        return x * 2


def changes_a_saved_tensor(x: Tensor) -> Tensor:
    """Change in place what the backward pass needs."""
    y = x.exp()
    z = (y * y).sum()
    y.mul_(2)
    return z


def has_a_broken_hook(x: Tensor) -> Tensor:
    """Have a hook that raises."""
    y = x.exp()
    y.register_hook(lambda _: 1 / 0)
    return y.sum()


class TestErrors:
    """Each mistake is answered in plain words."""

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (3, ["needs a function first", "of type int"]),
            (vector(1.0), ["needs a function first", "type Tensor"]),
            (returns(None), ["returned None", "return statement"]),
            (returns(2.5), ["returned a float"]),
            (returns({}), ["returned a dict"]),
            (returns(()), ["returned a tuple"]),
            (lambda x: (x, x * 2), ["tuple of 2 tensors", "one output", "cat"]),
            (lambda x: [x], ["list of 1 tensor,", "trace(lambda x: f(x)[0]"]),
            (lambda x: x.argmax(), ["torch.int64", "argmax", "line"]),
            (lambda x: x > 0, ["torch.bool", "cut by gt", "line"]),
            (lambda x: x.long(), ["conversion to torch.int64, in line"]),
            (lambda x: x.sum().item(), ["a float", ".item()", "torch.stack"]),
            (torch.fft.fft, ["torch.complex128", "real part"]),
            (
                lambda x: {"loss": x.sum(), "x": x},
                ["dict with the keys 'loss', 'x'", "f(x)['loss'], x)"],
            ),
            (lambda x: (x, (x, x)), ["tuple with tensors", "f(x)[0], x)"]),
            (lambda x: [1, (2, x)], ["list with tensors", "f(x)[1][1], x)"]),
            (lambda x: x.tolist(), ["a list", "x.tolist()"]),
            (lambda x: {"a": x.sum().item()}, ["a dict", "cut by .item()"]),
        ],
    )
    def test_types(self, f: Callable[..., Any], words: list[str]) -> None:
        """What is no function, or does not return a real tensor, is a TypeError."""
        with pytest.raises(TypeError) as caught:
            trace(f, vector(1, 2))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (
                returns(vector(1.0)),
                ["without a graph", "built anew", "torch.stack"],
            ),
            (
                lambda x: (x * 2).detach(),
                ["cut by .detach()", "torch.tensor() of a", "Leave it out"],
            ),
            (lambda x: (x * 2).data, [".data", "line"]),
            (without_recording, ["torch.no_grad()", "mul in line", "Move"]),
            (
                recording_set_off,
                ["torch.set_grad_enabled(False)", "pow in line", "Move"],
            ),
            (decorated, ["decorator torch.no_grad() of decorated(). Leave"]),
            (slope_on_ctx, ["torch.autograd.Function on the way"]),
            (
                lambda x: torch.tensor([x.sum().item()]),
                [".item()", "torch.stack"],
            ),
            (lambda x: (x > 0).double() * 2, ["cut by gt", "no derivative"]),
            (lambda x: x.sin() * 0 is None or vector(1.0), ["Nothing that"]),
            (freed, ["calls backward()", "trace runs the backward pass"]),
            (freed_by_grad, ["torch.autograd.grad()", "create_graph=True"]),
            (gradient_without_graph, ["a gradient", "create_graph=True"]),
            (stored_gradient, ["a gradient", "create_graph=True"]),
            (in_inference_mode, ["torch.inference_mode(): mul in line"]),
            (asks_first, ["cut by .detach()"]),
            (filled, ["cut by .item()"]),
            (filled_with_detached, ["cut by .detach()"]),
            (lambda x: x.long() * 2.0, ["cut by a conversion to torch.int64"]),
            (lambda x: x.max(0).indices * 1.0, ["cut by max"]),
            (lambda x: x * 2, ["shape (2,)", "cotangent=torch.ones((2,))"]),
        ],
    )
    def test_values(self, f: Function, words: list[str]) -> None:
        """A result that cannot be traced back is a ValueError, and says where it was cut."""
        with pytest.raises(ValueError, match=r".") as caught:
            trace(f, vector(1, 2))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        "result", [None, [], {}, (k for k in range(2)), "x"]
    )
    def test_what_has_no_graph_was_not_cut(self, result: object) -> None:
        """Nothing is said about a cut where there are no numbers."""
        with pytest.raises(TypeError, match="it returned") as caught:
            trace(returns(result), vector(1.0))
        assert "depends on its inputs" not in str(caught.value)

    def test_a_graph_that_was_freed_before(self) -> None:
        """A tensor from outside may have been sent back already."""
        before = (WEIGHT * WEIGHT).sum()
        torch.autograd.grad(before, WEIGHT)
        with pytest.raises(ValueError, match="computed before"):
            trace(lambda x: x * before, vector(1.0))

    @pytest.mark.parametrize(
        ("f", "error", "words"),
        [
            (changes_a_saved_tensor, RuntimeError, "at mul in"),
            (has_a_broken_hook, ZeroDivisionError, "at exp in"),
            (lambda x: (x // (x * 2)).sum(), RuntimeError, "at floor_divide"),
        ],
    )
    def test_an_error_on_the_way_back(
        self, f: Function, error: type[Exception], words: str
    ) -> None:
        """It carries a note of where the backward pass stopped."""
        with pytest.raises(error) as caught:
            trace(f, vector(1, 2))
        (note,) = caught.value.__notes__
        assert words in note
        assert f"{__file__}, line" in note

    def test_a_module_whose_buffers_cannot_be_copied(self) -> None:
        """It is refused, with the way around."""
        module = nn.DataParallel(nn.BatchNorm1d(3).double())
        x = randn(4, 3)
        with pytest.raises(TypeError, match=r"trace\(lambda x: f\(x\), x\)"):
            trace(module, x, cotangent=x)
        assert trace(lambda x: module(x), x, cotangent=x).inputs  # noqa: PLW0108

    def test_where_the_graph_was_cut(self) -> None:
        """The line is that of the operation."""
        line = without_recording.__code__.co_firstlineno + 3
        with pytest.raises(ValueError, match=f"mul in line {line} ran while"):
            trace(without_recording, vector(1.0))

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (2.0, ["input x must be a tensor", "float", "torch.tensor(2.0)"]),
            (2, ["torch.tensor(2, dtype=torch.float32)"]),
            ([1.0], ["input x must be a tensor", "list"]),
            (None, ["NoneType"]),
            (torch.tensor([1]), ["input x has torch.int64", "decimal point"]),
            (torch.tensor([True]), ["torch.bool", "close over them"]),
            (torch.tensor([1j]), ["torch.complex64", "view_as_real"]),
            (torch.tensor([1]), ["x.float()", "trace(lambda: f(x))"]),
            (torch.tensor([True]), ["masks have no derivative"]),
            ((vector(1), vector(2)), ["trace(lambda a, b: f((a, b)), a, b)"]),
            ({"a": vector(1)}, ["f({'a': a, 'b': b}), a, b)"]),
            (list(range(1000)), ["torch.tensor(x, dtype=torch.float32)"]),
            ("x", ["str. If it is not", "trace(lambda: f(x))"]),
        ],
    )
    def test_inputs(self, value: Any, words: list[str]) -> None:
        """An input is a real floating-point tensor."""
        with pytest.raises(TypeError) as caught:
            trace(lambda x: x, value)
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (torch.Tensor.to_sparse, ["a sparse tensor", "x.to_dense()"]),
            (torch.Tensor.to_sparse_csr, ["a sparse tensor"]),
            (lambda x: x.to("meta"), ["a meta tensor", "no numbers"]),
            (
                lambda x: torch.nested.nested_tensor([x], layout=torch.jagged),
                ["a nested tensor", "one by one"],
            ),
            (
                lambda x: torch.quantize_per_tensor(x, 1, 0, torch.qint8),
                ["a quantized tensor", "dequantize"],
            ),
        ],
    )
    def test_unusual_inputs(self, make: Function, words: list[str]) -> None:
        """Its numbers are stored as usual."""
        with pytest.raises(TypeError) as caught:
            trace(lambda x: x.sum(), make(torch.eye(2)))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        ("f", "count", "words"),
        [
            (lambda x: x, 0, ["f(x) cannot be called with 0 inputs"]),
            (lambda x: x, 2, ["f(x) cannot be called with 2 inputs"]),
            (lambda x, y: x * y, 1, ["f(x, y)", "with 1 input.", "fix the"]),
            (nn.Tanh(), 2, ["Tanh", "with 2 inputs"]),
            (needs_keyword, 1, ["with 1 input.", "trace(lambda x: f(x, k=3)"]),
        ],
    )
    def test_number_of_inputs(
        self, f: Function, count: int, words: list[str]
    ) -> None:
        """The inputs must fit the parameters."""
        with pytest.raises(TypeError) as caught:
            trace(f, *[vector(1.0)] * count)
        for word in words:
            assert word in str(caught.value)

    def test_builtins_complain_themselves(self) -> None:
        """A function of C that does not tell its parameters raises its own error."""
        with pytest.raises(TypeError) as caught:
            trace(torch.sin, vector(1.0), vector(2.0))
        assert "trace() called f" in caught.value.__notes__[0]

    @pytest.mark.parametrize(
        ("given", "error", "words"),
        [
            ("x", TypeError, ["string 'x'", "names=['x']"]),
            (["a", "b"], ValueError, ["2 names for 1 input."]),
            ([], ValueError, ["0 names for 1 input."]),
            ([3], TypeError, ["must be a string", "3"]),
            ([" "], TypeError, ["must be a string that is not empty"]),
            ({"": vector(1.0)}, TypeError, ["not empty"]),
            ({"w": 3.0}, TypeError, ["names['w'] must be a tensor", "float"]),
            ({"x": WEIGHT}, ValueError, ["names calls a tensor x"]),
        ],
    )
    def test_names(
        self, given: Any, error: type[Exception], words: list[str]
    ) -> None:
        """Names are distinct strings, one for each input or for tensors."""
        with pytest.raises(error) as caught:
            trace(lambda x: (x * WEIGHT).sum(), vector(1.0), names=given)
        for word in words:
            assert word in str(caught.value)

    def test_a_name_twice(self) -> None:
        """No two inputs share a name."""
        with pytest.raises(ValueError, match="a name twice"):
            trace(torch.mul, *vector(1, 2), names=["a", "a"])

    @pytest.mark.parametrize(
        ("cotangent", "error", "words"),
        [
            (vector(1.0), ValueError, ["shape of f's result, (2,)", "(1,)"]),
            (vector(1.0)[0], ValueError, ["(2,)", "has shape ()"]),
            ([1.0, 2.0], TypeError, ["must be a tensor", "list"]),
            (torch.tensor([1, 2]), TypeError, ["torch.int64", "decimal"]),
            (torch.tensor([1j, 2]), TypeError, ["complex64", "real part"]),
            (torch.tensor([True, True]), TypeError, [".double()"]),
        ],
    )
    def test_cotangents(
        self, cotangent: Any, error: type[Exception], words: list[str]
    ) -> None:
        """The cotangent is a real tensor with the shape of the result."""
        with pytest.raises(error) as caught:
            trace(torch.sin, vector(1, 2), cotangent=cotangent)
        for word in words:
            assert word in str(caught.value)

    def test_a_cotangent_of_another_precision(self) -> None:
        """It takes the dtype of the result."""
        graph = trace(torch.sin, vector(1, 2), cotangent=torch.ones(2))
        assert graph.cotangent.dtype == DOUBLE

    def test_an_error_of_the_function(self) -> None:
        """It is the function's own, with a note of how it was called."""

        def f(x: Tensor) -> Tensor:
            raise LookupError(f"no {x.dim()}")

        with pytest.raises(LookupError, match="no 1") as caught:
            trace(f, vector(1.0))
        assert caught.value.__notes__ == [
            "trace() called f on copies of the inputs that require grad."
        ]

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (lambda x: x.mul_(2).sum(), "leaf Variable that requires grad"),
            (lambda x: x.numpy(), "Can't call numpy"),
        ],
    )
    def test_an_error_of_torch(self, f: Function, words: str) -> None:
        """So are the errors of torch."""
        with pytest.raises(RuntimeError, match=words) as caught:
            trace(f, vector(1.0))
        assert "copies of the inputs" in caught.value.__notes__[0]

    def test_recording_goes_on_after_an_error(self) -> None:
        """An error leaves no mode behind."""
        with pytest.raises(ZeroDivisionError):
            trace(lambda x: x * (1 / 0), vector(1.0))
        assert trace(lambda x: x * 2, vector(1.0)).check() == 0
