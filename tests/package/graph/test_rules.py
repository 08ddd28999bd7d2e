"""The rules: every textbook rule evaluated against torch, torch's formulas against its nodes."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import mse_loss, silu
from torch.testing import assert_close

from autograd_tutorial.graph import Edge, Node, rules
from autograd_tutorial.graph.recording.record import trace
from autograd_tutorial.graph.rules import (
    ELEMENTWISE,
    OTHERS,
    adjoint_name,
    torch_formula,
)

ATEN = torch.ops.aten
ONES = torch.ones(2)
MASK = torch.tensor([True, False, True])
Function = Callable[..., Tensor]
Shape = tuple[int, ...]

CASES: dict[str, tuple[Function, list[Shape]]] = {
    "_log_softmax(a, b, c)": (lambda x: x.log_softmax(-1), [(2, 3)]),
    "_softmax(a, b, c)": (lambda x: x.softmax(0), [(2, 3)]),
    "_to_copy(a)": (lambda x: x.float(), [(3,)]),
    "_unsafe_view(a, b)": (lambda x: ATEN._unsafe_view(x, [6]), [(2, 3)]),
    "abs(a)": (torch.abs, [(9,)]),
    "acos(a)": (torch.acos, [(3,)]),
    "add.Tensor(a, b)": (torch.add, [(3,), (3,)]),
    "add.Tensor(a, b, alpha)": (
        lambda x, w: torch.add(x, w, alpha=-2),
        [(3,), (3,)],
    ),
    "addmm(a, b, c)": (torch.addmm, [(4,), (2, 3), (3, 4)]),
    "asin(a)": (torch.asin, [(3,)]),
    "atan(a)": (torch.atan, [(3,)]),
    "bmm(a, b)": (torch.bmm, [(5, 2, 3), (5, 3, 4)]),
    "clamp(a, None, c)": (lambda x: x.clamp(max=-0.1), [(9,)]),
    "clamp(a, b)": (lambda x: x.clamp(min=-0.1), [(9,)]),
    "clamp(a, b, c)": (lambda x: x.clamp(-0.4, 0.4), [(9,)]),
    "clamp_max(a, b)": (lambda x: torch.clamp_max(x, -0.1), [(9,)]),
    "clamp_min(a, b)": (lambda x: torch.clamp_min(x, -0.1), [(9,)]),
    "clone(a)": (
        lambda x: x.clone(memory_format=torch.contiguous_format),
        [(2, 3)],
    ),
    "cos(a)": (torch.cos, [(3,)]),
    "cosh(a)": (torch.cosh, [(3,)]),
    "div.Tensor(a, b)": (torch.div, [(3,), (3,)]),
    "dot(a, b)": (torch.dot, [(3,), (3,)]),
    "exp(a)": (torch.exp, [(3,)]),
    "exp2(a)": (torch.exp2, [(3,)]),
    "expand(a, b)": (lambda x: x.expand(4, 3), [(3,)]),
    "expm1(a)": (torch.expm1, [(3,)]),
    "linalg_vector_norm(a)": (torch.linalg.vector_norm, [(3,)]),
    "log(a)": (torch.log, [(3,)]),
    "log10(a)": (torch.log10, [(3,)]),
    "log1p(a)": (torch.log1p, [(3,)]),
    "log2(a)": (torch.log2, [(3,)]),
    "maximum(a, b)": (torch.maximum, [(9,), (9,)]),
    "mean(a)": (torch.mean, [(2, 3)]),
    "mean.dim(a, None)": (lambda x: x.mean(dim=None), [(2, 3)]),
    "mean.dim(a, None, c)": (
        lambda x: x.mean(dim=None, keepdim=True),
        [(2, 3)],
    ),
    "mean.dim(a, b)": (lambda x: x.mean(0), [(2, 3)]),
    "mean.dim(a, b, c)": (lambda x: x.mean((0, 2), keepdim=True), [(2, 3, 4)]),
    "minimum(a, b)": (torch.minimum, [(9,), (9,)]),
    "mm(a, b)": (torch.mm, [(2, 3), (3, 4)]),
    "mse_loss(a, b)": (mse_loss, [(2, 3), (2, 3)]),
    "mul.Tensor(a, b)": (torch.mul, [(3,), (3,)]),
    "mv(a, b)": (torch.mv, [(2, 3), (3,)]),
    "neg(a)": (torch.neg, [(3,)]),
    "permute(a, [1, 0])": (lambda x: x.T, [(2, 3)]),
    "permute(a, b)": (lambda x: x.permute(2, 0, -2), [(2, 3, 4)]),
    "pow.Scalar(a, b)": (lambda x: 3**x, [(3,)]),
    "pow.Tensor_Scalar(a, -1)": (lambda x: x**-1, [(3,)]),
    "pow.Tensor_Scalar(a, 0)": (lambda x: x**0, [(3,)]),
    "pow.Tensor_Scalar(a, 1)": (lambda x: x**1, [(3,)]),
    "pow.Tensor_Scalar(a, 2)": (torch.square, [(3,)]),
    "pow.Tensor_Scalar(a, 3)": (lambda x: x**3.0, [(3,)]),
    "pow.Tensor_Scalar(a, b)": (lambda x: x**-1.5, [(3,)]),
    "pow.Tensor_Tensor(a, b)": (torch.pow, [(3,), (3,)]),
    "reciprocal(a)": (torch.reciprocal, [(3,)]),
    "relu(a)": (torch.relu, [(9,)]),
    "rsqrt(a)": (torch.rsqrt, [(3,)]),
    "rsub.Scalar(a, b)": (lambda x: 1 - x, [(3,)]),
    "rsub.Tensor(a, b)": (torch.rsub, [(3,), (3,)]),
    "select.int(a, b, c)": (lambda x: x[:, -2], [(2, 3)]),
    "sigmoid(a)": (torch.sigmoid, [(3,)]),
    "silu(a)": (silu, [(3,)]),
    "sin(a)": (torch.sin, [(3,)]),
    "sinh(a)": (torch.sinh, [(3,)]),
    "sqrt(a)": (torch.sqrt, [(3,)]),
    "squeeze(a)": (torch.squeeze, [(1, 3, 1)]),
    "squeeze.dim(a, b)": (lambda x: x.squeeze(-1), [(1, 3, 1)]),
    "squeeze.dims(a, b)": (lambda x: x.squeeze((0, 2)), [(1, 3, 1)]),
    "stack(a)": (lambda x, w, z: torch.stack([x, w, z]), [(3,), (3,), (3,)]),
    "sub.Tensor(a, b)": (torch.sub, [(3,), (3,)]),
    "sub.Tensor(a, b, alpha)": (
        lambda x, w: torch.sub(x, w, alpha=-2),
        [(3,), (3,)],
    ),
    "sum(a)": (torch.sum, [(2, 3)]),
    "sum.dim_IntList(a, None)": (lambda x: x.sum(dim=None), [(2, 3)]),
    "sum.dim_IntList(a, None, c)": (
        lambda x: x.sum(dim=None, keepdim=True),
        [(2, 3)],
    ),
    "sum.dim_IntList(a, b)": (lambda x: x.sum((0, -1)), [(2, 3, 4)]),
    "sum.dim_IntList(a, b, c)": (lambda x: x.sum(0, keepdim=True), [(2, 3)]),
    "t(a)": (torch.t, [(2, 3)]),
    "tan(a)": (torch.tan, [(3,)]),
    "tanh(a)": (torch.tanh, [(3,)]),
    "transpose.int(a, -2, -1)": (lambda x: x.mT, [(2, 3, 4)]),
    "transpose.int(a, b, c)": (lambda x: x.transpose(0, -1), [(2, 3, 4)]),
    "unsqueeze(a, b)": (lambda x: x[:, None], [(3,)]),
    "view(a, b)": (lambda x: x.reshape(3, 2), [(2, 3)]),
    "where.self(a, b, c)": (
        lambda x, w: torch.where(MASK, x, w),
        [(3,), (3,)],
    ),
}
"""For each entry of the tables, a function that torch records as that one operation."""

OF_TWO = [
    key
    for key, (_, shapes) in CASES.items()
    if key in ELEMENTWISE and len(shapes) == 2
]
BROADCAST: list[list[Shape]] = [[(2, 3), (3,)], [(), (3,)], [(2, 1), (1, 3)]]
IN_PLACE: dict[str, tuple[Function, int]] = {
    "mul_": (lambda x, w: x.clone().mul_(w), 2),
    "sub_, alpha": (lambda x, w: x.clone().sub_(w, alpha=3), 2),
    "pow_, tensor": (lambda x, w: x.clone().pow_(w), 2),
    "pow_, number": (lambda x: x.clone().pow_(3), 1),
    "sin_": (lambda x: x.clone().sin_(), 1),
    "exp_": (lambda x: x.clone().exp_(), 1),
}
SIGNED = re.compile("abs|clamp|relu")
REMARK = re.compile(", (?=over|copied|Σ|reshaped|permuted|dims|at )")
SIGNS = {
    "·": "*",
    "−": "-",
    "²": "**2",
    "³": "**3",
    "^": "**",
    "ᵀ": ".mT",
    "≥": ">=",
    "≤": "<=",
    " = ": " == ",
    "Σ": "total",
}


def run(
    f: Function, shapes: list[Shape], low: float = 0.1
) -> tuple[list[Edge], tuple[Tensor, ...]]:
    """Run f, one operation, on random numbers between `low` and 0.9.

    Return the edges of the operation, and what torch sends to its arguments.
    """
    torch.manual_seed(1)
    inputs = [
        low + (0.9 - low) * torch.rand(shape, dtype=torch.double)
        for shape in shapes
    ]
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    cotangent = torch.randn_like(y)
    messages = torch.autograd.grad(y, leaves, cotangent)
    names = ["x", "w", "z"][: len(inputs)]
    graph = trace(f, *inputs, cotangent=cotangent, names=names)
    return graph.edges_into[graph.output], messages


def evaluate(rule: str, edge: Edge, edges: Sequence[Edge]) -> Tensor:
    """Compute what a rule says: translate its signs to Python, and obey its remark."""
    x, target = edge.source.primal, edge.target
    assert isinstance(x, Tensor)
    left, right = rule.split(" += ")
    assert left == adjoint_name(edge.source.name)
    formula, remark = (*REMARK.split(right), "")[:2]
    dims = [int(d) for d in re.findall(r"-?\d+", remark.replace("−", "-"))]

    def total(values: Tensor) -> Tensor:
        if remark == "over the copies":
            return values.sum_to_size(x.shape)
        assert remark.startswith("Σ along dim ")
        return values.sum(dims, keepdim=True)

    names: dict[str, object] = {e.source.name: e.source.primal for e in edges}
    names |= {target.name: target.primal, "MASK": MASK, "total": total}
    names |= {adjoint_name(target.name): target.adjoint}
    names |= {"log": lambda a: torch.as_tensor(a, dtype=torch.double).log()}
    code = re.sub(r"(?<!\w)\[(.*?)\]", r"(\1)", formula)
    for sign, python in SIGNS.items():
        code = code.replace(sign, python)
    result = eval(code, vars(torch) | names)
    assert isinstance(result, Tensor)
    return obey(remark, dims, result, edge, x)


def obey(
    remark: str, dims: list[int], result: Tensor, edge: Edge, x: Tensor
) -> Tensor:
    """Do what the remark behind a formula says."""
    match remark.partition(" ")[0]:
        case "copied":
            shape = list(x.shape)
            for d in range(x.dim()) if remark.endswith("all dims") else dims:
                shape[d] = 1
            return result.reshape(shape).expand_as(x)
        case "reshaped":
            assert remark == f"reshaped like {edge.source.name}"
            return result.reshape(x.shape)
        case "permuted":
            order = re.findall(r"-?\d+", edge.target.arguments[1])
            moved = [int(d) % x.dim() for d in order]
            return result.permute([moved.index(k) for k in range(x.dim())])
        case "dims":
            return result.transpose(*dims)
        case "at":
            index, dim, elsewhere = dims
            everywhere = torch.full_like(x, elsewhere)
            return everywhere.select_scatter(result, dim, index)
    return result


def check(edges: list[Edge], messages: tuple[Tensor, ...]) -> None:
    """Compare what the rules of an operation say with what torch sent."""
    for edge, message in zip(edges, messages, strict=True):
        assert message.isfinite().all()
        rule = edge.rule
        assert rule, edge.target.statement
        said = evaluate(rule, edge, edges).to(message.dtype)
        assert_close(said, message, rtol=1e-12, atol=1e-12)


def test_every_entry_of_the_tables_has_a_case() -> None:
    """Nothing in the tables goes unchecked."""
    assert set(CASES) == {*ELEMENTWISE, *OTHERS}
    assert not {*ELEMENTWISE} & {*OTHERS}


@pytest.mark.parametrize("key", CASES)
def test_rule_is_what_torch_does(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each entry of the tables, evaluated, is the message that torch sends."""
    f, shapes = CASES[key]
    monkeypatch.setattr(rules, "RULES", {key: rules.RULES[key]})
    check(*run(f, shapes, low=-0.9 if SIGNED.match(key) else 0.1))


@pytest.mark.parametrize("key", OF_TWO)
@pytest.mark.parametrize("shapes", BROADCAST, ids=str)
def test_broadcasting(key: str, shapes: list[Shape]) -> None:
    """The messages of the copies are summed, and only where there are copies."""
    edges, messages = run(CASES[key][0], shapes)
    check(edges, messages)
    result = torch.broadcast_shapes(*shapes)
    for edge, shape in zip(edges, shapes, strict=True):
        assert ("over the copies" in edge.rule) == (shape != result)


@pytest.mark.parametrize("operation", IN_PLACE)
def test_in_place(operation: str) -> None:
    """An in-place operation has the rule of the plain one, also where torch renames it."""
    f, count = IN_PLACE[operation]
    check(*run(f, [(3,)] * count))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * -2.5,
        lambda x: x / -4,
        lambda x: x.clamp(-0.3, 0.3),
        lambda x: x**-4,
        lambda x: torch.pow(x, torch.tensor(-2.0)),
    ],
    ids=["times", "divided", "bounds", "power", "powers"],
)
def test_constants(f: Function) -> None:
    """A number in a rule stays together, whatever its sign and size."""
    check(*run(f, [(9,)], low=-0.9))


@pytest.mark.parametrize(
    ("f", "messages"),
    [
        (torch.maximum, [[2, 0, 6], [2, 5, 0]]),
        (torch.minimum, [[2, 5, 0], [2, 0, 6]]),
    ],
)
def test_ties(f: Function, messages: list[list[float]]) -> None:
    """Equal arguments share the message of a maximum, and of a minimum."""
    x, w = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 5.0, 0.0])
    cotangent = torch.tensor([4.0, 5.0, 6.0])
    graph = trace(f, x, w, cotangent=cotangent, names=["x", "w"])
    for edge, message in zip(graph.edges, messages, strict=True):
        assert evaluate(edge.rule, edge, graph.edges).tolist() == message
        assert edge.message is not None
        assert edge.message.tolist() == message


@pytest.mark.parametrize(
    ("f", "shapes", "stated"),
    [
        (torch.sin, [()], ["x̄ += v̄1 · cos(x)"]),
        (torch.square, [()], ["x̄ += v̄1 · 2 · x"]),
        (lambda x: x**-0.5, [()], ["x̄ += v̄1 · (−0.5) · x^(−1.5)"]),
        (lambda x: x**1.0, [()], ["x̄ += v̄1"]),
        (lambda x: x**0.25, [()], ["x̄ += v̄1 · 0.25 · x^(−0.75)"]),
        (
            lambda x, w: torch.sub(x, w, alpha=-2),
            [(), ()],
            ["x̄ += v̄1", "w̄ += 2 · v̄1"],
        ),
        (
            torch.addmm,
            [(2, 4), (2, 3), (3, 4)],
            ["x̄ += v̄1", "w̄ += v̄1 @ zᵀ", "z̄ += wᵀ @ v̄1"],
        ),
        (lambda x: x**-1.0, [()], ["x̄ += −v̄1 / x²"]),
        (lambda x: x / -1e9, [()], ["x̄ += v̄1 / (−1·10⁹)"]),
        (lambda x: x / 1e9, [()], ["x̄ += v̄1 / (1·10⁹)"]),
        (torch.exp, [(3,)], ["x̄ += v̄1 · v1"]),
        (
            torch.mul,
            [(2, 3), (3,)],
            ["x̄ += v̄1 · w", "w̄ += Σ(v̄1 · x), over the copies"],
        ),
        (torch.mm, [(2, 3), (3, 4)], ["x̄ += v̄1 @ wᵀ", "w̄ += xᵀ @ v̄1"]),
        (torch.mean, [(3, 5)], ["x̄ += v̄1 / 15, copied along all dims"]),
        (lambda x: x.sum(-1), [(2, 3)], ["x̄ += v̄1, copied along dim −1"]),
    ],
)
def test_wording(f: Function, shapes: list[Shape], stated: list[str]) -> None:
    """The rules read as in a textbook."""
    edges, _ = run(f, shapes)
    assert [edge.rule for edge in edges] == stated


class Cube(torch.autograd.Function):
    """The third power, with a derivative that is wrong."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:  # noqa: ARG004
        """Return x³."""
        return x**3

    @staticmethod
    def backward(ctx: object, *grads: Tensor) -> Tensor:  # noqa: ARG004
        """Return the cotangent as it is."""
        return grads[0]


def changed_by_a_view(x: Tensor) -> Tensor:
    """Return a copy whose first number was doubled in place."""
    y = x.clone()
    y[0].mul_(2)
    return y


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (lambda x: torch.rsub(x, 3, alpha=2), [(3,)]),
        (
            lambda x, w, z: torch.addmm(x, w, z, beta=2),
            [(3, 3), (3, 3), (3, 3)],
        ),
        (lambda x, w: torch.div(x, w, rounding_mode="floor"), [(3,), (3,)]),
        (lambda x, w: mse_loss(x, w, reduction="sum"), [(3,), (3,)]),
        (lambda x: torch.linalg.vector_norm(x, 3), [(3,)]),
        (lambda x, w: torch.stack([x, w], dim=1), [(3,), (3,)]),
        (lambda x: x.max(dim=0).values, [(3,)]),
        (lambda x: x.cumsum(0), [(3,)]),
        (Cube.apply, [(3,)]),
        (changed_by_a_view, [(3,)]),
    ],
)
def test_no_rule_rather_than_a_false_one(
    f: Function, shapes: list[Shape]
) -> None:
    """Where the tables do not fit the call, nothing is said."""
    edges, _ = run(f, shapes)
    assert {edge.rule for edge in edges} == {""}


@pytest.mark.parametrize(
    ("primals", "argument", "grad_fn", "rule"),
    [
        ((ONES, ONES), "x", "SinBackward0", "x̄ += v̄1 · cos(x)"),
        ((None, ONES), "x", "SinBackward0", ""),
        ((ONES, None), "x", "SinBackward0", ""),
        ((ONES + 1j, ONES), "x", "SinBackward0", ""),
        ((ONES, ONES), "?", "SinBackward0", ""),
        ((ONES, ONES), "x", "CopySlices", ""),
        ((ONES, ONES), "x", "CosBackward0", ""),
        ((ONES, ONES), "x", "SinBackward", ""),
    ],
)
def test_no_rule_for_what_is_not_known(
    primals: tuple[Tensor | None, Tensor | None],
    argument: str,
    grad_fn: str,
    rule: str,
) -> None:
    """A rule needs real values, the names, and torch's own node of the operation."""
    x, y = primals
    source = Node("x", "x", "input", (x,), (None,))
    target = Node(
        "v1",
        f"v1 = sin({argument})",
        "operation",
        (y,),
        (None,),
        overload="sin",
        arguments=(argument,),
        grad_fn=grad_fn,
    )
    assert Edge(source, target, slot=0).rule == rule


@pytest.mark.parametrize(
    ("name", "adjoint"),
    [
        ("x", "x\N{COMBINING MACRON}"),
        ("W", "W\N{COMBINING MACRON}"),
        ("v12", "v\N{COMBINING MACRON}12"),
        ("loss", "adj(loss)"),
        ("fc1.weight", "adj(fc1.weight)"),
        ("v3[0]", "v̄3[0]"),
        ("x1_2", "adj(x1_2)"),
    ],
)
def test_adjoint_name(name: str, adjoint: str) -> None:
    """A letter with a number gets a macron on the letter; on a longer name none would fit."""
    assert adjoint_name(name) == adjoint


def listed(overload: str, argument: str) -> str:
    """Return the formula of an argument, found as text in torch's file."""
    file = resources.files("torchgen") / "packaged/autograd/derivatives.yaml"
    _, _, rest = file.read_text("utf-8").partition(f"\n- name: {overload}(")
    entry, _, _ = rest.partition("\n- name: ")
    for line in entry.splitlines()[1:]:
        arguments, colon, formula = line.strip().partition(": ")
        if colon and argument in arguments.split(", "):
            return formula.strip('"')
    raise AssertionError(f"{overload} has no formula for {argument}.")


INDEX = torch.tensor([2, 0, 1])
SQUARE: Shape = (3, 3)
SLOTS: dict[str, tuple[Function, list[str], Shape]] = {
    "sin": (ATEN.sin, ["self"], SQUARE),
    "sum": (ATEN.sum, ["self"], SQUARE),
    "atan2": (ATEN.atan2, ["self", "other"], SQUARE),
    "addmm": (ATEN.addmm, ["self", "mat1", "mat2"], SQUARE),
    "lerp.Tensor": (ATEN.lerp.Tensor, ["self", "end", "weight"], SQUARE),
    "pow.Scalar": (lambda b: ATEN.pow.Scalar(2, b), ["exponent"], SQUARE),
    "where.self": (
        lambda x, w: ATEN.where.self(x > w, x, w),
        ["self", "other"],
        SQUARE,
    ),
    "index_select": (
        lambda x: ATEN.index_select(x, 0, INDEX),
        ["self"],
        SQUARE,
    ),
    "index_put": (
        lambda x, w: ATEN.index_put(x, [INDEX], w),
        ["self", "values"],
        SQUARE,
    ),
    "scatter.src": (
        lambda x, w: ATEN.scatter.src(x, 0, INDEX[None], w),
        ["self", "src"],
        SQUARE,
    ),
    "split.Tensor": (lambda x: ATEN.split.Tensor(x, 2)[0], ["self"], SQUARE),
    "cat": (lambda *xs: ATEN.cat(xs), ["tensors"] * 3, SQUARE),
    "native_layer_norm": (
        lambda x, w, b: ATEN.native_layer_norm(x, [3, 3], w, b, 1e-5)[0],
        ["input", "weight", "bias"],
        SQUARE,
    ),
    "_scaled_dot_product_flash_attention_for_cpu": (
        lambda *qkv: ATEN._scaled_dot_product_flash_attention_for_cpu(*qkv)[0],
        ["query", "key", "value"],
        (1, 1, 3, 4),
    ),
}


@pytest.mark.parametrize("overload", SLOTS)
def test_formulas_are_in_the_order_of_the_slots(overload: str) -> None:
    """The formula of a slot is listed for the argument that torch's node has there."""
    call, arguments, shape = SLOTS[overload]
    leaves = [torch.rand(shape).requires_grad_() for _ in arguments]
    grad_fn = call(*leaves).grad_fn
    assert grad_fn is not None
    slots = [before.variable for before, _ in grad_fn.next_functions]  # type: ignore[union-attr]
    assert list(map(id, slots)) == list(map(id, leaves))
    for slot, argument in enumerate(arguments):
        formula = torch_formula(overload, slot)
        assert formula
        assert formula == listed(overload, argument)


@pytest.mark.parametrize(
    ("overload", "plain"),
    [
        ("mul_.Tensor", "mul.Tensor"),
        ("exp_", "exp"),
        ("pow_.Scalar", "pow.Tensor_Scalar"),
        ("pow_.Tensor", "pow.Tensor_Tensor"),
    ],
)
def test_formula_of_an_in_place_operation(overload: str, plain: str) -> None:
    """It is that of the plain operation."""
    assert torch_formula(overload, 0) == listed(plain, "self")


def test_formula_of_an_in_place_operation_with_its_own() -> None:
    """Some are listed themselves: zero_ sends nothing, and there is no plain one."""
    assert torch_formula("zero_", 0) == listed("zero_", "self")


@pytest.mark.parametrize(
    ("overload", "slot"),
    [
        ("", 0),
        ("no_such_operation", 0),
        ("sin", 1),
        ("pow.Tensor_Scalar", 1),
        ("index_select", 1),
        ("_foreach_div.List", 1),
    ],
)
def test_no_formula(overload: str, slot: int) -> None:
    """An unknown operation or slot has none; nor has a slot behind a list of any length."""
    assert torch_formula(overload, slot) == ""


@pytest.fixture
def fresh() -> Iterator[None]:
    """Let torch's file be read anew, before the test and after it."""
    rules._derivatives.cache_clear()
    yield
    rules._derivatives.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_torch_without_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A torch that does not ship its formulas leaves them empty."""
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    assert torch_formula("sin", 0) == ""


@pytest.mark.usefixtures("fresh")
def test_torch_without_torchgen(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a torch without the package that holds the file."""
    monkeypatch.setitem(sys.modules, "torchgen", None)
    assert torch_formula("sin", 0) == ""
