"""Lowering: an expression becomes a fixed-point graph.

Rules, in the order in which they are tried:

* what depends on one narrow input becomes one table on its codes;
* sums are flattened, all terms of one input and the constant go into one table, and the rest is
  added in a tree that takes the earliest terms first;
* products are flattened, factors of one input and the constant go into one table; divisors of
  several inputs become tables of their reciprocal;
* comparisons, choices and lines of one input stay logic where that is less than a table;
* functions of several inputs, or of an input too wide for a table, become function units
  (`function_units`): a table on the top bits of their argument, or what is exact enough and
  cheapest;
* all else is exact integer arithmetic, cut to the bits that the outputs need.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from symtick.codegen.functions.digit_recurrence import divide, square_root
from symtick.codegen.functions.univariate import weighted_power
from symtick.codegen.ir.arrival import Arrivals
from symtick.codegen.ir.fixed import Fixed, Quant
from symtick.codegen.ir.graph import BIT, GOp, Graph, GraphBuilder
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.lowering import logic
from symtick.codegen.lowering.analysis import Analysis, extra_bits, input_bounds, magnitude
from symtick.codegen.lowering.angles import angle
from symtick.codegen.lowering.arithmetic import Arithmetic, SignedNode, is_shift
from symtick.codegen.lowering.choices import check_powers, without_decided
from symtick.codegen.lowering.function_units import FunctionUnit, FunctionUnits
from symtick.codegen.lowering.input_tables import LINE_BITS, InputTables, OfProduct, OfSum
from symtick.codegen.lowering.normal_forms import (
    PRODUCT,
    SIGNAL_FUNCTIONS,
    ProductForm,
    SumForm,
    is_linear,
    product_form,
    sum_form,
)
from symtick.codegen.lowering.precision import Precision
from symtick.codegen.lowering.prepared import prepared
from symtick.errors import AccuracyError, DomainError, InputError
from symtick.expr import STEPS, Expression, Interval, Op, reachable

# a function's table is made again for each factor it is multiplied by up to this many bits
_FOLD_BITS = 8
_DEEPEST = 150
_CHAINS = ((Op.ADD, Op.SUB, Op.NEG), (Op.MUL,))  # are flattened, however long they are


class _Factor(NamedTuple):
    """A factor of a product that is a table, so that it can take a constant factor in."""

    size: float
    make: Callable[[float, int], int]  # weight, frac -> graph node


class Lowered(NamedTuple):
    """A graph, and how the functions in it are computed."""

    graph: Graph
    units: tuple[FunctionUnit, ...]


def lower(
    expression: Expression,
    formats: Sequence[Fixed],
    model: CostModel,
    precision: Precision,
    output_names: Sequence[str],
    ranges: Sequence[Interval] | None = None,
) -> Lowered:
    """The graph of an expression, and its function units (their nodes are those of no graph).

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
        AccuracyError: no method computes a function exactly enough.
    """
    bounds = input_bounds(formats, ranges, expression.inputs)
    if _depth(expression) > _DEEPEST:
        raise InputError(f"the expression is nested more than {_DEEPEST} operations deep")
    expression = without_decided(expression, formats, bounds)
    try:
        check_powers(expression, formats, bounds)
        expression = prepared(expression)
        return _by_division(expression, formats, bounds, model, precision, output_names)
    except DomainError as error:
        if any(node.op is Op.WHERE for node in expression.nodes):
            raise DomainError(
                f"{error} (where, and if, compute both of their sides on every input)"
            ) from None
        raise


def _by_division(
    expression: Expression, formats: Sequence[Fixed], bounds: Sequence[tuple[int, int]],
    model: CostModel, precision: Precision, names: Sequence[str],
) -> Lowered:  # fmt: skip
    """By functions of divisors, or digit by digit where these are not exact enough."""
    digits = _by_digits(expression)
    if precision.division == "auto" and digits:
        try:
            return _lowered(Analysis(expression, formats, bounds), model, precision, names)
        except AccuracyError:
            pass  # a table of a reciprocal may be what is not exact enough
    return _lowered(Analysis(expression, formats, bounds, digits), model, precision, names)


def _lowered(
    analysis: Analysis, model: CostModel, precision: Precision, names: Sequence[str]
) -> Lowered:
    work = _Lowering(analysis, model, precision)
    outputs = [work.output(k) for k in analysis.expression.outputs]
    return Lowered(work.builder.build(outputs, names), work.functions.of(outputs))


def _by_digits(expression: Expression) -> frozenset[int]:
    """The nodes that can be computed digit by digit."""
    support = expression.support()
    return frozenset(
        k
        for k, node in enumerate(expression.nodes)
        if node.op in (Op.DIV, Op.SQRT) and support[node.args[-1]]
    )


class _Lowering:
    def __init__(self, analysis: Analysis, model: CostModel, precision: Precision) -> None:
        self.analysis = analysis
        self.nodes = analysis.expression.nodes
        self.precision = precision
        self._tables = precision.table_bits > 0  # whether sub-expressions become tables
        self.builder = GraphBuilder(analysis.expression.inputs)
        self.functions = FunctionUnits(self.builder, model)
        self.inputs = InputTables(analysis, self.functions, precision.table_bits)
        watch = Arrivals(self.builder.view(), model)
        self.arithmetic = Arithmetic(self.builder, watch, precision.guard_bits)
        self._signals: dict[int, int] = {}
        whole = [
            self.inputs.is_narrow(k) and not self.inputs.is_logic(k) for k in range(len(self.nodes))
        ]
        # what is inside a table on one input is not needed
        for k in sorted(reachable(self.nodes, analysis.expression.outputs, lambda k: not whole[k])):
            analysis.span(k)
        places = precision.places(len(analysis.expression.outputs))
        self.fracs = analysis.fractions(places, whole, precision.strict)
        self.inputs.fracs = self.fracs

    def output(self, number: int) -> int:
        """The graph node of an output, in the output format if one is asked for."""
        fmt, quant = self.precision.output, self.precision.quant
        if fmt is None:
            return self.signal(number)
        if number in self.analysis.whole and self.inputs.index(number) is None:
            value = self._digits(number, fmt.frac, quant)
        else:
            value = self.signal(number)
        return self.builder.cast(value, fmt, quant, self.precision.overflow)

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
            return self._sum(SumForm(groups={index: [(number, 1.0)]}), frac)
        if number in self.analysis.whole:
            return self._digits(number, frac, Quant.RND)
        if is_linear(self.analysis, number):
            return self._sum(sum_form(self.analysis, number, self._table_input), frac)
        if node.op in PRODUCT:
            form = product_form(self.analysis, number, self.inputs.index)
            return self.arithmetic.added([self._product(form, frac)])
        if node.op in SIGNAL_FUNCTIONS:
            return self._function(number, 1, 1.0, frac)
        if node.op in STEPS:
            return self._step(number)
        if node.op is Op.WHERE:
            chosen, *values = (self.signal(a) for a in node.args)
            return self.builder.op(GOp.SELECT, logic.condition(self.builder, chosen), *values)
        if node.op is Op.ATAN2:
            y, x = (self.signal(a) for a in node.args)
            return angle(self.functions, y, x, frac, self.precision.table_bits or None)
        args = [self.signal(a) for a in node.args]
        if node.op in (Op.MIN, Op.MAX) and all(self.builder.nodes[k].fmt == BIT for k in args):
            return logic.joined(self.builder, args[0], args[1], every=node.op is Op.MIN)
        return self.builder.op(GOp[node.op.name], *args)

    def _step(self, number: int) -> int:
        """A comparison, a sign or an integer part, of the signals as they are computed."""
        op, args = self.nodes[number].op, self.nodes[number].args
        if op in (Op.SIGN, Op.FLOOR):
            rule = logic.sign if op is Op.SIGN else logic.floor
            return rule(self.builder, self.signal(args[0]))
        left, right = (self.analysis.constant(a) for a in args)
        if right is not None:
            return logic.against(self.builder, self.signal(args[0]), right, op is Op.GE)
        if left is not None:
            turned = logic.against(self.builder, self.signal(args[1]), left, op is Op.GT)
            return logic.inverted(self.builder, turned)
        sides = self.signal(args[0]), self.signal(args[1])
        return logic.compared(self.builder, *sides, equal=op is Op.GE)

    def _digits(self, number: int, frac: int, quant: Quant) -> int:
        """A quotient or a square root, exact to the last bit."""
        args = [self.signal(a) for a in self.nodes[number].args]
        if self.nodes[number].op is Op.DIV:
            return divide(self.builder, args[0], args[1], frac, quant)
        return square_root(self.builder, args[0], frac, quant)

    # --- sums ----------------------------------------------------------------------------------

    def _table_input(self, number: int) -> int | None:
        """The input on which a node of a sum is part of a table; lines are taken apart."""
        return None if self.inputs.is_line(number) else self.inputs.index(number)

    def _sum(self, form: SumForm, frac: int) -> int:
        terms = self._table_terms(form, frac)
        for index, weight in form.inputs.items():
            terms.append(self.arithmetic.scaled(self.inputs.node(index), weight, frac))
        for number, weight in form.units.items():
            terms.append(self._weighted(number, weight, frac))
        if form.offset:
            terms.append((self.arithmetic.constant(form.offset, frac), False))
        return self.arithmetic.added(terms)

    def _table_terms(self, form: SumForm, frac: int) -> list[SignedNode]:
        """Tables on inputs; takes what they compute, and the constant, out of the form."""
        for number in [k for k in form.units if self.inputs.is_narrow(k)]:
            (index,) = self.analysis.support[number]
            if index in form.groups:  # the table is there anyway
                form.groups[index].append((number, form.units.pop(number)))
        narrow = [
            k for k in sorted(form.inputs) if self._tables and self.inputs.bits(k) <= LINE_BITS
        ]
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
            function = OfSum(tuple(form.groups[index]), line, form.offset)
            form.offset = 0.0
            terms.append((self.inputs.table(index, function, frac), False))
        return terms

    def _weighted(self, number: int, weight: float, frac: int) -> SignedNode:
        """weight * node, the weight inside a table or a product where there is one."""
        node = self.nodes[number]
        alone = self.analysis.uses[number] == 1
        if alone or not is_shift(weight):
            if node.op in SIGNAL_FUNCTIONS and self._folds(number):
                return self._function(number, 1, weight, frac), False
            if node.op in PRODUCT and alone:
                form = product_form(self.analysis, number, self.inputs.index)
                form.factor *= weight
                return self._product(form, frac)
        return self.arithmetic.scaled(self.signal(number), weight, frac)

    def _folds(self, number: int) -> bool:
        """Whether a function's table takes constants in: it is used once, or small."""
        if not self._tables or number in self.analysis.whole:
            return False
        if self.analysis.uses[number] == 1:
            return True
        node = self.builder.nodes[self.signal(self._cut(number))]
        return (node.hi - node.lo).bit_length() <= _FOLD_BITS

    # --- products ------------------------------------------------------------------------------

    def _product(self, form: ProductForm, frac: int) -> SignedNode:
        """coefficient * factors; the coefficient goes into a table where there is one."""
        self._gather(form)
        tables = [self._column_factor(k, form.groups[k]) for k in sorted(form.groups)]
        plain = []
        for number, power in form.units.items():
            if power < 0 or (self.nodes[number].op in SIGNAL_FUNCTIONS and self._folds(number)):
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

    def _gather(self, form: ProductForm) -> None:
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
            return self.inputs.table(index, OfProduct(tuple(parts), weight), frac)

        values = self.inputs.values(index, OfProduct(tuple(parts)))
        return _Factor(float(np.abs(values).max()), make)

    def _power_span(self, number: int, power: int) -> Interval:
        span = self.analysis.span(number)
        ends = [span.lo**power, span.hi**power]
        return Interval.hull([*ends, 0.0] if 0.0 in span and power > 0 else ends)

    def _function_factor(self, number: int, power: int, weight: float, frac: int) -> int:
        """weight * node ** power, as a function of the node's argument where it is one."""
        if self.nodes[number].op in SIGNAL_FUNCTIONS and self._folds(number):
            return self._function(number, power, weight, frac)
        return self._unit(number, number, power, weight, frac)

    # --- functions of signals ------------------------------------------------------------------

    def _function(self, number: int, power: int, weight: float, frac: int) -> int:
        """weight * function ** power of a signal."""
        cut, nearest = self._cut(number), self.nodes[number].args[0]
        try:
            return self._unit(number, cut, power, weight, frac)
        except AccuracyError:
            # sin(sqrt(v)) has no slope at 0; a root digit by digit and then its sine need none
            if cut == nearest:
                raise
            return self._unit(number, nearest, power, weight, frac)

    def _cut(self, number: int) -> int:
        """The node farthest below a function through which alone it sees its inputs.

        In tanh(2*h + 1) that is h: a table on h computes the line too.
        """
        support = self.analysis.support
        cut = self.nodes[number].args[0]
        while self._tables:
            below = {a for a in self.nodes[cut].args if support[a]}
            if len(below) != 1 or len(support[min(below)]) < 2:
                return cut
            (cut,) = below
        return cut

    def _unit(self, number: int, cut: int, power: int, weight: float, frac: int) -> int:
        """weight * node ** power as a function unit on the node `cut`."""
        single = self._tables and len(self.analysis.support[cut]) == 1
        bits = self.precision.table_bits if single else self.precision.wide_bits
        span, expression = self.analysis.span(cut), self.analysis.expression
        function = weighted_power(expression, number, cut, span, power, weight)
        make = self.functions.made if self.precision.chords else self.functions.table
        return make(self.signal(cut), bits, function, frac)


def _is_whole(value: float, frac: int) -> bool:
    """Whether a value needs no more than `frac` bits after the point."""
    return math.ldexp(value, frac).is_integer()


def _depth(expression: Expression) -> int:
    """Operations on the longest way to an input; a chain of sums or of factors counts as one."""
    uses = Counter(a for node in expression.nodes for a in node.args)
    depth: list[int] = []
    for node in expression.nodes:
        chain = next((ops for ops in _CHAINS if node.op in ops), ())
        ends = (depth[a] + (expression.nodes[a].op not in chain or uses[a] > 1) for a in node.args)
        depth.append(max(ends, default=1))
    return max(depth)
