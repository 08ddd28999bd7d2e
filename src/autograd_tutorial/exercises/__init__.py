"""One module for each exercise, with its solution; the numbers are the notebook's own.

- `ex1_gradient_argument`: what the `gradient` argument of `backward` does.
- `ex2_sine_derivative`: the derivative of the sine without writing a cosine.
- `ex5_log_sine_reciprocal`: the dependency graph of F and the chain rule on it.
"""
