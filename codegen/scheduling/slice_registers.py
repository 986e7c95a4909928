"""Registers behind the slices of input words that saturate.

Behind a register, saturation of a word without sign costs next to nothing: the bits above the slice
set its flip-flops. Without one, synthesis merges it with the tables that read the slice, whose
columns get an address bit more. A register there can be a tick more; where it is not, the slice has
one, and else the plan of fewer LUTs times ticks is taken.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from symtick.codegen.ir.arrival import Delay
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph
from symtick.codegen.ir.schedule import CostModel, Schedule
from symtick.codegen.scheduling.problem import (
    checked_delays,
    first_stages,
    with_registers_behind,
)
from symtick.codegen.scheduling.scheduler import schedule

# LUTs that a table of six address bits gains by a slice in front of it without a register, in
# shares of its own, by Yosys
_MERGED = 1.1
_LUT_INPUTS = 6


def planned(
    graph: Graph, model: CostModel, latency: int | None, scheduler: str, max_ticks: int | None
) -> Schedule:
    """The schedule of a graph, with registers behind slices where they pay.

    Args:
        graph: what to compute.
        model: what it costs.
        latency: as for `schedule`; then slices have a register where it leaves time for one.
        scheduler: likewise.
        max_ticks: most ticks that registers behind slices may lead to.

    Raises:
        InputError, ResourceError: from `schedule`.
    """
    slices = saturating_slices(graph)
    if not slices or latency == 0:
        return schedule(graph, model, latency, scheduler)
    delays = checked_delays(graph, model)
    least = _ticks(graph, model, delays, ()) if latency is None else latency
    free = [k for k in slices if _ticks(graph, model, delays, (k,)) <= least]
    plans = [schedule(graph, model, latency, scheduler, free)]
    if latency is None and len(free) < len(slices):
        plans.append(schedule(graph, model, None, scheduler, slices))
    fits = [p for p in plans if max_ticks is None or p.latency <= max_ticks] or plans[:1]
    return min(fits, key=lambda plan: plan.latency * _luts(graph, model, plan))


def saturating_slices(graph: Graph) -> list[int]:
    """The nodes that cut low bits off an input word and limit the rest."""
    return [k for k in range(len(graph.nodes)) if _bits_above(graph, k)]


def with_slices(luts: Sequence[float], graph: Graph, stage: Sequence[int]) -> list[float]:
    """LUTs of each node, with those of slices and of the tables that read them as they are made.

    A bit says whether the word is beyond the slice. It resets the slice's registers, if all that
    reads the slice is behind them. Else a column reads it as one input more, for which a column of
    fewer than six address bits has room; so has one that is constant where the highest is 1, if it
    goes to a register, which both reset. What is no table reads each bit limited.

    Args:
        luts: of each node, as if it stood alone.
        graph: the graph.
        stage: of each node.
    """
    left, users = list(luts), graph.users()
    for k in saturating_slices(graph):
        node, above = graph.nodes[k], _bits_above(graph, k)
        two_sided = graph.nodes[node.args[0]].lo < 0  # a flip-flop would have to be set and cleared
        # one LUT asks five bits and what others found; the sign is one more to ask
        left[k] = float(math.ceil((above - 1 + two_sided) / 5))
        readers = _readers(graph, users, k)
        tables = [u for u in readers if stage[u] == stage[k] and graph.nodes[u].op is GOp.TABLE]
        behind = all(stage[u] > stage[k] for u in readers)
        if two_sided or not (behind or len(tables) == len(readers)):
            left[k] += node.fmt.width - (two_sided and node.fmt.signed)  # a sign stays itself
        for u in tables:
            if len(graph.nodes[u].contents) == 1 << _LUT_INPUTS:
                alone = len(tables) == len(readers) and not two_sided
                held = alone and all(stage[v] > stage[u] for v in users[u])
                left[u] *= 1.0 + _MERGED * (_changing(graph.nodes[u]) if held else 1.0)
    return left


def _changing(table: GNode) -> float:
    """The part of a table's columns that are not constant in the upper half of its addresses."""
    high = np.array(table.contents[len(table.contents) // 2 :], np.int64)
    bits = high[:, None] >> np.arange(table.fmt.width) & 1
    return float((bits != bits[0]).any(axis=0).mean())


def _readers(graph: Graph, users: Sequence[Sequence[int]], number: int) -> list[int]:
    """The nodes with logic that read a node, by wires or not."""
    found: list[int] = []
    for u in users[number]:
        node = graph.nodes[u]
        plain = node.op is GOp.CAST and node.overflow is Overflow.WRAP and node.quant is Quant.TRN
        found += _readers(graph, users, u) if plain or node.op in WIRES else [u]
    return found


def _bits_above(graph: Graph, number: int) -> int:
    """Bits of an input word above its slice; 0 where the node is no slice that limits."""
    node = graph.nodes[number]
    if node.op is not GOp.CAST or node.overflow is Overflow.WRAP or node.quant is not Quant.TRN:
        return 0
    word = graph.nodes[node.args[0]]
    if word.op is not GOp.INPUT or node.fmt.frac > word.fmt.frac:
        return 0
    drop = word.fmt.frac - node.fmt.frac
    low, high = word.lo >> drop, word.hi >> drop
    if node.fmt.raw_min <= low and high <= node.fmt.raw_max:
        return 0
    return max(1, Fixed.for_raw(low, high, 0).width - node.fmt.width)


def _ticks(graph: Graph, model: CostModel, delays: Sequence[Delay], held: Collection[int]) -> int:
    apart = with_registers_behind(delays, held, model.budget_ns)
    return max(first_stages(graph, apart, model.budget_ns)) + 1


def _luts(graph: Graph, model: CostModel, plan: Schedule) -> float:
    alone = [model.area(graph, k).lut for k in range(len(graph.nodes))]
    return sum(with_slices(alone, graph, plan.stage))
