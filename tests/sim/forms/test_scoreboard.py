"""The scoreboard of the forms' benches sees what is lost, made up, late or wrong."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from symtick.sim.bench.scoreboard import GAPS, Pauses, Scoreboard
from symtick.sim.bench.words import packed, unpacked

EXPECTED = [[k, -k] for k in range(4)]


def _run(taken: Iterable[int], given: Iterable[tuple[int, list[int]]], ticks: int) -> Scoreboard:
    board, events = Scoreboard(EXPECTED), dict(given)
    starts = set(taken)
    for tick in range(ticks):
        board.tick = tick
        if tick in starts:
            board.take()
        if tick in events:
            board.give(events[tick])
    return board


def test_a_pipeline_of_two_ticks_passes() -> None:
    board = _run([0, 1, 4, 5], zip([2, 3, 6, 7], EXPECTED, strict=True), 8)
    assert board.outcome(2) == {
        "vectors": 4, "lost_in_reset": 0, "latencies": {"2": 4}, "faults": 0, "first_fault": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({3: 0, 4: 1, 7: 2, 8: 3}, "latencies in ticks are {3: 4}: 2 is stated"),
        ({2: 0, 4: 1, 6: 2, 7: 3}, "latencies in ticks are {2: 3, 3: 1}: 2 is stated"),
        ({2: 0, 3: 2, 6: 1, 7: 3}, "tick 3: vector 1 gives [2, -2], not [1, -1]"),
        ({2: 0, 3: 1, 6: 2}, "tick 8: 1 vectors have not come out"),
        ({2: 0, 3: 1, 6: 2, 7: 3, 8: 3}, "tick 8: outputs [3, -3] that belong to no vector"),
    ],
)
def test_faults_are_told(given: dict[int, int], text: str) -> None:
    board = _run([0, 1, 4, 5], ((t, EXPECTED[k]) for t, k in given.items()), 9)
    outcome = board.outcome(2)
    assert outcome["faults"] >= 1 and text in outcome["first_fault"]


def test_nothing_taken_is_no_pass() -> None:
    assert "latencies in ticks are {}" in Scoreboard([]).outcome(2)["first_fault"]


def test_what_a_reset_has_removed_is_taken_again() -> None:
    board = Scoreboard(EXPECTED)
    board.take()
    board.take()
    board.clear()
    assert list(board.waiting) == [2, 3, 0, 1] and board.lost == 2
    for _ in range(4):
        board.take()
        board.give(EXPECTED[board.under_way[0][0]])
    assert board.outcome(0)["faults"] == 0 and set(board.given) == {0, 1, 2, 3}


def test_a_vector_that_others_held_is_not_timed_but_never_too_early() -> None:
    board = Scoreboard(EXPECTED)
    board.take()
    board.tick = 9
    board.give(EXPECTED[0], timed=False)
    board.take()
    board.tick = 11
    board.give(EXPECTED[1])
    assert board.outcome(2)["faults"] == 0
    board.take()
    board.tick = 12
    board.give(EXPECTED[2], timed=False)
    assert "a vector left after 1 ticks: 2 are stated" in board.outcome(2)["first_fault"]


def test_words_hold_values_in_lanes_and_junk_between_them() -> None:
    lanes = [
        {"low": 0, "room": 8, "width": 5, "signed": 1},
        {"low": 8, "room": 16, "width": 9, "signed": 0},
    ]
    random = Random(0)
    words = [packed([-3, 300], lanes, random) for _ in range(50)]
    assert {w & 31 for w in words} == {29} and {w >> 8 & 511 for w in words} == {300}
    assert len({w >> 5 & 7 for w in words}) == 8 and len({w >> 17 for w in words}) > 30
    assert all(w < 1 << 24 for w in words)


def test_padding_counts_as_part_of_an_output() -> None:
    signed, unsigned = (
        {"low": 8, "room": 8, "width": 5, "signed": 1},
        {"low": 0, "room": 8, "width": 5, "signed": 0},
    )
    assert unpacked(0xFD00 | 0x1D, signed) == -3 and unpacked(0xFD1D, unsigned) == 29
    assert unpacked(0x1D00, signed) == 29  # not extended by its sign
    assert unpacked(0xFD, unsigned) == 253


def test_pauses_come_when_vectors_have_come_out_and_are_long() -> None:
    pauses = Pauses(100, 9, GAPS)
    seen = [pauses.now(given) for given in (0, 44, *[45] * 12, *[60] * 12, *[80] * 12, *[100] * 3)]
    assert sum(seen) == 3 * 8 and seen[2:10] == [True] * 8 and not any(seen[10:14])


def test_a_module_that_takes_and_gives_nothing_is_stuck() -> None:
    board = Scoreboard(EXPECTED)
    assert not any(board.stuck(5) for _ in range(5))
    board.take()
    assert not any(board.stuck(5) for _ in range(5))
    board.give(EXPECTED[0])
    board.give(EXPECTED[1])  # of no vector
    assert [board.stuck(5) for _ in range(6)] == [False] * 5 + [True]
    assert "no vector is taken and none comes out for 5 clocks" in board.faults[-1]
