"""What an exercise is made of: tasks, their cases, and the mistakes that people make in them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from autograd_tutorial.checker.observe import Trial

__all__ = ["Case", "Exercise", "Misconception", "Prediction", "Task"]

SEED = 2026


@dataclass(frozen=True)
class Case:
    """One input on which an answer is tried."""

    label: str
    """What the input is, as the report says it ("a matrix")."""

    arguments: tuple[object, ...]
    """The arguments of the call."""

    calls: int = 1
    """How often the answer is called with the *same* arguments.

    A second call brings to light what the first has left behind, in the
    argument's `.grad` for example.
    """

    jump: bool = False
    """Whether the function jumps here, so that a difference over a small step tells nothing."""

    lenient: bool = False
    """Whether only a wrong number counts, and not an exception or a missing entry.

    For an input of which the statement does not say all.
    """


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make, as an answer that makes it."""

    name: str
    """The mistake in a few words."""

    example: object
    """An answer with this mistake, a function or the value of a prediction.

    If the prediction is a dictionary, the entries that are wrong will do.
    """

    why: str
    """One sentence on how one comes to it."""

    see: str
    """Where the site cures it, a page and a heading on it, as in "tutorial#control-flow"."""

    sign: Callable[[list[Trial]], bool] | None = None
    """How to tell the mistake where the results alone do not; see `signs`."""

    forms: tuple[object, ...] = ()
    """Other answers that make the same mistake, and lead to other results."""

    raises: str = ""
    """Words of the message, if the example means to raise. If it raises another, it tells nothing."""

    @property
    def answers(self) -> tuple[object, ...]:
        """The example, and the other forms."""
        return (self.example, *self.forms)


@dataclass(frozen=True)
class Task:
    """A function to write."""

    solution: Callable[..., object]
    """The answer from the package. Its name and parameters are those that the learner's has."""

    cases: Callable[[torch.Generator], Iterable[Case]]
    """The inputs to try, random ones from the generator and then the edges."""

    misconceptions: tuple[Misconception, ...]
    """The mistakes that have a name."""

    ways: tuple[tuple[str, str], ...] = ()
    """Other ways that work, as a name that occurs in such code and what to say of it."""

    @property
    def name(self) -> str:
        """The name of the function to write."""
        return self.solution.__name__

    @property
    def call(self) -> str:
        """The call as the statement writes it, "derivative_of_sine(x)"."""
        parameters = ", ".join(inspect.signature(self.solution).parameters)
        return f"{self.name}({parameters})"

    def inputs(self) -> list[Case]:
        """Return the cases, made anew: the same numbers each time."""
        return list(self.cases(torch.Generator().manual_seed(SEED)))


@dataclass(frozen=True)
class Prediction:
    """Numbers or words to say before anything runs."""

    name: str
    """The name of the variable that holds the answer in the starter."""

    solution: object
    """The right values, which are numbers, words, or lists, sets and dictionaries of them."""

    misconceptions: tuple[Misconception, ...]
    """The mistakes that have a name, each with the values that it leads to."""

    rtol: float = 1e-3
    """How far a number may be off, relative to the right one, since it comes from paper."""

    @property
    def call(self) -> str:
        """The name, as a report uses it."""
        return self.name


@dataclass(frozen=True)
class Exercise:
    """One exercise: tasks to do, and hints that lead to them."""

    number: int
    """Its number in the notebook's list."""

    stem: str
    """The name of its page, its module and its starter."""

    title: str
    """The title of its page."""

    tasks: tuple[Task | Prediction, ...]
    """What is to be done, in the order in which `check` takes the answers."""

    hints: tuple[str, ...]
    """Two or three, each saying more than the one before; plain text with backticks."""

    @property
    def name(self) -> str:
        """The short name, "ex2"."""
        return f"ex{self.number}"
