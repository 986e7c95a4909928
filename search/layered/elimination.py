"""Taking a layered form apart, rung by rung: a whole Pareto front from one fit.

Room: `search`. A `Ladder` fits a large random `Layers`, then repeats: weigh every summand, drop
those that cost least loss per LUT, fit again in the hardware's arithmetic, compile and measure.
This is backward elimination with re-fitting (optimal brain damage, LeCun et al. 1990, with
measured saliencies), with LUTs and ticks of the compiled design in the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen import Precision
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import Bench
from symtick.search.designs.front import FrontEntry
from symtick.search.kernel_api.states import State
from symtick.search.kernel_api.status import Status
from symtick.search.layered.codes import Codes
from symtick.search.layered.descent import Batch, fit
from symtick.search.layered.layers import Grid, Layers
from symtick.search.layered.pruning import Probe, cuts, remove
from symtick.search.layered.settings import LayeredSettings


@dataclass(frozen=True, eq=False)
class Ground:
    """Training rows in the form that layered forms learn from; shared by all ladders."""

    codes: Codes
    batches: Sequence[Batch]
    probe: Probe

    @classmethod
    def of(cls, problem: Problem, settings: LayeredSettings) -> Ground:
        """Batches of the problem's training rows; the last, incomplete one is left out."""
        count = min(settings.rows, problem.train.stop)
        size = min(settings.batch, count)
        raw, goal = problem.raw[:count], np.asfortranarray(problem.goal[:count])
        codes = Codes.of(problem.formats, problem.raw)
        batches = [
            Batch(codes.matrix(raw[k : k + size]), np.asfortranarray(goal[k : k + size]))
            for k in range(0, count - size + 1, size)
        ]
        few = raw[: settings.probe_rows]
        probe = Probe(
            codes.places(few),
            codes.matrix(few),
            np.asfortranarray(goal[: len(few)]),
            lambda outputs, wanted: problem.objective(outputs, wanted)[0],
        )
        return cls(codes, batches, probe)


@dataclass(frozen=True)
class Rung:
    """A stage of a ladder: constants, masks, and the entry that they make."""

    layers: State
    entry: FrontEntry


class Ladder:
    """One start and its descent; a `Source`.

    Args:
        name: of the source.
        bench: where designs are measured.
        ground: rows to learn from.
        settings: steps and rates.
        start: the form to begin with.
        fitted: the form is fitted already: no first fit, one summand less per rung.
    """

    def __init__(
        self,
        name: str,
        bench: Bench,
        ground: Ground,
        settings: LayeredSettings,
        start: Layers,
        fitted: bool = False,
    ) -> None:
        self.name = name
        self.bench = bench
        self.ground = ground
        self.settings = settings
        self.layers = start
        self.fitted = fitted
        self.rungs: list[Rung] = []
        self._slices = 0
        self._loss = float("inf")
        self._done = False
        shift = bench.unit_bits()
        self._grid = Grid(settings.term_frac + shift, settings.address_bits)

    @property
    def status(self) -> Status:
        """Where it stands."""
        text = f"{self.layers.summands} summands"
        return Status(self.name, self._done, self._slices, text, self._loss)

    @property
    def entries(self) -> list[FrontEntry]:
        """Measured rungs."""
        return [rung.entry for rung in self.rungs]

    def step(self) -> None:
        """The first fit, or one rung."""
        settings, problem = self.settings, self.bench.problem
        first = self._slices == 0
        if first and not self.fitted:
            self._fit(settings.fit_steps, settings.rate)
        else:
            self.layers.grid = self._grid
            if not (first or (self._slices == 1 and not self.fitted)):
                self._prune()
            steps = settings.refine_steps if self.fitted else settings.refit_steps
            self._fit(steps, settings.refit_rate)
            self._measure()
        self._slices += 1
        outputs = self.layers.outputs(self.ground.probe.matrix)
        self._loss = problem.loss(outputs, slice(0, len(outputs)))
        self._done = self._done or self._finished()

    def _finished(self) -> bool:
        if self.fitted and self._slices > self.settings.refine_rungs:
            return True
        return self._slices > 1 and self.layers.summands <= self.settings.least

    def _fit(self, steps: int, rate: float) -> None:
        problem = self.bench.problem
        first = self._slices * steps
        fit(self.layers, self.ground.batches, problem.objective, steps, rate, problem.spread, first)

    def _prune(self) -> None:
        found = cuts(self.layers, self.ground.probe, self.bench)
        share = 0.0 if self.fitted else self.settings.drop
        count = max(1, round(share * self.layers.summands))
        if not remove(self.layers, found, count):
            self._done = True

    def _measure(self) -> None:
        if self.layers.summands > self.settings.most:
            return
        precision = Precision(
            term_frac=self._grid.term_frac, wide_bits=self._grid.address_bits, chords=False
        )
        expression = self.layers.expression(self.bench.problem.input_names)
        entry = self.bench.measure(expression, precision, self.name)
        if entry is not None:
            self.rungs.append(Rung(pack(self.layers), entry))

    def state(self) -> tuple[State, dict[str, Any]]:
        """Arrays of the present form and of every rung, and the counters."""
        arrays = {f"now.{key}": held for key, held in pack(self.layers).items()}
        for number, rung in enumerate(self.rungs):
            arrays.update({f"{number}.{key}": held for key, held in rung.layers.items()})
        values = {
            "slices": self._slices,
            "loss": None if self._slices == 0 else self._loss,
            "done": self._done,
            "shapes": list(self.layers.shapes),
            "entries": [rung.entry.to_dict() for rung in self.rungs],
        }
        return arrays, values

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> None:
        """Take up a stored state."""
        shapes = tuple(values["shapes"])
        self.layers = unpack(_part(arrays, "now"), self.ground.codes, shapes)
        self.rungs = [
            Rung(_part(arrays, str(number)), FrontEntry.from_dict(held))
            for number, held in enumerate(values["entries"])
        ]
        self._slices = int(values["slices"])
        self._loss = float("inf") if values["loss"] is None else float(values["loss"])
        self._done = bool(values["done"])


def _part(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> State:
    lead = f"{name}."
    return {k.removeprefix(lead): held for k, held in arrays.items() if k.startswith(lead)}


def pack(layers: Layers) -> State:
    """The form as arrays, copied."""
    held: State = {"kind": layers.kind, "inner": layers.inner, "outer": layers.outer}
    return {name: array.copy() for name, array in (held | layers.params).items()}


def unpack(arrays: Mapping[str, npt.NDArray[Any]], codes: Codes, shapes: tuple[str, ...]) -> Layers:
    """The inverse of `pack`, without its grid."""
    held = {name: array.copy() for name, array in arrays.items()}
    kind, inner, outer = (held.pop(name) for name in ("kind", "inner", "outer"))
    return Layers(codes, shapes, kind, inner, outer, held)
