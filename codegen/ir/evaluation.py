"""The reference evaluation of single operations, in exact integer arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import RawArray, cast_raw, raw_dtype
from symtick.codegen.ir.nodes import GNode, GOp

Values = Mapping[int, RawArray] | Sequence[RawArray]  # raw values by node number


def _aligned(
    nodes: Sequence[GNode], args: Sequence[int], values: Values, spare: int = 1
) -> list[RawArray]:
    """Arguments at the finest of their points, in integers with `spare` bits for the result."""
    formats = [nodes[a].fmt for a in args]
    frac = max(fmt.frac for fmt in formats)
    dtype = raw_dtype(max(fmt.width + frac - fmt.frac for fmt in formats) + spare)
    return [
        _shifted(_as(dtype, values[a]), frac - fmt.frac)
        for a, fmt in zip(args, formats, strict=True)
    ]


def _as(dtype: npt.DTypeLike, value: RawArray) -> RawArray:
    return np.asarray(value.astype(dtype, copy=False))


def _shifted(value: RawArray, places: int) -> RawArray:
    return np.asarray(np.left_shift(value, places)) if places else value


def _pattern(value: RawArray, width: int) -> RawArray:
    """The bit pattern of raw integers, read as unsigned."""
    return np.asarray(value & ((1 << width) - 1))


def evaluated(nodes: Sequence[GNode], node: GNode, values: Values) -> RawArray:
    """Raw values of a node that is no input, from those of its arguments; one of a constant."""
    dtype = raw_dtype(max([node.fmt.width, *(nodes[a].fmt.width for a in node.args)]) + 1)
    if node.op is GOp.CONST:
        return np.array([node.number], dtype)
    first = values[node.args[0]]
    if node.op is GOp.CAST:
        return cast_raw(first, nodes[node.args[0]].fmt.frac, node.fmt, node.quant, node.overflow)
    if node.op is GOp.TABLE:
        pattern = _pattern(first, nodes[node.args[0]].fmt.width)
        return np.asarray(node.contents, dtype)[pattern.astype(np.int64, copy=False)]
    if node.op is GOp.CONCAT:
        low = nodes[node.args[1]].fmt.width
        top = nodes[node.args[0]].fmt.width
        high, rest = (_as(dtype, _pattern(*p)) for p in ((first, top), (values[node.args[1]], low)))
        return np.asarray(high * (1 << low) + rest)
    if node.op is GOp.SELECT:
        return np.where(first.astype(bool), *_aligned(nodes, node.args[1:], values))
    if node.op is GOp.SCALE:
        return first
    if node.op is GOp.NEG:
        return np.asarray(np.negative(_as(dtype, first)))
    if node.op is GOp.ABS:
        return np.asarray(np.abs(_as(dtype, first)))
    if node.op is GOp.MUL:
        return np.asarray(_as(dtype, first) * _as(dtype, values[node.args[1]]))
    if node.op is GOp.DIGIT_ROW:
        a, x, triple = _aligned(nodes, [node.args[0], *node.args[2:]], values, spare=3)
        digit = values[node.args[1]]
        return np.asarray(a + np.where(digit == 3, triple, digit * x))
    a, b = _aligned(nodes, node.args, values)
    if node.op is GOp.GE:
        return np.asarray(a >= b).astype(np.int64)
    combine = {GOp.ADD: np.add, GOp.SUB: np.subtract, GOp.MIN: np.minimum, GOp.MAX: np.maximum}
    return np.asarray(combine[node.op](a, b))
