"""The joint model: its fit, its expression, its cuts."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import classes, inputs, program, values

from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.joint.cuts import Prices, cuts
from symtick.search.joint.model import JointFit, JointModel
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


def fit(problem: Problem) -> JointFit:
    rows = problem.train
    return JointFit(problem.real(rows), problem.goal[rows], problem.objective, problem.spread)


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
    fitted = fit(problem).fitted(rough, 100)
    rows = problem.train
    losses = [problem.loss(m.outputs(problem.real(rows)), rows) for m in (rough, fitted)]
    assert losses[1] < 0.5 * losses[0]
    np.testing.assert_array_equal(fitted.weights == 0.0, rough.weights == 0.0)


def test_the_fit_finds_known_constants_in_any_unit() -> None:
    problem = values(1)  # sin(3 x0) + 10
    rough = JointModel(trees("sin(2.5*x0 + 0.1)"), np.array([[0.3]]), np.array([8.5]))
    fitted = fit(problem).fitted(rough, 200)
    np.testing.assert_allclose(fitted.bias, 10.0, atol=0.05)
    np.testing.assert_allclose(fitted.weights, 1.0, atol=0.05)


def test_cuts_lose_what_they_say_and_save_what_they_cost() -> None:
    problem = classes()
    rows = slice(0, 500)
    X, goal = problem.real(rows), problem.goal[rows]

    def loss(outputs: np.ndarray) -> float:
        return problem.objective(outputs, goal)[0]

    made = fit(problem).fitted(model(), 60)
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


def test_what_says_nothing_goes_first() -> None:
    problem = values(1)
    terms = trees("sin(3.0*x0)", "tanh(x1)*x2")
    made = JointModel(terms, np.array([[1.0], [1e-6]]), np.array([10.0]))
    rows = slice(0, 500)
    goal = problem.goal[rows]
    found = cuts(made, problem.real(rows), lambda o: problem.objective(o, goal)[0], PRICES)
    assert found[0].model.terms[0] == terms[0] and found[0].lost < 1e-6
