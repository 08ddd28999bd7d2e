"""The examples in the docstrings, and what every docstring must say."""

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import autograd_tutorial
from autograd_tutorial import exercises, functions
from autograd_tutorial.graph import Graph, notation
from autograd_tutorial.graph.recording import record

MODULES = [
    functions,
    *(getattr(exercises, exercise.stem) for exercise in exercises.EXERCISES),
]
FUNCTIONS = [
    function
    for module in MODULES
    for name in module.__all__
    if inspect.isfunction(function := getattr(module, name))
] + [record.trace, Graph.check, Graph.pullback, Graph.pushforward]
WITH_EXAMPLES = [exercises, functions, record, notation]
EVERY_MODULE = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(
        autograd_tutorial.__path__, "autograd_tutorial."
    )
    if not found.name.endswith(".starter")  # a script, which ends Python
]


@pytest.mark.parametrize("module", EVERY_MODULE)
def test_examples(module: ModuleType) -> None:
    """Each example in the docstrings prints what it says."""
    result = doctest.testmod(module)
    assert result.failed == 0
    assert bool(result.attempted) == (module in WITH_EXAMPLES)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module: ModuleType) -> None:
    """Each function that a module lists is its own, and has a docstring."""
    for name in module.__all__:
        if inspect.isfunction(function := getattr(module, name)):
            assert function.__module__ in (
                module.__name__,
                f"{module.__name__}.solution",
            )
            assert inspect.getdoc(function)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_docstring_gives_the_formula_first_and_the_source(
    function: object,
) -> None:
    """One sentence, then the formula; the source is named, or that of the function beside it."""
    documentation = inspect.getdoc(function) or ""
    _, second, *_ = documentation.split("\n\n")
    assert second.startswith(".. math::")
    assert (
        "References" in documentation
        or "source as" in documentation
        or "same arg" in documentation
    )
