"""The joint model: its fit, its expression, its cuts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from distill_samples import FORMATS, classes, inputs, program, values
from scipy.optimize import minimize

from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.data.quadratic import FitRows
from symtick.search.joint.cuts import Prices, cuts
from symtick.search.joint.model import JointModel, ModelFit, fitted
from symtick.search.joint.trees import Tree, read

pytestmark = pytest.mark.kernel
NAMES = ("x0", "x1", "x2", "x3")
PRICES = Prices(SearchCost.unit(4), 2.0, 1.0)


def trees(*texts: str) -> tuple[Tree, ...]:
    return tuple(read(program(t)) for t in texts)


def model() -> JointModel:
    weights = np.array([[3.0, 0.0, -1.0], [0.0, 4.0, 0.5], [1.0, 0.0, 2.0]])
    terms = trees("tanh(2.0*x0 + x3*x1)", "exp(-(2.0*x1)**2)", "x2")
    return JointModel(terms, weights, np.array([0.1, -2.0, 0.0]))


def rows_of(problem: Problem) -> FitRows:
    rows = problem.train
    return FitRows(problem, problem.real(rows), problem.goal[rows])


def two_classes() -> Problem:
    X = inputs()
    return Problem.from_scores(X, 4.0 * X[:, :1] - 2.0 * X[:, 1:2] ** 2, FORMATS)


def model_of(outputs: int) -> JointModel:
    whole = model()
    return JointModel(whole.terms, whole.weights[:, :outputs], whole.bias[:outputs])


PROBLEMS = [(classes, 3), (two_classes, 1), (values, 2), (lambda: values(1), 1)]


def test_the_expression_computes_the_outputs_and_shares_the_terms() -> None:
    made, X = model(), inputs(40)
    expression = made.expression(NAMES)
    np.testing.assert_allclose(expression.evaluate(X), made.outputs(X), rtol=1e-7)
    assert sum(n.op.name == "TANH" for n in expression.nodes) == 1
    again = JointModel.from_dict(made.to_dict())
    assert again.terms == made.terms
    np.testing.assert_array_equal(again.outputs(X), made.outputs(X))


def test_a_term_joins_and_leaves_with_its_mean() -> None:
    made, X = model(), inputs(300)
    (term,) = trees("x0*x1")
    mean = float((X[:, 0] * X[:, 1]).mean())
    more = made.joined(term, np.array([1.0, 0.0, -2.0]), mean)
    np.testing.assert_allclose(
        more.outputs(X) - made.outputs(X),
        np.outer(X[:, 0] * X[:, 1] - mean, [1.0, 0.0, -2.0]),
        atol=1e-12,
    )
    np.testing.assert_allclose(more.without(3, mean).outputs(X), made.outputs(X), atol=1e-12)


def test_the_fit_lowers_the_joint_loss_and_keeps_zeros() -> None:
    problem = classes()
    rough = JointModel(trees("tanh(x0)", "exp(-(x1)**2)", "x2"), model().weights, np.zeros(3))
    better = fitted(rough, rows_of(problem), 10)
    rows = problem.train
    losses = [problem.loss(m.outputs(problem.real(rows)), rows) for m in (rough, better)]
    assert losses[1] < 0.5 * losses[0]
    np.testing.assert_array_equal(better.weights == 0.0, rough.weights == 0.0)


def test_the_fit_finds_known_constants_in_any_unit() -> None:
    problem = values(1)  # sin(3 x0) + 10
    rough = JointModel(trees("sin(2.5*x0 + 0.1)"), np.array([[0.3]]), np.array([8.5]))
    better = fitted(rough, rows_of(problem), 20)
    np.testing.assert_allclose(better.bias, 10.0, atol=0.05)
    np.testing.assert_allclose(better.weights, 1.0, atol=0.05)


@pytest.mark.parametrize(("make", "outputs"), PROBLEMS)
def test_the_slope_is_that_of_differences(make: Callable[[], Problem], outputs: int) -> None:
    fit = ModelFit(model_of(outputs), rows_of(make()))
    start = fit.start
    at = fit.expanded(start)
    assert at.loss == pytest.approx(fit.loss(start), rel=1e-12)
    for p, unit in enumerate(np.eye(len(start))):
        ends = [fit.loss(start + side * unit) for side in (1e-5, -1e-5)]
        assert at.slope[p] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize(("make", "outputs"), PROBLEMS)
def test_the_curvature_of_weights_and_biases_is_that_of_differences(
    make: Callable[[], Problem], outputs: int
) -> None:
    fit = ModelFit(model_of(outputs), rows_of(make()))
    start, step = fit.start, 1e-4
    at = fit.expanded(start).curvature
    np.testing.assert_allclose(at, at.T, rtol=1e-5, atol=1e-9)
    linear = range(len(start) - outputs - np.count_nonzero(model_of(outputs).weights), len(start))
    for p in linear:
        ends = [fit.expanded(start + side * step * np.eye(len(start))[p]) for side in (1, -1)]
        found = (ends[0].slope - ends[1].slope) / (2.0 * step)
        np.testing.assert_allclose(at[p, linear], found[linear], rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(("make", "outputs"), PROBLEMS)
def test_the_fit_ends_no_higher_than_l_bfgs(make: Callable[[], Problem], outputs: int) -> None:
    rows = rows_of(make())
    rng = np.random.default_rng(7)
    for _ in range(3):
        start = model_of(outputs)
        moved = rng.normal(1.0, 0.3, start.weights.shape)
        start = JointModel(start.terms, start.weights * moved, rows.goal.mean(axis=0))
        fit = ModelFit(start, rows)
        other = minimize(
            lambda x, f=fit: (f.loss(x), f.expanded(x).slope), fit.start, jac=True,
            method="L-BFGS-B", options={"maxiter": 60, "maxcor": 20},
        )  # fmt: skip
        better = fitted(start, rows, 20)
        before, after = (rows.loss(m.outputs(rows.X)) for m in (start, better))
        assert after < before
        assert after - rows.least <= 1.02 * (other.fun - rows.least)


def test_the_unit_of_an_output_changes_nothing() -> None:
    X = inputs()
    goal = np.stack([np.sin(3.0 * X[:, 0]) + 0.1 * X[:, 3], X[:, 1] * X[:, 2]], axis=1)
    units = np.array([2.0**20, 2.0**-20])
    made = []
    for unit in (np.ones(2), units):
        rows = rows_of(Problem.from_scores(X, goal * unit, FORMATS, kind="values"))
        terms = trees("sin(2.5*x0 + 0.1)", "x1*x2 + 0.2*x1")
        start = JointModel(terms, np.array([[0.3, 0.1], [0.1, 0.5]]) * unit, np.ones(2) * unit)
        made.append(fitted(start, rows, 3))
    assert made[0].terms == made[1].terms
    np.testing.assert_array_equal(made[0].weights * units, made[1].weights)


def test_a_fit_of_what_is_not_finite_is_none() -> None:
    rows = rows_of(values(1))
    start = JointModel(trees("log(x0*0.0 - 1.0 + x1)"), np.ones((1, 1)), np.zeros(1))
    assert fitted(start, rows, 5) is start
    root = JointModel(trees("sqrt(abs(x0) + 0.0)"), np.ones((1, 1)), np.zeros(1))
    better = fitted(root, rows, 5)
    assert rows.loss(better.outputs(rows.X)) < rows.loss(root.outputs(rows.X))


def test_cuts_lose_what_they_say_and_save_what_they_cost() -> None:
    problem = classes()
    rows = slice(0, 500)
    X, goal = problem.real(rows), problem.goal[rows]

    def loss(outputs: np.ndarray) -> float:
        return problem.objective(outputs, goal)[0]

    made = fitted(model(), rows_of(problem), 10)
    base = loss(made.outputs(X))
    found = cuts(made, X, loss, PRICES)
    for cut in found:
        assert loss(cut.model.outputs(X)) - base == pytest.approx(cut.lost, abs=1e-12)
        saved = PRICES.whole(made) - PRICES.whole(cut.model)
        assert saved == pytest.approx(cut.saved) and saved > 0.0
    rates = [max(c.lost, 0.0) / c.saved for c in found]
    assert rates == sorted(rates)
    readouts = [c for c in found if c.model.terms == made.terms]
    assert len(readouts) == made.readouts
    assert sum(len(c.model.terms) == 2 for c in found) == 3


def test_a_part_that_overflows_has_no_mean_to_be_replaced_by() -> None:
    X = np.linspace(-1.0, 1.0, 200).reshape(50, 4)
    over = JointModel(trees("tanh(exp(x0*2000.0)*x1)"), np.ones((1, 1)), np.zeros(1))
    found = cuts(over, X, lambda outputs: float(np.square(outputs).mean()), PRICES)
    assert found and all(np.isfinite(c.model.outputs(X)).all() for c in found)


def test_what_says_nothing_goes_first() -> None:
    problem = values(1)
    terms = trees("sin(3.0*x0)", "tanh(x1)*x2")
    made = JointModel(terms, np.array([[1.0], [1e-6]]), np.array([10.0]))
    rows = slice(0, 500)
    goal = problem.goal[rows]
    found = cuts(made, problem.real(rows), lambda o: problem.objective(o, goal)[0], PRICES)
    assert found[0].model.terms[0] == terms[0] and found[0].lost < 1e-6
