"""A graph as a figure: everything is there without the script, and nothing comes from elsewhere."""

import re
import subprocess
import sys

import pytest
import torch
from bs4 import BeautifulSoup
from torch import Tensor

from autograd_tutorial import trace
from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Graph
from autograd_tutorial.graph.showing import page
from autograd_tutorial.graph.showing.steps import steps

TWO = torch.tensor(2.0, dtype=torch.float64)


@pytest.fixture
def graph() -> Graph:
    """Return the graph of F at 2."""
    return trace(log_sine_reciprocal, TWO)


@pytest.fixture
def figure(graph: Graph) -> BeautifulSoup:
    """Return its figure, parsed."""
    return BeautifulSoup(graph._repr_html_(), "html.parser")


def rows(figure: BeautifulSoup) -> list[list[str]]:
    """Return the cells of the table, without those of its head."""
    return [
        [cell.get_text() for cell in row.find_all(["td", "th"])]
        for row in figure.select("tbody tr")
    ]


def test_figure_stands_alone(figure: BeautifulSoup) -> None:
    """It brings its picture, one script and its styles, and refers to nothing outside."""
    (whole,) = figure.find_all(recursive=False)
    assert whole["class"] == ["autograd-graph"]
    assert (
        len(figure.select(".ag-frame svg")) == len(figure.find_all("svg")) == 2
    )
    assert len(figure.find_all("script")) == 1
    assert not figure.select("[src], link, img, iframe")
    html = re.sub(r"http://www.w3.org/2000/svg", "", str(figure))
    assert "://" not in html


def test_the_picture_comes_twice(figure: BeautifulSoup) -> None:
    """Downwards it fits a phone; the style sheet has a place at which it takes over."""
    widths = [
        int(str(figure.select(f"{way} svg")[0]["width"]))
        for way in (".ag-across", ".ag-down")
    ]
    assert widths[1] <= 320 < widths[0]
    (frame,) = figure.select(".ag-frame")
    (room,) = [name for name in frame["class"] if name.startswith("ag-from-")]
    assert widths[0] <= int(room.removeprefix("ag-from-")) < widths[0] + 32
    assert f".{room} .ag-down{{display:block}}" in page.style()


def test_the_signs_are_explained_above_the_picture(
    figure: BeautifulSoup,
) -> None:
    """One sentence, before the frame."""
    (legend,) = figure.select(".ag-legend")
    assert figure.select(".ag-legend + .ag-frame")
    assert all(sign in legend.get_text() for sign in "→←×")


def test_each_step_knows_its_line(figure: BeautifulSoup) -> None:
    """The line of code of the box's statement, in both passes; an input has none."""
    lines = [item.get("data-line") for item in figure.select(".ag-told li")]
    assert lines[0] is None
    assert lines[-1] is None
    assert lines[1:8] == lines[-2:7:-1]
    assert all("torch." in str(line) or "/" in str(line) for line in lines[2:4])


def test_caption_ends_its_figure(figure: BeautifulSoup) -> None:
    """HTML allows a caption at the start or the end of a figure alone."""
    (caption,) = figure.select("figure > figcaption")
    assert caption.find_next_sibling() is None


def test_figures_share_no_id(figure: BeautifulSoup) -> None:
    """Nothing has an id, so the same graph may stand on a page twice."""
    assert not figure.select(
        "[id], [for], [aria-labelledby], [aria-describedby]"
    )


def test_without_the_script_everything_is_there(figure: BeautifulSoup) -> None:
    """The controls are hidden until the script shows them; the picture and the table are not."""
    (bar,) = figure.select(".ag-bar")
    assert bar.has_attr("hidden")
    assert not figure.select("svg [hidden], table [hidden], .ag-told [hidden]")
    for text in figure.select("svg text"):
        assert text.get_text().strip()


def test_controls_have_names(figure: BeautifulSoup) -> None:
    """Play, back, next, show all, a slider with a name, and a line that is read out."""
    buttons = figure.select(".ag-bar button[type=button]")
    assert [b.get_text() for b in buttons] == [
        "Play",
        "Back",
        "Next",
        "Show all",
    ]
    (slider,) = figure.select(".ag-bar input[type=range]")
    assert slider["aria-label"] == "Step"
    (said,) = figure.select("[aria-live=polite]")
    assert (
        said.get_text() == "The whole run, in 16 steps: 8 forward, 8 backward."
    )


def test_the_script_finds_what_it_plays(
    graph: Graph, figure: BeautifulSoup
) -> None:
    """Steps in the picture and sentences agree: as many as there are, in the same order."""
    told = [item.get_text() for item in figure.select(".ag-told li")]
    sentences = [step.sentence for step in steps(graph)]
    assert [f"Step {k} of 16. {t}" for k, t in enumerate(told, 1)] == sentences
    for name, phase in (("data-f", "Forward"), ("data-b", "Backward")):
        for way in (".ag-across", ".ag-down"):
            nodes = figure.select(f"{way} .ag-node[{name}]")
            numbers = {int(str(node[name])) for node in nodes}
            assert len(numbers) == len(nodes)
            assert len(numbers) == sum(phase in sentence for sentence in told)
    for used in re.findall(r'"\.(ag-[a-z]+)"', page.script()):
        assert f"{used}" in str(figure), used


def test_table_shows_the_evaluation_trace(figure: BeautifulSoup) -> None:
    """A row for each argument, with partial, message, the textbook's form and torch's own."""
    assert rows(figure)[3] == [
        "4",
        "13",
        "v3 = sin(x)",
        "0.9093",
        "1.386",
        "x",
        "−0.4161",
        "−0.5769",
        "x̄ += v̄3 · cos(x)",
        "grad * self.cos().conj()",
    ]
    heads = figure.select("thead th[scope=col]")
    assert [head.get_text() for head in heads] == list(page.HEADER)
    assert len(figure.select("tbody th[scope=row]")) == 8
    assert figure.select("details:not([open]) table")


def test_table_shows_small_matrices_on_demand() -> None:
    """A partial with a structure opens to its numbers, and so does a value that is not written."""

    def f(x: Tensor) -> Tensor:
        return torch.tanh(x) * 2

    x = torch.arange(6.0).reshape(2, 3)
    figure = BeautifulSoup(
        trace(f, x, cotangent=torch.ones(2, 3))._repr_html_(), "html.parser"
    )
    opened = {
        block.select("summary")[0].get_text(): block.select("pre")[0].get_text()
        for block in figure.select("td details")
    }
    assert opened["2 I"].splitlines()[1].split() == [
        "0",
        "2",
        "0",
        "0",
        "0",
        "0",
    ]
    assert opened["diag(6)"].splitlines()[0].split()[0] == "1"
    assert opened["(2, 3)"]


def test_large_graph_says_so_and_shows_both_ends_of_the_table() -> None:
    """Too many nodes for a picture: the reason, and forty rows of the table."""

    def many(x: Tensor) -> Tensor:
        # No two neighbours alike, so that nothing can be folded.
        for k in range(200):
            kinds = torch.sin, torch.cos, torch.tanh, torch.sigmoid, torch.exp
            x = kinds[(k * k + k // 7) % 5](x) * 0.1
        return x

    graph = trace(many, TWO)
    figure = BeautifulSoup(graph._repr_html_(), "html.parser")
    assert not figure.select("svg, .ag-bar")
    assert "too many for a picture" in figure.get_text()
    shown = rows(figure)
    assert len(shown) == page.MOST_ROWS + 1
    assert "rows more: print(graph.to_table())" in shown[page.MOST_ROWS // 2][0]
    assert shown[-1][2] == graph.nodes[-1].statement
    assert len(graph.to_table().splitlines()) >= len(graph.nodes)


def test_caption_reports_the_check() -> None:
    """An exact graph says so; one with a hook says where it does not agree."""

    def hooked(x: Tensor) -> Tensor:
        y = torch.sin(x)
        y.register_hook(lambda g: 3 * g)
        return y * 2

    exact = trace(torch.sin, TWO)._repr_html_()
    assert "Checked: each message is adjoint times local derivative" in exact
    doubted = trace(hooked, TWO)._repr_html_()
    assert "The check found a difference of 4." in doubted
    assert "The messages to y do not add up to its adjoint" in doubted


def test_caption_where_no_partial_is_built() -> None:
    """Nothing is said to be compared on 0 arrows."""
    x = torch.ones(100)
    shown = trace(lambda x: x.sin().cos(), x, cotangent=x)._repr_html_()
    assert "on the 0 of" not in shown
    assert "No local derivative is built here" in shown
    assert "Checked: each adjoint is the sum of its messages" in shown
    some = trace(lambda x: x.sin().sum(), x[:60])._repr_html_()
    assert "(on the 1 of 2 arrows where it is built)" in some


def test_caption_names_the_first_nan() -> None:
    """A learner who meets a NaN reads where it began."""
    figure = trace(lambda x: torch.log(x) * x, torch.zeros(()))._repr_html_()
    assert "<strong>The first NaN is the value of v2 = mul(v1, x)" in figure


def test_html_is_escaped() -> None:
    """Names and formulas cannot break the page."""
    x = torch.tensor(1.0)
    figure = trace(torch.sin, x, names=["<b>&\"'"])._repr_html_()
    assert "<b>" not in figure
    assert BeautifulSoup(figure, "html.parser").select("svg text")


def test_markdown_table_has_as_many_cells_in_each_row(graph: Graph) -> None:
    """Bars within a cell are escaped, so that the table holds together."""
    lines = graph.to_table().splitlines()
    counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert counts == {len(page.HEADER) + 1}
    assert len(lines) == 2 + 10  # the head, and a line for x and for each edge


def test_same_bytes_in_another_process(graph: Graph) -> None:
    """The figure does not depend on the run's memory addresses or the hash seed."""
    code = (
        "import torch; from autograd_tutorial import trace; "
        "from autograd_tutorial.functions import log_sine_reciprocal as f; "
        "x = torch.tensor(2.0, dtype=torch.float64); "
        "import sys; sys.stdout.buffer.write(trace(f, x)._repr_html_().encode())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode() == graph._repr_html_()
