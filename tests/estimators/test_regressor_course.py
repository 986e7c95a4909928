"""A `SymbolicRegressor`'s search over time: resuming, stopping, and the limits on expressions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from regressor_samples import law, noisy, quick

from symtick.errors import InputError
from symtick.search.enumeration.bidirectional import BidirectionalEnumeration
from symtick.search.enumeration.enumeration import EnumeratedFront

pytestmark = pytest.mark.kernel


def test_warm_start_goes_on_from_where_it_stood() -> None:
    X, y = law()
    y = np.exp(np.sin(y))
    cold = quick(evaluations=1000).fit(X, y)
    warm = quick(evaluations=500, warm_start=True).fit(X, y)
    first = warm.best_.loss
    warm.fit(X, y)
    assert warm.evaluations_ == (1000,) and cold.evaluations_ == (1000,)
    losses = [min(e.loss for e in m.fronts_[0].entries) for m in (warm, cold)]
    assert losses[0] <= first
    twice = quick(evaluations=500, warm_start=True).fit(X, y).fit(X, y)
    assert twice.to_json()["targets"] == warm.to_json()["targets"]
    # other settings: the front becomes guesses
    before = min(e.loss for e in warm.fronts_[0].entries)
    warm.set_params(unary_operators=["sin"], evaluations=300).fit(X, y)
    assert warm.evaluations_ == (300,)
    assert min(e.loss for e in warm.fronts_[0].entries) <= before * (1 + 1e-6)


def test_warm_start_goes_on_where_nothing_got_better() -> None:
    X, y = noisy()
    model = quick(evaluations=20_000, warm_start=True).fit(X, y)
    before = model.evaluations_[0]
    assert before < 20_000  # nothing got better
    model.fit(X, y)
    assert model.evaluations_[0] > before


def test_warm_start_goes_on_with_another_budget() -> None:
    X, y = law()
    model = quick(evaluations=500, warm_start=True).fit(X, np.exp(np.sin(y)))
    model.set_params(evaluations=1000).fit(X, np.exp(np.sin(y)))
    assert model.evaluations_ == (1500,)


def test_warm_start_sees_another_loss_and_penalty() -> None:
    X, y = law(60)
    y = np.exp(np.sin(y))

    def power(exponent: float) -> Callable[[Any, Any, Any], float]:
        return lambda p, t, w: float(np.average(np.abs(p - t) ** exponent, weights=w))

    first, other = power(2.0), power(1.0)  # of one name and one code
    model = quick(evaluations=300, warm_start=True, loss=first).fit(X, y)
    model.fit(X, y)
    assert model.evaluations_ == (600,)
    model.set_params(loss=other).fit(X, y)
    assert model.evaluations_ == (300,)
    for entry in model.fronts_[0].entries:
        assert entry.loss == pytest.approx(np.mean(np.abs(entry.function(X) - y)))
    model.set_params(loss="mse", penalty=lambda e: 0.0).fit(X, y)
    model.set_params(penalty=lambda e: 1.0).fit(X, y)
    assert model.evaluations_ == (300,) and model.best_.loss >= 1.0
    model.fit(X, y)
    assert model.evaluations_ == (600,)


@pytest.mark.parametrize("method", ["gp", "policy", "hybrid", "bidirectional", "enumeration"])
def test_no_equation_is_longer_than_the_nodes_allow(method: str) -> None:
    X, _ = law(60)
    y = X[:, 0] * X[:, 1] + X[:, 2]
    product = X[:, 0] * X[:, 1]
    for preset in (None, "symtick") if method == "gp" else (None,):
        for most in (1, 3):
            given = {"method": method, "max_nodes": most, "preset": preset, "evaluations": 2000}
            model = quick(**given).fit(X, y)
            for entry in model.fronts_[0].entries:
                assert entry.complexity <= most, entry.text
    if method != "policy":
        assert quick(method=method, max_nodes=3).fit(X, product).best_.loss < 1e-25


def test_seconds_end_a_fit() -> None:
    X, y = law()
    y = np.column_stack([np.sin(3 * y), np.exp(np.sin(y)), y * 0])
    begun = time.monotonic()
    model = quick(unary_operators=["sin"], evaluations=10**9, max_seconds=1.5).fit(X, y)
    assert time.monotonic() - begun < 30.0  # loaded machines, too
    assert all(0 < n < 10**8 for n in model.evaluations_) and not model.interrupted_
    assert model.predict(X).shape == (120, 3)
    model = quick(evaluations=10**9, max_seconds=1e-9).fit(X, y[:, 0])  # a slice at least
    assert len(model.equations_) > 0
    counted = quick(max_seconds=3600.0).fit(X, y[:, 0])  # a limit that ends nothing
    assert counted.to_json()["targets"] == quick().fit(X, y[:, 0]).to_json()["targets"]
    with pytest.raises(InputError, match="max_seconds"):
        quick(max_seconds=0.0).fit(X, y[:, 0])


def test_passes_end_a_fit() -> None:
    X, y = law()
    y = np.exp(np.sin(y))
    given: dict[str, Any] = {"evaluations": 10**9, "warm_start": True}
    model = quick(max_passes=20_000, **given).fit(X, y)
    (first,) = model.passes_
    assert 20_000 <= first < 40_000  # the slice in which they are reached is finished
    assert 0 < model.evaluations_[0] < first  # fits and trial terms count as passes alone
    again = quick(max_passes=2e4, threads=2, **given).fit(X, y)
    assert again.passes_ == model.passes_
    assert again.to_json()["targets"] == model.to_json()["targets"]
    model.fit(X, y)  # goes on, and they count from there
    assert first < model.passes_[0] < first + 40_000
    ended = quick(max_passes=10**9).fit(X, y)  # a limit that ends nothing
    assert ended.to_json()["targets"] == quick().fit(X, y).to_json()["targets"]
    for most in (0, -1, 1.5):
        with pytest.raises(InputError, match="max_passes"):
            quick(max_passes=most).fit(X, y)


def test_a_search_for_laws_has_twice_as_many_passes_as_evaluations() -> None:
    X, y = law()
    long = np.exp(np.sin(3 * y)) + np.tanh(4 * X[:, 0] * X[:, 1]) * np.cos(5 * X[:, 2])
    plain = {"max_nodes": 40, "evaluations": 50_000, "unary_operators": ["sin"]}
    (passes,) = quick(**plain).fit(X, long).passes_
    assert passes < 2 * 50_000 + 20_000  # the slice in which they are reached is finished
    (given,) = quick(**plain, max_passes=200_000).fit(X, long).passes_
    assert given > passes


def test_ctrl_c_keeps_what_was_found(ctrl_c: Callable[[float], None]) -> None:
    X, y = law()
    y = np.column_stack([np.sin(3 * y), y])
    ctrl_c(2.0)
    with pytest.warns(UserWarning, match="the search was interrupted"):
        model = quick(unary_operators=["sin"], evaluations=10**9).fit(X, y)
    assert model.interrupted_
    assert model.predict(X).shape == (120, 2)
    assert sum(model.evaluations_) < 10**9


def test_ctrl_c_during_the_clean_up_keeps_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("symtick.estimators.searches.cleaned_front", interrupted)
    X, y = law()
    with pytest.warns(UserWarning, match="the search was interrupted"):
        model = quick().fit(X, y)
    assert model.interrupted_ and model.best_.loss < 1e-9


@pytest.mark.parametrize(
    ("method", "run"),
    [("bidirectional", BidirectionalEnumeration), ("enumeration", EnumeratedFront)],
)
def test_ctrl_c_leaves_small_functions_at_least(
    method: str,
    run: type[BidirectionalEnumeration] | type[EnumeratedFront],
    ctrl_c: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, y = law()
    y = y + np.random.default_rng(7).normal(size=120)
    whole = run.run

    def pressed(self: Any, *given: Any) -> bool:  # once it runs, however fast the machine is
        monkeypatch.setattr(run, "run", whole)
        ctrl_c(0.1)
        return whole(self, *given)

    monkeypatch.setattr(run, "run", pressed)
    with pytest.warns(UserWarning, match="the search was interrupted"):
        model = quick(method=method, unary_operators=["sin"], evaluations=10**7).fit(X, y)
    assert model.interrupted_
    if method == "enumeration":  # what was enumerated stays
        assert 0 < model.evaluations_[0] < 200_000
    assert np.isfinite(model.predict(X)).all()


def test_bidirectional_enumeration_with_a_pole_in_the_box_leave_the_small_functions() -> None:
    X = np.random.default_rng(1).uniform(-1, 1, size=(60, 2))
    given: dict[str, Any] = {"method": "bidirectional", "domain": "box", "evaluations": 2000}
    model = quick(**given).fit(X, 1 / (X[:, 0] + X[:, 1]))
    assert len(model.equations_) > 0
    model.design()


def test_an_exact_law_with_a_pole_between_the_rows_stays() -> None:
    X = np.random.default_rng(3).uniform(-3.0, 3.0, (100, 2))
    model = quick().fit(X, X[:, 1] / X[:, 0])
    assert model.best_.text == "x1/x0"


def test_a_law_with_noise_keeps_the_poles_that_the_rows_show() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 2))
    y = 1.0 / X[:, 0] + X[:, 1] + 0.05 * rng.standard_normal(100)
    model = quick(binary_operators=["+"], unary_operators=["inv"], evaluations=20_000).fit(X, y)
    assert sorted(model.best_.text.split(" + ")) == ["inv(x0)", "x1"]


@pytest.mark.parametrize("level", [0.0, 3.0, 1.7e9, -2e-20])
@pytest.mark.parametrize("method", ["gp", "bidirectional"])
def test_a_constant_target_is_found_at_once(level: float, method: str) -> None:
    X = np.random.default_rng(0).uniform(1, 2, (60, 3))
    model = quick(method=method, unary_operators=["sin"], evaluations=10**8)
    model.fit(X, np.full(60, level))
    np.testing.assert_allclose(model.predict(X), level, rtol=1e-12)
    assert model.evaluations_[0] < 100_000 and len(model.best_.text) < 13


@pytest.mark.parametrize("method", ["gp", "bidirectional"])
def test_inputs_that_are_all_zero_have_a_constant(method: str) -> None:
    y = np.random.default_rng(0).uniform(1, 2, 60)
    model = quick(method=method, evaluations=2000).fit(np.zeros((60, 3)), y)
    np.testing.assert_allclose(model.predict(np.zeros((2, 3))), y.mean())
