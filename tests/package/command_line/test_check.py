"""The command `check`: a folder that is checked and watched.

tests/package/exercises/test_starters.py has it check all files.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from learner import solved

from autograd_tutorial.command_line import check, main
from autograd_tutorial.command_line.script import SECONDS, file_of
from autograd_tutorial.exercises import EXERCISES, find, starter

FIRST, SECOND = EXERCISES[0], EXERCISES[1]

WATCH_TWO = """
from autograd_tutorial.command_line import check, main
check.EXERCISES = check.EXERCISES[:2]
raise SystemExit(main(["check", "--watch", "."]))
"""
"""The command, for the first two exercises."""


def watch_two(folder: Path) -> subprocess.Popen[str]:
    """Watch the first two exercises in a folder."""
    return subprocess.Popen(
        [sys.executable, "-X", "utf8", "-u", "-c", WATCH_TWO],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_shows_what_was_begun_first(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exercise that was tried comes before one that was not, with its mistake."""
    three = (FIRST, SECOND, find("ex5"))
    monkeypatch.setattr(check, "EXERCISES", three)
    main(["exercises", str(tmp_path)])
    text = starter(SECOND).read_text("utf-8")
    wrong = text.replace("return ...", "return torch.cos(x)")
    file_of(SECOND, tmp_path).write_text(wrong, encoding="utf-8")
    file_of(find("ex5"), tmp_path).unlink()
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "✗ ex2  not yet" in said
    assert "· ex5  missing" in said
    assert "· ex1  not begun" in said
    assert "The cosine was called." in said
    assert "Exercise 1:" not in said


def test_an_empty_file_counts(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A right file and an empty one are one of two, and not all."""
    monkeypatch.setattr(check, "EXERCISES", (FIRST, SECOND))
    file_of(FIRST, tmp_path).write_text("", encoding="utf-8")
    file_of(SECOND, tmp_path).write_text(solved(SECOND), encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "✗ ex1  no report" in said
    assert said.endswith("1 of 2 passed.\n")
    assert "For a hint: python -m autograd_tutorial hint ex1" in said


def test_a_single_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its path may stand where that of the folder does."""
    file_of(SECOND, tmp_path).write_text(solved(SECOND), encoding="utf-8")
    assert main(["check", str(file_of(SECOND, tmp_path))]) == 0
    said = capsys.readouterr().out
    assert said.startswith("✓ ex2")
    assert said.endswith("1 of 1 passed.\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine.py", "run it by itself: python"),
        ("nothing.py", "There is no file"),
        ("ex2", "check DIR/ex2_sine_derivative.py"),
        ("2", "check DIR/ex2_sine_derivative.py"),
    ],
)
def test_another_path(
    name: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sentence says what to pass instead, and exit status 2."""
    (tmp_path / "mine.py").write_text("print(1)")
    assert main(["check", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err


def test_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """It says how to make one."""
    assert main(["check", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert "python -m autograd_tutorial exercises nowhere" in said


def test_watch(tmp_path: Path) -> None:
    """A file that is saved is checked again; when all have passed, it ends."""
    for exercise in (FIRST, SECOND):
        file_of(exercise, tmp_path).write_text(
            solved(exercise), encoding="utf-8"
        )
    last = file_of(SECOND, tmp_path)
    right = last.read_text("utf-8")
    last.write_text("raise SystemExit", encoding="utf-8")
    with watch_two(tmp_path) as process:
        assert process.stdout is not None
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("Save a file"):
                time.sleep(0.5)  # so that it is seen at once
                last.write_text(right, encoding="utf-8")
        assert process.wait() == 0
    said = "".join(seen)
    assert "1 of 2 passed." in said
    assert said.endswith(
        "✓ ex2  passed                 " + SECOND.title + "\n2 of 2 passed.\n"
    )


def test_watch_leaves_a_loop(tmp_path: Path) -> None:
    """A file that is mended is checked at once, though it, or another, never came to an end."""
    for exercise in (FIRST, SECOND):
        file_of(exercise, tmp_path).write_text(
            "while True: pass", encoding="utf-8"
        )
    with watch_two(tmp_path) as process:
        assert process.stdout is not None
        time.sleep(2)
        begun = time.monotonic()
        file_of(SECOND, tmp_path).write_text(solved(SECOND), encoding="utf-8")
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("✓ ex2"):
                file_of(FIRST, tmp_path).write_text(
                    solved(FIRST), encoding="utf-8"
                )
        assert process.wait() == 0
    assert time.monotonic() - begun < SECONDS / 2
    said = "".join(seen)
    assert "did not come to an end" not in said
    assert said.endswith("2 of 2 passed.\n")
