"""The first NaN is found, and what made it."""

import math

import pytest
import torch
from graphs import DOUBLE, Function, example, number, vector
from torch import Tensor, nn

from autograd_tutorial.graph import trace


class TestFirstNan:
    """Where the first NaN comes from, in words."""

    def line(self, f: Function, offset: int) -> int:
        """Return the number of a line of a function."""
        return f.__code__.co_firstlineno + offset

    def test_none(self) -> None:
        """Infinities are numbers."""
        assert example().first_nan is None
        assert trace(torch.log, vector(0)).first_nan is None

    def test_forward(self) -> None:
        """Log 0 is −∞, and 0 · −∞ is NaN."""

        def f(x: Tensor) -> Tensor:
            y = x.log()
            return y * x

        found = trace(f, number(0)).first_nan
        assert found is not None
        assert found.phase == "forward"
        assert found.node.operation == "mul"
        assert str(found) == found.sentence
        line = self.line(f, 2)
        assert found.sentence == (
            "The first NaN is the value of v1 = mul(y, x) "
            f"(line {line}: return y * x), where y = −∞ and x = 0."
        )

    def test_of_an_input(self) -> None:
        """An input may be NaN from the start."""
        found = trace(lambda x, y: x * y, number(1), number(math.nan)).first_nan
        assert found is not None
        assert (found.node.name, found.phase) == ("y", "forward")
        assert found.sentence == "The input y is NaN from the start."

    def test_of_a_parameter(self) -> None:
        """So may a parameter."""
        weight = nn.Parameter(vector(math.nan))
        found = trace(lambda x: x * weight, vector(1)).first_nan
        assert found is not None
        assert found.sentence == "The parameter weight is NaN from the start."

    def test_of_the_cotangent(self) -> None:
        """So may the cotangent."""
        graph = trace(torch.sin, number(1), cotangent=number(math.nan))
        assert graph.first_nan is not None
        assert graph.first_nan.phase == "backward"
        assert graph.first_nan.node is graph.output
        assert (
            graph.first_nan.sentence == "The cotangent is NaN from the start."
        )

    def test_where_sqrt(self) -> None:
        """The branch that was not taken sends 0 · ∞."""

        def f(x: Tensor) -> Tensor:
            return torch.where(x > 0, x.sqrt(), 0.0).sum()

        graph = trace(f, vector(0, 1))
        found = graph.first_nan
        assert found is not None
        assert found.phase == "backward"
        assert found.node is graph["v1"]
        assert found.sentence == (
            "All values are numbers. The first NaN comes on the way back: v1 = sqrt(x) "
            f"(line {self.line(f, 1)}: return torch.where(x > 0, x.sqrt(), 0.0).sum()) "
            "receives the adjoint [0, 1] and sends NaN to x, where x = [0, 1]. "
            "Its local derivative is infinite there, and 0 · ∞ is NaN."
        )
        assert found.infinite is graph.edges_into[graph["v1"]][0]

    def test_norm_by_sqrt(self) -> None:
        """The norm at zero: its square root sends ∞, and the square makes it NaN."""
        graph = trace(lambda x: (x * x).sum().sqrt(), vector(0, 0))
        found = graph.first_nan
        assert found is not None
        assert found.node is graph["v1"]
        assert "v1 = mul(x, x)" in found.sentence
        assert (
            "receives the adjoint [∞, ∞] and sends NaN to x" in found.sentence
        )
        assert "There 0 · ∞ is NaN. The ∞ came from v3 = sqrt(v2)" in (
            found.sentence
        )
        assert found.sentence.endswith(
            ", whose local derivative with respect to v2 is infinite, where v2 = 0."
        )
        assert found.infinite is graph.edges_into[graph["v3"]][0]

    def test_an_angle(self) -> None:
        """The arc cosine at 1 is to blame, two operations after the norm that makes NaN."""
        b = vector(1, 0)

        def angle(a: Tensor) -> Tensor:
            return torch.acos((a @ b) / (a.norm() * b.norm()))

        found = trace(angle, b).first_nan
        assert found is not None
        assert found.node.operation == "linalg_vector_norm"
        assert found.infinite is not None
        assert found.infinite.target.operation == "acos"
        assert "The ∞ came from" in found.sentence

    def test_a_partial_that_is_not_built(self) -> None:
        """Of a hundred square roots none has a partial, but the node can be asked."""
        found = trace(
            lambda x: torch.where(x > 0, x.sqrt(), 0.0).sum(),
            torch.zeros(100, dtype=DOUBLE),
        ).first_nan
        assert found is not None
        assert found.infinite is not None
        assert found.infinite.target is found.node
        assert found.infinite.partial is None
        assert "Its local derivative is infinite there" in found.sentence

    def test_a_message_that_overflows(self) -> None:
        """Finite factors may send ∞ as well."""
        found = trace(
            lambda x: (x * 0) * vector(1e200)[0] * 1e200, number(2)
        ).first_nan
        assert found is not None
        assert found.infinite is not None
        assert found.infinite.target.operation == "mul"
        assert ", which sends it to v1" in found.sentence

    def test_of_several_results(self) -> None:
        """Equal eigenvalues have no derivative of their vectors."""
        graph = trace(
            lambda x: torch.linalg.eigh(x)[1].sum(),
            torch.eye(2, dtype=DOUBLE),
        )
        found = graph.first_nan
        assert found is not None
        assert found.phase == "backward"
        assert "receives its adjoints and sends NaN to x" in found.sentence

    def test_infinities_that_meet(self) -> None:
        """The square roots send ∞ and −∞, neither of which is NaN."""
        graph = trace(lambda x: x.sqrt() - x.sqrt(), number(0))
        found = graph.first_nan
        assert found is not None
        assert (found.node, found.phase) == (graph["x"], "backward")
        assert found.infinite is not None
        line = found.sentence.partition("sqrt(x)")[2].partition(", whose")[0]
        assert found.sentence == (
            "All values are numbers. The first NaN comes on the way back, in "
            "the adjoint of x: adding ∞ and −∞ makes it NaN. The ∞ came from "
            f"v2 = sqrt(x){line}, whose local derivative with respect to x is infinite, where "
            "x = 0."
        )

    def test_hook_on_a_leaf(self) -> None:
        """A leaf may be the only one to see what its hook did."""
        weight = nn.Parameter(number(2))
        weight.register_hook(lambda g: g * math.nan)
        found = trace(lambda x: x * weight, number(1)).first_nan
        assert found is not None
        assert found.node.name == "weight"
        assert found.sentence.endswith(
            "in the adjoint of weight: no message to it is NaN, so a hook "
            "changed it."
        )

    def test_hook_on_a_value(self) -> None:
        """The operation that made the value is innocent."""

        def f(x: Tensor) -> Tensor:
            y = x * 2
            y.register_hook(lambda g: g * math.nan)
            return y * 3

        graph = trace(f, number(1))
        found = graph.first_nan
        assert found is not None
        assert (found.node, found.phase) == (graph["y"], "backward")
        assert found.sentence.endswith(
            f"in the adjoint of y (line {self.line(f, 1)}: y = x * 2): "
            "no message to it is NaN, so a hook changed it."
        )

    @pytest.mark.parametrize("constant", [vector(math.nan, 1), math.nan])
    def test_of_a_constant(self, constant: Tensor | float) -> None:
        """The graph does not hold constants, so it cannot tell."""
        graph = trace(lambda x: (x * constant).sum(), number(1))
        assert graph.first_nan is not None
        assert graph.first_nan.sentence.endswith(
            ", where x = 1. None of the recorded arguments is NaN, so a "
            "constant holds it or the operation made it."
        )

    def test_without_a_line(self) -> None:
        """Where the line is unknown, there is none in the sentence."""

        class Log(nn.Module):
            forward = staticmethod(torch.log)

        found = trace(Log(), vector(-1)).first_nan
        assert found is not None
        assert found.sentence == (
            "The first NaN is the value of v1 = log(x), where x = [−1]."
        )

    def test_forward_comes_first(self) -> None:
        """A NaN value is told before the messages that it makes NaN."""
        graph = trace(lambda x: (x - 1).sqrt() + x.sqrt() * 0, number(0))
        assert graph.first_nan is not None
        assert graph.first_nan.phase == "forward"
        assert graph.first_nan.node is graph["v2"]
