"""Scaled inputs: a formula in units becomes one of whole words, each worth a stated step.

The steps move as far out as they go: `hypot(eta1 - eta2, phi1 - phi2)` of words that are each worth
0.01 is 0.01 times the same of the words, so that sums and comparisons inside stay exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from symtick.errors import InputError
from symtick.expr.expression import Builder, Expression
from symtick.expr.ops import Op

_ROUNDED = 2  # last places that a quotient of two rounded numbers may be off


class Scaled(NamedTuple):
    """factor * node of a builder; a node of None stands for 1: the factor is a constant."""

    factor: float
    node: int | None


def with_scaled_inputs(expression: Expression, factors: Sequence[float]) -> Expression:
    """The expression with input k replaced by factors[k] * input k.

    Args:
        expression: the expression.
        factors: one for each input, not 0.

    Raises:
        InputError: there is not one factor for each input, or a merged constant is not finite.
    """
    if len(factors) != len(expression.inputs):
        raise InputError(f"{len(expression.inputs)} inputs need as many factors")
    builder = Builder(expression.inputs)
    forms: list[Scaled] = []
    for node in expression.nodes:
        args = [forms[a] for a in node.args]
        if node.op is Op.INPUT:
            forms.append(Scaled(float(factors[node.index]), builder.input(node.index)))
        elif node.op is Op.CONST:
            forms.append(Scaled(node.value, None))
        else:
            moved = factored(builder, node.op, args)
            forms.append(moved or _plain(builder, node.op, args))
    return builder.build([_written(builder, forms[k]) for k in expression.outputs])


def _written(builder: Builder, form: Scaled) -> int:
    if form.node is None:
        return builder.const(form.factor)
    if form.factor == 1.0:
        return form.node
    return builder.op(Op.MUL, builder.const(form.factor), form.node)


def _plain(builder: Builder, op: Op, args: Sequence[Scaled]) -> Scaled:
    return Scaled(1.0, builder.op(op, *(_written(builder, form) for form in args)))


def factored(builder: Builder, op: Op, args: Sequence[Scaled]) -> Scaled | None:
    """An operation with its factor outside.

    Args:
        builder: that the nodes of the arguments are of, and that of the result.
        op: the operation.
        args: its arguments.

    Returns:
        None where no factor can move, or all arguments are constants.
    """
    first, last = args[0], args[-1]
    if first.node is None and last.node is None:
        return None
    if op in (Op.MUL, Op.DIV):
        return _product(builder, op, first, last)
    if first.node is None or last.node is None:
        return _compared(builder, op, first, last) if op in (Op.GE, Op.GT) else None
    if op is Op.NEG:
        return Scaled(-first.factor, first.node)
    if op is Op.ABS:
        return Scaled(abs(first.factor), builder.op(op, first.node))
    if op in (Op.SQUARE, Op.CUBE):
        power = 2 if op is Op.SQUARE else 3
        return Scaled(first.factor**power, builder.op(op, first.node))
    if op is Op.SQRT and first.factor > 0.0:
        root = math.sqrt(first.factor)
        # a factor that is no square stays inside
        return Scaled(root, builder.op(op, first.node)) if root * root == first.factor else None
    if op in (Op.ADD, Op.SUB) and abs(first.factor) == abs(last.factor):
        same = first.factor == last.factor
        turned = op if same else Op.SUB if op is Op.ADD else Op.ADD
        return Scaled(first.factor, builder.op(turned, first.node, last.node))
    if first.factor != last.factor or first.factor <= 0.0:
        return None
    if op in (Op.MIN, Op.MAX):
        return Scaled(first.factor, builder.op(op, first.node, last.node))
    if op in (Op.GE, Op.GT, Op.ATAN2):
        return Scaled(1.0, builder.op(op, first.node, last.node))
    return None


def _product(builder: Builder, op: Op, first: Scaled, last: Scaled) -> Scaled | None:
    """A product or quotient; of a constant, the constant joins the factor."""
    if op is Op.DIV:
        if last.factor == 0.0:
            return None
        factor = first.factor / last.factor
        if last.node is None:
            return Scaled(factor, first.node)
        above = builder.const(1.0) if first.node is None else first.node
        return Scaled(factor, builder.op(op, above, last.node))
    factor = first.factor * last.factor
    if first.node is None or last.node is None:
        # a product with 0 stays as it is written
        return Scaled(factor, last.node if first.node is None else first.node) if factor else None
    return Scaled(factor, builder.op(op, first.node, last.node))


def _compared(builder: Builder, op: Op, first: Scaled, last: Scaled) -> Scaled:
    """A comparison with a constant, which takes the factor in."""
    scale = last.factor if first.node is None else first.factor
    sides = [
        builder.const(_in_steps(f.factor, scale)) if f.node is None else f.node
        for f in (first, last)
    ]
    return Scaled(1.0, builder.op(op, *(sides if scale > 0.0 else sides[::-1])))


def _in_steps(value: float, step: float) -> float:
    """A value in steps; a whole number of them where only the rounding of both stands between."""
    steps = value / step
    whole = float(round(steps)) if math.isfinite(steps) else steps
    return whole if abs(steps - whole) <= _ROUNDED * math.ulp(steps) else steps
