"""The linearised computational graph: what `trace` recorded, and what can be asked of it.

Everything here is data that torch computed. The model does no calculus of its own: it multiplies
and adds along the edges, and it calls the vector-Jacobian product that torch recorded for a node.
"""

import linecache
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, NoReturn, SupportsIndex

import torch
from torch import Tensor

from autograd_tutorial.graph.structure import (
    counted,
    describe,
    has_numbers,
    value,
)

__all__ = ["Edge", "FirstNaN", "Graph", "Node", "Source", "check_like"]

Tensors = tuple[Tensor | None, ...]


class Source(NamedTuple):
    """The line of the program that computed a value."""

    file: str
    """The path of the file, or what Python calls it, such as ``<stdin>``."""

    line: int
    """The number of the line, from 1."""


@dataclass(eq=False, slots=True)
class Node:
    """A value of the graph: an input, a parameter, or the result of an operation.

    An operation such as `split` has several results. Then `primals` and `adjoints` hold one entry
    for each, and so does `names`.
    """

    name: str
    """As the function names it, or v1, v2, … in the order of the operations."""

    statement: str
    """The line of the evaluation trace, such as ``v1 = pow(x, 2)``; for a leaf, its name."""

    kind: Literal["input", "parameter", "operation"]
    """An input is an argument of the function. A parameter is any other leaf."""

    primals: Tensors
    """The value of each result, as it was when the operation returned; None if it was not seen."""

    adjoints: Tensors
    """The derivative of the output with respect to each result, weighted by the cotangent.

    None if no adjoint came back, since the output does not depend on the result.
    """

    names: tuple[str, ...] = ()
    """The name of each result; that of the node, if there is one result."""

    operation: str = ""
    """The operation without its namespace, such as ``pow``; empty for a leaf."""

    overload: str = ""
    """The operation as torch lists it, such as ``pow.Tensor_Scalar``; empty if it was not seen."""

    arguments: tuple[str, ...] = ()
    """The arguments of the operation as the statement shows them."""

    grad_fn: str = ""
    """The name of torch's node, such as ``PowBackward0``."""

    source: Source | None = None
    """Where the program called the operation, if that is known."""

    forward_step: int = 0
    """When the value was computed, from 1 for the first input."""

    backward_step: int | None = None
    """When the engine came to the node, from 1; None if it did not."""

    vjp: Callable[[Tensors], Tensors] | None = None
    """The pullback that torch recorded, from the adjoints of the results to the messages, one for
    each slot; None for a leaf.
    """

    def __repr__(self) -> str:
        """Show the statement."""
        return f"<Node {self.statement}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied, and with it the graph."""
        raise TypeError(
            "A graph cannot be pickled or copied: its nodes hold torch's own, which live in one "
            "process only. Keep its numbers, as in {name: graph[name].primal for name in graph}, "
            "its table or its picture; or trace the function again."
        )

    @property
    def primal(self) -> Tensor | Tensors | None:
        """The value; a tuple of values if the operation has several results."""
        return self.primals[0] if len(self.primals) == 1 else self.primals

    @property
    def adjoint(self) -> Tensor | Tensors | None:
        """The adjoint; a tuple of adjoints if the operation has several results."""
        return self.adjoints[0] if len(self.adjoints) == 1 else self.adjoints


@dataclass(eq=False, slots=True)
class Edge:
    """From an argument to the operation that uses it: forward flows the value, back the message."""

    source: Node
    """The node whose result is the argument."""

    target: Node
    """The operation that uses it."""

    slot: int
    """The place among the operation's differentiable arguments, from 0."""

    output: int = 0
    """Which of the source's results is the argument."""

    partial: Tensor | None = None
    r"""The local derivative :math:`\partial \text{target} / \partial \text{source}`, of shape
    ``(*target.shape, *source.shape)``. None above 64 entries, for complex numbers, for an
    operation with several results, and where no message was sent.

    It is what torch answers to unit vectors. Beside an infinite entry their zeros leave NaN, since
    0 · ∞ is NaN.
    """

    message: Tensor | None = None
    """What the target sent back along this edge, its adjoint times the partial; None if nothing."""

    def __repr__(self) -> str:
        """Name both ends."""
        names = self.source.names or (self.source.name,)
        return f"<Edge {names[self.output]} to {self.target.name}>"

    @property
    def structure(self) -> str:
        """What kind of matrix the partial is, such as ``× 4``, ``2 I``, ``diag(3)``, ``J 15×12``."""
        rows = _entries(
            zip(self.target.primals, self.target.adjoints, strict=True)
        )
        columns = _entries([(self.source.primals[self.output], self.message)])
        return (
            describe(self.partial, (rows,), (columns,))
            if rows and columns
            else "J"
        )

    @property
    def rule(self) -> str:
        """The textbook form, such as ``x̄ += v̄2 · cos(x)``; empty if we know none."""
        from autograd_tutorial.graph.rules import textbook_rule  # noqa: PLC0415

        return textbook_rule(self)

    @property
    def formula(self) -> str:
        """Torch's own formula for the message, such as ``grad * self.cos()``; empty if unlisted."""
        from autograd_tutorial.graph.rules import torch_formula  # noqa: PLC0415

        return torch_formula(self.target.overload, self.slot)


class FirstNaN(NamedTuple):
    """The first node that made a NaN from arguments without NaN."""

    node: Node
    """The operation, the leaf that was NaN from the start, or the node whose adjoint became NaN."""

    phase: Literal["forward", "backward"]
    """Where the NaN is, forward in its value, or backward in its adjoint or a message it sent."""

    sentence: str
    """What happened, in words."""

    infinite: Edge | None = None
    """The edge that made ∞ of finite numbers, if the NaN is 0 · ∞ or ∞ − ∞."""

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


@dataclass(eq=False, repr=False)
class Graph:
    """The linearised computational graph of one run. `trace` makes it.

    In a notebook, and on a page that is built from one, a graph shows itself as a figure that can
    be played step by step.
    """

    function: str
    """The name of the function that ran."""

    nodes: tuple[Node, ...]
    """All nodes, the leaves first, then the operations in the order in which they ran."""

    edges: tuple[Edge, ...]
    """All edges, those into one operation together, in the order of its arguments."""

    inputs: tuple[Node, ...]
    """The nodes of the function's arguments, in their order."""

    output: Node
    """The node whose result the function returned."""

    output_number: int
    """Which of its results."""

    cotangent: Tensor
    """The adjoint of the output, with which the backward pass began."""

    notes: tuple[str, ...] = ()
    """Sentences on what the graph cannot show, as why it is empty or which hook did not run."""

    def __repr__(self) -> str:
        """Say what it is and how large."""
        empty = "" if self.edges else ", so it is empty: see its notes"
        return (
            f"<Graph of {self.function}: {counted(len(self.nodes), 'node')}, "
            f"{counted(len(self.edges), 'edge')}{empty}>"
        )

    def __contains__(self, name: object) -> bool:
        """Tell whether a node, or one of its results, has that name."""
        return any(name in (node.name, *node.names) for node in self.nodes)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the nodes."""
        return (node.name for node in self.nodes)

    def __getitem__(self, name: str) -> Node:
        """Return the node of that name.

        Raises
        ------
        KeyError
            If there is no such node.
        """
        for node in self.nodes:
            if name == node.name or name in node.names:
                return node
        known = ", ".join(node.name for node in self.nodes[:20])
        more = ", …" if len(self.nodes) > 20 else ""
        raise KeyError(f"No node is called {name!r}. There are: {known}{more}")

    @cached_property
    def edges_into(self) -> dict[Node, list[Edge]]:
        """The edges into each operation, in the order of its arguments."""
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def edges_from(self) -> dict[Node, list[Edge]]:
        """The edges out of each node, in the order in which their messages came back."""
        edges = sorted(
            self.edges, key=lambda edge: edge.target.backward_step or 0
        )
        return _grouped(edges, lambda edge: edge.source)

    def check(self) -> float:
        r"""Return how far the recorded numbers are from agreeing with each other.

        .. math::

            \begin{aligned}
            \text{message} &= \bar w \, \frac{\partial w}{\partial u}, \\
            \bar u &= \sum \text{messages}
            \end{aligned}

        The first must hold on every edge that has a partial, the second at every node that
        received something. 0 means that both hold to the last bit. A hook that changes a gradient
        on its way shows here: the messages are then no longer those of the chain rule.

        Where 0 · ∞ or 0 · NaN makes the product NaN, a message without these terms is right, too.
        If it is NaN even so, and the partial is infinite or NaN there, nothing is compared.

        Torch is compared with torch here: a wrong backward of a `torch.autograd.Function` of your
        own is wrong on both sides, and is not found. `torch.autograd.gradcheck` finds it.

        Returns
        -------
        float
            The largest absolute difference; infinite where only one side is NaN.

        References
        ----------
        Griewank and Walther, *Evaluating Derivatives*, 2nd ed., chapter 3, for both equations.
        """
        return _largest(self._differences())

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where `check` found a difference that is more than rounding, a sentence for each.

        Rounding is judged by the sizes of adjoint, partial and message. Where terms cancel inside
        of torch's formula these do not show it: then the node is asked again, for multiples of
        its adjoint, and what its answers differ by counts as rounding too.
        """
        return _doubtful(self._differences())

    def check_and_doubts(self) -> tuple[float, tuple[str, ...]]:
        """Return what `check` and `doubts` give, in one walk along the graph."""
        found = list(self._differences())
        return _largest(found), _doubtful(found)

    def _differences(self) -> Iterator[tuple[float, float, str]]:
        """Yield each difference, what rounding can account for, and what it means."""
        for edge in self.edges:
            recorded = edge.target.adjoints[0], edge.message
            adjoint, message = map(_comparable, recorded)
            slope = _comparable(edge.partial)
            if slope is None or message is None or adjoint is None:
                continue
            dtype = torch.promote_types(adjoint.dtype, slope.dtype)
            factors = adjoint.to(dtype), slope.to(dtype)
            product = torch.tensordot(*factors, adjoint.dim())
            shape = message.shape
            if product.isnan().any():
                # 0 · ∞ is no number to compare with.
                bare = _without_zeros(*factors, shape)
                rows = slope.reshape(-1, *shape)
                vague = bare.isnan() & ~rows.isfinite().all(0)
                bare = torch.where(vague, message, bare)
                differs = product.isnan() & ~message.isnan()
                product = torch.where(differs, bare, product)
            gap = _gap(product.to(message.dtype), message)
            rounding = 0.0
            if gap:
                left, right = (factor.abs() for factor in factors)
                sizes = _without_zeros(left, right, shape)
                rounding = _rounding(sizes, adjoint.numel(), *recorded)
            if (
                gap > rounding
                and recorded[0] is adjoint
                and recorded[1] is message
            ):
                rounding += _noise(edge, adjoint)
            yield (
                gap,
                rounding,
                (
                    f"The message from {edge.target.name} to {edge.source.names[edge.output]} is "
                    "not its adjoint times the partial."
                ),
            )
        for node in self.nodes:
            for output, adjoint in enumerate(map(_comparable, node.adjoints)):
                if adjoint is None:
                    continue
                first, *others = self._messages(node, output) or [
                    torch.zeros_like(adjoint)
                ]
                gap, rounding = _gap(sum(others, first), adjoint), 0.0
                if gap:
                    sizes = sum((m.abs() for m in others), first.abs())
                    rounding = _rounding(
                        sizes, 1 + len(others), node.adjoints[output]
                    )
                yield (
                    gap,
                    rounding,
                    (
                        f"The messages to {node.names[output]} do not add up to its adjoint. "
                        "Is there a hook on it?"
                    ),
                )

    def _messages(self, node: Node, output: int) -> list[Tensor]:
        """Return what a result received, in the order of its arrival; the cotangent first."""
        messages = [
            message
            for edge in self.edges_from.get(node, ())
            if edge.output == output
            and (message := _comparable(edge.message)) is not None
        ]
        if node is self.output and output == self.output_number:
            messages.insert(0, self.cotangent)
        return messages

    def pullback(
        self, cotangent: Tensor | None = None
    ) -> Tensors | Tensor | None:
        r"""Send a cotangent back along the recorded graph: the vector-Jacobian product.

        .. math:: v \mapsto v^\top J

        Nothing runs forward again. Hooks play no part. For one input the result is the one
        that `torch.autograd.grad` gives without hooks, bit for bit unless a message was sparse.

        Parameters
        ----------
        cotangent
            The vector v, with the shape of the output. Without it, the cotangent of the trace.

        Returns
        -------
        Tensor or tuple
            The gradient with respect to the input, with its shape; for several inputs a tuple.
            None for an input that the output does not depend on.

        Raises
        ------
        TypeError
            If the cotangent is not a real floating-point tensor.
        ValueError
            If the cotangent has another shape than the output, a tensor that the graph saved was
            changed in place, or torch cannot send it back.

        References
        ----------
        Baydin et al., "Automatic differentiation in machine learning: a survey", *JMLR* 18(153),
        2018, section 3.2.
        """
        seed = self.cotangent if cotangent is None else cotangent
        check_like("cotangent", seed, self.cotangent, "the output")
        adjoints: dict[tuple[Node, int], Tensor] = {
            (self.output, self.output_number): seed.detach().to(self.cotangent)
        }
        for node in self._backward_order():
            received = tuple(
                adjoints.get((node, k)) for k in range(len(node.names))
            )
            if not node.vjp or all(adjoint is None for adjoint in received):
                continue
            with torch.no_grad():
                sent = _call(node, received)
            for edge in self.edges_into.get(node, ()):
                message, key = sent[edge.slot], (edge.source, edge.output)
                if message is not None:
                    before = adjoints.get(key)
                    adjoints[key] = (
                        message if before is None else before + message
                    )
        return _sole(tuple(adjoints.get((node, 0)) for node in self.inputs))

    def pushforward(self, *tangents: Tensor) -> Tensor:
        r"""Send tangents forward along the recorded graph: the Jacobian-vector product.

        .. math:: t \mapsto J \, t

        An edge with a partial multiplies by it. Where there is none, or a number is not finite,
        the transpose of the node's pullback does the same: it is the gradient of
        :math:`\langle \bar w J, t \rangle` with respect to :math:`\bar w`. Nothing runs forward
        again.

        Parameters
        ----------
        tangents
            A direction for each input, with its shape. The other leaves stand still.

        Returns
        -------
        Tensor
            The derivative of the output in that direction, with the output's shape.

        Raises
        ------
        TypeError
            If a tangent is not a real floating-point tensor.
        ValueError
            If there are not as many tangents as inputs, or one has another shape than its input;
            also if an operation without a finite partial has no transpose, because its own
            pullback cannot be differentiated, a tensor that the graph saved was changed in place,
            or torch cannot send the unit weights back.

        References
        ----------
        Baydin et al., "Automatic differentiation in machine learning: a survey", *JMLR* 18(153),
        2018, section 3.1.
        """
        if len(tangents) != len(self.inputs):
            raise ValueError(
                f"pushforward() needs one tangent for each of the {len(self.inputs)} inputs, "
                f"but it got {len(tangents)}."
            )
        moved: dict[tuple[Node, int], Tensor] = {}
        for node, tangent in zip(self.inputs, tangents, strict=True):
            primal = node.primals[0]
            assert primal is not None
            check_like("tangent", tangent, primal, f"the input {node.name}")
            moved[node, 0] = tangent.detach().to(primal)
        for node in self.nodes:
            arriving = [
                (edge, moved[edge.source, edge.output])
                for edge in self.edges_into.get(node, ())
                if (edge.source, edge.output) in moved
            ]
            if node.backward_step is None or not arriving:
                continue
            if all(_is_finite(edge.partial, t) for edge, t in arriving):
                results: Tensors = (_push(arriving),)
            else:
                results = _transpose(node, arriving)
            for k, result in enumerate(results):
                if result is not None:
                    moved[node, k] = result
        zero = torch.zeros_like(self.cotangent)
        return moved.get((self.output, self.output_number), zero)

    def _backward_order(self) -> list[Node]:
        """Return the nodes that the engine came to, in its order."""
        reached = [n for n in self.nodes if n.backward_step is not None]
        return sorted(reached, key=lambda node: node.backward_step or 0)

    @cached_property
    def first_nan(self) -> FirstNaN | None:
        """The first node that made a NaN from arguments without NaN; None if there is no NaN.

        Values come first, in the order of the run; then adjoints and messages, in the order of the
        backward pass.
        """
        return self._nan_forward() or self._nan_backward()

    def _nan_forward(self) -> FirstNaN | None:
        """Find the first value that is NaN."""
        for node in self.nodes:
            if not any(map(_has_nan, node.primals)):
                continue
            if not node.vjp:
                sentence = f"The {node.kind} {node.name} is NaN from the start."
            else:
                sentence = (
                    f"The first NaN is the value of {node.statement}{_line(node)}"
                    f"{self._arguments_of(node)}."
                )
                if self._has_constants(node):
                    sentence += (
                        " None of the recorded arguments is NaN, so a constant "
                        "holds it or the operation made it."
                    )
            return FirstNaN(node, "forward", sentence)
        return None

    def _nan_backward(self) -> FirstNaN | None:
        """Find the first adjoint or message that is NaN, where all values are numbers."""
        if _has_nan(self.cotangent):
            return FirstNaN(
                self.output, "backward", "The cotangent is NaN from the start."
            )
        begin = "All values are numbers. The first NaN comes on the way back"
        for node in self._backward_order():
            for output, received in enumerate(node.adjoints):
                if _has_nan(received):
                    # Whoever sent NaN came before.
                    messages = self._messages(node, output)
                    added = messages and _has_nan(
                        sum(messages[1:], messages[0])
                    )
                    cause = (
                        "adding ∞ and −∞ makes it NaN"
                        if added
                        else "no message to it is NaN, so a hook changed it"
                    )
                    infinite = self._infinite(node) if added else None
                    sentence = (
                        f"{begin}, in the adjoint of {node.names[output]}"
                        f"{_line(node)}: {cause}.{self._came_from(infinite, node)}"
                    )
                    return FirstNaN(node, "backward", sentence, infinite)
            for edge in self.edges_into.get(node, ()):
                if _has_nan(edge.message):
                    return self._nan_sent(begin, edge)
        return None

    def _nan_sent(self, begin: str, edge: Edge) -> FirstNaN:
        """Say why a node sent NaN though it had received none."""
        node = edge.target
        adjoint = (
            "its adjoints"
            if len(node.adjoints) > 1
            else f"the adjoint {value(node.adjoints[0])}"
        )
        sentence = (
            f"{begin}: {node.statement}{_line(node)} receives {adjoint} and sends "
            f"NaN to {edge.source.names[edge.output]}{self._arguments_of(node)}."
        )
        if any(map(_has_infinity, node.adjoints)):
            infinite = self._infinite(node)
            if _has_infinity(node.adjoints[0]) and _has_zero(edge.partial):
                sentence += " There 0 · ∞ is NaN."
            sentence += self._came_from(infinite, node)
        else:
            infinite = edge if _is_infinite(edge) else None
            if infinite and any(map(_has_zero, node.adjoints)):
                sentence += (
                    " Its local derivative is infinite there, and 0 · ∞ is NaN."
                )
        return FirstNaN(node, "backward", sentence, infinite)

    def _infinite(self, node: Node) -> Edge | None:
        """Return the edge that made the ∞ which a node received: before it all was finite."""
        while True:
            edge = next(
                (
                    edge
                    for edge in self.edges_from.get(node, ())
                    if _has_infinity(edge.message)
                ),
                None,
            )
            if edge is None or not any(
                map(_has_infinity, edge.target.adjoints)
            ):
                return edge
            node = edge.target

    def _came_from(self, edge: Edge | None, node: Node) -> str:
        """Say which operation made the ∞."""
        if edge is None or edge.target is node:
            return ""
        made, name = edge.target, edge.source.names[edge.output]
        how = (
            f"whose local derivative with respect to {name} is infinite"
            if _is_infinite(edge)
            else f"which sends it to {name}"
        )
        return (
            f" The ∞ came from {made.statement}{_line(made)}, {how}"
            f"{self._arguments_of(made)}."
        )

    def _arguments_of(self, node: Node) -> str:
        """Say what the operation worked on."""
        known = self._known_arguments(node)
        told = [f"{n} = {value(primal)}" for n, primal in known.items()]
        return f", where {' and '.join(told)}" if told else ""

    def _known_arguments(self, node: Node) -> dict[str, Tensor | None]:
        """Return the arguments that are values of the graph, by name."""
        return {
            edge.source.names[edge.output]: edge.source.primals[edge.output]
            for edge in self.edges_into.get(node, ())
        }

    def _has_constants(self, node: Node) -> bool:
        """Tell whether the operation has arguments that the graph does not hold."""
        known = {*self._known_arguments(node), "None", "True", "False"}
        others = set(node.arguments) - known
        return any(map(str.isalpha, "".join(others)))

    def to_svg(self) -> str:
        """Return the picture as SVG, for a page or a file of its own.

        Of more than 40 nodes, repeated operations are folded into one box.

        Raises
        ------
        ValueError
            If more than 40 boxes remain.
        """
        from autograd_tutorial.graph.draw import to_svg  # noqa: PLC0415

        return to_svg(self)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language, for tools of your own."""
        from autograd_tutorial.graph.draw import to_dot  # noqa: PLC0415

        return to_dot(self)

    def to_table(self) -> str:
        """Return the evaluation trace as a table in Markdown, a line for each argument."""
        from autograd_tutorial.graph.page import to_table  # noqa: PLC0415

        return to_table(self)

    def _repr_html_(self) -> str:
        """Show the graph in a notebook: the picture, playable, and the table."""
        from autograd_tutorial.graph.page import to_html  # noqa: PLC0415

        return to_html(self)


def _grouped(
    edges: Sequence[Edge], end: Callable[[Edge], Node]
) -> dict[Node, list[Edge]]:
    groups = defaultdict(list)
    for edge in edges:
        groups[end(edge)].append(edge)
    return dict(groups)


def _largest(differences: Iterable[tuple[float, float, str]]) -> float:
    return max((gap for gap, _, _ in differences), default=0.0)


def _doubtful(
    differences: Iterable[tuple[float, float, str]],
) -> tuple[str, ...]:
    return tuple(
        sentence for gap, rounding, sentence in differences if gap > rounding
    )


def _gap(left: Tensor, right: Tensor) -> float:
    """Return the largest difference. Equal infinities do not differ, nor does NaN from NaN."""
    if left.shape != right.shape:
        return math.inf
    if torch.equal(left, right):
        return 0.0
    same = (left == right) | (left.isnan() & right.isnan())
    gaps = torch.where(same, 0.0, (left - right).abs())
    gaps = gaps.nan_to_num(nan=math.inf, posinf=math.inf)
    return gaps.max().item() if gaps.numel() else 0.0


def _without_zeros(
    adjoint: Tensor, partial: Tensor, shape: torch.Size
) -> Tensor:
    """Return the adjoint times the partial, without the terms that have a factor 0."""
    left = adjoint.reshape(-1, *[1] * len(shape))
    right = partial.reshape(-1, *shape)
    zero = (left == 0) | (right == 0)
    return torch.where(zero, 0.0, left * right).sum(0)


def _rounding(sizes: Tensor, terms: int, *rounded: Tensor | None) -> float:
    """Bound the rounding error of a sum from the sizes of its terms, with room for the terms'.

    Numbers may have been rounded to a coarser dtype than that of the sizes. What is infinite is
    not rounded.
    """
    if not sizes.numel():
        return 0.0
    kinds = [t.dtype for t in (sizes, *rounded) if t is not None]
    eps = max(torch.finfo(kind).eps for kind in kinds)
    largest = sizes.nan_to_num(posinf=0.0).max().item()
    return (terms + 8) * (eps * largest + max(map(_underflow, kinds)))


def _noise(edge: Edge, adjoint: Tensor) -> float:
    """Estimate how much torch's own formula rounds where its terms cancel.

    In normalisation or a saturated softmax they may cancel to nothing, and neither message nor
    partial shows how large they were. So ask the node again, for multiples of the adjoint and of
    the unit vectors: divided again, the answers differ by its rounding, and for the factor 2 not
    at all. If they do there, or the message was another, no rounding excuses the difference.

    A formula that uses a rounded value y, as 1 − y, errs by about its last digit. That is
    granted to torch's own formulas only: they are linear in the adjoint, whatever else they are.
    """
    node = edge.target

    def sent(weights: Tensor, factor: float = 1) -> Tensor:
        with torch.no_grad():
            message = _call(node, (weights * factor,))[edge.slot]
        if message is None:
            raise ValueError(f"{node.statement} sends nothing this time.")
        return message / factor

    def spread(weights: Tensor) -> float:
        base = sent(weights)
        if _gap(sent(weights, 2), base) > _underflow(base.dtype):
            return math.inf
        return max(_gap(sent(weights, c), base) for c in (3, 0.7, 1.3, 5 / 7))

    try:
        if edge.message is None or _gap(sent(adjoint), edge.message):
            return 0.0
        noise = spread(adjoint)
        units = torch.eye(adjoint.numel()).to(adjoint)
        for weight, unit in zip(adjoint.flatten(), units, strict=True):
            if weight:
                row = unit.clone().view(adjoint.shape)
                noise += abs(weight.item()) * spread(row)
    except ValueError:
        return 0.0
    if math.isinf(noise):
        return 0.0
    x, y = edge.source.primals[edge.output], node.primals[0]
    scale = 0.0
    if node.overload and x is not None and y is not None and x.any():
        scale = (y.abs().max() * max(1.0, 1 / x.abs().max().item())).item()
    sizes = adjoint.abs().max() * scale
    return 8 * noise + _rounding(sizes, adjoint.numel(), adjoint, edge.message)


def _underflow(dtype: torch.dtype) -> float:
    """Return below what numbers of a kind lose digits, or are taken for zero."""
    kind, single = torch.finfo(dtype), torch.finfo(torch.float32)
    return max(kind.tiny * kind.eps, min(kind.tiny, single.tiny))


def _push(arriving: Sequence[tuple[Edge, Tensor]]) -> Tensor:
    """Return the sum of the tangents, each times the partial of its edge."""
    products: list[Tensor] = [
        torch.tensordot(slope, moved, moved.dim()).to(adjoint)
        for edge, tangent in arriving
        if (slope := _comparable(edge.partial)) is not None
        and (moved := _comparable(tangent)) is not None
        and (adjoint := edge.target.adjoints[0]) is not None
    ]
    return sum(products[1:], products[0])


def _is_finite(*factors: Tensor | None) -> bool:
    numbers = map(_comparable, factors)
    return all(t is not None and bool(t.isfinite().all()) for t in numbers)


def _transpose(node: Node, arriving: Sequence[tuple[Edge, Tensor]]) -> Tensors:
    """Push tangents through an operation by its pullback, which is linear in the adjoints."""
    if all(adjoint is None for adjoint in node.adjoints):
        return node.adjoints
    with torch.inference_mode(mode=False), torch.enable_grad():
        weights = tuple(
            None if like is None else torch.ones_like(like).requires_grad_()
            for like in node.adjoints
        )
        sent = _call(node, weights)
    pairs = [
        (message, tangent)
        for edge, tangent in arriving
        if (message := sent[edge.slot]) is not None
        # A message that does not depend on the adjoints must be zero, as that of floor is.
        and (message.requires_grad or message.any())
    ]
    if not pairs:
        return (None,) * len(weights)
    messages, directions = zip(*pairs, strict=True)
    wanted = [weight for weight in weights if weight is not None]
    try:
        found = torch.autograd.grad(
            messages, wanted, directions, allow_unused=True
        )
    except RuntimeError as error:
        raise ValueError(_NO_TRANSPOSE.format(node.statement)) from error
    if all(tangent is None for tangent in found):
        raise ValueError(_NO_TRANSPOSE.format(node.statement))
    left = iter(found)
    return tuple(None if weight is None else next(left) for weight in weights)


def _call(node: Node, adjoints: Tensors) -> Tensors:
    """Call torch's pullback; say of which operation it is if it fails."""
    assert node.vjp is not None
    try:
        return node.vjp(adjoints)
    except RuntimeError as error:
        if not re.search("freed|inplace", str(error)):
            raise ValueError(
                f"{node.statement} cannot be sent back: {error}"
            ) from error
        raise ValueError(
            f"{node.statement} can no longer be sent back: {error} Trace the function again."
        ) from error


def check_like(what: str, given: object, like: Tensor, whose: str) -> None:
    """Raise unless what was given is a real tensor of the same shape as another."""
    if not isinstance(given, Tensor):
        raise TypeError(
            f"The {what} must be a tensor, but it is of type {type(given).__name__}. "
            "Convert it with torch.tensor(...)."
        )
    if not given.is_floating_point():
        cure = (
            "Pass its real part."
            if given.is_complex()
            else "Write its numbers with a decimal point, or convert it with .double()."
        )
        raise TypeError(
            f"The {what} must have a real floating-point dtype, but it has {given.dtype}. {cure}"
        )
    if given.shape != like.shape:
        raise ValueError(
            f"The {what} must have the shape of {whose}, {tuple(like.shape)}, but it has shape "
            f"{tuple(given.shape)}."
        )


def _sole(gradients: Tensors) -> Tensor | Tensors | None:
    return gradients[0] if len(gradients) == 1 else gradients


def _comparable(tensor: Tensor | None) -> Tensor | None:
    """Return the numbers of a tensor, if it has any, in a dtype that torch computes with."""
    if tensor is None or not has_numbers(tensor):
        return None
    is_float8 = tensor.is_floating_point() and tensor.dtype.itemsize == 1
    return tensor.float() if is_float8 else tensor


def _has_nan(tensor: Tensor | None) -> bool:
    numbers = _comparable(tensor)
    if numbers is None or not numbers.sum().isnan():
        return False  # the sum is quick, and NaN if any number is, or ∞ met −∞
    return bool(numbers.isnan().any())


def _has_infinity(tensor: Tensor | None) -> bool:
    numbers = _comparable(tensor)
    return numbers is not None and bool(numbers.isinf().any())


def _has_zero(tensor: Tensor | None) -> bool:
    numbers = _comparable(tensor)
    return numbers is not None and bool((numbers == 0).any())


def _is_infinite(edge: Edge) -> bool:
    """Tell whether the partial of an edge is infinite somewhere, also where it was not built."""
    if edge.partial is not None:
        return _has_infinity(edge.partial)
    ones = tuple(
        None if like is None else torch.ones_like(like)
        for like in edge.target.adjoints
    )
    try:
        with torch.no_grad():
            return _has_infinity(_call(edge.target, ones)[edge.slot])
    except ValueError:
        return False


def _entries(alike: Iterable[tuple[Tensor | None, Tensor | None]]) -> int:
    """Return the number of entries of results, from their values or else from what came back."""
    known = [right if left is None else left for left, right in alike]
    return sum(tensor.numel() for tensor in known if tensor is not None)


def _line(node: Node) -> str:
    """Say where the program called the operation, with the line itself if it can be read."""
    if node.source is None:
        return ""
    text = linecache.getline(node.source.file, node.source.line).strip()
    if len(text) > 60:
        text = f"{text[:59]}…"
    return f" (line {node.source.line}{': ' * bool(text)}{text})"


_NO_TRANSPOSE = (
    "{} has no partial here, or a number is not finite, and its pullback cannot be differentiated, "
    "so a tangent cannot be pushed through it. Use torch.func.jvp, if torch has a forward mode for "
    "it."
)
