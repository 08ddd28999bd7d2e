"""The live graph: a figure in which a formula and its inputs can be changed.

Its examples are a list in YAML. While the page is built, each is read by the figure's own script,
run at its point, and compared with a real trace of torch, number by number; the build fails where
they differ. What the figure opens with is in the page already, so that it can be read without a
script.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple, NotRequired, TypedDict

import torch
import yaml

from autograd_tutorial.graph import Graph
from play.common import context, is_close, js, number, quoted

SCRIPTS = ("kit.js", "formula.js", "layout.js", "live_graph.js")

ASK = """
const written = (v) => v === Infinity ? "inf" : v === -Infinity ? "-inf" : String(v);
globalThis.ask = (question) => {
  const { formula, x, y } = JSON.parse(question);
  const point = { x: Number(x), y: Number(y) };
  try {
    const graph = Formula.read(formula);
    const said = graph.inputs.map((along) => verdict(graph, point, along)[1]);
    Formula.forward(graph, point);
    Formula.backward(graph);
    const nodes = graph.nodes.map((node) => ({
      name: node.name,
      value: written(node.value),
      adjoint: written(node.adjoint),
      edges: node.edges.map(({ source, partial, message }) =>
        ({ source: source.name, partial: written(partial), message: written(message) })),
    }));
    return JSON.stringify({ nodes, said, program: Formula.program(graph, point) });
  } catch (mistake) {
    if (!(mistake instanceof Formula.Mistake)) throw mistake;
    return JSON.stringify({ mistake: mistake.message });
  }
};
"""
"""Ask the scripts as the figure does."""


class Edge(TypedDict):
    """What the figure says of an arrow."""

    source: str
    partial: str
    message: str


class Node(TypedDict):
    """What the figure says of a node."""

    name: str
    value: str
    adjoint: str
    edges: list[Edge]


class Answer(TypedDict):
    """What the scripts say of a formula at a point, or of the mistake in it."""

    nodes: NotRequired[list[Node]]
    said: NotRequired[list[str]]
    program: NotRequired[str]
    mistake: NotRequired[str]


class Example(NamedTuple):
    """A formula to begin with, a point, and what to look for."""

    name: str
    formula: str
    look: str
    x: float = 1
    y: float = 1


class Scripts:
    """The scripts of the figure, without a browser."""

    def __init__(self, *, minified: bool = False) -> None:
        """Load them."""
        self.context = context(*SCRIPTS, minified=minified)
        self.context.eval(ASK)

    def ask(self, formula: str, x: float, y: float) -> Answer:
        """Return what the figure would show."""
        question = {"formula": formula, "x": js(x), "y": js(y)}
        answer: Answer = json.loads(
            self.context.get("ask")(json.dumps(question))
        )
        return answer


def run(program: str) -> Graph:
    """Run "the same in torch" and return the graph that it traces."""
    names: dict[str, Any] = {}
    dtype = torch.get_default_dtype()
    try:
        exec(program.partition("for node")[0], names)  # noqa: S102
    finally:
        torch.set_default_dtype(dtype)
    graph: Graph = names["graph"]
    return graph


def pairs(graph: Graph, answer: Answer) -> Iterator[tuple[str, float, float]]:
    """Yield what is compared: its name, the number of torch, and that of the figure.

    Raises
    ------
    ValueError
        If the two have not the same nodes and arrows.
    """
    shown = answer["nodes"]
    if list(graph) != [node["name"] for node in shown]:
        raise ValueError(f"torch records {graph.nodes}, the figure {shown}")
    for ours, node in zip(shown, graph.nodes, strict=True):
        value, adjoint = node.primals[0], node.adjoints[0]
        assert value is not None
        yield node.name, value.item(), float(ours["value"])
        # Where no adjoint comes back, the figure shows 0.
        came = 0.0 if adjoint is None else adjoint.item()
        yield f"adjoint of {node.name}", came, float(ours["adjoint"])
        edges = graph.edges_into.get(node, [])
        if [e.source.name for e in edges] != [
            e["source"] for e in ours["edges"]
        ]:
            raise ValueError(f"torch records {edges}, the figure {ours}")
        for edge, arrow in zip(edges, ours["edges"], strict=True):
            if edge.partial is not None:
                yield f"{edge}", edge.partial.item(), float(arrow["partial"])
            if edge.message is not None:
                name = f"message from {node.name} to {edge.source.name}"
                yield name, edge.message.item(), float(arrow["message"])


def differences(scripts: Scripts, example: Example) -> list[str]:
    """Return where the figure says something else than torch."""
    answer = scripts.ask(example.formula, example.x, example.y)
    if "mistake" in answer:
        return [answer["mistake"]]
    return [
        f"{name}: torch says {torchs}, the figure {ours}"
        for name, torchs, ours in pairs(run(answer["program"]), answer)
        if not is_close(torchs, ours)
    ]


FIGURE = """
<figure class="moving live-graph{simple}">
<pre class="still">{formula}</pre>
<div class="needs-script">
<p class="choose"><label>Example <select data-is="example" autocomplete="off"><option value="">your own</option>{options}</select></label>
<span data-is="look">{look}</span></p>
<p class="write"><label for="live-formula">Formula</label>
<textarea id="live-formula" data-is="formula" rows="3" spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="live-wrong live-how">{formula}</textarea>
<span id="live-how" class="how">In x and y, as in Python: a name on each line if you like, and functions such as sin, log, maximum or where.</span></p>
<p id="live-wrong" class="mistake" data-is="wrong" role="alert"></p>
</div>
<div class="two">
<div class="left">
<svg data-is="plot" class="plot" aria-hidden="true"></svg>
<fieldset class="needs-script which" data-is="which"{alone}><legend>Curve</legend>
<label><input type="radio" name="live-along" data-is="along-x" /> along x</label>
<label><input type="radio" name="live-along" data-is="along-y" /> along y</label></fieldset>
</div>
<div class="right">
<div class="needs-script">
{inputs}
<p class="mistake" data-is="not-a-number" role="alert"></p>
</div>
<p data-is="result">{result}</p>
<p data-is="verdict">{verdict}</p>
</div>
</div>
<div class="frame" data-is="graph" role="region" tabindex="0" aria-label="Graph of F, with its values and adjoints">{picture}</div>
<p class="unseen" data-is="told" role="status"></p>
<details{opened}><summary>The same in a table</summary><div class="wide" role="region" tabindex="0" aria-label="Table of the nodes">
<table><thead><tr><th scope="col">Statement</th><th scope="col">Value</th><th scope="col">Adjoint</th><th scope="col">Sends back</th></tr></thead><tbody data-is="rows">{rows}</tbody></table></div></details>
<details><summary>The same in torch</summary><pre data-is="code" tabindex="0">{program}</pre></details>
<p class="needs-script share"><button type="button" data-is="copy">Copy a link to this formula and point</button>
<span data-is="copied" role="status"></span></p>
<figcaption>Each box shows a value (→) and, below it, how fast F changes with it (←, its adjoint). Each arrow shows its local derivative (×) and the message
that it carries back (←): the thicker the arrow, the larger the message, and a dashed arrow carries 0.</figcaption>
</figure>
"""

INPUT = """<div class="input" data-is="input-{name}"{unused}><label for="live-{name}">{name}</label>
<input id="live-{name}" data-is="{name}" type="text" inputmode="text" size="6" autocomplete="off" spellcheck="false" value="{value}" />
<input data-is="{name}-slider" type="range" min="-4" max="4" step="0.05" value="{value}" autocomplete="off" aria-label="Slider for {name}" /></div>"""


def sent(node: Node) -> str:
    """Say what a node sends back, and to which."""
    return "; ".join(
        f"{number(float(edge['message']))} to {edge['source']} (× {number(float(edge['partial']))})"
        for edge in node["edges"]
    )


def figure(examples: list[Example]) -> str:
    """Return the figure, with what it opens with: its first example.

    With a single example the inputs alone can be moved.
    """
    first = examples[0]
    answer = Scripts().ask(first.formula, first.x, first.y)
    graph = run(answer["program"])
    options = "".join(
        f'<option value="{i}" data-formula="{quoted(each.formula)}" data-x="{js(each.x)}" '
        f'data-y="{js(each.y)}" data-look="{quoted(each.look)}"'
        f"{'' if i else ' selected'}>{escape(each.name)}</option>"
        for i, each in enumerate(examples)
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(traced.statement)}</th>'
        f"<td>{number(float(node['value']))}</td><td>{number(float(node['adjoint']))}</td>"
        f"<td>{sent(node)}</td></tr>"
        for traced, node in zip(graph.nodes, answer["nodes"], strict=True)
    )
    names = {node.name for node in graph.inputs}
    inputs = "\n".join(
        INPUT.format(
            name=name,
            value=f"{value:g}",
            unused="" if name in names else " data-unused",
        )
        for name, value in (("x", first.x), ("y", first.y))
    )
    along = answer["nodes"][0]
    is_simple = len(examples) == 1
    return FIGURE.format(
        simple=" simple" if is_simple else "",
        opened="" if is_simple else " open",
        options=options,
        look=escape(first.look),
        formula=escape(first.formula),
        inputs=inputs,
        alone="" if len(names) > 1 else " hidden",
        result=f"F = {number(float(answer['nodes'][-1]['value']))},  "
        f"∂F/∂x = {number(float(along['adjoint']))} at x = {first.x:g}",
        verdict=escape(answer["said"][0]),
        picture=graph.to_svg().strip(),
        rows=rows,
        program=escape(answer["program"]),
    )


def html(content: str) -> str:
    """Return the figure, once its examples have been compared with torch.

    Raises
    ------
    ValueError
        If the figure says something else than torch.
    """
    examples = read(content)
    scripts = Scripts()
    for example in examples:
        if found := differences(scripts, example):
            raise ValueError(f"{example.name}: {'; '.join(found)}")
    return figure(examples)


def read(text: str) -> list[Example]:
    """Read examples."""
    return [
        Example(**{**each, "formula": each["formula"].strip()})
        for each in yaml.safe_load(text)
    ]
