"""
Gradient argument of backward
=============================

You will be able to say what ``y.backward(v)`` leaves in ``x.grad`` before you run it: the product of v with
the Jacobian of y, the table of all its derivatives.
"""

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.exercises.ex1_gradient_argument import (
    jacobian_by_rows,
    vector_jacobian_product,
)
from autograd_tutorial.functions import (
    space_to_plane,
    space_to_plane_jacobian,
    triple_square,
    triple_square_derivative,
)

# %%
# Two outputs, and no answer
# --------------------------
# What is the gradient of a function with two outputs? The one below takes three numbers and returns two:
# :math:`y = (x_1 x_2,\; x_2 + x_3^2)`. If you ask autograd for its gradient, it refuses.

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = space_to_plane(x)
try:
    y.backward()
except RuntimeError as error:
    message = str(error)
message

# %%
# It is right to refuse. With two outputs and three inputs there are six partial derivatives, but ``x.grad``
# has room for only three numbers.
#
# The six derivatives as a picture
# --------------------------------
# Where do all six fit? Into a table with one row for each output and one column for each input, which is
# called the :term:`Jacobian`. By hand,
#
# .. math:: J = \begin{pmatrix} x_2 & x_1 & 0 \\ 0 & 1 & 2 x_3 \end{pmatrix}.
#
# In the picture, find the input that reaches both outputs.

J = space_to_plane_jacobian(x.detach())
outputs, inputs = ["y₁", "y₂"], ["x₁", "x₂", "x₃"]

# %%

figure, axes = figures.new(
    alt="The Jacobian at x = (1, 2, 3) as a grid of two rows, y₁ and y₂, and "
    f"three columns, x₁ to x₃. First row: {J[0].int().tolist()}. Second row: "
    f"{J[1].int().tolist()}.",
    height=2.8,
)
figures.matrix(axes, J, "J at x = (1, 2, 3)", rows=outputs, columns=inputs)
plt.show()

# %%
# A row, read from left to right, says how one output answers to each input. The second input,
# :math:`x_2`, reaches both outputs, so its column has two entries that are not zero.
#
# v gives each row a weight
# -------------------------
# How do six numbers become three? You say how much each output counts. ``y.backward(v)`` wants one weight for
# each *output*. It multiplies every row of J by its weight, and then it adds the rows up:
#
# .. math:: (v^\top J)_j = \sum_i v_i \frac{\partial y_i}{\partial x_j}.
#
# This is a vector-Jacobian product, or :term:`VJP`. Before you run the next cell, work out what
# :math:`v = (1, 10)` makes of the two rows above.

v = torch.tensor([1.0, 10.0])
y.backward(v)
assert torch.equal(x.grad, v @ J)
x.grad

# %%
# That is :math:`1 \cdot (2, 1, 0) + 10 \cdot (0, 1, 6) = (2, 11, 60)`.
#
# In the picture, v stands on the left, each weight beside its row of J. The product stands below the columns
# that it adds up. Go down the middle column first.


def draw_product(v, J, alt, title, highlight=()):
    m, n = J.shape
    figure, axes = figures.new(
        alt,
        2,
        2,
        height=2.1,
        width_ratios=[1.06, n + 0.06],
        height_ratios=[m + 0.06, 1.06],
    )
    figure.suptitle(title, x=0.02, ha="left", fontsize=13)
    numbers = torch.arange(1, max(m, n) + 1).tolist()
    subscripts = [chr(0x2080 + i) for i in numbers]
    figures.matrix(
        axes[0, 0],
        v[:, None],
        "",
        rows=["v" + s for s in subscripts[:m]],
        color=figures.ORANGE,
    )
    figures.matrix(
        axes[0, 1],
        J,
        "",
        columns=["x" + s for s in subscripts[:n]],
        highlight=highlight,
    )
    figures.matrix(
        axes[1, 1], (v @ J)[None], "", rows=["vᵀJ"], color=figures.GREEN
    )
    axes[1, 0].set_axis_off()


draw_product(
    v,
    J,
    title="vᵀJ for v = (1, 10)",
    alt=f"v = {v.int().tolist()} stands beside the two rows of J. Below the "
    f"three columns of J stands the product {(v @ J).int().tolist()}.",
)
plt.show()

# %%
# The middle column gives :math:`1 \cdot 1 + 10 \cdot 1 = 11`. Many examples hide this sum, because their
# Jacobian is diagonal, and then each column has only one entry.
#
# A one-hot v picks a row
# -----------------------
# Can you get back a single row? Give weight 1 to the second output and 0 to the first. Then the first row
# vanishes from the sum, and the second is left.

x.grad = None
one_hot = torch.tensor([0.0, 1.0])
space_to_plane(x).backward(one_hot)
assert torch.equal(x.grad, J[1])
x.grad

# %%

draw_product(
    one_hot,
    J,
    title="A one-hot v picks a row",
    alt=f"v = {one_hot.int().tolist()} beside J, with the second row of J "
    f"framed. The product below is that row, {(one_hot @ J).int().tolist()}.",
    highlight=[1],
)
plt.show()

# %%
# The framed row comes out unchanged. So you can have the whole Jacobian, row by row, if you pay one backward
# pass for each output.

rows = jacobian_by_rows(space_to_plane, x)
assert torch.equal(rows, J)
rows

# %%
# v has the shape of the output
# -----------------------------
# It is easy to give v the shape of x, because the result has that shape. Here x has three elements and y has
# only two, so you see what happens:

try:
    space_to_plane(x).backward(torch.ones(3))
except RuntimeError as error:
    message = str(error)
message

# %%
# The message names both shapes: v has three elements, and the output has two.
#
# Where v comes from
# ------------------
# Why have you never needed v when you trained a network? Because there y is rarely the end: a single number,
# the loss, is computed from it. Then v is the derivative of that :term:`scalar` with respect to y, and
# autograd finds it by itself. For the scalar :math:`v \cdot y` this derivative is v, so we expect the same
# result without any argument.

x.grad = None
(v * space_to_plane(x)).sum().backward()
assert torch.equal(x.grad, v @ J)
x.grad

# %%
# A diagonal Jacobian
# -------------------
# What changes if each output depends on its own input alone? Take :math:`y_i = 3 x_i^2` at
# :math:`x = (1, 2)`. Then J is diagonal, with :math:`6 x_i` on the diagonal. Work out the products for
# :math:`v = (1, 1)` and for :math:`v = (1, 10)`.

x = torch.tensor([1.0, 2.0], requires_grad=True)
ones, weights = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 10.0])
first = vector_jacobian_product(triple_square, x, ones)
second = vector_jacobian_product(triple_square, x, weights)
assert first.tolist() == [6, 12]
assert second.tolist() == [6, 120]
J = torch.diag(triple_square_derivative(x.detach()))
first, second

# %%
# They are :math:`(6, 12)` and :math:`(6, 120)`. Compare this picture with the first product above: how many
# numbers stand in each column of J now?

draw_product(
    weights,
    J,
    title="A diagonal J: v scales each element",
    alt=f"v = {weights.int().tolist()} beside the diagonal Jacobian of 3x² at "
    "(1, 2), with 6 and 12 on the diagonal and zeros elsewhere. The product "
    f"below is {second.int().tolist()}.",
)
plt.show()

# %%
# Each column has one entry that is not zero, so nothing is added up, and v scales it. Input and output also
# have the same shape here. That is why this example alone cannot tell you whose shape v has.
#
# A second call adds
# ------------------
# What is left in ``x.grad`` if you call ``backward`` several times? :meth:`torch.Tensor.backward` adds to it
# instead of replacing it, which is called :term:`accumulation`. We make three calls, with v = (1, 1), then
# (1, 10), then (1, 1) again. Say what ``x.grad`` holds after each of them.

saved, cloned = [], []
for v in (ones, weights, ones):
    triple_square(x).backward(v)
    saved.append(x.grad)
    cloned.append(x.grad.clone())
assert torch.stack(cloned).tolist() == [[6, 12], [12, 132], [18, 144]]
cloned

# %%
# That is :math:`(6, 12)`, then :math:`(12, 132)`, then :math:`(18, 144)`. In the picture, each row is one call.

figure, axes = figures.new(
    alt="Two tables of three rows, one for each call. On the left what the "
    "call computes: (6, 12), (6, 120), (6, 12). On the right x.grad after "
    "it, the running total: "
    + ", ".join(f"({a:.0f}, {b:.0f})" for a, b in torch.stack(cloned).tolist())
    + ".",
    columns=2,
    height=3.0,
)
calls = ["1st call", "2nd call", "3rd call"]
figures.matrix(
    axes[0],
    torch.stack([first, second, first]),
    "vᵀJ of the call",
    rows=calls,
    color=figures.GREEN,
)
figures.matrix(
    axes[1], torch.stack(cloned), "x.grad after it", color=figures.PURPLE
)
plt.show()

# %%
# Each row on the right is the row above it plus the row on its left.
#
# A saved gradient changes too
# ----------------------------
# Is a gradient safe once you have put it into a list? The loop kept ``x.grad`` twice after each call: as it
# is, and as a clone. The clones are above. What does the list without clones hold now?

assert all(g is x.grad for g in saved)
saved

# %%
# It holds the last total three times, because it holds one tensor three times, and each call wrote into that
# tensor. So clone a gradient that you want to keep. If you want a fresh one, set ``x.grad = None`` first:

x.grad = None
triple_square(x).backward(ones)
assert x.grad.tolist() == [6, 12]
x.grad

# %%
# The notebook on which the tutorial is based leaves this subject to an article, `The gradient argument in
# PyTorch's backward function explained by examples
# <https://zhang-yang.medium.com/the-gradient-argument-in-pytorchs-backward-function-explained-by-examples-68f266950c29>`__.
#
# **Next:** :doc:`/exercises/ex1_gradient_argument`, where you choose v yourself.
