"""Registers that a table's highest address bits reset.

A smooth function is often constant beyond some address. Where a column of more than six address
bits is constant in the half of its addresses that the highest bit tells, synthesis resets or sets
the register behind it there, and the column has one address bit less; so again with the next bit,
where it is the same constant. One LUT serves all registers with the same condition, and none where
the condition is that one bit is 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symtick.hwcost.models.table_columns import LUT_INPUTS, Edges

Condition = tuple[int, ...]  # values of the highest address bits that reset, from the highest on


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
        rest, condition = _peeled(columns[k])
        left[k] = np.tile(rest, columns.shape[1] // rest.size)
        if condition and condition != (1,):
            conditions.add(condition)
    return Resets(left, frozenset(conditions))


def _peeled(column: Edges) -> tuple[Edges, Condition]:
    """A column without the halves in which it is the same constant."""
    condition: list[int] = []
    value = -1
    while _depth(column) > LUT_INPUTS:
        halves = column.reshape(2, -1)
        constant = [h for h in (1, 0) if _is(halves[h], value)]
        if not constant:
            break
        value = int(halves[constant[0], 0])
        condition.append(constant[0])
        column = halves[1 - constant[0]]
    return column, tuple(condition)


def _is(half: Edges, value: int) -> bool:
    """Whether a half is constant, and that value if there is one."""
    return bool((half == half[0]).all()) and value in (-1, int(half[0]))


def _depth(column: Edges) -> int:
    """How many address bits a column depends on."""
    return sum(
        bool((pairs[:, 0] != pairs[:, 1]).any())
        for j in range(column.size.bit_length() - 1)
        for pairs in [column.reshape(-1, 2, 1 << j)]
    )
