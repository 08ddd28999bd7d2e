"""The imports of the package run one way, and stand at the top of each file."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import autograd_tutorial

PACKAGE = Path(autograd_tutorial.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the statements that import something, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a file imports; a package is its `__init__`."""
    names = set()
    for node in imports(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            assert not node.level, f"{path}: say the whole name"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = {inner, f"{inner}.__init__"} & set(MODULES)
                names.add(inner if is_module else node.module or "")
    packages = {f"{name}.__init__" for name in names}
    return (names | packages) & set(MODULES)


def assert_one_way(graph: dict[str, set[str]]) -> None:
    """Assert that no path leads back to where it began."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' < '.join(error.args[1])}")


@pytest.mark.parametrize("name", MODULES)
def test_imports_stand_at_the_top(name: str) -> None:
    """No import waits inside of a function, or for a type checker."""
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    assert set(imports(tree)) <= set(tree.body)


def test_no_circle_between_modules() -> None:
    """No module is imported by what it imports itself."""
    assert_one_way({name: imported(path) for name, path in MODULES.items()})


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in MODULES.values()}),
    ids=lambda folder: folder.relative_to(PACKAGE.parent).as_posix(),
)
def test_no_circle_between_the_parts_of_a_folder(folder: Path) -> None:
    """Of the files and folders in it, none is imported by what it imports itself."""
    place = ".".join(folder.relative_to(PACKAGE.parent).parts)

    def part(module: str) -> str:
        return module.removeprefix(f"{place}.").partition(".")[0]

    graph: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        if name.startswith(f"{place}.") and part(name) != "__init__":
            inside = {m for m in imported(path) if m.startswith(f"{place}.")}
            others = {part(m) for m in inside} - {part(name)}
            graph.setdefault(part(name), set()).update(others)
    assert_one_way(graph)
