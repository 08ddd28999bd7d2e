"""Exercise 1: the solution, against forward mode and the numbers of its page."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial.exercises import ex1_gradient_argument as ex1
from autograd_tutorial.functions import space_to_plane, triple_square

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
