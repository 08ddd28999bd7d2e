"""One input on which an answer is tried."""

from dataclasses import dataclass

__all__ = ["SEED", "Case"]

SEED = 2026
"""The seed of the random inputs: the same numbers each time."""


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
