"""The operators of the language, in one table.

Adding an operator starts here: append a member to `Op` (its number is the kernel's opcode and is
stored in run folders, so numbers are never reused) and a record to `OPS`. The tests then name every
part of symtick that does not know it yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy

from symtick.expr.interval import Interval

FloatArray = npt.NDArray[np.floating[Any]]


class Op(IntEnum):
    """Operator numbers; they are the kernel's opcodes."""

    INPUT = 0
    CONST = 1
    ADD = 2
    SUB = 3
    MUL = 4
    DIV = 5
    NEG = 6
    ABS = 7
    MIN = 8
    MAX = 9
    SQUARE = 10
    CUBE = 11
    SQRT = 12
    EXP = 13
    LOG = 14
    SIN = 15
    COS = 16
    TANH = 17


@dataclass(frozen=True)
class OpSpec:
    """What one operator is.

    Attributes:
        name: the name in expression text and in configuration files.
        arity: number of arguments.
        numpy: the function on arrays of one shape.
        sympy: the function on SymPy expressions.
        interval: image of the argument intervals; raises `DomainError` where undefined.
        partials: partial derivatives with respect to each argument, given the arguments and the
            result; a subgradient where the operator has a kink.
    """

    name: str
    arity: int
    numpy: Callable[..., FloatArray]
    sympy: Callable[..., sympy.Expr]
    interval: Callable[..., Interval]
    partials: Callable[..., tuple[FloatArray, ...]]


def _one(value: FloatArray) -> FloatArray:
    return np.ones_like(value)


def _square(x: FloatArray) -> FloatArray:
    return x * x


def _cube(x: FloatArray) -> FloatArray:
    return x * x * x


OPS: dict[Op, OpSpec] = {
    Op.ADD: OpSpec(
        "add", 2, np.add, lambda a, b: a + b, Interval.__add__,
        lambda a, b, r: (_one(r), _one(r)),
    ),
    Op.SUB: OpSpec(
        "sub", 2, np.subtract, lambda a, b: a - b, Interval.__sub__,
        lambda a, b, r: (_one(r), -_one(r)),
    ),
    Op.MUL: OpSpec(
        "mul", 2, np.multiply, lambda a, b: a * b, Interval.__mul__,
        lambda a, b, r: (b, a),
    ),
    Op.DIV: OpSpec(
        "div", 2, np.divide, lambda a, b: a / b, Interval.__truediv__,
        lambda a, b, r: (1 / b, -r / b),
    ),
    Op.NEG: OpSpec("neg", 1, np.negative, lambda a: -a, Interval.__neg__, lambda a, r: (-_one(r),)),
    Op.ABS: OpSpec("abs", 1, np.abs, sympy.Abs, Interval.__abs__, lambda a, r: (np.sign(a),)),
    Op.MIN: OpSpec(
        "min", 2, np.minimum, sympy.Min, Interval.minimum,
        lambda a, b, r: ((a <= b).astype(r.dtype), (a > b).astype(r.dtype)),
    ),
    Op.MAX: OpSpec(
        "max", 2, np.maximum, sympy.Max, Interval.maximum,
        lambda a, b, r: ((a >= b).astype(r.dtype), (a < b).astype(r.dtype)),
    ),
    Op.SQUARE: OpSpec("square", 1, _square, lambda a: a**2, Interval.square, lambda a, r: (2 * a,)),
    Op.CUBE: OpSpec("cube", 1, _cube, lambda a: a**3, Interval.cube, lambda a, r: (3 * a * a,)),
    Op.SQRT: OpSpec("sqrt", 1, np.sqrt, sympy.sqrt, Interval.sqrt, lambda a, r: (0.5 / r,)),
    Op.EXP: OpSpec("exp", 1, np.exp, sympy.exp, Interval.exp, lambda a, r: (r,)),
    Op.LOG: OpSpec("log", 1, np.log, sympy.log, Interval.log, lambda a, r: (1 / a,)),
    Op.SIN: OpSpec("sin", 1, np.sin, sympy.sin, Interval.sin, lambda a, r: (np.cos(a),)),
    Op.COS: OpSpec("cos", 1, np.cos, sympy.cos, Interval.cos, lambda a, r: (-np.sin(a),)),
    Op.TANH: OpSpec("tanh", 1, np.tanh, sympy.tanh, Interval.tanh, lambda a, r: (1 - r * r,)),
}  # fmt: skip

# functions of one argument that hardware computes by tables and polynomials
FUNCTIONS = (Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH)

BY_NAME: dict[str, Op] = {spec.name: op for op, spec in OPS.items()}


def arity(op: Op) -> int:
    """Number of arguments of `op`; inputs and constants have none."""
    return OPS[op].arity if op in OPS else 0


def is_finite(value: float) -> bool:
    """Whether a constant can stand in an expression."""
    return math.isfinite(value)
