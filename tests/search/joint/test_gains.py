"""What terms would take from the joint loss, against the loss itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from distill_samples import FORMATS, classes, inputs, values
from scipy.optimize import minimize

from symtick.search.data.problem import Problem
from symtick.search.joint.gains import Slope, steps

ROWS = slice(0, 400)


def two_classes() -> Problem:
    X = inputs()
    return Problem.from_scores(X, 4.0 * X[:, :1] - 2.0 * X[:, 1:2] ** 2, FORMATS)


def terms(problem: Problem) -> np.ndarray:
    X = problem.real(ROWS)
    rows = np.stack([X[:, 0], X[:, 1] * X[:, 2], np.tanh(3.0 * X[:, 3]), X[:, 1] ** 2])
    return rows - rows.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("make", [classes, two_classes, values, lambda: values(1)])
def test_gains_are_those_of_the_loss(make: Callable[[], Problem]) -> None:
    problem = make()
    goal, U = problem.goal[ROWS], terms(problem)
    level = problem.targets[problem.train].mean(axis=0)
    outputs = np.repeat(level[None], len(goal), axis=0)
    found = steps(U, Slope.of(problem, outputs, goal))
    base = problem.objective(outputs, goal)[0]
    count = goal.shape[1]
    for j, row in enumerate(U):
        # a small part of the step takes the loss along its slope: the step's gain is half of that
        weights = found.weights(j, count)
        small = 1e-4
        moved = problem.objective(outputs + small * np.outer(row, weights), goal)[0]
        assert (base - moved) / small == pytest.approx(2.0 * found.gain[j, -1], rel=2e-3, abs=1e-9)
        for size in range(1, count + 1):
            assert np.count_nonzero(found.weights(j, size)) == size
        assert (np.diff(found.gain[j]) >= -1e-12).all()
        if problem.kind == "values":
            best = problem.objective(outputs + np.outer(row, weights), goal)[0]
            assert base - best == pytest.approx(found.gain[j, -1], rel=1e-2, abs=1e-9)


def test_the_best_term_of_classes_is_the_best_by_a_full_fit() -> None:
    problem = classes()
    goal, U = problem.goal[ROWS], terms(problem)
    start = np.zeros((len(goal), 3))
    gain = steps(U, Slope.of(problem, start, goal)).gain[:, -1]

    def left(row: np.ndarray) -> float:
        fit = minimize(lambda w: problem.objective(start + np.outer(row, w), goal)[0], np.zeros(3))
        return float(fit.fun)

    fitted = [left(row) for row in U]
    assert int(np.argmax(gain)) == int(np.argmin(fitted))


def test_a_working_residual_is_what_a_term_has_to_be() -> None:
    problem = values()
    goal = problem.targets[ROWS]
    slope = Slope.of(problem, np.zeros_like(goal), goal)
    for k, spread in enumerate(problem.spread):
        direction = np.zeros(2)
        direction[k] = spread
        target, weights = slope.working(direction)
        np.testing.assert_allclose(target * spread, goal[:, k], rtol=1e-12)
        assert np.ptp(weights) == 0.0
    drawn = slope.direction(np.random.default_rng(0), problem.spread)
    assert np.abs(drawn / problem.spread).max() == pytest.approx(1.0)


def test_steps_do_not_depend_on_the_units_of_values() -> None:
    problem = values()
    U, goal = terms(problem), problem.targets[ROWS]
    X = inputs()
    scaled = np.stack([np.sin(3.0 * X[:, 0]) + 10.0, 1e5 * X[:, 1] * X[:, 2]], axis=1)
    other = Problem.from_scores(X, scaled, FORMATS, kind="values")
    found = [
        steps(U, Slope.of(p, np.zeros_like(goal), p.targets[ROWS])).gain for p in (problem, other)
    ]
    np.testing.assert_allclose(*found, rtol=1e-9)


@pytest.mark.parametrize("score", [1e9, 40.0])
def test_outputs_that_are_certain_have_finite_steps(score: float) -> None:
    problem = classes()
    goal, U = problem.goal[ROWS], terms(problem)
    outputs = np.zeros((len(goal), 3))
    outputs[:, 0] = score
    slope = Slope.of(problem, outputs, goal)
    for direction in (np.array([1.0, -1.0, 0.0]), np.ones(3)):
        target, weights = slope.working(direction)
        assert np.isfinite(target).all()
        assert (weights > 0.0).all()
    found = steps(U, slope)
    assert np.isfinite(found.gain).all()
    assert np.isfinite(found.weights(0, 3)).all()
