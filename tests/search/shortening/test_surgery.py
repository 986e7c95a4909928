"""Moves and swaps where the expansion is exact: linear least squares decides what they cost."""

from __future__ import annotations

import numpy as np
import pytest
from shortening_samples import NAMES, inputs, rows_of

from symtick.expr import Op, parse
from symtick.search.data.quadratic import FitRows, Quadratic
from symtick.search.shortening.fitting import expanded, fit, loss_of
from symtick.search.shortening.form import Form, Swap
from symtick.search.shortening.surgery import operate
from symtick.search.shortening.swaps import Swaps, _predicted


def noisy(second: float = 0.98) -> FitRows:
    X = inputs(600)
    rng = np.random.default_rng(5)
    goal = 2.0 * X[:, :1] + second * X[:, 1:2] + 0.01 * X[:, 2:] + 0.5
    return rows_of(goal + 0.1 * rng.standard_normal((len(X), 1)), "values")


def least(rows: FitRows, columns: list[np.ndarray], given: np.ndarray | float = 0.0) -> float:
    """Least loss of a linear model of these columns and a constant, beside what is given."""
    design = np.stack([*columns, np.ones(len(rows.X))], axis=1)
    wanted = rows.goal[:, 0] - given
    left = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    return float(np.mean(np.square(left / rows.problem.spread[0])))


def test_what_a_move_is_said_to_cost_is_what_least_squares_loses() -> None:
    rows = noisy()
    x0, x1, x2 = rows.X.T
    form = Form.of(parse(["0.1*x0 + 0.1*x1 + 0.1*x2 + 0.1"], NAMES))
    at = fit(form, rows, 8)
    whole = least(rows, [x0, x1, x2])
    assert at.loss == pytest.approx(whole, rel=1e-6)
    made = operate(form, at, np.inf, np.inf, 1)
    assert made is not None
    after = fit(made.form, rows, 5)
    options = {
        "x2 out": least(rows, [x0, x1]),
        "x1 once": least(rows, [x0, x2], x1),
    }
    # x2 is noise, and saves most
    assert after.loss == pytest.approx(options["x2 out"], rel=1e-6)
    assert "x2" not in str(made.form.expression())
    once = operate(form, at, 1e6, np.inf, 1, {made.first: np.inf, **_others(form, made.first)})
    assert once is not None
    assert fit(once.form, rows, 5).loss == pytest.approx(options["x1 once"], rel=1e-6)


def _others(form: Form, first: tuple[int, float]) -> dict[object, float]:
    """All moves but those to a factor of 1."""
    return {(p, v): np.inf for p in range(len(form.values)) for v in (0.0, -1.0)}


def test_a_term_whose_factor_is_plain_can_go_too() -> None:
    rows = noisy(0.7)
    form = Form.of(parse(["0.1*x0 + 0.1*x1 + x2 + 0.1"], NAMES))
    at = fit(form, rows, 8)
    made = operate(form, at, np.inf, np.inf, 1)
    assert made is not None
    assert "x2" not in str(made.form.expression())
    after = loss_of(made.form, rows)
    assert after == pytest.approx(least(rows, [rows.X[:, 0], rows.X[:, 1]]), rel=1e-3)


def test_no_move_is_dearer_than_the_price_and_no_barred_move_is_made() -> None:
    rows = noisy()
    form = Form.of(parse(["0.1*x0 + 0.1*x1 + 0.1"], NAMES))
    at = fit(form, rows, 8)
    assert operate(form, at, 0.0, np.inf, 5) is None
    everything = {(p, v): np.inf for p in range(len(form.values)) for v in (0.0, 1.0, -1.0)}
    assert operate(form, at, 1.0, np.inf, 5, everything) is None


def test_a_swap_is_said_to_cost_what_least_squares_loses_with_the_other_part() -> None:
    X = inputs(600)
    goal = 2.0 * np.abs(X[:, :1] - 0.25) + 0.5 * X[:, 1:2]
    goal = goal + 0.05 * np.random.default_rng(2).standard_normal(goal.shape)
    rows = rows_of(goal, "values")
    form = Form.of(parse(["2.0*tanh(1.5*square(x0)) + 0.3*x1 + 0.1"], NAMES))
    at = fit(form, rows, 20)
    found = Swaps(form, rows, (Op.ABS, Op.MAX, Op.MIN, Op.SQUARE)).found()
    (outer,) = (k for k, a in enumerate(form.atoms) if a.op is Op.TANH)
    best = next(m for m in found if m.swap.atom == outer)
    x0, x1, _ = rows.X.T
    part = {
        Op.ABS: np.abs(x0 - best.swap.knot),
        Op.MAX: np.maximum(x0, best.swap.knot),
        Op.MIN: np.minimum(x0, best.swap.knot),
        Op.SQUARE: np.square(x0 - best.swap.knot),
        None: x0 if form.atoms[best.swap.by].op is Op.INPUT else np.square(x0),
    }[best.swap.op]
    wanted = least(rows, [part, x1]) - at.loss
    # what the swap gains is not seen, as its loss is at least that of what cannot be done by it
    tanh = form.forward(rows.X)[0][outer]
    assert best.loss == pytest.approx(_lost(rows, tanh, form, outer, part, x1), rel=1e-2)
    swapped = form.swapped([best.swap], form.values + best.change)
    assert fit(swapped, rows, 10).loss - at.loss <= wanted + 1e-3


def _lost(
    rows: FitRows, tanh: np.ndarray, form: Form, atom: int, part: np.ndarray, x1: np.ndarray
) -> float:
    """Loss between the model with the atom, and the linear model of part, x1 and a constant."""
    (factor,) = (form.values[p] for p, a in form.sums[form.outputs[0]].terms if a == atom)
    wanted = factor * tanh
    design = np.stack([part, x1, np.ones(len(x1))], axis=1)
    left = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    return float(np.mean(np.square(left / rows.problem.spread[0])))


def test_a_part_that_the_others_can_do_gets_no_factor() -> None:
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((2, 50))
    moves = np.stack([rng.standard_normal(50), columns[0] - 2.0 * columns[1]])
    inverse = np.linalg.inv(columns @ columns.T)
    ((loss, factor, change),) = _predicted(moves, columns, inverse, np.zeros(2, bool))
    assert factor == 0.0
    fitted, *_ = np.linalg.lstsq(columns.T, moves[0], rcond=None)
    assert loss == pytest.approx(0.5 * np.square(moves[0] - columns.T @ fitted).sum())
    assert np.allclose(change, fitted)


def test_a_knot_that_is_swapped_in_is_fitted_on() -> None:
    swap = Swap(1, 0, 1.0, Op.ABS, 0.3)
    form = Form.of(parse(["2.0*tanh(x0)"], NAMES))
    made = form.swapped([swap], form.values.copy())
    assert -0.3 in made.values[~made.plain]
    assert isinstance(expanded(made, noisy()), Quadratic)
