"""The solution of exercise 1."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["jacobian_by_rows", "vector_jacobian_product"]


def vector_jacobian_product(
    f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor
) -> Tensor:
    r"""Return the product of v with the Jacobian of f at x, by one backward pass.

    .. math:: (v^\top J)_j = \sum_i v_i \frac{\partial y_i}{\partial x_j}, \qquad y = f(x)

    `v` has the shape of the *output* y; the result has the shape and dtype
    of `x`. No `.grad` is changed, neither that of `x` nor that of a
    parameter which f uses. Autograd raises a RuntimeError if `v` has
    another shape than y, or if y does not depend on x.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, grad_outputs=v)
    return product


def jacobian_by_rows(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Jacobian of f at a vector x, one backward pass for each row.

    .. math:: J_{i \cdot} = e_i^\top J

    A one-hot `v` picks one row of J. For a vector `x` of shape (n,) and an
    output of shape (m,), the result has shape (m, n) and takes m backward
    passes. The same errors as `vector_jacobian_product`.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3.
    """
    y = f(x.detach())
    one_hot = torch.eye(y.numel(), dtype=y.dtype, device=y.device)
    return torch.stack([vector_jacobian_product(f, x, v) for v in one_hot])
