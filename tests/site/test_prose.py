"""The numbers that stand in the prose of the site, as the package computes them."""

import re
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from torch import Tensor

from autograd_tutorial.exercises.ex1_gradient_argument import (
    jacobian_by_rows,
    vector_jacobian_product,
)
from autograd_tutorial.exercises.ex5_log_sine_reciprocal import (
    chain_rule,
    evaluation_trace,
)
from autograd_tutorial.exercises.ex6_both_directions import (
    adjoints,
    partials,
    tangents,
)
from autograd_tutorial.functions import (
    double_until_large_factor,
    log_sine_reciprocal,
    space_to_plane,
    triple_square,
    twice_dot,
)
from autograd_tutorial.graph.recording.partials import LARGEST_PARTIAL


def row(values: Tensor) -> str:
    """Write a vector as the prose does: (2, 11, 60)."""
    return f"({', '.join(f'{value:g}' for value in values.tolist())})"


def product(f: object, x: list[float], v: list[float]) -> str:
    """Write vᵀJ of a function at a point."""
    assert callable(f)
    return row(
        vector_jacobian_product(
            f, torch.tensor(x).float(), torch.tensor(v).float()
        )
    )


def matrix(values: Tensor) -> str:
    """Write a matrix in LaTeX."""
    rows = [
        " & ".join(f"{entry:g}" for entry in line) for line in values.tolist()
    ]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


TWO = torch.tensor(2.0, dtype=torch.float64)
SLOPE = torch.func.jacrev(log_sine_reciprocal)(TWO)
MIDDLE = torch.func.jacrev(space_to_plane)(torch.tensor([1.0, 2.0, 3.0]))[:, 1]
EDGES = partials(TWO)
ADJOINTS = adjoints(EDGES)
TERMS = [
    ADJOINTS[result] * slope
    for (result, source), slope in EDGES.items()
    if source == "x"
]
JUMPS = ", ".join(f"{1000 / 2**n:g}" for n in (1, 2, 3))

STATED = {
    "tutorial.html": [
        f"2 (0 + 1 + 4 + 9) = {twice_dot(torch.arange(4.0)):g}",
        product(triple_square, [1, 2], [1, 1]),
        f"so 12 became {product(triple_square, [1, 2], [1, 10])[4:-1]}",
        rf"{MIDDLE[0]:g} \cdot 1 + 10 \cdot {MIDDLE[1]:g} = {MIDDLE @ torch.tensor([1.0, 10.0]):g}",
        rf"2^{{10}} = {double_until_large_factor(torch.tensor(1.2009)):g}",
        f"|a| = {JUMPS}",
    ],
    "exercises/ex1_gradient_argument.html": [
        matrix(jacobian_by_rows(space_to_plane, torch.tensor([3.0, 1.0, 2.0]))),
        product(space_to_plane, [3, 1, 2], [1, 1]),
        product(space_to_plane, [3, 1, 2], [1, 10]),
        product(space_to_plane, [3, 1, 2], [2, -1]),
    ],
    "exercises/ex5_log_sine_reciprocal.html": [
        *(f"{value:.6f}" for value in evaluation_trace(TWO).values()),
        *(f"{value:.6f}" for value in chain_rule(TWO).values()),
    ],
    "exercises/ex6_both_directions.html": [
        *(f"{value:.6f}" for value in evaluation_trace(TWO).values()),
        *(f"{value:.6f}" for value in EDGES.values()),
        *(f"{value:.6f}" for value in tangents(EDGES).values()),
        *(f"{value:.6f}" for value in ADJOINTS.values()),
    ],
    "theory/forward-propagation.html": [
        rf"F'(2) \approx {SLOPE:.6f}",
        f"more than {LARGEST_PARTIAL} entries",
    ],
    "theory/backward-propagation.html": [
        f"tensor({SLOPE:.6f})",
    ],
    "gallery/walk_the_graph.html": [
        *(f"{value:.2f}".replace("-", "−") for value in TERMS),
        f"{TWO.cos():.2f}".replace("-", "−")[1:],
        f"{(2 * TWO).log():.2f}",
        "about {:.2f}, {:.2f} and {:.2f}. Their sum is {:.2f}.".format(
            *TERMS, sum(TERMS)
        ).replace("-", "−"),
    ],
    "gallery/vector_to_scalar.html": [
        f"y is {twice_dot(torch.arange(4.0)):g}",
        row(4 * torch.arange(4.0)),
    ],
    "gallery/ex1_gradient_argument.html": [
        rf"1 \cdot (2, 1, 0) + 10 \cdot (0, 1, 6) = {product(space_to_plane, [1, 2, 3], [1, 10])}",
        product(triple_square, [1, 2], [1, 1]),
        product(triple_square, [1, 2], [1, 10]),
    ],
}
"""What each page says, with the numbers computed here."""


@pytest.mark.parametrize("page", STATED)
def test_numbers_in_prose(site: Path, page: str) -> None:
    """Each page states the numbers that the package computes."""
    soup = BeautifulSoup(
        (site / page).read_text(encoding="utf-8"), "html.parser"
    )
    article = soup.find("article")
    assert article is not None
    text = re.sub(r"\s+", " ", article.get_text(" "))
    code = re.sub(r"\s+", " ", article.get_text())
    for statement in STATED[page]:
        wanted = re.sub(r"\s+", " ", statement)
        assert wanted in text or wanted in code, wanted
