"""How a graph is shown.

- `fold`: which turns of a loop become one box.
- `layout`: where boxes, labels and lines go.
- `draw`: the picture, as SVG and for Graphviz.
- `steps`: the run in words, step by step.
- `page`: picture, player and table as HTML, with `player.js` and `page.css`.
"""
