"""Run code in a thread that has only so much time, and stop it when that is over.

So code that never ends can be left: this works alike in a script, in a
notebook and on every system. An endless loop in Python is also stopped, but
never within an import, which would leave half a module behind. Code that
catches every exception, or that waits inside a single call of C code, cannot
be stopped from outside: it runs on in the background. A call of C code that
keeps the interpreter to itself holds up those who wait for it too. What ends
the process, as `os._exit` does, ends them with it.

`observe` stops an answer with it. A file that never ends outside of its
functions is stopped by `command_line/script.py`, together with its process.
"""

import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from types import FrameType

__all__ = ["TimeIsUp", "TimedThread"]

WINDOW = 0.05
"""How often it is looked how much of its time a thread has had, in seconds."""

PATIENCE = 10
"""How many times as long as its limit a thread may take on a busy machine."""


class TimeIsUp(SystemExit):
    """Raised from outside in code whose time is up."""


class TimedThread(threading.Thread):
    """A thread for work that has only so much time."""

    _clock: int | None = None

    def run(self) -> None:
        """Work, and have the processor's time counted where the system does so by thread."""
        if hasattr(time, "pthread_getcpuclockid"):
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
        super().run()

    def wait(self, seconds: float, imports: float) -> None:
        """Wait until it has ended or has had its time, be the machine busy or idle.

        Its time is up when it has used that much of the processor, or has
        waited that long at a stretch and used next to nothing; in any case
        after `PATIENCE` times that long on the wall. What it imports has a
        time of its own, and is not counted.
        """
        limits = {False: seconds, True: imports}
        had = {False: 0.0, True: 0.0}
        used = self._used()
        begun = last = time.monotonic()
        while all(had[importing] < limits[importing] for importing in had):
            self.join(min(WINDOW, seconds / 10))
            if not self.is_alive():
                return
            importing = self._imports()
            now, now_used = time.monotonic(), self._used()
            worked, passed = now_used - used, now - last
            if worked >= 0.01 * passed:
                had[importing] += worked
                last, used = now, now_used
                begun += passed if importing else 0.0
            elif passed >= limits[importing]:
                return
            if not importing and now - begun >= PATIENCE * seconds:
                return

    def stop(self) -> bool:
        """Raise in the thread, and again if that was caught, for a second; return whether it ended.

        An import may end first.
        """
        for _ in range(20):
            if not self._imports():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident or 0), ctypes.py_object(TimeIsUp)
                )
            self.wait(0.05, imports=0.5)
            if not self.is_alive():
                return True
        return False

    def stack(self) -> Iterator[tuple[FrameType, int]]:
        """Return the frames that it is in, each with its line, the innermost first."""
        frame = sys._current_frames().get(self.ident or 0)
        return iter(()) if frame is None else traceback.walk_stack(frame)

    def _used(self) -> float:
        """Return the processor's time that it has had; that of the process, on some systems."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return time.process_time()
        try:
            return (
                0.0 if self._clock is None else time.clock_gettime(self._clock)
            )
        except OSError:  # it has just ended
            return 0.0

    def _imports(self) -> bool:
        """Return whether it is in an import, or in what torch does but once and not by halves."""
        return any(
            frame.f_code.co_filename.startswith("<frozen importlib")
            or frame.f_code.co_name == "lazy_load_decompositions"
            for frame, _ in self.stack()
        )
