"""Selection in the engine: tournament, age, elites by ticks, migration."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from engine_samples import NO_MOVE, TOKENS, depth_cost, inputs, rows_of, target, tokens

from symtick.expr import Op
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import Moves
from symtick.search.grammar.grammar import Rules, random_sequences
from symtick.search.kernel_api.evaluation import costs, losses
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
FREE = replace(TOKENS, rules=Rules(max_nodes=40), elite_probability=0.0, lut_tournament=0.0)


def only(move: str) -> Moves:
    assert move in {f.name for f in fields(Moves)}
    return replace(NO_MOVE, **{"crossover": 0.0, move: 1.0})


def test_travellers_bring_what_the_other_island_has() -> None:
    # island 0 gets the sine, island 1 the cosine; there are no constants to jitter: none is bred
    config = replace(FREE, islands=2, population=4, migration_interval=2, moves=only("jitter"))
    for migrants in (0, 1):
        engine = tokens(replace(config, migrants=migrants))
        engine.replant(rows_of(engine, "sin(x0) + x0", "cos(x1)*x1"))
        ops = []
        for _ in range(2):
            engine.step(1)
            ops.append(engine.state()["ops"])
        # before, each stands among the individuals and in the archive of its island
        assert [(ops[0] == op).sum() for op in (Op.SIN, Op.COS)] == [2, 2]
        grown = [(ops[1] == op).sum() - 2 for op in (Op.SIN, Op.COS)]
        # each joins the individuals; in the archives both are held, or one beats the other in both
        assert sum(grown) in ((2, 4) if migrants else (0,))


def test_the_better_parent_wins_the_tournament_and_chance_lets_others_win() -> None:
    X = inputs()
    y = target(X)
    rows = random_sequences(Rules(min_nodes=5, max_nodes=15), tokens(FREE).vocabulary, 150, seed=4)

    def mean_rank(**more: object) -> float:
        """How the parents' losses rank among all, 0 the best, seen by the tokens of children."""
        config = replace(FREE, islands=1, population=150, migrants=0, moves=only("feature"),
                         **more)  # type: ignore[arg-type]  # fmt: skip
        engine = Engine(Rows.make(X, y), None, depth_cost(2), config)
        known = engine.replant(rows)
        arities = engine.vocabulary.arities
        shapes: dict[bytes, list[int]] = {}
        order = np.argsort(np.argsort(known))
        for k, row in enumerate(rows):
            own = row[row >= 0]
            shapes.setdefault(np.where(arities[own] > 0, own, -2).tobytes(), []).append(k)
        seen = {row.tobytes() for row in (r[r >= 0] for r in rows)}
        engine.step(1)
        ranks = []
        for child in engine.individuals(10**6)[0]:
            own = child[child >= 0]
            mothers = shapes.get(np.where(arities[own] > 0, own, -2).tobytes(), [])
            if own.tobytes() not in seen and len(mothers) == 1:
                ranks.append(order[mothers[0]])
        assert len(ranks) > 20
        return float(np.mean(ranks))

    alone, few, many = (mean_rank(tournament=n) for n in (1, 3, 12))
    assert many < few < alone
    assert mean_rank(tournament=12, tournament_best=0.2) > many


def test_the_oldest_goes_first() -> None:
    engine = tokens(replace(FREE, islands=1, population=3, copies=9))
    texts = ["x0*x1", "sin(x0)", "exp(x1)*x0", "cos(x1)", "x0 + x1*x1"]
    # state holds individuals in a ring: those offered later push out those offered first
    engine.offer(rows_of(engine, *texts[:3]))
    first = individuals_of(engine)
    engine.offer(rows_of(engine, texts[3]))
    second = individuals_of(engine)
    assert first[1:] == second[1:]
    assert first[0] != second[0]
    engine.offer(rows_of(engine, texts[4]))
    third = individuals_of(engine)
    assert (third[0], third[2]) == (second[0], second[2])
    assert third[1] != second[1]


def individuals_of(engine: Engine) -> list[bytes]:
    """The three individuals of the only island, as their tokens stand in the state."""
    state = engine.state()
    sizes, out, at = [], [], 0
    words = state["words"]
    start = 5 + 4 + 9  # header, random stream, counters
    assert words[start] == 3
    for k in range(3):
        sizes.append(int(words[start + 1 + 3 * k]))
    for size in sizes:
        out.append(state["ops"][at : at + size].tobytes())
        at += size
    return out


def test_the_best_of_each_tick_is_kept() -> None:
    X = inputs()
    config = replace(FREE, islands=1, population=2, tick_elite_probability=0.5)
    engine = tokens(config)
    rows = random_sequences(Rules(max_nodes=15), engine.vocabulary, 120, seed=8)
    engine.offer(rows)
    programs = [engine.vocabulary.program(r[r >= 0]) for r in rows]
    ticks, _ = costs(programs, depth_cost(2))
    found = losses(programs, Rows.make(X, target(X)))
    kept = engine.individuals(10**6)[2]
    for tick in np.unique(ticks[np.isfinite(found)]):
        best = found[(ticks == tick) & np.isfinite(found)].min()
        # a cheaper form of the same function may stand for it
        assert np.isclose(kept, best, rtol=1e-9).any(), tick


def test_a_capped_tournament_admits_no_dearer_ones() -> None:
    # two individuals: the better is the dearer; uncapped, it wins whenever it is drawn
    shares = []
    for capped in (0.0, 1.0):
        config = replace(FREE, islands=1, population=60, tournament=12, lut_tournament=capped,
                         copies=1, moves=only("replace"))  # fmt: skip
        engine = tokens(config)
        engine.step(12)
        sequences, _, _ = engine.individuals(10**6)
        _, luts = costs([engine.vocabulary.program(s[s >= 0]) for s in sequences], depth_cost(2))
        shares.append(float(np.mean(luts)))
    assert shares[1] < shares[0]


def test_one_point_crossover_keeps_to_the_common_region() -> None:
    # below the sine of one and the product of the other nothing is common: only roots and the
    # arguments of the sum may be exchanged
    config = replace(FREE, islands=1, population=200, tournament=1, copies=0,
                     moves=only("one_point"))  # fmt: skip
    engine = tokens(config)
    parents = ("sin(x0) + x1", "x0*x1 - cos(x0)")
    engine.replant(rows_of(engine, *parents))
    engine.step(1)
    children = {engine.vocabulary.text(r[r >= 0]) for r in engine.individuals(10**6)[0]} - set(
        parents
    )
    left, right = {"sin(x0)", "x0*x1"}, {"x1", "cos(x0)"}
    ways = {f"{a} {op} {b}" for a in left for b in right for op in "+-"}
    assert children
    assert children <= ways
