"""How a run becomes a graph: what ran, what it is called, what went back, and what cannot be."""
