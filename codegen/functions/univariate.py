"""Functions of one signal: values in float64 and to any precision, and Taylor enclosures.

It is an expression of one input; its constants are the real numbers that their float64 values are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import mpmath
import numpy as np

from symtick.codegen.functions.exact_values import ARITHMETIC, Enclosed, Number, enclosed
from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.functions.point_enclosures import enclosures
from symtick.codegen.functions.taylor import taylor
from symtick.codegen.ir.fixed import RawArray, Reals
from symtick.errors import DomainError
from symtick.expr import Builder, Expression, Interval, Op, reachable

# a width beside which a constant's rounding counts as known
_KNOWN = 2.0**-60
# widths of intervals that tell values from each other, in the values
_CLOSE = 2.0**-30

_EXACT: dict[Op, Callable[..., Number]] = {
    **ARITHMETIC,
    Op.MIN: min,
    Op.MAX: max,
    Op.SQUARE: lambda a: a * a,
    Op.CUBE: lambda a: a * a * a,
    Op.SQRT: mpmath.sqrt,
    Op.EXP: mpmath.exp,
    Op.LOG: mpmath.log,
    Op.SIN: mpmath.sin,
    Op.COS: mpmath.cos,
    Op.TANH: mpmath.tanh,
    Op.SINH: mpmath.sinh,
    Op.COSH: mpmath.cosh,
    Op.TAN: mpmath.tan,
    Op.ASIN: mpmath.asin,
    Op.ACOS: mpmath.acos,
    Op.ATAN: mpmath.atan,
    Op.ASINH: mpmath.asinh,
    Op.ACOSH: mpmath.acosh,
    Op.ATANH: mpmath.atanh,
    Op.ATAN2: mpmath.atan2,
    Op.LOG1P: mpmath.log1p,
    Op.EXPM1: mpmath.expm1,
    Op.LOG2: lambda a: mpmath.log(a, 2),
    Op.POW: mpmath.power,
    Op.SIGMOID: mpmath.sigmoid,
    Op.ERF: mpmath.erf,
    Op.SIGN: mpmath.sign,
    Op.FLOOR: mpmath.floor,
    Op.GE: lambda a, b: mpmath.mpf(a >= b),
    Op.GT: lambda a, b: mpmath.mpf(a > b),
    Op.WHERE: lambda c, a, b: a if c else b,
}


def _computed(expression: Expression, point: Number) -> Number:
    """The first output, at one value of the input."""
    values: list[Number] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            values.append(point)
        elif node.op is Op.CONST:
            values.append(mpmath.mpf(node.value))
        else:
            values.append(_EXACT[node.op](*(values[a] for a in node.args)))
    return values[expression.outputs[0]]


def rounding_of_constant(expression: Expression, value: float) -> float:
    """Bound on the distance of float64's value of an expression without inputs from the exact one.

    NaN where the exact one is no real number.

    Args:
        expression: without inputs.
        value: as float64 computes it.
    """

    def known(found: Enclosed) -> bool:
        return bool(found.width <= _KNOWN * found.farthest(value))

    try:
        return enclosed(expression, Fraction(0), known).farthest(value)
    except (ValueError, ZeroDivisionError):
        return math.nan


class Entries(NamedTuple):
    """Integers that stand for values of a function.

    Attributes:
        raw: the nearest ones, halves upward (AP_RND); int64, or Python integers where they are
            larger.
        error: how far they are from the function at most: half a unit, 0 where none is rounded, and
            what no precision decides of a step.
    """

    raw: RawArray
    error: float


@dataclass(frozen=True)
class Univariate:
    """A function of one variable.

    Attributes:
        expression: one input, one output.
        domain: where it is defined; other arguments are moved to the nearest end, for rounding can
            take a signal a little beyond its real range.
    """

    expression: Expression
    domain: Interval

    @property
    def text(self) -> str:
        """The function in the language of expressions."""
        return str(self.expression)

    @property
    def is_root(self) -> bool:
        """Whether it is the square root of its argument."""
        return [node.op for node in self.expression.nodes] == [Op.INPUT, Op.SQRT]

    def values(self, points: Reals) -> Reals:
        """Values in float64, same shape as the points.

        Raises:
            DomainError: a value is not finite.
        """
        inside = np.clip(points, self.domain.lo, self.domain.hi)
        values = self.expression.evaluate(inside.reshape(-1, 1))[:, 0].astype(np.float64)
        if not np.isfinite(values).all():
            raise DomainError(f"{self.text} is not finite for an argument in {self.domain}")
        return values.reshape(points.shape)

    def exact(self, points: Iterable[Number], bits: int = 120) -> list[Number]:
        """Values at float64 or mpmath points, each step right to about `bits` significant bits."""
        with mpmath.workprec(bits):
            ends = mpmath.mpf(self.domain.lo), mpmath.mpf(self.domain.hi)
            return [self._exact(min(max(mpmath.mpf(p), ends[0]), ends[1])) for p in points]

    def entries(self, points: Reals, frac: int) -> Entries:
        """Values as integers with `frac` bits after the point.

        Raises:
            DomainError: the function is undefined at a point.
        """
        inside = np.clip(points, self.domain.lo, self.domain.hi)
        boxes = enclosures(self.expression, inside)
        with np.errstate(invalid="ignore", over="ignore"):
            low, high = (_nearest(np.ldexp(end, frac)) for end in (boxes.lo, boxes.hi))
        decided = (low == high) & np.isfinite(low)
        decided &= np.abs(low) <= 2.0**62
        raw = np.zeros(points.shape, np.int64)
        raw[decided] = low[decided].astype(np.int64)
        points_alone = (boxes.lo == boxes.hi) & (np.ldexp(low, -frac) == boxes.lo)
        exact = bool(points_alone[decided].all())
        off, others = 0.0, np.flatnonzero(~decided)
        middles: list[int] = []
        for place in others.tolist():
            found = self._rounded(Fraction(inside[place]), frac)
            ends = found.nearest(frac)
            if ends is None:
                raise DomainError(f"{self.text} is unbounded next to {inside[place]}")
            middles.append((ends[0] + ends[1]) // 2)
            exact = exact and found.lo == found.hi == mpmath.ldexp(middles[-1], -frac)
            if ends[0] != ends[1]:
                off = max(off, math.nextafter(float(found.width), math.inf))
        if any(abs(middle) > 2**62 for middle in middles):
            raw = raw.astype(object)
        raw[others] = middles
        return Entries(raw, off if exact else math.ldexp(1.0, -frac - 1) + off)

    def hull(self, points: Reals) -> IntervalArray:
        """An interval of one element with all values on some points, close to the smallest.

        Raises:
            DomainError: the function is undefined at a point.
        """
        boxes = enclosures(self.expression, np.clip(points, self.domain.lo, self.domain.hi))
        low, high = boxes.lo.copy(), boxes.hi.copy()
        for place in np.flatnonzero(~(high - low <= _CLOSE * boxes.size)).tolist():
            found = self._enclosed(Fraction(points[place]), _close)
            low[place], high[place] = found.outward
        return IntervalArray(low.min(keepdims=True), high.max(keepdims=True))

    def _rounded(self, point: Fraction, frac: int) -> Enclosed:
        """Its value, as closely as rounding it needs."""

        def decided(found: Enclosed) -> bool:
            ends = found.nearest(frac)
            return ends is not None and ends[0] == ends[1]

        return self._enclosed(point, decided)

    def _enclosed(self, point: Fraction, enough: Callable[[Enclosed], bool]) -> Enclosed:
        try:
            return enclosed(self.expression, point, enough)
        except (ValueError, ZeroDivisionError):
            raise DomainError(f"{self.text} is undefined for an argument of {point}") from None

    def _exact(self, point: Number) -> Number:
        return _computed(self.expression, point)

    def taylor(self, lo: Reals, hi: Reals, order: int) -> list[IntervalArray]:
        """Enclosures of the Taylor coefficients over intervals, see `taylor.taylor`."""
        low, high = (np.clip(v, self.domain.lo, self.domain.hi) for v in (lo, hi))
        return taylor(self.expression, low, high, order)


def _close(found: Enclosed) -> bool:
    return bool(found.width <= _CLOSE * max(abs(found.lo), abs(found.hi)))


def _nearest(values: Reals) -> Reals:
    whole = np.floor(values)
    return whole + (values - whole >= 0.5)


def section(source: Expression, number: int, cut: int | None, domain: Interval) -> Univariate:
    """A node as a function of the node `cut` below it, or of the only input."""
    builder = Builder(("v",))
    return Univariate(builder.build([_copied(builder, source, number, cut)]), domain)


def _copied(builder: Builder, source: Expression, number: int, cut: int | None) -> int:
    places: dict[int, int] = {}
    for k in sorted(reachable(source.nodes, [number], lambda k: k != cut)):
        node = source.nodes[k]
        if k == cut or node.op is Op.INPUT:
            places[k] = builder.input(0)
        elif node.op is Op.CONST:
            places[k] = builder.const(node.value)
        else:
            places[k] = builder.op(node.op, *(places[a] for a in node.args))
    return places[number]


def power(builder: Builder, base: int, exponent: int) -> int:
    """base ** exponent by products, and a quotient where it is negative."""
    product = base
    for _ in range(abs(exponent) - 1):
        product = builder.op(Op.MUL, product, base)
    return product if exponent > 0 else builder.op(Op.DIV, builder.const(1.0), product)


def weighted_power(
    source: Expression, number: int, cut: int, domain: Interval, exponent: int, weight: float
) -> Univariate:
    """weight * node ** exponent as a function of the node `cut`."""
    builder = Builder(("v",))
    raised = power(builder, _copied(builder, source, number, cut), exponent)
    return Univariate(builder.build([_times(builder, raised, weight)]), domain)


def _times(builder: Builder, number: int, weight: float) -> int:
    return number if weight == 1.0 else builder.op(Op.MUL, builder.const(weight), number)


def weighted_sum(
    source: Expression, parts: Sequence[tuple[int, float]], line: float, offset: float,
    domain: Interval,
) -> Univariate:  # fmt: skip
    """offset + line * input + sum of weight * node, for nodes of one input."""
    builder = Builder(("v",))
    terms = [_times(builder, _copied(builder, source, k, None), w) for k, w in parts]
    if line:
        terms.append(_times(builder, builder.input(0), line))
    if offset or not terms:
        terms.append(builder.const(offset))
    total = terms[0]
    for term in terms[1:]:
        total = builder.op(Op.ADD, total, term)
    return Univariate(builder.build([total]), domain)


def weighted_product(
    source: Expression, parts: Sequence[tuple[int, int]], weight: float, domain: Interval
) -> Univariate:
    """weight * product of node ** exponent, for nodes of one input."""
    builder = Builder(("v",))
    product: int | None = None
    for k, exponent in parts:
        factor = power(builder, _copied(builder, source, k, None), exponent)
        product = factor if product is None else builder.op(Op.MUL, product, factor)
    if product is None:
        product = builder.const(1.0)
    return Univariate(builder.build([_times(builder, product, weight)]), domain)
