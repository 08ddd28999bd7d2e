"""Run notebooks as a learner does, from top to bottom."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient

Run = Callable[[nbformat.NotebookNode, Path], None]


@contextmanager
def one_kernel() -> Iterator[Run]:
    """Give a function that runs a notebook in a folder, and raises what a cell raises.

    All run in one kernel, since its start takes longer than most notebooks. What one has defined is
    gone before the next.
    """
    client = NotebookClient(
        nbformat.v4.new_notebook(),  # type: ignore[no-untyped-call]
        timeout=600,
        kernel_name="python3",
    )

    def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
        begin = nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {folder}")  # type: ignore[no-untyped-call]
        empty = nbformat.v4.new_notebook(cells=[begin])  # type: ignore[no-untyped-call]
        for client.nb in (empty, notebook):
            client.execute(cleanup_kc=False)

    with client.setup_kernel():
        yield run
