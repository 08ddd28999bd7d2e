# %% [markdown]
# # Exercise 6: both directions on a graph
#
# Let F(x) = log(x²) · sin x + 1/x, as in exercise 5. Its graph has eight edges:
#
#     ("x²", "x"), ("log x²", "x²"), ("sin x", "x"),
#     ("log x² · sin x", "log x²"), ("log x² · sin x", "sin x"),
#     ("1/x", "x"), ("F", "log x² · sin x"), ("F", "1/x")
#
# Each is written as (result, source), in the order of evaluation: all edges into a
# value come before the edges that leave it.
#
# 1. Predict some tangents and adjoints at x = 2, to four digits. Use that
#    log 4 = 1.386294, sin 2 = 0.909297 and cos 2 = -0.416147.
# 2. Write a function that returns the local derivative on each edge, as a
#    dictionary with the eight edges as keys. `x` is a scalar tensor.
# 3. Write the forward sweep for *any* such dictionary: it returns the tangent of
#    every value, with 1 for the input. The input is the source of the first edge.
# 4. Write the reverse sweep for any such dictionary: it returns the adjoint of
#    every value, with 1 for the output. The output is the result of the last edge.
#    A value that does not lead to the output has the adjoint 0.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import math

from autograd_tutorial import check

# %%
PREDICTIONS = {
    "tangent of log x²": ...,
    "tangent of log x² · sin x": ...,
    "adjoint of sin x": ...,
    "adjoint of x²": ...,
    "F′(2)": ...,
}


# %%
def partials(x):
    """Return the local derivatives of F at x, as {(result, source): number}."""
    return ...


# %%
def tangents(partials):
    """Return {value: tangent} for a graph that is given by its local derivatives."""
    return ...


# %%
def adjoints(partials):
    """Return {value: adjoint} for a graph that is given by its local derivatives."""
    return ...


# %%
check("ex6", PREDICTIONS, partials, tangents, adjoints).exit()
