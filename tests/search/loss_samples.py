"""Targets and a callable for the tests of losses and fits."""

from __future__ import annotations

import numpy as np

from symtick.search.kernel_api.losses import Floats


def target(loss: str, count: int, seed: int = 3) -> Floats:
    rng = np.random.default_rng(seed)
    if loss == "margin":
        return rng.choice([-1.0, 1.0], count)
    if loss == "cross_entropy":
        return np.where(rng.random(count) < 0.3, rng.integers(0, 2, count), rng.random(count))
    return 1.7 + rng.normal(size=count)


def quartic(prediction: Floats, goal: Floats, weights: Floats) -> float:
    return float(np.average((prediction - goal) ** 4, weights=weights))
