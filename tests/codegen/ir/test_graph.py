"""The graph: exact values, exact formats, and a verifier that catches corruption."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from graph_samples import evaluated, random_graph, random_inputs
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.codegen import Fixed, GNode, GOp, Graph, GraphBuilder, Overflow, Quant
from symtick.errors import InputError, WidthError

seeds = st.integers(0, 2**32)


@given(seeds)
def test_evaluation_agrees_with_rationals(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random)
    graph.check()
    rows = random_inputs(random, graph, 8)
    got = graph.evaluate(rows)
    for row, found in zip(rows.tolist(), got.tolist(), strict=True):
        values = evaluated(graph, row)
        for number, raw, fmt in zip(graph.outputs, found, graph.output_formats, strict=True):
            assert raw * Fraction(2) ** -fmt.frac == values[number]


@given(seeds)
def test_every_value_lies_within_its_bounds(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random)
    for row in random_inputs(random, graph, 8).tolist():
        for node, value in zip(graph.nodes, evaluated(graph, row), strict=True):
            raw = value * Fraction(2) ** node.fmt.frac
            assert raw.denominator == 1
            assert node.fmt.raw_min <= node.lo <= raw <= node.hi <= node.fmt.raw_max


@given(seeds)
@settings(max_examples=30)
def test_equal_nodes_stand_once_and_a_copy_is_equal(seed: int) -> None:
    graph = random_graph(Random(seed))
    assert len(set(graph.nodes)) == len(graph.nodes)
    builder = GraphBuilder(graph.input_names)
    twice = [builder.again(n) for n in graph.nodes] + [builder.again(n) for n in graph.nodes]
    assert twice == [*range(len(graph.nodes))] * 2
    assert builder.build(graph.outputs, graph.output_names) == graph


@given(seeds, st.data())
def test_the_verifier_catches_corruption(seed: int, data: st.DataObject) -> None:
    graph = random_graph(Random(seed))
    place = data.draw(st.integers(0, len(graph.nodes) - 1))
    node = graph.nodes[place]
    broken = data.draw(st.sampled_from(_corruptions(graph, node)))
    nodes = (*graph.nodes[:place], broken, *graph.nodes[place + 1 :])
    with pytest.raises(InputError):
        replace(graph, nodes=nodes).check()


def _corruptions(graph: Graph, node: GNode) -> list[GNode]:
    wide = Fixed(node.fmt.width + 1, node.fmt.frac, node.fmt.signed)
    found = [replace(node, args=(*node.args, 0)), replace(node, args=(len(graph.nodes),))]
    if node.op not in (GOp.INPUT, GOp.TABLE, GOp.CAST):
        found += [replace(node, fmt=wide), replace(node, lo=node.lo - 1)]
        found += [replace(node, contents=(1,)), replace(node, quant=Quant.RND_INF)]
    if node.op is GOp.TABLE:
        found += [replace(node, contents=node.contents[1:]), replace(node, hi=node.hi + 1)]
        found += [replace(node, contents=(node.fmt.raw_max + 1, *node.contents[1:]))]
    if node.op is GOp.CAST:
        found += [replace(node, hi=node.hi + 1), replace(node, number=3)]
    if node.op is GOp.INPUT:
        found += [replace(node, hi=node.fmt.raw_max + 1), replace(node, number=99)]
    return found


def test_the_verifier_names_order_duplicates_and_outputs() -> None:
    builder = GraphBuilder(("a",))
    a = builder.input(0, Fixed(4, 0))
    graph = builder.build([builder.op(GOp.NEG, a)], ["y"])
    late = replace(graph.nodes[1], args=(1,))
    with pytest.raises(InputError, match=r"graph node 1 \(neg\) reads a later node"):
        replace(graph, nodes=(graph.nodes[0], late)).check()
    with pytest.raises(InputError, match=r"graph node 2 \(neg\) stands twice"):
        replace(graph, nodes=(*graph.nodes, graph.nodes[1])).check()
    with pytest.raises(InputError, match="every output needs one name"):
        replace(graph, output_names=()).check()
    with pytest.raises(InputError, match="an output is not a node"):
        replace(graph, outputs=(7,)).check()


def test_far_apart_points_do_not_overflow() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = builder.input(0, Fixed(2, -70, False), 1, 3), builder.input(1, Fixed(3, 0, False))
    graph = builder.build([builder.op(GOp.MIN, a, b)], ["y"])
    assert graph.evaluate(np.array([[1, 5], [3, 7]])).tolist() == [[5], [7]]


def test_a_cast_that_wraps_knows_its_bounds() -> None:
    builder = GraphBuilder(("a",))
    a = builder.input(0, Fixed(8, 0))
    fits = builder.cast(a, Fixed(9, 0), Quant.TRN, Overflow.WRAP)
    wraps = builder.cast(a, Fixed(4, 0), Quant.TRN, Overflow.WRAP)
    assert (builder.nodes[fits].lo, builder.nodes[fits].hi) == (-128, 127)
    assert (builder.nodes[wraps].lo, builder.nodes[wraps].hi) == (-8, 7)


def test_what_the_builder_refuses() -> None:
    builder = GraphBuilder(("a",))
    a = builder.input(0, Fixed(17, 0))
    with pytest.raises(InputError, match="no input port 1"):
        builder.input(1, Fixed(4, 0))
    with pytest.raises(InputError, match=r"bounds \[0, 99\] of input a do not lie"):
        builder.input(0, Fixed(4, 0), 0, 99)
    with pytest.raises(InputError, match="add is not built from 1 arguments"):
        builder.op(GOp.ADD, a)
    with pytest.raises(WidthError, match="at most 16 address bits, not 17"):
        builder.table(a, [0] * (1 << 17), Fixed(4, 0))
    with pytest.raises(WidthError, match="an entry of a table has at most 64 bits, not 65"):
        builder.table(builder.bits(a, Fixed(1, 0, False)), [0, 1], Fixed(65, 0))
    wide = builder.op(GOp.MUL, a, a)
    wide = builder.op(GOp.MUL, wide, wide)
    with pytest.raises(WidthError, match=r"mul grows too wide: .* cast its arguments"):
        builder.op(GOp.MUL, wide, wide)


def test_raw_inputs_are_checked() -> None:
    builder = GraphBuilder(("a",))
    graph = builder.build([builder.input(0, Fixed(4, 0), -2, 2)], ["y"])
    with pytest.raises(InputError, match=r"input a has a raw value outside \[-2, 2\]"):
        graph.evaluate(np.array([[3]]))
    with pytest.raises(InputError, match=r"integers of shape \(n, 1\)"):
        graph.evaluate(np.array([[0.5]]))


@pytest.mark.parametrize("overflow", list(Overflow))
def test_a_cast_of_one_value_has_one_value(overflow: Overflow) -> None:
    builder = GraphBuilder(("x",))
    one = builder.op(GOp.GE, builder.input(0, Fixed(3, 0), 1, 3), builder.const(1, 0))
    node = builder.nodes[builder.cast(one, Fixed(2, -1, False), Quant.TRN, overflow)]
    assert node.lo == node.hi == 0
    wide = builder.cast(builder.const(5, 0), Fixed(2, 0, False), Quant.TRN, overflow)
    low = builder.cast(builder.input(0, Fixed(3, 0), 1, 3), Fixed(2, 2, False), Quant.TRN, overflow)
    assert (builder.nodes[low].hi == 0) is (overflow is Overflow.WRAP)
    wanted = {Overflow.WRAP: 1, Overflow.SAT_ZERO: 0}.get(overflow, 3)
    assert builder.nodes[wide].lo == builder.nodes[wide].hi == wanted
