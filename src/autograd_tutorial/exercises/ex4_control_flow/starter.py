# %% [markdown]
# # Exercise 4: control flow
#
# The tutorial's function doubles its argument, at least once, until the norm is at
# least 1000, and multiplies the result by 100 if its sum is not positive. The
# package has it as `double_until_large`. Give it more than one number.
#
# 1. f(a) = k·a for one number k, which depends on a. Predict k, and what `a.grad`
#    holds after `double_until_large(a).backward(v)`. Do it on paper: the norm of
#    (0.3, 0.4) is 0.5.
# 2. Write a function that returns vᵀJ at a tensor a of any shape, by autograd.
# 3. Write a function that returns k as a number, by autograd, also where a has
#    zeros.
#
# The results must have the dtype of `a` and not require grad, and `a` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import torch

from autograd_tutorial import check
from autograd_tutorial.functions import double_until_large

# %%
PREDICTIONS = {
    "k at (0.3, 0.4)": ...,
    "a.grad at (0.3, 0.4), v = (1, 1)": [..., ...],
    "a.grad at (0.3, 0.4), v = (1, 10)": [..., ...],
    "k at (-0.3, -0.4)": ...,
    "k at (0.3, -0.4)": ...,
}


# %%
def weighted_gradient(a, v):
    """Return v times the Jacobian of double_until_large at a."""
    return ...


# %%
def factor(a):
    """Return the number k with double_until_large(a) = k * a."""
    return ...


# %%
check("ex4", PREDICTIONS, weighted_gradient, factor).exit()
