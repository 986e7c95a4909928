"""Pass `fold`: constants and identities.

Room: `codegen`. Rules look at one operation and its arguments; all are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.codegen.functions.tables import rebuilt
from symtick.codegen.ir.fixed import MAX_WIDTH, Fixed, Overflow, Quant, cast_raw
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.schedule import CostModel


def fold(graph: Graph, model: CostModel) -> Graph:
    """Constant folding and identities: x + 0, x * 2**k, casts and tables that change nothing."""
    builder = GraphBuilder(graph.input_names)
    place: list[int] = []
    ports = set(graph.outputs)
    for k, node in enumerate(graph.nodes):
        args = [place[a] for a in node.args]
        found = folded(builder, graph, k, args)
        stated = node.op in (GOp.CAST, GOp.TABLE, GOp.INPUT)
        if k in ports and stated and builder.nodes[found].fmt != node.fmt:
            found = rebuilt(builder, graph, k, args)
        place.append(found)
    return builder.build([place[k] for k in graph.outputs], graph.output_names)


def folded(builder: GraphBuilder, graph: Graph, number: int, args: Sequence[int]) -> int:
    """A node of the builder with the value of a graph's on `args`, as simple as rules make it."""
    again = builder.nodes[rebuilt(builder, graph, number, args)]
    node = again if again.op is graph.nodes[number].op else graph.nodes[number]
    held = [builder.nodes[a] for a in args]
    rule = _RULES.get(node.op)
    found = rule(builder, node, args, held) if rule else None
    if found is None:
        found = rebuilt(builder, graph, number, args)
    made = builder.nodes[found]
    if made.lo == made.hi and made.op is not GOp.CONST:
        return builder.const(made.lo, made.fmt.frac)
    return found


def _add(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    for here, other in ((0, 1), (1, 0)):
        if _is_zero(held[here]):
            return args[other]
        if held[here].op is GOp.NEG:
            return b.op(GOp.SUB, args[other], held[here].args[0])
    return None


def _sub(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    if args[0] == args[1]:
        return b.const(0, 0)
    if _is_zero(held[1]):
        return args[0]
    if _is_zero(held[0]):
        return b.op(GOp.NEG, args[1])
    if held[1].op is GOp.NEG:
        return b.op(GOp.ADD, args[0], held[1].args[0])
    return None


def _neg(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    if held[0].op is GOp.NEG:
        return held[0].args[0]
    if held[0].op is GOp.SUB:
        return b.op(GOp.SUB, held[0].args[1], held[0].args[0])
    return None


def _abs(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    if held[0].lo >= 0:
        return args[0]
    return b.op(GOp.NEG, args[0]) if held[0].hi <= 0 else None


def _mul(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    for here, other in ((0, 1), (1, 0)):
        raw = held[here].number
        # constants carry no trailing zeros, so a power of two has raw value 1 or -1
        if held[here].op is GOp.CONST and abs(raw) <= 1:
            if raw == 0:
                return args[here]
            moved = b.scale(args[other], -held[here].fmt.frac)
            return moved if raw == 1 else b.op(GOp.NEG, moved)
    return None


def _pick(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    """MIN and MAX of signals whose ranges do not overlap."""
    if args[0] == args[1]:
        return args[0]
    frac = max(h.fmt.frac for h in held)
    (alo, ahi), (blo, bhi) = ((h.lo << frac - h.fmt.frac, h.hi << frac - h.fmt.frac) for h in held)
    smaller = 0 if ahi <= blo else 1 if bhi <= alo else None
    if smaller is None:
        return None
    return args[smaller] if node.op is GOp.MIN else args[1 - smaller]


def _ge(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    return b.const(1, 0) if args[0] == args[1] else None


def _digit_row(
    b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]
) -> int | None:
    if held[1].op is not GOp.CONST:
        return None
    digit = held[1].number << -held[1].fmt.frac  # 2 stands as 1 at another point
    if digit == 0:
        return args[0]
    read = args[3] if digit == 3 else b.scale(args[2], abs(digit) - 1)
    return b.op(GOp.SUB if digit < 0 else GOp.ADD, args[0], read)


def _select(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    if held[0].op is GOp.CONST:
        return args[1] if held[0].number else args[2]
    return args[1] if args[1] == args[2] else None


def _scale(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    if held[0].op is GOp.SCALE:
        return b.scale(held[0].args[0], held[0].number + node.number)
    return None


def _cast(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    source, below = held[0], args[0]
    rises = node.fmt.frac - source.fmt.frac
    if rises >= 0 and node.fmt.keeps(source.lo << rises, source.hi << rises, node.overflow):
        return below
    if _cuts_only(b, source) and node.quant is Quant.TRN and rises <= 0:
        below = source.args[0]
        source = b.nodes[below]
    # rounding that meets no bits and saturation that meets no value are wires
    quant = node.quant if node.fmt.frac < source.fmt.frac else Quant.TRN
    ends = np.array([source.lo, source.hi], object)
    wide = Fixed(MAX_WIDTH, node.fmt.frac)
    first, last = cast_raw(ends, source.fmt.frac, wide, quant, Overflow.SAT).tolist()
    fits = node.fmt.keeps(first, last, node.overflow)
    return b.cast(below, node.fmt, quant, Overflow.WRAP if fits else node.overflow)


def _cuts_only(b: GraphBuilder, node: GNode) -> bool:
    """Whether a node is a cast that does nothing but leave low bits away."""
    if node.op is not GOp.CAST or node.quant is not Quant.TRN:
        return False
    source = b.nodes[node.args[0]]
    drop = source.fmt.frac - node.fmt.frac
    low, high = source.lo >> max(drop, 0), source.hi >> max(drop, 0)
    return drop >= 0 and node.fmt.keeps(low, high, Overflow.WRAP)


def _table(b: GraphBuilder, node: GNode, args: Sequence[int], held: Sequence[GNode]) -> int | None:
    """A table that only moves the point."""
    (source,) = held
    ends = [(node.contents[raw & len(node.contents) - 1], raw) for raw in (source.lo, source.hi)]
    for entry, raw in ends:
        if raw and entry and (entry > 0) == (raw > 0):
            shift = entry.bit_length() - raw.bit_length()
            break
    else:
        return None
    if any(_moved(entry, -shift) != _moved(raw, shift) for entry, raw in ends):
        return None
    codes = np.arange(source.lo, source.hi + 1).astype(object)
    entries = np.array(node.contents, object)[(codes & len(node.contents) - 1).astype(np.int64)]
    if (entries << max(0, -shift) != codes << max(0, shift)).any():
        return None
    return b.scale(args[0], source.fmt.frac - node.fmt.frac + shift)


def _moved(raw: int, shift: int) -> int:
    return raw << max(0, shift)


def _is_zero(node: GNode) -> bool:
    return node.op is GOp.CONST and node.number == 0


_RULES = {
    GOp.ADD: _add,
    GOp.SUB: _sub,
    GOp.NEG: _neg,
    GOp.ABS: _abs,
    GOp.MUL: _mul,
    GOp.MIN: _pick,
    GOp.MAX: _pick,
    GOp.GE: _ge,
    GOp.SELECT: _select,
    GOp.DIGIT_ROW: _digit_row,
    GOp.SCALE: _scale,
    GOp.CAST: _cast,
    GOp.TABLE: _table,
}
