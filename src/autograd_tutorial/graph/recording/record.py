"""Record the graph of one real run: every number comes from torch, none is derived here.

- `tape`: the operations and their values; a dispatch mode sees each one that autograd records.
- `torch_nodes`: which depends on which, from the result back to the leaves.
- `messages`: what is sent back, and in which order, noted by hooks during one real backward pass.
- `partials`: the local derivatives; torch's nodes themselves, called on unit vectors.
- `names` and `statements`: how all of it is called and written.
- `arguments` and `cuts`: what to say where it cannot be done.
"""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.graph import Graph
from autograd_tutorial.graph.model import Edge, Node
from autograd_tutorial.graph.recording import arguments, partials, torch_nodes
from autograd_tutorial.graph.recording.messages import Visit, send_messages
from autograd_tutorial.graph.recording.names import (
    Names,
    code_of,
    function_name,
    input_names,
    known_names,
    name_values,
)
from autograd_tutorial.graph.recording.statements import describe_operation
from autograd_tutorial.graph.recording.tape import Tape

LONGEST_POSTMORTEM = 500
"""Above this many operations an error does not keep the variables of the functions it left."""

_FAKE = torch._C._TorchDispatchModeKey.FAKE


def trace(
    f: Callable[..., Tensor],
    *inputs: Tensor,
    cotangent: Tensor | None = None,
    names: Names | None = None,
) -> Graph:
    r"""Run f once and return the graph that autograd recorded, with every number on it.

    .. math:: \bar u = \sum_{w \text{ computed from } u} \bar w \, \frac{\partial w}{\partial u}

    The graph is that of the run: only the branch that was taken, each turn of a loop. Every
    number is torch's own: the primals as the operations returned them, the adjoints
    :math:`\bar u` and messages :math:`\bar w \, \partial w / \partial u` as one backward pass
    sent them, and the local derivatives as torch's nodes answer to unit vectors.

    Parameters
    ----------
    f
        A function of tensors that returns one tensor, or a module. It is called once, on copies
        of the inputs that require grad, so the inputs and their `.grad` stay as they are. Other
        tensors that f uses, such as the parameters of a module, take part as they are; no
        `.grad` is changed. The buffers of a module that is f itself are copied, too, and the
        copies stand in the module while it runs, so no other thread should use it then; those
        of a module that f only calls change as in any call. Hooks run, also those that
        `register_hook` put on the inputs, except for those of the accumulation, since nothing
        accumulates, and hooks on several inputs together. The graph's `notes` name the hooks
        after accumulation. The backward of a `torch.autograd.Function` runs once more for each
        unit vector; of one that can run only once the local derivatives are left out.
    inputs
        The arguments of f: real floating-point tensors of any shape. What else f needs, a lambda
        fixes: ``trace(lambda x: f(x, k=2), x)``.
    cotangent
        The vector v of the vector-Jacobian product, with the shape of the result of f. For a
        result with one element it may be left out, and is then 1, as in `Tensor.backward`.
    names
        Names for leaves: a list of names for the inputs in their order, or a mapping from names
        to tensors, which may also be constants that f uses. Without it, inputs are called after the parameters of f, parameters of a
        module by their qualified names, and results after the variables of f that hold them. A
        variable that holds several values in turn numbers them: b1, b2, … What has no name is
        called v1, v2, …

    Returns
    -------
    Graph
        Its `nodes` and `edges` hold the numbers.

    Raises
    ------
    TypeError
        If f is not callable, does not take that number of inputs, or returns something else than
        one real tensor; if an input or the cotangent is not a real floating-point tensor, or a
        name is no string.
    ValueError
        If the result of f has no graph, the graph was freed by a `backward()`, the cotangent is
        missing or has another shape than the result, the names do not fit, f calls `torch.cond`
        or the like, or a `FakeTensorMode` is on.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., for the computational graph and its
    linearisation; Baydin et al., "Automatic differentiation in machine learning: a survey", *JMLR*
    18(153), 2018, section 3, for the evaluation trace and the adjoints.

    Examples
    --------
    >>> graph = trace(lambda x: torch.log(x**2), torch.tensor(2.0))
    >>> [node.statement for node in graph.nodes]
    ['x', 'v1 = pow(x, 2)', 'v2 = log(v1)']
    >>> graph["x"].primal, graph["x"].adjoint
    (tensor(2.), tensor(1.))
    """
    if not callable(f):
        raise TypeError(
            f"trace(f, *inputs) needs a function first, but f is of type {type(f).__name__}. "
            "Pass the function itself, as in trace(torch.sin, x)."
        )
    if torch._C._get_dispatch_mode(_FAKE) is not None:
        raise ValueError(
            "Under FakeTensorMode a tensor has a shape but no numbers, and trace records numbers. "
            "Call it outside of that mode."
        )
    called = input_names(f, len(inputs))
    arguments.check_inputs(called, inputs)
    with torch.inference_mode(mode=False), torch.enable_grad():
        leaves = [_leaf_like(value) for value in inputs]
        known = known_names(names, called, inputs, leaves)
        call, buffers = _with_copied_buffers(f)
        tape = Tape(code_of(f), buffers)
        try:
            # No variable here holds the graph: an error would keep it.
            return _build(
                _Forward(f, inputs, leaves, known, tape),
                _run(call, leaves, tape),
                cotangent,
            )
        except BaseException as error:
            if len(tape.calls) > LONGEST_POSTMORTEM:
                _forget_locals(error)
            raise
        finally:
            tape.release()


class _Forward(NamedTuple):
    """The run of the function."""

    f: Callable[..., Tensor]
    inputs: Sequence[Tensor]
    leaves: Sequence[Tensor]
    """What f was called on: the copies of the inputs."""

    known: dict[int, str]
    """The names that are given, by the identity of the tensor."""

    tape: Tape


def _leaf_like(value: Tensor) -> Tensor:
    """Return a copy that requires grad, with the hooks of the tensor."""
    leaf = value.detach().clone().requires_grad_()
    for hook in (value._backward_hooks or {}).values():
        leaf.register_hook(hook)
    return leaf


def _run(
    call: Callable[..., object], leaves: Sequence[Tensor], tape: Tape
) -> Tensor:
    """Call the function on copies of the inputs and return its result, with a graph."""
    try:
        with _without_compiler(), tape:
            result = call(*leaves)
    except NotImplementedError as error:
        if "HigherOrderOperator" not in str(error):
            raise
        raise ValueError(
            "f uses control flow of torch's own, such as torch.cond, and which operations run "
            "inside of that torch does not tell. Write it in Python, as with if: trace records "
            "the branch that is taken."
        ) from error
    except Exception as error:
        error.add_note(
            "trace() called f on copies of the inputs that require grad."
        )
        if "leaf Variable that requires grad" in str(error):
            error.add_note(
                "An input is a leaf then, which must not be changed in place, as by "
                "nn.ReLU(inplace=True). Let f work on a copy: trace(lambda x: f(x.clone()), x)."
            )
        raise
    root = arguments.check_result(result, tape)
    tape.refer(root)
    return root


def _forget_locals(error: BaseException | None) -> None:
    """Clear the variables of the functions that an error went through.

    They hold a graph by its end, and so it would go at once: see `Tape.release`.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            frame.f_locals  # noqa: B018  a copy that Python keeps, and renews on demand
        error = error.__cause__ or error.__context__


def _without_compiler() -> AbstractContextManager[object]:
    """Let a function that torch.compile returned run as it is written, if there can be one."""
    if "torch._dynamo" in sys.modules:
        stance: AbstractContextManager[object] = torch.compiler.set_stance(
            "force_eager"
        )
        return stance
    return nullcontext()


def _with_copied_buffers(
    f: Callable[..., object],
) -> tuple[Callable[..., object], dict[str, Tensor]]:
    """Return f; a module with its buffers copied, as batch normalisation changes its own."""
    if not isinstance(f, torch.nn.Module):
        return f, {}
    buffers = {name: value.clone() for name, value in f.named_buffers()}
    if not buffers:
        return f, {}
    if isinstance(f, torch.jit.ScriptModule | torch.nn.DataParallel):
        raise TypeError(
            f"f is a {type(f).__name__} with buffers, which trace cannot copy, as it does to leave "
            "a module as it was. Pass trace(lambda x: f(x), x): then the buffers may change, as "
            "in any call."
        )
    call = torch.func.functional_call
    return lambda *inputs: call(f, buffers, inputs), buffers


@torch.no_grad()
def _build(forward: _Forward, root: Tensor, cotangent: Tensor | None) -> Graph:
    """Run one backward pass from the result, and note what each node did."""
    f, inputs, leaves, known, tape = forward
    seed = arguments.check_cotangent(cotangent, root)
    behind = torch_nodes.operations_behind(root)
    operations = list(behind)
    used = {
        id(before.variable): before.variable
        for fn in operations
        for before in behind[fn]
        if torch_nodes.is_leaf(before)
    }
    if root.grad_fn is None:
        used[id(root)] = root
    present = {*map(id, leaves), *used, *tape.constants}
    for key, name in known.items():
        if key not in present:
            raise ValueError(
                f"names calls a tensor {name} that takes no part in the run. A mapping names "
                "inputs, parameters and constants of f."
            )
    for leaf in leaves:
        used.pop(id(leaf), None)
    others = list(used.values())
    every_leaf = [*leaves, *others]
    visits, gradients = send_messages(root, every_leaf, operations, seed, tape)
    name_of = name_values(f, tape, operations, others, known)

    nodes: dict[object, Node] = {}
    for leaf, gradient in zip(every_leaf, gradients, strict=True):
        name = name_of[id(leaf), 0]
        nodes[id(leaf)] = Node(
            name=name,
            statement=name,
            kind="input" if len(nodes) < len(leaves) else "parameter",
            primals=(leaf.detach().clone(),),
            adjoints=(gradient,),
        )
    edges: list[Edge] = []
    units = cache(partials.unit_vectors)
    custom = any(map(torch_nodes.is_custom, operations))
    kept = partials.TorchNodes(
        [*operations, root], tape.leaves if custom else []
    )
    for position, fn in enumerate(operations):
        visit = visits.get(fn) or _no_visit(fn)
        node = describe_operation(fn, tape.calls, visit.adjoints, name_of)
        nodes[fn] = node
        slots = [
            (slot, before, output, visit.messages[slot])
            for slot, (before, output) in enumerate(fn.next_functions)
            if before is not None
        ]
        kinds = {
            slot: partials.kind_of_argument(message, before, output)
            for slot, before, output, message in slots
        }
        node.vjp = partial(partials.pull_back, kept, position, kinds)
        built = partials.partials_of(
            node, kinds, visit.messages, units, torch_nodes.is_custom(fn)
        )
        edges += [
            Edge(
                nodes[torch_nodes.key_of(before)],
                node,
                slot,
                output,
                built.get(slot),
                message,
            )
            for slot, before, output, message in slots
        ]
    _number_steps(nodes, edges, visits)
    hooked = [
        name_of[id(leaf), 0]
        for leaf, given in zip(every_leaf, [*inputs, *others], strict=True)
        if given._post_accumulate_grad_hooks
    ]
    parameters = {name_of[id(leaf), 0]: leaf for leaf in others}
    return Graph(
        function=function_name(f),
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        inputs=tuple(nodes[id(leaf)] for leaf in leaves),
        output=nodes[root.grad_fn or id(root)],
        output_number=root.output_nr,
        cotangent=seed,
        notes=arguments.notes_on(root, tape, parameters, hooked),
    )


def _no_visit(fn: torch_nodes.GradFn) -> Visit:
    """Return what there is to say of a node that the engine did not come to."""
    nothing = (None,) * len(fn.next_functions)
    return Visit(-1, nothing, (None,) * torch_nodes.count_results(fn))


def _number_steps(
    nodes: Mapping[object, Node],
    edges: Sequence[Edge],
    visits: Mapping[torch_nodes.GradFn, Visit],
) -> None:
    """Give each node its steps, forward as it ran and backward in the order of the engine.

    The engine attends to a leaf as soon as its last message has arrived.
    """
    for step, node in enumerate(nodes.values(), start=1):
        node.forward_step = step
    order = {nodes[fn]: (visit.number, 0) for fn, visit in visits.items()}
    for edge in edges:
        if edge.message is not None and not edge.source.vjp:
            arrival = order[edge.target][0], edge.slot + 1
            order[edge.source] = max(arrival, order.get(edge.source, arrival))
    for node in nodes.values():
        if not node.vjp and node.adjoint is not None:
            order.setdefault(node, (-1, 0))  # a leaf that f returned as it is
    for step, node in enumerate(sorted(order, key=lambda n: order[n]), start=1):
        node.backward_step = step
