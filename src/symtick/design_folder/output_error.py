"""The error of a design's outputs: measured in real units, and asked for.

An error that is asked for is carried inward: the bits after the point of each output's terms are
the fewest with which the largest error that is found keeps to it. Rows are looked for where errors
are largest: at ends, near 0, where inputs of one format nearly agree, and around the worst rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from symtick.codegen import TERM_FRACS, Fixed, Graph, GraphBuilder, Precision, RawArray
from symtick.codegen.ir.rewrite import rebuilt
from symtick.codegen.lowering.analysis import input_bounds
from symtick.design_folder.stated_inputs import assigned, number
from symtick.errors import AccuracyError, DomainError, InputError, WidthError
from symtick.expr import Builder, Expression, Interval, reachable

ROWS = 20_000
EXHAUSTIVE = 1 << 16
RELATIVE_FROM = 0.01  # of an output's largest value; a relative error counts from there on
_ROUNDS, _WORST = 8, 128
_MARGIN = 0.9  # of what is asked; the largest error found is not the largest there is
_MOST_STEPS = 16

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tolerance:
    """The largest error that an output may have.

    Attributes:
        text: as it was asked for.
        size: in the output's units, or as a share.
        relative: whether it is a share of the value, or of `RELATIVE_FROM` of the output's largest
            value where that is more.
    """

    text: str
    size: float
    relative: bool

    @classmethod
    def parse(cls, text: str) -> Tolerance:
        """Read `0.01` or `1%`; raises InputError on other text."""
        plain = text.strip()
        relative = plain.endswith("%")
        size = number(plain.rstrip("% "), "an error")
        if not size > 0.0:
            raise InputError(f"an error must be positive, such as 0.01 or 1%, not {text!r}")
        return cls(plain, size / 100.0 if relative else size, relative)

    def limits(self, values: Rows, largest: float) -> Rows:
        """The error that each value may have, of an output that reaches `largest`."""
        if not self.relative:
            return np.full(values.shape, self.size)
        return self.size * np.maximum(np.abs(values), RELATIVE_FROM * largest)

    def least(self, largest: float) -> float:
        """The smallest error that any value may have."""
        return self.size * RELATIVE_FROM * largest if self.relative else self.size


class OutputError(NamedTuple):
    """The largest error of one output.

    Attributes:
        size: in the output's units.
        share: of what its tolerance allows there, the largest; 0 without one.
        row: raw inputs where that is.
    """

    size: float
    share: float
    row: tuple[int, ...]


def read_tolerances(texts: Sequence[str], outputs: Sequence[str]) -> tuple[Tolerance | None, ...]:
    """Tolerances stated as `0.01` or `1%` for all outputs, or `NAME=1%` for one.

    Raises:
        InputError: a text is none, or names no output.
    """
    stated = assigned(texts, "error")
    stated.check(outputs, "an error")
    given = [stated.of(name) for name in outputs]
    return tuple(None if text is None else Tolerance.parse(text) for text in given)


class Measurement:
    """Looks for the largest errors of graphs that compute one expression.

    Args:
        expression: what they compute.
        formats: of its inputs.
        ranges: of its inputs; None where all that the formats hold.
        names: of its outputs.
        tolerances: of its outputs.
        seed: of the rows.

    Attributes:
        reach: largest magnitude of each output that was met.
    """

    def __init__(
        self,
        expression: Expression,
        formats: Sequence[Fixed],
        ranges: Sequence[Interval] | None,
        names: Sequence[str],
        tolerances: Sequence[Tolerance | None],
        seed: int = 1,
    ) -> None:
        self.names, self.seed = names, seed
        self._single: dict[int, Expression] = {}
        self.expression, self.formats, self.tolerances = expression, formats, tolerances
        self.rng = np.random.default_rng(seed)
        bounds = input_bounds(formats, ranges, expression.inputs)
        self.low = np.array([lo for lo, _ in bounds], np.int64)
        self.high = np.array([hi for _, hi in bounds], np.int64)
        self.rows, self.is_exhaustive = self._rows()
        self.wanted = self._values(self.rows)
        finite = np.where(np.isfinite(self.wanted), np.abs(self.wanted), 0.0)
        self.reach = [float(v) for v in finite.max(axis=0, initial=0.0)]

    def largest(self, graph: Graph) -> tuple[OutputError, ...]:
        """The largest error of each output that is found.

        What float64 cannot compute is left out.
        """
        self.rng = np.random.default_rng(self.seed + 1)  # equal graphs have equal errors
        gaps = self._gaps(graph, self.rows, self.wanted)
        found = []
        for k, tolerance in enumerate(self.tolerances):
            alone = graph if self.is_exhaustive else _alone(graph, k)
            rows, sizes, shares = self._worst(alone, k, tolerance, gaps[:, k])
            place = int(np.argmax(shares))
            share = float(shares[place]) if tolerance is not None else 0.0
            if tolerance is not None and tolerance.relative:
                # the largest error is elsewhere than the largest share
                sizes = self._worst(alone, k, None, gaps[:, k])[1]
            row = tuple(int(v) for v in rows[place])
            found.append(OutputError(float(sizes.max()), share, row))
        return tuple(found)

    def _worst(
        self, graph: Graph, k: int, tolerance: Tolerance | None, gaps: Rows
    ) -> tuple[RawArray, Rows, Rows]:
        """Rows with the largest errors by a tolerance, the errors, and their shares of it."""
        shares = self._shares(k, tolerance, self.wanted[:, k], gaps)
        known = self.rows, gaps, shares
        return known if self.is_exhaustive else self._around(graph, k, tolerance, known)

    def _values(self, rows: RawArray, output: int | None = None) -> Rows:
        """The expression, or one output of it, in float64."""
        expression = self.expression
        if output is not None:
            if output not in self._single:
                builder = Builder(expression.inputs)
                number = builder.graft(expression, expression.outputs[output])
                self._single[output] = builder.build([number])
            expression = self._single[output]
        real = [fmt.to_real(rows[:, j]) for j, fmt in enumerate(self.formats)]
        return expression.evaluate(
            np.stack(real, axis=1) if real else np.zeros((len(rows), 0))
        ).astype(np.float64)

    def _gaps(self, graph: Graph, rows: RawArray, wanted: Rows) -> Rows:
        """Distances of the hardware's values from the real ones; 0 where these are not finite."""
        outputs = zip(graph.output_formats, graph.evaluate(rows).T, strict=True)
        found = np.stack([fmt.to_real(column) for fmt, column in outputs], axis=1)
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(wanted), np.abs(found - wanted), 0.0)

    def _shares(self, k: int, tolerance: Tolerance | None, wanted: Rows, gaps: Rows) -> Rows:
        """Errors as shares of what is allowed; as they are without a tolerance."""
        if tolerance is None:
            return gaps
        finite = np.where(np.isfinite(wanted), wanted, 0.0)
        limits = tolerance.limits(finite, self.reach[k])
        return np.divide(gaps, limits, out=np.where(gaps > 0.0, np.inf, 0.0), where=limits > 0.0)

    def _around(
        self, graph: Graph, k: int, tolerance: Tolerance | None,
        known: tuple[RawArray, Rows, Rows],
    ) -> tuple[RawArray, Rows, Rows]:  # fmt: skip
        """The worst rows, and what is found around them; the graph has no other output."""
        rows, gaps, shares = known
        for _ in range(_ROUNDS):
            order = np.argsort(shares, kind="stable")[-_WORST:]
            rows, gaps, shares = rows[order], gaps[order], shares[order]
            moved = self._moved(np.repeat(rows, 4, axis=0))
            wanted = self._values(moved, k)
            new = self._gaps(graph, moved, wanted)[:, 0]
            more = self._shares(k, tolerance, wanted[:, 0], new)
            rows, gaps = np.concatenate([rows, moved]), np.concatenate([gaps, new])
            shares = np.concatenate([shares, more])
        return rows, gaps, shares

    # --- rows ----------------------------------------------------------------------------------

    def _rows(self) -> tuple[RawArray, bool]:
        """Raw rows, and whether these are all there are."""
        sizes = [int(v) for v in self.high - self.low + 1]
        if math.prod(sizes) <= EXHAUSTIVE:
            grid = np.indices(sizes).reshape(len(sizes), -1).T
            return grid.astype(np.int64) + self.low, True
        parts = [self._uniform(ROWS // 2), self._special(ROWS // 8), self._small(ROWS // 8)]
        return np.concatenate([*parts, self._alike(ROWS // 4)]), False

    def _uniform(self, count: int) -> RawArray:
        size = count, len(self.low)
        return np.asarray(self.rng.integers(self.low, self.high, size, endpoint=True))

    def _special(self, count: int) -> RawArray:
        """Ends, zeros and their neighbours, in any combination, with some other values."""
        zero = np.clip(0, self.low, self.high)
        near = [self.low, self.low + 1, self.high, self.high - 1, zero, zero + 1, zero - 1]
        choices = np.clip(np.stack(near), self.low, self.high)
        picked = self.rng.integers(0, len(near) + 1, (count, len(self.low)))
        rows = self._uniform(count)
        for place, values in enumerate(choices):
            rows = np.where(picked == place, values, rows)
        return rows

    def _small(self, count: int) -> RawArray:
        """Magnitudes spread over the powers of two."""
        shifts = self.rng.integers(0, 40, (count, 1))
        return np.asarray(np.clip(self._uniform(count) >> shifts, self.low, self.high))

    def _alike(self, count: int) -> RawArray:
        """Inputs of one format that are equal or nearly so, as in differences."""
        rows = self._uniform(count)
        for j, fmt in enumerate(self.formats):
            same = [i for i in range(j) if self.formats[i] == fmt]
            if same:
                partner = rows[np.arange(count), self.rng.choice(same, count)]
                chosen = self.rng.random(count) < 0.8
                rows[:, j] = np.where(chosen, partner + self._steps(count), rows[:, j])
        return np.asarray(np.clip(rows, self.low, self.high))

    def _steps(self, count: int) -> RawArray:
        """Small differences, half of them 0."""
        size = 1 << self.rng.integers(0, 6, count)
        return np.asarray(self.rng.choice([0, 0, 1, -1], count) * size)

    def _moved(self, rows: RawArray) -> RawArray:
        """Rows with about half of their inputs a little away."""
        changes = np.stack([self._steps(len(rows)) for _ in self.low], axis=1)
        return np.asarray(np.clip(rows + changes, self.low, self.high))


def _alone(graph: Graph, output: int) -> Graph:
    """A graph of one of the outputs."""
    if len(graph.outputs) == 1:
        return graph
    builder, number = GraphBuilder(graph.input_names), graph.outputs[output]
    places: dict[int, int] = {}
    for k in sorted(reachable(graph.nodes, [number])):
        places[k] = rebuilt(builder, graph, k, places)
    return builder.build([places[number]], [graph.output_names[output]])


def within(
    measurement: Measurement, lowered: Callable[[Precision], Graph], precision: Precision
) -> Precision:
    """A precision with which the largest error found of each output keeps to its tolerance.

    Args:
        measurement: of the expression, with the tolerances.
        lowered: the graph of a precision.
        precision: how to compute; its `term_frac` holds for outputs without a tolerance.

    Raises:
        AccuracyError: none does; the message names the output and the inputs of its largest error.
    """
    places = [
        precision.term_frac if t is None else _places(t.least(reach))
        for t, reach in zip(measurement.tolerances, measurement.reach, strict=True)
    ]
    fewest = [TERM_FRACS[0]] * len(places)
    best: tuple[Precision, tuple[OutputError, ...]] | None = None
    with suppress(AccuracyError):
        lowered(precision)  # what is wrong at any precision is said as it is
    for _ in range(_MOST_STEPS):
        tried = replace(precision, strict=True, term_fracs=tuple(places))
        try:
            graph = lowered(tried)
        except (AccuracyError, DomainError, WidthError) as why:
            if best is not None:
                break
            raise AccuracyError(_too_fine(measurement, places, why)) from None
        errors = measurement.largest(graph)
        late = [k for k, error in enumerate(errors) if error.share > _MARGIN]
        for k in late:
            fewest[k] = places[k] + 1
            places[k] += max(1, min(4, math.ceil(math.log2(errors[k].share))))
            if places[k] > TERM_FRACS[1]:
                raise AccuracyError(_missed(measurement, k, errors[k]))
        if late:
            continue
        for k, error in enumerate(errors):
            # an output that others need to more bits is no worse for fewer of its own
            if best is not None and error == best[1][k]:
                fewest[k] = places[k]
        best = tried, errors
        fewer = [_fewer(e, p, least) for e, p, least in zip(errors, places, fewest, strict=True)]
        if fewer == places:
            break
        places = fewer
    if best is None:
        raise AccuracyError(_missed(measurement, late[0], errors[late[0]]))
    return best[0]


def _places(error: float) -> int:
    """Bits after the point whose unit is at most an error; the fewest there may be for no limit."""
    lowest, highest = TERM_FRACS
    return min(max(math.ceil(-math.log2(error)), lowest), highest) if error > 0.0 else lowest


def _fewer(error: OutputError, places: int, least: int) -> int:
    """The bits that are worth a try after an error that is small enough."""
    spare = math.floor(-math.log2(error.share)) if error.share > 0.0 else 0
    return max(places - spare, least) if spare > 0 and places > least else places


def _too_fine(measurement: Measurement, places: Sequence[int], error: InputError) -> str:
    asked = ", ".join(
        f"{t.text} of {name}"
        for name, t in zip(measurement.names, measurement.tolerances, strict=True)
        if t is not None
    )
    return (
        f"the errors asked for ({asked}) need up to {max(places)} bits after the point, which "
        f"cannot be had: {error}"
    )


def _missed(measurement: Measurement, k: int, error: OutputError) -> str:
    tolerance = measurement.tolerances[k]
    inputs = zip(measurement.expression.inputs, measurement.formats, error.row, strict=True)
    at = ", ".join(f"{name} = {float(fmt.to_real(raw)):g}" for name, fmt, raw in inputs)
    asked = "" if tolerance is None else tolerance.text
    return (
        f"{measurement.names[k]}: with up to {TERM_FRACS[1]} bits after the point an error of "
        f"{error.size:.3g} stays, where {asked} was asked for; it is largest where {at}. A step (a "
        "comparison, floor or sign) of a value that is not exact, an angle at the origin, or an "
        "output format that rounds or saturates can be no closer"
    )
