"""Exercise 8: the Jacobians, against finite differences, and the passes that they take."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.checker.case import Case
from autograd_tutorial.checker.observe import observe
from autograd_tutorial.exercises import ex1_gradient_argument as ex1
from autograd_tutorial.exercises import ex8_forward_or_reverse as ex8
from autograd_tutorial.exercises.ex8_forward_or_reverse import cases
from autograd_tutorial.functions import space_to_plane

DOUBLE = torch.float64
FUNCTIONS = [
    cases.powers,
    cases.neighbours,
    cases.squared_length,
    space_to_plane,
]
NUMBERS = st.lists(st.floats(-2, 2, allow_nan=False), min_size=3, max_size=3)


class TestForwardOrReverse:
    """Exercise 8."""

    @pytest.mark.parametrize("f", FUNCTIONS)
    @given(numbers=NUMBERS)
    def test_against_differences(
        self, f: Callable[[Tensor], Tensor], numbers: list[float]
    ) -> None:
        """By columns and by the cheaper mode, the matrix is that of central differences."""
        x, h = torch.tensor(numbers, dtype=DOUBLE), 1e-6
        steps = h * torch.eye(3, dtype=DOUBLE)
        columns = [(f(x + s) - f(x - s)) / (2 * h) for s in steps]
        expected = torch.stack(columns, dim=1)
        for found in (ex8.jacobian_by_columns(f, x), ex8.jacobian(f, x)):
            assert found.shape == (f(x).numel(), 3)
            assert_close(found, expected, rtol=1e-7, atol=1e-7)

    @pytest.mark.parametrize("n", [1, 3, 10])
    @pytest.mark.parametrize("f", [cases.powers, cases.squared_length])
    def test_passes(self, f: Callable[[Tensor], Tensor], n: int) -> None:
        """N tangents by columns, m backward passes by rows, and the fewer of the two."""
        x = torch.ones(n, dtype=DOUBLE)
        m = f(x).numel()

        def passes(jacobian: Callable[..., Tensor]) -> tuple[int, int]:
            (trial,) = observe(jacobian, lambda: [Case("", (f, x))], None)
            return trial.forward_passes, trial.reverse_passes

        assert passes(ex8.jacobian_by_columns) == (n, 0)
        assert passes(ex1.jacobian_by_rows) == (0, m)
        assert sum(passes(ex8.jacobian)) == min(m, n)
        cheaper = "forward" if passes(ex8.jacobian)[0] else "reverse"
        assert ex8.cheaper_mode(f, x) == cheaper
