"""Expressions in the operators of the search alone: the others written by their definitions."""

from __future__ import annotations

from functools import cache

from symtick.expr.expression import Builder, Expression
from symtick.expr.named import ARGUMENTS
from symtick.expr.ops import OPS, Op, is_searched
from symtick.expr.parsing import parse


@cache
def definition(op: Op) -> Expression:
    """An operator that the search does not evaluate, by those that it does."""
    spec = OPS[op]
    return parse(spec.definition, ARGUMENTS[: spec.arity])


def in_search_ops(expression: Expression) -> Expression:
    """An expression with every operator beyond `SEARCH_OPS` written by its definition."""
    if all(is_searched(node.op) for node in expression.nodes):
        return expression
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        args = [places[a] for a in node.args]
        if node.op is Op.INPUT:
            places.append(builder.input(node.index))
        elif node.op is Op.CONST:
            places.append(builder.const(node.value))
        elif is_searched(node.op):
            places.append(builder.op(node.op, *args))
        else:
            places.append(builder.called(definition(node.op), args))
    return builder.build([places[k] for k in expression.outputs])
