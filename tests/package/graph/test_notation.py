"""The words for numbers, values and local derivatives."""

import doctest
import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from autograd_tutorial.graph import notation
from autograd_tutorial.graph.notation import (
    describe_matrix,
    write_number,
    write_tensor,
)

Function = Callable[[Tensor], Tensor]

NUMBER = torch.tensor(0.3)
VECTOR = torch.tensor([0.2, 0.9, 0.4, 0.7])
MATRIX = torch.arange(1.0, 16.0).reshape(3, 5) / 16
NAN, INFINITY = math.nan, math.inf
ONE = torch.tensor([1.0])
SCALED: dict[str, tuple[Function, Tensor]] = {
    "× 0.25": (lambda x: x / 4, NUMBER),
    "× −3": (lambda x: -3 * x, NUMBER),
    "× 0": (torch.ceil, NUMBER),
    "× 1": (torch.sum, ONE),
    "I": (lambda x: x.reshape(5, 3), MATRIX),
    "2 I": (lambda x: 2 * x, MATRIX),
    "−I": (torch.neg, VECTOR),
    "−0.5 I": (lambda x: -x / 2, VECTOR),
    "diag(15)": (torch.tanh, MATRIX),
    "diag(4)": (lambda x: torch.relu(x - 0.5), VECTOR),
    "1ᵀ": (torch.sum, MATRIX),
    "0.25 1ᵀ": (torch.mean, VECTOR),
    "−1ᵀ": (lambda x: -x.sum(), VECTOR),
    "row (4)": (lambda x: x.dot(x), VECTOR),
    "column (3)": (lambda x: x * MATRIX[:, 0], NUMBER),
    "pick 2 of 4": (lambda x: x[[3, 1]], VECTOR),
    "pick 1 of 4": (lambda x: x[2], VECTOR),
    "3 pick 5 of 15": (lambda x: 3 * x[1], MATRIX),
    "reorder": (torch.t, MATRIX),
    "−reorder": (lambda x: -x.flip(0), VECTOR),
    "copy": (lambda x: x.expand(2, 4), VECTOR),
    "2 copy": (lambda x: 2 * x[[0, 0, 1]], VECTOR),
    "3 copy": (lambda x: (3 * x).expand(3), NUMBER),
    "0": (torch.sign, MATRIX),
    "J 3×15": (lambda x: x.sum(1), MATRIX),
    "J 2×4": (lambda x: x.sum().expand(2), VECTOR),
    "J 5×4": (lambda x: MATRIX.t()[:, :3] @ x[:3], VECTOR),
}
"""For each description, a function and a point at which its Jacobian is so."""


@pytest.mark.parametrize("words", SCALED)
def test_jacobians(words: str) -> None:
    """The structure of a Jacobian that torch computed is named."""
    f, x = SCALED[words]
    jacobian = torch.func.jacrev(f)(x)
    assert isinstance(jacobian, Tensor)
    assert describe_matrix(jacobian, f(x).numel(), x.numel()) == words


@given(st.integers(2, 5), st.lists(st.integers(0, 4), min_size=2, max_size=6))
def test_picks(columns: int, picks: list[int]) -> None:
    """Rows that are unit vectors are told apart by which columns they pick."""
    picks = [k % columns for k in picks]
    everything = list(range(columns))
    if len(set(picks)) < len(picks):
        words = "copy"
    elif picks == everything:
        words = "I"
    elif sorted(picks) == everything:
        words = "reorder"
    else:
        words = f"pick {len(picks)} of {columns}"
    matrix = torch.eye(columns)[picks]
    assert describe_matrix(matrix, len(picks), columns) == words
    if columns * len(picks) > 4:  # another entry, and the words no longer fit
        matrix[0, (picks[0] + 1) % columns] = 0.5
        assert describe_matrix(matrix, len(picks), columns) != words


def test_matrix_that_was_not_built() -> None:
    """Without the numbers, only the size is said; so it is for an empty matrix."""
    assert describe_matrix(None, 100, 50) == "J 100×50"
    assert describe_matrix(None, 1, 6) == "J 1×6"
    assert describe_matrix(torch.ones(0, 3), 0, 3) == "J 0×3"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[NAN]], "× NaN"),
        ([[-INFINITY]], "× −∞"),
        ([[NAN, 1.0]], "row (2)"),
        ([[NAN], [1.0]], "column (2)"),
        ([[NAN, NAN]], "row (2)"),
        ([[NAN, 0.0], [0.0, 1.0]], "diag(2)"),
        ([[INFINITY, 0.0], [0.0, INFINITY]], "∞ I"),
        ([[NAN, NAN], [0.0, 1.0]], "J 2×2"),
    ],
    ids=str,
)
def test_jacobian_with_nan(rows: list[list[float]], words: str) -> None:
    """NaN is an entry like another, but equal to none."""
    matrix = torch.tensor(rows)
    assert describe_matrix(matrix, *matrix.shape) == words


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (4.0, "4"),
        (1024, "1024"),
        (-102400.0, "−102400"),
        (999999.0, "999999"),
        (1e6, "1·10⁶"),
        (1048576, "1.049·10⁶"),
        (-2.5, "−2.5"),
        (2 / 3, "0.6667"),
        (math.pi, "3.142"),
        (1234.56, "1235"),
        (12340.2, "12340"),
        (123456.7, "123457"),
        (999999.7, "1·10⁶"),
        (0.99996, "1"),
        (0.0001, "0.0001"),
        (0.00009999999, "0.0001"),
        (0.000012345, "1.234·10⁻⁵"),
        (-1.2e-9, "−1.2·10⁻⁹"),
        (1e-10, "1·10⁻¹⁰"),
        (5e-324, "4.941·10⁻³²⁴"),
        (1.7976931348623157e308, "1.798·10³⁰⁸"),
        (NAN, "NaN"),
        (INFINITY, "∞"),
        (-INFINITY, "−∞"),
        (torch.tensor(0.1).item(), "0.1"),
    ],
    ids=str,
)
def test_numbers(x: float, words: str) -> None:
    """Four significant digits, a true minus sign, and powers of ten where they are needed."""
    assert write_number(x) == words


@given(st.floats(-1e308, 1e308))
def test_a_number_can_be_read_back(x: float) -> None:
    """What is written is the number, up to half a unit of the fourth digit."""
    words = write_number(x).replace("−", "-").replace("·10", "e")
    for digit, superscript in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹"):
        words = words.replace(superscript, str(digit))
    read = float(words.replace("⁻", "-"))
    assert math.isclose(read, x, rel_tol=0.00050001, abs_tol=1e-320)
    assert words == "0" or (words[0] == "-") == (x < 0)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (None, "none"),
        (torch.tensor(-2.0), "−2"),
        (torch.tensor(1e-200, dtype=torch.double), "1·10⁻²⁰⁰"),
        (torch.tensor([3.0, 12.0]), "[3, 12]"),
        (torch.tensor([1, 2]), "[1, 2]"),
        (torch.tensor([True, False]), "[1, 0]"),
        (torch.tensor([[1.0, 0.0], [0.0, 2.0]]), "[[1, 0], [0, 2]]"),
        (torch.tensor([NAN, INFINITY]), "[NaN, ∞]"),
        (torch.tensor([]), "[]"),
        (torch.ones(7, 8), "(7, 8)"),
        (torch.ones(1000, 1000), "(1000, 1000)"),
        (torch.full((5,), 0.123), "(5,)"),
        (torch.ones(2) + 1j, "(2,)"),
        (torch.tensor(1 + 2j), "1+2i"),
        (torch.tensor(-0.5j), "0−0.5i"),
        (torch.ones(2).to_sparse(), "(2,)"),
        (torch.eye(2, device="meta"), "(2, 2)"),
    ],
)
def test_values(tensor: Tensor | None, words: str) -> None:
    """Small tensors are written in full, and others by their shape."""
    assert write_tensor(tensor) == words


def test_room() -> None:
    """A tensor is written in full if its characters fit, and not if one does not."""
    x = torch.tensor([3.0, 12.0])
    assert write_tensor(x, room=len("[3, 12]")) == "[3, 12]"
    assert write_tensor(x, room=len("[3, 12]") - 1) == "(2,)"
    assert write_tensor(x[0], room=0) == "3"


def test_examples() -> None:
    """Each example in the docstrings prints what it says."""
    result = doctest.testmod(notation)
    assert result.attempted >= 3
    assert result.failed == 0
