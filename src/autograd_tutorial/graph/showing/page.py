"""A graph as a figure for notebooks and pages: picture, playback, table, the steps in words.

One style sheet and one small script serve every place that shows HTML. Without the script the whole
picture and the table are there. The picture comes twice, from left to right and downwards: the style
sheet shows the first where there is room for it.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files
from linecache import getline

from torch import Tensor

from autograd_tutorial.graph.asking.agreement import check_and_doubts
from autograd_tutorial.graph.asking.first_nan import find_first_nan
from autograd_tutorial.graph.model import Edge, GraphData, Node, Tensors
from autograd_tutorial.graph.notation import write_number, write_tensor
from autograd_tutorial.graph.showing.draw import to_svg
from autograd_tutorial.graph.showing.fold import Fold, TooLargeError
from autograd_tutorial.graph.showing.steps import Step, steps

MOST_ROWS = 40
"""Of a graph with more nodes than these the page shows the first and the last."""

LARGEST_OPEN = 64
"""The number of entries up to which a tensor opens to its numbers."""

STEP_WIDTH, WIDEST = 32, 1120
"""The style sheet knows pictures of so many pixels more each time, up to the widest."""

HEADER = (
    "Forward",
    "Backward",
    "Statement",
    "Value",
    "Adjoint",
    "Argument",
    "Local derivative",
    "Message",
    "Textbook",
    "torch",
)


@cache
def script() -> str:
    """Return the script that plays the figures of a page."""
    return _read("player.js")


@cache
def style() -> str:
    """Return the style sheet of the figures."""
    return _read("page.css") + "".join(
        f"@container (max-width:{width - 1}px){{.ag-from-{width} .ag-across{{display:none}}"
        f".ag-from-{width} .ag-down{{display:block}}}}\n"
        for width in range(STEP_WIDTH, WIDEST + 1, STEP_WIDTH)
    )


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def to_html(graph: GraphData) -> str:
    """Return a graph as a figure that can be played, with everything that it needs."""
    try:
        frame, told = _frame(graph), steps(graph)
    except TooLargeError as error:
        played, in_words = f"<p>{escape(str(error))}</p>", ""
    else:
        sentences = "".join(
            f"<li{_line_of(step)}>{escape(step.sentence.partition('. ')[2])}</li>"
            for step in told
        )
        there = sum(step.phase == "forward" for step in told)
        played = _PLAYED.format(
            frame=frame,
            legend=_LEGEND,
            silent=f"The whole run, in {len(told)} steps: {there} forward, "
            f"{len(told) - there} backward{_folded(told)}.",
        )
        in_words = _TOLD.format(sentences=sentences)
    return (
        f'<div class="autograd-graph"><style>{style()}</style>'
        f"<figure>{played}{_caption(graph)}</figure>{in_words}"
        f"<details><summary>The evaluation trace as a table</summary>"
        f"{_table(graph)}</details>"
        f"<script>{script()}</script></div>"
    )


def _frame(graph: GraphData) -> str:
    """Return the picture from left to right and downwards, or where one serves, this alone."""
    across, down = to_svg(graph), to_svg(graph, is_down=True)
    wide, narrow = (
        int(svg.split('width="')[1].split('"')[0]) for svg in (across, down)
    )
    begin = f'<div class="{{}}" role="region" tabindex="0" aria-label="{escape(_name(graph), quote=True)}">'
    room = -(-wide // STEP_WIDTH) * STEP_WIDTH
    if narrow >= wide or room > WIDEST:
        one = across if narrow >= wide else down
        return f"{begin.format('ag-frame')}{one.strip()}</div>"
    return (
        f"{begin.format(f'ag-frame ag-from-{room}')}"
        f'<div class="ag-across">{across.strip()}</div>'
        f'<div class="ag-down">{down.strip()}</div></div>'
    )


def _line_of(step: Step) -> str:
    """Return the line of code that runs in a step, for the script, which marks it on the page."""
    source = None if isinstance(step.box, Fold) else step.box.source
    line = getline(*source).strip() if source else ""
    return f' data-line="{escape(line, quote=True)}"' if line else ""


_PLAYED = """
<p class="ag-legend">{legend}</p>
{frame}
<div class="ag-controls">
<div class="ag-bar" role="group" aria-label="Play the run" hidden>
<button type="button" data-move="play">Play</button>
<button type="button" data-move="back">Back</button>
<button type="button" data-move="next">Next</button>
<button type="button" data-move="all">Show all</button>
<input type="range" aria-label="Step">
</div>
<noscript><p>The steps stand in words below.</p></noscript>
<p class="ag-step"><span class="ag-said" aria-live="polite">{silent}</span>
<a class="ag-link" href="#step=1" hidden>Link to this step</a></p>
</div>
"""

_LEGEND = (
    "Each box shows a value (→) and, below it, how fast the output changes with it (←, its "
    "adjoint). Each arrow shows its local derivative (×) and the message that it carries back (←)."
)

_TOLD = (
    "<details><summary>The steps in words</summary>"
    '<ol class="ag-told">{sentences}</ol></details>'
)


def _name(graph: GraphData) -> str:
    return f"Graph of {graph.function}, {len(graph.nodes)} nodes"


def _folded(told: list[Step]) -> str:
    """Say how much of the run is one step."""
    turns = [
        step.box.turns
        for step in told
        if isinstance(step.box, Fold) and step.phase == "forward"
    ]
    return f"; {sum(turns):,} turns are folded" if turns else ""


def _backward_step(graph: GraphData, node: Node) -> str:
    """Return the step at which the engine came to a node, counted on from the forward pass."""
    back = node.backward_step
    return "–" if back is None else str(len(graph.nodes) + back)


def _caption(graph: GraphData) -> str:
    """Say what the graph found when it checked itself."""
    said = [*map(escape, graph.notes)]
    first_nan = find_first_nan(graph)
    if first_nan:
        said.append(f"<strong>{escape(first_nan.sentence)}</strong>")
    unused = [node.name for node in graph.inputs if node.adjoint is None]
    if unused:
        said.append(
            f"The output does not depend on {escape(', '.join(unused))}."
        )
    difference, doubts = check_and_doubts(graph)
    if doubts:
        said.append(
            f"The check found a difference of {write_number(difference)}."
        )
        said += map(escape, doubts[:3])
    elif graph.edges and not first_nan:
        rounded = ", up to rounding" if difference else ""
        said.append(f"{_checked(graph)}{rounded}.")
    return f"<figcaption>{' '.join(said)}</figcaption>" if said else ""


def _checked(graph: GraphData) -> str:
    """Say what was found to agree, and where nothing could be compared."""
    built = sum(edge.partial is not None for edge in graph.edges)
    if not built:
        return (
            "No local derivative is built here, so no message is compared with one. Checked: each "
            "adjoint is the sum of its messages"
        )
    where = (
        ""
        if built == len(graph.edges)
        else f" (on the {built} of {len(graph.edges)} arrows where it is built)"
    )
    return (
        f"Checked: each message is adjoint times local derivative{where}, each adjoint the sum of "
        "its messages"
    )


def _table(graph: GraphData) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in HEADER)
    shown, half = graph.nodes, MOST_ROWS // 2
    hidden = len(shown) - MOST_ROWS
    if hidden > 0:
        shown = shown[:half] + shown[-half:]
    bodies = [f"<tbody>{_rows(graph, node)}</tbody>" for node in shown]
    if hidden > 0:
        bodies.insert(
            half,
            f'<tbody><tr><td colspan="{len(HEADER)}">… {hidden:,} rows more: '
            "print(graph.to_table())</td></tr></tbody>",
        )
    return (
        '<div class="ag-table" role="region" tabindex="0" aria-label="Evaluation trace. '
        f'{escape(_name(graph))}">'
        f"<table><thead><tr>{head}</tr></thead>{''.join(bodies)}</table></div>"
    )


def _rows(graph: GraphData, node: Node) -> str:
    edges = graph.edges_into.get(node, [])
    span = f' rowspan="{len(edges)}"' if len(edges) > 1 else ""
    own = (
        f"<td{span}>{node.forward_step}</td>"
        f"<td{span}>{_backward_step(graph, node)}</td>"
        f'<th scope="row"{span}>{escape(node.statement)}</th>'
        f"<td{span}>{_values(node.primals)}</td>"
        f"<td{span}>{_values(node.adjoints)}</td>"
    )
    if not edges:
        return f'<tr>{own}<td colspan="5">{node.kind}</td></tr>'
    first, *others = (_cells(edge) for edge in edges)
    return f"<tr>{own}{first}</tr>" + "".join(
        f"<tr>{cells}</tr>" for cells in others
    )


def _cells(edge: Edge) -> str:
    """Return what a table says of an edge."""
    structure = edge.structure.removeprefix("× ")
    if edge.partial is not None and edge.partial.numel() > 1:
        size = edge.target.primals[0]
        rows = size.numel() if size is not None else 1
        matrix = edge.partial.reshape(rows, -1)
        structure = _on_demand(structure, matrix)
    return (
        f"<td>{escape(edge.source.names[edge.output])}</td><td>{structure}</td>"
        f"<td>{_values((edge.message,))}</td><td>{escape(edge.rule)}</td>"
        f"<td>{escape(edge.formula)}</td>"
    )


def _values(tensors: Tensors) -> str:
    return ", ".join(map(_value, tensors))


def _value(tensor: Tensor | None) -> str:
    """Return a value; a small matrix in full on demand."""
    text = escape(write_tensor(tensor))
    if tensor is None or tensor.is_complex() or not text.startswith("("):
        return text
    if not 0 < tensor.numel() <= LARGEST_OPEN:
        return text
    return _on_demand(text, tensor.reshape(len(tensor), -1))


def _on_demand(summary: str, matrix: Tensor) -> str:
    rows = [[write_number(entry) for entry in row] for row in matrix.tolist()]
    width = max((len(entry) for row in rows for entry in row), default=0)
    lines = "\n".join(
        "  ".join(entry.rjust(width) for entry in row) for row in rows
    )
    return f"<details><summary>{summary}</summary><pre>{lines}</pre></details>"


def to_table(graph: GraphData) -> str:
    """Return the evaluation trace as a table in Markdown: a line for each argument."""
    lines = [_line(HEADER), _line(["---"] * len(HEADER))]
    lines += [_line(cells) for cells in _plain_rows(graph)]
    return "\n".join(lines) + "\n"


def _plain_rows(graph: GraphData) -> Iterator[list[str]]:
    for node in graph.nodes:
        own = [
            str(node.forward_step),
            _backward_step(graph, node),
            node.statement,
            ", ".join(map(write_tensor, node.primals)),
            ", ".join(map(write_tensor, node.adjoints)),
        ]
        edges = graph.edges_into.get(node, [])
        if not edges:
            yield [*own, node.kind, "", "", "", ""]
        for edge in edges:
            yield [
                *own,
                edge.source.names[edge.output],
                edge.structure.removeprefix("× "),
                write_tensor(edge.message),
                edge.rule,
                edge.formula,
            ]
            own = [""] * len(own)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    escaped = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
