"""Registers that a table's highest address bits reset.

A smooth function is often constant beyond some address. Where a column of more than six address
bits is constant in the half of its addresses that the highest bit tells, synthesis resets or sets
the register behind it there, and the column has one address bit less; so again with the next bit,
where it is the same constant. One LUT serves all registers with the same condition, and none where
the condition is that one bit is 1.

A column of two address bits that is no exclusive or is constant where the higher bit has one of its
values, and else the lower bit: the register does all of it, with at most an inverter that all
columns share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symtick.hwcost.models.table_columns import LUT_INPUTS, Edges

# address bits with the values that reset; a bit that is 0 where the column needs its complement
Condition = tuple[tuple[int, int], ...]


class Resets(NamedTuple):
    """Columns without what resets do.

    Attributes:
        columns: (columns, 2**k) of 0 and 1.
        conditions: all different ones that need a LUT.
    """

    columns: Edges
    conditions: frozenset[Condition]


def without_resets(columns: Edges, registered: list[bool]) -> Resets:
    """Leave away what resets do for columns that go to registers alone.

    Args:
        columns: (columns, 2**k) of 0 and 1.
        registered: of each column, whether registers alone read it.
    """
    left, conditions = columns.copy(), set[Condition]()
    for k in np.flatnonzero(registered):
        bits = _bits(columns[k])
        if len(bits) == 2 and (pair := _pair(columns[k], bits)) is not None:
            left[k] = 0
            conditions |= pair
            continue
        rest, condition = _peeled(columns[k])
        left[k] = np.tile(rest, columns.shape[1] // rest.size)
        if condition and not _free(condition):
            conditions.add(condition)
    return Resets(left, frozenset(conditions))


def _free(condition: Condition) -> bool:
    return len(condition) == 1 and condition[0][1] == 1


def _pair(column: Edges, bits: list[int]) -> set[Condition] | None:
    """What a column of two address bits needs where a register does it; None where a LUT does."""
    low, high = bits
    values = column[[0, 1 << low, 1 << high, 1 << high | 1 << low]].reshape(2, 2)
    constant = [h for h in (1, 0) if values[h, 0] == values[h, 1]]
    if not constant:
        return None
    (h,) = constant
    needed: set[Condition] = {((high, h),)} | ({((low, 0),)} if values[1 - h, 0] else set())
    inverters = {c for c in needed if not _free(c)}
    return inverters if len(inverters) < 2 else None


def _peeled(column: Edges) -> tuple[Edges, Condition]:
    """A column without the halves in which it is the same constant."""
    condition: list[tuple[int, int]] = []
    value = -1
    while len(_bits(column)) > LUT_INPUTS:
        halves = column.reshape(2, -1)
        constant = [h for h in (1, 0) if _is(halves[h], value)]
        if not constant:
            break
        value = int(halves[constant[0], 0])
        condition.append((halves.shape[1].bit_length() - 1, constant[0]))
        column = halves[1 - constant[0]]
    return column, tuple(condition)


def _is(half: Edges, value: int) -> bool:
    """Whether a half is constant, and that value if there is one."""
    return bool((half == half[0]).all()) and value in (-1, int(half[0]))


def _bits(column: Edges) -> list[int]:
    """The address bits that a column depends on, from the lowest on."""
    return [
        j
        for j in range(column.size.bit_length() - 1)
        for pairs in [column.reshape(-1, 2, 1 << j)]
        if (pairs[:, 0] != pairs[:, 1]).any()
    ]
