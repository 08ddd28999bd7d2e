"""Wrong answers as learners write them: none passes, and what is said of each is true."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from autograd_tutorial.checker.exercise import Prediction, Task
from autograd_tutorial.checker.judge import judge
from autograd_tutorial.exercises import ex6_both_directions as ex6
from autograd_tutorial.exercises import find
from autograd_tutorial.functions import double_until_large, log_sine_reciprocal

# The answers are written as learners write them, without annotations.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr, misc"

WRONG: list[tuple[str, str, Callable[..., object], str | None, str]] = []
"""The exercise, the task, the answer, the name of the mistake or None, and words of the report."""

ERRORS = "troubleshooting/error-messages#"
SILENT = "troubleshooting/silent-mistakes#"


def wrong(exercise: str, task: str, name: str | None, words: str = ""):
    """Add an answer to the list."""

    def add(answer):
        WRONG.append((exercise, task, answer, name, words))
        return answer

    return add


def leaf(x):
    """Return a fresh leaf with the values of x."""
    return x.detach().clone().requires_grad_(True)


def task_of(exercise: str, name: str) -> Task | Prediction:
    """Return a task by its name."""
    (task,) = (task for task in find(exercise).tasks if task.name == name)
    return task


# What the numbers tell, and the statement.


@wrong("ex1", "jacobian_by_rows", "forward mode was used")
def rows_by_jacfwd(f, x):
    return torch.func.jacfwd(f)(x.detach())


@wrong("ex1", "jacobian_by_rows", "forward mode was used")
def rows_by_the_forward_strategy(f, x):
    return torch.autograd.functional.jacobian(
        f, x.detach(), strategy="forward-mode", vectorize=True
    )


@wrong("ex1", "jacobian_by_rows", None, "with `torch.stack`")
def rows_in_a_list(f, x):
    x = leaf(x)
    y = f(x)
    return [torch.autograd.grad(z, x, retain_graph=True)[0] for z in y]


@wrong("ex2", "derivative_of_sine", None, "should have torch.float32")
def always_double(x):
    double = torch.tensor(x.tolist(), dtype=torch.float64)
    return torch.func.grad(lambda t: t.sin().sum())(double)


@wrong(
    "ex2", "derivative_of_sine", None, "looks like a known mistake: the mean"
)
def mean_and_flat(x):
    z = leaf(x)
    torch.sin(z).mean().backward()
    return z.grad if z.dim() < 2 else z.grad.flatten()


@wrong("ex2", "derivative_of_sine", None, f"{SILENT}twice-too-large")
def two_passes(x):
    z = leaf(x)
    y = torch.sin(z).sum()
    y.backward(retain_graph=True)
    y.backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, "Every number is 2 times")
def doubled_by_hand(x):
    z = leaf(x)
    torch.sin(z).sum().backward()
    return 2 * z.grad


@wrong("ex3", "gradient_twice", "the second gradient was added to the first")
def f_runs_anew(f, x):
    z = leaf(x)
    f(z).backward()
    first = z.grad.clone()
    f(z).backward()
    return first, z.grad


@wrong("ex3", "gradients_of_both", "the two gradients were swapped")
def swapped(shared, first, second, x):
    z = leaf(x)
    h = shared(z)
    second(h).backward(retain_graph=True)
    of_second = z.grad.clone()
    z.grad = None
    first(h).backward()
    return of_second, z.grad


@wrong(
    "ex3", "gradients_of_both", "the first gradient was saved without a clone"
)
def no_clone(shared, first, second, x):
    z = leaf(x)
    h = shared(z)
    first(h).backward(retain_graph=True)
    g1 = z.grad
    second(h).backward()
    return g1, z.grad


@wrong("ex3", "gradients_of_both", "the two losses were added up")
def one_pass(shared, first, second, x):
    z = leaf(x)
    h = shared(z)
    (first(h) + second(h)).backward()
    return z.grad, z.grad.clone()


@wrong("ex3", "gradients_of_both", None, "is 2.2929925, but should be")
def twice_and_wrong(shared, first, second, x):
    z = leaf(x)
    first(shared(z)).backward()
    of_first, z.grad = 2 * z.grad, None
    second(shared(z)).backward()
    return of_first, z.grad


@wrong("ex4", "weighted_gradient", None, "")
def not_quite_the_statement(a, v):
    z = leaf(a)
    d = z * 2
    while d.norm() <= 1000:
        d = d * 2
    if d.sum() <= 0:
        d = 100 * d
    d.backward(v)
    return z.grad


@wrong("ex4", "weighted_gradient", None, "")
def zero_counts_as_positive(a, v):
    z = leaf(a)
    d = z * 2
    while d.norm() < 1000:
        d = d * 2
    if d.sum() < 0:
        d = 100 * d
    d.backward(v)
    return z.grad


@wrong("ex4", "weighted_gradient", None, "")
def stops_at_500(a, v):
    z = leaf(a)
    d = z * 2
    while d.norm() < 500:
        d = d * 2
    if d.sum() <= 0:
        d = 100 * d
    d.backward(v)
    return z.grad


@wrong("ex4", "weighted_gradient", "the branch was forgotten")
def no_branch(a, v):
    z = leaf(a)
    d = z * 2
    while d.norm() < 1000:
        d = d * 2
    return torch.autograd.grad((d * v).sum(), z)[0]


@wrong("ex4", "factor", "the output was passed as `gradient`")
def square_of_k(a):
    z = leaf(a)
    d = double_until_large(z)
    d.backward(d)
    return (z.grad / a).flatten()[0].item()


@wrong(
    "ex4", "factor", None, "is a tensor of shape (4,), but should be a number"
)
def quotient_of_tensors(a):
    return double_until_large(a) / a


@wrong("ex5", "derivative_by_hand", None, "is 1.4524858, but should be")
def autograd_and_wrong(x):
    z = leaf(x)
    log_sine_reciprocal(z).sum().backward()
    return z.grad + 1


@wrong("ex5", "derivative_by_autograd", "a part of F was cut off")
def under_no_grad(x):
    z = leaf(x)
    with torch.no_grad():
        logarithm = torch.log(z**2)
    (logarithm * torch.sin(z) + 1 / z).sum().backward()
    return z.grad


@wrong("ex6", "tangents", "every leaf was given the tangent 1")
def every_leaf(partials):
    tangent: dict[str, float] = {}
    for (result, source), partial in partials.items():
        tangent.setdefault(source, 1.0)
        known = tangent.get(result, 0)
        tangent[result] = known + partial * tangent[source]
    return tangent


@wrong("ex7", "hessian_vector_product", None, "but should be")
def whole_and_wrong(f, x, v):
    return torch.func.hessian(f)(x.detach()) @ v + 1


# The same message of torch, and other causes.


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}only-scalar-outputs")
def grad_of_a_vector(x):
    z = leaf(x)
    return torch.autograd.grad(torch.sin(z), z)[0]


@wrong("ex3", "gradients_of_both", None, "no tensor asked for a gradient")
def nothing_asks(shared, first, second, x):
    x = x.detach().clone()
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, retain_graph=True)
    return of_first, torch.autograd.grad(second(h), x)[0]


@wrong("ex7", "hessian_by_rows", None, "no tensor asked for a gradient")
def no_leaf(f, x):
    x = x.detach().clone()
    return torch.autograd.grad(f(x), x, create_graph=True)[0]


@wrong("ex7", "hessian_by_rows", None, f"{ERRORS}a-second-time")
def rows_without_retaining(f, x):
    z = leaf(x)
    (gradient,) = torch.autograd.grad(f(z), z, create_graph=True)
    return torch.stack([torch.autograd.grad(g, z)[0] for g in gradient])


# The commonest slips, each with the entry that cures it.


@wrong("ex2", "derivative_of_sine", None, f"{SILENT}grad-is-none")
def returns_what_backward_does(x):
    return torch.sin(leaf(x)).sum().backward()


@wrong("ex2", "derivative_of_sine", None, "`backward` itself returns None")
def returns_nothing(x):
    z = leaf(x)
    torch.sin(z).sum().backward()


@wrong("ex2", "derivative_of_sine", None, "is not a leaf")
def reads_a_computed_tensor(x):
    z = leaf(x) * 1.0
    torch.sin(z).sum().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, "does not require grad. Read the")
def reads_the_argument(x):
    torch.sin(leaf(x)).sum().backward()
    return x.grad


@wrong("ex2", "derivative_of_sine", None, "no backward pass has reached")
def forgets_the_call(x):
    z = leaf(x)
    torch.sin(z).sum().backward  # noqa: B018
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}does-not-require-grad")
def no_requires_grad(x):
    z = x.clone()
    torch.sin(z).sum().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, "the recording does not reach")
def data(x):
    z = leaf(x)
    torch.sin(z.data).sum().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, "the recording does not reach")
def no_grad(x):
    z = leaf(x)
    with torch.no_grad():
        y = torch.sin(z).sum()
    y.backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}does-not-require-grad")
def item(x):
    z = leaf(x)
    torch.sin(z).sum().item().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}a-second-time")
def freed(x):
    z = leaf(x)
    y = torch.sin(z).sum()
    y.backward()
    y.backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}tuple-of-gradients")
def tuple_of_one(x):
    z = leaf(x)
    return torch.autograd.grad(torch.sin(z).sum(), z)


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}tuple-of-gradients")
def method_of_a_tuple(x):
    z = leaf(x)
    return torch.autograd.grad(torch.sin(z).sum(), z).detach()


@wrong("ex1", "jacobian_by_rows", None, f"{ERRORS}tuple-of-gradients")
def stack_of_tuples(f, x):
    z = leaf(x)
    y = f(z)
    rows = [torch.autograd.grad(part, z, retain_graph=True) for part in y]
    return torch.stack(rows)


@wrong("ex1", "vector_jacobian_product", None, f"{ERRORS}mismatch-in-shape")
def another_shape(f, x, v):
    z = leaf(x)
    f(z).backward(v.unsqueeze(0))
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}leaf-in-place")
def writes_to_the_leaf(x):
    z = leaf(x)
    z += 0
    torch.sin(z).sum().backward()
    return z.grad


@wrong(
    "ex2",
    "derivative_of_sine",
    None,
    f"{ERRORS}modified-by-an-inplace-operation",
)
def writes_to_what_was_saved(x):
    z = leaf(x)
    y = torch.exp(z)
    y += 1
    y.sum().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}not-used-in-the-graph")
def asks_at_a_copy(x):
    z = leaf(x)
    y = torch.sin(z)
    z = leaf(x)
    return torch.autograd.grad(y.sum(), z)[0]


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}numpy-on-requires-grad")
def numpy(x):
    return torch.tensor(np.sin(leaf(x).numpy()))


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}inference-tensors")
def inference(x):
    with torch.inference_mode():
        z = x.detach().clone()
    z.requires_grad_(True)
    torch.sin(z).sum().backward()
    return z.grad


@wrong("ex2", "derivative_of_sine", None, f"{ERRORS}only-floating-point")
def integers(x):
    z = x.detach().long().requires_grad_(True)
    torch.sin(z).sum().backward()
    return z.grad


@wrong("ex8", "jacobian_by_columns", None, "`torch.func.jvp` returns a pair")
def stack_of_pairs(f, x):
    x = x.detach()
    eye = torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([torch.func.jvp(f, (x,), (e,)) for e in eye])


@pytest.mark.parametrize(
    ("exercise", "name", "answer", "mistake", "words"),
    [pytest.param(*entry, id=entry[2].__name__) for entry in WRONG],
)
def test_wrong_way(
    exercise: str,
    name: str,
    answer: Callable[..., object],
    mistake: str | None,
    words: str,
) -> None:
    """It fails under its own name or none, with what helps, and the place where to read."""
    verdict = judge(task_of(exercise, name), answer, 20)
    assert not verdict.passed
    assert verdict.misconception == mistake, verdict.text
    assert words in " ".join((*verdict.sentences, verdict.see)), verdict.text
    if "but should be" in words:
        assert "numbers are right" not in verdict.text
        assert "gradients are right" not in verdict.text


SAME: dict[str, Callable[[float], object]] = {
    "number": float,
    "tensor": lambda value: torch.as_tensor(value, dtype=torch.float64),
    "of shape (1,)": lambda value: torch.tensor([value], dtype=torch.float64),
    "NumPy": np.float64,
}
"""The forms in which a learner may return a number."""


@pytest.mark.parametrize("form", SAME)
def test_partials_in_every_form(form: str) -> None:
    """The starter imports `math`, and x is a tensor: a mistake has its name in floats and tensors."""
    task = task_of("ex6", "partials")
    assert isinstance(task, Task)
    for mistake in task.misconceptions:

        def answer(x, example: Any = mistake.example):
            return {k: SAME[form](v) for k, v in example(x).items()}

        assert judge(task, answer, 5).misconception == mistake.name
    assert (
        judge(
            task,
            lambda x: {
                **ex6.partials(x),
                ("log x²", "x²"): SAME[form](1 / math.fabs(x)),
            },
            5,
        ).misconception
        is None
    )


@pytest.mark.parametrize("form", ["number", "tensor", "NumPy"])
def test_factor_in_every_form(form: str) -> None:
    """A factor may be a number or a tensor of one element."""
    task = task_of("ex4", "factor")
    assert isinstance(task, Task)
    for mistake in task.misconceptions:
        if mistake.name == "a whole gradient was returned":
            continue

        def answer(a, example: Any = mistake.example):
            return SAME[form](example(a))

        assert judge(task, answer, 5).misconception == mistake.name


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        (
            "y.backward(retain_graph=True), then y.backward()",
            "error",
            "an error was expected where there is none",
        ),
        (
            "y computed anew and x.grad = None before the second",
            "error",
            "an error was expected where there is none",
        ),
        (
            "y.backward() two times",
            [0, 4, 8, 12],
            "a second pass was thought to be always allowed",
        ),
        ("y.backward() two times", [1, 2, 3, 4], None),
    ],
)
def test_error_or_numbers(key: str, value: object, mistake: str | None) -> None:
    """Of a prediction only the wrong entry is shown."""
    task = task_of("ex3", "PREDICTIONS")
    assert isinstance(task, Prediction)
    assert isinstance(task.solution, dict)
    verdict = judge(task, {**task.solution, key: value}, 5)
    assert verdict.misconception == mistake
    facts = dict(verdict.facts)
    assert facts["entry"] == f"PREDICTIONS[{key!r}]"
    assert sum(entry in verdict.text for entry in task.solution) == 1
