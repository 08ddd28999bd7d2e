"""The graph that autograd recorded for a real run, with every number on it."""

from autograd_tutorial.graph.asking.first_nan import FirstNaN
from autograd_tutorial.graph.graph import Graph
from autograd_tutorial.graph.model import Edge, Node, Source
from autograd_tutorial.graph.recording.record import trace

__all__ = ["Edge", "FirstNaN", "Graph", "Node", "Source", "trace"]
