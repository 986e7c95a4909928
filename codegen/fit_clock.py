"""Make every operation short enough for one tick of the clock.

Room: `codegen`. A product that takes longer than a period leaves for logic is split into partial
products, which the scheduler can spread over ticks; the result is the same integer. A table cannot
be split without loss, so the widest address that fits is known before tables are made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from symtick.codegen.fixed import Fixed, Overflow, Quant
from symtick.codegen.graph import MAX_TABLE_BITS, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.precision import Precision
from symtick.codegen.schedule import CostModel

_PROBE_BITS = 8  # output bits of the table that is asked about
_SMALLEST_TABLE = 4


def widest_table(model: CostModel) -> int:
    """Most address bits of a table whose delay fits a tick; at least 4."""
    for bits in range(MAX_TABLE_BITS, _SMALLEST_TABLE, -1):
        builder = GraphBuilder(("x",))
        address = builder.input(0, Fixed(bits, 0, False))
        # multiplying by an odd number mixes the bits, so that every output bit needs them all
        mixed = [(k * 40503 >> 3) % (1 << _PROBE_BITS) for k in range(1 << bits)]
        table = builder.table(address, mixed, Fixed(_PROBE_BITS, 0, False))
        if model.delay(builder.build([table], ["y"]), table) <= model.budget_ns:
            return bits
    return _SMALLEST_TABLE


def fitted(precision: Precision, model: CostModel) -> Precision:
    """The precision with table addresses no wider than fit a tick."""
    widest = widest_table(model)
    return replace(
        precision,
        table_bits=min(precision.table_bits, widest),
        wide_bits=min(precision.wide_bits, widest),
    )


def split_products(graph: Graph, model: CostModel) -> Graph:
    """The graph with each product that takes longer than a tick as a sum of shorter ones."""
    splitter = _Splitter(graph.input_names, model)
    place: list[int] = []
    for k, node in enumerate(graph.nodes):
        args = [place[a] for a in node.args]
        too_long = node.op is GOp.MUL and model.delay(graph, k) > model.budget_ns
        if too_long:
            place.append(splitter.builder.cast(splitter.product(*args), node.fmt, *_EXACT))
        else:
            place.append(splitter.builder.again(node, args))
    return splitter.builder.build([place[k] for k in graph.outputs], graph.output_names)


# keeps the value where it fits the format, as a product does its own
_EXACT = (Quant.TRN, Overflow.WRAP)


class _Splitter:
    def __init__(self, input_names: tuple[str, ...], model: CostModel) -> None:
        self.builder = GraphBuilder(input_names)
        self._model = model
        # the list grows with the builder; a tuple would have to be made anew for every question
        nodes = cast("tuple[GNode, ...]", self.builder.nodes)
        self._view = Graph(nodes, (), input_names, ())

    def product(self, a: int, b: int) -> int:
        """a * b, exactly, from products that fit a tick."""
        whole = self.builder.op(GOp.MUL, a, b)
        widths = [self.builder.nodes[k].fmt.width for k in (a, b)]
        if self._model.delay(self._view, whole) <= self._model.budget_ns or max(widths) == 1:
            return whole
        if widths[0] < widths[1]:
            a, b = b, a
        high, low = self._halves(a)
        return self.builder.op(GOp.ADD, self.product(high, b), self.product(low, b))

    def _halves(self, a: int) -> tuple[int, int]:
        """a as a sum of its upper bits and its lower bits (read as unsigned)."""
        fmt = self.builder.nodes[a].fmt
        bits = fmt.width // 2
        upper = Fixed(fmt.width - bits, fmt.frac - bits, fmt.signed)
        lower = Fixed(bits, fmt.frac, False)
        return self.builder.cast(a, upper, *_EXACT), self.builder.cast(a, lower, *_EXACT)
