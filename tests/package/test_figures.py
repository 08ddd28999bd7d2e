"""The house style of the plots."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_rgb

from autograd_tutorial import figures

SERIES = {
    name: getattr(figures, name)
    for name in ("BLUE", "ORANGE", "GREEN", "PURPLE")
}
GROUNDS = {"light": "#ffffff", "dark": "#131416"}


def luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in to_rgb(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", SERIES)
def test_series_read_on_both_grounds(name: str, ground: str) -> None:
    """Each series colour has a contrast of at least 3 : 1, on light and on dark."""
    assert contrast(SERIES[name], GROUNDS[ground]) >= 3


def test_ink_reads_on_its_ground() -> None:
    """The ink has a contrast of at least 7 : 1 on its own ground."""
    assert contrast(figures.INK, GROUNDS["light"]) >= 7
    assert contrast(figures.INK_ON_DARK, GROUNDS["dark"]) >= 7


def test_no_colour_is_used_twice() -> None:
    """Ink and grid are unlike each other and every series, so that replacing them is safe."""
    colors = [
        figures.INK,
        figures.INK_ON_DARK,
        figures.GRID,
        figures.GRID_ON_DARK,
    ]
    assert len({*colors, *SERIES.values()}) == len(colors) + len(SERIES)


def test_new_keeps_the_alternative_text() -> None:
    """The label of the figure is its alternative text; the width is 5 inches."""
    figure, axes = figures.new(
        "A line rises from left to right.", rows=2, height=2
    )
    assert figure.get_label() == "A line rises from left to right."
    assert figure.get_size_inches().tolist() == [5, 4]
    assert len(axes) == 2


@pytest.mark.parametrize("alt", ["", "  "], ids=["empty", "blank"])
def test_new_wants_alternative_text(alt: str) -> None:
    """A figure without alternative text is refused before it is drawn."""
    with pytest.raises(ValueError, match="alt is empty: say in a sentence"):
        figures.new(alt)


def test_matrix_writes_every_entry() -> None:
    """Each entry stands in its cell: row from the top, column from the left."""
    _, axes = figures.new("A matrix.")
    entries = torch.tensor([[1.0, 2.5, 0.0], [-3.0, 4.0, 5.0]])
    figures.matrix(
        axes,
        entries,
        "J",
        rows=["y₁", "y₂"],
        columns=["a", "b", "c"],
        highlight=[1],
    )
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written[0.5, 0.5] == "1"
    assert written[1.5, 0.5] == "2.5"
    assert written[0.5, 1.5] == "-3"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert axes.get_title(loc="left") == "J"


def test_matrix_of_zeros() -> None:
    """A matrix of zeros has no largest entry to scale by, and is drawn all the same."""
    _, axes = figures.new("A matrix of zeros.")
    figures.matrix(axes, torch.zeros(2, 2), "0")
    assert [text.get_text() for text in axes.texts] == ["0"] * 4


def test_matrix_wants_a_matrix() -> None:
    """A vector is refused."""
    _, axes = figures.new("Nothing.")
    with pytest.raises(
        ValueError, match="must be a matrix, but it has 1 dimensions"
    ):
        figures.matrix(axes, torch.ones(3), "v")


def test_matrix_wants_entries() -> None:
    """An empty matrix is refused."""
    _, axes = figures.new("Nothing.")
    with pytest.raises(
        ValueError, match=r"entries is empty: it has shape \(0, 3\)"
    ):
        figures.matrix(axes, torch.zeros(0, 3), "0")


def test_branches_share_a_colour_and_one_label() -> None:
    """Each branch is a line of its own, so nothing is drawn across the gap."""
    _, axes = figures.new("Two branches.")
    left, right = torch.linspace(-2, -1, 3), torch.linspace(1, 2, 3)
    figures.plot_branches(
        axes, [(left, 1 / left), (right, 1 / right)], label="1/x"
    )
    first, second = axes.lines
    assert first.get_color() == second.get_color()
    assert axes.get_legend_handles_labels()[1] == ["1/x"]
    assert first.get_xdata()[-1] < second.get_xdata()[0]
