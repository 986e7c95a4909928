"""Small problems for the tests of the shortening of formulas."""

from __future__ import annotations

import numpy as np

from symtick.codegen import Fixed
from symtick.search.data.problem import Problem
from symtick.search.data.quadratic import FitRows

NAMES = ("x0", "x1", "x2")
FORMATS = (Fixed(10, 8),) * 3


def inputs(count: int = 400, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (count, 3))


def rows_of(goal: np.ndarray, kind: str) -> FitRows:
    X = inputs(len(goal))
    problem = Problem.from_scores(X, goal, FORMATS, kind=kind)  # type: ignore[arg-type]
    part = problem.train
    return FitRows(problem, problem.real(part), problem.goal[part])
