"""The second-order expansion against differences of the loss and against linear least squares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shortening_samples import NAMES, inputs, rows_of

from symtick.codegen import Fixed
from symtick.expr import Op, parse
from symtick.search.data.problem import Problem
from symtick.search.data.quadratic import FitRows
from symtick.search.shortening.fitting import expanded, fit, loss_of
from symtick.search.shortening.form import Form
from symtick.search.shortening.swaps import Swaps


def scores(X: np.ndarray, count: int) -> np.ndarray:
    made = [3.0 * X[:, 0] + X[:, 1], 2.0 * X[:, 2] - 1.0, np.tanh(4.0 * X[:, 1])]
    return np.stack(made[:count], axis=1)


@pytest.mark.parametrize(("kind", "count"), [("classes", 3), ("classes", 1), ("values", 2)])
def test_the_whitened_slopes_give_the_hessian_of_the_loss_by_the_outputs(
    kind: str, count: int
) -> None:
    rows = rows_of(scores(inputs(), count), kind)
    rng = np.random.default_rng(0)
    outputs = rng.standard_normal((len(rows.goal), count))
    moves = rng.standard_normal((2, count, len(rows.goal)))
    first, second = rows.whitened(outputs, moves)
    step = 1e-4

    def loss(a: float, b: float) -> float:
        return rows.problem.objective(outputs + a * moves[0].T + b * moves[1].T, rows.goal)[0]

    corners = sum(s * t * loss(s * step, t * step) for s in (1, -1) for t in (1, -1))
    assert float((first * second).sum()) == pytest.approx(corners / (4 * step**2), rel=1e-3)


@pytest.mark.parametrize(("kind", "count"), [("classes", 3), ("classes", 1), ("values", 2)])
def test_columns_are_whitened_slopes_over_their_sizes(kind: str, count: int) -> None:
    rows = rows_of(scores(inputs(), count), kind)
    rng = np.random.default_rng(1)
    outputs = rng.standard_normal((len(rows.goal), count))
    slopes = rng.standard_normal((11, count, len(rows.goal)))
    slopes *= 10.0 ** np.arange(-50, 60, 10).reshape(-1, 1, 1)  # beyond single precision
    slopes[3], places = 0.0, np.array([0, 2, 3, 5, 6, 7, 8, 9, 10])
    columns, sizes = rows.columns(outputs, slopes, places)
    assert columns.dtype == np.float32 and np.isfinite(columns).all()
    for column, size, place in zip(columns, sizes, places, strict=True):
        wanted = rows.whitened(outputs, slopes[place]).ravel()
        np.testing.assert_allclose(column * size, wanted, rtol=1e-4, atol=1e-6 * size)


def test_a_form_without_constants_is_left_alone() -> None:
    rows = rows_of(scores(inputs(), 2), "values")
    form = Form.of(parse(["2.0", "0.0"], NAMES))
    form.values[:] = 0.0
    form.plain[:] = True
    at = fit(form, rows, 5)
    assert at.loss == loss_of(form, rows)
    assert not at.curvature.any()
    assert not Swaps(form, rows, (Op.ABS,)).found()


@pytest.mark.parametrize("bits", [17, 30])
def test_units_of_inputs_change_nothing(bits: int) -> None:
    X = inputs()
    noise = 0.01 * np.random.default_rng(4).standard_normal(len(X))
    goal = X[:, 0] ** 2 * X[:, 1] ** 2 + 0.3 * X[:, 0] + noise
    found = []
    for unit in (1.0, 2.0**bits):
        code = Fixed(18, 17 - round(np.log2(unit)))
        problem = Problem.from_scores(unit * X, goal, (code,) * 3, kind="values")
        rows = FitRows(problem, problem.real(problem.train), problem.goal[problem.train])
        text = (
            f"{0.8 / unit**4!r}*square(x0)*square(x1) + {0.2 / unit!r}*x0 + {0.1 / unit**2!r}*x0*x2"
        )
        form = Form.of(parse([text], NAMES))
        at = fit(form, rows, 20)
        moves = Swaps(form, rows, (Op.ABS, Op.MAX)).found()
        found.append((at.loss, form.outputs, [m.loss for m in moves], [m.key for m in moves]))
    assert found[0] == found[1]
    assert found[0][0] < 0.01
    assert found[0][2]


def test_a_slope_that_is_infinite_in_some_row_counts_as_none() -> None:
    X = inputs(600)
    X[:20, 0] = 0.0
    problem = Problem.from_scores(X, np.sqrt(np.abs(X[:, 0])), (Fixed(8, 3),) * 3, kind="values")
    rows = FitRows(problem, problem.real(problem.train), problem.goal[problem.train])
    form = Form.of(parse(["1.5*sqrt(abs(0.7*x0)) + 0.1"], NAMES))
    at = expanded(form, rows)
    assert np.isfinite(at.slope).all() and np.isfinite(at.curvature).all()
    assert fit(form, rows, 10).loss < 0.5 * at.loss


@pytest.mark.parametrize(("kind", "most"), [("classes", 40.0), ("values", 200.0)])
def test_terms_that_cancel_each_other_shrink_as_the_hardware_rounds_them(
    kind: str, most: float
) -> None:
    X = inputs(600)
    rows = rows_of(2.0 * np.tanh(1.5 * X[:, :1] - X[:, 1:2]), kind)
    form = Form.of(parse(["400.0*tanh(1.5*x0 - x1) - 398.0*tanh(1.499*x0 - 1.001*x1)"], NAMES))
    before = rows.loss(form.computed(form.forward(rows.X)[0]))
    fit(form, rows, 40)
    assert np.abs(form.values).max() < most
    assert rows.loss(form.computed(form.forward(rows.X)[0])) < before + 1e-3


@pytest.mark.parametrize(("kind", "count"), [("classes", 3), ("classes", 1), ("values", 2)])
def test_the_slope_is_that_of_differences(kind: str, count: int) -> None:
    rows = rows_of(scores(inputs(), count), kind)
    texts = ["0.5*tanh(1.5*x0 - x1) + 0.3", "0.2*x2 + 0.7*tanh(1.5*x0 - x1)", "x1 - 0.4*x0"]
    form = Form.of(parse(texts[:count], NAMES))
    at = expanded(form, rows)
    for p in np.flatnonzero(~form.plain).tolist():
        ends = []
        for side in (1e-6, -1e-6):
            values = form.values.copy()
            values[p] += side
            ends.append(loss_of(form.changed(values, form.plain.copy()), rows))
        assert at.slope[p] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-8)


def test_a_linear_form_is_fitted_as_least_squares_does() -> None:
    X = inputs()
    rng = np.random.default_rng(3)
    goal = 2.0 * X[:, :1] - 0.5 * X[:, 2:] + 0.1 * rng.standard_normal((len(X), 1))
    rows = rows_of(goal, "values")
    form = Form.of(parse(["0.1*x0 + 0.1*x1 + 0.1*x2 + 0.1"], NAMES))
    fit(form, rows, 8)
    design = np.concatenate([rows.X, np.ones((len(rows.X), 1))], axis=1)
    wanted = np.linalg.lstsq(design, rows.goal[:, 0], rcond=None)[0]
    assert np.allclose(form.expression().evaluate(rows.X)[:, 0], design @ wanted, atol=1e-5)


def test_a_fit_never_ends_higher_than_it_began() -> None:
    rows = rows_of(scores(inputs(), 3), "classes")
    for seed in range(4):
        rng = np.random.default_rng(seed)
        a, b, c = rng.normal(size=3).round(3)
        form = Form.of(parse([f"{a}*tanh({b}*x0 + {c}*x1)", f"{b}*x2", f"tanh({a}*x1)"], NAMES))
        before = loss_of(form, rows)
        after = fit(form, rows, 30)
        assert after.loss == pytest.approx(loss_of(form, rows), rel=1e-9)
        assert after.loss < before


@pytest.mark.parametrize("count", [3, 1])
def test_a_fit_for_the_class_goes_on_where_that_of_the_scores_ends(count: int) -> None:
    rows = rows_of(2.0 * scores(inputs(), count), "classes")
    form = Form.of(parse(["x0 + 0.2", "x2 - 0.3", "0.1*x1"][:count], NAMES))
    fit(form, rows, 20)
    by_class = replace(rows, by_class=True)
    ends = [(loss_of(form, rows), loss_of(form, by_class))]
    at = expanded(form, by_class)
    for p in np.flatnonzero(~form.plain).tolist():
        here, moved = form.values.copy(), []
        for step in (1e-5, -1e-5):
            form.values = here.copy()
            form.values[p] += step
            moved.append(loss_of(form, by_class))
        form.values = here
        assert at.slope[p] == pytest.approx((moved[0] - moved[1]) / 2e-5, abs=1e-6)
    fit(form, by_class, 20)
    ends.append((loss_of(form, rows), loss_of(form, by_class)))
    assert ends[1][1] < ends[0][1] and ends[1][0] > ends[0][0]
    assert ends[1][1] > by_class.least
