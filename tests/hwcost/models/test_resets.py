"""What resets of registers save in tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from symtick.hwcost.models.resets import without_resets

RANDOM = np.random.default_rng(4)


@given(
    st.integers(7, 9), st.lists(st.integers(0, 1), max_size=4), st.integers(0, 1), st.integers(0, 9)
)
def test_a_column_is_kept_where_no_reset_is(
    bits: int, halves: list[int], value: int, seed: int
) -> None:
    column = np.random.default_rng(seed).integers(0, 2, 1 << bits)
    low, high = 0, column.size
    for half in halves:  # the half that is constant
        middle = (low + high) // 2
        column[slice(middle, high) if half else slice(low, middle)] = value
        low, high = (low, middle) if half else (middle, high)
    found = without_resets(column[None], [True])
    assert (found.columns[0, low:high] == column[low:high]).all()
    (condition,) = found.conditions or [()]
    expected = tuple((bits - 1 - k, half) for k, half in enumerate(halves[: bits - 6]))
    if expected and expected != ((bits - 1, 1),):
        assert condition == expected[: len(condition)]


def test_conditions_are_shared_and_high_bits_need_no_lut() -> None:
    inside = RANDOM.integers(0, 2, (3, 64))
    one = np.ones((3, 64), int)
    high = np.concatenate([inside, one], axis=1)
    low = np.concatenate([one, inside], axis=1)
    assert without_resets(high, [True] * 3).conditions == frozenset()
    assert without_resets(low, [True] * 3).conditions == {((6, 0),)}
    assert (without_resets(high, [False] * 3).columns == high).all()
    far = np.concatenate([high, one, one], axis=1)
    found = without_resets(far, [True] * 3)
    assert found.conditions == {((7, 1), (6, 1))}
    assert (found.columns == np.tile(inside, 4)).all()


def test_columns_of_six_bits_need_no_reset() -> None:
    column = np.concatenate([RANDOM.integers(0, 2, (1, 32)), np.ones((1, 32), int)], axis=1)
    found = without_resets(column, [True])
    assert (found.columns == column).all() and not found.conditions


def test_a_register_does_a_column_of_two_bits() -> None:
    """By Yosys: two inverters for these five columns, of bits 3 and 1, and no LUT."""
    a = np.arange(16)[None] >> np.arange(4)[:, None] & 1
    columns = np.stack([a[3] & a[2], a[1] & a[0], a[3] | a[0], ~a[3] & a[1] & 1, 1 - (a[2] | a[1])])
    found = without_resets(columns, [True] * 5)
    assert not found.columns.any()
    assert found.conditions == {((3, 0),), ((1, 0),)}
    assert (without_resets(columns, [False] * 5).columns == columns).all()


def test_what_takes_more_than_an_inverter_stays_a_lut() -> None:
    a = np.arange(8)[None] >> np.arange(3)[:, None] & 1
    columns = np.stack([a[2] ^ a[0], a[2] & (1 - a[1]), a[2] & a[1] & a[0]])
    found = without_resets(columns, [True] * 3)
    assert (found.columns == columns).all() and not found.conditions
