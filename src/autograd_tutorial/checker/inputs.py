"""Inputs that the cases of several exercises have in common."""

import torch
from torch import Generator, Tensor

__all__ = ["normal", "used"]


def normal(generator: Generator, *shape: int) -> Tensor:
    """Return normally distributed numbers in float64."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def used(x: Tensor) -> Tensor:
    """Return x as a leaf that a backward pass has already reached."""
    leaf = x.detach().clone().requires_grad_(True)
    leaf.grad = torch.ones_like(leaf)
    return leaf
