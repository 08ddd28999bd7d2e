"""What one can ask of a graph: whether its numbers agree, products with it, its first NaN."""
