"""What v does: a figure in which v is dragged, and vᵀJ comes back through a map of the plane.

Its content is a list in YAML: a map on each line, with the point and the v to begin with. A list of
one makes a small figure, without goals and questions. While the page is built, each map is compared
with torch, number by number, at its point and on a grid; the build fails where they differ.
"""

import contextlib
import io
import json
from collections.abc import Iterator
from html import escape
from itertools import product
from typing import Any, TypedDict

import torch
import yaml

from play.common import context, is_close, quoted

SCRIPTS = ("kit.js", "vjp.js")

ASK = """
globalThis.ask = (given) => {
  const state = JSON.parse(given), found = Vjp.compute(state);
  const [result, meaning] = Vjp.say(state);
  const reached = Object.keys(Vjp.GOALS).filter((goal) => Vjp.GOALS[goal](found, state));
  return JSON.stringify({
    ...found, result, meaning, reached, written: Vjp.MAPS[state.map].y,
    program: Vjp.program(state), code: Vjp.program({ ...state, forward: true }),
    question: Vjp.ask(Vjp.QUESTIONS[0]),
  });
};
globalThis.picture = (given) => JSON.stringify(Vjp.scene(JSON.parse(given)));
globalThis.short = Vjp.short;
"""
"""Ask the scripts as the figure does."""

Pair = tuple[float, float]


class State(TypedDict):
    """A map, a point, a v, and a tangent."""

    map: str
    x: Pair
    v: Pair
    t: Pair


class Answer(TypedDict):
    """What the scripts say of a state."""

    y: Pair
    J: tuple[Pair, Pair]
    rows: tuple[Pair, Pair]
    g: Pair
    Jt: Pair
    there: float
    back: float
    result: str
    meaning: str
    reached: list[str]
    written: str
    program: str
    code: str
    question: str


class Scripts:
    """The scripts of the figure, without a browser."""

    def __init__(self, *, minified: bool = False) -> None:
        """Load them."""
        self.context = context(*SCRIPTS, minified=minified)
        self.context.eval(ASK)

    def ask(self, state: State) -> Answer:
        """Return what the figure would show."""
        answer: Answer = json.loads(self.context.get("ask")(json.dumps(state)))
        return answer

    def picture(self, state: State) -> dict[str, str]:
        """Return the two pictures that the figure would draw, left and right."""
        picture: dict[str, str] = json.loads(
            self.context.get("picture")(json.dumps(state))
        )
        return picture

    def short(self, number: float) -> str:
        """Write a number as the figure does."""
        return str(self.context.get("short")(number))


def run(program: str) -> dict[str, Any]:
    """Run "the same in torch" and return its names."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(program, names)  # noqa: S102
    return names


def pairs(answer: Answer) -> Iterator[tuple[str, float, float]]:
    """Yield what is compared: its name, the number of torch, and that of the figure."""
    names = run(answer["code"])
    F, v, t = names["F"], names["v"], names["t"]
    x = names["x"].detach()
    y = F(x)
    pull = torch.func.vjp(F, x)[1]
    J = torch.func.jacrev(F)(x)
    Jt = torch.func.jvp(F, (x,), (t,))[1]
    for name, torchs, ours in (
        ("y", y, answer["y"]),
        ("J", J, answer["J"]),
        ("v times the rows", v[:, None] * J, answer["rows"]),
        ("vᵀJ", pull(v)[0], answer["g"]),
        ("x.grad", names["x"].grad, answer["g"]),
        ("J t", Jt, answer["Jt"]),
        ("J t of the program", names["Jt"], answer["Jt"]),
        ("vᵀ(J t)", v @ Jt, answer["there"]),
        ("(vᵀJ) t", pull(v)[0] @ t, answer["back"]),
    ):
        mine = torch.tensor(ours, dtype=torch.float64)
        for a, b in zip(torchs.flatten(), mine.flatten(), strict=True):
            yield name, a.item(), b.item()


def differences(scripts: Scripts, state: State) -> list[str]:
    """Return where the figure says something else than torch."""
    return [
        f"{name}: torch says {torchs}, the figure {ours}"
        for name, torchs, ours in pairs(scripts.ask(state))
        if not is_close(torchs, ours)
    ]


FIGURE = """
<figure class="moving vjp"{small}>
<div class="needs-script choose"{alone}>
<label>Map <select data-is="map" autocomplete="off">{options}</select></label>
</div>
<p class="formula" data-is="formula">y = {written}</p>
<p class="look needs-script" data-is="look">{look}</p>
<div class="planes">
<div><p class="title">Inputs: x and vᵀJ</p>
<svg data-is="left" viewBox="0 0 300 300" role="img" aria-label="Plane of the inputs"><g data-is="left-scene" aria-hidden="true">{left}</g></svg></div>
<div><p class="title">Outputs: y = F(x) and v</p>
<svg data-is="right" viewBox="0 0 300 300" role="img" aria-label="Plane of the outputs"><g data-is="right-scene" aria-hidden="true">{right}</g></svg></div>
<div class="fields needs-script">{x}</div>
<div class="fields needs-script">{v}</div>
</div>
<p class="mistake" data-is="wrong" role="alert"></p>
<div class="needs-script forward"{alone}><label><input type="checkbox" data-is="forward" autocomplete="off" /> Send a tangent t forward, too</label>
<div class="fields" data-is="tangent" hidden>{t}</div></div>
<p data-is="pairing" hidden></p>
<p data-is="result">{result}</p>
<p data-is="meaning">{meaning}</p>
<p class="unseen" data-is="told" role="status"></p>
<div class="wide" role="region" tabindex="0" aria-label="The rows of J, times v, added up"><table>
<thead><tr><td></td><th scope="colgroup" colspan="2">row of J</th><th scope="col">× v</th><th scope="colgroup" colspan="2">comes back</th></tr></thead>
<tbody>{rows}</tbody>
<tfoot><tr><th scope="row" colspan="4">the sum, vᵀJ = x.grad</th>{sum}</tr></tfoot></table></div>
{more}<details><summary>The same in torch</summary><pre data-is="code" tabindex="0">{program}</pre></details>
{link}<figcaption>A line joins points at which v·y is the same: straight on the right, and pulled back through F on the left. From one line to the
next, v·y changes by the same amount. The small grid at x is carried over to y. A dashed arrow is longer than it is drawn{half}.</figcaption>
</figure>
"""

FIELD = """<label>{name}{sub} <input type="text" inputmode="text" size="5" data-entry="{name}{i}" value="{value}" autocomplete="off" spellcheck="false" /></label>"""
CELL = '<td data-cell="{key}" data-exact="{exact}">{shown}</td>'

MORE = """<div class="needs-script">
<p class="title">Can you do these?</p>
<ul class="goals">
<li data-goal="row"><span class="unseen">To do: </span>Make vᵀJ the first row of J, and nothing else.</li>
<li data-goal="right"><span class="unseen">To do: </span>Make x.grad point along +x₁ alone, straight to the right.</li>
<li data-goal="none"><span class="unseen">To do: </span>Find an x, and a v that is not zero, for which nothing comes back: vᵀJ = 0.</li>
</ul>
<form data-is="quiz" novalidate>
<p class="title">Can you predict it?</p>
<p data-is="question">{question}</p>
<p class="guess"><label>first entry <input type="text" inputmode="text" size="5" data-is="guess1" autocomplete="off" aria-describedby="vjp-answer" /></label>
<label>second entry <input type="text" inputmode="text" size="5" data-is="guess2" autocomplete="off" aria-describedby="vjp-answer" /></label>
<button>Check</button> <button type="button" data-is="reveal">Show the answer</button> <button type="button" data-is="another">Another question</button></p>
<p data-is="answer" id="vjp-answer" role="status"></p>
</form>
</div>
"""
LINK = """<p class="needs-script"><button type="button" data-is="copy">Copy a link to this map, x and v</button>
<span data-is="copied" role="status"></span></p>
"""


def fields(name: str, values: Pair) -> str:
    """Return the two fields of a pair."""
    return " ".join(
        FIELD.format(
            name=name,
            sub="₁₂"[i],
            i=i + 1,
            value=f"{value:g}".replace("-", "−"),
        )
        for i, value in enumerate(values)
    )


def figure(scripts: Scripts, examples: list[dict[str, Any]]) -> str:
    """Return the figure, with what it opens with: its first map."""
    state = state_of(examples[0])
    answer, picture = scripts.ask(state), scripts.picture(state)

    def cell(key: str, exact: float) -> str:
        return CELL.format(key=key, exact=exact, shown=scripts.short(exact))

    def cells(key: str, values: Pair) -> str:
        return "".join(
            cell(f"{key}.{j}", each) for j, each in enumerate(values)
        )

    rows = "".join(
        f'<tr><th scope="row">y{"₁₂"[i]}</th>{cells(f"J.{i}", answer["J"][i])}'
        f"{cell(f'v.{i}', state['v'][i])}{cells(f'rows.{i}', answer['rows'][i])}</tr>"
        for i in range(2)
    )
    options = "".join(
        f'<option data-map="{each["map"]}" data-look="{quoted(each["look"])}" '
        + " ".join(
            f'data-{name}="{",".join(f"{n:g}" for n in each[name])}"'
            for name in "xvt"
        )
        + f"{'' if i else ' selected'}>{escape(each['name'])}</option>"
        for i, each in enumerate(examples)
    )
    is_small = len(examples) == 1
    return FIGURE.format(
        left=picture["left"],
        right=picture["right"],
        written=answer["written"],
        small=" data-small" if is_small else "",
        alone=" hidden" if is_small else "",
        options=options,
        look=escape(examples[0]["look"]),
        x=fields("x", state["x"]),
        v=fields("v", state["v"]),
        t=fields("t", state["t"]),
        result=escape(answer["result"]),
        meaning=escape(answer["meaning"]),
        rows=rows,
        sum=cells("g", answer["g"]),
        more=""
        if is_small
        else MORE.format(question=escape(answer["question"])),
        program=escape(answer["program"]),
        link="" if is_small else LINK,
        half="" if is_small else "; t and J t are drawn at half their length",
    )


def state_of(example: dict[str, Any]) -> State:
    """Return where an example begins."""
    return {
        "map": example["map"],
        "x": example["x"],
        "v": example["v"],
        "t": example["t"],
    }


def html(content: str) -> str:
    """Return the figure, once its maps have been compared with torch.

    Raises
    ------
    ValueError
        If the figure says something else than torch, or opens with a goal reached.
    """
    examples = read(content)
    scripts = Scripts()
    for example in examples:
        first = state_of(example)
        if reached := scripts.ask(first)["reached"]:
            raise ValueError(f"{example['name']} opens with {reached} reached")
        grid: list[State] = [
            {**first, "x": x, "v": v}
            for x, v in product(((0, 0), (-1.7, 0.4)), ((0, 1), (0.3, -2)))
        ]
        for state in (first, *grid):
            if found := differences(scripts, state):
                raise ValueError(f"{example['name']}: {'; '.join(found)}")
    return figure(scripts, examples)


def read(text: str) -> list[dict[str, Any]]:
    """Read the maps."""
    return [{"look": "", "t": (1, 0), **each} for each in yaml.safe_load(text)]
