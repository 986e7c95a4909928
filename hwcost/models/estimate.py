"""Estimates: the cost of a compiled design, before any tool has seen it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from symtick.codegen.design import Design
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import Area, CostModel, Schedule
from symtick.hwcost.models.features import parts, shape
from symtick.hwcost.models.model import OpenModel

# rows of the device tables: their LUTs lie in front of a carry chain, where a path starts anew
_CARRIES = frozenset({"add", "sub", "offset", "neg", "compare", "round"})
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
    by_node = tuple(model.area(graph, k) for k in range(len(graph.nodes)))
    factor = 1.0
    if isinstance(model, OpenModel):
        factor = model.device.ff_factor
        if _flat(graph, schedule):
            by_node = _with_joined(by_node, graph, model)
        by_node = _without_absorbed(by_node, graph, schedule)
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
    """Whether no path between registers has more than one LUT beside carry chains."""
    after_lut = [False] * len(graph.nodes)
    for k, node in enumerate(graph.nodes):
        stage = schedule.stage[k]
        before = any(after_lut[a] for a in node.args if schedule.stage[a] == stage)
        rows = [part.row for part in parts(graph, k)]
        if not rows:
            after_lut[k] = before
        elif before or len(rows) > 1 or rows[0] not in _ONE_LUT_DEEP:
            return False
        else:
            after_lut[k] = rows[0] not in _CARRIES
    return True


def _with_joined(areas: tuple[Area, ...], graph: Graph, model: OpenModel) -> tuple[Area, ...]:
    """The areas with those of tables in a design that is one LUT deep."""
    return tuple(
        Area(lut=model.table_luts(node, flat=True)) if node.op is GOp.TABLE else area
        for area, node in zip(areas, graph.nodes, strict=True)
    )


def _without_absorbed(
    areas: tuple[Area, ...], graph: Graph, schedule: Schedule
) -> tuple[Area, ...]:
    """The areas without the LUTs of table columns that an adder takes into its own.

    A bit of an adder is a LUT of two inputs before the carry chain. Where its second operand is a
    table in the same stage that nothing else reads, a column of at most five address bits fits into
    that LUT; the first operand is read by the carry chain as well, and so stays.
    """
    readers = Counter(a for node in graph.nodes for a in node.args) + Counter(graph.outputs)
    left = list(areas)
    for k, node in enumerate(graph.nodes):
        if node.op not in (GOp.ADD, GOp.SUB):
            continue
        first, second = node.args
        table = graph.nodes[second]
        if table.op is not GOp.TABLE or graph.nodes[first].op is GOp.CONST:
            continue
        if readers[second] == 1 and schedule.stage[second] == schedule.stage[k]:
            left[second] = Area(lut=max(0.0, areas[second].lut - shape(table).small))
    return tuple(left)
