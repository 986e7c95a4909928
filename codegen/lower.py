"""Lowering: an expression becomes a fixed-point graph.

Room: `codegen`; imports `expr`. Rules, in the order in which they are tried:

* what depends on one narrow input becomes one table on its codes;
* sums are flattened, all terms of one input and the constant go into one table, and the rest is
  added in a tree that takes the earliest terms first;
* products are flattened, factors of one input and the constant go into one table; divisors of
  several inputs become tables of their reciprocal;
* functions of several inputs, or of an input too wide for a table, become a table on the top bits
  of their argument, or two tables and a short product where that is not exact enough;
* all else is exact integer arithmetic, cut to the bits that the outputs need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from symtick.codegen.analysis import Analysis, Columns, Reals, extra_bits, input_bounds, magnitude
from symtick.codegen.arithmetic import Arithmetic, Term, is_shift
from symtick.codegen.curves import curve
from symtick.codegen.fixed import Fixed
from symtick.codegen.forms import PRODUCT, UNARY, Linear, Product, is_linear, linear, product
from symtick.codegen.graph import GOp, Graph, GraphBuilder
from symtick.codegen.input_tables import LINE_BITS, InputTables
from symtick.codegen.precision import Precision
from symtick.codegen.schedule import CostModel
from symtick.codegen.timing import Watch
from symtick.errors import DomainError, InputError
from symtick.expr import OPS, Expression, Interval, Op, node_text

# a function's table is made again for each factor it is multiplied by up to this many bits
_FOLD_BITS = 8
_DEEPEST = 150


class _Factor(NamedTuple):
    """A factor of a product that is a table, so that it can take a constant factor in."""

    size: float
    make: Callable[[float, int], int]  # weight, frac -> graph node


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
        InputError: the expression is nested too deep.
        DomainError: an operator is undefined somewhere on the ranges.
        WidthError: a format is too wide, or arithmetic grows too wide.
    """
    bounds = input_bounds(formats, ranges, expression.inputs)
    if _depth(expression) > _DEEPEST:
        raise InputError(f"the expression is nested more than {_DEEPEST} operations deep")
    work = _Lowering(Analysis(expression, formats, bounds), model, precision)
    outputs = [work.output(k) for k in expression.outputs]
    return work.builder.build(outputs, output_names)


class _Lowering:
    def __init__(self, analysis: Analysis, model: CostModel, precision: Precision) -> None:
        self.analysis = analysis
        self.nodes = analysis.expression.nodes
        self.precision = precision
        self.builder = GraphBuilder(analysis.expression.inputs)
        self.inputs = InputTables(analysis, self.builder, precision.table_bits)
        watch = Watch(self.builder, model)
        self.arithmetic = Arithmetic(self.builder, watch, precision.guard_bits)
        self._signals: dict[int, int] = {}
        whole = [self.inputs.is_narrow(k) for k in range(len(self.nodes))]
        for k in _needed(analysis, whole):
            analysis.span(k)
        self.fracs = analysis.fractions(precision.term_frac, whole)
        self.inputs.fracs = self.fracs

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
            return self.arithmetic.constant(constant, frac)
        if node.op is Op.INPUT:
            return self.inputs.node(node.index)
        index = self._table_input(number)
        if index is not None:
            return self._sum(Linear(groups={index: [(number, 1.0)]}), frac)
        if is_linear(self.analysis, number):
            return self._sum(linear(self.analysis, number, self._table_input), frac)
        if node.op in PRODUCT:
            form = product(self.analysis, number, self.inputs.index)
            return self.arithmetic.added([self._product(form, frac)])
        if node.op in UNARY:
            return self._function(number, 1, 1.0, frac)
        return self.builder.op(GOp[node.op.name], *(self.signal(a) for a in node.args))

    # --- sums ----------------------------------------------------------------------------------

    def _table_input(self, number: int) -> int | None:
        """The input on which a node of a sum is part of a table; lines are taken apart."""
        return None if self.inputs.is_line(number) else self.inputs.index(number)

    def _sum(self, form: Linear, frac: int) -> int:
        terms = self._table_terms(form, frac)
        for index, weight in form.inputs.items():
            terms.append(self.arithmetic.scaled(self.inputs.node(index), weight, frac))
        for number, weight in form.units.items():
            terms.append(self._weighted(number, weight, frac))
        if form.offset:
            terms.append((self.arithmetic.constant(form.offset, frac), False))
        return self.arithmetic.added(terms)

    def _table_terms(self, form: Linear, frac: int) -> list[Term]:
        """Tables on inputs; takes what they compute, and the constant, out of the form."""
        narrow = [k for k in sorted(form.inputs) if self.inputs.bits(k) <= LINE_BITS]
        for index in narrow:
            # what needs no rounding is left to the shift-add networks, which share it
            if not _is_whole(form.inputs[index], frac - self.analysis.formats[index].frac):
                form.groups.setdefault(index, [])
        if not _is_whole(form.offset, frac) and not form.groups:
            form.groups.update({k: [] for k in narrow[:1]})
        terms = []
        for index in sorted(form.groups):
            line = 0.0
            if self.inputs.bits(index) <= self.precision.table_bits:
                line = form.inputs.pop(index, 0.0)
            combine = partial(_weighted_sum, form.groups[index], line, form.offset)
            form.offset = 0.0
            terms.append((self.inputs.table(index, combine, frac), False))
        return terms

    def _weighted(self, number: int, weight: float, frac: int) -> Term:
        """weight * node, the weight inside a table or a product where there is one."""
        node = self.nodes[number]
        alone = self.analysis.uses[number] == 1
        if alone or not is_shift(weight):
            if node.op in UNARY and self._folds(number):
                return self._function(number, 1, weight, frac), False
            if node.op in PRODUCT and alone:
                form = product(self.analysis, number, self.inputs.index)
                form.factor *= weight
                return self._product(form, frac)
        return self.arithmetic.scaled(self.signal(number), weight, frac)

    def _folds(self, number: int) -> bool:
        """Whether a function's table takes constants in: it is used once, or small."""
        if self.analysis.uses[number] == 1:
            return True
        node = self.builder.nodes[self.signal(self._cut(number))]
        return (node.hi - node.lo).bit_length() <= _FOLD_BITS

    # --- products ------------------------------------------------------------------------------

    def _product(self, form: Product, frac: int) -> Term:
        """coefficient * factors; the coefficient goes into a table where there is one."""
        self._gather(form)
        tables = [self._column_factor(k, form.groups[k]) for k in sorted(form.groups)]
        plain = []
        for number, power in form.units.items():
            if power < 0 or (self.nodes[number].op in UNARY and self._folds(number)):
                size = magnitude(self._power_span(number, power))
                tables.append(_Factor(size, partial(self._function_factor, number, power)))
            else:
                plain.extend([number] * power)
        rest = math.prod(magnitude(self.analysis.span(k)) for k in plain)
        again = 1 if len(tables) + len(plain) > 1 else 0  # a bit more for what is multiplied again
        factors = []
        for place, table in enumerate(tables):
            others = rest * math.prod(t.size for k, t in enumerate(tables) if k != place)
            weight = 1.0 if place else form.factor
            share = others * abs(form.factor) if place else others
            factors.append(table.make(weight, frac + extra_bits(share) + again))
        factors.extend(self.signal(k) for k in plain)
        if tables:
            return self.arithmetic.multiplied(factors, frac), False
        whole = self.arithmetic.multiplied(factors, frac + extra_bits(abs(form.factor)))
        return self.arithmetic.scaled(whole, form.factor, frac)

    def _gather(self, form: Product) -> None:
        """Move factors of one input into a table on it that is there anyway."""
        single = {
            k: next(iter(self.analysis.support[k])) for k in form.units if self.inputs.is_narrow(k)
        }
        if not is_shift(form.factor) and not form.groups:
            narrow = sorted(k for k in single.values() if self.inputs.bits(k) <= LINE_BITS)
            form.groups.update({k: [] for k in narrow[:1]})
        for number, index in single.items():
            if index in form.groups:
                form.groups[index].append((number, form.units.pop(number)))

    def _column_factor(self, index: int, parts: Sequence[tuple[int, int]]) -> _Factor:
        def make(weight: float, frac: int) -> int:
            return self.inputs.table(index, partial(_weighted_product, parts, weight), frac)

        values = self.inputs.values(index, partial(_weighted_product, parts, 1.0))
        return _Factor(float(np.abs(values).max()), make)

    def _power_span(self, number: int, power: int) -> Interval:
        span = self.analysis.span(number)
        ends = [span.lo**power, span.hi**power]
        return Interval.hull([*ends, 0.0] if 0.0 in span and power > 0 else ends)

    def _function_factor(self, number: int, power: int, weight: float, frac: int) -> int:
        """A table of weight * node ** power, on the node's argument where it is a function."""
        if self.nodes[number].op in UNARY and self._folds(number):
            return self._function(number, power, weight, frac)
        return self._curve(number, lambda v: weight * v ** float(power), frac)

    # --- functions of signals ------------------------------------------------------------------

    def _function(self, number: int, power: int, weight: float, frac: int) -> int:
        """weight * function ** power of a signal."""
        cut = self._cut(number)

        def values(v: Reals) -> Reals:
            with np.errstate(all="ignore"):
                found = np.asarray(weight * self._through(number, cut, v) ** float(power))
            if not np.isfinite(found).all():
                node = self.nodes[number]
                text = node_text(self.nodes, node, self.analysis.expression.inputs, 6)
                span = self.analysis.span(node.args[0])
                raise DomainError(f"{text} is not finite for an argument in {span}")
            return found

        return self._curve(cut, values, frac)

    def _cut(self, number: int) -> int:
        """The node farthest below a function through which alone it sees its inputs.

        In tanh(2*h + 1) that is h: a table on h computes the line too.
        """
        support = self.analysis.support
        cut = self.nodes[number].args[0]
        while True:
            below = {a for a in self.nodes[cut].args if support[a]}
            if len(below) != 1 or len(support[min(below)]) < 2:
                return cut
            (cut,) = below

    def _through(self, number: int, cut: int, values: Reals) -> Reals:
        """Values of a node where those of the node `cut` below it are given."""
        if number == cut:
            return values
        constant = self.analysis.constant(number)
        if constant is not None:
            return np.full(values.shape, constant)
        node = self.nodes[number]
        below = [self._through(a, cut, values) for a in node.args]
        return np.asarray(OPS[node.op].numpy(*below), np.float64)

    def _curve(self, number: int, function: Callable[[Reals], Reals], frac: int) -> int:
        """A function of an expression node as a table, or as two and a product."""
        span = self.analysis.span(number)
        single = len(self.analysis.support[number]) == 1
        bits = self.precision.table_bits if single else self.precision.wide_bits
        inside = partial(_clipped, function, span)
        return curve(self.builder, self.signal(number), bits, inside, frac, self.precision.chords)


def _is_whole(value: float, frac: int) -> bool:
    """Whether a value needs no more than `frac` bits after the point."""
    return math.ldexp(value, frac).is_integer()


def _clipped(function: Callable[[Reals], Reals], span: Interval, values: Reals) -> Reals:
    # rounding can take a signal a little beyond the real range, where the function may not exist
    return function(np.clip(values, span.lo, span.hi))


def _weighted_sum(
    parts: Sequence[tuple[int, float]], line: float, offset: float, columns: Columns
) -> Reals:
    total = line * columns.points + offset
    for number, weight in parts:
        total = total + weight * columns.of(number)
    return total


def _weighted_product(parts: Sequence[tuple[int, int]], weight: float, columns: Columns) -> Reals:
    total = np.full(columns.points.shape, weight)
    for number, power in parts:
        total = total * columns.of(number) ** float(power)
    return total


def _depth(expression: Expression) -> int:
    depth: list[int] = []
    for node in expression.nodes:
        depth.append(1 + max((depth[a] for a in node.args), default=0))
    return max(depth)


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
