"""Estimates: the cost of a compiled design, before any tool has seen it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symtick.codegen.design import Design
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.hwcost.models.model import OpenModel


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
    factor = model.device.ff_factor if isinstance(model, OpenModel) else 1.0
    registers = Area(ff=factor * schedule.registers(graph))
    return Estimate(
        ticks=schedule.latency,
        ns=schedule.latency * model.clock_ns if schedule.latency else max(schedule.arrival),
        clock_mhz=1000.0 / model.clock_ns,
        area=sum(by_node, registers),
        by_node=by_node,
        model=model.name,
    )
