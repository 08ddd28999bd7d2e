"""Faults are planted in a copy of the project, and each is caught.

What catches a fault is what `nox -s docs` or `nox -s tests` runs, and its message names the place.
Faults whose messages are independent are planted together, in one copy: each must have a message
that says all of its own words, which no message says where nothing is planted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from project_copy import ROOT, build, built_copy, run

pytestmark = pytest.mark.timeout(1800)

NUMBERS = (
    "tests/site/test_numbers.py::test_every_number_stands_in_what_the_page_runs"
)
SITE = "tests/site/test_site.py::"
PAGE = "docs/theory/jacobians.md"
OTHER_PAGE = "docs/theory/modes.md"
SCRIPT = "gallery/newton.py"
FUNCTIONS = "src/autograd_tutorial/functions.py"
EXERCISE = "src/autograd_tutorial/exercises/ex2_sine_derivative"
STARTER = f"{EXERCISE}/starter.py"


@dataclass(frozen=True)
class Fault:
    """One fault."""

    name: str
    """What is wrong."""

    file: str
    """The file to change."""

    old: str
    """What stands there once."""

    new: str
    """What is put in its place."""

    says: tuple[str, ...]
    """What the message that catches it contains."""

    test: str | None = None
    """The test that catches it; None if the build does."""

    again: str | None = None
    """A page that is saved again, so that it is read again as in a clean build."""


MESSAGE = re.compile(
    r"(?m)^(?=.*(?:: (?:WARNING|ERROR|CRITICAL): | unexpectedly failed to ))"
)
"""Where a message of the build begins."""


STARTERS_AND_RULES = (
    Fault(
        "a changed hand derivative",
        FUNCTIONS,
        'return 4 * _vector(x, "x")',
        'return 3 * _vector(x, "x")',
        ("tests/package/test_functions.py", "twice_dot"),
        test="tests/package/test_functions.py",
    ),
    Fault(
        "a wrong example in a docstring",
        FUNCTIONS,
        "tensor(28.)",
        "tensor(29.)",
        ("functions.py", "line ", "twice_dot", "tensor(29.)"),
        test="tests/package/test_docstrings.py",
    ),
    Fault(
        "a starter that is solved",
        STARTER,
        "return ...",
        "return torch.cos(x.detach())",
        ("test_starter_is_not_passed[ex2]",),
        test="tests/package/exercises/test_starters.py::test_starter_is_not_passed[ex2]",
    ),
    Fault(
        "a hint that is empty",
        f"{EXERCISE}/__init__.py",
        '''"Add the sines up. Each `x[i]` appears in one term of the sum only, so the derivative of "
            "the sum with respect to `x[i]` sees that term and no other."''',
        '""',
        ("test_words[ex2]",),
        test="tests/package/exercises/test_both_directions.py::test_words[ex2]",
    ),
)
"""In the package. A change to it has everything run again, so these are left to the tests."""

SOLUTION = (
    Fault(
        "a solution that is wrong",
        f"{EXERCISE}/solution.py",
        "    return slope\n",
        "    return -slope\n",
        ("tests/package/exercises/test_ex2_sine_derivative.py",),
        test="tests/package/exercises/test_ex2_sine_derivative.py",
    ),
)
"""In a solution, on which the tests of its starter depend."""

ON_THE_SITE = (
    Fault(
        "a wrong row of numbers in the prose",
        PAGE,
        "All three say $(6, 2, -6)$",
        "All three say $(6, 2, -5)$",
        ("theory/jacobians.html: [[6.0, 2.0, -5.0]", "All three say"),
        test=f"{NUMBERS}[theory/jacobians.html]",
    ),
    Fault(
        "a wrong number in the prose of a script",
        "gallery/walk_the_graph.py",
        "Their sum is 0.08.",
        "Their sum is 0.18.",
        ("gallery/walk_the_graph.html: [0.18]", "Their sum is"),
        test=f"{NUMBERS}[gallery/walk_the_graph.html]",
    ),
    Fault(
        "a cell that warns",
        PAGE,
        "\nv @ J\n",
        "\ntorch.tensor(v) @ J\n",
        ("theory/jacobians.html",),
        test=SITE + "test_no_page_shows_a_traceback_or_a_warning",
    ),
    Fault(
        "an output that differs each time",
        OTHER_PAGE,
        "\ntorch.func.jvp(F, (x,), (torch.ones_like(x),))\n",
        "\ntorch.func.jvp(F, (x,), (torch.ones_like(x),)), str(lambda: 0)\n",
        ("theory/modes.html: an address in memory",),
        test=SITE + "test_no_file_tells_of_the_build",
    ),
    Fault(
        "a download that needs a file beside it",
        SCRIPT,
        "import torch\n",
        'import torch\n\nopen("kinks.py").close()\n',
        ("test_script_runs_alone[newton]", "No such file", "kinks.py"),
        test="tests/site/test_downloads.py::test_script_runs_alone[newton]",
    ),
    Fault(
        "a name in the inventory that nothing uses",
        "docs/_inventories/python.txt",
        "set class library/stdtypes.html\n",
        "set class library/stdtypes.html\nmemoryview class library/stdtypes.html\n",
        ("python.txt: memoryview",),
        test=SITE + "test_every_inventory_entry_is_used",
    ),
    Fault(
        "a page without a description",
        "docs/glossary.md",
        "    description: ",
        "    keywords: ",
        ("docs/glossary.md",),
        test=SITE + "test_every_written_page_brings_its_description",
    ),
    Fault(
        "a style sheet from another host",
        "docs/_static/site.css",
        "div.sphx-glr-download {",
        '@import url("https://example.org/a.css");\ndiv.sphx-glr-download {',
        ("site.css: https://example.org/a.css",),
        test=SITE + "test_no_asset_from_another_host",
    ),
)
"""The build passes, and a test of the site fails."""

IN_THE_BUILD = (
    Fault(
        "a failing script",
        SCRIPT,
        "descend(start, 200)",
        "descend(start)",
        ("newton.py", "descend(start)", "TypeError"),
    ),
    Fault(
        "a figure without alternative text",
        "gallery/checkpointing.py",
        "figure, ax = figures.new(",
        "figure, ax = plt.subplots()\n_ = dict(",
        ("checkpointing.py", "A figure has no alternative text"),
    ),
    Fault(
        "a figure without a title",
        "gallery/accumulation.py",
        'ax.set_title("The loss, round by round")\n',
        "",
        ("accumulation.py", "A figure has no title"),
    ),
    Fault(
        "a figure that no script draws",
        "docs/theory/where-autograd-misleads.md",
        "{gallery-figure} kinks 1",
        "{gallery-figure} kinks 7",
        (
            "theory/where-autograd-misleads.md:",
            "gallery/kinks.py draws no figure number 7",
        ),
    ),
    Fault(
        "a link to no page",
        PAGE,
        "exercises/ex8_forward_or_reverse`",
        "exercises/ex9_forward_or_reverse`",
        ("theory/jacobians.md:", "/exercises/ex9_forward_or_reverse"),
    ),
    Fault(
        "a link to no heading",
        PAGE,
        "/tutorial.md#vector-to-vector)",
        "/tutorial.md#vector-to-nowhere)",
        ("theory/jacobians.md:", "vector-to-nowhere"),
    ),
    Fault(
        "a reference to no function",
        PAGE,
        "{py:func}`torch.func.jacrev` sends",
        "{py:func}`torch.func.jacrow` sends",
        ("theory/jacobians.md:", "torch.func.jacrow"),
    ),
    Fault(
        "a term that the glossary lost",
        "docs/glossary.md",
        "\nJacobian\n: ",
        "\nmatrix of Jacobi\n: ",
        ("theory/jacobians.md:", "Jacobian"),
        again=PAGE,
    ),
    Fault(
        "a name that the inventory lost",
        "docs/_inventories/torch.txt",
        "torch.func.jacfwd function generated/torch.func.jacfwd.html\n",
        "",
        ("theory/jacobians.md:", "torch.func.jacfwd"),
        again=PAGE,
    ),
    Fault(
        "a mistake whose cure is gone",
        "gallery/ex1_gradient_argument.py",
        "# The six derivatives as a picture\n# --------------------------------\n",
        "# A picture\n# ---------\n",
        ("ex1_gradient_argument.md:", "the-six-derivatives-as-a-picture"),
        again="docs/exercises/ex1_gradient_argument.md",
    ),
    Fault(
        "a download of no file",
        "docs/glossary.md",
        "The words as this site",
        "The {download}`words <words.csv>` as this site",
        ("glossary.md:", "words.csv"),
    ),
    Fault(
        "a page in no table of contents",
        "docs/index.md",
        "theory/jacobians\ntheory/modes\n",
        "theory/jacobians\n",
        ("theory/modes.md", "toctree"),
    ),
    Fault(
        "an unknown command in a formula",
        PAGE,
        "$v_1 y_1 + v_2 y_2$",
        r"$v_1 y_1 \plus v_2 y_2$",
        ("theory/jacobians.md:", r"\plus"),
    ),
)
"""The build goes on after each of these, to its end, and fails."""

CELL = (
    Fault(
        "a failing cell",
        PAGE,
        "\nv @ J\n",
        "\nJ @ v\n",
        ("theory/jacobians.md", "J @ v", "RuntimeError"),
    ),
)
"""The build ends with the first cell that fails, so each has one of its own."""

HIDDEN_CELL = (
    Fault(
        "a hidden cell that expects another number",
        PAGE,
        "x.grad.tolist() == [6, 2, -6]",
        "x.grad.tolist() == [6, 2, -5]",
        ("theory/jacobians.md", "[6, 2, -5]", "AssertionError"),
    ),
)

PLANTED_TOGETHER = (
    STARTERS_AND_RULES,
    SOLUTION,
    ON_THE_SITE,
    IN_THE_BUILD,
    CELL,
    HIDDEN_CELL,
)
FAULTS = [
    pytest.param(fault, together, id=fault.name)
    for together in PLANTED_TOGETHER
    for fault in together
]
"""Each fault, with those that are planted with it."""


class Outcome(NamedTuple):
    """What a copy with faults has led to."""

    builds: bool
    """Whether the site is built."""

    warnings: list[str]
    """What the build warned of, and what ended it."""

    failures: dict[str, str]
    """What each test that failed said, by its name."""


def plant(fault: Fault, project: Path) -> None:
    """Change the file, and save again what must be read again."""
    file = project / fault.file
    text = file.read_text("utf-8")
    assert text.count(fault.old) == 1, (
        f"The fault has no place: {fault.old!r} stands {text.count(fault.old)} times in "
        f"{fault.file}. Give it a text that stands there once."
    )
    file.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    if fault.again:
        (project / fault.again).touch()


@cache
def outcome(faults: tuple[Fault, ...], tests: tuple[str, ...]) -> Outcome:
    """Plant faults in a clean copy, build it if they are in its pages, and run tests."""
    project = built_copy()
    for fault in faults:
        plant(fault, project)
    builds, warnings = True, []
    if not all(fault.file.startswith("src/") for fault in faults):
        done = build(project)
        builds = done.returncode == 0
        warnings = re.split(MESSAGE, done.stdout)
    return Outcome(builds, warnings, failures(project, tests) if tests else {})


def failures(project: Path, tests: tuple[str, ...]) -> dict[str, str]:
    """Run tests in a copy, and return what those say that fail."""
    report = project / "report.xml"
    options = ("-o", "junit_logging=all", f"--junitxml={report}")
    done = run(project, "pytest", "-q", *options, *tests)
    assert done.returncode in {
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
    }, done.stdout
    found = {}
    for case in ET.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            file = case.get("classname", "").partition(".Test")[0]
            name = f"{file.replace('.', '/')}.py::{case.get('name')}"
            found[name] = f"{name}\n{''.join(case.itertext())}"
    return found


def named_by(faults: Iterable[Fault]) -> tuple[str, ...]:
    """Return the tests that catch faults."""
    return tuple(sorted({fault.test for fault in faults if fault.test}))


def catch(fault: Fault, found: Outcome) -> None:
    """Assert that a fault is caught where it should be, by a message that says what is wrong."""
    messages = [] if found.builds else found.warnings
    if fault.test:
        assert found.builds, "\n".join(found.warnings)
        messages = [
            said
            for name, said in found.failures.items()
            if name.startswith(fault.test)
        ]
    assert any(all(part in said for part in fault.says) for said in messages), (
        f"This fault is not caught: no message says {fault.says}:\n"
        + "\n".join(messages)
    )


@pytest.fixture(scope="session", autouse=True)
def copy_is_built() -> None:
    """Build the copy before all tests, and end them at once if it cannot be built: none could pass."""
    try:
        built_copy()
    except AssertionError as error:
        pytest.exit(f"Without a fault, the site is not built:\n{error}", 1)


@pytest.fixture(scope="module")
def clean() -> Outcome:
    """Return what comes of a copy without a fault, of which all tests are run that catch one."""
    faults = (fault for together in PLANTED_TOGETHER for fault in together)
    return outcome((), named_by(faults))


def test_copy_is_clean(clean: Outcome) -> None:
    """Without a fault, the build and all tests that are named above pass."""
    assert clean.builds
    assert not clean.failures


@pytest.mark.parametrize(("fault", "together"), FAULTS)
def test_nothing_is_caught_where_nothing_is_planted(
    fault: Fault, together: tuple[Fault, ...], clean: Outcome
) -> None:
    """A fault that is not there would be reported as one that is not caught."""
    assert fault in together
    with pytest.raises(AssertionError, match="This fault is not caught"):
        catch(fault, clean)


def test_a_fault_needs_its_place() -> None:
    """A fault whose text has been edited since says so, and is not taken for caught."""
    moved = Fault("moved", PAGE, "not there", "", ())
    with pytest.raises(AssertionError, match="stands 0 times in docs/theory"):
        plant(moved, ROOT)


@pytest.mark.parametrize(("fault", "together"), FAULTS)
def test_fault_is_caught(fault: Fault, together: tuple[Fault, ...]) -> None:
    """The build or a test goes red, and says where."""
    catch(fault, outcome(together, named_by(together)))
