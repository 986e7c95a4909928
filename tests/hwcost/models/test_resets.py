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
    expected = tuple(halves[: bits - 6])
    if expected and expected != (1,):
        assert condition == expected[: len(condition)]


def test_conditions_are_shared_and_high_bits_need_no_lut() -> None:
    inside = RANDOM.integers(0, 2, (3, 64))
    one = np.ones((3, 64), int)
    high = np.concatenate([inside, one], axis=1)
    low = np.concatenate([one, inside], axis=1)
    assert without_resets(high, [True] * 3).conditions == frozenset()
    assert without_resets(low, [True] * 3).conditions == {(0,)}
    assert (without_resets(high, [False] * 3).columns == high).all()
    far = np.concatenate([high, one, one], axis=1)
    found = without_resets(far, [True] * 3)
    assert found.conditions == {(1, 1)}
    assert (found.columns == np.tile(inside, 4)).all()


def test_columns_of_six_bits_need_no_reset() -> None:
    column = np.concatenate([RANDOM.integers(0, 2, (1, 32)), np.ones((1, 32), int)], axis=1)
    found = without_resets(column, [True])
    assert (found.columns == column).all() and not found.conditions
