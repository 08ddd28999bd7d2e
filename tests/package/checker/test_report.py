"""A report shows itself."""

import pytest
from learner import wrong

from autograd_tutorial import check
from autograd_tutorial.checker.report import Report
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine


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
