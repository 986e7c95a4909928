"""The design evaluator: an expression is compiled, counted, and run on validation rows.

Ticks and areas are those of the compiled, scheduled graph, the score is that of its exact integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from symtick.codegen import (
    SCORES,
    CostModel,
    Decision,
    Design,
    Fixed,
    GOp,
    GraphBuilder,
    Precision,
    ScoreGraph,
    Slice,
    Width,
    lowered_scores,
)
from symtick.defaults import SCHEDULER
from symtick.errors import AccuracyError, DomainError, InputError, ResourceError, WidthError
from symtick.expr import Expression, Interval, parse, tidied, to_text, with_digits
from symtick.hwcost.models.estimate import estimate
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Objective
from symtick.search.data.problem import Problem
from symtick.search.designs.front import Core, FrontEntry
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.inputs.maps import InputMap

MAX_PRICED_BITS = 8  # wider tables are priced as so many of these
ERROR_ROWS = 4_000  # training rows that an evolved form's error is measured on
ERROR_UNIT = 4.0  # errors that a step of zero bits after the point may span
# what says that the hardware cannot compute a design at this clock or width
_IMPOSSIBLE = (ResourceError, WidthError, DomainError, AccuracyError)
DIGITS = (2, 3, 4, 5, 6)  # of constants, tried in turn
DIGIT_ROWS = 4_000  # training rows that digits are judged on
DIGITS_LOSS = 0.003  # share of the loss that fewer digits may add
CELL_BITS = 4  # address bits that cut a range of four spreads to cells of such a unit's quarter
MOST_FINER = 10  # bits that a small error adds at most


def canonical(expression: Expression) -> Expression:
    """The expression as it is read back from its text, so that a stored front is the same front."""
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    return parse(texts, expression.inputs)


class FormBits(NamedTuple):
    """Bits that depend on the size and the error of a form's outputs.

    Attributes:
        shift: bits to add after the point.
        address: the fewest address bits of tables on signals of several inputs.
    """

    shift: int
    address: int


class _Read(NamedTuple):
    """An expression as a design reads it, and the ticks that the search's table sees."""

    expression: Expression
    search_ticks: int


@dataclass(frozen=True, eq=False)
class _Lowered:
    """A design before it is compiled: its scores, on validation rows too, (rows, scores)."""

    read: _Read
    precision: Precision
    origin: str
    widths: tuple[Width, ...]
    scores: ScoreGraph
    outputs: FloatArray


NO_MORE_BITS = FormBits(0, 0)  # scores of classes have one size


@dataclass(frozen=True, eq=False)
class DesignEvaluator:
    """Measures designs of one problem: compiles them, counts, and runs them on validation rows.

    Attributes:
        problem: rows and formats.
        model: the device's cost model.
        cost: the search's cost table of the same device.
        decision: what designs deliver of their scores.
        scheduler: where their registers go.
        inputs: how designs read the problem's codes; None for as they are.
        max_ticks: most ticks that registers behind slices may lead to, or None.
        latency: ticks that every design is filled up to, or None; areas are those of filled ones.
    """

    problem: Problem
    model: CostModel
    cost: SearchCost
    decision: Decision = SCORES
    scheduler: str = SCHEDULER
    inputs: InputMap | None = None
    max_ticks: int | None = None
    latency: int | None = None
    _prices: dict[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.cost.table_lut) != len(self.problem.formats):
            raise InputError(
                f"the problem has {len(self.problem.formats)} inputs, but the cost table "
                f"{len(self.cost.table_lut)}"
            )

    @property
    def objective(self) -> Objective:
        """What fits lower when designs are near: `Problem.objective_for` their decision."""
        return self.problem.objective_for(self.decision)

    def design(
        self,
        expression: Expression,
        precision: Precision,
        decision: Decision = SCORES,
        slices: Sequence[Slice] = (),
        widths: Sequence[Width] = (),
        latency: int | None = None,
    ) -> Design:
        """The compiled design of an expression of what it reads; its core by default."""
        scores = self._scores(expression, precision, widths, split=latency != 0)
        return self._design(scores, decision, slices, latency)

    def _scores(
        self,
        expression: Expression,
        precision: Precision,
        widths: Sequence[Width],
        *,
        split: bool = True,
    ) -> ScoreGraph:
        """The exact integers of an expression of what a design reads."""
        formats = self.problem.formats if self.inputs is None else self.inputs.read_formats
        return lowered_scores(
            expression, formats, self.model, precision, widths=widths, split=split
        )

    def _design(
        self,
        scores: ScoreGraph,
        decision: Decision,
        slices: Sequence[Slice],
        latency: int | None = None,
    ) -> Design:
        """The compiled design that delivers these scores, or what is decided of them."""
        return scores.design(
            "candidate", latency=latency, max_ticks=self.max_ticks, scheduler=self.scheduler,
            decision=decision, slices=slices,
        )  # fmt: skip

    @property
    def _slices(self) -> tuple[Slice, ...]:
        """What designs read of the words that their ports carry."""
        return () if self.inputs is None else tuple(self.inputs.slices)

    @property
    def read_ranges(self) -> list[Interval]:
        """Interval of each input as designs read it."""
        formats = self.problem.formats if self.inputs is None else self.inputs.read_formats
        return [Interval(f.lo, f.hi) for f in formats]

    def read_values(self, rows: slice) -> FloatArray:
        """Inputs of these rows as designs read them, (rows, inputs)."""
        formats = self.problem.formats if self.inputs is None else self.inputs.read_formats
        raw = self.problem.raw[rows]
        return np.stack([f.to_real(c) for f, c in zip(formats, raw.T, strict=True)], axis=1)

    def measure(
        self, expression: Expression, precision: Precision, origin: str, *, as_read: bool = False
    ) -> FrontEntry | None:
        """The entry of an expression of the search, whose own expression is as the design reads it.

        None where the hardware cannot compute it at this clock or width.

        Args:
            expression: of the problem's inputs, or (`as_read`) of what designs read.
            precision: to compile it with.
            origin: which part of the search it comes from.
            as_read: see there.
        """
        read = self._read(expression, as_read)
        try:
            return self._measured(self._lowered(read, precision, origin))
        except _IMPOSSIBLE:
            return None

    def _read(self, expression: Expression, as_read: bool) -> _Read:
        """The expression as the design reads it; arguments as in `measure`."""
        expression = canonical(expression)
        seen = [search_cost(expression, self.cost, k) for k in range(self.problem.outputs)]
        read = expression
        if not as_read and self.inputs is not None and self.inputs.slices:
            read = self.inputs.as_read(expression)
        read = canonical(self._shortened(tidied(read)))
        return _Read(read, max(ticks for ticks, _ in seen))

    def _shortened(self, read: Expression) -> Expression:
        """With constants of as few digits as keep the loss, and equal ones once."""
        rows = slice(0, min(DIGIT_ROWS, self.problem.train.stop))
        values = self.read_values(rows)
        exact = np.asarray(read.evaluate(values), np.float64)
        most = (1.0 + DIGITS_LOSS) * self.problem.loss(exact, rows)
        for digits in DIGITS:
            made = with_digits(read, digits)
            outputs = np.asarray(made.evaluate(values), np.float64)
            if np.isfinite(outputs).all() and self.problem.loss(outputs, rows) <= most:
                with suppress(DomainError):
                    made.intervals(self.read_ranges)
                    return made
        return read

    def narrowed(self, entry: FrontEntry, widths: Sequence[Width]) -> FrontEntry | None:
        """The entry with other widths, by node of its core; None as in `measure`."""
        read = _Read(entry.expression, entry.search_ticks)
        try:
            return self._measured(self._lowered(read, entry.precision, entry.origin, widths))
        except _IMPOSSIBLE:
            return None

    def _lowered(
        self, read: _Read, precision: Precision, origin: str, widths: Sequence[Width] = ()
    ) -> _Lowered:
        """The scores of a design on validation rows, which its passes do not change.

        Raises:
            WidthError, DomainError, AccuracyError: the hardware cannot compute them.
        """
        scores = self._scores(read.expression, precision, widths)
        outputs = scores.real_outputs(self.problem.raw[self.problem.valid])
        return _Lowered(read, precision, origin, tuple(widths), scores, outputs)

    def _measured(self, lowered: _Lowered) -> FrontEntry:
        """The entry of a design, compiled.

        Raises:
            ResourceError, WidthError, DomainError, AccuracyError: the hardware cannot compute it.
        """
        problem, rows, outputs = self.problem, self.problem.valid, lowered.outputs
        expression, slices = lowered.read.expression, self._slices
        whole = filled = self._design(lowered.scores, self.decision, slices)
        if self.latency is not None:
            filled = self.design(
                expression, lowered.precision, self.decision, slices, lowered.widths, self.latency
            )
        area = estimate(filled, self.model).area
        return FrontEntry(
            "",
            expression,
            lowered.precision,
            lowered.origin,
            problem.loss(outputs, rows),
            problem.score(outputs, rows),
            problem.agreement(outputs, rows),
            whole.schedule.latency,
            area.lut,
            area.ff,
            area.dsp,
            lowered.read.search_ticks,
            problem.rmse(outputs, rows),
            widths=lowered.widths,
        )

    def with_core(self, entry: FrontEntry) -> FrontEntry:
        """The entry with the figures of its core, where the design is more than that."""
        if not self._slices and self.decision == SCORES:
            return entry
        try:
            core = self.design(entry.expression, entry.precision, widths=entry.widths)
        except _IMPOSSIBLE:
            return entry  # the decision makes do with less of the scores
        area = estimate(core, self.model).area
        return replace(entry, core=Core(core.schedule.latency, area.lut, area.ff, area.dsp))

    def coarsest(
        self,
        expression: Expression,
        settings: FixedPointSettings,
        origin: str,
        *,
        as_read: bool = False,
    ) -> list[FrontEntry]:
        """The entry with the fewest bits that is worse than the finest one by a tolerance at most.

        Also those with fewer bits, for the front; fewest bits first. Arguments as in `measure`.
        """
        bits = NO_MORE_BITS
        if self.problem.kind == "values":
            rows = slice(0, min(ERROR_ROWS, self.problem.train.stop))
            values = self.read_values(rows) if as_read else self.problem.real(rows)
            outputs = np.asarray(expression.evaluate(values), np.float64)
            bits = self.bits(outputs, rows)
        wide, read = max(settings.address_bits, bits.address), self._read(expression, as_read)
        tried = []
        for frac in settings.term_fracs:
            fine = Precision(term_frac=frac + bits.shift, wide_bits=wide, chords=False)
            with suppress(*_IMPOSSIBLE):
                tried.append(self._lowered(read, fine, origin))
        measured = []
        for lowered in self._enough(tried, settings):
            with suppress(*_IMPOSSIBLE):
                measured.append(self._measured(lowered))
        return measured

    def _enough(
        self, tried: Sequence[_Lowered], settings: FixedPointSettings
    ) -> Sequence[_Lowered]:
        """Those up to the first that is worse than the best by a tolerance at most."""
        if not tried:
            return []
        problem, rows = self.problem, self.problem.valid
        if problem.kind == "values":
            lost = [problem.error(problem.rmse(t.outputs, rows)) for t in tried]
            goal = min(lost) * (1.0 + settings.rmse_tolerance)
        else:
            lost = [-problem.score(t.outputs, rows) for t in tried]
            goal = min(lost) + settings.tolerance
        last = next(place for place, value in enumerate(lost) if value <= goal)
        return tried[: last + 1]

    def bits(self, outputs: FloatArray, rows: slice) -> FormBits:
        """The bits that a form needs that gives these values in real arithmetic.

        A step is a part of the outputs' size, and of their error where that is small: what counts
        is what is left, not the share of the variance that is reached.
        """
        spread = self.problem.spread
        units = np.fmin(spread, ERROR_UNIT * np.asarray(self.problem.rmse(outputs, rows)))
        units = np.maximum(units, spread * 2.0**-MOST_FINER)
        finer = math.ceil(math.log2(float((spread / units).max())))
        return FormBits(-math.floor(math.log2(float(units.min()))), CELL_BITS + finer)

    def table_luts(self, address: int, bits: int) -> float:
        """LUTs of a table without regularity, by the model."""
        key = (min(address, MAX_PRICED_BITS), max(1, bits))
        if key not in self._prices:
            self._prices[key] = _table_luts(self.model, *key)
        return self._prices[key] * 2.0 ** (address - key[0])

    def adder_luts(self, bits: int) -> float:
        """LUTs of an adder, by the model."""
        key = (0, max(1, bits))
        if key not in self._prices:
            self._prices[key] = _adder_luts(self.model, key[1])
        return self._prices[key]


def _table_luts(model: CostModel, address: int, bits: int) -> float:
    builder = GraphBuilder(("x",))
    source = builder.input(0, Fixed(address, 0))
    contents = np.random.default_rng(0).integers(0, 1 << bits, 1 << address)
    contents[:2] = 0, (1 << bits) - 1
    table = builder.table(source, contents.tolist(), Fixed(bits, 0, False))
    graph = builder.build([table], ["y"])
    return sum(model.area(graph, k).lut for k in range(len(graph.nodes)))


def _adder_luts(model: CostModel, bits: int) -> float:
    builder = GraphBuilder(("x0", "x1"))
    both = builder.op(GOp.ADD, *(builder.input(k, Fixed(bits, 0)) for k in range(2)))
    graph = builder.build([both], ["y"])
    return sum(model.area(graph, k).lut for k in range(len(graph.nodes)))
