"""
Kinks and NaN slopes
====================

You will be able to say what torch returns where a function has no derivative, and to keep an infinite slope
out of a branch that was not taken.
"""

# %%
# A kink has two slopes
# ---------------------
# What is the slope of a function in its corner? At 0 each of the first three functions below has one slope on
# the left and another on the right, but torch has to return one number. Say which, for each of the four, and
# then look at the output.

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures


def slope(f, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


zero = torch.zeros((), dtype=torch.float64)
functions = {
    "relu(x)": torch.relu,
    "maximum(x, 0)": lambda x: torch.maximum(x, zero),
    "abs(x)": torch.abs,
    "relu(x) − relu(−x)": lambda x: torch.relu(x) - torch.relu(-x),
}
at_zero = {
    name: slope(f, torch.zeros(1, dtype=torch.float64)).item()
    for name, f in functions.items()
}
at_zero

# %%
# In the figure, a short piece lies on each function, as steep as torch says at 0. Compare the first two panels,
# and then look at the last.

x = torch.linspace(-1, 1, 201, dtype=torch.float64)
figure, axes = figures.new(
    alt="Four panels, each a function near 0 with a short straight piece as "
    "steep as torch's gradient at 0. relu: level. maximum of x and 0: slope one "
    "half. The absolute value: level. relu of x minus relu of minus x, which is "
    "the straight line x: level too, though the line has slope 1.",
    rows=2,
    columns=2,
    height=2.3,
    sharex=True,
    sharey=True,
)
piece = torch.tensor([-0.45, 0.45], dtype=torch.float64)
for ax, (name, f) in zip(axes.flat, functions.items(), strict=True):
    ax.plot(x, f(x), color=figures.BLUE)
    ax.plot(piece, at_zero[name] * piece, color=figures.ORANGE, linewidth=3)
    ax.set_title(f"{name}: {at_zero[name]:g}")
    ax.set(ylim=(-1.1, 1.1))
plt.show()

# %%
# The first two are the same function, and yet they get different slopes. The last one is a straight line, and
# torch calls it level at 0: each ``relu`` returns its convention, and the chain rule adds the two up. Beside 0,
# by as little as you like, all four are right:

assert list(at_zero.values()) == [0, 0.5, 0, 0]
near = torch.tensor([-1e-12, 1e-12], dtype=torch.float64)
for name, f in functions.items():
    print(f"{name:20}", slope(f, near).tolist())

# %%
# Infinity times zero
# -------------------
# Can you keep such a point out with a condition? The root of x has an infinite slope at 0, and none below. So it
# seems safe to take the root on the right of 0, and 0 elsewhere. ``guarded`` does that with one ``where``,
# and ``guarded_twice`` with two. How many of the slopes at 41 points are NaN?


def guarded(x):
    return torch.where(x > 0, torch.sqrt(x), 0.0)


def guarded_twice(x):
    safe = torch.where(x > 0, x, 1.0)
    return torch.where(x > 0, torch.sqrt(safe), 0.0)


x = torch.linspace(-1, 1, 41, dtype=torch.float64)
once, twice = slope(guarded, x), slope(guarded_twice, x)
assert torch.equal(guarded(x), guarded_twice(x))
assert once.isnan().sum() == 21
assert not twice.isnan().any()
assert torch.equal(once[x > 0], twice[x > 0])
once.isnan().sum(), twice.isnan().sum()

# %%
# The values of the two agree everywhere, but the slopes do not. Look at the crosses in the middle panel.

figure, axes = figures.new(
    alt="Three panels over x from −1 to 1. Top: the function, 0 on the left and "
    "the root of x on the right. Middle: its slope with one where; on the left "
    "crosses mark 21 points that are NaN. Bottom: with a second where inside "
    "the root, the slope is 0 on the left, and the same as above on the right.",
    rows=3,
    height=1.9,
    sharex=True,
)
lost = once.isnan()
fine = torch.linspace(-1, 1, 2001, dtype=torch.float64)
axes[0].plot(fine, guarded(fine), color=figures.BLUE)
axes[0].set_title("where(x > 0, sqrt(x), 0)")
axes[1].plot(x[~lost], once[~lost], "o", color=figures.ORANGE, markersize=4)
axes[1].plot(x[lost], torch.zeros(21), "x", color=figures.PURPLE, markersize=6)
axes[1].set_title("its slope by autograd; × is NaN")
axes[2].plot(x, twice, "o", color=figures.ORANGE, markersize=4)
axes[2].set_title("with a second where inside the root")
axes[0].set(ylabel="value", ylim=(-0.2, 1.2))
axes[1].set(ylabel="slope", ylim=(-0.5, 3))
axes[2].set(
    xlabel="x", ylabel="slope", ylim=(-0.5, 3), xticks=[-1, -0.5, 0, 0.5, 1]
)
plt.show()

# %%
# With one ``where``, the slope is lost on the whole left half, 0 included. On the way back ``where`` sends the
# number 0 to the root that was not taken. But the slope of the root there is infinite or NaN, and 0 times
# that is NaN.
#
# The fix is the second ``where``, which stands inside the root. Wherever the result of the root is thrown away,
# it gives the root a number that does no harm, 1.
#
# **Next:** :doc:`/theory/where-autograd-misleads`, which collects more such places.
