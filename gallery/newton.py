"""
Step with a gradient, and with a Hessian
========================================

You will be able to see what the second derivative adds in a narrow valley, and when a Newton step
can be trusted: it needs few steps, and some of them may go up.
"""

# %%
# A narrow valley
# ---------------
# Rosenbrock's function has its minimum, 0, at (1, 1). The way there leads along the floor of a curved
# valley.
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
# Both are checked against the formulas: the gradient is
# :math:`(-400 x (y - x^2) - 2 (1 - x), \; 200 (y - x^2))`.

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
# Gradient descent goes against the gradient, with a step that is small enough not to climb the other
# wall. Newton's method solves :math:`H s = -g`: it takes the quadratic that has f's value, gradient and
# Hessian at the point, and goes to where that is flat.


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
valley(slow[-1]), valley(fast[-1])

# %%
# Two hundred steps of the one, six of the other. On the contours of f:

assert valley(slow[-1]) > 0.5
assert valley(fast[-1]) < 1e-12
torch.testing.assert_close(fast[-1], torch.ones(2, dtype=torch.float64))

figure, ax = figures.new(
    alt="Contours of Rosenbrock's function, a curved valley, with two paths "
    "from the point (−1, 1.5). Gradient descent drops to the floor of the valley "
    "and creeps along it; after 200 steps it has gone only a small part of the "
    "way. Newton's method jumps six times: down to the floor, far out of the "
    "valley, where f is 1217, back, and to the minimum, (1, 1).",
    height=4.2,
)
across = torch.linspace(-1.6, 1.7, 199, dtype=torch.float64)
along = torch.linspace(-3.6, 2.2, 175, dtype=torch.float64)
grid = torch.stack(torch.meshgrid(across, along, indexing="xy"))
levels = 10.0 ** torch.linspace(-1, 3, 9)
ax.contour(
    across, along, valley(grid), levels=levels, colors=figures.GRID, zorder=0
)
ax.plot(*fast.T, "o-", color=figures.ORANGE)
ax.plot(*slow.T, ".-", color=figures.BLUE, markersize=3)
ax.plot(1, 1, "*", color=figures.GREEN, markersize=14)
ax.grid(visible=False)
ax.text(-0.9, 1.62, "start", color=figures.INK)
ax.text(-0.93, 1.2, "200 gradient steps", color=figures.BLUE)
ax.text(-0.5, -2.6, "6 Newton steps", color=figures.ORANGE)
ax.text(1.0, 0.4, "minimum", color=figures.GREEN)
ax.text(0.93, -2.85, f"f = {valley(fast[2]):.0f}", color=figures.ORANGE)
ax.set_title("Two paths on the contours of f")
ax.set(xlabel="x", ylabel="y", xlim=(-1.6, 1.7), ylim=(-3.6, 2.2))
plt.show()

# %%
# Not every step goes down
# ------------------------
# Follow Newton's six steps: the value of f at the point, the eigenvalues of the Hessian there, and the
# angle between the step and the straight way to the minimum.

values, angles = valley(fast.T), []
for p, to, value in zip(fast[:-1], fast[1:], values[:-1], strict=True):
    low, high = torch.linalg.eigvalsh(hessian(p))
    cosine = torch.cosine_similarity(to - p, 1 - p, dim=0)
    angles.append(torch.rad2deg(torch.acos(cosine)))
    print(
        f"f {value:8.3f}, eigenvalues {low:6.1f} {high:6.1f}, {angles[-1]:2.0f}°"
    )

# %%
# At the start one eigenvalue is negative. There the quadratic has no minimum: it is flat at a saddle
# point, and the step goes to that one, 78 degrees off the way to the minimum. The second quadratic does
# have a minimum, but it is a good picture of f only near its point; at the end of the step f is some
# three hundred times larger than before. The fourth step goes up too. Only then is the point so close to
# the minimum that the quadratic is nearly f itself.
#
# So a program that is to work from anywhere checks each step: it makes a step shorter until f falls,
# and raises the eigenvalues that are not positive.

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
# Why the gradient is of little help: the Hessian says how different the two directions of the valley
# are. Its eigenvalues at the minimum differ by a factor of

at_minimum = torch.linalg.eigvalsh(hessian(torch.ones(2, dtype=torch.float64)))
assert 2000 < at_minimum[1] / at_minimum[0] < 3000
at_minimum[1] / at_minimum[0]

# %%
# A step that is short enough for the steep direction is thousands of times too short for the flat
# one. Newton's method divides each direction by its own curvature, also by a negative one: then it goes
# up along that direction.
#
# What it costs
# -------------
# With two variables the Hessian is nothing. With :math:`n` it has :math:`n^2` entries, and takes
# :math:`n` more passes than the gradient. :doc:`/theory/higher-derivatives` counts that, and shows the product
# :math:`Hv`, which takes only one more.
