"""The solution of exercise 2."""

import torch
from torch import Tensor

__all__ = ["derivative_of_sine"]


def derivative_of_sine(x: Tensor) -> Tensor:
    r"""Return the derivative of the sine at every element of x, by autograd.

    .. math:: \frac{\mathrm{d}}{\mathrm{d} x_i} \sum_j \sin x_j = \frac{\mathrm{d} \sin x_i}{\mathrm{d} x_i}

    The sum makes a scalar of the whole grid, and the derivative of that
    scalar with respect to one element sees only the term in which the
    element stands. `x` is a real floating-point tensor of any shape; the
    result has its shape and dtype and does not require grad. Autograd
    raises a RuntimeError for a tensor of any other dtype.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x)
    return slope
