# %% [markdown]
# # Exercise 2: the derivative of the sine
#
# Let f(x) = sin x. Write a function that returns the derivative of f at every
# element of a tensor `x`, of any shape. Do not use that it is the cosine: let
# autograd find it.
#
# The result must have the dtype of `x` and not require grad, and `x` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answer.

# %%
import torch

from autograd_tutorial import check


def derivative_of_sine(x):
    """Return the derivative of the sine at every element of x."""
    return ...


# %%
check("ex2", derivative_of_sine).exit()
