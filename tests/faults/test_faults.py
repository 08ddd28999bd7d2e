"""Faults are planted in a copy of the project, one at a time, and each is caught.

What catches a fault is what `nox -s docs` or `nox -s tests` runs, and its message names the place.
A fault in a page or a script goes through the build first. If a test is named, the build may pass,
and that test must fail.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from project_copy import ROOT, build, copy_sources, run

pytestmark = pytest.mark.timeout(1800)

NUMBERS = (
    "tests/site/test_numbers.py::test_every_number_stands_in_what_the_page_runs"
)
SITE = "tests/site/test_site.py::"
PAGE = "docs/theory/jacobians.md"
SCRIPT = "gallery/newton.py"
FUNCTIONS = "src/autograd_tutorial/functions.py"
EXERCISE = "src/autograd_tutorial/exercises/ex2_sine_derivative.py"
STARTER = "src/autograd_tutorial/exercises/starters/ex2_sine_derivative.py"


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
    """The test that catches it; None if the build does, which a fault in the package cannot."""

    again: str | None = None
    """A page that is saved again, so that it is read again as in a clean build."""

    @property
    def is_built(self) -> bool:
        """Whether the fault is in the sources of the site, not in the package.

        A change to the package has everything run again. Its faults are left to the tests.
        """
        return not self.file.startswith("src/")


FAULTS = [
    # Numbers
    Fault(
        "a wrong row of numbers in the prose",
        PAGE,
        "All three say $(1, 13, 40)$",
        "All three say $(1, 13, 41)$",
        ("theory/jacobians.html: [[1.0, 13.0, 41.0]", "All three say"),
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
        "a hidden cell that expects another number",
        PAGE,
        "x.grad.tolist() == [1, 13, 40]",
        "x.grad.tolist() == [1, 13, 41]",
        ("theory/jacobians.md", "[1, 13, 41]", "AssertionError"),
    ),
    # What runs
    Fault(
        "a failing cell",
        PAGE,
        "\nv @ J\n",
        "\nJ @ v\n",
        ("theory/jacobians.md", "J @ v", "RuntimeError"),
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
        PAGE,
        "\nv @ J\n",
        "\nv @ J, str(lambda: 0)\n",
        ("theory/jacobians.html: an address in memory",),
        test=SITE + "test_no_file_tells_of_the_build",
    ),
    Fault(
        "a failing script",
        SCRIPT,
        "descend(start, 200)",
        "descend(start)",
        ("newton.py", "descend(start)", "TypeError"),
    ),
    Fault(
        "a download that needs a file beside it",
        SCRIPT,
        "import torch\n",
        'import torch\n\nopen("kinks.py").close()\n',
        ("test_script_runs_alone[newton]", "No such file", "kinks.py"),
        test="tests/site/test_downloads.py::test_script_runs_alone[newton]",
    ),
    # The package
    Fault(
        "a changed hand derivative",
        FUNCTIONS,
        'return 4 * _vector(x, "x")',
        'return 3 * _vector(x, "x")',
        ("tests/test_functions.py", "twice_dot"),
        test="tests/test_functions.py",
    ),
    Fault(
        "a wrong example in a docstring",
        FUNCTIONS,
        "tensor(28.)",
        "tensor(29.)",
        ("functions.py", "line ", "twice_dot", "tensor(29.)"),
        test="tests/test_docstrings.py",
    ),
    Fault(
        "a starter that is solved",
        STARTER,
        "return ...",
        "return torch.cos(x.detach())",
        ("test_starter_is_not_passed[ex2]",),
        test="tests/exercises/test_both_directions.py::test_starter_is_not_passed[ex2]",
    ),
    Fault(
        "a solution that is wrong",
        EXERCISE,
        "    return slope\n\n\ndef _cases(",
        "    return -slope\n\n\ndef _cases(",
        ("tests/exercises/test_ex2_sine_derivative.py",),
        test="tests/exercises/test_ex2_sine_derivative.py",
    ),
    Fault(
        "a hint that is empty",
        EXERCISE,
        '''"Add the sines up. In the sum, `x[i]` stands in one term only, so the derivative of "
            "the sum with respect to `x[i]` sees that term and no other."''',
        '""',
        ("test_words[ex2]",),
        test="tests/exercises/test_both_directions.py::test_words[ex2]",
    ),
    # References
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
        "a name in the inventory that nothing uses",
        "docs/_inventories/python.txt",
        "set class library/stdtypes.html\n",
        "set class library/stdtypes.html\nmemoryview class library/stdtypes.html\n",
        ("python.txt: memoryview",),
        test=SITE + "test_every_inventory_entry_is_used",
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
    # What a page must have
    Fault(
        "an unknown command in a formula",
        PAGE,
        "$v_1 y_1 + v_2 y_2$",
        r"$v_1 y_1 \plus v_2 y_2$",
        ("theory/jacobians.md:", r"\plus"),
    ),
    Fault(
        "a figure without alternative text",
        SCRIPT,
        "figure, ax = figures.new(",
        "figure, ax = plt.subplots()\n_ = dict(",
        ("newton.py", "A figure has no alternative text"),
    ),
    Fault(
        "a figure without a title",
        SCRIPT,
        'ax.set_title("Two paths on the contours of f")\n',
        "",
        ("newton.py", "A figure has no title"),
    ),
    Fault(
        "a figure that no script draws",
        "docs/theory/higher-derivatives.md",
        "{gallery-figure} newton 1",
        "{gallery-figure} newton 7",
        (
            "theory/higher-derivatives.md:",
            "gallery/newton.py draws no figure number 7",
        ),
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
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project whose site is built, to take further copies from.

    What `nox -s docs` has generated from the scripts is taken over, and its pages are built anew:
    Sphinx does so in a new folder. All copies stand in turn in the folder that is built here.
    """
    base = tmp_path_factory.mktemp("faults")
    copy_sources(base / "project")
    generated = Path("docs", "gallery")
    if (ROOT / generated).exists():
        shutil.copytree(ROOT / generated, base / "project" / generated)
    done = build(base / "project")
    assert done.returncode == 0, done.stdout
    return (base / "project").rename(base / "clean")


@pytest.fixture
def project(clean: Path) -> Path:
    """Return a copy without a fault, built, in which every file has kept its date."""
    folder = clean.with_name("project")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(clean, folder)
    return folder


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


def catch(fault: Fault, project: Path) -> None:
    """Plant a fault, and assert that it is caught."""
    plant(fault, project)
    if fault.is_built:
        done = build(project)
        caught = done.returncode != 0
    if fault.test:
        assert not fault.is_built or not caught, done.stdout
        done = run(project, "pytest", "-q", fault.test)
        caught = done.returncode == pytest.ExitCode.TESTS_FAILED
    assert caught, f"This fault is not caught:\n{done.stdout}"
    for part in fault.says:
        assert part in done.stdout, (
            f"The message does not say {part!r}:\n{done.stdout}"
        )


def test_copy_is_clean(project: Path) -> None:
    """Without a fault, the build and all tests that are named above pass."""
    done = build(project)
    assert done.returncode == 0, done.stdout
    named = {fault.test for fault in FAULTS if fault.test}
    done = run(project, "pytest", "-q", *sorted(named))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("test", [None, f"{NUMBERS}[theory/jacobians.html]"])
def test_nothing_is_caught_where_nothing_is_planted(
    project: Path, test: str | None
) -> None:
    """A fault that changes nothing would be reported as one that is not caught."""
    none = Fault("none", PAGE, "\nv @ J\n", "\nv @ J\n", (), test)
    with pytest.raises(AssertionError, match="This fault is not caught"):
        catch(none, project)


def test_a_fault_needs_its_place(project: Path) -> None:
    """A fault whose text has been edited since says so, and is not taken for caught."""
    moved = Fault("moved", PAGE, "not there", "", ())
    with pytest.raises(AssertionError, match="stands 0 times in docs/theory"):
        catch(moved, project)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_caught(fault: Fault, project: Path) -> None:
    """The build or a test goes red, and says where."""
    catch(fault, project)
