"""Pass `fold`: constants and identities.

Rules look at one operation and its arguments; all are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.ir.fixed import Overflow, Quant, rounded_ends
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import Places, all_codes, rebuilt, rewrite, table_entries
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.passes.one_bit_factors import is_bit, product


def fold(graph: Graph, model: CostModel) -> Graph:
    """Constant folding and identities: x + 0, x * 2**k, casts and tables that change nothing."""
    builder = GraphBuilder(graph.input_names)
    ports = set(graph.outputs)

    def rule(number: int, places: Sequence[int]) -> int:
        node = graph.nodes[number]
        simple = folded(builder, graph, number, places)
        stated = node.op in (GOp.CAST, GOp.TABLE, GOp.INPUT)
        if number in ports and stated and builder.nodes[simple].fmt != node.fmt:
            return rebuilt(builder, graph, number, places)
        return simple

    return rewrite(graph, builder, rule)


def folded(builder: GraphBuilder, graph: Graph, number: int, places: Places) -> int:
    """A node of the builder with the value of a graph's, as simple as rules make it."""
    plain = rebuilt(builder, graph, number, places)
    again, before = builder.nodes[plain], graph.nodes[number]
    node = again if again.op is before.op else before
    args = [places[a] for a in before.args]
    rule = _RULES.get(node.op)
    simple = rule(builder, node, args, [builder.nodes[a] for a in args]) if rule else None
    made = plain if simple is None else simple
    value = builder.nodes[made]
    if value.lo == value.hi and value.op is not GOp.CONST:
        return builder.const(value.lo, value.fmt.frac)
    return made


def _add(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    for here, other in ((0, 1), (1, 0)):
        if _is_zero(nodes[here]):
            return args[other]
        if nodes[here].op is GOp.NEG:
            return b.op(GOp.SUB, args[other], nodes[here].args[0])
    return None


def _sub(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    if args[0] == args[1]:
        return b.const(0, 0)
    if _is_zero(nodes[1]):
        return args[0]
    if _is_zero(nodes[0]):
        return b.op(GOp.NEG, args[1])
    if nodes[1].op is GOp.NEG:
        return b.op(GOp.ADD, args[0], nodes[1].args[0])
    return None


def _neg(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    if nodes[0].op is GOp.NEG:
        return nodes[0].args[0]
    if nodes[0].op is GOp.SUB:
        return b.op(GOp.SUB, nodes[0].args[1], nodes[0].args[0])
    return None


def _abs(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    if nodes[0].lo >= 0:
        return args[0]
    return b.op(GOp.NEG, args[0]) if nodes[0].hi <= 0 else None


def _mul(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    for here, other in ((0, 1), (1, 0)):
        raw = nodes[here].number
        # constants carry no trailing zeros, so a power of two has raw value 1 or -1
        if nodes[here].op is GOp.CONST and abs(raw) <= 1:
            if raw == 0:
                return args[here]
            moved = b.scale(args[other], -nodes[here].fmt.frac)
            return moved if raw == 1 else b.op(GOp.NEG, moved)
    return product(b, *args) if any(is_bit(n) for n in nodes) else None


def _pick(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    """MIN and MAX of signals whose ranges do not overlap."""
    if args[0] == args[1]:
        return args[0]
    frac = max(h.fmt.frac for h in nodes)
    (alo, ahi), (blo, bhi) = ((h.lo << frac - h.fmt.frac, h.hi << frac - h.fmt.frac) for h in nodes)
    smaller = 0 if ahi <= blo else 1 if bhi <= alo else None
    if smaller is None:
        return None
    return args[smaller] if node.op is GOp.MIN else args[1 - smaller]


def _ge(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    return b.const(1, 0) if args[0] == args[1] else None


def _digit_row(
    b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]
) -> int | None:
    if nodes[1].op is not GOp.CONST:
        return None
    digit = nodes[1].number << -nodes[1].fmt.frac  # 2 stands as 1 at another point
    if digit == 0:
        return args[0]
    read = args[3] if digit == 3 else b.scale(args[2], abs(digit) - 1)
    return b.op(GOp.SUB if digit < 0 else GOp.ADD, args[0], read)


def _select(
    b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]
) -> int | None:
    if nodes[0].op is GOp.CONST:
        return args[1] if nodes[0].number else args[2]
    return args[1] if args[1] == args[2] else None


def _scale(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    if nodes[0].op is GOp.SCALE:
        return b.scale(nodes[0].args[0], nodes[0].number + node.number)
    return None


def _cast(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    source, below = nodes[0], args[0]
    rises = node.fmt.frac - source.fmt.frac
    if rises >= 0 and node.fmt.keeps(source.lo << rises, source.hi << rises, node.overflow):
        return below
    if _cuts_only(b, source) and node.quant is Quant.TRN and rises <= 0:
        below = source.args[0]
        source = b.nodes[below]
    # rounding that meets no bits and saturation that meets no value are wires
    quant = node.quant if node.fmt.frac < source.fmt.frac else Quant.TRN
    ends = rounded_ends(source.lo, source.hi, source.fmt.frac - node.fmt.frac, quant)
    fits = node.fmt.keeps(*ends, node.overflow)
    return b.cast(below, node.fmt, quant, Overflow.WRAP if fits else node.overflow)


def _cuts_only(b: GraphBuilder, node: GNode) -> bool:
    """Whether a node is a cast that does nothing but leave low bits away."""
    if node.op is not GOp.CAST or node.quant is not Quant.TRN:
        return False
    source = b.nodes[node.args[0]]
    drop = source.fmt.frac - node.fmt.frac
    low, high = source.lo >> max(drop, 0), source.hi >> max(drop, 0)
    return drop >= 0 and node.fmt.keeps(low, high, Overflow.WRAP)


def _table(b: GraphBuilder, node: GNode, args: Sequence[int], nodes: Sequence[GNode]) -> int | None:
    """A table that only moves the point."""
    (source,) = nodes
    ends = [(node.contents[raw & len(node.contents) - 1], raw) for raw in (source.lo, source.hi)]
    for entry, raw in ends:
        if raw and entry and (entry > 0) == (raw > 0):
            shift = entry.bit_length() - raw.bit_length()
            break
    else:
        return None
    if any(_moved(entry, -shift) != _moved(raw, shift) for entry, raw in ends):
        return None
    codes = all_codes(source)
    entries = table_entries(node, codes)
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
