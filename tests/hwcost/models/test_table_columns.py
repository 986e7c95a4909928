"""LUT counts of table contents against functions whose counts are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.hwcost.devices.device import load_device
from symtick.hwcost.models.table_columns import TableShape, smooth_luts, table_shape


def test_a_six_bit_table_costs_one_lut_for_each_output_bit() -> None:
    noise = tuple(np.random.default_rng(3).integers(0, 256, 64).tolist())
    assert table_shape(noise, 8).luts == 8
    assert table_shape(noise, 8).address == 6


@pytest.mark.parametrize(
    ("address", "expected"), [(7, 2.0), (8, 4.0), (9, 11.5), (10, 23.5), (11, 47.5)]
)
def test_wide_random_columns(address: int, expected: float) -> None:
    bits = tuple(np.random.default_rng(4).integers(0, 2, 1 << address).tolist())
    # 2**(address - 6) functions of six, one multiplexer less and two to a LUT; F7 and F8 are free
    assert table_shape(bits, 1).luts == expected


def test_functions_that_columns_share_are_counted_once() -> None:
    a, b, c = np.random.default_rng(5).integers(0, 2, (3, 64))
    columns = [(a, b, c, a), (a, b, 1 - a, 1 - b), (c, a, a, b), (a, a, b, b)]
    words = sum(np.concatenate(column) << k for k, column in enumerate(columns))
    # a, b and c; of two each (a, b), (c, a) and one for each column: the second's halves are
    # complements, the fourth chooses by the top bit alone
    # F8 joins four LUTs for each of the first three columns, F7 two for the fourth
    expected = TableShape(6.0, address=8, columns=4, joined=14.0)
    assert table_shape(tuple(words.tolist()), 4) == expected


def test_a_function_of_few_bits_is_one_lut_wherever_they_are() -> None:
    bits = tuple((k ^ k >> 3 ^ k >> 9) & 1 for k in range(1 << 10))
    assert table_shape(bits, 1) == TableShape(1.0, address=3, columns=1, joined=1.0)


def test_free_columns() -> None:
    wire = tuple(range(64))
    assert table_shape(wire, 6).luts == 0
    assert table_shape(tuple(63 - k for k in wire), 6).luts == 0
    assert table_shape((5,) * 64, 6) == table_shape((0,) * 64, 6)
    assert table_shape((5,) * 64, 6).address == 0
    parity = tuple(k.bit_count() & 1 for k in range(64))
    twice = tuple(b + 2 * b + 4 * (1 - b) for b in parity)
    assert table_shape(twice, 3).luts == 1


def test_negative_entries_are_two_s_complement() -> None:
    signs = tuple(-1 if k.bit_count() % 3 else 0 for k in range(64))
    assert table_shape(signs, 12).luts == 1


def _functions(columns: list[tuple[int, ...]]) -> tuple[set[tuple[int, ...]], int]:
    """The distinct functions of six bits or fewer that need a LUT, and the number of wider ones."""
    pieces, wide, left = set(), set(), list(columns)
    while left:
        bits = left.pop()
        while len(bits) > 1 and bits[: len(bits) // 2] == bits[len(bits) // 2 :]:
            bits = bits[: len(bits) // 2]
        bits = tuple(b ^ bits[0] for b in bits)
        size = len(bits).bit_length() - 1
        inputs = sum(
            any(bits[k] != bits[k ^ 1 << b] for k in range(len(bits))) for b in range(size)
        )
        if 1 < inputs <= 6:
            pieces.add(bits)
        elif inputs > 6 and bits not in wide:
            wide.add(bits)
            left += [bits[: len(bits) // 2], bits[len(bits) // 2 :]]
    return pieces, len(wide)


@given(st.integers(0, 2**32 - 1), st.integers(0, 10), st.integers(1, 4), st.integers(0, 10))
def test_the_count_against_distinct_functions_found_one_by_one(
    seed: int, address: int, width: int, kept: int
) -> None:
    random = np.random.default_rng(seed)
    address = 9 if address in (7, 8) else address  # where F7 and F8 bound the count
    few = random.integers(0, 1 << width, 1 << min(kept, address))
    mask = int(random.integers(0, 1 << address))  # address bits that are read
    entries = tuple(int(few[(k & mask) % few.size]) for k in range(1 << address))
    pieces, wide = _functions([tuple(e >> b & 1 for e in entries) for b in range(width)])
    shape = table_shape(entries, width)
    if shape.address not in (7, 8):
        assert shape.luts == len(pieces) + wide / 2


@given(st.lists(st.integers(0, 15), min_size=16, max_size=16), st.integers(0, 3))
def test_address_bits_that_do_nothing_cost_nothing(entries: list[int], place: int) -> None:
    low = 1 << place
    wider = tuple(entries[(k & (low - 1)) | (k >> 1 & ~(low - 1))] for k in range(32))
    assert table_shape(wider, 4) == table_shape(tuple(entries), 4)


def test_a_smooth_table_grows_with_every_address_bit() -> None:
    sizes = [smooth_luts(address, 0.6) for address in range(4, 13)]
    assert sizes[:4] == [1.0, 1.0, 1.0, 1.6]
    assert sizes == sorted(sizes) and 7.0 < sizes[6] < 8.0


_FORMS: dict[str, Callable[[float], float]] = {
    "tanh": lambda x: math.tanh(1.5 * x + 0.3),
    "gauss": lambda x: math.exp(-((1.9 * x - 0.4) ** 2)),
    "square": lambda x: x * x,
}


@pytest.mark.parametrize(
    ("address", "measured"),
    [
        (8, {"tanh": 38, "gauss": 32, "square": 38}),
        (10, {"tanh": 105, "gauss": 99, "square": 104}),
        (12, {"tanh": 178, "gauss": 186, "square": 197}),
    ],
)
def test_smooth_tables_take_what_yosys_makes_of_them(
    address: int, measured: dict[str, int]
) -> None:
    """LUTs of Yosys 0.70 for UltraScale+, of one table of 7-bit entries beside deeper logic."""
    half = 1 << (address - 1)
    codes = (*range(half), *range(-half, 0))
    factor = load_device("open").table_factor[address]
    for name, luts in measured.items():
        entries = tuple(round(60 * _FORMS[name](k / half)) for k in codes)
        assert factor * table_shape(entries, 7).luts == pytest.approx(luts, rel=0.16), name
