"""
Derivative of the sine
======================

You will be able to draw the derivative of a function without writing its formula, and to check it with a
witness that knows nothing of autograd. You may remember a formula for the derivative of the sine. It
appears nowhere on this page.
"""

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.exercises.ex2_sine_derivative import derivative_of_sine

# %%
# A grid of points, one backward pass
# -----------------------------------
# How do you get the slope at many points at once? The sine of a grid of points is a vector, but ``backward``
# wants one number, a :term:`scalar`. So we add the values up. In the sum, each :math:`x_i` stands in one term
# only, :math:`\sin x_i`, and so the derivative with respect to :math:`x_i` is the slope at that point.

x = torch.linspace(
    -2 * torch.pi, 2 * torch.pi, 241, dtype=torch.float64, requires_grad=True
)
y = torch.sin(x)
y.sum().backward()
slope = x.grad
slope.shape, x.shape

# %%
# There is one slope for each point. The package's solution of the exercise does the same in one call, and
# leaves ``x.grad`` alone:

assert torch.equal(slope, derivative_of_sine(x))
x, y = x.detach(), y.detach()

# %%
# What the derivative says about the curve
# ----------------------------------------
# Are these slopes right? Let us lay a short straight piece on the sine at every multiple of
# :math:`\pi / 2`, as steep as autograd says. If the slopes are right, the pieces are tangents. Before you
# look at the lower curve, say where it must cross zero.

touch = slice(0, None, 30)
run = 0.55 / torch.sqrt(1 + slope[touch] ** 2)

figure, axes = figures.new(
    alt="Above: the sine from −2π to 2π, with short tangent pieces at every "
    "multiple of π/2. Below: the derivative by autograd. It is zero below "
    "the tops and valleys of the sine, 1 where the sine climbs through zero, "
    "and −1 where it falls through zero.",
    rows=2,
    height=2.5,
    sharex=True,
)
axes[0].plot(x, y, color=figures.BLUE)
ends = torch.stack([-run, run])
axes[0].plot(
    x[touch] + ends,
    y[touch] + ends * slope[touch],
    color=figures.ORANGE,
    linewidth=3,
)
axes[1].plot(x, slope, "--", color=figures.ORANGE)
axes[1].plot(x[touch], slope[touch], "o", color=figures.ORANGE)
axes[0].set_title("sin x, with tangents as steep as autograd says")
axes[1].set_title("The slopes of the tangents: the derivative")
axes[0].set(ylabel="sin x", ylim=(-1.4, 1.4))
axes[1].set(xlabel="x", ylabel="slope", ylim=(-1.4, 1.4))
axes[1].set_xticks(
    torch.pi * torch.arange(-2, 3), ["−2π", "−π", "0", "π", "2π"]
)
plt.show()

# %%
# Each piece touches the curve. The slope below is 0 where the sine turns, because there the piece is level, and
# it is 1 where the sine climbs fastest.
#
# A witness that knows nothing of autograd
# ----------------------------------------
# The picture looks right, but how would you find a small mistake? Torch has the rule for the sine built in, so
# it would prove little to write the same rule once more and compare. :term:`Finite differences` are a better
# witness, because they need the sine alone. The central difference takes the slope over a small interval
# around x:
#
# .. math:: \frac{\sin(x + h) - \sin(x - h)}{2h}.


def central_difference(h):
    return (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)


h = 1e-5
residual = (central_difference(h) - slope).abs()
torch.testing.assert_close(central_difference(h), slope, rtol=0, atol=1e-10)
residual.max()

# %%
# The largest difference is tiny. Is it as small everywhere? The next figure draws the two over each other, and
# the size of their difference below, on a log scale.

figure, axes = figures.new(
    alt="Above: the derivative by autograd as a line, with central "
    "differences as open circles on it, one at every tenth point. Below: the "
    "size of their difference on a log scale. It stays below "
    "1e-10 everywhere.",
    rows=2,
    height=2.5,
    sharex=True,
)
axes[0].plot(x, slope, "--", color=figures.ORANGE)
axes[0].plot(
    x[::10],
    central_difference(h)[::10],
    "o",
    color=figures.BLUE,
    fillstyle="none",
)
shown = x[::2], residual[::2]
axes[1].semilogy(*shown, ".", color=figures.PURPLE, markersize=5)
axes[0].set_title("Autograd and its witness (circles)")
axes[1].set_title("Their difference, for h = 0.00001")
axes[0].set(ylabel="slope", ylim=(-1.4, 1.4))
axes[1].set(xlabel="x", ylabel="difference")
axes[1].set_xticks(
    torch.pi * torch.arange(-2, 3), ["−2π", "−π", "0", "π", "2π"]
)
axes[1].yaxis.set_major_formatter("{x:.0e}")
plt.show()

# %%
# The circles lie on the line, and the differences stay below :math:`10^{-10}`.
#
# There is a second witness. At a point of the unit circle, the squares of the two coordinates add up to 1. If
# the slope is the other coordinate, the same holds here.

torch.testing.assert_close(y**2 + slope**2, torch.ones_like(x))

# %%
# How small should h be?
# ----------------------
# Would a smaller h be a better witness? The quotient has two errors. The curve bends between its two points, and
# for the sine that costs at most :math:`h^2 / 6`, which falls with h. But rounding costs about
# :math:`\varepsilon / h`, where :math:`\varepsilon` is the gap between 1 and the next number of the dtype, and
# that grows as h falls. On log scales the two errors are straight lines, one falling and one rising. What
# shape do you expect for their sum?

steps = torch.logspace(-11, -1, 51, dtype=torch.float64)
errors = torch.stack(
    [(central_difference(h) - slope).abs().max() for h in steps]
)
best = steps[errors.argmin()]
torch.testing.assert_close(
    errors[-10:], steps[-10:] ** 2 / 6, rtol=0.01, atol=0
)
errors.min()

# %%
# Start at the right end of the figure, where the steps are large, and go left.

figure, axes = figures.new(
    alt="The largest difference between the central difference and autograd "
    "against the step h, both on log scales: a V. The smallest, about "
    f"{errors.min():.0e}, is near h = {best:.0e}. To the right the points "
    "follow h²/6, to the left they scatter about ε/h.",
    height=3.9,
)
epsilon = torch.finfo(x.dtype).eps
axes.loglog(steps, errors, "o", color=figures.BLUE, markersize=4)
axes.loglog(steps, steps**2 / 6, "--", color=figures.ORANGE, linewidth=1.5)
axes.loglog(steps, epsilon / steps, ":", color=figures.GREEN)
axes.set(ylim=(1e-13, 1e-2), xlabel="step h", ylabel="largest difference")
axes.text(1e-3, 1e-9, "h² / 6")
axes.text(1e-10, 1e-4, "ε / h")
axes.xaxis.set_major_formatter("{x:.0e}")
axes.yaxis.set_major_formatter("{x:.0e}")
axes.set_title("A smaller step is not always better")
plt.show()

# %%
# The errors form a V, so the best h is neither the largest nor the smallest. Autograd has no h to choose. It
# applies the rule of each operation, and the only error left is rounding.
#
# **Next:** :doc:`/exercises/ex2_sine_derivative`, where you write this derivative yourself.
