"""The logic of a CAST node: rounding and overflow, where the source's bounds need them."""

from __future__ import annotations

from collections.abc import Callable

from symtick.codegen.emit.logic.expressions import (
    AllOf,
    AnyOf,
    Assignment,
    Bit,
    Both,
    Choice,
    Complement,
    Either,
    Expression,
    Extended,
    Field,
    Limited,
    Literal,
    Raised,
    Signal,
    bit,
    sign,
    whole,
)
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode
from symtick.codegen.ir.limits import limits
from symtick.codegen.ir.nodes import BIT

Names = Callable[[str], str]  # gives out a free name near the wanted one


def cast_logic(
    new: Names, name: str, node: GNode, source: GNode, signal: Signal
) -> tuple[list[Assignment], Expression]:
    """Helper signals and the expression of a CAST node of a signal."""
    drop = source.fmt.frac - node.fmt.frac
    found = limits(node, source)
    up = _increment(signal, drop, node.quant)
    if not found.any:
        return _rounded_up(new, name, node, signal, drop, up)
    moved = Signal(new(f"{name}_full"), found.full)
    value = _raised(Extended(signal, -drop, moved.fmt.width), up)
    helpers = [Assignment(moved, value)]
    return _limited(new, name, node, moved, (found.under, found.over), helpers)


def _rounded_up(
    new: Names, name: str, node: GNode, signal: Signal, drop: int, up: Expression | None
) -> tuple[list[Assignment], Expression]:
    """A cast that meets no overflow; an increment is added at the width of its values alone."""
    width = node.fmt.width
    narrow = Fixed.for_raw(node.lo, node.hi, node.fmt.frac)
    if up is None or narrow.width >= width:
        return [], _raised(Extended(signal, -drop, width), up)
    short = Signal(new(f"{name}_short"), narrow)
    value = _raised(Extended(signal, -drop, narrow.width), up)
    return [Assignment(short, value)], Extended(short, 0, width)


def _raised(value: Extended, up: Expression | None) -> Expression:
    return value if up is None else Raised(value, up)


def _increment(signal: Signal, drop: int, quant: Quant) -> Expression | None:
    """The bit that rounding adds to the value rounded down; None for none.

    `half` is the first bit dropped, `rest` whether any other dropped bit is set.
    """
    if drop <= 0 or quant is Quant.TRN or (quant is Quant.TRN_ZERO and not signal.fmt.signed):
        return None
    top = min(drop, signal.fmt.width) - 1
    if quant is Quant.TRN_ZERO:
        return Both(sign(signal), AnyOf(Field(signal, top, 0)))
    half = bit(signal, drop - 1)
    if half == Bit(0):
        return None
    if quant is Quant.RND:
        return half
    top = min(drop - 1, signal.fmt.width) - 1
    rest = AnyOf(Field(signal, top, 0)) if top >= 0 else Bit(0)
    if quant is Quant.RND_MIN_INF:
        return Both(half, rest)
    tie = bit(signal, drop) if quant is Quant.RND_CONV else sign(signal)
    if quant is Quant.RND_INF:
        tie = Complement(tie)
    return Both(half, Either((rest, tie)))


def _limited(
    new: Names, name: str, node: GNode, moved: Signal,
    needed: tuple[bool, bool], helpers: list[Assignment],
) -> tuple[list[Assignment], Expression]:  # fmt: skip
    width = node.fmt.width
    value = Extended(moved, 0, width)
    flags: dict[int, Expression] = {}
    for place, test in ((0, _below), (1, _above)):
        if needed[place]:
            flag = Signal(new(f"{name}_{('low', 'high')[place]}"), BIT)
            helpers.append(Assignment(flag, test(node, moved)))
            flags[place] = whole(flag)
    if node.overflow is Overflow.SAT_ZERO:
        return helpers, Choice(Either(tuple(flags.values())), Literal(0, width), value)
    least = node.fmt.raw_min
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -node.fmt.raw_max
    ends = {1: Literal(node.fmt.raw_max, width), 0: Literal(least, width)}
    bounds = tuple((flags[place], end) for place, end in ends.items() if place in flags)
    return helpers, Limited(bounds, value)


def _above(node: GNode, moved: Signal) -> Expression:
    """Whether a value is over the target's largest."""
    low = node.fmt.width - node.fmt.signed
    top = moved.fmt.width - 1 - moved.fmt.signed
    some = AnyOf(Field(moved, top, low))
    return Both(Complement(sign(moved)), some) if moved.fmt.signed else some


def _below(node: GNode, moved: Signal) -> Expression:
    """Whether a value, which can be negative, is under the target's smallest."""
    negative, low = sign(moved), node.fmt.width - 1
    if not node.fmt.signed:
        return negative
    top = moved.fmt.width - 2
    outside: list[Expression] = []
    if top >= low:
        outside.append(Complement(AllOf(Field(moved, top, low))))
    if node.overflow is Overflow.SAT_SYM:
        if low == 0:
            return negative
        outside.append(Complement(AnyOf(Field(moved, low - 1, 0))))
    return Both(negative, Either(tuple(outside)))
