"""A graph, as `trace` returns it: what it holds, with all that can be asked of it and shown."""

from functools import cached_property

from torch import Tensor

from autograd_tutorial.graph.asking.agreement import check_and_doubts
from autograd_tutorial.graph.asking.first_nan import FirstNaN, find_first_nan
from autograd_tutorial.graph.asking.linear import pullback, pushforward
from autograd_tutorial.graph.model import GraphData, Tensors
from autograd_tutorial.graph.showing.draw import to_dot, to_svg
from autograd_tutorial.graph.showing.page import to_html, to_table


class Graph(GraphData):
    """The linearised computational graph of one run. `trace` makes it.

    In a notebook, and on a page that is built from one, a graph shows itself as a figure that can
    be played step by step.
    """

    def check(self) -> float:
        r"""Return how far the recorded numbers are from agreeing with each other.

        .. math::

            \begin{aligned}
            \text{message} &= \bar w \, \frac{\partial w}{\partial u}, \\
            \bar u &= \sum \text{messages}
            \end{aligned}

        The first must hold on every edge that has a partial, the second at every node that
        received something. 0 means that both hold to the last bit. A hook that changes a gradient
        on its way shows here: the messages are then no longer those of the chain rule.

        Where 0 · ∞ or 0 · NaN makes the product NaN, a message without these terms is right, too.
        If it is NaN even so, and the partial is infinite or NaN there, nothing is compared.

        Torch is compared with torch here: a wrong backward of a `torch.autograd.Function` of your
        own is wrong on both sides, and is not found. `torch.autograd.gradcheck` finds it.

        Returns
        -------
        float
            The largest absolute difference; infinite where only one side is NaN.

        References
        ----------
        Griewank and Walther, *Evaluating Derivatives*, 2nd ed., chapter 3, for both equations.
        """
        return check_and_doubts(self)[0]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where `check` found a difference that is more than rounding, a sentence for each.

        Rounding is judged by the sizes of adjoint, partial and message. Where terms cancel inside
        of torch's formula these do not show it: then the node is asked again, for multiples of
        its adjoint, and what its answers differ by counts as rounding too.
        """
        return check_and_doubts(self)[1]

    def check_and_doubts(self) -> tuple[float, tuple[str, ...]]:
        """Return what `check` and `doubts` give, in one walk along the graph."""
        return check_and_doubts(self)

    def pullback(
        self, cotangent: Tensor | None = None
    ) -> Tensors | Tensor | None:
        r"""Send a cotangent back along the recorded graph: the vector-Jacobian product.

        .. math:: v \mapsto v^\top J

        Nothing runs forward again. Hooks play no part. For one input the result is the one
        that `torch.autograd.grad` gives without hooks, bit for bit unless a message was sparse.

        Parameters
        ----------
        cotangent
            The vector v, with the shape of the output. Without it, the cotangent of the trace.

        Returns
        -------
        Tensor or tuple
            The gradient with respect to the input, with its shape; for several inputs a tuple.
            None for an input that the output does not depend on.

        Raises
        ------
        TypeError
            If the cotangent is not a real floating-point tensor.
        ValueError
            If the cotangent has another shape than the output, a tensor that the graph saved was
            changed in place, or torch cannot send it back.

        References
        ----------
        Baydin et al., "Automatic differentiation in machine learning: a survey", *JMLR* 18(153),
        2018, section 3.2.
        """
        return pullback(self, cotangent)

    def pushforward(self, *tangents: Tensor) -> Tensor:
        r"""Send tangents forward along the recorded graph: the Jacobian-vector product.

        .. math:: t \mapsto J \, t

        An edge with a partial multiplies by it. Where there is none, or a number is not finite,
        the transpose of the node's pullback does the same: it is the gradient of
        :math:`\langle \bar w J, t \rangle` with respect to :math:`\bar w`. Nothing runs forward
        again.

        Parameters
        ----------
        tangents
            A direction for each input, with its shape. The other leaves stand still.

        Returns
        -------
        Tensor
            The derivative of the output in that direction, with the output's shape.

        Raises
        ------
        TypeError
            If a tangent is not a real floating-point tensor.
        ValueError
            If there are not as many tangents as inputs, or one has another shape than its input;
            also if an operation without a finite partial has no transpose, because its own
            pullback cannot be differentiated, a tensor that the graph saved was changed in place,
            or torch cannot send the unit weights back.

        References
        ----------
        Baydin et al., "Automatic differentiation in machine learning: a survey", *JMLR* 18(153),
        2018, section 3.1.
        """
        return pushforward(self, tangents)

    @cached_property
    def first_nan(self) -> FirstNaN | None:
        """The first node that made a NaN from arguments without NaN; None if there is no NaN.

        Values come first, in the order of the run; then adjoints and messages, in the order of the
        backward pass.
        """
        return find_first_nan(self)

    def to_svg(self, *, down: bool = False) -> str:
        """Return the picture as SVG, for a page or a file of its own.

        It runs from left to right or, if `down` is true, from top to bottom. Of more than 40 nodes,
        repeated operations are folded into one box.

        Raises
        ------
        ValueError
            If more than 40 boxes remain.
        """
        return to_svg(self, is_down=down)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language, for tools of your own."""
        return to_dot(self)

    def to_table(self) -> str:
        """Return the evaluation trace as a table in Markdown, a line for each argument."""
        return to_table(self)

    def _repr_html_(self) -> str:
        """Show the graph in a notebook: the picture, playable, and the table."""
        return to_html(self)
