"""Passes: none changes a value, and each does its work."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from graph_samples import random_graph, random_inputs, same
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    PASSES,
    CostModel,
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Overflow,
    Pass,
    Precision,
    Quant,
    compile_expression,
    run_passes,
)
from symtick.codegen.passes.fusion import cuts, fuse
from symtick.codegen.passes.linear.shift_add import shift_add
from symtick.codegen.passes.pipeline import fill, fold
from symtick.codegen.passes.products import products
from symtick.codegen.passes.splitting import split
from symtick.errors import InputError
from symtick.expr import parse
from symtick.hwcost import model

seeds = st.integers(0, 2**32)
MODEL = UnitModel()


@pytest.mark.parametrize("step", PASSES, ids=lambda step: step.name)
@given(seed=seeds)
@settings(max_examples=60)
def test_no_pass_changes_a_value(step: Pass, seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 20)
    after = step.run(graph, MODEL)
    after.check()
    assert same(graph, after, random_inputs(random, graph, 40))
    assert after.input_names == graph.input_names
    assert after.output_names == graph.output_names


@given(seeds)
@settings(max_examples=100)
def test_all_passes_together_change_no_value_and_no_stated_port(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    after = run_passes(graph, MODEL)
    assert same(graph, after, random_inputs(random, graph, 60))
    for old, new in zip(graph.outputs, after.outputs, strict=True):
        if graph.nodes[old].op in (GOp.CAST, GOp.TABLE):
            assert after.nodes[new].fmt == graph.nodes[old].fmt


@given(seeds)
@settings(max_examples=30)
def test_passes_give_the_same_graph_twice(seed: int) -> None:
    graph = random_graph(Random(seed), 20)
    assert run_passes(graph, MODEL) == run_passes(graph, MODEL)


def dump(graph: Graph) -> list[str]:
    return str(graph).splitlines()


def start(*widths: int) -> tuple[GraphBuilder, list[int]]:
    builder = GraphBuilder(tuple("abc"[: len(widths)]))
    return builder, [builder.input(k, Fixed(w, 0)) for k, w in enumerate(widths)]


def test_folding_removes_what_computes_nothing() -> None:
    b, (x,) = start(4)
    zero, one, eight = b.const(0, 0), b.const(1, 0), b.const(8, 0)
    plus = b.op(GOp.ADD, b.op(GOp.MUL, x, one), zero)
    back = b.op(GOp.NEG, b.op(GOp.NEG, b.op(GOp.SUB, plus, b.op(GOp.SUB, x, x))))
    known = b.op(GOp.MAX, b.op(GOp.MUL, back, eight), b.const(-1000, 0))
    graph = fold(b.build([known], ["y"]), MODEL)
    assert dump(graph) == [
        "%0 = input a : fixed<4,4> [-8, 7]",
        "%1 = scale %0 3 : fixed<4,7> [-8, 7]",
        "y = %1",
    ]


def test_a_table_that_only_moves_the_point_is_a_wire() -> None:
    b, (x,) = start(4)
    codes = [p - 16 * (p >= 8) for p in range(16)]
    table = b.table(x, [4 * c for c in codes], Fixed(7, 3))
    almost = b.table(x, [4 * c + (c == 3) for c in codes], Fixed(7, 3))
    graph = fold(b.build([b.op(GOp.ABS, table), almost], ["y", "z"]), MODEL)
    assert dump(graph)[1:4] == [
        "%1 = scale %0 -1 : fixed<4,3> [-8, 7]",
        "%2 = table %0 [16] : fixed<7,4> [-32, 28]",
        "%3 = abs %1 : ufixed<4,3> [0, 8]",
    ]


def test_constant_products_become_shifts_and_additions() -> None:
    b, (x,) = start(8)
    graph = shift_add(b.build([b.op(GOp.MUL, x, b.const(7, 0))], ["y"]), MODEL)
    assert dump(graph) == [
        "%0 = input a : fixed<8,8> [-128, 127]",
        "%1 = scale %0 3 : fixed<8,11> [-128, 127]",
        "%2 = sub %1 %0 : fixed<12,12> [-1151, 1144]",
        "%3 = cast %2 TRN WRAP : fixed<11,11> [-1024, 1023]",
        "y = %3",
    ]


def test_a_table_of_a_table_is_one_table() -> None:
    b, (x,) = start(4)
    first = b.table(x, [(5 * p) % 64 for p in range(16)], Fixed(6, 0, False))
    second = b.table(b.op(GOp.ADD, first, b.const(1, 0)), [*range(64)], Fixed(6, 0, False))
    graph = fuse(b.build([second], ["y"]), MODEL)
    assert [node.op for node in graph.nodes] == [GOp.INPUT, GOp.TABLE]
    wanted = [(5 * p) % 64 + 1 for p in range(16)]
    assert list(graph.nodes[1].contents) == wanted


def test_what_depends_on_two_narrow_signals_is_one_table() -> None:
    b, (x, y) = start(3, 3)
    product = b.op(GOp.MUL, x, y)
    larger = b.op(GOp.MAX, product, b.op(GOp.SUB, x, y))
    graph = b.build([b.op(GOp.ADD, larger, b.const(3, 0))], ["y"])
    fused = fuse(graph, MODEL)
    assert [node.op for node in fused.nodes] == [GOp.INPUT, GOp.INPUT, GOp.CONCAT, GOp.TABLE]
    rows = np.array([[p, q] for p in range(-4, 4) for q in range(-4, 4)])
    assert same(graph, fused, rows)


def test_two_signals_stay_apart_where_their_table_is_larger() -> None:
    b, (x, y) = start(5, 5)
    graph = b.build([b.op(GOp.ADD, x, y)], ["y"])
    assert fuse(graph, MODEL) == graph


@given(seed=seeds)
def test_every_cut_determines_its_node(seed: int) -> None:
    graph = random_graph(Random(seed), 20)
    for k, found in enumerate(cuts(graph)):
        for cut in found:
            pending, ends = [k], set()
            while pending:
                here = pending.pop()
                if here in cut:
                    continue
                ends |= {graph.nodes[here].op} if not graph.nodes[here].args else set()
                pending.extend(graph.nodes[here].args)
            assert ends <= {GOp.CONST}


def test_a_shared_step_is_not_paid_twice() -> None:
    b, (x, y) = start(6, 6)
    twice = b.op(GOp.ADD, x, y)
    shared = b.op(GOp.ABS, twice)
    graph = b.build([b.op(GOp.ADD, shared, b.const(3, 0)), shared], ["y", "z"])
    assert fuse(graph, MODEL) == graph


def test_unreached_entries_follow_the_nearest_and_make_tables_equal() -> None:
    builder = GraphBuilder(("a",))
    x = builder.input(0, Fixed(3, 0), -2, 1)
    one = builder.table(x, [5, 6, 0, 0, 0, 0, 3, 4], Fixed(4, 0))
    two = builder.table(x, [5, 6, 1, 2, 3, 7, 3, 4], Fixed(4, 0))
    graph = fill(builder.build([one, two], ["y", "z"]), MODEL)
    assert len(graph.nodes) == 2 and graph.outputs == (1, 1)
    assert graph.nodes[1].contents == (5, 6, 6, 6, 3, 3, 3, 4)


def test_a_saturation_that_cannot_happen_and_two_cuts_are_wires() -> None:
    b, (x,) = start(8)
    cut = b.cast(x, Fixed(6, -2), Quant.TRN, Overflow.WRAP)
    again = b.cast(cut, Fixed(4, -4), Quant.TRN, Overflow.SAT)
    wide = b.cast(again, Fixed(9, 1), Quant.RND, Overflow.SAT)
    graph = fold(b.build([b.op(GOp.NEG, wide)], ["y"]), MODEL)
    assert dump(graph)[1:3] == [
        "%1 = cast %0 TRN WRAP : fixed<4,8> [-8, 7]",
        "%2 = neg %1 : fixed<5,9> [-7, 8]",
    ]


def test_an_error_names_the_pass() -> None:
    def broken(graph: Graph, model: CostModel) -> Graph:
        return Graph(graph.nodes, (99,), graph.input_names, graph.output_names)

    b, (x,) = start(4)
    graph = b.build([x], ["y"])
    with pytest.raises(InputError, match=r"after pass 'broken': an output is not a node: \(99,\)"):
        run_passes(graph, MODEL, (Pass("broken", broken),))


def test_values_agree_on_every_code_of_a_small_graph() -> None:
    random = Random(5)
    for _ in range(20):
        graph = random_graph(random, 16, inputs=1)
        held = next(n for n in (*graph.nodes, None) if n is None or n.op is GOp.INPUT)
        if held is not None:
            codes = np.arange(held.lo, held.hi + 1)[:, None]
            assert same(graph, run_passes(graph, MODEL), codes)


@pytest.mark.parametrize("budget", [0.5, 1.0, 1.6])
@given(seed=seeds)
@settings(max_examples=40)
def test_splitting_changes_no_value(budget: float, seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 16)
    sized = SizedModel(budget_ns=budget)
    after = split(products(graph, sized), sized)
    after.check()
    assert same(graph, after, random_inputs(random, graph, 40))
    assert after.output_formats == graph.output_formats


@given(
    widths=st.tuples(*[st.integers(1, 9)] * 2), fracs=st.tuples(*[st.integers(-2, 9)] * 2),
    signs=st.tuples(st.booleans(), st.booleans()), budget=st.sampled_from([0.3, 0.8, 1.2]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_comparisons_and_magnitudes_in_parts_are_exact(
    widths: tuple[int, int], fracs: tuple[int, int], signs: tuple[bool, bool], budget: float
) -> None:
    builder = GraphBuilder(("a", "b"))
    formats = [Fixed(*parts) for parts in zip(widths, fracs, signs, strict=True)]
    a, b = (builder.input(k, fmt) for k, fmt in enumerate(formats))
    outputs = [builder.op(GOp.GE, a, b), builder.op(GOp.GE, b, a), builder.op(GOp.ABS, a)]
    graph = builder.build(outputs, ["ge", "le", "abs"])
    after = split(graph, SizedModel(budget_ns=budget))
    axes = [np.arange(fmt.raw_min, fmt.raw_max + 1) for fmt in formats]
    rows = np.stack([grid.ravel() for grid in np.meshgrid(*axes)], axis=1)
    assert same(graph, after, rows)
    assert after.output_formats == graph.output_formats


def test_cuts_on_two_words_do_not_become_a_table_that_is_longer_than_a_stage() -> None:
    device = model("open", 200.0)
    cut = parse("abs(x0) < 2.5 and x1 > 20")
    design = compile_expression(cut, [Fixed(8, 2)] * 2, device, Precision(), name="cut")
    assert design.schedule.latency == 1


def test_split_operations_fit_in_a_stage() -> None:
    b, (x, y) = start(12, 9)
    waves = [round(60 * np.sin(p / 40)) for p in range(512)]
    product, table = b.op(GOp.MUL, x, y), b.table(y, waves, Fixed(7, 0))
    square, cut = b.op(GOp.MUL, x, x), b.cast(x, Fixed(6, -2), Quant.RND_CONV, Overflow.SAT)
    graph = b.build([product, table, square, cut], ["p", "t", "s", "c"])
    sized = SizedModel(budget_ns=1.6)
    after = split(products(graph, sized), sized)
    assert max(sized.delay(graph, k) for k in range(len(graph.nodes))) > 1.6
    assert max(sized.delay(after, k) for k in range(len(after.nodes))) <= 1.6
    rows = np.random.default_rng(0).integers([-2048, -256], [2048, 256], (500, 2))
    assert same(graph, after, rows)
    assert after.output_formats == graph.output_formats


@pytest.mark.parametrize("signs", [(False, False), (True, False), (False, True), (True, True)])
@given(widths=st.tuples(st.integers(2, 7), st.integers(2, 7)), budget=st.sampled_from([0.5, 4.0]))
@settings(max_examples=15)
def test_products_agree_on_every_pair_of_codes(
    signs: tuple[bool, bool], widths: tuple[int, int], budget: float
) -> None:
    b = GraphBuilder(("x", "y"))
    formats = [Fixed(w, 3 * k - 2, s) for k, (w, s) in enumerate(zip(widths, signs, strict=True))]
    x, y = (b.input(k, fmt) for k, fmt in enumerate(formats))
    graph = b.build([b.op(GOp.MUL, x, y), b.op(GOp.MUL, x, x)], ["p", "s"])
    after = products(graph, UnitModel(budget_ns=budget))
    axes = [np.arange(fmt.raw_min, fmt.raw_max + 1) for fmt in formats]
    rows = np.stack([grid.ravel() for grid in np.meshgrid(*axes)], axis=1)
    assert same(graph, after, rows)
    assert after.output_formats == graph.output_formats


def test_rows_of_digits_take_about_half_the_bits_of_a_product() -> None:
    b, (x, y) = start(12, 8)
    device = model("open", 40.0)
    before = b.build([b.op(GOp.MUL, x, y)], ["p"])
    graph = products(before, device)
    assert GOp.MUL not in {node.op for node in graph.nodes}
    total = sum(device.area(graph, k).lut for k in range(len(graph.nodes)))
    assert total < 0.8 * 12 * 8 < device.area(before, 2).lut


def test_a_product_for_a_dsp_block_stays_whole() -> None:
    b, (x, y) = start(12, 12)
    graph = b.build([b.op(GOp.MUL, x, y)], ["p"])
    assert products(graph, model("xcvu9p-2", 200.0)) == graph
