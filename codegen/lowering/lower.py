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
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import NamedTuple

import numpy as np

from symtick.codegen.functions.digit_recurrence import divide, square_root
from symtick.codegen.ir.arrival import Arrivals
from symtick.codegen.ir.fixed import Fixed, Quant
from symtick.codegen.ir.graph import Graph, GraphBuilder
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.lowering.analysis import (
    Analysis,
    extra_bits,
    input_bounds,
    is_power_of_two,
    magnitude,
    most_bits,
)
from symtick.codegen.lowering.angles import angle
from symtick.codegen.lowering.arithmetic import Arithmetic, SignedNode
from symtick.codegen.lowering.choices import check_powers, without_decided
from symtick.codegen.lowering.error_bounds import FOLDED, of_power, total
from symtick.codegen.lowering.function_units import FunctionUnit, FunctionUnits, SignalFunctions
from symtick.codegen.lowering.input_tables import LINE_BITS, InputTables, OfProduct, OfSum
from symtick.codegen.lowering.logic import Logic
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
from symtick.expr import Expression, Interval, Op, node_text, reachable

_DEEPEST = 150
# no signal is computed to more bits after the point than this, except where it has fewer in all
_MOST_PLACES = 100
_CHAINS = ((Op.ADD, Op.SUB, Op.NEG), (Op.MUL,))  # are flattened, however long they are


class _Factor(NamedTuple):
    """A factor of a product that is a table, so that it can take a constant factor in."""

    size: float
    make: Callable[[float, int], int]  # weight, frac -> graph node


class Lowered(NamedTuple):
    """A graph, and how exactly it computes the expression.

    Attributes:
        graph: the graph.
        units: how the functions in it are computed (their nodes are those of no graph).
        errors: for each output a bound on its distance from the expression's value at the same
            inputs, all of its operations and constants taken as real numbers.
    """

    graph: Graph
    units: tuple[FunctionUnit, ...]
    errors: tuple[float, ...]


def lower(
    expression: Expression,
    formats: Sequence[Fixed],
    model: CostModel,
    precision: Precision,
    output_names: Sequence[str],
    ranges: Sequence[Interval] | None = None,
) -> Lowered:
    """The graph of an expression, its function units, and bounds on its errors.

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
        expression = prepared(expression, Analysis(expression, formats, bounds).exact_bits)
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
    exact = digits if precision.division == "exact" else frozenset()
    if precision.division == "auto" and digits:
        try:
            return _lowered(Analysis(expression, formats, bounds), model, precision, names)
        except AccuracyError:
            pass  # a table of a reciprocal may be what is not exact enough
    return _lowered(Analysis(expression, formats, bounds, digits, exact), model, precision, names)


def _lowered(
    analysis: Analysis, model: CostModel, precision: Precision, names: Sequence[str]
) -> Lowered:
    work = _Lowering(analysis, model, precision)
    outputs = [work.output(k) for k in analysis.expression.outputs]
    errors = tuple(total(work.errors.of(k)) for k in outputs)
    return Lowered(work.builder.build(outputs, names), work.functions.of(outputs), errors)


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
        self.most = most_bits(precision.strict)
        self.functions = FunctionUnits(self.builder, model)
        self.errors = self.functions.errors
        self.of_signals = SignalFunctions(analysis, precision, self.functions, self.signal)
        self.logic = Logic(analysis, self.errors, self.builder, self.signal)
        self.inputs = InputTables(analysis, self.functions, precision.table_bits)
        watch = Arrivals(self.builder.view(), model)
        self.arithmetic = Arithmetic(
            self.builder, watch, precision.guard_bits, self.most, self.errors
        )
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
        overflow = self.precision.overflow
        error = self.errors.of_cast(value, fmt, quant, overflow)
        return self.errors.note(self.builder.cast(value, fmt, quant, overflow), error)

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
            made = self.arithmetic.constant(constant, frac)
            return self._less_exact(made, self.analysis.rounding(number))
        if node.op is Op.INPUT:
            return self.inputs.node(node.index)
        index = self._table_input(number)
        if index is not None:
            return self._sum(SumForm(groups={index: [(number, 1.0)]}), frac)
        self._check_bits(number)
        if number in self.analysis.whole:
            return self._digits(number, frac, Quant.RND)
        if is_linear(self.analysis, number):
            form = sum_form(self.analysis, number, self._table_input)
            self._check_finite(number, form.weights())
            lost = form.off + self._lost(number, form.met, form.rounded)
            return self._less_exact(self._sum(form, frac), lost)
        if node.op in PRODUCT:
            return self.arithmetic.added([self._node_product(number, 1.0, frac)])
        if node.op in SIGNAL_FUNCTIONS:
            return self.of_signals.made(number, 1, 1.0, frac)
        if node.op is Op.ATAN2:
            return self._angle(number, frac)
        return self.logic.made(number)

    def _lost(self, number: int, size: float, rounded: bool) -> float:
        """What float64 may have lost of the constants of a node of a size."""
        if not rounded or self.analysis.weights_exact(number):
            return 0.0
        return size * FOLDED

    def _less_exact(self, made: int, lost: float) -> int:
        return self.errors.note(made, self.errors.of(made) + lost) if lost else made

    def _check_finite(self, number: int, weights: Iterable[float]) -> None:
        """Refuse constants whose products float64 does not hold.

        Raises:
            DomainError: a weight is one.
        """
        if not all(math.isfinite(w) for w in weights):
            text = node_text(self.nodes, self.nodes[number], self.analysis.expression.inputs, 6)
            raise DomainError(
                f"the constant factors of {text} have a product beyond the largest float64; "
                "write them as one constant"
            )

    def _check_bits(self, number: int) -> None:
        """Refuse a node whose users are so steep that no format holds the bits they need.

        Raises:
            AccuracyError: it is one.
        """
        bits = self.fracs[number]
        if bits <= _MOST_PLACES:
            return
        exact = self.analysis.exact_frac(number, bits)
        size = math.frexp(magnitude(self.analysis.span(number)))[1]
        if exact is None or exact + size > _MOST_PLACES:
            text = node_text(self.nodes, self.nodes[number], self.analysis.expression.inputs, 6)
            raise AccuracyError(
                f"{text} is needed to more than {_MOST_PLACES} bits after the point, so steep is "
                "what reads it: keep it from there by max or min, narrow the inputs' ranges or "
                "formats, or ask for fewer bits (a smaller term_frac, a larger error)"
            )

    def _angle(self, number: int, frac: int) -> int:
        y, x = (self.signal(a) for a in self.nodes[number].args)
        made = angle(self.functions, y, x, frac, self.precision.table_bits or None)
        return self.errors.note(made, math.ldexp(1.0, -frac) + self.logic.moved(number))

    def _digits(self, number: int, frac: int, quant: Quant) -> int:
        """A quotient or a square root, exact to the last bit where its operands are."""
        args = self.nodes[number].args
        unit = math.ldexp(1.0 if quant in (Quant.TRN, Quant.TRN_ZERO) else 0.5, -frac)
        spans = [self.analysis.span(a) for a in args]
        if self.nodes[number].op is Op.SQRT:
            value = self.signal(args[0])
            away = self.logic.moved(number)
            return self.errors.note(square_root(self.builder, value, frac, quant), unit + away)
        above, below = (self.signal(a) for a in args)
        if self.analysis.exact:
            above = self._dividend(args[0], above, below, frac)
        made = divide(self.builder, above, below, frac, quant)
        away = self.errors.of_quotient(above, below, spans[1])
        if math.isinf(away) and self.precision.strict:
            text = node_text(self.nodes, self.nodes[args[1]], self.analysis.expression.inputs, 6)
            raise AccuracyError(
                f"the divisor {text} comes nearer to 0, {abs(spans[1]).lo:.3g}, than it can be "
                "computed to; keep it from 0 by max or min, or ask for more bits"
            )
        far = self.errors.size(made) + magnitude(self.analysis.span(number))
        return self.errors.note(made, min(unit + away, far))

    def _dividend(self, number: int, above: int, below: int, frac: int) -> int:
        """A dividend; a constant as any that the same quotients round to, in few bits."""
        value = self.analysis.constant(number)
        if value is None:
            return above
        # what halves of the quotient's last place are products with the divisor on this grid
        places = frac + 1 + self.builder.nodes[below].fmt.frac
        scaled = Fraction(value) * Fraction(2) ** places
        whole = math.floor(scaled)
        if whole == scaled:
            made = self.builder.const(whole, places)
        else:
            made = self.builder.const(2 * whole + 1, places + 1)
        return self.errors.note(made, self.analysis.rounding(number))

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
        if alone or not is_power_of_two(weight):
            if node.op in SIGNAL_FUNCTIONS and self.of_signals.folds(number):
                return self.of_signals.made(number, 1, weight, frac), False
            if node.op in PRODUCT and alone:
                return self._node_product(number, weight, frac)
        return self.arithmetic.scaled(self.signal(number), weight, frac)

    # --- products ------------------------------------------------------------------------------

    def _node_product(self, number: int, weight: float, frac: int) -> SignedNode:
        """weight * node of a product, with what float64 lost of the constants noted."""
        form = product_form(self.analysis, number, self.inputs.index)
        self._check_finite(number, (form.factor, form.factor * weight))
        exact = Fraction(form.factor) * Fraction(weight)
        form.take(weight, 0.0, 1)
        made, negative = self._product(form, frac)
        size = self.errors.size(made) + self.errors.of(made)
        lost = self._lost(number, size, form.rounded)
        if exact != Fraction(form.factor):
            lost += size * FOLDED
        if form.off:
            rest = size / abs(form.factor) if form.factor else self._largest(form)
            lost += form.off * rest
        return self._less_exact(made, lost), negative

    def _largest(self, form: ProductForm) -> float:
        """A bound on the magnitude of a product without its factor."""
        parts = [*form.units.items(), *(part for parts in form.groups.values() for part in parts)]
        size = 1.0
        for k, power in parts:
            span, error = self.analysis.span(k), self.errors.of(self.signal(k))
            moved = of_power(Interval(span.lo - error, span.hi + error), error, power)
            size *= magnitude(self._power_span(k, power)) + moved
        return size

    def _product(self, form: ProductForm, frac: int) -> SignedNode:
        """coefficient * factors; the coefficient goes into a table where there is one."""
        self._gather(form)
        tables = [self._column_factor(k, form.groups[k]) for k in sorted(form.groups)]
        plain = []
        for number, power in form.units.items():
            if power < 0 or (
                self.nodes[number].op in SIGNAL_FUNCTIONS and self.of_signals.folds(number)
            ):
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
            factors.append(table.make(weight, frac + extra_bits(share, self.most) + again))
        factors.extend(self.signal(k) for k in plain)
        if tables:
            return self.arithmetic.multiplied(factors, frac), False
        whole = self.arithmetic.multiplied(factors, frac + extra_bits(abs(form.factor), self.most))
        return self.arithmetic.scaled(whole, form.factor, frac)

    def _gather(self, form: ProductForm) -> None:
        """Move factors of one input into a table on it that is there anyway."""
        single = {
            k: next(iter(self.analysis.support[k])) for k in form.units if self.inputs.is_narrow(k)
        }
        if not is_power_of_two(form.factor) and not form.groups:
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
        if self.nodes[number].op in SIGNAL_FUNCTIONS and self.of_signals.folds(number):
            return self.of_signals.made(number, power, weight, frac)
        return self.of_signals.unit(number, number, power, weight, frac)


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
