"""The two passes in words."""

import torch
from torch import Tensor

from autograd_tutorial import trace
from autograd_tutorial.functions import log_sine_reciprocal
from autograd_tutorial.graph.showing.steps import steps

TWO = torch.tensor(2.0, dtype=torch.float64)


def test_steps_of_f_in_words() -> None:
    """Eight steps forward and eight backward, in the engine's order, with four digits."""
    told = [step.sentence for step in steps(trace(log_sine_reciprocal, TWO))]
    assert told == [
        "Step 1 of 16. Forward: the input x is 2.",
        "Step 2 of 16. Forward: v1 = pow(x, 2) is 4, with the local derivative 4 for x.",
        "Step 3 of 16. Forward: v2 = log(v1) is 1.386, with the local derivative 0.25 for v1.",
        "Step 4 of 16. Forward: v3 = sin(x) is 0.9093, with the local derivative −0.4161 for x.",
        "Step 5 of 16. Forward: v4 = mul(v2, v3) is 1.261, with the local derivatives 0.9093 for v2 and 1.386 for v3.",
        "Step 6 of 16. Forward: v5 = reciprocal(x) is 0.5, with the local derivative −0.25 for x.",
        "Step 7 of 16. Forward: v6 = mul(v5, 1) is 0.5, with the local derivative 1 for v5.",
        "Step 8 of 16. Forward: v7 = add(v4, v6) is 1.761, with the local derivatives 1 for v4 and 1 for v6.",
        "Step 9 of 16. Backward: v7 starts with adjoint 1 and sends 1 to v4 and 1 to v6.",
        "Step 10 of 16. Backward: v6 receives adjoint 1 and sends 1 to v5.",
        "Step 11 of 16. Backward: v5 receives adjoint 1 and sends −0.25 to x.",
        "Step 12 of 16. Backward: v4 receives adjoint 1 and sends 0.9093 to v2 and 1.386 to v3.",
        "Step 13 of 16. Backward: v3 receives adjoint 1.386 and sends −0.5769 to x.",
        "Step 14 of 16. Backward: v2 receives adjoint 0.9093 and sends 0.2273 to v1.",
        "Step 15 of 16. Backward: v1 receives adjoint 0.2273 and sends 0.9093 to x.",
        "Step 16 of 16. Backward: x has received −0.25, −0.5769 and 0.9093, which add up to its adjoint 0.0824.",
    ]


def test_two_messages_to_one_argument_are_both_told() -> None:
    """A value that is both factors of a product receives two messages."""
    told = [
        step.sentence for step in steps(trace(lambda x: x * x, torch.ones(())))
    ]
    assert told[-2].endswith("and sends 1 to x and 1 to x.")
    assert told[-1].endswith("which add up to its adjoint 2.")


def test_a_step_without_messages_still_has_a_sentence() -> None:
    """A function that returns its argument has two steps."""
    told = [step.sentence for step in steps(trace(lambda x: x, TWO))]
    assert told == [
        "Step 1 of 2. Forward: the input x is 2.",
        "Step 2 of 2. Backward: x starts with adjoint 1.",
    ]


def test_results_of_one_operation_are_told_together() -> None:
    """Of an operation with several results the adjoints are listed; one that is unused has none."""

    def first_of_three(x: Tensor) -> Tensor:
        a, _, c = x.unbind()
        return 2 * a + c

    graph = trace(first_of_three, torch.tensor([1.0, 5.0, 7.0]))
    (sentence,) = (
        step.sentence
        for step in steps(graph)
        if step.phase == "backward" and step.box is graph["a"]
    )
    assert "a, _ and c receive adjoints 2, none and 1" in sentence


def test_folded_turns_are_one_step() -> None:
    """A long loop has as many steps as its picture has boxes."""

    def loop(x: Tensor) -> Tensor:
        for _ in range(100):
            x = torch.sin(x) * 1.1
        return x

    told = steps(trace(loop, TWO))
    assert len(told) < 30
    assert (
        sum("97 more turns (sin, mul)" in step.sentence for step in told) == 2
    )
