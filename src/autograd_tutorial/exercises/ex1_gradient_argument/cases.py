"""The inputs on which answers to exercise 1 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.common import normal, used
from autograd_tutorial.functions import space_to_plane, triple_square


def mix(x: Tensor) -> Tensor:
    """Multiply the sine of each element by the next element: as many outputs as inputs."""
    return torch.sin(x) * x.roll(-1)


def squared_length(x: Tensor) -> Tensor:
    """Add the squares: one output, in a vector of one element."""
    return (x * x).sum().reshape(1)


def powers(x: Tensor) -> Tensor:
    """Return the first three powers: one input, three outputs."""
    return torch.cat([x, x**2, x**3])


def product_cases(generator: Generator) -> Iterator[Case]:
    """Jacobians of every shape, then the cases that show traces."""

    def draw(n: int) -> Tensor:
        return normal(generator, n)

    yield Case("four inputs, four outputs", (mix, draw(4), draw(4)))
    yield Case("three inputs, two outputs", (space_to_plane, draw(3), draw(2)))
    yield Case("one output", (squared_length, draw(3), draw(1)))
    yield Case("one input", (powers, draw(1), draw(3)))
    yield Case("two calls with the same x", (mix, draw(3), draw(3)), calls=2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (triple_square, used(draw(3)), draw(3)),
    )
    yield Case("numbers in float32", (mix, draw(3).float(), draw(3).float()))


def jacobian_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same without v."""
    for case in product_cases(generator):
        f, x, _ = case.arguments
        yield Case(case.label, (f, x), case.calls)
