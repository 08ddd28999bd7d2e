"""The functions, figures, graphs and exercises of the torch.autograd tutorial.

- `autograd_tutorial.functions`: the functions that the tutorial differentiates,
  each followed by its derivative worked out by hand.
- `autograd_tutorial.graph`: the graph that autograd records, with every number on it.
- `autograd_tutorial.exercises`: a module for each exercise, with its solution.
- `autograd_tutorial.checker`: how an answer to an exercise is judged.
- `autograd_tutorial.command_line`: `python -m autograd_tutorial`.
- `autograd_tutorial.figures`: the house style of the plots.
"""

from autograd_tutorial.exercises import check
from autograd_tutorial.functions import derivative
from autograd_tutorial.graph import trace

__all__ = ["check", "derivative", "trace"]
