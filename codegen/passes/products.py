"""Pass `products`: products of two signals, each whole or in parts.

A DSP block takes a product whole, where the device has blocks and the block is sooner ready or
cheaper than LUTs (`lut_equivalent`). In LUTs, one factor is read in digits of two bits; each adds
0, x, 2x or 3x of the other, which is chosen in the same LUT that adds it (DIGIT_ROW), so that a
product of n by m bits takes about n * m / 2 LUTs, half of what synthesis makes of `*`. Rows follow
one another, or stand in groups whose sums are added, which is larger and sooner ready. A product
may also be cut at the middle bit of a factor, again and again until its parts fit in a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from symtick.codegen.ir.arrival import Arrivals, joined
from symtick.codegen.ir.bit_views import digits
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.rewrite import rebuilt, rewrite
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.passes.halving import halved
from symtick.codegen.passes.one_bit_factors import product
from symtick.expr import reachable

_GROUPS = (1, 2, 3, 4)
# up to this many bits of a factor, digits of one bit, which need no 3x, can be smaller
_SHORT = 4
# products that are tried smaller: each takes the time of a pass
_WEIGHED = 8


def products(graph: Graph, model: CostModel) -> Graph:
    """Products in the smallest form that does not make the design later than the soonest form."""
    soon = _Products(graph, model, frozenset())
    best = soon.run()
    small: frozenset[int] = frozenset()
    gains = sorted(soon.gains, key=lambda k: -soon.gains[k])
    for k in gains[:_WEIGHED]:
        other = _Products(graph, model, small | {k})
        smaller = other.run()
        if other.stages <= soon.stages:
            small, best = small | {k}, smaller
    return best


class _Products:
    def __init__(self, graph: Graph, model: CostModel, small: frozenset[int]) -> None:
        """Products of `small` are made for area, the others for time."""
        self.graph = graph
        self.builder = GraphBuilder(graph.input_names)
        self.gains: dict[int, float] = {}  # LUTs that a product for area would save
        self.stages = 0
        self._model = model
        self._small = small
        self._watch = Arrivals(self.builder.view(), model)
        self._live: set[int] = set()

    def run(self) -> Graph:
        """The graph with its products in parts."""
        return rewrite(self.graph, self.builder, self._rule)

    def _rule(self, number: int, places: Sequence[int]) -> int:
        made = rebuilt(self.builder, self.graph, number, places)
        if self.builder.nodes[made].op is GOp.MUL:  # bounds may have left a factor one bit
            made = product(self.builder, *self.builder.nodes[made].args)
        if self._is_of_signals(made):
            made = self._cheapest(number, made)
        elif self.builder.nodes[made].op is GOp.MUL:
            # with a constant it may be longer than a stage
            made = halved(self.builder, self._watch.fits, made)
        if number in self.graph.outputs:
            self.stages = max(self.stages, self._watch.ready(made)[0])
        return made

    def _is_of_signals(self, number: int) -> bool:
        node = self.builder.nodes[number]
        constant = any(self.builder.nodes[a].op is GOp.CONST for a in node.args)
        return node.op is GOp.MUL and not constant

    def _cheapest(self, source: int, number: int) -> int:
        """The form of the product `source` of the graph that is to be taken."""
        made = [make() for make in self._forms(number)]
        costs = {k: self._cost(k) for k in made}
        soonest = min(made, key=lambda k: (*costs[k], k))
        smallest = min(made, key=lambda k: (costs[k][0], costs[k][2], costs[k], k))
        if costs[smallest][2] < costs[soonest][2]:
            self.gains[source] = costs[soonest][2] - costs[smallest][2]
        best = smallest if source in self._small else soonest
        self._live |= self._cone(best)
        return best

    def _cost(self, number: int) -> tuple[bool, int, float, float]:
        """Whether a part is longer than a stage; the stage when ready; LUTs not there yet; ns."""
        cone = self._cone(number)
        late = not all(self._watch.fits(k) for k in cone)
        area = sum(lut_equivalent(self._model.area(self._watch.view, k)) for k in cone)
        stage, ns = self._watch.ready(number)
        return late, stage, area, ns

    def _cone(self, number: int) -> set[int]:
        """The nodes below one, itself included, that nothing chosen before has."""
        cone = reachable(self.builder.nodes, [number], lambda k: k not in self._live)
        return {k for k in cone if k not in self._live}

    def _forms(self, number: int) -> Iterator[Callable[[], int]]:
        node = self.builder.nodes[number]
        yield partial(halved, self.builder, self._watch.fits, number)
        if self._model.area(self._watch.view, number).dsp:
            yield partial(halved, self.builder, self._watch.fits, number, longer=True)
        orders = dict.fromkeys((node.args, node.args[::-1]))
        for x, y in orders:
            width = self.builder.nodes[y].fmt.width
            for bits in (1, 2) if width <= _SHORT else (2,):
                sizes = {-(-width // bits // groups): groups for groups in _GROUPS}
                for groups in sizes.values():
                    yield partial(self._rows, node, x, y, bits, groups)

    # --- rows ----------------------------------------------------------------------------------

    def _rows(self, node: GNode, x: int, y: int, bits: int, groups: int) -> int:
        """x * y, y in digits of `bits` bits, their rows in `groups` chains."""
        factors = digits(self.builder, y, bits)
        triple = x
        if any(self.builder.nodes[d].hi == 3 for d, _ in factors):
            triple = self.builder.op(GOp.ADD, x, self.builder.scale(x, 1))
        size = -(-len(factors) // groups)
        starts = range(0, len(factors), size)
        parts = [self._chain(x, triple, factors[k : k + size]) for k in starts]
        # the two earliest are added first
        add = partial(self.builder.op, GOp.ADD)
        return self.builder.bits(joined(parts, self._watch.ready, add), node.fmt)

    def _chain(self, x: int, triple: int, factors: list[tuple[int, int]]) -> int:
        total = self.builder.const(0, 0)
        for digit, exponent in factors:
            moved = [self.builder.scale(k, exponent) for k in (x, triple)]
            total = self.builder.op(GOp.DIGIT_ROW, total, digit, *moved)
        return total
