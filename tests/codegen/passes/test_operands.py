"""The order of an adder's operands, and which tables an adder takes in."""

from __future__ import annotations

import numpy as np

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder
from symtick.codegen.ir.absorption import absorbable
from symtick.codegen.passes.operands import order_operands
from symtick.hwcost import model

RNG = np.random.default_rng(3)


def table(builder: GraphBuilder, number: int, address: int, bits: int) -> int:
    source = builder.input(number, Fixed(address, 0, False))
    contents = RNG.integers(0, 1 << bits, 1 << address)
    contents[:2] = 0, (1 << bits) - 1
    return builder.table(source, contents.tolist(), Fixed(bits, 0, False))


def sum_of(first: tuple[int, int], second: tuple[int, int]) -> Graph:
    """A sum of two tables of (address, bits)."""
    builder = GraphBuilder(("x", "y"))
    both = [table(builder, k, *size) for k, size in enumerate((first, second))]
    return builder.build([builder.op(GOp.ADD, *both)], ["s"])


def second_operand(graph: Graph) -> int:
    """Address bits of the table that comes second."""
    adder = graph.nodes[graph.outputs[0]]
    return len(graph.nodes[adder.args[1]].contents).bit_length() - 1


def test_the_table_that_an_adder_takes_in_comes_second() -> None:
    costs = model()
    for first, second, expected in (
        ((5, 4), (6, 4), 5),
        ((6, 4), (5, 4), 5),
        ((5, 6), (4, 3), 5),  # the wider of two
        ((4, 3), (5, 6), 5),
    ):
        graph = sum_of(first, second)
        made = order_operands(graph, costs)
        assert second_operand(made) == expected
        rows = np.stack([RNG.integers(0, 1 << min(a, 6), 64) for a, _ in (first, second)], axis=1)
        assert (made.evaluate(rows) == graph.evaluate(rows)).all()


def test_a_table_that_others_read_stays_where_it_is() -> None:
    builder = GraphBuilder(("x", "y"))
    small, large = table(builder, 0, 5, 4), table(builder, 1, 6, 4)
    both = builder.op(GOp.ADD, small, large)
    graph = builder.build([both, small], ["s", "t"])
    assert order_operands(graph, model()).nodes[graph.outputs[0]].args == graph.nodes[both].args
    assert list(absorbable(graph.nodes, range(len(graph.nodes)), graph.outputs)) == [(both, large)]
