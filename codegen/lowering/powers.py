"""Powers before lowering: each becomes products, a root, an exponential, or a power of one signal.

`a**n` of an integer n is products, `a**0.5` a root, and `a**c` of another constant a function of a.
A variable exponent makes it exp(b*log(a)).
"""

from __future__ import annotations

from symtick.expr import Builder, Expression, Op
from symtick.expr.parsing import MAX_EXPONENT, integer_power


def without_powers(expression: Expression) -> Expression:
    """The expression in which every power has a constant exponent that is no integer nor 0.5."""
    if all(node.op is not Op.POW for node in expression.nodes):
        return expression
    support = expression.support()
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        args = [places[a] for a in node.args]
        if node.op is Op.INPUT:
            places.append(builder.input(node.index))
        elif node.op is Op.CONST:
            places.append(builder.const(node.value))
        elif node.op is Op.POW:
            value = None if support[node.args[1]] else _value(expression, node.args[1])
            places.append(_raised(builder, args[0], args[1], value))
        else:
            places.append(builder.op(node.op, *args))
    return builder.build([places[k] for k in expression.outputs])


def _value(expression: Expression, number: int) -> float:
    """The value of a node that no input reaches."""
    builder = Builder(())
    alone = builder.build([builder.graft(expression, number)])
    return float(alone.evaluate([[]])[0, 0])


def _raised(b: Builder, base: int, exponent: int, value: float | None) -> int:
    if value is None:
        return b.op(Op.EXP, b.op(Op.MUL, exponent, b.op(Op.LOG, base)))
    if value in (0.5, -0.5):
        power = b.op(Op.SQRT, base)
    elif value == int(value) and 0 < abs(value) <= MAX_EXPONENT:
        power = integer_power(b, base, int(abs(value)))
    elif value == 0.0:
        return b.const(1.0)
    else:
        return b.op(Op.POW, base, exponent)
    return b.op(Op.DIV, b.const(1.0), power) if value < 0 else power
