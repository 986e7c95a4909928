"""Bounds that recognise equal signals: true, never wider than intervals, and useful."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
from graph_samples import random_graph, random_inputs, same
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder
from symtick.codegen.passes.ranges import Ranges, narrow

seeds = st.integers(0, 2**32)
MODEL = UnitModel()
MOST = 1 << 12


def every(graph: Graph, random: Random) -> np.ndarray:
    """All inputs that the bounds allow; random ones where these are too many."""
    held = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
    spans = [range(held[k].lo, held[k].hi + 1) if k in held else range(1) for k in range(3)]
    if np.prod([len(s) for s in spans]) <= MOST:
        return np.array(list(product(*spans)), np.int64)
    return random_inputs(random, graph, 400)


def all_nodes(graph: Graph) -> Graph:
    numbers = range(len(graph.nodes))
    return Graph(graph.nodes, tuple(numbers), graph.input_names, tuple(f"n{k}" for k in numbers))


@given(seeds)
@settings(max_examples=150)
def test_bounds_hold_every_value_and_are_never_wider_than_the_intervals(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    builder = GraphBuilder(graph.input_names, list(graph.nodes))
    bounds = Ranges(builder)
    values = all_nodes(graph).evaluate(every(graph, random))
    for k, node in enumerate(graph.nodes):
        lo, hi = bounds.of(k)
        assert node.lo <= lo <= hi <= node.hi
        assert lo <= values[:, k].min() and values[:, k].max() <= hi


@given(seeds)
@settings(max_examples=100)
def test_narrowing_changes_no_value_and_no_stated_port(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    after = narrow(graph, MODEL)
    after.check()
    assert same(graph, after, every(graph, random))
    for old, new in zip(graph.outputs, after.outputs, strict=True):
        if graph.nodes[old].op in (GOp.CAST, GOp.TABLE):
            assert after.nodes[new].fmt == graph.nodes[old].fmt


def start(*formats: Fixed) -> tuple[GraphBuilder, list[int]]:
    builder = GraphBuilder(tuple("abc"[: len(formats)]))
    return builder, [builder.input(k, fmt) for k, fmt in enumerate(formats)]


def test_what_cancels_is_seen() -> None:
    b, (x, y) = start(Fixed(16, 0), Fixed(16, 0))
    both, apart = b.op(GOp.ADD, x, y), b.op(GOp.SUB, x, y)
    twice = b.op(GOp.ADD, both, apart)  # 2x
    bounds = Ranges(b)
    assert bounds.of(both) == (-65536, 65534)
    assert bounds.of(twice) == (-65536, 65534)
    assert (b.nodes[twice].lo, b.nodes[twice].hi) == (-131071, 131069)
    half = b.op(GOp.SUB, x, b.scale(x, -1))
    assert bounds.of(half) == (-32768, 32767)


def test_curves_of_one_input_join_exactly() -> None:
    b, (x, y) = start(Fixed(4, 0, False), Fixed(4, 0, False))
    rises = b.table(x, [*range(16)], Fixed(4, 0, False))
    falls = b.table(x, [(15 - k) for k in range(16)], Fixed(4, 0, False))
    first = b.op(GOp.ADD, rises, y)
    whole = b.op(GOp.ADD, first, falls)
    assert Ranges(b).of(whole) == (15, 30)
    product_ = b.op(GOp.MUL, rises, falls)
    assert Ranges(b).of(product_) == (0, 56)


def test_a_narrower_sum_follows_from_it() -> None:
    b, (x, y) = start(Fixed(16, 0), Fixed(16, 0))
    difference = b.op(GOp.SUB, b.op(GOp.ADD, x, y), y)
    graph = narrow(b.build([b.op(GOp.ABS, difference)], ["z"]), MODEL)
    (cast,) = (n for n in graph.nodes if n.op is GOp.CAST)
    assert cast.fmt == Fixed(16, 0)
