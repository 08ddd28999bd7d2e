"""The mistakes that people make in exercise 8, each as an answer that makes it."""

from collections.abc import Callable

import torch

from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.checker.observe import Trial
from autograd_tutorial.checker.results import agree
from autograd_tutorial.exercises.common import (
    A_PASS_FOR_EACH_ENTRY,
    ARGUMENT_CHANGED,
    FINITE_DIFFERENCES,
    RESULT_REQUIRES_GRAD,
    SINGLE_PRECISION,
    TRANSPOSED,
)
from autograd_tutorial.exercises.ex8_forward_or_reverse import solution

mistakes = Mistakes()
MIXED_UP = Kind(
    "inputs and outputs were mixed up",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
)
ALWAYS_FORWARD = Kind(
    "always forward", "theory/what-a-gradient-costs#count-what-a-gradient-costs"
)
ALWAYS_REVERSE = Kind(
    "always reverse", "theory/forward-propagation#push-a-tangent-forward"
)


def _chose(*modes: set[str]) -> Callable[[list[Trial]], bool]:
    """Return the sign of right matrices by these modes, which are not always the cheaper one."""

    def sign(trials: list[Trial]) -> bool:
        used = [_modes(trial) for trial in trials]
        cheap = [
            {solution.cheaper_mode(*trial.case.arguments)}  # type: ignore[arg-type]
            for trial in trials
        ]
        return (
            agree(trials)
            and used != cheap
            and all(found in modes for found in used)
        )

    return sign


def _modes(trial: Trial) -> set[str]:
    """Return the modes that were used."""
    passes = {"forward": trial.forward_passes, "reverse": trial.reverse_passes}
    return {mode for mode, count in passes.items() if count}


mistakes.predict(
    "PASSES",
    MIXED_UP,
    {"1000 inputs, 1 output": [1, 1000]},
    why="A tangent starts at an input, so forward mode takes one pass for each input. A cotangent "
    "starts at an output, so reverse mode takes one for each output.",
)

mistakes.predict(
    "PASSES",
    "the order was reversed",
    {"2 inputs, 3 outputs": [3, 2]},
    why="The first number is for forward mode, which takes one pass for each input.",
    see="theory/forward-propagation#push-a-tangent-forward",
)

mistakes.predict(
    "PASSES",
    A_PASS_FOR_EACH_ENTRY,
    {"2 inputs, 3 outputs": [6, 6]},
    why="One pass gives a whole column or a whole row, and not a single entry.",
)

mistakes.predict(
    "PASSES",
    "one reverse pass was thought to be always enough",
    {"1 input, 1000 outputs": [1, 1]},
    why="One backward pass gives vᵀJ for one v, which is a single row or a mixture of rows. It is "
    "enough only if there is one output.",
    see="tutorial#three-inputs-two-outputs",
)


@mistakes.add(TRANSPOSED)
def jacobian_by_columns(f, x):
    """`torch.stack` puts what you give it into rows, but a JVP gives a column. Stack along
    dim=1.
    """
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])


@mistakes.add(
    "primals instead of tangents",
    "theory/forward-propagation#push-a-tangent-forward",
)
def jacobian_by_columns(f, x):
    """`torch.func.jvp` returns two things, first the value f(x) and then the tangent. Take
    the second.
    """
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[0] for e in one_hot]
    return torch.stack(columns, dim=1)


@mistakes.add(
    "one tangent of ones was sent",
    "theory/forward-propagation#push-a-tangent-forward",
)
def jacobian_by_columns(f, x):
    """A tangent of ones adds all columns up, and nothing can take the sum apart again. Send
    one tangent for each column.
    """
    x = x.detach()
    return torch.func.jvp(f, (x,), (torch.ones_like(x),))[1]


@mistakes.add(
    "the tangents have the shape of the output",
    "theory/forward-propagation#push-a-tangent-forward",
    raises="a forward gradient that has a different size",
)
def jacobian_by_columns(f, x):
    """A tangent starts at the input, so it has the input's shape. Take the rows of eye(n),
    for n inputs.
    """
    x = x.detach()
    one_hot = torch.eye(f(x).numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


@mistakes.add(
    "reverse mode was used",
    "theory/forward-propagation#push-a-tangent-forward",
    sign=lambda trials: (
        agree(trials) and any("reverse" in _modes(trial) for trial in trials)
    ),
)
def jacobian_by_columns(f, x):
    """The matrix is right, but you built it from backward passes, row by row. In this task
    every column comes from a tangent that goes forward.
    """
    return torch.func.jacrev(f)(x.detach())


@mistakes.add(SINGLE_PRECISION)
def jacobian_by_columns(f, x):
    return solution.jacobian_by_columns(f, x.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def jacobian_by_columns(f, x):
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    columns = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack(columns, dim=1)


@mistakes.add(ARGUMENT_CHANGED)
def jacobian_by_columns(f, x):
    x.requires_grad_(False)
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


@mistakes.add(RESULT_REQUIRES_GRAD)
def jacobian_by_columns(f, x):
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


@mistakes.add(ALWAYS_FORWARD)
def cheaper_mode(f, x):
    """With more inputs than outputs, reverse mode takes fewer passes. Think of a loss, which
    is one output of millions of inputs.
    """
    return "forward"


@mistakes.add(ALWAYS_REVERSE)
def cheaper_mode(f, x):
    """With fewer inputs than outputs, forward mode takes fewer passes, and it keeps no
    graph.
    """
    return "reverse"


@mistakes.add(MIXED_UP)
def cheaper_mode(f, x):
    """Forward mode takes one pass for each *input*, so it is the cheaper one if there are
    fewer inputs than outputs.
    """
    m, n = f(x).numel(), x.numel()
    return "forward" if m < n else "reverse"


@mistakes.add(
    "reverse mode was thought to be only for scalar outputs",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
)
def cheaper_mode(f, x):
    """Two outputs and three inputs mean two reverse passes or three forward ones, so reverse
    mode is the cheaper one there too.
    """
    return "reverse" if f(x).numel() == 1 else "forward"


@mistakes.add(
    "the columns were stacked as rows",
    "gallery/ex1_gradient_argument#the-six-derivatives-as-a-picture",
)
def jacobian(f, x):
    """`torch.stack` puts what you give it into rows, but forward mode gives columns. Stack
    those along dim=1.
    """
    x = x.detach()
    if x.numel() < f(x).numel():
        one_hot = torch.eye(x.numel(), dtype=x.dtype)
        return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])
    return torch.func.jacrev(f)(x)


@mistakes.add(SINGLE_PRECISION)
def jacobian(f, x):
    return solution.jacobian(f, x.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def jacobian(f, x):
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    columns = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack(columns, dim=1)


@mistakes.add(ALWAYS_FORWARD, sign=_chose({"forward"}))
def jacobian(f, x):
    """The matrices are right, but with more inputs than outputs forward mode takes more
    passes than reverse mode.
    """
    return torch.func.jacfwd(f)(x.detach())


@mistakes.add(ALWAYS_REVERSE, sign=_chose({"reverse"}))
def jacobian(f, x):
    """The matrices are right, but with fewer inputs than outputs reverse mode takes more
    passes than forward mode.
    """
    return torch.func.jacrev(f)(x.detach())


@mistakes.add(
    "the more expensive mode was chosen",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
    sign=_chose({"forward"}, {"reverse"}),
)
def jacobian(f, x):
    """Forward mode takes one pass for each input and reverse mode one for each output, so
    your comparison is the wrong way round.
    """
    x = x.detach()
    if f(x).numel() < x.numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)


@mistakes.add(
    "both modes ran",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
    sign=_chose({"forward", "reverse"}, {"forward"}, {"reverse"}),
)
def jacobian(f, x):
    """The matrices are right, but you computed each of them twice. Decide from the two sizes
    before you differentiate.
    """
    x = x.detach()
    by_columns, by_rows = torch.func.jacfwd(f)(x), torch.func.jacrev(f)(x)
    return by_columns if x.numel() < f(x).numel() else by_rows


@mistakes.add(RESULT_REQUIRES_GRAD)
def jacobian(f, x):
    if x.numel() < f(x).numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)


@mistakes.add(ARGUMENT_CHANGED)
def jacobian(f, x):
    x.requires_grad_(False)
    if x.numel() < f(x).numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)
