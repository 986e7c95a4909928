"""Weights of rows: training rows are drawn by them, so that every search fits weighted losses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symtick.search.data.dataset import FloatArray


def drawn_by_weight(weights: FloatArray, seed: int) -> npt.NDArray[np.intp]:
    """As many rows as there are, each in proportion to its weight: systematic resampling.

    Equally spaced points, all moved by one random number, are looked up in the cumulated weights
    of the rows in random order (Kitagawa, Journal of Computational and Graphical Statistics 5
    (1996) 1). A row of `w` times the mean weight comes `w` times, rounded up or down; equal weights
    give every row once. Sums over the rows have the expectation of weighted sums.

    Args:
        weights: (rows,), none negative, not all 0.
        seed: of that number and order.

    Returns:
        Row numbers, ascending, (rows,).
    """
    count, rng = len(weights), np.random.default_rng([seed, 17])
    order = rng.permutation(count)  # weights that come in periods would meet the points' own
    ends = np.cumsum(weights[order] / weights.sum()) * count
    points = np.arange(count) + rng.random()
    places = np.minimum(np.searchsorted(ends, points, side="right"), count - 1)
    return np.sort(order[places])
