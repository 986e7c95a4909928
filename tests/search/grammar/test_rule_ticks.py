"""The tick budget as a mask: finished trees keep it, by the compiler's count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grammar_samples import KINDS, PLAIN, RICH, Judge, rows_of, tick_table
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.grammar import Rules, Vocabulary, random_sequences

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("vocabulary", [PLAIN, RICH], ids=["plain", "rich"])
def test_samples_keep_the_budget(kind: str, vocabulary: Vocabulary) -> None:
    features = len(vocabulary.inputs)
    for seed in range(3):
        cost = tick_table(features, seed, **KINDS[kind])
        rules = replace(Rules.dso(14), max_ticks=3 + 2 * seed)
        kernel = rules.to_kernel(vocabulary, cost)
        sequences, redraws = _kernel.random_sequences(kernel, 400, seed)
        judge = Judge(vocabulary, rules, cost)
        assert all(judge.accepts(row) for row in rows_of(sequences))
        assert _kernel.accepts(kernel, sequences, 1).all()
        assert redraws <= 40


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    vocabulary=st.sampled_from([PLAIN, RICH]),
    budget=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_acceptance_is_the_reference_and_masks_stay_within_it(
    kind: str, vocabulary: Vocabulary, budget: int, seed: int
) -> None:
    cost = tick_table(len(vocabulary.inputs), seed, **KINDS[kind])
    rules = Rules(max_nodes=14, max_ticks=budget)
    kernel, judge = rules.to_kernel(vocabulary, cost), Judge(vocabulary, rules, cost)
    sequences = random_sequences(Rules(max_nodes=14), vocabulary, 60, seed)
    expected = np.array([judge.accepts(row) for row in rows_of(sequences)])
    assert (_kernel.accepts(kernel, sequences, 1) == expected).all()
    let_through = _kernel.replays(kernel, sequences)
    assert not (let_through & ~expected).any()
    if kind == "published":
        assert (let_through == expected).all()


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)), budget=st.integers(0, 7), seed=st.integers(0, 2**32 - 1)
)
def test_a_token_is_masked_where_no_leaf_in_all_slots_is_in_time(
    kind: str, budget: int, seed: int
) -> None:
    cost = tick_table(2, seed, **KINDS[kind])
    rules = Rules(max_nodes=20, max_constants=20, max_ticks=budget)
    prefix = _kernel.Prefix(rules.to_kernel(PLAIN, cost))
    judge = Judge(PLAIN, rules, cost)
    leaves = [k for k, t in enumerate(PLAIN.tokens) if not t.arity]
    rng = np.random.default_rng(seed)
    while not prefix.complete():
        mask = prefix.mask()
        written = prefix.sequence().tolist()
        for token, arity in enumerate(PLAIN.arities.tolist()):
            slots = prefix.open() - 1 + arity
            if len(written) + 1 + slots > rules.max_nodes:
                continue
            some = any(judge.time([*written, token, *[leaf] * slots]) for leaf in leaves)
            assert mask[token] == some, (written, PLAIN.names[token])
        if not mask.any():
            assert not written
            return
        prefix.push(int(rng.choice(np.flatnonzero(mask))))


@pytest.mark.parametrize("fuse", [False, True])
def test_a_budget_of_no_ticks_leaves_leaves_only(fuse: bool) -> None:
    rules = Rules(max_ticks=0, constant_arguments=False)
    sequences = random_sequences(rules, PLAIN, 100, 0, SearchCost.unit(2, fuse=fuse))
    assert {PLAIN.text(s) for s in sequences} == {"x0", "x1", "1.0"}


def test_min_nodes_and_a_tight_budget_meet_no_dead_end() -> None:
    # tan takes two ticks, so that it must stand on a binary operator
    vocabulary = Vocabulary.of(("add", "mul", "exp", "tan"), 2)
    kernel = replace(Rules.dso(), max_ticks=3).to_kernel(vocabulary, SearchCost.unit(2, fuse=False))
    assert _kernel.random_sequences(kernel, 3000, 0)[1] == 0
