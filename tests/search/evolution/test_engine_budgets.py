"""Budgets of evaluations hold with any settings, and first individuals are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine_samples import RICH, TOKENS, depth_cost, inputs, target, tokens, written
from hypothesis import given, settings
from hypothesis import strategies as st
from search_samples import restored

from symtick.errors import InputError
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.grammar.grammar import Rules, Units, accepts
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
MATCHED = replace(TOKENS, library=20_000, moves=replace(TOKENS.moves, match=0.3))
TIGHT = Rules(max_nodes=20, min_count={"exp": 2, "log": 2, "sin": 1})


@settings(max_examples=30, deadline=None)
@given(
    budgets=st.lists(st.integers(1, 2000), min_size=1, max_size=3),
    islands=st.integers(1, 3),
    interval=st.none() | st.integers(1, 2),
    library=st.sampled_from([0, 100, 20_000]),
    rich=st.booleans(),
)
def test_no_budget_is_exceeded(
    budgets: list[int], islands: int, interval: int | None, library: int, rich: bool
) -> None:
    base = RICH if rich else TOKENS
    config = replace(base, islands=islands, population=20, screen_rows=30, patience=3,
                     screen_interval=interval, library=library,
                     moves=replace(base.moves, match=0.3))  # fmt: skip
    engine = tokens(config, rows=100)
    for most in sorted(budgets):
        assert engine.step(6, budget=most).evaluations <= most


@pytest.mark.parametrize("library", [0, 20_000])
def test_a_budget_that_does_not_bind_changes_nothing(library: int) -> None:
    """Islands wait for each other after each generation where it may bind, else after several."""
    config = replace(MATCHED, library=library, screen_rows=30, screen_interval=4)
    at_once, singly = tokens(config, rows=100), tokens(config, rows=100)
    at_once.step(10, threads=2, budget=500_000)
    for _ in range(10):
        singly.step(1, budget=500_000)
    assert at_once.stats() == singly.stats()
    assert written(at_once.front()) == written(singly.front())


def test_drawing_rows_anew_waits_for_a_budget_that_it_fits() -> None:
    config = replace(TOKENS, screen_rows=30, screen_interval=1)
    for most in (200, 300, 400, 500):
        engine = tokens(config, rows=400)
        assert engine.step(30, budget=most).evaluations == most
    before = engine.individuals(5)[2]
    engine.step(1, budget=5000)
    assert not np.isin(engine.individuals(10**6)[2], before).any()


def test_the_library_takes_a_quarter_of_the_first_budget() -> None:
    stats = tokens(MATCHED).step(1000, budget=5000)
    assert stats.generation > 10
    assert np.isfinite(stats.best_loss)
    # individuals, the library and one generation
    first = tokens(MATCHED).step(1, budget=5000).evaluations
    assert first <= 5000 // 4 + 4 * MATCHED.islands * MATCHED.population


def test_a_budget_below_its_leaves_makes_no_library() -> None:
    config = replace(MATCHED, islands=1, population=1, copies=9)
    for most in (1, 2, 3):
        assert tokens(config).step(3, budget=most).evaluations <= most
    # a later step with more makes it
    late, never = tokens(config), tokens(replace(config, library=0))
    for engine in (late, never):
        engine.step(1, budget=3)
    taken = [engine.step(1, budget=4000).evaluations for engine in (late, never)]
    assert taken[0] > taken[1] + 50


def test_a_restored_search_has_the_library_of_the_first_budget() -> None:
    X = inputs()
    whole, parts = tokens(MATCHED), tokens(MATCHED)
    whole.step(3, budget=3000)
    parts.step(3, budget=3000)
    saved = parts.state()
    parts = restored(Engine(Rows.make(X, target(X)), None, depth_cost(2), MATCHED), saved)
    assert whole.step(9, budget=6000) == parts.step(9, 2, budget=6000)
    assert written(whole.front()) == written(parts.front())


@pytest.mark.parametrize("seed", range(6))
def test_individuals_are_found_under_tight_rules_again_and_again(seed: int) -> None:
    config = replace(TOKENS, seed=seed, patience=1, islands=1, population=20, rules=TIGHT)
    engine = tokens(config)
    engine.step(20)
    sequences, _, found = engine.individuals(10**6)
    assert len(sequences) > 3
    assert np.isfinite(found).all()
    assert accepts(TIGHT, engine.vocabulary, sequences).all()


@pytest.mark.parametrize(
    "rules",
    [
        replace(Rules.dso(30), min_nodes=29, max_nodes=30),
        Rules(max_nodes=20, units=Units.parse(["m", "s"], "m^2/s")),
        Rules(min_nodes=9, max_nodes=9, needs_input=True, max_count={"x0": 1}),
    ],
)
def test_individuals_are_found_where_blind_growth_seldom_keeps_the_rules(rules: Rules) -> None:
    for seed in range(3):
        engine = tokens(replace(TOKENS, seed=seed, rules=rules, islands=1, population=20))
        engine.step(2)
        sequences = engine.individuals(10**6)[0]
        assert len(sequences) > 0
        assert accepts(rules, engine.vocabulary, sequences).all()


def test_old_individuals_stay_where_no_new_ones_can_be_made() -> None:
    # the only expressions within the rules are those of one leaf, all known from the start
    config = EngineConfig(
        ops=("add",), constants=False, simplify=False, rules=Rules(max_nodes=1), islands=1,
        population=2, patience=1, moves=TOKENS.moves,
    )  # fmt: skip
    engine = tokens(config)
    engine.step(1)
    individuals = engine.individuals(9)[0].tolist()
    engine.step(10)
    assert engine.individuals(9)[0].tolist() == individuals


def test_what_hinders_a_start_is_said() -> None:
    X = inputs()
    with pytest.raises(InputError, match="no first expression has a finite loss"):
        Engine(Rows.make(X, target(X) * 1e200), None, depth_cost(2), TOKENS).step(1)
    nothing = replace(TOKENS, population=4, limits=Limits(max_lut=0.5))  # less than an operator's
    with pytest.raises(InputError, match="no first expression keeps the rules"):
        tokens(nothing).step(1)
