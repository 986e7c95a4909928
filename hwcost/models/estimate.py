"""Estimates: the cost of a compiled design, before any tool has seen it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symtick.codegen.design import Design
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import Area, CostModel, Schedule
from symtick.codegen.scheduling.slice_registers import with_slices
from symtick.hwcost.models.features import parts
from symtick.hwcost.models.live_area import live_areas
from symtick.hwcost.models.model import OpenModel

# rows of the device tables: their LUTs lie in front of a carry chain, where a path starts anew
_CARRIES = frozenset({"add", "sub", "offset", "neg", "compare", "round"})
_CHOICES = (GOp.SELECT, GOp.MIN, GOp.MAX)
_ONE_LUT_DEEP = _CARRIES | {"table", "select", "min", "max", "abs"}


@dataclass(frozen=True)
class Estimate:
    """Cost of a design on a device at a clock.

    Attributes:
        ticks: latency in clock ticks, as scheduled.
        ns: latency in nanoseconds, `ticks` periods (a combinational design: its longest path).
        clock_mhz: the clock.
        area: LUT, FF, DSP and BRAM of the whole design.
        by_node: area of each graph node's logic, without the registers between stages.
        model: name of the cost model.
    """

    ticks: int
    ns: float
    clock_mhz: float
    area: Area
    by_node: tuple[Area, ...]
    model: str


def estimate(design: Design, model: CostModel) -> Estimate:
    """Cost of a design.

    Raises:
        ResourceError: a stage of its schedule is longer than the model's clock allows.
        InputError: the schedule does not belong to the graph.
    """
    graph, schedule = design.graph, design.schedule
    at_clock = replace(schedule, clock_ns=model.clock_ns, budget_ns=model.budget_ns)
    at_clock.check(graph, model)
    factor = 1.0
    if isinstance(model, OpenModel):
        factor = model.device.ff_factor
        by_node = live_areas(graph, schedule, model, flat=_flat(graph, schedule))
        by_node = _without_chosen(by_node, graph, schedule)
        luts = with_slices([area.lut for area in by_node], graph, schedule)
        by_node = tuple(replace(a, lut=lut) for a, lut in zip(by_node, luts, strict=True))
    else:
        by_node = tuple(model.area(graph, k) for k in range(len(graph.nodes)))
    registers = Area(ff=factor * schedule.registers(graph))
    return Estimate(
        ticks=schedule.latency,
        ns=schedule.latency * model.clock_ns if schedule.latency else max(schedule.arrival),
        clock_mhz=1000.0 / model.clock_ns,
        area=sum(by_node, registers),
        by_node=by_node,
        model=model.name,
    )


def _flat(graph: Graph, schedule: Schedule) -> bool:
    """Whether no path between registers has more than one LUT and one carry chain.

    Two sums in one tick are longer than any table, so that synthesis saves cells in tables.
    """
    after_lut = [False] * len(graph.nodes)
    after_carry = [False] * len(graph.nodes)
    for k, node in enumerate(graph.nodes):
        same = [a for a in node.args if schedule.stage[a] == schedule.stage[k]]
        before, carried = (any(after[a] for a in same) for after in (after_lut, after_carry))
        rows = [part.row for part in parts(graph, k)]
        if not rows:
            after_lut[k], after_carry[k] = before, carried
            continue
        carries = rows[0] in _CARRIES
        if len(rows) > 1 or rows[0] not in _ONE_LUT_DEEP or before or (carries and carried):
            return False
        after_lut[k], after_carry[k] = not carries, carries or carried
    return True


def _without_chosen(areas: tuple[Area, ...], graph: Graph, schedule: Schedule) -> tuple[Area, ...]:
    """The areas without choices between a signal and a constant right before a register.

    The condition sets and clears the flip-flops there.
    """
    held, left = _before_registers(graph, schedule), list(areas)
    for k, node in enumerate(graph.nodes):
        constant = any(graph.nodes[a].op is GOp.CONST for a in node.args)
        if node.op in _CHOICES and held[k] and constant:
            left[k] = replace(areas[k], lut=max(0.0, areas[k].lut - node.fmt.width))
    return tuple(left)


def _before_registers(graph: Graph, schedule: Schedule) -> list[bool]:
    """Whether a node's bits go to registers alone, by wires at most."""
    held, users = [schedule.latency > 0] * len(graph.nodes), graph.users()
    for k in range(len(graph.nodes) - 1, -1, -1):
        held[k] = held[k] and all(
            schedule.stage[u] > schedule.stage[k] or (held[u] and not parts(graph, u))
            for u in users[k]
        )
    return held
