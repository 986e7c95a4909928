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
    Slice,
    Width,
    compile_expression,
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
        return compile_expression(
            expression,
            self.problem.formats if self.inputs is None else self.inputs.read_formats,
            self.model,
            precision,
            name="candidate",
            latency=latency,
            max_ticks=self.max_ticks,
            scheduler=self.scheduler,
            decision=decision,
            slices=slices,
            widths=widths,
        )

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
        expression = canonical(expression)
        seen = [search_cost(expression, self.cost, k) for k in range(self.problem.outputs)]
        read = expression
        if not as_read and self.inputs is not None and self.inputs.slices:
            read = self.inputs.as_read(expression)
        read = canonical(self._shortened(tidied(read)))
        return self._measured(read, precision, origin, max(ticks for ticks, _ in seen))

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
        made = self._measured(
            entry.expression, entry.precision, entry.origin, entry.search_ticks, widths
        )
        if made is None:
            return None
        return replace(made, widths=tuple(widths))

    def _measured(
        self,
        read: Expression,
        precision: Precision,
        origin: str,
        search_ticks: int,
        widths: Sequence[Width] = (),
    ) -> FrontEntry | None:
        slices = () if self.inputs is None else self.inputs.slices
        try:
            core = whole = self.design(read, precision, widths=widths)
            if slices or self.decision != SCORES:
                whole = self.design(read, precision, self.decision, slices, widths)
            filled = whole
            if self.latency is not None:
                filled = self.design(read, precision, self.decision, slices, widths, self.latency)
        except (ResourceError, WidthError, DomainError, AccuracyError):
            return None
        rows = self.problem.valid
        outputs = core.real_outputs(self.problem.raw[rows])
        area = estimate(filled, self.model).area
        return FrontEntry(
            "",
            read,
            precision,
            origin,
            self.problem.loss(outputs, rows),
            self.problem.score(outputs, rows),
            self.problem.agreement(outputs, rows),
            whole.schedule.latency,
            area.lut,
            area.ff,
            area.dsp,
            search_ticks,
            self.problem.rmse(outputs, rows),
            None if whole is core else self._core(core),
        )

    def _core(self, design: Design) -> Core:
        area = estimate(design, self.model).area
        return Core(design.schedule.latency, area.lut, area.ff, area.dsp)

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
        wide = max(settings.address_bits, bits.address)
        tried = [
            self.measure(
                expression,
                Precision(term_frac=f + bits.shift, wide_bits=wide, chords=False),
                origin,
                as_read=as_read,
            )
            for f in settings.term_fracs
        ]
        measured = [e for e in tried if e is not None]
        if not measured:
            return []
        if self.problem.kind == "values":
            lost = [self.problem.error(e.rmse) for e in measured]
            goal = min(lost) * (1.0 + settings.rmse_tolerance)
        else:
            lost = [-e.score for e in measured]
            goal = min(lost) + settings.tolerance
        last = next(place for place, value in enumerate(lost) if value <= goal)
        return measured[: last + 1]

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
