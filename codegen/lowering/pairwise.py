"""The index of the largest of several scores, from comparisons of all pairs at once.

A tournament passes the larger score on and compares it again. Here every pair is compared first,
and a tournament among the single bits that result becomes a few tables of at most six address bits,
each one LUT for every bit: n*(n-1)/2 comparisons beside each other in place of ceil(log2 n) after
each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, GraphBuilder

ADDRESS_BITS = 6  # of a table: the inputs of one LUT
MOST_SCORES = 12  # beyond, comparisons of all pairs are many and tables would be larger


def index_of_largest(builder: GraphBuilder, scores: Sequence[int]) -> int:
    """The node of the number of the largest score, the lowest of equals.

    Args:
        builder: holds the scores, and gets the comparisons and tables.
        scores: nodes, from 2 to `MOST_SCORES`.
    """
    field = [_Bracket(_constant(k), score) for k, score in enumerate(scores)]
    while len(field) > 1:
        pairs = zip(field[::2], field[1::2], strict=False)
        odd = field[len(field) & ~1 :]
        field = [_joined(builder, a, b) for a, b in pairs] + odd
    return _node(builder, field[0].index)


@dataclass(frozen=True, eq=False)
class _Logic:
    """A function of graph nodes of few bits.

    Attributes:
        support: the nodes, ascending.
        values: one axis for each of them, as long as it has codes.
    """

    support: tuple[int, ...]
    values: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Bracket:
    """A tournament among neighbouring scores.

    Attributes:
        index: the number of the largest.
        score: node of a single score.
        sides: both halves, and whether the left one is not smaller; None of a single score.
    """

    index: _Logic
    score: int = -1
    sides: tuple[_Bracket, _Bracket, _Logic] | None = None


def _joined(builder: GraphBuilder, left: _Bracket, right: _Bracket) -> _Bracket:
    won = _not_smaller(builder, left, right)
    return _Bracket(_chosen(builder, won, left.index, right.index), sides=(left, right, won))


def _not_smaller(builder: GraphBuilder, left: _Bracket, right: _Bracket) -> _Logic:
    """Whether the largest on the left is at least the largest on the right."""
    if right.sides is not None:
        a, b, won = right.sides
        ends = (_not_smaller(builder, left, a), _not_smaller(builder, left, b))
        return _chosen(builder, won, *ends)
    if left.sides is not None:
        a, b, won = left.sides
        ends = (_not_smaller(builder, a, right), _not_smaller(builder, b, right))
        return _chosen(builder, won, *ends)
    return _signal(builder, builder.op(GOp.GE, left.score, right.score))


def _constant(value: int) -> _Logic:
    return _Logic((), np.array(value))


def _signal(builder: GraphBuilder, number: int) -> _Logic:
    return _Logic((number,), np.arange(1 << builder.nodes[number].fmt.width))


def _chosen(builder: GraphBuilder, won: _Logic, left: _Logic, right: _Logic) -> _Logic:
    """left where `won`, else right; what is too large for one table becomes signals first."""
    parts = [won, left, right]
    for k in (1, 2, 0):  # the condition is the last to be known
        support = tuple(sorted({n for part in parts for n in part.support}))
        if sum(builder.nodes[n].fmt.width for n in support) <= ADDRESS_BITS:
            break
        parts[k] = _alone(builder, parts[k])
    support = tuple(sorted({n for part in parts for n in part.support}))
    condition, one, other = (_spread(builder, part, support) for part in parts)
    shape = np.broadcast_shapes(condition.shape, one.shape, other.shape)
    return _Logic(support, np.broadcast_to(np.where(condition, one, other), shape))


def _spread(builder: GraphBuilder, part: _Logic, support: Sequence[int]) -> npt.NDArray[Any]:
    """The values over more nodes, for broadcasting."""
    sizes = [1 << builder.nodes[n].fmt.width if n in part.support else 1 for n in support]
    return part.values.reshape(sizes)


def _alone(builder: GraphBuilder, part: _Logic) -> _Logic:
    """The same as a signal of its own, where it is none."""
    return part if len(part.support) < 2 else _signal(builder, _node(builder, part))


def _node(builder: GraphBuilder, part: _Logic) -> int:
    """A table on the support; its only node or a constant where that suffices."""
    entries = [int(v) for v in part.values.ravel()]
    if not part.support:
        return builder.const(entries[0], 0)
    address = part.support[0]
    if len(part.support) == 1 and entries == list(range(len(entries))):
        return address
    for number in part.support[1:]:
        address = builder.op(GOp.CONCAT, address, number)
    width = max(1, math.ceil(math.log2(max(entries) + 1)))
    return builder.table(address, entries, Fixed(width, 0, False))
