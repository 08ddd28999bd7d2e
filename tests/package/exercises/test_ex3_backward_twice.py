"""Exercise 3: the solutions, and every line of the prediction as torch runs it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.checker.exercise import Prediction
from autograd_tutorial.exercises import ex3_backward_twice as ex3
from autograd_tutorial.exercises.ex3_backward_twice import cases
from autograd_tutorial.functions import twice_dot

DOUBLE = torch.float64
NUMBERS = st.lists(st.floats(-5, 5, allow_nan=False), min_size=2, max_size=5)


class TestBackwardTwice:
    """Exercise 3."""

    @given(NUMBERS)
    def test_gradient_twice(self, numbers: list[float]) -> None:
        """Both are 4x for 2 x·x, and a change of one leaves the other."""
        x = torch.tensor(numbers, dtype=DOUBLE, requires_grad=True)
        first, second = ex3.gradient_twice(twice_dot, x)
        assert_close(first, 4 * x.detach())
        first.zero_()
        assert_close(second, 4 * x.detach())
        assert x.grad is None

    @given(NUMBERS)
    def test_gradients_of_both(self, numbers: list[float]) -> None:
        """Central differences agree, and the shared part ran once."""
        x = torch.tensor(numbers, dtype=DOUBLE)
        shared, h = cases.Shared(), 1e-6
        losses = cases.sum_of_squares, cases.sum_of_cubes
        found = ex3.gradients_of_both(shared, *losses, x)
        assert shared.calls == 1
        for loss, gradient in zip(losses, found, strict=True):
            for step, slope in zip(
                h * torch.eye(len(x)), gradient, strict=True
            ):
                up, down = loss(shared(x + step)), loss(shared(x - step))
                assert_close((up - down) / (2 * h), slope, rtol=1e-5, atol=1e-5)

    def test_predictions(self) -> None:
        """What the statement asks, line by line."""

        def after(*steps: str) -> list[float] | str:
            x = torch.arange(4.0, requires_grad=True)
            y, z = 2 * torch.dot(x, x), (x + 1).sum()
            space: dict[str, object] = {"torch": torch, "x": x, "y": y, "z": z}
            try:
                for step in steps:
                    exec(step, space)  # noqa: S102 - the lines of the statement
            except RuntimeError:
                return "error"
            assert x.grad is not None
            return x.grad.tolist()

        again = "y = 2 * torch.dot(x, x)"
        found = [
            after("y.backward()", "y.backward()"),
            after("y.backward(retain_graph=True)", "y.backward()"),
            after("y.backward()", again, "y.backward()"),
            after("y.backward()", again, "x.grad = None", "y.backward()"),
            after("z.backward()", "z.backward()"),
        ]
        (prediction,) = (
            task for task in ex3.EXERCISE.tasks if isinstance(task, Prediction)
        )
        assert isinstance(prediction.solution, dict)
        assert found == list(prediction.solution.values())

    def test_no_gradient(self) -> None:
        """Autograd's own errors, for a vector and for an f without x."""
        x = torch.ones(2)
        with pytest.raises(RuntimeError, match="only for scalar outputs"):
            ex3.gradient_twice(lambda x: 2 * x, x)

        def constant(_: Tensor) -> Tensor:
            return torch.ones(())

        with pytest.raises(RuntimeError, match="does not require grad"):
            ex3.gradient_twice(constant, x)
