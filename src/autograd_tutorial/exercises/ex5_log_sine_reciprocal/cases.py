"""The inputs on which answers to exercise 5 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used


def inputs(generator: Generator) -> Iterator[Case]:
    """Vectors of both signs, other shapes, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return 5 * normal(generator, *shape)

    yield Case("positive numbers", (draw(4).abs(),))
    yield Case("negative numbers", (-draw(3).abs(),))
    yield Case("a matrix", (draw(2, 3),))
    yield Case("a single number, of shape ()", (draw(),))
    yield Case("the number 2", (torch.tensor(2.0, dtype=torch.float64),))
    yield Case("two calls with the same x", (draw(3),), calls=2)
    yield Case("an x that requires grad and has a `.grad`", (used(draw(3)),))
    yield Case("numbers in float32", (draw(3).float(),))
