"""Schedulers: as soon as possible with chaining, then as few registers as that latency allows.

Room: `codegen`. They work on the `CostModel` alone; `Schedule.check` recomputes what they made.

The second is a system of difference constraints (Cong and Zhang, DAC 2006): a stage number for
each node, at least one stage between two nodes whose combinational path is longer than the budget,
and the bits held between stages as the objective. Its matrix is totally unimodular, so the linear
program's vertex is the exact integer optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from symtick.codegen.graph import GOp, Graph
from symtick.codegen.schedule import CostModel, Schedule
from symtick.codegen.timing import ready_after
from symtick.errors import InputError, ResourceError


def schedule(graph: Graph, model: CostModel, latency: int | None = None) -> Schedule:
    """The schedule of a graph with the fewest register bits for its latency.

    Args:
        graph: what to compute.
        model: what it costs; its `budget_ns` bounds the logic of a stage.
        latency: ticks; None is the smallest that the clock allows, 0 is combinational, more than
            the smallest adds registers where they cost least.

    Raises:
        InputError: the latency is negative.
        ResourceError: an operation is longer than a stage, or the latency is too short.
    """
    if latency is not None and latency < 0:
        raise InputError(f"a latency must be 0 or more ticks, not {latency}")
    delays = [model.delay(graph, k) for k in range(len(graph.nodes))]
    if latency == 0:
        return _timed(graph, model, [0] * len(graph.nodes), delays, 0)
    stages = earliest(graph, model, delays)
    least = max(stages) + 1
    if latency is None:
        latency = least
    elif latency < least:
        raise ResourceError(
            f"a latency of {latency} ticks at a clock of {model.clock_ns:g} ns is too short: this "
            f"design needs {least}; lower the clock, narrow the formats or allow {least} ticks"
        )
    if latency > 1:
        stages = fewest_registers(graph, model, delays, stages, latency)
    return _timed(graph, model, stages, delays, latency)


def earliest(graph: Graph, model: CostModel, delays: Sequence[float]) -> list[int]:
    """The first stage in which each node can run.

    Raises:
        ResourceError: an operation is longer than the budget.
    """
    budget = model.budget_ns
    ready: list[tuple[int, float]] = []
    for k, node in enumerate(graph.nodes):
        if delays[k] > budget + 1e-9:
            formats = ", ".join(str(graph.nodes[a].fmt) for a in node.args)
            raise ResourceError(
                f"node {k}, {node.op.value} of {formats}, takes {delays[k]:.2f} ns, more than the "
                f"{budget:.2f} ns that a clock of {model.clock_ns:g} ns leaves for logic; lower "
                "the clock, narrow the formats or table bits, or use a smaller term_frac"
            )
        ready.append(ready_after([ready[a] for a in node.args], delays[k], budget))
    return [stage for stage, _ in ready]


def fewest_registers(
    graph: Graph,
    model: CostModel,
    delays: Sequence[float],
    first: Sequence[int],
    latency: int,
) -> list[int]:
    """Stages with the fewest register bits.

    Args:
        graph: what to compute.
        model: whose budget bounds a stage.
        delays: nanoseconds of each node.
        first: earliest stage of each node.
        latency: ticks, more than the largest of `first`.
    """
    holder = _holders(graph)
    count = len(graph.nodes)
    rules = _Rules(count)
    for early, late in _apart(graph, holder, delays, model.budget_ns):
        rules.add(early, late, 1)
    cost = np.zeros(2 * count)
    for k, node in enumerate(graph.nodes):
        here = holder[k]
        cost[count + here] = graph.nodes[here].fmt.width
        for a in node.args if here == k else ():
            if graph.nodes[holder[a]].op is not GOp.CONST:
                rules.add(holder[a], k, 0)
                rules.reach(holder[a], k)
    bounds = [
        (low, 0 if node.op in (GOp.INPUT, GOp.CONST) else latency - 1)
        for low, node in zip(first, graph.nodes, strict=True)
    ]
    held = [(0, None)] * count
    ends = {holder[k] for k in graph.outputs}
    for k in ends:
        rules.reach_end(k, latency)
    for k, node in enumerate(graph.nodes):
        if node.op is GOp.CONST:
            cost[count + k] = 0.0
    found = linprog(
        cost, A_ub=rules.matrix(), b_ub=np.array(rules.limits), bounds=bounds + held, method="highs"
    )
    if found.x is None:
        raise ResourceError(f"no schedule of {latency} ticks was found: {found.message}")
    stages = np.rint(found.x[:count]).astype(int).tolist()
    return [stages[holder[k]] for k in range(count)]


@dataclass
class _Rules:
    """Rows of the linear program over (stage of each node, reach of each node's registers)."""

    count: int
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def _row(self, parts: Sequence[tuple[int, float]], limit: float) -> None:
        for column, value in parts:
            self.rows.append(len(self.limits))
            self.columns.append(column)
            self.values.append(value)
        self.limits.append(limit)

    def add(self, early: int, late: int, distance: int) -> None:
        """stage[late] >= stage[early] + distance."""
        self._row([(early, 1.0), (late, -1.0)], -distance)

    def reach(self, source: int, user: int) -> None:
        """reach[source] >= stage[user] - stage[source]."""
        self._row([(user, 1.0), (source, -1.0), (self.count + source, -1.0)], 0.0)

    def reach_end(self, source: int, latency: int) -> None:
        """reach[source] >= latency - stage[source]."""
        self._row([(source, -1.0), (self.count + source, -1.0)], -latency)

    def matrix(self) -> csr_array:
        shape = (len(self.limits), 2 * self.count)
        return csr_array((self.values, (self.rows, self.columns)), shape=shape)


def _holders(graph: Graph) -> list[int]:
    """For each node, the node whose bits it renames: itself unless it is a SCALE."""
    found: list[int] = []
    for k, node in enumerate(graph.nodes):
        found.append(found[node.args[0]] if node.op is GOp.SCALE else k)
    return found


def _apart(
    graph: Graph, holder: Sequence[int], delays: Sequence[float], budget: float
) -> list[tuple[int, int]]:
    """Pairs of nodes that cannot share a stage: their longest path does not fit in one."""
    pairs = []
    paths: list[dict[int, float]] = []
    for k, node in enumerate(graph.nodes):
        here = {} if holder[k] != k or node.op is GOp.CONST else {k: delays[k]}
        for a in node.args:
            for source, length in paths[a].items():
                total = length + delays[k]
                if total > here.get(source, -1.0):
                    here[source] = total
        for source, total in list(here.items()):
            if total > budget + 1e-9:
                pairs.append((source, holder[k]))
                del here[source]
        paths.append(here)
    return pairs


def _timed(
    graph: Graph,
    model: CostModel,
    stages: Sequence[int],
    delays: Sequence[float],
    latency: int,
) -> Schedule:
    """The schedule with these stages, arrival times filled in and checked."""
    time = [0.0] * len(graph.nodes)
    for k, node in enumerate(graph.nodes):
        starts = [time[a] for a in node.args if stages[a] == stages[k]]
        time[k] = max(starts, default=0.0) + delays[k]
    found = Schedule(tuple(stages), tuple(time), latency, model.clock_ns, model.budget_ns)
    found.check(graph, model)
    return found
