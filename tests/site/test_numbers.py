"""Every number in the prose of a page that runs code stands in what the page runs.

It may stand in a cell, hidden or not, in an output, in the script or in the module of an exercise.
So a number that is mistyped, or that was computed once and has changed since, is found without a
test of its own. Rows of numbers, as in (1, 13, 40), must stand there as rows.
"""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from test_prose import STATED

from autograd_tutorial import exercises

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CELL = re.compile(r"^```\{code-cell\}.*?^```", re.DOTALL | re.MULTILINE)
ASKED = re.compile(r"^run: \|\n(?:  .*\n)+", re.MULTILINE)
"""What torch runs for a prediction."""
PAGES = sorted(
    [
        path.relative_to(DOCS).with_suffix(".html").as_posix()
        for path in DOCS.rglob("*.md")
        if CELL.search(path.read_text("utf-8"))
        or path.match("exercises/ex*.md")
    ]
    + [f"gallery/{path.stem}.html" for path in ROOT.glob("gallery/*.py")]
)

RUN = "pre, .cell_output, .pasted-text, figure:not(.predict), .predict .right, .autograd-graph"
NO_PROSE = "h1, h2, h3, a, annotation, .sphx-glr-footer, section#sources"
NAMED = re.compile(
    r"\b(?:exercises?|parts?|chapters?|sections?)(?:(?:,| and)? \d+)+",
    re.IGNORECASE,
)
"""What has a number for a name: it is not computed."""
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
ROW = re.compile(rf"{NUMBER.pattern}(?:\s?,\s?{NUMBER.pattern})+")

ELSEWHERE = {
    "exercises/ex1_gradient_argument.html": "x = (3, 1, 2)",
    "exercises/ex3_backward_twice.html": "x = (0, 1, 2, 3)",
    "gallery/control_flow.html": "k = 2, 4, 8, 16",
    "gallery/ex5_log_sine_reciprocal.html": "the defaults of allclose: 8, 5; powers of ten: 100",
    "gallery/vector_to_scalar.html": "x = (0, 1, 2, 3)",
    "how-to/check-your-answers.html": "a long time to sleep: 1000",
    "theory/backward-propagation.html": "a year: 1986",
    "theory/forward-propagation.html": "a function with as many inputs: 100",
    "theory/what-a-gradient-costs.html": "a year: 2018",
    "tutorial.html": "numbers of the notebook's sections: 5",
}
"""What else a page may state: what it gives rather than computes, and names."""


def numbers(text: str) -> list[float]:
    """Return the numbers of a text, in order."""
    text = text.replace("\N{MINUS SIGN}", "-")
    text = re.sub(r"(?<=\d)_(?=\d)", "", text)
    return [float(number) for number in NUMBER.findall(text)]


def contains(whole: list[float], part: list[float]) -> bool:
    """Tell whether the numbers of a row follow one another in a list."""
    return any(
        whole[start : start + len(part)] == part
        for start in range(len(whole) - len(part) + 1)
    )


def plain(text: str) -> str:
    """Return a text with the minus sign of Python, and a sign next to its number."""
    text = re.sub(r"\s+", " ", text.replace("\N{MINUS SIGN}", "-"))
    return re.sub(r"(?<![\w.)] )- (?=\d)", "-", text)


def sources(page: str, article: Tag) -> list[list[float]]:
    """Take out of a page what ran and what came out; return the numbers of all that it runs."""
    found = [shown.extract().get_text() for shown in article.select(RUN)]
    found += STATED.get(page, [])
    found.append(ELSEWHERE.get(page, ""))
    stem = Path(page).stem
    if page.startswith("exercises/ex"):
        folder = Path(exercises.__file__).parent / stem
        parts = ("solution", "cases", "mistakes", "__init__")
        found += [(folder / f"{part}.py").read_text("utf-8") for part in parts]
    if not page.startswith("gallery/"):
        source = (DOCS / page).with_suffix(".md").read_text("utf-8")
        found += CELL.findall(source) + ASKED.findall(source)
    return [numbers(text) for text in found]


@pytest.mark.parametrize("page", PAGES)
def test_every_number_stands_in_what_the_page_runs(
    site: Path, page: str
) -> None:
    """A number or a row in the prose that no run knows is named with its sentence."""
    soup = BeautifulSoup((site / page).read_text("utf-8"), "html.parser")
    article = soup.find("article")
    assert isinstance(article, Tag)
    known = sources(page, article)
    single = {abs(number) for row in known for number in row}
    for left_out in article.select(NO_PROSE):
        left_out.decompose()
    unknown = []
    for block in article.select("p, td"):
        text = NAMED.sub("", plain(block.get_text(" ")))
        rows = [numbers(row[0]) for row in ROW.finditer(text)]
        missing: list[object] = [
            row for row in rows if not any(contains(k, row) for k in known)
        ]
        missing += [n for n in numbers(text) if abs(n) not in single]
        if missing:
            unknown.append(f"{page}: {missing} in: {text.strip()[:160]}")
    assert not unknown, (
        "These numbers stand in no cell, output or script of their page. Correct them, or add a "
        "hidden cell that asserts them:\n" + "\n".join(unknown)
    )


def test_stored_numbers_are_said_to_be_stored(site: Path) -> None:
    """A page that includes what an earlier run has measured says so, and the first page names it."""
    including = [
        path.relative_to(DOCS).with_suffix(".html")
        for path in DOCS.rglob("*.md")
        if re.search(r"\{include\} .*benchmarks/", path.read_text("utf-8"))
    ]
    assert including
    first = (site / "index.html").read_text("utf-8")
    for page in including:
        soup = BeautifulSoup((site / page).read_text("utf-8"), "html.parser")
        article = soup.find("article")
        assert article
        assert "they are stored" in plain(article.get_text(" "))
        assert f'href="{page.as_posix()}"' in first.partition("<article")[2]
