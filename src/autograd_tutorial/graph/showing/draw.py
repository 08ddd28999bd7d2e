"""The picture of a graph, as SVG or for Graphviz.

Inputs stand on the left and the output on the right, or on top and below. The values flow with the
arrows and are marked →; the adjoints and messages flow back and are marked ←. The drawing takes its
ink from the page.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from html import escape
from textwrap import wrap
from typing import NamedTuple

from torch import Tensor

from autograd_tutorial.graph.model import Edge, GraphData, Node, Tensors
from autograd_tutorial.graph.notation import counted, write_tensor
from autograd_tutorial.graph.showing.fold import Box, Fold, Link, fold
from autograd_tutorial.graph.showing.layout import (
    Curve,
    Place,
    Point,
    Size,
    place,
)

FONT = 12
"""The size of the letters, which a page that is too narrow does not shrink: it scrolls."""

LINE = 16
BASELINE = 4
"""From the middle of a line of text down to its baseline."""

PADDING = 5
BORDER = 3
"""Between the two lines around the output."""

ARROW = 8

LONG = 12
"""A statement with more characters takes several lines."""

MOST_SUMS = 100
"""Where more messages meet than these, the adjoint appears at once."""

WIDEST = 26
"""The most characters on a line of a box; on an edge half of them."""

STYLE = """\
.ag-graph{font:12px Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:currentColor}
.ag-graph text{text-anchor:middle}
.ag-graph .ag-statement{font-weight:700}
.ag-graph .ag-value{fill:currentColor;\
fill:color-mix(in oklab,currentColor 50%,#2f7df6)}
.ag-graph .ag-adjoint,.ag-graph .ag-message{fill:currentColor;\
fill:color-mix(in oklab,currentColor 50%,#dd5a00)}
.ag-graph .ag-node>:not(text){fill:none;stroke:currentColor;stroke-width:1.2}
.ag-graph .ag-node>:first-child{fill-opacity:.03;fill:currentColor}
.ag-graph .ag-fold>rect{stroke-dasharray:4 3}
.ag-graph .ag-edge path{fill:none;stroke:currentColor;stroke-width:1.2;\
stroke-opacity:.7}
svg:root.ag-graph{color:#1b1f24;background:#fff}
@media (prefers-color-scheme:dark){\
svg:root.ag-graph{color:#e4e7eb;background:#131416}}
"""


CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML does not allow, or that move the text."""


class _Card(NamedTuple):
    """The words of a box."""

    kinds: str
    statement: tuple[str, ...]
    primal: str
    adjoint: str
    label: str
    sums: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        return *self.statement, self.primal, self.adjoint

    @property
    def size(self) -> Size:
        # While an adjoint grows, it ends in an ellipsis.
        growing = [
            f"← {pair.partition(':')[2]}+…" for pair in self.sums.split(" ")
        ]
        width = max(map(text_width, (*self.lines, *growing)))
        border = BORDER if "ag-output" in self.kinds else 0
        return Size(
            _even(width + 2 * (PADDING + border)), len(self.lines) * LINE + 8
        )


class _Tag(NamedTuple):
    """The words of an arrow."""

    partial: str
    message: str
    label: str

    @property
    def size(self) -> Size:
        width = max(text_width(self.partial), text_width(self.message))
        return Size(_even(width), 2 * LINE - 2)


def to_svg(graph: GraphData, *, is_down: bool = False) -> str:
    """Return the picture of a graph as SVG, for a page or a file of its own.

    It runs from left to right or, for a narrow page, downwards. Each node shows its statement, its
    value (→) and its adjoint (←), each edge its partial and below that its message. A node carries
    the number of its forward step as `data-f` and of its backward step as `data-b`, an edge those of
    its target; so a script can play the two passes. Where several messages meet, the adjoint has
    `data-sums`: pairs of a backward step and the sum so far.
    """
    boxes, links = fold(graph)
    number = {box: i for i, box in enumerate(boxes)}
    step_of: dict[Node, int | None] = {
        node: box.backward_step
        for box in boxes
        for node in (box.nodes if isinstance(box, Fold) else (box,))
    }
    cards = [_card(graph, box, step_of) for box in boxes]
    tags = [_tag(link) for link in links]
    sizes = [card.size for card in cards]
    room = [tag.size for tag in tags]
    if not is_down:  # labels that leave one box begin on one line
        widest: dict[Box, Size] = {}
        for link, size in zip(links, room, strict=True):
            widest[link.source] = max(widest.get(link.source, size), size)
        room = [widest[link.source] for link in links]
    ends = [
        (number[link.source], number[link.target], size)
        for link, size in zip(links, room, strict=True)
    ]
    entered = {target for _, target, _ in ends}
    tips = [ARROW * (i in entered) for i in range(len(sizes))]
    layout = place(
        [
            Size(size.width + tip * (not is_down), size.height + tip * is_down)
            for size, tip in zip(sizes, tips, strict=True)
        ],
        ends,
        is_down=is_down,
    )
    title = _title(graph)
    width, height = layout.width, layout.height
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="ag-graph" role="group"',
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"',
        f'style="min-width:{width}px"',
        f'aria-label="{_escaped(title)}"><title>{_escaped(title)}</title>',
        f"<style>{STYLE}</style>",
    ]
    arrows: dict[Box, list[str]] = defaultdict(list)
    for link, tag, label, line in zip(
        links, tags, layout.labels, layout.lines, strict=True
    ):
        arrows[link.target] += _arrow(link, tag, label.middle, line, is_down)
    for box, card, size, at in zip(
        boxes, cards, sizes, layout.boxes, strict=True
    ):
        parts += arrows[box] + _box(box, card, size, at)
    return "\n".join([*parts, "</svg>\n"])


def to_dot(graph: GraphData) -> str:
    """Return the graph in Graphviz's language, for tools of your own."""
    number = {node: i for i, node in enumerate(graph.nodes)}
    lines = [
        f"digraph {_quoted(graph.function)} {{",
        "rankdir=LR",
        "node [shape=box]",
    ]
    for node, i in number.items():
        label = _quoted(*_card(graph, node, {}).lines)
        shape = {"input": "ellipse", "parameter": "octagon"}.get(node.kind)
        extra = f" shape={shape}" if shape else ""
        extra += " peripheries=2" if node is graph.output else ""
        lines.append(f"n{i} [label={label}{extra}]")
    for edge in graph.edges:
        tag = _tag(Link(edge.source, edge.target, (edge,)))
        label = _quoted(tag.partial, tag.message)
        lines.append(
            f"n{number[edge.source]} -> n{number[edge.target]} [label={label}]"
        )
    return "\n".join([*lines, "}\n"])


def text_width(text: str) -> float:
    """Return the width of a text in the monospaced font, in pixels, as we reckon with it."""
    return sum(map(_cells, text)) * 0.61 * FONT


@cache
def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 1 + (unicodedata.east_asian_width(character) in "WF")


def _short(text: str, room: int) -> str:
    """Return as much of a text as there is room for."""
    if sum(map(_cells, text)) <= room:
        return text
    used, kept = 1, ""
    for character in text:
        used += _cells(character)
        if used > room:
            break
        kept += character
    return f"{kept}…"


def _even(length: float) -> int:
    return 2 * -(-int(length + 1) // 2)


def _quoted(*lines: str) -> str:
    """Return lines of text as Graphviz writes them."""
    clean = (CONTROL.sub(" ", line).replace("\\", r"\\") for line in lines)
    return '"' + r"\n".join(clean).replace('"', r"\"") + '"'


def _escaped(text: str) -> str:
    return escape(CONTROL.sub(" ", text))


def _title(graph: GraphData) -> str:
    return (
        f"Graph of {graph.function}: {counted(len(graph.nodes), 'node')}, "
        f"{counted(len(graph.edges), 'edge')}. → value, ← adjoint, × local derivative"
    )


def _values(tensors: Tensors, room: int) -> str:
    """Return the values of an operation's results in one line."""
    if len(tensors) == 1:
        return write_tensor(tensors[0], room)
    each = max(room // max(len(tensors), 1) - 2, 1)
    line = ", ".join(write_tensor(tensor, each) for tensor in tensors)
    return line if len(line) <= room else counted(len(tensors), "result")


def _card(graph: GraphData, box: Box, step_of: dict[Node, int | None]) -> _Card:
    if isinstance(box, Fold):
        return _fold_card(box)
    is_output = box is graph.output
    room = WIDEST - 8
    primal = _values(box.primals, room)
    adjoint = _values(box.adjoints, room)
    kinds = [box.kind, *(["output"] if is_output else [])]
    what = "" if box.kind == "operation" else f"{box.kind} "
    return _Card(
        kinds=" ".join(f"ag-{kind}" for kind in kinds),
        statement=_statement(box),
        primal=f"→ {primal}",
        adjoint=f"← {adjoint}",
        label=f"{'output ' if is_output else ''}{what}{box.statement}: "
        f"value {primal}, adjoint {adjoint}",
        sums=_sums(box, graph.edges_from.get(box, []), step_of, room),
    )


def _statement(node: Node) -> tuple[str, ...]:
    """Return a statement in a few short lines; the names of many results give way first."""
    names, equals, call = node.statement.partition(" = ")
    if len(node.statement) <= LONG or not equals:
        return (_short(node.statement, WIDEST),)
    if len(names) > WIDEST - 2 and len(node.names) > 1:
        names = node.name
    lines = wrap(
        call, LONG, max_lines=3, placeholder=" …", break_long_words=False
    )
    return tuple(_short(line, WIDEST) for line in (f"{names} =", *lines))


def _fold_card(box: Fold) -> _Card:
    turns = counted(box.turns, "more turn")
    operations = counted(
        sum(node.kind == "operation" for node in box.nodes), "operation"
    )
    block = ", ".join(box.block)
    return _Card(
        kinds="ag-fold",
        statement=(f"⋯ {turns}",),
        primal=_short(f"of {block}", WIDEST),
        adjoint=operations,
        label=f"{turns} of {block}: {operations}, not drawn one by one",
    )


def _sums(
    node: Node,
    edges: Sequence[Edge],
    step_of: dict[Node, int | None],
    room: int,
) -> str:
    """Return the adjoint after each message: step and sum, without spaces inside of a sum."""
    if len(edges) * len(node.adjoints) > MOST_SUMS:
        return ""
    so_far: list[Tensor | None] = [None] * len(node.adjoints)
    texts = {}
    for edge in edges:
        step = step_of.get(edge.target)
        if edge.message is None or step is None:
            continue
        before = so_far[edge.output]
        so_far[edge.output] = (
            edge.message if before is None else before + edge.message
        )
        text = _values(tuple(so_far), room).replace("none", "–")
        texts[step] = text.replace(" ", "\N{NBSP}")
    if len(texts) < 2:
        return ""
    return " ".join(f"{step}:{text}" for step, text in texts.items())


def _tag(link: Link) -> _Tag:
    first, room = link.edges[0], WIDEST // 2
    if len(link.edges) == 1:
        partial = first.structure
        message = _values((first.message,), room)
        said = f"local derivative {partial.removeprefix('× ')}"
        if len(first.source.names) > 1:
            partial = f"{first.source.names[first.output]} {partial}"
    else:
        partial = said = f"{len(link.edges)} edges"
        message = _together(link.edges, room)
    ends = f"{_said(link.source, first.output)} to {_said(link.target, None)}"
    return _Tag(
        partial=partial,
        message=f"← {message}",
        label=f"{ends}: {said}, message {message}",
    )


def _together(edges: Sequence[Edge], room: int) -> str:
    """Return the sum of the messages if they go to one result; else how many there are."""
    messages = [edge.message for edge in edges if edge.message is not None]
    ends = {(edge.source, edge.output) for edge in edges}
    if len(ends) > 1 and messages:
        return counted(len(messages), "message")
    total = sum(messages[1:], messages[0]) if messages else None
    return _values((total,), room)


def _said(box: Box, result: int | None) -> str:
    if isinstance(box, Fold):
        return counted(box.turns, "folded turn")
    if result is not None and len(box.names) > 1:
        return box.names[result]
    return box.name


def _group(kinds: str, label: str, box: Box) -> str:
    """Begin what is shown from the steps of a box on."""
    back = box.backward_step
    steps = f'data-f="{box.forward_step}"'
    steps += "" if back is None else f' data-b="{back}"'
    return (
        f'<g class="{kinds}" role="img" aria-label="{_escaped(label)}" {steps}>'
    )


def _text(kind: str, x: int, y: int, text: str, more: str = "") -> str:
    return (
        f'<text class="ag-{kind}" x="{x}" y="{y}"{more}>{_escaped(text)}</text>'
    )


def _box(box: Box, card: _Card, size: Size, at: Place) -> list[str]:
    width, height = size
    left, top = at.right - width, at.bottom - height
    x = left + width // 2
    sums = f' data-sums="{_escaped(card.sums)}"' if card.sums else ""
    outline = [_outline(box, left, top, width, height)]
    if "ag-output" in card.kinds:
        inner = width - 2 * BORDER, height - 2 * BORDER
        outline.append(_outline(box, left + BORDER, top + BORDER, *inner))
    last = at.bottom - LINE // 2 - 4 + BASELINE
    first = last - (len(card.lines) - 1) * LINE
    folded = isinstance(box, Fold)
    kinds = ("note", "note") if folded else ("value", "adjoint")
    return [
        _group(f"ag-node {card.kinds}", card.label, box),
        *outline,
        *(
            _text("statement", x, first + i * LINE, line)
            for i, line in enumerate(card.statement)
        ),
        _text(kinds[0], x, last - LINE, card.primal),
        _text(kinds[1], x, last, card.adjoint, sums),
        "</g>",
    ]


def _outline(box: Box, x: int, y: int, width: int, height: int) -> str:
    """Return round ends for an input, cut corners for a parameter, else a rectangle."""
    if isinstance(box, Node) and box.kind == "parameter":
        across, down = width - 16, height - 16
        return f'<path d="M{x + 8} {y}h{across}l8 8v{down}l-8 8h-{across}l-8-8v-{down}z"/>'
    round_ends = isinstance(box, Node) and box.kind == "input"
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" '
        f'rx="{16 if round_ends else 2}"/>'
    )


def _arrow(
    link: Link,
    tag: _Tag,
    middle: Point,
    line: tuple[Curve, Curve],
    is_down: bool,
) -> list[str]:
    """Draw a line with its tip: level lines run through their labels, upright ones pause there."""
    before, after = line
    x, y = before[0]
    there = "M{} {}".format(*after[0]) if is_down else f"H{after[0][0]}"
    path = f"M{x} {y}{_pieces(before)}{there}{_pieces(after)}"
    path = re.sub(r"H\d+(?=H)|V\d+(?=V)", "", path)
    x, y = after[-1]
    tip = (
        f"{x - 4},{y} {x},{y + ARROW} {x + 4},{y}"
        if is_down
        else f"{x},{y - 4} {x + ARROW},{y} {x},{y + 4}"
    )
    x, y = middle
    return [
        _group("ag-edge", tag.label, link.target),
        f'<path d="{path}"/>',
        f'<polygon points="{tip}"/>',
        _text("partial", x, y - (4 if is_down else 5), tag.partial),
        _text("message", x, y + LINE - (5 if is_down else 4), tag.message),
        "</g>",
    ]


def _pieces(curve: Curve) -> str:
    """Return the pieces of a curve as commands, the level and upright ones as lines."""
    commands = []
    for i in range(0, len(curve) - 1, 3):
        start, *rest = curve[i : i + 4]
        if all(y == start[1] for _, y in rest):
            commands.append(f"H{rest[-1][0]}")
        elif all(x == start[0] for x, _ in rest):
            commands.append(f"V{rest[-1][1]}")
        else:
            commands.append("C" + " ".join(f"{x} {y}" for x, y in rest))
    return "".join(commands)
