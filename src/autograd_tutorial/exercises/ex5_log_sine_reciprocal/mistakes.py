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
    "For positive x the two are the same, so this is an easy slip. For negative x, x² is still "
    "positive, but the logarithm of x is NaN.",
)
VALUE_RETURNED = Kind(
    "the value was returned, not the derivative",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)

mistakes.predict(
    "GRAPH",
    "the edges point the other way",
    {"x": ("x²", "sin x", "1/x")},
    why="Next to each value stand those that it is computed *from*. And x is given, so it is "
    "computed from nothing.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the square was skipped",
    {"log x²": ("x",)},
    why="The logarithm is taken of x², so between x and the logarithm there is one more value, the "
    "square.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the whole ancestry was listed",
    {"log x²": ("x", "x²")},
    why="List only the values that the operation itself takes in. What those depend on is "
    "written in their own lines.",
    see="theory/forward-propagation#write-a-function-as-a-list-of-steps",
)

mistakes.predict(
    "GRAPH",
    "the product was skipped",
    {"F": ("log x²", "sin x", "1/x")},
    why="F is the sum of two terms. The first of them is the product, which is one value.",
    see="theory/backward-propagation#read-the-chain-rule-on-the-graph",
)

mistakes.predict(
    "GRAPH",
    "F was connected to x",
    {"F": ("x", "log x² · sin x", "1/x")},
    why="F does depend on x, but only through the values between them. The last operation takes "
    "in the product and 1/x.",
    see="theory/backward-propagation#read-the-chain-rule-on-the-graph",
)


@mistakes.add(
    "the message from the sine was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, so three messages come back to it. The one through the sine is
    log x² · cos x.
    """
    x = x.detach()
    return 2 * torch.sin(x) / x - 1 / x**2


@mistakes.add(
    "the message from the logarithm was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, so three messages come back to it. The one through the
    logarithm and the square is 2 sin x / x.
    """
    x = x.detach()
    return torch.log(x**2) * torch.cos(x) - 1 / x**2


@mistakes.add(
    "the message from 1/x was forgotten",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def derivative_by_hand(x):
    """x is used three times, so three messages come back to it. The one through the
    reciprocal is −1/x².
    """
    x = x.detach()
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x)


@mistakes.add(
    "the derivatives of the factors were multiplied",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def derivative_by_hand(x):
    """The derivative of a product is not the product of the derivatives. Each factor gets
    the adjoint times the *other* factor, which makes two terms.
    """
    x = x.detach()
    return 2 / x * torch.cos(x) - 1 / x**2


@mistakes.add(
    "the inner derivative was lost",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def derivative_by_hand(x):
    """The logarithm is taken of x², so its own derivative is 1/x², and the square brings a
    factor of 2x. Together they make 2/x.
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
    """The derivative of sin is cos. The minus belongs to the derivative of cos."""
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
    """F(x) is where the walk back begins. The derivative is what arrives at x, at the other
    end of the graph.
    """
    return log_sine_reciprocal(x.detach())


@mistakes.add(
    "autograd did the work",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
    sign=lambda trials: agree(trials) and differentiated(trials),
)
def derivative_by_hand(x):
    """The numbers are right, but in this function you apply the chain rule by hand. Autograd
    has its turn in the next one.
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
    """The numbers are nearly right, but nothing was differentiated. A difference over a
    small step h has an error of its own, and no choice of h removes it.
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
    """The mean of n values is their sum divided by n, so every slope comes out n times too
    small. Take the sum.
    """
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
    """`backward` adds to `.grad` and replaces nothing, so a second call with the same x
    gives twice the derivative. Work on a fresh copy of x in each call.
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
    """F(x) is the value. You get the derivative from a backward pass."""
    return log_sine_reciprocal(x.detach())


@mistakes.add(
    "a part of F was cut off",
    "how-to/trace-your-own-function#find-where-the-graph-is-cut",
)
def derivative_by_autograd(x):
    """Whatever is computed from `x.detach()`, or under `no_grad`, counts as a constant, so
    its share of the derivative is missing. Compute all of F from x itself.
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
