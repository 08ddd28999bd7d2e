"""The inputs on which answers to exercise 4 are tried."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used


def points(generator: Generator) -> Iterator[tuple[str, Tensor]]:
    """Tensors of several shapes and sizes, with positive and negative sums."""
    yield "a vector", normal(generator, 4).abs()
    yield "a vector with a negative sum", -normal(generator, 3).abs()
    yield "a matrix", normal(generator, 2, 3)
    yield "a single number, of shape ()", normal(generator)
    yield "a vector that is large already", 1000 * normal(generator, 3).abs()
    zeros = torch.tensor([0, 0.7, 0, -0.2], dtype=torch.float64)
    yield "a vector with zeros in it", zeros


def factor_cases(generator: Generator) -> Iterator[Case]:
    """Every point, then the cases that show traces."""
    for label, a in points(generator):
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


def gradient_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same with a random v."""
    for case in factor_cases(generator):
        (a,) = case.arguments
        assert isinstance(a, Tensor)
        v = normal(generator, *a.shape).to(a.dtype)
        yield replace(case, arguments=(a, v))
