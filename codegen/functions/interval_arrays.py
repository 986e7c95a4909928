"""Arrays of intervals, and Taylor coefficients of a function over each of them.

Every bound is rounded outward, so that what is computed here holds for the real function: interval
Taylor arithmetic (R. E. Moore, Methods and Applications of Interval Analysis, SIAM 1979, chapter
3), for many intervals at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Reals
from symtick.expr import Expression, Node, Op

# numpy's functions are right within a few units of the last place
_RELATIVE = 2.0**-50
_LEAST = 1e-300


@dataclass(frozen=True)
class IntervalArray:
    """Intervals [lo, hi], one for each element; an unbounded one where nothing is known."""

    lo: Reals
    hi: Reals

    @classmethod
    def outward(cls, lo: Reals, hi: Reals) -> IntervalArray:
        """The intervals, a few units of the last place wider."""
        low = np.where(np.isnan(lo), -np.inf, lo - (_RELATIVE * np.abs(lo) + _LEAST))
        high = np.where(np.isnan(hi), np.inf, hi + (_RELATIVE * np.abs(hi) + _LEAST))
        return cls(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))

    @classmethod
    def full(cls, value: float, like: Reals) -> IntervalArray:
        """One value everywhere."""
        return cls(np.full(like.shape, value), np.full(like.shape, value))

    @property
    def size(self) -> Reals:
        """Largest magnitude of each."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    def __add__(self, other: IntervalArray) -> IntervalArray:
        return IntervalArray.outward(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: IntervalArray) -> IntervalArray:
        return IntervalArray.outward(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> IntervalArray:
        return IntervalArray(-self.hi, -self.lo)

    def __mul__(self, other: IntervalArray) -> IntervalArray:
        corners = np.stack([a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)])
        # zero times unbounded: a bound of zero holds, for the factor is exactly zero there
        products = np.where(np.isnan(corners), 0.0, corners)
        return IntervalArray.outward(products.min(axis=0), products.max(axis=0))

    def times(self, factor: float) -> IntervalArray:
        """Each times one number."""
        return self * IntervalArray.full(factor, self.lo)

    def __truediv__(self, other: IntervalArray) -> IntervalArray:
        unsafe = (other.lo <= 0.0) & (other.hi >= 0.0)
        inverse = IntervalArray.outward(
            np.where(unsafe, -np.inf, 1.0 / other.hi), np.where(unsafe, np.inf, 1.0 / other.lo)
        )
        return self * inverse

    def square(self) -> IntervalArray:
        """Each times itself."""
        least = np.maximum(np.maximum(self.lo, -self.hi), 0.0)
        return IntervalArray.outward(least * least, self.size**2)

    def rising(self, function: Callable[[Reals], Reals]) -> IntervalArray:
        """The image under a function that never falls."""
        return IntervalArray.outward(function(self.lo), function(self.hi))

    def cosine(self) -> IntervalArray:
        """The image under cos."""
        ends = np.cos(self.lo), np.cos(self.hi)
        turn = 2.0 * math.pi
        margin = 1e-9 * (1.0 + self.size)  # an extreme that is nearly reached counts
        low, high = self.lo - margin, self.hi + margin
        top = np.floor(high / turn) >= np.ceil(low / turn)
        bottom = np.floor(high / turn - 0.5) >= np.ceil(low / turn - 0.5)
        unknown = ~(self.size < 1e6)
        return IntervalArray(
            np.where(bottom | unknown, -1.0, np.minimum(*ends) - 1e-15),
            np.where(top | unknown, 1.0, np.maximum(*ends) + 1e-15),
        )

    def sine(self) -> IntervalArray:
        """The image under sin."""
        quarter = IntervalArray.full(math.pi / 2.0, self.lo)
        return (self - quarter).cosine()

    def hull(self, other: IntervalArray) -> IntervalArray:
        """The smallest intervals that hold both."""
        return IntervalArray(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def where(self, chosen: npt.NDArray[np.bool_], other: IntervalArray) -> IntervalArray:
        """This where `chosen`, the other elsewhere."""
        return IntervalArray(
            np.where(chosen, self.lo, other.lo), np.where(chosen, self.hi, other.hi)
        )


Jet = list[IntervalArray]

# coefficients that are zero by the form of a function; what they multiply need not be computed
_ZERO = IntervalArray(np.zeros(1), np.zeros(1))


def taylor(expression: Expression, lo: Reals, hi: Reals, order: int) -> Jet:
    """Taylor coefficients of a function of one input, over intervals of it.

    Args:
        expression: its first output is the function.
        lo, hi: ends of the intervals.
        order: highest coefficient.

    Returns:
        `order` + 1 boxes; box k holds f^(k)(x) / k! for every x of its interval, and is unbounded
        where the function has no such derivative there (a kink, a pole, the edge of its domain).
    """
    one = IntervalArray.full(1.0, lo)
    jets: list[Jet] = []
    with np.errstate(all="ignore"):
        for node in expression.nodes:
            if node.op is Op.INPUT:
                jets.append([IntervalArray(lo, hi), one, *[_ZERO] * (order - 1)][: order + 1])
            elif node.op is Op.CONST:
                jets.append([IntervalArray.full(node.value, lo), *[_ZERO] * order])
            else:
                jets.append(_computed(node, [jets[a] for a in node.args]))
    return jets[expression.outputs[0]]


def _computed(node: Node, args: Sequence[Jet]) -> Jet:
    if node.op in (Op.MIN, Op.MAX):
        return _choice(args[0], args[1], node.op is Op.MIN)
    if node.op is Op.MUL and node.args[0] == node.args[1]:
        return _square(args[0])
    return _RULES[node.op](*args)


def _product(u: Jet, v: Jet) -> Jet:
    return [_sum([_times(u[i], v[k - i]) for i in range(k + 1)]) for k in range(len(u))]


def _times(a: IntervalArray, b: IntervalArray) -> IntervalArray:
    return _ZERO if a is _ZERO or b is _ZERO else a * b


def _square(u: Jet) -> Jet:
    # the square term of an even coefficient is never negative
    squared = []
    for k in range(len(u)):
        terms = [_scaled(_times(u[i], u[k - i]), 2.0) for i in range((k + 1) // 2)]
        if k % 2 == 0 and u[k // 2] is not _ZERO:
            terms.append(u[k // 2].square())
        squared.append(_sum(terms))
    return squared


def _scaled(a: IntervalArray, factor: float) -> IntervalArray:
    return a if a is _ZERO else a.times(factor)


def _sum(terms: Sequence[IntervalArray]) -> IntervalArray:
    total = _ZERO
    for term in terms:
        if term is not _ZERO:
            total = term if total is _ZERO else total + term
    return total


def _quotient(u: Jet, v: Jet) -> Jet:
    w: Jet = []
    for k in range(len(u)):
        w.append(_rest(u[k], [_times(v[i], w[k - i]) for i in range(1, k + 1)]) / v[0])
    return w


def _rest(whole: IntervalArray, parts: Sequence[IntervalArray]) -> IntervalArray:
    total = _sum(parts)
    return whole if total is _ZERO else whole - total


def _sqrt(u: Jet) -> Jet:
    w = [IntervalArray(np.maximum(u[0].lo, 0.0), u[0].hi).rising(np.sqrt)]
    for k in range(1, len(u)):
        w.append(_rest(u[k], [_times(w[i], w[k - i]) for i in range(1, k)]) / w[0].times(2.0))
    return w


def _weighted(u: Jet, w: Jet, k: int) -> IntervalArray:
    """Coefficient k of the integral of u' w."""
    parts = [_scaled(_times(u[i], w[k - i]), i) for i in range(1, k + 1)]
    return _scaled(_sum(parts), 1.0 / k)


def _exp(u: Jet) -> Jet:
    w = [u[0].rising(np.exp)]
    for k in range(1, len(u)):
        w.append(_weighted(u, w, k))
    return w


def _log(u: Jet) -> Jet:
    w = [IntervalArray(np.maximum(u[0].lo, 0.0), u[0].hi).rising(np.log)]
    for k in range(1, len(u)):
        parts = [_scaled(_times(w[i], u[k - i]), i / k) for i in range(1, k)]
        w.append(_rest(u[k], parts) / u[0])
    return w


def _sine_cosine(u: Jet) -> tuple[Jet, Jet]:
    s, c = [u[0].sine()], [u[0].cosine()]
    for k in range(1, len(u)):
        s, c = [*s, _weighted(u, c, k)], [*c, -_weighted(u, s, k)]
    return s, c


def _tanh(u: Jet) -> Jet:
    w = [u[0].rising(np.tanh)]
    one = IntervalArray.full(1.0, u[0].lo)
    for k in range(1, len(u)):
        slope = _square(w)
        slope = [one - slope[0], *(-v for v in slope[1:])]
        w.append(_weighted(u, slope, k))
    return w


def _choice(u: Jet, v: Jet, smaller: bool) -> Jet:
    below = u[0].hi <= v[0].lo
    above = u[0].lo >= v[0].hi
    first, second = (below, above) if smaller else (above, below)
    bound = np.minimum if smaller else np.maximum
    mixed = [IntervalArray(bound(u[0].lo, v[0].lo), bound(u[0].hi, v[0].hi))]
    for k in range(1, len(u)):
        # across the kink slopes are those of either side, and there is no curvature
        unknown = IntervalArray.full(np.inf, u[0].lo)
        mixed.append(u[1].hull(v[1]) if k == 1 else (-unknown).hull(unknown))
    return [a.where(first, b.where(second, m)) for a, b, m in zip(u, v, mixed, strict=True)]


def _abs(u: Jet) -> Jet:
    return _choice(u, [-v for v in u], smaller=False)


def _each(combine: Callable[..., IntervalArray]) -> Callable[..., Jet]:
    return lambda *args: [combine(*parts) for parts in zip(*args, strict=True)]


_RULES: dict[Op, Callable[..., Jet]] = {
    Op.ADD: _each(lambda a, b: a + b),
    Op.SUB: _each(lambda a, b: a - b),
    Op.NEG: _each(lambda a: -a),
    Op.MUL: _product,
    Op.DIV: _quotient,
    Op.ABS: _abs,
    Op.SQUARE: _square,
    Op.CUBE: lambda u: _product(_square(u), u),
    Op.SQRT: _sqrt,
    Op.EXP: _exp,
    Op.LOG: _log,
    Op.SIN: lambda u: _sine_cosine(u)[0],
    Op.COS: lambda u: _sine_cosine(u)[1],
    Op.TANH: _tanh,
}
