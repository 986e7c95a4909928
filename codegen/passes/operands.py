"""The order of an adder's operands: a table that the adder can take in comes second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from symtick.codegen.ir.absorption import MOST_BITS
from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import rebuilt, rewrite
from symtick.codegen.ir.schedule import CostModel


def order_operands(graph: Graph, model: CostModel) -> Graph:
    """Sums whose second operand is the one that saves more LUTs there (`ir.absorption`)."""
    readers = Counter(a for node in graph.nodes for a in node.args) + Counter(graph.outputs)
    builder = GraphBuilder(graph.input_names)

    def saved(number: int) -> int:
        node = graph.nodes[number]
        table = node.op is GOp.TABLE and len(node.contents) <= 1 << MOST_BITS
        return node.fmt.width if table and readers[number] == 1 else 0

    def rule(number: int, places: Sequence[int]) -> int:
        node = graph.nodes[number]
        if node.op is GOp.ADD and saved(node.args[0]) > saved(node.args[1]):
            first, second = (places[a] for a in node.args)
            return builder.op(GOp.ADD, second, first)
        return rebuilt(builder, graph, number, places)

    return rewrite(graph, builder, rule)
