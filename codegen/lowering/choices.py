"""Choices that the ranges of the inputs decide: the other side is neither computed nor checked."""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.lowering.analysis import Analysis
from symtick.errors import DomainError
from symtick.expr import Builder, Expression, Op


def without_decided(
    expression: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]]
) -> Expression:
    """An equal expression without choices whose condition is the same for all inputs.

    Args:
        expression: what to compute.
        formats: format of each input.
        bounds: smallest and largest raw code of each.
    """
    if all(node.op is not Op.WHERE for node in expression.nodes):
        return expression
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        args = [places[a] for a in node.args]
        if node.op is Op.WHERE:
            side = _side(builder.build(args[:1]), formats, bounds)
            places.append(builder.op(Op.WHERE, *args) if side is None else args[side])
        elif node.op is Op.INPUT:
            places.append(builder.input(node.index))
        elif node.op is Op.CONST:
            places.append(builder.const(node.value))
        else:
            places.append(builder.op(node.op, *args))
    return builder.build([places[k] for k in expression.outputs])


def _side(
    condition: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]]
) -> int | None:
    """Which argument a choice with this condition always takes; None where that differs."""
    try:
        span = Analysis(condition, formats, bounds).span(condition.outputs[0])
    except DomainError:
        return None  # lowering says so
    if 0.0 not in span:
        return 1
    return 2 if span.lo == span.hi else None
