# %% [markdown]
# # Exercise 3: two backward passes
#
# 1. For each line below, start with
#
#    x = torch.arange(4.0, requires_grad=True), y = 2 * torch.dot(x, x)
#
#    and say what `x.grad` holds in the end: a list of four numbers, or the word
#    "error". The gradient of y at this x is [0, 4, 8, 12].
# 2. Write a function that returns the gradient of the scalar function f at x two
#    times, as a pair: both right, and two separate tensors. From here on x may be a
#    tensor of any shape.
# 3. Write a function that returns the gradients of two losses, first(h) and
#    second(h), with respect to x, where h = shared(x). `shared` is expensive, so
#    call it only once.
#
# The results must have the dtype of `x` and not require grad, and `x` must stay
# as it was.
#
# Replace each `...`, then run the file: the last lines check your answers.

# %%
import torch

from autograd_tutorial import check

# %%
PREDICTIONS = {
    "y.backward() two times": ...,
    "y.backward(retain_graph=True), then y.backward()": ...,
    "y computed anew before the second": ...,
    "y computed anew and x.grad = None before the second": ...,
    "z.backward() two times, with z = (x + 1).sum()": ...,
}


# %%
def gradient_twice(f, x):
    """Return the gradient of f at x two times, each time right."""
    return ...


# %%
def gradients_of_both(shared, first, second, x):
    """Return the gradients of first(shared(x)) and of second(shared(x))."""
    return ...


# %%
check("ex3", PREDICTIONS, gradient_twice, gradients_of_both).exit()
