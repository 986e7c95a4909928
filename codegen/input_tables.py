"""Functions of one input: which sub-expressions they are, and their tables.

Room: `codegen`; imports `expr`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from symtick.codegen.analysis import Analysis, Columns, Reals
from symtick.codegen.curves import curve, follows
from symtick.codegen.forms import is_linear
from symtick.codegen.graph import GraphBuilder
from symtick.codegen.tables import address, tabled
from symtick.expr import Op

# a straight line on more address bits than one LUT has is cheaper as shifts and additions
LINE_BITS = 6

Combine = Callable[[Columns], Reals]


@dataclass
class InputTables:
    """Tables on the inputs of an expression.

    Attributes:
        analysis: ranges and uses.
        builder: where the graph grows.
        table_bits: most address bits.
        fracs: bits after the point that each node needs.
    """

    analysis: Analysis
    builder: GraphBuilder
    table_bits: int
    fracs: Sequence[int] = ()
    _inputs: dict[int, int | None] = field(default_factory=dict)
    _lines: dict[int, bool] = field(default_factory=dict)

    def node(self, index: int) -> int:
        """The graph node of an input port."""
        lo, hi = self.analysis.bounds[index]
        return self.builder.input(index, self.analysis.formats[index], lo, hi)

    def bits(self, index: int) -> int:
        """Address bits that tell all codes of an input apart."""
        return max(1, (self.analysis.codes(index) - 1).bit_length())

    def is_narrow(self, number: int) -> bool:
        """Whether a node depends on one input whose every code can be an address."""
        if len(self.analysis.support[number]) != 1:
            return False
        (index,) = self.analysis.support[number]
        return self.bits(index) <= self.table_bits

    def is_line(self, number: int) -> bool:
        """Whether a node of one input is an affine function of it, by its form."""
        if number not in self._lines:
            node = self.analysis.expression.nodes[number]
            self._lines[number] = (
                node.op is Op.INPUT
                or not self.analysis.support[number]
                or (is_linear(self.analysis, number) and all(self.is_line(a) for a in node.args))
            )
        return self._lines[number]

    def index(self, number: int) -> int | None:
        """The input on which a node can be (part of) a table, or None."""
        if number not in self._inputs:
            self._inputs[number] = self._index(number)
        return self._inputs[number]

    def _index(self, number: int) -> int | None:
        if len(self.analysis.support[number]) != 1:
            return None
        (index,) = self.analysis.support[number]
        if self.is_line(number) and self.bits(index) > LINE_BITS:
            return None
        if self.is_narrow(number):
            return index
        function = self._function(index, lambda columns: columns.of(number))
        near = follows(
            self.builder, self.node(index), self.table_bits, function, self.fracs[number] + 1
        )
        return index if near else None

    def _function(self, index: int, combine: Combine) -> Callable[[Reals], Reals]:
        name = self.analysis.expression.inputs[index]
        return lambda points: combine(Columns(self.analysis.expression, points, name))

    def values(self, index: int, combine: Combine) -> Reals:
        """A function on all codes of an input, or on the middles of its address's codes."""
        if self.bits(index) <= self.table_bits:
            return combine(self.analysis.columns(index))
        at = address(self.builder, self.node(index), self.table_bits)
        return self._function(index, combine)(at.points)

    def table(self, index: int, combine: Combine, frac: int) -> int:
        """The graph node of a function of an input, right within about 2**-frac."""
        node = self.node(index)
        if self.bits(index) <= self.table_bits:
            at = address(self.builder, node, self.table_bits)
            return tabled(self.builder, at, combine(self.analysis.columns(index)), frac)
        return curve(self.builder, node, self.table_bits, self._function(index, combine), frac)
