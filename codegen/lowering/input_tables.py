"""Tables on inputs: the sub-expressions that become tables, and their contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.functions.columns import Columns
from symtick.codegen.functions.tables import address
from symtick.codegen.functions.univariate import Univariate, section, weighted_product, weighted_sum
from symtick.codegen.ir.fixed import Reals
from symtick.codegen.lowering.analysis import Analysis, is_power_of_two
from symtick.codegen.lowering.function_units import FunctionUnits
from symtick.codegen.lowering.normal_forms import SIGNAL_FUNCTIONS, is_linear
from symtick.expr import STEPS, Expression, Interval, Op, reachable

# a straight line on more address bits than one LUT has is cheaper as shifts and additions
LINE_BITS = 6
_CURVED = (Op.DIV, Op.ATAN2, *SIGNAL_FUNCTIONS)
# what comparisons, selections and additions cost, in LUTs for each bit of their result
_LOGIC: Mapping[Op, float] = {
    Op.ADD: 1.0, Op.SUB: 1.0, Op.NEG: 1.0, Op.ABS: 1.0, Op.MIN: 1.0, Op.MAX: 1.0, Op.SIGN: 1.0,
    Op.GE: 0.5, Op.GT: 0.5, Op.WHERE: 1.0, Op.FLOOR: 0.0,
}  # fmt: skip
_FACTOR = 3.0  # a constant factor that is no power of two
_SHARE = 0.6  # LUTs of a table for each 64 entries and bit


@dataclass(frozen=True)
class OfSum:
    """offset + line * input + sum of weight * node, for nodes of one input."""

    parts: tuple[tuple[int, float], ...]
    line: float
    offset: float

    def function(self, source: Expression, domain: Interval) -> Univariate:
        """The same as a function."""
        return weighted_sum(source, self.parts, self.line, self.offset, domain)


@dataclass(frozen=True)
class OfProduct:
    """weight * product of node ** power, for nodes of one input."""

    parts: tuple[tuple[int, int], ...]
    weight: float = 1.0

    def values(self, columns: Columns) -> Reals:
        """Values on the points of the columns."""
        total = np.full(columns.points.shape, self.weight)
        for number, power in self.parts:
            total = total * columns.of(number) ** float(power)
        return total

    def function(self, source: Expression, domain: Interval) -> Univariate:
        """The same as a function."""
        return weighted_product(source, self.parts, self.weight, domain)


@dataclass
class InputTables:
    """Tables on the inputs of an expression.

    Attributes:
        analysis: ranges and uses.
        functions: what makes tables and other function units.
        table_bits: most address bits; 0: there are no tables on inputs.
        fracs: bits after the point that each node needs.
    """

    analysis: Analysis
    functions: FunctionUnits
    table_bits: int
    fracs: Sequence[int] = ()
    _inputs: dict[int, int | None] = field(default_factory=dict)
    _lines: dict[int, bool] = field(default_factory=dict)
    _logic: dict[int, bool] = field(default_factory=dict)
    _holds_whole: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        for k, node in enumerate(self.analysis.expression.nodes):
            below = any(self._holds_whole[a] for a in node.args)
            self._holds_whole.append(below or k in self.analysis.whole)

    def node(self, index: int) -> int:
        """The graph node of an input port."""
        lo, hi = self.analysis.bounds[index]
        return self.functions.builder.input(index, self.analysis.formats[index], lo, hi)

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
        lines, nodes = self._lines, self.analysis.expression.nodes
        if number not in lines:
            for k in sorted(reachable(nodes, [number], lambda k: k not in lines)):
                if k not in lines:
                    lines[k] = (
                        nodes[k].op is Op.INPUT
                        or not self.analysis.support[k]
                        or (is_linear(self.analysis, k) and all(lines[a] for a in nodes[k].args))
                    )
        return lines[number]

    def is_logic(self, number: int) -> bool:
        """Whether a node of one input is comparisons, selections and lines, cheaper than a table.

        Steps of values that are not exact are left to tables, whose every entry is right.
        """
        if number not in self._logic:
            self._logic[number] = self._is_logic(number)
        return self._logic[number]

    def _is_logic(self, number: int) -> bool:
        support = self.analysis.support
        if len(support[number]) != 1 or self.is_line(number):
            return False
        nodes, cost = self.analysis.expression.nodes, 0.0
        for k in reachable(nodes, [number]):
            node = nodes[k]
            if not support[k] or node.op is Op.INPUT:
                continue
            if node.op in (Op.MUL, Op.DIV) and is_linear(self.analysis, k):
                factors = [self.analysis.constant(a) for a in node.args if not support[a]]
                cost += _FACTOR * any(not is_power_of_two(f) for f in factors if f)
            elif node.op in _LOGIC:
                cost += _LOGIC[node.op]
            else:
                return False
            exact = all(self.analysis.exact_frac(a) is not None for a in node.args if support[a])
            if node.op in STEPS and not exact:
                return False
        (index,) = support[number]
        return cost <= _SHARE * 2.0 ** (self.bits(index) - LINE_BITS)

    def index(self, number: int) -> int | None:
        """The input on which a node can be (part of) a table, or None."""
        if number not in self._inputs:
            self._inputs[number] = self._index(number)
        return self._inputs[number]

    def _index(self, number: int) -> int | None:
        if len(self.analysis.support[number]) != 1 or not self.table_bits:
            return None
        (index,) = self.analysis.support[number]
        plain = self.is_line(number) or self.is_logic(number)
        if plain and self.bits(index) > LINE_BITS:
            return None
        if self.is_narrow(number):
            return index
        if self._holds_whole[number]:
            return None
        function = section(self.analysis.expression, number, None, self._range(index))
        # a polynomial that is one already is computed as it is written
        curved = any(n.op in _CURVED for n in function.expression.nodes)
        near = self.functions.fits(
            self.node(index), self.table_bits, function, self.fracs[number] + 1, 3 if curved else 1
        )
        return index if near else None

    def _range(self, index: int) -> Interval:
        lo, hi = (
            float(self.analysis.formats[index].to_real(v)) for v in self.analysis.bounds[index]
        )
        return Interval(lo, hi)

    def values(self, index: int, of: OfProduct) -> Reals:
        """A function on all codes of an input, or on the middles of its address's codes."""
        if self.bits(index) <= self.table_bits:
            return of.values(self.analysis.columns(index))
        at = address(self.functions.builder, self.node(index), self.table_bits)
        return self._function(index, of).values(at.points)

    def _function(self, index: int, of: OfSum | OfProduct) -> Univariate:
        return of.function(self.analysis.expression, self._range(index))

    def table(self, index: int, of: OfSum | OfProduct, frac: int) -> int:
        """The graph node of a function of an input, right within about 2**-frac."""
        node, function = self.node(index), self._function(index, of)
        if self.bits(index) <= self.table_bits:
            return self.functions.table(node, self.table_bits, function, frac)
        return self.functions.made(node, self.table_bits, function, frac)
