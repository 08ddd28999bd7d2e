"""Troubleshooting: the words under which a message is indexed are those that torch prints."""

import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag

README = Path(__file__).parents[2] / "README.md"


def plain(text: str) -> str:
    """Return a text in small letters, without what typography changes."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def sections(soup: BeautifulSoup) -> dict[str, Tag]:
    """Return the entries of a page under their headings."""
    return {
        heading.get_text().rstrip("¶#").strip(): heading.parent
        for heading in soup.select("article h2")
        if heading.parent
    }


def test_headings_are_what_torch_prints(
    pages: dict[str, BeautifulSoup],
) -> None:
    """Each entry's first output is a message with the words of its heading."""
    entries = sections(pages["troubleshooting/error-messages.html"])
    assert len(entries) >= 10
    for heading, entry in entries.items():
        output = entry.select_one(".cell_output")
        assert output, heading
        assert plain(heading) in plain(output.get_text()), heading


def test_entries_raise_explain_and_cure(
    pages: dict[str, BeautifulSoup],
) -> None:
    """A cell that shows the trouble, words, and at least one more cell."""
    for name in ("error-messages", "silent-mistakes"):
        entries = sections(pages[f"troubleshooting/{name}.html"])
        for heading, entry in entries.items():
            assert len(entry.select(".cell")) >= 2, heading
            words = [p.get_text() for p in entry.find_all("p")]
            assert len(" ".join(words).split()) > 25, heading


def test_index_names_every_entry(pages: dict[str, BeautifulSoup]) -> None:
    """Each entry has a line, under words that stand in its heading or its outputs."""
    index = pages["troubleshooting/index.html"]
    links = [
        (str(link["href"]), link.get_text())
        for link in index.select("article td a")
    ]
    for name in ("error-messages", "silent-mistakes"):
        page = pages[f"troubleshooting/{name}.html"]
        for heading, entry in sections(page).items():
            ids = [
                entry.get("id"),
                *(s.get("id") for s in entry.select("span")),
            ]
            found = [
                text
                for address, text in links
                if address.startswith(f"{name}.html")
                and address.partition("#")[2] in ids
            ]
            assert found, heading
            for text in found:
                for part in plain(text.partition("…")[2] or text).split():
                    assert part in plain(entry.get_text()), (heading, part)


def test_nothing_promises_every_message(
    pages: dict[str, BeautifulSoup],
) -> None:
    """PyTorch has more messages than the entries: no description says that all are here."""
    said = {"README.md": README.read_text("utf-8")}
    for name, page in pages.items():
        described = page.select("meta[name=description], h1")
        said[name] = " ".join(
            f"{tag.get('content', '')} {tag.get_text()}" for tag in described
        )
    for name, text in said.items():
        promise = re.search(r"(?i)\b(?:each|every|all) error messages?\b", text)
        assert not promise, f"{name}: {promise}"
