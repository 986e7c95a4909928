"""What a user should know of data that are accepted: `SymtickWarning`s, one for each oddity."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from symtick.errors import SymtickWarning
from symtick.search.data.dataset import FloatArray
from symtick.search.data.goals import Goal
from symtick.search.data.metrics import predicted_classes

FEW = 40  # validation rows under which a score is hardly known
_FAR = 1e6  # times the range of a feature's middle half from its median: no measurement
_RARE = 2  # rows of a class under which it can be in one part alone
PASSING = 10  # background rows that pass, under which an efficiency is hardly known
_ORDERED = 100  # classes, above which no other order is looked for
_BETTER, _GOOD = 0.2, 0.6  # mean recall that another order must add, and reach
_SHOWN = 8  # names in a message


def warn_of_oddities(
    X: FloatArray,
    names: Sequence[str],
    labels: npt.NDArray[np.integer] | None,
    classes: Sequence[str],
    validation: float,
) -> None:
    """Warn of constant features, values far outside, tiny classes and few validation rows.

    Args:
        X: training rows (n, features) in the user's units.
        names: of the features.
        labels: class numbers (n,), where they are known.
        classes: names of the classes; empty for a regression.
        validation: share of the rows that is held out.
    """
    texts = [*_constant(X, names), *_outliers(X, names)]
    if labels is not None:
        texts += _rare(labels, classes)
    texts += _few(round(validation * len(X)), bool(classes))
    for text in texts:
        warnings.warn(text, SymtickWarning, stacklevel=3)


def warn_of_other_order(
    scores: FloatArray, labels: npt.NDArray[np.integer], classes: Sequence[str], remedy: str
) -> None:
    """Warn where a teacher's outputs fit the labels far better in another order of the classes.

    Args:
        scores: what the teacher says of the training rows, (rows, classes), or one column.
        labels: class numbers (rows,).
        classes: names of the classes.
        remedy: what to do then.
    """
    if len(classes) > _ORDERED:
        return
    found = predicted_classes(scores)
    met = np.zeros((len(classes), len(classes)))
    np.add.at(met, (found, labels), 1.0 / len(labels))
    share = met.sum(axis=0)
    recall = met / np.where(share > 0.0, share, 1.0) / np.count_nonzero(share)
    outputs, meant = linear_sum_assignment(recall, maximize=True)
    gain, reached = recall[outputs, meant].sum() - np.trace(recall), recall[outputs, meant].sum()
    if gain > _BETTER and reached > _GOOD:
        right, best = np.trace(met), met[outputs, meant].sum()
        warnings.warn(
            f"the teacher's largest score is the label's in {100 * right:.0f} % of the training "
            f"rows, and would be in {100 * best:.0f} % if its outputs stood for "
            f"{_listed([classes[k] for k in meant])}: {remedy}",
            SymtickWarning,
            stacklevel=3,
        )


def warn_of_thin_background(goal: Goal, labels: npt.NDArray[np.integer]) -> None:
    """Warn where an efficiency's background is a few validation rows.

    Args:
        goal: what designs are chosen by.
        labels: of the validation rows.
    """
    if goal.name != "efficiency" or goal.background is None:
        return
    rows = np.count_nonzero(~np.isin(labels, goal.signal or (1,)))
    passing = goal.background * rows
    if passing < PASSING:
        warnings.warn(
            f"{goal.background:.3g} of the background is {passing:.1f} of its {rows} "
            "validation rows: the efficiency there is hardly known; give more background rows, or "
            "choose at a larger share",
            SymtickWarning,
            stacklevel=3,
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _constant(X: FloatArray, names: Sequence[str]) -> list[str]:
    same = [name for name, column in zip(names, X.T, strict=True) if column.min() == column.max()]
    if not same:
        return []
    return [f"{_listed(same)}: the same value in every training row, so that no design reads it"]


def _outliers(X: FloatArray, names: Sequence[str]) -> list[str]:
    texts = []
    low, middle, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    for name, column, a, m, b in zip(names, X.T, low, middle, high, strict=True):
        far = np.abs(column - m) > _FAR * (b - a)
        if b > a and far.any():
            worst = column[np.argmax(np.abs(column - m))]
            texts.append(
                f"{name}: {np.count_nonzero(far)} of {len(column)} values are as far out as "
                f"{worst:.3g}, where half of them lie from {a:.4g} to {b:.4g}: are they marks of "
                "missing values?"
            )
    return texts


def _rare(labels: npt.NDArray[np.integer], classes: Sequence[str]) -> list[str]:
    counts = np.bincount(labels, minlength=len(classes))
    rare = [f"{name} ({n})" for name, n in zip(classes, counts.tolist(), strict=True) if n < _RARE]
    if not rare:
        return []
    return [f"classes with hardly a training row: {_listed(rare)}; nothing can be learnt of them"]


def _few(rows: int, classes: bool) -> list[str]:
    if not 0 < rows < FEW:
        return []
    error = math.sqrt(0.25 / rows) if classes else math.sqrt(0.5 / rows)
    what = "an accuracy" if classes else "an RMSE"
    return [
        f"{rows} validation rows choose precision and design: {what} on them has a standard error "
        f"of {'up to' if classes else 'about'} {100 * error:.0f} %; give more rows, or a larger "
        "data.validation"
    ]
