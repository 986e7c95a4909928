"""Masks and acceptance obey every rule, by a second judge, exhaustively where that is possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grammar_samples import BARE, PLAIN, RICH, VOCABULARIES, Judge, rows_of, rule_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.errors import InputError
from symtick.search import _kernel
from symtick.search.grammar.grammar import (
    Rules,
    Vocabulary,
    accepts,
    random_sequences,
    sequences_of,
)

pytestmark = pytest.mark.kernel

COMMON = {
    "free": (PLAIN, Rules(max_nodes=20)),
    "dso": (PLAIN, Rules.dso(max_nodes=16)),
    "rich": (RICH, replace(Rules.dso(max_nodes=12), max_depth=5)),
    "pysr": (
        RICH,
        Rules(
            max_nodes=16,
            max_complexity=14.0,
            max_argument={"pow": (None, 2.0), "exp": (5.0,)},
            nested={"exp": {"exp": 0, "log": 1}, "sqrt": {"sqrt": 1}},
        ),
    ),
    "counts": (
        RICH,
        Rules(max_nodes=14, min_count={"x0": 1, "mul": 1}, max_count={"input": 3, "const": 1}),
    ),
    "bare": (BARE, Rules(min_nodes=3, max_nodes=12, max_depth=5, needs_input=True)),
}


@pytest.mark.parametrize("name", COMMON)
def test_samples_keep_every_rule_and_meet_no_dead_end(name: str) -> None:
    vocabulary, rules = COMMON[name]
    kernel = rules.to_kernel(vocabulary)
    sequences, redraws = _kernel.random_sequences(kernel, 17_000, 1)
    judge = Judge(vocabulary, rules)
    assert all(judge.accepts(row) for row in rows_of(sequences))
    assert _kernel.accepts(kernel, sequences, 2).all()
    assert _kernel.replays(kernel, sequences).all()
    assert redraws == 0
    # not all alike
    assert len(np.unique(sequences, axis=0)) > 3000


@settings(max_examples=120, deadline=None)
@given(data=st.data(), which=st.sampled_from(VOCABULARIES), seed=st.integers(0, 2**32))
def test_trees_sequences_and_the_second_judge_agree(
    data: st.DataObject, which: Vocabulary, seed: int
) -> None:
    rules = data.draw(rule_settings(which))
    free = Rules(max_nodes=rules.max_nodes + 1, max_depth=rules.max_depth + 1)
    sequences = random_sequences(free, which, 150, seed)
    kernel, judge = rules.to_kernel(which), Judge(which, rules)
    expected = [judge.accepts(row) for row in rows_of(sequences)]
    assert _kernel.accepts(kernel, sequences, 1).tolist() == expected
    assert _kernel.replays(kernel, sequences).tolist() == expected


def everything(vocabulary: Vocabulary, size: int) -> set[tuple[int, ...]]:
    """All sequences of up to `size` tokens."""
    by_size: list[list[tuple[int, ...]]] = [[] for _ in range(size + 1)]
    for n in range(1, size + 1):
        for token, arity in enumerate(vocabulary.arities.tolist()):
            if arity == 0 and n == 1:
                by_size[n].append((token,))
            if arity == 1:
                by_size[n] += [(token, *a) for a in by_size[n - 1]]
            if arity == 2:
                for left in range(1, n - 1):
                    by_size[n] += [
                        (token, *a, *b) for a in by_size[left] for b in by_size[n - 1 - left]
                    ]
    return {s for held in by_size for s in held}


def reachable(kernel: _kernel.Rules) -> tuple[set[tuple[int, ...]], int]:
    """All sequences that the masks let through, and the number of dead ends."""
    prefix, found, dead = _kernel.Prefix(kernel), set(), 0
    pending: list[tuple[int, ...]] = [()]
    while pending:
        written = pending.pop()
        prefix.clear()
        for token in written:
            prefix.push(token)
        if prefix.complete():
            found.add(written)
            continue
        mask = prefix.mask()
        assert mask.tolist() == [prefix.allows(k) for k in range(len(mask))]
        dead += not mask.any()
        pending += [(*written, int(k)) for k in np.flatnonzero(mask)]
    return found, dead


SMALL = Vocabulary.of(("add", "sin", "exp", "log"), 1, literals=(2.0,))


@pytest.mark.parametrize(
    "rules",
    [
        Rules(max_nodes=5),
        Rules(min_nodes=4, max_nodes=6, max_depth=3),
        Rules.dso(6, 1),
        Rules(max_nodes=6, min_count={"x0": 2, "sin": 1}, max_constants=0),
        Rules(max_nodes=6, barred={"sin": ("x0", "2.0", "const")}, constant_arguments=False),
        Rules(max_nodes=6, nested={"sin": {"x0": 0}}, constant_arguments=False),
        Rules(max_nodes=6, max_argument={"add": (1, None)}, max_complexity=5.0),
    ],
)
def test_masks_let_through_exactly_what_the_rules_allow(rules: Rules) -> None:
    judge = Judge(SMALL, rules)
    found, dead = reachable(rules.to_kernel(SMALL))
    assert found == {s for s in everything(SMALL, 6) if judge.accepts(s)}
    assert dead == 0
    assert found


def test_a_dead_end_that_needs_a_matching_of_leaves_to_slots_loses_nothing() -> None:
    # below sin one 2.0 and one constant may stand, which is not counted slot by slot
    rules = Rules(max_nodes=6, nested={"sin": {"x0": 0}}, max_count={"2.0": 1}, max_constants=1)
    found, dead = reachable(rules.to_kernel(SMALL))
    assert found == {s for s in everything(SMALL, 6) if Judge(SMALL, rules).accepts(s)}
    assert 0 < dead < 0.2 * len(found)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_prefix_knows_where_it_is(vocabulary: Vocabulary) -> None:
    prefix = _kernel.Prefix(Rules(max_nodes=20).to_kernel(vocabulary))
    for row in rows_of(random_sequences(Rules(max_nodes=20), vocabulary, 60, 5)):
        prefix.clear()
        above: list[list[int]] = []  # operators with open arguments: token, arguments so far
        for k, token in enumerate(row):
            assert prefix.parent() == (above[-1][0] if above else -1)
            assert prefix.sibling() == (above[-1][1] if above and len(above[-1]) > 1 else -1)
            assert prefix.previous() == (row[k - 1] if k else -1)
            assert prefix.length() == k
            assert prefix.open() == 1 + sum(int(vocabulary.arities[t]) - 1 for t in row[:k])
            prefix.push(token)
            if above:
                above[-1].append(token)
                if len(above[-1]) == 1 + vocabulary.arities[above[-1][0]]:
                    above.pop()
            if vocabulary.arities[token]:
                above.append([token])
        assert prefix.complete()
        assert prefix.sequence().tolist() == row
        assert not prefix.mask().any()


def test_a_seed_gives_the_same_sequences() -> None:
    first = random_sequences(Rules.dso(), PLAIN, 50, 3)
    assert (first == random_sequences(Rules.dso(), PLAIN, 50, 3)).all()
    assert not np.array_equal(first, random_sequences(Rules.dso(), PLAIN, 50, 4))


def test_no_sequence_but_a_whole_one_is_accepted() -> None:
    add, x0 = PLAIN.places["add"], PLAIN.places["x0"]
    rows = sequences_of([[x0], [add, x0], [x0, x0], [add, x0, x0], [], [len(PLAIN)]])
    assert accepts(Rules(), PLAIN, rows).tolist() == [True, False, False, True, False, False]


def test_dso_preset_is_the_published_one() -> None:
    rules = Rules.dso()
    assert (rules.min_nodes, rules.max_nodes, rules.max_constants) == (4, 30, 3)
    kernel = rules.to_kernel(PLAIN)

    def good(text: str) -> bool:
        sequence, _ = PLAIN.sequence(text)
        return bool(_kernel.accepts(kernel, sequence[None, :], 1)[0])

    assert good("sin(x0) + x1")
    assert not good("sin(x0 + cos(x1))")
    assert not good("exp(log(x0)) + x1")
    assert good("exp(1 + log(x0))")
    assert not good("x0 + sin(3.5)")
    assert not good("x0 + x1")
    assert not good("1.5*x0 + 2.5*x1 + 3.5*x0 + 4.5")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_nodes": 9, "max_nodes": 8}, "min_nodes <= max_nodes"),
        ({"max_depth": 0}, "max_depth must be an integer from 1"),
        ({"max_constants": -1}, "max_constants"),
        ({"nested": {"sin": {"cos": -1}}}, "cos must be an integer from 0"),
        ({"max_complexity": 0.0}, "max_complexity must be a number above 0 or None, not 0.0"),
        ({"max_ticks": 2.5}, "max_ticks"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Rules(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Rules(nested={"sin": {"colour": 0}}), "'colour' is no token"),
        (Rules(max_argument={"add": (3,)}), "'add' takes 2 arguments, not 1"),
        (Rules(max_ticks=3), "needs a cost table"),
    ],
)
def test_rules_that_do_not_fit_the_vocabulary_are_refused(rules: Rules, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rules.to_kernel(PLAIN)


def test_rules_about_operators_that_are_no_tokens_say_nothing() -> None:
    rules = Rules(nested={"tanh": {"sin": 0}}, max_count={"n2": 1}, barred={"inv": ("inv",)})
    assert accepts(rules, PLAIN, random_sequences(Rules(), PLAIN, 50, 0)).all()


def test_rules_that_leave_nothing_are_said_to() -> None:
    with pytest.raises(InputError, match="leave \\(almost\\) nothing"):
        random_sequences(Rules(min_nodes=2, max_nodes=2), Vocabulary.of(("add",), 1), 1, 0)
