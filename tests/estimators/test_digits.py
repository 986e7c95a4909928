"""Rounded formulas keep their values on the rows: in print, LaTeX, SymPy and notebooks."""

from __future__ import annotations

from math import floor, log10

import numpy as np
import pytest
import sympy

from symtick import SymbolicRegressor, parse
from symtick.estimators.exports.digits import needed_digits
from symtick.estimators.exports.exporting import latex, mathml, rounded_sympy
from symtick.estimators.fronts.display import short

pytestmark = pytest.mark.kernel


def phases(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sine of seconds since 1970 with noise."""
    random = np.random.default_rng(seed)
    X = random.uniform(0.0, 1.0, (200, 1)) + 1.7e9
    return X, np.sin(6.0 * (X[:, 0] - 1.7e9)) + 0.01 * random.normal(size=200)


def values_of(form: sympy.Expr, X: np.ndarray) -> np.ndarray:
    """Of a SymPy expression of x0, x1, ..."""
    names = [sympy.Symbol(f"x{k}", real=True) for k in range(X.shape[1])]
    return np.asarray(sympy.lambdify(names, form, "numpy")(*X.T), np.float64) * np.ones(len(X))


def test_what_is_printed_far_from_0_has_the_values_of_predict() -> None:
    X, y = phases(0)
    model = SymbolicRegressor(unary_operators=["sin"], evaluations=4000).fit(X, y)
    again = SymbolicRegressor()
    again.take(model.to_json())
    for k, entry in enumerate(model.fronts_[0].entries):
        values = model.predict(X, index=k)
        allowed = 0.1 * np.median(np.abs(values - y)) + 1e-3 * np.std(values)
        texts = short(entry.text, entry.digits), str(rounded_sympy(entry.expression, 3))
        printed = parse(texts[0], ["x0"]).evaluate(X)[:, 0]
        held = values_of(rounded_sympy(entry.expression, 3, needed=entry.digits), X)
        for shown in (printed, held):
            assert np.mean(np.abs(shown - values)) <= allowed, texts
        assert again.latex(k) == model.latex(k) == latex(entry.expression, 3, needed=entry.digits)
        assert f"  {texts[0]}" in repr(model)
    assert repr(again) == repr(model)


def test_digits_are_those_that_the_rows_bear() -> None:
    random = np.random.default_rng(0)
    X = random.uniform(1.0, 2.0, (300, 2))
    held = parse("0.123456789*x0 + 1234.56789*(x1 - 1.23456789) + 1e-9*x0")
    for noise, most in ((1e-3, 7), (1.0, 5), (100.0, 4)):
        y = held.evaluate(X)[:, 0] + noise * random.normal(size=300)
        needed = needed_digits(held, X, y)
        assert set(needed) == {0.123456789, 1234.56789, 1.23456789, 1e-9}
        assert needed[1e-9] == 1 and max(needed.values()) <= most
        allowed = max(0.1 * noise, 1e-3 * 300)
        for size, slope in ((0.123456789, 1.5), (1234.56789, 0.3), (1.23456789, 1234.6)):
            unit = 10.0 ** (floor(log10(size)) - needed[size] + 1)
            assert 0.5 * unit * slope <= allowed  # and with a digit less it would be over a share
            assert needed[size] == 1 or 5.0 * unit * slope >= 0.2 * allowed / 4


def test_digits_keep_rows_defined_and_large_offsets_of_the_target() -> None:
    X = np.linspace(1.00004, 2.0, 50)[:, None]
    held = parse("log(x0 - 1.00003)")
    needed = needed_digits(held, X, held.evaluate(X)[:, 0])
    assert needed[1.00003] >= 6
    level = np.full(50, 1e9) + np.random.default_rng(0).normal(size=50)
    assert needed_digits(parse("1000000000.123", ["x0"]), X, level) == {1000000000.123: 11}
    constant = needed_digits(parse("1.2345678901234567e30", ["x0"]), X, np.full(50, 1.2e30))
    assert max(constant.values()) <= 4


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("24104771514425438896128.0/x0", r"\frac{2.41 \cdot 10^{22}}{x_{0}}"),
        ("1e34*x0", r"1.0 \cdot 10^{34} x_{0}"),
        ("x0/1e34", r"1.0 \cdot 10^{-34} x_{0}"),
        ("1000.0*x0 - 3.0001", r"1000 x_{0} - 3"),
        ("6.0*(x0 - 10.0)", r"6 \left(x_{0} - 10\right)"),
        ("x0 - (x1 - (x0*x1 - 2.5))", r"x_{0} x_{1} + x_{0} - x_{1} - 2.5"),
    ],
)
def test_whole_numbers_are_written_as_others_are(text: str, wanted: str) -> None:
    held = parse(text, ["x0", "x1"])
    assert latex(held, 3) == wanted
    page = mathml(held, 3)
    assert "00000000" not in page and "2410" not in page


def test_one_that_was_put_together_has_the_digits_of_its_parts() -> None:
    held = parse("x0*1.23456789*2.34567891", ["x0"])
    assert str(rounded_sympy(held, 3, needed={1.23456789: 6, 2.34567891: 2})) == "2.8959*x0"


def test_the_equation_may_be_named_among_the_columns_of_a_table() -> None:
    model = SymbolicRegressor(evaluations=300).fit(*phases(0))
    assert model.latex_table(columns=["equation", "loss"]) == model.latex_table(columns=["loss"])
    assert model.latex_table(columns=["equation"]).count("&") == 0
