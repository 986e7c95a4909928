"""Pass `narrow`: affine bounds of values, and signals without the top bits that they never need.

Interval arithmetic takes the arguments of a sum for independent; x - x/2 then has three times its
range. Here a value is written as

    sum over symbols of part(symbol) + rest,  rest within an interval,

in the manner of affine arithmetic (Comba and Stolfi, 1993). A symbol is a node whose value is no
sum of others (an input, a function of several inputs), its part a multiple of it. For an input of
few codes the part is a number for each code: terms of one input in different branches of a sum join
exactly, straight or not. Every bound is cut with the interval's, so it is never wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Quant, RawArray, rounded_ends
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import rebuilt, rewrite
from symtick.codegen.ir.schedule import CostModel

_MAX_CODES = 1 << 12
_WIRES = (GOp.INPUT, GOp.CONST, GOp.SCALE)


@dataclass(frozen=True)
class AffineForm:
    """A value as a sum; all numbers are whole, in units of 2**-frac.

    Attributes:
        frac: bits after the point of the unit.
        lines: by symbol (a node's number), the factor of its raw value.
        curves: by input (a node's number), the part of each of its codes, ascending.
        low, high: what may be added.
    """

    frac: int
    lines: dict[int, int] = field(default_factory=dict)
    curves: dict[int, RawArray] = field(default_factory=dict)
    low: int = 0
    high: int = 0

    def times(self, factor: int, frac: int = 0) -> AffineForm:
        """factor * 2**-frac times this."""
        ends = sorted((self.low * factor, self.high * factor))
        lines = {k: v * factor for k, v in self.lines.items()}
        curves = {k: v * factor for k, v in self.curves.items()}
        return AffineForm(self.frac + frac, lines, curves, ends[0], ends[1])

    def plus(self, other: AffineForm) -> AffineForm:
        """The sum."""
        a, b = self.at_least(other.frac), other.at_least(self.frac)
        lines = {k: a.lines.get(k, 0) + b.lines.get(k, 0) for k in {**a.lines, **b.lines}}
        curves = dict(a.curves)
        for k, part in b.curves.items():
            curves[k] = curves[k] + part if k in curves else part
        return AffineForm(a.frac, lines, curves, a.low + b.low, a.high + b.high)

    def at_least(self, frac: int) -> AffineForm:
        """The same value in units as fine as 2**-frac."""
        up = max(0, frac - self.frac)
        return self.times(1 << up, up)

    def spread(self, low: int, high: int) -> AffineForm:
        """This plus something from `low` to `high`."""
        return AffineForm(self.frac, self.lines, self.curves, self.low + low, self.high + high)


class Ranges:
    """Bounds of the nodes of a builder, as it grows."""

    def __init__(self, builder: GraphBuilder) -> None:
        self._builder = builder
        self._view = builder.view()
        self._forms: list[AffineForm] = []
        self._ends: list[tuple[int, int]] = []
        # nodes that one input of few codes determines: that input, and the value at each code
        self._curves: dict[int, tuple[int, RawArray]] = {}

    def of(self, number: int) -> tuple[int, int]:
        """Smallest and largest raw value that a node can have."""
        for k in range(len(self._forms), number + 1):
            node = self._builder.nodes[k]
            on_input = self._on_one_input(k, node)
            if on_input is not None:
                self._curves[k] = on_input
                form = AffineForm(node.fmt.frac, curves={on_input[0]: on_input[1]})
            else:
                form = self._form(k, node)
            self._forms.append(form)
            self._ends.append(self._cut(node, form))
        return self._ends[number]

    def _cut(self, node: GNode, form: AffineForm) -> tuple[int, int]:
        """The form's ends within the interval's, as raw values."""
        form = form.at_least(node.fmt.frac)
        low, high = form.low, form.high
        for k, factor in form.lines.items():
            lo, hi = self._ends[k] if k < len(self._ends) else (node.lo, node.hi)
            low += min(factor * lo, factor * hi)
            high += max(factor * lo, factor * hi)
        for part in form.curves.values():
            low, high = low + min(part), high + max(part)
        # a raw value is whole; the form may be in finer units
        down = form.frac - node.fmt.frac
        least, most = max(node.lo, -(-low >> down)), min(node.hi, high >> down)
        if node.op is GOp.CAST and not self._overflows(node):
            ends = self._rounded(node)
            least, most = max(least, ends[0]), min(most, ends[1])
        return int(least), int(most)

    def _on_one_input(self, number: int, node: GNode) -> tuple[int, RawArray] | None:
        if node.op is GOp.INPUT:
            few = node.hi - node.lo < _MAX_CODES
            return (number, np.arange(node.lo, node.hi + 1).astype(object)) if few else None
        moving = [a for a in node.args if self._builder.nodes[a].op is not GOp.CONST]
        sources = {self._curves[a][0] if a in self._curves else -1 for a in moving}
        if len(sources) != 1 or -1 in sources:
            return None
        (source,) = sources
        size = len(self._curves[moving[0]][1])
        values = {a: self._column(a, size) for a in node.args}
        return source, self._view.value(number, values).astype(object)

    def _column(self, number: int, size: int) -> RawArray:
        if number in self._curves:
            return self._curves[number][1]
        return np.full(size, self._builder.nodes[number].number, object)

    def _form(self, number: int, node: GNode) -> AffineForm:
        args = [self._forms[a] for a in node.args]
        if node.op is GOp.CONST:
            return AffineForm(node.fmt.frac, low=node.number, high=node.number)
        if node.op is GOp.ADD:
            return args[0].plus(args[1])
        if node.op is GOp.SUB:
            return args[0].plus(args[1].times(-1))
        if node.op is GOp.NEG:
            return args[0].times(-1)
        if node.op is GOp.SCALE:
            return args[0].times(1, -node.number)
        if node.op is GOp.MUL:
            for constant, other in zip(node.args, args[::-1], strict=True):
                factor = self._builder.nodes[constant]
                if factor.op is GOp.CONST:
                    return other.times(factor.number, factor.fmt.frac)
        if node.op is GOp.CAST and not self._overflows(node):
            return self._shortened(node, args[0])
        return AffineForm(node.fmt.frac, {number: 1})

    def _shortened(self, node: GNode, form: AffineForm) -> AffineForm:
        """The form of a cast that meets no value outside its format."""
        source = self._builder.nodes[node.args[0]].fmt
        if source.frac <= node.fmt.frac:
            return form
        lost = (1 << (source.frac - node.fmt.frac)) - 1
        fine = form.at_least(source.frac)
        lost <<= fine.frac - source.frac
        return fine.spread(-lost, 0 if node.quant is Quant.TRN else lost)

    def _rounded(self, node: GNode) -> tuple[int, int]:
        """What a cast makes of its argument's ends, before its overflow mode."""
        drop = self._builder.nodes[node.args[0]].fmt.frac - node.fmt.frac
        return rounded_ends(*self._ends[node.args[0]], drop, node.quant)

    def _overflows(self, node: GNode) -> bool:
        return not node.fmt.keeps(*self._rounded(node), node.overflow)


def narrow(graph: Graph, model: CostModel) -> Graph:
    """Signals without the top bits that their values never need (wires)."""
    builder = GraphBuilder(graph.input_names)
    bounds = Ranges(builder)

    def rule(number: int, places: Sequence[int]) -> int:
        again = rebuilt(builder, graph, number, places)
        fmt = builder.nodes[again].fmt
        if graph.nodes[number].op in _WIRES or number in graph.outputs:
            return again
        tight = Fixed.for_raw(*bounds.of(again), fmt.frac)
        wide = tight.width < fmt.width
        return builder.bits(again, tight) if wide else again

    return rewrite(graph, builder, rule)
