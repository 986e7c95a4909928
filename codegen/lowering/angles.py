"""The angle of a point: an arctangent of two signals.

The smaller coordinate is divided by the larger, digit by digit, so that the quotient is from 0 to 1
wherever the point lies; a table or polynomials give its arctangent, and the octant says which
multiple of pi/2 that is added to or taken from.
"""

from __future__ import annotations

import mpmath

from symtick.codegen.functions.digit_recurrence import divide, sign_bit
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.fixed import Fixed, Quant
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.codegen.lowering.function_units import FunctionUnits
from symtick.codegen.lowering.logic import compared
from symtick.expr import Builder, Interval, Op

_ADDRESS_BITS = 10
_GUARD = 2


def angle(functions: FunctionUnits, y: int, x: int, frac: int, bits: int | None) -> int:
    """atan2(y, x) of the signals' exact values within 2**-frac; 0 at the origin.

    Args:
        functions: what makes the arctangent, and the builder.
        y, x: signals.
        frac: bits after the point.
        bits: most address bits of its tables.

    Raises:
        AccuracyError: no method computes the arctangent as exactly as that.
    """
    builder = functions.builder
    above, aside = (_size(builder, k) for k in (y, x))
    steep = compared(builder, above, aside, equal=False)
    larger = builder.op(GOp.MAX, above, aside)
    # not 0 at the origin, where the smaller is 0
    one = builder.const(1, builder.nodes[larger].fmt.frac)
    larger = builder.op(GOp.MAX, larger, one)
    smaller = builder.op(GOp.MIN, above, aside)
    # cut: a quarter of a unit; the arctangent: half of one; the multiple of pi/2: an eighth
    ratio = divide(builder, smaller, larger, frac + _GUARD, Quant.TRN, most=1)
    source = Builder(("v",))
    arctangent = source.build([source.op(Op.ATAN, source.input(0))])
    inner = Univariate(arctangent, Interval(0.0, 1.0))
    part = functions.made(ratio, bits or _ADDRESS_BITS, inner, frac + 1)
    return _in_octant(builder, part, steep, (sign_bit(builder, x), sign_bit(builder, y)), frac)


def _size(builder: GraphBuilder, number: int) -> int:
    return builder.op(GOp.ABS, number) if builder.nodes[number].lo < 0 else number


def _in_octant(
    builder: GraphBuilder, part: int, steep: int, signs: tuple[int | None, int | None], frac: int
) -> int:
    """The angle from that of the octant nearest the positive x axis."""
    places = frac + _GUARD
    with mpmath.workprec(120):
        quarter = mpmath.ldexp(mpmath.pi / 2, places)
        raw = [int(mpmath.nint(quarter * k)) for k in range(3)]
    bits = [steep, *(bit for bit in signs if bit is not None)]
    address = bits[0]
    for bit in bits[1:]:
        address = builder.op(GOp.CONCAT, address, bit)
    corners, turned = [], []
    for code in range(1 << len(bits)):
        values = [code >> k & 1 for k in reversed(range(len(bits)))]
        is_steep, rest = values[0], iter(values[1:])
        left, under = (bit is not None and next(rest) for bit in signs)
        corner = raw[1] if is_steep else raw[2] if left else 0
        corners.append(-corner if under else corner)
        turned.append(is_steep ^ left ^ under)
    fmt = Fixed.for_raw(min(corners), max(corners), places)
    corner = builder.table(address, corners, fmt)
    back = builder.table(address, turned, Fixed(1, 0, False))
    signed = builder.op(GOp.SELECT, back, builder.op(GOp.NEG, part), part)
    return builder.op(GOp.ADD, corner, signed)
