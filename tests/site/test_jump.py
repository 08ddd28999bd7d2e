"""The function that jumps: what its script computes and says, beside torch, as written and as served."""

import math
import random

import pytest
import torch
from bs4 import BeautifulSoup
from play import jump
from play.common import asker, is_close, js

from autograd_tutorial.functions import double_until_large_factor

MINIFIED = pytest.mark.parametrize("minified", [False, True])


def generated() -> list[float]:
    """Return numbers of each size and sign that the figure shows."""
    choose = random.Random(5)
    return [
        choose.choice([1, -1]) * 10 ** choose.uniform(-5, 5) for _ in range(600)
    ]


@MINIFIED
def test_values_and_slopes(minified: bool) -> None:
    """They are those of torch: on each jump, beside it, and anywhere else."""
    points = [*jump.POINTS, *generated()]
    assert not jump.differences(points, minified=minified)


def test_a_wrong_slope_fails_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison compares."""
    monkeypatch.setattr(jump, "torchs", lambda a: (a, a))
    with pytest.raises(ValueError, match="torch says"):
        jump.html("")


@MINIFIED
def test_quotients_on_a_piece_are_the_slope(minified: bool) -> None:
    """With a step that stays on the piece, to six digits, at the smallest step too."""
    ask, compared = asker(*jump.SCRIPTS, minified=minified), 0
    for a in generated():
        slope = jump.torchs(a)[1]
        for h in (2.0**-16, -(2.0**-16), 1.0):
            if jump.torchs(a + h)[1] == slope:
                compared += 1
                told = ask(f"Jump.number(Jump.quotient({js(a)}, {js(h)}))")
                wanted = ask(f"Jump.number({js(slope)})")
                assert told == wanted, (a, h)
                rise = jump.torchs(a + h)[0] - jump.torchs(a)[0]
                ours = ask(f"Jump.quotient({js(a)}, {js(h)})")
                assert is_close(ours, rise / h)
    assert compared > 1000


@MINIFIED
def test_the_next_jump(minified: bool) -> None:
    """On the way there the slope is one and the same; there, or right behind it, it is another."""
    ask = asker(*jump.SCRIPTS, minified=minified)
    for a in (*generated()[:200], *jump.JUMPS):
        for way, end in ((1, math.inf), (-1, -math.inf)):
            found = ask(f"Jump.next({js(a)}, {way})")
            if found is None:
                assert way * a >= 500
                continue
            assert (found - a) * way > 0
            assert ask(f"Jump.isJump({js(found)})")
            before = math.nextafter(found, -end)
            beyond = math.nextafter(found, end)
            if not ask(f"Jump.isJump({js(a)})"):
                assert jump.torchs(before)[1] == jump.torchs(a)[1]
            assert jump.torchs(beyond)[1] != jump.torchs(before)[1]


SAID = [
    (200, 16, "From the left 8, from the right 8: the difference"),
    (200, 1, "f jumps at 250, which is 50 away"),
    (125, 0.5, "just to the left it is close to 2000"),
    (125, 0.5, "From the right the quotient is 8, as autograd says"),
    (125, 0.25, "From the left it is −3984,"),
    (-125, 0.5, "just to the right it is close to −200000"),
    (126, 2, "leads across the jump at 125: its quotient, −488,"),
    (124, 2, "A step shorter than 1 stays on the piece"),
    (10, 10, "lands on 0"),
    (10, 16, "leads across 0"),
    (0, 1, "the loop never ends"),
]


@MINIFIED
@pytest.mark.parametrize(("a", "h", "said"), SAID)
def test_what_is_said(a: float, h: float, said: str, minified: bool) -> None:
    """A piece, a jump from both sides, a step across it, and 0."""
    ask = asker(*jump.SCRIPTS, minified=minified)
    assert said in ask(f"Jump.verdict({js(a)}, {js(h)})")


def test_numbers_are_written_in_full() -> None:
    """The slopes and jumps have up to six digits."""
    ask = asker(*jump.SCRIPTS)
    assert ask("Jump.number(-102400)") == "−102400"
    assert ask("Jump.number(15.625)") == "15.625"
    assert "after 10 doublings" in ask("Jump.result(1.2009)")
    assert "after 1 doubling." in ask("Jump.result(600)")
    assert "once times 100" in ask("Jump.result(-600)")
    assert ask("Jump.result(0)") == "f(0) has no value."


@pytest.mark.parametrize("a", [200, 125, -3, 0, 0.01, 1000])
def test_the_scene_is_drawn(a: float) -> None:
    """In every view, without a number that is none."""
    ask = asker(*jump.SCRIPTS)
    for reach in (7, 70, 700):
        for both in ("true", "false"):
            view = f"Jump.view({a}, {reach}, {both})"
            scene = ask(f"Jump.scene({a}, 1, {view}, 280, 256)")
            assert "NaN" not in scene
            assert "Infinity" not in scene
            assert BeautifulSoup(scene, "html.parser").select(".many")


def test_the_page_holds_its_figure_without_a_script() -> None:
    """The still picture, the sentences, and the table, which the factor by hand confirms."""
    figure = BeautifulSoup(jump.html(""), "html.parser")
    assert figure.select("svg .curve")
    assert "8" in figure.select('[data-is="result"]')[0].get_text()
    rows = figure.select("tbody tr")
    assert len(rows) == len(jump.JUMPS)
    for a, row in zip(jump.JUMPS, rows, strict=True):
        cells = [
            float(cell.get_text().replace("−", "-"))
            for cell in row.select("th, td")
        ]
        tensor = torch.tensor(a, dtype=torch.float64)
        k = double_until_large_factor(tensor).item()
        assert cells == [a, k * a, k, 2 * k * a, 2 * k]
