"""What the inputs, parameters and values of a run are called."""

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from graphs import (
    Function,
    names,
    randn,
    statements,
    tensor,
    vector,
)
from torch import Tensor, nn
from torch.nn import functional as F
from trial_set import (
    NETWORK,
    WEIGHT,
    Cube,
)

from autograd_tutorial.graph import trace


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
