"""Poles between the rows, in any part of a formula."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from symtick.expr import parse
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.parts.sanity import sound

pytestmark = pytest.mark.kernel
Floats = NDArray[np.float64]
NAMES = ("x0", "x1", "x2")


def rows(low: float, high: float, count: int = 200) -> Floats:
    return np.random.default_rng(3).uniform(low, high, (count, 3))


def values(text: str, X: Floats) -> Floats:
    return np.asarray(evaluate([parse(text, NAMES).to_program()], X)[0])


def judged(text: str, X: Floats, y: Floats) -> bool:
    return sound(parse(text, NAMES).to_program(), X, y)


@pytest.mark.parametrize(
    "term",
    [
        "0.05*cos(1/x2)",
        "sin(0.0006/(x2 - 0.0412))",
        "0.01*tanh(0.02/(x2 - 0.3))",
        "0.01*exp(-square(0.01/(x1 - x2)))",
        "0.01/(1 + square(0.001/(x2 + 0.51)))",
        "0.0000001/square(x2 - 0.3)",
        "0.0000001*x1/(x2*x2)",
        "0.001/abs(x2 + 0.7)",
        "0.01*log(abs(x2 - 0.3))",
        "0.01*cos(log(square(x2)))",
    ],
)
def test_a_pole_is_a_fault_whatever_is_around_it(term: str) -> None:
    X = rows(-1.0, 1.0)
    y = X[:, 0] + 0.1 * np.random.default_rng(4).standard_normal(len(X))
    assert judged("x0", X, y)
    assert not judged(f"x0 + {term}", X, y)


def test_a_pole_beyond_a_single_row_is_found() -> None:
    X = rows(1.0, 2.0)
    X[17, 2] = 0.5
    y = X[:, 0] + 0.1 * np.random.default_rng(4).standard_normal(len(X))
    assert not judged("x0 + 0.0001/(x2 - 0.75)", X, y)
    assert judged("x0 + 0.0001/(x2 - 0.25)", X, y)


@pytest.mark.parametrize(
    "law", ["tanh(0.5/x0) + x1", "1/(1 + 0.05/square(x0)) + x1", "exp(-0.1/square(x0))*x1"]
)
def test_bounded_functions_of_a_pole_that_the_rows_show_are_no_fault(law: str) -> None:
    X = rows(-1.0, 1.0, 300)
    y = values(law, X)
    y = y + 0.01 * np.std(y) * np.random.default_rng(4).standard_normal(len(X))
    assert judged(law, X, y)
    assert not judged(law, X, X[:, 2])


@pytest.mark.parametrize("law", ["tanh(1215/(x0 - 0.45)) + x1", "x1 - tanh(300/(x2*(x0 - 0.1)))"])
def test_a_step_by_a_pole_that_changes_one_side_alone_is_no_fault(law: str) -> None:
    X = rows(-1.0, 1.0, 300)
    y = values(law, X) + 0.05 * np.random.default_rng(4).standard_normal(len(X))
    assert judged(law, X, y)
    assert not judged(f"0.02*({law}) + x1", X, y - values(law, X) + X[:, 1])


@pytest.mark.parametrize("text", ["sin(x0)/x0", "x0/(1 + abs(x1))", "x1/(1 + square(x0))"])
def test_a_quotient_that_does_not_grow_has_no_pole(text: str) -> None:
    X = rows(-1.0, 1.0)
    assert judged(text, X, values(text, X))


def test_targets_that_grow_for_another_reason_show_no_pole() -> None:
    rng = np.random.default_rng(0)
    X = np.stack([rng.uniform(1.0, b, 300) for b in (1000.0, 1000.0, 100.0)], axis=1)
    law = "x0*x1/square(x2)"
    y = values(law, X) * (1.0 + 0.01 * rng.standard_normal(300))
    assert judged(law, X, y)
    for place in (1.858, 1.92, 2.0, 2.064):  # all between rows, whose targets are large
        assert not judged(f"{law} - 0.003*(600*x1 - x0*x0)/(x2 - {place})", X, y)
