"""
Cost of the two modes
=====================

You will be able to say, from the number of inputs and outputs, which mode is cheaper for a whole Jacobian,
and by how much.
"""

# %%
# Operations, not seconds
# -----------------------
# How do you measure a cost that holds on every machine? You count operations instead of seconds. Our function
# has :math:`n` inputs, :math:`m` outputs, and a hidden layer of 64 between them. We count the operations of its
# matrix products, which are nearly all that it does. Multiplications by a matrix of zeros are counted apart.

import matplotlib.pyplot as plt
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from autograd_tutorial import figures


class Products(TorchDispatchMode):
    useful = by_zeros = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in flop_registry:
            operations = flop_registry[func.overloadpacket](
                *args, out_val=result
            )
            if all(factor.any() for factor in args):
                self.useful += operations
            else:
                self.by_zeros += operations
        return result


def count(run):
    with Products() as products:
        run()
    return products


def cost(n, m):
    first, second = torch.full((n, 64), 0.1), torch.full((64, m), 0.1)

    def f(x):
        return (torch.tanh(x.unsqueeze(0) @ first) @ second).squeeze(0)

    x = torch.full((n,), 1 / n)  # Small, or tanh would be flat.
    value = count(lambda: f(x)).useful
    forward = count(lambda: torch.func.jacfwd(f)(x))
    reverse = count(lambda: torch.func.jacrev(f)(x))
    assert (forward.by_zeros, reverse.by_zeros) == (value, 0)
    return forward.useful / value, reverse.useful / value


# %%
# One output, more and more inputs
# --------------------------------
# Which mode suits a training, where one loss depends on many weights? Then there is one output. Imagine the
# two curves, one for each mode, over the number of inputs. We also measure the other way round, one
# input and more and more outputs.

sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256]
one_output = torch.tensor([cost(n, 1) for n in sizes])
one_input = torch.tensor([cost(1, m) for m in sizes])

# %%
# The costs are in evaluations of the function. In each panel, look at which line stays flat.

figure, axes = figures.new(
    alt="Two panels on log scales, the cost of a whole Jacobian in evaluations "
    "of the function. Above, one output: forward mode climbs "
    "from 2 at one input to 257 at 256 inputs; reverse mode stays at 2. Below, "
    "one input: reverse mode climbs from 2 to 257, forward mode stays at 2.",
    rows=2,
    height=2.7,
    sharex=True,
)
panels = zip(
    axes,
    (one_output, one_input),
    ("One output, n inputs", "One input, m outputs"),
    strict=True,
)
for ax, costs, title in panels:
    ax.loglog(sizes, costs[:, 0], "o-", color=figures.BLUE, base=2)
    ax.loglog(sizes, costs[:, 1], "s-", color=figures.ORANGE, base=2)
    ax.set_title(title)
    ax.set(ylabel="evaluations", ylim=(1.4, 512))
    ax.set_yticks([2, 16, 128], ["2", "16", "128"])
axes[0].text(16, 42, "forward", color=figures.BLUE, ha="right")
axes[0].text(32, 2.6, "reverse", color=figures.ORANGE)
axes[1].text(16, 42, "reverse", color=figures.ORANGE, ha="right")
axes[1].text(32, 2.6, "forward", color=figures.BLUE)
axes[1].set_xticks(
    [1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"], minor=False
)
axes[1].set(xlabel="inputs n, or outputs m")
plt.show()

# %%
# Above, a gradient by reverse mode costs two evaluations, the value included, for one input and for 256. Forward
# mode needs a pass for each input, and so its line climbs. Below, the two have changed places. In numbers:

assert torch.allclose(one_output[:, 0], torch.tensor(sizes) + 1.0)
assert torch.allclose(one_output[:, 1], torch.full((9,), 2.0))
assert torch.allclose(one_input[:, 0], torch.full((9,), 2.0))
assert torch.allclose(one_input[:, 1], torch.tensor(sizes) + 1.0)

# %%
# This is the useful work. ``torch.func.jacfwd`` does one evaluation more, whatever the sizes are, because it gives
# the weights of the function a tangent of zeros, and multiplies by it.
#
# Both at once
# ------------
# What if there are several inputs and several outputs? Then compare :math:`n` with :math:`m`. The table names the
# cheaper mode.

grid = [1, 8, 64]
table = {(n, m): cost(n, m) for n in grid for m in grid}
cheaper = {
    shape: "either"
    if forward == reverse
    else "forward"
    if forward < reverse
    else "reverse"
    for shape, (forward, reverse) in table.items()
}
for (n, m), mode in cheaper.items():
    assert mode == ("either" if n == m else "forward" if n < m else "reverse")
print("        ", *(f"m = {m:<4}" for m in grid))
for n in grid:
    print(f"n = {n:<4}", *(f"{cheaper[n, m]:8}" for m in grid))

# %%
# The smaller of the two numbers decides. If they are equal, forward mode has the advantage that it keeps
# nothing for a way back.
#
# **Next:** :doc:`/exercises/ex8_forward_or_reverse`, where you write that choice.
