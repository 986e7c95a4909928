"""Areas of what is left of nodes when synthesis has removed the bits that nothing reads.

A cast that keeps the low bits of a sum leaves its high bits without a reader, and theirs in the
sums and tables before it. Tables that read one address in one stage are one table to synthesis: a
function that two of them hold is there once. A sum takes columns of tables into its LUTs
(`chain_areas`), a reset of a register does a part of others (`resets`).
"""

from __future__ import annotations

import numpy as np

from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.bit_views import entry_bits
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import Area, Schedule
from symtick.hwcost.models.chain_areas import ChainAreas
from symtick.hwcost.models.features import parts, summed_bits
from symtick.hwcost.models.model import OpenModel
from symtick.hwcost.models.resets import Condition, Resets, without_resets
from symtick.hwcost.models.table_columns import columns_shape


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
    chains = ChainAreas.of(graph, schedule, wires)
    areas: list[Area] = []
    shared: dict[tuple[tuple[int, ...], int], list[int]] = {}
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
            areas.append(model.area(graph, k, _bits(graph, k, own, live[k], chains)))
    conditions: set[tuple[int, Condition]] = {
        (stage, ((bit, 0),)) for stage, bit in chains.inverted
    }
    for (address, stage), tables in shared.items():
        made = {k: _logic(graph, k, live[k], wires, schedule) for k in tables}
        alone = {k: model.table_luts(columns_shape(m.columns), flat=flat) for k, m in made.items()}
        factor = 1.0
        if len(tables) > 1 and sum(alone.values()) > 0.0:
            together = columns_shape(np.concatenate([m.columns for m in made.values()]))
            factor = min(1.0, model.table_luts(together, flat=flat) / sum(alone.values()))
        for k in tables:
            left = max(0.0, factor * alone[k] - chains.taken[k])
            named = {(stage, _named(c, address)) for c in made[k].conditions}
            areas[k] = Area(lut=left + len(named - conditions) + chains.inverters[k])
            conditions |= named
    return tuple(areas)


def _bits(
    graph: Graph, number: int, own: list[int], live: list[int], chains: ChainAreas
) -> float | None:
    """What stands for the bits of a node that reads carries, of which the highest may be dead."""
    if not own:
        return None
    if number in chains.sums:
        (part,) = parts(graph, number)
        return summed_bits(part.row, *chains.sums[number])
    if graph.nodes[number].op is GOp.DIGIT_ROW and live[-1] < own[-1]:
        (part,) = parts(graph, number)
        return max(1.0, part.features["bits"] - (own[-1] - live[-1]))
    return None


def _logic(
    graph: Graph, number: int, live: list[int], wires: BitLiveness, schedule: Schedule
) -> Resets:
    """The columns of a table that something reads, without what resets of registers do."""
    when = (*schedule.stage, schedule.latency)
    readers = [wires.readers[wires.bits[number][j]] for j in live]
    registered = [all(when[k] > when[number] for k in ks) for ks in readers]
    columns = entry_bits(graph.nodes[number].contents, live)
    found = without_resets(columns, registered)
    luts = (columns_shape(found.columns).luts + len(found.conditions), columns_shape(columns).luts)
    return found if luts[0] <= luts[1] else Resets(columns, frozenset())


def _named(condition: Condition, address: tuple[int, ...]) -> Condition:
    """A condition with the drivers of its address bits in place of their numbers."""
    return tuple((address[j], value) for j, value in condition)
