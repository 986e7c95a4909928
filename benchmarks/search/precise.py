"""Expressions at many digits, in real arithmetic, with mpmath: an oracle apart from the kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from symtick.expr import Op, arity, in_search_ops, parse

# mpmath carries more digits than the 50 that count, for what cancellation takes away
DIGITS = 50
GUARD = 40
MAX_ANGLE = 1e30  # sines of larger numbers would cost the guard digits
MAX_POWER = 1e6
AGREE = mpmath.mpf("1e-30")

Real = Any  # an mpmath number; the library has no types
InputPoint = Sequence[Real]


def _log(a: Real) -> Real:
    return mpmath.log(a) if a > 0 else mpmath.nan


def _sqrt(a: Real) -> Real:
    return mpmath.sqrt(a) if a >= 0 else mpmath.nan


def _div(a: Real, b: Real) -> Real:
    return a / b if b != 0 else mpmath.nan


def _exp(a: Real) -> Real:
    return mpmath.exp(a) if abs(a) < MAX_POWER else mpmath.nan


def _sin(a: Real) -> Real:
    return mpmath.sin(a) if abs(a) < MAX_ANGLE else mpmath.nan


def _cos(a: Real) -> Real:
    return mpmath.cos(a) if abs(a) < MAX_ANGLE else mpmath.nan


_FUNCTIONS: Mapping[Op, Callable[..., Real]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: _div,
    Op.NEG: lambda a: -a,
    Op.ABS: abs,
    Op.MIN: min,
    Op.MAX: max,
    Op.SQUARE: lambda a: a * a,
    Op.CUBE: lambda a: a * a * a,
    Op.SQRT: _sqrt,
    Op.EXP: _exp,
    Op.LOG: _log,
    Op.SIN: _sin,
    Op.COS: _cos,
    Op.TANH: mpmath.tanh,
}


def carrying() -> Any:
    """A context in which mpmath carries the digits that are needed here."""
    return mpmath.workdps(DIGITS + GUARD)


@dataclass(frozen=True)
class Formula:
    """One expression, postfix, with every written constant on its own.

    Constants are the decimal numbers that they are written as: 0.1 is a tenth here, not the double
    next to it, for a law's constants are decimal numbers.

    Attributes:
        steps: operator and, for an input or a constant, its place.
        constants: by place.
    """

    steps: tuple[tuple[Op, int], ...]
    constants: tuple[Real, ...]

    @classmethod
    def of(cls, text: str, inputs: Sequence[str]) -> Formula:
        """Read symtick's language.

        Raises:
            ParseError: the text is not in it.
        """
        program = in_search_ops(parse(text, inputs)).to_program()
        steps = zip(map(Op, program.ops.tolist()), program.args.tolist(), strict=True)
        with carrying():
            return cls(tuple(steps), tuple(mpmath.mpf(repr(v)) for v in program.consts.tolist()))

    def value(self, point: InputPoint, constants: Sequence[Real] | None = None) -> Real | None:
        """Its value, with other constants if given; None where it is undefined or not finite."""
        given = self.constants if constants is None else constants
        stack: list[Real] = []
        for op, place in self.steps:
            if op is Op.INPUT:
                stack.append(point[place])
            elif op is Op.CONST:
                stack.append(given[place])
            else:
                count = arity(op)
                stack[-count:] = [_FUNCTIONS[op](*stack[-count:])]
                if not mpmath.isfinite(stack[-1]):
                    return None
        return stack[0]


def agree(a: Real, b: Real) -> bool:
    """Whether two values differ by less than 1e-30 of the larger."""
    return bool(abs(a - b) <= AGREE * max(abs(a), abs(b), AGREE))


def points(
    ranges: Sequence[tuple[float, float]], count: int, *, wider: bool = False, seed: int = 1
) -> list[InputPoint]:
    """Random points in the ranges.

    Uniform; by its logarithm where a range of positive numbers spans more than a factor of 100.
    `wider` reaches a range's width beyond it, positive inputs staying so.
    """
    rng = np.random.default_rng(seed)
    columns = []
    for low, high in ranges:
        if wider:
            width = high - low
            columns.append(rng.uniform(0.0 if low >= 0.0 else low - width, high + width, count))
        elif low > 0.0 and high > 100.0 * low:
            columns.append(np.exp(rng.uniform(np.log(low), np.log(high), count)))
        else:
            columns.append(rng.uniform(low, high, count))
    return [tuple(mpmath.mpf(float(v)) for v in row) for row in zip(*columns, strict=True)]
