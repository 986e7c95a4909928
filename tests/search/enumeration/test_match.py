"""Parts of a tree matched to enumerated functions, alone and as a move of evolution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from search_samples import restored

from symtick.expr import Program, from_programs
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Moves
from symtick.search.grammar.grammar import (
    Rules,
    Vocabulary,
    accepts,
    random_sequences,
    sequences_of,
)
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel

OPS = ("add", "sub", "mul", "div", "sin", "exp")
VOCABULARY = Vocabulary.of(OPS, 2, constants=False)
X = np.random.default_rng(0).uniform(0.3, 1.3, (24, 2))
COST = SearchCost.unit(2)
SILENT = dict.fromkeys(Moves.__dataclass_fields__, 0.0)


def library_settings(max_rows: int = 64) -> _kernel.LibrarySettings:
    settings = _kernel.LibrarySettings()
    settings.max_level, settings.max_functions, settings.max_rows = 7, 400_000, max_rows
    return settings


def matching(y: Any, vocabulary: Vocabulary = VOCABULARY, candidates: int = 200) -> Any:
    rules = Rules().to_kernel(vocabulary)
    held = Rows.make(X, y).kernel
    return _kernel.Matching(rules, held, library_settings(), 3000, candidates)


def value(sequence: Any, vocabulary: Vocabulary = VOCABULARY) -> Any:
    return evaluate([vocabulary.program(sequence)], X)[0]


def drawn(rules: Rules, count: int, seed: int) -> list[Any]:
    """Random sequences without what fills their rows up."""
    return [row[row >= 0] for row in random_sequences(rules, VOCABULARY, count, seed)]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_part_that_is_missing_is_found(seed: int) -> None:
    """A leaf of a law is exchanged; some match of that leaf gives the law again."""
    draw = np.random.default_rng(seed)
    rules = Rules(min_nodes=4, max_nodes=10, trig_in_trig=False, nested={"exp": {"exp": 0}})
    law = drawn(rules, 1, seed)[0]
    y = value(law)
    assume(np.isfinite(y).all() and np.abs(y).max() < 1e3 and np.ptp(y) > 1e-3)
    inputs = [k for k, token in enumerate(law) if token >= len(OPS)]
    parent = law.copy()
    place = draw.choice(inputs)
    parent[place] = len(OPS) + (1 - (parent[place] - len(OPS)))
    before = value(parent)
    # the way back must be through values that the operators can take
    assume(np.isfinite(before).all() and np.abs(before - y).max() > 1e-6)
    held = matching(y)
    children = [held.matched(parent, k) for k in range(60)]
    programs = [Program(*c) for c in children if c is not None]
    assert programs
    with np.errstate(all="ignore"):
        misses = np.abs(evaluate(programs, X) - y).max(axis=1)
    # sin hides its argument's turns, and exp(x) - exp(x) what was taken off
    if not {OPS.index("sin")} & set(law.tolist()):
        assert np.nanmin(misses) < 1e-6 * (1 + np.abs(y).max())


def test_free_constants_are_placed_by_least_squares() -> None:
    vocabulary = Vocabulary.of(("add", "mul", "exp"), 2)
    y = np.exp(2.5 * X[:, 0] + 0.5) + X[:, 1]
    parent = vocabulary.sequence("exp(x0) + x1")[0]
    held = matching(y, vocabulary)
    children = [held.matched(parent, k) for k in range(40)]
    found = evaluate([Program(*c) for c in children if c is not None], X)
    assert np.abs(found - y).max(axis=1).min() < 1e-9


def test_a_match_is_better_than_what_it_takes_the_place_of() -> None:
    """Far from the law too: most children are nearer than their parent."""
    rules = Rules(min_nodes=5, max_nodes=12)
    y = np.sin(X[:, 0] * 3) / (X[:, 1] + 0.3) + np.random.default_rng(1).normal(0, 0.01, len(X))
    held = matching(y)
    better = total = 0
    for k, parent in enumerate(drawn(rules, 300, 5)):
        child = held.matched(parent, k)
        with np.errstate(all="ignore"):
            before = ((value(parent) - y) ** 2).mean()
            if child is not None and np.isfinite(before):
                total += 1
                better += ((evaluate([Program(*child)], X)[0] - y) ** 2).mean() < before
    assert total > 150
    assert better > 0.7 * total


@pytest.mark.parametrize("count", [24, 100])  # fewer and more rows than a library reads
@pytest.mark.parametrize("constants", [False, True])
def test_rows_of_no_weight_say_nothing(count: int, constants: bool) -> None:
    """Most rows are waste, and their inputs and target bar many functions from a library."""
    draw = np.random.default_rng(count)
    vocabulary = Vocabulary.of((*OPS, "log"), 2, constants=constants)
    X_good = draw.uniform(0.3, 1.3, (count, 2))
    y_good = np.log(X_good[:, 0]) * X_good[:, 1] + X_good[:, 0] / X_good[:, 1]
    heavy = np.sort(draw.choice(3 * count, count, replace=False))
    X_all, y_all = draw.normal(0.0, 1e3, (3 * count, 2)), draw.normal(0.0, 1e6, 3 * count)
    X_all[::2] = 0.0
    X_all[heavy], y_all[heavy] = X_good, y_good
    weights = np.zeros(3 * count)
    weights[heavy] = draw.uniform(0.5, 2.0, count)

    def made(X: Any, y: Any, weights: Any) -> Any:
        held = Rows.make(X, y, weights).kernel
        rules = Rules().to_kernel(vocabulary)
        return _kernel.Matching(rules, held, library_settings(), 3000, 200)

    clean, waste = made(X_good, y_good, weights[heavy]), made(X_all, y_all, weights)
    matched = 0
    for text in ("log(x0)*x1 + x0/x0", "log(x1)*x1 + x0/x1", "log(x0 + x1) + exp(x0)"):
        parent = vocabulary.sequence(text)[0]
        for seed in range(40):
            one, other = (m.matched(parent, seed) for m in (clean, waste))
            assert (one is None) == (other is None)
            if one is not None:
                matched += 1
                assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert matched > 40
    found = [clean.matched(vocabulary.sequence("log(x1)*x1 + x0/x1")[0], k) for k in range(40)]
    values = evaluate([Program(*c) for c in found if c is not None], X_good)
    assert np.abs(values - y_good).max(axis=1).min() < 1e-9


def test_a_library_needs_rows_of_weight() -> None:
    none, some = (_kernel.Data(X, X[:, 0], np.full(len(X), w)) for w in (0.0, 1.0))
    for held, library in ((none, library_settings()), (some, library_settings(max_rows=0))):
        with pytest.raises(ValueError, match="at least one row that has a weight"):
            _kernel.Matching(Rules().to_kernel(VOCABULARY), held, library, 3000, 200)


# --- as a move ------------------------------------------------------------------------------------

CONFIG = EngineConfig(
    ops=OPS,
    constants=False,
    simplify=False,
    rules=Rules(max_nodes=24, trig_in_trig=False),
    islands=3,
    population=20,
    library=6000,
    moves=Moves(**{**SILENT, "match": 1.0, "point": 1.0, "crossover": 1.0, "replace": 1.0}),
)
TARGET = X[:, 0] ** 3 * np.exp(X[:, 1]) - np.sin(X[:, 0] * X[:, 1])


def engine(config: EngineConfig = CONFIG) -> Engine:
    return Engine(Rows.make(X, TARGET), None, COST, config)


def test_laws_are_bred_by_matching() -> None:
    plain = replace(CONFIG.moves, match=0.0)
    found = {CONFIG.moves: 0, plain: 0}
    for moves in found:
        for seed in range(4):
            search = engine(replace(CONFIG, target_loss=1e-20, moves=moves, seed=seed))
            found[moves] += search.step(2000, budget=60_000).best_loss < 1e-20
            for c in search.front():
                sequence = VOCABULARY.sequence(from_programs([c.program], VOCABULARY.inputs))[0]
                assert accepts(CONFIG.rules or Rules(), VOCABULARY, sequences_of([sequence])).all()
    assert found[CONFIG.moves] > found[plain]


@pytest.mark.parametrize("most", [3000, 6100, 9001])
def test_evaluations_are_counted_and_never_exceeded(most: int) -> None:
    search = engine()
    counted = 0
    for _ in range(40):
        counted = search.step(5, budget=most).evaluations
    assert most - 2 * CONFIG.islands <= counted <= most


def test_threads_and_restoring_change_nothing() -> None:
    one, other = engine(), engine()
    one.step(12)
    other.step(5, threads=2)
    again = restored(Engine(Rows.make(X, TARGET), None, COST, CONFIG), other.state())
    assert again.stats() == other.stats()
    again.step(7, threads=3)
    assert again.stats() == one.stats()
    assert [c.loss for c in again.front()] == [c.loss for c in one.front()]


def test_without_a_library_there_is_no_match() -> None:
    moves = Moves(**{**SILENT, "match": 1.0, "point": 1.0})
    with_none, with_some = (
        engine(replace(CONFIG, library=n, moves=moves)).step(3).evaluations for n in (0, 6000)
    )
    assert with_none < 1000 < with_some
