"""Pass `split`: operations that are longer than a pipeline stage, in exact parts.

A table is split at its lowest address bit, T(2h + b) = T(2h) + b * (T(2h+1) - T(2h)), where the
difference of a smooth function has few bits; the larger of two is a comparison, then a choice, and
so is a magnitude; a comparison is those of both halves; a cast is its rounding, then its overflow.
Parts are split again until they fit or cannot be split. Products are taken apart before, by
`products`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.codegen.ir.arrival import Arrivals
from symtick.codegen.ir.bit_views import halves
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, RawArray, rounded_ends
from symtick.codegen.ir.graph import BIT, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import all_codes, entry_table, rebuilt, rewrite, table_entries
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.passes.halving import halved


def split(graph: Graph, model: CostModel) -> Graph:
    """Long tables, comparisons and casts become shorter operations."""
    work = _Split(GraphBuilder(graph.input_names), model)

    def rule(number: int, places: Sequence[int]) -> int:
        parts = work.fitted(rebuilt(work.builder, graph, number, places))
        # bounds that a part has lost must not widen what comes after it
        return work.builder.bits(parts, graph.nodes[number].fmt)

    return rewrite(graph, work.builder, rule)


class _Split:
    def __init__(self, builder: GraphBuilder, model: CostModel) -> None:
        self.builder = builder
        self._fits = Arrivals(builder.view(), model).fits

    def fitted(self, number: int) -> int:
        """A node of equal value and format, its operations within the budget where possible."""
        if self._fits(number):
            return number
        node = self.builder.nodes[number]
        if node.op is GOp.MUL:  # its factors' bounds may be wider than when it was cut
            return halved(self.builder, self._fits, number)
        if node.op is GOp.TABLE and self.builder.nodes[node.args[0]].fmt.width > 1:
            return self._table(number, node)
        if node.op in (GOp.MIN, GOp.MAX):
            return self._choice(node)
        if node.op is GOp.ABS:
            return self._magnitude(node)
        if node.op is GOp.GE:
            return self._comparison(number, node)
        return self._cast(number, node) if node.op is GOp.CAST else number

    def _made(self, op: GOp, *args: int) -> int:
        return self.fitted(self.builder.op(op, *args))

    def _table(self, number: int, node: GNode) -> int:
        source = self.builder.nodes[node.args[0]]
        high, low = halves(self.builder, node.args[0], 1)
        low = self.builder.scale(low, source.fmt.frac)  # 0 or 1
        upper = self.builder.nodes[high]
        codes = 2 * all_codes(upper)
        # the code next to a bound may lie outside: it is then never asked for
        even, odd = (
            table_entries(node, np.clip(near, source.lo, source.hi)) for near in (codes, codes + 1)
        )
        base = self._plain_table(high, even, node.fmt.frac)
        slope = self._plain_table(high, odd - even, node.fmt.frac)
        whole = self.builder.op(GOp.DIGIT_ROW, base, low, slope, slope)
        return self.builder.bits(whole, node.fmt)

    def _plain_table(self, address: int, entries: RawArray, frac: int) -> int:
        if entries.min() == entries.max():
            return self.builder.const(int(entries[0]), frac)
        fmt = Fixed.for_raw(int(entries.min()), int(entries.max()), frac)
        lo = self.builder.nodes[address].lo
        return self.fitted(entry_table(self.builder, address, lo, entries, fmt))

    def _choice(self, node: GNode) -> int:
        ordered = self._made(GOp.GE, *node.args)
        larger, smaller = node.args
        chosen = (larger, smaller) if node.op is GOp.MAX else (smaller, larger)
        return self.builder.bits(self._made(GOp.SELECT, ordered, *chosen), node.fmt)

    def _comparison(self, number: int, node: GNode) -> int:
        """The upper halves compared both ways, the lower ones one way, and a table of the bits."""
        sides = [self.builder.nodes[a] for a in node.args]
        frac = max(side.fmt.frac for side in sides)
        ends = [v << frac - side.fmt.frac for side in sides for v in (side.lo, side.hi)]
        whole = Fixed.for_raw(min(ends), max(ends), frac)
        cut = whole.width // 2
        if cut < 1:
            return number
        above = Fixed(whole.width - cut, frac - cut, whole.signed)
        upper = [self.builder.bits(a, above) for a in node.args]
        lower = [self.builder.bits(a, Fixed(cut, frac, False)) for a in node.args]
        ways = [self._made(GOp.GE, *upper), self._made(GOp.GE, *upper[::-1])]
        ways.append(self._made(GOp.GE, *lower))
        address = self.builder.op(GOp.CONCAT, self.builder.op(GOp.CONCAT, *ways[:2]), ways[2])
        # larger above; or equal there, and at least as large below
        return self.builder.table(address, [0, 0, 0, 0, 1, 1, 0, 1], BIT)

    def _magnitude(self, node: GNode) -> int:
        """The sign and the negative side by side, then a choice."""
        (value,) = node.args
        positive = self._made(GOp.GE, value, self.builder.const(0, node.fmt.frac))
        negative = self._made(GOp.NEG, value)
        chosen = self._made(GOp.SELECT, positive, value, negative)
        return self.builder.bits(chosen, node.fmt)

    def _cast(self, number: int, node: GNode) -> int:
        """Rounding first, in a format that holds every value, then the overflow mode."""
        source = self.builder.nodes[node.args[0]]
        drop = source.fmt.frac - node.fmt.frac
        ends = rounded_ends(source.lo, source.hi, drop, node.quant)
        whole = Fixed.for_raw(*ends, node.fmt.frac)
        rounded = self.builder.cast(node.args[0], whole, node.quant, Overflow.WRAP)
        if rounded == number or node.overflow is Overflow.WRAP:
            return number
        return self.builder.cast(rounded, node.fmt, Quant.TRN, node.overflow)
