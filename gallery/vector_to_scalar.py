"""
Gradient of a scalar
====================

You will be able to predict the gradient of a function that returns one number, to check it with autograd,
and to read it on a map, where each arrow points straight uphill.
"""

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.functions import twice_dot

# %%
# Predict, then run
# -----------------
# A vector goes in and one number comes out: :math:`y = 2\, x \cdot x = 2 \sum_i x_i^2`. How fast does
# y change with each :math:`x_i`? Every :math:`x_i` stands in one term only, :math:`2 x_i^2`, and the
# slope of that term is :math:`4 x_i`. Put these slopes side by side, and you have the
# :term:`gradient`, the vector :math:`4x`.
#
# Before you go on, work out y and its gradient for :math:`x = (0, 1, 2, 3)`.

x = torch.arange(4.0, requires_grad=True)
y = twice_dot(x)
y.backward()
assert torch.equal(x.grad, 4 * x)
y.item(), x.grad

# %%
# So y is 28, and its gradient is :math:`(0, 4, 8, 12)`, which is what the slopes of the four terms say.
#
# The gradient at many points
# ---------------------------
# What does a gradient look like? We cannot draw four inputs, but we can draw two. So let us take eight
# points on each of three circles, with the radii 1, 2 and 3.
#
# We need the gradient at all of them. :func:`torch.vmap` applies
# :func:`autograd_tutorial.functions.twice_dot` to every row of ``points``, and then one backward pass of
# the sum is enough, because each term of the sum depends on its own point alone.

angle = (torch.arange(8) + 0.5) * torch.pi / 4
circle = torch.stack([angle.cos(), angle.sin()], dim=1)
points = torch.cat([radius * circle for radius in (1, 2, 3)]).requires_grad_()
torch.vmap(twice_dot)(points).sum().backward()
torch.testing.assert_close(points.grad, 4 * points.detach())
points.grad.norm(dim=1).reshape(3, 8)

# %%
# Each row of this output is one circle. The length of the gradient is the same all around a circle, and
# it grows with the distance from the centre: 4, 8 and 12.
#
# Now to the map. A contour line joins points with the same y, so our three circles are contour lines.
# The arrows are the gradients, drawn at a tenth of their length. Follow one line around, and look at the
# angle between it and the arrows.

side = torch.linspace(-4.4, 4.4, 45)
x1, x2 = torch.meshgrid(side, side, indexing="xy")
height = torch.vmap(torch.vmap(twice_dot))(torch.stack([x1, x2], dim=2))

figure, axes = figures.new(
    alt="Contour lines of y = 2x·x in the plane: circles around the origin "
    "for y = 2, 8 and 18. Arrows for the gradient 4x start on the circles "
    "and point straight outwards, at right angles to the lines; the farther "
    "out, the longer they are.",
    height=4.9,
)
tints = [(figures.BLUE, alpha) for alpha in (0.0, 0.07, 0.14, 0.21)]
axes.contourf(x1, x2, height, levels=[0, 2, 8, 18, 80], colors=tints)
lines = axes.contour(
    x1, x2, height, levels=[2, 8, 18], colors=figures.BLUE, linewidths=1.5
)
tops = [(0, 1), (0, 2), (0, 3)]
axes.clabel(lines, fmt="%g", fontsize=12, colors=figures.INK, manual=tops)
start, arrow = points.detach().T, points.grad.T
axes.quiver(
    *start,
    *arrow,
    color=figures.ORANGE,
    angles="xy",
    scale_units="xy",
    scale=10,
    width=0.008,
)
axes.set(
    aspect="equal", xlim=(-4.4, 4.4), ylim=(-4.4, 4.4), xlabel="x₁", ylabel="x₂"
)
axes.set_title("Contours of y = 2x·x and its gradient 4x")
axes.grid(visible=False)
plt.show()

# %%
# Every arrow leaves its line at a right angle. Further out the arrows are longer, because a step of the
# same length climbs more there.
#
# Straight uphill
# ---------------
# Is the gradient really the steepest direction? Let us ask the function alone. We stand at
# :math:`x = (0.6, 0.8)`, look in the direction of a unit vector u, and measure the slope with a small
# step h both ways. If the gradient g is right, the slope is :math:`g \cdot u`.

x = torch.tensor([0.6, 0.8], dtype=torch.float64, requires_grad=True)
(g,) = torch.autograd.grad(twice_dot(x), x)
degrees = torch.arange(0, 361, 15, dtype=torch.float64)
u = torch.stack([degrees.deg2rad().cos(), degrees.deg2rad().sin()], dim=1)
h = 1e-4
ahead, behind = (
    torch.vmap(twice_dot)(x + h * u),
    torch.vmap(twice_dot)(x - h * u),
)
slope = ((ahead - behind) / (2 * h)).detach()
torch.testing.assert_close(slope, u @ g)
torch.testing.assert_close(slope.max(), g.norm(), rtol=0.01, atol=0)
g.norm().item(), slope.max().item()

# %%
# The measured slopes agree with the gradient in every direction. The first number above is the length of
# g, the second the largest slope that we measured. Turn once around the point in the figure: where is the
# slope largest, and where is it 0?

uphill = torch.atan2(g[1], g[0]).rad2deg().item()
figure, axes = figures.new(
    alt="The slope of y at (0.6, 0.8) against the direction of the step, "
    f"from 0 to 360 degrees: a wave with its top, {g.norm():.0f}, in the "
    f"direction of the gradient at {uphill:.0f} degrees. The measured slopes "
    "lie on it. It is zero at right angles to the gradient."
)
fine = torch.arange(0, 361, 3)
wave = g[0] * fine.deg2rad().cos() + g[1] * fine.deg2rad().sin()
axes.plot(fine, wave, color=figures.BLUE)
axes.plot(degrees, slope, "o", color=figures.ORANGE, markersize=6)
axes.axvline(uphill, color=figures.INK, linestyle="--", linewidth=1.2)
axes.text(uphill + 6, -3.2, f"gradient:\n{uphill:.1f}°")
axes.text(188, 1.7, "line: g · u\ndots: measured")
axes.set(
    xlabel="direction of u in degrees",
    ylabel="slope of y",
    xticks=range(0, 361, 90),
)
axes.set_title("No direction is steeper than the gradient's")
plt.show()

# %%
# The top of the wave lies in the direction of the gradient, and its height is the length of the gradient.
# (The largest measured slope is a little less, because none of the measured directions is exactly that
# one.) At a right angle to it, 90° to either side, the slope is 0. That is the direction of the contour
# line, and so no arrow on the map could leave its line at any other angle.
#
# **Next:** :doc:`/tutorial`, which goes on from one output to several.
