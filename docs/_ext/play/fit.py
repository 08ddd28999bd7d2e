"""A network while it is trained: its fit and its loss, step by step.

The figure runs the code cell that stands before it, and takes from it `x` and `target`, the points,
and what the loop has kept: `fits`, the guess at each step, and `losses`. So what is drawn is
what the code of the page does.
"""

import json
import re
from typing import Any, ClassVar, TypedDict

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from play.common import SOURCES, number, stepper

SCRIPTS = ("kit.js", "fit.js")
CELL = re.compile(
    r"^```\{code-cell\} ipython3\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
OPENS = 0


class Frame(TypedDict):
    """The network after so many steps."""

    step: int
    loss: float
    fit: list[float]


class Data(TypedDict):
    """The points, and the network as it comes to fit them."""

    x: list[float]
    target: list[float]
    frames: list[Frame]


def run(code: str) -> Data:
    """Run a cell and return what it has kept.

    Raises
    ------
    ValueError
        If it does not keep a fit and a loss for each step.
    """
    names: dict[str, Any] = {}
    exec(f"import torch\n{code}", names)  # noqa: S102 - the site's own pages
    try:
        fits, losses = names["fits"], names["losses"]
        x, target = names["x"].tolist(), names["target"].tolist()
    except KeyError as error:
        raise ValueError(f"the cell before has no {error}") from error
    if len(fits) != len(losses):
        raise ValueError("the cell before keeps fits and losses unequally")
    return {
        "x": [round(each, 3) for each in x],
        "target": [round(each, 3) for each in target],
        "frames": [
            {
                "step": step,
                "loss": losses[step],
                "fit": [round(each, 2) for each in fits[step].tolist()],
            }
            for step in chosen(len(losses) - 1)
        ],
    }


def chosen(last: int) -> list[int]:
    """Return the steps that are shown: each at first, then further and further apart."""
    steps = [0]
    while steps[-1] < last:
        steps.append(min(last, max(steps[-1] + 1, round(steps[-1] * 1.4))))
    return steps


FIGURE = """
<figure class="moving fit" data-x="{x}" data-target="{target}">
<div class="needs-script"><p class="set"><button type="button" data-is="play">Play</button></p></div>
{picture}
<figcaption>Above, the points and the guess of the network, with the errors as vertical lines. Below, the loss after each step, on a logarithmic
scale; the dot goes along it.</figcaption>
</figure>
"""


def row(frame: Frame) -> str:
    """Return a row of the table, with all that the script reads."""
    fit = " ".join(f"{each:g}" for each in frame["fit"])
    return (
        f'<tr data-step="{frame["step"]}" data-loss="{frame["loss"]!r}" data-fit="{fit}">'
        f'<th scope="row">{frame["step"]}</th><td>{number(frame["loss"])}</td></tr>'
    )


def draw(data: Data) -> str:
    """Return the figure, with every number in it."""
    picture = stepper(
        "Fit",
        f"{json.dumps(data)}, {OPENS}",
        label="Points with the curve of the network, and the loss after each step",
        slider="Step of the training",
        least=0,
        most=len(data["frames"]) - 1,
        now=OPENS,
        summary="The losses in a table",
        table="Table of losses",
        heads=("Steps", "Loss"),
        rows="".join(map(row, data["frames"])),
    )
    return FIGURE.format(
        x=" ".join(f"{each:g}" for each in data["x"]),
        target=" ".join(f"{each:g}" for each in data["target"]),
        picture=picture,
    )


class Directive(SphinxDirective):
    """The figure; it takes no content but the cell before it."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Run the cell and draw what it has kept."""
        for name in SCRIPTS:
            self.env.note_dependency(str(SOURCES / name))
        text = self.env.doc2path(self.env.docname).read_text("utf-8")
        cells = CELL.findall(text.partition("```{fit}")[0])
        if not cells:
            raise self.error("there is no code cell before this figure")
        try:
            figure = draw(run(cells[-1]))
        except ValueError as error:
            raise self.error(str(error)) from error
        return [nodes.raw("", figure, format="html")]
