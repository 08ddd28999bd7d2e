"""A learner's file that runs as a script: what is said of it, however it ends."""

from pathlib import Path

import pytest
from learner import solved

from autograd_tutorial.command_line import script
from autograd_tutorial.command_line.script import Script, file_of, run
from autograd_tutorial.exercises import EXERCISES, starter

FIRST, SECOND = EXERCISES[0], EXERCISES[1]


def test_some_tasks_passed(tmp_path: Path) -> None:
    """The line says how many."""
    text = starter(FIRST).read_text("utf-8")
    solution = "[[1, 4, 4], [1, 13, 40], [2, 5, -4]]"
    done = f"# %%\nPREDICTIONS = {solution}\n\n\n# %%\ndef vector"
    start, end = text.index("# %%\nPRED"), text.index("# %%\ndef vector")
    text = text[:start] + done + text[end + len("# %%\ndef vector") :]
    file_of(FIRST, tmp_path).write_text(text, encoding="utf-8")
    outcome = run(FIRST, tmp_path)
    assert (outcome.mark, outcome.summary) == ("✗", "1 of 3 passed")


def test_a_file_without_an_end(tmp_path: Path) -> None:
    """The sentence says where to look, however busy the machine is."""
    file_of(SECOND, tmp_path).write_text("while True: pass")
    outcome = run(SECOND, tmp_path, seconds=1)
    assert not outcome.passed
    assert outcome.summary == "did not come to an end"
    assert "outside the" in outcome.text


@pytest.mark.parametrize(
    ("text", "summary", "said"),
    [
        ("def f(:", "the file does not run", "line 1: SyntaxError"),
        ("x = 1\n\ny = z", "the file does not run", "line 3: NameError"),
        ("import nothing", "the file does not run", "line 1: ModuleNot"),
        ("import os; os._exit(3)", "the file does not run", "without a"),
        ("input()", "the file does not run", "line 1: EOFError"),
        ("print('Passed: all')", "no report", 'check("ex2", ...).exit()'),
        ("", "no report", "ended without a report"),
        ("\0", "the file does not run", "null bytes"),
    ],
)
def test_broken_files(
    tmp_path: Path, text: str, summary: str, said: str
) -> None:
    """Each gets a sentence, with the line where there is one."""
    file_of(SECOND, tmp_path).write_text(text)
    outcome = run(SECOND, tmp_path)
    assert not outcome.passed
    assert outcome.summary == summary
    assert said in outcome.text
    assert "Traceback" not in outcome.text


def test_a_report_alone_is_no_pass(tmp_path: Path) -> None:
    """A file must end with exit status 0 after its report."""
    text = solved(SECOND) + "\n"
    text = text.replace(").exit()", ")").replace("check(", "r = check(")
    file_of(SECOND, tmp_path).write_text(text + "print(r); raise SystemExit(1)")
    assert not run(SECOND, tmp_path).passed
    file_of(SECOND, tmp_path).write_text(text + "print(r)")
    assert run(SECOND, tmp_path).passed


def test_much_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the end of it is kept, where the report stands."""
    monkeypatch.setattr(script, "KEPT", 10_000)
    text = "import sys\nfor _ in range(2000): print('x' * 1000)\n"
    text += "print('y' * 100_000, file=sys.stderr)\n" + solved(SECOND)
    file_of(SECOND, tmp_path).write_text(text, encoding="utf-8")
    with Script(file_of(SECOND, tmp_path)) as running:
        while running.runs():
            pass
    assert len(running.stdout) == len(running.stderr) == 10_000
    assert run(SECOND, tmp_path).passed
