"""Preparation of data before a search: choosing features, removing noise, drawing rows.

All of it is seeded; nothing depends on threads. A search itself scores candidates on a random
subset of `EngineConfig.screen_rows` rows and settles the archive on all of them, so that large data
needs no drawing here; `drawn` is for the models below, whose cost grows faster than the rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from threadpoolctl import threadpool_limits

from symtick.errors import InputError

Floats = npt.NDArray[np.float64]

FOREST_ROWS = 5_000
NOISE_ROWS = 1_000
_PREDICTED_AT_ONCE = 10_000


def drawn(rows: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    """Numbers of at most `most` of `rows` rows, drawn without repeats, ascending."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, 11]).choice(rows, most, replace=False))


def select_features(
    X: Floats, y: Floats, count: int, *, seed: int = 0, weights: Floats | None = None
) -> tuple[int, ...]:
    """The `count` features that a random forest relies on most, ascending.

    Importance is the forest's mean decrease in impurity (Breiman, Machine Learning 45 (2001) 5),
    over 100 trees on at most `FOREST_ROWS` rows; of equally important features the first stay.
    PySR chooses its features in the same way.

    Args:
        X: shape (rows, features).
        y: shape (rows,) or (rows, outputs); several outputs share one choice.
        count: features to keep.
        seed: of the forest.
        weights: shape (rows,), or None.

    Raises:
        InputError: `count` is not from 1 to the number of features.
    """
    features = X.shape[1]
    if not 1 <= count <= features:
        raise InputError(f"select_k_features must be from 1 to {features}, not {count!r}")
    if count == features:
        return tuple(range(features))
    rows = drawn(len(X), FOREST_ROWS, seed)
    forest = RandomForestRegressor(
        n_estimators=100, min_samples_leaf=min(5, max(1, len(rows) // 20)), random_state=seed
    )
    forest.fit(X[rows], y[rows], sample_weight=None if weights is None else weights[rows])
    order = np.argsort(-forest.feature_importances_, kind="stable")
    return tuple(sorted(order[:count].tolist()))


def denoised(X: Floats, y: Floats, *, seed: int = 0) -> Floats:
    """The target without its noise: the mean of a Gaussian process at every row.

    The kernel is a constant times a radial basis function with a length per feature, plus white
    noise (Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), 2.2 and 5.1);
    its parameters maximise the marginal likelihood on at most `NOISE_ROWS` rows. Features are
    scaled to unit spread first.

    Args:
        X: shape (rows, features).
        y: shape (rows,).
        seed: of the rows and of the restarts.

    Returns:
        Shape (rows,).
    """
    spread = X.std(axis=0)
    scaled = (X - X.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    rows = drawn(len(X), NOISE_ROWS, seed)
    kernel = ConstantKernel(1.0) * RBF(np.ones(X.shape[1]), (1e-2, 1e3)) + WhiteKernel(0.1)
    process = GaussianProcessRegressor(
        kernel=kernel, normalize_y=True, n_restarts_optimizer=1, random_state=seed
    )
    # one thread, so that sums have one order
    with threadpool_limits(1), warnings.catch_warnings():
        # a length at its bound is a feature that does not matter
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(scaled[rows], y[rows])
        parts: Sequence[Floats] = [
            process.predict(scaled[k : k + _PREDICTED_AT_ONCE])
            for k in range(0, len(scaled), _PREDICTED_AT_ONCE)
        ]
    return np.concatenate(parts)
