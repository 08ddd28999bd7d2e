"""The inputs on which answers to exercise 6 are tried."""

from collections.abc import Iterator

import torch
from torch import Generator

from autograd_tutorial.checker.case import Case
from autograd_tutorial.exercises.ex6_both_directions.solution import partials


def points(_: Generator) -> Iterator[Case]:
    """Positive and negative numbers."""
    for number in (2.0, -2.0, 0.5, -7.25, 1.0):
        x = torch.tensor(number, dtype=torch.float64)
        yield Case(f"the number {number:g}", (x,))


def graphs(generator: Generator) -> Iterator[Case]:
    """Yield the graph of F, the smallest ones, and random ones with fan-outs."""
    for number in (2.0, -3.5):
        edges = partials(torch.tensor(number, dtype=torch.float64))
        yield Case(f"the graph of F at {number:g}", (edges,))
    yield Case("a single edge", ({("y", "x"): -3.0},))
    chain = {("a", "x"): 2.0, ("b", "a"): 0.25, ("y", "b"): -6.0}
    yield Case("a chain", (chain,))
    dead = {("a", "x"): 2.0, ("b", "x"): 7.0, ("y", "a"): 5.0}
    yield Case("a graph in which b does not reach the output y", (dead,))
    for size in (5, 8, 12):
        edges = {}
        for i in range(1, size):
            fan_in = min(i, 1 + int(torch.randint(3, (), generator=generator)))
            for j in torch.randperm(i, generator=generator)[:fan_in].tolist():
                number = torch.randn((), generator=generator).item()
                edges[f"u{i}", f"u{j}"] = round(number, 2)
        yield Case(f"a random graph with {size} values", (edges,))


def forward_graphs(generator: Generator) -> Iterator[Case]:
    """Yield the graphs, and one with a second value that is computed from nothing."""
    yield from graphs(generator)
    edges = {
        ("a", "x"): 2.0,
        ("b", "c"): 7.0,
        ("y", "a"): 3.0,
        ("y", "b"): -4.0,
    }
    yield Case("a graph in which c is a constant", (edges,), lenient=True)
