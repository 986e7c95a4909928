"""Lowering: an expression becomes a fixed-point graph.

Room: `codegen`; imports `expr`. Rules, in the order in which they are tried:

* what depends on one narrow input becomes one table on its codes;
* sums are flattened, all terms of one input and the constant go into one table, and the rest is
  added in a tree that takes the earliest terms first;
* products are flattened, factors of one input and the constant go into one table; divisors of
  several inputs become tables of their reciprocal;
* functions of several inputs become tables on the top `wide_bits` bits of their argument;
* all else is exact integer arithmetic, cut to the bits that the outputs need.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from symtick.codegen.analysis import Analysis, Columns, Reals, extra_bits, input_bounds, magnitude
from symtick.codegen.constants import quantised
from symtick.codegen.fixed import Fixed, Overflow, Quant
from symtick.codegen.forms import PRODUCT, UNARY, Linear, Product, is_linear, linear, product
from symtick.codegen.graph import GOp, Graph, GraphBuilder
from symtick.codegen.precision import Precision
from symtick.codegen.schedule import CostModel
from symtick.codegen.tables import Address, address, tabled
from symtick.codegen.timing import Watch
from symtick.errors import DomainError
from symtick.expr import OPS, Expression, Interval, Op, node_text

# a straight line on more address bits than one LUT has is cheaper as shifts and adds
_LINE_BITS = 6
# a function's table is made again for each factor it is multiplied by up to this many bits
_FOLD_BITS = 8

Term = tuple[int, bool]  # graph node, whether it is subtracted


def lower(
    expression: Expression,
    formats: Sequence[Fixed],
    model: CostModel,
    precision: Precision,
    output_names: Sequence[str],
    ranges: Sequence[Interval] | None = None,
) -> Graph:
    """The graph of an expression.

    Args:
        expression: what to compute.
        formats: format of each input, 1 to 48 bits.
        model: costs, which order the sums.
        precision: how exactly to compute.
        output_names: port names of the outputs.
        ranges: real range of each input; by default all that its format holds.

    Raises:
        DomainError: an operator is undefined somewhere on the ranges.
        WidthError: a format is too wide, or arithmetic grows too wide.
    """
    bounds = input_bounds(formats, ranges, expression.inputs)
    work = _Lowering(Analysis(expression, formats, bounds), model, precision)
    outputs = [work.output(k) for k in expression.outputs]
    return work.builder.build(outputs, output_names)


class _Lowering:
    def __init__(self, analysis: Analysis, model: CostModel, precision: Precision) -> None:
        self.analysis = analysis
        self.nodes = analysis.expression.nodes
        self.precision = precision
        self.builder = GraphBuilder(analysis.expression.inputs)
        self.watch = Watch(self.builder, model)
        self._signals: dict[int, int] = {}
        self._addresses: dict[tuple[int, int], Address] = {}
        self._coarse: dict[int, Columns] = {}
        self._in_table: dict[int, int | None] = {}
        whole = [self._exact_column(k) for k in range(len(self.nodes))]
        for k in _needed(analysis, whole):
            analysis.span(k)
        self.fracs = analysis.fractions(precision.term_frac, whole)

    def output(self, number: int) -> int:
        """The graph node of an output, in the output format if one is asked for."""
        found = self.signal(number)
        if self.precision.output is None:
            return found
        return self.builder.cast(
            found, self.precision.output, self.precision.quant, self.precision.overflow
        )

    def signal(self, number: int) -> int:
        """The graph node that computes an expression node."""
        if number not in self._signals:
            self._signals[number] = self._signal(number)
        return self._signals[number]

    def _signal(self, number: int) -> int:
        node = self.nodes[number]
        frac = self.fracs[number]
        constant = self.analysis.constant(number)
        if constant is not None:
            return self._constant(constant, frac + self.precision.guard_bits)
        if node.op is Op.INPUT:
            return self._input(node.index)
        index = self.in_table(number)
        if index is not None:
            return self._sum(Linear(groups={index: [(number, 1.0)]}), frac)
        if is_linear(self.analysis, number):
            return self._sum(linear(self.analysis, number, self.in_table), frac)
        if node.op in PRODUCT:
            form = product(self.analysis, number, self.in_table)
            return self._added([self._product(form, frac)])
        if node.op in UNARY:
            return self._function(number, frac)
        return self.builder.op(GOp[node.op.name], *(self.signal(a) for a in node.args))

    # --- one input -----------------------------------------------------------------------------

    def _input(self, index: int) -> int:
        lo, hi = self.analysis.bounds[index]
        return self.builder.input(index, self.analysis.formats[index], lo, hi)

    def _bits(self, index: int) -> int:
        return max(1, (self.analysis.codes(index) - 1).bit_length())

    def _exact_column(self, number: int) -> bool:
        """Whether a node depends on one input whose every code can be an address."""
        if len(self.analysis.support[number]) != 1:
            return False
        (index,) = self.analysis.support[number]
        return self._bits(index) <= self.precision.table_bits

    def in_table(self, number: int) -> int | None:
        """The input on which a node can be (part of) a table, or None."""
        if number not in self._in_table:
            self._in_table[number] = self._table_input(number)
        return self._in_table[number]

    def _table_input(self, number: int) -> int | None:
        if len(self.analysis.support[number]) != 1:
            return None
        (index,) = self.analysis.support[number]
        if self._exact_column(number):
            return None if self._bits(index) > _LINE_BITS and self._is_line(number) else index
        if self._is_line(number):
            return None
        values = self._columns(index).of(number)
        coarse = float(np.abs(np.diff(values)).max(initial=0.0))
        return index if coarse <= math.ldexp(1.0, -self.fracs[number]) else None

    def _is_line(self, number: int) -> bool:
        """Whether a node of one input is an affine function of it, by its form."""
        node = self.nodes[number]
        if node.op is Op.INPUT or not self.analysis.support[number]:
            return True
        return is_linear(self.analysis, number) and all(self._is_line(a) for a in node.args)

    def _address(self, node: int, bits: int) -> Address:
        key = (node, bits)
        if key not in self._addresses:
            self._addresses[key] = address(self.builder, node, bits)
        return self._addresses[key]

    def _input_address(self, index: int) -> Address:
        return self._address(self._input(index), self.precision.table_bits)

    def _columns(self, index: int) -> Columns:
        """Values at the addresses' points of an input."""
        if self._bits(index) <= self.precision.table_bits:
            return self.analysis.columns(index)
        if index not in self._coarse:
            points = self._input_address(index).points
            name = self.analysis.expression.inputs[index]
            self._coarse[index] = Columns(self.analysis.expression, points, name)
        return self._coarse[index]

    # --- sums ----------------------------------------------------------------------------------

    def _sum(self, form: Linear, frac: int) -> int:
        terms = self._table_terms(form, frac)
        for index, weight in form.inputs.items():
            terms.append(self._scaled(self._input(index), weight, frac))
        for number, weight in form.units.items():
            terms.append(self._weighted(number, weight, frac))
        if form.offset:
            terms.append((self._constant(form.offset, frac + self.precision.guard_bits), False))
        return self._added(terms)

    def _table_terms(self, form: Linear, frac: int) -> list[Term]:
        """Tables on inputs; takes what they compute, and the constant, out of the form."""
        if form.offset and not form.groups:
            narrow = [k for k in sorted(form.inputs) if self._bits(k) <= _LINE_BITS]
            form.groups.update({k: [] for k in narrow[:1]})
        for index, weight in form.inputs.items():
            bent = weight and math.frexp(abs(weight))[0] != 0.5
            if bent and self._bits(index) <= _LINE_BITS:
                form.groups.setdefault(index, [])
        terms = []
        for index in sorted(form.groups):
            columns = self._columns(index)
            at = self._input_address(index)
            values = np.full(len(at.points), form.offset)
            form.offset = 0.0
            for number, weight in form.groups[index]:
                values = values + weight * columns.of(number)
            if index in form.inputs and self._fine(at, form.inputs[index], frac):
                values = values + form.inputs.pop(index) * at.points
            terms.append((tabled(self.builder, at, values, frac), False))
        return terms

    def _fine(self, at: Address, weight: float, frac: int) -> bool:
        return at.step * abs(weight) <= math.ldexp(1.0, -frac)

    def _weighted(self, number: int, weight: float, frac: int) -> Term:
        """weight * node, the weight inside a table or a product where there is one."""
        node = self.nodes[number]
        if math.frexp(abs(weight))[0] != 0.5 or self.analysis.uses[number] == 1:
            if node.op in UNARY and self._folds(number):
                return self._function(number, frac, weight), False
            if node.op in PRODUCT and self.analysis.uses[number] == 1:
                form = product(self.analysis, number, self.in_table)
                form.factor *= weight
                return self._product(form, frac)
        return self._scaled(self.signal(number), weight, frac)

    def _folds(self, number: int) -> bool:
        if self.analysis.uses[number] == 1:
            return True
        node = self.builder.nodes[self.signal(self.nodes[number].args[0])]
        return (node.hi - node.lo).bit_length() <= _FOLD_BITS

    def _scaled(self, node: int, weight: float, frac: int) -> Term:
        """weight * a graph node, the sign left to the sum."""
        guarded = frac + self.precision.guard_bits
        mantissa, exponent = math.frexp(abs(weight))
        if weight == 0.0:
            return self.builder.const(0, 0), False
        if mantissa == 0.5:
            return self._trimmed(self.builder.scale(node, exponent - 1), guarded), weight < 0
        held = self.builder.nodes[node]
        size = max(abs(held.lo), abs(held.hi)) * held.fmt.step
        kept = self._trimmed(node, guarded + extra_bits(abs(weight)))
        raw, places = quantised(abs(weight), math.ldexp(0.25, -frac) / max(size, held.fmt.step))
        exact = self.builder.op(GOp.MUL, kept, self.builder.const(raw, places))
        return self._trimmed(exact, guarded), weight < 0

    def _added(self, terms: Sequence[Term]) -> int:
        """The sum, the two earliest first (narrower ones where equal)."""
        queue = [self._entry(node, negative) for node, negative in terms]
        heapq.heapify(queue)
        while len(queue) > 1:
            *_, a, a_negative = heapq.heappop(queue)
            *_, b, b_negative = heapq.heappop(queue)
            if a_negative == b_negative:
                both = self.builder.op(GOp.ADD, a, b)
            else:
                plus, minus = (b, a) if a_negative else (a, b)
                both = self.builder.op(GOp.SUB, plus, minus)
            heapq.heappush(queue, self._entry(both, a_negative and b_negative))
        *_, last, negative = queue[0] if queue else self._entry(self.builder.const(0, 0), False)
        return self.builder.op(GOp.NEG, last) if negative else last

    def _entry(self, node: int, negative: bool) -> tuple[int, float, int, int, bool]:
        stage, start = self.watch.ready(node)
        return stage, start, self.builder.nodes[node].fmt.width, node, negative

    def _constant(self, value: float, frac: int) -> int:
        raw, places = quantised(value, math.ldexp(0.5, -frac))
        return self.builder.const(raw, places)

    def _trimmed(self, node: int, frac: int) -> int:
        """The node without bits below `frac`; wires only."""
        held = self.builder.nodes[node]
        drop = held.fmt.frac - frac
        if drop <= 0 or held.op is GOp.CONST:
            return node
        fmt = Fixed.for_raw(held.lo >> drop, held.hi >> drop, frac)
        return self.builder.cast(node, fmt, Quant.TRN, Overflow.WRAP)

    # --- products ------------------------------------------------------------------------------

    def _product(self, form: Product, frac: int) -> Term:
        """coefficient * factors; the coefficient goes into a table where there is one."""
        self._gather(form)
        sizes, makers = [], []
        for index in sorted(form.groups):
            values = self._power_column(index, form.groups[index])
            sizes.append(float(np.abs(values).max()))
            makers.append(partial(self._column_factor, index, values))
        for number, power in form.units.items():
            if power < 0 or (self.nodes[number].op in UNARY and self._folds(number)):
                span = self._power_span(number, power)
                sizes.append(magnitude(span))
                makers.append(partial(self._function_factor, number, power))
        plain = [(k, p) for k, p in form.units.items() if not self._is_table(k, p)]
        rest = math.prod(magnitude(self.analysis.span(k)) ** p for k, p in plain)
        factor = form.factor
        found = []
        for place, make in enumerate(makers):
            others = rest * math.prod(s for j, s in enumerate(sizes) if j != place)
            weight = factor if place == 0 else 1.0
            share = others if place == 0 else others * abs(form.factor)
            found.append(make(weight, frac + extra_bits(share) + self._more(plain, makers)))
        for number, power in plain:
            found.extend([self.signal(number)] * power)
        whole = self._multiplied(found, frac, 1.0 if makers else abs(factor))
        return (whole, False) if makers else self._scaled(whole, factor, frac)

    def _gather(self, form: Product) -> None:
        """Move factors of one input into a table on it that is there anyway."""
        single = {
            k: next(iter(self.analysis.support[k])) for k in form.units if self._exact_column(k)
        }
        if math.frexp(abs(form.factor))[0] != 0.5 and not form.groups:
            narrow = sorted(i for i in single.values() if self._bits(i) <= _LINE_BITS)
            form.groups.update({i: [] for i in narrow[:1]})
        for k, index in single.items():
            if index in form.groups:
                form.groups[index].append((k, form.units.pop(k)))

    def _more(self, plain: Sequence[object], makers: Sequence[object]) -> int:
        """One bit more for tables that are multiplied again."""
        return 1 if len(plain) + len(makers) > 1 else 0

    def _is_table(self, number: int, power: int) -> bool:
        return power < 0 or (self.nodes[number].op in UNARY and self._folds(number))

    def _power_column(self, index: int, parts: Sequence[tuple[int, int]]) -> Reals:
        columns = self._columns(index)
        values = np.ones(len(columns.points))
        for number, power in parts:
            values = values * columns.of(number) ** float(power)
        return values

    def _power_span(self, number: int, power: int) -> Interval:
        span = self.analysis.span(number)
        ends = [span.lo**power, span.hi**power]
        return Interval.hull([*ends, 0.0] if 0.0 in span and power > 0 else ends)

    def _column_factor(self, index: int, values: Reals, weight: float, frac: int) -> int:
        return tabled(self.builder, self._input_address(index), weight * values, frac)

    def _function_factor(self, number: int, power: int, weight: float, frac: int) -> int:
        """A table of weight * node ** power, on the node's argument where it is a function."""
        if self.nodes[number].op in UNARY and self._folds(number):
            return self._function(number, frac, weight, power)
        at = self._wide_address(number)
        span = self.analysis.span(number)
        values = weight * np.clip(at.points, span.lo, span.hi) ** float(power)
        return tabled(self.builder, at, values, frac)

    def _multiplied(self, factors: Sequence[int], frac: int, weight: float) -> int:
        """The product of all factors, cut after each multiplication to what is needed."""
        sizes = {k: _size(self.builder, k) for k in factors}
        queue = [(self.watch.ready(k), place, k) for place, k in enumerate(factors)]
        heapq.heapify(queue)
        guarded = frac + self.precision.guard_bits + extra_bits(weight)
        if len(queue) == 1 and factors:
            return factors[0]
        while len(queue) > 1:
            a, b = heapq.heappop(queue)[2], heapq.heappop(queue)[2]
            rest = math.prod(sizes[k] for _, _, k in queue)
            need = guarded + (extra_bits(rest) if queue else 0)
            kept = [
                self._trimmed(k, need + 1 + extra_bits(sizes[other]))
                for k, other in ((a, b), (b, a))
            ]
            both = self._trimmed(self.builder.op(GOp.MUL, *kept), need)
            sizes[both] = _size(self.builder, both)
            heapq.heappush(queue, (self.watch.ready(both), len(factors) + both, both))
        return queue[0][2]

    # --- functions of several inputs -----------------------------------------------------------

    def _wide_address(self, number: int) -> Address:
        narrow = len(self.analysis.support[number]) == 1
        bits = self.precision.table_bits if narrow else self.precision.wide_bits
        return self._address(self.signal(number), bits)

    def _function(self, number: int, frac: int, weight: float = 1.0, power: int = 1) -> int:
        """A table of weight * function ** power on the argument's top bits."""
        node = self.nodes[number]
        at = self._wide_address(node.args[0])
        span = self.analysis.span(node.args[0])
        with np.errstate(all="ignore"):
            image = OPS[node.op].numpy(np.clip(at.points, span.lo, span.hi)) ** float(power)
            values = np.asarray(weight * image, np.float64)
        if not np.isfinite(values).all():
            text = node_text(self.nodes, node, self.analysis.expression.inputs, 6)
            raise DomainError(f"{text} is not finite for an argument in {span}")
        return tabled(self.builder, at, values, frac)


def _size(builder: GraphBuilder, number: int) -> float:
    node = builder.nodes[number]
    return max(abs(node.lo), abs(node.hi)) * node.fmt.step


def _needed(analysis: Analysis, whole: Sequence[bool]) -> list[int]:
    """Nodes that are not inside a table on one input, ascending."""
    found: set[int] = set()
    pending = list(analysis.expression.outputs)
    while pending:
        k = pending.pop()
        if k not in found:
            found.add(k)
            if not whole[k]:
                pending.extend(analysis.expression.nodes[k].args)
    return sorted(found)
