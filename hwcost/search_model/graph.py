"""Graphs of the search's cost: what its rules build, priced by the search's table.

`lowered` turns one output of an expression into a `codegen.Graph` by the rules that
`hwcost.search_model.table` states, and `TableModel` prices its nodes from a `SearchCost`. The
compiler's scheduler and the sum of the areas then say what the output costs, and the kernel, which
builds no graph, must say the same (a property test holds it).

Formats are nominal: widths are of no account, since the table has the prices, and every operation
reads its arguments in a format of its own, as in a compiled design, so that two sums or products
share no adder. A table holds its number where the compiler would put values. An operator that is
longer than a tick is followed by casts that stand for its further stages.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from symtick.codegen.ir.arrival import Arrivals, Ready, arrivals, joined, node_delays
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import BIT, GOp, Graph, GraphBuilder
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.ir.signed_digits import signed_digits
from symtick.errors import InputError
from symtick.expr import Expression, Op, arity, from_programs, in_search_ops
from symtick.hwcost.search_model.forms import ADDITIVE, MANY, NONE, Forms, SumTerm, TableReading
from symtick.hwcost.search_model.table import TOLERANCE, SearchCost, rounded_factor

_WIDTH = 6  # of a signal and of a table's address
_POINTS = 400  # places for the point of a format; then the width grows
# a quotient that is no product with a reciprocal stands as a product, as an angle does; comparisons
# stand as differences, steps as magnitudes, choices by a bit of their condition
_GRAPH_OPS = {Op.ADD: GOp.ADD, Op.SUB: GOp.SUB, Op.NEG: GOp.NEG, Op.ABS: GOp.ABS, Op.MUL: GOp.MUL,
              Op.DIV: GOp.MUL, Op.MIN: GOp.MIN, Op.MAX: GOp.MAX, Op.ATAN2: GOp.MUL,
              Op.GE: GOp.SUB, Op.GT: GOp.SUB, Op.SIGN: GOp.ABS, Op.FLOOR: GOp.ABS,
              Op.WHERE: GOp.SELECT}  # fmt: skip


@dataclass(frozen=True)
class TableModel:
    """A `CostModel` that prices the nodes of a lowered graph.

    Attributes:
        cost: the search's table.
        prices: delay and LUTs of the nodes that are no wires; ns, or ticks where the table's are
            whole.
    """

    cost: SearchCost
    prices: dict[int, tuple[float, float]]

    @property
    def name(self) -> str:
        """For reports."""
        return "the search's cost table"

    @property
    def clock_ns(self) -> float:
        """The same as the budget: the table knows no more of the clock."""
        return self.budget_ns

    @property
    def budget_ns(self) -> float:
        """What logic can use of a tick."""
        return self.cost.period if self.cost.chain else 1.0

    def delay(self, graph: Graph, node: int) -> float:
        """Nanoseconds, or ticks, of a node."""
        return self.prices.get(node, (0.0, 0.0))[0]

    def registered(self, graph: Graph, node: int) -> bool:
        """Never: an operator's stages are in its price."""
        return False

    def area(self, graph: Graph, node: int) -> Area:
        """LUTs of a node."""
        return Area(lut=self.prices.get(node, (0.0, 0.0))[1])

    def absorbed(self, graph: Graph, adder: int) -> float:
        """None: it is in the price of a sum."""
        return 0.0


def lowered(expression: Expression, cost: SearchCost, output: int = 0) -> tuple[Graph, TableModel]:
    """The graph that the search's rules build for an output, and the model that prices it.

    Raises:
        InputError: the expression has another number of inputs than the cost's tables, or an
            operator that the search does not know.
    """
    if len(expression.inputs) != len(cost.table_lut):
        raise InputError(
            f"the expression has {len(expression.inputs)} inputs, "
            f"the cost has tables for {len(cost.table_lut)}"
        )
    alone = in_search_ops(from_programs([expression.to_program(output)], expression.inputs))
    work = _CostLowering(Forms(alone), cost)
    place = work.signal(alone.outputs[0])
    graph = Graph(tuple(work.builder.nodes), (place,), expression.inputs, ("y",))
    return graph, TableModel(cost, work.prices)


def search_cost(expression: Expression, cost: SearchCost, output: int = 0) -> tuple[int, float]:
    """Ticks and LUTs of one output, by the compiler's timing; the kernel's `costs` are the same.

    Raises:
        InputError: as for `lowered`.
    """
    graph, model = lowered(expression, cost, output)
    area = sum(model.area(graph, k).lut for k in range(len(graph.nodes)))
    stage, start = output_arrival(graph, model)
    if not cost.chain and start == 0.0:  # whole ticks, of operators only
        return 0, area
    return stage + 1, area


def output_arrival(graph: Graph, model: CostModel) -> Ready:
    """When the first output of a graph is ready, as the scheduler counts."""
    return arrivals(graph, node_delays(graph, model), model.budget_ns)[graph.outputs[0]]


@dataclass
class _CostLowering:
    forms: Forms
    cost: SearchCost
    builder: GraphBuilder = field(init=False)
    prices: dict[int, tuple[float, float]] = field(default_factory=dict)
    known: dict[int, int] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        self.builder = GraphBuilder(self.forms.expression.inputs)
        self.watch = Arrivals(self.builder.view(), TableModel(self.cost, self.prices))

    # --- graph nodes and their prices ----------------------------------------------------------

    def own(self, places: Iterable[int]) -> list[int]:
        """Signals in formats that no other operation reads, and each one in its own."""
        self.numbers += 1
        more, point = divmod(self.numbers, _POINTS)
        copies: Counter[int] = Counter()
        signals = []
        for place in places:
            fmt = Fixed(_WIDTH + more + copies[place], point)
            signals.append(self.builder.bits(place, fmt))
            copies[place] += 1
        return signals

    def priced(self, place: int, delay: float, lut: float) -> int:
        """An operation with its price; casts are its further stages where it takes several."""
        first, *later = self._stages(delay)
        self.prices[place] = (first, lut)
        for part in later:
            (place,) = self.own([place])
            self.prices[place] = (part, 0.0)
        return place

    def _stages(self, delay: float) -> list[float]:
        if not self.cost.chain:
            return [1.0] * math.ceil(delay) or [0.0]
        spans = max(1, math.ceil((delay - TOLERANCE) / self.cost.period))
        return [self.cost.period] * (spans - 1) + [delay - (spans - 1) * self.cost.period]

    def operation(self, op: Op, *places: int) -> int:
        """An operator of the language at its own price; a function is a table on its argument."""
        args = self.own(places)
        if op is Op.WHERE:
            args[0] = self.builder.bits(places[0], BIT)
        if op in _GRAPH_OPS and len(args) == arity(op):
            made = self.builder.op(_GRAPH_OPS[op], *args)
        else:
            made = self._table_on(args[0])
        return self.priced(made, self.cost.op_delay[op], self.cost.op_lut[op])

    def _table_on(self, place: int) -> int:
        address = self.builder.bits(place, Fixed(_WIDTH, 0))
        self.numbers += 1
        contents = [self.numbers, *[0] * ((1 << _WIDTH) - 1)]
        return self.builder.table(address, contents, Fixed(32, 0))

    def input(self, feature: int) -> int:
        """An input port."""
        return self.builder.input(feature, Fixed(_WIDTH, 0))

    def table(self, feature: int) -> int:
        """A table on an input."""
        place = self._table_on(self.input(feature))
        return self.priced(place, self.cost.table_delay[feature], self.cost.table_lut[feature])

    # --- expression nodes ----------------------------------------------------------------------

    def signal(self, number: int) -> int:
        """The graph node of an expression node."""
        if number not in self.known:
            make = self._fused if self.cost.fuse else self._plain
            self.known[number] = make(number)
        return self.known[number]

    def _plain(self, number: int) -> int:
        node = self.forms.nodes[number]
        if node.op is Op.INPUT:
            return self.input(node.index)
        if node.op is Op.CONST:
            return self.builder.const(1, 0)
        return self.operation(node.op, *(self.signal(a) for a in node.args))

    def _fused(self, number: int) -> int:
        node, feature = self.forms.nodes[number], self.forms.support[number]
        if feature == NONE:
            return self.builder.const(1, 0)
        if feature != MANY:
            return self.input(feature) if node.op is Op.INPUT else self.table(feature)
        reading = self.forms.reading(number)
        if reading.op is not None:
            return self.operation(reading.op, self._read(reading))
        if node.op in ADDITIVE:
            return self._sum(number)
        factor = self.forms.factor(number)
        if factor is not None:
            return self._scaled(*factor)
        if node.op is Op.DIV:
            return self._quotient(*node.args)
        return self.operation(node.op, *(self.signal(a) for a in node.args))

    def _read(self, reading: TableReading) -> int:
        """What a table reads."""
        if reading.whole or self.forms.nodes[reading.signal].op not in ADDITIVE:
            return self.signal(reading.signal)
        return self._sum(reading.signal, bare=True)

    def _scaled(self, number: int, factor: float) -> int:
        """The shift-and-add network of a constant: a balanced tree over its signed digits."""
        place = self.signal(number)
        digits = signed_digits(rounded_factor(factor, self.cost.factor_bits))
        if self.forms.takes_factor(number) or len(digits) < 2:
            return place
        (at,) = self.own([place])
        terms = [(self.builder.scale(at, exponent), sign < 0) for exponent, sign in digits]
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            odd = terms[-1:] if len(terms) % 2 else []
            terms = [(self._added(a, b, m != n), False) for (a, m), (b, n) in pairs] + odd
        return terms[0][0]

    def _added(self, first: int, second: int, subtract: bool = False) -> int:
        made = self.builder.op(GOp.SUB if subtract else GOp.ADD, first, second)
        return self.priced(made, self.cost.op_delay[Op.ADD], self.cost.op_lut[Op.ADD])

    def _quotient(self, over: int, under: int) -> int:
        """A product with the table of the reciprocal."""
        feature = self.forms.support[under]
        if self.forms.nodes[under].op is Op.INPUT:
            inverse = self.table(feature)
        else:
            inverse = self.signal(under)
            if feature == MANY and not self.forms.is_table(under):
                inverse = self.operation(Op.DIV, inverse)
        return self.operation(Op.MUL, self.signal(over), inverse)

    # --- sums ----------------------------------------------------------------------------------

    def _sum(self, number: int, bare: bool = False) -> int:
        """A flattened sum; `bare`: without its constants and its sign."""
        terms, extra = self.forms.merged(number, constants=not bare)
        places = [self._operand(term) for term in terms]
        if extra:
            places.append(self.builder.const(1, 0))
        # adders join the two earliest until one is left
        total = joined(self.own(places), self.watch.ready, self._added)
        signs = [t.negative and not self.forms.computed(t) for t in terms]
        return self.operation(Op.NEG, total) if all(signs) and not (extra or bare) else total

    def _operand(self, term: SumTerm) -> int:
        if term.feature == MANY:
            return self.signal(term.node)
        return self.input(term.feature) if term.bare else self.table(term.feature)
