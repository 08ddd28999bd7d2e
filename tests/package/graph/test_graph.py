"""Whatever is composed, all that a graph can be asked is right."""

import torch
from graphs import DOUBLE, Function, randn, tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.graph import trace

UNARY: list[Function] = [
    torch.sin,
    lambda a: a.tanh().exp(),
    lambda a: a**2,
    lambda a: a.sum() + a,
    lambda a: (a[:1] if a.dim() else a) * 1.5,
    lambda a: a.flip(-1) if a.dim() else a,
    lambda a: -a,
]
BINARY: list[Function] = [
    torch.add,
    torch.sub,
    torch.mul,
    lambda a, b: a / (1 + b * b),
    lambda a, b: torch.where(a > b, a, 2 * b),
]


def combined(f: Function, a: Function, b: Function | None = None) -> Function:
    """Return f of expressions."""
    if b is None:
        return lambda x: f(a(x))
    return lambda x: f(a(x), b(x))


def identity(x: Tensor) -> Tensor:
    """Return the variable itself."""
    return x


expressions: st.SearchStrategy[Function] = st.recursive(
    st.sampled_from([identity, lambda x: x * 1, lambda x: x.sum()]),
    lambda inner: st.one_of(
        st.builds(combined, st.sampled_from(UNARY), inner),
        st.builds(combined, st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=6,
)
points = st.lists(st.floats(-2, 2), min_size=1, max_size=4).map(
    lambda numbers: torch.tensor(numbers, dtype=DOUBLE)
)


@settings(max_examples=150)
@given(expressions, points, st.integers(0, 99))
def test_random_expressions(f: Function, x: Tensor, seed: int) -> None:
    """Whatever is composed, the record agrees with torch and with itself."""
    leaf = x.clone().requires_grad_()
    result = f(leaf)
    v = randn(*result.shape, seed=seed)
    (expected,) = torch.autograd.grad(result, leaf, v)
    graph = trace(f, x, cotangent=v)
    sizes = [tensor(edge.message).abs().max().item() for edge in graph.edges]
    assert graph.check() <= 4e-16 * max(sizes, default=0)
    assert graph.doubts == ()
    assert torch.equal(tensor(graph.output.primal), result)
    assert torch.equal(tensor(graph["x"].adjoint), expected)
    assert torch.equal(tensor(graph.pullback()), expected)
    t = randn(*x.shape, seed=seed + 1)
    pushed = graph.pushforward(t)
    assert_close(
        pushed,
        torch.func.jvp(f, (x,), (t,))[1],
        rtol=1e-11,
        atol=1e-11 * max(sizes, default=1),
    )
