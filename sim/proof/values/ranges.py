"""The integer range of every node, by plain interval arithmetic, apart from the compiler's.

A range that a node states is right where the range computed here lies in it, given the stated
ranges of its arguments. By induction over the graph no value then leaves its node's range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph

Range = tuple[int, int]
Nodes = Sequence[GNode] | Mapping[int, GNode]


def wrong_ranges(graph: Graph) -> dict[int, str]:
    """Nodes whose stated range does not hold all that their arguments lead to, and why."""
    wrong = {}
    for k, node in enumerate(graph.nodes):
        lo, hi = computed_range(graph.nodes, node)
        least, most = code_range(node)
        if not (node.lo <= lo and hi <= node.hi):
            wrong[k] = f"its values reach from {lo} to {hi}, not {node.lo} to {node.hi}"
        elif not (least <= node.lo and node.hi <= most):
            wrong[k] = f"its range [{node.lo}, {node.hi}] is wider than {node.fmt.width} bits hold"
    return wrong


def code_range(node: GNode) -> Range:
    """The integers that the bits of a node can hold."""
    width = node.fmt.width
    return (-(1 << width - 1), (1 << width - 1) - 1) if node.fmt.signed else (0, (1 << width) - 1)


def aligned(before: Nodes, numbers: Iterable[int]) -> list[Range]:
    """Ranges of nodes in units of the finest of their last places."""
    nodes = [before[a] for a in numbers]
    frac = max(node.fmt.frac for node in nodes)
    return [(n.lo << frac - n.fmt.frac, n.hi << frac - n.fmt.frac) for n in nodes]


def computed_range(nodes: Nodes, node: GNode) -> Range:
    """The range of an operation's value over the stated ranges of its arguments."""
    op = node.op
    if op is GOp.INPUT:
        return node.lo, node.hi
    if op is GOp.CONST:
        return node.number, node.number
    first = nodes[node.args[0]]
    if op is GOp.CAST:
        return _cast_range(node, first)
    if op is GOp.TABLE:
        reached = [node.contents[raw % len(node.contents)] for raw in range(first.lo, first.hi + 1)]
        return min(reached), max(reached)
    if op is GOp.CONCAT:
        return _joined_range(first, nodes[node.args[1]])
    if op is GOp.SCALE:
        return first.lo, first.hi
    if op is GOp.NEG:
        return -first.hi, -first.lo
    if op is GOp.ABS:
        ends = [abs(first.lo), abs(first.hi), *([0] if first.lo < 0 < first.hi else [])]
        return min(ends), max(ends)
    if op is GOp.MUL and node.args[0] == node.args[1]:
        ends = [first.lo**2, first.hi**2, *([0] if first.lo < 0 < first.hi else [])]
        return min(ends), max(ends)
    if op is GOp.MUL:
        second = nodes[node.args[1]]
        ends = [p * q for p in (first.lo, first.hi) for q in (second.lo, second.hi)]
        return min(ends), max(ends)
    if op is GOp.DIGIT_ROW:
        return _row_range(nodes, node)
    return _pair_range(op, *aligned(nodes, node.args[-2:]))


def _pair_range(op: GOp, a: Range, b: Range) -> Range:
    if op is GOp.ADD:
        return a[0] + b[0], a[1] + b[1]
    if op is GOp.SUB:
        return a[0] - b[1], a[1] - b[0]
    if op is GOp.MIN:
        return min(a[0], b[0]), min(a[1], b[1])
    if op is GOp.MAX:
        return max(a[0], b[0]), max(a[1], b[1])
    if op is GOp.SELECT:
        return min(a[0], b[0]), max(a[1], b[1])
    return int(a[0] >= b[1]), int(a[1] >= b[0])  # GE


def _row_range(nodes: Nodes, node: GNode) -> Range:
    digit = nodes[node.args[1]]
    base, once, triple = aligned(nodes, (node.args[0], *node.args[2:]))
    ends = []
    for d in range(digit.lo, digit.hi + 1):
        ends += list(triple) if d == 3 else [d * once[0], d * once[1]]
    return base[0] + min(ends), base[1] + max(ends)


def _joined_range(high: GNode, low: GNode) -> Range:
    """Bit patterns, read as unsigned: a range on both sides of 0 reaches all of them."""
    ends = []
    for node in (high, low):
        span = 1 << node.fmt.width
        ends.append((0, span - 1) if node.lo < 0 <= node.hi else (node.lo % span, node.hi % span))
    shift = low.fmt.width
    return (ends[0][0] << shift) + ends[1][0], (ends[0][1] << shift) + ends[1][1]


def _cast_range(node: GNode, source: GNode) -> Range:
    drop = source.fmt.frac - node.fmt.frac
    low, high = (rounded(raw, drop, node.quant) for raw in (source.lo, source.hi))
    least, most = code_range(node)
    if node.overflow is Overflow.SAT:
        return min(max(low, least), most), min(max(high, least), most)
    if node.overflow is Overflow.SAT_SYM:
        least = -most if node.fmt.signed else least
        return min(max(low, least), most), min(max(high, least), most)
    if least <= low and high <= most:
        return low, high
    if node.overflow is Overflow.SAT_ZERO:
        inside = max(low, least), min(high, most)
        return (min(inside[0], 0), max(inside[1], 0)) if inside[0] <= inside[1] else (0, 0)
    span = 1 << node.fmt.width
    if -drop >= node.fmt.width:  # only zeros are left
        return 0, 0
    if (low - least) // span == (high - least) // span:
        turn = (low - least) // span * span
        return low - turn, high - turn
    return least, most


def rounded(raw: int, drop: int, quant: Quant) -> int:
    """raw * 2**-drop, rounded to an integer; the modes are those of AMD's UG1399."""
    if drop <= 0:
        return raw << -drop
    low, rest = divmod(raw, 1 << drop)
    half = 1 << drop - 1
    if rest == 0 or quant is Quant.TRN:
        return low
    if quant is Quant.TRN_ZERO:
        return low + (raw < 0)
    if rest != half:
        return low + (rest > half)
    tie_up = {
        Quant.RND: True,
        Quant.RND_MIN_INF: False,
        Quant.RND_INF: raw > 0,
        Quant.RND_ZERO: raw < 0,
        Quant.RND_CONV: low % 2 == 1,
    }
    return low + tie_up[quant]
