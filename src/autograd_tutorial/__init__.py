"""The functions, figures and exercises of the torch.autograd tutorial.

- `autograd_tutorial.functions`: the functions that the tutorial differentiates,
  each followed by its derivative worked out by hand.
- `autograd_tutorial.exercises`: a module for each exercise, with its solution.
- `autograd_tutorial.figures`: the house style of the plots.
"""

from autograd_tutorial.functions import derivative

__all__ = ["derivative"]
