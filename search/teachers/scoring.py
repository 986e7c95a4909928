"""Teachers that are no more than a function from rows to scores: networks of any architecture."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from symtick.errors import InputError, SymtickWarning
from symtick.search.data.dataset import FloatArray, check_matrix, check_scores
from symtick.search.teachers.teacher import CHUNK, TeacherTask, check_outputs

Forward = Callable[[FloatArray], npt.NDArray[Any]]
Standard = tuple[FloatArray, FloatArray]  # mean and std of each feature
Meaning = Literal["scores", "probabilities", "unknown"]

LEAST_CHANCE = 1e-6  # smaller probabilities are taken for this one
_SUM = 1e-3  # by which the probabilities of a row may miss 1
_TELLING = 20  # rows from which on values in [0, 1] are told to be probabilities


@dataclass(frozen=True)
class Signature:
    """What a teacher reads and what it says, by name.

    Attributes:
        feature_names: one for each input.
        class_names: one for each class; empty for a regression.
        target_names: of a regression, one for each value.
    """

    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()

    @property
    def task(self) -> TeacherTask:
        """What the outputs mean."""
        return "regression" if self.target_names else "classification"

    @property
    def outputs(self) -> int:
        """Classes or targets."""
        return len(self.target_names or self.class_names)


@dataclass(frozen=True, eq=False)
class ScoringTeacher:
    """A network as a function; it can teach, but it is neither saved nor converted here.

    Attributes:
        forward: float64 rows (n, features), at most `CHUNK` at a time, to (n, outputs) or (n,).
        signature: names of inputs and outputs.
        origin: what the network is, for messages.
        meaning: of the outputs of a classifier. Probabilities become scores; `settled` finds out
            about unknown ones.
    """

    forward: Forward
    signature: Signature
    origin: str
    meaning: Meaning = "scores"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name per input."""
        return self.signature.feature_names

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class; empty for regression."""
        return self.signature.class_names

    @property
    def target_names(self) -> tuple[str, ...]:
        """One name per value; empty for classes."""
        return self.signature.target_names

    @property
    def task(self) -> TeacherTask:
        """What the outputs mean."""
        return self.signature.task

    def logits(self, X: npt.ArrayLike) -> FloatArray:
        """Rows (n, features) in the user's units to scores before softmax, float64 (n, K).

        Raises:
            InputError: bad data, or a network that answers with another shape or with NaN.
        """
        outputs = self._outputs(X)
        return outputs if self.task == "regression" else as_scores(outputs, self.meaning)

    def settled(self, X: npt.ArrayLike) -> ScoringTeacher:
        """The same, its meaning found out by these rows; probabilities with a `SymtickWarning`."""
        if self.meaning != "unknown" or self.task == "regression":
            return self
        return replace(
            self, meaning=told_meaning(self._outputs(X), f"outputs of the {self.origin}")
        )

    def _outputs(self, X: npt.ArrayLike) -> FloatArray:
        matrix = check_matrix(X, self.feature_names)
        parts = [self._part(matrix[k : k + CHUNK]) for k in range(0, len(matrix), CHUNK)]
        outputs = np.concatenate(parts)
        check_outputs(self.origin, outputs.shape[1], self.signature.outputs, self.task)
        if not np.isfinite(outputs).all():
            row = int(np.argwhere(~np.isfinite(outputs))[0, 0])
            raise InputError(f"the outputs of the {self.origin} for row {row} are not finite")
        return outputs

    def _part(self, rows: FloatArray) -> FloatArray:
        outputs = np.asarray(self.forward(rows))
        if outputs.dtype.kind not in "iufb":
            raise InputError(f"the {self.origin} answers with {outputs.dtype}, not with numbers")
        matrix = outputs[:, None] if outputs.shape == (len(rows),) else outputs
        if matrix.ndim != 2 or len(matrix) != len(rows):
            raise InputError(
                f"the {self.origin} maps {len(rows)} rows to shape {outputs.shape}, not to "
                "(rows, outputs)"
            )
        return np.asarray(matrix, dtype=np.float64)


def as_scores(outputs: FloatArray, meaning: Meaning) -> FloatArray:
    """Outputs of a classifier as scores before softmax; of one column, before the sigmoid.

    Args:
        outputs: (rows, classes), or one column for two classes.
        meaning: of these outputs; unknown ones stay as they are.
    """
    if meaning != "probabilities":
        return outputs
    if outputs.shape[1] == 1:
        return np.asarray(logit(np.clip(outputs, LEAST_CHANCE, 1.0 - LEAST_CHANCE)))
    return np.log(np.clip(outputs, LEAST_CHANCE, 1.0))


def given_scores(scores: npt.ArrayLike, rows: int, signature: Signature, what: str) -> FloatArray:
    """A teacher's outputs that came as numbers, as scores before softmax (or values).

    Args:
        scores: (rows, outputs), or (rows,) for one.
        rows: number of them.
        signature: names of inputs and outputs.
        what: they are, for a warning.

    Raises:
        InputError: another shape, another number of outputs, or numbers that are not finite.
    """
    outputs = check_scores(scores, rows)
    check_outputs("teacher behind the scores", outputs.shape[1], signature.outputs, signature.task)
    if signature.task == "regression":
        return outputs
    return as_scores(outputs, told_meaning(outputs, what))


def told_meaning(outputs: FloatArray, what: str) -> Meaning:
    """What outputs of a classifier are by their values, with a `SymtickWarning` for probabilities.

    Args:
        outputs: (rows, outputs).
        what: they are, for the warning.
    """
    if not look_like_probabilities(outputs):
        return "scores"
    warnings.warn(
        f"the {what} are from 0 to 1"
        f"{'' if outputs.shape[1] == 1 else ', and each row adds up to 1'}: they are taken for "
        "probabilities, and their log-odds are imitated; give scores before the last softmax or "
        "sigmoid to have these imitated instead",
        SymtickWarning,
        stacklevel=2,
    )
    return "probabilities"


def look_like_probabilities(outputs: FloatArray) -> bool:
    """Whether values (rows, outputs) are all from 0 to 1 and those of each row add up to 1."""
    if outputs.min() < 0.0 or outputs.max() > 1.0:
        return False
    if outputs.shape[1] == 1:
        return len(outputs) >= _TELLING
    return bool(np.abs(outputs.sum(axis=1) - 1.0).max() <= _SUM)


def standardised(forward: Forward, standard: Standard | None) -> Forward:
    """The function of rows in the user's units, of a network trained on standardised ones."""
    if standard is None:
        return forward
    mean, std = standard
    return lambda rows: forward((rows - mean) / std)


def in_batches(forward: Forward, size: int | None) -> Forward:
    """The function for any number of rows, of one that takes so many at a time; None takes any."""
    if size is None:
        return forward

    def whole(rows: FloatArray) -> npt.NDArray[Any]:
        parts = []
        for k in range(0, len(rows), size):
            part = rows[k : k + size]
            filled = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
            parts.append(forward(filled)[: len(part)])
        return np.concatenate(parts)

    return whole


def in_rows(shape: Sequence[int | None], features: int, origin: str) -> tuple[int, ...]:
    """Sizes of all axes but the first that a network's input has for a row of so many features.

    Args:
        shape: the input's axes, the rows' first; None where a size is free.
        features: numbers in a row.
        origin: what the network is, for messages.

    Raises:
        InputError: no axis of rows, or a row does not fill the others.
    """
    if len(shape) < 2:
        raise InputError(
            f"the {origin} reads a single row, without an axis of rows: export it for an input of "
            f"shape (rows, {features})"
        )
    rest = list(shape[1:])
    known = int(np.prod([size for size in rest if size is not None]))
    free = [k for k, size in enumerate(rest) if size is None]
    if len(free) == 1 and features % max(known, 1) == 0:
        rest[free[0]] = features // max(known, 1)
    sizes = tuple(size for size in rest if size is not None)
    if len(sizes) < len(rest) or int(np.prod(sizes)) != features:
        wanted = " x ".join("any" if size is None else str(size) for size in shape[1:])
        raise InputError(
            f"the {origin} reads {wanted} numbers of a row, but the data has {features} features: "
            "give the features that it was trained on, in its order"
        )
    return sizes
