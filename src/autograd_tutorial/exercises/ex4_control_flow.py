"""Exercise 4: a function with a loop and a branch, on a vector and on a matrix."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker import signs
from autograd_tutorial.checker.exercise import (
    Case,
    Exercise,
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.inputs import normal, used
from autograd_tutorial.functions import (
    double_until_large,
    double_until_large_factor,
)

__all__ = ["EXERCISE", "factor", "weighted_gradient"]


def weighted_gradient(a: Tensor, v: Tensor) -> Tensor:
    r"""Return the product of v with the Jacobian of `double_until_large` at a, by autograd.

    .. math::

        \begin{aligned}
        v^\top J &= k \, v, \\
        \text{since } f(a) &= k \, a \text{ and } J = k I
        \end{aligned}

    One factor k holds for all elements: the loop looks at the norm of the
    whole of `a`, and the branch at its sum. `a` is a real floating-point
    tensor of any shape and `v` has the same shape; so has the result, which
    does not require grad. The errors are those of `double_until_large`, and
    autograd's RuntimeError for a `v` of another shape.

    References: Zhang, Lipton, Li and Smola, *Dive into Deep Learning*,
    section 2.5.
    """
    a = a.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a), a, grad_outputs=v)
    return gradient


def factor(a: Tensor) -> float:
    r"""Return the factor k of `double_until_large` at a, by autograd.

    .. math:: k = \frac{\partial f_1}{\partial a_1}, \qquad \text{since } J = k I

    A one-hot cotangent picks one row of J, whose only entry that is not
    zero is k. It does not matter whether an element of `a` is zero, as it
    does in the quotient f(a) / a. `a` and the errors are those of
    `weighted_gradient`; the result is a number.

    References: Zhang, Lipton, Li and Smola, *Dive into Deep Learning*,
    section 2.5.
    """
    one_hot = torch.zeros(a.numel(), dtype=a.dtype, device=a.device)
    one_hot[0] = 1
    return weighted_gradient(a, one_hot.reshape(a.shape)).sum().item()


def _points(generator: Generator) -> Iterator[tuple[str, Tensor]]:
    """Tensors of several shapes and sizes, with positive and negative sums."""
    yield "a vector", normal(generator, 4).abs()
    yield "a vector with a negative sum", -normal(generator, 3).abs()
    yield "a matrix", normal(generator, 2, 3)
    yield "a single number, of shape ()", normal(generator)
    yield "a vector that is large already", 1000 * normal(generator, 3).abs()
    zeros = torch.tensor([0, 0.7, 0, -0.2], dtype=torch.float64)
    yield "a vector with zeros in it", zeros


def _factor_cases(generator: Generator) -> Iterator[Case]:
    """Every point, then the cases that show traces."""
    for label, a in _points(generator):
        yield Case(label, (a,))
    for label, numbers in (
        ("a vector whose norm comes to 1000 exactly", [300, 400]),
        ("a vector whose sum is 0", [1, -1]),
    ):
        a = torch.tensor(numbers, dtype=torch.float64)
        yield Case(label, (a,), jump=True)
    a = normal(generator, 3)
    yield Case("two calls with the same a", (a,), calls=2)
    yield Case("an a that requires grad and has a `.grad`", (used(a),))
    yield Case("numbers in float32", (normal(generator, 3).float(),))


def _gradient_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same with a random v."""
    for case in _factor_cases(generator):
        (a,) = case.arguments
        assert isinstance(a, Tensor)
        v = normal(generator, *a.shape).to(a.dtype)
        yield replace(case, arguments=(a, v))


def _no_v(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).backward()
    return v * a.grad


def _output_as_cotangent(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    d.backward(d)
    return a.grad


def _v_ignored(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad


def _weighted_mean(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    (v * double_until_large(a)).mean().backward()
    return a.grad


def _quotient(a, v):  # type: ignore[no-untyped-def]
    a = a.detach()
    return v * double_until_large(a) / a


def _each_on_its_own(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = torch.stack([double_until_large(element) for element in a.flatten()])
    d.backward(v.flatten())
    return a.grad


def _no_branch(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = 2 * a
    while d.norm() < 1000:
        d = 2 * d
    d.backward(v)
    return a.grad


def _not_cleared(a, v):  # type: ignore[no-untyped-def]
    a.requires_grad_(True)
    double_until_large(a).backward(v)
    return a.grad


def _by_formula(a, v):  # type: ignore[no-untyped-def]
    return double_until_large_factor(a.detach()) * v


def _differences(a, v):  # type: ignore[no-untyped-def]
    a, h = a.detach(), 1e-6
    return (double_until_large(a + h * v) - double_until_large(a - h * v)) / (
        2 * h
    )


def _single_precision(a, v):  # type: ignore[no-untyped-def]
    return weighted_gradient(a.float(), v.float()).double()


def _create_graph(a, v):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    # With v in the graph, the result is tied to it.
    v = v.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(d, a, v, create_graph=True)
    return gradient


def _on_the_argument(a, v):  # type: ignore[no-untyped-def]
    a.requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a), a, v)
    return gradient


def _first_quotient(a):  # type: ignore[no-untyped-def]
    a = a.detach()
    return (double_until_large(a) / a).flatten()[0].item()


def _factor_without_branch(a):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = 2 * a
    while d.norm() < 1000:
        d = 2 * d
    (gradient,) = torch.autograd.grad(d.sum(), a)
    return gradient.flatten()[0].item()


def _quotient_of_the_product(a):  # type: ignore[no-untyped-def]
    leaf = a.detach().clone().requires_grad_(True)
    d = double_until_large(leaf)
    d.backward(d)
    return (leaf.grad / a).flatten()[0].item()


def _square_of_the_factor(a):  # type: ignore[no-untyped-def]
    return double_until_large_factor(a.detach()).square().item()


def _summed(a):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad.sum().item()


def _of_the_mean(a):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).mean().backward()
    return a.grad.flatten()[0].item()


def _of_the_first_element(a):  # type: ignore[no-untyped-def]
    first = a.detach().flatten()[0].clone().requires_grad_(True)
    double_until_large(first).backward()
    return first.grad.item()


def _factor_times_output(a):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    d.backward(d)
    return a.grad.flatten()[0].item()


def _one_for_each(a):  # type: ignore[no-untyped-def]
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad


def _known_factor(a):  # type: ignore[no-untyped-def]
    return double_until_large_factor(a.detach()).item()


def _factor_by_differences(a):  # type: ignore[no-untyped-def]
    a, h = a.detach(), 1e-6
    step = torch.full_like(a, h)
    drop = double_until_large(a + step) - double_until_large(a - step)
    return drop.flatten()[0].item() / (2 * h)


def _factor_on_the_argument(a):  # type: ignore[no-untyped-def]
    a.requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a).sum(), a)
    return gradient.flatten()[0].item()


EXERCISE = Exercise(
    number=4,
    stem="ex4_control_flow",
    title="give control flow a vector and a matrix",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "k at (0.3, 0.4)": 2048,
                "a.grad at (0.3, 0.4), v = (1, 1)": [2048, 2048],
                "a.grad at (0.3, 0.4), v = (1, 10)": [2048, 20480],
                "k at (-0.3, -0.4)": 204800,
                "k at (0.3, -0.4)": 204800,
            },
            misconceptions=(
                Misconception(
                    "one doubling was missed",
                    {"k at (0.3, 0.4)": 1024},
                    "0.5 · 1024 is 512, which is still below 1000: it takes one more.",
                    "tutorial#control-flow",
                ),
                Misconception(
                    "each element got a loop of its own",
                    {"a.grad at (0.3, 0.4), v = (1, 1)": [4096, 4096]},
                    "The loop looks at the norm of the whole vector, which is 0.5, and not at 0.3 "
                    "or 0.4.",
                    "tutorial#control-flow",
                ),
                Misconception(
                    "the vector v was ignored",
                    {"a.grad at (0.3, 0.4), v = (1, 10)": [2048, 2048]},
                    "`backward(v)` weights the second row of J with 10.",
                    "tutorial#v-1-10",
                ),
                Misconception(
                    "the branch was forgotten",
                    {"k at (-0.3, -0.4)": 2048},
                    "The doublings do not change the sign, so the sum is negative and the branch "
                    "multiplies by 100.",
                    "tutorial#control-flow",
                ),
                Misconception(
                    "the branch was decided by one element",
                    {"k at (0.3, -0.4)": 2048},
                    "The branch looks at the sum of all elements, and 0.3 − 0.4 is negative.",
                    "tutorial#control-flow",
                ),
            ),
        ),
        Task(
            solution=weighted_gradient,
            cases=_gradient_cases,
            misconceptions=(
                Misconception(
                    "`backward` was called on a vector",
                    _no_v,
                    "f returns as many numbers as a has, and `backward` wants a scalar or a "
                    "`gradient` argument.",
                    "troubleshooting/error-messages#only-scalar-outputs",
                    raises="only for scalar outputs",
                ),
                Misconception(
                    "the output was passed as `gradient`",
                    _output_as_cotangent,
                    "`d.backward(d)` runs and gives k·d = k²·a; it is an answer often seen, and v "
                    "is not in it.",
                    "theory/backward-propagation#why-backward-wants-v",
                ),
                Misconception(
                    "the vector v was ignored",
                    _v_ignored,
                    "The gradient of the sum weights all rows of J with 1.",
                    "tutorial#v-1-10",
                ),
                Misconception(
                    "the mean was taken in the place of the sum",
                    _weighted_mean,
                    "The mean of n numbers divides the gradient by n.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "the factor was taken as f(a) / a",
                    _quotient,
                    "Where a is zero this is 0/0, which is NaN; the gradient there is k·v as "
                    "everywhere.",
                    "tutorial#what-the-gradient-cannot-see",
                ),
                Misconception(
                    "each element got a loop of its own",
                    _each_on_its_own,
                    "The loop looks at the norm of the whole tensor and the branch at its sum: one "
                    "k for all elements.",
                    "tutorial#control-flow",
                    raises="a is zero everywhere",
                ),
                Misconception(
                    "the branch was forgotten",
                    _no_branch,
                    "Where the sum of the doubled tensor is not positive, f multiplies by 100, and "
                    "so does its derivative.",
                    "tutorial#control-flow",
                ),
                Misconception(
                    "the gradient was not cleared",
                    _not_cleared,
                    "`backward` adds to what `a.grad` already holds.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                signs.no_autograd(_by_formula),
                signs.single_precision(_single_precision),
                signs.finite_differences(_differences),
                signs.result_requires_grad(_create_graph),
                signs.argument_changed(_on_the_argument),
            ),
            ways=(
                (
                    "vjp",
                    "`torch.func.vjp` hands out the pullback, which you called with v: another good way.",
                ),
                (
                    "jvp",
                    "A tangent sent forward is right here, since J = kI is its own transpose.",
                ),
                (
                    "factor",
                    "You found the one k and multiplied v with it: that is what J = kI says.",
                ),
                (
                    "backward",
                    "`backward` with a `gradient` argument works as well.",
                ),
            ),
        ),
        Task(
            solution=factor,
            cases=_factor_cases,
            misconceptions=(
                Misconception(
                    "the factor was taken as f(a) / a",
                    _first_quotient,
                    "Where the element is zero this is 0/0, which is NaN, though k is there as "
                    "everywhere.",
                    "tutorial#what-the-gradient-cannot-see",
                ),
                Misconception(
                    "the factor was counted once for each element",
                    _summed,
                    "The gradient of the sum holds k in every place; their sum is n·k.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "the mean was taken in the place of the sum",
                    _of_the_mean,
                    "The mean divides by n, and so does its gradient: k/n comes out.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "one element was taken for the whole",
                    _of_the_first_element,
                    "Alone, the first element has a norm and a sign of its own, and so another "
                    "number of doublings and another branch.",
                    "tutorial#control-flow",
                    raises="a is zero everywhere",
                ),
                Misconception(
                    "the output was passed as `gradient`",
                    _factor_times_output,
                    "`d.backward(d)` weights the rows of J = kI with d = k·a, which gives k²·a; "
                    "divided by a, that is k² and not k.",
                    "theory/backward-propagation#why-backward-wants-v",
                    forms=(_quotient_of_the_product, _square_of_the_factor),
                ),
                Misconception(
                    "the branch was forgotten",
                    _factor_without_branch,
                    "Where the sum of the doubled tensor is not positive, f multiplies by 100, and "
                    "so does its derivative.",
                    "tutorial#control-flow",
                ),
                Misconception(
                    "a whole gradient was returned",
                    _one_for_each,
                    "It holds k in every place; the exercise asks for the one number.",
                    "tutorial#control-flow",
                ),
                signs.no_autograd(_known_factor),
                signs.finite_differences(_factor_by_differences),
                signs.argument_changed(_factor_on_the_argument),
            ),
            ways=(
                (
                    "jacrev",
                    "It is right; the whole Jacobian takes n times the work of one backward pass, though, and k stands in its first row.",
                ),
                (
                    "mean",
                    "Every entry of the gradient of the sum is k, and so is their mean.",
                ),
                (
                    "backward",
                    "`backward` works as well, from the sum or with a `gradient` argument.",
                ),
            ),
        ),
    ),
    hints=(
        (
            "Follow one run on paper: doubling multiplies every element by 2, and the branch "
            "multiplies every element by 100. So f(a) = k·a, with one k for all elements. What is "
            "the Jacobian of a ↦ k·a?"
        ),
        (
            "J = kI, so vᵀJ = k·v. Autograd gives vᵀJ without knowing k: pass v as `grad_outputs` "
            "of `torch.autograd.grad`, or as the `gradient` argument of `backward`."
        ),
        (
            "To read k, choose v: with ones every entry of vᵀJ is k, and with a one-hot v exactly one "
            "is. Neither divides by a, so zeros in a do no harm."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
