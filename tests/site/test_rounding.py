"""The quotients of the figure on rounding: what torch says of them, and what the figure says."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from play import rounding
from play.common import asker

from autograd_tutorial.functions import log_sine_reciprocal_derivative

MINIFIED = pytest.mark.parametrize("minified", [False, True])
DATA = rounding.compute()
JSON = json.dumps(DATA)


def said(what: str, chosen: str, k: int, *, minified: bool = False) -> Any:
    """Return what a function of the script says of a step."""
    ask = asker(*rounding.SCRIPTS, minified=minified)
    return ask(f"Rounding.{what}({JSON}, {json.dumps(chosen)}, {k})")


def test_the_derivatives() -> None:
    """They are those by hand, at 2."""
    log, sine, cosine = math.log(4), math.sin(2), math.cos(2)
    second = -sine / 2 + 2 * cosine - log * sine + 1 / 4
    third = (
        # (log x² · sin x)''' by Leibniz' rule, then (1/x)'''
        (2 * 2 / 8) * sine
        + 3 * (-2 / 4) * cosine
        - 3 * (2 / 2) * sine
        - log * cosine
        - 6 / 16
    )
    slope = log_sine_reciprocal_derivative(torch.tensor(2.0).double()).item()
    assert math.isclose(DATA["slope"], slope, rel_tol=1e-14)
    assert math.isclose(DATA["second"], second, rel_tol=1e-14)
    assert math.isclose(DATA["third"], third, rel_tol=1e-13)


def test_quotients_come_from_the_values_that_are_shown() -> None:
    """Subtracting and dividing what is written, in its dtype, gives each quotient to the last bit."""
    compared = 0
    for name, points in DATA["series"].items():
        kind, dtype = name.split(" ")
        for point in points:
            width = 2.0 ** -point["k"] * (2 if kind == "central" else 1)
            written = [float(point["up"]), float(point["down"]), width]
            up, down, width = np.array(written, dtype=dtype)
            quotient = (up - down) / width
            assert quotient == point["quotient"]
            assert point["error"] == abs(point["quotient"] - DATA["slope"])
            compared += 1
    assert compared == 4 * len(rounding.POWERS) > 200


@MINIFIED
def test_what_it_costs(minified: bool) -> None:
    """Where the bend costs far more it is the error; nowhere is the error much more than both costs."""
    bent = 0
    for name, points in DATA["series"].items():
        for point in points:
            costs = said("costs", name, point["k"], minified=minified)
            lost = point["up"] == point["down"]
            assert (
                lost
                or point["error"] < 1.1 * costs["bend"] + 4 * costs["rounding"]
            )
            if costs["bend"] > 30 * costs["rounding"]:
                bent += 1
                assert math.isclose(point["error"], costs["bend"], rel_tol=0.15)
    assert bent > 40


@MINIFIED
def test_what_is_said(minified: bool) -> None:
    """Bend, rounding, the best step and a step that is lost are told apart, with the digits that agree."""
    for name, points in DATA["series"].items():
        best = min(points, key=lambda each: each["error"])
        kinds = set()
        for point in points:
            text = said("verdict", name, point["k"], minified=minified)
            assert point["up"] in text
            assert point["down"] in text
            lost = point["up"] == point["down"]
            assert ("the same number" in text) == lost
            assert lost == (point["quotient"] == 0)
            closest = point["error"] == best["error"]
            assert ("No step comes closer" in text) == closest
            costs = said("costs", name, point["k"], minified=minified)
            if not lost and not closest:
                bends = costs["bend"] > costs["rounding"]
                assert ("The curve bends" in text) == bends
                assert ("mostly rounding" in text) == (not bends)
                kinds.add(bends)
        assert kinds == {True, False}


@MINIFIED
@pytest.mark.parametrize(
    ("up", "down", "count"),
    [
        ("1.5", "1.4", 1),
        ("1.76", "1.76", 3),
        ("2.1", "1.1", 0),
        ("1", "1.2", 1),
    ],
)
def test_digits_that_agree(
    up: str, down: str, count: int, minified: bool
) -> None:
    """The point is no digit."""
    ask = asker(*rounding.SCRIPTS, minified=minified)
    assert ask(f'Rounding.agreeing("{up}", "{down}")') == count


def test_one_digit_agrees() -> None:
    """It is one."""
    assert "first digit agrees, and cancels" in said(
        "verdict", "forward float32", 1
    )


@pytest.mark.parametrize("chosen", DATA["series"])
@pytest.mark.parametrize("k", [1, 20, 54])
def test_the_scene_is_drawn(chosen: str, k: int) -> None:
    """Whatever is chosen, without a number that is none."""
    ask = asker(*rounding.SCRIPTS)
    asked = f"{JSON}, {json.dumps(chosen)}, {k}, 280, 280"
    scene = ask(f"Rounding.scene({asked})")
    assert "NaN" not in scene
    assert "Infinity" not in scene
    x, y = ask(f"Rounding.dot({asked})")
    assert 0 < x < 280
    assert 0 < y < 280


def test_the_page_holds_every_number() -> None:
    """In a table that is read without a script, and by it."""
    figure = BeautifulSoup(rounding.html(""), "html.parser")
    assert figure.select("svg .curve")
    for name, points in DATA["series"].items():
        cells = figure.select(f'td[data-series="{name}"]')
        for cell, point in zip(cells, points, strict=True):
            assert float(str(cell["data-quotient"])) == point["quotient"]
            assert float(str(cell["data-error"])) == point["error"]
            shown = float(cell.get_text().replace("−", "-"))
            assert math.isclose(shown, point["quotient"], rel_tol=1e-6)


def test_a_wrong_derivative_fails_the_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The slope is compared with the one by hand."""
    monkeypatch.setattr(rounding, "derivatives", lambda: [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="by hand"):
        rounding.html("")
