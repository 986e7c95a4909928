"""The format and the integer bounds that an operation's value has, from those of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.nodes import GNode, GOp


def joined_format(args: Sequence[GNode]) -> Fixed:
    """The format of CONCAT: every bit of both, also those that the bounds would not need."""
    return Fixed(sum(a.fmt.width for a in args), 0, False)


@lru_cache(maxsize=512)  # a graph is built again by every pass, with the same tables
def table_bounds(contents: tuple[int, ...], lo: int, hi: int) -> tuple[int, int, int, int]:
    """Least and largest of all entries, and of those that the codes from lo to hi reach."""
    # negative codes stand in the upper half, from its end
    reached = contents[max(lo, 0) : max(hi + 1, 0)]
    if lo < 0:
        reached += contents[lo : min(hi + 1, 0) or None]
    return min(contents), max(contents), min(reached), max(reached)


def value_bounds(op: GOp, args: Sequence[GNode], same: bool) -> tuple[int, int, int]:
    """(frac, lo, hi) of an arithmetic node."""
    a = args[0]
    if op is GOp.NEG:
        return a.fmt.frac, -a.hi, -a.lo
    if op is GOp.ABS:
        low = 0 if a.lo <= 0 <= a.hi else min(abs(a.lo), abs(a.hi))
        return a.fmt.frac, low, max(abs(a.lo), abs(a.hi))
    if op is GOp.CONCAT:
        return 0, *_patterns(args[0], args[1])
    if op is GOp.DIGIT_ROW:
        return _row_bounds(*args)
    if op is GOp.SELECT:
        args = args[1:]
    a, b = args
    if op is GOp.MUL:
        corners = [p * q for p in (a.lo, a.hi) for q in (b.lo, b.hi)]
        if same:
            corners = [a.lo * a.lo, a.hi * a.hi, *([0] if a.lo <= 0 <= a.hi else [])]
        return a.fmt.frac + b.fmt.frac, min(corners), max(corners)
    frac = max(a.fmt.frac, b.fmt.frac)
    alo, ahi = a.lo << (frac - a.fmt.frac), a.hi << (frac - a.fmt.frac)
    blo, bhi = b.lo << (frac - b.fmt.frac), b.hi << (frac - b.fmt.frac)
    if op is GOp.ADD:
        return frac, alo + blo, ahi + bhi
    if op is GOp.SUB:
        return frac, alo - bhi, ahi - blo
    if op is GOp.MIN:
        return frac, min(alo, blo), min(ahi, bhi)
    if op is GOp.MAX:
        return frac, max(alo, blo), max(ahi, bhi)
    if op is GOp.SELECT:
        return frac, min(alo, blo), max(ahi, bhi)
    return 0, int(alo >= bhi), int(ahi >= blo)


def _row_bounds(a: GNode, digit: GNode, x: GNode, triple: GNode) -> tuple[int, int, int]:
    """(frac, lo, hi) of DIGIT_ROW."""
    frac = max(node.fmt.frac for node in (a, x, triple))
    ends = []
    for d in range(digit.lo, digit.hi + 1):
        read = triple if d == 3 else x
        up = frac - read.fmt.frac
        ends += [(1 if d == 3 else d) * (v << up) for v in (read.lo, read.hi)]
    up = frac - a.fmt.frac
    return frac, (a.lo << up) + min(ends), (a.hi << up) + max(ends)


def _patterns(high: GNode, low: GNode) -> tuple[int, int]:
    """Smallest and largest bit pattern of CONCAT."""
    ends = []
    for node in (high, low):
        mask = (1 << node.fmt.width) - 1
        # patterns keep the order of the values unless the sign changes between them
        ends.append((0, mask) if node.lo < 0 <= node.hi else (node.lo & mask, node.hi & mask))
    shift = low.fmt.width
    return (ends[0][0] << shift) + ends[1][0], (ends[0][1] << shift) + ends[1][1]
