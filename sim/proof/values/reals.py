"""Formulas in real numbers: an interval for every value, in extended precision.

The bounds of an exact result (a sum or a product that 64 bits of mantissa hold, a quotient or root
that comes out even) are the result itself; every other one is moved outward by 64 units of
its last place, which is far more than the C library's functions are off.
Nothing is taken from `codegen.functions` or from the compiler's interval rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from symtick.expr import Expression, Op, reachable
from symtick.expr.node import Node

Reals = npt.NDArray[np.longdouble]
_WIDER = 64 * np.finfo(np.longdouble).eps
_SPLIT = np.longdouble(2 ** ((np.finfo(np.longdouble).nmant + 2) // 2) + 1)
# below it halves of mantissas fall under the smallest number
_SMALL = np.finfo(np.longdouble).tiny / np.finfo(np.longdouble).eps ** 2
_TINY = np.sqrt(_SMALL)
_ONE = np.ones(1, np.longdouble)
_PI = np.longdouble("3.14159265358979323851")


class Enclosure(NamedTuple):
    """Arrays of lower and upper bounds; NaN where a value is undefined."""

    lo: Reals
    hi: Reals

    @classmethod
    def exactly(cls, values: npt.ArrayLike) -> Enclosure:
        """Values that are known exactly."""
        exact = np.asarray(values, np.longdouble)
        return cls(exact, exact)


def _outward(lo: Reals, hi: Reals) -> Enclosure:
    return Enclosure(lo - np.abs(lo) * _WIDER, hi + np.abs(hi) * _WIDER)


def _padded(value: Reals, inexact: npt.NDArray[np.bool_]) -> tuple[Reals, Reals]:
    pad = np.where(inexact, np.abs(value) * _WIDER, 0)
    return value - pad, value + pad


def _sum(a: Reals, b: Reals) -> tuple[Reals, Reals]:
    total = a + b
    back = total - a
    lost = (a - (total - back)) + (b - back)
    return _padded(total, lost != 0)


def _product(a: Reals, b: Reals) -> tuple[Reals, Reals]:
    whole = a * b
    return _padded_where_small(*_padded(whole, _lost(a, b, whole) != 0), a, b)


def _padded_where_small(low: Reals, high: Reals, *factors: Reals) -> tuple[Reals, Reals]:
    """Bounds of a result that is not 0, next to 0 where extended precision loses bits."""
    if all(np.abs(v).min(where=v != 0, initial=1) > _TINY for v in factors):
        return low, high
    small = np.abs(low) < _SMALL
    for v in factors:
        small = small & (v != 0)
    return np.where(small, low - _SMALL, low), np.where(small, high + _SMALL, high)


def _lost(a: Reals, b: Reals, whole: Reals) -> Reals:
    """a * b - whole, by halves of the mantissas (Dekker 1971)."""
    parts = []
    for v in (a, b):
        high = v * _SPLIT - (v * _SPLIT - v)
        parts.append((high, v - high))
    (ah, al), (bh, bl) = parts
    return np.asarray(((ah * bh - whole) + ah * bl + al * bh) + al * bl)


def _quotient(a: Reals, b: Reals) -> tuple[Reals, Reals]:
    value = a / b
    whole = value * b
    ends = _padded(value, (whole != a) | (_lost(value, b, whole) != 0))
    return _padded_where_small(*ends, a, _ONE / np.maximum(np.abs(b), 1))


def _hull(pairs: Sequence[tuple[Reals, Reals]]) -> Enclosure:
    lows, highs = zip(*pairs, strict=True)
    return Enclosure(np.minimum.reduce(lows), np.maximum.reduce(highs))


def _corners(
    rule: Callable[[Reals, Reals], tuple[Reals, Reals]], a: Enclosure, b: Enclosure
) -> Enclosure:
    if a.lo is a.hi and b.lo is b.hi:
        return Enclosure(*rule(a.lo, b.lo))
    return _hull([rule(p, q) for p in a for q in b])


def _times(a: Enclosure, b: Enclosure) -> Enclosure:
    """A product; with a single number two of the four corners suffice."""
    if a is b:
        return _square(a)
    if not (b.lo is b.hi and b.lo.size == 1):
        return _corners(_product, a, b)
    low, high = a if b.lo.flat[0] >= 0 else (a.hi, a.lo)
    if abs(np.frexp(b.lo.flat[0])[0]) == 0.5:  # a power of 2 only moves the point
        least = low * b.lo
        return Enclosure(least, least if low is high else high * b.lo)
    if low is high:
        return Enclosure(*_product(low, b.lo))
    return Enclosure(_product(low, b.lo)[0], _product(high, b.lo)[1])


def _add(a: Enclosure, b: Enclosure) -> Enclosure:
    if a.lo is a.hi and b.lo is b.hi:
        return Enclosure(*_sum(a.lo, b.lo))
    return Enclosure(_sum(a.lo, b.lo)[0], _sum(a.hi, b.hi)[1])


def _neg(a: Enclosure) -> Enclosure:
    return Enclosure(-a.hi, -a.lo)


def _abs(a: Enclosure) -> Enclosure:
    inside = (a.lo < 0) & (a.hi > 0)
    low = np.where(inside, 0, np.minimum(np.abs(a.lo), np.abs(a.hi)))
    return Enclosure(low, np.maximum(np.abs(a.lo), np.abs(a.hi)))


def _square(a: Enclosure) -> Enclosure:
    size = _abs(a)
    return Enclosure(_product(size.lo, size.lo)[0], _product(size.hi, size.hi)[1])


def _cube(a: Enclosure) -> Enclosure:
    """x**3 rises: each end from above or below, by its sign."""
    ends = [Enclosure(v, v) for v in a]
    cubes = [_corners(_product, _square(end), end) for end in ends]
    return Enclosure(cubes[0].lo, cubes[1].hi)


def _divided(a: Enclosure, b: Enclosure) -> Enclosure:
    pole = (b.lo <= 0) & (b.hi >= 0)
    found = _corners(_quotient, a, b)
    return Enclosure(*(np.where(pole, np.nan, v) for v in found))


def _rising(function: Callable[[Reals], Any]) -> Callable[[Enclosure], Enclosure]:
    def rule(a: Enclosure) -> Enclosure:
        low = function(a.lo)
        return _outward(low, low if a.lo is a.hi else function(a.hi))

    return rule


def _positive(function: Callable[[Reals], Any]) -> Callable[[Enclosure], Enclosure]:
    """A function that rises and is never 0, however small."""
    rising = _rising(function)

    def rule(a: Enclosure) -> Enclosure:
        found = rising(a)
        return Enclosure(np.where(found.lo < _SMALL, 0, found.lo), np.maximum(found.hi, _SMALL))

    return rule


def _erf(a: Enclosure) -> Enclosure:
    """SciPy has it in double precision alone, within a few units of its last place."""
    units = 16 * np.finfo(np.float64).eps
    low = special.erf(np.nextafter(a.lo.astype(np.float64), -np.inf)).astype(np.longdouble)
    high = special.erf(np.nextafter(a.hi.astype(np.float64), np.inf)).astype(np.longdouble)
    return Enclosure(low - np.abs(low) * units, high + np.abs(high) * units)


def _root(a: Enclosure) -> Enclosure:
    low, high = np.sqrt(np.where(a.hi < 0, np.nan, np.maximum(a.lo, 0))), np.sqrt(a.hi)
    ends = [
        _padded(r, (r * r != v) | (_lost(r, r, r * r) != 0))
        for r, v in ((low, np.maximum(a.lo, 0)), (high, a.hi))
    ]
    return Enclosure(ends[0][0], ends[1][1])


def _wave(function: Callable[[Reals], Any]) -> Callable[[Enclosure], Enclosure]:
    """A sine or cosine: that of the middle, and half the width on both sides of it."""

    def rule(a: Enclosure) -> Enclosure:
        half = (a.hi - a.lo) / 2 * (1 + _WIDER)
        middle = a.lo + (a.hi - a.lo) / 2
        half = half + np.where(half > 0, np.abs(middle) * _WIDER, 0)
        found = _outward(*(2 * (function(middle),)))
        return Enclosure(np.maximum(found.lo - half, -1), np.minimum(found.hi + half, 1))

    return rule


def _tan(a: Enclosure) -> Enclosure:
    branch = [np.floor(v / _PI + np.longdouble(0.5)) for v in a]
    found = _rising(np.tan)(a)
    return Enclosure(*(np.where(branch[0] == branch[1], v, np.nan) for v in found))


def _falling(function: Callable[[Reals], Any]) -> Callable[[Enclosure], Enclosure]:
    return lambda a: _outward(function(a.hi), function(a.lo))


def _sigmoid(x: Reals) -> Reals:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1 / (1 + small), small / (1 + small)))


def _angle(y: Enclosure, x: Enclosure) -> Enclosure:
    corners = [np.arctan2(q + 0, p + 0) for q in y for p in x]
    found = _outward(np.minimum.reduce(corners), np.maximum.reduce(corners))
    turned = (x.lo < 0) & (y.lo < 0) & (y.hi >= 0)
    origin = (x.lo <= 0) & (x.hi >= 0) & (y.lo <= 0) & (y.hi >= 0) & ((x.lo < x.hi) | (y.lo < y.hi))
    whole = turned | origin
    most = _PI * (1 + _WIDER)
    return Enclosure(np.where(whole, -most, found.lo), np.where(whole, most, found.hi))


def _power(a: Enclosure, b: Enclosure) -> Enclosure:
    exponent = b.lo.flat[0]
    whole = bool((b.lo == exponent).all() and (b.hi == exponent).all() and exponent % 1 == 0)
    if whole and float(exponent) in _SMALL_POWERS:
        return _SMALL_POWERS[float(exponent)](a)
    if whole and exponent % 2 == 0:
        a = _abs(a)
    pole = (a.lo <= 0) & (a.hi >= 0) & (b.lo < 0)
    undefined = pole if whole else pole | (a.hi < 0)
    if not whole:  # as of a root, no value below 0 is meant
        a = Enclosure(np.maximum(a.lo, 0), a.hi)
    corners = [np.power(p, q) for p in a for q in b]
    found = _outward(np.minimum.reduce(corners), np.maximum.reduce(corners))
    found = _never_zero(a, found)
    return Enclosure(*(np.where(undefined, np.nan, v) for v in found))


def _never_zero(a: Enclosure, power: Enclosure) -> Enclosure:
    """A power, which is 0 of 0 alone, however small."""
    low, high = power
    under = np.where((high < 0) & (high > -_SMALL), 0, high)
    over = np.where((low > 0) & (low < _SMALL), 0, low)
    return Enclosure(
        np.where(a.lo < 0, np.minimum(low, -_SMALL), over),
        np.where(a.hi > 0, np.maximum(high, _SMALL), under),
    )


def _one(a: Enclosure) -> Enclosure:
    one = np.where(np.isnan(a.lo) | np.isnan(a.hi), a.lo, np.ones_like(a.lo))
    return Enclosure.exactly(one)


# rounded once where all others may be, or not at all
_SMALL_POWERS: dict[float, Callable[[Enclosure], Enclosure]] = {
    0.0: _one, 1.0: lambda a: a, 2.0: _square, 3.0: _cube,
}  # fmt: skip


def _ordered(above: Callable[[Reals, Reals], Any]) -> Callable[[Enclosure, Enclosure], Enclosure]:
    """1 where a comparison holds for all values, 0 where for none, else both."""

    def rule(a: Enclosure, b: Enclosure) -> Enclosure:
        unknown = np.isnan(a.lo) | np.isnan(a.hi) | np.isnan(b.lo) | np.isnan(b.hi)
        return Enclosure(
            np.asarray(above(a.lo, b.hi) & ~unknown, np.longdouble),
            np.asarray(above(a.hi, b.lo) | unknown, np.longdouble),
        )

    return rule


def _where(c: Enclosure, a: Enclosure, b: Enclosure) -> Enclosure:
    never, always = (c.lo == 0) & (c.hi == 0), (c.lo > 0) | (c.hi < 0)
    low = np.where(always, a.lo, np.where(never, b.lo, np.minimum(a.lo, b.lo)))
    return Enclosure(low, np.where(always, a.hi, np.where(never, b.hi, np.maximum(a.hi, b.hi))))


RULES: dict[Op, Callable[..., Enclosure]] = {
    Op.ADD: _add,
    Op.SUB: lambda a, b: _add(a, _neg(b)),
    Op.MUL: _times,
    Op.DIV: _divided,
    Op.NEG: _neg,
    Op.ABS: _abs,
    Op.MIN: lambda a, b: Enclosure(np.minimum(a.lo, b.lo), np.minimum(a.hi, b.hi)),
    Op.MAX: lambda a, b: Enclosure(np.maximum(a.lo, b.lo), np.maximum(a.hi, b.hi)),
    Op.SQUARE: _square,
    Op.CUBE: _cube,
    Op.SQRT: _root,
    Op.EXP: _positive(np.exp),
    Op.LOG: _rising(np.log),
    Op.SIN: _wave(np.sin),
    Op.COS: _wave(np.cos),
    Op.TANH: _rising(np.tanh),
    Op.SINH: _rising(np.sinh),
    Op.COSH: lambda a: _rising(np.cosh)(_abs(a)),
    Op.TAN: _tan,
    Op.ASIN: _rising(np.arcsin),
    Op.ACOS: _falling(np.arccos),
    Op.ATAN: _rising(np.arctan),
    Op.ATAN2: _angle,
    Op.LOG1P: _rising(np.log1p),
    Op.EXPM1: _rising(np.expm1),
    Op.LOG2: _rising(np.log2),
    Op.POW: _power,
    Op.SIGMOID: _positive(_sigmoid),
    Op.ERF: _erf,
    Op.SIGN: lambda a: Enclosure(np.sign(a.lo), np.sign(a.hi)),
    Op.FLOOR: lambda a: Enclosure(np.floor(a.lo), np.floor(a.hi)),
    Op.GE: _ordered(np.greater_equal),
    Op.GT: _ordered(np.greater),
    Op.WHERE: _where,
    Op.ASINH: _rising(np.arcsinh),
    Op.ACOSH: _rising(np.arccosh),
    Op.ATANH: _rising(np.arctanh),
}


def applied(node: Node, args: Sequence[Enclosure]) -> Enclosure:
    """The enclosure of an operation, no INPUT or CONST, over those of its arguments."""
    same = len(node.args) == 2 and node.args[0] == node.args[1]
    args = [args[0], args[0]] if same else args
    with np.errstate(all="ignore"):
        return RULES[node.op](*args)


def enclosures(
    expression: Expression, inputs: Sequence[Enclosure], wanted: Sequence[int] | None = None
) -> list[Enclosure]:
    """Enclosures of outputs for exact or enclosed inputs, arrays that broadcast together.

    Args:
        expression: the formulas.
        inputs: one for each input.
        wanted: places of the outputs; all by default.
    """
    ends = expression.outputs if wanted is None else [expression.outputs[j] for j in wanted]
    values: dict[int, Enclosure] = {}
    for k in sorted(reachable(expression.nodes, ends)):
        node = expression.nodes[k]
        if node.op is Op.INPUT:
            values[k] = inputs[node.index]
        elif node.op is Op.CONST:
            values[k] = Enclosure.exactly(np.full(1, node.value))
        else:
            values[k] = applied(node, [values[a] for a in node.args])
    return [values[k] for k in ends]
