"""What the site shows comes from the present sources."""

import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import fresh_runs
import pytest
import small_site
from filelock import FileLock
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment


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


class TestAlone:
    """What Sphinx and sphinx-gallery do not do. When they do, fresh_runs need not."""

    def test_the_page_of_a_source_that_is_gone_stays(
        self, tmp_path: Path
    ) -> None:
        """https://github.com/sphinx-doc/sphinx/issues/14327."""
        small_site.write(
            tmp_path,
            conf_py="",
            index_rst="Title\n=====\n",
            gone_rst=":orphan:\n\nGone\n====\n",
        )
        assert small_site.build(tmp_path).returncode == 0
        (tmp_path / "gone.rst").unlink()
        assert small_site.build(tmp_path).returncode == 0
        assert "Gone" in small_site.read(tmp_path, "gone.html")

    def test_a_build_that_was_stopped_is_taken_for_done(
        self, tmp_path: Path
    ) -> None:
        """Its pages are not written again, though extensions had still to complete them."""
        small_site.write(
            tmp_path,
            conf_py="from pathlib import Path\n\n"
            "def stop(app, exception):\n"
            "    if Path(app.srcdir, 'stop.txt').exists():\n"
            "        raise KeyboardInterrupt\n\n"
            "def setup(app):\n"
            "    app.connect('build-finished', stop)\n",
            index_rst="Title\n=====\n",
            stop_txt="",
        )
        assert small_site.build(tmp_path).returncode != 0
        (tmp_path / "stop.txt").unlink()
        page = tmp_path / "site" / "index.html"
        page.write_text("not complete")
        assert small_site.build(tmp_path).returncode == 0
        assert page.read_text() == "not complete"

    def test_sphinx_gallery_keeps_a_script_that_is_gone_and_an_old_traceback(
        self, tmp_path: Path
    ) -> None:
        """The script has failed once, and is now as it was when it had run."""
        settings = {
            "examples_dirs": "scripts",
            "gallery_dirs": "gallery",
            "filename_pattern": ".py",
        }
        conf = f"extensions = ['sphinx_gallery.gen_gallery']\nsphinx_gallery_conf = {settings}\n"
        small_site.write(tmp_path, conf_py=conf, index_rst="Title\n=====\n")
        scripts = tmp_path / "scripts"
        right, gone = ('"""\nName\n====\n"""\nprint("right")\n',) * 2
        wrong = right.replace("print", "wrong")
        small_site.write(
            scripts, README_rst="G\n=\n", script_py=right, gone_py=gone
        )
        assert small_site.build(tmp_path).returncode == 0
        (scripts / "gone.py").unlink()
        small_site.write(scripts, script_py=wrong)
        assert small_site.build(tmp_path).returncode != 0
        small_site.write(scripts, script_py=right)
        small_site.build(tmp_path)
        assert (tmp_path / "gallery" / "gone.rst").exists()
        assert "NameError" in small_site.read(tmp_path, "gallery/script.html")
