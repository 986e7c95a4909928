"""Function units: a function of one signal by the cheapest method that keeps a bound.

Narrow signals become one table. For others every method that fits makes a plan; each plan is built
on its own, bounded without sampling, passed through the passes that change areas, and the one with
the smallest product of LUT-equivalents and ticks is built into the graph. The method and its bound
stay with the design.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from symtick.codegen.functions.candidates import (
    FunctionPlan,
    equal_choices,
    fewest,
    highest_degree,
    octave_choices,
)
from symtick.codegen.functions.digit_recurrence import square_root
from symtick.codegen.functions.horner import BoundedValue
from symtick.codegen.functions.range_reduction import (
    Emit,
    clamped,
    folded,
    on_a_turn,
    split_exponential,
)
from symtick.codegen.functions.segmentation import equal_pieces
from symtick.codegen.functions.tables import Address, address, tabled
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.arrival import arrivals, node_delays
from symtick.codegen.ir.fixed import Reals
from symtick.codegen.ir.graph import GNode, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.rewrite import stored
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.lowering.error_bounds import ErrorBounds
from symtick.codegen.passes.linear.shift_add import shift_add
from symtick.codegen.passes.splitting import split
from symtick.errors import AccuracyError, WidthError
from symtick.expr import reachable

# so few pieces are not worth looking for another segmentation
_FEW_PIECES = 256
_MANY_PIECES = 1 << 20
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

    def table(self, number: int, bits: int, function: Univariate, frac: int, values: Reals | None
              = None) -> int:  # fmt: skip
        """One table on the top bits, however exact that is.

        Args:
            number: the signal.
            bits: most address bits.
            function: of the signal.
            frac: bits after the point of the entries.
            values: of the function at the address's points, where they are known already.
        """
        at = address(self.builder, number, bits)
        entries = function.values(at.points) if values is None else values
        made = tabled(self.builder, at, entries, frac, lambda k: function.exact(at.points[k]))
        error = 2.0 ** -(frac + 1) + (self._blur(number, at, function) if at.step else 0.0)
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
    raw = function.nearest(at.points.tolist(), frac)
    return BoundedValue(stored(builder, at.node, at.lo, raw, frac), 2.0 ** -(frac + 1))


def _root(builder: GraphBuilder, number: int, frac: int) -> BoundedValue:
    return BoundedValue(square_root(builder, number, frac), 2.0 ** -(frac + 1))
