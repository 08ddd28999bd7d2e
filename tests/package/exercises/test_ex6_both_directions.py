"""Exercise 6: the two sweeps, against forward mode, reverse mode, and the sum over all paths."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograd_tutorial.exercises import ex5_log_sine_reciprocal as ex5
from autograd_tutorial.exercises import ex6_both_directions as ex6
from autograd_tutorial.functions import log_sine_reciprocal

DOUBLE = torch.float64
Edges = dict[tuple[str, str], float]


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Draw a graph of up to seven values, each computed from one to three earlier ones."""
    edges = {}
    for i in range(1, draw(st.integers(2, 7))):
        sources = draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=3))
        for j in sources:
            edges[f"u{i}", f"u{j}"] = float(draw(st.integers(-3, 3)))
    return edges


def over_paths(edges: Edges, start: str, end: str) -> float:
    """Return the derivative of one value with respect to another, as a sum over paths."""
    if start == end:
        return 1.0
    return math.fsum(
        partial * over_paths(edges, start, source)
        for (result, source), partial in edges.items()
        if result == end
    )


class TestBothDirections:
    """Exercise 6."""

    @given(graphs())
    def test_sweeps_against_the_sum_over_paths(self, edges: Edges) -> None:
        """On any graph, for every value; integers, so nothing is rounded."""
        names = list(edges)
        start, end = names[0][1], names[-1][0]
        for name, tangent in ex6.tangents(edges).items():
            assert tangent == over_paths(edges, start, name)
        for name, adjoint in ex6.adjoints(edges).items():
            assert adjoint == over_paths(edges, name, end)

    @given(st.floats(0.1, 50) | st.floats(-50, -0.1))
    def test_on_the_graph_of_f(self, number: float) -> None:
        """The tangents are those of forward mode, the adjoints those of reverse mode."""
        x = torch.tensor(number, dtype=DOUBLE)
        edges = ex6.partials(x)
        tangents, adjoints = ex6.tangents(edges), ex6.adjoints(edges)
        expected = torch.func.jvp(
            ex5.evaluation_trace, (x,), (torch.ones_like(x),)
        )[1]
        assert set(tangents) == set(adjoints) == set(ex5.DEPENDENCIES)
        for name, tangent in expected.items():
            assert tangents[name] == pytest.approx(tangent.item(), rel=1e-9)
        leaf = x.clone().requires_grad_(True)
        trace = ex5.evaluation_trace(leaf)
        found = torch.autograd.grad(trace["F"], list(trace.values()))
        for name, adjoint in zip(trace, found, strict=True):
            assert adjoints[name] == pytest.approx(
                adjoint.item(), rel=1e-9, abs=1e-12
            )

    def test_every_partial_against_a_nudge(self) -> None:
        """A central difference of the one operation, at the values of the trace."""
        operations: dict[str, Callable[..., float]] = {
            "x²": lambda x: x * x,
            "log x²": math.log,
            "sin x": math.sin,
            "log x² · sin x": lambda log, sine: log * sine,
            "1/x": lambda x: 1 / x,
            "F": lambda product, reciprocal: product + reciprocal,
        }
        x, h = torch.tensor(-1.3, dtype=DOUBLE), 1e-6
        trace = {n: v.item() for n, v in ex5.evaluation_trace(x).items()}
        for (result, source), partial in ex6.partials(x).items():
            sources = ex5.DEPENDENCIES[result]
            up, down = (
                operations[result](
                    *(
                        trace[s] + (sign * h if s == source else 0)
                        for s in sources
                    )
                )
                for sign in (1, -1)
            )
            assert (up - down) / (2 * h) == pytest.approx(partial, rel=1e-8)

    def test_both_ends_meet(self) -> None:
        """The tangent of the output and the adjoint of the input are both F′."""
        x, h = torch.tensor(2.0, dtype=DOUBLE), 1e-6
        edges = ex6.partials(x)
        slope = log_sine_reciprocal(x + h) - log_sine_reciprocal(x - h)
        for found in (ex6.tangents(edges)["F"], ex6.adjoints(edges)["x"]):
            assert found == pytest.approx((slope / (2 * h)).item(), rel=1e-7)

    def test_stated_numbers(self) -> None:
        """The predictions at x = 2."""
        edges = ex6.partials(torch.tensor(2.0, dtype=DOUBLE))
        tangents, adjoints = ex6.tangents(edges), ex6.adjoints(edges)
        found = {
            "tangent of log x²": tangents["log x²"],
            "tangent of log x² · sin x": tangents["log x² · sin x"],
            "adjoint of sin x": adjoints["sin x"],
            "adjoint of x²": adjoints["x²"],
            "F′(2)": tangents["F"],
        }
        assert ex6.EXERCISE.tasks[0].solution == pytest.approx(found, abs=5e-7)

    def test_zero_is_refused(self) -> None:
        """At 0 there is no F, and Python says so."""
        with pytest.raises(ZeroDivisionError):
            ex6.partials(torch.tensor(0.0))
