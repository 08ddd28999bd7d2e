"""The graph that autograd recorded for a real run, with every number on it."""

from autograd_tutorial.graph.model import Edge, FirstNaN, Graph, Node, Source
from autograd_tutorial.graph.record import trace

__all__ = ["Edge", "FirstNaN", "Graph", "Node", "Source", "trace"]
