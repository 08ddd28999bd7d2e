# %% [markdown]
# # Exercise 1: the gradient argument
#
# Let y = (x₁·x₂, x₂ + x₃²), which the package has as `space_to_plane`. Call its
# Jacobian J.
#
# 1. For a fresh x = (3, 1, 2) each time, predict what `x.grad` holds after
#    `y.backward(v)`: for v = (1, 1), for v = (1, 10) and for v = (2, -1). Three
#    numbers each. Do it on paper.
# 2. Write a function that returns vᵀJ for any f from vectors to vectors.
# 3. Write a function that returns the whole Jacobian of f, of shape (m, n), and
#    takes every row from a backward pass.
#
# The results must have the dtype of `x` and not require grad, and `x` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import torch

from autograd_tutorial import check
from autograd_tutorial.functions import space_to_plane

# %%
PREDICTIONS = [
    [..., ..., ...],  # v = (1, 1)
    [..., ..., ...],  # v = (1, 10)
    [..., ..., ...],  # v = (2, -1)
]


# %%
def vector_jacobian_product(f, x, v):
    """Return v times the Jacobian of f at the vector x."""
    return ...


# %%
def jacobian_by_rows(f, x):
    """Return the Jacobian of f at the vector x, by one backward pass for each row."""
    return ...


# %%
check("ex1", PREDICTIONS, vector_jacobian_product, jacobian_by_rows).exit()
