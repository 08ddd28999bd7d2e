"""The inputs on which answers to exercise 8 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used
from autograd_tutorial.functions import space_to_plane


def powers(x: Tensor) -> Tensor:
    """Return the powers 1 to 4 of all elements: four times as many outputs as inputs."""
    return torch.cat([x, x**2, x**3, x**4])


def sines(x: Tensor) -> Tensor:
    """Return sin x₁ and sin (x₁ · x₂) and cos x₂: two inputs, three outputs."""
    return torch.stack([x[0].sin(), (x[0] * x[1]).sin(), x[1].cos()])


def neighbours(x: Tensor) -> Tensor:
    """Multiply the sine of each element by the next element, but for the last."""
    return torch.sin(x[:-1]) * x[1:]


def squared_length(x: Tensor) -> Tensor:
    """Add the squares: one output, in a vector of one element."""
    return (x * x).sum().reshape(1)


def inputs(generator: Generator) -> Iterator[Case]:
    """Tall and wide Jacobians, and the cases that show traces."""

    def draw(n: int) -> Tensor:
        return normal(generator, n)

    yield Case("two inputs, three outputs", (sines, draw(2)))
    yield Case("three inputs, two outputs", (space_to_plane, draw(3)))
    yield Case("five inputs, four outputs", (neighbours, draw(5)))
    yield Case("ten inputs, one output", (squared_length, draw(10)))
    yield Case("one input, four outputs", (powers, draw(1)))
    yield Case("ten inputs, forty outputs", (powers, draw(10)))
    yield Case("two calls with the same x", (sines, draw(2)), calls=2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (neighbours, used(draw(4))),
    )
    yield Case("numbers in float32", (sines, draw(2).float()))
