"""Comparisons and steps as graph nodes: one bit, a sign, an integer part."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from symtick.codegen.functions.normalise import is_zero
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import BIT, GOp, GraphBuilder
from symtick.codegen.lowering.analysis import Analysis
from symtick.codegen.lowering.error_bounds import ErrorBounds, moved
from symtick.expr import STEPS, Interval, Op


def compared(builder: GraphBuilder, left: int, right: int, equal: bool) -> int:
    """One bit: left >= right, or left > right where `equal` does not count."""
    if equal:
        return builder.op(GOp.GE, left, right)
    return inverted(builder, builder.op(GOp.GE, right, left))


def against(builder: GraphBuilder, signal: int, limit: float, equal: bool) -> int:
    """One bit: signal >= limit, or > where `equal` does not count, on the signal's own grid.

    So no bit of the limit is lost.
    """
    node = builder.nodes[signal]
    scaled = Fraction(limit) * Fraction(2) ** node.fmt.frac
    least = math.ceil(scaled) if equal else math.floor(scaled) + 1
    # beyond the bounds one step says as much
    least = min(max(least, node.lo), node.hi + 1)
    return builder.op(GOp.GE, signal, builder.const(least, node.fmt.frac))


def inverted(builder: GraphBuilder, bit: int) -> int:
    """The other value of one bit."""
    return builder.table(bit, [1, 0], BIT)


def joined(builder: GraphBuilder, first: int, second: int, every: bool) -> int:
    """One bit: whether both bits are 1, or one of them is."""
    both = builder.op(GOp.CONCAT, first, second)
    return builder.table(both, [0, 0, 0, 1] if every else [0, 1, 1, 1], BIT)


def condition(builder: GraphBuilder, signal: int) -> int:
    """One bit: whether a signal is not 0."""
    node = builder.nodes[signal]
    if node.fmt == BIT:
        return signal
    # the bits of a value say it, whatever they stand for
    pattern = Fixed(node.fmt.width, node.fmt.frac, False)
    return inverted(builder, is_zero(builder, builder.bits(signal, pattern)))


def sign(builder: GraphBuilder, signal: int) -> int:
    """-1, 0 or 1."""
    above = against(builder, signal, 0.0, equal=False)
    if builder.nodes[signal].lo >= 0:
        return above
    reaches = against(builder, signal, 0.0, equal=True)
    both = builder.op(GOp.CONCAT, above, reaches)
    return builder.table(both, [-1, 0, 0, 1], Fixed(2, 0))


def floor(builder: GraphBuilder, signal: int) -> int:
    """The largest integer that is not above a signal; wires only."""
    node = builder.nodes[signal]
    drop = node.fmt.frac
    if drop <= 0:
        return signal
    return builder.bits(signal, Fixed.for_raw(node.lo >> drop, node.hi >> drop, 0))


class Logic:
    """Comparisons, steps, choices and magnitudes of an expression's signals.

    Args:
        analysis: of the expression.
        errors: bounds on the errors of the builder's nodes.
        builder: where the graph grows.
        signal: the graph node that computes an expression node.
    """

    def __init__(
        self,
        analysis: Analysis,
        errors: ErrorBounds,
        builder: GraphBuilder,
        signal: Callable[[int], int],
    ) -> None:
        self.analysis, self.errors, self.builder = analysis, errors, builder
        self._nodes, self._signal = analysis.expression.nodes, signal

    def made(self, number: int) -> int:
        """The graph node that computes an expression node."""
        node = self._nodes[number]
        if node.op in STEPS:
            made = self._step(number)
        elif node.op is Op.WHERE:
            chosen, *values = (self._signal(a) for a in node.args)
            made = self.builder.op(GOp.SELECT, condition(self.builder, chosen), *values)
        else:
            args = [self._signal(a) for a in node.args]
            bits = all(self.builder.nodes[k].fmt == BIT for k in args)
            if node.op in (Op.MIN, Op.MAX) and bits:
                made = joined(self.builder, args[0], args[1], every=node.op is Op.MIN)
            else:
                made = self.builder.op(GOp[node.op.name], *args)
        return self.errors.note(made, self.moved(number))

    def moved(self, number: int) -> float:
        """What the errors of a node's arguments make of its own."""
        args = self._nodes[number].args
        errors = [self.errors.of(self._signal(a)) for a in args]
        if not any(errors):
            return 0.0
        spans = [self.analysis.span(a) for a in args]
        # signals may lie beyond the ranges of what they stand for
        wider = [Interval(s.lo - e, s.hi + e) for s, e in zip(spans, errors, strict=True)]
        return moved(self._nodes[number].op, wider, errors, Interval(-math.inf, math.inf))

    def _step(self, number: int) -> int:
        """A comparison, a sign or an integer part, of the signals as they are computed."""
        op, args = self._nodes[number].op, self._nodes[number].args
        if op in (Op.SIGN, Op.FLOOR):
            rule = sign if op is Op.SIGN else floor
            return rule(self.builder, self._signal(args[0]))
        left, right = (self.analysis.constant(a) for a in args)
        if right is not None:
            return against(self.builder, self._signal(args[0]), right, op is Op.GE)
        if left is not None:
            turned = against(self.builder, self._signal(args[1]), left, op is Op.GT)
            return inverted(self.builder, turned)
        sides = self._signal(args[0]), self._signal(args[1])
        return compared(self.builder, *sides, equal=op is Op.GE)
