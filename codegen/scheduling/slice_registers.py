"""Registers behind the slices of input words that saturate.

Behind a register, saturation of a word without sign costs next to nothing: the bits above the slice
set its flip-flops (`saturation`). Without one, synthesis merges it with the tables that read the
slice, whose columns get an address bit more, and up to three behind a signed slice. A register
there can be a tick more; where it is not, the slice has one, and else the plan of fewer LUTs times
ticks is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from symtick.codegen.ir.arrival import Delay
from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph
from symtick.codegen.ir.limits import limits
from symtick.codegen.ir.schedule import CostModel, Schedule
from symtick.codegen.scheduling import saturation
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
    return [k for k in range(len(graph.nodes)) if _is_slice(graph, k)]


def with_slices(luts: Sequence[float], graph: Graph, plan: Schedule) -> list[float]:
    """LUTs of each node, with those of saturation and of the tables behind slices as they are made.

    Where registers alone read a value that saturates, they are set and reset (`saturation.held`).
    Without a register, a column of a table reads what is beyond the slice as inputs more.
    An unsigned slice has one, for which a column of fewer than six address bits has room; so has
    one that is constant where the highest is 1, if it goes to a register, which both reset. A
    signed slice has two, which side it is beyond, or the few bits above it themselves. What is no
    table reads each bit limited.

    Args:
        luts: of each node, as if it stood alone.
        graph: the graph.
        plan: its schedule.
    """
    left, users = list(luts), [*graph.users(), []]
    port = len(graph.nodes)
    for k in graph.outputs:
        users[k].append(port)
    when, slices = (*plan.stage, plan.latency), frozenset(saturating_slices(graph))
    for k, node in enumerate(graph.nodes):
        readers = _readers(graph, users, k) if _saturates(graph, k) else []
        if not readers:
            continue
        if all(when[u] > when[k] for u in readers):
            left[k] = saturation.held(node, graph.nodes[node.args[0]])
            continue
        if k not in slices:
            continue
        here = [u for u in readers if u < port and when[u] == when[k]]
        tables = [u for u in here if graph.nodes[u].op is GOp.TABLE]
        alone = len(tables) == len(readers)
        left[k] = saturation.merged(node, graph.nodes[node.args[0]], tables_alone=alone)
        for u in tables:
            held = alone and all(when[v] > when[u] for v in users[u])
            left[u] *= _growth(graph, k, graph.nodes[u], held=held)
    return left


def _growth(graph: Graph, part: int, table: GNode, *, held: bool) -> float:
    """Times its own LUTs that a table takes with a slice in front of it.

    Args:
        graph: with both.
        part: the slice.
        table: what reads it.
        held: whether the table goes to registers alone, and tables alone read the slice.
    """
    address = len(table.contents).bit_length() - 1
    node = graph.nodes[part]
    found = limits(node, graph.nodes[node.args[0]])
    if found.under and found.over:
        return saturation.grown(address, found.full.width - node.fmt.width)
    if address != _LUT_INPUTS:
        return 1.0
    return 1.0 + _MERGED * (_changing(table) if held else 1.0)


def _changing(table: GNode) -> float:
    """The part of a table's columns that are not constant in the upper half of its addresses."""
    high = np.array(table.contents[len(table.contents) // 2 :], np.int64)
    bits = high[:, None] >> np.arange(table.fmt.width) & 1
    return float((bits != bits[0]).any(axis=0).mean())


def _readers(graph: Graph, users: Sequence[Sequence[int]], number: int) -> list[int]:
    """The nodes with logic that read a node, by wires or not, and ports."""
    found: list[int] = []
    for u in users[number]:
        if u < len(graph.nodes):
            node = graph.nodes[u]
            plain = node.op is GOp.CAST and node.overflow is Overflow.WRAP
            plain = plain and node.quant is Quant.TRN
            found += _readers(graph, users, u) if plain or node.op in WIRES else [u]
        else:
            found.append(u)
    return found


def _saturates(graph: Graph, number: int) -> bool:
    """Whether a node is a CAST to the ends of its format that meets values beyond it.

    Only where it rounds down or half up: other modes take more than an increment to round.
    """
    node = graph.nodes[number]
    if node.op is not GOp.CAST or node.overflow is not Overflow.SAT:
        return False
    if node.quant not in (Quant.TRN, Quant.RND):
        return False
    return limits(node, graph.nodes[node.args[0]]).any


def _is_slice(graph: Graph, number: int) -> bool:
    node = graph.nodes[number]
    if not _saturates(graph, number) or node.quant is not Quant.TRN:
        return False
    word = graph.nodes[node.args[0]]
    return word.op is GOp.INPUT and node.fmt.frac <= word.fmt.frac


def _ticks(graph: Graph, model: CostModel, delays: Sequence[Delay], held: Collection[int]) -> int:
    apart = with_registers_behind(delays, held, model.budget_ns)
    return max(first_stages(graph, apart, model.budget_ns)) + 1


def _luts(graph: Graph, model: CostModel, plan: Schedule) -> float:
    alone = [model.area(graph, k).lut for k in range(len(graph.nodes))]
    return sum(with_slices(alone, graph, plan))
