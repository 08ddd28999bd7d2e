"""The page of each exercise: what it offers and says is what the package has."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from learner import solved
from notebooks import Run, one_kernel

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.exercises import EXERCISES, starter

EACH = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


def page(site: Path, exercise: Exercise) -> tuple[Path, Tag]:
    """Return the page of an exercise."""
    path = site / "exercises" / f"{exercise.stem}.html"
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    article = soup.find("article")
    assert isinstance(article, Tag)
    return path, article


def offered(site: Path, exercise: Exercise, suffix: str) -> Path:
    """Return the starter that the page offers."""
    path, article = page(site, exercise)
    (link,) = article.select(f'a[download][href$="/{exercise.stem}{suffix}"]')
    return (path.parent / str(link["href"])).resolve()


@EACH
def test_page_says_what_the_exercise_says(
    site: Path, exercise: Exercise
) -> None:
    """The title, each hint, and each known mistake with its sentence and a link."""
    _, article = page(site, exercise)
    heading = article.find("h1")
    assert heading is not None
    title = f"Exercise {exercise.number}: {exercise.title}"
    assert heading.get_text().startswith(title)
    hints = [hint.get_text() for hint in article.select("details.hint")]
    assert len(hints) == len(exercise.hints)
    for text, hint in zip(hints, exercise.hints, strict=True):
        assert plain(hint) in plain(text)
    shown = article.select("details.mistake")
    mistakes = [m for task in exercise.tasks for m in task.misconceptions]
    assert len(shown) == len(mistakes)
    for entry, mistake in zip(shown, mistakes, strict=True):
        assert entry.summary is not None
        assert plain(mistake.name) in plain(entry.summary.get_text())
        assert plain(mistake.why) in plain(entry.get_text())
        name, _, anchor = mistake.see.partition("#")
        (link,) = entry.select(f'a[href$="#{anchor}"]')
        here = Path(name).name == exercise.stem
        assert here or Path(name).name in str(link["href"])
        assert entry.find("pre") is not None


def plain(text: str) -> str:
    """Return a text without its backticks, quotes and spaces, which Markdown sets as it likes."""
    kept = (letter for letter in text if letter.isalnum())
    return "".join(kept).lower()


@EACH
def test_page_has_the_parts_of_an_exercise(
    site: Path, exercise: Exercise
) -> None:
    """Statement, what is learned, starter, hints, solution, mistakes, in this order."""
    _, article = page(site, exercise)
    found = [
        heading.get_text().rstrip("¶#").strip()
        for heading in article.find_all("h2")
    ]
    wanted = [
        "Statement",
        "What you will have learned",
        "Start here",
        "Hints",
        "Solution",
        "Mistakes that people make",
    ]
    assert [heading for heading in found if heading in wanted] == wanted
    solutions = article.select("details.solution")
    assert solutions
    assert all("open" not in solution.attrs for solution in solutions)
    for task in exercise.tasks:
        if callable(task.solution):
            text = "".join(part.get_text() for part in solutions)
            assert f"def {task.name}(" in text


@EACH
def test_script_is_the_starter(site: Path, exercise: Exercise) -> None:
    """The script that the page offers is the package's own, below a comment on what it needs."""
    script = offered(site, exercise, ".py").read_text(encoding="utf-8")
    own = starter(exercise).read_text("utf-8")
    assert script.endswith(own)
    above = script.removesuffix(own).splitlines()
    assert above
    assert all(line.startswith("#") for line in filter(None, above))


@pytest.fixture(scope="module")
def run_notebook() -> Iterator[Run]:
    """Run notebooks."""
    with one_kernel() as run:
        yield run


@EACH
def test_notebook_answers_back(
    site: Path,
    exercise: Exercise,
    run_notebook: Run,
    tmp_path: Path,
) -> None:
    """The notebook runs; its last cell is a card, which says passed only when it is solved."""
    notebook = nbformat.read(  # type: ignore[no-untyped-call]
        offered(site, exercise, ".ipynb"), as_version=4
    )
    # The environment has the package; tests/downloads runs this cell in one that has not.
    assert "pip install" in notebook.cells.pop(0).source
    run_notebook(notebook, tmp_path)
    untouched = card(notebook)
    assert "Not yet" in untouched
    assert "still to do" in untouched
    # The solved script, with its cells in the place of the notebook's.
    cells = solved(exercise).replace(".exit()", "").split("# %%")[2:]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, source in zip(code, cells, strict=True):
        cell.source = source
    run_notebook(notebook, tmp_path)
    done = card(notebook)
    assert "Not yet" not in done
    assert done.count("Passed:") == len(exercise.tasks)


def card(notebook: nbformat.NotebookNode) -> str:
    """Return the text of the card that the last cell of a notebook shows."""
    (output,) = notebook.cells[-1].outputs
    shown = BeautifulSoup(output.data["text/html"], "html.parser")
    return shown.get_text(" ")
