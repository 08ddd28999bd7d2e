"""The inputs on which answers to exercise 7 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used


def rosenbrock(x: Tensor) -> Tensor:
    """Add 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² for all neighbours: a narrow curved valley."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def sines_of_neighbours(x: Tensor) -> Tensor:
    """Add the products of the sine of each element with the next element."""
    return (torch.sin(x) * x.roll(-1)).sum()


def log_of_squares(x: Tensor) -> Tensor:
    """Return the logarithm of 1 plus the sum of squares."""
    return torch.log(1 + (x * x).sum())


def cube_of_the_first(x: Tensor) -> Tensor:
    """Cube the first element and add the others, which have no second derivative."""
    return x[0] ** 3 + x.sum()


LARGE = 40
"""The number of elements at which a matrix can be told from vectors."""


def product_cases(generator: Generator) -> Iterator[Case]:
    """Functions that couple their inputs, and the cases that show traces."""

    def draw(n: int = 3) -> Tensor:
        return normal(generator, n)

    yield Case("three elements", (rosenbrock, draw(), draw()))
    yield Case("four elements", (sines_of_neighbours, draw(4), draw(4)))
    yield Case("one element", (log_of_squares, draw(1), draw(1)))
    yield Case("two elements", (cube_of_the_first, draw(2), draw(2)))
    yield Case(f"{LARGE} elements", (rosenbrock, draw(LARGE), draw(LARGE)))
    yield Case("two calls with the same x", (log_of_squares, draw(), draw()), 2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (sines_of_neighbours, used(draw()), draw()),
    )
    x, v = draw().float(), draw().float()
    yield Case("numbers in float32", (sines_of_neighbours, x, v))


def hessian_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same without v."""
    for case in product_cases(generator):
        f, x, _ = case.arguments
        yield Case(case.label, (f, x), case.calls)
