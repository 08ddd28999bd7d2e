"""The house style of the plots: one ink, one grid colour, and series that read on light and dark.

A figure is drawn once. The site shows it on a light and on a dark page: `INK` and `GRID` are used
for nothing else than ink and grid, so the dark version is the same drawing with those two
colours replaced by `INK_ON_DARK` and `GRID_ON_DARK`. The series colours have a contrast of at
least 3 : 1 against both grounds.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.rcsetup import cycler
from torch import Tensor

__all__ = [
    "BLUE",
    "GREEN",
    "GRID",
    "GRID_ON_DARK",
    "INK",
    "INK_ON_DARK",
    "ORANGE",
    "PURPLE",
    "matrix",
    "new",
    "plot_branches",
]

INK = "#1b1f24"
INK_ON_DARK = "#e4e7eb"
GRID = "#d3d8de"
GRID_ON_DARK = "#3d444d"
BLUE = "#2878c8"
ORANGE = "#c8641e"
GREEN = "#2e8b57"
PURPLE = "#9a5fc7"

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 12,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.size": 12,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2.0,
    "mathtext.fontset": "dejavusans",
    "savefig.facecolor": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
}


def new(
    alt: str,
    rows: int = 1,
    columns: int = 1,
    height: float = 3.4,
    **layout: Any,
) -> tuple[Figure, Any]:
    """Start a figure in the house style and return it with its axes, as `plt.subplots` does.

    The style becomes matplotlib's default for the rest of the process.

    Parameters
    ----------
    alt
        What the figure shows, in a sentence or two, for a reader who cannot see it. It becomes
        the alternative text on the site and the description inside the SVG file.
    rows, columns
        The grid of panels. Prefer rows: a column of panels stays readable on a phone.
    height
        The height of one row in inches; the width is 5 inches.
    layout
        Passed on to `matplotlib.pyplot.subplots`, for example `sharex=True`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    if not alt.strip():
        raise ValueError(
            "alt is empty: say in a sentence what the figure shows."
        )
    plt.rcParams.update(STYLE)
    figure, axes = plt.subplots(
        rows, columns, figsize=(5.0, height * rows), **layout
    )
    figure.set_label(alt)
    return figure, axes


def matrix(
    axes: Axes,
    entries: Tensor,
    title: str,
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    highlight: Sequence[int] = (),
    color: str = BLUE,
) -> None:
    """Draw a matrix as a picture: each entry as a number on a tint that deepens with its size.

    Parameters
    ----------
    axes
        Where to draw.
    entries
        A matrix of shape (m, n).
    title
        The title of the panel.
    rows, columns
        Labels of the rows and the columns.
    highlight
        The rows to frame.
    color
        The hue of the tints and the frame.

    Raises
    ------
    ValueError
        If `entries` is not a matrix, or is empty.
    """
    if entries.dim() != 2:
        raise ValueError(
            f"entries must be a matrix, but it has {entries.dim()} dimensions."
        )
    if entries.numel() == 0:
        raise ValueError(
            f"entries is empty: it has shape {tuple(entries.shape)}."
        )
    m, n = entries.shape
    largest = float(entries.abs().max()) or 1.0
    for i, row in enumerate(entries.tolist()):
        for j, entry in enumerate(row):
            alpha = 0.45 * abs(entry) / largest
            axes.add_patch(
                Rectangle(
                    (j, i), 1, 1, facecolor=color, alpha=alpha, linewidth=0
                )
            )
            axes.add_patch(Rectangle((j, i), 1, 1, fill=False, edgecolor=GRID))
            axes.text(
                j + 0.5, i + 0.5, f"{entry:.4g}", ha="center", va="center"
            )
    for i in highlight:
        axes.add_patch(
            Rectangle(
                (0, i),
                n,
                1,
                fill=False,
                edgecolor=color,
                linewidth=2.5,
                zorder=3,
            )
        )
    axes.set(
        xlim=(-0.03, n + 0.03),
        ylim=(m + 0.03, -0.03),
        aspect="equal",
        title=title,
    )
    axes.set_xticks([j + 0.5 for j in range(len(columns))], columns)
    axes.set_yticks([i + 0.5 for i in range(len(rows))], rows)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def plot_branches(
    axes: Axes, branches: Sequence[tuple[Tensor, Tensor]], **line: Any
) -> None:
    """Draw a function that has a pole or jumps: one line for each branch, and nothing between.

    Parameters
    ----------
    axes
        Where to draw.
    branches
        Pairs (x, y) of vectors, one for each interval on which the function is continuous.
    line
        Passed on to `matplotlib.axes.Axes.plot`. All branches have one colour, and the label
        appears once in the legend.
    """
    for x, y in branches:
        (drawn,) = axes.plot(x.detach().numpy(), y.detach().numpy(), **line)
        line["color"] = drawn.get_color()
        line.pop("label", None)
