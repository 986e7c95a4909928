"""Columns far from 1: what is searched over is scaled, and what is found is in the data's units.

Losses are squares, constants start at 1 and roots, exponentials and sums see numbers as they are: a
search over targets of 1e30 finds no first expression, and one over features of 1e-34 finds worse
ones. Scales are powers of four, so that scaling rounds nothing, and columns of ordinary size are
left alone.
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
from symtick.search.kernel_api.rows import Rows
from symtick.search.regression.task import Task
from symtick.settings import within

Floats = npt.NDArray[np.float64]
ORDINARY = (1e-4, 1e4)  # sizes that are searched over as they are
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


def balanced(columns: Floats) -> Floats:
    """Columns divided by their scales, shape (rows, columns), for models beside the search."""
    scales: Floats = np.array([scale_of(c) for c in columns.T])
    return np.divide(columns, scales)


@dataclass(frozen=True, eq=False)
class ScaledTask:
    """A task over scaled columns, and the way back to the data's units.

    Attributes:
        task: as it was given.
        inner: what is searched for; the task itself where nothing is scaled.
        inputs: scales of the features.
        target: scale of the target.
        loss: a loss in the data's units for one of 1 inside.
    """

    task: Task
    inner: Task
    inputs: tuple[float, ...]
    target: float
    loss: float

    @classmethod
    def of(cls, task: Task) -> ScaledTask:
        """Scaled where that is needed and the tokens can write it: constants and `mul`."""
        vocabulary = _vocabulary(task)
        inputs = tuple(scale_of(c) for c in task.X.T)
        target = 1.0 if task.config.loss in _UNSCALED else scale_of(task.y)
        writable = {"mul", "const"} <= set(vocabulary.names)
        if not writable or {target, *inputs} == {1.0}:
            return cls(task, task, (1.0,) * len(inputs), 1.0, 1.0)
        factor = _loss_factor(task.config.loss, target)
        return cls(task, _scaled(task, vocabulary, inputs, target, factor), inputs, target, factor)

    def front(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Candidates of the inner task in the data's units, losses and costs computed anew.

        Those that break a rule or a limit with the constants of the units in them are left out.
        """
        if self.inner is self.task:
            return tuple(candidates)
        vocabulary = _vocabulary(self.task)
        found = [self._outside(c, vocabulary) for c in candidates]
        return tuple(front_of(c for c in self._measured(found) if self._allowed(c, vocabulary)))

    def _outside(self, candidate: Candidate, vocabulary: Vocabulary) -> Candidate:
        if candidate.sequence:
            text = vocabulary.text(candidate.sequence, candidate.constants)
        else:
            text = to_text(from_programs([candidate.program], vocabulary.inputs))
        text = _in_units(text, vocabulary, [1.0 / s for s in self.inputs], self.target)
        sequence, constants = vocabulary.sequence(text)
        return replace(
            candidate,
            program=vocabulary.program(sequence, constants),
            sequence=tuple(sequence.tolist()),
            constants=tuple(constants.tolist()),
        )

    def _measured(self, found: Sequence[Candidate]) -> list[Candidate]:
        task, programs = self.task, [c.program for c in found]
        rows = Rows.make(task.X, task.y, task.weights)
        values = losses(programs, rows, loss=task.config.loss, delta=task.config.huber_delta)
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


def _scaled(
    task: Task, vocabulary: Vocabulary, inputs: tuple[float, ...], target: float, factor: float
) -> Task:
    config, own = task.config, task.config.loss
    best = config.target_loss
    penalty = task.penalty
    return replace(
        task,
        X=task.X / np.array(inputs),
        y=task.y / target,
        config=replace(
            config,
            loss=own if isinstance(own, str) else partial(_loss_in_units, own, target),
            huber_delta=config.huber_delta / target,
            target_loss=None if best is None else best / factor,
        ),
        ranges=task.ranges and tuple(
            Interval(r.lo / s, r.hi / s) for r, s in zip(task.ranges, inputs, strict=True)
        ),
        penalty=penalty and partial(_penalty_in_units, penalty, vocabulary, inputs, target, factor),
        guesses=tuple(_guesses(task, vocabulary, inputs, target)),
    )  # fmt: skip


def _guesses(
    task: Task, vocabulary: Vocabulary, inputs: Sequence[float], target: float
) -> list[str]:
    """The guesses that can be written for scaled columns."""
    kept: list[str] = []
    for guess in task.guesses:
        text = _in_units(guess, vocabulary, inputs, 1.0 / target)
        try:
            vocabulary.sequence(text)
        except InputError:
            continue
        kept.append(text)
    return kept


def _in_units(text: str, vocabulary: Vocabulary, factors: Sequence[float], output: float) -> str:
    tree = read(text, vocabulary.inputs, vocabulary.custom)
    return written(rescaled(tree, vocabulary.inputs, factors, output))


def _loss_in_units(
    loss: Loss, target: float, prediction: Floats, goal: Floats, weights: Floats
) -> float:
    assert callable(loss)
    return float(loss(prediction * target, goal * target, weights))


def _penalty_in_units(
    penalty: Penalty,
    vocabulary: Vocabulary,
    inputs: tuple[float, ...],
    target: float,
    factor: float,
    inner: Expression,
) -> float:
    """The penalty of an inner expression, which is shown in the data's units."""
    text = _in_units(to_text(inner), vocabulary, [1.0 / scale for scale in inputs], target)
    return penalty(parse(text, vocabulary.inputs)) / factor


def _penalty(task: Task, candidate: Candidate) -> float:
    if task.penalty is None:
        return 0.0
    return task.penalty(from_programs([candidate.program], task.names))
