"""Predictions: what the page's script answers, beside the checker of the package and beside torch."""

import random
import re
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from play import predict
from play.predict import Quiz, Script, Value

from autograd_tutorial.checker.exercise import Exercise, Prediction
from autograd_tutorial.exercises import EXERCISES, check

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```\{predict\}\n(.*?)\n```", re.DOTALL | re.MULTILINE)
BLOCKS = [
    (path.relative_to(DOCS).with_suffix("").as_posix(), block)
    for path in sorted(DOCS.rglob("*.md"))
    if "_build" not in path.parts
    for block in BLOCK.findall(path.read_text("utf-8"))
]
EACH = pytest.mark.parametrize(
    "exercise",
    [e for e in EXERCISES if any(isinstance(t, Prediction) for t in e.tasks)],
    ids=lambda e: e.name,
)
QUICK = re.compile(r"(A|Two|Three) quick questions?")


@pytest.fixture(scope="module", params=["written", "minified"])
def script(request: pytest.FixtureRequest) -> Script:
    """Load the script, as it is written and as it is served."""
    return Script(minified=request.param == "minified")


def task_of(exercise: Exercise) -> Prediction:
    """Return the prediction of an exercise."""
    (task,) = (t for t in exercise.tasks if isinstance(t, Prediction))
    return task


def quiz_of(exercise: Exercise) -> Quiz:
    """Return what the page of an exercise asks."""
    return predict.of_exercise(exercise, [], "")


def completed(task: Prediction, example: Any) -> Any:
    """Return a wrong prediction with all that it leaves out."""
    if isinstance(task.solution, Mapping):
        return {**task.solution, **example}
    return example


def in_fields(quiz: Quiz, task: Prediction, answer: Any) -> list[Value]:
    """Write an answer to the exercise into the fields of the page."""
    keys = list(predict.entries(task.solution))
    found: list[Value] = []
    for each, key in zip(quiz.fields, keys, strict=True):
        value = answer[key]
        if each.options:
            chosen = [i for i, o in enumerate(each.options) if o in value]
            found.append([float(i) for i in chosen])
        else:
            found.append(predict.value_of(value))
    return found


def said_by(quiz: Quiz, number: int) -> str | None:
    """Return the name of a mistake as the page has it."""
    if number < 0:
        return None
    name = quiz.wrong[number][0].partition("**")[2].partition(".**")[0]
    return name[0].lower() + name[1:]


def named_by_check(exercise: Exercise, answer: object) -> tuple[bool, Any]:
    """Ask the package whether a prediction is right and, if not, for the name of the mistake."""
    place = [isinstance(t, Prediction) for t in exercise.tasks].index(True)
    verdict = check(exercise.name, answer).verdicts[place]
    name = verdict.misconception
    return verdict.passed, name and name[0].lower() + name[1:]


@EACH
def test_each_known_mistake_has_the_name_that_check_gives(
    script: Script, exercise: Exercise
) -> None:
    """Whatever form the mistake takes, the page and the package name it alike."""
    task, quiz = task_of(exercise), quiz_of(exercise)
    assert len(quiz.wrong) == len(task.misconceptions) >= 4
    for mistake in task.misconceptions:
        for example in mistake.answers:
            answer = completed(task, example)
            _, number = script.judge(quiz, in_fields(quiz, task, answer))
            passed, wanted = named_by_check(exercise, answer)
            assert not passed
            assert wanted == mistake.name[0].lower() + mistake.name[1:]
            assert said_by(quiz, number) == wanted


@EACH
def test_random_answers_are_judged_as_check_judges_them(
    script: Script, exercise: Exercise
) -> None:
    """Right and wrong entries in any mixture, near misses included."""
    task, quiz = task_of(exercise), quiz_of(exercise)
    choose = random.Random(exercise.number)
    right = predict.entries(task.solution)
    pool = {key: [value] for key, value in right.items()}
    for mistake in task.misconceptions:
        for example in mistake.answers:
            for key, value in predict.entries(example).items():
                pool[key].append(value)

    def near(value: Any) -> Any:
        factor = choose.choice([1, 1, 1, 1 + 4e-4, 1 - 9e-4, 1 + 2e-3, -1])
        if isinstance(value, int | float):
            return value * factor
        if isinstance(value, list):
            return [near(x) for x in value]
        return value

    for _ in range(60):
        picked = {key: near(choose.choice(pool[key])) for key in right}
        answer: Any = picked
        if not isinstance(task.solution, Mapping):
            answer = list(picked.values())
        is_right, number = script.judge(quiz, in_fields(quiz, task, answer))
        passed, wanted = named_by_check(exercise, answer)
        assert all(is_right) == passed
        assert said_by(quiz, number) == wanted


def typed(value: Value, choose: random.Random) -> str:
    """Write an answer as somebody might type it."""
    if isinstance(value, str):
        return choose.choice([value, value.upper(), f'"{value}"', f" {value} "])
    minus = choose.choice(["-", "−", "- "])
    numbers = []
    for x in value:
        text = choose.choice(
            [f"{x:.7g}", f"{x:.7f}", f"{2 * x:.8g}/2", f"{x:.7g}".rjust(12)]
        )
        numbers.append(text.replace("-", minus))
    if len(numbers) == 1:
        return numbers[0].replace(".", choose.choice(".,"))
    start, end = choose.choice([("", ""), ("(", ")"), ("tensor([", "])")])
    cut = choose.choice([", ", "; ", " ; ", ","])
    if cut in ("; ", " ; ", ", "):
        comma = choose.choice(".,")
        numbers = [number.replace(".", comma) for number in numbers]
    return f"{start}{cut.join(numbers)}{end}"


@EACH
def test_right_answers_in_any_notation(
    script: Script, exercise: Exercise
) -> None:
    """Fractions, commas, spaces, brackets and real minus signs are read as what they mean."""
    quiz = quiz_of(exercise)
    choose = random.Random(exercise.number)
    for _ in range(100):
        answers = [
            each.right
            if each.options
            else script.read(typed(each.right, choose), each.size, each.word)
            for each in quiz.fields
        ]
        assert all(script.judge(quiz, answers)[0]), answers


ROWS: dict[tuple[str, int, str], Value | None] = {
    ("1, 13, 40", 3, ""): [1, 13, 40],
    ("1 13 40", 3, ""): [1, 13, 40],
    ("1,13,40", 3, ""): [1, 13, 40],
    ("[1., 13., 40.]", 3, ""): [1, 13, 40],
    ("(1;13;40)", 3, ""): [1, 13, 40],
    ("tensor([1., 13., 40.])", 3, ""): [1, 13, 40],
    ("1/2; −3; 4,5", 3, ""): [0.5, -3, 4.5],
    ("1 / 2, − 3", 2, ""): [0.5, -3],
    ("1,5 2,5", 2, ""): [1.5, 2.5],
    ("− 1 − 2", 2, ""): [-1, -2],
    ("1,5, 2,5", 2, ""): [1.5, 2.5],
    ("2048, 20 480", 2, ""): [2048, 20480],
    ("204 800", 1, ""): [204800],
    ("1,5", 1, ""): [1.5],
    ("- 1/4", 1, ""): [-0.25],
    ("error", 4, "error"): "error",
    ("'Error'", 4, "error"): "error",
    ("0 8 16 24", 4, "error"): [0, 8, 16, 24],
    ("error", 4, ""): None,
    ("1, 13", 3, ""): None,
    ("1, 13, 40, 2", 3, ""): None,
    ("1, two, 3", 3, ""): None,
    ("two", 1, ""): None,
    ("", 1, ""): None,
    ("()", 3, ""): None,
}


@pytest.mark.parametrize(("text", "size", "word"), ROWS)
def test_rows_are_read_as_people_type_them(
    script: Script, text: str, size: int, word: str
) -> None:
    """What is none is not guessed at."""
    assert script.read(text, size, word) == ROWS[text, size, word]


def test_what_is_missing_hides_nothing(script: Script) -> None:
    """Fields that are empty do not keep the others from being judged."""
    quiz = quiz_of(EXERCISES[3])
    answers: list[Value | None] = [None] * len(quiz.fields)
    assert script.judge(quiz, answers) == ([False] * 5, -1)
    answers[0] = [2048]
    assert script.judge(quiz, answers)[0] == [True, *[False] * 4]
    answers[3] = [2048]
    assert said_by(quiz, script.judge(quiz, answers)[1])


def answers_of(quiz: Quiz) -> list[str]:
    """Return the right answers that could be recognised in a text."""
    shown = [each.shown for each in quiz.fields if not each.several]
    return [text for text in shown if len(text) > 3]


def contains(text: str, answer: str) -> bool:
    """Tell whether an answer stands in a text as it is."""
    return (
        re.search(rf"(?<![\w.]){re.escape(answer)}(?![\w.])", text) is not None
    )


@EACH
def test_no_reply_to_a_mistake_holds_the_right_answer(
    exercise: Exercise,
) -> None:
    """What is said of a mistake leaves the answer to be found."""
    task, quiz = task_of(exercise), quiz_of(exercise)
    keys = list(predict.entries(task.solution))
    for why, forms in quiz.wrong:
        said = why.partition("{cure}")[0]  # a link has the words of its heading
        wrong = {i for form in forms for i in form}
        for i in wrong:
            shown = quiz.fields[i].shown
            if len(shown) > 2:
                assert not contains(said, shown), (keys[i], why)


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_each_question_of_the_pages(
    script: Script, page: str, block: str
) -> None:
    """Torch and the script agree on each answer, and no reason gives the right one away."""
    quiz = predict.read(block)
    right = [each.right for each in quiz.fields]
    assert script.judge(quiz, right) == ([True] * len(right), -1)
    assert len(quiz.wrong) >= (2 if quiz.fields[0].options else 1), page
    for number, (why, forms) in enumerate(quiz.wrong):
        for form in forms:
            answers = [form.get(i, value) for i, value in enumerate(right)]
            assert script.judge(quiz, answers)[1] == number
        for shown in answers_of(quiz):
            assert not contains(why, shown), (page, why)


WRONG = {
    "fields: [{right: 1 + 1}]\nwrong: [{value: 2, why: So.}]": "does not get its reason",
    "choices: [{text: A}, {text: B}]\nwrong: []": "one choice has no reason",
    "choices: [{text: A}, {text: $x$, why: So.}]": "no name for a screen reader",
    "run: assert 1 == 2, 'no'\nfields: [{right: 1}]\nwrong: []": "no",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_question_stops_the_build(text: str) -> None:
    """A mistake that is right, two right choices, one that cannot be said, or what torch denies."""
    with pytest.raises((ValueError, AssertionError), match=WRONG[text]):
        predict.prove(predict.read(f"question: Q\nbecause: B\n{text}"))


def plain(text: str) -> str:
    """Return the letters and digits of a text; Markdown sets the rest as it likes."""
    return "".join(c for c in text.casefold() if c.isalnum())


@EACH
def test_the_page_of_each_exercise_asks(
    pages: dict[str, BeautifulSoup], exercise: Exercise
) -> None:
    """It has a form, a reply with a link for each mistake, and the answer closed."""
    soup = pages[f"exercises/{exercise.stem}.html"]
    figure = soup.select_one(f'figure.predict[data-name="{exercise.name}"]')
    assert figure is not None
    quiz = quiz_of(exercise)
    assert len(figure.select(".field")) == len(quiz.fields)
    assert figure["data-task"] == quiz.task
    replies = figure.select("template")
    for reply, mistake in zip(
        replies, task_of(exercise).misconceptions, strict=True
    ):
        assert plain(reply.get_text()).startswith(plain(mistake.name))
        assert plain(mistake.why) in plain(reply.get_text())
        anchor = mistake.see.partition("#")[2]
        assert reply.select(f'a[href$="#{anchor}"]')
    (answer,) = figure.select("details.answer")
    assert "open" not in answer.attrs
    shown = [each.get_text() for each in answer.select(".right")]
    for text, each in zip(shown, quiz.fields, strict=True):
        assert text.endswith(each.shown.replace("`", ""))
    seen = copy(figure)
    for hidden in seen.select("template, details"):
        hidden.decompose()
    for text in answers_of(quiz):
        assert not contains(seen.get_text(" "), text)


def test_quick_questions_have_choices(pages: dict[str, BeautifulSoup]) -> None:
    """As many as the heading says; each can be answered, and each wrong choice gets a reason."""
    seen = 0
    for page, soup in pages.items():
        for heading in soup.select("h2"):
            said = QUICK.match(heading.get_text())
            if not said:
                continue
            number = ("A", "Two", "Three").index(said[1]) + 1
            figures = heading.parent.select("figure.predict")  # type: ignore[union-attr]
            assert len(figures) == number, page
            for figure in figures:
                fields = len(figure.select("input[type=radio]"))
                replies = len(figure.select("template"))
                assert fields == 0 or fields == replies + 1 >= 3
            seen += 1
    assert seen == 11


def test_names_are_unique(pages: dict[str, BeautifulSoup]) -> None:
    """Each prediction is kept under a name of its own."""
    names: Sequence[object] = [
        figure["data-name"]
        for soup in pages.values()
        for figure in soup.select("figure.predict")
    ]
    asked = sum(page != "contributing" for page, _ in BLOCKS)  # an example
    assert len(names) == len(set(names)) == asked + 7
