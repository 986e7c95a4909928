"""SymPy expressions in and out.

Reading walks the SymPy tree and accepts only what the language has; SymPy's own text parsers (which
evaluate code) are never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import sympy

from symtick.errors import InputError, ParseError
from symtick.expr.expression import Builder, Expression
from symtick.expr.ops import OPS, Op
from symtick.expr.parsing import MAX_EXPONENT, check_names
from symtick.expr.printing import node_text

_FUNCTIONS: dict[type[sympy.Basic], Op] = {
    sympy.Abs: Op.ABS,
    sympy.exp: Op.EXP,
    sympy.log: Op.LOG,
    sympy.sin: Op.SIN,
    sympy.cos: Op.COS,
    sympy.tanh: Op.TANH,
    sympy.sinh: Op.SINH,
    sympy.cosh: Op.COSH,
    sympy.tan: Op.TAN,
    sympy.asin: Op.ASIN,
    sympy.acos: Op.ACOS,
    sympy.atan: Op.ATAN,
    sympy.atan2: Op.ATAN2,
    sympy.asinh: Op.ASINH,
    sympy.acosh: Op.ACOSH,
    sympy.atanh: Op.ATANH,
    sympy.erf: Op.ERF,
    sympy.sign: Op.SIGN,
    sympy.floor: Op.FLOOR,
}
# relations: the operator, and whether the sides change places
_RELATIONS: dict[type[sympy.Basic], tuple[Op, bool]] = {
    sympy.Ge: (Op.GE, False),
    sympy.Gt: (Op.GT, False),
    sympy.Le: (Op.GE, True),
    sympy.Lt: (Op.GT, True),
}
_FOLDS: dict[type[sympy.Basic], Op] = {
    sympy.Add: Op.ADD,
    sympy.Mul: Op.MUL,
    sympy.Min: Op.MIN,
    sympy.Max: Op.MAX,
}


def to_sympy(expression: Expression, output: int = 0) -> sympy.Expr:
    """One output as a SymPy expression over real symbols with the input names.

    SymPy canonicalises as it builds (it reorders sums and merges constants), so the result is
    equal as a function, not as a tree.

    Raises:
        InputError: SymPy cannot hold an operation, as a comparison of a choice one side of which is
            infinite.
    """
    symbols = [sympy.Symbol(name, real=True) for name in expression.inputs]
    values: list[sympy.Expr] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            values.append(symbols[node.index])
        elif node.op is Op.CONST:
            values.append(_as_number(node.value))
        else:
            try:
                values.append(OPS[node.op].sympy(*(values[a] for a in node.args)))
            except TypeError as error:
                text = node_text(expression.nodes, node, expression.inputs, 6)
                raise InputError(f"SymPy cannot hold {text}: {error}") from None
    return values[expression.outputs[output]]


def _as_number(value: float) -> sympy.Expr:
    return sympy.Integer(int(value)) if value == int(value) else sympy.Float(value)


def from_sympy(
    source: sympy.Expr | Sequence[sympy.Expr], inputs: Sequence[str] | None = None
) -> Expression:
    """The expression for one SymPy expression or a list of them.

    Args:
        source: SymPy expressions.
        inputs: input names in order; without it the free symbols, sorted by name with digits
            counted as numbers (x2 before x10).

    Raises:
        ParseError: a function, symbol or exponent is not in the language.
    """
    sources = [source] if isinstance(source, sympy.Basic) else list(source)
    for item in sources:
        if not isinstance(item, sympy.Expr):
            raise ParseError(f"expected SymPy expressions, not {type(item).__name__}")
    names = check_names(inputs) if inputs is not None else _free_names(sources)
    builder = Builder(names)
    places = {name: k for k, name in enumerate(names)}
    return builder.build([_read(builder, places, item) for item in sources])


def _free_names(sources: Sequence[sympy.Expr]) -> tuple[str, ...]:
    names = {str(symbol) for item in sources for symbol in item.free_symbols}
    ordered = sorted(names, key=lambda n: (n.rstrip("0123456789"), len(n), n))
    return check_names(ordered)


def _read(b: Builder, places: dict[str, int], item: sympy.Basic) -> int:
    if isinstance(item, sympy.Symbol):
        if item.name not in places:
            raise ParseError(f"unknown symbol {item.name!r}: the inputs are {', '.join(places)}")
        return b.input(places[item.name])
    if item.is_number:
        return _read_number(b, item)
    if isinstance(item, sympy.Pow):
        return _read_power(b, places, item)
    if item.func in _FOLDS:
        parts = [_read(b, places, a) for a in item.args]
        return reduce(lambda left, right: b.op(_FOLDS[item.func], left, right), parts)
    if item.func in _FUNCTIONS:
        return b.op(_FUNCTIONS[item.func], *(_read(b, places, a) for a in item.args))
    if isinstance(item, sympy.Piecewise):
        return _read_piecewise(b, places, item)
    if isinstance(item, sympy.ceiling):
        inner = b.op(Op.NEG, _read(b, places, item.args[0]))
        return b.op(Op.NEG, b.op(Op.FLOOR, inner))
    raise ParseError(f"SymPy's {item.func.__name__} is not in the language: {item}")


def _read_piecewise(b: Builder, places: dict[str, int], item: sympy.Piecewise) -> int:
    """The first piece whose condition holds; the last one's has to be true."""
    if item.args[-1][1] != sympy.true:
        raise ParseError(f"{item} needs a last piece with the condition True")
    value = _read(b, places, item.args[-1][0])
    for part, condition in reversed(item.args[:-1]):
        value = b.op(Op.WHERE, _read_condition(b, places, condition), _read(b, places, part), value)
    return value


def _read_condition(b: Builder, places: dict[str, int], item: sympy.Basic) -> int:
    """1 where a condition holds, else 0."""
    if isinstance(item, sympy.And | sympy.Or):
        op = Op.MIN if isinstance(item, sympy.And) else Op.MAX
        parts = [_read_condition(b, places, a) for a in item.args]
        return reduce(lambda left, right: b.op(op, left, right), parts)
    if isinstance(item, sympy.Not):
        return b.op(Op.SUB, b.const(1.0), _read_condition(b, places, item.args[0]))
    if isinstance(item, sympy.Eq | sympy.Ne):
        op, join = (Op.GE, Op.MIN) if isinstance(item, sympy.Eq) else (Op.GT, Op.MAX)
        left, right = (_read(b, places, a) for a in item.args)
        return b.op(join, b.op(op, left, right), b.op(op, right, left))
    if item.func not in _RELATIONS:
        raise ParseError(f"SymPy's condition {item} is not in the language")
    op, swapped = _RELATIONS[item.func]
    left, right = (_read(b, places, a) for a in item.args)
    return b.op(op, *((right, left) if swapped else (left, right)))


def _read_number(b: Builder, item: sympy.Basic) -> int:
    value = complex(item)
    if value.imag:
        raise ParseError(f"{item} is not a real number")
    return b.const(value.real)


def _read_power(b: Builder, places: dict[str, int], item: sympy.Pow) -> int:
    base, exponent = item.args
    if base == sympy.E:
        return b.op(Op.EXP, _read(b, places, exponent))
    inner = _read(b, places, base)
    if not exponent.is_number:
        return b.op(Op.POW, inner, _read(b, places, exponent))
    power = float(exponent)
    if abs(2 * power) != int(abs(2 * power)) or abs(power) > MAX_EXPONENT:
        return b.op(Op.POW, inner, b.const(power))
    positive = _half_power(b, inner, int(abs(2 * power)))
    return b.op(Op.DIV, b.const(1.0), positive) if power < 0 else positive


def _half_power(b: Builder, base: int, twice: int) -> int:
    """base ** (twice / 2)."""
    if twice % 2:
        root = b.op(Op.SQRT, base)
        return root if twice == 1 else b.op(Op.MUL, _half_power(b, base, twice - 1), root)
    exponent = twice // 2
    if exponent == 1:
        return base
    if exponent == 3:
        return b.op(Op.CUBE, base)
    half = b.op(Op.SQUARE, _half_power(b, base, 2 * (exponent // 2)))
    return half if exponent % 2 == 0 else b.op(Op.MUL, half, base)
