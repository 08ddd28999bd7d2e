"""Gradient descent: what its script walks and says, beside torch.optim.SGD, as written and as served."""

import cmath
import itertools
import random

import pytest
from bs4 import BeautifulSoup
from play import descent
from play.common import asker, is_close
from play.descent import Walk

MINIFIED = pytest.mark.parametrize("minified", [False, True])


def generated(count: int = 250) -> list[Walk]:
    """Return walks from anywhere, at any rate, with and without momentum."""
    choose = random.Random(11)

    def one(loss: str) -> Walk:
        x, y = choose.uniform(-4, 4), choose.uniform(-2, 2)
        rate = choose.choice([0.3, 2]) * choose.random() + 1e-4
        heavy = loss == "bowl" and choose.random() < 0.6
        momentum = choose.randrange(1, 20) * 0.05 if heavy else 0.0
        return Walk(loss, x, y, rate, momentum)

    return [one("corner" if i % 5 == 0 else "bowl") for i in range(count)]


@MINIFIED
def test_walks(minified: bool) -> None:
    """Each place and each loss is that of torch, also where the walk diverges."""
    walks = [*descent.COMPARED, *generated()]
    assert not descent.differences(walks, minified=minified, steps=20)


def test_a_wrong_walk_fails_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison compares."""
    monkeypatch.setitem(descent.LOSSES, "bowl", lambda x, y: x**2 + 5 * y**2)
    with pytest.raises(ValueError, match="torch"):
        descent.html("")


@MINIFIED
def test_factors(minified: bool) -> None:
    """They are the size of the larger eigenvalue of a step, found here from its matrix."""
    ask = asker(*descent.SCRIPTS, minified=minified)
    for walk, bend in itertools.product(generated(120), (1, 10)):
        told = ask(f"Descent.factor({bend}, {walk.rate}, {walk.momentum})")
        # (v, x) becomes (μv + λx, x − η(μv + λx)).
        a, b = walk.momentum, float(bend)
        c, d = -walk.rate * a, 1 - walk.rate * b
        root = cmath.sqrt(((a + d) / 2) ** 2 - (a * d - b * c))
        sizes = [abs((a + d) / 2 + sign * root) for sign in (1, -1)]
        assert abs(told["size"] - max(sizes)) < 1e-7


@MINIFIED
def test_what_is_said_happens(minified: bool) -> None:
    """What converges has come down after many steps of torch, and what diverges has gone up."""
    ask = asker(*descent.SCRIPTS, minified=minified)
    words = set()
    for walk in generated(60):
        if walk.loss == "corner":
            continue
        word = ask(f"Descent.verdict({walk.state})")[0]
        words.add(word)
        limit = ask(f"Descent.limit({walk.momentum}, 10)")
        assert (walk.rate < limit) == (word != "Diverges")
        if abs(walk.rate / limit - 1) < 0.05 or walk.rate < 0.01:
            continue  # it takes longer than this test
        path = [loss for _, _, loss in descent.torchs(walk, 600)]
        assert (path[-1] < path[0] / 100) == (word != "Diverges"), walk
        if "Oscillates" in word:
            low = [y for _, y, _ in descent.torchs(walk, 30)][-6:]
            changes = [a * b < 0 for a, b in itertools.pairwise(low)]
            assert any(changes), walk
    assert words == {"Converges", "Oscillates and converges", "Diverges"}


SAID = [
    (Walk(rate=0.05), "Converges", "y is multiplied by 0.5. Nothing"),
    (Walk(rate=0.17), "Oscillates and converges", "y is multiplied by −0.7."),
    (Walk(rate=0.2), "Oscillates", "the limit: 2 · 1 / 10 = 0.2."),
    (Walk(rate=0.21), "Diverges", "by −1.1: it overshoots"),
    (Walk(rate=0.21, y=0), "Converges", "x is multiplied by 0.79."),
    (Walk(rate=2, y=0), "Oscillates", "In x each step"),
    (Walk(rate=0.1, momentum=0.5), "Converges", "shrinks to 0.7071 of itself"),
    (Walk(rate=0.31, momentum=0.5), "Diverges", "2 · (1 + 0.5) / 10 = 0.3."),
    (Walk(x=0, y=0), "Stays", "lowest point"),
    (Walk("corner"), "Oscillates", "changes x by 0.17 and y by 0.34"),
    (Walk("corner", rate=0.01), "On its way", "more than one step away"),
    (Walk("corner", 1, 1, 0.5), "Arrives", "exactly in the corner"),
]


@MINIFIED
@pytest.mark.parametrize(("walk", "word", "sentence"), SAID)
def test_what_is_said(
    walk: Walk, word: str, sentence: str, minified: bool
) -> None:
    """Each way a walk can go, in words."""
    ask = asker(*descent.SCRIPTS, minified=minified)
    told, why = ask(f"Descent.verdict({walk.state})")
    assert told == word
    assert sentence in why


def test_when_the_loss_is_small() -> None:
    """The step in which it falls below a thousandth is that of torch."""
    ask = asker(*descent.SCRIPTS)
    for walk in descent.TABLE:
        told = ask(f"Descent.outcome(Descent.walk({walk.state}))")
        losses = [loss for _, _, loss in descent.torchs(walk)]
        small = [i for i, loss in enumerate(losses) if loss <= losses[0] / 1e3]
        assert (
            (f"in step {small[0]}." in told) if small else "step " not in told
        )


@pytest.mark.parametrize("walk", [*descent.COMPARED, Walk(rate=2), Walk(y=0)])
def test_the_scenes_are_drawn(walk: Walk) -> None:
    """Without a number that is none, however far the walk goes."""
    ask = asker(*descent.SCRIPTS)
    for name in ("map", "curve"):
        scene = ask(f"Descent.{name}({walk.state}, 280, 200)")
        assert "NaN" not in scene
        assert "Infinity" not in scene
        assert BeautifulSoup(scene, "html.parser").select(".curve")


def test_the_page_holds_its_figure_without_a_script() -> None:
    """The still pictures, the sentences, and a table of rates."""
    figure = BeautifulSoup(descent.html(""), "html.parser")
    assert len(figure.select("svg .curve")) == 2
    rows = [
        [cell.get_text() for cell in row.select("th, td")]
        for row in figure.select("tbody tr")
    ]
    assert len(rows) == len(descent.TABLE)
    assert rows[5][3] == "diverges"
    assert is_close(
        float(rows[4][2]), round(descent.torchs(descent.TABLE[4])[-1][2], 3)
    )
