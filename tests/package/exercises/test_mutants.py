"""Change a sign, an index or a factor in each solution: no mutant passes."""

import ast
import copy
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from autograd_tutorial.checker.exercise import Task
from autograd_tutorial.checker.judge import judge
from autograd_tutorial.exercises import EXERCISES

OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
    ast.Pow: ast.Mult(),
    ast.FloorDiv: ast.Mult(),
}
COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(),
    ast.LtE: ast.Gt(),
    ast.Gt: ast.Lt(),
    ast.GtE: ast.Lt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
}
NAMES = {"sum": "mean", "sin": "cos", "cos": "sin", "log": "exp"}

# A mutant that does the same as the solution cannot fail. Each with its reason.
UNUSED = "the derivative does not use this value"
EQUIVALENT = {
    "factor: one_hot[0] = 1: 0 -> -1": "the last element shows k as well",
    "derivative_by_hand: product = log * sine: log * sine -> log / sine": UNUSED,
    "derivative_by_hand: reciprocal = 1 / x: 1 / x -> 1 * x": UNUSED,
    "derivative_by_hand: reciprocal = 1 / x: 1 -> 2": UNUSED,
    "derivative_by_hand: reciprocal = 1 / x: 1 -> 0": UNUSED,
    "derivative_by_hand: total = product + reciprocal: product + reciprocal -> product - reciprocal": UNUSED,
    "derivative_by_hand: return dict(zip(DEPENDENCIES, values, strict=True)): True -> False": "the lengths agree",
    "hessian_by_rows: rows = [torch.autograd.grad(element, x, retain_graph=True)[0] for element in gradient]: 0 -> -1": "there is one gradient, the first and the last",
}


def mutants(task: Task) -> Iterator[tuple[str, object]]:
    """Yield (what was changed, the changed function) for each place that can be changed.

    Such places are in the solution, and in the public functions of its module that it calls.
    """
    module = inspect.getmodule(task.solution)
    assert module is not None
    tree = ast.parse(inspect.getsource(module))
    names = _called(task.name, module)
    tree.body = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in names
    ]
    for function in tree.body:
        assert isinstance(function, ast.FunctionDef)
        function.body = function.body[1:]  # without the docstring
    for number, node in enumerate(list(ast.walk(tree))):
        for changed in _changes(node):
            mutant = copy.deepcopy(tree)
            _replace(mutant, number, changed)
            space = dict(vars(module))
            code = ast.unparse(ast.fix_missing_locations(mutant))
            exec(code, space)  # noqa: S102 - to make the mutant
            change = f"{ast.unparse(node)} -> {ast.unparse(changed)}"
            line = ast.unparse(_statement(tree, node)).splitlines()[0]
            yield f"{task.name}: {line}: {change}", space[task.name]


def _called(name: str, module: ModuleType) -> set[str]:
    """Return the name, and those of the module's public functions that it calls in turn."""
    used = getattr(module, name).__code__.co_names
    found = {
        other
        for other in used
        if other in module.__all__
        and inspect.isfunction(getattr(module, other))
    }
    return {name}.union(*(_called(other, module) for other in found))


def _statement(tree: ast.Module, node: ast.AST) -> ast.stmt:
    """Return the innermost statement that holds a node."""
    holding = [
        statement
        for statement in ast.walk(tree)
        if isinstance(statement, ast.stmt)
        and any(inner is node for inner in ast.walk(statement))
    ]
    return holding[-1]


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(op)], right)
        case ast.AugAssign(target, op, value) if type(op) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(op)], value)
        case ast.Compare(left, [op], others) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]], others)
        case ast.UnaryOp(ast.USub(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Attribute(value, name, context) if name in NAMES:
            yield ast.Attribute(value, NAMES[name], context)
        case ast.Return(ast.Name() | ast.Call() | ast.BinOp() as value):
            for factor in (ast.Constant(2), ast.Constant(-1)):
                yield ast.Return(ast.BinOp(factor, ast.Mult(), value))


def _replace(tree: ast.AST, number: int, new: ast.AST) -> None:
    """Put a node in the place of the one with this number in the walk."""
    old = list(ast.walk(tree))[number]
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if entry is old else entry for entry in value]


TASKS = [
    pytest.param(task, id=f"{exercise.name}-{task.name}")
    for exercise in EXERCISES
    for task in exercise.tasks
    if isinstance(task, Task)
]


@pytest.mark.parametrize("task", TASKS)
def test_no_mutant_passes(task: Task) -> None:
    """Whatever is changed in a solution, the checker sees it."""
    found = list(mutants(task))
    assert found
    passed = [
        change
        for change, mutant in found
        if change not in EQUIVALENT and judge(task, mutant, 2).passed
    ]
    assert not passed


def test_equivalent_ones_are_still_there() -> None:
    """A reason for an exception is dropped when its mutant is gone."""
    changes = {
        change
        for exercise in EXERCISES
        for task in exercise.tasks
        if isinstance(task, Task)
        for change, _ in mutants(task)
    }
    assert set(EQUIVALENT) <= changes
