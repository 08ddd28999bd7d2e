"""The solutions of the exercises, against witnesses that do not share their method."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.exercises import ex1_gradient_argument as ex1
from autograd_tutorial.exercises import ex2_sine_derivative as ex2
from autograd_tutorial.exercises import ex5_log_sine_reciprocal as ex5
from autograd_tutorial.functions import (
    log_sine_reciprocal,
    space_to_plane,
    triple_square,
)

DOUBLE = torch.float64
POINT = torch.tensor([1.0, 2.0, 3.0], dtype=DOUBLE)
NUMBERS = st.floats(-5, 5, allow_nan=False)


class TestGradientArgument:
    """Exercise 1."""

    STATED = torch.tensor([3.0, 1.0, 2.0], dtype=DOUBLE)

    @pytest.mark.parametrize(
        ("v", "expected"),
        [([1, 1], [1, 4, 4]), ([1, 10], [1, 13, 40]), ([2, -1], [2, 5, -4])],
    )
    def test_stated_products(
        self, v: list[float], expected: list[float]
    ) -> None:
        """The products in the solution's table."""
        product = ex1.vector_jacobian_product(
            space_to_plane, self.STATED, torch.tensor(v, dtype=DOUBLE)
        )
        assert product.tolist() == expected

    def test_stated_jacobian(self) -> None:
        """The Jacobian of the solution."""
        found = ex1.jacobian_by_rows(space_to_plane, self.STATED)
        assert found.tolist() == [[1, 3, 0], [0, 1, 4]]

    @pytest.mark.parametrize("f", [space_to_plane, triple_square, torch.cumsum])
    @given(x=st.lists(NUMBERS, min_size=3, max_size=3))
    def test_jacobian_against_forward_mode(
        self, f: Callable[..., Tensor], x: list[float]
    ) -> None:
        """Forward mode, which makes columns and not rows, finds the same matrix."""
        arguments = {"dim": 0} if f is torch.cumsum else {}
        at = torch.tensor(x, dtype=DOUBLE)
        expected = torch.func.jacfwd(lambda x: f(x, **arguments))(at)
        assert_close(
            ex1.jacobian_by_rows(lambda x: f(x, **arguments), at), expected
        )

    @given(st.lists(NUMBERS, min_size=4, max_size=4), NUMBERS, NUMBERS)
    def test_linear_in_v(
        self, v: list[float], alpha: float, beta: float
    ) -> None:
        """(αv + βw)ᵀJ = α vᵀJ + β wᵀJ."""
        first, second = torch.tensor(v, dtype=DOUBLE).reshape(2, 2)

        def product(v: Tensor) -> Tensor:
            return ex1.vector_jacobian_product(space_to_plane, POINT, v)

        combined = product(alpha * first + beta * second)
        assert_close(combined, alpha * product(first) + beta * product(second))

    def test_leaves_x_alone(self) -> None:
        """Neither x nor its grad changes."""
        x = POINT.clone().requires_grad_(True)
        ex1.vector_jacobian_product(
            space_to_plane, x, torch.ones(2, dtype=DOUBLE)
        )
        assert x.grad is None

    def test_leaves_parameters_alone(self) -> None:
        """A parameter that f uses keeps its grad, and an f without x is refused."""
        w = torch.ones(3, dtype=DOUBLE, requires_grad=True)
        v = torch.ones(3, dtype=DOUBLE)
        product = ex1.vector_jacobian_product(lambda x: w * x, POINT, v)
        assert torch.equal(product, w)
        assert w.grad is None
        with pytest.raises(RuntimeError, match="appears to not have been used"):
            ex1.vector_jacobian_product(lambda _: w * 2, POINT, v)

    def test_part_5(self) -> None:
        """Two calls add up in one tensor, which a name saved after the first call sees too."""
        x = POINT.clone().requires_grad_(True)
        v = torch.tensor([1.0, 10.0], dtype=DOUBLE)
        y = space_to_plane(x)
        y.backward(v, retain_graph=True)
        saved = x.grad
        assert saved is not None
        cloned = saved.clone()
        y.backward(v)
        assert saved is x.grad
        assert torch.equal(saved, 2 * cloned)

    def test_v_of_the_wrong_shape(self) -> None:
        """Autograd's own error says so."""
        with pytest.raises(RuntimeError, match="Mismatch in shape"):
            ex1.vector_jacobian_product(
                space_to_plane, POINT, torch.ones(3, dtype=DOUBLE)
            )


class TestSineDerivative:
    """Exercise 2."""

    @given(st.lists(st.floats(-7, 7, allow_nan=False), min_size=1, max_size=9))
    def test_against_central_differences(self, numbers: list[float]) -> None:
        """The definition of the derivative agrees, and so does the fourth-order difference."""
        x, h = torch.tensor(numbers, dtype=DOUBLE), 1e-3
        near = (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)
        far = (torch.sin(x + 2 * h) - torch.sin(x - 2 * h)) / (4 * h)
        assert_close(
            ex2.derivative_of_sine(x), (4 * near - far) / 3, rtol=0, atol=1e-12
        )

    @pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
    def test_any_shape(self, shape: tuple[int, ...]) -> None:
        """At 0 the slope is 1, on a tensor of any shape, detached."""
        slope = ex2.derivative_of_sine(torch.zeros(shape))
        assert torch.equal(slope, torch.ones(shape))
        assert not slope.requires_grad

    def test_calls_no_cosine(self) -> None:
        """The solution's own code never calls torch.cos."""
        called = []

        class Spy(torch.overrides.TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                called.append(func)
                return func(*args, **(kwargs or {}))

        with Spy():
            ex2.derivative_of_sine(torch.ones(2))
        assert torch.sin in called
        assert not {torch.cos, torch.Tensor.cos, torch.Tensor.cos_} & set(
            called
        )


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
        """The package's own error says what to do."""
        with pytest.raises(TypeError, match="real floating-point dtype"):
            ex5.compare(torch.tensor([1, 2]))
