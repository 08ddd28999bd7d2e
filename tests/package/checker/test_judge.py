"""Wrong answers that no one listed, and code that breaks things: a clear sentence each time."""

import builtins
import contextlib
import functools
import gc
import math
import os
import random
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.nn import functional

from autograd_tutorial import check
from autograd_tutorial.exercises import ex1_gradient_argument as ex1
from autograd_tutorial.exercises import ex2_sine_derivative as ex2
from autograd_tutorial.exercises import ex7_second_derivative as ex7

# The answers are written as learners write them, without annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

WRONG: list[tuple[str, object]] = []
"""What the report says, and the answer."""

Answer = TypeVar("Answer")

OVER = threading.Event()
"""Ends those that would run on."""


def says(words: str) -> Callable[[Answer], Answer]:
    """Add an answer to the list, with words that the report must have."""

    def add(answer: Answer) -> Answer:
        WRONG.append((words, answer))
        return answer

    return add


def right(x):
    """Return the right answer, for those that do something else besides."""
    return ex2.derivative_of_sine(x)


# Nothing, or something else than a tensor.


@says("Your function returned None")
def forgets_to_return(x):
    right(x)


@says("is a float, but should be a tensor")
def returns_a_number(x):
    return 1.0


@says("is a list, but should be a tensor")
def returns_a_list(x):
    return right(x).tolist()


@says("is a tuple, but should be a tensor")
def returns_a_tuple(x):
    return (right(x),)


@says("is a NumPy array, but should be a tensor")
def returns_an_array(x):
    return right(x).numpy()


@says("is text, but should be a tensor")
def returns_text(x):
    return "cos"


@says("is a generator, but should be a tensor")
def is_a_generator(x):
    yield right(x)


@says("is a coroutine, but should be a tensor")
async def is_a_coroutine(x):
    return right(x)


class Hostile:
    """It can be neither compared, shown, nor measured."""

    def __eq__(self, other):
        raise RuntimeError("not comparable")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self):
        raise RuntimeError("not to be shown")

    def __len__(self):
        raise RuntimeError("not to be measured")

    __str__ = __bool__ = __repr__


@says("is a Hostile, but should be a tensor")
def returns_a_hostile_object(x):
    return Hostile()


# A tensor of another kind.


@says("has the shape (1, 5), but should have (5,)")
def adds_a_dimension(x):
    return right(x).unsqueeze(0)


@says("has the shape (), but should have (5,)")
def returns_the_sum(x):
    return right(x).sum()


@says("has the dtype torch.int64")
def rounds(x):
    return right(x).long()


@says("has the dtype torch.complex128")
def goes_complex(x):
    return right(x) + 0j


@says("should be a dense tensor on the CPU")
def returns_a_sparse_tensor(x):
    return right(x).to_sparse()


@says("should be a dense tensor on the CPU")
def returns_a_meta_tensor(x):
    return right(x).to("meta")


@says("has the shape (1000, 1000, 10)")
def returns_too_much(x):
    return torch.zeros(1000, 1000, 10)


@says("has the dtype torch.float8_e4m3fn, but should have torch.float64")
def returns_eight_bits(x):
    return right(x).to(torch.float8_e4m3fn)


@says("looking at it raises `NotImplementedError`")
def returns_bits(x):
    return torch.zeros(5, dtype=torch.uint8).view(torch.bits8)


@says("is a nested tensor, but should be a dense tensor on the CPU")
def returns_a_nested_tensor(x):
    return torch.nested.nested_tensor([right(x), right(x)])


@says("is a quantized tensor, but should be a dense tensor on the CPU")
def returns_a_quantized_tensor(x):
    return torch.quantize_per_tensor(right(x).float(), 0.1, 0, torch.quint8)


@says("is a tensor of the class FakeTensor, but should be a dense tensor")
def returns_a_fake_tensor(x):
    return FakeTensorMode().from_tensor(right(x))


@says("is a list, but should be a tensor")
def returns_a_list_that_holds_itself(x):
    inner = [right(x)]
    inner.append(inner)
    return inner


@says("is a dict, but should be a tensor")
def returns_a_dictionary_that_holds_itself(x):
    inner: dict[str, object] = {}
    inner["inner"] = inner
    return inner


@says("looking at it raises `RuntimeError`")
def returns_a_hostile_list(x):
    class HostileList(list[object]):
        def __iter__(self):
            raise RuntimeError("not to be looked at")

    return HostileList([1])


@says("looking at it raises `ValueError`")
def returns_too_many_digits(x):
    return 10**5000


# Other numbers.


@says("Every number has the wrong sign")
def turns_the_sign(x):
    return -right(x)


@says("Every number is 3 times what it should be.")
def has_a_factor(x):
    return 3 * right(x)


@says("Every number is zero")
def returns_zeros(x):
    return torch.zeros_like(right(x))


@says("Something became NaN")
def returns_nan(x):
    return right(x) * float("nan")


@says("but should be")
def is_off_in_one_place(x):
    slope = right(x)
    slope.view(-1)[-1:] += 1e-3
    return slope


@says("but should be")
def depends_on_chance(x):
    return right(x) + torch.rand_like(right(x))


@says("should have (2, 3)")
def works_on_vectors_only(x):
    return right(x).flatten()


# What cannot be called.


@says("is called as `derivative_of_sine(x)`, with 1 argument")
def takes_nothing():
    return None


@says("is called as `derivative_of_sine(x)`, with 1 argument")
def takes_too_much(x, y):
    return right(x) + y


WRONG += [
    ("Pass the function itself", right(torch.ones(3))),
    ("this is None", None),
    ("this is text", "derivative_of_sine"),
    ("this is a list", [right]),
    ("still to do", ...),
]


# What raises.


@says("`ZeroDivisionError: division by zero` in line")
def divides_by_zero(x):
    return 1 / 0


@says("`NameError: name 'nothing' is not defined` in line")
def uses_an_unknown_name(x):
    return nothing  # type: ignore[name-defined] # noqa: F821


@says("`RecursionError")
def calls_itself(x):
    return calls_itself(x)


@says("`SystemExit: 3`")
def ends_python(x):
    sys.exit(3)


@says("`KeyboardInterrupt`")
def interrupts(x):
    raise KeyboardInterrupt


@says("`EOFError")
def asks_for_input(x):
    return float(input("?"))


@says("(its message could not be read)")
def raises_a_hostile_error(x):
    class Hostile(Exception):
        def __str__(self):
            raise RuntimeError("no")

    raise Hostile


@says("`<b>bold</b>")
def raises_markup(x):
    raise type("<b>bold</b>", (Exception,), {})("<script>")


@says("This is still to do")
def is_a_stub(x):
    raise NotImplementedError


@says("RuntimeError")
def asks_for_all_memory(x):
    return torch.empty(10**15)


# What does not end.


@says("did not come to an end")
def loops(x):
    while True:
        pass


@says("did not come to an end")
def loops_on_the_second_shape(x):
    while x.dim() == 2:
        pass
    return right(x)


def goes_on():
    """Wait, whatever is raised; from Python 3.13 on, a loop alone may let an exception pass."""
    try:
        while not OVER.is_set():
            pass
    except BaseException:  # noqa: BLE001
        pass


@says("It could not be stopped")
def catches_everything(x):
    while not OVER.is_set():
        with contextlib.suppress(BaseException):
            goes_on()


@says("It could not be stopped")
def sleeps(x):
    OVER.wait(60)
    return time.sleep(0)


# What changes the surroundings; wrong numbers, so that there is a report to read.


@says("Every number is 3 times")
def changes_the_default_dtype(x):
    torch.set_default_dtype(torch.float16)
    return 3 * right(x)


@says("Every number is 3 times")
def seeds(x):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    return 3 * right(x)


@says("Every number is 3 times")
def prints_and_warns(x):
    print("<b>printed</b>\n" * 10_000)
    warnings.warn("a warning", stacklevel=1)
    return 3 * right(x)


@says("Every number is 3 times")
def plots(x):
    plt.plot(x.detach().flatten())
    plt.show()
    return 3 * right(x)


@says("-2.5048205, but should be -0.83494017")
def closes_the_output(x):
    sys.stdout.close()
    sys.stdout = None
    return 3 * right(x)


@says("Every number is 3 times")
def leaves_the_folder(x):
    os.chdir(os.sep)
    return 3 * right(x)


@says("-2.5048205, but should be -0.83494017")
def turns_gradients_off(x):
    slope = 3 * right(x)
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    torch.set_num_threads(1)
    sys.setrecursionlimit(5000)
    return slope


@says("Every number is 3 times")
def turns_the_device(x):
    slope = 3 * right(x)
    torch.set_default_device("meta")
    return slope


@says("Every number is 3 times")
def changes_what_belongs_to_the_process(x):
    slope = 3 * right(x)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_float32_matmul_precision("medium")
    torch.set_warn_always(True)
    torch.set_printoptions(precision=1)
    torch.autograd.set_detect_anomaly(True, check_nan=False)
    os.environ["A_LEARNER"] = "was here"
    sys.path.insert(0, "nowhere")
    sys.setswitchinterval(0.01)
    gc.disable()
    return slope


@says("Nested forward mode")
def stays_among_dual_numbers(x):
    forward_ad.enter_dual_level()
    dual = forward_ad.make_dual(x.detach(), torch.ones_like(x))
    return forward_ad.unpack_dual(torch.sin(dual)).tangent


@says("The output is complex")
def makes_it_complex(x):
    x = x.detach().clone().requires_grad_(True)
    (torch.sin(x) * 1j).sum().backward()
    return x.grad


@says("Every number is 3 times")
def replaces_functions(x):
    slope = 3 * right(x)
    functional.relu = functional.gelu  # type: ignore[assignment]
    torch.nn.Module.eval = print  # type: ignore[method-assign, assignment]
    torch.linalg.norm = torch.linalg.det
    np.sin = np.cos  # type: ignore[assignment]
    time.sleep = print
    os.getcwd = lambda: "nowhere"
    sys.exit = print  # type: ignore[assignment]
    return slope


@says("Every number is 3 times")
def leaves_a_folder_that_is_gone(x):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
    return 3 * right(x)


@says("-2.5048205, but should be -0.83494017")
def replaces_torch(x):
    slope = 3 * right(x)
    torch.sin = torch.exp
    torch.Tensor.sum = None  # type: ignore[method-assign, assignment]
    torch.autograd.grad = None  # type: ignore[assignment]
    math.sin = math.cos
    builtins.sum = None  # type: ignore[assignment]
    return slope


def surroundings() -> list[object]:
    """Return what must be the same after a check."""
    return [
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_anomaly_enabled(),
        forward_ad._current_level,
        torch.get_num_threads(),
        torch.get_rng_state().tolist(),
        random.getstate(),
        np.random.get_state()[1].tolist(),  # type: ignore[index] # noqa: NPY002
        sys.getrecursionlimit(),
        Path.cwd(),
        sys.stdout,
        sys.stderr,
        sys.stdin,
        warnings.filters,
        plt.get_fignums(),
        (torch.sin, torch.Tensor.sum, torch.autograd.grad),
        (math.sin, len, sum),
        (functional.relu, torch.nn.Module.eval, torch.linalg.norm),
        (np.sin, time.sleep, os.getcwd, sys.exit),
        torch.get_deterministic_debug_mode(),
        torch.get_float32_matmul_precision(),
        torch.is_warn_always_enabled(),
        torch.is_anomaly_check_nan_enabled(),
        str(torch.tensor([1.23456])),
        dict(os.environ),
        list(sys.path),
        sys.getswitchinterval(),
        gc.isenabled(),
        warnings.showwarning,
        threading.Thread.start,
    ]


@pytest.fixture(autouse=True)
def _end_what_runs_on() -> Iterator[None]:
    """Let the answers that cannot be stopped come to an end."""
    OVER.clear()
    yield
    OVER.set()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param(
            *entry, id=str(getattr(entry[1], "__name__", f"value-{number}"))
        )
        for number, entry in enumerate(WRONG)
    ],
)
def test_wrong_answer(words: str, answer: object) -> None:
    """It fails with a sentence, without a name, without our traceback, and leaves no trace."""
    before = surroundings()
    report = check("ex2", answer, seconds=1)
    assert surroundings() == before
    assert not report.passed
    assert report.misconception is None
    text, card = str(report), report._repr_html_()
    assert words in " ".join(report.verdicts[0].sentences)
    assert len(text) < 5000
    for shown in (text, card):
        assert "Traceback" not in shown
        assert f"autograd_tutorial{os.sep}checker" not in shown
    assert "<b>" not in card
    assert "<script>" not in card
    again = check("ex2", ex2.derivative_of_sine)
    assert again.passed, str(again)


def test_there_are_many() -> None:
    """More than twenty, as was asked."""
    assert len(WRONG) > 40


class Slope:
    """An object that can be called, with a method that can be called too."""

    def __call__(self, x):
        """Return the right answer."""
        return right(x)

    method = __call__


@pytest.mark.parametrize(
    "answer",
    [
        functools.partial(ex2.derivative_of_sine),
        lambda x: right(x).clone(),
        Slope(),
        Slope().method,
        lambda *arguments: right(arguments[0]),
        lambda x, scale=1: right(x) * scale,
    ],
    ids=["partial", "lambda", "object", "method", "star", "default"],
)
def test_every_kind_of_callable(answer: object) -> None:
    """Whatever can be called with x is an answer."""
    assert check("ex2", answer).passed


def test_a_line_of_the_learner() -> None:
    """An exception is shown with the line of the answer, not one inside torch."""

    def answer(f, x, v):
        y = f(x)
        return torch.stack([y, v, x.unsqueeze(0)])

    sentence = check("ex1", ..., answer, ...).verdicts[1].sentences[0]
    assert sentence.endswith("`return torch.stack([y, v, x.unsqueeze(0)])`.")


def test_other_exercises() -> None:
    """A transposed matrix, a scale, a missing entry, a number for a word."""

    def transposed(f, x):
        matrix = ex1.jacobian_by_rows(f, x)
        return matrix.T if matrix.shape[0] == 2 else matrix

    def words(*answers: object, exercise: str) -> str:
        return " ".join(str(check(exercise, *answers)).split())

    said = words(transposed, exercise="ex1")
    assert "the transpose of what it should be" in said
    assert "`PREDICTIONS` lacks the entry" in words({}, exercise="ex3")
    assert "is an int, but should be a dictionary" in words(4, exercise="ex3")
    graph = {"x": (), "x²": 4, "log x²": "x²", "sin x": "x"}
    graph |= {"log x² · sin x": ["sin x", "log x²"], "1/x": "x"}
    graph |= {"F": {"1/x", "log x² · sin x"}}
    assert "is an int, but should be a tuple of words" in words(
        graph, exercise="ex5"
    )
    graph["x²"] = ("x",)
    assert "Passed: GRAPH" in words(graph, exercise="ex5")
    graph["x²"] = ("x", "2")
    assert "should not have '2'" in words(graph, exercise="ex5")
    graph["x²"] = ()
    assert "lacks 'x'" in words(graph, exercise="ex5")

    def cheaper_mode(f, x):
        return 1

    said = words(cheaper_mode, exercise="ex8")
    assert "is an int, but should be a word in quotes" in said

    def half(f, x):
        return ex7.hessian_by_rows(f, x) / 2

    assert "Every number is 0.5 times" in words(..., half, exercise="ex7")


def test_one_answer_too_many() -> None:
    """It says which ones are wanted."""
    report = check("ex2", right, 3)
    assert not report.passed
    assert "gave check 2 answers" in " ".join(str(report).split())
    report = check("ex2")
    assert "still to do" in str(report)


@pytest.mark.parametrize("name", [2, " 2", "EX2", " ex2 ", ex2.EXERCISE.stem])
def test_names_of_an_exercise(name: str | int) -> None:
    """A number will do, and so will capitals."""
    assert check(name, right).passed


def test_prints_are_shown_when_it_passes() -> None:
    """What a right answer prints is not lost."""

    def prints(x):
        print("a look inside:", x.shape)
        return right(x)

    report = check("ex2", prints)
    assert report.passed
    assert "printed  a look inside: torch.Size([5])" in str(report)


def test_a_warning_about_code_of_torch_is_not_shown() -> None:
    """Whoever calls `torch.func.jvp` can do nothing about it."""

    def warns(x):
        warnings.warn("`torch.jit.script` is deprecated. Switch.", stacklevel=1)
        return right(x)

    assert "printed" not in dict(check("ex2", warns).verdicts[0].facts)


def test_a_working_directory_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to return to, and the check goes on."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert check("ex2", right).passed


def test_checks_in_threads() -> None:
    """They take turns, and leave what belongs to the process as it was."""
    before = surroundings()

    def slow(x):
        time.sleep(0.01)
        return right(x)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: check("ex2", slow), range(6)))
    assert all(report.passed for report in reports)
    assert surroundings() == before


def test_a_check_within_an_answer() -> None:
    """It does not wait for itself, also in a thread of the answer's own."""

    def checks(x):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(check, "ex2", right).result().passed
        assert check("ex2", right).passed
        return right(x)

    assert check("ex2", checks, seconds=20).passed


def test_what_the_input_is() -> None:
    """A function is shown with what it computes, a call and a place in words."""

    def half(f, x, v):
        return ex1.vector_jacobian_product(f, x, v) / 2

    verdict = check("ex1", ..., half, ...).verdicts[1]
    facts = dict(verdict.facts)
    assert facts["f"].startswith("the function mix: multiply the sine of each")
    place = "first of the four numbers that you returned"
    assert place in verdict.sentences[0]
    assert "differs in" not in facts

    def ones(f, x, v):
        return ex1.vector_jacobian_product(f, x, torch.ones_like(v))

    facts = dict(check("ex1", ..., ones, ...).verdicts[1].facts)
    assert facts["differs in"] == f"the {place}"

    def adds(x):
        x.grad = None if x.grad is None else x.grad
        adds.calls += 1  # type: ignore[attr-defined]
        return right(x) + (x.numel() == 3) * adds.calls  # type: ignore[attr-defined]

    adds.calls = 0  # type: ignore[attr-defined]
    facts = dict(check("ex2", adds).verdicts[0].facts)
    assert facts["call"].startswith("the first of two with the same input")
    assert facts["call"].endswith("looked at after the second")


@pytest.mark.parametrize("name", ["ex9", "9", "0", "", "ex2_sine"])
def test_no_such_exercise(name: str) -> None:
    """The error names those that there are."""
    with pytest.raises(ValueError, match="There are ex1, ex2"):
        check(name, right)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time(seconds: float) -> None:
    """A limit must be positive."""
    with pytest.raises(ValueError, match="seconds must be positive"):
        check("ex2", right, seconds=seconds)
