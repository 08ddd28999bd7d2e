"""The solution of exercise 3."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["gradient_twice", "gradients_of_both"]


def gradient_twice(
    f: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Return the gradient of f at x two times, from two backward passes.

    .. math:: \nabla f(x), \quad \nabla f(x)

    Each pass has its own leaf and its own graph, so the second neither
    meets a graph that was used up nor adds to the first. f returns a
    scalar; both results have the shape and dtype of `x`, share no memory,
    and do not require grad. Autograd raises a RuntimeError if f(x) is not a
    scalar or does not depend on x.

    References: "Autograd mechanics" in PyTorch's documentation.
    """

    def gradient() -> Tensor:
        leaf = x.detach().clone().requires_grad_(True)
        (result,) = torch.autograd.grad(f(leaf), leaf)
        return result

    return gradient(), gradient()


def gradients_of_both(
    shared: Callable[[Tensor], Tensor],
    first: Callable[[Tensor], Tensor],
    second: Callable[[Tensor], Tensor],
    x: Tensor,
) -> tuple[Tensor, Tensor]:
    r"""Return the gradients of two losses that share an expensive part, which runs once.

    .. math::

        \begin{aligned}
        & \nabla_x\, \mathrm{first}(h), \quad \nabla_x\, \mathrm{second}(h), \\
        & h = \mathrm{shared}(x)
        \end{aligned}

    Both passes go back through the graph of h, so the first must leave what
    that graph has saved: `retain_graph=True`. The second may free it. Both
    losses are scalars; the results have the shape and dtype of `x` and do
    not require grad. The same errors as `gradient_twice`.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, retain_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second
