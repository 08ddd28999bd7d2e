"""How a graph is shown: as a picture, in words, as a table, on a page."""
