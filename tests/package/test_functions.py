"""The tutorial's functions: their values, their hand derivatives, their errors."""

import math
from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from autograd_tutorial import derivative, functions
from autograd_tutorial.functions import (
    double_until_large,
    double_until_large_factor,
    log_sine_reciprocal,
    log_sine_reciprocal_derivative,
    space_to_plane,
    space_to_plane_jacobian,
    triple_square,
    triple_square_derivative,
    twice_dot,
    twice_dot_gradient,
)

DOUBLE = torch.float64
ALL = [
    getattr(functions, name)
    for name in functions.__all__
    if name != "derivative"
]


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    """Draw floats from an interval."""
    return st.floats(low, high, allow_nan=False)


def vectors(
    low: float, high: float, min_size: int = 1
) -> st.SearchStrategy[Tensor]:
    """Draw float64 vectors."""
    return st.lists(finite(low, high), min_size=min_size, max_size=8).map(
        lambda numbers: torch.tensor(numbers, dtype=DOUBLE)
    )


def central_differences(
    f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-6
) -> Tensor:
    """Return the Jacobian of f at a vector x by central differences: no autograd, no formula."""
    columns = [
        (f(x + h * e) - f(x - h * e)) / (2 * h)
        for e in torch.eye(len(x), dtype=x.dtype)
    ]
    return torch.stack(columns, dim=-1)


def gradient(
    f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor | None = None
) -> Tensor:
    """Return what `backward` leaves at a fresh leaf."""
    leaf = x.detach().clone().requires_grad_(True)
    f(leaf).backward(v)
    assert leaf.grad is not None
    return leaf.grad


class TestTwiceDot:
    """y = 2 x · x."""

    def test_the_notebook_s_numbers(self) -> None:
        """The value at (0, 1, 2, 3) is 28, and the gradient (0, 4, 8, 12)."""
        x = torch.arange(4.0)
        assert twice_dot(x).item() == 28
        assert gradient(twice_dot, x).tolist() == [0, 4, 8, 12]

    def test_backward_accumulates(self) -> None:
        """A second run without zeroing gives 8x, a third 12x."""
        x = torch.arange(4.0, requires_grad=True)
        for factor in (4, 8, 12):
            twice_dot(x).backward()
            assert x.grad is not None
            assert torch.equal(x.grad, factor * x.detach())

    @given(vectors(-1e3, 1e3))
    def test_gradient_is_four_x(self, x: Tensor) -> None:
        """For every x the gradient by autograd is the one by hand, 4x."""
        assert_close(gradient(twice_dot, x), twice_dot_gradient(x))
        assert_close(twice_dot_gradient(x), 4 * x)

    @given(vectors(-3, 3))
    def test_hand_gradient_against_central_differences(self, x: Tensor) -> None:
        """Finite differences, which know no derivative, agree with the hand gradient."""
        assert_close(
            central_differences(twice_dot, x),
            twice_dot_gradient(x),
            rtol=1e-7,
            atol=1e-7,
        )

    def test_gradcheck(self) -> None:
        """The gradient survives gradcheck."""
        assert torch.autograd.gradcheck(
            twice_dot, torch.randn(5, dtype=DOUBLE, requires_grad=True)
        )


class TestTripleSquare:
    """y = 3 x², element by element."""

    @pytest.mark.parametrize(
        ("v", "expected"), [([1, 1], [6, 12]), ([1, 10], [6, 120])]
    )
    def test_the_notebook_s_numbers(
        self, v: list[float], expected: list[float]
    ) -> None:
        """At (1, 2), v = (1, 1) gives (6, 12) and v = (1, 10) gives (6, 120)."""
        x = torch.tensor([1.0, 2.0])
        assert triple_square(x).tolist() == [3, 12]
        assert (
            gradient(triple_square, x, torch.tensor(v, dtype=x.dtype)).tolist()
            == expected
        )

    def test_a_second_backward_adds_into_the_same_tensor(self) -> None:
        """(6, 120) + (6, 12) = (12, 132), also in a reference saved after the first call."""
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        triple_square(x).backward(torch.tensor([1.0, 10.0]))
        saved = x.grad
        assert saved is not None
        triple_square(x).backward(torch.tensor([1.0, 1.0]))
        assert saved.tolist() == [12, 132]

    @given(vectors(-3, 3))
    def test_hand_derivative_against_central_differences(
        self, x: Tensor
    ) -> None:
        """The whole Jacobian by finite differences is diagonal, with the hand derivative on it."""
        expected = torch.diag(triple_square_derivative(x))
        assert_close(
            central_differences(triple_square, x),
            expected,
            rtol=1e-7,
            atol=1e-7,
        )

    @given(vectors(-1e3, 1e3))
    def test_hand_derivative_against_autograd(self, x: Tensor) -> None:
        """Autograd agrees with the hand derivative."""
        assert_close(derivative(triple_square, x), triple_square_derivative(x))


class TestSpaceToPlane:
    """y = (x₁x₂, x₂ + x₃²): three inputs, two outputs."""

    POINT = torch.tensor([1.0, 2.0, 3.0], dtype=DOUBLE)

    @pytest.mark.parametrize(
        ("v", "expected"),
        [
            ([1, 1], [2, 2, 6]),
            ([1, 10], [2, 11, 60]),
            ([1, 0], [2, 1, 0]),
            ([0, 1], [0, 1, 6]),
        ],
    )
    def test_v_weighs_the_rows(
        self, v: list[float], expected: list[float]
    ) -> None:
        """The products at (1, 2, 3) that the tutorial and exercise 1 state."""
        assert space_to_plane(self.POINT).tolist() == [2, 11]
        got = gradient(
            space_to_plane, self.POINT, torch.tensor(v, dtype=DOUBLE)
        )
        assert got.tolist() == expected

    @given(vectors(-3, 3, min_size=3).map(lambda x: x[:3]))
    def test_hand_jacobian_against_central_differences(self, x: Tensor) -> None:
        """Finite differences agree with the hand Jacobian."""
        found = central_differences(space_to_plane, x)
        assert_close(found, space_to_plane_jacobian(x), rtol=1e-7, atol=1e-7)

    @given(vectors(-1e3, 1e3, min_size=3).map(lambda x: x[:3]))
    def test_hand_jacobian_against_torch_func(self, x: Tensor) -> None:
        """Forward and reverse mode agree with the hand Jacobian."""
        for transform in (torch.func.jacrev, torch.func.jacfwd):
            assert_close(
                transform(space_to_plane)(x), space_to_plane_jacobian(x)
            )

    @given(
        st.lists(finite(-10, 10), min_size=4, max_size=4),
        st.tuples(finite(-9, 9), finite(-9, 9)),
    )
    def test_vjp_is_linear_in_v(
        self, v: list[float], weights: tuple[float, float]
    ) -> None:
        """(αv + βw)ᵀJ = α vᵀJ + β wᵀJ."""
        first, second = torch.tensor(v, dtype=DOUBLE).reshape(2, 2)
        alpha, beta = weights
        combined = gradient(
            space_to_plane, self.POINT, alpha * first + beta * second
        )
        apart = alpha * gradient(space_to_plane, self.POINT, first)
        assert_close(
            combined,
            apart + beta * gradient(space_to_plane, self.POINT, second),
        )

    def test_v_must_have_the_shape_of_the_output(self) -> None:
        """A v of the input's shape is refused."""
        with pytest.raises(RuntimeError, match="Mismatch in shape"):
            gradient(space_to_plane, self.POINT, torch.ones(3, dtype=DOUBLE))

    def test_a_vector_output_needs_v(self) -> None:
        """Without v, backward refuses a vector."""
        with pytest.raises(RuntimeError, match="only for scalar outputs"):
            gradient(space_to_plane, self.POINT)


class TestDoubleUntilLarge:
    """f(a) = k a, by a loop and a branch."""

    @pytest.mark.parametrize(
        ("number", "value", "factor"),
        [
            (1.2009, 1.2009 * 1024, 1024),
            (0.5, 1024.0, 2048),
            (-0.5, -102400.0, 204800),
        ],
    )
    def test_the_notebook_s_numbers(
        self, number: float, value: float, factor: float
    ) -> None:
        """The values and gradients that the tutorial states."""
        a = torch.tensor(number)
        assert_close(double_until_large(a).item(), value, rtol=1e-6, atol=0)
        assert gradient(double_until_large, a).item() == factor

    @given(
        st.one_of(finite(1e-3, 1e4), finite(-1e4, -1e-3)),
        st.sampled_from([torch.float32, DOUBLE]),
    )
    def test_value_is_gradient_times_a(
        self, number: float, dtype: torch.dtype
    ) -> None:
        """F(a) = grad · a, and the gradient is the factor by hand, exactly: both are products."""
        a = torch.tensor(number, dtype=dtype)
        slope = gradient(double_until_large, a)
        assert torch.equal(double_until_large(a), slope * a)
        assert torch.equal(slope, double_until_large_factor(a))

    @given(
        vectors(-1e4, 1e4).filter(lambda a: bool((a.abs() > 1e-3).any())),
        st.data(),
    )
    def test_tensor_has_one_factor(
        self, a: Tensor, data: st.DataObject
    ) -> None:
        """For a vector J = k I, so every v gives k v."""
        size = len(a)
        v = torch.tensor(
            data.draw(st.lists(finite(-9, 9), min_size=size, max_size=size)),
            dtype=DOUBLE,
        )
        assert_close(
            gradient(double_until_large, a, v), double_until_large_factor(a) * v
        )

    @given(st.one_of(finite(1e-3, 1e4), finite(-1e4, -1e-3)), finite(1e-2, 1e5))
    def test_factor_reaches_the_threshold_and_no_further(
        self, number: float, limit: float
    ) -> None:
        """Without the sign's factor, k a is at the threshold or beyond, and half of it is not."""
        a = torch.tensor(number, dtype=DOUBLE)
        k = double_until_large_factor(a, limit).item() / (
            1 if number > 0 else 100
        )
        assert abs(k * number) >= limit
        assert k == 2 or abs(k * number) / 2 < limit

    @pytest.mark.parametrize("k", range(1, 8))
    @pytest.mark.parametrize("sign", [1, -1])
    def test_jumps_at_threshold_over_powers_of_two(
        self, k: int, sign: int
    ) -> None:
        """The slope below |a| = 1000/2^k is twice the slope from there on."""
        jump = torch.tensor(sign * 1000 / 2**k, dtype=DOUBLE)
        below = torch.nextafter(jump, torch.zeros_like(jump))
        ratio = double_until_large_factor(below) / double_until_large_factor(
            jump
        )
        assert ratio.item() == 2

    @pytest.mark.parametrize("k", range(1, 8))
    def test_the_loop_stops_at_the_threshold(self, k: int) -> None:
        """At |a| = 1000/2^k the norm is 1000 after k doublings, which is not below 1000."""
        a = torch.tensor(1000 / 2**k, dtype=DOUBLE)
        assert double_until_large(a).item() == 1000
        assert double_until_large(-a).item() == -100_000
        assert torch.equal(
            gradient(double_until_large, a), double_until_large_factor(a)
        )

    def test_gradcheck_away_from_the_jumps(self) -> None:
        """Finite differences agree where no jump is near."""
        for number in (1.2009, -0.7, 30.0):
            a = torch.tensor(number, dtype=DOUBLE, requires_grad=True)
            assert torch.autograd.gradcheck(double_until_large, a)

    def test_exact_comparison_fails_for_a_share_of_negative_numbers(
        self,
    ) -> None:
        """The notebook's `a.grad == f(a)/a` holds for positive draws, fails for 1 in 8 below 0."""
        sizes = torch.randn(
            2_000, generator=torch.Generator().manual_seed(0)
        ).abs()
        for draws, low, high in ((sizes, 0.0, 0.0), (-sizes, 0.11, 0.14)):
            unequal = [
                double_until_large_factor(a) != double_until_large(a) / a
                for a in draws
            ]
            assert low <= sum(map(bool, unequal)) / len(draws) <= high

    @pytest.mark.parametrize(
        "function", [double_until_large, double_until_large_factor]
    )
    @pytest.mark.parametrize(
        ("a", "message"),
        [
            (torch.tensor(0.0), "zero everywhere"),
            (torch.zeros(2, 3), "zero everywhere"),
            (torch.zeros(0), "a is empty"),
            (torch.tensor(math.nan), "an infinity or a NaN"),
            (torch.tensor([1.0, math.nan]), "an infinity or a NaN"),
            (torch.tensor(math.inf), "an infinity or a NaN"),
            (torch.tensor([-math.inf, 0.0]), "an infinity or a NaN"),
            (
                torch.tensor(-0.001, dtype=torch.float16),
                "too large for torch.float16",
            ),
        ],
        ids=str,
    )
    def test_values_that_never_arrive(
        self, function: Callable[[Tensor], Tensor], a: Tensor, message: str
    ) -> None:
        """Zeros, an empty tensor, infinities, NaN and overflow say what is wrong."""
        with pytest.raises(ValueError, match=message):
            function(a)

    def test_a_result_too_large_for_the_dtype(self) -> None:
        """The factor 200 is representable in float32, 200 times -3e38 is not."""
        a = torch.tensor(-3e38)
        assert double_until_large_factor(a) == 200
        with pytest.raises(
            ValueError, match=r"too large for torch\.float32.*a\.double"
        ):
            double_until_large(a)

    @pytest.mark.parametrize(
        ("number", "dtype"),
        [(5e-324, DOUBLE), (1e-38, torch.float32), (1e-3, torch.float16)],
    )
    def test_a_factor_too_large_for_the_dtype(
        self, number: float, dtype: torch.dtype
    ) -> None:
        """A tiny a has a value, but its factor is not representable."""
        a = torch.tensor(number, dtype=dtype)
        assert 1000 <= double_until_large(a).item() < 2000
        with pytest.raises(ValueError, match="factor is too large"):
            double_until_large_factor(a)

    @pytest.mark.parametrize(
        "threshold", [0, 10**400, -1.0, math.inf, math.nan]
    )
    def test_threshold_must_be_positive_and_finite(
        self, threshold: float
    ) -> None:
        """A threshold that is no positive number is refused by value."""
        with pytest.raises(
            ValueError, match="threshold must be positive and finite"
        ):
            double_until_large(torch.tensor(1.0), threshold)

    @pytest.mark.parametrize(
        "threshold", ["1000", None, True, torch.tensor(5.0)]
    )
    def test_threshold_must_be_a_number(self, threshold: object) -> None:
        """A threshold of another type is refused by type."""
        with pytest.raises(TypeError, match="threshold must be a number"):
            double_until_large(torch.tensor(1.0), threshold)  # type: ignore[arg-type]

    def test_tiny_norms_arrive(self) -> None:
        """A vector whose norm underflows to 0 in float32 is not zero, and is doubled all the same."""
        a = torch.tensor([1e-30, 1e-30])
        assert a.norm() == 0
        assert double_until_large(a).norm() >= 1000


class TestLogSineReciprocal:
    """F(x) = log(x²) sin x + 1/x."""

    def test_stated_numbers(self) -> None:
        """The values and slopes at 1 and 2 that the site states."""
        x = torch.tensor([1.0, 2.0], dtype=DOUBLE)
        expected = torch.tensor([1.0, 1.760554], dtype=DOUBLE)
        assert_close(log_sine_reciprocal(x), expected, rtol=0, atol=5e-7)
        slopes = torch.tensor([0.682942, 0.082395], dtype=DOUBLE)
        assert_close(
            log_sine_reciprocal_derivative(x), slopes, rtol=0, atol=5e-7
        )

    @given(st.one_of(finite(0.1, 50), finite(-50, -0.1)))
    def test_hand_derivative_against_central_differences(
        self, number: float
    ) -> None:
        """Finite differences agree with the hand derivative on both branches."""
        x = torch.tensor([number], dtype=DOUBLE)
        found = central_differences(log_sine_reciprocal, x)[0]
        assert_close(
            found, log_sine_reciprocal_derivative(x), rtol=1e-6, atol=1e-6
        )

    @given(st.one_of(finite(1e-3, 1e3), finite(-1e3, -1e-3)))
    def test_hand_derivative_against_autograd(self, number: float) -> None:
        """Autograd agrees with the hand derivative."""
        x = torch.tensor(number, dtype=DOUBLE)
        assert_close(
            derivative(log_sine_reciprocal, x),
            log_sine_reciprocal_derivative(x),
        )

    def test_gradcheck_to_second_order(self) -> None:
        """Both branches survive gradcheck and gradgradcheck."""
        x = torch.tensor(
            [-3.0, -0.5, 0.5, 3.0], dtype=DOUBLE, requires_grad=True
        )
        assert torch.autograd.gradcheck(log_sine_reciprocal, x)
        assert torch.autograd.gradgradcheck(log_sine_reciprocal, x)

    @pytest.mark.parametrize(
        ("dtype", "stated"), [(torch.float32, 7.6e-6), (DOUBLE, 1.4e-14)]
    )
    def test_rounding(self, dtype: torch.dtype, stated: float) -> None:
        """At 400 points of [0.1, 10] hand and autograd differ by rounding alone."""
        x = torch.linspace(0.1, 10, 400, dtype=dtype)
        gap = (
            (
                derivative(log_sine_reciprocal, x)
                - log_sine_reciprocal_derivative(x)
            )
            .abs()
            .max()
        )
        assert gap.item() == pytest.approx(stated, rel=0.02)

    def test_pole(self) -> None:
        """At 0 the value and the derivative are NaN."""
        zero = torch.zeros(1, dtype=DOUBLE)
        assert log_sine_reciprocal(zero).isnan().all()
        assert derivative(log_sine_reciprocal, zero).isnan().all()

    def test_reciprocal_is_recorded_as_two_nodes(self) -> None:
        """PyTorch records 1 / x as a reciprocal and a multiplication by 1."""
        y = 1 / torch.tensor(2.0, requires_grad=True)
        assert y.grad_fn is not None
        before = y.grad_fn.next_functions[0][0]
        assert before is not None
        assert (y.grad_fn.name(), before.name()) == (
            "MulBackward0",
            "ReciprocalBackward0",
        )


class TestBadInput:
    """Every function refuses what it cannot take, by name, with what to do."""

    @pytest.mark.parametrize("function", ALL)
    @pytest.mark.parametrize(
        "dtype", [torch.int64, torch.int32, torch.bool, torch.complex64]
    )
    def test_dtype(
        self, function: Callable[[Tensor], Tensor], dtype: torch.dtype
    ) -> None:
        """Integers, booleans and complex numbers have no derivative here."""
        with pytest.raises(
            TypeError, match=rf"real floating-point dtype, but it has {dtype}"
        ):
            function(torch.ones(3, dtype=dtype))

    @pytest.mark.parametrize("function", ALL)
    @pytest.mark.parametrize("value", [1.0, [1.0, 2.0, 3.0], None, "x"])
    def test_no_tensor(
        self, function: Callable[[Tensor], Tensor], value: object
    ) -> None:
        """A number, a list, None and a string are told to become tensors."""
        with pytest.raises(
            TypeError, match=r"must be a tensor, .*torch\.tensor"
        ):
            function(value)  # type: ignore[arg-type]

    @pytest.mark.parametrize("function", [twice_dot, twice_dot_gradient])
    @pytest.mark.parametrize("shape", [(), (2, 2)])
    def test_not_a_vector(
        self, function: Callable[[Tensor], Tensor], shape: tuple[int, ...]
    ) -> None:
        """A scalar and a matrix are no vectors."""
        with pytest.raises(
            ValueError,
            match=r"must be a vector of shape \(n,\), but it has shape",
        ):
            function(torch.ones(shape))

    @pytest.mark.parametrize(
        "function", [space_to_plane, space_to_plane_jacobian]
    )
    @pytest.mark.parametrize("shape", [(), (2,), (4,), (3, 1), (0,)])
    def test_not_a_point_of_space(
        self, function: Callable[[Tensor], Tensor], shape: tuple[int, ...]
    ) -> None:
        """Only three elements make a point of space."""
        with pytest.raises(
            ValueError,
            match=r"must be a vector of shape \(3,\), but it has shape",
        ):
            function(torch.ones(shape))


class TestDerivative:
    """The elementwise derivative on a grid."""

    @pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 1, 4)])
    @pytest.mark.parametrize(
        "dtype", [torch.float16, torch.bfloat16, torch.float32, DOUBLE]
    )
    def test_any_shape_and_dtype(
        self, shape: tuple[int, ...], dtype: torch.dtype
    ) -> None:
        """The result has the shape and dtype of x, and does not require grad."""
        x = torch.full(shape, 1.5, dtype=dtype)
        result = derivative(torch.square, x)
        assert torch.equal(result, 2 * x)
        assert result.dtype == dtype
        assert not result.requires_grad

    @given(vectors(-5, 5))
    def test_against_central_differences(self, x: Tensor) -> None:
        """Finite differences, element by element, agree."""
        h = 1e-6
        expected = (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)
        assert_close(derivative(torch.sin, x), expected, rtol=1e-8, atol=1e-8)

    def test_leaves_the_caller_s_tensor_alone(self) -> None:
        """Neither x nor its grad changes, and x may require grad."""
        x = torch.ones(3, requires_grad=True)
        derivative(torch.exp, x)
        assert x.grad is None
        assert torch.equal(x.detach(), torch.ones(3))

    def test_works_where_recording_is_off(self) -> None:
        """Neither no_grad nor inference_mode around the call matters."""
        x = torch.ones(2)
        with torch.no_grad():
            assert derivative(torch.square, x).tolist() == [2, 2]
        with torch.inference_mode():
            assert derivative(torch.square, torch.ones(2)).tolist() == [2, 2]

    def test_keeps_the_random_numbers_of_the_caller(self) -> None:
        """The global random state is as it was."""
        before = torch.get_rng_state()
        derivative(torch.sin, torch.ones(9))
        assert torch.equal(torch.get_rng_state(), before)

    def test_infinities_and_nan_pass_through(self) -> None:
        """A pole is a property of f, not an error."""
        slopes = derivative(
            log_sine_reciprocal, torch.tensor([0.0, 1e-23, 2.0])
        )
        assert slopes[0].isnan()
        assert slopes[2].isfinite()

    MIXING: ClassVar[dict[str, Callable[[Tensor], Tensor]]] = {
        "running sum": lambda x: x.cumsum(0),
        "reversal": lambda x: x.flip(0),
        "centring": lambda x: x - x.mean(),
        "softmax": lambda x: x.softmax(0),
        "one sum for all": lambda x: x.sum().expand(4),
        "product of neighbours": lambda x: x.roll(1) * x,
        "a swap of the last two": lambda x: x[torch.tensor([0, 1, 3, 2])] ** 2,
        "the first element in the third": lambda x: x + torch.eye(4)[2] * x[0],
        "influences that cancel": lambda x: (
            x + torch.stack([0 * x[0], x[0], x[0], -x[0]])
        ),
        "influences that cancel in each half": lambda x: (
            x + torch.tensor([1.0, -1.0, -1.0, 1.0]) * (x[0] - x[3])
        ),
    }

    @pytest.mark.parametrize("name", MIXING)
    def test_mixing_elements_is_refused(self, name: str) -> None:
        """A function whose Jacobian is not diagonal has no elementwise derivative."""
        with pytest.raises(
            ValueError, match=r"mixes the elements of x.*torch\.func\.jacrev"
        ):
            derivative(self.MIXING[name], torch.tensor([0.1, 0.2, 0.3, 0.4]))

    @pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9, 63, 64])
    @given(data=st.data())
    def test_one_element_that_leaks_into_another_is_caught(
        self, size: int, data: st.DataObject
    ) -> None:
        """Whichever two elements are mixed, some pass tells them apart."""
        places = st.integers(0, size - 1)
        source, target = data.draw(places), data.draw(places)
        leak = torch.zeros(size, size)
        leak[target, source] = 0.5

        def f(x: Tensor) -> Tensor:
            return x + leak @ x

        if source == target:
            assert derivative(f, torch.ones(size))[source] == 1.5
        else:
            with pytest.raises(ValueError, match="mixes the elements"):
                derivative(f, torch.ones(size))

    @given(st.lists(st.integers(-1, 1), min_size=64, max_size=64))
    def test_no_mixture_of_small_numbers_passes(
        self, entries: list[int]
    ) -> None:
        """Whatever cancels, a Jacobian that is not diagonal is refused, and one that is, is not."""
        jacobian = torch.tensor(entries, dtype=torch.float32).reshape(8, 8)

        def f(x: Tensor) -> Tensor:
            return x * 0 + jacobian @ x

        if torch.equal(jacobian, jacobian.diagonal().diag()):
            assert_close(derivative(f, torch.ones(8)), jacobian.diagonal())
        else:
            with pytest.raises(ValueError, match="mixes the elements"):
                derivative(f, torch.ones(8))

    def test_what_remains(self) -> None:
        """A mixture whose cross derivatives are zero at this x is accepted, as the docstring says."""
        x = torch.tensor([1.0, 2.0])
        assert derivative(lambda x: x + (x[0] - 1) ** 2, x).tolist() == [1, 1]
        assert derivative(lambda x: x * x.sum().detach(), x).tolist() == [3, 3]

    def test_the_state_of_random_numbers_is_left(self) -> None:
        """The random signs come from a generator of their own."""
        before = torch.get_rng_state()
        derivative(torch.sin, torch.ones(5))
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
    def test_no_false_alarm_at_the_limits_of_the_dtype(
        self, dtype: torch.dtype
    ) -> None:
        """An elementwise f is accepted also where its derivative overflows or underflows."""
        largest = torch.finfo(dtype).max
        x = torch.logspace(-7, math.log10(largest), 500).to(dtype)
        for f in (
            log_sine_reciprocal,
            lambda x: torch.exp(x) - torch.exp(x),
            lambda x: x * torch.sin(x) * torch.exp(-x) + 1 / x,
        ):
            assert derivative(f, x).shape == x.shape

    def test_another_real_dtype_is_accepted(self) -> None:
        """The result has the dtype of x, whatever f computes in."""
        slope = derivative(lambda x: x.double() ** 2, torch.ones(2))
        assert slope.tolist() == [2, 2]
        assert slope.dtype == torch.float32

    def test_a_complex_result_is_refused(self) -> None:
        """The derivative of a complex-valued f is not what this function returns."""
        with pytest.raises(
            TypeError, match=r"must return a real tensor, .*complex"
        ):
            derivative(lambda x: x * 1j, torch.ones(2))

    CUTTING: ClassVar[dict[str, Callable[[Tensor], Tensor]]] = {
        "detach": lambda x: x.detach() ** 2,
        "constant": torch.ones_like,
        "rebuilt tensor": lambda x: torch.tensor(x.tolist()),
        "another leaf": lambda _: torch.ones(2, requires_grad=True) * 2,
    }

    @pytest.mark.parametrize("name", CUTTING)
    def test_a_cut_graph_is_refused(self, name: str) -> None:
        """A result that is not connected to x says where to look."""
        with pytest.raises(
            ValueError, match=r"not connected to x.*\.detach\(\)"
        ):
            derivative(self.CUTTING[name], torch.ones(2))

    def test_another_shape_is_refused(self) -> None:
        """A scalar result is not elementwise."""
        with pytest.raises(
            ValueError, match=r"the shape of x, \(3,\), but it returned \(\)"
        ):
            derivative(torch.sum, torch.ones(3))

    def test_no_function(self) -> None:
        """Swapped arguments are named."""
        with pytest.raises(
            TypeError, match="needs a function first, but f is of type Tensor"
        ):
            derivative(torch.ones(3), torch.sin)  # type: ignore[arg-type]

    def test_f_returns_no_tensor(self) -> None:
        """A number as a result is refused."""
        with pytest.raises(
            TypeError,
            match="f must return a real tensor, but it returned float",
        ):
            derivative(lambda x: x.item(), torch.tensor(1.0))  # type: ignore[arg-type, return-value]

    @pytest.mark.parametrize(
        "x",
        [torch.ones(2, dtype=torch.int64), torch.ones(2) + 0j, [1.0]],
        ids=str,
    )
    def test_x_is_no_real_tensor(self, x: Tensor) -> None:
        """The same errors as everywhere for x."""
        with pytest.raises(TypeError, match="x must"):
            derivative(torch.square, x)


class TestTorchItself:
    """What the site states about PyTorch."""

    def test_a_tensor_without_requires_grad(self) -> None:
        """The notebook's first cell raises."""
        with pytest.raises(
            RuntimeError, match="element 0 of tensors does not require grad"
        ):
            twice_dot(torch.arange(4.0)).backward()

    def test_integers_cannot_require_grad(self) -> None:
        """The notebook's arange, without the decimal point, raises."""
        with pytest.raises(
            RuntimeError, match="Only Tensors of floating point"
        ):
            torch.arange(4, requires_grad=True)

    def test_nan_ends_the_loop_through_the_branch_with_100(self) -> None:
        """No comparison with NaN is true, so neither the loop nor the first branch runs."""
        nan = torch.tensor(math.nan)
        assert not bool(nan.norm() < 1000)
        assert not bool(nan.sum() > 0)

    def test_the_gradient_of_sin_is_its_cos_to_the_bit(self) -> None:
        """So comparing them proves nothing about the rule."""
        x = torch.linspace(-7, 7, 1001)
        assert torch.equal(derivative(torch.sin, x), torch.cos(x))
