# %% [markdown]
# # Exercise 7: the cost of a second derivative
#
# Let f be a function from vectors of n elements to a scalar. Its Hessian H holds all
# second derivatives: H[i, j] is the derivative of f with respect to x[i] and x[j].
#
# 1. For n = 10, predict how many backward passes each of these takes: the gradient;
#    H·v for one vector v; the whole of H, one row after the other.
# 2. Write a function that returns H, by one backward pass for each row and one
#    before them.
# 3. Write a function that returns H·v for a vector v, without computing H.
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
    "the gradient": ...,
    "the Hessian times one vector": ...,
    "the Hessian, row by row": ...,
}


# %%
def hessian_by_rows(f, x):
    """Return the Hessian of the scalar function f at the vector x."""
    return ...


# %%
def hessian_vector_product(f, x, v):
    """Return the Hessian of f at x times v, without the Hessian."""
    return ...


# %%
check("ex7", PASSES, hessian_by_rows, hessian_vector_product).exit()
