"""Noise that grows with the value: descriptions of equations under it.

The description of `search.parts.criterion` takes noise of one size for all rows. Where the noise is
a share of the value and the values range over decades, the mean square is that of the few largest
rows: functions are fitted to their noise, and a law that is right for all rows describes no more
than they do. Here the variance of a row is s**2 (r**2 F**2 + f**2), f the equation's value, F its
root mean square and r a ratio that is searched for; s has a closed form (a variance function by
maximum likelihood; Davidian and Carroll, J. Am. Stat. Assoc. 82 (1987) 1079). So that outliers are
not taken for it, it has to describe the data better than noise of one size does with the tails of
Laplace's or Cauchy's distribution, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from symtick.expr import Program
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.parts.criterion import FLOOR, Criterion
from symtick.search.parts.language import Floats

RATIOS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
GAIN = 0.5  # nats a row by which such noise must describe the data better
ROWS = 4_000  # that are looked at
LEAST = 20


def descriptions(
    programs: Sequence[Program], losses: Sequence[float], plain: Sequence[float], X: Floats,
    y: Floats, criterion: Criterion,
) -> list[float]:  # fmt: skip
    """Of each function the description, nats, under the noise that fits the best one better.

    Args:
        programs: the functions.
        losses: their mean squares.
        plain: their descriptions under noise of one size.
        X, y: (rows, features) and (rows,).
        criterion: of these.

    Returns:
        `plain`, or the descriptions under growing noise where the shortest of them is shorter by
        `GAIN` for each row.
    """
    exact = any(map(criterion.exact, losses))  # rounding is left, which grows with the value
    if not programs or exact or len(y) < LEAST or not all(map(math.isfinite, plain)):
        return list(plain)
    if len(y) > ROWS:  # in no order that the rows may have
        some = np.sort(np.random.default_rng(0).permutation(len(y))[:ROWS])
        X, y = X[some], y[some]
    grown, even = [], list(plain)
    for length, loss, found in zip(plain, losses, evaluate(list(programs), X), strict=True):
        values = np.asarray(found, np.float64)
        size = length - criterion.errors(loss)
        grown.append(size + _errors(values, y, criterion))
        even.append(size + _with_tails(y - values, criterion))
    better = min(grown) < min(even) - GAIN * criterion.rows
    return grown if better else list(plain)


def _with_tails(left: Floats, criterion: Criterion) -> float:
    """Length of what a function leaves, as noise of one size with longer tails than Gauss's."""
    sizes = np.abs(left)
    mean, median = float(sizes.mean()), float(np.median(sizes))
    if not 0.0 < median < math.inf:
        return -math.inf if median == 0.0 else math.inf  # exact but for some rows
    laplace = 1.0 + math.log(2.0 * mean)
    cauchy = math.log(math.pi * median) + float(np.log1p(np.square(sizes / median)).mean())
    gauss = 0.5 * (1.0 + math.log(2.0 * math.pi * criterion.scale))  # that `errors` leaves out
    return criterion.rows * (min(laplace, cauchy) - gauss)


def _errors(values: Floats, y: Floats, criterion: Criterion) -> float:
    """Length of what a function leaves, with the ratio as one constant more."""
    with np.errstate(all="ignore"):
        squares, left = np.square(values), np.square(y - values)
        mean = float(squares.mean())
        lengths = []
        for ratio in RATIOS:
            variances = ratio * ratio * mean + squares
            size = float(np.log(variances).mean() + np.log((left / variances).mean() + FLOOR))
            lengths.append(0.5 * criterion.rows * (size - math.log(criterion.scale)))
    best = min((length for length in lengths if math.isfinite(length)), default=math.inf)
    return best + 0.5 * math.log(criterion.rows)
