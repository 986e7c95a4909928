"""Comparisons and steps as graph nodes: one bit, a sign, an integer part."""

from __future__ import annotations

import math
from fractions import Fraction

from symtick.codegen.functions.normalise import is_zero
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import BIT, GOp, GraphBuilder


def compared(builder: GraphBuilder, left: int, right: int, equal: bool) -> int:
    """One bit: left >= right, or left > right where `equal` does not count."""
    if equal:
        return builder.op(GOp.GE, left, right)
    return inverted(builder, builder.op(GOp.GE, right, left))


def against(builder: GraphBuilder, signal: int, limit: float, equal: bool) -> int:
    """One bit: signal >= limit, or > where `equal` does not count, on the signal's own grid.

    So no bit of the limit is lost.
    """
    node = builder.nodes[signal]
    scaled = Fraction(limit) * Fraction(2) ** node.fmt.frac
    least = math.ceil(scaled) if equal else math.floor(scaled) + 1
    # beyond the bounds one step says as much
    least = min(max(least, node.lo), node.hi + 1)
    return builder.op(GOp.GE, signal, builder.const(least, node.fmt.frac))


def inverted(builder: GraphBuilder, bit: int) -> int:
    """The other value of one bit."""
    return builder.table(bit, [1, 0], BIT)


def joined(builder: GraphBuilder, first: int, second: int, every: bool) -> int:
    """One bit: whether both bits are 1, or one of them is."""
    both = builder.op(GOp.CONCAT, first, second)
    return builder.table(both, [0, 0, 0, 1] if every else [0, 1, 1, 1], BIT)


def condition(builder: GraphBuilder, signal: int) -> int:
    """One bit: whether a signal is not 0."""
    node = builder.nodes[signal]
    if node.fmt == BIT:
        return signal
    # the bits of a value say it, whatever they stand for
    pattern = Fixed(node.fmt.width, node.fmt.frac, False)
    return inverted(builder, is_zero(builder, builder.bits(signal, pattern)))


def sign(builder: GraphBuilder, signal: int) -> int:
    """-1, 0 or 1."""
    above = against(builder, signal, 0.0, equal=False)
    if builder.nodes[signal].lo >= 0:
        return above
    reaches = against(builder, signal, 0.0, equal=True)
    both = builder.op(GOp.CONCAT, above, reaches)
    return builder.table(both, [-1, 0, 0, 1], Fixed(2, 0))


def floor(builder: GraphBuilder, signal: int) -> int:
    """The largest integer that is not above a signal; wires only."""
    node = builder.nodes[signal]
    drop = node.fmt.frac
    if drop <= 0:
        return signal
    return builder.bits(signal, Fixed.for_raw(node.lo >> drop, node.hi >> drop, 0))
