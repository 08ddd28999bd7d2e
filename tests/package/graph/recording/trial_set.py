"""The trial set: functions that between them use what autograd can record.

Each trial is deterministic, in float64, and leaves the function free to be called again.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograd_tutorial.functions import (
    double_until_large,
    log_sine_reciprocal,
    space_to_plane,
    twice_dot,
)

DOUBLE = torch.float64
ULP = torch.finfo(DOUBLE).eps


class Trial(NamedTuple):
    """A function, and what to call it on."""

    name: str
    function: Callable[..., Tensor]
    inputs: Callable[[], tuple[Tensor, ...]]
    """Make the inputs anew, always the same."""

    scalar: bool = True
    """Whether the result has one element; else it wants a cotangent."""

    slack: float = 4 * ULP
    """How much `check` may find: the order in which a sum is taken is the processor's.

    More than that has a reason that stands beside the trial.
    """

    forward_mode: bool = True
    """Whether torch itself can push tangents through it, with `torch.func.jvp`."""

    cut: bool = False
    """Whether detach or no_grad hides a dependence, which finite differences see."""

    def cotangent(self) -> Tensor | None:
        """Return weights for the result, always the same; None for a scalar."""
        if self.scalar:
            return None
        like = self.function(*self.inputs())
        generator = torch.Generator().manual_seed(7)
        return torch.randn(like.shape, dtype=DOUBLE, generator=generator)


def random(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    """Return a function that makes random tensors of these shapes, always the same."""

    def make() -> tuple[Tensor, ...]:
        generator = torch.Generator().manual_seed(len(shapes))
        return tuple(
            torch.randn(shape, dtype=DOUBLE, generator=generator)
            for shape in shapes
        )

    return make


def fixed(*numbers: float | list[float]) -> Callable[[], tuple[Tensor, ...]]:
    """Return a function that makes tensors of these numbers."""
    return lambda: tuple(torch.tensor(n, dtype=DOUBLE) for n in numbers)


WEIGHT = nn.Parameter(torch.tensor([0.3, -1.2, 0.7], dtype=DOUBLE))
CONSTANT = torch.tensor([2.0, -0.5, 1.5], dtype=DOUBLE)
LABELS = torch.tensor([0, 2])
ROWS = torch.tensor([1, 3, 1])

torch.manual_seed(3)  # the parameters of the modules
NETWORK = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double()
NORM = nn.LayerNorm(4).double()
BATCH_NORM = nn.BatchNorm1d(3).double()
SPARSE = nn.Embedding(5, 2, sparse=True).double()
CONVOLUTION = nn.Conv2d(1, 2, 2).double()
RECURRENT = nn.LSTM(2, 2).double()
ENCODER = nn.MultiheadAttention(4, 2, batch_first=True).double()


class Tied(nn.Module):
    """Two layers that share one weight."""

    def __init__(self) -> None:
        """Tie them."""
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        """Apply the weight twice."""
        hidden = self.first(x).tanh()
        result: Tensor = self.second(hidden)
        return result


TIED = Tied().double()


class Cube(torch.autograd.Function):
    """x³, with a derivative of its own."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        """Return x³."""
        return x.pow(3)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Save x."""
        del output
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return 3x² times the adjoint."""
        (x,) = ctx.saved_tensors
        message: Tensor = 3 * grad * x**2
        return message


class ScaledPair(torch.autograd.Function):
    """(k · x · y, x + y): an argument that is no tensor, and two results."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, k: float, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return both results."""
        ctx.k = k
        ctx.save_for_backward(x, y)
        return k * x * y, x + y

    @staticmethod
    def backward(
        ctx: Any, product: Tensor, total: Tensor
    ) -> tuple[Tensor, None, Tensor]:
        """Return the messages; k gets none."""
        x, y = ctx.saved_tensors
        return product * y * ctx.k + total, None, product * x * ctx.k + total


class Filled(torch.autograd.Function):
    """(x, x²), written into a result part by part."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Fill the result."""
        ctx.save_for_backward(x)
        result = torch.empty(2, *x.shape, dtype=x.dtype)
        result[0] = x
        result[1] = x**2
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Return the message."""
        (x,) = ctx.saved_tensors
        message: Tensor = grad[0] + 2 * x * grad[1]
        return message


def filled(x: Tensor) -> Tensor:
    """Use the result of a function that fills it."""
    result: Tensor = Filled.apply(x).sin()  # type: ignore[no-untyped-call]
    return result.sum()


def gradient_of_abs(x: Tensor) -> Tensor:
    """Differentiate a gradient that is flat."""
    y = x.abs().sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return (g * x).sum()


def hessian_vector_product(x: Tensor) -> Tensor:
    """Push a tangent through a gradient."""
    gradient = torch.func.grad(lambda y: y.sigmoid().log().sum())
    product: Tensor = torch.func.jvp(gradient, (x,), (torch.ones_like(x),))[1]
    return product


def cube(x: Tensor) -> Tensor:
    """Call a custom function."""
    result: Tensor = Cube.apply(x)  # type: ignore[no-untyped-call]
    return result


def scaled_pair(x: Tensor, y: Tensor) -> Tensor:
    """Use both results of a custom function."""
    product, total = ScaledPair.apply(x, 2.0, y)  # type: ignore[no-untyped-call]
    result: Tensor = (product * total).sum()
    return result


def scaled_pair_of_one(x: Tensor, y: Tensor) -> Tensor:
    """Use one result of a custom function: the other gets no adjoint."""
    pair = ScaledPair.apply(x, 2.0, y)  # type: ignore[no-untyped-call]
    result: Tensor = pair[0].sum()
    return result


def in_place(x: Tensor) -> Tensor:
    """Change an intermediate value in place."""
    return (x * 1).mul_(2).exp_()


def in_place_on_a_view(x: Tensor) -> Tensor:
    """Change a part of a tensor."""
    y = x * 1
    y[0] *= 3
    return y.pow(2).sum()


def in_place_on_a_view_of_a_view(x: Tensor) -> Tensor:
    """Change a tensor through a view, and use the view."""
    y = x * 1
    z = y[0]
    z[1].mul_(x[0, 0])
    z.exp_()
    return y.pow(2).sum() * z[0]


def set_an_item(x: Tensor) -> Tensor:
    """Overwrite a part of a tensor."""
    y = x * 1
    y[0] = x[1]
    return y.sum() * y[0]


def cut_by_no_grad(x: Tensor) -> Tensor:
    """Compute a factor outside of the graph."""
    with torch.no_grad():
        s = x.sum()
    return x * s


def split_in_two(x: Tensor) -> Tensor:
    """Use both parts of a vector."""
    a, b = torch.split(x, 2)
    return (a * b.exp()).sum()


def split_and_forget(x: Tensor) -> Tensor:
    """Use one part of a vector."""
    a, _ = torch.split(x, 2)
    return (a * a.exp()).sum()


def unpacked(x: Tensor) -> Tensor:
    """Take a vector apart."""
    a, b, c = x
    result: Tensor = a * b + c
    return result


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Write attention by hand."""
    scores = q @ k.T / math.sqrt(2)
    return scores.softmax(-1) @ v


def gradient_inside(x: Tensor) -> Tensor:
    """Differentiate a gradient."""
    y = x.sin().sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return (g * x).sum()


def long_chain(x: Tensor) -> Tensor:
    """Run 10,000 operations."""
    for _ in range(5000):
        x = (x + 0.001) * 0.9999
    return x


def indexed(x: Tensor) -> Tensor:
    """Pick entries by number, by a range and by a mask."""
    chosen = torch.tensor([0, 0, 2])
    return x[chosen].prod() * x[1:].sum() + x[x > 0].sum()


def spectrum(x: Tensor) -> Tensor:
    """Pass through complex numbers."""
    power: Tensor = torch.fft.rfft(x).abs() ** 2
    return (power + 1).log().sum()


def sine_product(x: Tensor) -> Tensor:
    """Return the product of the sines."""
    return x.sin().prod()


def sine_dot(x: Tensor) -> Tensor:
    """Return the dot product with the sines."""
    return x.sin() @ x


def checkpointed(x: Tensor) -> Tensor:
    """Compute a part again in the backward pass."""
    from torch.utils.checkpoint import checkpoint  # noqa: PLC0415

    result: Tensor = checkpoint(
        lambda y: (y.sin() * y).sum(), x, use_reentrant=False
    )
    return result


def recursive(x: Tensor, depth: int = 3) -> Tensor:
    """Call itself."""
    if depth == 0:
        return x
    y = recursive(x * 2, depth - 1)
    return y + x.sin()


TRIALS = [
    Trial("F", log_sine_reciprocal, fixed(2.0)),
    Trial("twice the dot product", twice_dot, fixed([0.0, 1.0, 2.0, 3.0])),
    Trial(
        "control flow, three turns",
        double_until_large,
        fixed(math.pi * 100),
    ),
    Trial("control flow, other branch", double_until_large, fixed(-0.3)),
    Trial("space to plane", space_to_plane, random((3,)), scalar=False),
    Trial("in place", in_place, random((3,)), scalar=False),
    Trial("in place on a view", in_place_on_a_view, random((3,))),
    Trial(
        "in place on a view of a view",
        in_place_on_a_view_of_a_view,
        random((2, 2)),
    ),
    Trial("set an item", set_an_item, random((3,))),
    Trial("views", lambda x: x.view(6)[::2].exp().prod(), random((2, 3))),
    Trial("transpose", lambda x: (x.t() @ x).sum(), random((2, 3))),
    Trial("constants", lambda x: (x * CONSTANT).sum() + 1, random((3,))),
    Trial(
        "a constant twice",
        lambda x: (x * CONSTANT + CONSTANT * x).sum(),
        random((3,)),
    ),
    Trial("detach", lambda x: (x * x.detach()).sum(), random((3,)), cut=True),
    Trial("no_grad", cut_by_no_grad, random((3,)), scalar=False, cut=True),
    Trial("split", split_in_two, random((4,))),
    Trial("split, one part", split_and_forget, random((4,))),
    Trial("unbind", unpacked, random((3,))),
    Trial("max", lambda x: x.max(dim=1).values.prod(), random((3, 3))),
    Trial(
        "eigh",
        lambda x: torch.linalg.eigh(x + x.T)[0].pow(3).sum(),
        random((3, 3)),
    ),
    Trial("fan-out", lambda x: x * x.sin() + x, random((2,)), scalar=False),
    Trial("two edges", lambda x: x * x, random((3,)), scalar=False),
    Trial(
        "custom",
        cube,
        random((3,)),
        scalar=False,
        forward_mode=False,
    ),
    Trial(
        "custom, two results",
        scaled_pair,
        random((3,), (3,)),
        forward_mode=False,
    ),
    Trial(
        "custom, one result of two",
        scaled_pair_of_one,
        random((3,), (3,)),
        forward_mode=False,
    ),
    Trial(
        "cross-entropy",
        lambda x: F.cross_entropy(NETWORK(x), LABELS),
        random((2, 3)),
    ),
    Trial("network", NETWORK, random((2, 3)), scalar=False),
    Trial("tied weights", TIED, random((2, 3)), scalar=False),
    Trial(
        "attention by hand",
        attention,
        random((3, 2), (3, 2), (3, 2)),
        scalar=False,
    ),
    Trial(
        "attention",
        F.scaled_dot_product_attention,
        random((1, 1, 3, 2), (1, 1, 3, 2), (1, 1, 3, 2)),
        scalar=False,
        slack=8 * ULP,  # the kernel adds up in blocks
        forward_mode=False,
    ),
    Trial("create_graph", gradient_inside, random((3,)), forward_mode=False),
    Trial(
        "torch.func.grad",
        torch.func.grad(sine_product),
        random((3,)),
        scalar=False,
    ),
    Trial("a flat function", lambda x: torch.sgn(x).sum(), random((3,))),
    Trial(
        "the gradient of abs",
        gradient_of_abs,
        random((3,)),
        forward_mode=False,
    ),
    Trial("a filled result", filled, random((3,)), forward_mode=False),
    Trial(
        "forward over reverse",
        hessian_vector_product,
        random((3,)),
        scalar=False,
        forward_mode=False,
    ),
    Trial(
        "jacfwd of a function of C",
        torch.func.jacfwd(torch.sin),
        random((2,)),
        scalar=False,
        forward_mode=False,
    ),
    Trial("vmap", torch.vmap(sine_dot), random((3, 2)), scalar=False),
    Trial("checkpoint", checkpointed, random((3,))),
    Trial("recursive", recursive, random(())),
    Trial("broadcast (2,2) (2)", torch.mul, random((2, 2), (2,)), scalar=False),
    Trial(
        "broadcast (3,1) (1,4)", torch.mul, random((3, 1), (1, 4)), scalar=False
    ),
    Trial("broadcast () (3)", torch.mul, random((), (3,)), scalar=False),
    Trial("cat", lambda x, y: torch.cat([x, y, x]).prod(), random((2,), (3,))),
    Trial(
        "stack", lambda x, y: torch.stack([x, y, x]).prod(), random((2,), (2,))
    ),
    Trial(
        "where",
        lambda x, y: torch.where(x > 0, x * y, x).sum(),
        random((3,), (3,)),
    ),
    Trial("index", indexed, random((3,))),
    Trial(
        "gather",
        lambda x: x.gather(1, torch.tensor([[0], [1]])).prod(),
        random((2, 3)),
    ),
    # The kernel sums over a row before it subtracts: the rows of the matrix are rounded apart.
    Trial("layer norm", NORM, random((2, 4)), scalar=False, slack=16 * ULP),
    Trial(
        "batch norm",
        BATCH_NORM,
        random((4, 3)),
        scalar=False,
        slack=8 * ULP,  # as layer norm
        forward_mode=False,
    ),
    Trial(
        "captured parameter", lambda x: (x * WEIGHT).exp().sum(), random((3,))
    ),
    Trial(
        "convolution",
        lambda x: F.max_pool2d(CONVOLUTION(x), 2).tanh().sum(),
        random((1, 1, 4, 4)),
    ),
    Trial(
        "recurrent",
        lambda x: RECURRENT(x)[0].sum(),
        random((2, 2)),
    ),
    Trial(
        "multi-head attention",
        lambda x: ENCODER(x, x, x)[0].sum(),
        random((1, 3, 4)),
    ),
    Trial("complex inside", spectrum, random((4,))),
    Trial("floor", lambda x: (x.floor() * x + x.round()).sum(), random((9,))),
    Trial("a returned input", lambda x: x, random((3,)), scalar=False),
    Trial(
        "an unused input",
        lambda x, y: x.sin() + y.detach() * 0,
        random((3,), (3,)),
        scalar=False,
    ),
    Trial("no entries", lambda x: (x * 2).sum(), random((0, 3))),
    Trial("sparse", lambda x: (SPARSE(ROWS) * x).sum(), random((2,))),
    Trial(
        "a sparse message",
        lambda w: F.embedding(ROWS, w * 2, sparse=True).exp().sum(),
        random((5, 2)),
    ),
    # Torch takes seconds for its forward mode.
    Trial("10,000 operations", long_chain, random((1,)), forward_mode=False),
]
"""The trials."""
