"""Width tuning: fewer LUTs for a stated loss on real rows.

Every round measures all moves (one bit off one signal, or off all terms of a sum) on the graph as
it is, then takes the best in order of loss for each LUT saved, each measured again on what the ones
before it left. A move that lost more than the budget had is measured again every third round, and
where no other is left. Bounds make it safe for inputs that no row holds: a format that could
overflow saturates. What a move changes is its cone only: nodes live in one growing builder, and
values and areas are kept by node. What a decision reads the outputs with is part of the area: a bit
less of a score is a bit less of every comparison.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.absorption import absorbable
from symtick.codegen.ir.arrival import fewest_ticks
from symtick.codegen.ir.fixed import Fixed, RawArray, Reals
from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.lowering.decision import (
    SCORES,
    Decision,
    compares_pairs,
    decided,
    decision_area,
)
from symtick.codegen.tuning.width_moves import WidthMove, moves
from symtick.codegen.tuning.widths import Width, with_width, with_widths
from symtick.errors import InputError
from symtick.expr import reachable

# a bit of a signal costs a register or none, and registers are rarely what runs out
_LUT_PER_BIT = 0.05
_BEST_SHARE = 0.3  # of the moves of a round that may be taken in it
_EVERY = 3  # rounds, of which one measures the moves that lost too much before


class Judge(NamedTuple):
    """What outputs (rows, outputs), as real values, are worth.

    Attributes:
        score: bounded by the budget; higher is better (an accuracy, or minus an error).
        loss: ranks the moves; lower is better, and smooth, so that few rows decide nothing.
    """

    score: Callable[[Reals], float]
    loss: Callable[[Reals], float]


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
    work = _Tuner(graph, model, raw, judge, keep_ports, decision)
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
    """A move as measured: what it gives, and the nodes that compute it."""

    move: WidthMove
    place: list[int]
    area: Area
    price: float
    score: float
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
    raw: RawArray
    judge: Judge
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
        self.now = self._start()

    def _restart(self) -> None:
        """A fresh builder with the graph as it is, without the nodes of moves not taken."""
        self.builder = GraphBuilder(self.graph.input_names)
        self.view = self.builder.view()
        self.values: dict[int, RawArray] = {}
        self.areas: dict[int, Area] = {}
        self.columns: dict[int, float] = {}
        self.place: list[int] = []
        for k in range(len(self.graph.nodes)):
            self.place.append(self._node(k, self.place, self.widths))

    def _node(self, number: int, place: Sequence[int], widths: dict[int, Width]) -> int:
        return with_width(
            self.builder, self.graph, number, place, widths.get(number), self.keep_ports
        )

    def step(self, widths: tuple[Width, ...]) -> TuningStep:
        """The graph as it is, as a point on the curve."""
        return TuningStep(widths, self.now.area, self.now.score, self.now.loss)

    def round(self, least: float) -> list[TuningStep]:
        """Measure the moves, and take the best ones.

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
        self._restart()
        trials = self._trials(least)
        trials.sort(key=self._rank)
        most = max(1, round(_BEST_SHARE * len(trials)))
        bar = self._rank(trials[most - 1]) if trials else (0.0, 0.0)
        return self._taken(trials, bar, least)

    def _trials(self, least: float) -> list[_Trial]:
        """The moves whose score is at least so much."""
        nodes = {k: self.builder.nodes[self.place[k]] for k in range(len(self.graph.nodes))}
        data = {k: self._value(self.place[k]) for k in nodes}
        found = moves(self.graph, self.users, nodes, data, self.widths, self.keep_ports)
        tried = (self._tried(move, least) for move in found)
        return [trial for trial in tried if trial is not None]

    def _taken(
        self, trials: Sequence[_Trial], bar: tuple[float, float], least: float
    ) -> list[TuningStep]:
        steps: list[TuningStep] = []
        touched: set[int] = set()
        for trial in trials:
            if touched & trial.move.widths.keys():
                continue
            again = self._tried(trial.move, least) if steps else trial
            if again is None or self._rank(again) > bar:
                continue
            if not self._fits(again.place):
                continue
            touched |= trial.move.widths.keys()
            self.widths |= trial.move.widths
            self.place, self.now = again.place, again
            steps.append(self.step(tuple(trial.move.widths.values())))
        return steps

    def _rank(self, trial: _Trial) -> tuple[float, float]:
        """What costs nothing first, by what it saves; then by loss for what it saves."""
        saved = self.now.price - trial.price
        lost = trial.loss - self.now.loss
        return (0.0, -saved) if lost <= 0.0 else (1.0, lost / saved)

    def _tried(self, move: WidthMove, least: float) -> _Trial | None:
        """The move measured, or None where it saves nothing or its score is under the least."""
        decided = tuple(move.widths.values())
        if decided in self.refused:
            return None
        widths = self.widths | move.widths
        place = list(self.place)
        changed: set[int] = set()
        for k in range(min(move.widths), len(place)):
            if k in move.widths or not changed.isdisjoint(self.graph.nodes[k].args):
                try:
                    place[k] = self._node(k, place, widths)
                except InputError:
                    return None  # it would wrap
                if place[k] != self.place[k]:
                    changed.add(k)
        if not changed:
            return None
        live = self._live(place)
        area = self._area(live, place)
        price = self._price(area, live)
        if price >= self.now.price - 1e-9:
            return None
        trial = self._judged(move, place, area, price, least)
        if trial is None:
            self.refused.add(decided)
        return trial

    def _start(self) -> _Trial:
        live = self._live(self.place)
        area = self._area(live, self.place)
        begun = self._judged(WidthMove({}), self.place, area, self._price(area, live), -math.inf)
        assert begun is not None
        return begun

    def _judged(
        self, move: WidthMove, place: list[int], area: Area, price: float, least: float
    ) -> _Trial | None:
        known = set(self.values)
        columns = []
        for k in self.graph.outputs:
            fmt = self.builder.nodes[place[k]].fmt
            columns.append(fmt.to_real(self._value(place[k])))
        # output by output, as judges read them
        outputs = np.stack([np.broadcast_to(c, (len(self.raw),)) for c in columns]).T
        for k in set(self.values) - known if place is not self.place else ():
            del self.values[k]
        score = self.judge.score(outputs)
        if score < least:
            return None
        return _Trial(move, place, area, price, score, self.judge.loss(outputs))

    def _value(self, number: int) -> RawArray:
        """Raw values of a node of the builder at all rows."""
        nodes, values = self.builder.nodes, self.values
        for k in sorted(reachable(nodes, [number], lambda k: k not in values)):
            if k not in values:
                read = nodes[k].op is GOp.INPUT
                values[k] = self.raw[:, nodes[k].number] if read else self.view.value(k, values)
        return values[number]

    def _live(self, place: Sequence[int]) -> list[int]:
        return sorted(reachable(self.builder.nodes, [place[k] for k in self.graph.outputs]))

    def _area(self, live: Sequence[int], place: Sequence[int]) -> Area:
        for k in live:
            if k not in self.areas:
                self.areas[k] = self.model.area(self.view, k)
        known = [self._decision_area(place), *(self.areas[k] for k in live)]
        return Area(
            sum(a.lut for a in known) - self._absorbed(live, place),
            sum(a.ff for a in known), sum(a.dsp for a in known), sum(a.bram for a in known),
        )  # fmt: skip

    def _absorbed(self, live: Sequence[int], place: Sequence[int]) -> float:
        """LUTs of tables that adders take in; registers between them are not known here."""
        outputs = [place[k] for k in self.graph.outputs]
        return sum(
            min(self.areas[table].lut, self._columns(adder))
            for adder, table in absorbable(self.builder.nodes, live, outputs)
        )

    def _columns(self, adder: int) -> float:
        if adder not in self.columns:
            self.columns[adder] = self.model.absorbed(self.view, adder)
        return self.columns[adder]

    def _decision_area(self, place: Sequence[int]) -> Area:
        """What reads the outputs; known by their formats and bounds, and which are the same."""
        scores = [self.builder.nodes[place[k]] for k in self.graph.outputs]
        signals = tuple(_Signal(n.fmt, n.lo, n.hi, scores.index(n)) for n in scores)
        if signals not in self.decisions:
            self.decisions[signals] = decision_area(
                scores, self.decision, self.model, self.pairwise
            )
        return self.decisions[signals]

    def _price(self, area: Area, live: Sequence[int]) -> float:
        return lut_equivalent(area) + _LUT_PER_BIT * self._bits(live)

    def _bits(self, live: Sequence[int]) -> int:
        nodes = self.builder.nodes
        return sum(nodes[k].fmt.width for k in live if nodes[k].op not in (GOp.CONST, GOp.SCALE))

    def _fits(self, place: Sequence[int]) -> bool:
        """Whether the graph takes no more ticks than before."""
        if self.ticks is None:
            return True
        outputs = [place[k] for k in self.graph.outputs]
        ticks = self._ticks(self.builder.build(outputs, self.graph.output_names))
        return ticks is not None and ticks <= self.ticks

    def _ticks(self, graph: Graph) -> int | None:
        """Of the graph and the decision."""
        return fewest_ticks(decided(graph, self.decision, self.model, self.pairwise), self.model)
