"""Units of functions in the making: what no unit fits is not made.

The rules are those of `search.grammar.units.Units`, which the kernel judges whole candidates by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symtick.expr import Op
from symtick.search.grammar.units import Units

Exponents = tuple[float, ...]
_SAME = 1e-9  # difference of exponents that is rounding
_POWERS: Mapping[Op, float] = {Op.SQUARE: 2.0, Op.CUBE: 3.0, Op.SQRT: 0.5}


@dataclass(frozen=True)
class Dimensions:
    """Exponents of the base units of each input."""

    inputs: tuple[Exponents, ...]

    @classmethod
    def of(cls, units: Units) -> Dimensions:
        """Those of a problem's inputs."""
        return cls(tuple(tuple(units.exponents(unit)) for unit in units.inputs))

    def keep(self, function: tuple[tuple[Op, float], ...]) -> bool:
        """Whether a function in postfix fits together; a constant has any unit."""
        stack: list[Exponents | None] = []  # None: any unit
        plain = (0.0,) * len(self.inputs[0])
        for op, value in function:
            if op is Op.INPUT:
                stack.append(self.inputs[int(value)])
            elif op is Op.CONST:
                stack.append(None)
            elif op in (Op.ADD, Op.SUB, Op.MUL, Op.DIV):
                other, one = stack.pop(), stack.pop()
                if op in (Op.ADD, Op.SUB) and not _same(one, other):
                    return False
                stack.append(_of_two(op, one, other))
            elif op in _POWERS:
                one = stack.pop()
                stack.append(None if one is None else tuple(_POWERS[op] * a for a in one))
            elif _same(stack.pop(), plain):
                stack.append(plain)
            else:
                return False
        return True


def _same(one: Exponents | None, other: Exponents | None) -> bool:
    if one is None or other is None:
        return True
    return all(abs(a - b) <= _SAME for a, b in zip(one, other, strict=True))


def _of_two(op: Op, one: Exponents | None, other: Exponents | None) -> Exponents | None:
    if op in (Op.ADD, Op.SUB):
        return other if one is None else one
    if one is None or other is None:
        return None
    sign = 1.0 if op is Op.MUL else -1.0
    return tuple(a + sign * b for a, b in zip(one, other, strict=True))
