"""Normalisation: an unsigned signal shifted left until its top bit is set.

Stage k shifts by 2**k where that many top bits are zero; the outcomes of the stages are the bits of
the count.
"""

from __future__ import annotations

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import BIT, GOp, GraphBuilder

_LUT_INPUTS = 6


def normalised(builder: GraphBuilder, number: int, stages: int) -> tuple[int, int]:
    """A signal shifted left by as many places as it has leading zeros, 2**stages - 1 at most.

    Args:
        builder: where the graph grows.
        number: an unsigned signal of more than 2**stages - 1 bits.
        stages: stages of shifts.

    Returns:
        The count of shifts (`stages` bits, unsigned), and the shifted signal, of the same format.
    """
    fmt = builder.nodes[number].fmt
    count: int | None = None
    for stage in range(stages - 1, -1, -1):
        shift = 1 << stage
        top = Fixed(shift, fmt.frac - (fmt.width - shift), False)
        zero = is_zero(builder, builder.bits(number, top))
        rest = Fixed(fmt.width - shift, fmt.frac, False)
        moved = builder.scale(builder.bits(number, rest), shift)
        chosen = builder.op(GOp.SELECT, zero, moved, number)
        number = builder.bits(chosen, fmt)
        count = zero if count is None else builder.op(GOp.CONCAT, count, zero)
    assert count is not None  # there is at least one stage
    return count, number


def is_zero(builder: GraphBuilder, number: int) -> int:
    """One bit: whether every bit of an unsigned signal is 0."""
    fmt = builder.nodes[number].fmt
    bits: list[int] = []
    for low in range(0, fmt.width, _LUT_INPUTS):
        width = min(_LUT_INPUTS, fmt.width - low)
        # bits low to low + width - 1: the lower ones cut, the upper ones wrapped away
        part = Fixed(width, fmt.frac - low, False)
        piece = builder.bits(number, part)
        bits.append(builder.table(piece, [1] + [0] * ((1 << width) - 1), BIT))
    while len(bits) > 1:
        joined = bits[0]
        for other in bits[1:_LUT_INPUTS]:
            joined = builder.op(GOp.CONCAT, joined, other)
        count = builder.nodes[joined].fmt.width
        both = builder.table(joined, [0] * ((1 << count) - 1) + [1], BIT)
        bits = [*bits[_LUT_INPUTS:], both]
    return bits[0]
