"""The scheduler `registers`: as few register bits as a latency allows.

A system of difference constraints (Cong and Zhang, "An efficient and versatile scheduling algorithm
based on SDC formulation", DAC 2006): a stage number for each node, at least one stage between two
nodes whose combinational path is longer than the budget, and the bits held between stages as the
objective. Bits are counted as synthesis keeps them (`bit_liveness`), which also places a rank of
registers before or behind a table, whichever is narrower (retiming), or splits it where some users
come later. The matrix is totally unimodular, so that the linear program's vertex is the exact
integer optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.graph import GOp
from symtick.codegen.scheduling.problem import SchedulingProblem
from symtick.errors import ResourceError, counted


def fewest_registers(problem: SchedulingProblem) -> list[int]:
    """Stages with the fewest register bits."""
    stages = list(problem.earliest)
    if stages == problem.latest:
        return stages
    wiring = BitLiveness.of(problem.graph)
    fixed = _follows(problem, wiring)
    program = _LinearProgram(problem)
    program.add_order(_sources(problem, fixed), _apart(problem, fixed))
    program.add_registers(wiring)
    for k, stage in program.solved().items():
        stages[k] = stage
    for k, node in enumerate(problem.graph.nodes):
        if fixed[k]:
            stages[k] = max((stages[a] for a in node.args), default=0)
    return stages


def _follows(problem: SchedulingProblem, wiring: BitLiveness) -> list[bool]:
    """Whether a node is only names and no time: it goes where its arguments go."""
    return [
        problem.delays[k].ns == 0.0 and node.op is not GOp.INPUT and wiring.is_wire(k)
        for k, node in enumerate(problem.graph.nodes)
    ]


def _sources(problem: SchedulingProblem, fixed: Sequence[bool]) -> list[list[int]]:
    """For each node, the nodes with a stage of their own that it reads, through names."""
    sources: list[list[int]] = []
    for node in problem.graph.nodes:
        through = [s for a in node.args for s in (sources[a] if fixed[a] else [a])]
        sources.append(list(dict.fromkeys(through)))
    return sources


def _apart(problem: SchedulingProblem, fixed: Sequence[bool]) -> list[tuple[int, int]]:
    """Pairs of nodes that cannot share a stage: their longest path does not fit in one."""
    pairs = []
    paths: list[dict[int, float]] = []
    for k, node in enumerate(problem.graph.nodes):
        delay = problem.delays[k]
        here = {} if fixed[k] else {k: delay.ns}
        for a in () if delay.registered else node.args:  # its arguments are in a stage before
            for source, length in paths[a].items():
                total = length + delay.ns
                if total > here.get(source, -1.0):
                    here[source] = total
        for source, total in list(here.items()):
            if total > problem.budget_ns + 1e-9:
                pairs.append((source, k))
                del here[source]
        paths.append(here)
    return pairs


@dataclass
class _LinearProgram:
    """The linear program: a column for each node that can move and for each held group of bits.

    A group is the bits of a node with the same readers. Where one reader is surely the last, the
    bits are held until its stage; else until the group's end, which no reader may pass.
    """

    problem: SchedulingProblem
    cost: list[float] = field(default_factory=list)
    bounds: list[tuple[int, int]] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    _column: dict[int, int] = field(default_factory=dict)

    def add_order(self, sources: Sequence[Sequence[int]], apart: Sequence[tuple[int, int]]) -> None:
        """Arguments before users; a stage between nodes that cannot share one."""
        for k, arguments in enumerate(sources):
            for source in arguments:
                self._after(k, source, int(self.problem.delays[k].registered))
        for source, k in apart:
            self._after(k, source, 1)

    def add_registers(self, wiring: BitLiveness) -> None:
        """The bits between stages, as the cost."""
        groups: dict[tuple[int, tuple[int, ...]], int] = {}
        for owner, readers in zip(wiring.owner, wiring.readers, strict=True):
            if readers:
                groups[owner, readers] = groups.get((owner, readers), 0) + 1
        for (owner, readers), bits in groups.items():
            self._charge(owner, -bits)
            last = self._last(readers)
            if len(last) == 1:
                self._charge(last[0], bits)
                continue
            low = max(self.problem.earliest[k] for k in last)
            end = self._new((low, max(self.problem.latest[k] for k in last)), bits)
            for k in last:
                self._row([(self._node(k), 1.0), (end, -1.0)], 0.0)

    def solved(self) -> dict[int, int]:
        """The stage of each node that can move."""
        if not self._column:
            return {}
        places = [(row, column) for row, column, _ in self.entries]
        values = [value for _, _, value in self.entries]
        rows, columns = np.array(places, int).reshape(-1, 2).T
        solution = linprog(
            self.cost,
            A_ub=csr_array((values, (rows, columns)), shape=(len(self.limits), len(self.cost))),
            b_ub=np.array(self.limits),
            bounds=self.bounds,
            method="highs-ds",
        )
        if solution.x is None:
            ticks = counted(self.problem.latency, "tick")
            raise ResourceError(f"no schedule of {ticks} was found: {solution.message}")
        return {k: round(solution.x[column]) for k, column in self._column.items()}

    def _last(self, readers: Sequence[int]) -> list[int]:
        """Those of the readers that can be the last; the number of nodes is an output."""
        if readers[-1] == len(self.problem.graph.nodes):
            return [readers[-1]]
        surely = max(readers, key=lambda k: (self.problem.earliest[k], self.problem.latest[k]))
        low = self.problem.earliest[surely]
        return [k for k in readers if k == surely or self.problem.latest[k] > low]

    def _charge(self, number: int, bits: float) -> None:
        """Add bits times the stage of a node to the cost; what cannot move costs a constant."""
        if number < len(self.problem.graph.nodes) and self._moves(number):
            self.cost[self._node(number)] += bits

    def _moves(self, number: int) -> bool:
        return self.problem.earliest[number] < self.problem.latest[number]

    def _after(self, late: int, early: int, distance: int) -> None:
        """stage[late] >= stage[early] + distance, where that is not sure already."""
        if self.problem.earliest[late] >= self.problem.latest[early] + distance:
            return
        self._row([(self._node(early), 1.0), (self._node(late), -1.0)], -distance)

    def _row(self, parts: Sequence[tuple[int, float]], limit: float) -> None:
        self.entries.extend((len(self.limits), column, value) for column, value in parts)
        self.limits.append(limit)

    def _node(self, number: int) -> int:
        """The column of a node; one that cannot move has equal bounds."""
        if number not in self._column:
            bounds = self.problem.earliest[number], self.problem.latest[number]
            self._column[number] = self._new(bounds, 0.0)
        return self._column[number]

    def _new(self, bounds: tuple[int, int], cost: float) -> int:
        self.cost.append(cost)
        self.bounds.append(bounds)
        return len(self.cost) - 1
