"""How many LUTs the contents of a table take.

Room: `hwcost`; imports nothing of symtick. Each output bit is a Boolean function of the address
bits (Shannon expansion on the highest bits, as multiplexers F7 and F8 wire it up). Columns that are
constant, equal to another or to its complement, or a plain address bit cost nothing; a function of
six bits or fewer is one LUT; a wider one is split into functions of six, each distinct one (up to
complement) counted once, and one LUT for every four or fewer that are joined beyond the free F7 and
F8 multiplexers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

LUT_INPUTS = 6
# F7 joins two LUTs and F8 two of those, so eight address bits need no further LUT
_FREE_LEVELS = 2

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
    joined = leaves.shape[0] >> _FREE_LEVELS
    return _mux_luts(joined)


def _mux_luts(ways: int) -> int:
    """LUTs of a multiplexer: one for each four ways, then for each four of those."""
    total = 0
    while ways > 1:
        ways = (ways + 3) // 4
        total += ways
    return total
