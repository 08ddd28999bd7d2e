"""Exercise 5: the solution, against nudges and finite differences."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.exercises import ex5_log_sine_reciprocal as ex5
from autograd_tutorial.functions import log_sine_reciprocal

DOUBLE = torch.float64


class TestLogSineReciprocal:
    """Exercise 5."""

    X = torch.tensor(2.0, dtype=DOUBLE)

    def test_stated_values(self) -> None:
        """The evaluation trace at x = 2."""
        expected = [2, 4, 1.386294, 0.909297, 1.260554, 0.5, 1.760554]
        # The order is that of DEPENDENCIES: x, x², log x², sin x, product, 1/x, F.
        found = [
            value.item() for value in ex5.evaluation_trace(self.X).values()
        ]
        assert found == pytest.approx(expected, abs=5e-7)

    def test_stated_adjoints(self) -> None:
        """The adjoints at x = 2, and the three messages that add up at x."""
        expected = {
            "F": 1,
            "log x² · sin x": 1,
            "1/x": 1,
            "log x²": 0.909297,
            "sin x": 1.386294,
            "x²": 0.227324,
            "x": 0.082395,
        }
        found = {
            name: adjoint.item()
            for name, adjoint in ex5.chain_rule(self.X).items()
        }
        assert found == pytest.approx(expected, abs=5e-7)
        messages = (
            found["x²"] * 4,
            found["sin x"] * torch.cos(self.X).item(),
            -found["1/x"] / 4,
        )
        assert messages == pytest.approx((0.909297, -0.576902, -0.25), abs=5e-7)
        assert sum(messages) == pytest.approx(found["x"])

    def test_graph_reaches_every_value(self) -> None:
        """Every value but x is computed from others, and every value but F is used."""
        used = {
            name for sources in ex5.DEPENDENCIES.values() for name in sources
        }
        assert used == set(ex5.DEPENDENCIES) - {"F"}
        assert [
            name for name, sources in ex5.DEPENDENCIES.items() if not sources
        ] == ["x"]
        assert set(ex5.chain_rule(self.X)) == set(ex5.DEPENDENCIES)

    def test_trace_depends_on_what_the_graph_says(self) -> None:
        """Autograd finds a path from one value to another exactly where DEPENDENCIES has one."""
        x = self.X.clone().requires_grad_(True)
        trace = ex5.evaluation_trace(x)
        reachable: dict[str, set[str]] = {}
        for name, sources in ex5.DEPENDENCIES.items():
            reachable[name] = set(sources).union(
                *(reachable[source] for source in sources)
            )
        for name, value in trace.items():
            for other, source in trace.items():
                if name in ("x", other):
                    continue
                grads = torch.autograd.grad(
                    value, source, retain_graph=True, allow_unused=True
                )
                assert (grads[0] is not None) == (other in reachable[name]), (
                    name,
                    other,
                )

    def test_every_adjoint_against_a_nudge(self) -> None:
        """Nudging one value of the trace moves F by its adjoint: finite differences, no formula."""
        names = list(ex5.DEPENDENCIES)

        def rest(start: str, value: Tensor) -> Tensor:
            """Recompute F with one value of the trace replaced."""
            trace = ex5.evaluation_trace(self.X)
            trace[start] = value
            if start == "x":
                return ex5.evaluation_trace(value)["F"]
            if names.index(start) < names.index("log x²"):
                trace["log x²"] = torch.log(trace["x²"])
            if names.index(start) < names.index("log x² · sin x"):
                trace["log x² · sin x"] = trace["log x²"] * trace["sin x"]
            return (
                trace["log x² · sin x"] + trace["1/x"]
                if start != "F"
                else value
            )

        for name, value in ex5.evaluation_trace(self.X).items():
            h = 1e-6
            nudged = (rest(name, value + h) - rest(name, value - h)) / (2 * h)
            assert_close(
                ex5.chain_rule(self.X)[name], nudged, rtol=1e-8, atol=1e-8
            )

    @given(st.floats(0.1, 50) | st.floats(-50, -0.1))
    def test_comparison(self, number: float) -> None:
        """By hand and by autograd agree, and with central differences."""
        x, h = torch.tensor(number, dtype=DOUBLE), 1e-6
        by_hand, by_autograd = ex5.compare(x)
        assert_close(by_hand, by_autograd)
        witness = (log_sine_reciprocal(x + h) - log_sine_reciprocal(x - h)) / (
            2 * h
        )
        assert_close(by_hand, witness, rtol=1e-6, atol=1e-6)

    def test_integers_are_refused(self) -> None:
        """Autograd's own error says so."""
        with pytest.raises(RuntimeError, match="floating point"):
            ex5.compare(torch.tensor([1, 2]))
