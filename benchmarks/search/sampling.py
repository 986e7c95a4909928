"""Points of a recovery problem, drawn by the rules of the literature's generator.

Its rules: a Mersenne twister seeded by the seed plus the Adler-32 sum of the problem's name; one
input after the other; points whose value is not finite or not under 100 in magnitude are refused
and drawn again, the new ones placed first; the test points follow from the same stream. So these
are the very points of Petersen et al. (ICLR 2021) and Mundhenk et al. (NeurIPS 2021), up to the
last bit of the values. Equally spaced points are all kept, whatever their value.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.search.problems import PointSpec, RecoveryProblem
from symtick.errors import InputError

LIMIT = 100.0
MAX_DRAWS = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """Noiseless points: X, shape (rows, inputs), and y, shape (rows,), to learn and to judge by."""

    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats


def sample(problem: RecoveryProblem, seed: int = 0) -> Sample:
    """The points of a problem; seed 0 gives those of the literature.

    Raises:
        InputError: the law is not defined on enough of the range.
    """
    rng = np.random.RandomState(seed + zlib.adler32(problem.key.encode()))
    X, y = _points(problem, problem.train, rng)
    X_test, y_test = _points(problem, problem.test or problem.train, rng)
    return Sample(X, y, X_test, y_test)


def values(problem: RecoveryProblem, X: Floats) -> Floats:
    """The problem's target at these points, shape (rows,)."""
    if problem.truth:
        return np.asarray(problem.law.evaluate(X)[:, 0], np.float64)
    # Neat-6: harmonic numbers of the integer inputs
    return np.array([sum(1.0 / k for k in range(1, round(x) + 1)) for x in X[:, 0]])


def _points(
    problem: RecoveryProblem, spec: PointSpec, rng: np.random.RandomState
) -> tuple[Floats, Floats]:
    count = len(problem.inputs)
    if spec.kind != "U":
        X = _grid(spec, count)
        return X, values(problem, X)
    X, y = np.empty((0, count)), np.empty(0)
    for _ in range(MAX_DRAWS):
        missing = int(spec.points) - len(y)
        if not missing:
            return X, y
        columns = [rng.uniform(spec.low, spec.high, missing) for _ in range(count)]
        fresh = np.column_stack(columns)
        targets = values(problem, fresh)
        keep = np.abs(targets) < LIMIT
        X, y = np.concatenate([fresh[keep], X]), np.concatenate([targets[keep], y])
    raise InputError(f"{problem.name} is hardly defined in [{spec.low:g}, {spec.high:g}]")


def _grid(spec: PointSpec, inputs: int) -> Floats:
    steps = spec.points - 1 if spec.kind == "N" else (spec.high - spec.low) / spec.points
    count = int(steps + 1e-9) + 1
    axis = np.linspace(spec.low, spec.high, count)
    mesh = np.meshgrid(*[axis] * inputs, indexing="ij")
    return np.stack([axis_values.ravel() for axis_values in mesh], axis=1)
