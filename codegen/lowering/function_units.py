"""Function units: a function of one signal by the cheapest method that keeps a bound.

Narrow signals become one table. For others every method that fits makes a plan; each plan is built
on its own, bounded without sampling, passed through the passes that change areas, and the one with
the smallest product of LUT-equivalents and ticks is built into the graph. The method and its bound
stay with the design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import NamedTuple

import mpmath
import numpy as np

from symtick.codegen.functions.candidates import (
    FunctionPlan,
    equal_choices,
    fewest,
    highest_degree,
    octave_choices,
)
from symtick.codegen.functions.digit_recurrence import square_root
from symtick.codegen.functions.range_reduction import (
    Emit,
    clamped,
    folded,
    on_a_turn,
    split_exponential,
)
from symtick.codegen.functions.segmentation import equal_pieces
from symtick.codegen.functions.tables import Address, BoundedValue, address, tabled
from symtick.codegen.functions.univariate import Univariate, weighted_power
from symtick.codegen.ir.arrival import arrivals, node_delays
from symtick.codegen.ir.fixed import RawArray
from symtick.codegen.ir.graph import GNode, GOp, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.lowering.analysis import Analysis
from symtick.codegen.lowering.error_bounds import ErrorBounds, carried, images, of_power, total
from symtick.codegen.lowering.precision import Precision
from symtick.codegen.passes.linear.shift_add import shift_add
from symtick.codegen.passes.splitting import split
from symtick.errors import AccuracyError, DomainError, WidthError
from symtick.expr import Interval, reachable

# so few pieces are not worth looking for another segmentation
_FEW_PIECES = 256
_MANY_PIECES = 1 << 20
# a function's table is made again for each factor it is multiplied by up to this many bits
_FOLD_BITS = 8
# codes beyond the range of a function, at either end, that are looked at one by one
_MOST_OUTSIDE = 4096
_EXACT_BITS = 240  # hold every raw value
# numbers of octaves that are tried, from the fewest that serve on
_MOST_OCTAVES = 2


class FunctionUnit(NamedTuple):
    """How a function of a signal is computed.

    Attributes:
        node: graph node of the result.
        function: of its argument v.
        method: table, polynomial and so on, with its size.
        frac: bits after the point that were asked for; one ulp is 2**-frac.
        ulp: bound on the distance from the function of the signal as it is computed, in ulp.
    """

    node: int
    function: Univariate
    method: str
    frac: int
    ulp: float

    @property
    def text(self) -> str:
        """The function in the language of expressions; a part that is read twice stands twice."""
        return self.function.text


@dataclass
class FunctionUnits:
    """Makes function units in a builder and remembers how.

    Attributes:
        builder: where the graph grows.
        model: what decides between methods.
        units: what was made, by node.
        errors: bounds on the errors of the builder's nodes.
    """

    builder: GraphBuilder
    model: CostModel
    units: dict[int, FunctionUnit] = field(default_factory=dict)
    errors: ErrorBounds = field(init=False)

    def __post_init__(self) -> None:
        self.errors = ErrorBounds(self.builder)

    def table(self, number: int, bits: int, function: Univariate, frac: int) -> int:
        """One table on the top bits, however exact that is.

        Args:
            number: the signal.
            bits: most address bits.
            function: of the signal.
            frac: bits after the point of the entries.
        """
        at = address(self.builder, number, bits)
        made, error = tabled(self.builder, at, function, frac)
        error += self._blur(number, at, function) if at.step else 0.0
        self._note(made, function, f"table of {len(at.points)} entries", frac, error)
        return made

    def made(self, number: int, bits: int, function: Univariate, frac: int) -> int:
        """A function of a signal within 2**-frac.

        Raises:
            AccuracyError: no method is as exact as that.
        """
        if address(self.builder, number, bits).step == 0.0:
            return self.table(number, bits, function, frac)
        plan = self.plan(number, bits, function, frac)
        if plan is None:
            source = self.builder.nodes[number]
            raise AccuracyError(
                f"{function.text} of a signal v in {source.fmt} cannot be computed to "
                f"{frac} bits after the point with tables of at most {bits} address bits; narrow "
                "the range or the format of the inputs, keep v from where the function is steep by "
                "max or min, or ask for fewer bits (a smaller term_frac, a larger error)"
            )
        value = plan.emit(self.builder, number)
        self._note(value.node, function, plan.method, frac, value.error)
        return value.node

    def fits(self, number: int, bits: int, function: Univariate, frac: int, degree: int) -> bool:
        """Whether a table or a polynomial of up to a degree keeps a function within 2**-frac."""
        node = self.builder.nodes[number]
        return any(True for _ in fewest(equal_choices(node, bits), node, function, frac, degree))

    def plan(self, number: int, bits: int, function: Univariate, frac: int) -> FunctionPlan | None:
        """The cheapest way to a function within 2**-frac, or None."""
        return self._plan(self.builder.nodes[number], bits, function, frac)

    def _plan(self, node: GNode, bits: int, function: Univariate, frac: int) -> FunctionPlan | None:
        best: tuple[tuple[float, float], FunctionPlan] | None = None
        for plans in self._schemes(node, bits, function, frac):
            for plan in plans:
                if best is not None and plan.least_cost > best[0][0]:
                    continue
                cost = self._cost(plan, node, 2.0**-frac)
                if cost is not None and (best is None or cost < best[0]):
                    best = cost, plan
            if best is not None and best[1].pieces <= _FEW_PIECES:
                break
        return None if best is None else best[1]

    def _schemes(
        self, node: GNode, bits: int, function: Univariate, frac: int
    ) -> Iterator[Iterable[FunctionPlan]]:
        """Plans by kind, the kinds that mostly suffice first."""
        if function.is_root and node.lo >= 0:
            yield [FunctionPlan("digit by digit", _MANY_PIECES, 0.0, partial(_root, frac=frac))]
        largest = highest_degree(node, frac)
        yield fewest(equal_choices(node, bits), node, function, frac, largest)
        inner = partial(self._inner, bits)
        for name, reduce in _REDUCTIONS:
            emit = reduce(node, bits, function, frac, inner)
            if emit is not None:
                yield [FunctionPlan(name, 1, 0.0, emit)]
        served = 0
        for pieces in octave_choices(node, bits, function):
            plans = list(fewest(pieces, node, function, frac, largest))
            yield plans
            served += bool(plans)
            if served == _MOST_OCTAVES:
                return

    def _inner(self, bits: int, node: GNode, function: Univariate, frac: int) -> Emit | None:
        """How to compute a function of a part of a signal."""
        if (node.hi - node.lo).bit_length() <= bits:
            return partial(_whole_table, function=function, frac=frac, bits=bits)
        plan = self._plan(node, bits, function, frac)
        return None if plan is None else plan.emit

    def _cost(self, plan: FunctionPlan, node: GNode, target: float) -> tuple[float, float] | None:
        """LUT-equivalents times ticks of a plan on its own, and the rest of its last tick.

        None if it misses the target.
        """
        builder = GraphBuilder(("v",))
        try:
            value = plan.emit(builder, builder.input(0, node.fmt, node.lo, node.hi))
            if value.error > target:
                return None
            graph = shift_add(builder.build([value.node], ["y"]), self.model)
            graph = split(graph, self.model)
        except WidthError:
            return None
        total = sum((self.model.area(graph, k) for k in range(len(graph.nodes))), Area())
        ready = arrivals(graph, node_delays(graph, self.model), self.model.budget_ns)
        stage, rest = ready[graph.outputs[0]]
        return lut_equivalent(total) * (stage + 1), rest

    def _blur(self, number: int, at: Address, function: Univariate) -> float:
        """Largest distance of a function from its value in the middle of its address's codes."""
        pieces = equal_pieces(self.builder.nodes[number], at.low)
        values, slopes = function.taylor(pieces.start, pieces.end, 1)
        span = pieces.span
        half = np.multiply(slopes.size, span, out=np.zeros_like(span), where=span > 0.0) / 2.0
        return float(np.minimum(half, values.hi - values.lo).max())

    def error(self, number: int) -> float:
        """Bound on the error of a unit against the function of its signal as it is computed."""
        unit = self.units[number]
        return math.ldexp(unit.ulp, -unit.frac)

    def outside(self, number: int, made: int, beyond: float) -> float:
        """Largest error of a unit where its signal is beyond the range of the function.

        Against the function's value at the end of the range, code by code; where there are many
        codes, whatever the unit can say there.

        Args:
            number: the signal.
            made: the unit.
            beyond: how far the signal may be beyond the range.
        """
        graph, function = self.builder.view(), self.units[made].function
        source, result = graph.nodes[number], graph.nodes[made]
        if not beyond / source.fmt.step < _MOST_OUTSIDE:
            # both are within the unit's range, the function's value but for the unit's error
            return (result.hi - result.lo + 1) * result.fmt.step + self.error(made)
        step = Fraction(2) ** -source.fmt.frac
        low, high = Fraction(function.domain.lo) / step, Fraction(function.domain.hi) / step
        far = Fraction(beyond) / step
        first, last = max(source.lo, math.floor(low - far)), min(source.hi, math.ceil(high + far))
        codes = [*range(first, math.ceil(low)), *range(math.floor(high) + 1, last + 1)]
        if not codes:
            return 0.0
        values: dict[int, RawArray] = {number: np.array(codes, object)}
        for k in sorted(reachable(graph.nodes, [made], lambda k: k != number)):
            if k != number:
                values[k] = graph.value(k, values)
        found = np.broadcast_to(values[made], len(codes)).tolist()
        wanted = function.exact(code * source.fmt.step for code in codes)
        with mpmath.workprec(_EXACT_BITS):
            places = -result.fmt.frac
            gaps = [abs(mpmath.ldexp(v, places) - w) for v, w in zip(found, wanted, strict=True)]
            return total(float(max(gaps)))

    def of(self, outputs: Sequence[int]) -> tuple[FunctionUnit, ...]:
        """The units that these outputs read, in order of their nodes."""
        needed = reachable(self.builder.nodes, outputs)
        return tuple(self.units[k] for k in sorted(needed) if k in self.units)

    def _note(self, node: int, function: Univariate, method: str, frac: int, error: float) -> None:
        self.units[node] = FunctionUnit(node, function, method, frac, math.ldexp(error, frac))
        self.errors.note(node, error)


_REDUCTIONS = (
    ("saturated", clamped),
    ("on a turn", on_a_turn),
    ("a product of two", split_exponential),
    ("of the magnitude", folded),
)


def _whole_table(
    builder: GraphBuilder, number: int, function: Univariate, frac: int, bits: int
) -> BoundedValue:
    at = address(builder, number, bits)
    return tabled(builder, at, function, frac)


def _root(builder: GraphBuilder, number: int, frac: int) -> BoundedValue:
    return BoundedValue(square_root(builder, number, frac), 2.0 ** -(frac + 1))


class SignalFunctions:
    """Functions of the signals of an expression, as units on its nodes.

    Args:
        analysis: of the expression.
        precision: how exactly to compute.
        units: makes them.
        signal: the graph node that computes an expression node.
    """

    def __init__(
        self,
        analysis: Analysis,
        precision: Precision,
        units: FunctionUnits,
        signal: Callable[[int], int],
    ) -> None:
        self.analysis, self.precision, self.units = analysis, precision, units
        self.builder, self.errors = units.builder, units.errors
        self._nodes, self._signal = analysis.expression.nodes, signal
        self._in_tables = precision.table_bits > 0  # whether sub-expressions become tables

    def folds(self, number: int) -> bool:
        """Whether a function's table takes constants in: it is used once, or small."""
        if not self._in_tables or number in self.analysis.whole:
            return False
        if self.analysis.uses[number] == 1:
            return True
        node = self.builder.nodes[self._signal(self._cut(number))]
        return (node.hi - node.lo).bit_length() <= _FOLD_BITS

    def made(self, number: int, power: int, weight: float, frac: int) -> int:
        """weight * function ** power of a signal."""
        cut, nearest = self._cut(number), self._nodes[number].args[0]
        try:
            return self.unit(number, cut, power, weight, frac)
        except AccuracyError:
            # sin(sqrt(v)) has no slope at 0; a root digit by digit and then its sine need none
            if cut == nearest:
                raise
            return self.unit(number, nearest, power, weight, frac)

    def _cut(self, number: int) -> int:
        """The node farthest below a function through which alone it sees its inputs.

        In tanh(2*h + 1) that is h: a table on h computes the line too.
        """
        support = self.analysis.support
        cut = self._nodes[number].args[0]
        while self._in_tables:
            below = {a for a in self._nodes[cut].args if support[a]}
            if len(below) != 1 or len(support[min(below)]) < 2:
                return cut
            (cut,) = below
        return cut

    def unit(self, number: int, cut: int, power: int, weight: float, frac: int) -> int:
        """weight * node ** power as a function unit on the node `cut`."""
        single = self._in_tables and len(self.analysis.support[cut]) == 1
        bits = self.precision.table_bits if single else self.precision.wide_bits
        signal, expression = self._signal(cut), self.analysis.expression
        error = self.errors.of(signal)
        whole = not self.precision.chords or address(self.builder, signal, bits).step == 0.0
        wider = error > 0.0 and self.precision.strict and not whole
        ranges = {cut: self.analysis.span(cut)}
        if error:
            ranges = self._ranges(number, cut, error if wider else 0.0, power)
        if wider:
            signal = self._inside(signal, ranges[cut])
            error = max(error, self.builder.nodes[signal].fmt.step)
        function = weighted_power(expression, number, cut, ranges[cut], power, weight)
        make = self.units.made if self.precision.chords else self.units.table
        made = make(signal, bits, function, frac)
        if error:
            away = carried(expression, number, cut, error, ranges)
            away = abs(weight) * of_power(ranges[number], away, power)
            own = self.units.error(made)
            if not (wider or whole):  # polynomials may go on beyond the range
                own = max(own, self.units.outside(signal, made, error))
            self.errors.note(made, own + away)
        return made

    def _ranges(self, number: int, cut: int, error: float, power: int) -> dict[int, Interval]:
        """Ranges from `cut` to a node, the former's wider by an error where all is defined.

        The node's power is, too.
        """
        span = self.analysis.span(cut)
        low, high = span.lo - error, span.hi + error
        for lo, hi in ((low, high), (span.lo, high), (low, span.hi)):
            try:
                ranges = images(self.analysis, number, cut, Interval(lo, hi))
            except DomainError:
                continue
            if power > 0 or 0.0 not in ranges[number]:
                return ranges
        return images(self.analysis, number, cut, span)

    def _inside(self, number: int, span: Interval) -> int:
        """A signal limited to a range, where its bounds go beyond."""
        node = self.builder.nodes[number]
        scale = Fraction(2) ** node.fmt.frac
        low, high = math.ceil(Fraction(span.lo) * scale), math.floor(Fraction(span.hi) * scale)
        if node.lo < low <= node.hi:
            number = self.builder.op(GOp.MAX, number, self.builder.const(low, node.fmt.frac))
        if node.lo <= high < node.hi:
            number = self.builder.op(GOp.MIN, number, self.builder.const(high, node.fmt.frac))
        return number
