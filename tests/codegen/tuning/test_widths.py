"""Formats stated by hand for single nodes: exactly a cast, whichever node reads the signal."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from graph_samples import evaluated, random_graph, random_inputs
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder, Overflow, Quant, Width, cast_raw
from symtick.codegen.tuning.widths import with_widths
from symtick.errors import SymtickError

WRAPS, SATURATES = Overflow.WRAP, Overflow.SAT
BYTE = Fixed(8, 0)


def random_width(random: Random, graph: Graph) -> Width:
    node = random.randrange(len(graph.nodes))
    held = graph.nodes[node].fmt
    fmt = Fixed(
        max(1, held.width + random.randint(-6, 3)),
        held.frac + random.randint(-4, 3),
        random.random() < 0.5,
    )
    quant, overflow = random.choice(list(Quant)), random.choice(list(Overflow))
    return Width(node, fmt, quant, overflow=overflow)


@given(st.integers(0, 2**32))
@example(1000134)  # an address goes beyond its bounds, in the same format
@example(1000426)
@settings(max_examples=300)
def test_a_stated_format_is_a_cast_before_the_readers(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 18)
    width = random_width(random, graph)
    try:
        after = with_widths(graph, [width], keep_ports=False)
    except SymtickError:  # a reader of bit patterns, or a table that grows too large
        assume(False)
    after.check()
    rows = random_inputs(random, graph, 30)
    found = after.evaluate(rows)
    for row, raw in zip(rows.tolist(), found.tolist(), strict=True):
        values = evaluated(graph, row, width)
        wanted = [values[k] * 2**f.frac for k, f in zip(graph.outputs, after.output_formats,
                                                        strict=True)]  # fmt: skip
        assert raw == wanted
    assert with_widths(graph, [Width.from_dict(width.to_dict())], keep_ports=False) == after


def start(*formats: Fixed) -> tuple[GraphBuilder, list[int]]:
    builder = GraphBuilder(tuple("abc"[: len(formats)]))
    return builder, [builder.input(k, fmt) for k, fmt in enumerate(formats)]


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("quant", Quant)
def test_entries_of_a_table_are_cast(quant: Quant, overflow: Overflow) -> None:
    b, (x,) = start(Fixed(5, 0))
    entries = [(7 * p) % 64 - 32 for p in range(32)]
    graph = b.build([b.table(x, entries, Fixed(6, 2))], ["y"])
    width = Width(1, Fixed(3, 1), quant, overflow=overflow)
    after = with_widths(graph, [width], keep_ports=False)
    assert [n.op for n in after.nodes] == [GOp.INPUT, GOp.TABLE]
    rows = np.arange(-16, 16)
    wanted = cast_raw(graph.evaluate(rows[:, None])[:, 0], 2, width.fmt, quant, overflow)
    found = after.evaluate(rows[:, None])[:, 0]
    assert (after.output_formats[0].to_real(found) == width.fmt.to_real(wanted)).all()


@pytest.mark.parametrize("overflow", Overflow)
def test_what_no_value_leaves_is_wires(overflow: Overflow) -> None:
    b, (x, y) = start(Fixed(4, 2), Fixed(4, 2))
    graph = b.build([b.op(GOp.ADD, x, y)], ["z"])
    wide = with_widths(graph, [Width(2, Fixed(20, 9), overflow=overflow)], keep_ports=False)
    assert wide == graph
    cut = with_widths(graph, [Width(2, Fixed(20, 1), overflow=overflow)], keep_ports=False)
    last = cut.nodes[-1]
    assert (last.op, last.overflow, last.fmt) == (GOp.CAST, WRAPS, Fixed(4, 1))


def test_an_intermediate_value_wraps_and_the_port_saturates() -> None:
    b, (x, y) = start(BYTE, BYTE)
    total = b.op(GOp.ADD, x, y)
    graph = b.build([b.cast(b.op(GOp.MUL, total, y), BYTE, Quant.RND, SATURATES)], ["z"])
    short = Width(total, Fixed(4, 0), overflow=WRAPS)
    found = with_widths(graph, [short], keep_ports=True)
    assert found.output_formats == (BYTE,)
    # 9 is -7 in four bits; -7 * 100 is below -128
    assert found.evaluate([[5, 4], [-91, 100]])[:, 0].tolist() == [-28, -128]


def test_a_port_whose_format_held_all_still_does_not_wrap() -> None:
    b, (x, y) = start(Fixed(3, 0, False), Fixed(3, 0, False))
    graph = b.build([b.op(GOp.ADD, x, y)], ["z"])
    found = with_widths(graph, [Width(0, Fixed(3, 0), overflow=WRAPS)], keep_ports=True)
    # 7 is -1 in three bits: the sum is -1, which the unsigned port does not hold
    assert found.evaluate([[7, 0], [7, 5]])[:, 0].tolist() == [0, 4]


def test_readers_of_single_bits_are_named() -> None:
    b, (x, y) = start(Fixed(3, 0, False), Fixed(3, 0, False))
    graph = b.build([b.op(GOp.CONCAT, x, y)], ["z"])
    with pytest.raises(SymtickError, match=r"input1 gets values outside ufixed<3,3>, of which con"):
        with_widths(graph, [Width(1, Fixed(3, 0), overflow=WRAPS)], keep_ports=False)


def test_an_address_is_shortened_by_tuning_alone() -> None:
    b, (x,) = start(Fixed(3, 0))
    graph = b.build([b.table(x, [*range(8)], Fixed(3, 0, False))], ["y"])
    width = Width(1, Fixed(3, 0, False), Quant.RND, 1)
    with_widths(graph, [width], keep_ports=False)
    stated = Width(1, width.fmt, Quant.RND, 1, SATURATES)
    with pytest.raises(SymtickError, match="table1 cannot lose 1 address bits"):
        with_widths(graph, [stated], keep_ports=False)
