# %% [markdown]
# # Exercise 8: forward or reverse mode
#
# Let f be a function from vectors to vectors, with n inputs and m outputs. Forward
# mode sends tangents from the inputs to the outputs, reverse mode sends cotangents
# back.
#
# 1. For each shape, predict how many passes the whole Jacobian takes: first by
#    forward mode, then by reverse mode.
# 2. Write a function that returns the Jacobian, of shape (m, n), by forward mode:
#    one tangent for each column.
# 3. Write a function that returns the mode that takes fewer passes for f at x, as
#    the word "forward" or "reverse". (It will not be tried with m = n.)
# 4. Write a function that returns the Jacobian by that mode.
#
# The results must have the dtype of `x` and not require grad, and `x` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import torch

from autograd_tutorial import check

# %%
PASSES = {
    "1000 inputs, 1 output": [..., ...],  # forward, reverse
    "1 input, 1000 outputs": [..., ...],
    "2 inputs, 3 outputs": [..., ...],
}


# %%
def jacobian_by_columns(f, x):
    """Return the Jacobian of f at the vector x by forward mode."""
    return ...


# %%
def cheaper_mode(f, x):
    """Return "forward" or "reverse", whichever takes fewer passes."""
    return ...


# %%
def jacobian(f, x):
    """Return the Jacobian of f at the vector x by the cheaper mode."""
    return ...


# %%
check("ex8", PASSES, jacobian_by_columns, cheaper_mode, jacobian).exit()
