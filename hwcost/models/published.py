"""Published operator latencies: whole cycles for each operator of an expression.

The published symbolic-regression flow for FPGAs (arXiv:2305.04099)
*sums* the cycles over the expression tree; a pipeline's latency is its longest path. Both are here.
"""

from __future__ import annotations

from collections.abc import Mapping

from symtick.codegen.ir.fixed import Fixed
from symtick.errors import InputError
from symtick.expr import SEARCH_OPS, Expression, Op, in_search_ops
from symtick.hwcost.devices.device import load_device

CycleTable = Mapping[Op, int]

_WIRES = (Op.INPUT, Op.CONST)


def cycle_table(fmt: Fixed, device: str = "xcvu9p-hls4sr") -> CycleTable:
    """Cycles of every operator of the search at one format.

    Args:
        fmt: the format; tables exist for `fixed<12,6>` and `fixed<16,6>`.
        device: a device of kind `published`.

    Raises:
        InputError: the device has no table for that format.
    """
    published = load_device(device)
    rows = published.cycles.get(str(fmt))
    if rows is None:
        raise InputError(
            f"device {device} has no cycles for {fmt}: it has "
            f"{', '.join(published.cycles) or 'none'}"
        )
    missing = [spec.name for spec in SEARCH_OPS.values() if spec.name not in rows]
    if missing:
        raise InputError(f"device {device} lacks cycles for {', '.join(missing)}")
    return {op: rows[spec.name] for op, spec in SEARCH_OPS.items()}


def published_cycles(expression: Expression, table: CycleTable) -> int:
    """Clock cycles of the longest path from an input to an output."""
    expression = in_search_ops(expression)
    ready: list[int] = []
    for node in expression.nodes:
        below = max((ready[a] for a in node.args), default=0)
        ready.append(below + (0 if node.op in _WIRES else table[node.op]))
    return max(ready[k] for k in expression.outputs)


def published_sum(expression: Expression, table: CycleTable) -> int:
    """The literature's metric: cycles summed over the tree of every output.

    A sub-expression that is used twice counts twice, as in the published flow, which shares
    nothing.
    """
    expression = in_search_ops(expression)
    cycles: list[int] = []
    for node in expression.nodes:
        below = sum(cycles[a] for a in node.args)
        cycles.append(below + (0 if node.op in _WIRES else table[node.op]))
    return sum(cycles[k] for k in expression.outputs)
