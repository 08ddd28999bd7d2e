"""The solution of exercise 4."""

import torch
from torch import Tensor

from autograd_tutorial.functions import double_until_large

__all__ = ["factor", "weighted_gradient"]


def weighted_gradient(a: Tensor, v: Tensor) -> Tensor:
    r"""Return the product of v with the Jacobian of `double_until_large` at a, by autograd.

    .. math::

        \begin{aligned}
        v^\top J &= k \, v, \\
        \text{since } f(a) &= k \, a \text{ and } J = k I
        \end{aligned}

    One factor k holds for all elements: the loop looks at the norm of the
    whole of `a`, and the branch at its sum. `a` is a real floating-point
    tensor of any shape and `v` has the same shape; so has the result, which
    does not require grad. The errors are those of `double_until_large`, and
    autograd's RuntimeError for a `v` of another shape.

    References: Zhang, Lipton, Li and Smola, *Dive into Deep Learning*,
    section 2.5.
    """
    a = a.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(double_until_large(a), a, grad_outputs=v)
    return gradient


def factor(a: Tensor) -> float:
    r"""Return the factor k of `double_until_large` at a, by autograd.

    .. math:: k = \frac{\partial f_1}{\partial a_1}, \qquad \text{since } J = k I

    A one-hot cotangent picks one row of J, whose only entry that is not
    zero is k. It does not matter whether an element of `a` is zero, as it
    does in the quotient f(a) / a. `a` and the errors are those of
    `weighted_gradient`; the result is a number.

    References: Zhang, Lipton, Li and Smola, *Dive into Deep Learning*,
    section 2.5.
    """
    one_hot = torch.zeros(a.numel(), dtype=a.dtype, device=a.device)
    one_hot[0] = 1
    return weighted_gradient(a, one_hot.reshape(a.shape)).sum().item()
