"""
Recorded graphs
===============

You will be able to record the graph that autograd built for a run, to play it step by step in both
directions, and to find every number of the chain rule on it.
"""

# sphinx_gallery_thumbnail_number = 2
from collections import OrderedDict
from itertools import zip_longest

import torch
from torch import nn

from autograd_tutorial import trace
from autograd_tutorial.functions import log_sine_reciprocal

# %%
# Play a run
# ----------
# What does autograd do while a function runs? Take :math:`F(x) = \log(x^2) \, \sin x + \frac{1}{x}` at
# :math:`x = 2`. Its derivative has three terms, one for each place where x stands:
#
# .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \, \cos x - \frac{1}{x^2}.
#
# Work out each term on paper first, with :math:`\sin 2 \approx 0.91`, :math:`\cos 2 \approx -0.42` and
# :math:`\log 4 \approx 1.39`. You should find about 0.91, −0.58 and −0.25. Their sum is 0.08.
#
# Now we run F once. :func:`autograd_tutorial.graph.trace` returns the graph that autograd recorded, and a
# graph shows itself.

x = torch.tensor(2.0, dtype=torch.float64)
graph = trace(log_sine_reciprocal, x)
graph

# %%
# Each box is a value that the run computed. Press *Play*, or go on with *Next* or the right arrow key. In the
# first eight steps the values appear (→), in the order in which they were computed. In the next eight the
# adjoints appear (←), from F back to x. *Back* and the left arrow key go the other way, the slider jumps,
# and *Show all* returns to the whole picture. Stop at the last step, and you will see your three terms
# arrive at x.
#
# Read the values
# ---------------
# How do you get at these numbers in code? F has no variables for its values, so they are called v1, v2, … in
# the order in which they were computed. ``primal`` holds the number.

primals = torch.stack([node.primal for node in graph.nodes])
expected = x.new_tensor(
    [2, 4, 1.386294, 0.909297, 1.260554, 0.5, 0.5, 1.760554]
)
torch.testing.assert_close(primals, expected, rtol=0, atol=5e-7)
{node.name: round(node.primal.item(), 6) for node in graph.nodes}

# %%
# Seven operations lead from 2 to 1.760554. But why does 0.5 appear twice?
#
# Two nodes for one quotient
# --------------------------
# On paper, 1/x is one step. Look at what torch ran:

[node.statement for node in graph.nodes[-3:]]

# %%
# Torch computes 1/x as the reciprocal of x, times 1. The multiplication changes neither the value nor the
# message. It is in the picture because it is in the graph, and nothing here is drawn by hand.
#
# Read the adjoints
# -----------------
# How much does each value matter? The :term:`adjoint` of a value says how fast F changes with it. The adjoints
# of v4 and v6, the two terms of the sum, are equal. Can you say why?

adjoints = torch.stack([node.adjoint for node in graph.nodes])
expected = x.new_tensor([0.082395, 0.227324, 0.909297, 1.386294, 1, 1, 1, 1])
torch.testing.assert_close(adjoints, expected, rtol=0, atol=5e-7)
{node.name: round(node.adjoint.item(), 6) for node in graph.nodes}

# %%
# Both are 1, because if you move a term by a little, the sum moves by the same amount. The adjoint of x is the
# derivative of F, 0.082395. :func:`torch.autograd.grad` returns the same number:

leaf = x.clone().requires_grad_()
(gradient,) = torch.autograd.grad(log_sine_reciprocal(leaf), leaf)
assert torch.equal(graph["x"].adjoint, gradient)
gradient

# %%
# Read the messages
# -----------------
# How does an adjoint get from box to box? Each arrow shows its :term:`local derivative`, which says how the
# value at its head changes with the one at its tail, and the message that came back along it:
#
# .. math:: \text{message} = \bar w \, \frac{\partial w}{\partial u}, \qquad
#           \bar u = \sum \text{messages}.
#
# Each use sends back one message, and the adjoint of a value is their sum. Here are the arrows that leave x, in
# the order in which their messages came back:

leaving = graph.edges_from[graph["x"]]
messages = torch.stack([edge.message for edge in leaving])
expected = x.new_tensor([-0.25, -0.576902, 0.909297])
torch.testing.assert_close(messages, expected, rtol=0, atol=5e-7)
[(edge.target.statement, round(edge.message.item(), 6)) for edge in leaving]

# %%
# These are your three terms again, the last one first, because the backward pass begins at the end.
#
# ``check`` tests both equations on every arrow and at every box, and returns the largest difference.

assert graph.check() == 0
graph.check()

# %%
# The numbers agree to the last bit.
#
# One function, two graphs
# ------------------------
# Does a loop appear in the graph as a loop? The control-flow function of the tutorial doubles a number until
# its size reaches 1000. A result that is not positive is multiplied by 100.


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


# %%
# How many operations run for :math:`a = 300`, and what is the gradient? Decide before you look.

from_300 = trace(f, torch.tensor(300.0))
from_300

# %%
# Two doublings ran, so the gradient is :math:`2 \cdot 2 = 4`. The variable b held two values, one after the
# other, and they are called b1 and b2. The conditions of the loop and of the branch left nothing behind.
#
# What changes for :math:`a = -300`?

from_minus_300 = trace(f, torch.tensor(-300.0))
from_minus_300

# %%
# The branch brings the factor 100, so the gradient is :math:`2 \cdot 2 \cdot 100 = 400`. Here are the two runs
# next to each other:

assert from_300["a"].adjoint == 4
assert from_minus_300["a"].adjoint == 400
print("from 300        from −300")
for left, right in zip_longest(from_300.nodes, from_minus_300.nodes):
    print(f"{left.statement if left else '':16}{right.statement}")

# %%
# The function has a loop and a branch, but the graphs have neither, because each lists what one run did. So
# another number can lead to another graph, and to another gradient.
#
# Three uses, three messages
# --------------------------
# What if one value is used several times? Such a value is called a :term:`fan-out`. Below, u is used three
# times. At :math:`u = 2` its uses have the local derivatives :math:`3u^2 = 12`, :math:`2u = 4` and 1. So what
# is the adjoint of u?


def cubic(x):
    u = 2 * x
    return u**3 + u**2 + u


graph = trace(cubic, torch.tensor(1.0))
graph

# %%
# Play the steps from v4 back to u, and watch the box of u. Its adjoint grows from 1 to 5 and then to 17. As long
# as messages are missing, the number ends in "+…".

arrived = torch.stack([e.message for e in graph.edges_from[graph["u"]]])
assert arrived.tolist() == [1, 4, 12]
assert arrived.sum() == graph["u"].adjoint == 17
arrived.cumsum(0)

# %%
# And what reaches x? Not three messages: u passes on their sum, so x receives one, :math:`17 \cdot 2 = 34`.

assert graph["x"].adjoint == 34
graph["x"].adjoint

# %%
# A network and its loss
# ----------------------
# Does all of this hold for a network? A network is one more function. This one has two inputs, two hidden units
# and one output, and three points are enough to see all of it. Its :term:`loss`, the number that measures its
# error, is a function without arguments here: the points are fixed, and the leaves are the parameters.

torch.manual_seed(0)
layers = OrderedDict(
    hidden=nn.Linear(2, 2), tanh=nn.Tanh(), out=nn.Linear(2, 1)
)
net = nn.Sequential(layers)
points, targets = torch.randn(3, 2), torch.randn(3, 1)


def loss():
    guess = net(points)
    return nn.functional.mse_loss(guess, targets)


graph = trace(loss)
graph

# %%
# The values are matrices now, and so are the local derivatives. (addmm is torch's name for a matrix product plus
# a vector, and t is the transpose.) So each arrow names the structure of its matrix:
#
# - ``diag(6)``: tanh works on six numbers, each by itself.
# - ``copy``: each bias is added to all three points.
# - ``reorder``: the transpose moves entries and changes none of them.
# - ``J 6×4``: six numbers depend on four in no simpler way.
#
# Open a cell of the table to see a matrix in full.
#
# What the optimiser gets
# -----------------------
# What is left of all this for a training step? Each parameter receives one message. These four are what
# ``loss().backward()`` leaves in ``.grad``.

assert all(parameter.grad is None for parameter in net.parameters())
loss().backward()
for name, parameter in net.named_parameters():
    torch.testing.assert_close(graph[name].adjoint, parameter.grad)
{name: graph[name].adjoint for name, _ in net.named_parameters()}

# %%
# (The first assertion says that tracing left every ``.grad`` as it was.) An :term:`optimiser`, which takes the
# step, needs these four tensors and nothing else of the graph.
#
# **Next:** :doc:`/how-to/trace-your-own-function`, where you look at a function of yours in this way.
