"""The site's own small extensions."""

import gc
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import fresh_runs
import gallery_figures
import kernels
import matplotlib.pyplot as plt
import nbformat
import pytest
from docutils import nodes
from filelock import FileLock
from mathml import to_mathml
from matplotlib.figure import Figure
from myst_nb.core.utils import coalesce_streams
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from autograd_tutorial import figures


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def formula(latex: str) -> str:
    """Return the MathML of a formula within a line."""
    return to_mathml(nodes.math(), latex, display=False)


class TestMathml:
    """LaTeX to MathML."""

    def test_keeps_the_source(self) -> None:
        """The LaTeX source stays in the page."""
        assert "<annotation" in formula(r"v^\top J")
        assert r"v^\top J" in formula(r"v^\top J")

    @pytest.mark.parametrize("latex", [r"\nosuchcommand x", r"\frac{1}", "x^"])
    def test_warns_of_what_it_does_not_know(
        self, latex: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An unknown command or a broken formula is a warning, which fails the build."""
        with caplog.at_level(logging.WARNING, "sphinx.mathml"):
            logging.getLogger("sphinx.mathml").propagate = True
            logging.getLogger("sphinx").propagate = True
            assert formula(latex) == ""
        assert any(
            record.levelno == logging.WARNING for record in caplog.records
        )

    @pytest.mark.parametrize("latex", ["F'(x)", r"\sigma'(z)", "f''"])
    def test_a_prime_is_no_superscript(self, latex: str) -> None:
        """The prime stands beside its letter."""
        assert "<msup>" not in formula(latex)
        assert '<mo lspace="0" rspace="0">' in formula(latex)

    def test_a_power_is_a_superscript(self) -> None:
        """Other superscripts stay what they are."""
        assert "<msup>" in formula("x^2")


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


def test_prints_are_joined_as_they_were_printed() -> None:
    """A line that the kernel sends in parts stays a line, and gains no empty one after it."""
    kernels.setup(cast("Sphinx", None))
    parts = ("one", " line\\n", "two", "\\nthree")
    source = "".join(f"print('{part}', end='', flush=True)\n" for part in parts)
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(source)]  # type: ignore[no-untyped-call]
    )
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (shown,) = coalesce_streams(notebook.cells[0].outputs)
    assert shown.text == "one line\ntwo\nthree\n"


@pytest.mark.skipif(os.name != "posix", reason="ZeroMQ has such sockets there")
def test_kernels_take_no_port_from_each_other() -> None:
    """Those that run at the same time listen in folders of their own, which go with them."""
    kernels.setup(cast("Sphinx", None))
    source = "import json; print(open(get_ipython().kernel.config['IPKernelApp']['connection_file']).read())"
    folders = set()
    for _ in range(2):
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
            cells=[nbformat.v4.new_code_cell(source)]  # type: ignore[no-untyped-call]
        )
        client = NotebookClient(notebook, kernel_name="python3", timeout=120)
        client.execute()
        connection = json.loads(notebook.cells[0].outputs[0].text)
        assert connection["transport"] == "ipc"
        folders.add(Path(connection["ip"]).parent)
        del client
    gc.collect()
    assert len(folders) == 2
    assert not any(folder.exists() for folder in folders)


class TestFreshRuns:
    """What a run depends on besides its own source."""

    def build(
        self, sources: Path, fingerprint: str, *, fails: bool = False
    ) -> bool:
        """Go through a build; tell whether what an earlier one generated was kept."""
        config = SimpleNamespace(run_fingerprint=fingerprint)
        sources = sources / "docs"
        sources.mkdir(exist_ok=True)
        app = cast("Sphinx", SimpleNamespace(srcdir=sources, config=config))
        fresh_runs.discard_stale_gallery(app)
        generated = sources / "gallery" / "x.rst"
        kept = generated.exists()
        generated.parent.mkdir(exist_ok=True)
        generated.touch()
        fresh_runs.keep_gallery(app, RuntimeError() if fails else None)
        return kept

    def test_generated_gallery_is_kept_while_nothing_changes(
        self, tmp_path: Path
    ) -> None:
        """The same package, the same torch: what was generated stays."""
        assert not self.build(tmp_path, "same")
        assert self.build(tmp_path, "same")
        assert self.build(tmp_path, "same")

    def test_generated_gallery_is_removed_when_the_package_changes(
        self, tmp_path: Path
    ) -> None:
        """Another package or torch: everything is generated anew."""
        self.build(tmp_path, "old")
        assert not self.build(tmp_path, "new")

    def test_generated_gallery_is_removed_when_a_script_is_gone(
        self, tmp_path: Path
    ) -> None:
        """Otherwise sphinx-gallery would keep its page."""
        script = tmp_path / "gallery" / "newton.py"
        script.parent.mkdir()
        script.touch()
        self.build(tmp_path, "same")
        assert self.build(tmp_path, "same")
        script.unlink()
        assert not self.build(tmp_path, "same")

    def test_a_build_that_was_stopped_is_begun_anew(
        self, tmp_path: Path
    ) -> None:
        """What it had read is forgotten; a build that came to its end is built upon."""
        folder = tmp_path / "html" / ".doctrees"
        app = cast("Sphinx", SimpleNamespace(doctreedir=folder))
        read = folder / "environment.pickle"
        fresh_runs.forget_stopped_build(app, cast("Config", None))
        read.touch()
        fresh_runs.note_end(app, None)
        fresh_runs.forget_stopped_build(app, cast("Config", None))
        assert read.exists()
        fresh_runs.forget_stopped_build(app, cast("Config", None))
        assert not read.exists()

    def test_a_deleted_page_leaves_the_site_with_its_card(
        self, tmp_path: Path
    ) -> None:
        """No other page goes, not even one whose name begins alike."""
        gone, kept = "theory/modes", "theory/modes_compared"
        cards = tmp_path / "_images" / "social_previews"
        cards.mkdir(parents=True)
        files = {}
        for name in (gone, kept):
            card = f"summary_{name.replace('/', '_')}_0123abcd.png"
            files[name] = [tmp_path / f"{name}.html", cards / card]
            for file in files[name]:
                file.parent.mkdir(exist_ok=True)
                file.touch()
        builder = SimpleNamespace(format="html")
        app = SimpleNamespace(outdir=tmp_path, builder=builder)
        fresh_runs.remove_deleted(
            cast("Sphinx", app),
            cast("BuildEnvironment", None),
            set(),
            set(),
            {gone},
        )
        assert not any(file.exists() for file in files[gone])
        assert all(file.exists() for file in files[kept])

    def test_two_builds_in_one_folder_wait_for_each_other(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The second says so, and goes on when the first has ended."""
        (tmp_path / "_build").mkdir()
        first = FileLock(tmp_path / "_build" / "build.lock")
        app = cast("Sphinx", SimpleNamespace(srcdir=tmp_path))
        second = threading.Thread(
            target=fresh_runs.wait_for_others,
            args=(app, cast("Config", None)),
            daemon=True,
        )
        for logger in ("sphinx", "sphinx.fresh_runs"):
            logging.getLogger(logger).propagate = True
        with caplog.at_level(logging.INFO, "sphinx.fresh_runs"), first:
            second.start()
            second.join(1)
            assert second.is_alive()
        second.join(60)
        assert not second.is_alive()
        fresh_runs.held.pop().release()
        assert f"Waiting for another build of {tmp_path} to end." in caplog.text

    def test_generated_gallery_is_removed_after_a_failure(
        self, tmp_path: Path
    ) -> None:
        """A script that failed has left a page with a traceback."""
        self.build(tmp_path, "same")
        assert self.build(tmp_path, "same", fails=True)
        assert not self.build(tmp_path, "same")

    def test_fingerprint_depends_on_the_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A change to a module of the package changes the fingerprint."""
        (tmp_path / "__init__.py").touch()
        monkeypatch.setattr(
            "autograd_tutorial.__file__", str(tmp_path / "__init__.py")
        )
        app, config = cast("Sphinx", None), SimpleNamespace()
        fingerprints = set()
        for body in ("x = 1", "x = 2"):
            (tmp_path / "functions.py").write_text(body)
            fresh_runs.fingerprint_inputs(app, cast("Config", config))
            fingerprints.add(config.run_fingerprint)
        assert len(fingerprints) == 2
