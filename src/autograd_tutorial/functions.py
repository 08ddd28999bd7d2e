"""The functions that the tutorial differentiates, each with its derivative worked out by hand.

Every function is followed by its hand-derived derivative, so that the two can be compared
with each other and with what autograd computes. The names say which kind of derivative it is:
a *gradient* belongs to a scalar output, a *derivative* is taken element by element, a
*Jacobian* has one row for each output and one column for each input, and a *factor* is the
number k of a function f(a) = k · a.

The module needs torch and nothing else. It keeps no state and changes none of its arguments.
"""

import sys
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = [
    "derivative",
    "double_until_large",
    "double_until_large_factor",
    "log_sine_reciprocal",
    "log_sine_reciprocal_derivative",
    "space_to_plane",
    "space_to_plane_jacobian",
    "triple_square",
    "triple_square_derivative",
    "twice_dot",
    "twice_dot_gradient",
]


def twice_dot(x: Tensor) -> Tensor:
    r"""Return twice the dot product of a vector with itself.

    .. math:: y = 2\, x \cdot x = 2 \sum_i x_i^2

    Parameters
    ----------
    x
        A real floating-point vector of shape (n,).

    Returns
    -------
    Tensor
        A scalar of shape () with the dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not a tensor of a real floating-point dtype.
    ValueError
        If `x` is not a vector.

    References
    ----------
    Zhang, Lipton, Li and Smola, *Dive into Deep Learning*, section 2.5.

    Examples
    --------
    >>> twice_dot(torch.arange(4.0))
    tensor(28.)
    """
    x = _vector(x, "x")
    return 2 * torch.dot(x, x)


def twice_dot_gradient(x: Tensor) -> Tensor:
    r"""Return the gradient of `twice_dot`, by hand.

    .. math:: \frac{\partial y}{\partial x_i} = 4 x_i

    The same shapes, dtypes, errors and source as `twice_dot`; the result has the shape of `x`.

    Examples
    --------
    >>> twice_dot_gradient(torch.arange(4.0))
    tensor([ 0.,  4.,  8., 12.])
    """
    return 4 * _vector(x, "x")


def triple_square(x: Tensor) -> Tensor:
    r"""Return three times the square of each element.

    .. math:: y_i = 3 x_i^2

    Parameters
    ----------
    x
        A real floating-point tensor of any shape.

    Returns
    -------
    Tensor
        A tensor with the shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not a tensor of a real floating-point dtype.

    References
    ----------
    `torch.Tensor.backward` in PyTorch's documentation, for the `gradient` argument that this
    function is used to explain.

    Examples
    --------
    >>> triple_square(torch.tensor([1.0, 2.0]))
    tensor([ 3., 12.])
    """
    return 3 * _floating(x, "x") ** 2


def triple_square_derivative(x: Tensor) -> Tensor:
    r"""Return the elementwise derivative of `triple_square`, by hand.

    .. math:: \frac{\mathrm{d} y_i}{\mathrm{d} x_i} = 6 x_i

    These are the diagonal entries of the Jacobian; the others are zero. The same shapes,
    dtypes, errors and source as `triple_square`.

    Examples
    --------
    >>> triple_square_derivative(torch.tensor([1.0, 2.0]))
    tensor([ 6., 12.])
    """
    return 6 * _floating(x, "x")


def space_to_plane(x: Tensor) -> Tensor:
    r"""Map a point of space to a point of the plane: three inputs, two outputs.

    .. math:: y = (x_1 x_2,\; x_2 + x_3^2)

    Its Jacobian is neither square nor diagonal, and the second input reaches both outputs.

    Parameters
    ----------
    x
        A real floating-point vector of shape (3,).

    Returns
    -------
    Tensor
        A vector of shape (2,) with the dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not a tensor of a real floating-point dtype.
    ValueError
        If `x` is not a vector of three elements.

    References
    ----------
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., chapter 3, for products of a
    vector with a Jacobian that is not square. The function itself was made up for this site.

    Examples
    --------
    >>> space_to_plane(torch.tensor([1.0, 2.0, 3.0]))
    tensor([ 2., 11.])
    """
    x1, x2, x3 = _vector(x, "x", size=3)
    return torch.stack([x1 * x2, x2 + x3**2])


def space_to_plane_jacobian(x: Tensor) -> Tensor:
    r"""Return the Jacobian of `space_to_plane`, by hand.

    .. math::
       :label: space-to-plane-jacobian

       J = \frac{\partial y}{\partial x}
         = \begin{pmatrix} x_2 & x_1 & 0 \\ 0 & 1 & 2 x_3 \end{pmatrix}

    The same dtypes, errors and source as `space_to_plane`; the result has shape (2, 3): one
    row for each output, one column for each input.

    Examples
    --------
    >>> space_to_plane_jacobian(torch.tensor([1.0, 2.0, 3.0]))
    tensor([[2., 1., 0.],
            [0., 1., 6.]])
    """
    x1, x2, x3 = _vector(x, "x", size=3)
    zero, one = torch.zeros_like(x1), torch.ones_like(x1)
    return torch.stack(
        [torch.stack([x2, x1, zero]), torch.stack([zero, one, 2 * x3])]
    )


def double_until_large(a: Tensor, threshold: float = 1000.0) -> Tensor:
    r"""Double a tensor until its norm reaches a threshold; then multiply by 100 if its sum is not positive.

    .. math::

        \begin{aligned}
        f(a) &= k \, a, \\
        k &= 2^n \text{ if } \textstyle\sum_i a_i > 0, \\
        &\phantom{{}=} \text{else } 100 \cdot 2^n
        \end{aligned}

    Here n is the smallest whole number, at least 1, for which the Euclidean norm of
    :math:`2^n a`, as torch computes it in the dtype of `a`, is not below the threshold. The path through the loop and the branch depends
    on the values of `a`, so a different `a` can record a different graph.

    Parameters
    ----------
    a
        A real floating-point tensor of any shape. It must have at least one element that is
        not zero, and no infinity or NaN.
    threshold
        The norm at which the doubling stops: a positive finite number.

    Returns
    -------
    Tensor
        A tensor with the shape and dtype of `a`.

    Raises
    ------
    TypeError
        If `a` is not a tensor of a real floating-point dtype, or `threshold` not a number.
    ValueError
        If `a` is empty, all zero, or holds an infinity or NaN; if `threshold` is not positive
        and finite; or if the result is too large for the dtype.

    References
    ----------
    Zhang, Lipton, Li and Smola, *Dive into Deep Learning*, section 2.5.

    Examples
    --------
    >>> double_until_large(torch.tensor(0.5))
    tensor(1024.)
    >>> double_until_large(torch.tensor(-0.5))
    tensor(-102400.)
    """
    _doubles_to(a, threshold)
    b = a * 2
    while b.norm() < threshold:
        b = b * 2
    c = b if b.sum() > 0 else 100 * b
    return _finite(c, "double_until_large")


def double_until_large_factor(a: Tensor, threshold: float = 1000.0) -> Tensor:
    r"""Return the factor k of `double_until_large`, by hand: there f(a) = k · a.

    .. math:: \frac{\partial f_i}{\partial a_j} = k \, \delta_{ij}, \qquad \text{so } J = k I

    The function is linear around every point at which neither the loop nor the branch is about
    to change, and k is its slope there. Where they do change, the function jumps and has no
    derivative: for a scalar at 0 and at every :math:`|a| = \text{threshold} / 2^n` with
    :math:`n \ge 1`.

    The same arguments and errors as `double_until_large`, and a ValueError where k itself is too
    large for the dtype, as for a very small `a`. The result is a scalar of shape () with the dtype
    of `a`, also where `a` is a matrix.

    Examples
    --------
    >>> double_until_large_factor(torch.tensor(0.5))
    tensor(2048.)
    >>> double_until_large_factor(torch.tensor([[-0.5]]))
    tensor(204800.)
    """
    _doubles_to(a, threshold)
    k = a.new_tensor(2.0)
    while (k * a).norm() < threshold:
        k = 2 * k
    return _finite(k if a.sum() > 0 else 100 * k, "double_until_large_factor")


def log_sine_reciprocal(x: Tensor) -> Tensor:
    r"""Return F(x), the function of exercise 5, element by element.

    .. math:: F(x) = \log(x^2) \, \sin x + \frac{1}{x}

    F has a pole at 0: there the value is NaN, because 0 · (−∞) is. Very close to 0 and very far
    from it, :math:`x^2` leaves the range of the dtype before F does.

    Parameters
    ----------
    x
        A real floating-point tensor of any shape.

    Returns
    -------
    Tensor
        A tensor with the shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is not a tensor of a real floating-point dtype.

    References
    ----------
    The evaluation of F as a list of elementary steps follows Griewank and Walther, *Evaluating
    Derivatives*, 2nd ed., chapter 2.

    Examples
    --------
    >>> log_sine_reciprocal(torch.tensor(1.0))
    tensor(1.)
    """
    x = _floating(x, "x")
    return torch.log(x**2) * torch.sin(x) + 1 / x


def log_sine_reciprocal_derivative(x: Tensor) -> Tensor:
    r"""Return the derivative of `log_sine_reciprocal`, by hand.

    .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \cos x - \frac{1}{x^2}

    The same shapes, dtypes, errors and source as `log_sine_reciprocal`.

    Examples
    --------
    >>> log_sine_reciprocal_derivative(torch.tensor(1.0))
    tensor(0.6829)
    """
    x = _floating(x, "x")
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x) - 1 / x**2


def derivative(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the elementwise derivative of f at every element of x, by autograd.

    .. math:: \left( \frac{\mathrm{d} f(x)_i}{\mathrm{d} x_i} \right)_i

    An elementwise f has a diagonal Jacobian, so one backward pass with a cotangent of ones
    reads off the whole diagonal. Further passes with other cotangents catch an f that mixes
    elements: each derivative must be multiplied by the weight of its own element, and by nothing
    else. For n elements, 2 log₂ n passes with ones for a half of the elements and zeros for the
    others catch any single element that has an influence on a single other one; 20 more with
    random signs catch several influences that cancel, but for a chance of one in a million.

    What remains: the passes see the Jacobian at this x, and nothing else. A mixture whose cross
    derivatives are zero just here is accepted, and so is what f does outside the graph, such as
    multiplying by a detached sum.

    Parameters
    ----------
    f
        A function that maps a tensor element by element to a tensor of the same shape. It is
        called once.
    x
        A real floating-point tensor of any shape. Neither it nor its `.grad` is changed.

    Returns
    -------
    Tensor
        A tensor with the shape and dtype of `x` that does not require grad.

    Raises
    ------
    TypeError
        If `f` is not callable, `x` is not a tensor of a real floating-point dtype, or `f`
        returns something else than a real tensor.
    ValueError
        If `f` returns another shape, mixes the elements of `x`, or cuts the graph between its
        argument and its result.

    References
    ----------
    `torch.autograd.grad` in PyTorch's documentation; the cotangent of ones is the vector v of
    the vector-Jacobian product in Baydin et al., "Automatic differentiation in machine
    learning: a survey", *JMLR* 18(153), 2018, section 3.2.

    Examples
    --------
    >>> derivative(torch.square, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[2., 4.],
            [6., 8.]])
    """
    if not callable(f):
        raise TypeError(
            f"derivative(f, x) needs a function first, but f is of type {type(f).__name__}. "
            "Pass the function itself, without calling it, as in derivative(torch.sin, x)."
        )
    primal = _floating(x, "x").detach()
    with torch.inference_mode(False), torch.enable_grad():
        primal = primal.clone().requires_grad_(True)
        y: object = f(primal)  # whatever the caller wrote
        if not isinstance(y, Tensor) or y.is_complex():
            kind, advice = (
                ("a complex tensor", "Return its real part, with .real.")
                if isinstance(y, Tensor)
                else (type(y).__name__, "Return the tensor itself.")
            )
            raise TypeError(
                f"f must return a real tensor, but it returned {kind}. {advice}"
            )
        if y.shape != primal.shape:
            raise ValueError(
                f"f must return a tensor of the shape of x, {_shape(primal)}, "
                f"but it returned {_shape(y)}. "
                "derivative() is for functions that work element by element: "
                "use torch.func.jacrev for others."
            )
        if not y.requires_grad:
            raise ValueError(_CUT)
        (diagonal,) = torch.autograd.grad(
            y, primal, torch.ones_like(y), retain_graph=True, allow_unused=True
        )
        if diagonal is None:
            raise ValueError(_CUT)
        for weights in _weights(y):
            (part,) = torch.autograd.grad(
                y, primal, weights.to(y.dtype), retain_graph=True
            )
            kept = weights != 0
            expected = weights.to(diagonal.dtype) * diagonal
            if not torch.allclose(
                part[kept], expected[kept], rtol=0, atol=0, equal_nan=True
            ):
                raise ValueError(_MIXED)
    return diagonal


def _weights(y: Tensor) -> Iterator[Tensor]:
    """Yield cotangents of 0, 1 and −1, by which every product is exact, also at a dtype's limits.

    First halves of ones, such that any two elements are apart in some of them: those whose index
    has, and has not, a certain bit. Then random signs, the same in each call.
    """
    index = torch.arange(y.numel(), device=y.device).reshape(y.shape)
    for bit in range((y.numel() - 1).bit_length() if y.numel() else 0):
        has_bit = index >> bit & 1
        yield has_bit
        yield 1 - has_bit
    generator = torch.Generator().manual_seed(0)
    for _ in range(20 if y.numel() > 1 else 0):
        signs = torch.randint(2, y.shape, generator=generator, device="cpu")
        yield (2 * signs - 1).to(y.device)


_CUT = (
    "f(x) is not connected to x in the graph, so autograd has nothing to differentiate. "
    "Look in f for .detach(), .item(), .numpy(), torch.tensor(...) or torch.no_grad(), or for a "
    "result that does not depend on x."
)

_MIXED = (
    "f mixes the elements of x: an element of its result depends on several elements of x, so "
    "one derivative for each element does not describe it. Use torch.func.jacrev for the whole "
    "Jacobian."
)


def _shape(x: Tensor) -> str:
    return str(tuple(x.shape))


def _floating(x: Tensor, name: str) -> Tensor:
    """Return x if it is a real floating-point tensor; otherwise say what to do."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a tensor, but it is of type {type(x).__name__}. Convert it with "
            "torch.tensor(...)."
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must have a real floating-point dtype, but it has {x.dtype}, and a derivative "
            "is about real numbers that can change by a little. "
            + (
                f"Take the real part with {name}.real."
                if x.is_complex()
                else f"Write the numbers with a decimal point, as in torch.arange(4.0), or convert "
                f"them with {name}.double()."
            )
        )
    return x


def _vector(x: Tensor, name: str, size: int | None = None) -> Tensor:
    x = _floating(x, name)
    if x.dim() != 1 or size not in (None, x.numel()):
        wanted = "(n,)" if size is None else f"({size},)"
        raise ValueError(
            f"{name} must be a vector of shape {wanted}, but it has shape {_shape(x)}. "
            "Reshape it, as with x.flatten(), or pass another tensor."
        )
    return x


def _doubles_to(a: Tensor, threshold: float) -> None:
    """Raise for the arguments on which doubling never reaches the threshold, or starts beyond it."""
    _floating(a, "a")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise TypeError(
            f"threshold must be a number, but it is of type {type(threshold).__name__}. Pass an "
            "int or a float, such as 1000.0."
        )
    if not 0 < threshold <= sys.float_info.max:
        raise ValueError(
            f"threshold must be positive and finite, but it is {threshold}. The doubling stops "
            "there, so it has to be a number that the norm can reach."
        )
    if a.numel() == 0:
        raise ValueError(
            f"a is empty (shape {_shape(a)}), and doubling nothing never reaches the threshold. "
            "Pass a tensor with at least one element."
        )
    if not bool(torch.isfinite(a).all()):
        raise ValueError(
            "a holds an infinity or a NaN, and doubling leaves both as they are. Pass finite numbers."
        )
    if not bool((a != 0).any()):
        raise ValueError(
            "a is zero everywhere, and doubling zero never reaches the threshold. "
            "Pass a tensor with at least one element that is not zero."
        )


def _finite(result: Tensor, name: str) -> Tensor:
    if not bool(torch.isfinite(result).all()):
        raise ValueError(
            f"The result of {name} is too large for {result.dtype}. "
            "Lower the threshold, or pass a tensor of a wider dtype, such as a.double()."
        )
    return result
