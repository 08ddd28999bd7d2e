"""A check works alike wherever it is called."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import nbformat
import pytest
import torch
from learner import loops, wrong
from nbclient import NotebookClient
from torch import Tensor

from autograd_tutorial import check
from autograd_tutorial.exercises import EXERCISES
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine


def holds() -> bool:
    """Return whether a check says what it should of a right, a wrong and an endless answer."""
    stopped = str(check("ex2", loops, seconds=0.5))
    return (
        check("ex2", derivative_of_sine).passed
        and check("ex2", wrong).misconception
        == "the mean was taken instead of the sum"
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
