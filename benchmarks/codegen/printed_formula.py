"""An oracle: a printed formula at exact inputs, in mpmath, by code that no compiler uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath

BITS = 400

_INFIX: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_CALLS: Mapping[str, Callable[..., Any]] = {
    "abs": abs, "min": min, "max": max, "square": lambda a: a * a, "cube": lambda a: a**3,
    "neg": lambda a: -a, "log2": lambda a: mpmath.log(a, 2), "pow": mpmath.power,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)), "sign": mpmath.sign, "floor": mpmath.floor,
    "where": lambda c, a, b: a if c != 0 else b,
    **{name: getattr(mpmath, name) for name in (
        "sqrt", "exp", "log", "sin", "cos", "tanh", "sinh", "cosh", "tan", "asin", "acos", "atan",
        "asinh", "acosh", "atanh", "log1p", "expm1", "erf",
    )},
}  # fmt: skip


def value(text: str, inputs: Mapping[str, mpmath.mpf]) -> mpmath.mpf:
    """The real value of a printed formula; its constants are the numbers that float64 reads."""
    with mpmath.workprec(BITS):
        return _value(ast.parse(text, mode="eval").body, inputs)


def _value(node: ast.expr, inputs: Mapping[str, mpmath.mpf]) -> mpmath.mpf:
    if isinstance(node, ast.Constant):
        return mpmath.mpf(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return inputs[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, inputs)
    if isinstance(node, ast.BinOp):
        return _INFIX[type(node.op)](_value(node.left, inputs), _value(node.right, inputs))
    if isinstance(node, ast.Compare):
        left, right = _value(node.left, inputs), _value(node.comparators[0], inputs)
        (op,) = node.ops
        return mpmath.mpf(left >= right if isinstance(op, ast.GtE) else left > right)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name), ast.dump(node)
    args = [_value(a, inputs) for a in node.args]
    if node.func.id == "atan2":
        return mpmath.atan2(*args) if any(args) else mpmath.mpf(0)
    return _CALLS[node.func.id](*args)


def real(raw: int, frac: int) -> mpmath.mpf:
    """What an integer with bits after the point stands for."""
    return mpmath.ldexp(mpmath.mpf(int(raw)), -frac)


def distances(
    texts: Sequence[str], names: Sequence[str], inputs: Sequence[tuple[int, int]],
    outputs: Sequence[tuple[int, int]],
) -> list[mpmath.mpf]:  # fmt: skip
    """How far a design's outputs are from its formulas.

    Args:
        texts: the formulas, one for each output.
        names: of the inputs.
        inputs, outputs: integers and their bits after the point.
    """
    with mpmath.workprec(BITS):
        at = {name: real(*code) for name, code in zip(names, inputs, strict=True)}
        return [
            abs(value(text, at) - real(*code)) for text, code in zip(texts, outputs, strict=True)
        ]
