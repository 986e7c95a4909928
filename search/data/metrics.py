"""Accuracy, agreement and ROC areas of class scores; errors of values.

Scores are (rows, classes); the class is the largest score (the first of equals, as an index
comparison tree in hardware takes it), and with one column class 1 where the score is positive.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from symtick.errors import InputError
from symtick.search.data.dataset import FloatArray, IntArray

_LEAST = 1e-300  # a unit of 0 makes every error large, not undefined


def predicted_classes(scores: npt.ArrayLike) -> IntArray:
    """int64 (rows,): the class of each row.

    Raises:
        InputError: not a non-empty matrix, or NaN in it.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(f"scores must be a matrix (rows, classes), not of shape {matrix.shape}")
    if np.isnan(matrix).any():
        row = int(np.argwhere(np.isnan(matrix))[0, 0])
        raise InputError(f"the scores of row {row} hold NaN")
    if matrix.shape[1] == 1:
        return np.asarray(matrix[:, 0] > 0, dtype=np.int64)
    # column by column: np.argmax takes several times as long along short rows
    chosen, best = np.zeros(len(matrix), np.int64), matrix[:, 0]
    for k, column in enumerate(matrix.T[1:], 1):
        chosen[column > best] = k
        best = np.maximum(best, column)
    return chosen


def _same_length(first: IntArray, second: IntArray) -> None:
    if first.shape != second.shape:
        raise InputError(f"{len(first)} rows of scores against {len(second)} to compare with")


def accuracy(
    scores: npt.ArrayLike, labels: npt.ArrayLike, weights: FloatArray | None = None
) -> float:
    """The fraction of rows whose class is their label; with weights (rows,), of their sum.

    Raises:
        InputError: as `predicted_classes`, or another number of labels.
    """
    predicted, truth = predicted_classes(scores), np.asarray(labels, dtype=np.int64)
    _same_length(predicted, truth)
    return float(np.average(predicted == truth, weights=weights))


def agreement(
    scores: npt.ArrayLike, reference: npt.ArrayLike, weights: FloatArray | None = None
) -> float:
    """The fraction of rows for which both score matrices choose the same class, see `accuracy`.

    Raises:
        InputError: as `predicted_classes`, or another number of rows.
    """
    first, second = predicted_classes(scores), predicted_classes(reference)
    _same_length(first, second)
    return float(np.average(first == second, weights=weights))


def root_mean_squares(
    outputs: npt.ArrayLike, truth: npt.ArrayLike, weights: FloatArray | None = None
) -> tuple[float, ...]:
    """The RMSE of each column of values (rows, outputs), in its units; weights are (rows,).

    Raises:
        InputError: shapes that differ, or no rows.
    """
    first, second = np.asarray(outputs, np.float64), np.asarray(truth, np.float64)
    if first.shape != second.shape or first.ndim != 2 or 0 in first.shape:
        raise InputError(f"values of shape {first.shape} against {second.shape} to compare with")
    squares = np.average(np.square(first - second), axis=0, weights=weights)
    return tuple(np.sqrt(squares).tolist())


def error_ratio(errors: Sequence[float], units: Sequence[float]) -> float:
    """Errors of several outputs as one: in these units each, then the root mean square."""
    shares = np.asarray(errors) / np.maximum(np.asarray(units), _LEAST)
    return float(np.sqrt(np.mean(np.square(shares))))


def log_odds(scores: npt.ArrayLike) -> FloatArray:
    """log(p / (1 - p)) of the softmax of each row, (rows, classes).

    It orders rows as the softmax does, but does not round to 1 for a confident network.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.shape[1] == 1:
        return matrix
    others = [logsumexp(np.delete(matrix, k, axis=1), axis=1) for k in range(matrix.shape[1])]
    return np.asarray(matrix - np.stack(others, axis=1), dtype=np.float64)


def auc_per_class(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    weights: FloatArray | None = None,
) -> dict[str, float]:
    """Area under the ROC curve of each class against the rest, by the softmax of the scores.

    A class without both members and others among the labels has no area and is left out. One
    column of scores stands for class 1 of two.

    Raises:
        InputError: as `predicted_classes`, or numbers of rows or classes that do not fit.
    """
    from sklearn.metrics import roc_auc_score

    truth = np.asarray(labels, dtype=np.int64)
    _same_length(predicted_classes(scores), truth)
    odds = log_odds(scores)
    if odds.shape[1] == 1:
        odds = np.concatenate([-odds, odds], axis=1)
    if odds.shape[1] != len(class_names):
        raise InputError(f"{odds.shape[1]} columns of scores for {len(class_names)} class names")
    return {
        name: float(roc_auc_score(truth == k, odds[:, k], sample_weight=weights))
        for k, name in enumerate(class_names)
        if 0 < np.count_nonzero(truth == k) < len(truth)
    }
