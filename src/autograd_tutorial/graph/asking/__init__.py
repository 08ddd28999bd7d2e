"""What one can ask of a graph.

- `agreement`: whether each message is adjoint times local derivative, and what is in doubt.
- `linear`: products with the Jacobian, by the graph: pullback and pushforward.
- `first_nan`: where the first NaN came from.
"""
