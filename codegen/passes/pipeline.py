"""The pass pipeline: all passes in order, verified after each.

Every pass is a function of a graph and a cost model, keeps the value of every output on every input
within the bounds, keeps the format of outputs that state theirs (CAST, TABLE), and leaves no unused
node and no two equal ones (the builder sees to both). The verifier runs after each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import all_codes, entry_table, rebuilt, rewrite, table_entries
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.passes.folding import fold
from symtick.codegen.passes.fusion import fuse
from symtick.codegen.passes.linear.shift_add import shift_add
from symtick.codegen.passes.operands import order_operands
from symtick.codegen.passes.products import products
from symtick.codegen.passes.ranges import narrow
from symtick.codegen.passes.splitting import split
from symtick.errors import InputError, SymtickError


class Pass(NamedTuple):
    """A named rewriting."""

    name: str
    run: Callable[[Graph, CostModel], Graph]


def fill(graph: Graph, model: CostModel) -> Graph:
    """Table entries that no code reaches take the value of the nearest one that a code reaches.

    Synthesis then needs no more logic for them than for their neighbour, and tables that differ
    only there become one.
    """
    builder = GraphBuilder(graph.input_names)

    def rule(number: int, places: Sequence[int]) -> int:
        again = rebuilt(builder, graph, number, places)
        return _filled(builder, again) if graph.nodes[number].op is GOp.TABLE else again

    return rewrite(graph, builder, rule)


def _filled(builder: GraphBuilder, number: int) -> int:
    node = builder.nodes[number]
    source = builder.nodes[node.args[0]]
    if source.hi - source.lo + 1 == len(node.contents):
        return number
    entries = table_entries(node, all_codes(source))
    return entry_table(builder, node.args[0], source.lo, entries, node.fmt)


PASSES: tuple[Pass, ...] = (
    Pass("fold", fold),
    Pass("shift-add networks", shift_add),
    Pass("fold again", fold),
    Pass("fuse", fuse),
    Pass("fill", fill),
    Pass("narrow", narrow),
    Pass("products", products),
    Pass("split", split),
    Pass("fold parts", fold),
    Pass("order operands", order_operands),
)


def run_passes(graph: Graph, model: CostModel, passes: Sequence[Pass] = PASSES) -> Graph:
    """All passes in order, the graph verified before the first and after each.

    Raises:
        InputError: a pass made a graph that breaks a rule; the message names it.
    """
    graph.check()
    for step in passes:
        graph = step.run(graph, model)
        try:
            graph.check()
        except SymtickError as error:
            raise InputError(f"after pass {step.name!r}: {error}") from error
    return graph
