"""Schedules: the pipeline stage of every node, and the registers that follow from it.

A `Schedule` is a value apart from the graph; `Schedule.check` recomputes its timing without the
scheduler. The scheduler asks what things cost through the `CostModel` protocol (`hwcost` implements
it).

Stage s is the logic between register ranks s and s+1. Inputs arrive from registers outside, at the
start of stage 0; every output leaves through a register at the end of the last stage. So the
latency in ticks is the number of stages, and a value computed in stage s and read in stage t > s
passes t - s registers.

An operation that is `registered` (a DSP block with its own registers) has a stage to itself: its
arguments are there a stage before, and its value goes into a register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.graph import Graph
from symtick.errors import InputError, ResourceError


@dataclass(frozen=True, slots=True)
class Area:
    """Resources of one node or of a design."""

    lut: float = 0.0
    ff: float = 0.0
    dsp: float = 0.0
    bram: float = 0.0

    def __add__(self, other: Area) -> Area:
        return Area(
            self.lut + other.lut,
            self.ff + other.ff,
            self.dsp + other.dsp,
            self.bram + other.bram,
        )


class CostModel(Protocol):
    """What the operations of a graph cost on one device at one clock."""

    @property
    def name(self) -> str:
        """Model and device, for reports."""

    @property
    def clock_ns(self) -> float:
        """Clock period in nanoseconds."""

    @property
    def budget_ns(self) -> float:
        """Part of the period left for logic after register and clock overheads."""

    def delay(self, graph: Graph, node: int) -> float:
        """Nanoseconds from the arguments of a node to its value, routing included."""

    def registered(self, graph: Graph, node: int) -> bool:
        """Whether a node longer than the budget fits in a stage between registers of its own."""

    def area(self, graph: Graph, node: int) -> Area:
        """Resources of the node's logic, without pipeline registers."""

    def absorbed(self, graph: Graph, adder: int) -> float:
        """LUTs of an adder's last operand, a table, that the adder takes in (`ir.absorption`)."""


@dataclass(frozen=True)
class Schedule:
    """A stage for every node.

    Attributes:
        stage: stage number of each node.
        arrival: nanoseconds after the start of its stage at which a node's value is there.
        latency: ticks from inputs to outputs; 0 is purely combinational.
        clock_ns: the period that it was made for.
        budget_ns: the part of the period that logic may take.
    """

    stage: tuple[int, ...]
    arrival: tuple[float, ...]
    latency: int
    clock_ns: float
    budget_ns: float

    @property
    def ii(self) -> int:
        """Initiation interval in ticks: these pipelines take a new input every tick."""
        return 1

    def last_use(self, graph: Graph) -> list[int]:
        """For each node, the last stage in which its value is needed (outputs: the end)."""
        last = list(self.stage)
        for k, node in enumerate(graph.nodes):
            for a in node.args:
                last[a] = max(last[a], self.stage[k])
        for k in graph.outputs:
            last[k] = max(last[k], self.latency)
        return last

    def registers(self, graph: Graph) -> int:
        """Flip-flops that hold values between stages, as synthesis keeps them (`bit_liveness`).

        A bit is held until its last reader's stage, once, however many nodes name it; constant
        bits and bits that nothing reads need none.
        """
        wiring = BitLiveness.of(graph)
        when = (*self.stage, self.latency)
        return sum(
            max(when[k] for k in readers) - self.stage[owner]
            for owner, readers in zip(wiring.owner, wiring.readers, strict=True)
            if readers
        )

    def check(self, graph: Graph, model: CostModel) -> None:
        """Recompute order and timing.

        Raises:
            InputError: an argument comes in a later stage than its user, or numbers do not match.
            ResourceError: a stage is longer than the budget, with the path's end and length.
        """
        if len(self.stage) != len(graph.nodes):
            raise InputError("the schedule belongs to another graph")
        time = [0.0] * len(graph.nodes)
        for k, node in enumerate(graph.nodes):
            if any(self.stage[a] > self.stage[k] for a in node.args):
                raise InputError(f"node {k} runs in stage {self.stage[k]}, before its arguments")
            starts = [time[a] for a in node.args if self.stage[a] == self.stage[k]]
            registered = self.latency > 0 and model.registered(graph, k)
            if registered and starts:
                raise InputError(f"node {k} ({node.op.value}) has to read registers alone")
            delay = self.budget_ns if registered else model.delay(graph, k)
            time[k] = max(starts, default=0.0) + delay
            if self.latency and time[k] > self.budget_ns + 1e-9:
                raise ResourceError(
                    f"stage {self.stage[k]} takes {time[k]:.2f} ns up to node {k} "
                    f"({node.op.value}), more than the {self.budget_ns:.2f} ns that a clock of "
                    f"{self.clock_ns:.2f} ns leaves for logic"
                )
        if self.latency and max(self.stage) >= self.latency:
            raise InputError("a node runs after the last register rank")
