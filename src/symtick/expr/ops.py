"""The operators of the language, in one table.

Adding an operator starts here: append a member to `Op` (its number is the kernel's opcode and is
stored in run folders, so numbers are never reused) and a record to `OPS`. The tests then name every
part of symtick that does not know it yet. The compiler knows every operator. The search's kernel
evaluates those of `SEARCH_OPS`; the others have a definition and are written with it there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import special

from symtick.expr.interval import Interval

FloatArray = npt.NDArray[np.floating[Any]]


class _Deferred:
    """Functions of a module that is imported when the first of them is called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, function: str) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            return getattr(import_module(self._name), function)(*args)

        return called


if TYPE_CHECKING:
    import sympy
else:
    sympy = _Deferred("sympy")  # takes half a second, which few verbs need


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
    SINH = 18
    COSH = 19
    TAN = 20
    ASIN = 21
    ACOS = 22
    ATAN = 23
    ATAN2 = 24
    LOG1P = 25
    EXPM1 = 26
    LOG2 = 27
    POW = 28
    SIGMOID = 29
    SIGN = 30
    FLOOR = 31
    GE = 32
    GT = 33
    WHERE = 34
    ASINH = 35
    ACOSH = 36
    ATANH = 37
    ERF = 38


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
            result; a subgradient where the operator has a kink or a step.
        definition: of an operator that the kernel does not evaluate: what it is of those that it
            does, over `a` and `b`.
    """

    name: str
    arity: int
    numpy: Callable[..., FloatArray]
    sympy: Callable[..., sympy.Expr]
    interval: Callable[..., Interval]
    partials: Callable[..., tuple[FloatArray, ...]]
    definition: str = ""


LOG_2 = math.log(2.0)
TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


def _one(value: FloatArray) -> FloatArray:
    return np.ones_like(value)


def _square(x: FloatArray) -> FloatArray:
    return x * x


def _cube(x: FloatArray) -> FloatArray:
    return x * x * x


def _sigmoid(x: FloatArray) -> FloatArray:
    # the exponential of what is not positive: no overflow, and no digits lost on either side
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1 / (1 + small), small / (1 + small)))


def _atan2(y: FloatArray, x: FloatArray) -> FloatArray:
    # real numbers have one zero: the angle of (-1, -0.0) is pi
    return np.arctan2(y + 0, x + 0)


def _where(c: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    return np.where(c != 0, a, b)


def _indicator(condition: sympy.Basic) -> sympy.Expr:
    """1 where a condition holds, else 0."""
    return sympy.Piecewise((1, condition), (0, True))


def _sympy_where(c: sympy.Expr, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    from sympy import Piecewise

    plain = isinstance(c, Piecewise) and [v for v, _ in c.args] == [1, 0]
    return Piecewise((a, c.args[0][1] if plain else sympy.Ne(c, 0)), (b, True))


def _none(*args: FloatArray) -> tuple[FloatArray, ...]:
    """The slopes of a step function; the last argument is the result."""
    return tuple(np.zeros_like(args[-1]) for _ in args[1:])


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
    Op.SINH: OpSpec(
        "sinh", 1, np.sinh, sympy.sinh, Interval.sinh, lambda a, r: (np.cosh(a),),
        "(exp(a) - exp(-a))/2",
    ),
    Op.COSH: OpSpec(
        "cosh", 1, np.cosh, sympy.cosh, Interval.cosh, lambda a, r: (np.sinh(a),),
        "(exp(a) + exp(-a))/2",
    ),
    Op.TAN: OpSpec(
        "tan", 1, np.tan, sympy.tan, Interval.tan, lambda a, r: (1 + r * r,), "sin(a)/cos(a)"
    ),
    Op.ASIN: OpSpec(
        "asin", 1, np.arcsin, sympy.asin, Interval.asin, lambda a, r: (1 / np.sqrt(1 - a * a),)
    ),
    Op.ACOS: OpSpec(
        "acos", 1, np.arccos, sympy.acos, Interval.acos, lambda a, r: (-1 / np.sqrt(1 - a * a),)
    ),
    Op.ATAN: OpSpec(
        "atan", 1, np.arctan, sympy.atan, Interval.atan, lambda a, r: (1 / (1 + a * a),)
    ),
    Op.ATAN2: OpSpec(
        "atan2", 2, _atan2, sympy.atan2, Interval.atan2,
        lambda a, b, r: (b / (a * a + b * b), -a / (a * a + b * b)),
    ),
    Op.ASINH: OpSpec(
        "asinh", 1, np.arcsinh, sympy.asinh, Interval.asinh,
        lambda a, r: (1 / np.sqrt(a * a + 1),), "log(a + sqrt(a*a + 1))",
    ),
    Op.ACOSH: OpSpec(
        "acosh", 1, np.arccosh, sympy.acosh, Interval.acosh,
        lambda a, r: (1 / np.sqrt(a * a - 1),), "log(a + sqrt(a*a - 1))",
    ),
    Op.ATANH: OpSpec(
        "atanh", 1, np.arctanh, sympy.atanh, Interval.atanh, lambda a, r: (1 / (1 - a * a),),
        "log((1 + a)/(1 - a))/2",
    ),
    Op.ERF: OpSpec(
        "erf", 1, special.erf, sympy.erf, Interval.erf,
        lambda a, r: (TWO_OVER_ROOT_PI * np.exp(-a * a),),
    ),
    Op.LOG1P: OpSpec(
        "log1p", 1, np.log1p, lambda a: sympy.log(1 + a), Interval.log1p,
        lambda a, r: (1 / (1 + a),), "log(1 + a)",
    ),
    Op.EXPM1: OpSpec(
        "expm1", 1, np.expm1, lambda a: sympy.exp(a) - 1, Interval.expm1,
        lambda a, r: (np.exp(a),), "exp(a) - 1",
    ),
    Op.LOG2: OpSpec(
        "log2", 1, np.log2, lambda a: sympy.log(a, 2), Interval.log2,
        lambda a, r: (1 / (a * LOG_2),), "log(a)/0.6931471805599453",
    ),
    Op.POW: OpSpec(
        "pow", 2, np.power, lambda a, b: a**b, Interval.power,
        lambda a, b, r: (b * np.power(a, b - 1), r * np.log(a)), "exp(b*log(a))",
    ),
    Op.SIGMOID: OpSpec(
        "sigmoid", 1, _sigmoid, lambda a: 1 / (1 + sympy.exp(-a)), Interval.sigmoid,
        lambda a, r: (r * (1 - r),), "0.5 + 0.5*tanh(0.5*a)",
    ),
    Op.SIGN: OpSpec("sign", 1, np.sign, sympy.sign, Interval.sign, _none),
    Op.FLOOR: OpSpec("floor", 1, np.floor, sympy.floor, Interval.floor, _none),
    Op.GE: OpSpec(
        "ge", 2, lambda a, b: (a >= b).astype(np.result_type(a, b)),
        lambda a, b: _indicator(sympy.Ge(a, b)), Interval.at_least, _none,
    ),
    Op.GT: OpSpec(
        "gt", 2, lambda a, b: (a > b).astype(np.result_type(a, b)),
        lambda a, b: _indicator(sympy.Gt(a, b)), Interval.above, _none,
    ),
    Op.WHERE: OpSpec(
        "where", 3, _where, _sympy_where, Interval.where,
        lambda c, a, b, r: (np.zeros_like(r), (c != 0).astype(r.dtype), (c == 0).astype(r.dtype)),
    ),
}  # fmt: skip

# numbers up to the last that the search's kernel knows, by which its tables are indexed
OPCODES = tuple(op for op in Op if op <= Op.ERF)
# operators that a search has where none are named, and all that the kernel evaluates
USUAL_OPS = {op: spec for op, spec in OPS.items() if op <= Op.TANH}
SEARCH_OPS = USUAL_OPS | {
    op: OPS[op]
    for op in (
        Op.ASIN, Op.ACOS, Op.ATAN, Op.ATAN2, Op.SIGN, Op.FLOOR, Op.GE, Op.GT, Op.WHERE, Op.ERF,
    )
}  # fmt: skip

# functions of one argument that hardware computes by tables and polynomials
FUNCTIONS = (
    Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH, Op.SINH, Op.COSH, Op.TAN, Op.ASIN, Op.ACOS,
    Op.ATAN, Op.ASINH, Op.ACOSH, Op.ATANH, Op.LOG1P, Op.EXPM1, Op.LOG2, Op.SIGMOID,
    Op.ERF,
)  # fmt: skip
# functions with steps: their slope is 0 where they have one
STEPS = (Op.SIGN, Op.FLOOR, Op.GE, Op.GT)

BY_NAME: dict[str, Op] = {spec.name: op for op, spec in OPS.items()}
SEARCH_NAMES: dict[str, Op] = {spec.name: op for op, spec in SEARCH_OPS.items()}
USUAL_NAMES: dict[str, Op] = {spec.name: op for op, spec in USUAL_OPS.items()}


def is_searched(op: Op) -> bool:
    """Whether the search's kernel knows an operator or leaf."""
    return op in SEARCH_OPS or op in (Op.INPUT, Op.CONST)


def arity(op: Op) -> int:
    """Number of arguments of `op`; inputs and constants have none."""
    return OPS[op].arity if op in OPS else 0


def is_finite(value: float) -> bool:
    """Whether a constant can stand in an expression."""
    return math.isfinite(value)
