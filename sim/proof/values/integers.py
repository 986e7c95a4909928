"""The integers that single operations of the graph give, apart from `codegen.ir.evaluation`.

Written from the table in `codegen.ir.nodes` and AMD's UG1399: roundings look at the remainder of a
division, limits at the quotient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp
from symtick.sim.proof.values.ranges import code_range

Integers = npt.NDArray[Any]
_WIDEST = 60  # bits that int64 is trusted with


def result(node: GNode, before: Sequence[GNode], args: Sequence[Integers]) -> Integers:
    """Raw values of a node, no INPUT or CONST, for raw values of its arguments.

    Args:
        node: the operation.
        before: the nodes of its arguments.
        args: their raw values, arrays that broadcast together.

    Returns:
        int64, or Python integers where a value has more than 60 bits.
    """
    fracs = [n.fmt.frac for n in before]
    wide = max(n.fmt.width + max(fracs) - min(fracs) for n in (node, *before)) + 2
    wide = max(wide, node.fmt.width + max(fracs) - node.fmt.frac + 2)
    wide += abs(fracs[0] - node.fmt.frac) if node.op is GOp.CAST else 0
    exact = [a.astype(np.int64 if wide <= _WIDEST else object) for a in args]
    if node.op is GOp.CAST:
        return _limited(node, shifted(exact[0], fracs[0] - node.fmt.frac, node.quant))
    if node.op is GOp.TABLE:
        return np.asarray(node.contents, exact[0].dtype)[
            (args[0] % len(node.contents)).astype(np.int64)
        ]
    if node.op is GOp.CONCAT:
        high, low = (a % (1 << n.fmt.width) for a, n in zip(exact, before, strict=True))
        return np.asarray(high * (1 << before[1].fmt.width) + low)
    if node.op is GOp.MUL:
        return np.asarray(exact[0] * exact[1])
    top = max(fracs[1:]) if node.op is GOp.SELECT else max(fracs)
    if node.op is GOp.DIGIT_ROW:
        top = max(fracs[0], *fracs[2:])
    scaled = [a * (1 << max(top - f, 0)) for a, f in zip(exact, fracs, strict=True)]
    if node.op is GOp.DIGIT_ROW:
        base, _, once, triple = scaled
        return np.asarray(base + np.where(exact[1] == 3, triple, exact[1] * once))
    if node.op is GOp.SELECT:
        return np.asarray(np.where(exact[0] == 1, scaled[1], scaled[2]))
    return _simple(node.op, scaled)


def _simple(op: GOp, args: Sequence[Integers]) -> Integers:
    a, b = args[0], args[-1]
    if op is GOp.GE:
        return np.asarray(a >= b).astype(np.int64)
    made: dict[GOp, Callable[[], Any]] = {
        GOp.ADD: lambda: a + b, GOp.SUB: lambda: a - b, GOp.NEG: lambda: -a, GOp.SCALE: lambda: a,
        GOp.ABS: lambda: np.where(a < 0, -a, a), GOp.MIN: lambda: np.where(a < b, a, b),
        GOp.MAX: lambda: np.where(a < b, b, a),
    }  # fmt: skip
    return np.asarray(made[op]())


def shifted(raw: Integers, drop: int, quant: Quant) -> Integers:
    """raw * 2**-drop, rounded to integers."""
    if drop <= 0:
        return np.asarray(raw * (1 << -drop))
    low = raw >> drop
    rest, half = raw - (low << drop), 1 << drop - 1
    tie = {
        Quant.TRN: False, Quant.TRN_ZERO: False, Quant.RND: True, Quant.RND_MIN_INF: False,
        Quant.RND_INF: raw > 0, Quant.RND_ZERO: raw < 0, Quant.RND_CONV: low % 2 == 1,
    }[quant]  # fmt: skip
    if quant is Quant.TRN:
        up = np.zeros(raw.shape, bool)
    elif quant is Quant.TRN_ZERO:
        up = (raw < 0) & (rest != 0)
    else:
        up = (rest > half) | ((rest == half) & tie)
    return np.asarray(low + up.astype(np.int64))


def _limited(node: GNode, raw: Integers) -> Integers:
    least, most = code_range(node)
    if node.overflow is Overflow.WRAP:
        return np.asarray((raw - least) % (1 << node.fmt.width) + least)
    if node.overflow is Overflow.SAT_ZERO:
        return np.asarray(np.where((raw < least) | (raw > most), 0 * raw, raw))
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -most
    return np.asarray(np.where(raw < least, least, np.where(raw > most, most, raw)))
