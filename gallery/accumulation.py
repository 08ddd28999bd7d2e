"""
Gradient accumulation
=====================

You will be able to say what ``.grad`` holds after each round of a loop, and why two of four ways to write
a step train nothing.
"""

# %%
# Three rounds, nothing cleared
# -----------------------------
# What happens to a gradient if you call ``backward`` again? Take the loss :math:`\ell(w) = w^2`. At
# :math:`w = 3` its gradient is 6. Say what ``w.grad`` holds after one, two and three calls, and then
# run them:

import warnings

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures

w = torch.tensor(3.0, requires_grad=True)
piled = []
for _ in range(3):
    (w**2).backward()
    piled.append(w.grad.item())
piled

# %%
# Each call adds its 6 to what is already there. If you clear ``.grad`` before each round, it stays at 6.

assert piled == [6, 12, 18]
cleared = []
for _ in range(3):
    w.grad = None
    (w**2).backward()
    cleared.append(w.grad.item())
assert cleared == [6, 6, 6]
cleared

# %%
# Compare the third bar above with the third bar below:

figure, axes = figures.new(
    alt="Two panels of three bars each, the value of w.grad after one, two and "
    "three calls of backward. Above, nothing is cleared: 6, 12 and 18. Below, "
    "it is cleared before each call: 6, 6 and 6.",
    rows=2,
    height=2.1,
    sharex=True,
    sharey=True,
)
for ax, heights, title in (
    (axes[0], piled, "Nothing cleared"),
    (axes[1], cleared, "Cleared before each round"),
):
    bars = ax.bar([1, 2, 3], heights, color=figures.BLUE, width=0.6)
    ax.bar_label(bars, fmt="%g", padding=2)
    ax.set_title(title)
    ax.set(ylabel="w.grad", ylim=(0, 23), xticks=[1, 2, 3])
    ax.grid(visible=False)
axes[1].set(xlabel="call of backward")
plt.show()

# %%
# The third bar is three times too high, although w has not moved at all.
#
# Sums add up, means do not
# -------------------------
# Why does ``backward`` add? Because sometimes you want it to. A batch that is too large for memory can be
# fed in parts, and the gradients of the parts pile up to that of the whole.
#
# But look at the loss before you rely on it. This works for a *sum* of errors. It does not work for a
# *mean*, because each part divides by its own size. Here are four numbers, first as a whole and then in
# two parts:

numbers = torch.arange(1.0, 5.0)


def fed_in_parts(reduce):
    w = torch.tensor(1.0, requires_grad=True)
    reduce((w * numbers) ** 2).backward()
    whole, w.grad = w.grad.item(), None
    for part in numbers.split(2):
        reduce((w * part) ** 2).backward()
    return whole, w.grad.item()


fed_in_parts(torch.sum), fed_in_parts(torch.mean)

# %%
# The sums agree, 60 and 60. The means of the two parts add up to 30, but the mean of the whole gives 15.
# The fix is to divide the sum of each part by the size of the *whole* batch:

size = len(numbers)
assert fed_in_parts(torch.sum) == (60, 60)
assert fed_in_parts(torch.mean) == (15, 30)
assert fed_in_parts(lambda errors: errors.sum() / size) == (15, 15)
fed_in_parts(lambda errors: errors.sum() / size)

# %%
# Four ways to write a step
# -------------------------
# Gradient descent moves ``w`` a little against its gradient, here by 0.1 of it. People have written that
# step in all of the following ways. Which of them bring the loss down?


def in_place(w):
    with torch.no_grad():
        w -= 0.1 * w.grad
    return w


def new_name(w):
    return w - 0.1 * w.grad


def local_name(w):
    w = w - 0.1 * w.grad


def through_data(w):
    w.data = w.data - 0.1 * w.grad
    return w


# %%
# We put all four into the same loop: clear, forward, backward, step. If a step returns a tensor, the loop
# goes on with that one. If it returns nothing, the loop goes on with ``w`` as it is.


def train(step, rounds=6):
    w = torch.tensor(3.0, requires_grad=True)
    losses = []
    for _ in range(rounds):
        w.grad = None
        loss = w**2
        losses.append(loss.item())
        loss.backward()
        after = step(w)
        w = w if after is None else after
    return losses


warnings.filterwarnings("ignore", "The .grad attribute of a Tensor")
runs = {}
for step in (in_place, new_name, local_name, through_data):
    try:
        runs[step.__name__] = train(step)
    except (RuntimeError, TypeError) as error:
        runs[step.__name__] = f"{type(error).__name__}: {error}"
assert isinstance(runs["new_name"], str)
runs["new_name"]

# %%
# ``new_name`` fails in the second round. Its result was computed, so it is not a leaf, and ``backward``
# puts nothing into its ``.grad``. (Torch warns of that too, but this page leaves the warning out.)
#
# The other three run to the end without a word. Now look at how far each of them gets:

assert runs["local_name"] == [9.0] * 6
torch.testing.assert_close(
    torch.tensor(runs["in_place"]), 9 * 0.64 ** torch.arange(6.0)
)
assert runs["through_data"] == runs["in_place"]

# %%

figure, ax = figures.new(
    alt="The loss over six rounds for three ways to write a step. In place "
    "under no_grad and through data fall on the same curve, from 9 to about 1. "
    "The one that gives a local name to a new tensor stays at 9.",
    height=3.0,
)
rounds = range(1, 7)
ax.plot(rounds, runs["local_name"], "o-", color=figures.ORANGE)
ax.plot(rounds, runs["in_place"], "o-", color=figures.BLUE)
ax.plot(
    rounds,
    runs["through_data"],
    "o",
    color=figures.PURPLE,
    fillstyle="none",
    markersize=10,
)
ax.text(3.5, 8.0, "local_name", color=figures.ORANGE)
ax.text(2.25, 5.7, "in_place", color=figures.BLUE)
ax.text(3.25, 3.9, "through_data (circles)", color=figures.PURPLE)
ax.set_title("The loss, round by round")
ax.set(xlabel="round", ylabel="loss", ylim=(0, 10), xlim=(0.7, 6.9))
plt.show()

# %%
# ``local_name`` is the silent failure. It makes a new tensor and gives it a name that ends with the
# function, so the old tensor never moves.
#
# ``through_data`` moves as ``in_place`` does, and you will meet it in older programs. But it writes behind
# autograd's back: if it overwrote a value that autograd has saved, no error would tell you
# (:doc:`/troubleshooting/silent-mistakes`). So write a step as ``in_place`` does, or use an optimiser, which
# does the same.
#
# **Next:** :doc:`/exercises/ex3_backward_twice`, where you say what a second call adds.
