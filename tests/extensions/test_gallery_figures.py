"""Figures are saved twice, with the same bytes each time."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import gallery_figures
import matplotlib.pyplot as plt
import pytest
from docutils import nodes
from docutils.utils import new_document
from matplotlib.figure import Figure
from scour import scour
from sphinx.application import Sphinx

from autograd_tutorial import figures


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


class TestGalleryFigures:
    """Figures, saved twice."""

    def draw(self, title: str = "A line") -> Figure:
        """Start a figure."""
        figure, axes = figures.new("A line rises.")
        axes.plot([0, 1], [0, 1])
        axes.set_title(title)
        return figure

    def test_same_bytes_twice(self, tmp_path: Path) -> None:
        """Two runs save the same bytes."""
        first, second = tmp_path / "a" / "x.svg", tmp_path / "b" / "x.svg"
        for path in (first, second):
            path.parent.mkdir()
            gallery_figures.save(self.draw(), path)
        assert first.read_bytes() == second.read_bytes()

    def test_dark_version_differs_in_ink_and_grid_alone(
        self, tmp_path: Path
    ) -> None:
        """The dark version is the light one with two colours replaced."""
        light = tmp_path / "x.svg"
        gallery_figures.save(self.draw(), light)
        dark = gallery_figures.dark_version(light).read_text(encoding="utf-8")
        expected = light.read_text(encoding="utf-8")
        assert figures.INK in expected
        assert figures.GRID in expected
        expected = expected.replace(figures.INK, figures.INK_ON_DARK)
        assert dark == expected.replace(figures.GRID, figures.GRID_ON_DARK)

    def test_images_carry_text_and_size(self, tmp_path: Path) -> None:
        """Both images have the alternative text, and the size in CSS pixels."""
        light = tmp_path / "x.svg"
        gallery_figures.save(self.draw(), light)
        for image in gallery_figures.images(light, "/x.svg"):
            assert image["alt"] == "A line rises."
            assert image["width"] == "480"
        assert [
            image["uri"] for image in gallery_figures.images(light, "/x.svg")
        ] == [
            "/x.svg",
            "/x_dark.svg",
        ]

    def test_a_figure_without_alternative_text_is_refused(
        self, tmp_path: Path
    ) -> None:
        """A figure that was not started with figures.new has no description."""
        figure = self.draw()
        figure.set_label("")
        with pytest.raises(ValueError, match=r"start it with figures\.new"):
            gallery_figures.save(figure, tmp_path / "x.svg")

    def test_a_figure_without_title_is_refused(self, tmp_path: Path) -> None:
        """Every figure has a title."""
        with pytest.raises(
            ValueError, match="A figure has no title: 'A line rises"
        ):
            gallery_figures.save(self.draw(title=""), tmp_path / "x.svg")

    def test_a_script_without_a_place_is_refused(self) -> None:
        """A new script is told where to enter itself."""
        assert gallery_figures.reading_order("vector_to_scalar.py") == 0
        with pytest.raises(
            ValueError, match=r"gallery/new\.py has no place yet: add it"
        ):
            gallery_figures.reading_order("new.py")

    @pytest.mark.parametrize(
        ("page", "order"),
        [
            ("gallery/x", "PPFFrCrCP"),  # r: the HTML that begins and ends it
            ("theory/x", "PPCFFCP"),
        ],
    )
    def test_code_is_folded_below_its_figures(
        self, page: str, order: str
    ) -> None:
        """Below all that one cell draws; a cell that draws nothing, and other pages, stay."""
        kinds: dict[str, type[nodes.TextElement]] = {
            "P": nodes.paragraph,
            "C": nodes.literal_block,
        }
        document, section = new_document("x"), nodes.section()
        document += section
        for kind in "PPCFFCP":
            figure = nodes.container("", classes=["house-figures"])
            section += figure if kind == "F" else kinds[kind]("", kind)
        app = SimpleNamespace(env=SimpleNamespace(docname=page))
        gallery_figures.fold_drawing(cast("Sphinx", app), document)
        letters: dict[type, str] = {nodes.container: "F", nodes.raw: "r"}
        letters |= {kind: letter for letter, kind in kinds.items()}
        assert "".join(letters[type(node)] for node in section) == order
        assert all(node.parent is section for node in section)

    def test_scour_leaves_what_refers_to_nothing(self) -> None:
        """When it no longer does, `minified` need not take it out."""
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            'xmlns:xlink="http://www.w3.org/1999/xlink">'
            '<defs><path id="space"/></defs><use xlink:href="#space"/></svg>'
        )
        small = scour.scourString(drawing)
        assert "<use" in small
        assert "<path" not in small
        assert "<use" not in gallery_figures.minified(drawing)
