"""What the build of the site costs: beside the bare work, and beside Sphinx itself.

`nox -s benchmark` measures all of it in one run, on a copy of the project, and fails if a limit is
missed.

- *Bare*: one process imports torch once and runs every cell and every script; then Sphinx builds
  everything with execution off.
- *Sphinx's own rebuild*: the same pages and the same extensions of others, without those in
  `docs/_ext`, and with execution off.
"""

import ast
import os
import re
import resource
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from project_copy import copy_sources

PROCESSES = str(2 * (os.cpu_count() or 1))
OPTIONS = ("-n", "-T", "--keep-going", "-j", PROCESSES)
OFF = ("-D", "nb_execution_mode=off", "-D", "plot_gallery=0")
REPEATS = 3


def run_bare(docs: Path) -> None:
    """Run every cell and every script in this process, each page in a namespace of its own."""
    import jupytext
    import matplotlib as mpl
    import torch
    from IPython.core.interactiveshell import (
        InteractiveShell,
    )

    mpl.use("agg")
    for page in sorted(docs.resolve().rglob("*.md")):
        shell = InteractiveShell()  # type: ignore[no-untyped-call]
        os.chdir(page.parent)
        torch.set_default_dtype(torch.float32)
        text = page.read_text("utf-8").replace(
            "  name: python3", "  name: python3\n  display_name: Python 3"
        )
        for cell in jupytext.reads(text, fmt="md:myst").cells:
            allowed = "raises-exception" in cell.metadata.get("tags", ())
            if cell.cell_type != "code":
                continue
            result = shell.run_cell(cell.source)  # type: ignore[no-untyped-call]
            if not result.success and not allowed:
                sys.exit(f"{page}: {result.error_in_exec!r}")
    for script in sorted((docs.resolve().parent / "gallery").glob("*.py")):
        torch.set_default_dtype(torch.float32)
        runpy.run_path(str(script), run_name="__main__")


def sphinx(docs: Path, to: str, *options: str) -> str:
    """Build the site and return what was said."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", *OPTIONS, *options),
            *(str(docs), str(docs.parent / to)),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        sys.exit(ran.stdout[-2000:] + ran.stderr[-2000:])
    return ran.stdout + ran.stderr


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long some work took, and how much of the processor its processes used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used


def others(docs: Path) -> str:
    """Return the extensions of `conf.py` that are not ours."""
    conf = ast.parse((docs / "conf.py").read_text("utf-8"))
    (names,) = (
        ast.literal_eval(statement.value)
        for statement in conf.body
        if isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) == "extensions"
    )
    return ",".join(
        name for name in names if not (docs / "_ext" / f"{name}.py").exists()
    )


def main() -> int:
    """Measure, print the ratios, and return the number of limits that are missed."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    copy_sources(folder)
    docs = folder / "docs"
    plain = (*OFF, "-D", f"extensions={others(docs)}")

    bare, _ = seconds(
        lambda: subprocess.run(
            [sys.executable, __file__, "--bare", str(docs)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    )
    off, _ = seconds(lambda: sphinx(docs, "off", *OFF))
    shutil.rmtree(docs / "gallery")
    sphinx(docs, "plain", *plain)
    theirs = [
        seconds(lambda: sphinx(docs, "plain", *plain))[0]
        for _ in range(REPEATS)
    ]
    shutil.rmtree(docs / "gallery")
    whole, used = seconds(lambda: sphinx(docs, "site"))
    ours = [seconds(lambda: sphinx(docs, "site"))[0] for _ in range(REPEATS)]

    page = docs / "theory" / "jacobians.md"
    page.write_text(page.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    said = sphinx(docs, "site")
    executed = re.findall(r"(\S+): Executing notebook", said)
    shutil.rmtree(folder)

    limits = [
        (
            "everything from nothing, over the bare work",
            whole / (bare + off),
            2,
        ),
        (
            "nothing changed, over Sphinx's own rebuild",
            statistics.median(ours) / statistics.median(theirs),
            1.2,
        ),
        ("pages executed after one was changed", len(executed), 1),
    ]
    print(
        f"bare work {bare:.1f} s, Sphinx without execution {off:.1f} s, everything {whole:.1f} s "
        f"on {used / whole:.2f} cores; nothing changed {statistics.median(ours):.1f} s, "
        f"Sphinx's own {statistics.median(theirs):.1f} s"
    )
    for what, found, most in limits:
        verdict = "PASS" if found <= most else "FAIL"
        print(f"{verdict} {what}: {found:.2f}, at most {most}")
    return sum(found > most for _, found, most in limits)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        run_bare(Path(sys.argv[2]))
    else:
        sys.exit(main())
