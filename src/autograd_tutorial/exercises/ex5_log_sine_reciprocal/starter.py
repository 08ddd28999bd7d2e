# %% [markdown]
# # Exercise 5: the chain rule on a graph
#
# Let F(x) = log(x²) · sin x + 1/x.
#
# 1. Write down the graph of F: for each value, the values that its operation
#    takes in, such as "sum": ("left", "right"). A value that takes in one other is
#    written ("other",). The order does not matter.
# 2. Walk back along the graph on paper, and write a function that returns F′ at
#    every element of `x` by the formula that you found. No autograd.
# 3. Write a function that returns F′ at every element of `x` by autograd. Then plot
#    both on [-10, 10], and leave out what lies too close to 0.
#
# The results must have the dtype of `x` and not require grad, and `x` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import torch

from autograd_tutorial import check
from autograd_tutorial.functions import log_sine_reciprocal

# %%
GRAPH = {
    "x": (),
    "x²": ...,
    "log x²": ...,
    "sin x": ...,
    "log x² · sin x": ...,
    "1/x": ...,
    "F": ...,
}


# %%
def derivative_by_hand(x):
    """Return the derivative of F at every element of x, by the chain rule."""
    return ...


# %%
def derivative_by_autograd(x):
    """Return the derivative of F at every element of x, by autograd."""
    return ...


# %%
check("ex5", GRAPH, derivative_by_hand, derivative_by_autograd).exit()
