"""A clean room for code of a learner: it starts from the defaults, and what it changes is put back.

What is put back belongs to the whole process, so only one at a time can be in
the room.
"""

import builtins
import contextlib
import gc
import io
import math
import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from autograd_tutorial import functions

__all__ = ["Output", "clean_room"]


class Output(io.StringIO):
    """Takes what is printed, up to a limit; closing it does nothing."""

    LIMIT = 2_000

    def write(self, text: str) -> int:
        """Keep the text if there is room."""
        if self.tell() < self.LIMIT:
            super().write(text[: self.LIMIT])
        return len(text)

    def close(self) -> None:
        """Stay open."""

    def take(self) -> str:
        """Return what was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text.rstrip()


@contextlib.contextmanager
def clean_room(seed: int) -> Iterator[Output]:
    """Start from the defaults, and take what is printed; afterwards put back what was changed."""
    output = Output()

    def note(message: object, *_: object, **__: object) -> None:
        output.write(f"Warning: {message}\n")

    kept = [(put_back, ask()) for ask, put_back in STATE]
    with warnings.catch_warnings(action="always"), _no_windows():
        # It is about torch's own code, which `torch.func.jvp` loads.
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")
        try:
            warnings.showwarning = note
            sys.stdin = io.StringIO()
            sys.stdout = sys.stderr = output
            torch.set_default_dtype(torch.float32)
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            yield output
        finally:
            for put_back, value in kept:
                put_back(value)


OWNERS: tuple[object, ...] = (
    builtins, math, os, random, sys, threading.Thread, time, np, functions,
    torch, torch.autograd, torch.func, torch.linalg, torch.optim, torch.nn,
    torch.nn.functional, torch.nn.Module, torch.Tensor,
    torch._tensor_str.PRINT_OPTS,
)  # fmt: skip
"""Modules, classes and options whose attributes may be set to something else."""


def _attributes() -> list[tuple[object, dict[str, object]]]:
    """Return the attributes of all owners."""
    return [(owner, dict(vars(owner))) for owner in OWNERS]


def _put_attributes_back(
    attributes: list[tuple[object, dict[str, object]]],
) -> None:
    """Undo assignments to them."""
    for owner, before in attributes:
        now = dict(vars(owner))
        for name, value in before.items():
            if now.get(name, owner) is not value:
                setattr(owner, name, value)
        if isinstance(owner, type):  # a module may have imported a submodule
            for name in now.keys() - before.keys():
                delattr(owner, name)


def _put_path_back(old: list[str]) -> None:
    """Put back where modules are looked for."""
    sys.path[:] = old


def _put_environment_back(old: dict[str, str]) -> None:
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


def _leave_levels(level: int) -> None:
    """Leave the levels of dual numbers that were entered: within them no other can be."""
    while forward_ad._current_level > level:
        forward_ad.exit_dual_level()


STATE: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (_attributes, _put_attributes_back),
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
    (lambda: forward_ad._current_level, _leave_levels),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.getswitchinterval, sys.setswitchinterval),
    (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    (lambda: list(sys.path), _put_path_back),
    (lambda: dict(os.environ), _put_environment_back),
    (_folder, _go_back),
)
"""How to ask for what belongs to the process, and how to put it back."""


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
