"""Record the graph of one real run: every number comes from torch, none is derived here.

- The operations and their values: a dispatch mode sees each operation that autograd records.
- Which depends on which: `grad_fn.next_functions`, from the result back to the leaves.
- Adjoints, messages and their order: hooks on torch's nodes, during one real backward pass.
- Local derivatives: torch's node itself, called on unit vectors.
"""

import re
import sys
import traceback
from collections.abc import (
    Callable,
    Container,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.graph import Graph
from autograd_tutorial.graph.model import Edge, Node, Tensors
from autograd_tutorial.graph.notation import write_number
from autograd_tutorial.graph.recording.arguments import (
    FREED,
    check_cotangent,
    check_inputs,
    check_result,
    notes_on,
)
from autograd_tutorial.graph.recording.names import (
    Names,
    check_distinct,
    code_of,
    function_name,
    given_names,
    input_names,
    name_values,
)
from autograd_tutorial.graph.recording.tape import (
    Calls,
    Constant,
    GradFn,
    Reference,
    Tape,
    count_results,
    dense,
    is_leaf,
    key_of,
)
from autograd_tutorial.graph.tensors import has_numbers

__all__ = ["trace"]

LARGEST_PARTIAL = 64
"""The number of entries up to which a local derivative is built."""

LONGEST_POSTMORTEM = 500
"""Above this many operations an error does not keep the variables of the functions it left."""

_FAKE = torch._C._TorchDispatchModeKey.FAKE

Kind = tuple[torch.Size, torch.dtype] | None
"""The shape and the dtype of a tensor; None of a nested one, which has no shape."""


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
        of a module that f only calls change as in any call. Hooks run, also those of the
        inputs, except for hooks after accumulation, since nothing accumulates: the graph's
        `notes` name them. The backward of a `torch.autograd.Function` runs once more for each
        unit vector.
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
    check_inputs(called, inputs)
    given = given_names(names, inputs)
    if names is not None and not isinstance(names, Mapping):
        called = list(names)
    with torch.inference_mode(mode=False), torch.enable_grad():
        call, buffers = _with_copied_buffers(f)
        tape = Tape(code_of(f), buffers)
        try:
            # No variable here holds the graph: an error would keep it.
            return _build(
                _record(f, call, _Given(inputs, called, given, cotangent), tape)
            )
        except BaseException as error:
            if len(tape.calls) > LONGEST_POSTMORTEM:
                _forget_locals(error)
            raise
        finally:
            tape.release()


class _Given(NamedTuple):
    """What the caller passed besides the function."""

    inputs: Sequence[Tensor]
    called: Sequence[str]
    """The names of the inputs."""

    names: dict[int, str]
    """The names that the caller chose, by the identity of the tensor."""

    cotangent: Tensor | None


class _Run(NamedTuple):
    """What there is when the function has run, and nothing has gone back yet."""

    f: Callable[..., Tensor]
    tape: Tape
    leaves: Sequence[Tensor]
    root: Tensor
    cotangent: Tensor
    known: dict[int, str]
    """The names that are given, by the identity of the tensor."""

    hooked: list[str]
    """The inputs with a hook that runs after accumulation."""


class _Kept(NamedTuple):
    """What the nodes of a graph share."""

    nodes: list[Any]
    """Torch's nodes, and the root last.

    They go together, from the end of the list: see `Tape.release`. In some versions of torch the
    node of the root would end with the root.
    """

    leaves: list[Tensor]
    """The leaves that the backward of a `torch.autograd.Function` may know."""


def _leaf_like(value: Tensor) -> Tensor:
    """Return a copy that requires grad, with the hooks of the tensor."""
    leaf = value.detach().clone().requires_grad_()
    for hook in (value._backward_hooks or {}).values():
        leaf.register_hook(hook)
    return leaf


def _record(
    f: Callable[..., Tensor],
    call: Callable[..., object],
    given: _Given,
    tape: Tape,
) -> _Run:
    """Call the function on copies of the inputs and return what there is then."""
    leaves = [_leaf_like(value) for value in given.inputs]
    of_copy = dict(zip(map(id, given.inputs), map(id, leaves), strict=True))
    known = dict(zip(map(id, leaves), given.called, strict=True))
    known |= {of_copy.get(key, key): name for key, name in given.names.items()}
    check_distinct(list(known.values()))
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
    root = check_result(result, tape)
    tape.refer(root)
    seed = check_cotangent(given.cotangent, root)
    hooked = [
        known[id(leaf)]
        for leaf, value in zip(leaves, given.inputs, strict=True)
        if value._post_accumulate_grad_hooks
    ]
    return _Run(f, tape, leaves, root, seed, known, hooked)


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
def _build(run: _Run) -> Graph:
    """Walk back from the root, run one backward pass with hooks, and note what each node did."""
    f, tape, leaves, root, seed, known, hooked = run
    arguments = _walk(root)
    inner = _in_order(arguments)
    used = {
        id(before.variable): before.variable
        for fn in inner
        for before in arguments[fn]
        if is_leaf(before)
    }
    ours = {id(leaf) for leaf in leaves}
    if root.grad_fn is None:
        used[id(root)] = root
    others = [leaf for key, leaf in used.items() if key not in ours]
    present = {*ours, *used, *tape.constants}
    for key, name in known.items():
        if key not in present:
            raise ValueError(
                f"names calls a tensor {name} that takes no part in the run. A mapping names "
                "inputs, parameters and constants of f."
            )
    fired, gradients = _backward(root, [*leaves, *others], inner, seed, tape)
    name_of = name_values(f, tape, inner, others, known)

    nodes: dict[object, Node] = {}
    for position, (leaf, gradient) in enumerate(
        zip([*leaves, *others], gradients, strict=True)
    ):
        name = name_of[(id(leaf), 0)]
        nodes[id(leaf)] = Node(
            name=name,
            statement=name,
            kind="input" if position < len(leaves) else "parameter",
            primals=(leaf.detach().clone(),),
            adjoints=(gradient,),
            names=(name,),
        )
    edges: list[Edge] = []
    custom = any(map(_is_custom, inner))
    units = cache(_units)
    kept = _Kept([*inner, root], tape.leaves if custom else [])
    for position, fn in enumerate(inner):
        _, sent, received = fired.get(fn, (None, (), ()))
        node = _operation(fn, tape.calls, received, name_of)
        nodes[fn] = node
        pairs = [
            (slot, before, output)
            for slot, (before, output) in enumerate(fn.next_functions)
            if before is not None
        ]
        kinds = {
            slot: _kind(sent[slot] if sent else None, before, output)
            for slot, before, output in pairs
        }
        node.vjp = partial(_pull_back, kept, position, kinds)
        partials = _partials(node, kinds, sent, units)
        for slot, before, output in pairs:
            source = nodes[key_of(before)]
            message = sent[slot] if sent else None
            edges.append(
                Edge(source, node, slot, output, partials.get(slot), message)
            )
    _number_steps(nodes, edges, fired)
    output = nodes[root.grad_fn or id(root)]
    hooked += [
        name_of[id(leaf), 0]
        for leaf in others
        if leaf._post_accumulate_grad_hooks
    ]
    known_leaves = {name_of[id(leaf), 0]: leaf for leaf in others}
    return Graph(
        function=function_name(f),
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        inputs=tuple(nodes[id(leaf)] for leaf in leaves),
        output=output,
        output_number=root.output_nr,
        cotangent=seed,
        notes=notes_on(root, tape, known_leaves, hooked),
    )


def _walk(root: Tensor) -> dict[GradFn, list[GradFn]]:
    """Return the operations behind the root, and the nodes of their arguments.

    Without recursion: graphs are deep.
    """
    found: dict[GradFn, list[GradFn]] = {}
    stack = [root.grad_fn]
    while stack:
        fn = stack.pop()
        if fn is not None and fn not in found and not is_leaf(fn):
            found[fn] = [g for g, _ in fn.next_functions if g is not None]
            stack += found[fn]
    return found


def _in_order(arguments: Mapping[GradFn, list[GradFn]]) -> list[GradFn]:
    """Return the operations in the order in which they ran.

    Each thread counts its operations by itself. Where the numbers of two contradict the graph,
    the arguments of an operation go first.
    """
    done: dict[GradFn, None] = {}
    for fn in sorted(arguments, key=_sequence_number):
        stack = [fn]
        while stack:
            waiting = [
                before
                for before in arguments[stack[-1]]
                if before not in done and before in arguments
            ]
            if waiting:
                stack += sorted(waiting, key=_sequence_number, reverse=True)
            else:
                done[stack.pop()] = None
    return list(done)


def _sequence_number(fn: GradFn) -> int:
    """Return a number that grows with each operation that a thread runs."""
    return int(fn._sequence_nr())


def _backward(
    root: Tensor,
    leaves: Sequence[Tensor],
    inner: Sequence[GradFn],
    seed: Tensor,
    tape: Tape,
) -> tuple[dict[GradFn, tuple[int, Tensors, Tensors]], Tensors]:
    """Run one backward pass; return what each node sent and received, and the gradients."""
    fired: dict[GradFn, tuple[int, Tensors, Tensors]] = {}

    def note(fn: GradFn, sent: Tensors, received: Tensors) -> None:
        fired[fn] = len(fired), _dense(sent), _dense(received)

    handles = [fn.register_hook(partial(note, fn)) for fn in inner]
    # Torch begins with 1 itself. For a tensor that it is given it first loads much else.
    given = None if seed.numel() == 1 and seed.item() == 1 else seed
    try:
        with _without_anomaly_detection():
            if any(_is_reentrant(fn) for fn in inner):
                gradients = _accumulated(root, leaves, given, tape.leaves)
            else:
                gradients = torch.autograd.grad(
                    root, leaves, given, retain_graph=True, allow_unused=True
                )
    except Exception as error:
        if "backward through the graph a second time" in str(error):
            raise ValueError(FREED) from None
        error.add_note(_where_stopped(inner, fired, tape))
        raise
    finally:
        for handle in handles:
            handle.remove()
    return fired, _dense(gradients)


def _is_reentrant(fn: GradFn) -> bool:
    """Tell whether the node is that of a checkpoint that runs a backward pass of its own.

    PyTorch's and others' of that name refuse `torch.autograd.grad`.
    """
    return _is_custom(fn) and fn.name().endswith("CheckpointFunctionBackward")


def _accumulated(
    root: Tensor,
    leaves: Sequence[Tensor],
    given: Tensor | None,
    others: Sequence[Tensor],
) -> Tensors:
    """Return the gradients as `backward` accumulates them, and leave every `.grad` as it was."""
    with _grads_kept([*leaves, *others]):
        torch.autograd.backward(root, given, retain_graph=True)
        return tuple(leaf.grad for leaf in leaves)


@contextmanager
def _grads_kept(leaves: Sequence[Tensor]) -> Iterator[None]:
    """Let a backward pass inside of another accumulate in vain, and run no hook after it."""
    kept = [(leaf, leaf.grad) for leaf in leaves]
    hooks = [leaf._post_accumulate_grad_hooks or {} for leaf in leaves]
    waiting = [dict(of_leaf) for of_leaf in hooks]
    for leaf, of_leaf in zip(leaves, hooks, strict=True):
        leaf.grad = None
        of_leaf.clear()
    try:
        yield
    finally:
        for leaf, gradient in kept:
            leaf.grad = gradient
        for of_leaf, before in zip(hooks, waiting, strict=True):
            of_leaf.update(before)


def _without_anomaly_detection() -> AbstractContextManager[object]:
    """Let NaN pass, which is recorded like any number."""
    if torch.is_anomaly_enabled():
        return torch.autograd.set_detect_anomaly(mode=False)
    return nullcontext()


def _where_stopped(
    inner: Sequence[GradFn], fired: Container[GradFn], tape: Tape
) -> str:
    """Say which operation the backward pass could not finish: the engine goes from the last on."""
    fn = next((fn for fn in reversed(inner) if fn not in fired), None)
    call, _ = tape.calls.get(fn, (None, {}))
    if call is None or call.source is None:
        return "It happened in the backward pass that trace() runs after f."
    return (
        f"It happened in the backward pass of trace(), at {call.operation.name} in "
        f"{call.source.file}, line {call.source.line}."
    )


def _dense(tensors: Tensors) -> Tensors:
    """Return the tensors as ordinary ones: an embedding may send a sparse message."""
    for tensor in tensors:
        if tensor is not None and dense(tensor) is not tensor:
            return tuple(None if t is None else dense(t) for t in tensors)
    return tensors


def _operation(
    fn: GradFn,
    calls: Calls,
    received: Tensors,
    name_of: dict[Reference, str],
) -> Node:
    """Describe one operation."""
    call, results = calls.get(fn, (None, {}))
    names = tuple(name_of[(fn, k)] for k in range(count_results(fn)))
    count = len(names)
    custom, overload = _is_custom(fn), ""
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
            name_of.get((key_of(before), output), "?")
            for before, output in fn.next_functions
            if before
        ]
    left = ", ".join(names) if count > 1 else names[0]
    return Node(
        name=names[0].removesuffix("[0]"),
        statement=f"{left} = {operation}({', '.join(arguments)})",
        kind="operation",
        primals=tuple(results.get(k) for k in range(count)),
        adjoints=tuple(received) or (None,) * count,
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


def _is_custom(fn: GradFn) -> bool:
    """Tell whether the node belongs to a Python subclass of torch.autograd.Function."""
    return isinstance(fn, torch.autograd.function.BackwardCFunction)


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


def _kind(message: Tensor | None, before: GradFn, output: int) -> Kind:
    """Return the shape and the dtype of an argument."""
    if message is not None:
        return None if message.is_nested else (message.shape, message.dtype)
    like = before._input_metadata[output]
    if like.is_nested_tensor:
        return None
    return torch.Size(like.shape), like.dtype


def _pull_back(
    kept: _Kept,
    position: int,
    kinds: dict[int, Kind],
    adjoints: Tensors,
) -> Tensors:
    """Call torch's node, the one at this position.

    The engine, not the node, undoes broadcasting and conversions between dtypes: so does this.
    """
    fn = kept.nodes[position]
    answer: Any
    if _is_custom(fn):
        with _grads_kept(kept.leaves):
            answer = _apply(fn, adjoints)
    else:
        answer = fn(*adjoints)
    messages = list(answer if isinstance(answer, tuple) else (answer,))
    for slot, kind in kinds.items():
        message = messages[slot]
        if message is None or kind is None:
            continue
        shape, dtype = kind
        if message.shape != shape:
            message = message.sum_to_size(shape)
        if message.dtype != dtype:
            real = message.is_complex() and not dtype.is_complex
            message = (message.real if real else message).to(dtype)
        messages[slot] = message
    return _dense(tuple(messages))


def _apply(fn: GradFn, adjoints: Tensors) -> Tensors:
    """Call the backward of a `torch.autograd.Function` as the engine does.

    It gets zeros for adjoints that did not come. What it returns for arguments that are no
    tensors has no slot.
    """
    given = [
        torch.zeros(like.shape, dtype=like.dtype, device=like.device)
        if adjoint is None
        else adjoint
        for adjoint, like in zip(adjoints, fn._input_metadata, strict=True)
    ]
    answer = fn.apply(*given)
    messages = answer if isinstance(answer, tuple) else (answer,)
    wanted = iter(
        message
        for message, needed in zip(messages, fn.needs_input_grad, strict=False)
        if needed
    )
    return tuple(
        None if before is None else next(wanted)
        for before, _ in fn.next_functions
    )


def _partials(
    node: Node,
    kinds: dict[int, Kind],
    sent: Tensors,
    units: Callable[..., Sequence[Tensor]],
) -> dict[int, Tensor]:
    """Call the node on unit vectors: each gives one row of the local derivatives."""
    if len(node.adjoints) != 1 or node.adjoints[0] is None or not node.vjp:
        return {}
    like = node.adjoints[0]
    if not has_numbers(like) or like.is_complex():
        return {}
    size = like.numel()
    wanted = {
        slot: kind[0]
        for slot, kind in kinds.items()
        if kind
        and sent[slot] is not None
        and 0 < size * kind[0].numel() <= LARGEST_PARTIAL
        and not kind[1].is_complex
    }
    if not wanted:
        return {}
    rows = [
        node.vjp((unit,)) for unit in units(like.shape, like.dtype, like.device)
    ]
    partials = {}
    for slot, source_shape in wanted.items():
        column = [entry for row in rows if (entry := row[slot]) is not None]
        entries = column[0] if size == 1 else torch.stack(column)
        shape = like.shape + source_shape
        if entries.shape != shape:
            entries = entries.reshape(shape)
        partials[slot] = entries
    return partials


def _units(
    shape: torch.Size, dtype: torch.dtype, device: torch.device
) -> Sequence[Tensor]:
    """Return the unit vectors of the tensors of one kind."""
    size = shape.numel()
    if size == 1:
        return (torch.ones(shape, dtype=dtype, device=device),)
    identity = torch.eye(size, dtype=dtype, device=device)
    # Each with memory of its own: some nodes, as that of as_strided_scatter, look at where in its
    # memory a tensor begins.
    return [row.clone() for row in identity.view((size, *shape)).unbind()]


def _number_steps(
    nodes: Mapping[object, Node],
    edges: Sequence[Edge],
    fired: Mapping[GradFn, tuple[int, Tensors, Tensors]],
) -> None:
    """Give each node its steps, forward as it ran and backward in the order of the engine.

    The engine attends to a leaf as soon as its last message has arrived.
    """
    for step, node in enumerate(nodes.values(), start=1):
        node.forward_step = step
    order = {
        node: (fired[key][0], 0) for key, node in nodes.items() if key in fired
    }
    arrived: dict[Node, tuple[int, int]] = {}
    for edge in edges:
        if edge.message is not None and not edge.source.vjp:
            arrival = order[edge.target][0], edge.slot + 1
            arrived[edge.source] = max(
                arrival, arrived.get(edge.source, arrival)
            )
    order |= arrived
    for node in nodes.values():
        if not node.vjp and node.adjoint is not None:
            order.setdefault(node, (-1, 0))  # a leaf that f returned as it is
    for step, node in enumerate(sorted(order, key=lambda n: order[n]), start=1):
        node.backward_step = step
