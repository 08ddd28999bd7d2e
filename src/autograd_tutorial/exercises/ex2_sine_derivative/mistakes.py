"""The mistakes that people make in exercise 2, each as an answer that makes it."""

import math

import torch

from autograd_tutorial.checker.exercise import Mistakes
from autograd_tutorial.exercises.common import (
    ARGUMENT_CHANGED,
    BACKWARD_ON_A_GRID,
    FINITE_DIFFERENCES,
    MEAN_TAKEN,
    NO_AUTOGRAD,
    NOT_CLEARED,
    OUTPUT_AS_COTANGENT,
    RESULT_REQUIRES_GRAD,
    SINGLE_PRECISION,
    called,
)
from autograd_tutorial.exercises.ex2_sine_derivative import solution

mistakes = Mistakes()


@mistakes.add(MEAN_TAKEN)
def derivative_of_sine(x):
    """The mean of n numbers is their sum divided by n, so every slope comes out n times too
    small. Take the sum.
    """
    x = x.detach().clone().requires_grad_(True)
    torch.sin(x).mean().backward()
    return x.grad


@mistakes.add(NOT_CLEARED)
def derivative_of_sine(x):
    """`backward` adds to `.grad` and replaces nothing, so a second call with the same x
    gives twice the derivative. Work on a fresh copy of x in each call.
    """
    x.requires_grad_(True)
    torch.sin(x).sum().backward()
    return x.grad


@mistakes.add(BACKWARD_ON_A_GRID)
def derivative_of_sine(x):
    x = x.detach().clone().requires_grad_(True)
    torch.sin(x).backward()
    return x.grad


@mistakes.add(
    "the sine was returned, not its derivative", "tutorial#vector-to-scalar"
)
def derivative_of_sine(x):
    """`torch.sin(x)` is the value. You get the derivative from a backward pass."""
    return torch.sin(x.detach())


@mistakes.add(OUTPUT_AS_COTANGENT, see="tutorial#v-1-10")
def derivative_of_sine(x):
    """`y.backward(y)` gives each slope the weight y, so sin x · cos x comes out. Give each
    the weight 1: pass ones, or take the sum.
    """
    x = x.detach().clone().requires_grad_(True)
    y = torch.sin(x)
    y.backward(y)
    return x.grad


@mistakes.add(
    "the cosine was called",
    "tutorial#vector-to-scalar",
    sign=called("torch.cos", "torch.Tensor.cos", "torch.Tensor.cos_"),
)
def derivative_of_sine(x):
    """The cosine is the right formula, but the exercise is to find the derivative without it.
    Use the sine alone, and let autograd do the rest.
    """
    return torch.cos(x.detach())


@mistakes.add(NO_AUTOGRAD)
def derivative_of_sine(x):
    return torch.sin(x.detach() + math.pi / 2)


@mistakes.add(SINGLE_PRECISION)
def derivative_of_sine(x):
    return solution.derivative_of_sine(x.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def derivative_of_sine(x):
    x, h = x.detach(), 1e-5
    return (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)


@mistakes.add(RESULT_REQUIRES_GRAD)
def derivative_of_sine(x):
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
    return slope


@mistakes.add(ARGUMENT_CHANGED)
def derivative_of_sine(x):
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x)
    return slope
