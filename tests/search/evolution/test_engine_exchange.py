"""Exchange with the engine: candidates, losses, penalties and roundings from outside."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from engine_samples import RICH, TOKENS, depth_cost, inputs, target, tokens, written
from hypothesis import given, settings
from hypothesis import strategies as st
from search_samples import restored

from symtick.errors import InputError
from symtick.expr import Expression, Op
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, random_sequences
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
TUNED = EngineConfig(ops=("add", "mul", "sin", "square"), islands=2, population=12, trial_terms=8)


def test_evaluations_are_never_more_than_allowed() -> None:
    for most in (0, 1, 7, 1000, 1001):
        engine = tokens()
        assert engine.step(10**6 if most > 7 else 50, budget=most).evaluations == most
    before = engine.stats()
    assert engine.step(5, budget=10) == before
    assert engine.step(10**6, budget=1500).evaluations == 1500


def test_a_target_ends_the_search() -> None:
    X = inputs()
    y = X[:, 0] * np.sin(X[:, 1])
    engine = Engine(Rows.make(X, y), None, depth_cost(2), replace(TOKENS, target_loss=1e-20))
    stats = engine.step(10**6, budget=200_000)
    assert stats.best_loss < 1e-20
    assert stats.evaluations < 50_000
    assert engine.step(5) == stats


def test_offered_candidates_are_scored_and_stay() -> None:
    engine = tokens()
    sequences = random_sequences(Rules.dso(30), engine.vocabulary, 50, seed=3)
    found = engine.offer(sequences, threads=2)
    X = inputs()
    expected = losses([engine.vocabulary.program(s) for s in sequences], Rows.make(X, target(X)))
    assert np.allclose(found, expected, rtol=1e-9)
    assert np.isfinite(found).sum() > 10
    rows, _, best = engine.individuals(10)
    assert np.array_equal(best, np.unique(found)[: len(best)])
    assert min(c.loss for c in engine.front()) == best[0]
    assert engine.vocabulary.text(rows[0][rows[0] >= 0])
    engine.step(3)
    assert engine.stats().evaluations > 50


def test_offered_constants_are_tuned() -> None:
    X = inputs()
    y = 1.7 * np.sin(2.3 * X[:, 0]) + X[:, 1] ** 2
    engine = Engine(
        Rows.make(X, y), None, depth_cost(2), replace(RICH, tune_iterations=40, screen_rows=99)
    )
    row, _ = engine.vocabulary.sequence("1.5*sin(2.0001*x0) + square(x1)")
    assert engine.offer(row[None], [[1.5, 2.2]])[0] < 1e-20
    _, constants, _ = engine.individuals(1)
    assert np.allclose(np.abs(constants[0]), [1.7, 2.3])


def test_what_breaks_a_rule_gets_no_place() -> None:
    engine = tokens()
    rows = [engine.vocabulary.sequence(t)[0] for t in ("sin(sin(x0)) + x1", "x0*x1 + x0")]
    out = np.full((2, 6), -1, np.int16)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    found = engine.offer(out)
    assert found[0] == math.inf
    assert math.isfinite(found[1])
    assert len(engine.individuals(9)[0]) == 1


def test_replanted_islands_forget_their_individuals_and_keep_the_front() -> None:
    engine = tokens()
    engine.step(10)
    front = written(engine.front())
    best = engine.stats().best_loss
    given_rows = random_sequences(Rules.dso(30), engine.vocabulary, 30, seed=2)
    engine.replant(given_rows)
    assert engine.stats().best_loss <= best
    after = written(engine.front())
    assert set(after) & set(front)
    engine.step(5)
    # nothing fit to live: founded anew
    bad = np.array([[0, 8, 8]], np.int16)  # x0 + x0 is too short
    assert engine.replant(bad)[0] == math.inf
    engine.step(2)
    assert len(engine.individuals(10**6)[0]) > 60


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**40), threads=st.integers(1, 3))
def test_exchange_is_the_same_with_any_number_of_threads(seed: int, threads: int) -> None:
    results = []
    for crew in (1, threads):
        engine = tokens(replace(RICH, seed=seed), rows=150)
        sequences = random_sequences(
            RICH.all_rules(), engine.vocabulary, 20, seed=seed % 1000, cost=depth_cost(2)
        )
        found = [engine.offer(sequences[:10], threads=crew)]
        engine.step(2, threads=crew)
        found.append(engine.replant(sequences[10:], threads=crew))
        engine.step(2, threads=crew)
        results.append((np.concatenate(found).tolist(), written(engine.front()), engine.stats()))
    assert results[0] == results[1]


@settings(max_examples=5, deadline=None)
@given(before=st.integers(0, 9), after=st.integers(1, 8))
def test_a_restored_search_goes_on_with_everything(before: int, after: int) -> None:
    X = inputs(150)
    first = tokens(RICH, rows=150)
    if before:
        first.step(before)
    saved = {name: array.copy() for name, array in first.state().items()}
    second = restored(Engine(Rows.make(X, target(X)), None, depth_cost(2), RICH), saved)
    assert first.step(after) == second.step(after, threads=2)
    rows = random_sequences(RICH.all_rules(), first.vocabulary, 8, seed=3, cost=depth_cost(2))
    assert first.offer(rows).tolist() == second.offer(rows).tolist()
    assert first.step(1) == second.step(1)
    for name, array in first.state().items():
        assert np.array_equal(second.state()[name], array), name


def test_rows_are_drawn_anew_and_individuals_scored_again() -> None:
    config = replace(TOKENS, screen_rows=30, screen_interval=2, patience=None)
    engine = tokens(config, rows=400)
    fixed = tokens(replace(config, screen_interval=None), rows=400)
    engine.step(2)
    fixed.step(2)
    sequences, _, old = engine.individuals(20)
    assert fixed.individuals(20)[2].tolist() == old.tolist()
    before = engine.stats().evaluations
    engine.step(1)
    assert engine.stats().evaluations - before > fixed.step(1).evaluations - before
    # the losses are of the new rows
    assert not np.isin(engine.individuals(10**6)[2], old).any()
    X = inputs(400)
    front = engine.front()
    again = losses([c.program for c in front], Rows.make(X, target(X)))
    assert np.allclose([c.loss for c in front], again, rtol=1e-9)
    assert len(sequences) == 20


def test_a_penalty_is_added_to_what_enters_the_front() -> None:
    X = inputs()
    y = np.sin(X[:, 0]) + X[:, 1]

    def no_sine(expression: Expression) -> float:
        assert expression.inputs == ("u", "v")
        return 10.0 * sum(node.op is Op.SIN for node in expression.nodes)

    def run(**more: object) -> list[float]:
        engine = Engine(Rows.make(X, y), None, depth_cost(2), TOKENS, names=("u", "v"), **more)  # type: ignore[arg-type]
        engine.step(30)
        front = engine.front()
        again = losses([c.program for c in front], Rows.make(X, y))
        sines = [int((c.program.ops == Op.SIN).sum()) for c in front]
        share = 10.0 if more else 0.0
        for one, loss, count in zip(front, again, sines, strict=True):
            assert one.loss == pytest.approx(loss + share * count, rel=1e-9, abs=1e-25)
        return sines

    assert max(run()) > 0
    assert max(run(penalty=no_sine)) == 0


def test_what_a_penalty_raises_is_raised() -> None:
    def bad(_: Expression) -> float:
        raise RuntimeError("no such luck")

    X = inputs()
    for threads in (1, 2):
        engine = Engine(Rows.make(X, target(X)), None, depth_cost(2), TOKENS, penalty=bad)
        with pytest.raises(RuntimeError, match="no such luck"):
            engine.step(1, threads=threads)
    negative = Engine(Rows.make(X, target(X)), None, depth_cost(2), TOKENS, penalty=lambda _: -1.0)
    with pytest.raises(InputError, match="a penalty must be a number from 0"):
        negative.step(1)


def test_constants_on_the_front_are_on_the_grid() -> None:
    X = inputs(90)
    y = 1.2345 * np.sin(0.777 * X[:, 0] + 0.1) + 0.31 * X[:, 1]
    for bits, fraction in ((5, False), (4, True)):
        config = replace(TUNED, constant_bits=bits, constant_fraction=fraction)
        engine = Engine(Rows.make(X, y), None, depth_cost(2), config)
        engine.step(15)
        front = engine.front()
        constants = np.concatenate([c.program.consts for c in front])
        assert len(constants) > 5
        digits = constants * 2.0**bits if fraction else np.frexp(constants)[0] * 2.0**bits
        assert (digits == np.round(digits)).all()
        again = losses([c.program for c in front], Rows.make(X, y))
        assert np.allclose([c.loss for c in front], again, rtol=1e-9, atol=1e-25)


def cubed(f: np.ndarray, y: np.ndarray, _: np.ndarray) -> float:
    return float(np.mean(abs(f - y) ** 3))


@pytest.mark.parametrize("loss", ["mae", "huber", "nrmse", cubed])
def test_any_loss_falls(loss: object) -> None:
    X = inputs(90)
    y = np.sin(X[:, 0]) * X[:, 1] + 0.3
    config = replace(TUNED, loss=loss)  # type: ignore[arg-type]
    engine = Engine(Rows.make(X, y), None, depth_cost(2), config)
    first = engine.step(1).best_loss
    assert engine.step(20).best_loss < 0.8 * first


def test_losses_that_need_certain_targets_say_so() -> None:
    X = inputs(30)
    with pytest.raises(InputError, match="takes targets -1 or 1"):
        Engine(Rows.make(X, X[:, 0]), None, depth_cost(2), replace(TUNED, loss="margin"))
    y = np.where(X[:, 0] > X[:, 1], 1.0, -1.0)
    engine = Engine(Rows.make(X, y), None, depth_cost(2), replace(TUNED, loss="margin"))
    assert engine.step(15).best_loss < 0.3


def test_guesses_are_read_in_any_form() -> None:
    X = inputs()
    y = np.sin(X[:, 0]) * X[:, 1]
    base = replace(TOKENS, ops=("mul", "sin", "inv"), literals=(3.0,))
    for guess in ("sin(x0)*x1", "x1*sin(x0)"):
        engine = Engine(Rows.make(X, y), None, depth_cost(2), base, guesses=[guess])
        assert engine.step(1).best_loss < 1e-25
        expression = engine.vocabulary.expression(engine.vocabulary.sequence(guess)[0])
        again = Engine(Rows.make(X, y), None, depth_cost(2), base, guesses=[expression])
        assert again.step(1).best_loss < 1e-25
    with pytest.raises(InputError):
        Engine(Rows.make(X, y), None, depth_cost(2), base, guesses=["tanh(x0)"])


def test_bad_exchanges_are_refused() -> None:
    engine = tokens()
    row, _ = engine.vocabulary.sequence("x0*x1 + x0")
    with pytest.raises(InputError, match="shape"):
        engine.offer(row)
    with pytest.raises(InputError, match="2 sequences have 1 lists"):
        engine.offer(np.array([row, row]), [[]])
    with pytest.raises(InputError, match="sequence 0 is not one whole expression"):
        engine.offer(row[None, :-1])
    with pytest.raises(InputError, match="sequence 0 is not one whole expression"):
        engine.offer(row[None] + 50)
    with pytest.raises(InputError, match="budget must not be negative"):
        engine.step(1, budget=-1)
