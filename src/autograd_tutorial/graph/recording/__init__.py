"""How a run becomes a graph.

- `record`: `trace`, from a call to a graph.
- `tape`: what ran forward, operation by operation.
- `torch_nodes`: the nodes that torch recorded.
- `messages`: what a real backward pass sends along each edge.
- `partials`: the local derivative of each edge.
- `arguments`: what is traced of the arguments, and what is refused.
- `names` and `statements`: what each value is called, and the line that computes it.
- `cuts`: where a value left the graph.
"""
