"""Columns far from 1: what is searched over is scaled, and what is found is in the data's units.

Losses are squares, constants start at 1 and roots, exponentials and sums see numbers as they are: a
search over targets of 1e30 finds no first expression, and one over features of 1e-34 finds worse
ones. Scales are powers of four, so that scaling rounds nothing, and columns of ordinary size are
left alone. Features that lie far from 0 for what they vary, as seconds since 1970 do, are shifted
before, by a number of few digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Expression, Interval, from_programs, parse, to_text
from symtick.search.grammar.grammar import Vocabulary, accepts
from symtick.search.grammar.infix import read, written
from symtick.search.grammar.rescaling import rescaled
from symtick.search.kernel_api.candidate import Candidate, Penalty, front_of
from symtick.search.kernel_api.evaluation import costs, losses
from symtick.search.kernel_api.losses import Loss
from symtick.search.regression.task import Task
from symtick.settings import within

Floats = npt.NDArray[np.float64]
ORDINARY = (1e-4, 1e4)  # sizes that are searched over as they are
FAR = 1000.0  # times its range that a feature is away from 0, from which on it is shifted
_UNSCALED = ("margin", "cross_entropy")  # losses whose targets mean what they are


def scale_of(values: Floats) -> float:
    """The power of four that a column is divided by; 1 where its size is ordinary.

    The size is the median magnitude of the values that are not 0.

    Args:
        values: shape (rows,).
    """
    sizes = np.abs(values[values != 0.0])
    size = float(np.median(sizes)) if len(sizes) else 1.0
    if ORDINARY[0] <= size <= ORDINARY[1]:
        return 1.0
    return 4.0 ** math.floor(math.log2(size) / 2)


def shift_of(values: Floats) -> float:
    """What a feature is shifted by: 0 but where it is far from 0 for its range.

    Args:
        values: shape (rows,).
    """
    low, high = float(values.min()), float(values.max())
    span, middle = high - low, 0.5 * low + 0.5 * high
    if not 0.0 < FAR * span < abs(middle):
        return 0.0
    digits = -math.ceil(math.log10(span))
    return round(math.floor(middle * 10.0**digits) / 10.0**digits, digits)


def balanced(columns: Floats) -> Floats:
    """Columns shifted and divided by their scales, shape (rows, columns), for other models."""
    near: Floats = columns - np.array([shift_of(c) for c in columns.T])
    scales: Floats = np.array([scale_of(c) for c in near.T])
    return np.divide(near, scales)


@dataclass(frozen=True, eq=False)
class ScaledTask:
    """A task over scaled columns, and the way back to the data's units.

    Attributes:
        task: as it was given.
        inner: what is searched for; the task itself where nothing is scaled.
        inputs: scales of the features, once they are shifted.
        shifts: of the features.
        target: scale of the target.
        loss: a loss in the data's units for one of 1 inside.
    """

    task: Task
    inner: Task
    inputs: tuple[float, ...]
    shifts: tuple[float, ...]
    target: float
    loss: float

    @classmethod
    def of(cls, task: Task) -> ScaledTask:
        """Scaled and shifted where that is needed and the tokens can write it.

        Scales need constants and `mul`, shifts `add`, too.
        """
        names = set(_vocabulary(task).names)
        none = (0.0,) * task.X.shape[1]
        if not {"mul", "const"} <= names:
            return cls(task, task, (1.0,) * len(none), none, 1.0, 1.0)
        shifts = tuple(shift_of(c) for c in task.X.T) if "add" in names else none
        X = task.X - np.array(shifts) if any(shifts) else task.X
        inputs = tuple(scale_of(c) for c in X.T)
        target = 1.0 if task.config.loss in _UNSCALED else scale_of(task.y)
        if {target, *inputs} == {1.0} and not any(shifts):
            return cls(task, task, inputs, none, 1.0, 1.0)
        factor = _loss_factor(task.config.loss, target)
        units = _Units(_vocabulary(task), inputs, shifts, target)
        return cls(task, _scaled(task, X, units, factor), inputs, shifts, target, factor)

    def front(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Candidates of the inner task in the data's units, losses and costs computed anew.

        Those that break a rule or a limit with the constants of the units in them are left out.
        """
        if self.inner is self.task:
            return tuple(candidates)
        vocabulary = _vocabulary(self.task)
        units = _Units(vocabulary, self.inputs, self.shifts, self.target)
        found = [_outside(c, units) for c in candidates]
        return tuple(front_of(c for c in self._measured(found) if self._allowed(c, vocabulary)))

    def _measured(self, found: Sequence[Candidate]) -> list[Candidate]:
        task, programs = self.task, [c.program for c in found]
        values = losses(programs, task.rows, loss=task.config.loss, delta=task.config.huber_delta)
        ticks, lut = costs(programs, task.cost)
        return [
            replace(c, loss=float(v) + _penalty(task, c), ticks=int(t), lut=float(a))
            for c, v, t, a in zip(found, values, ticks, lut, strict=True)
        ]

    def _allowed(self, candidate: Candidate, vocabulary: Vocabulary) -> bool:
        rules, cost = self.task.config.all_rules(), self.task.cost
        tokens = np.array(candidate.sequence, np.int16)[None, :]
        return (
            math.isfinite(candidate.loss)
            and within(candidate.lut, self.task.config.limits.max_lut)
            and bool(accepts(rules, vocabulary, tokens, cost)[0])
        )


def _vocabulary(task: Task) -> Vocabulary:
    return task.config.vocabulary(task.X.shape[1], task.names)


def _loss_factor(loss: Loss, target: float) -> float:
    """A loss of targets t*y for a loss of 1 of targets y."""
    if loss in ("mse", "huber"):
        return target * target
    return target if loss == "mae" else 1.0


@dataclass(frozen=True, eq=False)
class _Units:
    """The units of the data and those of the search, and formulas in either.

    Attributes:
        vocabulary: of both.
        inputs: scales of the features.
        shifts: of the features.
        target: scale of the target.
    """

    vocabulary: Vocabulary
    inputs: tuple[float, ...]
    shifts: tuple[float, ...]
    target: float

    def outside(self, text: str) -> str:
        """A formula of the search in the units of the data."""
        factors = [1.0 / scale for scale in self.inputs]
        return self._written(text, factors, self.target, [-shift for shift in self.shifts])

    def inside(self, text: str) -> str:
        """A formula in the units of the data for the search."""
        offsets = [c / scale for c, scale in zip(self.shifts, self.inputs, strict=True)]
        return self._written(text, self.inputs, 1.0 / self.target, offsets)

    def _written(
        self, text: str, factors: Sequence[float], output: float, offsets: Sequence[float]
    ) -> str:
        names = self.vocabulary.inputs
        tree = read(text, names, self.vocabulary.custom)
        return written(rescaled(tree, names, factors, output, offsets))


def _outside(candidate: Candidate, units: _Units) -> Candidate:
    vocabulary = units.vocabulary
    if candidate.sequence:
        text = vocabulary.text(candidate.sequence, candidate.constants)
    else:
        text = to_text(from_programs([candidate.program], vocabulary.inputs))
    sequence, constants = vocabulary.sequence(units.outside(text))
    return replace(
        candidate,
        program=vocabulary.program(sequence, constants),
        sequence=tuple(sequence.tolist()),
        constants=tuple(constants.tolist()),
    )


def _scaled(task: Task, X: Floats, units: _Units, factor: float) -> Task:
    config, own, target = task.config, task.config.loss, units.target
    best = config.target_loss
    penalty = task.penalty
    bounds = zip(task.ranges or (), units.inputs, units.shifts, strict=task.ranges is not None)
    return replace(
        task,
        X=X if set(units.inputs) == {1.0} else X / np.array(units.inputs),
        y=task.y / target,
        config=replace(
            config,
            loss=own if isinstance(own, str) else partial(_loss_in_units, own, target),
            huber_delta=config.huber_delta / target,
            target_loss=None if best is None else best / factor,
        ),
        ranges=task.ranges
        and tuple(Interval((r.lo - c) / scale, (r.hi - c) / scale) for r, scale, c in bounds),
        penalty=penalty and partial(_penalty_in_units, penalty, units, factor),
        guesses=tuple(_guesses(task, units)),
    )  # fmt: skip


def _guesses(task: Task, units: _Units) -> list[str]:
    """The guesses that can be written for scaled columns."""
    kept: list[str] = []
    for guess in task.guesses:
        text = units.inside(guess)
        try:
            units.vocabulary.sequence(text)
        except InputError:
            continue
        kept.append(text)
    return kept


def _loss_in_units(
    loss: Loss, target: float, prediction: Floats, goal: Floats, weights: Floats
) -> float:
    assert callable(loss)
    return float(loss(prediction * target, goal * target, weights))


def _penalty_in_units(penalty: Penalty, units: _Units, factor: float, inner: Expression) -> float:
    """The penalty of an inner expression, which is shown in the data's units."""
    text = units.outside(to_text(inner))
    return penalty(parse(text, units.vocabulary.inputs)) / factor


def _penalty(task: Task, candidate: Candidate) -> float:
    if task.penalty is None:
        return 0.0
    return task.penalty(from_programs([candidate.program], task.names))
