"""The figures that move: each module writes the HTML of one, and proves its numbers."""
