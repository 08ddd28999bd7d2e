"""Exercise 4: the solutions, against the factor that is counted and not differentiated."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.testing import assert_close

from autograd_tutorial.checker.exercise import Prediction
from autograd_tutorial.exercises import ex4_control_flow as ex4
from autograd_tutorial.functions import double_until_large

DOUBLE = torch.float64
NUMBERS = st.lists(
    st.floats(-50, 50, allow_nan=False).filter(lambda a: abs(a) > 1e-3),
    min_size=1,
    max_size=6,
)


def counted(numbers: list[float]) -> float:
    """Return the factor by the rule of the statement, in plain Python."""
    k = 2.0
    while k * math.hypot(*numbers) < 1000:
        k *= 2
    return k if math.fsum(numbers) > 0 else 100 * k


class TestControlFlow:
    """Exercise 4."""

    @given(NUMBERS)
    def test_factor(self, numbers: list[float]) -> None:
        """It is the number that the loop and the branch make."""
        assume(abs(math.fsum(numbers)) > 1e-9)
        k = ex4.factor(torch.tensor(numbers, dtype=DOUBLE))
        assert k == counted(numbers)

    @given(NUMBERS, st.floats(-5, 5))
    def test_weighted_gradient(self, numbers: list[float], w: float) -> None:
        """VᵀJ is k·v, and f(a) is k·a."""
        a = torch.tensor(numbers, dtype=DOUBLE)
        v = w * torch.arange(1, len(a) + 1, dtype=DOUBLE)
        k = ex4.factor(a)
        assert_close(ex4.weighted_gradient(a, v), k * v)
        assert_close(double_until_large(a), k * a)

    def test_zeros(self) -> None:
        """Where a is zero the quotient is NaN and the gradient is k."""
        a = torch.tensor([0.0, 0.6], dtype=DOUBLE)
        assert torch.isnan(double_until_large(a) / a).tolist() == [True, False]
        gradient = ex4.weighted_gradient(a, torch.ones(2, dtype=DOUBLE))
        assert gradient.tolist() == [2048, 2048]

    def test_predictions(self) -> None:
        """What the statement asks, as torch runs it."""
        numbers: list[object] = []
        for point, vs in (
            ((0.3, 0.4), [(1.0, 1.0), (1.0, 10.0)]),
            ((-0.3, -0.4), []),
            ((0.3, -0.4), []),
        ):
            a = torch.tensor(point, dtype=DOUBLE)
            numbers.append((double_until_large(a) / a)[0].item())
            for v in vs:
                leaf = a.clone().requires_grad_(True)
                double_until_large(leaf).backward(torch.tensor(v, dtype=DOUBLE))
                assert leaf.grad is not None
                numbers.append(leaf.grad.tolist())
        (prediction,) = (
            task for task in ex4.EXERCISE.tasks if isinstance(task, Prediction)
        )
        assert isinstance(prediction.solution, dict)
        expected = list(prediction.solution.values())
        assert len(numbers) == len(expected)
        for found, value in zip(numbers, expected, strict=True):
            assert found == pytest.approx(value)

    def test_not_contiguous(self) -> None:
        """A transposed matrix has the factor of the matrix."""
        a = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], dtype=DOUBLE)
        assert ex4.factor(a.T) == ex4.factor(a) == counted(a.flatten().tolist())
