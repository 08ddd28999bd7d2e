"""The training of the tutorial: what its cell does, and what the figure after it shows."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from bs4 import BeautifulSoup
from play import fit
from play.common import asker

MINIFIED = pytest.mark.parametrize("minified", [False, True])
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
CODE = fit.CELL.findall(TUTORIAL.read_text("utf-8").partition("```{fit}")[0])[
    -1
]
DATA = fit.run(CODE)
LAST = len(DATA["frames"]) - 1


def said(what: str, at: int, *, minified: bool = False, size: str = "") -> Any:
    """Return what a function of the script says of a frame."""
    ask = asker(*fit.SCRIPTS, minified=minified)
    return ask(f"Fit.{what}({json.dumps(DATA)}, {at}{size})")


def test_the_same_training_by_a_module_and_an_optimiser() -> None:
    """Another way to write the network, and torch's own step, lead to the same losses."""
    torch.manual_seed(21)
    x = torch.linspace(-3, 3, 30)
    target = torch.sin(x) + 0.1 * torch.randn(30)
    w1, b1, w2 = (torch.randn(8) for _ in range(3))
    network = torch.nn.Sequential(
        torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    )
    with torch.no_grad():
        values = (w1[:, None], b1, w2[None], torch.zeros(1))
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(value)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    losses = []
    for _ in range(DATA["frames"][-1]["step"] + 1):
        loss = torch.nn.functional.mse_loss(
            network(x[:, None]), target[:, None]
        )
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for frame in DATA["frames"]:
        assert math.isclose(
            frame["loss"], losses[frame["step"]], rel_tol=1e-2
        ), frame["step"]


def test_each_loss_is_that_of_its_fit() -> None:
    """The mean of the squared errors that are drawn."""
    for frame in DATA["frames"]:
        errors = torch.tensor(frame["fit"]) - torch.tensor(DATA["target"])
        assert math.isclose(
            frame["loss"], (errors**2).mean().item(), rel_tol=0.02, abs_tol=2e-3
        )


def test_the_steps_that_are_shown() -> None:
    """Each at first, then fewer, and the last."""
    assert fit.chosen(0) == [0]
    assert fit.chosen(3) == [0, 1, 2, 3]
    steps = fit.chosen(500)
    assert steps[:4] == list(range(4))
    assert steps[-1] == 500
    assert steps == sorted(set(steps))
    assert 15 < len(steps) < 30


@MINIFIED
def test_what_is_said(minified: bool) -> None:
    """The step and its loss; the share of the first loss that is left."""
    assert "first guess" in said("verdict", 0, minified=minified)
    assert said("result", 1, minified=minified).startswith("After 1 step the")
    for at in range(1, LAST + 1):
        share = DATA["frames"][at]["loss"] / DATA["frames"][0]["loss"]
        (percent,) = (
            word
            for word in said("verdict", at, minified=minified).split()
            if word[0].isdigit()
        )
        assert math.isclose(float(percent), 100 * share, rel_tol=1e-3)


def test_a_loss_that_grew_is_said() -> None:
    """A rate that is too long, and one that hardly changes anything."""
    for code, words in (
        (CODE.replace("0.1 * p.grad", "3.0 * p.grad"), "too long"),
        (CODE.replace("0.1 * p.grad", "1e-9 * p.grad"), "hardly less"),
    ):
        data = json.dumps(fit.run(code))
        ask = asker(*fit.SCRIPTS)
        assert words in ask(f"Fit.verdict({data}, 1)")


@pytest.mark.parametrize("at", [0, 5, LAST])
@pytest.mark.parametrize("width", [280, 736])
def test_the_scene_is_drawn(at: int, width: int) -> None:
    """A point and an error for each, two curves, and no coordinate that is none."""
    size = f", {width}, 280"
    scene = BeautifulSoup(said("scene", at, size=size), "html.parser")
    assert "NaN" not in str(scene)
    assert "Infinity" not in str(scene)
    assert len(scene.select("circle.full")) == len(DATA["x"]) == 30
    assert len(scene.select("path.drop")) == 30
    assert len(scene.select("path.curve")) == 2
    x, y = said("dot", at, size=size)
    assert 0 < x < width
    assert 0 < y < 280


def test_the_page_holds_every_number() -> None:
    """In a table that is read without a script, and by it."""
    figure = BeautifulSoup(fit.draw(DATA), "html.parser")
    rows = figure.select("tr[data-step]")
    for shown, frame in zip(rows, DATA["frames"], strict=True):
        assert int(str(shown["data-step"])) == frame["step"]
        assert float(str(shown["data-loss"])) == frame["loss"]
        drawn = [float(each) for each in str(shown["data-fit"]).split()]
        assert drawn == pytest.approx(frame["fit"], rel=1e-5)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = 1", "no 'fits'"),
        (
            "fits, losses, x, target = [], [1], torch.ones(1), torch.ones(1)",
            "unequally",
        ),
    ],
)
def test_a_cell_that_keeps_nothing_is_refused(code: str, words: str) -> None:
    """The build says what is missing."""
    with pytest.raises(ValueError, match=words):
        fit.run(code)
