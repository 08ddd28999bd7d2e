"""The picture of a graph: what it says, and that nothing in it collides."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pygraphviz
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd_tutorial.graph import Edge, Graph, Node
from autograd_tutorial.graph.recording.record import trace
from autograd_tutorial.graph.showing.draw import text_width, to_dot, to_svg
from autograd_tutorial.graph.showing.fold import TooLargeError

SVG = "{http://www.w3.org/2000/svg}"
F = [
    ("v1 = pow(x, 2)", [("x", 4.0, 0.9093)]),
    ("v2 = log(v1)", [("v1", 0.25, 0.2273)]),
    ("v3 = sin(x)", [("x", -0.4161, -0.5769)]),
    ("v4 = mul(v2, v3)", [("v2", 0.9093, 0.9093), ("v3", 1.386, 1.386)]),
    ("v5 = reciprocal(x)", [("x", -0.25, -0.25)]),
    ("v6 = mul(v5, 1)", [("v5", 1.0, 1.0)]),
    ("v7 = add(v4, v6)", [("v4", 1.0, 1.0), ("v6", 1.0, 1.0)]),
]

Statement = tuple[str, list[tuple[str, float, float]]]


def made(
    statements: Sequence[Statement],
    inputs: str = "x",
    parameters: str = "",
) -> Graph:
    """Make a graph of statements, each with its arguments, their partials and messages."""
    nodes = {}
    for kind, names in ("input", inputs), ("parameter", parameters):
        for name in names.split():
            value = (torch.tensor(2.0),)
            nodes[name] = Node(name, name, kind, value, value, (name,))  # type: ignore[arg-type]
    edges = []
    for statement, arguments in statements:
        name, _, call = statement.partition(" = ")
        node = Node(
            name,
            statement,
            "operation",
            (torch.tensor(-1.5),),
            (torch.tensor(0.25),),
            (name,),
            operation=call.partition("(")[0],
        )
        for slot, (argument, partial, message) in enumerate(arguments):
            numbers = torch.tensor(partial), torch.tensor(message)
            edges.append(Edge(nodes[argument], node, slot, 0, *numbers))
        nodes[name] = node
    return finished("f", list(nodes.values()), edges)


def finished(name: str, nodes: list[Node], edges: list[Edge]) -> Graph:
    """Make a graph of nodes and edges, with steps."""
    for step, node in enumerate(nodes, 1):
        node.forward_step = step
        node.backward_step = len(nodes) - step + 1
    one = torch.tensor(1.0)
    inputs = tuple(node for node in nodes if node.kind == "input")
    return Graph(name, tuple(nodes), tuple(edges), inputs, nodes[-1], 0, one)


def chain(length: int, name: str = "mul") -> Graph:
    """Make a chain of one operation."""
    names = ["x", *(f"v{i}" for i in range(1, length + 1))]
    return made(
        [
            (f"{after} = {name}({before}, 2)", [(before, 2.0, 0.5)])
            for before, after in pairwise(names)
        ]
    )


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box") -> bool:
        """Return whether another rectangle lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: "Box") -> bool:
        """Return whether two rectangles overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Drawing:
    """A picture as a reader sees it: boxes, texts and lines."""

    def __init__(self, svg: str, *, is_down: bool = False) -> None:
        """Read an SVG file, whose lines meet the sides of the boxes or their tops."""
        self.is_down = is_down
        self.root = ET.fromstring(svg)
        view = self.root.attrib["viewBox"].split()
        self.view = Box(*map(float, view))
        groups = self.root.findall(f"{SVG}g")
        self.nodes = [g for g in groups if "ag-node" in kinds(g)]
        self.edges = [g for g in groups if "ag-edge" in kinds(g)]

    def labels(self, kind: str) -> list[str]:
        """Return what is said about nodes or edges of a kind."""
        groups = self.nodes + self.edges
        return [g.attrib["aria-label"] for g in groups if kind in kinds(g)]

    def texts(self, kind: str) -> list[str]:
        """Return the texts of a kind."""
        return [
            t.text or ""
            for t in self.root.iter(f"{SVG}text")
            if kind in kinds(t)
        ]

    def statements(self) -> list[str]:
        """Return the statement in each box, its lines joined."""
        return [
            " ".join(t.text or "" for t in node if "ag-statement" in kinds(t))
            for node in self.nodes
        ]

    def check(self) -> None:
        """Assert that nothing collides and everything is inside."""
        boxes = [outline(node[0]) for node in self.nodes]
        words = []
        for node, box in zip(self.nodes, boxes, strict=True):
            inner = outline([c for c in node if c.tag != f"{SVG}text"][-1])
            for text in node.iter(f"{SVG}text"):
                assert inner.holds(rectangle(text)), text.text
                for pair in text.attrib.get("data-sums", "").split():
                    text.text = f"← {pair.partition(':')[2]} …"
                    assert inner.holds(rectangle(text)), text.text
            assert self.view.holds(box)
        for edge in self.edges:
            words += [rectangle(text) for text in edge.iter(f"{SVG}text")]
        for first, second in combinations(boxes + words, 2):
            assert not first.meets(second), (first, second)
        for word in words:
            assert self.view.holds(word)
        for edge in self.edges:
            for x, y in points(edge[0].attrib["d"]):
                dot = Box(x - 0.5, y - 0.5, x + 0.5, y + 0.5)
                assert self.view.holds(dot)
                for box in boxes + words:
                    left, top, right, bottom = box
                    thin = (
                        Box(left, top + 1, right, bottom - 1)
                        if self.is_down
                        else Box(left + 1, top, right - 1, bottom)
                    )
                    assert not thin.meets(dot), (edge.attrib, box, x, y)


def kinds(element: Element) -> list[str]:
    """Return the classes of an element."""
    return element.attrib.get("class", "").split()


def outline(element: Element) -> Box:
    """Return the rectangle around a box."""
    if element.tag == f"{SVG}rect":
        x, y, width, height = (
            float(element.attrib[key]) for key in ("x", "y", "width", "height")
        )
        return Box(x, y, x + width, y + height)
    found = re.fullmatch(
        r"M(\d+) (\d+)h(\d+)l8 8v(\d+)l-8 8h-\3l-8-8v-\4z", element.attrib["d"]
    )
    assert found
    x, y, across, down = map(int, found.groups())
    return Box(x - 8, y, x + across + 8, y + down + 16)


def rectangle(text: Element, size: int = 12) -> Box:
    """Return the ink of a text, for letters 0.61 em wide."""
    half = len(text.text or "") * 0.61 * size / 2
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    return Box(x - half, y - 0.75 * size, x + half, y + 0.2 * size)


def points(path: str) -> Iterator[tuple[float, float]]:
    """Yield points along a line."""
    x = y = 0.0
    for command, rest in re.findall(r"([MHVC])([-\d ]+)", path):
        numbers = list(map(float, rest.split()))
        if command == "M":
            x, y = numbers
            continue
        xs, ys = [x, *numbers[::2]], [y, *numbers[1::2]]
        if command == "H":
            xs, ys = [x, x, *numbers, *numbers], [y] * 4
        if command == "V":
            xs, ys = [x] * 4, [y, y, *numbers, *numbers]
        for i in range(81):
            t = i / 80
            weights = (
                (1 - t) ** 3,
                3 * t * (1 - t) ** 2,
                3 * t * t * (1 - t),
                t**3,
            )
            yield (
                sum(w * c for w, c in zip(weights, xs, strict=True)),
                sum(w * c for w, c in zip(weights, ys, strict=True)),
            )
        x, y = xs[-1], ys[-1]


@st.composite
def programs(draw: st.DrawFn) -> list[Statement]:
    """Draw statements of every form, few enough that they are not folded."""
    known = ["x", "y"]
    steps: list[Statement] = []
    number = st.floats(-1e3, 1e3, width=32)
    for i in range(1, draw(st.integers(1, 14)) + 1):
        used = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        name = draw(st.sampled_from(["mul", "log", "upsample_nearest2d"]))
        call = f"v{i} = {name}({', '.join(used)})"
        steps.append((call, [(a, draw(number), draw(number)) for a in used]))
        known.append(f"v{i}")
    return steps


@settings(max_examples=60)
@given(programs(), st.booleans())
@example(F, False)
@example(F, True)
def test_nothing_collides(program: list[Statement], is_down: bool) -> None:
    """No two boxes or texts overlap, no line crosses one, and all of them are in the picture."""
    svg = to_svg(made(program, "x", "y"), is_down=is_down)
    Drawing(svg, is_down=is_down).check()


def test_what_is_said_of_f() -> None:
    """The picture has a title, and each node and edge its words."""
    drawing = Drawing(to_svg(made(F)))
    root = drawing.root
    assert root.attrib["role"] == "group"
    assert root.attrib["class"] == "ag-graph"
    assert root.attrib["aria-label"].startswith("Graph of f: 8 nodes, 9 edges")
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == root.attrib["aria-label"]
    groups = drawing.nodes + drawing.edges
    assert {group.attrib["role"] for group in groups} == {"img"}
    assert drawing.labels("ag-node") == [
        "input x: value 2, adjoint 2",
        *(f"{line}: value −1.5, adjoint 0.25" for line, _ in F[:-1]),
        "output v7 = add(v4, v6): value −1.5, adjoint 0.25",
    ]
    assert drawing.labels("ag-edge")[:3] == [
        "x to v1: local derivative 4, message 0.9093",
        "v1 to v2: local derivative 0.25, message 0.2273",
        "x to v3: local derivative −0.4161, message −0.5769",
    ]
    assert drawing.statements() == ["x", *(line for line, _ in F)]
    assert drawing.texts("ag-value") == ["→ 2"] + ["→ −1.5"] * 7
    assert drawing.texts("ag-adjoint") == ["← 2"] + ["← 0.25"] * 7
    assert drawing.texts("ag-partial")[:2] == ["× 4", "× 0.25"]
    assert drawing.texts("ag-message")[:2] == ["← 0.9093", "← 0.2273"]


def test_the_size_of_f() -> None:
    """The file is small, and the picture no wider than a page."""
    svg = to_svg(made(F))
    assert len(svg.encode()) < 10_000
    assert float(Drawing(svg).root.attrib["width"]) < 900
    assert not re.search(r"\bid=|url\(|<marker|<script", svg)


def test_partial_above_and_message_below_the_line() -> None:
    """The two numbers of an edge stand on both sides of its line, in their middle."""
    for edge in Drawing(to_svg(made(F))).edges:
        path, _, partial, message = edge
        x, above, below = (
            float(partial.attrib["x"]),
            float(partial.attrib["y"]),
            float(message.attrib["y"]) - 9,
        )
        passed = [y for at, y in points(path.attrib["d"]) if abs(at - x) < 4]
        assert passed
        assert all(above < y < below for y in passed)


def test_steps_for_the_playback() -> None:
    """A node carries its two steps, an edge those of its target."""
    graph = made(F)
    graph["x"].backward_step = None
    drawing = Drawing(to_svg(graph))
    steps = [(g.get("data-f"), g.get("data-b")) for g in drawing.nodes]
    assert steps == [
        ("1", None),
        *((str(i), str(9 - i)) for i in range(2, 9)),
    ]
    of_edge = [(g.get("data-f"), g.get("data-b")) for g in drawing.edges]
    targets = [2, 3, 4, 5, 5, 6, 7, 8, 8]
    assert of_edge == [(str(i), str(9 - i)) for i in targets]


def test_sums_where_messages_meet() -> None:
    """The adjoint of a node that is used again has the sums on the way to it."""
    (adjoint, *others) = [
        text
        for text in Drawing(to_svg(made(F))).root.iter(f"{SVG}text")
        if "ag-adjoint" in kinds(text)
    ]
    assert adjoint.attrib["data-sums"] == "3:−0.25 5:−0.8269 7:0.0824"
    assert not [text for text in others if "data-sums" in text.attrib]


def test_sums_of_vectors_have_no_spaces_inside() -> None:
    """A pair ends at a space, so a vector has spaces of another kind."""
    graph = made([("v1 = a(x)", [("x", 1, 1)]), ("v2 = b(x)", [("x", 1, 1)])])
    for edge in graph.edges:
        edge.message = torch.tensor([1.0, 2.0])
    assert 'data-sums="1:[1,\N{NBSP}2] 2:[2,\N{NBSP}4]"' in to_svg(graph)


def test_two_edges_between_the_same_nodes() -> None:
    """Both factors of a square have a line of their own."""
    square = made([("v1 = mul(x, x)", [("x", 3.0, 3.0), ("x", 3.0, 3.0)])])
    drawing = Drawing(to_svg(square))
    assert len({edge[0].attrib["d"] for edge in drawing.edges}) == 2
    assert "data-sums" not in to_svg(square)


def test_kinds_differ_in_form() -> None:
    """Inputs are round, parameters cut, operations square; the output has two lines."""
    steps = [("v1 = mul(x, w)", [("x", 1.0, 1.0), ("w", 1.0, 1.0)])]
    steps.append(("v2 = exp(v1)", [("v1", 1.0, 1.0)]))
    x, w, v1, v2 = Drawing(to_svg(made(steps, "x", "w"))).nodes
    assert [kinds(node)[1:] for node in (x, w, v1, v2)] == [
        ["ag-input"],
        ["ag-parameter"],
        ["ag-operation"],
        ["ag-operation", "ag-output"],
    ]
    assert float(x[0].attrib["rx"]) > 8 > float(v1[0].attrib["rx"])
    assert w[0].tag == f"{SVG}path"
    assert v1[1].tag == f"{SVG}text"
    assert outline(v2[0]).holds(outline(v2[1]))


def test_names_are_escaped() -> None:
    """A name may hold what XML and Graphviz use themselves."""
    wild = 'a<b&"c"\\\x07'
    graph = finished("<f>\\", list(made([]).nodes), [])
    graph.nodes[0].statement = graph.nodes[0].name = wild
    drawing = Drawing(to_svg(graph))
    assert drawing.texts("ag-statement") == [wild.replace("\x07", " ")]
    assert 'input a<b&"c"\\ : value' in drawing.labels("ag-node")[0]
    assert drawing.root.attrib["aria-label"].startswith(
        "Graph of <f>\\: 1 node,"
    )
    assert len(pygraphviz.AGraph(string=to_dot(graph))) == 1


def test_a_long_statement_is_cut_and_said_in_full() -> None:
    """A box shows lines of 26 letters; who hears the page gets all."""
    long = "v1 = scaled_dot_product_attention(x, 2, 3)"
    drawing = Drawing(to_svg(made([(long, [("x", 1.0, 1.0)])])))
    assert drawing.texts("ag-statement")[1:] == [
        "v1 =",
        "scaled_dot_product_attent…",
        "2, 3)",
    ]
    assert long in drawing.labels("ag-output")[0]


def test_the_names_of_many_results_give_way() -> None:
    """Where there is no room for the names of all results, there is one for all."""
    graph = made([("v1 = unbind(x)", [("x", 1.0, 1.0)])])
    node = graph["v1"]
    node.names = tuple(f"v1[{i}]" for i in range(4))
    node.statement = f"{', '.join(node.names)} = unbind(x)"
    node.primals = node.adjoints = (torch.tensor(1.0), None, torch.ones(2))
    graph.edges[0].partial = None
    drawing = Drawing(to_svg(graph))
    assert drawing.statements()[1] == "v1 = unbind(x)"
    assert drawing.texts("ag-value")[1] == "→ 1, none, (2,)"


def test_the_result_that_an_edge_takes_is_named() -> None:
    """Of an operation with several results the edge says which."""
    graph = made(
        [
            ("v1 = split(x)", [("x", 1.0, 1.0)]),
            ("v2 = exp(b)", [("v1", 1.0, 1.0)]),
        ]
    )
    node = graph["v1"]
    node.names = ("a", "b")
    node.primals = node.adjoints = (torch.ones(2), torch.ones(3))
    graph.edges[1].output = 1
    graph.edges[0].partial = graph.edges[1].partial = None
    assert Drawing(to_svg(graph)).labels("ag-edge") == [
        "x to v1: local derivative J 5×1, message 1",
        "b to v2: local derivative J 1×3, message 1",
    ]


def test_what_was_not_seen() -> None:
    """A value, adjoint or message that is missing is said to be."""
    graph = made([("v1 = exp(x)", [("x", 1.0, 1.0)])])
    graph["x"].adjoints = graph["v1"].primals = graph["v1"].adjoints = (None,)
    graph.edges[0].partial = graph.edges[0].message = None
    drawing = Drawing(to_svg(graph))
    assert drawing.labels("ag-node")[0] == "input x: value 2, adjoint none"
    assert drawing.texts("ag-value")[1] == "→ none"
    assert drawing.labels("ag-edge") == [
        "x to v1: local derivative J, message none"
    ]


def test_wide_and_combining_letters() -> None:
    """A Chinese letter takes two places, a bar over a letter none."""
    assert text_width("導") == text_width("ab")
    assert text_width("x\N{COMBINING MACRON}") == text_width("x")


def test_a_fold() -> None:
    """A long chain is drawn with one box for its middle."""
    drawing = Drawing(to_svg(chain(1000)))
    assert drawing.labels("ag-fold") == [
        "997 more turns of mul: 997 operations, not drawn one by one"
    ]
    assert drawing.statements()[3] == "⋯ 997 more turns"
    assert "v2 to 997 folded turns" in drawing.labels("ag-edge")[2]
    assert "997 folded turns to v1000" in drawing.labels("ag-edge")[3]


def test_many_edges_into_a_fold_are_one_with_the_sum() -> None:
    """The arrow to a fold shows how many edges it stands for, and the sum of their messages."""
    names = ["x", *(f"v{i}" for i in range(1, 61))]
    graph = made(
        [
            (f"{b} = mul({a}, x)", [(a, 1.0, 1.0), ("x", 2.0, 0.5)])
            for a, b in pairwise(names)
        ]
    )
    drawing = Drawing(to_svg(graph))
    assert "x to 57 folded turns: 57 edges, message 28.5" in drawing.labels(
        "ag-edge"
    )
    (sums,) = [
        text.attrib["data-sums"]
        for text in drawing.root.iter(f"{SVG}text")
        if "data-sums" in text.attrib
    ]
    fold = next(g for g in drawing.nodes if "ag-fold" in kinds(g))
    assert f" {fold.attrib['data-b']}:29 " in sums


def test_messages_to_several_values_are_counted() -> None:
    """An arrow that stands for messages to several values does not say that there are none."""
    graph = trace(
        lambda x: torch.stack([torch.sin(k * x) for k in range(1, 61)]).sum(),
        torch.tensor(0.5),
    )
    picture = to_svg(graph)
    assert "← 58 messages" in picture
    assert "message 58 messages" in picture
    assert "← none" not in picture


def test_a_graph_that_is_too_large() -> None:
    """No picture is made, and the reader is led to the table."""
    lines = [(f"v{i} = op{i}(x)", [("x", 1.0, 1.0)]) for i in range(50)]
    with pytest.raises(
        TooLargeError, match=r"has 51 nodes .* to_table\(\)"
    ) as e:
        to_svg(made(lines))
    assert "to_dot()" in str(e.value)
    assert to_dot(made(lines)).startswith("digraph")


def test_the_same_bytes_each_time() -> None:
    """Neither the run nor the order of hashes changes a byte."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from test_draw import *; from hashlib import sha256;"
        "text = ''.join(to_svg(g) + to_dot(g) for g in (made(F), chain(99)));"
        "print(sha256(text.encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert to_svg(made(F)) == to_svg(made(F))


def test_dot_says_the_same() -> None:
    """The source for Graphviz has all nodes and edges, with their words."""
    graph = pygraphviz.AGraph(string=to_dot(made(F)))
    assert graph.name == "f"
    assert len(graph.nodes()) == 8
    assert len(graph.edges()) == 9
    assert graph.get_node("n1").attr["label"] == (
        r"v1 =\npow(x, 2)\n→ −1.5\n← 0.25"
    )
    assert graph.get_edge("n0", "n1").attr["label"] == r"× 4\n← 0.9093"


def test_graphviz_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Laying out prints nothing."""
    to_svg(made(F))
    assert capfd.readouterr() == ("", "")
