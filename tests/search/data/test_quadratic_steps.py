"""Levenberg-Marquardt steps against scipy, on parameters of any model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from symtick.search.data.quadratic import Quadratic, descended


def residuals(point: np.ndarray) -> np.ndarray:
    """Rosenbrock's valley, and a parameter that nothing reads."""
    return np.array([10.0 * (point[1] - point[0] ** 2), 1.0 - point[0]])


def jacobian(point: np.ndarray) -> np.ndarray:
    return np.array([[-20.0 * point[0], 10.0, 0.0], [-1.0, 0.0, 0.0]])


def loss(point: np.ndarray) -> float:
    return float(np.square(residuals(point)).sum())


def expanded(point: np.ndarray) -> Quadratic:
    J = jacobian(point)
    return Quadratic(loss(point), 2.0 * J.T @ residuals(point), 2.0 * J.T @ J)


START = np.array([-1.2, 1.0, 7.0])
FREE = np.ones(3, bool)


def test_the_steps_end_where_least_squares_does() -> None:
    point, _ = descended(START, loss, expanded, FREE, 200)
    wanted = least_squares(residuals, START, jacobian).x
    np.testing.assert_allclose(point, wanted, atol=1e-6)
    assert point[2] == START[2]


def test_the_loss_falls_with_every_step_and_what_is_not_free_stays() -> None:
    losses = [loss(descended(START, loss, expanded, FREE, k)[0]) for k in range(8)]
    assert losses == sorted(losses, reverse=True) and losses[0] == loss(START)
    point, _ = descended(START, loss, expanded, np.array([True, False, True]), 50)
    assert point[1] == START[1] and loss(point) < loss(START)


def test_steps_end_early_where_they_come_not_near_what_is_of_use() -> None:
    point, at = descended(START, loss, expanded, FREE, 50, enough=-1e9)
    assert at is None and loss(point) == loss(descended(START, loss, expanded, FREE, 1)[0])
    point, at = descended(START, lambda _: np.inf, expanded, FREE, 5)
    assert point is START and at is not None and at.loss == loss(START)


def test_a_floor_holds_parameters_of_little_curvature() -> None:
    def weak(point: np.ndarray) -> Quadratic:
        return Quadratic(1.0, np.array([1e-6]), np.array([[1e-9]]), floor)

    moved = []
    for least in (1e-30, 1.0):
        floor = np.array([least])
        moved.append(descended(np.zeros(1), lambda _: 0.0, weak, np.ones(1, bool), 1)[0][0])
    assert moved[0] == pytest.approx(-1e3, rel=1e-3)
    assert abs(moved[1]) < 0.02
