"""What the sessions of nox cost, and the parts of the tests: seconds on the wall and of the processor.

    python benchmarks/sessions.py docs tests lint

runs these sessions one after the other, in the environments that it finds or makes, and prints a
table of Markdown. It wants an idle machine: the processor's time is that of the whole machine, so
that a browser or a kernel is counted too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]


class Moment(NamedTuple):
    """Two clocks, in seconds."""

    wall: float
    processor: float

    def since(self, before: "Moment") -> "Moment":
        """Return what has passed."""
        return Moment(
            self.wall - before.wall, self.processor - before.processor
        )


def of_the_machine() -> Moment:
    """Return the processor's time of all processes."""
    name, user, nice, system, *_ = (
        Path("/proc/stat").read_text("utf-8").split(maxsplit=4)
    )
    assert name == "cpu"
    ticks = int(user) + int(nice) + int(system)
    return Moment(time.perf_counter(), ticks / os.sysconf("SC_CLK_TCK"))


def of_this_process() -> Moment:
    """Return the processor's time of this process and of those that it has waited for."""
    used = os.times()
    return Moment(time.perf_counter(), sum(used[:4]))


SPENT: Counter[tuple[str, str]] = Counter()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Add what a test takes to its file, where this module is a plugin of pytest."""
    before = of_this_process()
    yield
    spent = of_this_process().since(before)
    part = item.path.relative_to(ROOT / "tests").as_posix()
    for name, seconds in spent._asdict().items():
        SPENT[part, name] += seconds


def pytest_unconfigure() -> None:
    """Leave what was spent for the process that asked for it."""
    folder = os.environ.get("PARTS")
    if folder and SPENT:
        parts = [[*key, seconds] for key, seconds in SPENT.items()]
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(parts))


def row(name: str, spent: Moment) -> str:
    """Return a row of the table."""
    return f"| {name} | {spent.wall:.0f} | {spent.processor:.0f} |"


def main(sessions: list[str]) -> int:
    """Measure sessions and print what they took."""
    print("| | wall | processor |\n|---|--:|--:|", flush=True)
    for session in sessions:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "PARTS": folder,
                "PYTEST_PLUGINS": "sessions",
                "PYTHONPATH": str(Path(__file__).parent),
            }
            before = of_the_machine()
            done = subprocess.run(
                ["nox", "--no-dependencies", "-s", session],
                cwd=ROOT,
                env=environment if session == "tests" else None,
                capture_output=True,
                check=False,
                text=True,
            )
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            print(row(f"`nox -s {session}`", of_the_machine().since(before)))
            spent: Counter[tuple[str, str]] = Counter()
            for file in Path(folder).iterdir():
                for part, name, seconds in json.loads(file.read_text()):
                    spent[part, name] += seconds
        parts = {
            part: Moment(spent[part, "wall"], spent[part, "processor"])
            for part, _ in spent
        }
        for part, both in sorted(parts.items(), key=lambda p: -p[1].processor):
            if both.processor >= 1:
                print(row(f"– {part}", both), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
