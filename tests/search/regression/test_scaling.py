"""Formulas of scaled columns in the data's units, and regression of columns of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick import SymbolicRegressor
from symtick.errors import InputError
from symtick.expr import parse
from symtick.search.grammar.infix import read, written
from symtick.search.grammar.rescaling import rescaled
from symtick.search.regression.scaling import balanced, scale_of, shift_of

NAMES = ("a", "b", "c")
SIZES = st.floats(-34, 30).map(lambda e: 10.0**e)


def in_units(
    text: str, factors: tuple[float, ...], output: float, offsets: tuple[float, ...] = ()
) -> str:
    return written(rescaled(read(text, NAMES), NAMES, factors, output, offsets))


@st.composite
def formulas(draw: st.DrawFn, depth: int = 4) -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        number = draw(st.floats(0.1, 9.0)).__repr__()
        return draw(st.sampled_from([*NAMES, number]))
    below = formulas(depth - 1)
    shape = draw(st.sampled_from([
        "({0} + {1})", "({0} - {1})", "{0}*{1}", "({0})/({1})", "sqrt(abs({0}))", "square({0})",
        "min({0}, {1})", "max({0}, {1})", "sin({0})", "-({0})", "tanh({0})",
    ]))  # fmt: skip
    return str(shape).format(draw(below), draw(below))


@given(formulas(), st.tuples(*[st.integers(-57, 50)] * 3), st.integers(-57, 50))
def test_a_formula_in_other_units_has_the_values_of_the_scaled_one(
    text: str, powers: tuple[int, ...], output: int
) -> None:
    factors = tuple(4.0**k for k in powers)
    inner = np.random.default_rng(3).uniform(0.5, 2.0, size=(7, 3))
    wanted = parse(text, NAMES).evaluate(inner) * 4.0**output
    found = parse(in_units(text, factors, 4.0**output), NAMES).evaluate(inner / factors)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * 4.0**output)


@given(formulas(), st.tuples(*[st.integers(-3, 3)] * 3), st.tuples(*[st.integers(-9, 9)] * 3))
def test_a_formula_of_shifted_inputs_has_the_values_of_the_other(
    text: str, powers: tuple[int, ...], offsets: tuple[int, ...]
) -> None:
    factors = tuple(4.0**k for k in powers)
    inner = np.random.default_rng(3).uniform(0.5, 2.0, size=(7, 3))
    wanted = parse(text, NAMES).evaluate(inner)
    outer = inner / factors - np.array(offsets)
    found = parse(in_units(text, factors, 1.0, tuple(map(float, offsets))), NAMES).evaluate(outer)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-7)


def test_offsets_take_numbers_in() -> None:
    factors, offsets = (1.0, 0.5, 1.0), (-1000.0, 20.0, 0.0)
    for text, wanted in {
        "a": "a + -1000.0",
        "a + 1000": "a",
        "3 - a": "-1.0*(a + -1003.0)",
        "2*(b - 3)": "b + 14.0",
        "c - 5": "c - 5.0",
        "sin(a*b)": "sin(0.5*((a + -1000.0)*(b + 20.0)))",
    }.items():
        assert in_units(text, factors, 1.0, offsets) == wanted


@given(st.floats(-12, 12), st.floats(1e-6, 1e6), st.booleans())
def test_shifts_have_few_digits_and_leave_the_range(
    power: float, span: float, negative: bool
) -> None:
    centre = (-1.0 if negative else 1.0) * 10.0**power
    column = centre + span * np.linspace(0.0, 1.0, 9)
    shift = shift_of(column)
    if np.abs(column).min() <= 999.0 * np.ptp(column):
        assert shift == 0.0 or np.abs(column).max() > 1000.0 * np.ptp(column)
    if shift:
        assert np.abs(column - shift).max() <= 11.0 * np.ptp(column)
        assert len(f"{shift:.12g}".lstrip("-").split("e")[0].replace(".", "").strip("0")) <= 12
    elif np.ptp(column) > 0.0:
        assert np.abs(column).min() <= 1001.0 * np.ptp(column)


def test_constants_take_the_factors_in() -> None:
    factors, output = (4.0, 0.25, 16.0), 0.5
    for text, wanted in {
        "3*a*b/c": "0.09375*(a*b/c)",
        "2 - 8*a": "1.0 - 16.0*a",
        "a*b": "0.5*(a*b)",
        "sqrt(a)": "sqrt(a)",
        "0.5*a": "a",
        "4*a/c": "0.5*(a/c)",
        "sin(a)": "0.5*sin(4.0*a)",
        "sin(0.25*a)": "0.5*sin(a)",
        "a + b": "2.0*a + 0.125*b",
        "1/(1 + a)": "0.5/(1.0 + 4.0*a)",
    }.items():
        assert in_units(text, factors, output) == wanted


@given(SIZES)
def test_scales_are_powers_of_four(size: float) -> None:
    column = size * np.array([0.0, -0.5, 1.0, 2.0, 1e5])
    scale = scale_of(column)
    assert np.log2(scale) % 2 == 0
    assert scale == 1.0 or 1.0 <= 1.5 * size / scale < 4.0
    assert (balanced(column[:, None])[:, 0] * scale == column).all()
    assert scale == 1.0 or not 1e-4 <= 1.5 * size <= 1e4


def fitted(X: np.ndarray, y: np.ndarray, **parameters: Any) -> SymbolicRegressor:
    return SymbolicRegressor(**{"max_nodes": 15, "evaluations": 1500, **parameters}).fit(X, y)


def columns(*sizes: float) -> np.ndarray:
    return np.random.default_rng(0).uniform(1.0, 3.0, size=(80, len(sizes))) * sizes


@pytest.mark.kernel
def test_features_too_small_to_be_scaled_are_refused_by_name() -> None:
    X = pd.DataFrame(columns(1.0, 1e-320), columns=["a", "b"])
    with pytest.raises(InputError, match=r"feature b is .*e-320 at most"):
        SymbolicRegressor(evaluations=1000).fit(X, X["a"])
    X["b"] = 0.0  # a column of zeros has no size
    SymbolicRegressor(evaluations=1000).fit(X, X["a"])


@pytest.mark.kernel
@pytest.mark.parametrize(
    "sizes", [(1e-34, 1e15, 1.0), (1e30, 1e-23, 300.0), (1.0, 1e-12, 1e-34), (1e30, 1e30, 1e-30)]
)
def test_laws_are_found_in_the_units_of_the_data(sizes: tuple[float, ...]) -> None:
    X = columns(*sizes)
    law = X[:, 0] * X[:, 1]
    model = fitted(X, law)
    assert model.best_.text in ("x0*x1", "x1*x0")
    np.testing.assert_allclose(model.predict(X), law, rtol=1e-12)
    ratio = 2.5 * X[:, 0] * X[:, 1] / X[:, 2]
    model = fitted(X, ratio)
    np.testing.assert_allclose(model.predict(X), ratio, rtol=1e-9)
    assert model.best_.complexity <= 9
    for entry in model.fronts_[0].entries:
        own = float(np.mean((entry.function(X) - ratio) ** 2))
        assert entry.loss == pytest.approx(own, rel=1e-6, abs=1e-24 * np.mean(ratio**2))


@pytest.mark.kernel
@pytest.mark.parametrize("subtract", [True, False])
def test_laws_of_columns_far_from_zero_are_found(subtract: bool) -> None:
    seconds = 1_712_345_600.0 + np.random.default_rng(0).uniform(0.0, 60.0, 200)
    X = np.column_stack([seconds, np.random.default_rng(1).uniform(1.0, 2.0, 200)])
    t = seconds - 1_712_345_600.0
    binary = ["+", "-", "*", "/"] if subtract else ["+", "*"]
    given: dict[str, Any] = {"unary_operators": ["sin"], "binary_operators": binary}
    for law in (3.0 * t + 2.0, X[:, 1] * np.sin(0.2 * t)):
        model = fitted(X, law, **given, evaluations=150_000)
        assert model.score(X, law) > 1.0 - 1e-12
        assert model.best_.complexity <= 11
    y = X[:, 1] * np.sin(0.2 * t) + np.random.default_rng(2).normal(0.0, 0.01, 200)
    guess = "x1*sin(0.2*(x0 + -1712345600.0))"
    model = fitted(X, y, **given, guesses=[guess], evaluations=300, domain="box")
    assert model.best_.loss < 2e-4 and "1712345600" in repr(model)


@pytest.mark.kernel
def test_the_search_does_not_see_the_units() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(1.0, 3.9, size=(80, 2))
    y = 3.0 * np.sin(X[:, 0]) + 1.5 + X[:, 1] * rng.normal(1.0, 0.1, 80)
    fronts = []
    for k, j in ((-50, 40), (40, -50)):
        given: dict[str, Any] = {"unary_operators": ["sin"], "max_nodes": 25, "cost": "open"}
        model = fitted(X * 4.0**k, y * 4.0**j, **given)
        fronts.append([e.loss / 16.0**j for e in model.fronts_[0].entries])
        assert "sin(" in " ".join(e.text for e in model.fronts_[0].entries)
    assert fronts[0] == pytest.approx(fronts[1], rel=1e-9)


@pytest.mark.kernel
@pytest.mark.parametrize("method", ["gp", "bidirectional", "enumeration"])
def test_every_method_takes_any_size(method: str) -> None:
    X = columns(1e-34, 1e30)
    y = 1e30 * (X[:, 0] / 1e-34) / (X[:, 1] / 1e30)
    model = fitted(X, y, method=method, evaluations=600)
    assert 0.0 < model.score(X, y) <= 1.0


@pytest.mark.kernel
def test_losses_penalties_guesses_and_limits_are_in_the_units_of_the_data() -> None:
    X = columns(1e-20, 1e20)
    y = 3e25 * X[:, 0] + 1e-15 * X[:, 1]
    seen: list[str] = []

    def penalty(expression: Any) -> float:
        seen.append(str(expression))
        return 0.0

    def loss(p: np.ndarray, t: np.ndarray, w: np.ndarray) -> float:
        assert t.min() >= y.min() * (1 - 1e-12) and t.max() <= y.max() * (1 + 1e-12)
        return float(np.average(np.abs(p - t), weights=w))

    guess = "3e25*x0 + 1e-15*x1"
    model = fitted(X, y, guesses=[guess], penalty=penalty, loss=loss, evaluations=300)
    assert min(e.loss for e in model.fronts_[0].entries) < 1e-9
    assert any("e+25*x0" in text for text in seen)
    for name, limit in (("mae", 1e-3), ("mse", 1e-3), ("huber", 1e-3)):
        model = fitted(X, y, guesses=[guess], loss=name, huber_delta=10.0, target_loss=limit)
        assert model.evaluations_[0] < 1500
    assert all(e.complexity <= 3 for e in fitted(X, y, max_nodes=3).fronts_[0].entries)


@pytest.mark.kernel
def test_selection_and_denoising_take_any_size() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(1.0, 3.0, size=(120, 4)) * (1e-34, 1e30, 1.0, 1e-50)
    y = 1e-34 * (X[:, 1] / 1e30 + X[:, 3] / 1e-50) + rng.normal(0, 1e-36, 120)
    model = fitted(X, y, select_k_features=2, denoise=True)
    assert model.selected_ == (1, 3) and model.score(X, y) > 0.99


@pytest.mark.kernel
def test_targets_whose_squares_are_no_numbers_are_refused() -> None:
    X = columns(1.0)
    with pytest.raises(InputError, match=r"target 0 reaches .*: divide y"):
        fitted(X, X[:, 0] * 1e200)
    with pytest.raises(InputError, match="multiply y"):
        fitted(X, X[:, 0] * 1e-200)
    with pytest.raises(InputError, match=r"end at 2\*\*-40: for firmware"):
        fitted(X, X[:, 0] * 1e-34).design()
