"""Bounds on the distance of a graph's nodes from the real values that they stand for.

Lowering notes one for each node that it makes: the rounding there, and what the errors of the
arguments become. A node that stands for several values (equal constants, sums with what rounds to
0) has the largest of its bounds. How an error passes through an operator is bounded by the steepest
slope on the range of its argument, or by a modulus of continuity where the slope is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, rounded_raw
from symtick.codegen.ir.graph import GraphBuilder
from symtick.codegen.lowering.analysis import Analysis, magnitude
from symtick.expr import Expression, Interval, Op, reachable
from symtick.expr.ops import TWO_OVER_ROOT_PI

# what bounds computed in float64 may lack
_ROUNDING = 1.0 + 2.0**-40
# what constants lose that are multiplied and added in float64
FOLDED = 2.0**-46


@dataclass
class ErrorBounds:
    """The bounds of the nodes of a builder.

    Attributes:
        builder: holds the nodes; one without a bound stands for exactly its value.
    """

    builder: GraphBuilder
    _of: dict[int, float] = field(default_factory=dict)

    def of(self, number: int) -> float:
        """The bound of a node."""
        return self._of.get(number, 0.0)

    def note(self, number: int, error: float) -> int:
        """Notes a bound for a node, and returns the node."""
        if math.isnan(error):
            error = math.inf  # nothing is known
        if error > 0.0 and error > self._of.get(number, 0.0):
            self._of[number] = error
        return number

    def size(self, number: int) -> float:
        """Largest magnitude of a node, in real units."""
        node = self.builder.nodes[number]
        return max(abs(node.lo), abs(node.hi)) * node.fmt.step

    def of_product(self, a: int, b: int) -> float:
        """The bound of the exact product of two nodes."""
        first, second = self.of(a), self.of(b)
        return self.size(a) * second + self.size(b) * first + first * second

    def of_quotient(self, above: int, below: int, wanted: Interval) -> float:
        """What the errors of dividend and divisor move a quotient by, infinite next to a pole."""
        first, second = self.of(above), self.of(below)
        least = abs(wanted).lo - second
        if least <= 0.0:
            return math.inf
        return first / least + self.size(above) * second / (least * abs(wanted).lo)

    def of_cast(self, number: int, fmt: Fixed, quant: Quant, overflow: Overflow) -> float:
        """The bound of a node in another format."""
        node = self.builder.nodes[number]
        drop = node.fmt.frac - fmt.frac
        rounds = quant not in (Quant.TRN, Quant.TRN_ZERO)
        cut = 0.0 if drop <= 0 else fmt.step * (0.5 if rounds else 1.0 - 2.0**-drop)
        low, high = (rounded_raw(raw, drop, quant) for raw in (node.lo, node.hi))
        least = fmt.raw_min + (overflow is Overflow.SAT_SYM and fmt.signed)
        beyond = max(least - low, high - fmt.raw_max, 0) * fmt.step
        if beyond and overflow in (Overflow.WRAP, Overflow.SAT_ZERO):
            beyond = self.size(number) + max(abs(fmt.lo), abs(fmt.hi))
        return self.of(number) + cut + beyond


def total(error: float) -> float:
    """A bound with what float64 may have lost of it."""
    return error * _ROUNDING


def images(analysis: Analysis, number: int, cut: int, span: Interval) -> dict[int, Interval]:
    """Ranges of the nodes from `cut` up to a node, with everything below `cut` in a range.

    Raises:
        DomainError: an operator is undefined, or overflows, somewhere there.
    """
    nodes = analysis.expression.nodes
    ranges = {cut: span}
    for k in sorted(reachable(nodes, [number], lambda k: k != cut)):
        if k != cut and nodes[k].args:
            ranges[k] = analysis.image(k, lambda a: ranges.get(a) or analysis.span(a))
        elif k != cut:
            ranges[k] = analysis.span(k)
    return ranges


def carried(
    expression: Expression, number: int, cut: int, error: float, ranges: Mapping[int, Interval]
) -> float:
    """How far a node moves where the node `cut` below it is off by an error.

    Args:
        expression: holds both.
        number: the node.
        cut: through which alone it sees what is off.
        error: of `cut`.
        ranges: of the nodes between, with and without the error (`images`).
    """
    errors = {cut: error}
    for k in sorted(ranges):
        if k != cut:
            args = expression.nodes[k].args
            spans, moves = [ranges[a] for a in args], [errors.get(a, 0.0) for a in args]
            errors[k] = moved(expression.nodes[k].op, spans, moves, ranges[k])
    return errors[number]


def of_power(span: Interval, error: float, power: int) -> float:
    """How far value ** power moves where a value is off by an error, both in a range."""
    if error == 0.0 or power == 1:
        return error
    end = magnitude(span) if power > 0 else abs(span).lo
    if end == 0.0:
        return 0.0 if power > 0 else math.inf
    return error * abs(power) * _raised(end, power - 1)


def moved(op: Op, spans: Sequence[Interval], errors: Sequence[float], image: Interval) -> float:
    """How far an operator's value moves where its arguments are off.

    Args:
        op: the operator.
        spans: ranges of the arguments, with and without their errors.
        errors: of the arguments.
        image: range of the value.
    """
    if not any(errors):
        return 0.0
    try:
        return min(_moved(op, spans, errors), image.hi - image.lo)
    except OverflowError:
        return image.hi - image.lo


def _moved(op: Op, spans: Sequence[Interval], errors: Sequence[float]) -> float:
    first, error = spans[0], errors[0]
    if op in _SLOPES:
        return error * _SLOPES[op](first)
    if op in _STEEP:
        return _STEEP[op](first, error)
    if op is Op.MUL:
        return magnitude(first) * errors[1] + magnitude(spans[1]) * error
    if op is Op.DIV:
        least = abs(spans[1]).lo
        return error / least + magnitude(first) * errors[1] / least / least
    if op is Op.POW:
        return _of_constant_power(first, error, spans[1].lo)
    if op is Op.ATAN2:
        return _of_angle(spans, errors)
    if op is Op.WHERE:
        sides = max(errors[1:])
        if error == 0.0:
            return sides
        return sides + max(spans[1].hi - spans[2].lo, spans[2].hi - spans[1].lo, 0.0)
    if op in (Op.GE, Op.GT):
        return 1.0 if first.lo <= spans[1].hi and spans[1].lo <= first.hi else 0.0
    if op is Op.SIGN:
        return 2.0 if 0.0 in first else 0.0
    if op is Op.FLOOR:
        return math.floor(error) + 1.0
    if op in (Op.MIN, Op.MAX):
        return max(errors)
    return sum(errors)  # sums, signs and magnitudes


def _of_constant_power(span: Interval, error: float, exponent: float) -> float:
    if 0.0 < exponent < 1.0:
        chord = math.pow(error, exponent)  # the steepest of all is from 0 on
        return min(chord, error * exponent * _raised(span.lo, exponent - 1.0))
    end = magnitude(span) if exponent >= 1.0 else abs(span).lo
    return error * abs(exponent) * _raised(end, exponent - 1.0)


def _raised(base: float, exponent: float) -> float:
    return math.inf if base == 0.0 and exponent < 0.0 else math.pow(base, exponent)


def _of_angle(spans: Sequence[Interval], errors: Sequence[float]) -> float:
    y, x = spans
    radius = math.hypot(abs(y).lo, abs(x).lo)
    # beyond the cut the angle is another one
    cut = 0.0 in y and x.lo <= 0.0
    turn = math.inf if cut or radius == 0.0 else math.hypot(*errors) / radius
    return min(turn, 2.0 * math.pi)


def _inverse(value: float) -> float:
    return 1.0 / value if value > 0.0 else math.inf


def _of_root(span: Interval, error: float) -> float:
    return min(math.sqrt(error), error * 0.5 * _inverse(math.sqrt(max(span.lo, 0.0))))


def _of_arc(span: Interval, error: float) -> float:
    rest = max(1.0 - magnitude(span), 0.0)
    # from the end of the range inward
    whole = 2.0 * math.asin(min(math.sqrt(error / 2.0), 1.0))  # acos(1 - error)
    return min(whole, error * _inverse(math.sqrt(rest * (2.0 - rest))))


def _of_area_cosine(span: Interval, error: float) -> float:
    rest = max(span.lo - 1.0, 0.0)
    whole = 2.0 * math.asinh(math.sqrt(error / 2.0))  # acosh(1 + error)
    return min(whole, error * _inverse(math.sqrt(rest * (2.0 + rest))))


_STEEP: Mapping[Op, Callable[[Interval, float], float]] = {
    Op.SQRT: _of_root,
    Op.ASIN: _of_arc,
    Op.ACOS: _of_arc,
    Op.ACOSH: _of_area_cosine,
}


def _least(span: Interval) -> float:
    return abs(span).lo


def _logistic_slope(value: float) -> float:
    small = math.exp(-value)
    return small / (1.0 + small) ** 2


# the steepest slope on a range
_SLOPES: Mapping[Op, Callable[[Interval], float]] = {
    Op.SQUARE: lambda s: 2.0 * magnitude(s),
    Op.CUBE: lambda s: 3.0 * magnitude(s) ** 2,
    Op.EXP: lambda s: math.exp(s.hi),
    Op.EXPM1: lambda s: math.exp(s.hi),
    Op.LOG: lambda s: _inverse(s.lo),
    Op.LOG2: lambda s: _inverse(s.lo * math.log(2.0)),
    Op.LOG1P: lambda s: _inverse(1.0 + s.lo),
    Op.SIN: lambda s: 1.0,
    Op.COS: lambda s: 1.0,
    Op.TAN: lambda s: 1.0 + max(math.tan(s.lo) ** 2, math.tan(s.hi) ** 2),
    Op.TANH: lambda s: 4.0 * _logistic_slope(2.0 * _least(s)),
    Op.SIGMOID: lambda s: _logistic_slope(_least(s)),
    Op.SINH: lambda s: math.cosh(magnitude(s)),
    Op.COSH: lambda s: math.sinh(magnitude(s)),
    Op.ATAN: lambda s: 1.0 / (1.0 + _least(s) ** 2),
    Op.ERF: lambda s: TWO_OVER_ROOT_PI * math.exp(-(_least(s) ** 2)),
    Op.ASINH: lambda s: 1.0 / math.sqrt(1.0 + _least(s) ** 2),
    Op.ATANH: lambda s: _inverse((1.0 - magnitude(s)) * (1.0 + magnitude(s))),
}
