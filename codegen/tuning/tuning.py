"""Width tuning: fewer LUTs for a stated loss on real rows.

Every round measures all moves (one bit off one signal, or off all terms of a sum) on the graph as
it is, on few rows, then takes the best in order of loss for each LUT saved, each measured again on
what the ones before it left; the score that counts is that of all rows. A move that lost more than
the budget had is measured again every third round, and where no other is left. Bounds make it safe
for inputs that no row holds: a format that could overflow saturates. What a move changes is its
cone only: nodes live in one growing builder, where those of earlier rounds are found again, and
values and areas are kept by node. What a decision reads the outputs with is part of the area: a bit
less of a score is a bit less of every comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.arrival import fewest_ticks
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.lowering.decision import (
    SCORES,
    Decision,
    compares_pairs,
    decided,
    decision_area,
)
from symtick.codegen.tuning.row_values import Judge, Judged, RowValues
from symtick.codegen.tuning.running_area import RunningArea
from symtick.codegen.tuning.width_moves import WidthMove, moves
from symtick.codegen.tuning.widths import Width, with_width, with_widths
from symtick.errors import InputError

# a bit of a signal costs a register or none, and registers are rarely what runs out
_LUT_PER_BIT = 0.05
_BEST_SHARE = 0.3  # of the moves of a round that may be taken in it
_MOST_ENTRIES = 2_000_000  # of the tables that moves make, before those not taken are forgotten
_EVERY = 3  # rounds, of which one measures the moves that lost too much before


@dataclass(frozen=True)
class TuningStep:
    """A point on the curve.

    Attributes:
        widths: the decisions that changed; a later one for a node replaces an earlier one.
        area: of the graph's nodes and of the decision by the cost model, without registers.
        score, loss: by the judge, on the rows.
    """

    widths: tuple[Width, ...]
    area: Area
    score: float
    loss: float

    @property
    def cost(self) -> float:
        """The area as one number, in LUTs."""
        return lut_equivalent(self.area)


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        start: the graph before.
        keep_ports: whether output formats stayed.
        steps: the curve; the first point is `start` itself, without a decision.
    """

    start: Graph
    keep_ports: bool
    steps: tuple[TuningStep, ...]

    def widths(self, count: int | None = None) -> tuple[Width, ...]:
        """The decisions after the first `count` steps behind the start; after all by default."""
        widths: dict[int, Width] = {}
        for step in self.steps[: None if count is None else count + 1]:
            widths |= {w.node: w for w in step.widths}
        return tuple(widths[k] for k in sorted(widths))

    def graph(self, count: int | None = None) -> Graph:
        """The graph with those decisions."""
        return with_widths(self.start, self.widths(count), self.keep_ports)

    def within(self, budget: float) -> int:
        """The number of steps to the cheapest point that loses at most `budget`.

        Raises:
            InputError: the budget is negative.
        """
        _check_budget(budget)
        least = self.steps[0].score - budget
        fitting = [k for k, step in enumerate(self.steps) if step.score >= least]
        return min(fitting, key=lambda k: (self.steps[k].cost, k))


def tune_widths(
    graph: Graph,
    model: CostModel,
    rows: npt.ArrayLike,
    judge: Judge,
    budget: float,
    *,
    few: Judged | None = None,
    further: Sequence[float] = (),
    keep_ports: bool = False,
    decision: Decision = SCORES,
    progress: Callable[[TuningStep], None] = lambda step: None,
) -> Tuning:
    """Narrow the signals of a compiled graph.

    Args:
        graph: after all passes.
        model: what it costs.
        rows: raw inputs, shape (rows, inputs), within the inputs' bounds.
        judge: what outputs are worth.
        budget: how much the score may fall, 0 or more.
        few: rows that moves are ranked by; all by default.
        further: larger budgets, ascending, that the curve goes on to from where the one before it
            ends.
        keep_ports: whether output formats must stay.
        decision: what is made of the outputs behind the graph; its LUTs and ticks count too.
        progress: is told of each step.

    Raises:
        InputError: there are no rows, they do not fit the graph, the budget is negative, or the
            decision does not suit the outputs.
    """
    raw = np.asarray(rows)
    for allowed in (budget, *further):
        _check_budget(allowed)
    graph.evaluate(raw)  # the rows are judged here
    if not len(raw):
        raise InputError("widths are tuned on rows, but there are none")
    every = Judged(raw, judge)
    work = _Tuner(graph, model, every, few or every, keep_ports, decision)
    steps = [work.step(())]
    first = steps[0].score
    for allowed in (budget, *further):
        work.refused.clear()
        while taken := work.round(first - allowed):
            for step in taken:
                progress(step)
            steps += taken
    return Tuning(graph, keep_ports, tuple(steps))


def _check_budget(budget: float) -> None:
    if not budget >= 0.0:
        raise InputError(f"a budget must be 0 or more, not {budget!r}")


class _Trial(NamedTuple):
    """A move as measured on the few rows: what it gives, and the nodes that compute it."""

    move: WidthMove
    place: list[int]
    area: Area
    price: float
    loss: float


class _Signal(NamedTuple):
    """What an output may be."""

    fmt: Fixed
    lo: int
    hi: int
    first: int  # of the outputs that are this node


@dataclass
class _Tuner:
    graph: Graph
    model: CostModel
    all: Judged
    few: Judged
    keep_ports: bool
    decision: Decision
    widths: dict[int, Width] = field(default_factory=dict)
    decisions: dict[tuple[_Signal, ...], Area] = field(default_factory=dict)
    rounds: int = 0
    refused: set[tuple[Width, ...]] = field(default_factory=set)  # lost more than the budget has

    def __post_init__(self) -> None:
        self.users = self.graph.users()
        self.pairwise = compares_pairs(self.graph, self.decision, self.model)
        self.ticks = self._ticks(self.graph)
        self._restart()
        outputs = self.every.outputs(self._outputs(self.place))
        self.score, self.loss = self.all.judge.score(outputs), self.all.judge.loss(outputs)

    def _restart(self) -> None:
        """A fresh builder with the graph as it is, without the nodes of moves not taken."""
        self.builder = GraphBuilder(self.graph.input_names)
        self.counted = self.entries = 0  # nodes of it, and the entries of their tables
        self.made: dict[tuple[int, tuple[int, ...], Width | None], int | None] = {}
        self.every = RowValues(self.builder, self.all.rows)
        self.some = RowValues(self.builder, self.few.rows)
        self.areas = RunningArea(self.builder, self.model)
        self.place = list[int]()
        for k in range(len(self.graph.nodes)):
            number = self._node(k, self.place, self.widths.get(k))
            assert number is not None  # it was measured so
            self.place.append(number)
        self._settle()

    def _node(self, number: int, place: Sequence[int], width: Width | None) -> int | None:
        """A node on the nodes at `place`; None where it would wrap."""
        key = number, tuple(place[a] for a in self.graph.nodes[number].args), width
        if key not in self.made:
            try:
                self.made[key] = with_width(
                    self.builder, self.graph, number, place, width, self.keep_ports
                )
            except InputError:
                self.made[key] = None
        return self.made[key]

    def _settle(self) -> None:
        """Measure the graph as it is; trials are compared with that."""
        outputs = self._outputs(self.place)
        size = self.areas.settle(outputs)
        self.area = size.area + self._decision_area(outputs)
        self.price = _price(self.area, size.bits)
        self.few_loss = self.few.judge.loss(self.some.outputs(outputs))

    def _outputs(self, place: Sequence[int]) -> list[int]:
        return [place[k] for k in self.graph.outputs]

    def step(self, widths: tuple[Width, ...]) -> TuningStep:
        """The graph as it is, as a point on the curve."""
        return TuningStep(widths, self.area, self.score, self.loss)

    def round(self, least: float) -> list[TuningStep]:
        """Measure the moves, and take the best ones whose score is at least so much.

        Those that lost too much are left out of the next rounds, until none is left or `_EVERY`.
        """
        self.rounds += 1
        if self.rounds % _EVERY == 0:
            self.refused.clear()
        taken = self._best(least)
        if self.refused and not taken:
            self.refused.clear()
            taken = self._best(least)
        return taken

    def _best(self, least: float) -> list[TuningStep]:
        """Measure the moves that are not left out, and take the best ones."""
        new = self.builder.nodes[self.counted :]
        self.counted += len(new)
        self.entries += sum(len(node.contents) for node in new)
        if self.entries > _MOST_ENTRIES:
            self._restart()
        for values in (self.every, self.some):
            values.keep(self.place)
        trials = sorted(self._trials(), key=self._rank)
        return self._taken(trials, least)

    def _trials(self) -> list[_Trial]:
        nodes = {k: self.builder.nodes[self.place[k]] for k in range(len(self.graph.nodes))}
        data = {k: self.every.value(self.place[k]) for k in nodes}
        found = moves(self.graph, self.users, nodes, data, self.widths, self.keep_ports)
        tried = (self._tried(move) for move in found if _key(move) not in self.refused)
        return [trial for trial in tried if trial is not None]

    def _taken(self, trials: Sequence[_Trial], least: float) -> list[TuningStep]:
        """Take the best trials, as far as they do not stand in each other's way.

        A share of them counts as the best, those apart that lose too much.
        """
        steps: list[TuningStep] = []
        touched: set[int] = set()
        ranks = [self._rank(trial) for trial in trials]
        last = max(1, round(_BEST_SHARE * len(trials))) - 1
        for trial, rank in zip(trials, ranks, strict=True):
            bar = ranks[min(last, len(ranks) - 1)]
            if rank > bar:
                break
            if touched & trial.move.widths.keys():
                continue
            again = self._tried(trial.move) if steps else trial
            if again is None or self._rank(again) > bar:
                continue
            if not self._is_taken(again, least):
                self.refused.add(_key(trial.move))
                last += 1
                continue
            touched |= trial.move.widths.keys()
            steps.append(self.step(tuple(trial.move.widths.values())))
        return steps

    def _is_taken(self, trial: _Trial, least: float) -> bool:
        """Take a trial, if it is good enough on all rows and as fast as before."""
        outputs = self._outputs(trial.place)
        known = self.every.count
        real = self.every.outputs(outputs)
        score = self.all.judge.score(real)
        if score < least or not self._fits(outputs):
            self.every.forget(known)
            return False
        self.widths |= trial.move.widths
        self.place, self.score, self.loss = trial.place, score, self.all.judge.loss(real)
        self._settle()
        return True

    def _rank(self, trial: _Trial) -> tuple[float, float]:
        """What costs nothing first, by what it saves; then by loss for what it saves."""
        saved = self.price - trial.price
        lost = trial.loss - self.few_loss
        return (0.0, -saved) if lost <= 0.0 else (1.0, lost / saved)

    def _tried(self, move: WidthMove) -> _Trial | None:
        """The move measured on the few rows, or None where it saves nothing."""
        place = self._moved(move)
        if place is None:
            return None
        outputs = self._outputs(place)
        size = self.areas.needed(outputs)
        area = size.area + self._decision_area(outputs)
        price = _price(area, size.bits)
        if price >= self.price - 1e-9:
            return None
        known = self.some.count
        loss = self.few.judge.loss(self.some.outputs(outputs))
        self.some.forget(known)
        return _Trial(move, place, area, price, loss)

    def _moved(self, move: WidthMove) -> list[int] | None:
        """The nodes with a move; None where it changes none or could not be."""
        place = list(self.place)
        pending, met = sorted(move.widths), set(move.widths)
        while pending:  # what they change is what reads them, in the order of the graph
            k = heappop(pending)
            number = self._node(k, place, move.widths.get(k, self.widths.get(k)))
            if number is None:
                return None
            if number != place[k]:
                place[k] = number
                for user in self.users[k]:
                    if user not in met:
                        met.add(user)
                        heappush(pending, user)
        return place if place != self.place else None

    def _decision_area(self, outputs: Sequence[int]) -> Area:
        """What reads the outputs; known by their formats and bounds, and which are the same."""
        scores = [self.builder.nodes[k] for k in outputs]
        signals = tuple(_Signal(n.fmt, n.lo, n.hi, scores.index(n)) for n in scores)
        if signals not in self.decisions:
            self.decisions[signals] = decision_area(
                scores, self.decision, self.model, self.pairwise
            )
        return self.decisions[signals]

    def _fits(self, outputs: Sequence[int]) -> bool:
        """Whether the graph takes no more ticks than before."""
        if self.ticks is None:
            return True
        ticks = self._ticks(self.builder.build(outputs, self.graph.output_names))
        return ticks is not None and ticks <= self.ticks

    def _ticks(self, graph: Graph) -> int | None:
        """Of the graph and the decision."""
        return fewest_ticks(decided(graph, self.decision, self.model, self.pairwise), self.model)


def _key(move: WidthMove) -> tuple[Width, ...]:
    return tuple(move.widths.values())


def _price(area: Area, bits: int) -> float:
    return lut_equivalent(area) + _LUT_PER_BIT * bits
