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
from typing import Any

import pytest
import torch
from graphs import (
    Function,
    central_differences,
    names,
    product_over_paths,
    randn,
    statements,
    tensor,
    vector,
)
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint
from trial_set import (
    BATCH_NORM,
    DOUBLE,
    SPARSE,
    TRIALS,
    WEIGHT,
    Cube,
    Trial,
    long_chain,
)

from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph import Edge, Graph, trace
from autograd_tutorial.graph.recording.partials import LARGEST_PARTIAL

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
