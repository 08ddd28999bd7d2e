"""
Newton's method
===============

You will be able to say what the second derivative adds in a narrow valley, and when you can trust a Newton
step: the method needs few steps, but some of them may go up.
"""

# %%
# A narrow valley
# ---------------
# Why is it hard to walk down to a minimum if you know the gradient everywhere? Rosenbrock's function has its
# minimum, 0, at (1, 1), and the way there leads along the floor of a curved valley:
#
# .. math:: f(x, y) = 100 \, (y - x^2)^2 + (1 - x)^2

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures


def valley(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2


start = torch.tensor([-1.0, 1.5], dtype=torch.float64)
gradient = torch.func.grad(valley)
hessian = torch.func.hessian(valley)
gradient(start), hessian(start)

# %%
# The first is the gradient at our starting point, (−1, 1.5). The second is the :term:`Hessian`, the matrix of
# second derivatives. Let us check both against formulas by hand. The gradient is
# :math:`(-400 x (y - x^2) - 2 (1 - x), \; 200 (y - x^2))`, and differentiating it once more gives the Hessian.

x, y = start
by_hand = torch.stack([-400 * x * (y - x**2) - 2 * (1 - x), 200 * (y - x**2)])
torch.testing.assert_close(gradient(start), by_hand)
second = torch.stack(
    [
        torch.stack([1200 * x**2 - 400 * y + 2, -400 * x]),
        torch.stack([-400 * x, torch.full_like(x, 200)]),
    ]
)
torch.testing.assert_close(hessian(start), second)

# %%
# Two ways down
# -------------
# What can you do with these numbers? Gradient descent goes against the gradient, with a step that is small enough
# not to climb the other wall.
#
# Newton's method uses the Hessian too. It replaces f by the quadratic that has the same value, gradient and
# Hessian at the point, and goes to where that quadratic is flat. Its step s solves :math:`H s = -g`.


def descend(p, steps):
    path = [p]
    for _ in range(steps):
        path.append(path[-1] - 0.001 * gradient(path[-1]))
    return torch.stack(path)


def newton(p, steps):
    path = [p]
    for _ in range(steps):
        at = path[-1]
        path.append(at - torch.linalg.solve(hessian(at), gradient(at)))
    return torch.stack(path)


slow, fast = descend(start, 200), newton(start, 6)
assert valley(slow[-1]) > 4
assert valley(fast[-1]) < 1e-12
torch.testing.assert_close(fast[-1], torch.ones(2, dtype=torch.float64))
valley(slow[-1]), valley(fast[-1])

# %%
# After two hundred gradient steps f is still above 4, and six Newton steps bring it to 0, up to rounding. The
# figure draws both paths on the contours of f. Look at how far each of them gets, and where Newton's path goes
# in between.

figure, ax = figures.new(
    alt="Contours of Rosenbrock's function, a curved valley, with two paths "
    "from the point (−1, 1.5). Gradient descent drops to the floor of the valley "
    "and creeps along it; after 200 steps it has gone only a small part of the "
    "way. Newton's method jumps six times: down to the floor, far out of the "
    "valley, where f is 1217, back, and to the minimum, (1, 1).",
    height=4.2,
)
# A grid that follows the floor of the valley, y = x², and is finest there.
across = torch.linspace(-2.1, 1.8, 157, dtype=torch.float64)
above = torch.linspace(-1.9, 1.9, 121, dtype=torch.float64) ** 3
x, offset = torch.meshgrid(across, above, indexing="xy")
y = x**2 + offset
levels = 10.0 ** torch.linspace(-1, 3, 9)
ax.contour(
    x,
    y,
    valley(torch.stack([x, y])),
    levels=levels,
    colors=figures.GRID,
    linewidths=1.2,
    zorder=0,
)
ax.plot(*fast.T, "o-", color=figures.ORANGE)
ax.plot(*slow.T, ".-", color=figures.BLUE, markersize=3)
ax.plot(1, 1, "*", color=figures.GREEN, markersize=14)
ax.grid(visible=False)
ax.text(-0.92, 1.5, "start", color=figures.INK, va="center")
ax.text(-1.28, 0.8, "200\ngradient\nsteps", color=figures.BLUE, ha="right")
ax.text(-0.2, -0.95, "6 Newton steps", color=figures.ORANGE, ha="right")
ax.text(1.0, 0.55, "minimum", color=figures.GREEN, va="center")
ax.text(0.93, -2.85, f"f = {valley(fast[2]):.0f}", color=figures.ORANGE)
ax.set_title("Two paths on the contours of f")
ax.set(xlabel="x", ylabel="y", xlim=(-2.0, 1.7), ylim=(-3.6, 2.2))
plt.show()

# %%
# Not every step goes down
# ------------------------
# Gradient descent drops to the floor of the valley and creeps along it. Newton's method arrives, but it goes far
# out of the valley on the way. Why? Let us follow its six steps. Each line shows the value of f at the point,
# the eigenvalues of the Hessian there, and the angle between the step and the straight way to the minimum.

values, angles = valley(fast.T), []
for p, to, value in zip(fast[:-1], fast[1:], values[:-1], strict=True):
    low, high = torch.linalg.eigvalsh(hessian(p))
    cosine = torch.cosine_similarity(to - p, 1 - p, dim=0)
    angles.append(torch.rad2deg(torch.acos(cosine)))
    print(
        f"f {value:8.3f}, eigenvalues {low:6.1f} {high:6.1f}, {angles[-1]:2.0f}°"
    )

# %%
# At the start one eigenvalue is negative. So the quadratic has no minimum there. It is flat at a saddle point,
# and that is where the step goes, 78 degrees off the way to the minimum. The second quadratic does have a
# minimum, but it describes f well only near its own point. At the end of that step, f is some three hundred
# times larger than before. The fourth step goes up too. Only then is the point so close to the minimum that
# the quadratic is nearly f itself.
#
# So a program that has to work from any start checks each step. It makes a step shorter until f falls, and it
# raises the eigenvalues that are not positive.

curvatures = torch.stack([torch.linalg.eigvalsh(hessian(p)) for p in fast])
torch.testing.assert_close(
    curvatures[0],
    torch.tensor([-46.66, 848.66], dtype=torch.float64),
    atol=0.01,
    rtol=0,
)
assert (curvatures[1:] > 0).all()
assert 77.5 < angles[0] < 78.5
assert (values.diff() > 0).tolist() == [False, True, False, True, False, False]
assert 250 < values[2] / values[1] < 350

# %%
# Why is the gradient alone of so little help? The Hessian says how differently the valley bends in its two
# directions. At the minimum its eigenvalues differ by this factor:

at_minimum = torch.linalg.eigvalsh(hessian(torch.ones(2, dtype=torch.float64)))
assert 2000 < at_minimum[1] / at_minimum[0] < 3000
at_minimum[1] / at_minimum[0]

# %%
# So a step that is short enough for the steep direction is thousands of times too short for the flat one.
# Newton's method divides each direction by its own curvature. It does so even if the curvature is negative, and
# then it goes up along that direction.
#
# What it costs
# -------------
# Why does nobody train a network in this way? With two variables the Hessian costs next to nothing. But with
# :math:`n` variables it has :math:`n^2` entries, and it takes :math:`n` more passes than the gradient. Its
# product with one vector, :math:`Hv`, takes only one more.
#
# **Next:** :doc:`/theory/higher-derivatives`, which counts these passes.
