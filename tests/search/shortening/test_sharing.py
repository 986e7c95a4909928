"""Constants that are shared: few digits, few different ones, and hardly more loss."""

from __future__ import annotations

import numpy as np
import pytest
from shortening_samples import NAMES, inputs, rows_of

from symtick.expr import parse
from symtick.search.data.quadratic import FitRows
from symtick.search.shortening.fitting import fit, loss_of
from symtick.search.shortening.form import Form
from symtick.search.shortening.sharing import shared

TEXT = "0.52*x0 + 0.47*x1 - 0.51*tanh(1.9*x2 + 0.49) + 0.3"


def of(text: str, noise: float) -> FitRows:
    X = inputs(600)
    goal = parse([text], NAMES).evaluate(X)
    return rows_of(goal + noise * np.random.default_rng(7).standard_normal(goal.shape), "values")


@pytest.mark.parametrize("digits", [2, 3])
def test_constants_have_few_digits_and_equal_ones_are_there_once(digits: int) -> None:
    rows = of(TEXT, 0.2)
    form = Form.of(parse([TEXT], NAMES))
    at = fit(form, rows, 10)
    made = shared(form, rows, 0.01 * at.loss, digits).expression()
    assert len(set(made.constants)) < len(set(form.expression().constants))
    for value in made.constants:
        assert float(f"{value:.{digits}g}") == value
    loss = loss_of(Form.of(made), rows)
    gone = len(form.expression()) - len(made)
    assert loss < at.loss * (1.01 + 0.02 * gone)


def test_without_a_price_digits_alone_go() -> None:
    rows = of(TEXT, 0.2)
    form = Form.of(parse([TEXT], NAMES))
    at = fit(form, rows, 10)
    made = shared(form, rows, 0.0, 3).expression()
    assert loss_of(Form.of(made), rows) < 1.0005 * at.loss


def test_the_constants_that_are_left_make_up_for_those_that_are_decided() -> None:
    # only the sum of two factors counts, as both inputs are one: what one loses the other takes
    X = inputs(600)
    X[:, 1] = X[:, 0]
    goal = 1.2345 * X[:, :1]
    rows = rows_of(goal, "values")
    rows = FitRows(rows.problem, np.stack([rows.X[:, 0]] * 3, axis=1), rows.goal)
    form = Form.of(parse(["0.6*x0 + 0.5*x1"], NAMES))
    fit(form, rows, 10)
    made = shared(form, rows, 0.0, 2).expression()
    rounded = made.evaluate(np.ones((1, 3)))[0, 0]
    scale = parse(["1.0*x0"], NAMES).evaluate(np.ones((1, 3)))[0, 0]
    assert abs(rounded - np.polyfit(rows.X[:, 0], rows.goal[:, 0], 1)[0] * scale) < 0.02
    for value in made.constants:
        assert float(f"{value:.2g}") == value
