"""Areas of what is left of nodes when synthesis has removed the bits that nothing reads.

A cast that keeps the low bits of a sum leaves its high bits without a reader, and theirs in the
sums and tables before it. Tables that read one address in one stage are one table to synthesis: a
function that two of them hold is there once.
"""

from __future__ import annotations

import numpy as np

from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import Area, Schedule
from symtick.hwcost.models.features import shape
from symtick.hwcost.models.model import OpenModel
from symtick.hwcost.models.table_columns import TableShape, columns_shape, table_columns

_SUMS = (GOp.ADD, GOp.SUB, GOp.DIGIT_ROW)  # each bit reads carries of lower ones alone


def live_areas(
    graph: Graph, schedule: Schedule, model: OpenModel, *, flat: bool
) -> tuple[Area, ...]:
    """The area of each node; tables that share functions share their area evenly.

    Args:
        graph: what is computed.
        schedule: its stages.
        model: prices.
        flat: as `OpenModel.table_luts`.
    """
    wires = BitLiveness.of(graph)
    areas: list[Area] = []
    shared: dict[tuple[object, ...], list[int]] = {}
    live: dict[int, list[int]] = {}
    for k, node in enumerate(graph.nodes):
        own = [j for j, d in enumerate(wires.bits[k]) if d >= 0 and wires.owner[d] == k]
        live[k] = [j for j in own if wires.readers[wires.bits[k][j]]]
        if own and not live[k]:
            areas.append(Area())
        elif node.op is GOp.TABLE:
            areas.append(Area())
            if live[k]:
                address = wires.bits[node.args[0]]
                shared.setdefault((address, schedule.stage[k]), []).append(k)
        else:
            dead = own[-1] - live[k][-1] if own and node.op in _SUMS else 0
            areas.append(model.area(graph, k, dead))
    for tables in shared.values():
        shapes = {k: _live_shape(graph, k, live[k]) for k in tables}
        alone = {k: model.table_luts(made, flat=flat) for k, made in shapes.items()}
        factor = 1.0
        if len(tables) > 1 and sum(alone.values()) > 0.0:
            columns = [table_columns(graph.nodes[k].contents, live[k]) for k in tables]
            together = columns_shape(np.concatenate(columns))
            factor = min(1.0, model.table_luts(together, flat=flat) / sum(alone.values()))
        for k in tables:
            areas[k] = Area(lut=factor * alone[k])
    return tuple(areas)


def _live_shape(graph: Graph, number: int, live: list[int]) -> TableShape:
    node = graph.nodes[number]
    whole = len(live) == node.fmt.width
    return shape(node) if whole else columns_shape(table_columns(node.contents, live))
