"""
Training loop
=============

You will be able to write a training loop from plain tensors, and to say which line computes the gradients
and which line changes the parameters.
"""

import matplotlib.pyplot as plt
import torch

from autograd_tutorial import figures

# %%
# Something to learn
# ------------------
# What shall the network learn? We give it forty points of a curve, with a little noise. The generator has a
# seed, so every run sees the same points.

random = torch.Generator().manual_seed(2)
x = torch.linspace(-2, 2, 40, dtype=torch.float64)[:, None]
noise = 0.08 * torch.randn(x.shape, generator=random, dtype=x.dtype)
target = torch.sin(2 * x) + x / 2 + noise
x.shape, target.shape

# %%
# Nested functions with parameters
# --------------------------------
# What is a network, seen from autograd? A chain of functions: an affine map (a matrix product plus a bias),
# then a tanh, then another affine map. Its parameters are four tensors, two matrices of weights and two
# vectors of biases.

W1 = torch.randn(1, 12, generator=random, dtype=x.dtype).requires_grad_()
b1 = torch.randn(12, generator=random, dtype=x.dtype).requires_grad_()
W2 = (
    0.3 * torch.randn(12, 1, generator=random, dtype=x.dtype)
).requires_grad_()
b2 = torch.zeros(1, dtype=x.dtype).requires_grad_()
parameters = [W1, b1, W2, b2]
sum(p.numel() for p in parameters)


# %%
# Forward: the guess and its error
# --------------------------------
# How wrong is it before it has learned anything? The forward pass makes a guess from the inputs. The
# :term:`loss` measures the error of the guess in one number, the mean of the squared differences.


def network(x):
    return torch.tanh(x @ W1 + b1) @ W2 + b2


def loss_of(guess):
    return ((guess - target) ** 2).mean()


guess = network(x)
loss = loss_of(guess)
loss.item()

# %%
# In the figure, the curve is the guess, and the thin lines are its errors.

figure, axes = figures.new(
    alt="Forty points that fall, rise and fall again along a wave, and the "
    "first guess of the untrained network, a curve that misses most of them. "
    "Thin vertical lines join each point to the guess."
)
axes.vlines(
    x, guess.detach(), target, color=figures.ORANGE, linewidth=1.2, alpha=0.8
)
axes.plot(x, target, "o", color=figures.BLUE, markersize=4)
axes.plot(x, guess.detach(), color=figures.ORANGE)
axes.set(xlabel="x", ylabel="y")
axes.set_title(f"Forward: the first guess, with loss {loss:.2f}")
plt.show()

# %%
# The untrained curve misses most of the points. The loss is the mean of the squared lengths of the thin lines.
#
# Backward: one derivative for each parameter
# -------------------------------------------
# How should each parameter change? The backward pass computes the gradient of the loss with respect to every
# parameter. Will the parameters be different after that? And what shape will each ``.grad`` have?

before = [p.clone() for p in parameters]
loss.backward()
assert all(
    torch.equal(p, old) for p, old in zip(parameters, before, strict=True)
)
assert all(p.grad.shape == p.shape for p in parameters)
b2.grad

# %%
# The assertions say that nothing has moved: ``backward`` computes gradients, and it does *not* adjust the
# parameters. Each ``.grad`` has the shape of its parameter.
#
# Are the gradients right? :func:`gradcheck <torch.autograd.gradcheck.gradcheck>` compares them with finite
# differences, for every parameter.

torch.autograd.gradcheck(lambda *_: loss_of(network(x)), parameters)

# %%
# Step: change the parameters
# ---------------------------
# Who moves the parameters, then? You do. The gradient points uphill, so a small step the other way makes the
# loss smaller. This is :term:`gradient descent`, and an optimiser would do it for you. :class:`torch.no_grad`
# keeps the step out of autograd's record. Setting ``.grad`` to ``None`` keeps the next gradients from being
# added to these.


def take_step(learning_rate=0.1):
    with torch.no_grad():
        for p in parameters:
            p -= learning_rate * p.grad
            p.grad = None


take_step()
assert loss_of(network(x)) < loss
loss.item(), loss_of(network(x)).item()

# %%
# One step changed every parameter a little, and the loss fell. (How long may a step be? In
# :doc:`/play/descent` you can make it too long, and see what happens.)
#
# Forward, backward, step, again and again
# ----------------------------------------
# How good does it get? Training repeats four lines: guess, loss, backward, step. We keep the loss and the guess
# of each round, so that we can look at them afterwards.

losses, guesses = [loss.item()], {0: guess.detach()}
for steps in range(1, 2001):
    guess = network(x)
    loss = loss_of(guess)
    loss.backward()
    take_step()
    losses.append(loss.item())
    guesses[steps] = guess.detach()
losses[0], losses[-1]

# %%
# Can the loss fall to 0? Suppose that a network found the curve without the noise. Its loss would still be the
# mean square of the noise:

floor = (noise**2).mean().item()
floor

# %%
# This is the dashed line in the figure. Between which two of the four dots does the loss shrink by the largest
# factor?

figure, axes = figures.new(
    alt="The loss against the number of steps, both on log scales. It falls "
    f"from {losses[1]:.2f} after one step to {losses[20]:.2f} after 20, "
    f"{losses[200]:.3f} after 200 and {losses[2000]:.4f} after 2000, close to "
    f"a dashed line at {floor:.4f}, the mean square of the noise."
)
axes.loglog(range(1, 2001), losses[1:], color=figures.BLUE)
for steps in (1, 20, 200, 2000):
    axes.plot(steps, losses[steps], "o", color=figures.BLUE)
axes.axhline(floor, color=figures.PURPLE, linestyle="--", linewidth=1.5)
axes.text(1, 1.1 * floor, "mean square of the noise", va="bottom")
axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
axes.set_yticks([0.01, 0.1], ["0.01", "0.1"])
axes.set(xlabel="steps", ylabel="loss")
axes.set_title("The loss falls to the size of the noise")
plt.show()

# %%
# The dots mark 1, 20, 200 and 2000 steps, and the largest factor lies between the second and the third. Below
# the dashed line the network has begun to fit the noise.
#
# What the network has learned
# ----------------------------
# What does a smaller loss look like? Watch the guess, in orange, bend towards the points.

figure, axes = figures.new(
    alt="Four panels with the same points and the guess of the network after "
    "0, 20, 200 and 2000 steps. It starts far off, first bends into a slope, "
    "and follows the wave after 200 steps.",
    rows=2,
    columns=2,
    height=2.3,
    sharex=True,
    sharey=True,
)
for panel, steps in zip(axes.flat, (0, 20, 200, 2000), strict=True):
    panel.plot(x, target, "o", color=figures.BLUE, markersize=3)
    panel.plot(x, guesses[steps], color=figures.ORANGE)
    panel.set_title(f"{steps} steps")
figure.supxlabel("x", fontsize=12)
figure.supylabel("y", fontsize=12)
plt.show()

# %%
# First the guess bends into a slope, then it follows the wave. Between 200 and 2000 steps you see little change,
# and yet the loss falls by about half. Part of what it gains is noise, because it ends below the dashed line.

assert losses[2000] < floor < losses[200]
assert 0.4 < losses[2000] / losses[200] < 0.6
shrunk = [losses[a] / losses[b] for a, b in ((1, 20), (20, 200), (200, 2000))]
assert max(shrunk) == shrunk[1]
losses[200], losses[2000], floor

# %%
# **Next:** :doc:`/theory/training-by-hand`, which asks how much of the loss one step takes away.
