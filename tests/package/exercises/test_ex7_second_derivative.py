"""Exercise 7: the Hessian and its product, against finite differences of the values."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.exercises import ex7_second_derivative as ex7
from autograd_tutorial.exercises.ex7_second_derivative import cases

DOUBLE = torch.float64
FUNCTIONS = [cases.rosenbrock, cases.sines_of_neighbours, cases.log_of_squares]
NUMBERS = st.lists(st.floats(-2, 2, allow_nan=False), min_size=3, max_size=3)


def by_differences(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the Hessian from values of f alone."""
    h = 1e-4
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack(
        [
            torch.stack(
                [
                    f(x + a + b) - f(x + a - b) - f(x - a + b) + f(x - a - b)
                    for b in steps
                ]
            )
            for a in steps
        ]
    ) / (4 * h**2)


class TestSecondDerivative:
    """Exercise 7."""

    @pytest.mark.parametrize("f", FUNCTIONS)
    @given(numbers=NUMBERS)
    def test_hessian_against_differences(
        self, f: Callable[[Tensor], Tensor], numbers: list[float]
    ) -> None:
        """Values of f alone give the same matrix, up to their own error."""
        x = torch.tensor(numbers, dtype=DOUBLE)
        assert_close(
            ex7.hessian_by_rows(f, x),
            by_differences(f, x),
            rtol=1e-4,
            atol=1e-3,
        )

    @pytest.mark.parametrize("f", FUNCTIONS)
    @given(numbers=NUMBERS, weights=NUMBERS)
    def test_product_is_that_of_the_matrix(
        self,
        f: Callable[[Tensor], Tensor],
        numbers: list[float],
        weights: list[float],
    ) -> None:
        """Hv, and the matrix is symmetric."""
        x = torch.tensor(numbers, dtype=DOUBLE)
        v = torch.tensor(weights, dtype=DOUBLE)
        hessian = ex7.hessian_by_rows(f, x)
        assert_close(hessian, hessian.T)
        assert_close(ex7.hessian_vector_product(f, x, v), hessian @ v)

    def test_rosenbrock_by_hand(self) -> None:
        """The textbook Hessian in two variables, at its minimum."""
        found = ex7.hessian_by_rows(
            cases.rosenbrock, torch.ones(2, dtype=DOUBLE)
        )
        assert found.tolist() == [[802, -400], [-400, 200]]

    def test_linear_function_is_refused(self) -> None:
        """Its gradient depends on nothing, and autograd says so."""
        with pytest.raises(RuntimeError, match="does not require grad"):
            ex7.hessian_by_rows(torch.sum, torch.ones(2))
