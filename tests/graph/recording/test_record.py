"""What `trace` records: against torch's own answers, and against finite differences."""

import functools
import gc
import math
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from graphs import randn, tensor, vector
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint
from trial_set import (
    BATCH_NORM,
    DOUBLE,
    NETWORK,
    SPARSE,
    TRIALS,
    WEIGHT,
    Cube,
    Trial,
    in_place_on_a_view,
    long_chain,
)

from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Edge, Graph, Node, trace
from autograd_tutorial.graph.recording.partials import LARGEST_PARTIAL

Function = Callable[..., Tensor]

over_trials = pytest.mark.parametrize(
    "trial", TRIALS, ids=[trial.name for trial in TRIALS]
)
WHOLE = [trial for trial in TRIALS if not trial.cut]
over_whole_trials = pytest.mark.parametrize(
    "trial", WHOLE, ids=[trial.name for trial in WHOLE]
)
"""Without those that hide a part of themselves from autograd, which differences see."""


@functools.cache
def traced(trial: Trial) -> Graph:
    """Return the graph of a trial; no test changes it."""
    return trace(trial.function, *trial.inputs(), cotangent=trial.cotangent())


def statements(graph: Graph) -> list[str]:
    """Return the evaluation trace."""
    return [node.statement for node in graph.nodes]


def names(graph: Graph) -> list[str]:
    """Return the names of the nodes."""
    return [node.name for node in graph.nodes]


def several(gradients: object) -> tuple[Tensor | None, ...]:
    """Return a tuple of gradients, also of one."""
    return gradients if isinstance(gradients, tuple) else (gradients,)


def dense(gradient: Tensor | None) -> Tensor | None:
    """Return an ordinary tensor."""
    return gradient if gradient is None else gradient.to_dense()


def leaves_behind(result: Tensor) -> list[Tensor]:
    """Return the leaves of a graph."""
    leaves, seen, stack = {}, set(), [result.grad_fn]
    while stack:
        fn: Any = stack.pop()
        if fn is None or fn in seen:
            continue
        seen.add(fn)
        if hasattr(fn, "variable"):
            leaves[id(fn.variable)] = fn.variable
        stack += [before for before, _ in fn.next_functions]
    return list(leaves.values())


def run(
    function: Function, inputs: tuple[Tensor, ...]
) -> tuple[list[Tensor], Tensor]:
    """Return fresh leaves and what the function makes of them, without us."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return leaves, function(*leaves)


def same(left: Tensor | None, right: Tensor | None) -> bool:
    """Tell whether two gradients agree bit for bit."""
    if left is None or right is None:
        return left is right
    return torch.equal(left, right)


def central_differences(
    f: Function, inputs: tuple[Tensor, ...], which: int, h: float = 1e-6
) -> Tensor:
    """Return the Jacobian by one input: no autograd, no formula."""
    x = inputs[which]

    def at(step: Tensor) -> Tensor:
        moved = [v.detach().clone().requires_grad_() for v in inputs]
        moved[which] = (x + step).requires_grad_()
        return f(*moved).detach()

    columns = []
    for k in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=DOUBLE)
        step[k] = h
        step = step.view(x.shape)
        columns.append((at(step) - at(-step)) / (2 * h))
    shape = (*f(*inputs_that_require_grad(inputs)).shape, *x.shape)
    if not columns:
        return torch.zeros(shape, dtype=DOUBLE)
    return torch.stack(columns, dim=-1).reshape(shape)


def inputs_that_require_grad(inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return copies that require grad."""
    return [x.detach().clone().requires_grad_() for x in inputs]


def product_over_paths(graph: Graph, source: Node) -> Tensor | None:
    """Add up the products of the partials along all paths from a leaf to the output.

    None if a partial is missing on the way.
    """
    size = tensor(source.primals[0]).numel()
    eye = torch.eye(size, dtype=DOUBLE)
    jacobians = {source: eye.view(*tensor(source.primals[0]).shape, size)}
    for node in graph.nodes:
        for edge in graph.edges_into.get(node, ()):
            if edge.source not in jacobians:
                continue
            if edge.partial is None:
                return None
            before = jacobians[edge.source]
            term = torch.tensordot(edge.partial, before, dims=before.dim() - 1)
            jacobians[node] = jacobians.get(node, 0) + term
    if graph.output not in jacobians:
        return None
    return jacobians[graph.output]


class TestTrialSet:
    """Every trial, against torch and against finite differences."""

    @over_trials
    def test_the_numbers_agree_with_each_other(self, trial: Trial) -> None:
        """Messages are adjoints times partials, and adjoints are sums, up to rounding."""
        graph = traced(trial)
        assert graph.check() <= trial.slack
        assert graph.doubts == ()

    @over_trials
    def test_values_are_those_of_the_function(self, trial: Trial) -> None:
        """The output's primal is what the function returns when called without us."""
        graph = traced(trial)
        _, result = run(trial.function, trial.inputs())
        primal = graph.output.primals[graph.output_number]
        assert same(primal, result.detach())
        for node, x in zip(graph.inputs, trial.inputs(), strict=True):
            assert same(node.primals[0], x)

    @over_trials
    def test_adjoints_of_leaves_are_those_of_autograd(
        self, trial: Trial
    ) -> None:
        """Inputs and parameters have the gradients of torch.autograd.grad, bit for bit."""
        graph = traced(trial)
        leaves, result = run(trial.function, trial.inputs())
        ours = {id(leaf) for leaf in leaves}
        others = [x for x in leaves_behind(result) if id(x) not in ours]
        gradients = torch.autograd.grad(
            result, [*leaves, *others], graph.cotangent, allow_unused=True
        )
        for node, gradient in zip(graph.inputs, gradients, strict=False):
            assert same(node.adjoints[0], dense(gradient))
        parameters = [n for n in graph.nodes if n.kind == "parameter"]
        assert len(parameters) == len(others)
        for leaf, gradient in zip(
            others, gradients[len(leaves) :], strict=True
        ):
            assert [
                same(node.adjoints[0], dense(gradient))
                for node in parameters
                if same(node.primals[0], leaf.detach())
            ] == [True]

    @over_trials
    def test_pullback_is_that_of_autograd(self, trial: Trial) -> None:
        """Another cotangent, sent through the recorded graph, gives torch's bits."""
        graph = traced(trial)
        leaves, result = run(trial.function, trial.inputs())
        v = torch.randn(
            result.shape,
            dtype=DOUBLE,
            generator=torch.Generator().manual_seed(1),
        )
        expected = torch.autograd.grad(result, leaves, v, allow_unused=True)
        found = several(graph.pullback(v))
        assert len(found) == len(expected)
        for left, right in zip(found, expected, strict=True):
            assert same(left, dense(right))

    @over_trials
    def test_pushforward_is_the_transpose(self, trial: Trial) -> None:
        """⟨v, J t⟩ = ⟨vᵀ J, t⟩, and J t is that of torch's forward mode."""
        graph = traced(trial)
        tangents = tuple(
            randn(*x.shape, seed=k) for k, x in enumerate(trial.inputs())
        )
        pushed = graph.pushforward(*tangents)
        pulled = several(graph.pullback())
        right = sum(
            (p * t).sum()
            for p, t in zip(pulled, tangents, strict=True)
            if p is not None
        )
        assert_close((graph.cotangent * pushed).sum(), right + vector(0)[0])
        if trial.forward_mode and not trial.cut:
            expected = torch.func.jvp(trial.function, trial.inputs(), tangents)[
                1
            ]
            assert_close(pushed, expected, rtol=1e-12, atol=1e-12)

    @over_whole_trials
    def test_against_finite_differences(self, trial: Trial) -> None:
        """The partials multiplied along all paths give the Jacobian that differences give."""
        graph, inputs = traced(trial), trial.inputs()
        for k, source in enumerate(graph.inputs):
            expected = central_differences(trial.function, inputs, k)
            jacobian = product_over_paths(graph, source)
            if jacobian is not None:
                assert_close(
                    jacobian.reshape(expected.shape),
                    expected,
                    rtol=1e-6,
                    atol=1e-6,
                )
            vjp = torch.tensordot(
                graph.cotangent, expected, graph.cotangent.dim()
            )
            adjoint = source.adjoints[0]
            if adjoint is None:
                adjoint = torch.zeros_like(inputs[k])
            assert_close(adjoint, vjp, rtol=1e-6, atol=1e-6)

    @over_trials
    def test_shapes(self, trial: Trial) -> None:
        """Numbers have the shapes of what they belong to; no partial has above 64 entries."""
        graph = traced(trial)
        for node in graph.nodes:
            assert len(node.names) == len(node.primals) == len(node.adjoints)
            for primal, adjoint in zip(
                node.primals, node.adjoints, strict=True
            ):
                assert primal is not None
                if adjoint is not None:
                    assert adjoint.shape == primal.shape
                    assert adjoint.dtype == primal.dtype
        for edge in graph.edges:
            source = tensor(edge.source.primals[edge.output])
            if edge.message is not None:
                assert edge.message.shape == source.shape
            if edge.partial is not None:
                target = tensor(edge.target.primals[0])
                assert edge.partial.shape == target.shape + source.shape
                assert edge.partial.numel() <= LARGEST_PARTIAL

    @over_trials
    def test_order(self, trial: Trial) -> None:
        """Arguments come before results on the way there, and after them on the way back."""
        graph = traced(trial)
        steps = [node.forward_step for node in graph.nodes]
        assert steps == list(range(1, len(steps) + 1))
        back = sorted(n.backward_step for n in graph.nodes if n.backward_step)
        assert back == list(range(1, len(back) + 1))
        for edge in graph.edges:
            assert edge.source.forward_step < edge.target.forward_step
            if edge.message is not None:
                later, earlier = (
                    edge.source.backward_step,
                    edge.target.backward_step,
                )
                assert later is not None
                assert earlier is not None
                assert later > earlier

    @over_trials
    def test_names_are_distinct(self, trial: Trial) -> None:
        """Each name leads to its node, and no statement has a gap."""
        graph = traced(trial)
        if len(graph.nodes) > 1000:
            return
        for node in graph.nodes:
            assert graph[node.name] is node
            assert "?" not in node.statement
            for name in node.names:
                assert graph[name] is node


def nested_sum(layout: torch.layout) -> Function:
    """Return a function that puts its argument into a nested tensor."""

    def f(x: Tensor) -> Tensor:
        nested = torch.nested.as_nested_tensor([x, x[:2] * x[0]], layout=layout)
        result: Tensor = nested.sin().to_padded_tensor(0.0).pow(2).sum()
        return result

    return f


def through_checkpoint(module: nn.Module, reentrant: bool) -> Function:
    """Return a function that runs a module within a checkpoint."""

    def f(x: Tensor) -> Tensor:
        inner = checkpoint(module, x.tanh(), use_reentrant=reentrant)
        result: Tensor = (inner * x).sum()
        return result

    return f


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested:UserWarning")
class TestWhatTorchRuns:
    """What plain torch differentiates is traced, and all of it can be shown."""

    @staticmethod
    def shown(graph: Graph) -> str:
        """Return everything that a graph shows."""
        assert graph.doubts == ()
        assert graph.first_nan is None
        return graph.to_svg() + graph.to_dot() + graph._repr_html_()

    @pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
    def test_a_nested_tensor_inside(self, layout: torch.layout) -> None:
        """It is shown by its parts, and what it sends is right."""
        x, f = randn(3), nested_sum(layout)
        graph = trace(f, x)
        (leaf,), result = run(f, (x,))
        (expected,) = torch.autograd.grad(result, leaf)
        assert_close(graph["x"].adjoint, expected)
        assert_close(graph.pullback(), expected)
        assert "nested, 2 parts" in self.shown(graph)

    def test_a_zero_that_takes_no_memory(self) -> None:
        """Torch sends back such zeros; the graph has ordinary ones."""
        graph = trace(torch.sgn, vector(2.0)[0])
        (edge,) = graph.edges
        assert torch.equal(tensor(edge.message), torch.tensor(0.0))
        assert "← 0" in self.shown(graph)

    def test_forward_over_reverse_of_a_number(self) -> None:
        """Torch's forward mode computes with zeros that take no memory."""

        def slope(x: Tensor) -> Tensor:
            gradient = torch.func.grad(lambda v: torch.log(torch.sigmoid(v)))
            result: Tensor = torch.func.jvp(
                gradient, (x,), (torch.ones_like(x),)
            )[1]
            return result

        graph = trace(slope, vector(1.0)[0])
        s = vector(1.0)[0].sigmoid()
        assert_close(graph.output.primals[0], -s * (1 - s))
        assert_close(graph["x"].adjoint, -s * (1 - s) * (1 - 2 * s))
        self.shown(graph)

    def test_a_reentrant_checkpoint(self) -> None:
        """It runs a backward pass of its own, and still no .grad changes and no hook steps."""
        module = nn.Linear(3, 3).double()
        module.weight.grad = torch.ones(3, 3, dtype=DOUBLE)
        stepped: list[Tensor] = []
        module.bias.register_post_accumulate_grad_hook(stepped.append)
        x, f = randn(3), through_checkpoint(module, reentrant=True)
        graph = trace(f, x)
        assert_close(graph.pullback(), graph["x"].adjoint)
        self.shown(graph)
        assert torch.equal(module.weight.grad, torch.ones(3, 3, dtype=DOUBLE))
        assert module.bias.grad is None
        assert stepped == []
        leaf = x.clone().requires_grad_()
        f(leaf).backward()
        assert_close(graph["x"].adjoint, leaf.grad)
        plain = trace(through_checkpoint(module, reentrant=False), x)
        assert_close(graph["x"].adjoint, plain["x"].adjoint)
        assert len(stepped) == 1  # the hook is still there

    def test_a_node_that_looks_at_memory(self) -> None:
        """Each unit vector has memory of its own, as torch's own adjoints have."""

        def f(x: Tensor, part: Tensor) -> Tensor:
            return torch.as_strided_scatter(x, part, (2,), (1,), 0)

        inputs, v = (vector(1, 2, 3, 4), vector(5, 6)), vector(1, 2, 3, 4)
        graph = trace(f, *inputs, cotangent=v)
        expected = torch.autograd.functional.jacobian(f, inputs)
        for edge, jacobian in zip(graph.edges, expected, strict=True):
            assert_close(edge.partial, jacobian)
            assert_close(edge.message, v @ jacobian)
        self.shown(graph)

    def test_float8(self) -> None:
        """Torch computes nothing with it, and yet it can be compared and shown."""
        graph = trace(
            lambda x: x.to(torch.float8_e4m3fn).float().sum(), torch.ones(3)
        )
        self.shown(graph)
        assert torch.equal(tensor(graph.pullback()), torch.ones(3))
        assert graph.pushforward(torch.ones(3)) == 3

    def test_constants_without_numbers(self) -> None:
        """A meta tensor or a quantised number may take part."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            two = torch.quantize_per_tensor(
                torch.tensor(2.0), 1, 0, torch.qint8
            )

        def f(x: Tensor) -> Tensor:
            size = (torch.ones((), device="meta") * 2).dim()
            return (x * two.dequantize()).sum() + size

        graph = trace(f, torch.ones(2))
        assert torch.equal(tensor(graph["x"].adjoint), torch.full((2,), 2.0))
        self.shown(graph)

    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (lambda x: x.to_sparse(), "a sparse tensor.*y.to_dense()"),
            (lambda x: x.to("meta"), "a meta tensor"),
            (
                lambda x: torch.nested.as_nested_tensor([x]),
                r"a nested tensor.*y.to_padded_tensor\(0.0\)",
            ),
        ],
    )
    def test_an_unusual_result(self, f: Function, words: str) -> None:
        """It is refused in words, which say what to return instead."""
        with pytest.raises(TypeError, match=f"f returned {words}"):
            trace(f, vector(1, 2))
        trace(lambda x: x.to_sparse().to_dense().sum(), vector(1, 2))

    def test_no_numbers(self) -> None:
        """Under FakeTensorMode there are none, and torch would end the process."""
        with (
            torch._subclasses.FakeTensorMode(),
            pytest.raises(ValueError, match="outside of that mode"),
        ):
            trace(lambda x: (x * 2).sum(), torch.ones(2))

    def test_inside_of_a_transform(self) -> None:
        """The transformed function is traced, not the one that a transform calls."""

        def inner(x: Tensor) -> Tensor:
            trace(torch.sin, x)
            return x

        with pytest.raises(TypeError, match="Trace the transformed function"):
            torch.func.grad(inner)(torch.tensor(1.0))
        graph = trace(torch.func.grad(torch.sin), vector(1.0)[0])
        assert_close(graph["x"].adjoint, -vector(1.0)[0].sin())

    def test_control_flow_of_torch(self) -> None:
        """Its branches cannot be seen, which is said."""
        with pytest.raises(ValueError, match="Write it in Python"):
            trace(
                lambda x: torch.cond(x > 0, torch.sin, torch.cos, (x,)),
                vector(1.0)[0],
            )


FREES = """
import sys
import threading

import torch

from autograd_tutorial import trace


def long(x):
    for _ in range(10_000):
        x = x * 1.0001
    return x


def broken(x):
    x = long(x)
    raise ArithmeticError


def main():
    x = torch.tensor(2.0)
    keep = sys.argv[1]
    if keep == "error":
        try:
            trace(broken, x)
        except ArithmeticError:
            pass
    elif keep == "refusal":
        try:
            trace(lambda x: long(x).expand(3), x)
        except ValueError:
            pass
    elif keep == "discarded":
        trace(lambda x: (long(x), x * 2)[1], x)
    else:
        graph = trace(long, x)
        kept = graph.nodes[-1] if keep == "node" else None
        del graph
        del kept
    print("freed")


threading.stack_size(512 * 1024)
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""


@pytest.mark.parametrize(
    "keep", ["graph", "node", "error", "refusal", "discarded"]
)
def test_a_long_graph_is_freed(keep: str) -> None:
    """Not by recursion, which would end the process, and also if trace raised."""
    done = subprocess.run(
        [sys.executable, "-c", FREES, keep],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "freed\n"), done.stderr


class TestNotes:
    """What a graph cannot show it says."""

    def test_requires_grad_on_a_result(self) -> None:
        """It makes the loss a leaf: the graph is empty, and the cut is named."""
        net = nn.Linear(2, 3).double()
        inputs, labels = randn(8, 2), torch.zeros(8, dtype=torch.long)

        def wrong() -> Tensor:
            loss: Tensor = (net(inputs).argmax(1) != labels).double().mean()
            loss.requires_grad = True
            return loss

        graph = trace(wrong)
        line = wrong.__code__.co_firstlineno + 1
        assert graph.notes[0] == (
            "The graph is empty: f returned the leaf loss, which no recorded operation computed."
        )
        assert f"The graph was cut by argmax, in line {line}." in graph.notes[1]
        assert "Setting requires_grad on loss afterwards" in graph.notes[1]
        assert repr(graph) == (
            "<Graph of wrong: 1 node, 0 edges, so it is empty: see its notes>"
        )
        page = graph._repr_html_()
        assert "The graph is empty" in page
        assert "Checked:" not in page

    def test_a_number_that_is_made_a_leaf(self) -> None:
        """The same by torch.tensor(…, requires_grad=True)."""
        graph = trace(
            lambda x: torch.tensor(x.sum().item(), requires_grad=True),
            vector(1, 2),
        )
        assert "cut by .item()" in graph.notes[1]

    def test_a_returned_input_and_parameter(self) -> None:
        """They are what they are: nothing was cut."""
        assert trace(lambda x: x, vector(1.0)).notes == (
            "The graph is empty: f returned an input, which no recorded operation computed.",
        )
        graph = trace(
            lambda: (WEIGHT.detach() * 2, WEIGHT)[1], cotangent=vector(1, 1, 1)
        )
        (note,) = graph.notes
        assert "f returned the leaf WEIGHT, which no recorded" in note

    def test_a_hook_of_an_input_runs(self) -> None:
        """As those of parameters do; `doubts` shows what it changed."""
        x = vector(3.0).requires_grad_()
        x.register_hook(lambda g: g / 10)
        graph = trace(lambda x: x**2, x)
        assert tensor(graph["x"].adjoint).item() == pytest.approx(0.6)
        assert tensor(graph.pullback()).item() == 6
        (doubt,) = graph.doubts
        assert "The messages to x do not add up" in doubt
        assert x.grad is None

    def test_a_hook_after_accumulation_does_not_run(self) -> None:
        """Nothing accumulates, which is said of inputs and of parameters."""
        fired: list[Tensor] = []
        x, w = vector(3.0).requires_grad_(), vector(2.0).requires_grad_()
        x.register_post_accumulate_grad_hook(fired.append)
        w.register_post_accumulate_grad_hook(fired.append)
        graph = trace(lambda x: x * w, x)
        assert fired == []
        (note,) = graph.notes
        assert note == (
            "A hook of x, w that is to run after accumulation did not run: trace adds nothing to "
            "any .grad."
        )
        assert note in graph._repr_html_()
        assert trace(torch.sin, vector(1.0)).notes == ()


OPERATIONS: list[tuple[str, Function, list[tuple[int, ...]]]] = [
    ("add", torch.add, [(3,), (3,)]),
    ("alpha", lambda a, b: torch.add(a, b, alpha=-2), [(3,), (3,)]),
    ("sub, broadcast", torch.sub, [(2, 2), (2,)]),
    ("rsub", lambda a: 1 - a, [(3,)]),
    ("mul, broadcast", torch.mul, [(3, 1), (1, 4)]),
    ("mul by a scalar", torch.mul, [(), (3,)]),
    ("div", torch.div, [(3,), (3,)]),
    ("pow of a tensor", lambda a, b: a.exp() ** b, [(2,), (2,)]),
    ("exp", torch.exp, [(3,)]),
    ("sin", torch.sin, [(2, 2)]),
    ("sigmoid", torch.sigmoid, [(3,)]),
    ("silu", F.silu, [(3,)]),
    ("gelu", F.gelu, [(3,)]),
    ("softmax", lambda a: a.softmax(-1), [(2, 3)]),
    ("logsumexp", lambda a: a.logsumexp(0), [(4,)]),
    ("sum", lambda a: a.sum(0), [(2, 3)]),
    ("mean", torch.mean, [(2, 3)]),
    ("prod", torch.prod, [(3,)]),
    ("norm", torch.linalg.vector_norm, [(3,)]),
    ("cumsum", lambda a: a.cumsum(0), [(4,)]),
    ("mm", torch.mm, [(2, 3), (3, 2)]),
    ("mv", torch.mv, [(2, 3), (3,)]),
    ("addmm", torch.addmm, [(2,), (2, 3), (3, 2)]),
    ("bmm", torch.bmm, [(2, 2, 2), (2, 2, 2)]),
    ("dot", torch.dot, [(4,), (4,)]),
    ("det", torch.linalg.det, [(3, 3)]),
    ("inv", torch.linalg.inv, [(2, 2)]),
    ("solve", torch.linalg.solve, [(2, 2), (2,)]),
    ("transpose", torch.t, [(2, 3)]),
    ("expand", lambda a: a.expand(2, 3), [(3,)]),
    ("select", lambda a: a[1], [(3, 2)]),
    ("index", lambda a: a[torch.tensor([0, 0, 2])], [(3,)]),
    ("gather", lambda a: a.gather(0, torch.tensor([2, 0])), [(3,)]),
    ("cat", lambda a, b: torch.cat([a, b, a]), [(2,), (1,)]),
    ("where", lambda a, b: torch.where(a > 0, a, b), [(3,), (3,)]),
    ("relu", torch.relu, [(4,)]),
    ("max", lambda a: a.max(1).values, [(3, 3)]),
    ("sort", lambda a: a.sort().values, [(4,)]),
    ("layer_norm", lambda a: F.layer_norm(a, [3]), [(2, 3)]),
    ("conv1d", F.conv1d, [(1, 1, 4), (1, 1, 2)]),
]  # fmt: skip


class TestPartials:
    """The partial of one operation, against witnesses that do not share its node."""

    @pytest.mark.parametrize(
        ("f", "shapes"),
        [(f, shapes) for _, f, shapes in OPERATIONS],
        ids=[name for name, *_ in OPERATIONS],
    )
    def test_one_operation(
        self, f: Function, shapes: list[tuple[int, ...]]
    ) -> None:
        """The partial of each argument is the Jacobian of torch.func and of differences."""
        inputs = tuple(randn(*s, seed=k) for k, s in enumerate(shapes))
        graph = trace(f, *inputs, cotangent=torch.ones_like(f(*inputs)))
        assert graph.doubts == ()
        for k, source in enumerate(graph.inputs):
            partial = product_over_paths(graph, source)
            assert partial is not None
            difference = central_differences(f, inputs, k)
            partial = partial.reshape(difference.shape)
            assert_close(partial, difference, rtol=1e-6, atol=1e-8)
            assert_close(
                partial,
                torch.func.jacrev(f, argnums=k)(*inputs),
                rtol=1e-12,
                atol=1e-14,
            )

    def test_sibling_paths_do_not_add_up(self) -> None:
        """∂v4/∂v2 of y = x · sin x with v1 = sin x is x, though x reaches y twice."""
        graph = trace(lambda x: x * x.sin(), vector(2.0)[0])
        by_x, by_sine = graph.edges_into[graph.output]
        assert by_x.partial == math.sin(2)
        assert by_sine.partial == 2
        (through,) = graph.edges_into[graph["v1"]]
        assert through.partial == math.cos(2)
        assert graph["x"].adjoint == math.sin(2) + 2 * math.cos(2)

    def test_multiple_edges_are_kept_apart(self) -> None:
        """In x · x there are two edges, each with the partial x."""
        graph = trace(lambda x: x * x, vector(3.0)[0])
        assert [e.slot for e in graph.edges] == [0, 1]
        assert [tensor(e.partial).item() for e in graph.edges] == [3, 3]

    def test_broadcasting_is_undone(self) -> None:
        """The partial of a broadcast argument has the argument's shape, not the result's."""
        a, b = randn(2, 2), randn(2, seed=1)
        graph = trace(torch.mul, a, b, cotangent=torch.ones(2, 2))
        partial = tensor(graph.edges[1].partial)
        assert partial.shape == (2, 2, 2)
        expected = torch.einsum("ij,jk->ijk", a, torch.eye(2, dtype=DOUBLE))
        assert torch.equal(partial, expected)
        assert torch.equal(tensor(graph.edges[1].message), a.sum(0))

    @pytest.mark.parametrize(("size", "built"), [(8, True), (9, False)])
    def test_large_ones_are_not_built(self, size: int, built: bool) -> None:
        """8 × 8 entries are built, 9 × 9 are not; the message is always there."""
        graph = trace(lambda x: x.sin().sum(), randn(size))
        edge = graph.edges[0]
        assert (edge.partial is not None) is built
        assert torch.equal(tensor(edge.message), randn(size).cos())

    def test_several_results_have_none(self) -> None:
        """An operation with several results sends a message, but has no partial."""
        graph = trace(lambda x: torch.split(x, 1)[1].sum(), vector(1, 2))
        (edge,) = graph.edges_into[graph["v1"]]
        assert edge.partial is None
        assert tensor(edge.message).tolist() == [0, 1]
        assert isinstance(graph["v1"].primal, tuple)
        assert isinstance(graph["v1"].adjoint, tuple)
        assert graph["v1"].adjoints[0] is None

    def test_complex_ones_are_not_built(self) -> None:
        """A map between real and complex numbers is no matrix of complex numbers."""
        graph = trace(lambda x: torch.fft.fft(x).abs().sum(), vector(1, 2, 4))
        assert graph.edges[0].partial is None
        assert graph.edges[1].partial is None
        assert graph.edges[2].partial is not None

    def test_in_place_on_a_view(self) -> None:
        """Torch drops the node of the view: the changed tensor depends on the old one."""
        graph = trace(in_place_on_a_view, vector(1, 2))
        assert statements(graph) == [
            "x",
            "y1 = mul(x, 1)",
            "y2 = mul_(select(y1, 0, 0), 3)",
            "v1 = as_strided(y2)",
            "y3 = copy_(select(y2, 0, 0), v1)",
            "v2 = pow(y3, 2)",
            "v3 = sum(v2)",
        ]
        node = graph["y2"]
        assert node.grad_fn == "CopySlices"
        assert node.overload == ""
        (edge,) = graph.edges_into[node]
        assert tensor(edge.partial).tolist() == [[3, 0], [0, 1]]
        assert edge.rule == edge.formula == ""
        assert tensor(node.primal).tolist() == [3, 2]
        assert tensor(graph["x"].adjoint).tolist() == [18, 4]


class TestOrder:
    """The steps, forward and backward."""

    def test_of_the_example(self) -> None:
        """F runs x, v1, …, v7, and the engine comes back v7, v6, …, v1, x."""
        graph = trace(log_sine_reciprocal, vector(2.0)[0])
        assert names(graph) == ["x", *(f"v{k}" for k in range(1, 8))]
        assert [n.forward_step for n in graph.nodes] == list(range(1, 9))
        assert [n.backward_step for n in graph.nodes] == list(range(8, 0, -1))

    def test_is_the_engine_s(self) -> None:
        """Hooks of our own fire in the order of the recorded steps."""
        x, y = vector(1, 2).requires_grad_(), vector(3, 4).requires_grad_()

        def f(x: Tensor, y: Tensor) -> Tensor:
            a = x * y
            b = x.sin()
            c = a + b
            d = y.exp()
            return (c * d).sum()

        result = f(x, y)
        order: list[str] = []

        def note(name: str, *_: object) -> None:
            order.append(name)

        stack: list[Any] = [result.grad_fn]
        found = set()
        while stack:
            fn = stack.pop()
            if fn not in found and not hasattr(fn, "variable"):
                found.add(fn)
                fn.register_hook(functools.partial(note, fn.name()))
                stack += [g for g, _ in fn.next_functions if g]
        result.backward()
        graph = trace(f, x, y)
        back = sorted(
            (n for n in graph.nodes if n.kind == "operation"),
            key=lambda n: n.backward_step or 0,
        )
        assert [n.grad_fn for n in back] == order
        assert len(order) == 6

    def test_a_leaf_comes_directly_after_its_last_message(self) -> None:
        """Y is done before the engine goes on to the rest of x."""
        graph = trace(lambda x, y: x.sin() * y, vector(1.0)[0], vector(2.0)[0])
        order = sorted(graph.nodes, key=lambda n: n.backward_step or 0)
        assert [n.name for n in order] == ["v2", "y", "v1", "x"]

    def test_what_the_engine_does_not_reach_has_no_step(self) -> None:
        """An unused input has neither adjoint nor step."""
        graph = trace(lambda x, y: x * 2, vector(1.0)[0], vector(2.0)[0])  # noqa: ARG005
        assert graph["y"].backward_step is None
        assert graph["y"].adjoint is None
        assert graph["x"].backward_step == 2

    def test_a_returned_input_is_the_output(self) -> None:
        """A graph can be one node, whose adjoint is the cotangent."""
        graph = trace(lambda x: x, vector(1, 2), cotangent=vector(3, 4))
        assert graph.output is graph["x"]
        assert graph["x"].backward_step == 1
        assert torch.equal(tensor(graph["x"].adjoint), vector(3, 4))

    def test_a_returned_parameter_is_the_output(self) -> None:
        """So it can with a parameter, and the input is then unused."""
        graph = trace(lambda x: WEIGHT, vector(1.0), cotangent=vector(1, 2, 3))  # noqa: ARG005
        assert graph.output is graph["WEIGHT"]
        assert graph["WEIGHT"].kind == "parameter"
        assert graph["x"].adjoint is None


class Line(nn.Module):
    """A module whose forward has parameters and variables of its own."""

    def __init__(self) -> None:
        """Make the weights."""
        super().__init__()
        self.inner = nn.Linear(2, 2).double()
        self.scale = nn.Parameter(vector(1, 2))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Use everything."""
        mixed: Tensor = self.inner(first) * self.scale
        return (mixed + second).sum()

    def method(self, point: Tensor) -> Tensor:
        """Use one parameter."""
        return (point * self.scale).sum()


def repeated(x: Tensor) -> Tensor:
    """Give one variable several values."""
    b = x * 2
    b = b + 1
    return b.sin()


def rebinding(x: Tensor) -> Tensor:
    """Give a parameter another value."""
    x = x * 2
    return x.sin()


def collision(x: Tensor) -> Tensor:
    """Use names that we give."""
    v1 = x * 2
    return (v1.sin() * v1).cos()


def with_defaults(x: Tensor, k: float = 2.0, *, shift: float = 1.0) -> Tensor:
    """Have parameters that need no argument."""
    return x * k + shift


def needs_keyword(x: Tensor, *, k: float) -> Tensor:
    """Have a parameter that only a keyword can fill."""
    return x * k


def variadic(first: Tensor, *rest: Tensor) -> Tensor:
    """Take any number of tensors."""
    return torch.stack([first, *rest]).sum()


def decorated(f: Function) -> Function:
    """Wrap a function, as a decorator does."""

    @functools.wraps(f)
    def wrapper(*arguments: Tensor) -> Tensor:
        return f(*arguments)

    return wrapper


@decorated
def wrapped(alpha: Tensor) -> Tensor:
    """Use a variable and a global parameter."""
    gamma = alpha * WEIGHT
    return gamma.sum()


class Twice(torch.autograd.Function):
    """A custom function in the style with ctx."""

    @staticmethod
    def forward(ctx: Any, point: Tensor) -> Tensor:
        """Return 2x."""
        del ctx
        return point * 2

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return twice the adjoint."""
        del ctx
        return grad * 2


class Scaler:
    """An ordinary object that holds a tensor."""

    def __init__(self) -> None:
        """Hold it."""
        self.factor = WEIGHT

    def scale(self, x: Tensor) -> Tensor:
        """Use it."""
        return (x * self.factor).sum()


class TestNames:
    """Names come from the program, and statements are written with them."""

    @pytest.mark.parametrize(
        ("f", "count", "expected"),
        [
            (lambda x, other: x * other, 2, ["x", "other"]),
            (variadic, 3, ["first", "rest1", "rest2"]),
            (with_defaults, 1, ["x"]),
            (torch.sin, 1, ["x"]),
            (torch.mul, 2, ["x1", "x2"]),
            (torch.Tensor.mul, 2, ["x1", "x2"]),
            (functools.partial(with_defaults, shift=3.0), 1, ["x"]),
            (functools.partial(torch.add, alpha=2), 2, ["x1", "x2"]),
            (F.silu, 1, ["input"]),
            (wrapped, 1, ["alpha"]),
            (Cube.apply, 1, ["x"]),
            (Twice.apply, 1, ["point"]),
        ],
    )
    def test_inputs(self, f: Function, count: int, expected: list[str]) -> None:
        """Inputs are called after the parameters of the function, where it tells."""
        inputs = [vector(k + 1, 2, 3) for k in range(count)]
        result = f(*inputs)
        graph = trace(f, *inputs, cotangent=torch.ones_like(result))
        assert [node.name for node in graph.inputs] == expected
        assert all(node.kind == "input" for node in graph.inputs)

    def test_a_module(self) -> None:
        """A module's inputs are those of forward, its parameters have qualified names."""
        graph = trace(Line(), randn(1, 2), vector(3, 4))
        assert names(graph) == [
            "first",
            "second",
            "inner.weight",
            "inner.bias",
            "scale",
            "v1",
            "v2",
            "mixed",
            "v3",
            "v4",
        ]
        assert [node.kind for node in graph.nodes[:5]] == [
            "input",
            "input",
            "parameter",
            "parameter",
            "parameter",
        ]
        assert graph.function == "Line"

    def test_a_method(self) -> None:
        """A method sees the parameters of its object."""
        graph = trace(Line().method, vector(1, 2))
        assert names(graph)[:2] == ["point", "scale"]
        assert graph.function == "method"

    def test_a_method_of_an_ordinary_object(self) -> None:
        """So does a method of an object that is no module."""
        graph = trace(Scaler().scale, vector(1, 2, 3))
        assert names(graph) == ["x", "factor", "v1", "v2"]

    def test_buffers(self) -> None:
        """The buffers of a module have qualified names, too."""
        module = nn.Sequential(nn.BatchNorm1d(3, affine=False).double())
        for f in (module, lambda x: module(x)):  # noqa: PLW0108
            graph = trace(f, randn(4, 3), cotangent=randn(4, 3))
            assert "0.running_mean, 0.running_var" in graph.output.statement

    def test_a_callable_object(self) -> None:
        """An object that can be called is called after its class."""

        class Doubler:
            def __init__(self) -> None:
                self.factor = WEIGHT

            def __call__(self, z: Tensor) -> Tensor:
                twice = z * self.factor
                return twice.sum()

        graph = trace(Doubler(), vector(1, 2, 3))
        assert names(graph) == ["z", "factor", "twice", "v1"]
        assert graph.function == "Doubler"

    @pytest.mark.parametrize(
        ("f", "function"),
        [
            (repeated, "repeated"),
            (lambda x: x * 1, "f"),
            (functools.partial(with_defaults, k=1), "with_defaults"),
            (torch.sin, "sin"),
        ],
    )
    def test_the_function(self, f: Function, function: str) -> None:
        """The graph knows the name of the function; a lambda has none."""
        assert trace(f, vector(1.0)[0]).function == function

    def test_captured_tensors(self) -> None:
        """Parameters and constants around a function have the names of their variables."""
        slope = nn.Parameter(vector(1, 2, 3))
        offset = vector(4, 5, 6)
        graph = trace(
            lambda x: (slope * x + offset + WEIGHT).sum(), vector(1, 2, 3)
        )
        assert statements(graph) == [
            "x",
            "slope",
            "WEIGHT",
            "v1 = mul(slope, x)",
            "v2 = add(v1, offset)",
            "v3 = add(v2, WEIGHT)",
            "v4 = sum(v3)",
        ]

    def test_a_captured_module(self) -> None:
        """Its parameters have qualified names, without the name of the only module."""
        graph = trace(lambda x: NETWORK(x).sum(), randn(3))
        assert names(graph)[:5] == [
            "x",
            "0.weight",
            "0.bias",
            "2.weight",
            "2.bias",
        ]

    def test_two_captured_modules(self) -> None:
        """Of several modules, the name of each is in front."""
        left, right = nn.Linear(1, 1), nn.Linear(1, 1)
        graph = trace(lambda x: left(x) * right(x), torch.ones(1))
        assert {n.name for n in graph.nodes if n.kind == "parameter"} == {
            "left.weight",
            "left.bias",
            "right.weight",
            "right.bias",
        }

    def test_captured_through_a_decorator(self) -> None:
        """A decorator with functools.wraps hides neither variables nor parameters."""
        graph = trace(wrapped, vector(1, 2, 3))
        assert statements(graph) == [
            "alpha",
            "WEIGHT",
            "gamma = mul(alpha, WEIGHT)",
            "v1 = sum(gamma)",
        ]

    def test_a_closure_with_a_variable_that_is_not_bound_yet(self) -> None:
        """Such a variable cannot be read; the rest gets a name anyway."""

        def f(x: Tensor) -> Tensor:
            return x * WEIGHT if x.numel() else x * later  # noqa: F821

        graph = trace(f, vector(1, 2, 3), cotangent=vector(1, 1, 1))
        later = 1
        del later
        assert names(graph) == ["x", "w1", "v1"]

    def test_unknown_parameters(self) -> None:
        """A parameter in a list has no name that we know."""
        parameters = [nn.Parameter(vector(2.0)), nn.Parameter(vector(3.0))]
        graph = trace(lambda x: x * parameters[0] + parameters[1], vector(1.0))
        assert names(graph) == ["x", "w1", "w2", "v1", "v2"]

    def test_intermediate_values(self) -> None:
        """A variable that holds one value gives it its name."""
        graph = trace(double_with_variables, vector(1, 2))
        assert statements(graph) == [
            "x",
            "twice = mul(x, 2)",
            "v1 = sin(twice)",
            "total = sum(v1)",
            "v2 = mul(total, 1)",
        ]

    def test_a_variable_with_several_values(self) -> None:
        """B1 and b2 are the values of b."""
        assert statements(trace(repeated, vector(1.0)[0])) == [
            "x",
            "b1 = mul(x, 2)",
            "b2 = add(b1, 1)",
            "v1 = sin(b2)",
        ]

    def test_a_variable_with_the_name_of_an_input(self) -> None:
        """The input keeps its name, the new value of the variable is numbered."""
        assert statements(trace(rebinding, vector(1.0)[0])) == [
            "x",
            "x1 = mul(x, 2)",
            "v1 = sin(x1)",
        ]

    def test_the_program_s_own_v1(self) -> None:
        """Names that we give leave out those that the program uses."""
        assert statements(trace(collision, vector(1.0)[0])) == [
            "x",
            "v1 = mul(x, 2)",
            "v2 = sin(v1)",
            "v3 = mul(v2, v1)",
            "v4 = cos(v3)",
        ]

    def test_unpacking(self) -> None:
        """The results of one operation are called after their variables."""

        def f(x: Tensor) -> Tensor:
            first, second = torch.split(x, 1)
            return (first * second).sum()

        graph = trace(f, vector(1, 2))
        assert statements(graph) == [
            "x",
            "first, second = split(x, 1)",
            "v1 = mul(first, second)",
            "v2 = sum(v1)",
        ]
        assert graph["first"] is graph["second"]
        assert graph["first"].names == ("first", "second")

    def test_results_without_a_variable(self) -> None:
        """Else they are v1[0] and v1[1]."""
        graph = trace(lambda x: torch.split(x, 1)[1].sum(), vector(1, 2))
        assert statements(graph) == [
            "x",
            "v1[0], v1[1] = split(x, 1)",
            "v2 = sum(v1[1])",
        ]
        assert graph["v1"] is graph["v1[1]"]

    def test_in_place_changes(self) -> None:
        """A variable that is changed in place holds several values in turn."""

        def f(x: Tensor) -> Tensor:
            y = x * 2
            y.add_(1)
            return y.sin()

        graph = trace(f, vector(1.0)[0])
        assert statements(graph) == [
            "x",
            "y1 = mul(x, 2)",
            "y2 = add_(y1, 1)",
            "v1 = sin(y2)",
        ]
        assert graph["y1"].primal == 2
        assert graph["y2"].primal == 3

    def test_recursion(self) -> None:
        """The variables are those of the outermost call."""

        def f(x: Tensor, depth: int = 2) -> Tensor:
            if depth == 0:
                return x
            inner = f(x * 2, depth - 1)
            outer = inner + x
            return outer * 1

        assert statements(trace(f, vector(1.0)[0])) == [
            "x",
            "v1 = mul(x, 2)",
            "v2 = mul(v1, 2)",
            "v3 = add(v2, v1)",
            "inner = mul(v3, 1)",
            "outer = add(inner, x)",
            "v4 = mul(outer, 1)",
        ]

    def test_a_slice_to_the_end(self) -> None:
        """The largest of all integers stands for the end."""
        graph = trace(lambda x: x[1:].sum(), vector(1, 2, 3))
        assert graph.nodes[1].statement == "v1 = slice(x, 0, 1, end)"

    def test_a_function_that_f_calls_sees_parameters(self) -> None:
        """Their names are found one call down."""
        net = nn.Linear(2, 1)

        def loss(x: Tensor) -> Tensor:
            total: Tensor = net(x).sum()
            return total

        graph = trace(lambda x: loss(x), vector(1, 2).float())  # noqa: PLW0108
        assert {"weight", "bias"} <= {node.name for node in graph.nodes}

    def test_a_name_for_a_tensor_that_plays_no_part(self) -> None:
        """A mapping with a tensor that f does not use is a mistake, and said so."""
        x, other = vector(1), vector(2)
        with pytest.raises(ValueError, match="b that takes no part"):
            trace(torch.sin, x, names={"b": other}, cotangent=vector(1))

    def test_a_name_for_a_constant(self) -> None:
        """A mapping may name a constant."""
        x, mask = vector(1, 2), vector(0, 1)
        graph = trace(lambda x: (x * mask).sum(), x, names={"kept": mask})
        assert graph.nodes[1].statement == "v1 = mul(x, kept)"

    def test_statements(self) -> None:
        """Arguments are names, numbers, lists and options."""

        def f(x: Tensor, y: Tensor) -> Tensor:
            mask = x > 0
            joined = torch.cat([x.pow(2), y])
            scaled = torch.add(joined, joined, alpha=2)
            chosen = torch.where(torch.cat([mask, mask]), scaled, 0.25)
            return chosen.sum(0) + x.detach()[0] * y[1]

        assert statements(trace(f, vector(1, 2), vector(3, 4))) == [
            "x",
            "y",
            "v1 = pow(x, 2)",
            "joined = cat([v1, y])",
            "scaled = add(joined, joined, alpha=2)",
            "chosen = where(const(4,), scaled, 0.25)",
            "v2 = sum(chosen, [0])",
            "v3 = select(y, 0, 1)",
            "v4 = mul(1, v3)",
            "v5 = add(v2, v4)",
        ]

    def test_a_graph_from_outside(self) -> None:
        """What was computed before the call is in the graph too, as far as it is seen."""
        before = WEIGHT * 2
        graph = trace(lambda x: (x * before).sum(), vector(1, 2, 3))
        node = graph["before"]
        assert node.statement == "before = mul(w1)"
        assert torch.equal(tensor(node.primal), 2 * WEIGHT.detach())
        assert node.source is None
        assert graph.check() == 0
        assert torch.equal(tensor(graph["w1"].adjoint), vector(2, 4, 6))

    def test_source(self) -> None:
        """An operation knows the line that called it; a module's is in the module's code."""
        graph = trace(repeated, vector(1.0)[0])
        first = repeated.__code__.co_firstlineno
        sources = [node.source for node in graph.nodes]
        assert sources[0] is None
        assert [(s.file, s.line - first) for s in sources[1:] if s] == [
            (__file__, 2),
            (__file__, 3),
            (__file__, 4),
        ]
        assert trace(nn.Tanh(), vector(1.0)).output.source is None

    def test_source_in_a_package_that_is_called_like_torch(self) -> None:
        """Torchvision is no part of torch: its lines are told."""
        file = f"{Path(torch.__file__).parent}vision/ops.py"

        def f(x: Tensor) -> Tensor:
            return x * 2

        f.__code__ = f.__code__.replace(co_filename=file)
        source = trace(f, vector(1.0)).output.source
        assert source is not None
        assert source.file == file

    def test_given_as_a_list(self) -> None:
        """A list names the inputs."""
        graph = trace(torch.mul, *vector(1, 2), names=["left", "right"])
        assert statements(graph) == ["left", "right", "v1 = mul(left, right)"]

    def test_given_for_the_same_tensor_twice(self) -> None:
        """A tensor that is passed twice is two inputs."""
        x = vector(3.0)[0]
        graph = trace(lambda a, b: a * b, x, x, names=["p", "q"])
        assert names(graph) == ["p", "q", "v1"]
        assert graph.pullback() == (3, 3)

    def test_given_as_a_mapping(self) -> None:
        """A mapping names inputs, parameters and constants; the rest keeps its name."""
        weights = [nn.Parameter(vector(2.0)), vector(3, 3)]
        x, y = vector(1.0), vector(2.0)
        graph = trace(
            lambda x, y: (x * y * weights[0] + weights[1]).sum(),
            x,
            y,
            names={"point": x, "slope": weights[0], "offset": weights[1]},
        )
        assert statements(graph) == [
            "point",
            "y",
            "slope",
            "v1 = mul(point, y)",
            "v2 = mul(v1, slope)",
            "v3 = add(v2, offset)",
            "v4 = sum(v3)",
        ]

    def test_given_name_of_a_variable(self) -> None:
        """A given name is not given again."""
        graph = trace(repeated, vector(1.0)[0], names=["b"])
        assert names(graph) == ["b", "b1", "b2", "v1"]
        assert len(set(names(graph))) == 4


def double_with_variables(x: Tensor) -> Tensor:
    """Hold results in variables."""
    twice = x * 2
    total = twice.sin().sum()
    return total * 1


def hooks_on(result: Tensor) -> int:
    """Return how many hooks the node of a result has."""
    fn: Any = result.grad_fn
    handle = fn.register_hook(lambda *_: None)
    others = len(handle.hooks_dict_ref()) - 1
    handle.remove()
    return others


class TestUntouched:
    """Tracing leaves no trace."""

    def test_inputs(self) -> None:
        """Neither an input nor its grad, requires_grad or version change; nothing accumulates."""
        x = nn.Parameter(vector(1, 2))
        x.grad = vector(5, 6)
        seen: list[Tensor] = []
        x.register_post_accumulate_grad_hook(seen.append)
        plain = vector(3, 4)
        trace(lambda x, y: (x * y).mul_(2).sum(), x, plain)
        assert torch.equal(x.detach(), vector(1, 2))
        assert torch.equal(x.grad, vector(5, 6))
        assert torch.equal(plain, vector(3, 4))
        assert (x._version, plain._version) == (0, 0)
        assert x.requires_grad
        assert not plain.requires_grad
        assert plain.grad is None
        assert seen == []

    def test_parameters(self) -> None:
        """No parameter gets a grad, and one that has a grad keeps it."""
        module = nn.Linear(2, 2).double()
        module.bias.grad = vector(1, 2)
        state = module.state_dict()
        before = {k: (v.clone(), v._version) for k, v in state.items()}
        graph = trace(module, vector(1, 2), cotangent=vector(1, 1))
        assert graph["weight"].adjoint is not None
        assert module.weight.grad is None
        assert torch.equal(module.bias.grad, vector(1, 2))
        for key, weight in module.state_dict().items():
            assert torch.equal(weight, before[key][0])
            assert weight._version == before[key][1]

    def test_frozen_parameters(self) -> None:
        """A parameter that is frozen stays so, and is a constant."""
        module = nn.Linear(2, 2, bias=False).double().requires_grad_(False)
        graph = trace(module, vector(1, 2), cotangent=vector(1, 1))
        assert names(graph)[0] == "input"
        assert not any(n.kind == "parameter" for n in graph.nodes)
        assert not module.weight.requires_grad

    def test_buffers(self) -> None:
        """Batch normalisation in training keeps its statistics and its count."""
        before = [b.clone() for b in BATCH_NORM.buffers()]
        assert BATCH_NORM.training
        trace(BATCH_NORM, randn(4, 3), cotangent=randn(4, 3))
        for old, new in zip(before, BATCH_NORM.buffers(), strict=True):
            assert torch.equal(old, new)

    def test_f_runs_once(self) -> None:
        """The function is called once."""
        calls = []

        def f(x: Tensor) -> Tensor:
            calls.append(x)
            return (x * x).sum()

        graph = trace(f, vector(1, 2))
        graph.check()
        graph.pullback()
        graph.pushforward(vector(1, 1))
        assert len(calls) == 1

    def test_hooks_are_removed(self) -> None:
        """A later backward pass through the same nodes does not come to our hooks."""
        kept = []

        def f(x: Tensor) -> Tensor:
            y = (x * x).sum()
            kept.append((x, y))
            return y

        graph = trace(f, vector(1, 2))
        x, y = kept[0]
        before = [edge.message for edge in graph.edges]
        (y * 5).backward()
        assert tensor(x.grad).tolist() == [10, 20]
        for edge, message in zip(graph.edges, before, strict=True):
            assert edge.message is message
        assert hooks_on(y) == 0

    def test_hooks_are_removed_after_an_error(self) -> None:
        """So it is when the backward pass fails."""
        kept = []

        def f(x: Tensor) -> Tensor:
            y = x.exp()
            z = (y * y).sum()
            kept.append(z)
            y.mul_(2)
            return z

        with pytest.raises(RuntimeError, match="modified by an inplace"):
            trace(f, vector(1, 2))
        assert hooks_on(kept[0]) == 0

    def test_frames_are_not_kept(self) -> None:
        """The variables of the function die with its call, its tensors with the graph."""

        class Object:
            pass

        objects: list[weakref.ref[object]] = []

        def helper(x: Tensor) -> Tensor:
            thing = Object()
            objects.append(weakref.ref(thing))
            return x * 3

        def f(x: Tensor) -> Tensor:
            thing = Object()
            y = helper(x)
            objects.append(weakref.ref(thing))
            objects.append(weakref.ref(y))
            return y.exp().sum()

        graph = trace(f, vector(1, 2))
        gc.collect()
        assert [ref() is None for ref in objects[:2]] == [True, True]
        del graph
        gc.collect()
        assert [ref() is None for ref in objects] == [True, True, True]

    def test_numbers_are_copies(self) -> None:
        """What changes in place later does not change the record."""
        x = vector(1, 2)
        weight = nn.Parameter(vector(3, 4))
        graph = trace(lambda x: (x * weight).sum(), x)
        x.mul_(10)
        with torch.no_grad():
            weight.mul_(10)
        assert tensor(graph["x"].primal).tolist() == [1, 2]
        assert tensor(graph["weight"].primal).tolist() == [3, 4]

    def test_the_cotangent_is_a_copy(self) -> None:
        """Nor does a cotangent."""
        v = vector(1, 2)
        graph = trace(torch.sin, vector(1, 2), cotangent=v)
        v.mul_(10)
        assert graph.cotangent.tolist() == [1, 2]
        assert graph.check() == 0

    @pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
    def test_whatever_the_caller_s_mode(self, mode: Callable[[], Any]) -> None:
        """Gradients that are turned off around it are on inside, and off again after it."""
        with mode():
            graph = trace(lambda x: (x * x).sum(), vector(1, 2))
            assert graph.check() == 0
            assert tensor(graph.pullback()).tolist() == [2, 4]
            assert graph.pushforward(vector(1, 1)) == 6
            assert not torch.is_grad_enabled()
        assert not tensor(graph["x"].adjoint).is_inference()
        assert torch.is_grad_enabled()


class TestOtherUses:
    """What else a program may do."""

    def test_kinds_of_inputs(self) -> None:
        """Parameters, views and expanded tensors are inputs like others."""
        base = randn(4, 3)
        for x in (nn.Parameter(base), base.t()[::2], base[:, :1].expand(4, 5)):
            graph = trace(lambda x: (x * x).sum(), x)
            assert torch.equal(tensor(graph["x"].adjoint), 2 * x.detach())
            assert graph.check() == 0

    @pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
    def test_one_element(self, shape: tuple[int, ...]) -> None:
        """A result with one element needs no cotangent, whatever its shape."""
        graph = trace(lambda x: (x * x).sum().reshape(shape), vector(1, 2))
        assert graph.cotangent.shape == shape
        assert tensor(graph["x"].adjoint).tolist() == [2, 4]
        assert graph.check() == 0

    @pytest.mark.parametrize(
        "dtype", [torch.float32, torch.float16, torch.bfloat16]
    )
    def test_dtypes(self, dtype: torch.dtype) -> None:
        """Numbers have the dtype of the input."""
        x = torch.tensor([1.0, 2.0], dtype=dtype)
        graph = trace(lambda x: (x * x).sum(), x)
        assert graph.check() == 0
        assert tensor(graph["x"].adjoint).dtype == dtype
        assert tensor(graph["x"].adjoint).tolist() == [2, 4]

    @pytest.mark.parametrize(
        "f",
        [
            lambda x, y: (x * y).sum(),
            lambda x, y: (x.float() * y).exp().sum(),
            lambda x, y: (x.double() @ y.double()).bfloat16(),
            lambda x, y: torch.stack([x.double(), y.double()]).prod(),
        ],
        ids=["promoted", "lowered", "rounded", "raised"],
    )
    @pytest.mark.parametrize("low", [torch.float32, torch.bfloat16])
    def test_mixed_dtypes(self, f: Function, low: torch.dtype) -> None:
        """The engine converts messages to the dtype of the argument; so do we."""
        inputs = vector(1.1, -2.3, 0.7).to(low), vector(0.3, 1.7, -0.2)
        graph = trace(f, *inputs)
        leaves, result = run(f, inputs)
        expected = torch.autograd.grad(result, leaves)
        pulled = several(graph.pullback())
        for node, ours, theirs in zip(
            graph.inputs, pulled, expected, strict=True
        ):
            assert same(node.adjoints[0], theirs)
            assert same(ours, theirs)
        assert graph.doubts == ()
        tangents = tuple(torch.ones_like(x) for x in inputs)
        assert_close(
            graph.pushforward(*tangents),
            torch.func.jvp(f, inputs, tangents)[1],
            rtol=2e-2 if low == torch.bfloat16 else 1e-6,
            atol=1e-6,
        )

    def test_dropout(self) -> None:
        """The mask of the run is the mask of the graph."""
        torch.manual_seed(0)
        x = randn(6)
        graph = trace(lambda x: F.dropout(x, 0.5).sum(), x)
        gradient = tensor(graph["x"].adjoint)
        assert set(gradient.tolist()) == {0.0, 2.0}
        output = tensor(graph.output.primal)
        assert_close(output, (gradient * x).sum())

    def test_inference_mode_inside(self) -> None:
        """A variable of inference mode is a constant."""

        def f(x: Tensor) -> Tensor:
            with torch.inference_mode():
                largest = x.max()
            return (x - largest).sum()

        graph = trace(f, vector(1, 2))
        assert tensor(graph["x"].adjoint).tolist() == [1, 1]

    def test_backward_inside_that_keeps_the_graph(self) -> None:
        """A function may call backward() itself, if the graph stays."""

        def f(x: Tensor) -> Tensor:
            y = (x * x).sum()
            y.backward(retain_graph=True)
            return y

        graph = trace(f, vector(1, 2))
        assert tensor(graph["x"].adjoint).tolist() == [2, 4]

    def test_a_custom_function_itself(self) -> None:
        """Function.apply is a function like others."""
        graph = trace(Cube.apply, vector(2.0))
        assert tensor(graph.edges[0].partial).tolist() == [[12]]
        assert graph.output.operation == "Cube"
        assert graph.output.grad_fn == "CubeBackward"

    def test_a_custom_function_that_does_more_than_its_result(self) -> None:
        """Its value is known though another operation came after it, or it is the output."""

        class Masked(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Tensor) -> Tensor:
                result = x.relu()
                ctx.mask = x > 0
                return result

            @staticmethod
            def backward(ctx: Any, grad: Tensor) -> Tensor:
                message: Tensor = grad * ctx.mask
                return message

        x = vector(1, -2)
        for f in (Masked.apply, lambda x: Masked.apply(x) * 1):  # type: ignore[no-untyped-call]
            graph = trace(f, x, cotangent=vector(1, 1))
            masked = graph.nodes[1]
            assert masked.operation == "Masked"
            assert tensor(masked.primal).tolist() == [1, 0]
            assert tensor(graph.inputs[0].adjoint).tolist() == [1, 0]

    def test_module_hooks(self) -> None:
        """Full backward hooks of a module are nodes of the graph."""
        module = nn.Linear(2, 1).double()
        fired = []
        module.register_full_backward_hook(lambda *_: fired.append(1))
        graph = trace(module, vector(1, 2))
        assert graph.check() == 0
        assert "BackwardHookFunction" in statements(graph)[3]
        assert fired == [1]

    def test_a_rescaling_hook_is_seen(self) -> None:
        """A hook that changes a gradient makes the check speak, and it names the place."""

        def f(x: Tensor) -> Tensor:
            y = x * 2
            y.register_hook(lambda g: g * 10)
            return y.sum()

        graph = trace(f, vector(1, 2))
        assert graph.check() == 9
        assert len(graph.doubts) == 1
        assert "messages to y do not add up" in graph.doubts[0]
        assert "hook" in graph.doubts[0]
        assert tensor(graph["x"].adjoint).tolist() == [20, 20]
        assert tensor(graph.pullback()).tolist() == [2, 2]

    def test_a_hook_on_a_parameter_is_seen(self) -> None:
        """So does a hook on a leaf."""
        weight = nn.Parameter(vector(1, 2))
        weight.register_hook(lambda g: g * 3)
        graph = trace(lambda x: (x * weight).sum(), vector(3, 4))
        assert graph.check() == 8
        assert "messages to weight do not add up" in graph.doubts[0]

    def test_sparse_messages_are_made_dense(self) -> None:
        """A sparse embedding's gradient is an ordinary tensor here."""
        graph = trace(
            lambda x: SPARSE(torch.tensor([1, 1])).sum() + x, vector(1.0)
        )
        adjoint = tensor(graph["weight"].adjoint)
        assert not adjoint.is_sparse
        assert adjoint.sum(1).tolist() == [0, 4, 0, 0, 0]
        assert graph.check() == 0

    def test_ten_thousand_operations(self) -> None:
        """Neither recording nor asking recurses."""
        graph = trace(long_chain, vector(1.0))
        assert len(graph.nodes) == 10_001
        expected = 0.9999**5000
        for found in (
            graph["x"].adjoint,
            graph.pullback(),
            graph.pushforward(vector(1.0)),
        ):
            assert tensor(found).item() == pytest.approx(expected, rel=1e-12)
        assert graph.first_nan is None

    def test_threads(self) -> None:
        """What ran in another thread is in order, though each thread counts by itself."""

        def f(x: Tensor) -> Tensor:
            for _ in range(5):
                x = x * 2
            with ThreadPoolExecutor(1) as pool:
                y = pool.submit(lambda: x.sin().cos()).result()
            return (y * x).sum()

        graph = trace(f, vector(1, 2))
        assert graph.check() == 0
        for edge in graph.edges:
            assert edge.source.forward_step < edge.target.forward_step

    @pytest.mark.filterwarnings("ignore:Sparse CSR")
    @pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
    def test_sparse_values_are_made_dense(self, layout: torch.layout) -> None:
        """So is a value, whatever its layout."""
        graph = trace(
            lambda x: (x.to_sparse(layout=layout) * 2).to_dense().sum(),
            randn(2, 2),
        )
        for node in graph.nodes:
            for number in (*node.primals, *node.adjoints):
                assert tensor(number).layout is torch.strided
        assert graph.check() == 0

    def test_anomaly_detection(self) -> None:
        """NaN is recorded, also where torch would stop at it."""
        with warnings.catch_warnings(), torch.autograd.set_detect_anomaly(True):
            warnings.simplefilter("ignore")
            graph = trace(lambda x: (x * 0).sqrt().sum() * 0, vector(1, 2))
            assert torch.is_anomaly_enabled()
        assert graph.first_nan is not None

    def test_a_compiled_function(self) -> None:
        """It runs as it is written, and nothing is compiled."""
        compiled = torch.compile(log_sine_reciprocal, backend="eager")
        frames = torch._dynamo.utils.counters["frames"]
        before = frames["total"]
        graph = trace(compiled, vector(2.0)[0])
        assert frames["total"] == before
        plain = trace(log_sine_reciprocal, vector(2.0)[0])
        assert statements(graph) == statements(plain)

    def test_the_opt_out_is_only_a_speed_up(self) -> None:
        """The record is the same whether torch imports its compiler or not."""
        script = """
import torch
from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph.recording import record

assert not record.Tape._should_skip_dynamo()
del record.Tape._should_skip_dynamo
assert record.Tape._should_skip_dynamo()
graph = record.trace(log_sine_reciprocal, torch.tensor(2.0))
assert graph.check() == 0
print([node.statement for node in graph.nodes])
print(graph["x"].adjoint.item())
"""
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        graph = trace(log_sine_reciprocal, torch.tensor(2.0))
        assert done.stdout.splitlines() == [
            str(statements(graph)),
            str(tensor(graph["x"].adjoint).item()),
        ]


def returns(result: object) -> Callable[..., Any]:
    """Return a function that returns this."""
    return lambda _: result


def freed(x: Tensor) -> Tensor:
    """Call backward() on the result."""
    y = (x * x).sum()
    y.backward()
    return y


def freed_by_grad(x: Tensor) -> Tensor:
    """Call torch.autograd.grad on the result."""
    y = (x * x).sum()
    torch.autograd.grad(y, x)
    return y


def gradient_without_graph(x: Tensor) -> Tensor:
    """Return a gradient that cannot be differentiated."""
    y = (x * x).sum()
    (gradient,) = torch.autograd.grad(y, x)
    return gradient * 2


def stored_gradient(x: Tensor) -> Tensor | None:
    """Return what backward() stored."""
    (x * x).sum().backward()
    return x.grad


def in_inference_mode(x: Tensor) -> Tensor:
    """Compute everything in inference mode."""
    with torch.inference_mode():
        return x * 2


def asks_first(x: Tensor) -> Tensor:
    """Compare, log a number, and cut the graph after that."""
    y = x * 2 if x.sum() > 0 else x * 3
    assert y.sum().item() > 0
    return y.detach() + 1


def filled(x: Tensor) -> Tensor:
    """Fill a tensor with numbers."""
    y = torch.zeros_like(x)
    for k in range(2):
        y[k] = x[k].item() ** 2
    return y


def filled_with_detached(x: Tensor) -> Tensor:
    """Fill a tensor with tensors outside of the graph."""
    assert x.sum().item() > 0
    y = torch.zeros(2, dtype=DOUBLE)
    for k in range(2):
        y[k] = x[k].detach() ** 2
    return y


def without_recording(x: Tensor) -> Tensor:
    """Compute everything under no_grad."""
    with torch.no_grad():
        return x * 2


def changes_a_saved_tensor(x: Tensor) -> Tensor:
    """Change in place what the backward pass needs."""
    y = x.exp()
    z = (y * y).sum()
    y.mul_(2)
    return z


def has_a_broken_hook(x: Tensor) -> Tensor:
    """Have a hook that raises."""
    y = x.exp()
    y.register_hook(lambda _: 1 / 0)
    return y.sum()


class TestErrors:
    """Each mistake is answered in plain words."""

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (3, ["needs a function first", "of type int"]),
            (vector(1.0), ["needs a function first", "type Tensor"]),
            (returns(None), ["returned None", "return statement"]),
            (returns(2.5), ["returned a float"]),
            (returns({}), ["returned a dict"]),
            (returns(()), ["returned a tuple"]),
            (lambda x: (x, x * 2), ["tuple of 2 tensors", "one output", "cat"]),
            (lambda x: [x], ["list of 1 tensor,", "trace(lambda x: f(x)[0]"]),
            (lambda x: x.argmax(), ["torch.int64", "argmax", "line"]),
            (lambda x: x > 0, ["torch.bool", "cut by gt", "line"]),
            (lambda x: x.long(), ["conversion to torch.int64, in line"]),
            (lambda x: x.sum().item(), ["a float", ".item()", "torch.stack"]),
            (torch.fft.fft, ["torch.complex128", "real part"]),
            (
                lambda x: {"loss": x.sum(), "x": x},
                ["dict with the keys 'loss', 'x'", "f(x)['loss'], x)"],
            ),
            (lambda x: (x, (x, x)), ["tuple with tensors", "f(x)[0], x)"]),
            (lambda x: [1, (2, x)], ["list with tensors", "f(x)[1][1], x)"]),
            (lambda x: x.tolist(), ["a list", "x.tolist()"]),
            (lambda x: {"a": x.sum().item()}, ["a dict", "cut by .item()"]),
        ],
    )
    def test_types(self, f: Callable[..., Any], words: list[str]) -> None:
        """What is no function, or does not return a real tensor, is a TypeError."""
        with pytest.raises(TypeError) as caught:
            trace(f, vector(1, 2))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (
                returns(vector(1.0)),
                ["without a graph", "built anew", "torch.stack"],
            ),
            (lambda x: (x * 2).detach(), ["cut by .detach()", "Leave it out"]),
            (lambda x: (x * 2).data, [".data", "line"]),
            (without_recording, ["torch.no_grad()", "mul in line", "Move"]),
            (
                lambda x: torch.tensor([x.sum().item()]),
                [".item()", "torch.stack"],
            ),
            (lambda x: (x > 0).double() * 2, ["cut by gt", "no derivative"]),
            (lambda x: x.sin() * 0 is None or vector(1.0), ["Nothing that"]),
            (freed, ["calls backward()", "trace runs the backward pass"]),
            (freed_by_grad, ["torch.autograd.grad()", "create_graph=True"]),
            (gradient_without_graph, ["a gradient", "create_graph=True"]),
            (stored_gradient, ["a gradient", "create_graph=True"]),
            (in_inference_mode, ["torch.inference_mode(): mul in line"]),
            (asks_first, ["cut by .detach()"]),
            (filled, ["cut by .item()"]),
            (filled_with_detached, ["cut by .detach()"]),
            (lambda x: x.long() * 2.0, ["cut by a conversion to torch.int64"]),
            (lambda x: x.max(0).indices * 1.0, ["cut by max"]),
            (lambda x: x * 2, ["shape (2,)", "cotangent=torch.ones((2,))"]),
        ],
    )
    def test_values(self, f: Function, words: list[str]) -> None:
        """A result that cannot be traced back is a ValueError, and says where it was cut."""
        with pytest.raises(ValueError, match=r".") as caught:
            trace(f, vector(1, 2))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        "result", [None, [], {}, (k for k in range(2)), "x"]
    )
    def test_what_has_no_graph_was_not_cut(self, result: object) -> None:
        """Nothing is said about a cut where there are no numbers."""
        with pytest.raises(TypeError, match="it returned") as caught:
            trace(returns(result), vector(1.0))
        assert "depends on its inputs" not in str(caught.value)

    def test_a_graph_that_was_freed_before(self) -> None:
        """A tensor from outside may have been sent back already."""
        before = (WEIGHT * WEIGHT).sum()
        torch.autograd.grad(before, WEIGHT)
        with pytest.raises(ValueError, match="computed before"):
            trace(lambda x: x * before, vector(1.0))

    @pytest.mark.parametrize(
        ("f", "error", "words"),
        [
            (changes_a_saved_tensor, RuntimeError, "at mul in"),
            (has_a_broken_hook, ZeroDivisionError, "at exp in"),
            (lambda x: (x // (x * 2)).sum(), RuntimeError, "at floor_divide"),
        ],
    )
    def test_an_error_on_the_way_back(
        self, f: Function, error: type[Exception], words: str
    ) -> None:
        """It carries a note of where the backward pass stopped."""
        with pytest.raises(error) as caught:
            trace(f, vector(1, 2))
        (note,) = caught.value.__notes__
        assert words in note
        assert f"{__file__}, line" in note

    def test_a_module_whose_buffers_cannot_be_copied(self) -> None:
        """It is refused, with the way around."""
        module = nn.DataParallel(nn.BatchNorm1d(3).double())
        x = randn(4, 3)
        with pytest.raises(TypeError, match=r"trace\(lambda x: f\(x\), x\)"):
            trace(module, x, cotangent=x)
        assert trace(lambda x: module(x), x, cotangent=x).inputs  # noqa: PLW0108

    def test_where_the_graph_was_cut(self) -> None:
        """The line is that of the operation."""
        line = without_recording.__code__.co_firstlineno + 3
        with pytest.raises(ValueError, match=f"mul in line {line} ran inside"):
            trace(without_recording, vector(1.0))

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (2.0, ["input x must be a tensor", "float", "torch.tensor(2.0)"]),
            (2, ["torch.tensor(2, dtype=torch.float32)"]),
            ([1.0], ["input x must be a tensor", "list"]),
            (None, ["NoneType"]),
            (torch.tensor([1]), ["input x has torch.int64", "decimal point"]),
            (torch.tensor([True]), ["torch.bool", "close over them"]),
            (torch.tensor([1j]), ["torch.complex64", "view_as_real"]),
            (torch.tensor([1]), ["x.float()", "trace(lambda: f(x))"]),
            (torch.tensor([True]), ["masks have no derivative"]),
            ((vector(1), vector(2)), ["trace(lambda a, b: f((a, b)), a, b)"]),
            ({"a": vector(1)}, ["f({'a': a, 'b': b}), a, b)"]),
            (list(range(1000)), ["torch.tensor(x, dtype=torch.float32)"]),
            ("x", ["str. If it is not", "trace(lambda: f(x))"]),
        ],
    )
    def test_inputs(self, value: Any, words: list[str]) -> None:
        """An input is a real floating-point tensor."""
        with pytest.raises(TypeError) as caught:
            trace(lambda x: x, value)
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (torch.Tensor.to_sparse, ["a sparse tensor", "x.to_dense()"]),
            (torch.Tensor.to_sparse_csr, ["a sparse tensor"]),
            (lambda x: x.to("meta"), ["a meta tensor", "no numbers"]),
            (
                lambda x: torch.nested.nested_tensor([x], layout=torch.jagged),
                ["a nested tensor", "one by one"],
            ),
            (
                lambda x: torch.quantize_per_tensor(x, 1, 0, torch.qint8),
                ["a quantized tensor", "dequantize"],
            ),
        ],
    )
    def test_unusual_inputs(self, make: Function, words: list[str]) -> None:
        """Its numbers are stored as usual."""
        with pytest.raises(TypeError) as caught:
            trace(lambda x: x.sum(), make(torch.eye(2)))
        for word in words:
            assert word in str(caught.value)

    @pytest.mark.parametrize(
        ("f", "count", "words"),
        [
            (lambda x: x, 0, ["f(x) cannot be called with 0 inputs"]),
            (lambda x: x, 2, ["f(x) cannot be called with 2 inputs"]),
            (lambda x, y: x * y, 1, ["f(x, y)", "with 1 input.", "fix the"]),
            (nn.Tanh(), 2, ["Tanh", "with 2 inputs"]),
            (needs_keyword, 1, ["with 1 input.", "trace(lambda x: f(x, k=3)"]),
        ],
    )
    def test_number_of_inputs(
        self, f: Function, count: int, words: list[str]
    ) -> None:
        """The inputs must fit the parameters."""
        with pytest.raises(TypeError) as caught:
            trace(f, *[vector(1.0)] * count)
        for word in words:
            assert word in str(caught.value)

    def test_builtins_complain_themselves(self) -> None:
        """A function of C that does not tell its parameters raises its own error."""
        with pytest.raises(TypeError) as caught:
            trace(torch.sin, vector(1.0), vector(2.0))
        assert "trace() called f" in caught.value.__notes__[0]

    @pytest.mark.parametrize(
        ("given", "error", "words"),
        [
            ("x", TypeError, ["string 'x'", "names=['x']"]),
            (["a", "b"], ValueError, ["2 names for 1 input."]),
            ([], ValueError, ["0 names for 1 input."]),
            ([3], TypeError, ["must be a string", "3"]),
            ([" "], TypeError, ["must be a string that is not empty"]),
            ({"": vector(1.0)}, TypeError, ["not empty"]),
            ({"w": 3.0}, TypeError, ["names['w'] must be a tensor", "float"]),
            ({"x": WEIGHT}, ValueError, ["names calls a tensor x"]),
        ],
    )
    def test_names(
        self, given: Any, error: type[Exception], words: list[str]
    ) -> None:
        """Names are distinct strings, one for each input or for tensors."""
        with pytest.raises(error) as caught:
            trace(lambda x: (x * WEIGHT).sum(), vector(1.0), names=given)
        for word in words:
            assert word in str(caught.value)

    def test_a_name_twice(self) -> None:
        """No two inputs share a name."""
        with pytest.raises(ValueError, match="a name twice"):
            trace(torch.mul, *vector(1, 2), names=["a", "a"])

    @pytest.mark.parametrize(
        ("cotangent", "error", "words"),
        [
            (vector(1.0), ValueError, ["shape of f's result, (2,)", "(1,)"]),
            (vector(1.0)[0], ValueError, ["(2,)", "has shape ()"]),
            ([1.0, 2.0], TypeError, ["must be a tensor", "list"]),
            (torch.tensor([1, 2]), TypeError, ["torch.int64", "decimal"]),
            (torch.tensor([1j, 2]), TypeError, ["complex64", "real part"]),
            (torch.tensor([True, True]), TypeError, [".double()"]),
        ],
    )
    def test_cotangents(
        self, cotangent: Any, error: type[Exception], words: list[str]
    ) -> None:
        """The cotangent is a real tensor with the shape of the result."""
        with pytest.raises(error) as caught:
            trace(torch.sin, vector(1, 2), cotangent=cotangent)
        for word in words:
            assert word in str(caught.value)

    def test_a_cotangent_of_another_precision(self) -> None:
        """It takes the dtype of the result."""
        graph = trace(torch.sin, vector(1, 2), cotangent=torch.ones(2))
        assert graph.cotangent.dtype == DOUBLE

    def test_an_error_of_the_function(self) -> None:
        """It is the function's own, with a note of how it was called."""

        def f(x: Tensor) -> Tensor:
            raise LookupError(f"no {x.dim()}")

        with pytest.raises(LookupError, match="no 1") as caught:
            trace(f, vector(1.0))
        assert caught.value.__notes__ == [
            "trace() called f on copies of the inputs that require grad."
        ]

    @pytest.mark.parametrize(
        ("f", "words"),
        [
            (lambda x: x.mul_(2).sum(), "leaf Variable that requires grad"),
            (lambda x: x.numpy(), "Can't call numpy"),
        ],
    )
    def test_an_error_of_torch(self, f: Function, words: str) -> None:
        """So are the errors of torch."""
        with pytest.raises(RuntimeError, match=words) as caught:
            trace(f, vector(1.0))
        assert "copies of the inputs" in caught.value.__notes__[0]

    def test_recording_goes_on_after_an_error(self) -> None:
        """An error leaves no mode behind."""
        with pytest.raises(ZeroDivisionError):
            trace(lambda x: x * (1 / 0), vector(1.0))
        assert trace(lambda x: x * 2, vector(1.0)).check() == 0


def edge_between(graph: Graph, source: str, target: str) -> Edge:
    """Return the edge between two nodes."""
    (edge,) = (
        e for e in graph.edges_into[graph[target]] if e.source is graph[source]
    )
    return edge


def test_the_example_of_the_tutorial() -> None:
    """F at 2, number by number, against the textbook."""
    graph = trace(log_sine_reciprocal, vector(2.0)[0])
    assert statements(graph) == [
        "x",
        "v1 = pow(x, 2)",
        "v2 = log(v1)",
        "v3 = sin(x)",
        "v4 = mul(v2, v3)",
        "v5 = reciprocal(x)",
        "v6 = mul(v5, 1)",
        "v7 = add(v4, v6)",
    ]
    partials = {
        ("x", "v1"): 4,
        ("v1", "v2"): 0.25,
        ("x", "v3"): math.cos(2),
        ("v2", "v4"): math.sin(2),
        ("v3", "v4"): math.log(4),
        ("x", "v5"): -0.25,
        ("v5", "v6"): 1,
        ("v4", "v7"): 1,
        ("v6", "v7"): 1,
    }
    assert len(graph.edges) == len(partials)
    for ends, expected in partials.items():
        partial = tensor(edge_between(graph, *ends).partial)
        assert partial.item() == pytest.approx(expected, rel=1e-15)
    derivative = math.log(4) * math.cos(2) + math.sin(2) - 0.25
    adjoint = tensor(graph["x"].adjoint).item()
    assert adjoint == pytest.approx(derivative, rel=1e-14)
