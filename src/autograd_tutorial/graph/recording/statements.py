"""The statement of each operation, as the evaluation trace shows it."""

import re
import sys
from functools import cache, partial

from autograd_tutorial.graph.model import Node, Tensors
from autograd_tutorial.graph.notation import write_number
from autograd_tutorial.graph.recording import torch_nodes
from autograd_tutorial.graph.recording.tape import Calls, Constant
from autograd_tutorial.graph.recording.torch_nodes import GradFn, Reference


def describe_operation(
    fn: GradFn,
    calls: Calls,
    adjoints: Tensors,
    name_of: dict[Reference, str],
) -> Node:
    """Describe one operation."""
    call, results = calls.get(fn, (None, {}))
    count = torch_nodes.count_results(fn)
    names = tuple(name_of[fn, k] for k in range(count))
    custom, overload = torch_nodes.is_custom(fn), ""
    class_name, operation = _split_name(fn.name(), custom)
    if call and not custom:
        operation, overload, _ = call.operation
        if class_name == "CopySlices":
            overload = ""  # the node of the changed view's base has no formula of its own
        show = partial(_show, name_of=name_of, calls=calls)
        arguments = [show(value) for value in call.arguments]
        arguments += [
            f"{key}={show(value)}"
            for key, value in call.keywords.items()
            if value is not None
        ]
    else:
        arguments = [
            name_of.get((torch_nodes.key_of(before), output), "?")
            for before, output in fn.next_functions
            if before
        ]
    return Node(
        name=names[0].removesuffix("[0]"),
        statement=f"{', '.join(names)} = {operation}({', '.join(arguments)})",
        kind="operation",
        primals=tuple(results.get(k) for k in range(count)),
        adjoints=adjoints,
        names=names,
        operation=operation,
        overload=overload,
        arguments=tuple(arguments),
        grad_fn=class_name,
        source=call.source if call else None,
    )


@cache
def _split_name(name: str, custom: bool) -> tuple[str, str]:
    """Return the name of torch's node without its namespace, and that of the operation."""
    class_name = name.rpartition("::")[2]
    operation = re.sub(r"Backward\d*$", "", class_name)
    if not custom:  # AsStrided is called as_strided
        operation = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()
    return class_name, operation


def _show(
    argument: object,
    name_of: dict[Reference, str],
    calls: Calls,
    depth: int = 3,
) -> str:
    """Write an argument; one outside of the graph, as a view that was changed, by its call."""
    if isinstance(argument, tuple):
        call, _ = calls.get(argument[0], (None, {}))
        if argument in name_of or call is None or not depth:
            return name_of.get(argument, "?")
        inner = [_show(v, name_of, calls, depth - 1) for v in call.arguments]
        return f"{call.operation.name}({', '.join(inner)})"
    if isinstance(argument, Constant):
        name = name_of.get((id(argument.tensor), 0))
        if name is not None or argument.number is None:
            return name or f"const{tuple(argument.tensor.shape)}"
        argument = argument.number
    if isinstance(argument, list):
        items = [_show(item, name_of, calls, depth) for item in argument]
        return f"[{', '.join(items)}]"
    if isinstance(argument, float):
        return write_number(argument)
    return "end" if argument == sys.maxsize else str(argument)
