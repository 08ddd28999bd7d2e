"""
Loops, branches and jumps
=========================

You will be able to say which gradient autograd finds for a function with a loop and an ``if`` in it, and at
which points there is none to find.
"""

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.functions import (
    double_until_large,
    double_until_large_factor,
)

# %%
# One path, one factor
# --------------------
# How can a function with a loop have a derivative at all?
# :func:`autograd_tutorial.functions.double_until_large` doubles a number until its size reaches 1000. If the
# result is not positive, it multiplies it by 100. The loop and the branch decide *which* operations run, but
# autograd sees only those that ran. They are multiplications by numbers, so together they are one
# multiplication: :math:`f(a) = k\,a`. Therefore the gradient should be k, which is :math:`f(a) / a`.

a = torch.tensor(1.2009, requires_grad=True)
d = double_until_large(a)
d.backward()
torch.testing.assert_close(a.grad, (d / a).detach())
a.grad

# %%
# It is :math:`2^{10}`, because ten doublings ran. (The comparison allows for rounding on purpose: ``d / a``
# is rounded, so it need not equal the factor to the last bit.)
#
# Where the number of doublings changes
# -------------------------------------
# For which a is the gradient the same? A larger a needs fewer doublings. The count changes at 500, 250, 125
# and so on, at :math:`1000 / 2^n` for n from 1 on, and above zero each of these points belongs to the
# interval on its right. We take every interval on its own, from its edge up to a hair below the next one.

edges = 1000 / 2.0 ** torch.arange(1, 11, dtype=torch.float64)
intervals = edges[:, None] * torch.linspace(1, 2 - 1e-9, 9, dtype=torch.float64)
edges


# %%
# Two small functions give us f and its gradient on an interval, one number at a time.


def f(numbers):
    return torch.stack([double_until_large(a) for a in numbers])


def gradient(numbers):
    a = numbers.clone().requires_grad_()
    return torch.autograd.grad(f(a).sum(), a)[0]


# %%
# If we are right, the gradient is one constant on each interval, the factor k. Below zero it is 100 times as
# large, because there the branch has run. The next cell says nothing if all of that is true.

for a in intervals:
    k = double_until_large_factor(a[0])
    assert torch.equal(gradient(a), k.expand(9))
    assert torch.equal(gradient(-a), 100 * k.expand(9))

# %%
# It is. So what does such a function look like? In the figure, the number above each piece is its slope. Look
# at what happens at the end of a piece, and where the dashed lines lead.

figure, axes = figures.new(
    alt="f(a) for a from 0 to 700: a saw. From each edge, 31.25, 62.5, 125, "
    "250 and 500, a straight piece climbs from 1000 towards 2000, then f "
    "drops back to 1000. Continued downwards, every piece meets the origin. "
    "Their slopes are 32, 16, 8, 4 and 2. The last piece is drawn up to 700.",
    height=3.9,
)
last = torch.tensor([500.0, 700.0])
teeth = [last, *intervals[1:5]]
figures.plot_branches(axes, [(a, f(a)) for a in teeth], color=figures.BLUE)
for a in teeth:
    k = gradient(a[:1]).item()
    axes.plot(
        [0, a[0]], [0, 1000], "--", color=figures.BLUE, linewidth=1, alpha=0.8
    )
    axes.plot(a[0], 1000, "o", color=figures.BLUE)
    axes.text(a[-1], k * a[-1] + 40, f"{k:.0f}", ha="center")
axes.set(
    xlabel="a",
    ylabel="f(a)",
    xlim=(0, 740),
    ylim=(0, 2250),
    yticks=range(0, 2001, 500),
)
axes.set_title("Pieces of lines through the origin, with slopes k")
plt.show()

# %%
# The dashed lines are :math:`k\,a` with k = 2, 4, 8, 16 and 32, and all of them lead to the origin. A filled
# dot shows which piece an edge belongs to. The gradient is the slope of the piece, and it knows nothing of
# the drop at its end.
#
# Below zero, a hundred times steeper
# -----------------------------------
# What about negative numbers, and small ones? The next figure shows both, on scales that are logarithmic on
# both sides of zero. Go from right to left in the lower panel. (Zero itself has no value, because zero doubled
# is zero: a plain loop would never end there, so the package's function raises an error.)

figure, axes = figures.new(
    alt="Two panels over a from −1000 to 1000 on a scale that is logarithmic "
    "on both sides. Above: f(a), a saw between 1000 and 2000 on the right "
    "and between −100000 and −200000 on the left. Below: the gradient, "
    "stairs from 2 at a = 1000 up to 1024 near a = 1; on the left the same "
    "stairs, 100 times as high.",
    rows=2,
    height=2.9,
    sharex=True,
)
for sign, color in ((1, figures.BLUE), (-1, figures.ORANGE)):
    line = {"color": color, "linewidth": 2.5}
    figures.plot_branches(
        axes[0], [(sign * a, f(sign * a)) for a in intervals], **line
    )
    figures.plot_branches(
        axes[1], [(sign * a, gradient(sign * a)) for a in intervals], **line
    )
axes[0].set_xscale("symlog", linthresh=1, linscale=0.5)
axes[0].set_yscale("symlog", linthresh=1000, linscale=0.4)
axes[1].set_yscale("log")
decades = [-1000, -10, -1, 1, 10, 1000]
axes[0].set_xticks(decades, [f"{a}".replace("-", "−") for a in decades])
axes[0].set_yticks(
    [-200000, -100000, 1000, 2000], ["−200 000", "−100 000", "1000", "2000"]
)
axes[1].set_yticks([2, 200, 1024, 102400], ["2", "200", "1024", "102 400"])
axes[1].annotate(
    "",
    (0, 102400),
    (0, 1024),
    arrowprops={"arrowstyle": "->", "color": figures.INK},
)
axes[1].text(0.25, 10000, "× 100", va="center")
axes[0].set(title="f(a) on both sides of zero", ylim=(-400000, 4000))
axes[1].set(title="Its gradient k", xlabel="a")
for panel in axes:
    panel.minorticks_off()
plt.show()

# %%
# Each time a halves, the gradient doubles, and closer to zero the stairs go on. Past zero the branch
# multiplies by 100, so the same stairs stand there, 100 times as high.
#
# At a jump, no derivative
# ------------------------
# And where f jumps? At :math:`a = 125` the number of doublings changes, and f drops from 2000 to 1000, so it has
# no derivative. But autograd gives an answer there too.

at_jump = torch.tensor([125.0], dtype=torch.float64)
just_below = at_jump.nextafter(torch.zeros_like(at_jump))
pair = torch.cat([just_below, at_jump])
torch.stack([f(pair), gradient(pair)])

# %%
# The first row is f, the second is its gradient. The left column belongs to the number just below 125, the
# right one to 125. Each gradient is the slope of the piece that ran. Both are right for their piece, and
# neither tells you about the jump.
#
# Would finite differences tell you? They give another kind of wrong answer. If the jump lies between
# :math:`a - h` and :math:`a + h`, the quotient measures the drop and divides it by :math:`2h`. At 125 the slope
# is 8 on the right and 16 on the left, so the quotient is
# :math:`(8\,(125 + h) - 16\,(125 - h)) / 2h = 12 - 500 / h`.


def central_difference(a, h):
    return (f(a + h) - f(a - h)) / (2 * h)


h = torch.logspace(-3, 1, 50, dtype=torch.float64)
across, beside = (
    central_difference(at_jump, h),
    central_difference(at_jump - 1, h),
)
torch.testing.assert_close(across, 12 - 500 / h)
torch.testing.assert_close(beside[h < 1], torch.full_like(h[h < 1], 16))

# %%
# Both assertions pass. In the figure, make the step smaller, from right to left, and see which of the two
# lines settles.

figure, axes = figures.new(
    alt="The central difference against the step h. At a = 124 it is 16 "
    "while h is below 1, as it should be, and strongly negative beyond. At a "
    "= 125, on the jump, it falls without limit as h shrinks: "
    f"{across[0]:.0f} at h = {h[0]:g}.",
    height=3.9,
)
small = h < 1
figures.plot_branches(
    axes, [(h[small], beside[small]), (h[~small], beside[~small])]
)
axes.plot(h, across, "--", color=figures.ORANGE)
axes.text(0.001, 30, "a = 124, beside the jump: 16")
axes.text(0.02, -60000, "a = 125, on the jump")
axes.text(10, -14, "both, for h > 1", ha="right", va="center")
axes.set_xscale("log")
axes.set_yscale("symlog", linthresh=10)
axes.set_xticks([0.001, 0.01, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
axes.set_yticks([16, 0, -100, -10000], ["16", "0", "−100", "−10 000"])
axes.set(xlabel="step h", ylabel="central difference", ylim=(-600000, 200))
axes.set_title("Finite differences beside a jump and on it")
axes.minorticks_off()
plt.show()

# %%
# Beside the jump, a step that is small enough stays on one piece, and then the quotient is the gradient, 16.
# On the jump, a smaller step makes it worse: half the step gives about twice the nonsense.
#
# **Next:** :doc:`/exercises/ex4_control_flow`, where you give such a function a vector and a matrix.
