"""Each workaround is still needed, and works.

A test whose other package runs alone fails once that package is mended. Then remove the workaround.
"""

import gc
import json
import os
import re
import socket
from pathlib import Path
from typing import cast

import nbformat
import pytest
import small_site
import workarounds
from jupyter_client.manager import KernelManager
from myst_nb.core.utils import coalesce_streams
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.search import js_index
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.gen_rst import ZIP_DOWNLOAD
from sphinx_gallery.utils import zip_files

ALONE_AND_MENDED = pytest.mark.parametrize(
    "mended", [False, True], ids=["alone", "mended"]
)
LINK = 'class="sphinx-codeautolink-a"'


class TestReplaced:
    """Text of others is replaced, or the build stops."""

    def test_all_of_it_is_replaced(self) -> None:
        """A text, or what a pattern finds, which the new text may name."""
        assert workarounds.replaced("a.b.c", ".", r"\1") == r"a\1b\1c"
        pattern = re.compile("([ac])")
        assert workarounds.replaced("a.b.c", pattern, r"<\1>") == "<a>.b.<c>"

    @pytest.mark.parametrize("old", ["d", re.compile("[de]")])
    def test_nothing_to_replace_stops_the_build(
        self, old: str | re.Pattern[str]
    ) -> None:
        """The message says what was looked for, and where."""
        message = (
            r"There is no .*d.* that could be replaced by 'e' in 'a\.b\.c'"
        )
        with pytest.raises(SphinxError, match=message):
            workarounds.replaced("a.b.c", old, "e")

    def test_a_template_stops_the_build(self, tmp_path: Path) -> None:
        """The message names the page, too."""
        small_site.write(
            tmp_path,
            conf_py='extensions = ["sphinx_codeautolink", "workarounds"]\n'
            'templates_path = ["."]\n',
            index_rst="Title\n=====\n",
            page_html='{% extends "!page.html" %}'
            '{% block body %}{{ super() | replaced("not there", "") }}{% endblock %}',
        )
        done = small_site.build(tmp_path)
        assert done.returncode != 0
        assert "rendering the page index" in done.stderr
        assert "not there" in done.stderr


def write_linked_site(folder: Path, *, mended: bool) -> None:
    """Write a page with a link in its code, and a page below it."""
    extensions = ["myst_parser", "sphinx_codeautolink"]
    extensions += ["workarounds"] if mended else []
    small_site.write(
        folder,
        conf_py=f"extensions = {extensions}\n",
        index_md="# First\n\n```{toctree}\nother\n```\n\n"
        "```python\nfrom json import dumps\n\ndumps(1)\n```\n\n"
        "```{py:function} json.dumps\n```\n",
        other_md="# Second\n",
    )
    assert small_site.build(folder).returncode == 0
    assert LINK in small_site.read(folder, "index.html")


@ALONE_AND_MENDED
def test_links_in_code_stay(tmp_path: Path, *, mended: bool) -> None:
    """A page is written again because the title of another has changed, and is not read again."""
    write_linked_site(tmp_path, mended=mended)
    small_site.write(tmp_path, other_md="# Third\n")
    assert small_site.build(tmp_path).returncode == 0
    page = small_site.read(tmp_path, "index.html")
    assert "Third" in page
    assert (LINK in page) == mended


@ALONE_AND_MENDED
def test_a_changed_setting_changes_the_pages(
    tmp_path: Path, *, mended: bool
) -> None:
    """Sphinx writes every page again, with its links."""
    write_linked_site(tmp_path, mended=mended)
    done = small_site.build(tmp_path, "-D", "html_title=Another name")
    assert done.returncode == 0
    page = small_site.read(tmp_path, "index.html")
    assert ("Another name" in page) == mended
    assert LINK in page


def test_a_link_in_code_that_has_lost_its_target_is_reported(
    tmp_path: Path,
) -> None:
    """Also on a page that is not read again."""
    write_linked_site(tmp_path, mended=True)
    page = "# First\n\n```{toctree}\nother\n```\n"
    code = "\n```python\nfrom json import dumps\n\ndumps(1)\n```\n"
    other = "# Second\n\n```{py:module} json\n```\n"
    function = "\n```{py:function} dumps\n```\n"
    small_site.write(tmp_path, index_md=page + code, other_md=other + function)
    missing = ("-D", "codeautolink_warn_on_missing_inventory=1", "-W")
    assert small_site.build(tmp_path, *missing).returncode == 0
    small_site.write(tmp_path, other_md=other)
    done = small_site.build(tmp_path, *missing)
    assert done.returncode != 0
    assert "Inventory missing `json.dumps`" in done.stderr


@ALONE_AND_MENDED
def test_a_name_is_linked_to_where_it_is_documented(
    tmp_path: Path, *, mended: bool
) -> None:
    """Which is not where it is defined."""
    extensions = ["sphinx_codeautolink"] + ["workarounds"] * mended
    small_site.write(
        tmp_path,
        conf_py=f"extensions = {extensions}\n",
        index_rst="Title\n=====\n\n"
        ".. code:: python\n\n   from IPython.display import Markdown\n\n"
        ".. py:class:: IPython.display.Markdown\n",
    )
    assert small_site.build(tmp_path).returncode == 0
    assert (LINK in small_site.read(tmp_path, "index.html")) == mended


def test_definitions() -> None:
    """Of a class, a method and a function; a name that is none of these stays."""
    for name, place in {
        "torch.Generator": "torch._C.Generator",
        "torch.Generator.manual_seed": "torch._C.Generator.manual_seed",
        "torch.no_grad": "torch.autograd.grad_mode.no_grad",
        "torch.nn.functional.conv1d": "torch._VariableFunctionsClass.conv1d",
        "torch": "torch",
        "torch.nothing": "torch.nothing",
    }.items():
        assert workarounds.definition(name) == place


@ALONE_AND_MENDED
def test_terms_stay_in_the_search_index(
    tmp_path: Path, *, mended: bool
) -> None:
    """Those of a page that has not changed."""
    extensions = ["sphinx_codeautolink"] + ["workarounds"] * mended
    small_site.write(
        tmp_path,
        conf_py=f"extensions = {extensions}\n",
        index_rst="Title\n=====\n\n.. toctree::\n\n   words\n   other\n",
        words_rst="Words\n=====\n\n"
        ".. glossary::\n\n   cotangent\n      A covector.\n",
        other_rst="Other\n=====\n",
    )
    for text in ("One.\n", "Two.\n"):
        assert small_site.build(tmp_path).returncode == 0
        index = js_index.loads(small_site.read(tmp_path, "searchindex.js"))
        small_site.write(tmp_path, other_rst=f"Other\n=====\n\n{text}")
    assert ("cotangent" in index["indexentries"]) == mended


def test_myst_nb_breaks_what_a_kernel_sends_in_parts() -> None:
    """A line that comes in two parts becomes two lines."""
    parts = [
        nbformat.v4.new_output("stream", name="stdout", text=text)  # type: ignore[no-untyped-call]
        for text in ("one", " line\n")
    ]
    (shown,) = coalesce_streams(parts)
    assert shown.text == "one\n line\n"


@pytest.fixture
def _kernels_run_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up what kernels are run with, for one test."""
    for name in ("coalesce_streams", "kernel_manager_class"):
        monkeypatch.setattr(NotebookClient, name, getattr(NotebookClient, name))
    workarounds.run_kernels_well()


@pytest.mark.usefixtures("_kernels_run_well")
def test_prints_are_joined_as_they_were_printed() -> None:
    """A line that the kernel sends in parts stays a line, and gains no empty one after it."""
    parts = ("one", " line\\n", "two", "\\nthree")
    source = "".join(f"print('{part}', end='', flush=True)\n" for part in parts)
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(source)]  # type: ignore[no-untyped-call]
    )
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (shown,) = coalesce_streams(notebook.cells[0].outputs)
    assert shown.text == "one line\ntwo\nthree\n"


def test_jupyter_client_leaves_the_ports_of_a_kernel_to_others() -> None:
    """From when it has chosen them until the kernel listens there."""
    manager = KernelManager()
    manager.write_connection_file()
    with socket.socket() as other:
        other.bind((manager.ip, manager.shell_port))
    manager.cleanup_connection_file()


@pytest.mark.skipif(os.name != "posix", reason="ZeroMQ has such sockets there")
@pytest.mark.usefixtures("_kernels_run_well")
def test_kernels_take_no_port_from_each_other() -> None:
    """Those that run at the same time listen in folders of their own, which go with them."""
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


def test_sphinx_gallery_has_no_setting_against_the_zip(tmp_path: Path) -> None:
    """And it holds the times of its files."""
    script, zips = tmp_path / "a.py", set()
    script.touch()
    for time in (10**9, 2 * 10**9):
        os.utime(script, (time, time))
        made = zip_files([script], tmp_path / "a.zip", tmp_path)
        zips.add(Path(made).read_bytes())
    assert len(zips) == 2
    assert not [name for name in DEFAULT_GALLERY_CONF if "zip" in name]


def test_the_zip_is_left_out_of_the_pages_of_scripts() -> None:
    """And of no other page."""
    offer = ZIP_DOWNLOAD.format("newton.zip")
    for page, left in (("gallery/newton", ""), ("gallery/index", offer)):
        source = [f"before{offer}after"]
        workarounds.leave_out_zip(cast("Sphinx", None), page, source)
        assert source == [f"before{left}after"]
