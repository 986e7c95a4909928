"""The area of what outputs need, known again after a change from the nodes that come and go.

A move of width tuning changes the cone of one node. What the rest costs is counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from symtick.codegen.ir.chains import SUMS
from symtick.codegen.ir.graph import GNode, GOp, GraphBuilder
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.expr import reachable

_WITHOUT_BITS = (GOp.CONST, GOp.SCALE)


class Size(NamedTuple):
    """What the nodes that outputs need take: their area, and the bits of their values."""

    area: Area
    bits: int


class _Change(NamedTuple):
    """Nodes that other outputs need in place of some, and readers of each more or less."""

    born: list[int]
    dead: set[int]
    readers: Counter[int]


class RunningArea:
    """Sizes of the nodes that outputs need in a builder that grows.

    Tables that adders take in count as none; registers between them are not known here.

    Args:
        builder: with the nodes.
        model: what they cost.
    """

    def __init__(self, builder: GraphBuilder, model: CostModel) -> None:
        self._nodes: list[GNode] = builder.nodes
        self._view = builder.view()
        self._model = model
        self._areas: dict[int, Area] = {}
        self._columns: dict[int, float] = {}
        self._outputs: tuple[int, ...] = ()
        self._readers: Counter[int] = Counter()
        self._adders: dict[int, list[int]] = {}  # of tables that are their last operands
        self.size = Size(Area(), 0)

    def settle(self, outputs: Sequence[int]) -> Size:
        """Count everything that these outputs need; changes are counted from here on."""
        live = sorted(reachable(self._nodes, outputs))
        self._outputs = tuple(outputs)
        self._readers = Counter(a for k in live for a in self._nodes[k].args) + Counter(outputs)
        self._adders = {}
        for k in live:
            table = self._table(k)
            if table is not None:
                self._adders.setdefault(table, []).append(k)
        adders = [k for found in self._adders.values() for k in found]
        taken = sum(self._taken(k, self._readers[self._nodes[k].args[-1]]) for k in adders)
        self.size = self._changed(Size(Area(lut=-taken), 0), live, 1)
        return self.size

    def needed(self, outputs: Sequence[int]) -> Size:
        """What these outputs in place of those settled need."""
        change = self._change(outputs)
        before, after = self._readers, change.readers
        adders = {k for t in after if t in self._adders for k in self._adders[t]} - change.dead
        taken = 0.0
        for k in sorted(adders | change.dead):
            table = self._table(k)
            if table is not None:
                taken -= self._taken(k, before[table])
        for k in sorted(adders | set(change.born)):
            table = self._table(k)
            if table is not None:
                taken += self._taken(k, before[table] + after[table])
        size = self._changed(self.size, change.born, 1)
        size = self._changed(size, sorted(change.dead), -1)
        return Size(size.area + Area(lut=-taken), size.bits)

    def _change(self, outputs: Sequence[int]) -> _Change:
        nodes, before = self._nodes, self._readers
        new = [k for k in reachable(nodes, outputs, lambda k: k not in before) if k not in before]
        readers = Counter(a for k in new for a in nodes[k].args)
        readers.update(outputs)
        readers.subtract(self._outputs)
        dead: set[int] = set()
        pending = [k for k in readers if k in before and not before[k] + readers[k]]
        while pending:
            k = pending.pop()
            dead.add(k)
            for a in nodes[k].args:
                readers[a] -= 1
                if not before[a] + readers[a]:
                    pending.append(a)
        return _Change(sorted(new), dead, readers)

    def _changed(self, size: Size, numbers: Sequence[int], sign: int) -> Size:
        """A size with these nodes more (1) or less (-1)."""
        lut, ff, dsp, bram, bits = size.area.lut, size.area.ff, size.area.dsp, size.area.bram, 0
        for k in numbers:
            area, node = self._area(k), self._nodes[k]
            lut += sign * area.lut
            ff += sign * area.ff
            dsp += sign * area.dsp
            bram += sign * area.bram
            bits += 0 if node.op in _WITHOUT_BITS else node.fmt.width
        return Size(Area(lut, ff, dsp, bram), size.bits + sign * bits)

    def _table(self, number: int) -> int | None:
        """The table that is a sum's last operand, or None where there is none."""
        node = self._nodes[number]
        if node.op not in SUMS or self._nodes[node.args[-1]].op is not GOp.TABLE:
            return None
        return node.args[-1]

    def _taken(self, adder: int, readers: int) -> float:
        """LUTs of its table that an adder takes in, if that has no other reader."""
        if readers != 1:
            return 0.0
        if adder not in self._columns:
            self._columns[adder] = self._model.absorbed(self._view, adder)
        return min(self._area(self._nodes[adder].args[-1]).lut, self._columns[adder])

    def _area(self, number: int) -> Area:
        if number not in self._areas:
            self._areas[number] = self._model.area(self._view, number)
        return self._areas[number]
