"""The cache of known functions: none is scored twice, and the cheapest form is kept."""

from __future__ import annotations

import copy
import gc
from dataclasses import replace

import numpy as np
import pytest
from engine_samples import NO_MOVE, RICH, TOKENS, depth_cost, inputs, rows_of, target, tokens

from symtick.hwcost.search_model.graph import search_cost
from symtick.search.evolution.engine import Engine
from symtick.search.grammar.grammar import Rules
from symtick.search.kernel_api.evaluation import costs, losses
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
ANY = replace(TOKENS, rules=Rules(max_nodes=40), islands=1)


@pytest.mark.parametrize("config", [TOKENS, replace(RICH, screen_rows=2000)])
def test_what_is_remembered_is_what_would_be_scored(config: object) -> None:
    engine = tokens(config)  # type: ignore[arg-type]
    stats = engine.step(25)
    assert stats.cache_hits > 50
    sequences, constants, found = engine.individuals(10**6)
    X = inputs()
    held = Rows.make(X, target(X))
    programs = [engine.vocabulary.program(s, c) for s, c in zip(sequences, constants, strict=True)]
    again = losses(programs, held)
    defined = np.isfinite(again)  # x0/x0 and the like may not be
    assert defined.mean() > 0.99
    assert np.allclose(again[defined], found[defined], rtol=1e-6, atol=1e-20)


def test_equal_functions_are_scored_once() -> None:
    engine = tokens(ANY)
    equal = ("x0*(x1 + x0)", "x0*x1 + x0*x0", "x0*x0 + x1*x0", "(x0 + x1)*x0")
    found = engine.offer(rows_of(engine, *equal))
    assert len(set(found.tolist())) == 1
    assert (engine.stats().evaluations, engine.stats().cache_hits) == (1, 3)
    found = engine.offer(rows_of(engine, "sin(x0*(x1 + x0))", "sin(x0*x0 + x1*x0)", "x0*x1"))
    assert engine.stats().evaluations == 3
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("order", [1, -1])
def test_the_cheaper_of_two_equal_forms_is_kept(order: int) -> None:
    engine = tokens(replace(ANY, population=4))
    forms = ("x0*x0 + x1*x0 + x0*(x0 - x0)", "x0*(x1 + x0)")[::order]
    engine.offer(rows_of(engine, *forms))
    kept = {engine.vocabulary.text(row[row >= 0]) for row in engine.individuals(9)[0]}
    assert kept == {"x0*(x1 + x0)"}
    assert [one.ticks for one in engine.front()] == [2]
    assert engine.stats().evaluations == 1


def test_a_form_that_is_not_defined_does_not_hide_one_that_is() -> None:
    X = inputs()
    X[0] = 0.0  # x0/x0*x0 is no number there
    y = 2.0 * X[:, 0]
    engine = Engine(Rows.make(X, y), None, depth_cost(2), ANY)
    rows = rows_of(engine, "x0*x1/x1 + x0", "x0 + x0", "x0*x1/x1 + x0")
    found = engine.offer(rows)
    assert found[0] == np.inf
    assert found[1] == 0.0
    assert [one.loss for one in engine.front()] == [0.0]
    assert engine.front()[0].sequence == tuple(rows[1][rows[1] >= 0].tolist())


def test_figures_on_the_front_are_its_own() -> None:
    engine = tokens()
    engine.step(40)
    X = inputs()
    front = engine.front()
    again = losses([one.program for one in front], Rows.make(X, target(X)))
    for one, loss in zip(front, again, strict=True):
        assert one.loss == pytest.approx(loss, rel=1e-9, abs=1e-25)
        expression = engine.vocabulary.expression(one.sequence, one.constants)
        assert (one.ticks, one.lut) == search_cost(expression, depth_cost(2))


def test_a_known_function_may_come_back_where_copies_are_allowed() -> None:
    moves = replace(NO_MOVE, crossover=0.0, feature=1.0)  # few functions can be reached
    for copies in (0, 1):
        engine = tokens(replace(ANY, population=6, copies=copies, moves=moves))
        engine.replant(rows_of(engine, "x0*sin(x1) + x0*x0"))
        stats = engine.step(30)
        assert stats.evaluations <= 12  # of 16 ways to fill four leaves, some are equal
        assert stats.cache_hits > 30
        before = individuals(engine)
        engine.step(1)
        assert (individuals(engine) == before) == (copies == 0)


def individuals(engine: Engine) -> list[bytes]:
    """What the state holds of them, token by token."""
    state = engine.state()
    return [state["ops"].tobytes(), state["features"].tobytes()]


def test_parsimony_spreads_the_ticks() -> None:
    def largest_share(parsimony: float) -> float:
        config = replace(TOKENS, population=300, rules=Rules(max_nodes=40), parsimony=parsimony)
        engine = tokens(config)
        engine.step(30)
        sequences, _, _ = engine.individuals(10**6)
        ticks, _ = costs([engine.vocabulary.program(s) for s in sequences], depth_cost(2))
        return float(np.bincount(ticks).max() / len(ticks))

    assert largest_share(40.0) < 0.8 * largest_share(0.0)


def test_the_best_of_every_tick_may_breed() -> None:
    config = replace(TOKENS, tick_elite_probability=0.0)
    without, with_elites = tokens(config), tokens(replace(config, tick_elite_probability=0.5))
    without.step(20)
    with_elites.step(20)
    spread = [
        np.unique(
            costs([e.vocabulary.program(s) for s in e.individuals(10**6)[0]], depth_cost(2))[0]
        )
        for e in (without, with_elites)
    ]
    assert len(spread[1]) > len(spread[0])


def test_searches_of_the_same_rows_share_the_kernels_copy_of_them() -> None:
    X = inputs()
    held = Rows.make(X, target(X))
    first, second = (Engine(held, None, depth_cost(2), RICH) for _ in "12")
    assert held.kernel is held.kernel
    alone = Engine(Rows.make(X, target(X)), None, depth_cost(2), RICH)
    del held  # the engines keep what they refer to
    gc.collect()
    assert first.step(10) == second.step(10) == alone.step(10)


def test_rows_travel_without_the_kernels_copy() -> None:
    X = inputs()
    held = Rows.make(X, target(X))
    assert held.kernel.rows == len(X)
    back = copy.deepcopy(held)
    assert (back.X == held.X).all() and (back.y == held.y).all()
    assert (back.kernel.rows, back.kernel.features) == X.shape
