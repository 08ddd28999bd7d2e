"""Predictions that are answered in the page: `{predict}`, and `{prediction} ex1` on exercises' pages.

`{predict}` holds YAML: a `question`, and either `fields` to type numbers into or `choices`. What is
right is an expression, which torch evaluates while the page is built, so that no number is copied;
what is known to be wrong has a reason::

    question: "What does `x.grad` hold?"
    run: |
      x = torch.arange(4.0, requires_grad=True)
      (x * x).sum().backward()
    fields:
    - right: x.grad
    wrong:
    - value: x.detach()
      why: You took the values for the gradient.
    because: The derivative of each square is twice its root.

Of `choices` each has a `text`, and each but the right one a reason, `why`. `run` may assert what the
choices say. The page's own script is asked for every answer before it is written into the page.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar
from zlib import crc32

import torch
import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from autograd_tutorial.checker.exercise import Exercise, Prediction
from play.common import SOURCES, context, quoted

SCRIPTS = ("kit.js", "predict.js")
RTOL = Prediction.rtol

Value = str | list[float]
"""An answer as the script has it: a word, numbers, or the numbers of what was chosen."""
Form = dict[int, Value]
"""A way to be wrong: some of the fields, and what they hold."""


@dataclass
class Field:
    """A place for an answer."""

    right: Value
    label: str = ""
    """In Markdown; a field that stands alone needs none."""
    options: Sequence[str] = ()
    """What can be chosen, in Markdown; a field without options is typed into."""
    several: bool = False
    """Whether more than one of them can be chosen."""
    size: int = 1
    """How many numbers are typed."""
    word: str = ""
    """A word that may be typed instead."""

    @property
    def shown(self) -> str:
        """The right answer, as Markdown."""
        if self.options:
            chosen = [self.options[int(i)] for i in self.right]
            return ", ".join(chosen) or "nothing"
        if isinstance(self.right, str):
            return self.right
        numbers = [f"{x + 0:.7g}".replace("-", "−") for x in self.right]
        return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"


@dataclass
class Quiz:
    """What a reader is asked, and how each answer is answered."""

    name: str
    question: str
    fields: list[Field]
    wrong: list[tuple[str, list[Form]]] = field(default_factory=list)
    """What to say of a mistake, in Markdown, and the answers that make it."""
    because: str = ""
    how: str = ""

    @property
    def task(self) -> str:
        """What the script compares with."""
        return json.dumps(
            {
                "rtol": RTOL,
                "right": [each.right for each in self.fields],
                "mistakes": [forms for _, forms in self.wrong],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )


class Script:
    """The script of the page, without a browser."""

    def __init__(self, *, minified: bool = False) -> None:
        """Load it."""
        self.context = context(*SCRIPTS, minified=minified)
        self.context.eval(
            "const { read, judge } = Predict;"
            "globalThis.judged = (task, answers) =>"
            "  JSON.stringify(judge(JSON.parse(task), JSON.parse(answers)));"
            "globalThis.readAs = (...typed) => JSON.stringify(read(...typed));"
        )

    def judge(
        self, quiz: Quiz, answers: Sequence[Value | None]
    ) -> tuple[list[bool], int]:
        """Return which answers are right, and the number of the mistake in them, or -1."""
        said = json.loads(
            self.context.get("judged")(quiz.task, json.dumps(answers))
        )
        return said["isRight"], said["mistake"]

    def read(self, text: str, size: int = 1, word: str = "") -> Value | None:
        """Return what is read where this is typed."""
        read: Value | None = json.loads(
            self.context.get("readAs")(text, size, word)
        )
        return read


def prove(quiz: Quiz) -> None:
    """Ask the script for every answer that the page knows.

    Raises
    ------
    ValueError
        If a right answer is not right, or a wrong one gets another reason than its own.
    """
    script = Script()
    right = [each.right for each in quiz.fields]
    if not all(script.judge(quiz, right)[0]):
        raise ValueError(f"{quiz.question!r}: {right} is not right")
    for number, (why, forms) in enumerate(quiz.wrong):
        for form in forms:
            said = script.judge(
                quiz, [form.get(i, value) for i, value in enumerate(right)]
            )
            if said[1] != number:
                raise ValueError(
                    f"{quiz.question!r}: {form} does not get its reason, {why!r}"
                )


def value_of(answer: object) -> Value:
    """Return a tensor, a number, numbers or a word as an answer."""
    if isinstance(answer, torch.Tensor):
        answer = answer.tolist()
    if isinstance(answer, str):
        return answer
    flat: Sequence[Any] = answer if isinstance(answer, Sequence) else [answer]
    return [float(x) for x in flat]


def read(text: str) -> Quiz:
    """Read what a page asks; torch says what is right."""
    said: dict[str, Any] = yaml.safe_load(text)
    names: dict[str, Any] = {"torch": torch}
    exec(said.get("run", ""), names)  # noqa: S102 - the site's own pages

    def evaluate(expression: object) -> Value:
        return value_of(eval(str(expression), names))

    how = said.get("how", "")
    quiz = Quiz("", said["question"], [], [], said["because"], how)
    if "choices" in said:
        choices = said["choices"]
        right = [i for i, each in enumerate(choices) if "why" not in each]
        if len(right) != 1:
            raise ValueError(f"{quiz.question!r}: one choice has no reason")
        texts = [str(each["text"]) for each in choices]
        for bare in filter(re.compile(r"\$[^$]*\$").fullmatch, texts):
            raise ValueError(
                f"{bare}: no name for a screen reader. Write it with a word, or in italics."
            )
        quiz.fields = [Field([float(right[0])], "", texts)]
        quiz.wrong = [
            (f"**Not yet.** {each['why']}", [{0: [float(i)]}])
            for i, each in enumerate(choices)
            if "why" in each
        ]
        return quiz
    for each in said["fields"]:
        values = evaluate(each["right"])
        quiz.fields.append(
            Field(values, each.get("label", ""), size=len(values))
        )
    quiz.wrong = [
        (
            f"**Not yet.** {each['why']}",
            [{each.get("field", 0): evaluate(each["value"])}],
        )
        for each in said["wrong"]
    ]
    return quiz


def of_exercise(exercise: Exercise, labels: Sequence[str], how: str) -> Quiz:
    """Return the prediction of an exercise, as the checker has it.

    The labels are those of a list, in order; a dictionary has its own.
    """
    (task,) = (t for t in exercise.tasks if isinstance(t, Prediction))
    right = entries(task.solution)
    keys = list(right)
    examples = [[entries(a) for a in m.answers] for m in task.misconceptions]
    fields = []
    for number, key in enumerate(keys):
        label = labels[number] if labels else str(key)
        if isinstance(right[key], AbstractSet):
            options = [other for other in keys if other != key]
            fields.append(Field("", label, options, several=True))
            continue
        values = [right[key]]
        values += [e[key] for forms in examples for e in forms if key in e]
        words = {
            word for value in right.values() if isinstance(word := value, str)
        }
        size = max(len(value_of(v)) for v in values if not isinstance(v, str))
        fields.append(Field("", label, size=size, word="".join(words)))

    def answer(key: object, value: object) -> Value:
        options = fields[keys.index(key)].options
        if options:
            assert isinstance(value, Sequence | AbstractSet)
            return [float(i) for i, o in enumerate(options) if o in value]
        return value_of(value)

    for each, key in zip(fields, keys, strict=True):
        each.right = answer(key, right[key])
    wrong = [
        (
            f"**{m.name[0].upper()}{m.name[1:]}.** {m.why} {{cure}}`{m.see}`",
            [
                {keys.index(k): answer(k, v) for k, v in form.items()}
                for form in forms
            ],
        )
        for m, forms in zip(task.misconceptions, examples, strict=True)
    ]
    return Quiz(exercise.name, "Your prediction", fields, wrong, how=how)


def entries(value: object) -> Mapping[Any, Any]:
    """Return a prediction, or a part of one, as a dictionary."""
    if isinstance(value, Mapping):
        return value
    assert isinstance(value, Sequence)
    return dict(enumerate(value))


class Inline(str):
    """Markdown that stands in a line."""

    __slots__ = ()


class Block(str):
    """Markdown that makes paragraphs."""

    __slots__ = ()


def inputs(quiz: Quiz, number: int, each: Field) -> Iterator[str]:
    """Yield a field: HTML and Markdown."""
    key = f"{quiz.name}-{number}"
    named = f'aria-labelledby="{quiz.name}-question"'
    described = f'aria-describedby="{key}-said"'
    said = f'<span id="{key}-said" class="said"></span>'
    if each.options:
        start = f'<div class="field" role="radiogroup" {named} {described}>'
        kind, end = "radio", f"{said}</div>"
        if each.several:
            kind, end = "checkbox", "</div></fieldset>"
            yield '<fieldset class="field"><legend>'
            yield Inline(each.label)
            start = f' {said}</legend><div class="options">'
        yield start
        for i, option in enumerate(each.options):
            yield '<label class="option"><input class="needs-script" '
            yield f'type="{kind}" name="{key}" value="{i}" autocomplete="off" />'
            yield Inline(option)
            yield "</label>"
        yield end
        return
    yield f'<div class="field text{"" if each.label else " alone"}">'
    if each.label:
        yield f'<label for="{key}">'
        yield Inline(each.label)
        yield "</label>"
        named = ""
    word = f' data-word="{each.word}"' if each.word else ""
    yield f'<input id="{key}" type="text" {named} {described} '
    yield f'data-size="{each.size}"{word} autocomplete="off" '
    yield f'autocapitalize="off" spellcheck="false" />{said}</div>'


def parts(quiz: Quiz) -> Iterator[str]:
    """Yield what the page holds: HTML and Markdown."""
    # What can be chosen is to be read without a script too.
    is_choice = any(each.options and not each.several for each in quiz.fields)
    needs = "" if is_choice else "needs-script"
    yield f'<figure class="moving predict" data-name="{quoted(quiz.name)}" '
    yield f'data-task="{quoted(quiz.task)}">\n'
    yield f'<p class="question" id="{quiz.name}-question">'
    yield Inline(quiz.question)
    yield f'</p>\n<form class="{needs}" novalidate="novalidate">'
    if quiz.how:
        yield '<p class="how">'
        yield Inline(quiz.how)
        yield "</p>"
    group = f' role="group" aria-labelledby="{quiz.name}-question"'
    yield f'<div class="fields"{"" if is_choice else group}>'
    for number, each in enumerate(quiz.fields):
        yield from inputs(quiz, number, each)
    yield '</div>\n<div class="submit needs-script">'
    yield '<button type="submit">Check</button><span class="kept"></span>'
    yield '</div></form>\n<div class="reply needs-script" role="status"></div>\n'
    for why, _ in quiz.wrong:
        yield "<template>"
        yield Block(why)
        yield "</template>"
    yield '\n<details class="answer"><summary>Show the answer</summary>'
    for each in quiz.fields:
        yield '<p class="right">'
        yield Inline(f"{each.label}: {each.shown}".removeprefix(": "))
        yield "</p>"
    if quiz.because:
        yield '<div class="because">'
        yield Block(quiz.because)
        yield "</div>"
    yield "</details>\n</figure>\n"


def to_nodes(directive: SphinxDirective, quiz: Quiz) -> list[nodes.Node]:
    """Return the figure, once the script has answered what the page knows."""
    prove(quiz)
    for name in SCRIPTS:
        directive.env.note_dependency(str(SOURCES / name))
    made: list[nodes.Node] = []
    for part in parts(quiz):
        if isinstance(part, Block):
            made += directive.parse_text_to_nodes(str(part))
        elif isinstance(part, Inline):
            (paragraph,) = directive.parse_text_to_nodes(str(part))
            made.append(nodes.inline("", "", *paragraph.children))
        else:
            made.append(nodes.raw("", part, format="html"))
    return made


class Directive(SphinxDirective):
    """A question of a page, in YAML."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Read it, prove it and write it."""
        try:
            quiz = read("\n".join(self.content))
            # Kept under a name that changes with the question.
            stem = PurePosixPath(self.env.docname).name
            quiz.name = f"{stem}-{crc32(quiz.question.encode()):x}"
            return to_nodes(self, quiz)
        except (ValueError, AssertionError, KeyError) as error:
            raise self.error(f"{type(error).__name__}: {error}") from error
