"""
See the gradient of 2x·x
========================

You will be able to predict the gradient of a scalar, check it with autograd, and read it on a map:
each arrow points straight uphill, across the contour lines.
"""

# %%
# Everything that this page needs is imported here.

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.functions import twice_dot

# %%
# Predict, then run
# -----------------
# A vector goes in, one number comes out: :math:`y = 2\, x \cdot x = 2 \sum_i x_i^2`. Every
# :math:`x_i` stands in one term, and the slope of :math:`2 x_i^2` is :math:`4 x_i`. So the
# :term:`gradient` should be :math:`4x`. For :math:`x = (0, 1, 2, 3)` predict 28 for y, and
# :math:`(0, 4, 8, 12)` for the gradient.

x = torch.arange(4.0, requires_grad=True)
y = twice_dot(x)
y.backward()
assert torch.equal(x.grad, 4 * x)
y.item(), x.grad

# %%
# The gradient at many points
# ---------------------------
# Four inputs cannot be drawn; two can. Take eight points on each of three circles.
# :func:`torch.vmap` applies :func:`autograd_tutorial.functions.twice_dot` to every row, and one
# backward pass of the sum serves all points: each term of the sum sees only its own point.

angle = (torch.arange(8) + 0.5) * torch.pi / 4
circle = torch.stack([angle.cos(), angle.sin()], dim=1)
points = torch.cat([radius * circle for radius in (1, 2, 3)]).requires_grad_()
torch.vmap(twice_dot)(points).sum().backward()
torch.testing.assert_close(points.grad, 4 * points.detach())
points.grad.norm(dim=1).reshape(3, 8)

# %%
# The rows are the three circles. The length of the gradient is the same all around a circle, and it
# grows with the distance from the centre: 4, 8 and 12.
#
# Now the map. A contour line joins the points with the same y; the three lines below are the three
# circles. The arrows are the gradients, drawn at a tenth of their length.

side = torch.linspace(-4.4, 4.4, 67)
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
# Follow one line around: every arrow leaves it at a right angle. Go outwards: the arrows grow,
# because the same step climbs more there.
#
# Straight uphill
# ---------------
# Is the gradient really the steepest direction? Ask the function alone. Stand at
# :math:`x = (0.6, 0.8)`, look in the direction of a unit vector u, and measure the slope with a
# small step h both ways. If the gradient g is right, the slope is :math:`g \cdot u`.

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

# %%
# The measured slopes agree with the gradient. Draw them, and mark the direction of g itself.

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
# The top of the wave stands in the direction of the gradient, and its height is the length of the
# gradient. At a right angle to it, 90° to either side, the slope is 0: that is the direction of the
# contour line. The largest measured slope is a little less than the length, because no measured
# direction meets the gradient's exactly.

torch.testing.assert_close(slope.max(), g.norm(), rtol=0.01, atol=0)
g.norm().item(), slope.max().item()
