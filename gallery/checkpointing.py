"""
Checkpointing
=============

You will be able to say how many values a backward pass keeps alive, how many it keeps with checkpoints, and
how much extra work that costs.
"""

# %%
# Count what is alive
# -------------------
# Where does the memory go in a backward pass? Take a chain of 100 sines. Each saves its input for the way
# back, so reverse mode keeps 100 values. With checkpoints it keeps only the inputs of a few pieces, and it
# runs a piece again when the way back comes to it.
#
# Let us count. ``saved_tensors_hooks`` calls a function for each value that is saved. Here that function wraps
# the value in an object that counts itself for as long as it lives.

import matplotlib.pyplot as plt
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

from autograd_tutorial import figures

history, evaluated = [], []  # saved values alive over time; one per sine


class Saved:
    def __init__(self, tensor):
        self.tensor = tensor
        history.append(history[-1] + 1)

    def __del__(self):
        history.append(history[-1] - 1)


def sines(x, steps):
    for _ in range(steps):
        x = torch.sin(x)
        evaluated.append("sin")
    return x


# %%
# There are two kinds of checkpoint. We use the older one here, ``use_reentrant=True``, because it runs the piece
# again where our hooks can see it. The newer one, which you should use, keeps it from them.


def measure(pieces):
    history[:] = [0]
    evaluated.clear()
    x = y = torch.ones(1, requires_grad=True)
    with saved_tensors_hooks(Saved, lambda saved: saved.tensor):
        for _ in range(pieces):
            if pieces == 1:
                y = sines(y, 100)
            else:
                y = checkpoint(sines, y, 100 // pieces, use_reentrant=True)
        y.backward()
    return history.copy(), len(evaluated), x.grad


plain, work, gradient = measure(1)
cut, more_work, same = measure(10)
assert (max(plain), work) == (100, 100)
assert (max(cut), more_work) == (20, 200)
assert torch.equal(gradient, same)
assert plain[-1] == cut[-1] == 0
max(plain), work, max(cut), more_work

# %%
# Without checkpoints 100 values are alive at the top, and 100 sines are evaluated. With ten pieces at most 20
# are alive, but 200 sines are evaluated. The gradient is the same to the last bit.
#
# What do you think the rise and fall of the second looks like over time? Then look at the lower panel.

figure, axes = figures.new(
    alt="Two panels of the number of saved values that are alive, over the "
    "course of one forward and one backward pass. Above, without checkpoints, "
    "it climbs to 100 and falls to 0. Below, with ten pieces, it climbs to 10, "
    "then makes ten teeth of height 10, the first up to 20, the last down to 0.",
    rows=2,
    height=2.2,
)
for ax, alive, color, title in (
    (axes[0], plain, figures.BLUE, "Without checkpoints: at most 100"),
    (axes[1], cut, figures.ORANGE, "Ten pieces: at most 20"),
):
    ax.plot(alive, color=color)
    ax.set_title(title)
    ax.set(ylabel="alive", ylim=(0, 110))
axes[1].set(xlabel="savings and releases, in order")
plt.show()

# %%
# On the way forward one value is kept for each piece. On the way back each piece is run again, and that makes a
# tooth: ten values more, which then go, one by one.
#
# How many pieces?
# ----------------
# More pieces make the teeth smaller, but then more inputs are kept. With :math:`p` pieces, :math:`p` inputs are
# alive at most, and :math:`100/p` values of the piece that is at work.

pieces = [2, 4, 5, 10, 20, 25, 50]
most = [max(measure(p)[0]) for p in pieces]
assert most == [p + 100 // p for p in pieces]
dict(zip(pieces, most, strict=True))

# %%
# The measured numbers are exactly that sum. Where in the figure is it smallest?

figure, ax = figures.new(
    alt="The largest number of values alive, against the number of pieces. It "
    "falls from 52 at 2 pieces to 20 at 10 pieces and rises again to 52 at 50.",
    height=2.6,
)
ax.plot(pieces, most, "o-", color=figures.ORANGE)
ax.set_title("Most values alive: p + 100/p")
ax.set(xlabel="pieces p", ylabel="alive", ylim=(0, 60))
plt.show()

# %%
# At ten pieces of ten, where the two parts of the sum are equal. So take as many pieces as the square root of the
# number of steps. Then the memory grows with that root, and the price is that the way forward is run twice.
#
# **Next:** :doc:`/theory/your-own-derivative`, which has the call that you should use.
