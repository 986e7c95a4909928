"""Regressors with a template: laws are found in it, and are ordinary equations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from symtick import SymbolicRegressor
from symtick.errors import InputError
from symtick.expr import Expression, to_sympy

pytestmark = pytest.mark.kernel

DRAW = np.random.default_rng(5)
X = pd.DataFrame(
    {"m": DRAW.uniform(0.5, 2.0, 150), "v": DRAW.uniform(0.5, 3.0, 150), "kind": np.arange(150) % 3}
)
BY_KIND = np.array([1.0, 2.5, -0.7])[X.kind]
Y = BY_KIND * X.m * np.sin(X.v) + np.array([0.0, 1.0, 3.0])[X.kind]


def model(template: str, **given: Any) -> SymbolicRegressor:
    settings = {"unary_operators": ["sin", "square"], "max_nodes": 9, "evaluations": 20_000}
    return SymbolicRegressor(template=template, **(settings | given))


@pytest.fixture(scope="module")
def by_kind() -> SymbolicRegressor:
    return model("y = a[kind]*f(m)*g(v) + b[kind]").fit(X, Y)


def test_values_by_category_are_found(by_kind: SymbolicRegressor) -> None:
    parts = by_kind.parts_
    assert by_kind.best_.loss < 1e-20 and set(parts) == {"f", "g", "a", "b"}
    f, a, b = parts["f"], parts["a"], parts["b"]
    assert isinstance(f, Expression) and isinstance(a, dict) and isinstance(b, dict)
    assert f.inputs == ("m",) and a[1] / a[0] == pytest.approx(2.5)
    assert [b[k] for k in range(3)] == pytest.approx([0.0, 1.0, 3.0], abs=1e-9)


def test_it_is_an_equation_as_any(by_kind: SymbolicRegressor, tmp_path: Path) -> None:
    values = by_kind.predict(X)
    assert np.allclose(values, Y)
    symbols = sympy.symbols("m v kind")
    law = sympy.lambdify(symbols, by_kind.sympy(), "numpy")
    assert np.allclose(law(*X.to_numpy(float).T), Y)
    assert np.allclose(by_kind.torch()(torch.tensor(X.to_numpy(float))).detach(), Y)
    assert "kind" in by_kind.latex() and "> " in repr(by_kind)
    by_kind.save(tmp_path / "law.json")
    again = SymbolicRegressor.load(tmp_path / "law.json")
    assert np.array_equal(again.predict(X), values) and again.parts_ == by_kind.parts_
    assert again.template == by_kind.template


def test_a_category_that_the_fit_had_not_is_named(by_kind: SymbolicRegressor) -> None:
    with pytest.raises(InputError, match="row 2 has kind = 5, for which a\\[kind\\] has no value"):
        by_kind.predict(X.head(4).assign(kind=[0, 1, 5, 2]))


def test_the_firmware_decides_by_category() -> None:
    found = model(
        "y = a[kind]*f(m) + b[kind]", domain="box", max_ticks=8,
        input_formats={"m": "ufixed<8,2>", "v": "ufixed<8,2>", "kind": "ufixed<2,2>"},
    ).fit(X, BY_KIND * X.m**2 + X.kind)  # fmt: skip
    design = found.design()
    spec = found.spec()
    columns = X[list(spec.expression.inputs)].to_numpy(float)
    raw = np.stack([fmt.to_raw(c) for fmt, c in zip(spec.formats, columns.T, strict=True)], axis=1)
    inputs = np.stack([f.to_real(c) for f, c in zip(spec.formats, raw.T, strict=True)], axis=1)
    exact = spec.expression.evaluate(inputs)
    assert "kind" in spec.expression.inputs
    assert np.abs(design.real_outputs(raw) - exact).max() <= design.errors[0] < 0.1


def test_several_results_share_a_function() -> None:
    both = np.stack([(X.m**2 + X.v) * X.m, np.sin(X.m**2 + X.v)], axis=1)
    found = model("u = g(m, v); s = f(u, m); t = h(u)", evaluations=60_000).fit(X, both)
    assert np.allclose(found.predict(X), both) and len(found.best_) == 2
    assert found.best_[0].parts == found.best_[1].parts
    assert [e.parts for e in found.fronts_[0].entries] == [
        e.parts for e in found.fronts_[1].entries
    ]


def test_a_guess_and_a_warm_start_are_where_the_search_begins() -> None:
    law = X.m / (1.0 + X.m) - X.v / (1.0 + X.v)
    guessed = model("f(m) - f(v)", guesses=["f = z1/(z1 + 1.2)"], evaluations=300).fit(X, law)
    assert guessed.best_.loss < 1e-20
    first = model("f(m)*g(v) + p", warm_start=True, evaluations=2_000, seed=1).fit(X, Y)
    before = first.fronts_[0].entries
    first.fit(X, Y)
    assert first.evaluations_[0] > 2_000
    assert min(e.loss for e in first.fronts_[0].entries) <= min(e.loss for e in before)


def test_units_hold_for_the_whole() -> None:
    energy = 0.5 * X.m * X.v**2
    units = {"X_units": {"m": "kg", "v": "m/s"}, "y_units": "J"}
    found = model("f(m)*g(v)", **units).fit(X[["m", "v"]], energy)
    assert found.best_.loss < 1e-20
    for entry in found.fronts_[0].entries:
        assert not to_sympy(entry.expression).has(sympy.sin)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"template": "f(m) + g(w)"}, "argument 1 of g is 'w'"),
        ({"template": "f(m); g(v)"}, "the template's results are 2, the columns of y 1"),
        ({"template": "a = f(m); b = g(v)"}, "the template's results \\(a, b\\) are 2"),
        ({"template": "f(m)", "method": "enumeration"}, "leave method at its default"),
        ({"template": "f(m)", "select_k_features": 1}, "leave select_k_features at its default"),
        ({"template": "f(m)", "guesses": ["h = m"]}, "gives 'h'"),
        ({"template": "f(m)", "guesses": ["f = m + v"]}, "unknown name 'v'"),
        ({"template": "f(m)", "guesses": ["f = exp(m)"]}, "'exp' is no token"),
        ({"template": "f(m) + a[v]"}, "the column 'v' numbers categories, but row 0"),
    ],
)
def test_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        model(**given).fit(X, Y)


def test_without_a_template_there_are_no_parts() -> None:
    fitted = SymbolicRegressor(max_nodes=5, evaluations=300).fit(X, Y)
    with pytest.raises(InputError, match="fitted without a template"):
        fitted.parts()
    assert not hasattr(fitted, "parts_") and not hasattr(model("f(m)"), "parts_")
    with pytest.raises(TypeError, match="template"):
        SymbolicRegressor(expression_spec="f(x)")
