"""Enclosures of a function's values at many points at a time.

What float64 computes without rounding is taken as it is (T. J. Dekker, A floating-point technique
for extending the available precision, Numerische Mathematik 18, 1971), so that steps of exact
values are decided; all else is an interval, rounded outward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.functions.taylor import image
from symtick.codegen.ir.fixed import Reals
from symtick.expr import Expression, Node, Op

_Mask = npt.NDArray[np.bool_]
_ONE = np.ones(1)
_SPLITTER = 2.0**27 + 1.0
# between these no part of a product is beyond float64's range
_LEAST, _MOST = 2.0**-900, 2.0**900


def enclosures(expression: Expression, points: Reals) -> IntervalArray:
    """Intervals with the first output at points of the input, same shape as these."""
    boxes: list[IntervalArray] = []
    with np.errstate(all="ignore"):
        for node in expression.nodes:
            if node.op is Op.INPUT:
                boxes.append(IntervalArray(points, points))
            elif node.op is Op.CONST:
                boxes.append(IntervalArray.full(node.value, _ONE))
            else:
                boxes.append(_computed(node, [boxes[a] for a in node.args]))
    made = boxes[expression.outputs[0]]
    return IntervalArray(*(np.broadcast_to(end, points.shape) for end in (made.lo, made.hi)))


def _computed(node: Node, args: Sequence[IntervalArray]) -> IntervalArray:
    rule = _EXACT.get(node.op)
    if rule is None:
        return image(node, args)
    value, exact = rule(*(a.lo for a in args))
    for a in args:
        exact = exact & (a.lo == a.hi)
    box = IntervalArray(value, value)
    return box if exact.all() else box.where(exact, image(node, args))


def _sum(a: Reals, b: Reals) -> tuple[Reals, _Mask]:
    total = a + b
    moved = total - a
    return total, (a - (total - moved)) + (b - moved) == 0.0


def _halves(a: Reals) -> tuple[Reals, Reals]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _product(a: Reals, b: Reals) -> tuple[Reals, _Mask]:
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    size = np.abs(product)
    held = (size > _LEAST) & (size < _MOST)
    return product, (held & (rest == 0.0)) | (a == 0.0) | (b == 0.0)


def _quotient(a: Reals, b: Reals) -> tuple[Reals, _Mask]:
    quotient = a / b
    product, exact = _product(quotient, b)
    return quotient, exact & (product == a) & (b != 0.0)


def _root(a: Reals) -> tuple[Reals, _Mask]:
    root = np.sqrt(a)
    square, exact = _product(root, root)
    return root, exact & (square == a)


def _cube(a: Reals) -> tuple[Reals, _Mask]:
    square, first = _product(a, a)
    cube, second = _product(square, a)
    return cube, first & second


# float64's value, and where it is exact for exact arguments; what is not here takes ends of its
# arguments' intervals and is exact where they are, or is never exact
_EXACT: dict[Op, Callable[..., tuple[Reals, Any]]] = {
    Op.ADD: _sum,
    Op.SUB: lambda a, b: _sum(a, -b),
    Op.MUL: _product,
    Op.DIV: _quotient,
    Op.SQUARE: lambda a: _product(a, a),
    Op.CUBE: _cube,
    Op.SQRT: _root,
}
