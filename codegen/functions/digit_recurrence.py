"""Division and square root exact to the last bit, one digit at a time.

Restoring recurrences (Ercegovac and Lang, Digital Arithmetic, 2004, chapters 5 and 6) as
subtractions and selections, which the scheduler spreads over pipeline stages. The last digit is
rounded by the remainder, so that the result is the exact quotient or root in the asked mode.
"""

from __future__ import annotations

from symtick.codegen.functions.normalise import is_zero
from symtick.codegen.ir.fixed import Fixed, Quant
from symtick.codegen.ir.graph import BIT, GOp, GraphBuilder


def divide(
    builder: GraphBuilder, dividend: int, divisor: int, frac: int, quant: Quant = Quant.RND,
    most: int | None = None,
) -> int:  # fmt: skip
    """dividend / divisor, rounded exactly.

    Args:
        builder: where the graph grows.
        dividend, divisor: signals; the divisor must not be 0 (the result is then unspecified).
        frac: bits after the point of the quotient.
        quant: rounding of the exact quotient; AMD's own `/` is TRN_ZERO.
        most: largest magnitude of the quotient, where that is known to be less than the bounds say.

    Returns:
        A node with `frac` bits after the point that holds every quotient.
    """
    above, below = (_magnitude(builder, k) for k in (dividend, divisor))
    negative = _xor(builder, sign_bit(builder, dividend), sign_bit(builder, divisor))
    places = [builder.nodes[k].fmt.frac for k in (dividend, divisor)]
    quotient, rest = _digits(builder, above, below, frac - places[0] + places[1],
                              None if most is None else most << max(0, frac))  # fmt: skip
    below = builder.scale(below, max(0, places[0] - places[1] - frac))
    return _rounded(builder, quotient, rest, below, negative, frac, quant)


def square_root(builder: GraphBuilder, number: int, frac: int, quant: Quant = Quant.RND) -> int:
    """The square root of a signal that is never negative, rounded exactly, like `divide`."""
    root, rest = _root_digits(builder, _magnitude(builder, number),
                              2 * (frac + 1) - builder.nodes[number].fmt.frac)  # fmt: skip
    # one digit more than asked for tells on which side of the half the root is
    half = _bits(builder, root, 0, 1)
    above = builder.nodes[root].fmt.width - 1
    upper = _bits(builder, root, 1, above) if above else builder.const(0, 0)
    if quant in (Quant.TRN, Quant.TRN_ZERO):
        return builder.scale(upper, -frac)
    if quant in (Quant.RND, Quant.RND_INF):
        raised = half
    else:
        stays = is_zero(builder, rest)
        if quant is Quant.RND_CONV:
            stays = _table(builder, (stays, _bits(builder, root, 1, 1)), [0, 0, 1, 0])
        raised = _table(builder, (half, stays), [0, 0, 1, 0])
    return builder.scale(builder.op(GOp.ADD, upper, raised), -frac)


def _digits(
    builder: GraphBuilder, above: int, below: int, shift: int, most: int | None
) -> tuple[int, int]:
    """Digits and remainder of (above * 2**shift) / below, integers; `most` bounds the quotient."""
    top, least = builder.nodes[above].hi, max(1, builder.nodes[below].lo)
    largest = (top << max(0, shift)) // (least << max(0, -shift))
    count = max(1, (largest if most is None else min(largest, most)).bit_length())
    lift, shift = max(0, -shift), max(0, shift)
    below = builder.scale(below, lift)
    if count > shift:
        width = max(1, builder.nodes[above].fmt.width - (count - shift))
        rest = _bits(builder, above, count - shift, width)
    else:
        rest = _integer(builder, builder.scale(above, shift - count))
    signs: int | None = None
    for place in range(count - 1, -1, -1):
        if place >= shift and place - shift < builder.nodes[above].fmt.width:
            rest = builder.op(GOp.CONCAT, rest, _bits(builder, above, place - shift, 1))
        else:
            rest = _integer(builder, builder.scale(rest, 1))
        rest, sign = _reduced(builder, rest, below, builder.nodes[below].hi << lift)
        signs = sign if signs is None else builder.op(GOp.CONCAT, signs, sign)
    assert signs is not None  # there is at least one digit
    # a digit is 1 where the difference was not negative
    ones = builder.const((1 << count) - 1, 0)
    return builder.op(GOp.SUB, ones, signs), rest


def _root_digits(builder: GraphBuilder, number: int, shift: int) -> tuple[int, int]:
    """Digits and remainder of the root of number * 2**shift, integers; the rest keeps lost bits."""
    width = builder.nodes[number].fmt.width
    top = width + shift
    count = max(1, (top + 1) // 2)
    zero, one = builder.const(0, 0), builder.const(1, 0)
    root, rest = zero, zero
    for place in range(count - 1, -1, -1):
        pair = [k - shift for k in (2 * place + 1, 2 * place)]
        for k in pair:
            bit = _bits(builder, number, k, 1) if 0 <= k < width else zero
            rest = builder.op(GOp.CONCAT, rest, bit)
        trial = builder.op(GOp.CONCAT, builder.op(GOp.CONCAT, root, zero), one)
        # the remainder is at most twice the new root, 4 * root + 2
        rest, sign = _reduced(builder, rest, trial, builder.nodes[trial].hi + 1)
        root = builder.op(GOp.CONCAT, root, _table(builder, (sign,), [1, 0]))
        root = _integer(builder, root, count - place)
    lost = max(0, -shift)
    if lost:
        rest = builder.op(GOp.CONCAT, rest, _bits(builder, number, 0, min(lost, width)))
    return root, rest


def _reduced(builder: GraphBuilder, rest: int, below: int, most: int) -> tuple[int, int]:
    """rest - below where that is not negative, else rest; and the difference's sign bit.

    What comes out is `most` at most.
    """
    difference = builder.op(GOp.SUB, rest, below)
    if builder.nodes[difference].lo >= 0:
        return difference, builder.const(0, 0)
    fmt = builder.nodes[difference].fmt
    sign = _bits(builder, difference, fmt.width - 1, 1)
    chosen = builder.op(GOp.SELECT, sign, rest, difference)
    return _integer(builder, chosen, most.bit_length()), sign


def _rounded(
    builder: GraphBuilder, quotient: int, rest: int, below: int, negative: int | None, frac: int,
    quant: Quant,
) -> int:  # fmt: skip
    """The signed quotient, its magnitude raised by one where the mode and the remainder ask it."""
    plus = _raise(builder, quotient, rest, below, quant, False)
    minus = None if negative is None else _raise(builder, quotient, rest, below, quant, True)
    if negative is None or minus is None:
        whole = quotient if plus is None else builder.op(GOp.ADD, quotient, plus)
        return builder.scale(whole, -frac)
    zero = builder.const(0, 0)
    up, down = zero if plus is None else plus, minus
    added = up if up == down else builder.op(GOp.SELECT, negative, down, up)
    whole = quotient if added == zero else builder.op(GOp.ADD, quotient, added)
    signed = builder.op(GOp.SELECT, negative, builder.op(GOp.NEG, whole), whole)
    return builder.scale(signed, -frac)


def _raise(
    builder: GraphBuilder, quotient: int, rest: int, below: int, quant: Quant, negative: bool
) -> int | None:
    """The bit that is added to a magnitude; None where the mode never adds one."""
    if quant is Quant.TRN_ZERO or (quant is Quant.TRN and not negative):
        return None if not negative else builder.const(0, 0)
    if quant is Quant.TRN:
        return _table(builder, (is_zero(builder, rest),), [1, 0])
    twice = builder.scale(rest, 1)
    ties_up = {Quant.RND: not negative, Quant.RND_MIN_INF: negative}.get(
        quant, quant is Quant.RND_INF
    )
    at_least = builder.op(GOp.GE, twice, below)
    if ties_up:
        return at_least
    above = _table(builder, (builder.op(GOp.GE, below, twice),), [1, 0])
    if quant is not Quant.RND_CONV:
        return above
    odd = _bits(builder, quotient, 0, 1)
    return _table(builder, (above, at_least, odd), [0, 0, 0, 1, 0, 0, 1, 1])


def _table(builder: GraphBuilder, bits: tuple[int, ...], contents: list[int]) -> int:
    """A Boolean function of bits, the first the highest of the address."""
    joined = bits[0]
    for other in bits[1:]:
        joined = builder.op(GOp.CONCAT, joined, other)
    return builder.table(joined, contents, BIT)


def sign_bit(builder: GraphBuilder, number: int) -> int | None:
    """The sign bit of a signal; None where it is never negative."""
    node = builder.nodes[number]
    if node.lo >= 0:
        return None
    if node.hi < 0:
        return builder.const(1, 0)
    return _bits(builder, number, node.fmt.width - 1, 1)


def _xor(builder: GraphBuilder, a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return b if a is None else a
    return _table(builder, (a, b), [0, 1, 1, 0])


def _magnitude(builder: GraphBuilder, number: int) -> int:
    """|raw value| of a signal as an unsigned integer."""
    size = builder.op(GOp.ABS, number) if builder.nodes[number].lo < 0 else number
    node = builder.nodes[size]
    fmt = Fixed.for_raw(node.lo, node.hi, node.fmt.frac)
    return builder.scale(builder.bits(size, fmt), fmt.frac)


def _integer(builder: GraphBuilder, number: int, width: int | None = None) -> int:
    """An integer that is not negative without bits after the point, in `width` bits (wires)."""
    node = builder.nodes[number]
    natural = Fixed.for_raw(max(0, node.lo) << -node.fmt.frac, max(0, node.hi) << -node.fmt.frac, 0)
    fmt = Fixed(natural.width if width is None else min(width, natural.width), 0, False)
    return builder.bits(number, fmt)


def _bits(builder: GraphBuilder, number: int, low: int, width: int) -> int:
    """Bits low to low + width - 1 of a signal as an unsigned integer (wires)."""
    fmt = builder.nodes[number].fmt
    part = builder.bits(number, Fixed(width, fmt.frac - low, False))
    return builder.scale(part, fmt.frac - low)
