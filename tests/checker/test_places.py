"""A check works alike wherever it is called."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import Tensor

from autograd_tutorial import check
from autograd_tutorial.checker import observe
from autograd_tutorial.checker.report import Report
from autograd_tutorial.exercises import EXERCISES
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine


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


def test_links_of_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lead to the site that the reader names."""
    monkeypatch.setenv("AUTOGRAD_TUTORIAL_URL", "https://example.org/a/")
    report = check("ex2", wrong)
    address = "https://example.org/a/tutorial.html#vector-to-scalar"
    assert f"Read: {address}" in str(report)
    assert f'<a href="{address}">' in report._repr_html_()
    monkeypatch.delenv("AUTOGRAD_TUTORIAL_URL")
    assert "<a " not in report._repr_html_()
