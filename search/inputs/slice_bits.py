"""How many bits of each word a design reads, by what the teacher loses without the others.

Features differ: of one the teacher needs a fine step, at another it hardly looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from symtick.codegen import Slice
from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import row_divergences, softmax
from symtick.search.inputs.maps import WordInputs, slices_by_bits

ASKED_ROWS = 4_000  # training rows that the teacher is asked about
SEEN_ROWS = 20_000  # those whose words decide what a slice of so many bits is
CLASSES_TOLERANCE = 1e-3  # Kullback-Leibler divergence that one input may cost, in nats
VALUES_TOLERANCE = 1e-2  # of the teacher's squared error that one input may add
UNKNOWN_ERROR = 1e-2  # of the variance that counts as that error where the truth is not known
_LEAST = 1e-300  # a teacher of a constant, or without an error


@dataclass(frozen=True, eq=False)
class AskedTeacher:
    """A teacher on training rows, and what its answers are compared by.

    Attributes:
        teach: from features (n, inputs) in the user's units to outputs (n, outputs).
        X: training rows (rows, inputs).
        classes: whether the outputs are scores of classes; else they are values.
        truth: true values, (rows, outputs), or None.
    """

    teach: Callable[[FloatArray], FloatArray]
    X: FloatArray
    classes: bool
    truth: FloatArray | None = None

    def some(self, count: int) -> AskedTeacher:
        """Of at most so many rows, drawn."""
        rows = np.random.default_rng(0).permutation(len(self.X))[:count]
        truth = None if self.truth is None else self.truth[rows]
        return replace(self, X=self.X[rows], truth=truth)

    def loss(self) -> Callable[[FloatArray], float]:
        """What other inputs cost, in units of what one input may cost."""
        own = np.asarray(self.teach(self.X), np.float64)
        if self.classes:
            goal = softmax(own)
            return lambda out: float(row_divergences(out, goal).mean()) / CLASSES_TOLERANCE
        error = UNKNOWN_ERROR * own.var(axis=0)
        if self.truth is not None:
            error = np.square(own - self.truth.reshape(own.shape)).mean(axis=0)
        unit = VALUES_TOLERANCE * np.maximum(error, _LEAST)
        return lambda out: float(np.mean(np.square(out - own).mean(axis=0) / unit))


def by_teacher(inputs: WordInputs, asked: AskedTeacher, stated: Mapping[str, int]) -> WordInputs:
    """The same words with slices of as few bits as the teacher bears, from 4 to 10 each.

    Each input alone may cost a divergence of 0.001 nats from the teacher's own classes; of values a
    hundredth of the teacher's squared error, or where the truth is not known a ten-thousandth of
    the variance.

    Args:
        inputs: the words; the search for the bits begins at those of its slices.
        asked: the teacher on the training rows.
        stated: inputs by name whose slices stay.
    """
    few = asked.some(ASKED_ROWS)
    loss = few.loss()
    raw = inputs.words(asked.some(SEEN_ROWS).X)
    slices = list(inputs.slices)
    for k, name in enumerate(inputs.titles):
        if name in stated:
            continue
        choices = slices_by_bits(slices[k].word, raw[:, k])

        def enough(part: Slice, k: int = k) -> bool:
            trial = replace(inputs, slices=(*slices[:k], part, *slices[k + 1 :]))
            told = few.X.copy()
            told[:, k] = trial.told(few.X)[:, k]
            return loss(few.teach(told)) <= 1.0

        slices[k] = choices[_fewest(sorted(choices), slices[k].fmt.width, choices, enough)]
    return replace(inputs, slices=tuple(slices))


def _fewest(
    bits: list[int], first: int, choices: Mapping[int, Slice], enough: Callable[[Slice], bool]
) -> int:
    """The fewest bits that are enough, looked for from `first` on; the most where none are."""
    place = min(range(len(bits)), key=lambda p: abs(bits[p] - first))
    if enough(choices[bits[place]]):
        while place and enough(choices[bits[place - 1]]):
            place -= 1
        return bits[place]
    while place + 1 < len(bits):
        place += 1
        if enough(choices[bits[place]]):
            break
    return bits[place]
