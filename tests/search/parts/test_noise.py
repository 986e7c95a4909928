"""Descriptions under noise that grows with the value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from symtick import SymbolicRegressor
from symtick.expr import Program, parse
from symtick.search.data.dataset import FloatArray
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts import noise
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.front import description
from symtick.search.parts.noise import descriptions

pytestmark = pytest.mark.kernel
NAMES = ("x0", "x1")
LAW, CONSTANT, BENT = "3.0*x0/x1", "800.0", "3.0*x0/x1 + 0.02*x0 - 9.0"


def rows(size: int = 300, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).uniform([1.0, 1.0], [1000.0, 100.0], (size, 2))


def programs(*texts: str) -> list[Program]:
    return [parse(text, NAMES).to_program() for text in texts]


def described(X: FloatArray, y: FloatArray, *texts: str) -> tuple[list[float], list[float]]:
    """Descriptions as given, under noise of one size, and as chosen."""
    made = programs(*texts)
    losses = [float(np.square(v - y).mean()) for v in evaluate(made, X)]
    criterion = Criterion.of(Rows.make(X, y), "mse", 20)
    assert criterion is not None
    plain = [description(p, loss, criterion) for p, loss in zip(made, losses, strict=True)]
    return plain, descriptions(made, losses, plain, X, y, criterion)


def law(X: FloatArray) -> FloatArray:
    return 3.0 * X[:, 0] / X[:, 1]


def test_noise_in_proportion_is_described_by_its_share() -> None:
    X = rows()
    y = law(X) * (1.0 + 0.01 * np.random.default_rng(1).normal(size=len(X)))
    plain, found = described(X, y, CONSTANT, LAW, BENT)
    assert found != plain and int(np.argmin(found)) == 1
    # against the likelihood itself, up to a constant: the ratio is small, as there is no floor
    criterion = Criterion.of(Rows.make(X, y), "mse", 20)
    assert criterion is not None
    (value,) = evaluate(programs(LAW), X)
    sizes = np.sqrt(np.square(value) + noise.RATIOS[-1] ** 2 * np.square(value).mean())
    share = math.sqrt(np.square((y - value) / sizes).mean())
    nats = -norm.logpdf(y, value, share * sizes).sum() - 0.5 * len(y) * (
        1.0 + math.log(2.0 * math.pi) + math.log(criterion.scale)
    )
    size = plain[1] - criterion.errors(float(np.square(value - y).mean()))
    assert found[1] == pytest.approx(nats + size + 0.5 * math.log(len(y)), rel=0.01)


@pytest.mark.parametrize("share", [0.0, 1e-13, 0.01, 0.3])
def test_noise_of_one_size_and_exact_laws_stay_as_they_are(share: float) -> None:
    X = rows()
    y = law(X)
    y = y + share * y.std() * np.random.default_rng(2).normal(size=len(X))
    plain, found = described(X, y, CONSTANT, LAW, BENT)
    assert found == plain


def test_what_is_not_defined_has_no_share_and_few_rows_none_at_all() -> None:
    X = rows()
    y = law(X) * (1.0 + 0.01 * np.random.default_rng(1).normal(size=len(X)))
    plain, found = described(X, y, LAW, "log(x0 - 5000.0)")
    assert not math.isfinite(plain[1]) and found == plain
    plain, found = described(X[: noise.LEAST - 1], y[: noise.LEAST - 1], CONSTANT, LAW)
    assert found == plain


def test_many_rows_are_looked_at_in_part() -> None:
    X = rows(40_001)
    y = law(X) * (1.0 + 0.01 * np.random.default_rng(3).normal(size=len(X)))
    plain, found = described(X, y, CONSTANT, LAW, BENT)
    few = described(X[::10], y[::10], CONSTANT, LAW, BENT)[1]
    assert found != plain and np.argmin(found) == np.argmin(few) == 1
    assert found[1] == pytest.approx(10.0 * few[1], rel=0.02)


def test_the_order_of_rows_says_nothing() -> None:
    grid = np.stack(np.meshgrid(np.linspace(1, 1000, 4000), np.linspace(1, 100, 10)), axis=-1)
    X = np.ascontiguousarray(grid.transpose(1, 0, 2).reshape(-1, 2))  # x1 repeats every ten rows
    y = law(X) * (1.0 + 0.01 * np.random.default_rng(5).normal(size=len(X)))
    plain, found = described(X, y, "0.1*x0", LAW, BENT)
    assert found != plain and int(np.argmin(found)) == 1


def test_outliers_are_no_noise_that_grows() -> None:
    rng = np.random.default_rng(6)
    X = rng.uniform(-2.0, 2.0, (300, 2))
    y = X[:, 0] * X[:, 1] + 0.05 * rng.standard_cauchy(300)
    worst = int(np.argmax(np.abs(y)))
    peak = f"x0*x1 + {y[worst]}/(1 + 1e6*((x0 - {X[worst, 0]})**2 + (x1 - {X[worst, 1]})**2))"
    plain, found = described(X, y, "x0*x1", peak)
    assert found == plain


def test_a_law_that_one_row_breaks_stays_the_shortest() -> None:
    X = rows(8001)
    y = law(X)
    y[1] += 1000.0
    plain, found = described(X, y, LAW, BENT)
    assert found == plain and int(np.argmin(found)) == 0


def test_a_law_is_chosen_under_noise_in_proportion() -> None:
    X = rows()
    y = 6.674e-11 * X[:, 0] * 1e24 / np.square(X[:, 1] * 1e6)
    y = y * (1.0 + 0.01 * np.random.default_rng(4).normal(size=len(X)))
    model = SymbolicRegressor(evaluations=20_000, verbose=0).fit(X, y)
    wanted = X[:, 0] / np.square(X[:, 1])
    ratio = model.predict(X) / wanted
    assert np.ptp(ratio) < 1e-9 * ratio.mean() and model.best_.complexity <= 9
