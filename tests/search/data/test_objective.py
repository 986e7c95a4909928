"""Losses over a matrix of outputs, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from symtick.search.data.objective import (
    CALIBRATION,
    SHARPNESS,
    Divergence,
    choice,
    cross_entropy,
    entropy,
    least_choice,
    row_choices,
    row_divergences,
    softmax,
    squared,
)


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_cross_entropy_and_its_gradient(columns: int) -> None:
    rng = np.random.default_rng(columns)
    scores, goal = rng.normal(size=(7, columns)), softmax(rng.normal(size=(7, columns)))
    loss, slope = cross_entropy(scores, goal)
    if columns == 1:
        both = np.concatenate([scores, np.zeros_like(scores)], axis=1)
        chance = np.concatenate([goal, 1 - goal], axis=1)
    else:
        both, chance = scores, goal
    assert loss == pytest.approx(-(chance * log_softmax(both, axis=1)).sum() / 7)
    for place in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[place] = 1e-6
        change = cross_entropy(scores + step, goal)[0] - cross_entropy(scores - step, goal)[0]
        assert slope[place] == pytest.approx(change / 2e-6, abs=1e-8)
    logits = np.log(goal) if columns > 1 else np.log(goal / (1 - goal))
    assert cross_entropy(logits, goal)[0] == pytest.approx(entropy(goal))


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_choice_and_its_gradient(columns: int) -> None:
    rng = np.random.default_rng(columns)
    scores, goal = rng.normal(size=(7, columns)), softmax(rng.normal(size=(7, columns)))
    loss, slope = choice(scores, goal)
    drawn = softmax(SHARPNESS * scores)
    hits = goal * drawn + (1 - goal) * (1 - drawn) if columns == 1 else goal * drawn
    wrong = 1.0 - hits.sum(axis=1).mean()
    crossed = cross_entropy(scores, goal)[0]
    assert loss == pytest.approx(CALIBRATION * crossed + (1.0 - CALIBRATION) * wrong)
    assert loss == pytest.approx(row_choices(scores, goal).mean())
    for place in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[place] = 1e-6
        change = choice(scores + step, goal)[0] - choice(scores - step, goal)[0]
        assert slope[place] == pytest.approx(change / 2e-6, abs=1e-8)


def test_a_choice_is_worth_the_accuracy_that_the_goal_expects() -> None:
    rng = np.random.default_rng(0)
    goal = softmax(2.0 * rng.normal(size=(400, 4)))
    scores = 60.0 * rng.normal(size=goal.shape)  # so far apart that nothing is left to chance
    expected = goal[np.arange(400), scores.argmax(axis=1)].mean()
    crossed = cross_entropy(scores, goal)[0]
    wrong = (choice(scores, goal)[0] - CALIBRATION * crossed) / (1.0 - CALIBRATION)
    assert 1.0 - wrong == pytest.approx(expected, abs=2e-3)
    best = choice(10.0 * np.log(goal), goal)[0]
    assert least_choice(goal) < best < choice(scores, goal)[0]


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_divergence_from_one_goal(columns: int) -> None:
    rng = np.random.default_rng(columns)
    goal = softmax(rng.normal(size=(9, columns)))
    goal[0] = np.eye(columns)[0]
    judge = Divergence(goal)
    for size in (0.1, 3.0, 800.0):
        scores = size * rng.normal(size=(9, columns))
        before = scores.copy()
        assert judge(scores) == pytest.approx(row_divergences(scores, goal).mean(), rel=1e-12)
        assert judge(scores) == pytest.approx(cross_entropy(scores, goal)[0] - entropy(goal))
        np.testing.assert_array_equal(scores, before)


def test_squares_and_their_gradient() -> None:
    rng = np.random.default_rng(0)
    outputs, goal, spread = rng.normal(size=(6, 2)), rng.normal(size=(6, 2)), np.array([1.0, 9.0])
    loss, slope = squared(outputs, goal, spread)
    assert loss == pytest.approx((((outputs - goal) / spread) ** 2).mean())
    step = np.zeros_like(outputs)
    step[3, 1] = 1e-6
    change = squared(outputs + step, goal, spread)[0] - squared(outputs - step, goal, spread)[0]
    assert slope[3, 1] == pytest.approx(change / 2e-6)
