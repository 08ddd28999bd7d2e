"""
Chain rule on a graph
=====================

You will be able to take a derivative along a graph by hand, value by value, and to compare it with autograd
down to the last digit.
"""

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures
from autograd_tutorial.exercises.ex5_log_sine_reciprocal import (
    DEPENDENCIES,
    chain_rule,
    compare,
    evaluation_trace,
)
from autograd_tutorial.functions import log_sine_reciprocal

# %%
# Values, from x to F
# -------------------
# Which steps lead from x to :math:`F(x) = \log(x^2) \, \sin x + \frac{1}{x}`? There are seven values on the way, x
# and F among them. Each entry below names a value, and then the values from which it is computed.

DEPENDENCIES

# %%
# If you compute them in this order, you get the :term:`evaluation trace`, the list of all values of one run.
# At :math:`x = 2` it is:

x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
values = evaluation_trace(x)
torch.testing.assert_close(values["F"], log_sine_reciprocal(x))
{name: round(value.item(), 6) for name, value in values.items()}

# %%
# Adjoints, from F to x
# ---------------------
# How fast does F change with each of these values? This derivative of F is called the :term:`adjoint` of the
# value. The adjoint of F is 1. From there the chain rule goes backwards, because the adjoint of u follows from
# those of the values that are computed from u:
#
# .. math:: \bar u = \sum_{w \text{ computed from } u} \bar w \, \frac{\partial w}{\partial u}.

adjoints = chain_rule(x.detach())
{name: round(adjoint.item(), 6) for name, adjoint in adjoints.items()}

# %%
# You can ask autograd for all of them at once, because every value of the trace is in its record.

by_autograd = torch.autograd.grad(values["F"], list(values.values()))
torch.testing.assert_close(
    [adjoints[name] for name in values], list(by_autograd)
)

# %%
# Both ways agree on all seven.
#
# Local derivatives, on the arrows
# --------------------------------
# Where does each adjoint come from? Every arrow of the graph has a :term:`local derivative`, which says how the
# value at its head changes with the one at its tail. Along each arrow a message comes back: the adjoint at
# the head, times the local derivative.

local = {
    ("x", "x²"): 2 * x,
    ("x", "sin x"): torch.cos(x),
    ("x", "1/x"): -1 / x**2,
    ("x²", "log x²"): 1 / values["x²"],
    ("log x²", "log x² · sin x"): values["sin x"],
    ("sin x", "log x² · sin x"): values["log x²"],
    ("log x² · sin x", "F"): torch.ones_like(x),
    ("1/x", "F"): torch.ones_like(x),
}
assert local.keys() == {
    (u, w) for w, arguments in DEPENDENCIES.items() for u in arguments
}

# %%
# The messages that arrive at a value add up to its adjoint, as the formula says:

messages = {
    (u, w): (adjoints[w] * slope).detach() for (u, w), slope in local.items()
}
for value in values.keys() - {"F"}:
    arriving = [message for (u, w), message in messages.items() if u == value]
    torch.testing.assert_close(sum(arriving), adjoints[value])

# %%
# Here is the whole graph in one picture. The first number in a box is the value, computed downwards. The second
# is the adjoint, computed upwards. Find the box at which several messages meet.

place = {
    "x": (2.1, 0),
    "x²": (0.5, -1),
    "log x²": (0.5, -2),
    "sin x": (2.1, -1.7),
    "1/x": (3.6, -2),
    "log x² · sin x": (1.3, -3),
    "F": (2.1, -4),
}
label_on_the_right = [
    ("x", "1/x"),
    ("x²", "log x²"),
    ("sin x", "log x² · sin x"),
    ("1/x", "F"),
]

figure, axes = figures.new(
    alt="The dependency graph of F at x = 2, from x at the top to F at the "
    "bottom. Arrows: "
    + "; ".join(
        f"{u} to {w}, local derivative {slope:.4g}"
        for (u, w), slope in local.items()
    )
    + ". Value and adjoint: "
    + "; ".join(
        f"{name} {values[name]:.4g} and {adjoints[name]:.4g}"
        for name in DEPENDENCIES
    )
    + ".",
    height=6.2,
)
box = {
    "boxstyle": "round,pad=0.4",
    "facecolor": "none",
    "edgecolor": figures.INK,
}
drawn = {}
for name, (across, down) in place.items():
    text = f"{name}\n↓ {values[name]:.4f}\n↑ {adjoints[name]:.4f}"
    drawn[name] = axes.text(
        across, down, text, ha="center", va="center", bbox=box
    )
for (u, w), slope in local.items():
    patches = {
        "patchA": drawn[u].get_bbox_patch(),
        "patchB": drawn[w].get_bbox_patch(),
    }
    arrow = {
        "arrowstyle": "-|>",
        "color": figures.BLUE,
        "linewidth": 1.5,
        **patches,
    }
    axes.annotate("", place[w], place[u], arrowprops=arrow)
    across, down = [
        (a + b) / 2 for a, b in zip(place[u], place[w], strict=True)
    ]
    shift, side = (
        (0.1, "left") if (u, w) in label_on_the_right else (-0.1, "right")
    )
    label = f"× {slope:.4g}".replace("-", "−")
    axes.text(across + shift, down, label, ha=side, va="center")
axes.set(xlim=(-0.1, 4.3), ylim=(-4.4, 0.4))
axes.set_axis_off()
axes.set_title("F at x = 2:  ↓ value,  ↑ adjoint,  × local derivative")
plt.show()

# %%
# It is x, because x is the only value that is used more than once. Follow the arrows down to compute F, and up
# to compute its derivative.
#
# Three messages meet at x
# ------------------------
# How large is each of the three messages? Start with the top bar: each of the others begins where the one
# above it ends.

names = ["x²", "sin x", "1/x"]
parts = torch.stack([messages["x", name] for name in names])
ends = parts.cumsum(0)
parts

# %%

figure, axes = figures.new(
    alt="Three bars, each starting where the one before ends: "
    + ", ".join(
        f"{part:+.4f} through {name}"
        for name, part in zip(names, parts, strict=True)
    )
    + f". What is left, {ends[-1]:.4f}, is the adjoint of x.",
    height=2.9,
)
axes.barh(
    names, parts, left=ends - parts, color=figures.ORANGE, height=0.5, zorder=2
)
for row, (part, end) in enumerate(zip(parts, ends, strict=True)):
    label = f"{part:+.4f}".replace("-", "−")
    axes.text(end - part / 2, row - 0.48, label, ha="center", va="center")
axes.axvline(ends[-1], color=figures.INK, linestyle="--", linewidth=1.2)
axes.text(
    ends[-1] - 0.02, -0.45, f"F′ = {ends[-1]:.4f}", ha="right", va="center"
)
axes.set(xlim=(-0.3, 1), ylim=(2.5, -0.7), xlabel="sum of the messages so far")
axes.grid(axis="y", visible=False)
axes.set_title("The adjoint of x is the sum of three messages")
plt.show()

# %%
# The other two almost cancel the large message through x². So if you forget one of the three, the derivative is
# far off.
#
# The function, without its pole
# ------------------------------
# What does F look like away from :math:`x = 2`? It has a pole at 0, where its value is NaN. So we draw the two
# branches apart, and leave out the interval from −0.1 to 0.1.

right = torch.linspace(0.1, 10, 400, dtype=torch.float64)
left = -right.flip(0)

# %%

figure, axes = figures.new(
    alt="F from −10 to 10 in two branches. On the right it falls from 9.5 "
    "near 0, then waves with growing height. The left branch is the right "
    "one turned by half a turn about the origin."
)
figures.plot_branches(
    axes, [(x, log_sine_reciprocal(x)) for x in (left, right)]
)
axes.axvline(0, color=figures.INK, linestyle=":", linewidth=1.2)
axes.set(xlabel="x", ylabel="F(x)", xticks=range(-10, 11, 5), ylim=(-10, 10))
axes.set_title("F(x) = log(x²) · sin x + 1/x")
plt.show()

# %%
# The dotted line marks the pole. No line joins the branches across it, because F has no values there.
#
# By hand and by autograd
# -----------------------
# Does the chain rule agree with autograd everywhere? Written out, the three messages are
#
# .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \cos x - \frac{1}{x^2}.
#
# :func:`autograd_tutorial.exercises.ex5_log_sine_reciprocal.compare` computes both derivatives. If they agree,
# one curve hides the other. That is why the upper one is dashed.

figure, axes = figures.new(
    alt="The derivative of F from −10 to 10, by hand as a broad pale line "
    "and by autograd as a dashed line. The dashed line runs inside the broad "
    "one everywhere, on both sides of the pole at 0."
)
both = [(x, compare(x)) for x in (left, right)]
figures.plot_branches(
    axes,
    [(x, d.by_hand) for x, d in both],
    color=figures.BLUE,
    linewidth=7,
    alpha=0.4,
)
figures.plot_branches(
    axes,
    [(x, d.by_autograd) for x, d in both],
    color=figures.ORANGE,
    linestyle="--",
)
axes.axvline(0, color=figures.INK, linestyle=":", linewidth=1.2)
axes.set(xlabel="x", ylabel="F′(x)", xticks=range(-10, 11, 5), ylim=(-12, 7))
axes.set_title("F′ by hand (broad) and by autograd (dashed)")
plt.show()

# %%
# They overlap. But both could share a mistake, so let us ask a witness that knows nothing but F, the central
# difference:

h = 1e-6
quotient = (log_sine_reciprocal(right + h) - log_sine_reciprocal(right - h)) / (
    2 * h
)
torch.testing.assert_close(
    quotient, compare(right).by_autograd, rtol=1e-8, atol=1e-8
)

# %%
# How far apart are they?
# -----------------------
# Do they agree to the last digit? A plot of both curves cannot show that. So we subtract them, in both dtypes.

residual = {}
for dtype in (torch.float32, torch.float64):
    by_hand, by_autograd = compare(right.to(dtype))
    residual[dtype] = (by_hand - by_autograd).abs().double()
{dtype: f"{r.max():.1e}" for dtype, r in residual.items()}

# %%
# At many points the two agree to the last bit. A log scale has no place for a difference of zero, so we count
# these points, and leave them out of the plot.

summary = {
    str(dtype).removeprefix(
        "torch."
    ): f"at most {r.max():.1e}, zero at {(r == 0).sum()} of {len(r)}"
    for dtype, r in residual.items()
}
summary

# %%
# Compare the heights of the two clouds, and look for the points that lie highest in each.

figure, axes = figures.new(
    alt="The absolute difference between the two derivatives on [0.1, 10], "
    "on a log scale, at the points where it is not zero. "
    + ". ".join(
        f"In {dtype} it is {text} points" for dtype, text in summary.items()
    )
    + ".",
    height=4.2,
)
styles = (("o", figures.ORANGE, 3e-5), ("^", figures.BLUE, 6e-14))
for (name, text), r, style in zip(
    summary.items(), residual.values(), styles, strict=True
):
    marker, color, above = style
    axes.semilogy(right[r > 0], r[r > 0], marker, color=color, markersize=4)
    axes.text(0, above, f"{name}: {text}")
axes.set(xlabel="x", ylabel="|by hand − autograd|", ylim=(1e-18, 1e-3))
axes.yaxis.set_major_formatter("{x:.0e}")
axes.set_title("What is left is rounding")
plt.show()

# %%
# The wider dtype lowers the whole cloud by some nine powers of ten. So the differences are rounding, and the
# formulas agree. The largest ones stand at the left edge, where :math:`F'` itself is about −100.
#
# A tolerance that fits
# ---------------------
# How small a difference should a test demand? :func:`torch.allclose` allows an error of :math:`10^{-8}`, plus
# :math:`10^{-5}` of the value. Where the value is close to zero, that is next to nothing. But the terms that
# cancel there are large, and so are their rounding errors. Here is :math:`F'` in float32 wherever the test is
# too strict:

by_hand, by_autograd = compare(right.float())
too_strict = ~torch.isclose(by_hand, by_autograd)
near_zero = torch.zeros_like(by_autograd[too_strict])
torch.testing.assert_close(
    by_autograd[too_strict], near_zero, rtol=0, atol=0.01
)
by_autograd[too_strict]

# %%
# All of these values are close to zero. So choose the absolute tolerance by the size of the terms, not of
# their sum. :func:`torch.testing.assert_close` has defaults that depend on the dtype: for float32 its absolute
# tolerance is :math:`10^{-5}`, and the two derivatives pass.

torch.testing.assert_close(by_hand, by_autograd)

# %%
# **Next:** :doc:`/exercises/ex5_log_sine_reciprocal`, where you send the adjoints back yourself.
