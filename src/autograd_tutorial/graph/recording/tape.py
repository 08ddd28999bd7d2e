"""What ran: the operations that torch dispatched, each with the node that autograd gave it."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from autograd_tutorial.graph.model import Source
from autograd_tutorial.graph.recording import cuts
from autograd_tutorial.graph.recording.cuts import Block, Cut
from autograd_tutorial.graph.recording.torch_nodes import (
    GradFn,
    Reference,
    node_of,
    origin,
)
from autograd_tutorial.graph.tensors import dense, has_numbers

_DETACH = torch.ops.aten.detach.default


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


Calls = dict[GradFn, tuple[Call | None, dict[int, Tensor]]]
"""What was called for each node, and the results that were seen."""


class Tape(TorchDispatchMode):
    """Record each operation that runs inside the block, and the node that autograd gave it.

    Autograd attaches the node after the operation has returned to it, so an operation is linked
    to its node when the next one begins, or at the end.
    """

    def __init__(
        self, code: CodeType | None, buffers: Mapping[str, Tensor]
    ) -> None:
        """Watch the variables of the function that has this code, and gets these buffers."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.code = code
        self.buffers = buffers
        self.calls: Calls = {}
        self.cuts: list[Cut] = []
        self._cut_off: dict[StorageWeakRef, Cut] = {}
        self.variables: dict[str, dict[Reference, Tensor]] = {}
        self.constants: set[int] = set()
        self._leaves: dict[int, tuple[Tensor, Cut | None]] = {}
        self._place: tuple[FrameType, int] | None = None
        self._frame: FrameType | None = None
        self._pending: tuple[Call, object, str, Block | None] | None = None
        self._versions: dict[str, tuple[int, int]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Let torch not import its compiler, which takes seconds, at the first operation."""
        return False

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Note what is called on what, and call it."""
        place = sys._getframe(1)
        if func is _DETACH and self._place == (place, place.f_lasti):
            return func(*args)  # by a node that saves its own result
        self._place = place, place.f_lasti
        self._link()
        source = self._look_up()
        keywords = kwargs or {}
        # Before the call: an in-place operation gives its argument a new node.
        arguments = tuple(map(self.refer, args))
        named = {key: self.refer(value) for key, value in keywords.items()}
        result = func(*args, **keywords)
        call = Call(_operation_of(func), arguments, named, source)
        mode = cuts.mode_now()
        block = cuts.block_around(place) if mode and _is_cut(call) else None
        self._pending = call, result, mode, block
        return result

    def __exit__(self, *error: object) -> None:
        """Link the last operation and look at the variables a last time."""
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._link()
        if self._frame is not None:
            self._note_variables(self._frame)
            self._frame = self._place = None

    @property
    def leaves(self) -> list[Tensor]:
        """The leaves that f used, also where nothing was recorded."""
        return [leaf for leaf, _ in self._leaves.values()]

    def cut_before(self, leaf: Tensor) -> Cut | None:
        """Return where the numbers of a leaf had been cut off from the graph, if they had."""
        _, cut = self._leaves.get(id(leaf), (leaf, None))
        return cut

    def release(self) -> None:
        """Let go of the nodes, from the last to the first.

        Torch frees a node whose Python object was seen by a call within that of the node that
        uses it: a long chain that goes from its end at once takes more calls than a stack holds.
        """
        self.variables.clear()
        while self.calls:
            self.calls.popitem()

    def refer(self, argument: object) -> object:
        """Return what stands for an argument in a call.

        Of a tensor that no operation was seen to return, note the value. It may be from before,
        or one of several that a `torch.autograd.Function` returned.
        """
        if isinstance(argument, list | tuple):
            return [self.refer(item) for item in argument]
        if not isinstance(argument, Tensor):
            return argument
        if argument.requires_grad:
            node, output = origin(argument)
            if isinstance(node, int):
                # If its numbers were cut off before, requires_grad was set on them afterwards.
                cut = self.cut_behind(argument)
                self._leaves.setdefault(node, (argument, cut))
            _, seen = self.calls.get(node, (None, {}))
            if output not in seen:
                self._link_result(None, argument)
            return node, output
        if (
            argument.dim() == 0
            and not argument.is_complex()
            and has_numbers(argument)
        ):
            return Constant(argument, dense(argument).tolist())
        self.constants.add(id(argument))
        return Constant(argument, None)

    def _link(self) -> None:
        """Link the last operation to the nodes that autograd gave its results."""
        if self._pending is None:
            return
        (call, result, mode, block), self._pending = self._pending, None
        outside = []
        is_tensor = False
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if not isinstance(tensor, Tensor):
                continue
            is_tensor = True
            # x[0] = 1 changes x too: it is the base of the view x[0]. The operation is then a
            # node of x, and the view gets a new node, which views the new x.
            if call.operation.in_place and tensor._base is not None:
                linked = self._link_result(call, tensor._base)
                linked |= self._link_result(None, tensor)
            else:
                linked = self._link_result(call, tensor)
            if not linked:
                outside.append(tensor)
        if outside or not is_tensor:
            self._note_cut(call, outside, mode, block)

    def _note_cut(
        self,
        call: Call,
        outside: list[Tensor],
        mode: str,
        block: Block | None,
    ) -> None:
        """Remember of results outside of the graph which cut they come from."""
        cut = None
        if mode == cuts.BACKWARD:
            cut = Cut(call.operation.name, call.source, mode)
        elif _is_cut(call):
            name = call.operation.name
            if name == "_to_copy" and outside:
                name = f"a conversion to {outside[0].dtype}"
            cut = Cut(name, call.source, mode, block)
            self.cuts.append(cut)
            if name.endswith("_like") or name.startswith("new_"):
                return  # only the shape comes from the argument
        elif self._cut_off:
            before = (
                self.cut_behind(value.tensor)
                for value in _given(call)
                if isinstance(value, Constant)
            )
            cut = next(filter(None, before), None)
        if cut:
            for tensor in outside:
                if has_numbers(tensor):
                    memory = StorageWeakRef(tensor.untyped_storage())
                    self._cut_off[memory] = cut

    def cut_behind(self, tensor: Tensor) -> Cut | None:
        """Return where a tensor outside of the graph was cut off from it, if it was."""
        if not has_numbers(tensor):
            return None
        return self._cut_off.get(StorageWeakRef(tensor.untyped_storage()))

    def _link_result(self, call: Call | None, tensor: Tensor) -> bool:
        node = node_of(tensor)
        if node is None:
            return False
        _, results = self.calls.setdefault(node, (call, {}))
        if tensor.output_nr not in results:
            value = tensor.detach()
            ordinary = dense(value)
            results[tensor.output_nr] = (
                value.clone() if ordinary is value else ordinary
            )
        return True

    def _look_up(self) -> Source | None:
        """Return the line that called the operation; note the variables of the function."""
        frame: FrameType | None = sys._getframe(2)
        if self._frame is None:
            self._frame = _outermost(frame, self.code)
        if self._frame is not None:
            self._note_variables(self._frame)
        return cuts.source_of(frame)

    def _note_variables(self, frame: FrameType) -> None:
        for name, value in frame.f_locals.items():
            if not isinstance(value, Tensor):
                continue
            version = id(value), _version(value)
            if self._versions.get(name) != version:
                self._versions[name] = version
                held = self.variables.setdefault(name, {})
                held.setdefault(origin(value), value)


def _outermost(
    frame: FrameType | None, code: CodeType | None
) -> FrameType | None:
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


def _given(call: Call) -> Iterator[object]:
    """Yield what an operation was called on, one by one."""
    return _flat([*call.arguments, *call.keywords.values()])


def _is_cut(call: Call) -> bool:
    """Tell whether an argument of the operation requires grad: a reference is a tuple."""
    return any(isinstance(value, tuple) for value in _given(call))


def _flat(arguments: object) -> Iterator[object]:
    """Yield the arguments, also those in lists; a reference is a tuple."""
    if isinstance(arguments, list):
        for argument in arguments:
            yield from _flat(argument)
    else:
        yield arguments
