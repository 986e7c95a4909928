"""Enclosures of an expression's value at one point, to any precision.

Rational operations are carried out on fractions, so that steps of what is rational are decided
exactly; from the first other function on, values are intervals of mpmath, rounded outward.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
from mpmath import iv

from symtick.expr import Expression, Op

Number = Any  # mpmath has no types

# what numbers of every kind here do by themselves
ARITHMETIC: dict[Op, Callable[..., Number]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
    Op.DIV: operator.truediv,
    Op.NEG: operator.neg,
    Op.ABS: abs,
}

# the precisions that are tried in turn: the last holds sums of all that float64 holds
_BITS = (160, 600, 2600)
_LARGEST = 1 << 14  # bits of a fraction, beyond which an interval stands for it
_MOST_POWER = 64  # largest exponent by which fractions are raised
_HALF = Fraction(1, 2) + Fraction(1, 1 << 60)
_LOST = 12  # bits that mpmath's functions may lose of their last places


class Enclosed(NamedTuple):
    """Ends of an interval of real numbers, fractions or `mpmath.mpf`."""

    lo: Number
    hi: Number

    @property
    def width(self) -> Number:
        """Distance of the ends."""
        return self.hi - self.lo

    @property
    def outward(self) -> tuple[float, float]:
        """The ends in float64, moved outward where that rounds them."""
        low, high = float(self.lo), float(self.hi)
        return (
            math.nextafter(low, -math.inf) if low > self.lo else low,
            math.nextafter(high, math.inf) if high < self.hi else high,
        )

    def nearest(self, frac: int) -> tuple[int, int] | None:
        """What the ends round to as integers with `frac` bits after the point, halves upward.

        What is closer to a half than 2**-60 is one. None where an end is infinite.
        """
        if isinstance(self.lo, Fraction):
            raised = self.lo * Fraction(2) ** frac + _HALF
            return (math.floor(raised),) * 2
        if mpmath.isinf(self.lo) or mpmath.isinf(self.hi):
            return None
        with mpmath.workprec(_BITS[-1]):
            half = mpmath.mpf(_HALF.numerator) / _HALF.denominator
            low, high = (int(mpmath.floor(mpmath.ldexp(v, frac) + half)) for v in self)
        return low, high

    def farthest(self, value: float) -> float:
        """A bound on the distance of any of it from a value."""
        with mpmath.workprec(_BITS[-1]):
            away = max(abs(end - _like(end, value)) for end in self)
        return math.nextafter(float(away), math.inf) if away else 0.0


def _like(end: Number, value: float) -> Number:
    return Fraction(value) if isinstance(end, Fraction) else mpmath.mpf(value)


def enclosed(expression: Expression, point: Fraction, enough: Callable[[Enclosed], bool]
             ) -> Enclosed:  # fmt: skip
    """An interval with the first output at a value of the input, as narrow as it has to be.

    Args:
        expression: of at most one input.
        point: the value.
        enough: whether an interval is narrow enough; if none is, the narrowest is returned.

    Raises:
        ZeroDivisionError, ValueError: an operator is undefined there.
    """
    before, found = iv.prec, Enclosed(-mpmath.inf, mpmath.inf)
    try:
        for bits in _BITS:
            iv.prec = bits
            found = _ends(_value(expression, point))
            if enough(found):
                break
    finally:
        iv.prec = before
    return found


def _value(expression: Expression, point: Fraction) -> Number:
    values: list[Number] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            values.append(point)
        elif node.op is Op.CONST:
            values.append(Fraction(node.value))
        else:
            values.append(_computed(node.op, [values[a] for a in node.args]))
    return values[expression.outputs[0]]


def _computed(op: Op, args: list[Number]) -> Number:
    if op is Op.WHERE:
        return _where(*args)
    if all(isinstance(a, Fraction) for a in args):
        rule = _RATIONAL.get(op)
        value = None if rule is None else rule(*args)
        if value is not None:
            return value if _bits(value) <= _LARGEST else _interval(value)
    return _RULES[op](*(_interval(a) for a in args))


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _interval(value: Number) -> Number:
    if isinstance(value, Fraction):
        return iv.mpf(value.numerator) / iv.mpf(value.denominator)
    return value


def _ends(value: Number) -> Enclosed:
    """The ends as numbers that no precision rounds."""
    if isinstance(value, Fraction):
        return Enclosed(value, value)
    return Enclosed(*(mpmath.mp.make_mpf(end) for end in value._mpi_))


# --- fractions -----------------------------------------------------------------------------------


def _root(a: Fraction) -> Fraction | None:
    if a < 0:
        return None
    root = Fraction(math.isqrt(a.numerator), math.isqrt(a.denominator))
    return root if root * root == a else None


def _binary_logarithm(a: Fraction) -> Fraction | None:
    if a <= 0 or a.numerator & (a.numerator - 1) or a.denominator & (a.denominator - 1):
        return None
    return Fraction(a.numerator.bit_length() - a.denominator.bit_length())


def _power(a: Fraction, b: Fraction) -> Fraction | None:
    if b.denominator == 2:
        root = _root(a)
        return None if root is None else _power(root, 2 * b)
    if b.denominator > 2 or abs(b) > _MOST_POWER:
        return None
    return Fraction(a ** int(b))


_RATIONAL: dict[Op, Callable[..., Fraction | None]] = {
    **ARITHMETIC,
    Op.MIN: min,
    Op.MAX: max,
    Op.SQUARE: lambda a: a * a,
    Op.CUBE: lambda a: a * a * a,
    Op.SQRT: _root,
    Op.LOG2: _binary_logarithm,
    Op.POW: _power,
    Op.SIGN: lambda a: Fraction((a > 0) - (a < 0)),
    Op.FLOOR: lambda a: Fraction(math.floor(a)),
    Op.GE: lambda a, b: Fraction(a >= b),
    Op.GT: lambda a, b: Fraction(a > b),
}


# --- intervals -----------------------------------------------------------------------------------


def _where(c: Number, a: Number, b: Number) -> Number:
    low, high = _ends(c)
    if low > 0 or high < 0:
        return a
    if low == high:
        return b
    return _hull([*_ends(_interval(a)), *_ends(_interval(b))])


def _hull(values: Sequence[Number]) -> Number:
    return iv.mpf([min(values), max(values)])


def _stepped(rule: Callable[..., Sequence[Any]]) -> Callable[..., Number]:
    """A function with steps by the rule for the ends of its image; a fraction where decided."""

    def image(*args: Number) -> Number:
        low, high = rule(*(_ends(a) for a in args))
        return Fraction(int(low)) if low == high else iv.mpf([low, high])

    return image


def _floors(a: Enclosed) -> Sequence[Number]:
    return [end if mpmath.isinf(end) else mpmath.floor(end) for end in a]


def _outward(values: Sequence[Number]) -> Number:
    """The hull of values that are right but for a few of the last places."""
    least, most = min(values), max(values)
    with mpmath.workprec(iv.prec + _LOST):
        off = mpmath.ldexp(1, _LOST // 2 - iv.prec)
        return iv.mpf([least - abs(least) * off, most + abs(most) * off])


def _within(a: Number, least: float, most: float) -> Enclosed:
    """What of an interval is in a domain.

    Raises:
        ValueError: nothing is.
    """
    low, high = _ends(a)
    if high < least or low > most:
        raise ValueError(f"{a} is outside of [{least}, {most}]")
    return Enclosed(max(low, least), min(high, most))


def _monotone(
    function: Callable[[Number], Number], least: float = -math.inf, most: float = math.inf
) -> Callable[[Number], Number]:
    """The image under a function that never turns, of what is within its domain."""

    def image(a: Number) -> Number:
        with mpmath.workprec(iv.prec + _LOST):
            return _outward([function(end) for end in _within(a, least, most)])

    return image


def _above_zero(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """The image under a function of intervals, of what is at least 0."""
    return lambda a: function(iv.mpf(list(_within(a, 0.0, math.inf))))


def _angle(y: Number, x: Number) -> Number:
    with mpmath.workprec(iv.prec + _LOST):
        low, high = _ends(y)
        if low < 0 <= high and _ends(x).lo <= 0:
            return _outward([-mpmath.pi, +mpmath.pi])
        return _outward([mpmath.atan2(a, b) for a in (low, high) for b in _ends(x)])


def _hyperbolic_cosine(a: Number) -> Number:
    grown = iv.exp(a)
    return (grown + 1 / grown) / 2


_log = _above_zero(iv.log)


def _raised(a: Number, b: Number) -> Number:
    """A power: of what may be negative, too, where the exponent is a whole number."""
    low, high = _ends(b)
    return a ** int(low) if low == high and mpmath.isint(low) else iv.exp(b * _log(a))


_RULES: dict[Op, Callable[..., Number]] = {
    **ARITHMETIC,
    Op.MIN: lambda a, b: iv.mpf([min(e) for e in zip(_ends(a), _ends(b), strict=True)]),
    Op.MAX: lambda a, b: iv.mpf([max(e) for e in zip(_ends(a), _ends(b), strict=True)]),
    Op.SQUARE: lambda a: a**2,
    Op.CUBE: lambda a: a**3,
    Op.SQRT: _above_zero(iv.sqrt),
    Op.EXP: iv.exp,
    Op.LOG: _log,
    Op.SIN: iv.sin,
    Op.COS: iv.cos,
    Op.TAN: iv.tan,
    Op.TANH: _monotone(mpmath.tanh),
    Op.SINH: _monotone(mpmath.sinh),
    Op.COSH: _hyperbolic_cosine,
    Op.ASIN: _monotone(mpmath.asin, -1.0, 1.0),
    Op.ACOS: _monotone(mpmath.acos, -1.0, 1.0),
    Op.ATAN: _monotone(mpmath.atan),
    Op.ASINH: _monotone(mpmath.asinh),
    Op.ACOSH: _monotone(mpmath.acosh, 1.0),
    Op.ATANH: _monotone(mpmath.atanh, -1.0, 1.0),
    Op.ATAN2: _angle,
    Op.LOG1P: _monotone(mpmath.log1p, -1.0),
    Op.EXPM1: _monotone(mpmath.expm1),
    Op.LOG2: lambda a: _log(a) / _log(iv.mpf(2)),
    Op.POW: _raised,
    Op.SIGMOID: lambda a: 1 / (1 + iv.exp(-a)),
    Op.ERF: _monotone(mpmath.erf),
    Op.SIGN: _stepped(lambda a: [mpmath.sign(end) for end in a]),
    Op.FLOOR: _stepped(_floors),
    Op.GE: _stepped(lambda a, b: [a.lo >= b.hi, a.hi >= b.lo]),
    Op.GT: _stepped(lambda a, b: [a.lo > b.hi, a.hi > b.lo]),
}
