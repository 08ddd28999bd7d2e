"""The command line: starters in a folder, a folder that is checked and watched, hints."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from learner import solved

from autograd_tutorial import command_line
from autograd_tutorial.command_line import main, run, write
from autograd_tutorial.exercises import EXERCISES, find, starter

FIRST, SECOND = EXERCISES[0], EXERCISES[1]

WATCH_TWO = """
from autograd_tutorial import command_line
command_line.EXERCISES = command_line.EXERCISES[:2]
raise SystemExit(command_line.main(["check", "--watch", "."]))
"""
"""The command, for the first two exercises."""


def file_of(number: int, folder: Path) -> Path:
    """Return the file of an exercise."""
    return folder / f"{find(f'ex{number}').stem}.py"


def watch_two(folder: Path) -> subprocess.Popen[str]:
    """Watch the first two exercises in a folder."""
    return subprocess.Popen(
        [sys.executable, "-X", "utf8", "-u", "-c", WATCH_TWO],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


class TestExercises:
    """`exercises DIR`."""

    def test_writes_all(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Eight files with the starters, in a folder that is made."""
        folder = tmp_path / "new" / "folder"
        assert main(["exercises", str(folder)]) == 0
        assert len(list(folder.iterdir())) == len(EXERCISES) == 8
        for exercise in EXERCISES:
            written = (folder / f"{exercise.stem}.py").read_text("utf-8")
            assert written == starter(exercise).read_text("utf-8")
        assert capsys.readouterr().out.count("written") == 8

    def test_changed_file_is_left(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What the learner wrote stays, and the command says so."""
        main(["exercises", str(tmp_path)])
        file_of(2, tmp_path).write_text("my work")
        capsys.readouterr()
        assert main(["exercises", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert file_of(2, tmp_path).read_text() == "my work"
        assert f"{SECOND.stem}.py  left as it is" in said
        assert said.count("unchanged") == 7

    def test_overwriting_keeps_a_copy(self, tmp_path: Path) -> None:
        """Also the second time, under another name."""
        for work in ("my work", "my other work"):
            file_of(1, tmp_path).write_text(work)
            assert "kept as" in write(FIRST, tmp_path, overwrite=True)
        assert "unchanged" in write(FIRST, tmp_path, overwrite=True)
        kept = sorted(tmp_path.glob("*.bak*"))
        assert [file.read_text() for file in kept] == [
            "my work",
            "my other work",
        ]

    def test_folder_is_a_file(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A sentence and no traceback."""
        file = tmp_path / "file"
        file.touch()
        assert main(["exercises", str(file)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("autograd_tutorial: ")
        assert "Traceback" not in said


class TestCheck:
    """`check DIR`; tests/exercises/test_starters.py has it check all files."""

    def test_shows_what_was_begun_first(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """An exercise that was tried comes before one that was not, with its mistake."""
        three = (FIRST, SECOND, find("ex5"))
        monkeypatch.setattr(command_line, "EXERCISES", three)
        main(["exercises", str(tmp_path)])
        text = starter(SECOND).read_text("utf-8")
        wrong = text.replace("return ...", "return torch.cos(x)")
        file_of(2, tmp_path).write_text(wrong, encoding="utf-8")
        file_of(5, tmp_path).unlink()
        capsys.readouterr()
        assert main(["check", str(tmp_path)]) == 1
        said = capsys.readouterr().out
        assert "✗ ex2  not yet" in said
        assert "· ex5  missing" in said
        assert "· ex1  not begun" in said
        assert "The cosine was called." in said
        assert "Exercise 1:" not in said

    def test_some_tasks_passed(self, tmp_path: Path) -> None:
        """The line says how many."""
        text = starter(FIRST).read_text("utf-8")
        solution = "[[1, 4, 4], [1, 13, 40], [2, 5, -4]]"
        done = f"# %%\nPREDICTIONS = {solution}\n\n\n# %%\ndef vector"
        start, end = text.index("# %%\nPRED"), text.index("# %%\ndef vector")
        text = text[:start] + done + text[end + len("# %%\ndef vector") :]
        file_of(1, tmp_path).write_text(text, encoding="utf-8")
        outcome = run(FIRST, tmp_path)
        assert (outcome.mark, outcome.summary) == ("✗", "1 of 3 passed")

    def test_a_file_without_an_end(self, tmp_path: Path) -> None:
        """The sentence says where to look, however busy the machine is."""
        file_of(2, tmp_path).write_text("while True: pass")
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
        self, tmp_path: Path, text: str, summary: str, said: str
    ) -> None:
        """Each gets a sentence, with the line where there is one."""
        file_of(2, tmp_path).write_text(text)
        outcome = run(SECOND, tmp_path)
        assert not outcome.passed
        assert outcome.summary == summary
        assert said in outcome.text
        assert "Traceback" not in outcome.text

    def test_a_report_alone_is_no_pass(self, tmp_path: Path) -> None:
        """A file must end with exit status 0 after its report."""
        text = solved(SECOND) + "\n"
        text = text.replace(").exit()", ")").replace("check(", "r = check(")
        file_of(2, tmp_path).write_text(text + "print(r); raise SystemExit(1)")
        assert not run(SECOND, tmp_path).passed
        file_of(2, tmp_path).write_text(text + "print(r)")
        assert run(SECOND, tmp_path).passed

    def test_an_empty_file_counts(
        self,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A right file and an empty one are one of two, and not all."""
        monkeypatch.setattr(command_line, "EXERCISES", (FIRST, SECOND))
        file_of(1, tmp_path).write_text("", encoding="utf-8")
        file_of(2, tmp_path).write_text(solved(SECOND), encoding="utf-8")
        assert main(["check", str(tmp_path)]) == 1
        said = capsys.readouterr().out
        assert "✗ ex1  no report" in said
        assert said.endswith("1 of 2 passed.\n")
        assert "For a hint: python -m autograd_tutorial hint ex1" in said

    def test_a_single_file(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Its path may stand where that of the folder does."""
        file_of(2, tmp_path).write_text(solved(SECOND), encoding="utf-8")
        assert main(["check", str(file_of(2, tmp_path))]) == 0
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
        self,
        name: str,
        said: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The sentence says what to pass instead, and exit status 2."""
        (tmp_path / "mine.py").write_text("print(1)")
        assert main(["check", str(tmp_path / name)]) == 2
        assert said in capsys.readouterr().err

    def test_much_output(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only the end of it is kept, where the report stands."""
        monkeypatch.setattr(command_line, "KEPT", 10_000)
        text = "import sys\nfor _ in range(2000): print('x' * 1000)\n"
        text += "print('y' * 100_000, file=sys.stderr)\n" + solved(SECOND)
        file_of(2, tmp_path).write_text(text, encoding="utf-8")
        with command_line._Script(file_of(2, tmp_path)) as script:
            while script.runs():
                pass
        assert len(script.stdout) == len(script.stderr) == 10_000
        assert run(SECOND, tmp_path).passed

    def test_no_folder(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It says how to make one."""
        assert main(["check", "nowhere"]) == 2
        said = capsys.readouterr().err
        assert "python -m autograd_tutorial exercises nowhere" in said

    def test_watch(self, tmp_path: Path) -> None:
        """A file that is saved is checked again; when all have passed, it ends."""
        for exercise in (FIRST, SECOND):
            file_of(exercise.number, tmp_path).write_text(
                solved(exercise), encoding="utf-8"
            )
        last = file_of(2, tmp_path)
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
            "✓ ex2  passed                 "
            + SECOND.title
            + "\n2 of 2 passed.\n"
        )

    def test_watch_leaves_a_loop(self, tmp_path: Path) -> None:
        """A file that is mended is checked at once, though it, or another, never came to an end."""
        for exercise in (FIRST, SECOND):
            file_of(exercise.number, tmp_path).write_text(
                "while True: pass", encoding="utf-8"
            )
        with watch_two(tmp_path) as process:
            assert process.stdout is not None
            time.sleep(2)
            begun = time.monotonic()
            file_of(2, tmp_path).write_text(solved(SECOND), encoding="utf-8")
            seen = []
            for line in process.stdout:
                seen.append(line)
                if line.startswith("✓ ex2"):
                    file_of(1, tmp_path).write_text(
                        solved(FIRST), encoding="utf-8"
                    )
            assert process.wait() == 0
        assert time.monotonic() - begun < command_line.SECONDS / 2
        said = "".join(seen)
        assert "did not come to an end" not in said
        assert said.endswith("2 of 2 passed.\n")


class TestHint:
    """`hint EXERCISE NUMBER`."""

    def test_hints(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The first without a number; each with one."""
        assert main(["hint", "ex2"]) == 0
        assert capsys.readouterr().out.startswith("Hint 1 of 3: `torch.")
        assert main(["hint", "2"]) == 0
        assert capsys.readouterr().out.startswith("Hint 1 of 3: `torch.")
        assert main(["hint", "ex2", "3"]) == 0
        assert SECOND.hints[2] in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["hint", "ex9"], "There are ex1, ex2"),
            (["hint", "ex2", "4"], "ex2 has 3 hints"),
            (["hint", "ex2", "0"], "ex2 has 3 hints"),
        ],
    )
    def test_no_such_hint(
        self,
        arguments: list[str],
        said: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A sentence, and exit status 2."""
        assert main(arguments) == 2
        assert said in capsys.readouterr().err
