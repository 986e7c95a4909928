"""What designs are chosen by: accuracy, area under the ROC curve, or efficiency of a trigger.

The discriminant of a set of signal classes is the log-odds of their probability. An efficiency is
that of the lowest threshold on it that lets no more than the stated share of the background
through; rows of equal score pass together, as in hardware.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import logsumexp

from symtick.errors import InputError
from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.data.metrics import accuracy

GoalName = Literal["accuracy", "auc", "efficiency"]


@dataclass(frozen=True)
class Goal:
    """A figure from 0 to 1 for class scores.

    Attributes:
        name: accuracy, the area under the ROC curve, or signal efficiency.
        signal: numbers of the classes that are signal; the others are background. For `auc` none
            means the mean over the classes, each against the rest.
        background: for `efficiency`, the largest share of the background that may pass.
    """

    name: GoalName = "accuracy"
    signal: tuple[int, ...] = ()
    background: float | None = None

    def value(
        self, scores: FloatArray, labels: IntArray, weights: FloatArray | None = None
    ) -> float:
        """The figure for scores (rows, outputs), labels (rows,) and weights (rows,).

        Raises:
            InputError: the rows hold no signal or no background, or no class with both.
        """
        if self.name == "accuracy":
            return accuracy(scores, labels, weights)
        if self.name == "auc" and not self.signal and scores.shape[1] > 1:
            values = [
                _area(discriminant(scores, (k,)), labels == k, weights)
                for k in range(scores.shape[1])
                if 0 < np.count_nonzero(labels == k) < len(labels)
            ]
            if not values:
                raise InputError("the rows are of one class: an area under the ROC needs two")
            return float(np.mean(values))
        signal = self.signal or (1,)
        truth = np.isin(labels, signal)
        if truth.all() or not truth.any():
            raise InputError(f"the rows hold no {'background' if truth.all() else 'signal'}")
        found = discriminant(scores, signal)
        if self.name == "auc":
            return _area(found, truth, weights)
        assert self.background is not None  # an efficiency has one
        return efficiency(found, truth, self.background, weights)


def discriminant(scores: FloatArray, signal: tuple[int, ...]) -> FloatArray:
    """Log-odds of the signal classes' probability, (rows,); of one column for class 1, its sign."""
    if scores.shape[1] == 1:
        return scores[:, 0] if signal == (1,) else -scores[:, 0]
    rest = [k for k in range(scores.shape[1]) if k not in signal]
    inside: FloatArray = logsumexp(scores[:, list(signal)], axis=1)
    return np.asarray(inside - logsumexp(scores[:, rest], axis=1))


def _area(found: FloatArray, truth: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
          weights: FloatArray | None) -> float:  # fmt: skip
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, found, sample_weight=weights))


def efficiency(
    found: FloatArray,
    truth: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    background: float,
    weights: FloatArray | None = None,
) -> float:
    """Share of the signal above the lowest threshold that passes that share of the background.

    Args:
        found: discriminant, (rows,).
        truth: whether each row is signal.
        background: the largest share of the background that may pass.
        weights: of the rows.
    """
    own = np.ones(len(found)) if weights is None else weights
    order = np.argsort(-found, kind="stable")
    value, signal, weight = found[order], truth[order], own[order]
    passed = np.cumsum(np.where(signal, weight, 0.0))
    leaked = np.cumsum(np.where(signal, 0.0, weight))
    last = np.append(value[1:] != value[:-1], True)  # of rows of equal score
    allowed = last & (leaked <= background * leaked[-1])
    return float(passed[allowed][-1] / passed[-1]) if allowed.any() else 0.0
