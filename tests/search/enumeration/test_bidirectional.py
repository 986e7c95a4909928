"""Bidirectional enumeration: laws found from both ends of the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.errors import InputError
from symtick.expr import from_programs, parse
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.enumeration.bidirectional import BidirectionalStats, bidirectional_front
from symtick.search.enumeration.enumeration import Enumeration
from symtick.search.grammar.grammar import (
    Rules,
    Vocabulary,
    accepts,
    random_sequences,
    sequences_of,
)
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import evaluate

pytestmark = pytest.mark.kernel

KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
Law = Callable[..., Any]


def found(
    law: Law, features: int, low: float, high: float, **more: Any
) -> tuple[list[Candidate], BidirectionalStats]:
    """What comes of 20 rows of a law."""
    X = np.random.default_rng(0).uniform(low, high, (20, features))
    vocabulary = Vocabulary.of(
        more.pop("ops", KOZA), features, constants=more.pop("constants", False)
    )
    rules = more.pop("rules", Rules(max_nodes=40))
    return bidirectional_front(X, law(*X.T), SearchCost.unit(features), vocabulary, rules, **more)


def misses(front: list[Candidate], law: Law, features: int, low: float, high: float) -> float:
    """Mean square error on new rows, in units of the target's variance, of the best formula."""
    X = np.random.default_rng(1).uniform(low, high, (500, features))
    y = law(*X.T)
    best = min(front, key=lambda c: c.loss).program
    return float(((evaluate([best], X)[0] - y) ** 2).mean() / y.var())


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_inputs_that_are_all_alike_come_to_an_end(value: float) -> None:
    X, y = np.full((60, 3), value), np.random.default_rng(0).uniform(1, 2, 60)
    vocabulary, rules = Vocabulary.of(KOZA, 3, constants=True), Rules(max_nodes=40)
    cost = SearchCost.unit(3)
    _, stats = bidirectional_front(X, y, cost, vocabulary, rules, max_evaluations=2_000)
    assert stats.evaluations <= 2_000
    one = Vocabulary.of(("add", "sub", "mul", "div"), 3, constants=True)
    _, stats = bidirectional_front(X, y, cost, one, rules, max_evaluations=2_000)
    assert stats.evaluations <= 2_000


def test_ctrl_c_ends_it(ctrl_c: Callable[[float], None]) -> None:
    X = np.random.default_rng(0).uniform(1, 2, (60, 3))
    y = np.random.default_rng(1).uniform(1, 2, 60)
    vocabulary, rules = Vocabulary.of(KOZA, 3, constants=True), Rules(max_nodes=40)
    ctrl_c(0.3)
    with pytest.raises(KeyboardInterrupt):
        bidirectional_front(X, y, SearchCost.unit(3), vocabulary, rules, max_evaluations=10**9)
    ctrl_c(0.3)
    with pytest.raises(KeyboardInterrupt):
        Enumeration(X, vocabulary, rules, max_level=30, max_functions=10**8).run()


# with what each may cost, in evaluations
LAWS: list[tuple[Law, int, float, float, int]] = [
    (lambda x: x**9 + x**8 + x**7 + x**6 + x**5 + x**4 + x**3 + x**2 + x, 1, -1, 1, 20_000),
    (lambda x: np.cbrt(x), 1, 0.1, 4, 25_000),
    (lambda x: np.sinh(x), 1, -1, 1, 20_000),
    (lambda x: np.sin(x**2) * np.cos(x) - 5, 1, -1, 1, 40_000),
    (lambda x: 4 * x**4 + 3 * x**3 + 2 * x**2 + x, 1, -1, 1, 20_000),
    (lambda x, y: x**4 - x**3 + y**2 / 2 - y, 2, 0, 1, 50_000),
    (lambda x, y: x**y, 2, 0, 1, 50_000),
]


@pytest.mark.parametrize("number", range(len(LAWS)))
def test_known_laws_are_found_within_evaluations(number: int) -> None:
    law, features, low, high, evaluations = LAWS[number]
    front, stats = found(law, features, low, high, max_evaluations=evaluations)
    assert stats.evaluations <= evaluations
    assert misses(front, law, features, low, high) < 1e-20


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_random_formulas_of_few_operations_are_found(seed: int) -> None:
    vocabulary = Vocabulary.of(("add", "sub", "mul", "div", "sin", "exp"), 1, constants=False)
    rules = Rules(min_nodes=5, max_nodes=9, trig_in_trig=False, nested={"exp": {"exp": 0}})
    program = vocabulary.program(random_sequences(rules, vocabulary, 1, seed)[0])
    X = np.random.default_rng(seed).uniform(0.5, 1.5, (20, 1))
    y = evaluate([program], X)[0]
    if not np.isfinite(y).all() or not 1e-3 < np.ptp(y) < 1e3:
        return
    front, _ = bidirectional_front(
        X, y, SearchCost.unit(1), vocabulary, Rules(max_nodes=40),
        max_evaluations=300_000,
    )  # fmt: skip
    assert min(c.loss for c in front) < 1e-18


def test_rules_hold_for_what_is_found() -> None:
    law, rules = LAWS[3][0], Rules(max_nodes=25, trig_in_trig=False, max_count={"sub": 2})
    front, _ = found(law, 1, -1, 1, rules=rules, max_evaluations=30_000, enough=-1.0)
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    assert front
    expressions = [from_programs([c.program], vocabulary.inputs) for c in front]
    sequences = [vocabulary.sequence(e)[0] for e in expressions]
    assert accepts(rules, vocabulary, sequences_of(sequences)).all()


def test_free_constants_stand_for_scale_and_shift() -> None:
    law: Law = lambda x: 2.718 * np.exp(x) * np.sin(x) + 0.577  # noqa: E731
    front, stats = found(law, 1, 0, 2, constants=True)
    assert misses(front, law, 1, 0, 2) < 1e-20
    assert stats.evaluations < 20_000


def test_the_same_twice_and_never_more_than_asked_for() -> None:
    law, features, low, high, _ = LAWS[5]
    one, other = (found(law, features, low, high, max_evaluations=5000) for _ in "12")
    assert one[1].evaluations == other[1].evaluations <= 5000
    assert [c.loss for c in one[0]] == [c.loss for c in other[0]]


def test_noise_is_no_closed_form() -> None:
    X = np.random.default_rng(0).uniform(0.1, 2, (20, 1))
    y = np.random.default_rng(1).normal(size=20)
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    front, stats = bidirectional_front(
        X, y, SearchCost.unit(1), vocabulary, Rules(), max_evaluations=20_000
    )
    assert front == []
    assert stats.evaluations == 20_000


def test_a_target_that_is_constant() -> None:
    X = np.random.default_rng(0).uniform(0.1, 2, (20, 1))
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    front, _ = bidirectional_front(X, np.full(20, 2.0), SearchCost.unit(1), vocabulary, Rules())
    assert evaluate([front[0].program], X)[0] == pytest.approx(2.0)


def test_many_rows_are_thinned() -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (3000, 1))
    y = parse("sin(x0) + sin(x0 + x0*x0)").evaluate(X)[:, 0]
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    front, _ = bidirectional_front(X, y, SearchCost.unit(1), vocabulary, Rules(), rows=30)
    assert front[0].loss < 1e-28
    with pytest.raises(InputError, match="rows must be from 1 to 512, not 0"):
        bidirectional_front(X, y, SearchCost.unit(1), vocabulary, Rules(), rows=0)


def test_rows_of_no_weight_say_nothing() -> None:
    X = np.random.default_rng(0).uniform(0.1, 2, (20, 1))
    y, weights = X[:, 0] * np.sin(X[:, 0]), np.ones(20)
    y[3], weights[3] = 50.0, 0.0
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    front, _ = bidirectional_front(X, y, SearchCost.unit(1), vocabulary, Rules(), weights=weights)
    assert front[0].loss < 1e-25
