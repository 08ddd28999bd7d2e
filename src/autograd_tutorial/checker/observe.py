"""Call an answer, and note all that it does; what it changes is put back.

The calls run in a thread of their own, so that one that never ends can be
left: this works alike in a script, in a notebook and on every system. An
endless loop in Python is also stopped, but never within an import, which would
leave half a module behind. Code that catches every exception, or that waits
inside a single call of C code, cannot be stopped from outside: it runs on in
the background, and the report says so. A call of C code that keeps the
interpreter to itself holds up the check too. What ends the process, as
`os._exit` does, ends the check with it.

One answer is observed at a time, since what is put back afterwards belongs to
the whole process: a check in another thread waits for its turn.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import inspect
import io
import linecache
import math
import os
import random
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

from autograd_tutorial import functions
from autograd_tutorial.checker.case import SEED, Case
from autograd_tutorial.checker.compare import RTOL, mismatch

__all__ = [
    "BACKWARD",
    "SINGLE_RTOL",
    "Change",
    "Line",
    "Seen",
    "Trial",
    "observe",
]


WINDOW = 0.05
"""How often it is looked how much of its time an answer has had, in seconds."""

PATIENCE = 10
"""How many times as long as its limit an answer may take on a busy machine."""

IMPORTS = 30.0
"""How long the imports of an answer may take, in seconds; they are not counted as its own time."""

BACKWARD = ("torch.Tensor.backward", "backward")
"""The names of `backward`, the method and the function."""

SINGLE_RTOL = 1e-4
"""How far a result in float32 may be off, relative to the largest number in it."""


class Line(NamedTuple):
    """A line of the learner's code."""

    number: int
    """Its number in the file, or in the cell."""

    text: str
    """What it says."""


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

    line: Line | None = None
    """Where it raised, or where it was when its time was up."""

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
    clock: list[Callable[[], float]] = []

    def work() -> None:
        _thread.answers = True
        clock.append(_clock())
        for trial, fresh in zip(trials, untouched, strict=True):
            if trial is not trials[0]:
                done.append(trial)
            with contextlib.suppress(_Stop):
                _try(answer, trial, fresh, output)
            if trial.error or trial.unfinished:
                return

    # An answer may call `check` itself: then the room is its own already.
    turn = contextlib.nullcontext() if _answers() else _TURN
    with turn, _clean_room(done) as output:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            if seconds is None:
                thread.join()
            else:
                _wait(thread, clock, seconds)
        finally:  # also when someone presses Ctrl-C
            if thread.is_alive():
                frame = sys._current_frames().get(thread.ident or 0)
                last = done[-1]
                last.unfinished = True
                last.line = _line(answer, frame)
                _stop(thread, clock)
                last.runs_on = thread.is_alive()
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


def _spied(start: Callable[[threading.Thread], None], done: list[Trial]) -> Any:
    """Return a `Thread.start` that spies in the threads of an answer too."""

    def spied_start(thread: threading.Thread) -> None:
        if _answers():
            run = thread.run

            def spied_run() -> None:
                _thread.answers = True
                with _Spy(done[-1]):
                    run()

            thread.run = spied_run  # type: ignore[method-assign]
        start(thread)

    return spied_start


class _Stop(SystemExit):
    """Raised from outside in code whose time is up."""


def _try(
    answer: Callable[..., object], trial: Trial, fresh: Case, output: _Output
) -> None:
    """Run one case in the thread of the answer."""
    try:
        with _Spy(trial):
            for _ in range(trial.case.calls):
                trial.results.append(answer(*trial.case.arguments))
    except _Stop:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the learner's code raises
        trial.error = _message(error)
        trial.line = _line(answer, error.__traceback__)
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
            return "its `.grad` has other numbers now"
    elif callable(now):
        return ""
    return "its values are others now" if mismatch(now, before, 0) else ""


def _message(error: BaseException) -> str:
    """Write an exception as the last line of a traceback does."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception of the learner's own may do anything
        text = "(its message could not be read)"
    return ": ".join(part for part in (type(error).__name__, text) if part)


def _line(answer: Callable[..., object], place: object) -> Line | None:
    """Find the innermost line that belongs to the file, or cell, of the answer."""
    code = getattr(inspect.unwrap(answer), "__code__", None)
    if isinstance(place, FrameType):
        stack = list(traceback.walk_stack(place))
    else:
        stack = list(traceback.walk_tb(place))[::-1]  # type: ignore[arg-type]
    for frame, number in stack:
        if code and frame.f_code.co_filename == code.co_filename:
            text = linecache.getline(code.co_filename, number).strip()
            return Line(number, text)
    return None


def _clock() -> Callable[[], float]:
    """Return the clock of the processor's time of this thread; of the process, on some systems."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time
    number = time.pthread_getcpuclockid(threading.get_ident())

    def clock() -> float:
        try:
            return time.clock_gettime(number)
        except OSError:  # the thread has just ended
            return 0.0

    return clock


def _wait(
    thread: threading.Thread,
    clock: list[Callable[[], float]],
    seconds: float,
    imports: float = IMPORTS,
) -> None:
    """Wait until a thread has ended or has had its time, be the machine busy or idle.

    Its time is up when it has used that much of the processor, or has waited
    that long at a stretch and used next to nothing; in any case after
    `PATIENCE` times that long on the wall. What it imports has a time of its
    own, and is not counted.
    """
    limits = {False: seconds, True: imports}
    had = {False: 0.0, True: 0.0}
    used = clock[0]() if clock else 0.0
    begun = last = time.monotonic()
    while all(had[importing] < limits[importing] for importing in had):
        thread.join(min(WINDOW, seconds / 10))
        if not thread.is_alive():
            return
        importing = _imports(thread)
        now, now_used = time.monotonic(), clock[0]() if clock else 0.0
        worked, passed = now_used - used, now - last
        if worked >= 0.01 * passed:
            had[importing] += worked
            last, used = now, now_used
            begun += passed if importing else 0.0
        elif passed >= limits[importing]:
            return
        if not importing and now - begun >= PATIENCE * seconds:
            return


def _imports(thread: threading.Thread) -> bool:
    """Return whether a thread is in an import, or in what torch does but once and not by halves."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        code = frame.f_code
        if (
            code.co_filename.startswith("<frozen importlib")
            or code.co_name == "lazy_load_decompositions"
        ):
            return True
        frame = frame.f_back
    return False


def _stop(thread: threading.Thread, clock: list[Callable[[], float]]) -> None:
    """Raise in the thread, and again if that was caught, for a second; an import may end first."""
    for _ in range(20):
        if not _imports(thread):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
            )
        _wait(thread, clock, 0.05, imports=0.5)
        if not thread.is_alive():
            return


class _Output(io.StringIO):
    """Takes what is printed, up to a limit; closing it does nothing."""

    LIMIT = 2_000

    def write(self, text: str) -> int:
        """Keep the text if there is room."""
        if self.tell() < self.LIMIT:
            super().write(text[: self.LIMIT])
        return len(text)

    def note(self, text: str) -> None:
        """Take a warning."""
        self.write(text)

    def close(self) -> None:
        """Stay open."""

    def take(self) -> str:
        """Return what was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text.rstrip()


_OWNERS: tuple[object, ...] = (
    builtins, math, os, random, sys, time, np, functions,
    torch, torch.autograd, torch.func, torch.linalg, torch.optim, torch.nn,
    torch.nn.functional, torch.nn.Module, torch.Tensor,
    torch._tensor_str.PRINT_OPTS,
)  # fmt: skip
"""Modules, classes and options whose attributes an answer may set to something else."""


def _restore_path(old: list[str]) -> None:
    """Put back where modules are looked for."""
    sys.path[:] = old


def _restore_environment(old: dict[str, str]) -> None:
    """Put the variables of the environment back."""
    if dict(os.environ) != old:
        os.environ.clear()
        os.environ.update(old)


def _folder() -> Path | None:
    """Return the working directory, or None if it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _go_back(folder: Path | None) -> None:
    """Return to the working directory, if it is still there."""
    if folder is not None:
        with contextlib.suppress(OSError):
            os.chdir(folder)


_STATE: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_rng_state, torch.set_rng_state),
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (
        lambda: (
            torch.is_anomaly_enabled(),
            torch.is_anomaly_check_nan_enabled(),
        ),
        lambda modes: torch.autograd.set_detect_anomaly(*modes),
    ),
    (
        torch.get_deterministic_debug_mode,
        torch.set_deterministic_debug_mode,
    ),
    (
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    (torch.is_warn_always_enabled, torch.set_warn_always),
    (torch.get_num_threads, torch.set_num_threads),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.getswitchinterval, sys.setswitchinterval),
    (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    (lambda: list(sys.path), _restore_path),
    (lambda: dict(os.environ), _restore_environment),
    (_folder, _go_back),
)
"""How to ask for what belongs to the process, and how to put it back."""


@contextlib.contextmanager
def _clean_room(done: list[Trial]) -> Iterator[_Output]:
    """Start from the defaults; afterwards put back all that may be changed."""
    output = _Output()
    kept = [(put_back, ask()) for ask, put_back in _STATE]
    names = [(owner, dict(vars(owner))) for owner in _OWNERS]
    stdin, start = sys.stdin, threading.Thread.start
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        warnings.catch_warnings(),
        _no_windows(),
    ):
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: output.note(
            f"Warning: {message}\n"
        )
        sys.stdin = io.StringIO()
        threading.Thread.start = _spied(start, done)  # type: ignore[method-assign]
        torch.set_default_dtype(torch.float32)
        torch.manual_seed(SEED)
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002
        try:
            yield output
        finally:
            threading.Thread.start = start  # type: ignore[method-assign]
            for owner, before in names:
                _put_back(owner, before)
            sys.stdin = stdin
            for put_back, value in kept:
                put_back(value)


def _put_back(owner: object, before: dict[str, object]) -> None:
    """Undo assignments to the attributes of a module or a class."""
    now = dict(vars(owner))
    for name, value in before.items():
        if now.get(name, owner) is not value:
            setattr(owner, name, value)
    if isinstance(owner, type):  # a module may have imported a submodule
        for name in now.keys() - before.keys():
            delattr(owner, name)


@contextlib.contextmanager
def _no_windows() -> Iterator[None]:
    """Close the figures that were drawn, and open no window in a thread."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        yield
        return
    show, figures = pyplot.show, set(pyplot.get_fignums())
    backend = pyplot.get_backend()
    if not figures:  # to switch with open figures would close them
        pyplot.switch_backend("agg")
    pyplot.show = lambda *_, **__: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - figures:
            pyplot.close(number)
        pyplot.show = show  # type: ignore[attr-defined]
        if not figures:
            pyplot.switch_backend(backend)
