"""Where a report says to read."""

import json
from importlib import metadata
from pathlib import Path

import pytest
from learner import wrong

from autograd_tutorial import check
from autograd_tutorial.checker.links import address, installed_with


def test_links_of_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lead to the site that the reader names, and else to the one that the package is from."""
    monkeypatch.setenv("AUTOGRAD_TUTORIAL_URL", "https://example.org/a/")
    report = check("ex2", wrong)
    address = "https://example.org/a/tutorial.html#vector-to-scalar"
    assert f"Read: {address}" in str(report)
    assert f'<a href="{address}">' in report._repr_html_()
    monkeypatch.setenv("AUTOGRAD_TUTORIAL_URL", "")
    assert "<a " not in report._repr_html_()
    assert "Read: tutorial.html#vector-to-scalar" in str(report)


@pytest.mark.parametrize("built", [True, False])
def test_site_of_the_package(
    built: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel comes from a site, and a project's folder may hold one; what is printed opens."""
    monkeypatch.delenv("AUTOGRAD_TUTORIAL_URL", raising=False)
    folder = tmp_path / "a project"
    page = folder / "docs" / "_build" / "html" / "index.html"
    if built:
        page.parent.mkdir(parents=True)
        page.touch()
    wheel = "https://example.org/a/wheels/autograd_tutorial-1-py3-none-any.whl"
    origins = {wheel: "https://example.org/a"}
    origins[folder.as_uri()] = page.parent.as_uri() if built else ""
    for url, site in origins.items():

        class Package:
            """An installed package."""

            def read_text(self, name: str, url: str = url) -> str:
                """Return where it was installed from."""
                assert name == "direct_url.json"
                return json.dumps({"url": url})

        monkeypatch.setattr(metadata, "distribution", lambda _: Package())
        installed_with.cache_clear()
        assert installed_with() == site
        start = f"{site}/" if site else ""
        assert address("tutorial#a") == f"{start}tutorial.html#a"
    installed_with.cache_clear()
