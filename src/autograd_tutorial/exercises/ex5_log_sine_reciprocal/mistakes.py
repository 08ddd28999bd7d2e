"""The mistakes that people make in exercise 5, each as an answer that makes it."""

import torch

from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.checker.results import agree, differentiated, rough
from autograd_tutorial.exercises.common import (
    ARGUMENT_CHANGED,
    BACKWARD_ON_A_GRID,
    FINITE_DIFFERENCES,
    MEAN_TAKEN,
    NO_AUTOGRAD,
    NOT_CLEARED,
    RESULT_REQUIRES_GRAD,
    SIGN_OF_THE_RECIPROCAL,
    SINGLE_PRECISION,
)
from autograd_tutorial.exercises.ex5_log_sine_reciprocal import solution
from autograd_tutorial.functions import derivative, log_sine_reciprocal

mistakes = Mistakes()
TWO_LOG = Kind(
    "the logarithm of x² was written as 2 log x",
    "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
    "For negative x the two are not the same: x² is positive, and the logarithm of x is NaN.",
)
VALUE_RETURNED = Kind(
    "the value was returned, not the derivative",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)

mistakes.predict(
    "GRAPH",
    "the edges point the other way",
    {"x": ("x²", "sin x", "1/x")},
    why="Each value is listed with those that it is computed *from*; x is given, and computed"
    " from nothing.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the square was skipped",
    {"log x²": ("x",)},
    why="The logarithm is taken of x², which is a value of its own between x and the "
    "logarithm.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the whole ancestry was listed",
    {"log x²": ("x", "x²")},
    why="Only the values that one operation takes in are listed; what these depend on stands "
    "in their own lines.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the product was skipped",
    {"F": ("log x²", "sin x", "1/x")},
    why="F is a sum of two terms, and the first of them is the product, a value of its own.",
    see="theory/backward-propagation#read-the-chain-rule-on-the-graph",
)

mistakes.predict(
    "GRAPH",
    "F was connected to x",
    {"F": ("x", "log x² · sin x", "1/x")},
    why="F depends on x, but only through the values between: the last operation takes the "
    "product and 1/x.",
    see="theory/backward-propagation#read-the-chain-rule-on-the-graph",
)


@mistakes.add(
    "the message from the sine was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, and log x² · cos x is what comes back through the sine."""
    x = x.detach()
    return 2 * torch.sin(x) / x - 1 / x**2


@mistakes.add(
    "the message from the logarithm was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, and 2 sin x / x is what comes back through the square and the
    logarithm.
    """
    x = x.detach()
    return torch.log(x**2) * torch.cos(x) - 1 / x**2


@mistakes.add(
    "the message from 1/x was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, and −1/x² is what comes back through the reciprocal."""
    x = x.detach()
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x)


@mistakes.add(
    "the derivatives of the factors were multiplied",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def derivative_by_hand(x):
    """A product sends each factor its adjoint times the *other* factor, which makes two
    terms.
    """
    x = x.detach()
    return 2 / x * torch.cos(x) - 1 / x**2


@mistakes.add(
    "the inner derivative was lost",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def derivative_by_hand(x):
    """The logarithm's own derivative is 1/x², and the square below it brings a factor of
    2x: together 2/x.
    """
    x = x.detach()
    return torch.sin(x) / x**2 + torch.log(x**2) * torch.cos(x) - 1 / x**2


@mistakes.add(SIGN_OF_THE_RECIPROCAL)
def derivative_by_hand(x):
    x = x.detach()
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x) + 1 / x**2


@mistakes.add(
    "the sine was given the wrong sign",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def derivative_by_hand(x):
    """The derivative of sin is cos; the minus belongs to the derivative of cos."""
    x = x.detach()
    return 2 * torch.sin(x) / x - torch.log(x**2) * torch.cos(x) - 1 / x**2


@mistakes.add(TWO_LOG)
def derivative_by_hand(x):
    x = x.detach()
    return 2 * torch.sin(x) / x + 2 * torch.log(x) * torch.cos(x) - 1 / x**2


@mistakes.add(
    VALUE_RETURNED,
    see="theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def derivative_by_hand(x):
    """F(x) is where the walk begins, at the other end of the graph."""
    return log_sine_reciprocal(x.detach())


@mistakes.add(
    "autograd did the work",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
    sign=lambda trials: agree(trials) and differentiated(trials),
)
def derivative_by_hand(x):
    """The numbers are right; this function is to use the chain rule by hand, and the next
    one autograd.
    """
    return derivative(log_sine_reciprocal, x.detach())


@mistakes.add(SINGLE_PRECISION)
def derivative_by_hand(x):
    return solution.derivative_by_hand(x.float()).double()


@mistakes.add(
    "finite differences instead of the chain rule",
    "gallery/ex2_sine_derivative#how-small-should-h-be",
    sign=rough,
)
def derivative_by_hand(x):
    """The numbers are nearly right and nothing was differentiated: a difference over a
    small step h is off by its own error, which no h removes.
    """
    x, h = x.detach(), 1e-6
    return (log_sine_reciprocal(x + h) - log_sine_reciprocal(x - h)) / (2 * h)


@mistakes.add(RESULT_REQUIRES_GRAD)
def derivative_by_hand(x):
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x) - 1 / x**2


@mistakes.add(ARGUMENT_CHANGED)
def derivative_by_hand(x):
    x = x.detach()
    slope = 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x)
    return slope - x.pow_(-2)


@mistakes.add(MEAN_TAKEN)
def derivative_by_autograd(x):
    """The mean of n values is their sum divided by n, and so is its derivative."""
    x = x.detach().clone().requires_grad_(True)
    log_sine_reciprocal(x).mean().backward()
    return x.grad


@mistakes.add(BACKWARD_ON_A_GRID)
def derivative_by_autograd(x):
    x = x.detach().clone().requires_grad_(True)
    log_sine_reciprocal(x).backward()
    return x.grad


@mistakes.add(NOT_CLEARED)
def derivative_by_autograd(x):
    """`backward` adds to `.grad`, so a second call on the same x gives twice the
    derivative.
    """
    x.requires_grad_(True)
    log_sine_reciprocal(x).sum().backward()
    return x.grad


@mistakes.add(TWO_LOG)
def derivative_by_autograd(x):
    x = x.detach().clone().requires_grad_(True)
    y = 2 * torch.log(x) * torch.sin(x) + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


@mistakes.add(VALUE_RETURNED, see="tutorial#vector-to-scalar")
def derivative_by_autograd(x):
    """F(x) is the value; the derivative is what a backward pass leaves."""
    return log_sine_reciprocal(x.detach())


@mistakes.add(
    "a part of F was cut off",
    "how-to/trace-your-own-function#find-where-the-graph-is-cut",
)
def derivative_by_autograd(x):
    """What is computed from `x.detach()`, or under `no_grad`, counts as a constant, so its
    share of the derivative is missing.
    """
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x.detach() ** 2) * torch.sin(x) + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


@mistakes.form
def derivative_by_autograd(x):
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x**2) * torch.sin(x).detach() + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


@mistakes.form
def derivative_by_autograd(x):
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x**2) * torch.sin(x) + (1 / x).detach()
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


@mistakes.add(NO_AUTOGRAD)
def derivative_by_autograd(x):
    return solution.derivative_by_hand(x)


@mistakes.add(SINGLE_PRECISION)
def derivative_by_autograd(x):
    return solution.derivative_by_autograd(x.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def derivative_by_autograd(x):
    x, h = x.detach(), 1e-6
    return (log_sine_reciprocal(x + h) - log_sine_reciprocal(x - h)) / (2 * h)


@mistakes.add(RESULT_REQUIRES_GRAD)
def derivative_by_autograd(x):
    x = x.detach().clone().requires_grad_(True)
    y = log_sine_reciprocal(x)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return slope


@mistakes.add(ARGUMENT_CHANGED)
def derivative_by_autograd(x):
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(log_sine_reciprocal(x).sum(), x)
    return slope
