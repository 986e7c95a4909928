"""Expressions in the operators of the search alone: the others written by their definitions."""

from __future__ import annotations

from functools import cache

from symtick.errors import InputError
from symtick.expr.expression import Builder, Expression
from symtick.expr.named import ARGUMENTS
from symtick.expr.ops import OPS, SEARCH_NAMES, Op, is_searched
from symtick.expr.parsing import parse


def compiler_alone(name: str) -> str:
    """What to say of an operator that the search does not know and cannot write."""
    return (
        f"{name!r} is an operator of the compiler alone (symtick compile): the search knows "
        f"{', '.join(sorted(SEARCH_NAMES))}, and what is defined by these"
    )


@cache
def definition(op: Op) -> Expression | None:
    """An operator that the search does not evaluate, by those that it does; None without one."""
    spec = OPS[op]
    return parse(spec.definition, ARGUMENTS[: spec.arity]) if spec.definition else None


def in_search_ops(expression: Expression) -> Expression:
    """An expression with every operator beyond `SEARCH_OPS` written by its definition.

    Raises:
        InputError: an operator has none.
    """
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
            places.append(_written(builder, node.op, args))
    return builder.build([places[k] for k in expression.outputs])


def _written(builder: Builder, op: Op, args: list[int]) -> int:
    body = definition(op)
    if body is None:
        raise InputError(compiler_alone(OPS[op].name))
    return builder.called(body, args)
