"""Breeding: every offspring keeps the rules, and each move does its work."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest
from engine_samples import KOZA, NO_MOVE, RICH, TOKENS, depth_cost, tokens

from symtick.search.evolution.settings import EngineConfig, Moves
from symtick.search.grammar.grammar import Rules, Vocabulary, accepts

pytestmark = pytest.mark.kernel
Ints = npt.NDArray[np.int16]


def only(move: str) -> Moves:
    return replace(NO_MOVE, **{"crossover": 0.0, move: 1.0})


def breaks(sequences: Ints, vocabulary: Vocabulary) -> npt.NDArray[np.bool_]:
    """An oracle apart from the kernel's judge: size, shape, trig in trig, exp of log and back.

    It reads all rows at once, one column after another, and counts the slots that are open.
    """
    exp, log, sin, cos = (vocabulary.names.index(name) for name in ("exp", "log", "sin", "cos"))
    arities = np.array([*vocabulary.arities, 0])  # the last stands for -1
    leaf = len(KOZA)
    lengths = (sequences >= 0).sum(1)
    bad = (lengths < 4) | (lengths > 30)
    need = np.ones(len(sequences), np.int64)
    trig_ends = np.full(len(sequences), -1)  # open slots when the sine's argument is whole
    before = np.full(len(sequences), -1)
    for token in np.ascontiguousarray(sequences.T):
        here = need > 0
        bad |= here != (token >= 0)
        trig = here & ((token == sin) | (token == cos))
        bad |= trig & (trig_ends >= 0)
        bad |= here & ((before == exp) & (token == log) | (before == log) & (token == exp))
        trig_ends = np.where(trig & (trig_ends < 0), need - 1, trig_ends)
        need += np.where(here, arities[token] - 1, 0)
        trig_ends = np.where((need <= trig_ends) & ~trig, -1, trig_ends)
        before = token
    reads = (sequences >= leaf).any(1)
    return bad | (need != 0) | ~reads


def test_none_of_a_hundred_thousand_children_breaks_a_rule() -> None:
    engine = tokens(replace(TOKENS, population=1250, copies=0))
    bred = 0
    while bred < 100_000:
        before = engine.stats()
        after = engine.step(1)
        bred += after.evaluations - before.evaluations  # each is a new function's first form
        sequences, _, losses = engine.individuals(10**6)
        assert len(sequences) > 1000
        assert np.isfinite(losses).all()
        assert accepts(Rules.dso(30), engine.vocabulary, sequences).all()
        assert not breaks(sequences, engine.vocabulary).any()


def test_the_oracle_finds_faults() -> None:
    vocabulary = Vocabulary.of(KOZA, 2, constants=False)
    for text, bad in (
        ("sin(x0)*sin(x1)", False),
        ("sin(exp(x0 + x1))", False),
        ("x0*sin(x1 + cos(x0))", True),
        ("sin(sin(x0)) + x1", True),
        ("cos(x0)*x1 + sin(x0)", False),
        ("exp(log(x0)) + x1", True),
        ("exp(x0)", True),
    ):
        row, _ = vocabulary.sequence(text)
        assert breaks(row[None], vocabulary).tolist() == [bad], text
    assert breaks(np.array([[0, 8, 8, 8, -1]], np.int16), vocabulary).all()  # a leaf too many
    assert breaks(np.array([[0, 0, 0, 8, -1]], np.int16), vocabulary).all()  # leaves lacking


@pytest.mark.parametrize("move", [f.name for f in fields(Moves)])
def test_each_move_alone_makes_whole_expressions(move: str) -> None:
    rules = Rules(max_nodes=60, max_constants=12, max_ticks=20)
    config = replace(RICH, rules=rules, moves=only(move), patience=None, library=2000)
    engine = tokens(config, rows=60)
    engine.step(1)
    first = {row.tobytes() for row in engine.individuals(10**6)[0]}
    engine.step(12)
    sequences, constants, _ = engine.individuals(10**6)
    assert accepts(config.all_rules(), engine.vocabulary, sequences, depth_cost(2)).all()
    assert all(len(c) <= 12 for c in constants)
    # jitter and tune change constants only
    if move not in ("jitter", "tune"):
        assert {row.tobytes() for row in sequences} - first


def counted(sequences: Ints) -> list[tuple[int, ...]]:
    """The tokens of each, in no order."""
    return [tuple(sorted(row[row >= 0].tolist())) for row in sequences]


def test_rotation_keeps_the_tokens() -> None:
    config = replace(TOKENS, moves=only("rotate"), population=20, islands=1)
    engine = tokens(config)
    vocabulary = engine.vocabulary
    parent, _ = vocabulary.sequence("sin(x0*x1 + x0) - log(x1/exp(x0))*x1")
    engine.replant(parent[None])
    engine.step(20)
    sequences, _, _ = engine.individuals(10**6)
    assert len(sequences) > 10
    assert set(counted(sequences)) == set(counted(parent[None]))


def test_point_moves_keep_the_shape() -> None:
    for move in ("point", "operator", "feature"):
        config = replace(TOKENS, moves=only(move), islands=1)
        engine = tokens(config)
        parent, _ = engine.vocabulary.sequence("sin(x0*x1 + x0) - log(x1/exp(x0))*x1")
        engine.replant(parent[None])
        engine.step(20)
        sequences, _, _ = engine.individuals(10**6)
        assert len(sequences) > 3
        arities = engine.vocabulary.arities
        assert {tuple(arities[row]) for row in sequences} == {tuple(arities[parent])}
        leaves = arities[parent] == 0
        if move == "operator":
            assert (sequences[:, leaves] == parent[leaves]).all()
        if move == "feature":
            assert (sequences[:, ~leaves] == parent[~leaves]).all()


def test_without_simplify_only_tokens_occur() -> None:
    config = replace(TOKENS, ops=("add", "mul", "inv", "sin"), literals=(3.0,))
    engine = tokens(config)
    engine.step(20)
    sequences, constants, _ = engine.individuals(10**6)
    assert all(len(c) == 0 for c in constants)
    assert set(np.unique(sequences)) <= {-1, *range(len(engine.vocabulary))}
    for one in engine.front():
        row = np.array(one.sequence, np.int16)
        assert np.array_equal(engine.vocabulary.program(row).ops, one.program.ops)
        # inv is written out as 1/a; 3 is the only other number
        assert set(one.program.consts.tolist()) <= {1.0, 3.0}


def test_terms_are_left_out_where_their_tokens_are() -> None:
    moves = replace(NO_MOVE, crossover=0.5, add_term=1.0)
    config = EngineConfig(
        ops=("sub", "sin"), constants=False, simplify=False, moves=moves, population=20
    )
    engine = tokens(config)
    engine.step(5)
    assert {engine.vocabulary.names[t] for t in np.unique(engine.individuals(99)[0]) if t >= 0} <= {
        "sub", "sin", "x0", "x1",
    }  # fmt: skip
