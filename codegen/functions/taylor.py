"""Taylor coefficients of a function over many intervals at a time.

Interval Taylor arithmetic (R. E. Moore, Methods and Applications of Interval Analysis, SIAM 1979,
chapter 3): every coefficient's bounds hold for the real function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.ir.fixed import Reals
from symtick.expr import OPS, Expression, Node, Op
from symtick.expr.ops import LOG_2, TWO_OVER_ROOT_PI

Jet = list[IntervalArray]

_MOST_POWER = 64  # of what can be negative
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


def image(node: Node, args: Sequence[IntervalArray]) -> IntervalArray:
    """Intervals with a node's values where its arguments' are in theirs."""
    return _computed(node, [[a] for a in args])[0]


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


def _derivative(u: Jet) -> Jet:
    """Coefficients of the derivative, one fewer."""
    return [_scaled(u[k], k) for k in range(1, len(u))]


def _antiderivative(first: IntervalArray, slope: Jet) -> Jet:
    """Coefficients of the function with this value and this derivative."""
    return [first, *(_scaled(v, 1.0 / k) for k, v in enumerate(slope, 1))]


def _one_plus(u: Jet, sign: float = 1.0) -> Jet:
    """1 + u, or 1 - u."""
    one = IntervalArray.full(1.0, u[0].lo)
    signed = u if sign > 0.0 else [v if v is _ZERO else -v for v in u]
    return [one if signed[0] is _ZERO else one + signed[0], *signed[1:]]


def _falling(u: IntervalArray, function: Callable[[Reals], Reals]) -> IntervalArray:
    return IntervalArray.outward(function(u.hi), function(u.lo))


def _sinh_cosh(u: Jet) -> tuple[Jet, Jet]:
    s, c = [u[0].rising(np.sinh)], [u[0].even(np.cosh)]
    for k in range(1, len(u)):
        s, c = [*s, _weighted(u, c, k)], [*c, _weighted(u, s, k)]
    return s, c


def _tan(u: Jet) -> Jet:
    w = [u[0].tangent()]
    for k in range(1, len(u)):
        w.append(_weighted(u, _one_plus(_square(w)), k))
    return w


def _sigmoid(u: Jet) -> Jet:
    w = [u[0].rising(lambda x: np.asarray(OPS[Op.SIGMOID].numpy(x), np.float64))]
    for k in range(1, len(u)):
        w.append(_weighted(u, _product(w, _one_plus(w, -1.0)), k))
    return w


def _asin(u: Jet) -> Jet:
    first = IntervalArray(np.maximum(u[0].lo, -1.0), np.minimum(u[0].hi, 1.0))
    slope = _quotient(_derivative(u), _sqrt(_one_plus(_square(u), -1.0))[:-1])
    return _antiderivative(first.rising(np.arcsin), slope)


def _acos(u: Jet) -> Jet:
    first = IntervalArray(np.maximum(u[0].lo, -1.0), np.minimum(u[0].hi, 1.0))
    return [_falling(first, np.arccos), *(v if v is _ZERO else -v for v in _asin(u)[1:])]


def _atan(u: Jet) -> Jet:
    slope = _quotient(_derivative(u), _one_plus(_square(u))[:-1])
    return _antiderivative(u[0].rising(np.arctan), slope)


def _asinh(u: Jet) -> Jet:
    slope = _quotient(_derivative(u), _sqrt(_one_plus(_square(u)))[:-1])
    return _antiderivative(u[0].rising(np.arcsinh), slope)


def _acosh(u: Jet) -> Jet:
    first = IntervalArray(np.maximum(u[0].lo, 1.0), np.maximum(u[0].hi, 1.0)).rising(np.arccosh)
    below = [-v if v is not _ZERO else v for v in _one_plus(_square(u), -1.0)]
    return _antiderivative(first, _quotient(_derivative(u), _sqrt(below)[:-1]))


def _atanh(u: Jet) -> Jet:
    slope = _quotient(_derivative(u), _one_plus(_square(u), -1.0)[:-1])
    return _antiderivative(u[0].rising(np.arctanh), slope)


def _erf(u: Jet) -> Jet:
    bell = _exp([v if v is _ZERO else -v for v in _square(u)])
    slope = _product(
        [v if v is _ZERO else v.times(TWO_OVER_ROOT_PI) for v in bell[:-1]], _derivative(u)
    )
    return _antiderivative(u[0].rising(special.erf), slope)


def _atan2(y: Jet, x: Jet) -> Jet:
    """The angle; unknown where the point may lie on the cut or at the origin."""
    turn = [_product(x[:-1], _derivative(y)), _product(y[:-1], _derivative(x))]
    across = [_rest(a, [b]) for a, b in zip(*turn, strict=True)]
    radius = [_sum(pair) for pair in zip(_square(x), _square(y), strict=True)]
    cut = (x[0].lo <= 0.0) & (y[0].lo <= 0.0) & (y[0].hi >= 0.0)
    corners = [np.arctan2(a, b) for a in (y[0].lo, y[0].hi) for b in (x[0].lo, x[0].hi)]
    first = IntervalArray.outward(np.minimum.reduce(corners), np.maximum.reduce(corners))
    half = IntervalArray.full(4.0, x[0].lo).either_sign()
    made = _antiderivative(half.where(cut, first), _quotient(across, radius[:-1]))
    return [made[0], *(_unknown(v).where(cut, v) for v in made[1:])]


def _unknown(like: IntervalArray) -> IntervalArray:
    return IntervalArray.full(np.inf, like.lo).either_sign()


def _log1p(u: Jet) -> Jet:
    first = IntervalArray(np.maximum(u[0].lo, -1.0), u[0].hi).rising(np.log1p)
    return _antiderivative(first, _quotient(_derivative(u), _one_plus(u)[:-1]))


def _expm1(u: Jet) -> Jet:
    return [u[0].rising(np.expm1), *_exp(u)[1:]]


def _log2(u: Jet) -> Jet:
    return [_scaled(v, 1.0 / LOG_2) for v in _log(u)]


def _power(u: Jet, v: Jet) -> Jet:
    number = float(v[0].lo.flat[0])
    whole = bool((v[0].lo == number).all() and (v[0].hi == number).all() and number % 1 == 0)
    if whole and abs(number) <= _MOST_POWER and (u[0].lo < 0.0).any():
        one = [IntervalArray.full(1.0, u[0].lo), *[_ZERO] * (len(u) - 1)]
        if number == 0.0:
            return one
        power = _whole_power(u, int(abs(number)))
        return power if number > 0.0 else _quotient(one, power)
    # a negative number has a power where the exponent is a whole number, and no logarithm
    unknown = (u[0].lo < 0.0) & (np.floor(v[0].hi) >= np.ceil(v[0].lo))
    return [_unknown(k).where(unknown, k) for k in _exp(_product(v, _log(u)))]


def _whole_power(u: Jet, power: int) -> Jet:
    if power == 1:
        return u
    half = _square(_whole_power(u, power // 2))
    return _product(half, u) if power % 2 else half


def _stepped(function: Callable[..., IntervalArray]) -> Callable[..., Jet]:
    """A function with steps: flat where its value is one, unknown where it may jump."""

    def rule(*args: Jet) -> Jet:
        first = function(*(u[0] for u in args))
        flat = first.lo == first.hi
        nothing = IntervalArray.full(0.0, first.lo)
        slope = nothing.where(flat, _unknown(first))
        return [first, *[slope] * (len(args[0]) - 1)]

    return rule


def _compared(holds: Callable[[Reals, Reals], Any]) -> Callable[..., Jet]:
    return _stepped(
        lambda a, b: IntervalArray(
            holds(a.lo, b.hi).astype(np.float64), holds(a.hi, b.lo).astype(np.float64)
        )
    )


def _where(c: Jet, a: Jet, b: Jet) -> Jet:
    holds = (c[0].lo > 0.0) | (c[0].hi < 0.0)
    fails = (c[0].lo == 0.0) & (c[0].hi == 0.0)
    mixed = [a[0].hull(b[0]), *(_unknown(c[0]) for _ in a[1:])]
    return [u.where(holds, v.where(fails, m)) for u, v, m in zip(a, b, mixed, strict=True)]


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
    Op.SINH: lambda u: _sinh_cosh(u)[0],
    Op.COSH: lambda u: _sinh_cosh(u)[1],
    Op.TAN: _tan,
    Op.ASIN: _asin,
    Op.ACOS: _acos,
    Op.ATAN: _atan,
    Op.ASINH: _asinh,
    Op.ACOSH: _acosh,
    Op.ATANH: _atanh,
    Op.ATAN2: _atan2,
    Op.LOG1P: _log1p,
    Op.EXPM1: _expm1,
    Op.LOG2: _log2,
    Op.POW: _power,
    Op.SIGMOID: _sigmoid,
    Op.ERF: _erf,
    Op.SIGN: _stepped(lambda a: IntervalArray(np.sign(a.lo), np.sign(a.hi))),
    Op.FLOOR: _stepped(lambda a: IntervalArray(np.floor(a.lo), np.floor(a.hi))),
    Op.GE: _compared(np.greater_equal),
    Op.GT: _compared(np.greater),
    Op.WHERE: _where,
}
