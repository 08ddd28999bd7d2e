"""What an exercise is made of: tasks, their cases, and the mistakes that people make in them."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch

from autograd_tutorial.checker.case import SEED, Case
from autograd_tutorial.checker.observe import Trial

__all__ = [
    "Exercise",
    "Kind",
    "Misconception",
    "Mistakes",
    "Prediction",
    "Task",
]


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
    """How to tell the mistake where the results alone do not."""

    forms: tuple[object, ...] = ()
    """Other answers that make the same mistake, and lead to other results."""

    raises: str = ""
    """Words of the message, if the example means to raise. If it raises another, it tells nothing."""

    @property
    def answers(self) -> tuple[object, ...]:
        """The example, and the other forms."""
        return (self.example, *self.forms)


@dataclass(frozen=True)
class Kind:
    """What a mistake has in common wherever it is made; the fields are those of `Misconception`."""

    name: str
    see: str
    why: str = ""
    sign: Callable[[list[Trial]], bool] | None = None
    raises: str = ""


class Mistakes:
    """The mistakes of an exercise, those of each task in the order in which they are tried.

    A wrong answer has the name of the right one, and its docstring says how one comes to it::

        mistakes = Mistakes()


        @mistakes.add("the cosine was called", "tutorial#vector-to-scalar")
        def derivative_of_sine(x):
            "You know the formula; autograd is to find the derivative without it."
            return torch.cos(x)
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._of: dict[str, list[Misconception]] = {}

    def add(
        self,
        kind: Kind | str,
        see: str = "",
        *,
        sign: Callable[[list[Trial]], bool] | None = None,
        raises: str = "",
    ) -> Callable[[Callable[..., object]], Callable[..., object]]:
        """Make a mistake of the wrong answer below; what is said here counts before its kind."""
        if isinstance(kind, str):
            kind = Kind(kind, see)

        def note(answer: Callable[..., object]) -> Callable[..., object]:
            self._of.setdefault(answer.__name__, []).append(
                Misconception(
                    kind.name,
                    answer,
                    " ".join((answer.__doc__ or kind.why).split()),
                    see or kind.see,
                    sign or kind.sign,
                    raises=raises or kind.raises,
                )
            )
            return answer

        return note

    def form(self, answer: Callable[..., object]) -> Callable[..., object]:
        """Make the answer below another form of the mistake above, with other results."""
        found = self._of[answer.__name__]
        found[-1] = replace(found[-1], forms=(*found[-1].forms, answer))
        return answer

    def predict(
        self,
        name: str,
        kind: Kind | str,
        value: object,
        *forms: object,
        why: str,
        see: str = "",
    ) -> None:
        """Make a mistake of a prediction of these values, or entries."""
        if isinstance(kind, str):
            kind = Kind(kind, see)
        self._of.setdefault(name, []).append(
            Misconception(kind.name, value, why, see or kind.see, forms=forms)
        )

    def of(self, task: str) -> tuple[Misconception, ...]:
        """Return the mistakes of a task."""
        return tuple(self._of[task])


@dataclass(frozen=True)
class Task:
    """A function to write."""

    solution: Callable[..., object]
    """The answer from the package. Its name and parameters are those that the learner's has."""

    cases: Callable[[torch.Generator], Iterable[Case]]
    """The inputs to try, random ones from the generator and then the edges."""

    misconceptions: tuple[Misconception, ...]
    """The mistakes that have a name."""

    ways: Mapping[str, str] = field(default_factory=dict)
    """Other ways that work, by a name that occurs in such code, and what to say of each."""

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
    """The name of its page and its folder."""

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
