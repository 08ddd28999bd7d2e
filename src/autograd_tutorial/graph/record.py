"""Record the graph of one real run: every number comes from torch, none is derived here.

- The operations and their values: a dispatch mode sees each operation that autograd records.
- Which depends on which: `grad_fn.next_functions`, from the result back to the leaves.
- Adjoints, messages and their order: hooks on torch's nodes, during one real backward pass.
- Local derivatives: torch's node itself, called on unit vectors.
"""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from autograd_tutorial.graph.model import Edge, Graph, Node, Source, Tensors
from autograd_tutorial.graph.structure import number

__all__ = ["trace"]

LARGEST_PARTIAL = 64
"""The number of entries up to which a local derivative is built."""

TORCH = str(Path(torch.__file__).parent)

Names = Mapping[str, Tensor] | Sequence[str]
GradFn = Any  # torch.autograd.graph.Node, with attributes that its type does not list
Reference = tuple[object, int]
"""Where a tensor of the graph comes from: a node and which of its results, or the identity of a
leaf and 0."""
Kind = tuple[torch.Size, torch.dtype]


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
        `.grad` is changed.
    inputs
        The arguments of f: real floating-point tensors of any shape.
    cotangent
        The vector v of the vector-Jacobian product, with the shape of the result of f. For a
        result with one element it may be left out, and is then 1, as in `Tensor.backward`.
    names
        Names for leaves: a list of names for the inputs in their order, or a mapping from names
        to tensors. Without it, inputs are called after the parameters of f, parameters of a
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
        If f is not callable or returns something else than one real tensor, or if an input or
        the cotangent is not a real floating-point tensor.
    ValueError
        If the result of f has no graph, f frees the graph by calling `backward()`, the cotangent
        is missing or has another shape than the result, or the names do not fit.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., chapter 2, for the linearised
    computational graph; Baydin et al., "Automatic differentiation in machine learning: a
    survey", *JMLR* 18(153), 2018, for the evaluation trace and the adjoints.

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
    called = _input_names(f, len(inputs))
    for name, value in zip(called, inputs, strict=True):
        _check_input(name, value)
    given = _given_names(names, inputs)
    if names is not None and not isinstance(names, Mapping):
        called = list(names)
    with torch.inference_mode(mode=False), torch.enable_grad():
        leaves = [value.detach().clone().requires_grad_() for value in inputs]
        tape = Tape(_code(f))
        try:
            with tape:
                result: object = _with_copied_buffers(f)(*leaves)
        except Exception as error:
            error.add_note(
                "trace() called f on copies of the inputs that require grad."
            )
            raise
        root = _check_result(result, tape)
        tape.see(root)
        seed = _check_cotangent(cotangent, root)
        known = {id(leaf): name for leaf, name in zip(leaves, called, strict=True)}
        of_copy = {id(v): id(leaf) for v, leaf in zip(inputs, leaves, strict=True)}
        known |= {of_copy.get(key, key): name for key, name in given.items()}
        _check_distinct(list(known.values()))
        with torch.no_grad():
            return _build(f, tape, leaves, root, seed, known)


class Operation(NamedTuple):
    """An operation as torch lists it."""

    name: str
    overload: str
    in_place: bool


@cache
def _operation_of(function: torch._ops.OpOverload) -> Operation:
    schema = function._schema
    name = schema.name.split("::")[1]
    overload = f"{name}.{schema.overload_name}".rstrip(".")
    return Operation(name, overload, schema.is_mutable)


_DETACH = torch.ops.aten.detach.default


class Call(NamedTuple):
    """An operation that ran: what was called, on what, and from which line."""

    operation: Operation
    arguments: tuple[object, ...]
    keywords: dict[str, object]
    source: Source | None


@dataclass(slots=True)
class Constant:
    """A tensor that does not require grad, as an argument."""

    tensor: Tensor
    number: object


class Cut(NamedTuple):
    """An operation with an argument that requires grad and a result that does not."""

    operation: str
    source: Source | None
    recording: bool


Calls = dict[GradFn, tuple[Call | None, dict[int, Tensor]]]
"""What was called for each node, and the results that were seen."""


class Tape(TorchDispatchMode):
    """Record each operation that runs inside the block, and the node that autograd gave it.

    Autograd attaches the node after the operation has returned to it, so an operation is linked
    to its node when the next one begins, or at the end.
    """

    def __init__(self, code: CodeType | None) -> None:
        """Watch the variables of the function that has this code."""
        super().__init__()
        self.code = code
        self.calls: Calls = {}
        self.cuts: list[Cut] = []
        self.variables: dict[str, dict[object, Tensor]] = {}
        self.constants: set[int] = set()
        self._place: tuple[FrameType, int] | None = None
        self._frame: FrameType | None = None
        self._pending: tuple[Call, object, bool] | None = None
        self._versions: dict[str, tuple[int, int]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Let torch not import its compiler, which takes seconds, at the first operation."""
        return False

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,  # noqa: ARG002
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Note what is called on what, and call it."""
        place = sys._getframe(1)
        if func is _DETACH and self._place == (place, place.f_lasti):
            return func(*args)  # a node that saves the result of its own operation
        self._place = place, place.f_lasti
        self._link()
        source = self._look_up()
        keywords = kwargs or {}
        # Before the call: an in-place operation gives its argument a new node.
        arguments = tuple(map(_refer, args))
        self.see(args)
        named = {key: _refer(value) for key, value in keywords.items()}
        result = func(*args, **keywords)
        self.constants |= {
            id(constant.tensor)
            for constant in arguments
            if isinstance(constant, Constant) and constant.number is None
        }
        call = Call(_operation_of(func), arguments, named, source)
        self._pending = call, result, torch.is_grad_enabled()
        return result

    def __exit__(self, *error: object) -> None:
        """Link the last operation and look at the variables a last time."""
        super().__exit__(*error)
        self._link()
        if self._frame is not None:
            self._note_variables(self._frame)
            self._frame = self._place = None

    def see(self, argument: object) -> None:
        """Note the value of an argument that no operation was seen to return.

        It may be from before, or one of several that a `torch.autograd.Function` returned.
        """
        if isinstance(argument, list | tuple):
            for item in argument:
                self.see(item)
        elif isinstance(argument, Tensor):
            self._link_result(None, argument)

    def _link(self) -> None:
        """Link the last operation to the nodes that autograd gave its results."""
        if self._pending is None:
            return
        (call, result, recording), self._pending = self._pending, None
        linked = False
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if not isinstance(tensor, Tensor):
                continue
            # x[0] = 1 changes x too: it is the base of the view x[0]. The operation is then a
            # node of x, and the view gets a new node, which views the new x.
            if call.operation.in_place and tensor._base is not None:
                linked |= self._link_result(call, tensor._base)
                linked |= self._link_result(None, tensor)
            else:
                linked |= self._link_result(call, tensor)
        if linked or torch._C._current_graph_task_id() != -1:
            return  # within a backward pass nothing is recorded unless asked for
        if any(map(_is_reference, call.arguments)):
            self.cuts.append(Cut(call.operation.name, call.source, recording))

    def _link_result(self, call: Call | None, tensor: Tensor) -> bool:
        node = tensor.grad_fn
        if node is None:
            return False
        _, results = self.calls.setdefault(node, (call, {}))
        if tensor.output_nr not in results:
            results[tensor.output_nr] = tensor.detach().clone()
        return True

    def _look_up(self) -> Source | None:
        """Return the line that called the operation; note the variables of the function."""
        frame: FrameType | None = sys._getframe(2)
        if self._frame is None:
            self._frame = _outermost(frame, self.code)
        if self._frame is not None:
            self._note_variables(self._frame)
        while frame and frame.f_code.co_filename.startswith(TORCH):
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename == __file__:
            return None  # torch's own module, which trace called
        return Source(frame.f_code.co_filename, frame.f_lineno)

    def _note_variables(self, frame: FrameType) -> None:
        for name, value in frame.f_locals.items():
            if not isinstance(value, Tensor):
                continue
            version = id(value), _version(value)
            if self._versions.get(name) != version:
                self._versions[name] = version
                held = self.variables.setdefault(name, {})
                held.setdefault(_origin(value), value)


def _outermost(frame: FrameType | None, code: CodeType | None) -> FrameType | None:
    """Return the outermost frame above this one that runs the code."""
    found = None
    while frame and code:
        if frame.f_code is code:
            found = frame
        frame = frame.f_back
    return found


def _version(tensor: Tensor) -> int:
    """Return how often the tensor was changed in place; those of inference mode do not count."""
    return 0 if tensor.is_inference() else tensor._version


def _origin(tensor: Tensor) -> Reference:
    return (tensor.grad_fn or id(tensor), tensor.output_nr)


def _refer(argument: object) -> object:
    if isinstance(argument, Tensor):
        if argument.requires_grad:
            return _origin(argument)
        if argument.dim() == 0 and not argument.is_complex():
            return Constant(argument, argument.tolist())
        return Constant(argument, None)
    if isinstance(argument, list | tuple):
        return [_refer(item) for item in argument]
    return argument


def _is_reference(argument: object) -> bool:
    if isinstance(argument, list):
        return any(map(_is_reference, argument))
    return isinstance(argument, tuple)


def _build(
    f: Callable[..., Tensor],
    tape: Tape,
    leaves: Sequence[Tensor],
    root: Tensor,
    seed: Tensor,
    known: dict[int, str],
) -> Graph:
    """Walk back from the root, run one backward pass with hooks, and note what each node did."""
    inner = sorted(_walk(root), key=_sequence_number)
    used = {
        id(before.variable): before.variable
        for fn in inner
        for before, _ in fn.next_functions
        if _is_leaf(before)
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
    fired, gradients = _backward(root, [*leaves, *others], inner, seed)
    name_of = _names(f, tape, inner, others, known)

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
    units = cache(_units)
    for fn in inner:
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
        node.vjp = partial(_pull_back, fn, kinds)
        partials = _partials(node, kinds, sent, units)
        for slot, before, output in pairs:
            source = nodes[id(before.variable) if _is_leaf(before) else before]
            message = sent[slot] if sent else None
            edges.append(
                Edge(source, node, slot, output, partials.get(slot), message)
            )
    _number_steps(nodes, edges, fired)
    output = nodes[root.grad_fn or id(root)]
    return Graph(
        function=_name(f),
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        inputs=tuple(nodes[id(leaf)] for leaf in leaves),
        output=output,
        output_number=root.output_nr,
        cotangent=seed,
    )


def _walk(root: Tensor) -> list[GradFn]:
    """Return the operations behind the root, without recursion: graphs are deep."""
    found: dict[GradFn, None] = {}
    stack = [root.grad_fn]
    while stack:
        fn = stack.pop()
        if fn is not None and fn not in found and not _is_leaf(fn):
            found[fn] = None
            stack += [before for before, _ in fn.next_functions]
    return list(found)


def _is_leaf(fn: GradFn) -> bool:
    return hasattr(fn, "variable")


def _count(fn: GradFn) -> int:
    """Return the number of results of the operation."""
    return len(fn._input_metadata)


def _sequence_number(fn: GradFn) -> int:
    """Return a number that grows with each operation that runs."""
    return int(fn._sequence_nr())


def _backward(
    root: Tensor, leaves: Sequence[Tensor], inner: Sequence[GradFn], seed: Tensor
) -> tuple[dict[GradFn, tuple[int, Tensors, Tensors]], Tensors]:
    """Run one backward pass; return what each node sent and received, and the gradients."""
    fired: dict[GradFn, tuple[int, Tensors, Tensors]] = {}

    def note(fn: GradFn, sent: Tensors, received: Tensors) -> None:
        fired[fn] = len(fired), _dense(sent), _dense(received)

    handles = [fn.register_hook(partial(note, fn)) for fn in inner]
    try:
        gradients = torch.autograd.grad(
            root, leaves, seed, retain_graph=True, allow_unused=True
        )
    except RuntimeError as error:
        if "backward through the graph a second time" not in str(error):
            raise
        raise ValueError(_FREED) from None
    finally:
        for handle in handles:
            handle.remove()
    return fired, _dense(gradients)


def _dense(tensors: Tensors) -> Tensors:
    """Return the tensors as ordinary ones: an embedding may send a sparse message."""
    for tensor in tensors:
        if tensor is not None and tensor.is_sparse:
            return tuple(t if t is None else t.to_dense() for t in tensors)
    return tensors


def _operation(
    fn: GradFn,
    calls: Calls,
    received: Tensors,
    name_of: dict[Reference, str],
) -> Node:
    """Describe one operation."""
    call, results = calls.get(fn, (None, {}))
    names = tuple(name_of[(fn, k)] for k in range(_count(fn)))
    count = len(names)
    class_name, operation = _split_name(fn.name())
    if not _is_custom(fn):  # such as AsStrided
        operation = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()
    overload = ""
    if call and not _is_custom(fn):
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
            name_of.get(
                (
                    id(before.variable) if _is_leaf(before) else before, output
                ),
                "?",
            )
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
def _split_name(name: str) -> tuple[str, str]:
    """Return the name of torch's node without its namespace, and without "Backward0"."""
    class_name = name.split("::")[-1]
    return class_name, re.sub(r"Backward\d*$", "", class_name)


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
        if argument.number is not None and name is None:
            return _show(argument.number, name_of, calls)
        return name or f"const{tuple(argument.tensor.shape)}"
    if isinstance(argument, list):
        items = [_show(item, name_of, calls, depth) for item in argument]
        return f"[{', '.join(items)}]"
    if isinstance(argument, float):
        return number(argument)
    return str(argument)


def _kind(message: Tensor | None, before: GradFn, output: int) -> Kind:
    """Return the shape and the dtype of an argument."""
    if message is not None:
        return message.shape, message.dtype
    like = before._input_metadata[output]
    return torch.Size(like.shape), like.dtype


def _pull_back(
    fn: GradFn, kinds: dict[int, Kind], adjoints: Tensors
) -> Tensors:
    """Call torch's node.

    The engine, not the node, undoes broadcasting and conversions between dtypes: so does this.
    """
    answer = _apply(fn, adjoints) if _is_custom(fn) else fn(*adjoints)
    messages = list(answer if isinstance(answer, tuple) else (answer,))
    for slot, (shape, dtype) in kinds.items():
        message = messages[slot]
        if message is None:
            continue
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
        for message, needed in zip(
            messages, fn.needs_input_grad, strict=False
        )
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
    size = like.numel()
    wanted = [
        slot
        for slot, (shape, dtype) in kinds.items()
        if sent[slot] is not None
        and 0 < size * shape.numel() <= LARGEST_PARTIAL
        and not (like.is_complex() or dtype.is_complex)
    ]
    if not wanted:
        return {}
    rows = [
        node.vjp((unit,))
        for unit in units(like.shape, like.dtype, like.device)
    ]
    partials = {}
    for slot in wanted:
        column = [entry for row in rows if (entry := row[slot]) is not None]
        entries = column[0] if size == 1 else torch.stack(column)
        shape = like.shape + kinds[slot][0]
        if entries.shape != shape:
            entries = entries.reshape(shape)
        partials[slot] = entries
    return partials


def _units(
    shape: torch.Size, dtype: torch.dtype, device: torch.device
) -> Sequence[Tensor]:
    """Return the unit vectors of the tensors of one kind."""
    size = shape.numel()
    identity = torch.eye(size, dtype=dtype, device=device)
    return identity.view((size, *shape)).unbind()


def _number_steps(
    nodes: Mapping[object, Node],
    edges: Sequence[Edge],
    fired: Mapping[GradFn, tuple[int, Tensors, Tensors]],
) -> None:
    """Number the steps forward and backward, in the order of the engine.

    The engine attends to a leaf as soon as its last message has arrived.
    """
    for step, node in enumerate(nodes.values(), start=1):
        node.forward_step = step
    order = {node: (fired[key][0], 0) for key, node in nodes.items() if key in fired}
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


def _names(
    f: Callable[..., Tensor],
    tape: Tape,
    inner: Sequence[GradFn],
    others: Sequence[Tensor],
    known: dict[int, str],
) -> dict[Reference, str]:
    """Name every leaf and result: as the caller says, as the program does, or v1, v2, …"""
    name_of = {(key, 0): name for key, name in known.items()}
    taken = set(known.values())
    unnamed = [leaf for leaf in others if id(leaf) not in known]
    surroundings = _surroundings(f) if unnamed or tape.constants else {}
    for name, tensor in surroundings.items():
        if _origin(tensor) not in name_of:
            name_of[_origin(tensor)] = _free(name, taken)
    for name, held in tape.variables.items():
        # What the function was given already has a name: it is the same tensor.
        values = [key for key in held if key not in name_of]
        numbered = len(values) > 1 or name in taken
        for k, key in enumerate(values, start=1):
            name_of[key] = _free(f"{name}{k}" if numbered else name, taken)
    for leaf in unnamed:
        if _origin(leaf) not in name_of:
            name_of[_origin(leaf)] = _free("w", taken, start=1)
    step = 0
    for fn in inner:
        count = _count(fn)
        missing = [k for k in range(count) if (fn, k) not in name_of]
        if not missing:
            continue
        step += 1
        while f"v{step}" in taken:
            step += 1
        for k in missing:
            of_several = f"v{step}[{k}]" if count > 1 else f"v{step}"
            name_of[(fn, k)] = of_several
    return name_of


def _free(name: str, taken: set[str], start: int | None = None) -> str:
    """Return the name, or with a number if it is taken; it is taken from now on."""
    candidate = name if start is None else f"{name}{start}"
    k = start or 1
    while candidate in taken:
        k += 1
        candidate = f"{name}{k}" if start else f"{name}_{k}"
    taken.add(candidate)
    return candidate


def _surroundings(f: object) -> dict[str, Tensor]:
    """Return the tensors that f can see besides its arguments, by name.

    A function that f calls may see more, as in trace(lambda x: loss(x, labels), x).
    """
    if isinstance(f, torch.nn.Module):
        return dict(f.named_parameters())
    seen = _visible(f)
    called = [value for value in seen.values() if inspect.isfunction(value)]
    for function in called:
        seen = {**_visible(function), **seen}
    modules = {
        name: value
        for name, value in seen.items()
        if isinstance(value, torch.nn.Module)
    }
    tensors = {
        name: value for name, value in seen.items() if isinstance(value, Tensor)
    }
    for name, module in modules.items():
        prefix = f"{name}." if len(modules) > 1 else ""
        for inner, parameter in module.named_parameters():
            tensors[prefix + inner] = parameter
    return tensors


def _visible(f: object) -> dict[str, Any]:
    """Return what a function finds by name outside of itself, or what an object holds."""
    if isinstance(f, partial):
        return _visible(f.func)
    if inspect.ismethod(f):
        return {**_visible(f.__func__), "self": f.__self__}
    if not inspect.isfunction(f):
        return dict(getattr(f, "__dict__", {}))
    try:
        variables = inspect.getclosurevars(inspect.unwrap(f))
    except ValueError:  # a variable of the closure is not bound yet
        return {}
    return {**variables.globals, **variables.nonlocals}


def _name(f: object) -> str:
    if isinstance(f, partial):
        return _name(f.func)
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)


def _code(f: object) -> CodeType | None:
    """Return the code that runs when f is called, if it is Python's."""
    if isinstance(f, partial):
        return _code(f.func)
    if isinstance(f, torch.nn.Module):
        f = f.forward
    if not hasattr(f, "__code__") and not inspect.ismethod(f):
        f = getattr(type(f), "__call__", None)  # an object that can be called
    f = inspect.unwrap(f) if callable(f) else f
    code = getattr(f, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _with_copied_buffers(f: Callable[..., object]) -> Callable[..., object]:
    """Return f; a module with its buffers copied, as batch normalisation changes its own."""
    if not isinstance(f, torch.nn.Module):
        return f
    buffers = {name: value.clone() for name, value in f.named_buffers()}
    if not buffers:
        return f
    return lambda *inputs: torch.func.functional_call(f, buffers, inputs)


def _input_names(f: Callable[..., object], count: int) -> list[str]:
    """Return the names of f's parameters; x, or x1, x2, …, where f does not tell."""
    called = f.forward if isinstance(f, torch.nn.Module) else f
    try:
        signature = inspect.signature(called)
        bound = signature.bind(*range(count)).arguments
    except ValueError:  # a function of C
        return ["x"] if count == 1 else [f"x{k + 1}" for k in range(count)]
    except TypeError:
        raise TypeError(
            f"{_name(f)}{inspect.signature(called)} cannot be called with {count} "
            f"input{'s' * (count != 1)}. Pass each tensor that it needs, and fix the other "
            "arguments, as in trace(lambda x: f(x, 3), x)."
        ) from None
    names: list[str] = []
    for name, value in bound.items():
        if isinstance(value, tuple):
            names += [f"{name}{k + 1}" for k in range(len(value))]
        else:
            names.append(name)
    return names


def _given_names(names: Names | None, inputs: Sequence[Tensor]) -> dict[int, str]:
    """Return the names that the caller gave, by the identity of the tensor."""
    if names is None:
        return {}
    if isinstance(names, str):
        raise TypeError(
            f"names is the string {names!r}. Pass a list of names, as in names=[{names!r}], or a "
            "mapping from names to tensors."
        )
    if isinstance(names, Mapping):
        pairs = dict(names)
        for name, tensor in pairs.items():
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"names[{name!r}] must be a tensor, but it is of type {type(tensor).__name__}. "
                    "A mapping goes from names to tensors."
                )
        chosen, tensors = list(pairs), list(pairs.values())
    else:
        chosen, tensors = list(names), list(inputs)
        if len(chosen) != len(inputs):
            raise ValueError(
                f"names holds {_counted(len(chosen), 'name')} for "
                f"{_counted(len(inputs), 'input')}. Give one for each."
            )
    for name in chosen:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"A name must be a string that is not empty, not {name!r}.")
    if len(set(chosen)) < len(chosen):
        raise ValueError("names holds a name twice. Give each tensor one of its own.")
    return {id(tensor): name for name, tensor in zip(chosen, tensors, strict=True)}


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _check_distinct(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"names calls a tensor {name}, but that is the name of another input. Give that "
                "one a name too."
            )


def _check_input(name: str, value: object) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The input {name} must be a tensor, but it is of type {type(value).__name__}. Convert "
            "it, as with torch.tensor(2.0); or, if it is not to be differentiated, fix it: "
            f"trace(lambda ...: f(..., {name}={value!r}), ...)."
        )
    if not value.is_floating_point():
        cure = (
            "Pass its real and imaginary parts, as with torch.view_as_real(z)"
            if value.is_complex()
            else "Write its numbers with a decimal point, or convert it with .double()"
        )
        raise TypeError(
            f"The input {name} has {value.dtype}, but derivatives are defined on real "
            f"floating-point numbers here. {cure}. If it is not to be differentiated, as a label "
            f"is not, let the function close over it: trace(lambda x: f(x, {name}), x)."
        )


def _check_result(result: object, tape: Tape) -> Tensor:
    if isinstance(result, tuple | list) and len(result) and all(
        isinstance(item, Tensor) for item in result
    ):
        raise TypeError(
            f"f returned a {type(result).__name__} of {len(result)} tensors, but a graph has one "
            "output. Return one of them, "
            "as in trace(lambda x: f(x)[0], x), or make one of them, as with torch.cat."
        )
    if not isinstance(result, Tensor):
        raise TypeError(
            f"f must return a tensor, but it returned {_described(result)}. {_where_cut(tape)}"
        )
    if not result.is_floating_point():
        raise TypeError(
            f"f returned a tensor of {result.dtype}, but derivatives are defined on real "
            "floating-point numbers here. "
            + (
                "Return its real part, or its abs()."
                if result.is_complex()
                else _where_cut(tape)
            )
        )
    if not result.requires_grad:
        raise ValueError(
            "f returned a tensor without a graph, so there is nothing to trace back. "
            + _where_cut(tape)
        )
    return result


def _described(result: object) -> str:
    if result is None:
        return "None (does it end in a return statement?)"
    return f"a {type(result).__name__}"


def _where_cut(tape: Tape) -> str:
    """Say which operation took a tensor of the graph and gave one outside of it."""
    if not tape.cuts:
        return (
            "Nothing that it returned depends on its inputs through operations that autograd "
            "recorded. A tensor that is built anew, as by torch.tensor([x]) or by NumPy, has no "
            "graph: torch.stack keeps it."
        )
    cut = next((c for c in tape.cuts if not c.recording), tape.cuts[0])
    place = f" in line {cut.source.line}" if cut.source else ""
    operation, advice = cut.operation, ""
    if not cut.recording:
        return (
            f"The graph was cut by torch.no_grad(): {operation}{place} ran inside of it and was "
            "not recorded. Move what is to be differentiated out of the block."
        )
    if operation == "_local_scalar_dense":
        operation = ".item(), or a conversion to a Python number,"
        advice = " Keep the tensor; torch.stack puts numbers together."
    elif operation == "detach":
        operation = ".detach(), or .data,"
        advice = " Leave it out."
    else:
        operation = f"{operation},"
        advice = " Its result has no derivative with respect to its argument."
    return f"The graph was cut by {operation}{place}.{advice}"


def _check_cotangent(cotangent: object, root: Tensor) -> Tensor:
    shape = tuple(root.shape)
    if cotangent is None:
        if root.numel() == 1:
            return torch.ones_like(root)
        raise ValueError(
            f"f returned a tensor of shape {shape}, so the backward pass needs a cotangent of that "
            "shape: the weights v of the vector-Jacobian product. Pass cotangent=torch.ones"
            f"({shape}), or make f return one number, as with .sum()."
        )
    if not isinstance(cotangent, Tensor):
        raise TypeError(
            f"cotangent must be a tensor, but it is of type {type(cotangent).__name__}. "
            "Convert it with torch.tensor(...)."
        )
    if not cotangent.is_floating_point():
        raise TypeError(
            f"cotangent must have a real floating-point dtype, but it has {cotangent.dtype}. "
            "Write its numbers with a decimal point."
        )
    if cotangent.shape != root.shape:
        raise ValueError(
            f"cotangent must have the shape of f's result, {shape}, but it has shape "
            f"{tuple(cotangent.shape)}."
        )
    return cotangent.detach().to(root, copy=True)


_FREED = (
    "The graph was freed while f ran, because f calls backward() on it. Let f return the tensor "
    "before it calls backward(): trace runs the backward pass itself."
)
