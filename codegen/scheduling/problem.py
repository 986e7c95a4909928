"""The scheduling problem: operations, their delays and the number of ticks.

Earliest and latest stages are exact: a node's earliest is the least (stage, time) at which the
longest chain to it can end, and the latest is the same from the outputs backwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from symtick.codegen.ir.arrival import Delay, Ready, arrivals, node_delays, ready_after
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import CostModel
from symtick.errors import ResourceError

_AT_START = (GOp.INPUT, GOp.CONST)


@dataclass(frozen=True)
class SchedulingProblem:
    """A graph that is to be scheduled.

    Attributes:
        graph: what to compute.
        delays: what each node takes of a stage.
        budget_ns: the part of a tick that logic may take.
        latency: ticks from inputs to outputs, at least 1 and at least what `earliest` needs.
    """

    graph: Graph
    delays: tuple[Delay, ...]
    budget_ns: float
    latency: int

    @cached_property
    def earliest(self) -> list[int]:
        """The first stage in which each node can run."""
        return first_stages(self.graph, self.delays, self.budget_ns)

    @cached_property
    def latest(self) -> list[int]:
        """The last stage in which each node can run; inputs and constants are there at once."""
        nodes = self.graph.nodes
        users: list[list[Ready]] = [[] for _ in nodes]
        stages = [0] * len(nodes)
        for k in range(len(nodes) - 1, -1, -1):
            after = ready_after(users[k], Delay(self.delays[k].ns), self.budget_ns)
            if nodes[k].op not in _AT_START:
                stages[k] = self.latency - 1 - after[0]
            before = (after[0] + 1, 0.0) if self.delays[k].registered else after
            for a in nodes[k].args:
                users[a].append(before)
        return stages


def first_stages(graph: Graph, delays: Sequence[Delay], budget_ns: float) -> list[int]:
    """The first stage in which each node can run."""
    return [stage for stage, _ in arrivals(graph, delays, budget_ns)]


def with_registers_behind(
    delays: Sequence[Delay], held: Collection[int], budget_ns: float
) -> tuple[Delay, ...]:
    """The delays, those of `held` nodes a whole stage: nothing follows them in theirs."""
    return tuple(Delay(budget_ns) if k in held else d for k, d in enumerate(delays))


def checked_delays(graph: Graph, model: CostModel) -> tuple[Delay, ...]:
    """What each node takes of a stage.

    Raises:
        ResourceError: an operation is longer than the budget.
    """
    delays = node_delays(graph, model)
    for k, node in enumerate(graph.nodes):
        if delays[k].ns > model.budget_ns + 1e-9:
            formats = ", ".join(str(graph.nodes[a].fmt) for a in node.args)
            raise ResourceError(
                f"node {k}, {node.op.value} of {formats}, takes {delays[k].ns:.2f} ns, more than "
                f"the {model.budget_ns:.2f} ns that a clock of {model.clock_ns:g} ns leaves for "
                "logic; lower the clock, narrow the formats or table bits, or use a smaller "
                "term_frac"
            )
    return delays
