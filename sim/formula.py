"""A block's outputs beside its formulas, in real numbers.

All languages are compared with the graph's integers, and a wrong graph is wrong in all of them.
Here the formulas are computed in intervals of extended precision (`proof/values/reals.py`, which
shares nothing with the compiler) at the exact values of the vectors, and every output is held to
what the design states: scores to the bound on their error, and what is decided of them to what
scores within that bound allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.ir.fixed import RawArray
from symtick.sim.case import Case, some
from symtick.sim.proof.values.reals import Enclosure, Reals, enclosures


@dataclass(frozen=True)
class BesideFormula:
    """What was seen of a design beside its formulas.

    Attributes:
        vectors: at which the formulas are defined and were computed.
        distance: the largest distance of a delivered score from its formula that is certain, in
            real units; None where no score is delivered.
        agreement: share of these vectors whose index is that of the formulas' largest value; None
            where no index is delivered.
        fault: the first output that is beyond what the design states, in words; empty if none is,
            or nothing is stated.
    """

    vectors: int
    distance: float | None
    agreement: float | None
    fault: str


def beside_formula(case: Case) -> BesideFormula:
    """Hold the reference outputs of a design's vectors, at most 1,000 of them, to its formulas."""
    design = case.design
    rows = some(len(case.raw))
    formulas = _formulas(design, case.raw[rows])
    known = np.logical_and.reduce([np.isfinite(f.lo) & np.isfinite(f.hi) for f in formulas])
    formulas = [Enclosure(f.lo[known], f.hi[known]) for f in formulas]
    rows = rows[known]
    work = _Beside(design, formulas, case.raw[rows], case.expected[rows])
    return work.seen()


def _formulas(design: Design, raw: RawArray) -> list[Enclosure]:
    """The values of the formulas, an interval for each vector."""
    columns, known = list(raw.T), tuple(domain.fmt for domain in design.domains)
    formats = known or design.graph.input_formats
    if design.slices:
        columns = [part.codes(c) for part, c in zip(design.slices, columns, strict=True)]
        formats = tuple(part.fmt for part in design.slices)
    inputs = [
        # what the graph does not read is 0 in all vectors where no domains are known
        Enclosure.exactly(np.ldexp(c.astype(np.longdouble), -fmt.frac if fmt else 0))
        for c, fmt in zip(columns, formats, strict=True)
    ]
    shape = np.zeros(len(raw), np.longdouble)
    return [Enclosure(f.lo + shape, f.hi + shape) for f in enclosures(design.expression, inputs)]


class _Beside:
    """The outputs of one design.

    Args:
        design: the design.
        formulas: values of the formulas, an interval for each vector.
        raw: the vectors.
        outputs: of the design, raw.
    """

    def __init__(
        self, design: Design, formulas: Sequence[Enclosure], raw: RawArray, outputs: RawArray
    ) -> None:
        self.design, self.formulas, self.raw = design, formulas, raw
        pairs = zip(outputs.T, design.graph.output_formats, strict=True)
        self.outputs = [np.ldexp(c.astype(np.longdouble), -fmt.frac) for c, fmt in pairs]
        self.low, self.high = (np.stack(ends) for ends in zip(*formulas, strict=True))
        errors = np.array(design.errors or [np.inf] * len(formulas), np.longdouble)[:, None]
        self.least, self.most = self.low - errors, self.high + errors
        self.fault = ""

    def seen(self) -> BesideFormula:
        """All outputs, in the order of their ports."""
        left = iter(self.outputs)
        distance = agreement = None
        for name in self.design.decision.ordered():
            if name == "scores":
                distance = self._scores(np.stack([next(left) for _ in self.formulas]))
            elif name == "index":
                agreement = self._index(next(left).astype(np.int64))
            elif name == "above":
                for k, limit in enumerate(self.design.decision.limits(len(self.formulas))):
                    above = next(left) == 1
                    self._hold(
                        f"above {limit!r} of score {k}",
                        np.where(above, self.most[k] >= limit, self.least[k] < limit),
                    )
            else:
                value, (low, high) = next(left), self._ordered(name)
                self._hold(name, (low <= value) & (value <= high))
        return BesideFormula(len(self.raw), distance, agreement, self.fault)

    def _scores(self, scores: Reals) -> float:
        for k, score in enumerate(scores):
            self._hold(f"score {k}", (self.least[k] <= score) & (score <= self.most[k]))
        off = np.maximum(self.low - scores, scores - self.high)
        return float(np.maximum(off, 0).max(initial=0))

    def _index(self, index: npt.NDArray[np.int64]) -> float:
        """Note where no scores within their bounds have it; the share that the formulas have."""
        if len(self.formulas) == 1:
            self._hold("index", np.where(index == 1, self.most[0] > 0, self.least[0] <= 0))
            wanted = (self.low + self.high)[0] > 0
        else:
            known = (index >= 0) & (index < len(self.formulas))
            own = np.take_along_axis(self.most, np.where(known, index, 0)[None], axis=0)[0]
            self._hold("index", known & (own >= self.least.max(axis=0)))
            wanted = (self.low + self.high).argmax(axis=0)
        return float(np.mean(index == wanted)) if index.size else 1.0

    def _ordered(self, name: str) -> tuple[Reals, Reals]:
        """What the largest score can be, or how far it can be above the second largest."""
        low, high = np.sort(self.least, axis=0), np.sort(self.most, axis=0)
        if name == "top":
            return low[-1], high[-1]
        return low[-1] - high[-2], high[-1] - low[-2]

    def _hold(self, port: str, fits: npt.NDArray[np.bool_]) -> None:
        """Note the first vector at which a port is beyond what is stated."""
        if not self.fault and not fits.all():
            row = int(np.argmin(fits))
            at = dict(zip(self.design.graph.input_names, self.raw[row].tolist(), strict=True))
            self.fault = f"{port} is farther from the formula than is stated, for raw inputs {at}"
