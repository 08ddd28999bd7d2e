"""The slopes of the figure on float32: what torch says of them, and what the figure says."""

import json
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from play import float32
from play.common import asker

MINIFIED = pytest.mark.parametrize("minified", [False, True])
ROWS = float32.compute()
FIRST_SQUARE, LAST_SQUARE = -74, 63
"""The exponents between which x² has a place in float32."""


@cache
def asked(*, minified: bool) -> Callable[[str], Any]:
    """Return what evaluates an expression of the script, which knows the rows."""
    ask = asker(*float32.SCRIPTS, minified=minified)
    ask(f"(globalThis.rows = {json.dumps(ROWS)}) && 0")
    return ask


def said(what: str, formula: str, p: int, *, minified: bool = False) -> Any:
    """Return what a function of the script says of a power."""
    ask = asked(minified=minified)
    return ask(f"Float32.{what}(rows, {json.dumps(formula)}, {p})")


def test_slopes_are_those_of_numpy() -> None:
    """Where they are finite; where they are not, so is a term of the sum."""
    for row in ROWS:
        x = np.float32(2.0) ** row["p"]
        with np.errstate(all="ignore"):
            terms = [
                np.log(x * x) * np.cos(x),
                2 / x * np.sin(x),
                -1 / x / x,
            ]
        slope = row["written"]["slope"]
        if math.isfinite(slope):
            most = max(map(abs, terms))
            assert math.isclose(
                slope, sum(terms), rel_tol=1e-5, abs_tol=1e-5 * most
            )
        else:
            assert not all(map(np.isfinite, terms))


@MINIFIED
def test_who_is_to_blame(minified: bool) -> None:
    """The square where it has no place, else the slope itself, else nobody."""
    kinds = set()
    for row in ROWS:
        p = row["p"]
        for formula in float32.FORMULAS:
            text = said("verdict", formula, p, minified=minified)
            squared = formula == "written"
            fits = abs(row["right"]) <= torch.finfo(torch.float32).max
            small = squared and p < FIRST_SQUARE
            large = squared and p > LAST_SQUARE
            assert ("so it becomes 0" in text) == small
            assert ("so it becomes ∞" in text) == large
            beyond = not small and not large and not fits
            assert ("No other formula helps" in text) == beyond
            works = fits and not small and not large
            assert ("F′ is right" in text) == works
            kinds.add((small, large, beyond, works))
    assert len(kinds) == 4


@pytest.mark.parametrize("formula", float32.FORMULAS)
def test_what_is_said_of_values_is_so(formula: float32.Formula) -> None:
    """Of F where only its slope is infinite, of messages where x² is none, and of digits."""
    for row in ROWS:
        value, slope = row[formula].values()
        text = said("verdict", formula, row["p"])
        x = torch.tensor(2.0 ** row["p"], dtype=torch.float64)
        if "as it should be" in text:
            right = float32.FORMULAS[formula](x).item()
            assert math.isclose(value, right, rel_tol=1e-5)
            assert slope == -math.inf
        elif "becomes 0" in text:
            assert row["square"] == 0
            assert value == -math.inf
            assert math.isnan(slope)
        elif "becomes ∞" in text:
            assert row["square"] == math.inf
            assert abs(value) == math.inf
            assert abs(slope) == math.inf
            assert text.endswith(f"F′ is {'−' if slope < 0 else ''}∞.")
        else:
            (digits,) = re.findall(r"(\d) digits", text)
            error = abs(slope / row["right"] - 1)
            assert error <= 10.0 ** -int(digits)
            assert 5 <= int(digits) <= 7


def test_messages_where_the_square_has_no_place() -> None:
    """What comes back through the logarithm, through the sine and through 1/x."""

    def messages(p: int) -> list[float]:
        x = torch.tensor(2.0**p)
        through = [x.clone().requires_grad_() for _ in range(3)]
        log, sine, reciprocal = through
        y = torch.log(log**2) * torch.sin(sine) + 1 / reciprocal
        return [g.item() for g in torch.autograd.grad(y, through)]

    for p in range(-126, FIRST_SQUARE):
        assert messages(p) == [math.inf, -math.inf, -math.inf]
    for p in range(LAST_SQUARE + 1, 127):
        log, sine, reciprocal = messages(p)
        assert log == 0
        assert abs(sine) == math.inf
        assert abs(reciprocal) < 1e-30


@pytest.mark.parametrize("formula", float32.FORMULAS)
@pytest.mark.parametrize("p", [-126, -76, 0, 126])
@pytest.mark.parametrize("width", [280, 600])
def test_the_scene_is_drawn(formula: str, p: int, width: int) -> None:
    """Whatever is chosen, without a coordinate that is none; each stretch is shaded once."""
    ask = asked(minified=False)
    call = f"rows, {json.dumps(formula)}, {p}, {width}, 280"
    scene = BeautifulSoup(ask(f"Float32.scene({call})"), "html.parser")
    drawn = " ".join(
        str(value) for each in scene.find_all() for value in each.attrs.values()
    )
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    labels = [text.get_text() for text in scene.select("text")]
    stretches = [label for label in labels if label in {"NaN", "∞"}]
    assert stretches == (["NaN", "∞", "∞"] if formula == "written" else ["∞"])
    assert len(scene.select("rect.broken")) == len(stretches)
    x, y = ask(f"Float32.dot({call})")
    assert 0 < x < width
    assert 0 < y < 280


def test_the_page_holds_every_number() -> None:
    """In a table that is read without a script, and by it."""
    figure = BeautifulSoup(float32.html(""), "html.parser")
    assert figure.select("svg .curve")
    rows = figure.select("tr[data-p]")
    for shown, row in zip(rows, ROWS, strict=True):
        assert int(str(shown["data-p"])) == row["p"]
        assert float(str(shown["data-right"])) == row["right"]
        assert float(str(shown["data-square"])) == row["square"]
        for formula in float32.FORMULAS:
            (cell,) = shown.select(f'[data-formula="{formula}"]')
            for name, value in row[formula].items():
                written = float(str(cell[f"data-{name}"]))
                assert written == value or math.isnan(written + value)


def test_a_wrong_derivative_fails_the_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each formula is compared with the derivative by hand."""
    monkeypatch.setitem(float32.FORMULAS, "mended", lambda x: x * x)
    with pytest.raises(ValueError, match="by hand"):
        float32.html("")
