"""A law and a quick search for it, shared by the regressor's tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from symtick import SymbolicRegressor


def law(rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """2.5*x0*x1 - x2 without noise."""
    X = np.random.default_rng(0).uniform(0.5, 2.0, size=(rows, 3))
    return X, 2.5 * X[:, 0] * X[:, 1] - X[:, 2]


def noisy(rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """The same with noise of 0.3."""
    X, y = law(rows)
    return X, y + np.random.default_rng(4).normal(0.0, 0.3, rows)


def quick(**parameters: Any) -> SymbolicRegressor:
    given = {"max_nodes": 15, "evaluations": 1500} | parameters
    return SymbolicRegressor(**given)
