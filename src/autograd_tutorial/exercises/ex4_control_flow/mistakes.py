"""The mistakes that people make in exercise 4, each as an answer that makes it."""

import torch

from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.exercises.common import (
    ARGUMENT_CHANGED,
    BACKWARD_ON_A_VECTOR,
    FINITE_DIFFERENCES,
    MEAN_TAKEN,
    NO_AUTOGRAD,
    NOT_CLEARED,
    OUTPUT_AS_COTANGENT,
    RESULT_REQUIRES_GRAD,
    SINGLE_PRECISION,
    V_IGNORED,
)
from autograd_tutorial.exercises.ex4_control_flow import solution
from autograd_tutorial.functions import (
    double_until_large,
    double_until_large_factor,
)

mistakes = Mistakes()
A_LOOP_FOR_EACH = Kind("each element got its own loop", "tutorial#control-flow")
BRANCH_FORGOTTEN = Kind("the branch was forgotten", "tutorial#control-flow")
QUOTIENT = Kind(
    "the factor was taken as f(a) / a", "tutorial#what-the-gradient-cannot-see"
)

mistakes.predict(
    "PREDICTIONS",
    "one doubling was missed",
    {"k at (0.3, 0.4)": 1024},
    why="0.5 · 1024 is 512, which is still below 1000, so the loop doubles once more.",
    see="tutorial#control-flow",
)

mistakes.predict(
    "PREDICTIONS",
    A_LOOP_FOR_EACH,
    {"a.grad at (0.3, 0.4), v = (1, 1)": [4096, 4096]},
    why="The loop looks at the norm of the whole vector, which is 0.5, and not at 0.3 or 0.4.",
)

mistakes.predict(
    "PREDICTIONS",
    V_IGNORED,
    {"a.grad at (0.3, 0.4), v = (1, 10)": [2048, 2048]},
    why="`backward(v)` gives the second row of J the weight 10, so the second number is ten times "
    "as large.",
)

mistakes.predict(
    "PREDICTIONS",
    BRANCH_FORGOTTEN,
    {"k at (-0.3, -0.4)": 2048},
    why="The doublings do not change the sign, so the sum is still negative after them, and the "
    "branch multiplies by 100.",
)

mistakes.predict(
    "PREDICTIONS",
    "the branch was decided by one element",
    {"k at (0.3, -0.4)": 2048},
    why="The branch looks at the sum of all elements, and 0.3 − 0.4 is negative, so it multiplies "
    "by 100.",
    see="tutorial#control-flow",
)


@mistakes.add(BACKWARD_ON_A_VECTOR)
def weighted_gradient(a, v):
    """f returns as many numbers as a has, but `backward` alone starts from a single one.
    Pass v as its `gradient` argument.
    """
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).backward()
    return v * a.grad


@mistakes.add(OUTPUT_AS_COTANGENT)
def weighted_gradient(a, v):
    """It is easy to write `d.backward(d)`, because no error stops you. But it gives
    k·d = k²·a, in which there is no v. Pass v instead.
    """
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    d.backward(d)
    return a.grad


@mistakes.add(V_IGNORED)
def weighted_gradient(a, v):
    """The gradient of the sum gives every row of J the weight 1. Your weights are in v."""
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad


@mistakes.add(MEAN_TAKEN)
def weighted_gradient(a, v):
    """The mean of n numbers is their sum divided by n, so the gradient is divided by n too."""
    a = a.detach().clone().requires_grad_(True)
    (v * double_until_large(a)).mean().backward()
    return a.grad


@mistakes.add(QUOTIENT)
def weighted_gradient(a, v):
    """Where an element of a is zero, this is 0/0, which is NaN. The gradient there is k·v, as
    it is everywhere else, so do not divide by a.
    """
    a = a.detach()
    return v * double_until_large(a) / a


@mistakes.add(A_LOOP_FOR_EACH, raises="a is zero everywhere")
def weighted_gradient(a, v):
    """The loop looks at the norm of the whole tensor and the branch at its sum, so there is
    one k for all elements. Pass f the tensor as a whole.
    """
    a = a.detach().clone().requires_grad_(True)
    d = torch.stack([double_until_large(element) for element in a.flatten()])
    d.backward(v.flatten())
    return a.grad


@mistakes.add(BRANCH_FORGOTTEN)
def weighted_gradient(a, v):
    """If the sum of the doubled tensor is not positive, f multiplies by 100 as well, and so
    does its derivative.
    """
    a = a.detach().clone().requires_grad_(True)
    d = 2 * a
    while d.norm() < 1000:
        d = 2 * d
    d.backward(v)
    return a.grad


@mistakes.add(NOT_CLEARED)
def weighted_gradient(a, v):
    """`backward` adds to what `a.grad` already holds. Work on a fresh copy of a."""
    a.requires_grad_(True)
    double_until_large(a).backward(v)
    return a.grad


@mistakes.add(NO_AUTOGRAD)
def weighted_gradient(a, v):
    return double_until_large_factor(a.detach()) * v


@mistakes.add(SINGLE_PRECISION)
def weighted_gradient(a, v):
    return solution.weighted_gradient(a.float(), v.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def weighted_gradient(a, v):
    a, h = a.detach(), 1e-6
    return (double_until_large(a + h * v) - double_until_large(a - h * v)) / (
        2 * h
    )


@mistakes.add(RESULT_REQUIRES_GRAD)
def weighted_gradient(a, v):
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    # With v in the graph, the result is tied to it.
    v = v.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(d, a, v, create_graph=True)
    return gradient


@mistakes.add(ARGUMENT_CHANGED)
def weighted_gradient(a, v):
    a.requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a), a, v)
    return gradient


@mistakes.add(QUOTIENT)
def factor(a):
    """If that element of a is zero, this is 0/0, which is NaN. The factor is k all the same, and
    a backward pass finds it without dividing by a.
    """
    a = a.detach()
    return (double_until_large(a) / a).flatten()[0].item()


@mistakes.add(
    "the factor was counted once for each element", "tutorial#vector-to-scalar"
)
def factor(a):
    """The gradient of the sum holds k in every place, so adding the places up gives n·k."""
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad.sum().item()


@mistakes.add(MEAN_TAKEN)
def factor(a):
    """The mean divides by n, and so does its gradient, so k/n comes out. Take the sum."""
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).mean().backward()
    return a.grad.flatten()[0].item()


@mistakes.add(
    "one element was taken for the whole",
    "tutorial#control-flow",
    raises="a is zero everywhere",
)
def factor(a):
    """The first element alone has another norm and maybe another sign than the whole of a,
    so it goes through other doublings and another branch.
    """
    first = a.detach().flatten()[0].clone().requires_grad_(True)
    double_until_large(first).backward()
    return first.grad.item()


@mistakes.add(OUTPUT_AS_COTANGENT)
def factor(a):
    """`d.backward(d)` gives the rows of J = kI the weights d = k·a, so k²·a comes out.
    Divided by a, that is k² and not k.
    """
    a = a.detach().clone().requires_grad_(True)
    d = double_until_large(a)
    d.backward(d)
    return a.grad.flatten()[0].item()


@mistakes.form
def factor(a):
    leaf = a.detach().clone().requires_grad_(True)
    d = double_until_large(leaf)
    d.backward(d)
    return (leaf.grad / a).flatten()[0].item()


@mistakes.form
def factor(a):
    return double_until_large_factor(a.detach()).square().item()


@mistakes.add(BRANCH_FORGOTTEN)
def factor(a):
    """If the sum of the doubled tensor is not positive, f multiplies by 100 as well, and so
    does its derivative.
    """
    a = a.detach().clone().requires_grad_(True)
    d = 2 * a
    while d.norm() < 1000:
        d = 2 * d
    (gradient,) = torch.autograd.grad(d.sum(), a)
    return gradient.flatten()[0].item()


@mistakes.add("a whole gradient was returned", "tutorial#control-flow")
def factor(a):
    """It holds k in every place, but the exercise asks for one number. Return one entry, with
    `.item()`.
    """
    a = a.detach().clone().requires_grad_(True)
    double_until_large(a).sum().backward()
    return a.grad


@mistakes.add(NO_AUTOGRAD)
def factor(a):
    return double_until_large_factor(a.detach()).item()


@mistakes.add(FINITE_DIFFERENCES)
def factor(a):
    a, h = a.detach(), 1e-6
    step = torch.full_like(a, h)
    drop = double_until_large(a + step) - double_until_large(a - step)
    return drop.flatten()[0].item() / (2 * h)


@mistakes.add(ARGUMENT_CHANGED)
def factor(a):
    a.requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a).sum(), a)
    return gradient.flatten()[0].item()
