"""The first difference between two values, in words."""

import math

import numpy as np
import pytest
import torch

from autograd_tutorial.checker.compare import mismatch, place, shown

DOUBLE = torch.float64


def tensor(*numbers: float) -> torch.Tensor:
    """Return a vector in float64."""
    return torch.tensor(numbers, dtype=DOUBLE)


@pytest.mark.parametrize(
    ("yours", "expected"),
    [
        (tensor(1, 2), tensor(1, 2 + 1e-13)),
        (tensor(math.nan, 1), tensor(math.nan, 1)),
        (tensor(math.inf), tensor(math.inf)),
        (tensor(), tensor()),
        ((1, 2.0), [1, 2]),
        (np.array([1, 2]), [1, 2]),
        (tensor(1, 2), [1, 2]),
        (torch.tensor(3), 3),
        (np.float32(3), 3.0),
        (math.nan, math.nan),
        (" Error", "error"),
        ({"b": 2, "a": [1]}, {"a": (1,), "b": 2}),
        (["y", "x"], {"x", "y"}),
        ("x", {"x"}),
        ((), set()),
    ],
)
def test_alike(yours: object, expected: object) -> None:
    """What may be written in more than one way, or is equal up to rounding."""
    assert mismatch(yours, expected, 1e-12) is None


@pytest.mark.parametrize(
    ("yours", "expected", "where", "message"),
    [
        (tensor(1, 3), tensor(1, 2), "[1]", "is 3, but should be 2."),
        (tensor(1, 2), tensor(1, math.nan), "[1]", "is 2, but should be nan."),
        (
            torch.ones(2, 2, dtype=DOUBLE),
            torch.eye(2, dtype=DOUBLE),
            "[0, 1]",
            "is 1, but should be 0.",
        ),
        (
            tensor(1),
            tensor(1, 2),
            "",
            "has the shape (1,), but should have (2,).",
        ),
        (
            torch.ones(1),
            tensor(1),
            "",
            "has the dtype torch.float32, but should have torch.float64.",
        ),
        ([1], tensor(1), "", "is a list, but should be a tensor."),
        ([1, [2, 4]], [1, [2, 3]], "[1][1]", "is 4, but should be 3."),
        ([1], [1, 2], "", "has 1 entry, but should have 2."),
        (5, [1, 2], "", "is an int, but should be a list."),
        ({"a": 1}, {"a": 2}, "['a']", "is 1, but should be 2."),
        ({"a": 1, "c": 2}, {"a": 1}, "", "should not have the entry 'c'."),
        (True, 1, "", "is a bool, but should be a number."),
        (None, 1, "", "is None, but should be a number."),
        (1 + 2j, 1, "", "is a complex, but should be a number."),
        (1, "error", "", "is an int, but should be a word in quotes."),
        ("eror", "error", "", "is 'eror', but should be 'error'."),
        (["x", "z"], {"x", "y"}, "", "should not have 'z'."),
        (["x"], {"x", "y"}, "", "lacks 'y'."),
        (3, {"x"}, "", "is an int, but should be a tuple of words."),
    ],
)
def test_different(
    yours: object, expected: object, where: str, message: str
) -> None:
    """The place and the words."""
    found = mismatch(yours, expected, 1e-12)
    assert found is not None
    assert (found.where, found.message) == (where, message)


@pytest.mark.parametrize(
    ("yours", "expected", "words"),
    [
        (1, 2, "what you returned"),
        (tensor(1, 3), tensor(1, 2), "the second of the two numbers"),
        (tensor(1), tensor(2), "the one number"),
        (tensor(*range(9)), tensor(*[0] * 9), "number 2 of the 9 numbers"),
        (torch.ones(2, 2), torch.eye(2), "the number at [0, 1] of the matrix"),
        ({"F": 1}, {"F": 2}, "the entry 'F' of the dictionary"),
        ([1, 2, 3], [1, 2, 4], "the third of the three numbers"),
        (
            (tensor(1), tensor(2, 3)),
            (tensor(1), tensor(5, 3)),
            "the first of the two numbers in the second of the two tensors",
        ),
    ],
)
def test_place(yours: object, expected: object, words: str) -> None:
    """The place, as one says it."""
    found = mismatch(yours, expected, 1e-12)
    assert found is not None
    assert place(found.path, expected).startswith(words)
    assert place(found.path, expected).endswith("you returned")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (tensor(1 / 3, -2e-9), "[0.33333333, -2e-09]"),
        (torch.tensor(True), "True"),
        (torch.tensor([1 + 2j]), "[1.+2.j]"),
        (torch.tensor([1.5], dtype=torch.bfloat16), "[1.5]"),
        (torch.eye(2).to_sparse(), "a sparse tensor of shape (2, 2)"),
        (
            torch.ones(2, device="meta"),
            "a tensor on the device meta of shape (2,)",
        ),
        ({"a": (1, [2.5])}, "{'a': (1, [2.5])}"),
        ((2.5,), "(2.5,)"),
        ({"b", "a"}, "{'a', 'b'}"),
        (math.sin, "sin"),
        (object(), "an object"),
        (tensor(*range(100)), "[0, 1, 2, ..., 97, 98, 99]"),
    ],
)
def test_shown(value: object, text: str) -> None:
    """Short, and under all print options alike."""
    torch.set_printoptions(precision=1, sci_mode=True)
    try:
        assert shown(value) == text
    finally:
        torch.set_printoptions(profile="default")


def test_long_values_are_cut() -> None:
    """A report stays readable."""
    assert len(shown(["a long word"] * 100)) == 240
