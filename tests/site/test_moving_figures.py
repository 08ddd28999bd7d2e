"""The scripts and styles of the figures that move: how much they are, and which pages load them."""

import gzip
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from moving_figures import FIGURES, FILES
from play.common import script

SCRIPTS = [name for name in FILES if name.endswith(".js")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_is_light(name: str) -> None:
    """At most 10 kB each, compressed, as it is served."""
    served = script(name, minified=True).encode()
    assert len(gzip.compress(served, 9)) <= 10_000


@pytest.mark.parametrize("name", ["jump", "descent", "rounding", "float32"])
def test_a_content_that_is_not_used_is_refused(name: str) -> None:
    """A figure that takes none says so."""
    with pytest.raises(ValueError, match="takes no content"):
        FIGURES[name].html("a: 3")


def test_a_page_loads_what_its_figures_need(
    pages: dict[str, BeautifulSoup],
) -> None:
    """Scripts and styles are linked from the pages of their figures alone."""
    seen = set()
    for page, soup in pages.items():
        figures = {
            name for name in FIGURES if soup.select(f"figure.moving.{name}")
        }
        wanted = {
            file for file, names in FILES.items() if figures.intersection(names)
        }
        linked = [
            each.get("src") or each.get("href")
            for each in soup.select("script[src], link[rel=stylesheet]")
        ]
        play = [str(each) for each in linked if "_static/play/" in str(each)]
        found = {each.rpartition("/")[2].partition("?")[0] for each in play}
        assert found == wanted, page
        seen |= figures
    assert seen == set(FIGURES)


def test_they_are_served_without_comments(site: Path) -> None:
    """Scripts are served as the tests of their numbers run them."""
    for name in SCRIPTS:
        served = (site / "_static" / "play" / name).read_text("utf-8")
        assert served == script(name, minified=True)
    styles = [name for name in FILES if name.endswith(".css")]
    for name in styles:
        served = (site / "_static" / "play" / name).read_text("utf-8")
        assert served
        assert "/*" not in served
