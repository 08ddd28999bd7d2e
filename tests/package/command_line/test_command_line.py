"""The commands `exercises` and `hint`: starters in a folder, and hints."""

from pathlib import Path

import pytest

from autograd_tutorial.command_line import main, write
from autograd_tutorial.command_line.script import file_of
from autograd_tutorial.exercises import EXERCISES, starter

FIRST, SECOND = EXERCISES[0], EXERCISES[1]


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
        file_of(SECOND, tmp_path).write_text("my work")
        capsys.readouterr()
        assert main(["exercises", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert file_of(SECOND, tmp_path).read_text() == "my work"
        assert f"{SECOND.stem}.py  left as it is" in said
        assert said.count("unchanged") == 7

    def test_overwriting_keeps_a_copy(self, tmp_path: Path) -> None:
        """Also the second time, under another name."""
        for work in ("my work", "my other work"):
            file_of(FIRST, tmp_path).write_text(work)
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
