"""Table columns: the LUTs that the contents of a table take.

Each output bit is a Boolean function of the address bits (Shannon expansion on the highest bits).
Columns that are constant, equal to another or to its complement, or a plain address bit cost
nothing; a function of six bits or fewer is one LUT; a wider one is split into functions of six,
each distinct one (up to complement) counted once. Two of them are joined by an F7 multiplexer,
which is free; more by one LUT for every four or fewer, level by level: synthesis seldom keeps four
whole functions of six bits for the F8 multiplexer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

LUT_INPUTS = 6
_FREE_WAYS = 2  # joined by F7

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class TableShape:
    """What a table needs.

    Attributes:
        luts: LUTs by the count in this module's docstring, before any synthesis factor.
        address: address bits that the widest column really depends on.
        columns: output bits that need logic of their own.
    """

    luts: int
    address: int
    columns: int


@lru_cache(maxsize=8192)
def table_shape(contents: tuple[int, ...], width: int) -> TableShape:
    """Analyse a table.

    Args:
        contents: raw values in order of the address, 2**k entries.
        width: output bits.
    """
    words = np.array([v & ((1 << width) - 1) for v in contents], np.uint64)
    seen: set[bytes] = set()
    pieces: set[bytes] = set()
    joins = address = columns = 0
    for bit in range(width):
        column = _reduced(((words >> np.uint64(bit)) & np.uint64(1)).astype(np.uint8))
        depth = column.size.bit_length() - 1
        key = _key(column)
        if depth == 0 or key in seen:
            continue
        seen.add(key)
        address = max(address, depth)
        if depth == 1:
            continue
        columns += 1
        joins += _split(column, pieces)
    return TableShape(len(pieces) + joins, address, columns)


def _reduced(column: Bits) -> Bits:
    """The function without the address bits that it does not depend on."""
    bit = 0
    while 1 << bit < column.size:
        pairs = column.reshape(-1, 2, 1 << bit)
        if (pairs[:, 0] == pairs[:, 1]).all():
            column = np.ascontiguousarray(pairs[:, 0]).reshape(-1)
        else:
            bit += 1
    return column


def _key(column: Bits) -> bytes:
    """One name for a function and its complement."""
    return np.packbits(column ^ column[0]).tobytes() + bytes([column.size.bit_length()])


def _split(column: Bits, pieces: set[bytes]) -> int:
    """Add the column's six-input functions to `pieces`; returns the LUTs that join them."""
    depth = column.size.bit_length() - 1
    if depth <= LUT_INPUTS:
        pieces.add(_key(column))
        return 0
    leaves = column.reshape(-1, 1 << LUT_INPUTS)
    for leaf in leaves:
        small = _reduced(np.ascontiguousarray(leaf))
        if small.size > 2:
            pieces.add(_key(small))
    return joining_luts(leaves.shape[0])


def joining_luts(ways: int) -> int:
    """LUTs that join six-input functions: one for each four, then for each four of those."""
    total = 0
    if ways <= _FREE_WAYS:
        return total
    while ways > 1:
        ways = (ways + 3) // 4
        total += ways
    return total
