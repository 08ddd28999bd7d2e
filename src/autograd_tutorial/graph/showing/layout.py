"""Where the boxes, the labels and the lines of a picture go: Graphviz's dot, from its Python wheel.

(The live graph of the site has its places from `docs/_static/play/layout.js`.)

Dot is given sizes and gives back places, so no font of the machine changes the picture. The label
of an edge is a box of its own on the way from one node to the other: the line runs through its
middle, and dot keeps all boxes apart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pygraphviz

Point = tuple[int, int]
Curve = tuple[Point, ...]
"""A start, and for each further piece two control points and an end."""

MARGIN = 2

LEVEL, STEEP = ".12", ".22"
"""Inches for a line to bend: downwards it has only these, since its label is low."""

CLEAR = 3
"""How close a line may come to a box that it passes."""


class Size(NamedTuple):
    """The width and the height of a box in pixels; both are even."""

    width: int
    height: int


class Place(NamedTuple):
    """The sides of a box, from the left and from the top."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def middle(self) -> Point:
        """The point in the middle."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


class Layout(NamedTuple):
    """Where everything goes."""

    boxes: tuple[Place, ...]
    labels: tuple[Place, ...]
    lines: tuple[tuple[Curve, Curve], ...]
    """From the side of an edge's source to its label, and from the label's other side on."""

    width: int
    height: int


def place(
    boxes: Sequence[Size],
    edges: Sequence[tuple[int, int, Size]],
    *,
    is_down: bool = False,
) -> Layout:
    """Lay out boxes and the labels of the edges between them, from left to right or downwards.

    An edge is the number of the box where it begins, that where it ends, and the size of its label.
    """
    if is_down:
        turned = [(start, end, _turned(size)) for start, end, size in edges]
        return _turned_layout(_place(list(map(_turned, boxes)), turned, STEEP))
    return _place(boxes, edges, LEVEL)


def _place(
    boxes: Sequence[Size], edges: Sequence[tuple[int, int, Size]], gap: str
) -> Layout:
    """Lay out from left to right, with a gap between each box or label and the next."""
    lines = [
        f'digraph {{rankdir=LR nodesep=".11" ranksep="{gap}"',
        'node [shape=box fixedsize=true label=""]',
        "edge [tailport=e headport=w arrowhead=none]",
    ]
    for i, size in enumerate(boxes):
        lines.append(f"n{i} {_size(size)}")
    for i, (source, target, size) in enumerate(edges):
        lines.append(f"l{i} {_size(size)}")
        lines.append(f"n{source}->l{i} [weight=2] l{i}->n{target}")
    lines.append("}")
    drawn = pygraphviz.AGraph(string="\n".join(lines)).draw(
        format="plain", prog="dot"
    )
    return _read(drawn.decode(), boxes, edges)


def _turned(size: Size) -> Size:
    return Size(size.height, size.width)


def _turned_layout(layout: Layout) -> Layout:
    """Return what runs from left to right so that it runs downwards."""

    def places(found: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(
            Place(at.top, at.bottom, at.left, at.right) for at in found
        )

    def line(curve: Curve) -> Curve:
        return tuple((x, y) for y, x in curve)

    return Layout(
        places(layout.boxes),
        places(layout.labels),
        tuple((line(before), line(after)) for before, after in layout.lines),
        layout.height,
        layout.width,
    )


def _size(size: Size) -> str:
    return f"[width={size.width / 72:.4f} height={size.height / 72:.4f}]"


def _read(
    plain: str,
    boxes: Sequence[Size],
    edges: Sequence[tuple[int, int, Size]],
) -> Layout:
    """Read Graphviz's plain format: inches, from the bottom left."""
    rows = [line.split() for line in plain.splitlines()]
    width, height = (72 * float(number) for number in rows[0][2:4])

    def point(x: str, y: str) -> Point:
        return (
            MARGIN + round(72 * float(x)),
            MARGIN + round(height - 72 * float(y)),
        )

    def box(name: str, size: Size) -> Place:
        x, y = middle[name]
        across, down = size.width // 2, size.height // 2
        return Place(x - across, x + across, y - down, y + down)

    middle, curve = {}, {}
    for kind, *row in rows:
        if kind == "node":
            middle[row[0]] = point(*row[1:3])
        elif kind == "edge":
            numbers = row[3 : 3 + 2 * int(row[2])]
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            curve[row[0], row[1]] = [point(*pair) for pair in pairs]
    at = [box(f"n{i}", size) for i, size in enumerate(boxes)]
    labels = [box(f"l{i}", size) for i, (_, _, size) in enumerate(edges)]
    walls = [
        Place(wall.left, wall.right, wall.top - CLEAR, wall.bottom + CLEAR)
        for wall in (*at, *labels)
    ]
    lines = []
    for i, (source, target, _) in enumerate(edges):
        tail, label, head = at[source], labels[i], at[target]
        before = _joined(tail, curve[f"n{source}", f"l{i}"], label)
        after = _joined(label, curve[f"l{i}", f"n{target}"], head)
        lines.append((_calm(before, walls), _calm(after, walls)))
    return Layout(
        tuple(at),
        tuple(labels),
        tuple(lines),
        round(width) + 2 * MARGIN,
        round(height) + 2 * MARGIN,
    )


def _joined(start: Place, found: list[Point], end: Place) -> Curve:
    """Return a curve that begins and ends exactly at its boxes."""
    return (
        (start.right, start.middle[1]),
        *found[1:-1],
        (end.left, end.middle[1]),
    )


def _calm(curve: Curve, walls: Sequence[Place]) -> Curve:
    """Return one even bend instead of dot's curve, or of a piece of it, where there is room."""
    if bend := _bend(curve[0], curve[-1], walls):
        return curve[0], *bend
    calm = [curve[0]]
    for i in range(0, len(curve) - 1, 3):
        start, leave, come, end = curve[i : i + 4]
        level = start[1] == leave[1] and come[1] == end[1]
        bend = _bend(start, end, walls) if level else None
        calm += bend or (leave, come, end)
    return tuple(calm)


def _bend(start: Point, end: Point, walls: Sequence[Place]) -> Curve | None:
    """Return a curve that is level at both ends, unless boxes are in its way.

    It bends on the whole way, on its second half, or on its first.
    """
    top, bottom = sorted((start[1], end[1]))
    near = [
        wall
        for wall in walls
        if wall.left < end[0]
        and start[0] < wall.right
        and wall.top < bottom
        and top < wall.bottom
    ]
    middle = (start[0] + end[0]) // 2
    for left, right in (
        (start[0], end[0]),
        (middle, end[0]),
        (start[0], middle),
    ):
        before, after = (left, start[1]), (right, end[1])
        if not any(_meets(before, after, wall) for wall in near):
            x = (left + right) // 2
            bend = ((x, start[1]), (x, end[1]), after)
            lead = (start, before, before) if left > start[0] else ()
            rest = (after, end, end) if right < end[0] else ()
            return lead + bend + rest
    return None


def _meets(start: Point, end: Point, wall: Place) -> bool:
    """Return whether a bend, or the level line before or after it, meets a box."""
    ys = [_height(start, end, x) for x in (wall.left, wall.right)]
    return min(ys) < wall.bottom and max(ys) > wall.top


def _height(start: Point, end: Point, x: float) -> float:
    """Return where a bend is at x: it rises or falls all the way, so halving finds it."""
    low, high = 0.0, 1.0
    for _ in range(10):
        t = (low + high) / 2
        if start[0] + (end[0] - start[0]) * t * (1.5 - t * (1.5 - t)) < x:
            low = t
        else:
            high = t
    return start[1] + (end[1] - start[1]) * low * low * (3 - 2 * low)
