"""A function has its seconds of the processor, be the machine busy or idle; imports are not counted."""

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from learner import loops
from torch import Tensor

from autograd_tutorial import check
from autograd_tutorial.checker import observe, timed
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine


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
    monkeypatch.setattr(timed, "time", Slow())
    monkeypatch.setattr(timed, "PATIENCE", 1000)

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
