"""The inputs on which answers to exercise 2 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used


def inputs(generator: Generator) -> Iterator[Case]:
    """Vectors, other shapes, and an x that has been used before."""

    def draw(*shape: int) -> Tensor:
        return 7 * normal(generator, *shape)

    yield Case("five random numbers", (draw(5),))
    yield Case("a matrix", (draw(2, 3),))
    yield Case("a single number, of shape ()", (draw(),))
    yield Case(
        "multiples of π/2",
        (torch.pi / 2 * torch.arange(-4.0, 5.0, dtype=torch.float64),),
    )
    yield Case("two calls with the same x", (draw(3),), calls=2)
    yield Case("an x that requires grad and has a `.grad`", (used(draw(3)),))
    yield Case("numbers in float32", (draw(4).float(),))
