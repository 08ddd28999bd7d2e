"""The mistakes that people make in exercise 7, each as an answer that makes it."""

import torch

from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.checker.observe import Trial
from autograd_tutorial.checker.results import agree, rough
from autograd_tutorial.exercises.common import (
    A_PASS_FOR_EACH_ENTRY,
    ARGUMENT_CHANGED,
    ONLY_THE_DIAGONAL,
    RESULT_REQUIRES_GRAD,
    ROWS_ACCUMULATED,
    ROWS_ADDED_UP,
    SINGLE_PRECISION,
    V_IGNORED,
)
from autograd_tutorial.exercises.ex7_second_derivative import solution
from autograd_tutorial.exercises.ex7_second_derivative.cases import LARGE

mistakes = Mistakes()
NO_GRAPH = Kind(
    "the gradient was computed without a graph",
    "theory/forward-propagation#see-what-torch-records-on-the-way",
    "Without `create_graph=True` torch does not record the backward pass, so you cannot differentiate its result. Pass it to the first pass.",
    raises="does not require grad",
)
DIFFERENCES = Kind(
    "finite differences instead of the second derivative",
    "gallery/ex2_sine_derivative#how-small-should-h-be",
    "The numbers are nearly right, but a difference of two gradients over a small step has an error of its own, and no choice of the step removes it.",
    rough,
)


def _matrix_was_built(trials: list[Trial]) -> bool:
    """Whether a right product came with something of the Hessian's size, at once or in rows."""
    return agree(trials) and any(
        trial.largest >= LARGE**2 or trial.reverse_passes >= LARGE
        for trial in trials
    )


mistakes.predict(
    "PASSES",
    "one pass for each input",
    {"the gradient": 10},
    why="That is what forward mode takes. One backward pass gives the derivatives with respect to "
    "all inputs.",
    see="theory/what-a-gradient-costs#count-what-a-gradient-costs",
)

mistakes.predict(
    "PASSES",
    "the product was built from the whole matrix",
    {"the Hessian times one vector": 11},
    why="You need not build the matrix first. Hv is the gradient of one number, vᵀ∇f, so it takes "
    "one pass for ∇f and one more for the gradient of that number.",
    see="theory/backward-propagation#send-vectors-back-each-message-is-v-j",
)

mistakes.predict(
    "PASSES",
    "the pass for the gradient was forgotten",
    {"the Hessian, row by row": 10},
    why="Ten rows are ten passes through the graph of the gradient, but one pass before them has "
    "to make that graph.",
    see="theory/what-a-gradient-costs#count-what-a-gradient-costs",
)

mistakes.predict(
    "PASSES",
    A_PASS_FOR_EACH_ENTRY,
    {"the Hessian, row by row": 100},
    why="One pass gives a whole row: the derivatives of one element of the gradient with respect "
    "to all inputs.",
)


@mistakes.add(NO_GRAPH)
def hessian_by_rows(f, x):
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


@mistakes.add(ROWS_ADDED_UP)
def hessian_by_rows(f, x):
    """You differentiated the sum of the gradient, so you got the sum of the rows of H, which
    is one vector. Differentiate its elements one by one.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)
    return second


@mistakes.add(ONLY_THE_DIAGONAL)
def hessian_by_rows(f, x):
    """The sum of the rows is the diagonal only if every mixed derivative is 0. Here the
    variables influence each other, so differentiate the elements one by one.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)
    return torch.diag(second)


@mistakes.add("the gradient was multiplied by itself", "glossary#term-gradient")
def hessian_by_rows(f, x):
    """A product of two first derivatives is not a second derivative. Differentiate the
    gradient itself.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return torch.outer(gradient, gradient)


@mistakes.add(ROWS_ACCUMULATED)
def hessian_by_rows(f, x):
    """`backward` adds each row to what `x.grad` holds already. Use `torch.autograd.grad` for
    the rows.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = []
    for element in gradient:
        element.backward(retain_graph=True)
        rows.append(x.grad.clone())
    return torch.stack(rows)


@mistakes.add(SINGLE_PRECISION)
def hessian_by_rows(f, x):
    return solution.hessian_by_rows(f, x.float()).double()


@mistakes.add(DIFFERENCES)
def hessian_by_rows(f, x):
    x, h = x.detach(), 1e-5
    gradient = torch.func.grad(f)
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    rows = [(gradient(x + s) - gradient(x - s)) / (2 * h) for s in steps]
    return torch.stack(rows)


@mistakes.add(RESULT_REQUIRES_GRAD)
def hessian_by_rows(f, x):
    return torch.autograd.functional.hessian(f, x, create_graph=True)


@mistakes.add(ARGUMENT_CHANGED)
def hessian_by_rows(f, x):
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


@mistakes.add(NO_GRAPH)
def hessian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    (product,) = torch.autograd.grad(gradient, x, grad_outputs=v)
    return product


@mistakes.add(V_IGNORED)
def hessian_vector_product(f, x, v):
    """You differentiated the sum of the gradient, and that gives H times a vector of ones.
    Pass v as `grad_outputs` instead.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient.sum(), x)
    return product


@mistakes.add(
    "the slope along v was returned",
    "theory/forward-propagation#push-a-tangent-forward",
)
def hessian_vector_product(f, x, v):
    """∇f·v is one number, the *first* derivative along v. You are nearly there: its gradient
    is Hv.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return gradient @ v


@mistakes.add("the gradient was multiplied by v", "glossary#term-gradient")
def hessian_vector_product(f, x, v):
    """That gives each first derivative a weight. H holds second derivatives, so you need a
    second pass, through the gradient.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return gradient * v


@mistakes.add(
    "the gradient was added to the product",
    "tutorial#once-more-and-the-gradient-doubles",
)
def hessian_vector_product(f, x, v):
    """The first `backward` filled `x.grad`, and the second added to it, so ∇f + Hv came out.
    Use `torch.autograd.grad` for the first pass.
    """
    x = x.detach().clone().requires_grad_(True)
    f(x).backward(create_graph=True)
    (x.grad @ v).backward()
    return x.grad.detach()


@mistakes.add(SINGLE_PRECISION)
def hessian_vector_product(f, x, v):
    return solution.hessian_vector_product(f, x.float(), v.float()).double()


@mistakes.add(DIFFERENCES)
def hessian_vector_product(f, x, v):
    x, h = x.detach(), 1e-5
    gradient = torch.func.grad(f)
    return (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)


@mistakes.add(
    "the whole Hessian was built",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
    sign=_matrix_was_built,
)
def hessian_vector_product(f, x, v):
    """The numbers are right, but for n inputs the whole matrix has n² entries, and you do
    not need it: two backward passes give Hv.
    """
    return torch.func.hessian(f)(x.detach()) @ v


@mistakes.add(RESULT_REQUIRES_GRAD)
def hessian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, v, create_graph=True)
    return product


@mistakes.add(ARGUMENT_CHANGED)
def hessian_vector_product(f, x, v):
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, v)
    return product
