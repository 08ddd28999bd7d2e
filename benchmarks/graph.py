"""What a traced graph and its picture cost: ours beside torchviz, torchview and torchlens.

`nox -s benchmark` measures all of them on the same functions, prints the tables, and fails if ours
misses a requirement. With `-- --write` it also writes them to `benchmarks/graph.md`.

Each tool draws each function in a fresh process with a time limit, so that a crash or a hang is a
line of the table. This process does not load torch: a child's peak of memory starts at its parent's.
"""

import argparse
import contextlib
import datetime as dt
import importlib.metadata
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("graph.md")
LIMIT = 90
"""The seconds after which a process is stopped."""

SLOW = 3
"""From so many seconds on, the first call is the only one."""

Function = Callable[..., Any]
Numbers = defaultdict[str, float]
"""What one process reported; NaN, which is within no limit, where it did not get."""

Tool = Callable[[Function, Any], tuple[Function, ...]]
"""Makes, from a function and its input, the calls that make the graph and then the picture."""


def log_sine() -> tuple[Function, Any]:
    """Return F, and the point 2."""
    import torch

    from autograd_tutorial.functions import log_sine_reciprocal

    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    return log_sine_reciprocal, x


def network() -> tuple[Function, Any]:
    """Return a network with its loss, and seven points."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = torch.nn.Linear(1, 8)
            self.guess = torch.nn.Linear(8, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            guess: torch.Tensor = self.guess(torch.tanh(self.hidden(x)))
            return ((guess - torch.sin(x)) ** 2).mean()

    torch.manual_seed(0)
    return Network(), torch.linspace(-3, 3, 7).reshape(7, 1).requires_grad_()


def chain(length: int) -> tuple[Function, Any]:
    """Return the sine of the sine of …, and the point 2."""
    import torch

    def repeated_sine(x: torch.Tensor) -> torch.Tensor:
        for _ in range(length):
            x = torch.sin(x)
        return x

    return repeated_sine, torch.tensor(
        2.0, dtype=torch.float64, requires_grad=True
    )


SUBJECTS: dict[str, Callable[[], tuple[Function, Any]]] = {
    "F(x) = log(x²) · sin x + 1/x at x = 2": log_sine,
    "a network of 25 parameters and its loss": network,
    "a chain of 1,000 operations": lambda: chain(1_000),
    "a chain of 10,000 operations": lambda: chain(10_000),
}
F, NETWORK, CHAIN, LONG_CHAIN = SUBJECTS


def ours(f: Function, x: Any) -> tuple[Function, ...]:
    """Make our graph, our picture, and Graphviz's own picture of the same nodes and edges."""
    from autograd_tutorial.graph import trace
    from autograd_tutorial.graph.showing.draw import to_dot, to_svg

    source = cache(to_dot)
    return partial(trace, f, x), to_svg, lambda g: graphviz(source(g))


def torchviz(f: Function, x: Any) -> tuple[Function, ...]:
    """Walk the graph that torch recorded, and name its leaves and its result."""
    from torchviz import make_dot

    parameters = dict(module(f).named_parameters())

    def make() -> Any:
        y = f(x)
        return make_dot(y, {"x": x, "y": y, **parameters})

    return make, lambda dot: graphviz(dot.source)


def torchview(f: Function, x: Any) -> tuple[Function, ...]:
    """Follow a forward pass, with its operations shown."""
    from torchview import draw_graph

    make = partial(
        draw_graph, module(f), x, device="cpu", hide_module_functions=False
    )
    return make, lambda graph: graphviz(graph.visual_graph.source)


def torchlens(f: Function, x: Any) -> tuple[Function, ...]:
    """Log a forward pass with its values, as by default. It needs `dot` for its picture."""
    import torchlens as lens

    def draw(trace: Any) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "graph")
            # Without `dot`, the source is left behind.
            with contextlib.suppress(lens.errors.GraphvizUnavailableError):
                trace.draw(
                    vis_outpath=str(path),
                    vis_save_only=True,
                    vis_fileformat="svg",
                    layout="dot",
                    order_siblings=False,
                )
            return graphviz(path.read_text("utf-8"))

    return partial(lens.trace, module(f), x), draw


TOOLS: dict[str, Tool] = {
    "ours": ours,
    "torchviz": torchviz,
    "torchview": torchview,
    "torchlens": torchlens,
}


def module(f: Function) -> Any:
    """Return a function as a module: some tools take nothing else."""
    import torch

    class Module(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return f(x)

    return f if isinstance(f, torch.nn.Module) else Module()


def graphviz(source: str) -> bytes:
    """Return the picture that Graphviz draws by itself."""
    import pygraphviz

    svg: bytes = pygraphviz.AGraph(string=source).draw(format="svg", prog="dot")
    return svg


def measure(tool: str, subject: str) -> None:
    """Print, line by line, what a tool costs on a function, in seconds and bytes."""
    import torch

    os.environ["PATH"] = ""  # all use one Graphviz, that of pygraphviz
    f, x = SUBJECTS[subject]()
    leaves = [x, *(f.parameters() if isinstance(f, torch.nn.Module) else ())]

    def plain() -> object:
        return torch.autograd.grad(f(x), leaves)

    plain()
    make, draw, *others = TOOLS[tool](f, x)
    report(ready=1)
    base = peak()
    graph, first = timed(make)
    report(graph=first, graph_memory=peak() - base)
    if first < SLOW:
        found = compare(plain, make)
        report(**dict(zip(("plain", "graph"), found, strict=True)))
    else:
        report(plain=compare(plain)[0])
    svg, first = timed(lambda: draw(graph))
    size = len(svg.encode() if isinstance(svg, str) else svg)
    report(picture=first, picture_memory=peak() - base, size=size)
    if first < SLOW:
        calls = [draw, *(others if subject == F else [])]
        found = compare(*(partial(call, graph) for call in calls))
        report(**dict(zip(("picture", "bare"), found, strict=False)))


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and its seconds of processor time: others use the machine too."""
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def compare(*calls: Callable[[], Any]) -> list[float]:
    """Return the seconds of each call, those of the later ones as multiples of the first.

    In each turn, each is called again and again for a twentieth of a second. Medians are taken
    within the turns, and of the turns: what else runs on the machine slows all of a turn.
    """
    turns: list[list[float]] = []
    start = time.process_time()
    while len(turns) < 5 or (
        len(turns) < 40 and time.process_time() < start + 4
    ):
        turns.append([median_of(call, 0.05) for call in calls])
    first = statistics.median(turn[0] for turn in turns)
    ratios = [[mine / turn[0] for mine in turn] for turn in turns]
    return [
        first * statistics.median(ratio) for ratio in zip(*ratios, strict=True)
    ]


def median_of(call: Callable[[], Any], seconds: float) -> float:
    """Call something for so many seconds, once at least; return the median of its times."""
    times: list[float] = []
    until = time.process_time() + seconds
    while not times or time.process_time() < until:
        times.append(timed(call)[1])
    return statistics.median(times)


def peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


def report(**numbers: float) -> None:
    """Tell the parent, at once: this process may not live much longer."""
    print(json.dumps(numbers), flush=True)


def run(tool: str, subject: str) -> tuple[Numbers, str]:
    """Measure in a fresh process; return the numbers and how it ended."""
    command = [sys.executable, __file__, "--measure", tool, subject]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=LIMIT, check=False
        )
        output, code = done.stdout, done.returncode
        error = done.stderr.decode().strip().rpartition("\n")[2]
        ended = f"crash (signal {-code})" if code < 0 else error
    except subprocess.TimeoutExpired as stopped:
        output, code = stopped.stdout or b"", 1
        ended = f"stopped after {LIMIT} s"
    numbers: Numbers = defaultdict(lambda: math.nan)
    for line in output.splitlines():
        numbers |= json.loads(line) if line.startswith(b"{") else {}
    if not code:
        return numbers, "yes"
    steps = {"ready": "import", "graph": "graph", "picture": "picture"}
    missing = [name for step, name in steps.items() if step not in numbers]
    return numbers, f"{(missing or ['picture'])[0]}: {ended}"


def table(subject: str, results: dict[str, tuple[Numbers, str]]) -> str:
    """Lay the results for a function out as a table of Markdown."""
    plain = results["ours"][0]["plain"] * 1e3
    title = f"{subject[0].upper()}{subject[1:]}"
    lines = [
        f"**{title}.** Plain forward and backward: {plain:.3g} ms.",
        "",
        "| tool | graph: time | memory | picture: time | memory so far | SVG | finished |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for tool, (numbers, outcome) in results.items():
        cells = [
            cell(numbers["graph"] / numbers["plain"], " ×"),
            cell(numbers["graph_memory"] / 1e6, " MB"),
            cell(numbers["picture"] / numbers["plain"], " ×"),
            cell(numbers["picture_memory"] / 1e6, " MB"),
            cell(numbers["size"] / 1e3, " kB"),
        ]
        lines.append(f"| {tool} | {' | '.join(cells)} | {outcome} |")
    return "\n".join(lines)


def cell(x: float, unit: str) -> str:
    """Write a number, if there is one, with two digits or as a whole one."""
    if math.isnan(x):
        return "–"
    return (f"{x:,.0f}" if x >= 10 else f"{x:.1f}") + unit


def notes() -> str:
    """Say what was measured, and with what."""
    names = ["autograd-tutorial", "torch", "pygraphviz", *list(TOOLS)[1:]]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in names
    )
    return f"""\
Measured on {dt.date.today()} by `nox -s benchmark`: {versions}, Python
{platform.python_version()}, {platform.system()}, {os.cpu_count()} processor cores.

- Times are processor times, as multiples of a plain forward and backward pass of the same
  function: the medians of repeated calls, for a twentieth of a second of the one and of the other
  in turn, in a fresh process for each line. A step of over {SLOW} s ran once. Once used, torchlens leaves
  the operations of torch slower, also those of the plain pass; so its multiples are understated.
- *Graph*: the run, and the tool's object of it. Ours holds all values, adjoints, messages and
  partials; torchviz the names of the backward nodes; torchview the shapes of a forward pass;
  torchlens its values. No tool but ours ran a backward pass.
- *Picture*: from that object to SVG. The other tools need the program `dot`; here Graphviz, from
  pygraphviz's wheel, draws their source, for torchlens without the second layout that orders
  siblings. Ours folds the repeated operations of a chain; theirs draw each one.
- *Memory*: by how much the peak of the process grew over that of the plain passes, up to the
  first graph, and up to the first picture. It includes what a tool loads at its first use, but
  not its import.
- A process was stopped after {LIMIT} s. 1 MB is a million bytes, 1 kB a thousand.
"""


def requirements(results: dict[str, Numbers]) -> list[tuple[bool, str]]:
    """Return whether each requirement of ours holds, and the sentence that says so."""
    f, short, long = (results[name] for name in (F, CHAIN, LONG_CHAIN))
    small, middle, large = (n["graph"] / n["plain"] for n in (f, short, long))
    plain = "over plain forward and backward"
    wanted = [
        (f"graph of F, {plain}", small, 8),
        (f"graph of 10,000 operations, {plain}", large, 30),
        ("the same, over that of 1,000 operations", large / middle, 2),
        ("picture of F, over Graphviz's own", f["picture"] / f["bare"], 2),
        ("picture of F, in kB", f["size"] / 1e3, 12),
    ]
    return [
        (found <= most, f"{what}: {found:.2f}, at most {most}")
        for what, found, most in wanted
    ]


def main() -> int:
    """Measure all, print it, and return the number of requirements that fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the tables")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        try:
            measure(*options.measure)
        except Exception as error:  # noqa: BLE001 - the table names it
            sys.exit(type(error).__name__)
        return 0
    parts = []
    results = {}
    for subject in SUBJECTS:
        of_tools = {tool: run(tool, subject) for tool in TOOLS}
        results[subject], _ = of_tools["ours"]
        parts.append(table(subject, of_tools))
        print(f"{parts[-1]}\n", flush=True)
    parts.append(notes())
    print(parts[-1])
    if options.write:
        RESULTS.write_text("\n\n".join(parts), encoding="utf-8")
    checks = requirements(results)
    for holds, sentence in checks:
        print("PASS" if holds else "FAIL", sentence)
    return sum(not holds for holds, _ in checks)


if __name__ == "__main__":
    sys.exit(main())
