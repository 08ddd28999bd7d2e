"""A check works alike wherever it is called."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import Tensor

from autograd_tutorial import check
from autograd_tutorial.checker import cures, observe
from autograd_tutorial.checker.report import (
    Report,
    address,
    installed_with,
)
from autograd_tutorial.exercises import EXERCISES
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine

ROOT = Path(__file__).parents[2]


def wrong(x: Tensor) -> Tensor:
    """Take the mean."""
    x = x.detach().clone().requires_grad_(True)
    torch.sin(x).mean().backward()
    assert x.grad is not None
    return x.grad


def loops(_: Tensor) -> Tensor:
    """Never return."""
    while True:
        pass


def holds() -> bool:
    """Return whether a check says what it should of a right, a wrong and an endless answer."""
    stopped = str(check("ex2", loops, seconds=0.5))
    return (
        check("ex2", derivative_of_sine).passed
        and check("ex2", wrong).misconception
        == "the mean was taken in the place of the sum"
        and "did not come to an end" in stopped
        and "could not be stopped" not in stopped
    )


def test_in_another_thread() -> None:
    """Not only the main one."""
    found = []
    thread = threading.Thread(target=lambda: found.append(holds()))
    thread.start()
    thread.join()
    assert found == [True]


def test_in_a_running_event_loop() -> None:
    """As in a notebook's cell."""

    async def cell() -> bool:
        return holds()

    assert asyncio.run(cell())


def test_under_no_grad() -> None:
    """The caller's grad mode is not the answer's."""
    with torch.no_grad():
        assert holds()
    with torch.inference_mode():
        assert holds()
        for exercise in EXERCISES:
            answers = [task.solution for task in exercise.tasks]
            assert check(exercise.name, *answers).passed


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_under_another_default_dtype(dtype: torch.dtype) -> None:
    """An answer that computes in float32 without a word is found all the same."""

    def single(x: Tensor) -> Tensor:
        return derivative_of_sine(torch.tensor(x.tolist())).double()

    torch.set_default_dtype(dtype)
    try:
        assert holds()
        found = check("ex2", single).misconception
    finally:
        torch.set_default_dtype(torch.float32)
    assert found == "computed in float32"


def test_under_another_default_device() -> None:
    """The cases are on the CPU."""
    with torch.device("meta"):
        assert holds()
        for exercise in EXERCISES:
            answers = [task.solution for task in exercise.tasks]
            assert check(exercise.name, *answers).passed


def test_twice_the_same() -> None:
    """The same answer gets the same report."""
    assert str(check("ex2", wrong)) == str(check("ex2", wrong))


def test_in_a_notebook(tmp_path: Path) -> None:
    """An endless loop in a cell is stopped, and the next cell runs."""
    cells = [
        """
        from autograd_tutorial import check

        def derivative_of_sine(x):
            while True:
                pass

        check("ex2", derivative_of_sine, seconds=1)
        """,
        """
        def derivative_of_sine(x):
            return undefined

        check("ex2", derivative_of_sine)
        """,
        """
        check("ex2", derivative_of_sine).exit()
        """,
    ]
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[
            nbformat.v4.new_code_cell(textwrap.dedent(cell).strip())  # type: ignore[no-untyped-call]
            for cell in cells
        ]
    )
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": tmp_path}},
    ).execute()
    first, second, third = (
        cell.outputs[-1].data["text/html"] for cell in notebook.cells
    )
    assert "did not come to an end within 1 seconds" in first
    assert "while True" in first or "pass" in first
    assert "could not be stopped" not in first
    assert "line 2, <code>return undefined</code>" in second
    assert third == second


def test_ctrl_c(tmp_path: Path) -> None:
    """Someone who does not want to wait need not."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import torch
            from autograd_tutorial import check

            def derivative_of_sine(x):
                print("begun", file=out, flush=True)
                while True:
                    pass

            import sys
            out = sys.stdout
            try:
                check("ex2", derivative_of_sine, seconds=100)
            except KeyboardInterrupt:
                torch.tensor(1.0)
                print("interrupted, and", sys.stdout is out)
            """
        )
    )
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted, and True\n"
        assert process.wait(30) == 0


class Slow:
    """The module `time` of a machine that gives a program a quarter of its time."""

    def __getattr__(self, name: str) -> object:
        """Return what is as always."""
        return getattr(time, name)

    def monotonic(self) -> float:
        """Return the time on a wall where everything takes long."""
        return 4 * time.monotonic()


def test_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer has its seconds of the processor; one that waits is stopped all the same."""
    monkeypatch.setattr(observe, "time", Slow())
    monkeypatch.setattr(observe, "PATIENCE", 1000)

    def works(x: Tensor) -> Tensor:
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        return derivative_of_sine(x)

    def waits(x: Tensor) -> Tensor:
        time.sleep(1)
        return derivative_of_sine(x)

    assert check("ex2", works, seconds=2).passed
    assert "did not come" in str(check("ex2", waits, seconds=2))
    assert "did not come" in str(check("ex2", loops, seconds=0.5))


def test_report_shows_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """The card and the text say the same."""
    report: Report = check("ex2", wrong)
    text, card = str(report), report._repr_html_()
    for shown in ("Not yet", "The mean was taken", "five random numbers"):
        assert shown in text
        assert shown in card
    assert repr(report) == text
    with pytest.raises(SystemExit) as ended:
        report.exit()
    assert ended.value.code == 1
    assert capsys.readouterr().out == text + "\n"
    with pytest.raises(SystemExit) as ended:
        check("ex2", derivative_of_sine).exit()
    assert ended.value.code == 0


SLOW_IMPORT = """
import time

end = time.thread_time() + {seconds}
while time.thread_time() < end:
    pass
"""


def test_an_import_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes, it is neither the learner's time nor broken off."""
    module = tmp_path / "imported_by_an_answer.py"
    module.write_text(SLOW_IMPORT.format(seconds=1.0) + "whole = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports(x: Tensor) -> Tensor:
        import imported_by_an_answer  # type: ignore[import-not-found] # noqa: PLC0415

        assert imported_by_an_answer.whole
        return derivative_of_sine(x)

    assert check("ex2", imports, seconds=0.3).passed
    assert check("ex2", imports, seconds=0.3).passed


def test_an_import_without_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left alone, and the report says so."""
    monkeypatch.setattr(observe, "IMPORTS", 0.5)
    module = tmp_path / "endless_in_an_answer.py"
    module.write_text("import sys\nwhile 'over' not in vars(sys): pass\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports(x: Tensor) -> Tensor:
        import endless_in_an_answer  # type: ignore[import-not-found] # noqa: F401, PLC0415

        return derivative_of_sine(x)

    before = set(threading.enumerate())
    found = str(check("ex2", imports, seconds=0.3))
    (left,) = set(threading.enumerate()) - before
    monkeypatch.setattr(sys, "over", True, raising=False)
    left.join(60)  # or it would slow down every test that follows
    assert not left.is_alive()
    assert "could not be stopped" in found


def test_in_a_fresh_process(tmp_path: Path) -> None:
    """The first backward pass with a `gradient` imports much: a right answer passes both times."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            import torch
            from autograd_tutorial import check

            def derivative_of_sine(x):
                x = x.detach().clone().requires_grad_(True)
                y = torch.sin(x)
                y.backward(torch.ones_like(y))
                return x.grad

            assert "sympy" not in sys.modules
            for seconds in (0.3, 5):
                report = check("ex2", derivative_of_sine, seconds=seconds)
                assert report.passed, report
            """
        )
    )
    subprocess.run([sys.executable, script], check=True)


def test_a_mistake_that_raises_by_chance_has_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An example of ours that raises without meaning to tells nothing of an answer."""

    def broken(*_: object, **__: object) -> None:
        raise AttributeError("module 'sympy' has no attribute 'printing'")

    monkeypatch.setattr(torch.Tensor, "backward", broken)

    def answer(x: Tensor) -> Tensor:
        x = x.detach().clone().requires_grad_(True)
        torch.sin(x).backward(torch.ones_like(x))
        assert x.grad is not None
        return x.grad

    assert check("ex2", answer).misconception is None


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


SEES = sorted(
    {
        cure.see
        for cure in (*cures.CURES.values(), *vars(cures).values())
        if isinstance(cure, cures.Cure)
    }
    | {
        mistake.see
        for exercise in EXERCISES
        for task in exercise.tasks
        for mistake in task.misconceptions
    }
)


@pytest.mark.parametrize("see", [s for s in SEES if s.startswith("trouble")])
def test_troubleshooting_has_the_entry(see: str) -> None:
    """Each entry that a report names is there, under its own anchor."""
    page, _, anchor = see.partition("#")
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    assert f"\n({anchor})=\n## " in text
