"""Backward elimination of layered forms: a whole Pareto front from one fit.

An `Elimination` fits a large random `Layers`, then repeats: weigh every summand, drop those that
cost least loss per LUT, fit again in the hardware's arithmetic, compile and measure. This is
backward elimination with re-fitting (optimal brain damage, LeCun et al. 1990, with
measured saliencies), with LUTs and ticks of the compiled design in the loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symtick.codegen import Precision
from symtick.search import _kernel
from symtick.search.designs.evaluate import NO_MORE_BITS, DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import (
    Arrays,
    State,
    prefixed,
    restoring,
    values_of,
    with_values,
)
from symtick.search.layered.codes import Codes
from symtick.search.layered.descent import fit
from symtick.search.layered.layers import INNER, OUTER, Grid, Layers
from symtick.search.layered.pruning import Probe, cuts, remove
from symtick.search.layered.settings import LayeredSettings

STEP = 0.2  # part of the loss that the cuts of one pruning step may add to that of values
WORTH = 0.9  # part of the loss that a further fit may leave, else there is no other


@dataclass(frozen=True, eq=False)
class LayeredRows:
    """Training rows as layered forms learn from them; shared by all eliminations."""

    codes: Codes
    batches: _kernel.LayeredRows
    probe: Probe

    @classmethod
    def of(cls, evaluator: DesignEvaluator, settings: LayeredSettings) -> LayeredRows:
        """Batches of the problem's training rows; the last, incomplete one is left out."""
        problem = evaluator.problem
        count = min(settings.rows, problem.train.stop)
        size = min(settings.batch, count)
        raw, goal = problem.raw[:count], np.asfortranarray(problem.goal[:count])
        codes = Codes.of(problem.formats, problem.raw)
        batches = _kernel.LayeredRows(
            np.append(codes.start, len(codes.values)).astype(np.int32), codes.values,
            codes.places(raw), np.ascontiguousarray(goal, np.float32), size,
        )  # fmt: skip
        few = raw[: settings.probe_rows]
        probe = Probe(
            codes.places(few),
            codes.matrix(few),
            np.asfortranarray(goal[: len(few)]),
            lambda outputs, wanted: evaluator.objective(outputs, wanted)[0],
        )
        return cls(codes, batches, probe)


@dataclass(frozen=True)
class PrunedForm:
    """The form after a pruning step: constants, masks, and the design that they make."""

    layers: State
    entry: FrontEntry


class Elimination:
    """One start and its backward elimination; a search whose front is of measured designs.

    Args:
        name: of the search.
        evaluator: measures the designs.
        rows: rows to learn from.
        settings: steps and rates.
        starts: the form to begin with, or several, of which the best after a short fit goes on.
        fitted: the form is fitted already: no first fit, one summand less in each step.
    """

    def __init__(
        self,
        name: str,
        evaluator: DesignEvaluator,
        rows: LayeredRows,
        settings: LayeredSettings,
        starts: Sequence[Layers],
        fitted: bool = False,
    ) -> None:
        self._name = name
        self.evaluator = evaluator
        self.rows = rows
        self.settings = settings
        self.layers, *self._others = starts
        self.fitted = fitted
        self.pruned: list[PrunedForm] = []
        self._slices = 0
        self._loss = float("inf")
        self._done = False

    @property
    def status(self) -> Status:
        """Where it stands."""
        text = f"{self.layers.summands} summands"
        return Status(
            self._name, self._done, self._slices, text, self._loss, self._slices, self._slices
        )

    def front(self) -> list[FrontEntry]:
        """The measured designs, those that others beat too."""
        return [form.entry for form in self.pruned]

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """The first fit, or one pruning step."""
        if self._done or (budget is not None and self._slices >= budget):
            return
        settings, problem = self.settings, self.evaluator.problem
        first = self._slices == 0
        if first and not self.fitted:
            self._fit_first()
        else:
            self.layers.grid = self._grid()
            if not (first or (self._slices == 1 and not self.fitted)):
                self._prune()
            steps = settings.refine_steps if self.fitted else settings.refit_steps
            self._fit(steps, settings.refit_rate)
            self._measure()
        self._slices += 1
        outputs = self.layers.outputs(self.rows.probe.matrix)
        self._loss = problem.loss(outputs, slice(0, len(outputs)))
        self._done = self._done or self._finished()

    def _finished(self) -> bool:
        if self.fitted and self._slices > self.settings.refine_drops:
            return True
        return self._slices > 1 and self.layers.summands <= self.settings.least

    def _fit(self, steps: int, rate: float) -> None:
        problem = self.evaluator.problem
        rounded = self.layers.grid is not None
        fit(
            self.layers, self.rows.batches, problem, steps, rate,
            by_class=rounded and problem.class_counts(self.evaluator.decision),
            first=self._slices * steps,
        )  # fmt: skip

    def _fit_first(self) -> None:
        """The first fit; of values again and again while much of what is left goes."""
        settings, problem = self.settings, self.evaluator.problem
        rows = slice(0, self.rows.probe.matrix.shape[0])
        if self._others:
            begun: list[tuple[float, Layers]] = []
            for layers in (self.layers, *self._others):
                self.layers = layers
                self._fit(settings.start_steps, settings.rate)
                loss = problem.loss(self.layers.outputs(self.rows.probe.matrix), rows)
                begun.append((loss, layers))
            _, self.layers = min(begun, key=lambda b: b[0])
            self._others = []
        self._fit(settings.fit_steps, settings.rate)
        for _ in range(settings.more_fits if problem.kind == "values" else 0):
            before = problem.loss(self.layers.outputs(self.rows.probe.matrix), rows)
            self._fit(settings.fit_steps, settings.rate)
            if problem.loss(self.layers.outputs(self.rows.probe.matrix), rows) > WORTH * before:
                break

    def _prune(self) -> None:
        share = 0.0 if self.fitted else self.settings.drop * (2.0 if self._is_large() else 1.0)
        count = max(1, round(share * self.layers.summands))
        problem, most = self.evaluator.problem, math.inf
        if problem.kind == "values":  # several cuts at a time only while they add little
            most = STEP * (self._loss + problem.noise)
        found = cuts(self.layers, self.rows.probe, self.evaluator)
        if not remove(self.layers, found, count, most):
            self._done = True

    def _grid(self) -> Grid:
        """How finely the hardware is to compute the present form."""
        settings, bits = self.settings, NO_MORE_BITS
        if self.evaluator.problem.kind == "values":
            self.layers.grid = None  # in real arithmetic: a coarse grid must not ask for a coarser
            outputs = self.layers.outputs(self.rows.probe.matrix)
            bits = self.evaluator.bits(outputs, slice(0, len(outputs)))
        return Grid(settings.term_frac + bits.shift, max(settings.address_bits, bits.address))

    def _measure(self) -> None:
        grid = self.layers.grid
        if grid is None or self._is_large() or self._is_near():
            return
        precision = Precision(term_frac=grid.term_frac, wide_bits=grid.address_bits, chords=False)
        expression = self.layers.expression(self.evaluator.problem.input_names)
        entry = self.evaluator.measure(expression, precision, self._name)
        if entry is not None:
            self.pruned.append(PrunedForm(pack(self.layers), entry))

    def _is_large(self) -> bool:
        """Whether the form has more summands than those that are measured."""
        return self.layers.summands > self.settings.per_sum * len(self.layers.outer)

    def _is_near(self) -> bool:
        """Whether the form is hardly smaller than the last that was measured."""
        if self.fitted or not self.pruned:
            return False
        before = sum(int(self.pruned[-1].layers[mask].sum()) for mask in ("inner", "outer"))
        return self.layers.summands > (1.0 - self.settings.spacing) * before

    def state(self) -> State:
        """Arrays of the present form and of every measured one, and the counters."""
        arrays = prefixed(pack(self.layers), "now.")
        for number, form in enumerate(self.pruned):
            arrays |= prefixed(form.layers, f"{number}.")
        return with_values(
            arrays,
            slices=self._slices,
            loss=None if self._slices == 0 else self._loss,
            done=self._done,
            shapes=list(self.layers.shapes),
            entries=[form.entry.to_dict() for form in self.pruned],
        )

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        values = values_of(state)
        self.layers = unpack(_form(state, "now."), self.rows.codes, tuple(values["shapes"]))
        self.pruned = [
            PrunedForm(_form(state, f"{number}."), FrontEntry.from_dict(entry))
            for number, entry in enumerate(values["entries"])
        ]
        self._slices = int(values["slices"])
        self._loss = float("inf") if values["loss"] is None else float(values["loss"])
        self._done = bool(values["done"])


def _form(state: Arrays, prefix: str) -> State:
    names = ("kind", "inner", "outer", *INNER, *OUTER, "bias")
    return {name: state[f"{prefix}{name}"] for name in names}


def pack(layers: Layers) -> State:
    """The form as arrays, copied."""
    masks: State = {"kind": layers.kind, "inner": layers.inner, "outer": layers.outer}
    return {name: array.copy() for name, array in (masks | layers.params).items()}


def unpack(state: Arrays, codes: Codes, shapes: tuple[str, ...]) -> Layers:
    """The inverse of `pack`, without its grid."""
    params = {name: array.copy() for name, array in state.items()}
    kind, inner, outer = (params.pop(name) for name in ("kind", "inner", "outer"))
    return Layers(codes, shapes, kind, inner, outer, params)
