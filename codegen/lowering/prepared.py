"""Expressions before lowering: powers by other operators, and comparisons without roots.

`a**n` of an integer n is products, `a**0.5` a root, and `a**c` of another constant a function of a.
A variable exponent makes it exp(b*log(a)). A root that is compared with a constant is not computed:
its argument is compared with the constant's square, which is rounded where no value of the argument
lies between; a magnitude's with the constant on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from symtick.codegen.functions.univariate import rounding_of_constant
from symtick.codegen.lowering.analysis import FLOAT64_BITS
from symtick.errors import DomainError
from symtick.expr import Builder, Expression, Node, Op, node_text
from symtick.expr.parsing import MAX_EXPONENT, integer_power


def with_number_exponents(expression: Expression) -> Expression:
    """The expression with exponents that no input reaches as numbers: their float64 values.

    The exact `0.1*20` is a little more than 2, by which no negative value can be raised.

    Raises:
        DomainError: an exponent has no finite value.
    """
    support = expression.support()
    computed = {
        node.args[1] for node in expression.nodes if node.op is Op.POW and not support[node.args[1]]
    }
    if all(expression.nodes[k].op is Op.CONST for k in computed):
        return expression
    builder = Builder(expression.inputs)
    places: list[int] = []
    for node in expression.nodes:
        args = [places[a] for a in node.args]
        if node.op is Op.POW and node.args[1] in computed:
            value = _evaluated(_alone(expression, node.args[1]))
            if not math.isfinite(value):
                text = node_text(expression.nodes, node, expression.inputs, 6)
                raise DomainError(f"in {text}: the exponent is {value:g}, not a number")
            args[1] = builder.const(value)
        places.append(_again(builder, node, args))
    return builder.build([places[k] for k in expression.outputs])


def _again(builder: Builder, node: Node, args: Sequence[int]) -> int:
    if node.op is Op.INPUT:
        return builder.input(node.index)
    if node.op is Op.CONST:
        return builder.const(node.value)
    return builder.op(node.op, *args)


def prepared(expression: Expression, bits: Callable[[int], int | None]) -> Expression:
    """An equal expression whose powers have a constant exponent, no integer nor 0.5.

    Args:
        expression: the expression.
        bits: how many hold every value of a node; None where that is not known. A root of what
            float64 does not hold is compared as it is, for a square between two such values is not
            told from its neighbours.
    """
    return _Preparation(expression, bits).made()


class _Preparation:
    def __init__(self, expression: Expression, bits: Callable[[int], int | None]) -> None:
        self.expression = expression
        self.bits = bits
        self.support = expression.support()
        self.builder = Builder(expression.inputs)

    def made(self) -> Expression:
        """The expression, node by node."""
        places: list[int] = []
        for node in self.expression.nodes:
            args = [places[a] for a in node.args]
            if node.op is Op.POW:
                places.append(self._raised(args[0], args[1], self._value(node.args[1])))
            elif node.op in (Op.GE, Op.GT):
                places.append(self._compared(node, args))
            else:
                places.append(_again(self.builder, node, args))
        return self.builder.build([places[k] for k in self.expression.outputs])

    def _value(self, number: int) -> float | None:
        """The value of a node that no input reaches; None of any other."""
        return None if self.support[number] else _evaluated(_alone(self.expression, number))

    def _exact_value(self, number: int) -> float | None:
        """The value of a node that no input reaches, where float64 has it exactly; else None."""
        if self.support[number]:
            return None
        alone = _alone(self.expression, number)
        value = _evaluated(alone)
        return value if rounding_of_constant(alone, value) == 0.0 else None

    def _raised(self, base: int, exponent: int, value: float | None) -> int:
        b = self.builder
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

    def _compared(self, node: Node, args: list[int]) -> int:
        """A comparison; with a constant on one side, that of a root or a magnitude without it."""
        b = self.builder
        for place, limit in enumerate([self._exact_value(a) for a in node.args]):
            other = b.nodes[args[1 - place]]
            if limit is None or not 0.0 <= limit < 1e150:
                continue
            if other.op is Op.SQRT:
                # at least: up from the left side, down from the right one; above: the other way
                up = (node.op is Op.GE) == (place == 1)
                square = self._square(
                    self.expression.nodes[node.args[1 - place]].args[0], limit, up
                )
                if square is None:
                    break
                sides = [other.args[0], square]
                return b.op(node.op, *(sides if place == 1 else sides[::-1]))
            if other.op is Op.ABS:
                return self._outside(node.op, other.args[0], limit, place == 1)
        return b.op(node.op, *args)

    def _square(self, number: int, limit: float, up: bool) -> int | None:
        """The square that a node's values are compared with; None where none tells them apart."""
        bits, b = self.bits(number), self.builder
        if bits is None and Fraction(limit * limit) != Fraction(limit) ** 2:
            return b.op(Op.SQUARE, b.const(limit))
        if bits is not None and bits > FLOAT64_BITS:
            return None
        return b.const(_squared(limit, up))

    def _outside(self, op: Op, value: int, limit: float, outside: bool) -> int:
        """Whether a value is beyond a limit on either side, or within it on both."""
        b = self.builder
        low, high = b.const(-limit), b.const(limit)
        if outside:
            return b.op(Op.MAX, b.op(op, value, high), b.op(op, low, value))
        return b.op(Op.MIN, b.op(op, high, value), b.op(op, value, low))


def _alone(expression: Expression, number: int) -> Expression:
    """A node that no input reaches."""
    builder = Builder(())
    return builder.build([builder.graft(expression, number)])


def _evaluated(constant: Expression) -> float:
    return float(constant.evaluate([[]])[0, 0])


def _squared(limit: float, up: bool) -> float:
    """The square, rounded up or down to float64: no float64 lies between it and the true one."""
    square, exact = limit * limit, Fraction(limit) ** 2
    if up and Fraction(square) < exact:
        return math.nextafter(square, math.inf)
    if not up and Fraction(square) > exact:
        return math.nextafter(square, 0.0)
    return square
