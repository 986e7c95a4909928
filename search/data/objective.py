"""Losses over a matrix of outputs, with their gradients.

One column of class scores stands for class 1 of two, as everywhere in the search. All sums are
numpy's own (no BLAS), so that the number of threads changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax, xlogy

FloatArray = npt.NDArray[np.float64]
Outputs = npt.NDArray[np.floating[Any]]
SHARPNESS = 4.0  # of the chances that stand for the largest score in `choice`
CALIBRATION = 0.05  # share of the cross-entropy in it, which keeps the scores from growing
# mean loss over rows and its gradient, from outputs and goal, both (rows, outputs)
Objective = Callable[[Outputs, FloatArray], tuple[float, Outputs]]


def softmax(scores: FloatArray) -> FloatArray:
    """Class probabilities of each row, same shape; of one column the chance of class 1."""
    if scores.shape[1] == 1:
        return np.asarray(expit(scores), np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def cross_entropy(scores: Outputs, goal: FloatArray) -> tuple[float, Outputs]:
    """Mean over rows of -sum(goal * log softmax(scores)), and the gradient by `scores`."""
    count = len(scores)
    if scores.shape[1] == 1:
        loss = np.logaddexp(0.0, scores) - goal * scores
        return float(loss.mean()), (expit(scores) - goal) / count
    # class by class: long rows add up faster than short ones
    shifted = scores.T - scores.max(axis=1)
    powers = np.exp(shifted)
    total = powers.sum(axis=0)
    loss = (goal.T * (np.log(total) - shifted)).sum() / count
    return float(loss), ((powers / total - goal.T) / count).T


def choice(scores: Outputs, goal: Outputs) -> tuple[float, Outputs]:
    """Mean over rows of `row_choices`, and the gradient by `scores`."""
    if scores.shape[1] == 1:
        loss, slope = choice(*_both(scores, goal))
        return loss, slope[:, 1:]
    wanted = goal.T
    losses, powers, chances, hits = _choices(scores, goal)
    slope = CALIBRATION * (powers / powers.sum(axis=0) - wanted)
    slope += (1.0 - CALIBRATION) * SHARPNESS * chances * (hits - wanted)
    return float(losses.mean()), (slope / len(scores)).T


def row_choices(scores: Outputs, goal: Outputs) -> FloatArray:
    """Expected error of a class drawn by sharpened scores in each row, (rows,).

    The class is drawn with the chances softmax(SHARPNESS * scores), smooth for the largest score's
    class, and is right as often as the goal says. The share CALIBRATION is cross-entropy.
    """
    both = _both(scores, goal) if scores.shape[1] == 1 else (scores, goal)
    return np.asarray(_choices(*both)[0], np.float64)


def least_choice(goal: FloatArray) -> float:
    """What the mean of `row_choices` stays above: always the likeliest class, goal as chances."""
    both = goal if goal.shape[1] > 1 else np.concatenate([goal, 1.0 - goal], axis=1)
    wrong = 1.0 - float(both.max(axis=1).mean())
    return CALIBRATION * entropy(goal) + (1.0 - CALIBRATION) * wrong


def _both(scores: Outputs, goal: Outputs) -> tuple[Outputs, Outputs]:
    """Two columns for one that stands for class 1 of two."""
    wide = np.concatenate([0.0 * scores, scores], axis=1)
    return wide, np.concatenate([1.0 - goal, goal], axis=1)


def _choices(scores: Outputs, goal: Outputs) -> tuple[Outputs, Outputs, Outputs, Outputs]:
    """Losses (rows,), powers and chances of the classes (classes, rows), expected hits (rows,)."""
    columns, wanted = np.ascontiguousarray(scores.T), np.ascontiguousarray(goal.T)
    shifted = columns - columns.max(axis=0)
    powers = np.exp(shifted)
    chances = np.square(powers)
    np.square(chances, out=chances)  # to the power of SHARPNESS
    chances /= chances.sum(axis=0)
    hits = np.einsum("kr,kr->r", wanted, chances)
    crossed = np.log(powers.sum(axis=0)) - np.einsum("kr,kr->r", wanted, shifted)
    losses = CALIBRATION * crossed + (1.0 - CALIBRATION) * (1.0 - hits)
    return losses, powers, chances, hits


def row_divergences(scores: Outputs, goal: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of softmax(scores) from the goal in each row, (rows,)."""
    both = goal if goal.shape[1] > 1 else np.concatenate([1.0 - goal, goal], axis=1)
    wide = scores if scores.shape[1] > 1 else np.concatenate([0.0 * scores, scores], axis=1)
    logs = log_softmax(wide.astype(np.float64), axis=1)
    return np.asarray((xlogy(both, both) - both * logs).sum(axis=1), np.float64)


def entropy(goal: FloatArray) -> float:
    """The smallest cross-entropy that can be reached with these probabilities."""
    both = goal if goal.shape[1] > 1 else np.concatenate([goal, 1.0 - goal], axis=1)
    return float(-xlogy(both, both).sum() / len(both))


class Divergence:
    """Mean Kullback-Leibler divergence of softmax(scores) from the same probabilities each time.

    Args:
        goal: the probabilities, (rows, classes), or (rows, 1) of class 1 of two.
    """

    def __init__(self, goal: FloatArray) -> None:
        self._alone = goal.shape[1] == 1
        self._goal = np.ascontiguousarray(goal.T)  # class by class: long rows add up faster
        self._least = entropy(goal)

    def __call__(self, scores: Outputs) -> float:
        """Of scores (rows, classes)."""
        columns = np.ascontiguousarray(scores.T, np.float64)
        if self._alone:
            losses = np.logaddexp(0.0, columns[0]) - self._goal[0] * columns[0]
            return float(losses.mean()) - self._least
        columns = columns - columns.max(axis=0)
        said = float((self._goal * columns).sum())
        total = np.exp(columns, out=columns).sum(axis=0)
        return (float(np.log(total).sum()) - said) / len(total) - self._least


def squared(outputs: Outputs, goal: FloatArray, spread: FloatArray) -> tuple[float, Outputs]:
    """Mean square of (outputs - goal) / spread over rows and outputs, and the gradient."""
    scaled = (outputs - goal) / spread
    return float(np.mean(scaled * scaled)), 2.0 * scaled / (spread * scaled.size)
