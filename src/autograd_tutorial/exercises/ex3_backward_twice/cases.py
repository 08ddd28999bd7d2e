"""The inputs on which answers to exercise 3 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used


class Shared:
    """Return sin x · exp(x / 2), element by element, and count the calls."""

    def __init__(self) -> None:
        """Begin to count."""
        self.calls = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Compute it."""
        self.calls += 1
        return torch.sin(x) * torch.exp(x / 2)


def sum_of_squares(x: Tensor) -> Tensor:
    """Add the squares."""
    return (x * x).sum()


def sum_of_cubes(x: Tensor) -> Tensor:
    """Add the cubes."""
    return (x**3).sum()


def sum_of_neighbours(x: Tensor) -> Tensor:
    """Add the products of neighbours."""
    return (x * x.roll(1)).sum()


def gradient_cases(generator: Generator) -> Iterator[Case]:
    """Functions that save tensors, other shapes, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return normal(generator, *shape)

    yield Case("a vector", (sum_of_cubes, draw(4)))
    yield Case("a vector", (sum_of_neighbours, draw(3)))
    yield Case("a matrix", (sum_of_squares, draw(2, 3)))
    yield Case("a single number, of shape ()", (sum_of_cubes, draw()))
    yield Case("two calls with the same x", (sum_of_squares, draw(3)), 2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (sum_of_cubes, used(draw(3))),
    )
    yield Case("numbers in float32", (sum_of_cubes, draw(3).float()))


def both_cases(generator: Generator) -> Iterator[Case]:
    """Two losses on one shared part, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return normal(generator, *shape)

    yield Case("a vector", (Shared(), sum_of_squares, sum_of_cubes, draw(4)))
    yield Case("a matrix", (Shared(), sum_of_neighbours, torch.sum, draw(2, 3)))
    yield Case(
        "two calls with the same x",
        (Shared(), sum_of_cubes, sum_of_squares, draw(3)),
        calls=2,
    )
    yield Case(
        "an x that requires grad and has a `.grad`",
        (Shared(), torch.sum, sum_of_cubes, used(draw(3))),
    )
    yield Case(
        "numbers in float32",
        (Shared(), sum_of_squares, sum_of_cubes, draw(3).float()),
    )
