"""Substitution of inputs by affine functions of them, with constants merged into their neighbours.

An expression of scaled inputs becomes one of the user's: `tanh(2*x + 1)` with x = 0.5*mass - 1 is
`tanh(mass - 1)`. Factors that are powers of two change no value by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symtick.errors import InputError
from symtick.expr.expression import Builder, Expression
from symtick.expr.ops import Op


class _Affine(NamedTuple):
    """factor * node + offset; a node of None stands for 0."""

    factor: float
    node: int | None
    offset: float


def with_affine_inputs(
    expression: Expression, factors: Sequence[float], offsets: Sequence[float]
) -> Expression:
    """The expression with input k replaced by factors[k] * input k + offsets[k].

    Args:
        expression: the expression.
        factors: one for each input.
        offsets: one for each input.

    Raises:
        InputError: there is not one factor and one offset for each input, or a merged constant is
            not finite.
    """
    count = len(expression.inputs)
    if len(factors) != count or len(offsets) != count:
        raise InputError(f"{count} inputs need as many factors and offsets")
    builder = Builder(expression.inputs)
    forms: list[_Affine] = []
    for node in expression.nodes:
        args = [forms[a] for a in node.args]
        if node.op is Op.INPUT:
            source = builder.input(node.index)
            forms.append(_Affine(float(factors[node.index]), source, float(offsets[node.index])))
        elif node.op is Op.CONST:
            forms.append(_Affine(0.0, None, node.value))
        else:
            merged = _merged(builder, node.op, args)
            made = merged or builder.op(node.op, *(_written(builder, arg) for arg in args))
            forms.append(made if isinstance(made, _Affine) else _Affine(1.0, made, 0.0))
    return builder.build([_written(builder, forms[k]) for k in expression.outputs])


def _merged(builder: Builder, op: Op, args: Sequence[_Affine]) -> _Affine | None:
    """A sum, a negation or a product with a constant as an affine form; None for anything else."""
    if op is Op.NEG:
        return _times(args[0], -1.0)
    if op is Op.MUL and None in (args[0].node, args[1].node):
        constant, other = args if args[0].node is None else args[::-1]
        return _times(other, constant.offset)
    if op in (Op.ADD, Op.SUB):
        left, right = args[0], _times(args[1], -1.0 if op is Op.SUB else 1.0)
        offset = left.offset + right.offset
        if left.node is None or right.node is None:
            kept = right if left.node is None else left
            return _Affine(kept.factor, kept.node, offset)
        if left.factor < 0.0 < right.factor:
            left, right = right, left
        sign = Op.SUB if right.factor < 0.0 else Op.ADD
        right = _times(right, -1.0) if sign is Op.SUB else right
        parts = [_written(builder, part._replace(offset=0.0)) for part in (left, right)]
        return _Affine(1.0, builder.op(sign, *parts), offset)
    return None


def _times(form: _Affine, factor: float) -> _Affine:
    return _Affine(form.factor * factor, form.node, form.offset * factor)


def _written(builder: Builder, form: _Affine) -> int:
    """The node of an affine form, with subtractions in place of signs."""
    factor, node, offset = form
    if node is None or factor == 0.0:
        return builder.const(offset)
    turned = factor < 0.0 < offset
    if abs(factor) != 1.0:
        factor = -factor if turned else factor
        node = builder.op(Op.MUL, builder.const(factor), node)
    elif factor < 0.0 and not turned:
        node = builder.op(Op.NEG, node)
    if turned:
        return builder.op(Op.SUB, builder.const(offset), node)
    if offset == 0.0:
        return node
    return builder.op(Op.SUB if offset < 0.0 else Op.ADD, node, builder.const(abs(offset)))
