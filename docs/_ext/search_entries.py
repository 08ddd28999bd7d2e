"""Keep the terms and the functions in the search index when some pages are not read again.

Sphinx 9.0 takes over what an earlier index says of a page that has not changed, save for its index
entries. So after a rebuild the search would no longer find the glossary's terms as such.
"""

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.search import js_index
from sphinx.util.typing import ExtensionMetadata


def restore_entries(app: Sphinx, builder: Builder) -> None:
    """Hand the entries of the earlier index to the new one; pages that are written replace theirs."""
    earlier = app.outdir / "searchindex.js"
    if builder.name != "html" or not earlier.exists():
        return
    index = js_index.loads(earlier.read_text("utf-8"))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for entry, places in index["indexentries"].items():
        for number, anchor, is_main in places:
            page = index["docnames"][number]
            main = "main" if is_main else ""
            found.setdefault(page, []).append((entry, anchor, main))
    for page in sorted(found.keys() & app.env.all_docs.keys()):
        app.env._search_index_index_entries[page] = found[page]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Restore before the first page is written."""
    app.connect("write-started", restore_entries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
