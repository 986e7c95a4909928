"""Schedulers: a pipeline stage for each node.

They work on the `CostModel` alone; `Schedule.check` recomputes what they made.

| name | stages |
|---|---|
| asap | each node as soon as its arguments are there: registers gather before the outputs |
| alap | each node as late as its users allow: registers gather behind the inputs |
| registers | those with the fewest register bits (the default) |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from symtick.codegen.ir.arrival import Delay
from symtick.codegen.ir.graph import Graph
from symtick.codegen.ir.schedule import CostModel, Schedule
from symtick.codegen.scheduling.min_registers import fewest_registers
from symtick.codegen.scheduling.problem import (
    SchedulingProblem,
    checked_delays,
    first_stages,
    with_registers_behind,
)
from symtick.defaults import SCHEDULER
from symtick.errors import InputError, ResourceError, counted


class Scheduler(Protocol):
    """Finds a legal stage for each node."""

    def __call__(self, problem: SchedulingProblem, /) -> list[int]:
        """Stages from 0 to `problem.latency` - 1; inputs and constants are in stage 0."""


def asap(problem: SchedulingProblem) -> list[int]:
    """As soon as possible."""
    return problem.earliest


def alap(problem: SchedulingProblem) -> list[int]:
    """As late as possible."""
    return problem.latest


SCHEDULERS: Mapping[str, Scheduler] = {
    "asap": asap,
    "alap": alap,
    "registers": fewest_registers,
}


def schedule(
    graph: Graph,
    model: CostModel,
    latency: int | None = None,
    scheduler: str = SCHEDULER,
    held: Collection[int] = (),
) -> Schedule:
    """The schedule of a graph.

    Args:
        graph: what to compute.
        model: what it costs; its `budget_ns` bounds the logic of a stage.
        latency: ticks; None is the smallest that the clock allows, 0 is combinational, more than
            the smallest adds registers.
        scheduler: `asap`, `alap` or `registers`.
        held: nodes behind which registers come, whatever time is left.

    Raises:
        InputError: the latency is no number of ticks, or there is no such scheduler.
        ResourceError: an operation is longer than a stage, or the latency is too short.
    """
    if latency is not None:
        check_latency(latency)
    if scheduler not in SCHEDULERS:
        raise InputError(f"the scheduler must be one of {', '.join(SCHEDULERS)}, not {scheduler!r}")
    if latency == 0:
        # without registers, none that a block could have for its own
        plain = [Delay(model.delay(graph, k)) for k in range(len(graph.nodes))]
        return _timed(graph, model, [0] * len(graph.nodes), plain, 0)
    delays = checked_delays(graph, model)
    apart = with_registers_behind(delays, held, model.budget_ns)
    least = max(first_stages(graph, apart, model.budget_ns)) + 1
    if latency is not None and latency < least:
        raise ResourceError(
            f"a latency of {counted(latency, 'tick')} at a clock of {model.clock_ns:g} ns is too "
            f"short: this design needs {least}; lower the clock, narrow the formats or allow "
            f"{counted(least, 'tick')}"
        )
    problem = SchedulingProblem(graph, apart, model.budget_ns, latency or least)
    return _timed(graph, model, SCHEDULERS[scheduler](problem), delays, problem.latency)


def check_latency(ticks: int) -> None:
    """Whether a latency is a number of ticks.

    Raises:
        InputError: it is not.
    """
    if isinstance(ticks, bool) or not isinstance(ticks, int) or ticks < 0:
        raise InputError(f"a latency must be a whole number, 0 or more ticks, not {ticks!r}")


def _timed(
    graph: Graph,
    model: CostModel,
    stages: Sequence[int],
    delays: Sequence[Delay],
    latency: int,
) -> Schedule:
    """The schedule with these stages, arrival times filled in and checked."""
    time = [0.0] * len(graph.nodes)
    for k, node in enumerate(graph.nodes):
        starts = [time[a] for a in node.args if stages[a] == stages[k]]
        time[k] = max(starts, default=0.0) + delays[k].ns
    plan = Schedule(tuple(stages), tuple(time), latency, model.clock_ns, model.budget_ns)
    plan.check(graph, model)
    return plan
