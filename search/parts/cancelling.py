"""Factors on both sides of a fraction's line are cancelled: x/x, which is 1, is no number at 0."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from symtick.expr import Op
from symtick.search.parts.language import Postfix, applied, arguments_of, const, rebuilt, spans

_SAME = 1e-14  # relative difference of numbers that is rounding
_POWERS = {Op.SQUARE: 2, Op.CUBE: 3}


def cancelled(function: Postfix) -> Postfix:
    """Without factors that are above and below a fraction, and phases of more than a turn.

    A division by 1/3 is a factor of 3.
    """

    def rule(op: Op, parts: list[Postfix]) -> Postfix | None:
        if op in (Op.MUL, Op.DIV):
            return _whole_factor(_fraction(applied(op, *parts)))
        return applied(op, _within_a_turn(parts[0])) if op in (Op.SIN, Op.COS) else None

    return rebuilt(function, rule)


def multiplied_out(function: Postfix) -> Iterator[Postfix]:
    """A product as a sum of products, for each of its sums that divides by another factor of it."""
    above, below = _factors(function)
    for place, one in enumerate(above):
        if one[-1][0] not in (Op.ADD, Op.SUB):
            continue
        rest = [*above[:place], *above[place + 1 :]]
        parts = arguments_of(one, spans(one), len(one) - 1)
        if any(set(_factors(part)[1]) & set(rest) for part in parts):
            terms = [_product(Counter([part, *rest]), squares=False) for part in parts]
            out = applied(one[-1][0], *terms)
            yield applied(Op.DIV, out, _product(Counter(below), squares=False)) if below else out


def factored_out(op: Op, one: Postfix, other: Postfix) -> Iterator[Postfix]:
    """f*(a + b) of f*a and f*b, or their difference."""
    (up, down), (up2, down2) = _factors(one), _factors(other)
    shared = Counter(f for f in up if len(f) > 1 or f[0][0] is Op.INPUT) & Counter(up2)
    if shared and one != other:
        left = [
            _over(Counter(above) - shared, Counter(below))
            for above, below in ((up, down), (up2, down2))
        ]
        yield applied(Op.MUL, _product(shared, squares=False), applied(op, *left))


def _factors(function: Postfix) -> tuple[list[Postfix], list[Postfix]]:
    """Factors above and below the line."""
    starts = spans(function)
    sides: tuple[list[Postfix], list[Postfix]] = [], []
    pending = [(len(function) - 1, 0, 1)]
    while pending:
        end, side, power = pending.pop()
        op = function[end][0]
        if op in (Op.MUL, Op.DIV):
            pending.append((end - 1, side ^ (op is Op.DIV), power))
            pending.append((starts[end - 1] - 1, side, power))
        elif op in _POWERS:
            pending.append((end - 1, side, power * _POWERS[op]))
        else:
            sides[side].extend([function[starts[end] : end + 1]] * power)
    return sides


def _fraction(function: Postfix) -> Postfix:
    """A product or quotient without the factors that are on both sides of the line."""
    if not any(op is Op.DIV for op, _ in function):
        return function
    above, below = (Counter(side) for side in _factors(function))
    if not above & below:
        return function
    return _over(above - below, below - above, squares=any(op is Op.SQUARE for op, _ in function))


def _over(above: Counter[Postfix], below: Counter[Postfix], *, squares: bool = False) -> Postfix:
    top = _product(above, squares=squares)
    return applied(Op.DIV, top, _product(below, squares=squares)) if below else top


def _product(factors: Counter[Postfix], *, squares: bool) -> Postfix:
    """The product of factors with their powers; 1 of none."""
    out: Postfix | None = None
    for factor, power in factors.items():
        if factor == const(1.0):
            continue
        even = squares and power % 2 == 0
        base = applied(Op.SQUARE, factor) if even else factor
        for _ in range(power // 2 if even else power):
            out = base if out is None else applied(Op.MUL, out, base)
    return const(1.0) if out is None else out


def _whole_factor(function: Postfix) -> Postfix:
    """3*(f/g) of f/(c*g) with c a third."""
    if function[-1][0] is not Op.DIV:
        return function
    above, below = arguments_of(function, spans(function), len(function) - 1)
    if below[-1][0] is not Op.MUL:
        return function
    one, other = arguments_of(below, spans(below), len(below) - 1)
    for factor, rest in ((one, other), (other, one)):
        if len(factor) == 1 and factor[0][0] is Op.CONST and 0.0 < abs(factor[0][1]) < 1.0:
            inverse = 1.0 / factor[0][1]
            if abs(inverse - round(inverse)) <= _SAME * abs(inverse) < 1.0:
                quotient = applied(Op.DIV, above, rest)
                return applied(Op.MUL, const(float(round(inverse))), quotient)
    return function


def _within_a_turn(argument: Postfix) -> Postfix:
    """f + c, or f - c, with c less than a turn."""
    op, turn = argument[-1][0], 2.0 * math.pi
    if op not in (Op.ADD, Op.SUB):
        return argument
    parts = arguments_of(argument, spans(argument), len(argument) - 1)
    made = [
        const(math.remainder(part[0][1], turn))
        if len(part) == 1 and part[0][0] is Op.CONST and abs(part[0][1]) > turn
        else part
        for part in parts
    ]
    return applied(op, *made)
