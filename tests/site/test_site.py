"""The site as built: what every page must have, and what the tutorial must show."""

import posixpath
import re
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from fontTools.ttLib import TTFont

from autograd_tutorial import figures

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def test_every_page_is_there(pages: dict[str, BeautifulSoup]) -> None:
    """The pages that the site promises."""
    expected = {
        "index.html",
        "tutorial.html",
        "play/graph.html",
        "play/vjp.html",
        "play/jumps.html",
        "play/descent.html",
        "play/rounding.html",
        "play/float32.html",
        "cheat-sheet.html",
        "theory/forward-propagation.html",
        "theory/backward-propagation.html",
        "theory/training-by-hand.html",
        "theory/what-a-gradient-costs.html",
        "theory/jacobians.html",
        "theory/modes.html",
        "theory/higher-derivatives.html",
        "theory/what-autograd-records.html",
        "theory/where-autograd-misleads.html",
        "theory/your-own-derivative.html",
        "gallery/index.html",
        "gallery/vector_to_scalar.html",
        "gallery/ex1_gradient_argument.html",
        "gallery/control_flow.html",
        "gallery/ex2_sine_derivative.html",
        "gallery/ex5_log_sine_reciprocal.html",
        "gallery/walk_the_graph.html",
        "gallery/training.html",
        "gallery/accumulation.html",
        "gallery/cost_of_modes.html",
        "gallery/newton.html",
        "gallery/checkpointing.html",
        "gallery/kinks.html",
        "how-to/trace-your-own-function.html",
        "how-to/check-your-answers.html",
        "troubleshooting/index.html",
        "troubleshooting/error-messages.html",
        "troubleshooting/silent-mistakes.html",
        "exercises/index.html",
        "exercises/ex1_gradient_argument.html",
        "exercises/ex2_sine_derivative.html",
        "exercises/ex3_backward_twice.html",
        "exercises/ex4_control_flow.html",
        "exercises/ex5_log_sine_reciprocal.html",
        "exercises/ex6_both_directions.html",
        "exercises/ex7_second_derivative.html",
        "exercises/ex8_forward_or_reverse.html",
        "reference/index.html",
        "reference/functions.html",
        "reference/graph.html",
        "reference/graph-benchmark.html",
        "reference/exercises.html",
        "reference/checker.html",
        "reference/figures.html",
        "glossary.html",
        "contributing.html",
        "search.html",
        "genindex.html",
        "404.html",
    }
    assert expected <= set(pages)


def attribute(tag: Tag, name: str) -> str:
    """Return an attribute as a string, empty if it is missing."""
    value = tag.get(name, "")
    return value if isinstance(value, str) else " ".join(value or ())


def target(page: str, link: str) -> tuple[str, str]:
    """Return the path within the site that a link leads to, and its anchor."""
    parts = urlsplit(link)
    # The 404 page is shown at any address, so its links start at the root.
    if page == "404.html":
        base = posixpath.normpath(parts.path.lstrip("/"))
    else:
        base = posixpath.normpath(
            posixpath.join(posixpath.dirname(page), parts.path)
        )
    return (unquote(base) if parts.path else page), unquote(parts.fragment)


def links(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    """Yield every element that refers to something, with the reference."""
    for tag in soup.find_all(
        ["a", "link", "img", "script", "source", "iframe"]
    ):
        for name in ("href", "src"):
            if reference := attribute(tag, name):
                yield tag, reference


def test_no_broken_link_or_anchor(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """Every internal link leads to a file of the site, and every anchor to an id in it."""
    broken = []
    for page, soup in pages.items():
        for _, link in links(soup):
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            path, anchor = target(page, link)
            if anchor.startswith("step="):
                continue  # a step of a graph, tested below
            if not (site / path).exists():
                broken.append(f"{page}: {link}: no such file")
            elif anchor and path in pages and not pages[path].find(id=anchor):
                broken.append(f"{page}: {link}: no such anchor")
    assert not broken, "\n".join(broken)


def test_no_asset_from_another_host(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """Scripts, styles, fonts and images come from the site: nothing is loaded from elsewhere."""
    foreign = []
    for page, soup in pages.items():
        for tag, link in links(soup):
            loads = tag.name != "a" and attribute(tag, "rel") not in (
                "canonical",
                "next",
                "prev",
            )
            if loads and urlsplit(link).netloc:
                foreign.append(f"{page}: <{tag.name}> {link}")
        for tag in soup.find_all(style=True):
            foreign += [
                f"{page}: style {url}"
                for url in foreign_urls(attribute(tag, "style"))
            ]
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        foreign += [f"{style.name}: {url}" for url in foreign_urls(text)]
    assert not foreign, "\n".join(foreign)


def foreign_urls(css: str) -> list[str]:
    """Return what a style sheet would load from another host."""
    return re.findall(
        r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]+)""", css
    )


def test_no_math_script(pages: dict[str, BeautifulSoup]) -> None:
    """No page loads MathJax or KaTeX; every formula is MathML with its LaTeX source inside."""
    formulas = 0
    for page, soup in pages.items():
        for script in soup.find_all("script", src=True):
            assert not re.search(
                "mathjax|katex", attribute(script, "src"), re.IGNORECASE
            ), page
        for block in soup.select("div.math"):
            assert block.find("math"), f"{page}: a displayed formula is empty"
        for formula in soup.find_all("math"):
            annotation = formula.find("annotation")
            assert annotation is not None, page
            # Of a template, get_text has nothing.
            assert (annotation.string or "").strip(), page
            formulas += 1
    assert formulas > 200


def test_math_font_holds_every_character(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """The font that the site carries has a glyph for each character of each formula."""
    style = (site / "_static" / "math.css").read_text("utf-8")
    (data,) = re.findall(r"base64,([^\"]+)", style)
    font = TTFont(BytesIO(b64decode(data)))
    known = set(font.getBestCmap())
    shown = set()
    for soup in pages.values():
        for formula in soup.find_all("math"):
            for text in formula.find_all(string=True):
                if not text.find_parent("annotation"):
                    shown |= set(map(ord, text))
    # Characters without ink: white space, and the invisible operators of MathML.
    shown -= set(map(ord, " \n\t\u00a0\u2009\u2061\u2062\u2063"))
    assert shown - known == set()
    assert "SIL Open Font License" in font["name"].getDebugName(13)


def test_every_page_has_one_heading_a_title_and_a_description(
    pages: dict[str, BeautifulSoup],
) -> None:
    """One h1, a title, a language, and one description of a sentence's length."""
    for page, soup in pages.items():
        assert len(soup.find_all("h1")) == 1, page
        assert soup.title, page
        assert soup.title.get_text(strip=True), page
        assert attribute(soup.html or Tag(name="html"), "lang") == "en", page
        descriptions = [
            attribute(tag, "content")
            for tag in soup.select('meta[name="description"]')
        ]
        assert len(descriptions) == 1, page
        assert 20 <= len(descriptions[0]) <= 200, f"{page}: {descriptions}"


def test_every_written_page_brings_its_description() -> None:
    """Where it has none, the first words of the page would be taken."""
    pages = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if "_build" not in path.parts
    ]
    assert len(pages) > 30
    lacking = []
    for page in pages:
        _, front, _ = (ROOT / page).read_text("utf-8").split("---\n", 2)
        about = yaml.safe_load(front)["myst"]["html_meta"]
        if not about.get("description"):
            lacking.append(page)
    assert not lacking, "\n".join(lacking)


def test_every_image_has_alternative_text_and_a_size(
    pages: dict[str, BeautifulSoup],
) -> None:
    """A figure's alternative text is a sentence. A thumbnail's is empty: its title says it all."""
    count = 0
    for page, soup in pages.items():
        for image in soup.find_all("img"):
            if image.find_parent(class_="sphx-glr-thumbcontainer"):
                continue
            count += 1
            alt = attribute(image, "alt")
            assert len(alt) > 30, f"{page}: {attribute(image, 'src')}: {alt!r}"
            assert alt.rstrip().endswith("."), f"{page}: {alt!r}"
            assert attribute(image, "width").isdigit(), page
            assert attribute(image, "height").isdigit(), page
    assert count > 30


def test_every_figure_has_a_light_and_a_dark_version(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """The two versions are the same drawing, save for the ink and the grid."""
    compared = 0
    for page, soup in pages.items():
        for holder in soup.select(".house-figures"):
            light, dark = holder.select("img")
            assert "only-light" in attribute(light, "class")
            assert "only-dark" in attribute(dark, "class")
            assert attribute(light, "alt") == attribute(dark, "alt")
            drawings = [
                (site / target(page, attribute(image, "src"))[0]).read_text(
                    encoding="utf-8"
                )
                for image in (light, dark)
            ]
            for ink in (figures.INK, figures.GRID):
                assert ink not in drawings[1], page
            expected = drawings[0].replace(figures.INK, figures.INK_ON_DARK)
            assert (
                expected.replace(figures.GRID, figures.GRID_ON_DARK)
                == drawings[1]
            )
            assert drawings[0] != drawings[1]
            compared += 1
    assert compared >= 17


def test_figures_are_svg_without_a_date(site: Path) -> None:
    """Each figure is well-formed SVG that says what it shows, without a date or another host."""
    drawings = list((site / "_images").glob("sphx_glr_*_0*.svg"))
    assert len(drawings) >= 2 * 17
    for drawing in drawings:
        root = ET.parse(drawing).getroot()
        assert root.tag == SVG + "svg"
        assert root.findtext(".//{http://purl.org/dc/elements/1.1/}description")
        assert root.find(".//{http://purl.org/dc/elements/1.1/}date") is None
        assert not root.findall(f".//{SVG}image")
        ids = {element.get("id") for element in root.iter()}
        for use in root.iter(f"{SVG}use"):
            glyph = use.get("{http://www.w3.org/1999/xlink}href", "")
            assert glyph.removeprefix("#") in ids, f"{drawing}: {glyph}"


def cell_outputs(soup: BeautifulSoup) -> list[str]:
    """Return what the cells of a page printed, in order."""
    return [
        output.get_text().strip()
        for output in soup.select(
            ".cell_output .output.text_plain, .cell_output .output.stream"
        )
    ]


NOTEBOOK = [
    "tensor([0., 1., 2., 3.])",
    "tensor(28., grad_fn=<MulBackward0>)",
    "tensor([ 0.,  4.,  8., 12.])",
    "tensor([ 0.,  4.,  8., 12.], grad_fn=<MulBackward0>)",
    "tensor([True, True, True, True])",
    """x: tensor([1., 2.], requires_grad=True)
y: tensor([ 3., 12.], grad_fn=<MulBackward0>)
x.grad: tensor([ 6., 12.])""",
    """x: tensor([1., 2.], requires_grad=True)
y: tensor([ 3., 12.], grad_fn=<MulBackward0>)
x.grad: tensor([  6., 120.])""",
    "a: tensor(1.2009, requires_grad=True)\na.grad: tensor(1024.)",
    "tensor(True)",
]
"""Every output that the notebook prints, in its order."""


def test_tutorial_shows_every_output_of_the_notebook(
    pages: dict[str, BeautifulSoup],
) -> None:
    """The outputs stand on the page in the notebook's order, as computed output."""
    rest = iter(cell_outputs(pages["tutorial.html"]))
    for expected in NOTEBOOK:
        assert expected in rest, expected


@pytest.mark.parametrize(
    "output",
    [
        "element 0 of tensors does not require grad and does not have a grad_fn",
        "Only Tensors of floating point and complex dtype can require gradients",
        "tensor([ 0.,  8., 16., 24.])",
        "tensor([ 0., 12., 24., 36.])",
        "grad can be implicitly created only for scalar outputs",
        "tensor([ 2., 11., 60.])",
        "tensor([[2., 1., 0.],\n        [0., 1., 6.]])",
        "tensor(False)",
        "positive draws: 0.0%",
        "a = -0.5: f(a) = -102400.0, gradient = 204800.0",
        "doubling zero never reaches the threshold",
        "Trying to backward through the graph a second time",
    ],
)
def test_tutorial_puts_the_slips_right(
    pages: dict[str, BeautifulSoup], output: str
) -> None:
    """What the notebook leaves out is on the page as computed output."""
    assert any(
        output in shown for shown in cell_outputs(pages["tutorial.html"])
    )


def test_no_page_shows_a_traceback_or_a_warning(
    pages: dict[str, BeautifulSoup],
) -> None:
    """No output is an error or a warning."""
    for page, soup in pages.items():
        assert not soup.select(".output.traceback, .output.stderr"), page
        text = (soup.find("article") or soup).get_text()
        assert "Traceback (most recent" not in text, page


MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
OF_ONE_BUILD = {
    "an address in memory": r"\b0x[0-9a-f]{6,}",
    "a path": r"/(?:home|root|tmp|Users)/|\bsite-packages\b",
    "a date": rf"(?<!Measured on )\b20\d\d-\d\d-\d\d|\b{MONTH}\.? \d+, 20\d\d|\b\d+ {MONTH} 20\d\d",
    "a time": r"\b[012]\d:[0-5]\d:[0-5]\d\b|\brunning time\b",
}
"""What differs with the machine, or with the moment, that built the site."""


def test_no_file_tells_of_the_build(site: Path) -> None:
    """No page, script, style, picture, download or index names what only one build has."""
    found = []
    for path in sorted(site.rglob("*")):
        if not path.is_file() or ".doctrees" in path.parts:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        name = path.relative_to(site).as_posix()
        for what, pattern in OF_ONE_BUILD.items():
            if hit := re.search(pattern, text):
                around = text[max(hit.start() - 40, 0) : hit.end() + 40]
                found.append(f"{name}: {what}: {around!r}")
        if str(ROOT) in text:
            found.append(f"{name}: the folder of the project")
    assert not found, "\n".join(found)


def test_every_inventory_entry_is_used(pages: dict[str, BeautifulSoup]) -> None:
    """Some page links each name in docs/_inventories; take out what none links."""
    linked = {
        attribute(a, "href")
        for soup in pages.values()
        for a in soup.select('a[href^="http"]')
    }
    unused = []
    for inventory in sorted((ROOT / "docs" / "_inventories").glob("*.txt")):
        for line in inventory.read_text("utf-8").splitlines():
            if line.startswith("#"):
                continue
            name, kind, page = line.split()
            anchor = f"module-{name}" if kind == "mod" else name
            if not any(link.endswith(f"/{page}#{anchor}") for link in linked):
                unused.append(f"{inventory.name}: {name}")
    assert not unused, "\n".join(unused)


def test_names_in_code_are_linked(pages: dict[str, BeautifulSoup]) -> None:
    """Names in cells and scripts lead to the documentation of torch, Python, matplotlib."""
    for page, hosts in {
        "tutorial.html": ("docs.pytorch.org", "docs.python.org"),
        "theory/backward-propagation.html": (
            "docs.pytorch.org",
            "docs.python.org",
        ),
        "gallery/control_flow.html": ("docs.pytorch.org", "matplotlib.org"),
    }.items():
        found = {
            urlsplit(attribute(a, "href")).netloc
            for a in pages[page].select("pre a[href]")
        }
        assert set(hosts) <= found, page
    linked = {
        a.get_text() for a in pages["tutorial.html"].select("pre a[href]")
    }
    assert {"torch.arange", "torch.dot", "y.backward"} <= linked


def test_every_gallery_page_offers_both_downloads(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """A script and a notebook, each there, and nothing else: a zip would hold the build's time."""
    for page, soup in pages.items():
        if not page.startswith("gallery/") or page == "gallery/index.html":
            continue
        stem = Path(page).stem
        offered = {
            Path(target(page, attribute(a, "href"))[0]).name: site
            / target(page, attribute(a, "href"))[0]
            for a in soup.select("a.download")
        }
        assert set(offered) == {f"{stem}.py", f"{stem}.ipynb"}, page
        assert all(path.exists() for path in offered.values()), page
    assert not list(site.rglob("*.zip"))


def test_exercise_5_shows_computed_numbers(
    pages: dict[str, BeautifulSoup],
) -> None:
    """The table of values and adjoints, the largest differences, the two nodes of 1/x."""
    text = re.sub(
        r"\s+",
        " ",
        pages["exercises/ex5_log_sine_reciprocal.html"].get_text(" "),
    )
    for shown in (
        "1.386294",
        "0.909297",
        "1.760554",
        "0.227324",
        "0.082395",
        "1.4e-14",
        "7.6e-06",
    ):
        assert shown in text
    soup = pages["exercises/ex5_log_sine_reciprocal.html"]
    (graph,) = soup.select("details .autograd-graph")
    said = " ".join(attribute(node, "aria-label") for node in graph.select("g"))
    assert "v1 = reciprocal(x)" in said
    assert "u5 = mul(v1, 1)" in said


GRAPHS = {
    "index.html": 1,
    "tutorial.html": 3,
    "theory/forward-propagation.html": 2,
    "theory/backward-propagation.html": 2,
    "exercises/ex4_control_flow.html": 1,
    "exercises/ex5_log_sine_reciprocal.html": 1,
    "exercises/ex6_both_directions.html": 1,
    "gallery/walk_the_graph.html": 5,
    "how-to/trace-your-own-function.html": 3,
}
"""The pages that show traced graphs, with the least number of graphs on each."""


def test_graphs_stand_where_a_graph_is_spoken_of(
    pages: dict[str, BeautifulSoup],
) -> None:
    """Each of these pages shows graphs of runs, each with its picture, its steps and its table."""
    for page, soup in pages.items():
        graphs = soup.select(".autograd-graph")
        assert len(graphs) >= GRAPHS.get(page, 0), page
        assert bool(graphs) == (page in GRAPHS), page
        for graph in graphs:
            assert graph.select("table tbody tr"), page
            if graph.select(".ag-bar"):
                assert graph.select("svg title"), page
                assert graph.select(".ag-told li"), page


def test_structures_of_the_network_are_those_of_the_text(
    pages: dict[str, BeautifulSoup],
) -> None:
    """The local derivatives that the gallery explains stand on its last graph."""
    *_, network = pages["gallery/walk_the_graph.html"].select(".autograd-graph")
    shown = {text.get_text() for text in network.select(".ag-partial")}
    assert {"diag(6)", "copy", "reorder", "J 6×4"} <= shown


def test_graphs_share_one_script_and_one_style_sheet(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """They are linked from the pages that show a graph, and from no other."""
    for page, soup in pages.items():
        scripts = soup.select('script[src*="_static/graph.js"]')
        styles = soup.select('link[href*="_static/graph.css"]')
        assert len(scripts) == len(styles) == (page in GRAPHS), page
        for graph in soup.select(".autograd-graph"):
            assert not graph.select("script, style"), page
    assert ".ag-graph" in (site / "_static" / "graph.css").read_text("utf-8")
    assert "ag-later" in (site / "_static" / "graph.js").read_text("utf-8")


def test_links_to_a_step_lead_to_a_step(
    pages: dict[str, BeautifulSoup],
) -> None:
    """A sentence may point to a step of the first graph on its page: there must be that many."""
    count = 0
    for page, soup in pages.items():
        for link in soup.select('article a[href^="#step="]:not(.ag-link)'):
            steps = soup.select(".autograd-graph")[0].select(".ag-told li")
            assert 1 <= int(attribute(link, "href")[6:]) <= len(steps), page
            count += 1
    assert count >= 4


def test_social_cards(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    """Each written page has a card with an image of the site and a description of it."""
    soup = pages["tutorial.html"]
    content = {
        attribute(tag, "property"): attribute(tag, "content")
        for tag in soup.select("meta[property]")
    }
    assert content["og:title"] == "Tutorial: get familiar with torch.autograd"
    assert content["og:description"]
    image = posixpath.basename(urlsplit(content["og:image"]).path)
    assert list((site / "_images" / "social_previews").glob(image))


def test_search_finds_the_words_of_the_subject(site: Path) -> None:
    """The search index holds the words that a reader would look for."""
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for word in ("cotang", "jacobian", "gradient", "fan"):
        assert f'"{word}' in index or f"{word}:" in index, word


def test_page_not_found_leads_home(pages: dict[str, BeautifulSoup]) -> None:
    """The 404 page is shown at any address, so its links start at the root."""
    soup = pages["404.html"]
    assert soup.select('link[rel="stylesheet"]')
    assert soup.select('article a[href="/index.html"]')
    for _, link in links(soup):
        assert link.startswith(("/", "#", "http", "data:")), link


def test_favicon(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    """Each page names an icon, and it is there."""
    for page, soup in pages.items():
        icons = soup.select('link[rel~="icon"]')
        assert icons, page
        assert (site / target(page, attribute(icons[0], "href"))[0]).exists(), (
            page
        )


def test_glossary_terms_are_linked(pages: dict[str, BeautifulSoup]) -> None:
    """Tutorial and theory link to the glossary."""
    for page in (
        "tutorial.html",
        "cheat-sheet.html",
        "theory/forward-propagation.html",
        "theory/backward-propagation.html",
    ):
        anchors = {
            attribute(a, "href")
            for a in pages[page].select('a[href*="glossary.html#term-"]')
        }
        assert len(anchors) >= 5, page


def test_without_an_address_no_address_is_named(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """No canonical link, no sitemap, and no word of one to robots."""
    for page, soup in pages.items():
        assert not soup("link", rel="canonical"), page
    assert not (site / "sitemap.xml").exists()
    assert "Sitemap" not in (site / "robots.txt").read_text("utf-8")
