"""Exercise 2: the solution, against the definition of the derivative."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from autograd_tutorial.exercises import ex2_sine_derivative as ex2

DOUBLE = torch.float64


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
