"""Call an answer, and note all that it does.

One answer is observed at a time, since what is put back afterwards belongs to
the whole process: a check in another thread waits for its turn.
"""

import contextlib
import inspect
import linecache
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

from autograd_tutorial.checker.case import SEED, Case
from autograd_tutorial.checker.clean_room import Output, clean_room
from autograd_tutorial.checker.compare import RTOL, Mismatch, mismatch
from autograd_tutorial.checker.timed import TimedThread, TimeIsUp

__all__ = [
    "BACKWARD",
    "SINGLE_RTOL",
    "Seen",
    "Trial",
    "observe",
]


IMPORTS = 30.0
"""How long the imports of an answer may take, in seconds; they are not counted as its own time."""

BACKWARD = ("torch.Tensor.backward", "backward")
"""The names of `backward`, the method and the function."""

SINGLE_RTOL = 1e-4
"""How far a result in float32 may be off, relative to the largest number in it."""


class Seen(NamedTuple):
    """What was read from the `.grad` of a tensor."""

    value: torch.Tensor | None
    """What it held."""

    is_leaf: bool
    """Whether the tensor was a leaf."""

    requires_grad: bool
    """Whether it required grad."""


class Change(NamedTuple):
    """An argument that is not what it was before the call."""

    position: int
    """Its position among the arguments."""

    how: str
    """What is different, as the end of a sentence."""


@dataclass
class Trial:
    """What an answer did with one case."""

    case: Case
    results: list[object] = field(default_factory=list)
    """What it returned, once for each call, as it is after the last call."""

    expected: list[object] = field(default_factory=list)
    """What the solution returns."""

    error: str = ""
    """The type and the message of the exception that it raised."""

    line: str = ""
    """The learner's line that raised, or ran when its time was up, as in "line 3, `x = y`"."""

    unfinished: bool = False
    """Whether its time was up."""

    runs_on: bool = False
    """Whether it could not be stopped."""

    changed: Change | None = None
    """The first argument that was changed."""

    called: list[str] = field(default_factory=list)
    """The functions of torch that ran, in order."""

    dtypes: set[torch.dtype] = field(default_factory=set)
    """The dtypes of the tensors that those functions took and returned."""

    largest: int = 0
    """The number of elements of the largest tensor that they returned."""

    failed: str = ""
    """The function that raised, if it was one of torch."""

    recorded: bool = False
    """Whether they met a tensor that requires grad."""

    grad: Seen | None = None
    """What was read from a `.grad` the last time."""

    output: str = ""
    """What was printed, and what warnings came up."""

    @property
    def single(self) -> bool:
        """Whether the case is one in float32."""
        return any(
            isinstance(argument, Tensor) and argument.dtype == torch.float32
            for argument in self.case.arguments
        )

    @property
    def rtol(self) -> float:
        """How far a result may be off, relative to the largest number in it."""
        return SINGLE_RTOL if self.single else RTOL

    @property
    def wrong(self) -> Mismatch | None:
        """The first mismatch in what it returned, if it came to its end."""
        if self.error or self.unfinished:
            return None
        calls = zip(self.results, self.expected, strict=True)
        found = (mismatch(mine, right, self.rtol) for mine, right in calls)
        return next(filter(None, found), None)

    @property
    def excused(self) -> bool:
        """Whether the case is lenient, and what went wrong is no number."""
        if not self.case.lenient:
            return False
        wrong = self.wrong
        return bool(self.error) or bool(wrong and wrong.kind != "value")

    @property
    def reverse_passes(self) -> int:
        """How many backward passes ran; a batch of them, by vmap, is one."""
        return sum(name in (*BACKWARD, "grad") for name in self.called)

    @property
    def forward_passes(self) -> int:
        """How many tangents were sent forward; a batch of them, by vmap, is one."""
        return self.called.count("_make_dual")


def observe(
    answer: Callable[..., object],
    cases: Callable[[], list[Case]],
    seconds: float | None,
) -> list[Trial]:
    """Call the answer on every case; the time limit is for all of them together.

    It is a limit on the processor's time, of which a busy machine takes
    nothing away, and on the time spent in waiting at a stretch.

    The list ends with the first case that raised or ran out of time. `cases`
    must make the same cases each time: the second making is compared with
    the first after the call, to see what was changed.
    """
    trials = [Trial(case) for case in cases()]
    untouched = cases()
    done = trials[:1]

    def work() -> None:
        _thread.answers = True
        for trial, fresh in zip(trials, untouched, strict=True):
            if trial is not trials[0]:
                done.append(trial)
            with contextlib.suppress(TimeIsUp):
                _try(answer, trial, fresh, output)
            if trial.error or trial.unfinished:
                return

    # An answer may call `check` itself: then the room is its own already.
    turn = contextlib.nullcontext() if _answers() else _TURN
    with turn, clean_room(SEED) as output:
        _spy_in_threads(done)
        thread = TimedThread(target=work, daemon=True)
        thread.start()
        try:
            if seconds is None:
                thread.join()
            else:
                thread.wait(seconds, IMPORTS)
        finally:  # also when someone presses Ctrl-C
            if thread.is_alive():
                last = done[-1]
                last.unfinished = True
                last.line = _line(answer, thread.stack())
                last.runs_on = not thread.stop()
                last.output = output.take()
    return list(done)


_TURN = threading.Lock()

_thread = threading.local()


def _answers() -> bool:
    """Return whether this thread runs an answer."""
    return getattr(_thread, "answers", False)


class _Spy(TorchFunctionMode):
    """Notes each function of torch that runs."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial = trial

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = resolve_name(func) or getattr(func, "__name__", str(func))
        self.trial.failed = name
        result = func(*args, **(kwargs or {}))
        self.trial.failed = ""
        self.trial.called.append(name)
        for value in (*args, result):
            if isinstance(value, Tensor):
                self.trial.dtypes.add(value.dtype)
                self.trial.recorded |= value.requires_grad
        if isinstance(result, Tensor) and not result.is_nested:
            self.trial.largest = max(self.trial.largest, result.numel())
        if name == "torch.Tensor.grad.__get__":
            self.trial.grad = Seen(
                result, args[0].is_leaf, args[0].requires_grad
            )
        return result


def _spy_in_threads(done: list[Trial]) -> None:
    """Spy in the threads of an answer too; the room puts `Thread.start` back."""
    start = threading.Thread.start

    def spied_start(self: threading.Thread) -> None:
        if _answers():
            run = self.run

            def spied_run() -> None:
                _thread.answers = True
                with _Spy(done[-1]):
                    run()

            self.run = spied_run  # type: ignore[method-assign]
        start(self)

    threading.Thread.start = spied_start  # type: ignore[method-assign]


def _try(
    answer: Callable[..., object], trial: Trial, fresh: Case, output: Output
) -> None:
    """Run one case in the thread of the answer."""
    try:
        with _Spy(trial):
            for _ in range(trial.case.calls):
                trial.results.append(answer(*trial.case.arguments))
    except TimeIsUp:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the learner's code raises
        trial.error = _message(error)
        frames = list(traceback.walk_tb(error.__traceback__))
        trial.line = _line(answer, reversed(frames))
    for result in trial.results:
        if inspect.iscoroutine(result):
            result.close()
    pairs = zip(trial.case.arguments, fresh.arguments, strict=True)
    for position, (now, before) in enumerate(pairs):
        change = _change(now, before)
        if change:
            trial.changed = Change(position, change)
            break
    trial.output = output.take()


def _change(now: object, before: object) -> str:
    """Say how an argument differs from what it was."""
    if isinstance(now, Tensor) and isinstance(before, Tensor):
        if now.requires_grad != before.requires_grad:
            return f"its `requires_grad` is {now.requires_grad} now"
        grad, earlier = now.grad if now.is_leaf else None, before.grad
        if (grad is None) != (earlier is None):
            return "its `.grad` was " + (
                "filled" if earlier is None else "cleared"
            )
        if grad is not None and mismatch(grad, earlier, 0):
            return "its `.grad` holds other numbers now"
    elif callable(now):
        return ""
    return "its values are different now" if mismatch(now, before, 0) else ""


def _message(error: BaseException) -> str:
    """Write an exception as the last line of a traceback does."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception of the learner's own may do anything
        text = "(its message could not be read)"
    return ": ".join(part for part in (type(error).__name__, text) if part)


def _line(
    answer: Callable[..., object], stack: Iterable[tuple[FrameType, int]]
) -> str:
    """Say which line is the innermost that belongs to the file, or cell, of the answer."""
    code = getattr(inspect.unwrap(answer), "__code__", None)
    for frame, number in stack:
        if code and frame.f_code.co_filename == code.co_filename:
            text = linecache.getline(code.co_filename, number).strip()
            return f"line {number}, `{text}`"
    return ""
