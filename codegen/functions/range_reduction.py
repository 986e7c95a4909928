"""Range reduction: exponentials as products, periods, saturation, symmetry.

An exponential of a signal is the product of a table on its top bits and the exponential of its low
bits; a function of sines and cosines of one line is a function of the line's fraction of a turn,
which is what is left of a product with 1 / (2 pi) when its integer bits are cut away; a function
that levels off sees its argument saturated; an arc sine sees its argument's magnitude, for it bends
without bound at both ends of its range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np

from symtick.codegen.functions.digit_recurrence import sign_bit
from symtick.codegen.functions.tables import BoundedValue, piece_address
from symtick.codegen.functions.univariate import Entries, Univariate
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, GraphBuilder
from symtick.codegen.ir.rewrite import stored
from symtick.expr import Builder, Expression, Interval, Node, Op, reachable

Emit = Callable[[GraphBuilder, int], BoundedValue]
# (signal, function, bits after the point) -> how to compute it within that, or None
Planner = Callable[[GNode, Univariate, int], Emit | None]

_EXACT_BITS = 200
_EVERYWHERE = Interval(-math.inf, math.inf)


# --- exponentials --------------------------------------------------------------------------------


def rate(function: Univariate) -> Fraction | None:
    """a where a function is a constant times exp(a v), by its form, else None."""
    nodes = function.expression.nodes
    slopes = _slopes(nodes)
    rates: list[Fraction | None] = []
    for node in nodes:
        if node.op is Op.EXP:
            rates.append(slopes[node.args[0]])
        else:
            rates.append(_rate(node, [rates[a] for a in node.args]))
    return rates[function.expression.outputs[0]] or None


def _rate(node: Node, args: list[Fraction | None]) -> Fraction | None:
    if node.op is Op.CONST:
        return Fraction(0)
    if not args or any(a is None for a in args):
        return None
    first, last = Fraction(args[0] or 0), Fraction(args[-1] or 0)
    combined = {
        Op.MUL: first + last, Op.DIV: first - last, Op.NEG: first, Op.SQUARE: 2 * first,
        Op.CUBE: 3 * first, Op.SQRT: first / 2,
    }  # fmt: skip
    return combined.get(node.op)


def _slopes(nodes: Sequence[Node]) -> list[Fraction | None]:
    """For each node the slope of the line that it is by its form; None where it is none."""
    slopes: list[Fraction | None] = []
    for node in nodes:
        slopes.append(_slope(node, [nodes[a] for a in node.args], [slopes[a] for a in node.args]))
    return slopes


def _slope(node: Node, args: Sequence[Node], slopes: Sequence[Fraction | None]) -> Fraction | None:
    if node.op is Op.INPUT:
        return Fraction(1)
    if node.op is Op.CONST:
        return Fraction(0)
    if any(s is None for s in slopes):
        return None
    first, last = Fraction(slopes[0] or 0), Fraction(slopes[-1] or 0)
    if node.op in (Op.ADD, Op.SUB):
        return first + last if node.op is Op.ADD else first - last
    if node.op is Op.NEG:
        return -first
    if node.op is Op.MUL and Op.CONST in (args[0].op, args[1].op):
        line, factor = (last, args[0]) if args[0].op is Op.CONST else (first, args[1])
        return line * Fraction(factor.value)
    if node.op is Op.DIV and args[1].op is Op.CONST:
        return first / Fraction(args[1].value)
    return None


def split_exponential(
    node: GNode, bits: int, function: Univariate, frac: int, planner: Planner
) -> Emit | None:
    """A constant times exp(a v) within 2**-frac, as a table times exp(a low bits), or None."""
    slope = rate(function)
    width = (node.hi - node.lo).bit_length()
    low = width - min(bits, (width + 1) // 2)
    if slope is None or low < 1 or Fraction(float(slope)) != slope:
        return None
    builder = Builder(("v",))
    line = builder.op(Op.MUL, builder.const(float(slope)), builder.input(0))
    inner = Univariate(builder.build([builder.op(Op.EXP, line)]), _EVERYWHERE)
    span = math.ldexp((1 << low) - 1, -node.fmt.frac)
    gain = max(1.0, math.exp(min(float(slope) * span, 700.0)))
    ends = [math.ldexp(v << low, -node.fmt.frac) for v in (node.lo >> low, node.hi >> low)]
    whole = replace(function, domain=_EVERYWHERE)
    most = max(abs(float(v)) for v in whole.exact(ends))
    near = Fixed(low, node.fmt.frac, False)
    signal = GNode(GOp.INPUT, (), near, 0, near.raw_max)
    places = frac + 2 + math.ceil(math.log2(gain)), frac + 2 + math.ceil(math.log2(most))
    factor = planner(signal, inner, places[1])
    if factor is None:
        return None
    memo: list[Entries] = []

    def emit(builder: GraphBuilder, number: int) -> BoundedValue:
        at = piece_address(builder, number, low)
        if not memo:
            codes = range(node.lo >> low, (node.hi >> low) + 1)
            points = np.array([math.ldexp(c << low, -node.fmt.frac) for c in codes])
            memo.append(whole.entries(points, places[0]))
        raw, lost = memo[0]
        table = stored(builder, at.node, at.lo, raw, places[0])
        local = builder.bits(number, near)
        near_one = factor(builder, local)
        product = builder.op(GOp.MUL, table, near_one.node)
        error = lost * (gain + near_one.error) + most * near_one.error
        return _cut(builder, product, frac + 2, error)

    return emit


def _cut(builder: GraphBuilder, number: int, frac: int, error: float) -> BoundedValue:
    """A node without the bits below `frac`, and the error that is then left."""
    node = builder.nodes[number]
    drop = node.fmt.frac - frac
    if drop <= 0:
        return BoundedValue(number, error)
    fmt = Fixed.for_raw(node.lo >> drop, node.hi >> drop, frac)
    return BoundedValue(builder.bits(number, fmt), error + 2.0**-frac)


# --- periodic functions --------------------------------------------------------------------------


def on_a_turn(
    node: GNode, bits: int, function: Univariate, frac: int, planner: Planner
) -> Emit | None:
    """A function of sines and cosines of one line that goes through more than a turn, or None."""
    nodes = function.expression.nodes
    angle = _angle(function.expression)
    slope = None if angle is None else _slopes(nodes)[angle]
    length = math.ldexp(node.hi - node.lo, -node.fmt.frac)
    if angle is None or not slope or abs(float(slope)) * length <= 2.0 * math.pi:
        return None
    turned = _in_turns(function.expression, angle)
    edges = np.linspace(0.0, 1.0, 65)
    steepest = float(turned.taylor(edges[:-1], edges[1:], 1)[1].size.max())
    if math.isinf(steepest):  # a root of a wave: no number of bits of the turn is enough
        return None
    places = max(1, frac + 2 + math.ceil(math.log2(max(steepest, 2.0**-40))))
    turn = Fixed(places, places, False)
    factor = planner(GNode(GOp.INPUT, (), turn, 0, turn.raw_max), turned, frac + 1)
    if factor is None:
        return None
    far = math.ldexp(max(abs(node.lo), abs(node.hi)), -node.fmt.frac)
    fine = places + 3 + max(0, math.ceil(math.log2(far)))
    with mpmath.workprec(_EXACT_BITS):
        offset = Univariate(_line(function.expression, angle), _EVERYWHERE).exact([0.0])[0]
        cycles = [mpmath.mpf(slope.numerator) / slope.denominator, offset]
        rates = [int(mpmath.nint(mpmath.ldexp(v / (2 * mpmath.pi), fine))) for v in cycles]
    # half a place more, so that cutting to `places` is rounding
    rates[1] += 1 << (fine - places - 1)

    def emit(builder: GraphBuilder, number: int) -> BoundedValue:
        product = builder.op(GOp.MUL, number, builder.const(rates[0], fine))
        moved = builder.op(GOp.ADD, product, builder.const(rates[1], fine))
        inside = factor(builder, builder.bits(moved, turn))
        away = 2.0 ** -(places + 1) + (far + 1.0) * 2.0 ** -(fine + 1)
        return BoundedValue(inside.node, inside.error + steepest * (away + 2.0**-50))

    return emit


def _angle(expression: Expression) -> int | None:
    """The node of which alone, through sin and cos, the output depends, or None."""
    angles: set[int] = set()
    for k in _above(expression, set()):
        node = expression.nodes[k]
        if node.op in (Op.SIN, Op.COS):
            angles.update(node.args)
    if len(angles) != 1:
        return None
    (angle,) = angles
    for k in _above(expression, {angle}):
        node = expression.nodes[k]
        if node.op is Op.INPUT or (angle in node.args and node.op not in (Op.SIN, Op.COS)):
            return None
    return angle


def _above(expression: Expression, stop: set[int]) -> set[int]:
    """Nodes that the output reads without going through those of `stop`."""
    return set(reachable(expression.nodes, expression.outputs, lambda k: k not in stop)) - stop


def _line(expression: Expression, angle: int) -> Expression:
    builder = Builder(expression.inputs)
    return builder.build([builder.graft(expression, angle)])


def _in_turns(expression: Expression, angle: int) -> Univariate:
    """The function of the angle's fraction of a turn, from 0 to 1."""
    builder = Builder(("v",))
    place: dict[int, int] = {}
    place[angle] = builder.op(Op.MUL, builder.const(2.0 * math.pi), builder.input(0))
    for k in sorted(_above(expression, {angle})):
        node = expression.nodes[k]
        args = [place[a] for a in node.args]
        place[k] = builder.const(node.value) if node.op is Op.CONST else builder.op(node.op, *args)
    return Univariate(builder.build([place[expression.outputs[0]]]), Interval(0.0, 1.0))


# --- functions that level off --------------------------------------------------------------------


def clamped(
    node: GNode, bits: int, function: Univariate, frac: int, planner: Planner
) -> Emit | None:
    """A function that is nearly constant far from 0, of its argument saturated; or None."""
    largest = max(node.hi, -node.lo - 1).bit_length()
    for kept in range(2, largest):
        fmt = Fixed(kept + (node.lo < 0), node.fmt.frac, node.lo < 0)
        varies = max(
            _variation(node, function, fmt.raw_max, node.hi),
            _variation(node, function, node.lo, fmt.raw_min),
        )
        if varies <= 2.0 ** -(frac + 2):
            break
    else:
        return None
    low, high = max(node.lo, fmt.raw_min), min(node.hi, fmt.raw_max)
    inner = planner(GNode(GOp.INPUT, (), fmt, low, high), function, frac + 1)
    if inner is None:
        return None

    def emit(builder: GraphBuilder, number: int) -> BoundedValue:
        value = inner(builder, builder.cast(number, fmt, Quant.TRN, Overflow.SAT))
        return BoundedValue(value.node, value.error + varies)

    return emit


def _variation(node: GNode, function: Univariate, low: int, high: int) -> float:
    """How much a function varies between two codes at most."""
    if low >= high:
        return 0.0
    edges = np.linspace(math.ldexp(low, -node.fmt.frac), math.ldexp(high, -node.fmt.frac), 65)
    (values,) = function.taylor(edges[:-1], edges[1:], 0)
    return float(values.hi.max() - values.lo.min())


# --- symmetric functions --------------------------------------------------------------------------

_ODD = (Op.ASIN, Op.SIN, Op.TANH, Op.SINH, Op.TAN, Op.ATAN, Op.CUBE)


def folded(
    node: GNode, bits: int, function: Univariate, frac: int, planner: Planner
) -> Emit | None:
    """A constant plus an odd function of arc sines or arc cosines, of a magnitude; or None."""
    nodes = function.expression.nodes
    arcs = any(n.op in (Op.ASIN, Op.ACOS) for n in nodes)
    if not arcs or node.lo >= 0 or node.hi <= 0 or not _is_odd(function.expression):
        return None
    (center,) = function.exact([0.0])
    builder = Builder(("v",))
    whole = builder.graft(function.expression, function.expression.outputs[0])
    odd = builder.op(Op.SUB, whole, builder.const(float(center)))
    most = max(-node.lo, node.hi)
    far = max(-function.domain.lo, function.domain.hi, 0.0)
    half = Univariate(builder.build([odd]), Interval(0.0, far))
    size = Fixed.for_raw(0, most, node.fmt.frac)
    inner = planner(GNode(GOp.INPUT, (), size, 0, most), half, frac + 1)
    if inner is None:
        return None
    places = frac + 3
    with mpmath.workprec(_EXACT_BITS):
        raw = int(mpmath.nint(mpmath.ldexp(center, places)))

    def emit(builder: GraphBuilder, number: int) -> BoundedValue:
        value = inner(builder, builder.op(GOp.ABS, number))
        negative = sign_bit(builder, number)
        assert negative is not None  # it is somewhere
        turned = builder.op(GOp.SELECT, negative, builder.op(GOp.NEG, value.node), value.node)
        moved = builder.op(GOp.ADD, turned, builder.const(raw, places)) if raw else turned
        return BoundedValue(moved, value.error + 2.0 ** -(places + 1) + 2.0**-50)

    return emit


def _is_odd(expression: Expression) -> bool:
    """Whether a function is a constant plus an odd one, by its form."""
    kinds: list[str] = []  # a constant, an odd function, or the sum of both
    for node in expression.nodes:
        kinds.append(_symmetry(node, [kinds[a] for a in node.args]))
    return kinds[expression.outputs[0]] in ("odd", "sum")


def _symmetry(node: Node, args: Sequence[str]) -> str:
    if node.op is Op.INPUT:
        return "odd"
    if all(kind == "constant" for kind in args):
        return "constant"
    if node.op in _ODD and args[0] == "odd":
        return "odd"
    if node.op is Op.ACOS and args[0] == "odd":
        return "sum"
    linear = node.op in (Op.ADD, Op.SUB, Op.NEG) or (
        (node.op is Op.MUL and "constant" in args) or (node.op is Op.DIV and args[1] == "constant")
    )
    if not linear or "" in args:
        return ""
    factor = node.op in (Op.MUL, Op.DIV, Op.NEG)
    kinds = set(args) - {"constant"} if factor else set(args)
    return kinds.pop() if len(kinds) == 1 else "sum"
