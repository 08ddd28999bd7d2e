"""The solution of exercise 7."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["hessian_by_rows", "hessian_vector_product"]


def hessian_by_rows(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Hessian of f at a vector x, by n + 1 backward passes.

    .. math:: H_{ij} = \frac{\partial^2 f}{\partial x_i \, \partial x_j}

    One pass gives the gradient, with a graph of its own; one pass for each
    of its elements gives a row. f returns a scalar; for `x` of shape (n,)
    the result has shape (n, n), the dtype of `x`, and does not require
    grad. Autograd raises a RuntimeError if f(x) is not a scalar, or if the
    gradient does not depend on x, as for a linear f.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 5.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


def hessian_vector_product(
    f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor
) -> Tensor:
    r"""Return the Hessian of f at x times v by two backward passes, without the Hessian.

    .. math:: (H v)_i = \sum_j \frac{\partial^2 f}{\partial x_i \, \partial x_j} v_j
              = \frac{\partial}{\partial x_i} \left( v^\top \nabla f(x) \right)

    The gradient is a function like any other, and its Jacobian is H. So the
    second pass gives vᵀH, and H is symmetric. `v` and the result have the
    shape of `x`; the result has its dtype and does not require grad. The
    same errors as `hessian_by_rows`.

    References: Pearlmutter, "Fast exact multiplication by the Hessian",
    *Neural Computation* 6(1), 1994.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, grad_outputs=v)
    return product
