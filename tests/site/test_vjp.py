"""What v does: what its script says of maps, beside torch, as written and as served."""

import json
import math
import random
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from bs4 import BeautifulSoup
from play.common import is_close
from play.vjp import Scripts, State, differences, html, read, run, state_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    page: re.findall(
        r"```\{vjp\}\n(.*?)```",
        (DOCS / page).with_suffix(".md").read_text("utf-8"),
        re.DOTALL,
    )[0]
    for page in ("play/vjp.html", "tutorial.html")
}
MAPS = ("fold", "turn", "square", "polar")
SPECIAL: list[list[float]] = [[0, 0], [1, 1], [-2, 2], [0, -0.5], [1, 0]]


@pytest.fixture(scope="module", params=["written", "minified"])
def scripts(request: pytest.FixtureRequest) -> Scripts:
    """Load the scripts, as they are written and as they are served."""
    return Scripts(minified=request.param == "minified")


def states(count: int) -> list[State]:
    """Return states: some that are special, and others anywhere."""
    choose = random.Random(5)

    def pair() -> Any:
        if choose.random() < 0.2:
            return choose.choice(SPECIAL)
        digits = choose.choice([1, 2, 15])
        return [round(choose.uniform(-2, 2), digits) for _ in range(2)]

    return [
        {"map": MAPS[i % 4], "x": pair(), "v": pair(), "t": pair()}
        for i in range(count)
    ]


def at(name: str, x: list[float], v: list[float]) -> State:
    """Return a state without a tangent."""
    return state_of({"map": name, "x": x, "v": v, "t": [0, 0]})


def call(scripts: Scripts, expression: str) -> Any:
    """Return what an expression of the script is."""
    return json.loads(scripts.context.eval(f"JSON.stringify({expression})"))


def test_numbers_are_those_of_torch(scripts: Scripts) -> None:
    """y, J, its rows times v, vᵀJ, J t, and the number that both ways give, at many points."""
    found = [
        f"{state}: {difference}"
        for state in states(400)
        for difference in differences(scripts, state)
    ]
    assert not found, "\n".join(found[:20])


def test_both_ways_give_one_number(scripts: Scripts) -> None:
    """What v says of J t is what vᵀJ says of t."""
    for state in states(400):
        answer = scripts.ask(state)
        assert is_close(answer["there"], answer["back"])


def test_the_same_in_torch_leaves_in_grad_what_the_figure_shows(
    scripts: Scripts,
) -> None:
    """The program runs as it stands, at many points, and looks as one writes it."""
    for state in states(300):
        answer = scripts.ask(state)
        grad = run(answer["program"])["x"].grad
        for torchs, ours in zip(grad.tolist(), answer["g"], strict=True):
            assert is_close(torchs, ours), state
        assert answer["code"].startswith(answer["program"] + "\n\nt = ")
        assert "x = torch.tensor([" in answer["program"]


def paths(picture: str, kind: str) -> list[list[tuple[float, float]]]:
    """Return the lines of a kind in a picture."""
    (d,) = re.findall(rf'<path class="{kind}" d="([^"]*)"', picture)
    lines = []
    for part in d.split("M")[1:]:
        numbers = [float(number) for number in part.split()]
        lines.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return lines


@pytest.mark.parametrize("name", MAPS)
def test_level_lines_are_level(scripts: Scripts, name: str) -> None:
    """Along the thick line v·F(x) keeps its value, and near x it is at right angles to vᵀJ."""
    state = at(name, [0.7, -0.6], [1, 0.5])
    answer, picture = scripts.ask(state), scripts.picture(state)
    F = run(answer["program"])["F"]
    v = torch.tensor(state["v"])
    near = []
    for line in paths(picture["left"], "level"):
        for left, down in line:
            x = torch.tensor([(left / 150 - 1) * 2.5, (1 - down / 150) * 2.5])
            here = v @ F(torch.tensor(state["x"]))
            steep = torch.func.vjp(F, x)[1](v)[0].norm()
            assert abs(v @ F(x) - here) <= 0.03 * steep + 0.03
            away = x - torch.tensor(state["x"])
            if 0.02 < away.norm() < 0.35:
                near.append(away / away.norm())
    g = torch.tensor(answer["g"])
    assert near
    for direction in near:
        assert abs(direction @ g) < 0.25 * g.norm()


def test_level_lines_have_no_gaps(scripts: Scripts) -> None:
    """Each begins and ends at the border, or is closed; also through saddles and nodes."""
    special = [at(name, [0, 0], [1, 0.5]) for name in MAPS]
    for state in [*states(24), *special]:
        for side, picture in scripts.picture(state).items():
            if side == "at":
                continue
            for kind in ("levels", "level"):
                for line in paths(picture, kind):
                    is_closed = line[0] == line[-1]
                    assert is_closed or all(
                        min(x, y, 300 - x, 300 - y) <= 0.2
                        for x, y in (line[0], line[-1])
                    ), (state, side, line)


def test_the_small_grid_is_carried_over(scripts: Scripts) -> None:
    """Its corners on the right are F of its corners on the left."""
    for name, reach in zip(MAPS, (4.5, 4.5, 8.5, 2.5), strict=True):
        state = at(name, [0.5, -0.3], [1, 1])
        picture = scripts.picture(state)
        F = run(scripts.ask(state)["program"])["F"]
        for one, other in zip(
            paths(picture["left"], "patch"),
            paths(picture["right"], "patch"),
            strict=True,
        ):
            for (a, b), (c, d) in (
                (one[0], other[0]),
                (one[-1], other[-1]),
            ):
                x = torch.tensor([(a / 150 - 1) * 2.5, (1 - b / 150) * 2.5])
                y = F(x)
                assert y[0].item() == pytest.approx(
                    (c / 150 - 1) * reach, abs=0.02
                )
                assert y[1].item() == pytest.approx(
                    (1 - d / 150) * reach, abs=0.02
                )


@pytest.mark.parametrize(
    ("goal", "state"),
    [
        ("row", at("fold", [1.5, 0.5], [1, 0])),
        ("row", at("polar", [1.5, 0.5], [1, 0])),
        ("right", at("fold", [1.5, 0.5], [-1, 1.5])),
        ("right", at("turn", [0, 0], [1, 1])),
        ("none", at("fold", [1, 1], [1, -1])),
        ("none", at("square", [0, 0], [0.3, 2])),
        ("none", at("polar", [0, 0], [0, 1])),
    ],
)
def test_goals_can_be_reached(
    scripts: Scripts, goal: str, state: State
) -> None:
    """Each at a point to which the handles go, and at none for another reason."""
    assert goal in scripts.ask(state)["reached"]


def test_goals_are_reached_for_what_they_say(scripts: Scripts) -> None:
    """Beside torch, at many points; and v = 0 reaches none."""
    counted = dict.fromkeys(("row", "right", "none"), 0)
    for state in [*states(120), *goal_states()]:
        answer = scripts.ask(state)
        names = run(answer["code"])
        x, v = names["x"].detach(), names["v"]
        J, g = torch.func.jacrev(names["F"])(x), names["x"].grad
        assert g is not None
        is_none = g.norm().item() < 1e-9
        wanted = {
            "row": not is_none and (g - J[0]).norm().item() < 1e-9,
            "right": g[0].item() > 0.1 and abs(g[1].item()) < 1e-9,
            "none": is_none and v.norm().item() > 0.1,
        }
        assert {goal for goal in wanted if wanted[goal]} == set(
            answer["reached"]
        ), state
        for goal in answer["reached"]:
            counted[goal] += 1
    assert min(counted.values()) >= 5, counted
    for name in MAPS:
        assert not scripts.ask(at(name, [1, 1], [0, 0]))["reached"]


def goal_states() -> list[State]:
    """Return states in which goals are reached, or almost."""
    return [
        at(name, x, v)
        for name in MAPS
        for x in ([0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [2.0, -1.0])
        for v in ([1.0, 0.0], [1.0, -1.0], [1.0, 1.0], [0.0, 0.05], [1, 0.05])
    ]


def test_each_mistake_has_its_own_name(scripts: Scripts) -> None:
    """No two mistakes give the same numbers, none is right, and no answer tells the right one."""
    questions = call(scripts, "Vjp.QUESTIONS")
    assert len(questions) >= 3
    for i, question in enumerate(questions):
        answer = scripts.ask(question)
        g = run(answer["program"])["x"].grad.tolist()
        known = call(scripts, f"Vjp.mistakes(Vjp.QUESTIONS[{i}])")
        seen = {tuple(g)}
        for numbers, sentence in known:
            assert tuple(numbers) not in seen, (question, sentence)
            seen.add(tuple(numbers))
            judged = judge(scripts, i, numbers)
            assert judged == [False, sentence]
        assert len(seen) == 13
        assert judge(scripts, i, g)[0] is True
        others = [[g[0], 99], [99, g[1]], [99, -99]]
        said = [judge(scripts, i, other) for other in others]
        assert "first entry is right" in said[0][1]
        assert "second entry is right" in said[1][1]
        assert said[2][1].startswith("Not yet.")
        told = [sentence for _, sentence in [*known, *said]]
        for sentence in told:
            for value in g:
                number = f"{value:g}".replace("-", "−")
                # (1, 1) stands for a v that does not matter.
                plain = re.sub(r"\([01], [01]\)", "", sentence)
                assert not re.search(rf"(?<![\d.]){number}(?![\d.])", plain)


def judge(scripts: Scripts, question: int, said: list[float]) -> Any:
    """Return what is thought of an answer."""
    return call(scripts, f"Vjp.judge(Vjp.QUESTIONS[{question}], {said})")


def test_the_mistakes_are_what_their_names_say(scripts: Scripts) -> None:
    """Those that torch can make are made by torch."""
    for i, question in enumerate(call(scripts, "Vjp.QUESTIONS")):
        names = run(scripts.ask(question)["program"])
        x, v, F = names["x"].detach(), names["v"], names["F"]
        J = torch.func.jacrev(F)(x)
        for wrong, words in (
            (torch.func.jvp(F, (x,), (v,))[1], "This is J v"),
            (torch.func.vjp(F, x)[1](torch.ones_like(v))[0], "the sum of"),
            (J[0], "the first row of J"),
            (J[1], "the second row of J"),
            (J.diag() * v, "only the diagonal"),
            (v.flip(0) @ J, "changed places"),
        ):
            assert words in judge(scripts, i, wrong.tolist())[1]


@pytest.mark.parametrize("page", PAGES)
def test_each_map_opens_as_torch_has_it(scripts: Scripts, page: str) -> None:
    """Each map of a page, at the point at which it opens; and no goal is reached there."""
    for example in read(PAGES[page]):
        state = state_of(example)
        assert not differences(scripts, state)
        assert not scripts.ask(state)["reached"]


def test_a_wrong_figure_stops_the_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number that is not that of torch, and a goal that is reached at once, are named."""
    block = PAGES["tutorial.html"]
    with pytest.raises(ValueError, match=r"A fold opens with \['row'\]"):
        html(block.replace("v: [1, 0.5]", "v: [1, 0]"))
    ask = Scripts.ask

    def wrong(self: Scripts, state: State) -> Any:
        answer: Any = ask(self, state)
        return answer | {"g": [answer["g"][0] + 1e-9, answer["g"][1]]}

    monkeypatch.setattr(Scripts, "ask", wrong)
    with pytest.raises(ValueError, match=r"A fold: vᵀJ: torch says"):
        html(block)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_holds_its_figure_without_a_script(page: str) -> None:
    """Both pictures, the numbers and the program are in the page, once each."""
    soup = BeautifulSoup(html(PAGES[page]), "html.parser")
    assert len(soup.select("svg path.back")) == 4
    exact = {
        str(cell["data-cell"]): float(str(cell["data-exact"]))
        for cell in soup.select("[data-cell]")
    }
    assert (exact["g.0"], exact["g.1"]) == (1, 2)
    assert [exact[f"J.{i}.{j}"] for i in (0, 1) for j in (0, 1)] == [
        *(0.5, 1.5),
        *(1, 1),
    ]
    assert "x.grad = vᵀJ = (1, 2)." in soup.get_text()
    assert "F(x).backward(v)" in soup.get_text()
    names = [str(each["data-is"]) for each in soup.select("[data-is]")]
    assert len(set(names)) == len(names)
    is_small = page == "tutorial.html"
    assert bool(soup.select("form, .goals")) is not is_small
    assert not re.search(r" on\w+=|<script|<style", str(soup))


def test_numbers_stay_finite_at_the_borders(scripts: Scripts) -> None:
    """No picture holds a NaN, wherever x, v and t are."""
    ends = (-2.0, 0.0, 2.0)
    for name, a, b in product(MAPS, ends, ends):
        state = at(name, [a, b], [b, -a])
        assert all(math.isfinite(n) for n in scripts.ask(state)["g"])
        picture = scripts.picture(state)
        for side in ("left", "right"):
            assert not re.search("NaN|Infinity|undefined", picture[side])
