"""Joint tuning of a design's constants."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import classes, program, values
from scipy.special import log_softmax

from symtick.expr import from_programs
from symtick.search.data.objective import cross_entropy, entropy, softmax, squared
from symtick.search.data.problem import Problem
from symtick.search.designs.joint_fit import JointFit

pytestmark = pytest.mark.kernel


def polisher(problem: Problem) -> JointFit:
    rows = problem.train
    return JointFit(problem.real(rows), problem.goal[rows], problem.objective, problem.ranges)


def test_polish_lowers_the_joint_loss_and_keeps_the_forms() -> None:
    problem = classes()
    programs = [program(t) for t in ("0.5*x0 + 0.1*x1", "0.2 - 0.7*x1**2", "x0 - 0.3*x2 + 0.1")]
    better = polisher(problem).polish(programs, 50)
    losses = [
        problem.loss(from_programs(p, problem.input_names).evaluate(problem.real(rows)), rows)
        for p in (programs, better)
        for rows in (problem.train,)
    ]
    assert losses[1] < 0.7 * losses[0]
    for old, new in zip(programs, better, strict=True):
        np.testing.assert_array_equal(old.ops, new.ops)
        np.testing.assert_array_equal(old.args, new.args)


def test_polish_finds_known_constants() -> None:
    problem = values(1)
    (found,) = polisher(problem).polish([program("sin(2.5*x0 + 0.1) + 8.5")], 200)
    np.testing.assert_allclose(found.consts, [3.0, 0.0, 10.0], atol=0.05)


def test_undefined_results_are_refused() -> None:
    problem = values(1)
    # the best fit of this form wants a smaller offset, where the logarithm is undefined
    start = program("10.0 + log(x0 + 1.05)")
    (found,) = polisher(problem).polish([start], 50)
    assert found.consts[1] > 1.0


def test_nothing_to_tune() -> None:
    plain = program("x0 + x1")
    assert polisher(values(1)).polish([plain], 10) == (plain,)


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


def test_squares_and_their_gradient() -> None:
    rng = np.random.default_rng(0)
    outputs, goal, spread = rng.normal(size=(6, 2)), rng.normal(size=(6, 2)), np.array([1.0, 9.0])
    loss, slope = squared(outputs, goal, spread)
    assert loss == pytest.approx((((outputs - goal) / spread) ** 2).mean())
    step = np.zeros_like(outputs)
    step[3, 1] = 1e-6
    change = squared(outputs + step, goal, spread)[0] - squared(outputs - step, goal, spread)[0]
    assert slope[3, 1] == pytest.approx(change / 2e-6)
