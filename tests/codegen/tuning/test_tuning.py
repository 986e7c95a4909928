"""Width tuning: within the budget, never more expensive, safe outside the rows, by node."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from expression_samples import random_expression, raw_samples
from graph_samples import random_graph, random_inputs, same
from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    Area,
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Judge,
    Judged,
    Overflow,
    Precision,
    Quant,
    RawArray,
    Width,
    compile_expression,
    tune_widths,
)
from symtick.codegen.ir.fixed import cast_raw
from symtick.codegen.lowering.decision import SCORES, Decision, decided
from symtick.codegen.tuning.tuning import Tuning, _Tuner
from symtick.codegen.tuning.widths import with_widths
from symtick.errors import InputError

seeds = st.integers(0, 2**32)
MODEL = UnitModel()


def real(graph: Graph, rows: RawArray) -> np.ndarray:
    raw = graph.evaluate(rows)
    columns = [f.to_real(c) for f, c in zip(graph.output_formats, raw.T, strict=True)]
    return np.stack(columns, axis=1)


def errors(graph: Graph, rows: RawArray) -> Judge:
    """Judges outputs by their difference from the graph's own."""
    wanted = real(graph, rows)
    return Judge(
        lambda out: -float(np.abs(out - wanted).max()),
        lambda out: float(np.square(out - wanted).mean()),
    )


def tuned(graph: Graph, rows: RawArray, budget: float, keep_ports: bool = False) -> Tuning:
    return tune_widths(graph, MODEL, rows, errors(graph, rows), budget, keep_ports=keep_ports)


def luts(graph: Graph, model: UnitModel = MODEL) -> float:
    return sum(model.area(graph, k).lut for k in range(len(graph.nodes)))


@given(seed=seeds, budget=st.sampled_from((0.0, 0.25, 3.0)), keep_ports=st.booleans())
@settings(max_examples=40)
def test_every_point_is_what_its_decisions_make(seed: int, budget: float, keep_ports: bool) -> None:
    random = Random(seed)
    graph = random_graph(random, 18)
    rows = random_inputs(random, graph, 60)
    found = tuned(graph, rows, budget, keep_ports)
    wanted = real(graph, rows)
    for count, step in enumerate(found.steps):
        after = found.graph(count)
        after.check()
        assert -np.abs(real(after, rows) - wanted).max() == step.score >= -budget
        assert luts(after) == pytest.approx(step.area.lut)
        if keep_ports:
            assert after.output_formats == graph.output_formats
    assert found.steps[-1].area.lut <= found.steps[0].area.lut
    assert same(graph, found.graph(0), rows)


@given(seed=seeds, count=st.integers(1, 20))
@settings(max_examples=15)
def test_few_rows_rank_the_moves_and_all_rows_bound_the_score(seed: int, count: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 16)
    rows = random_inputs(random, graph, 60)
    few = Judged(rows[:count], errors(graph, rows[:count]))
    found = tune_widths(graph, MODEL, rows, errors(graph, rows), 0.5, few=few)
    wanted = real(graph, rows)
    for number, step in enumerate(found.steps):
        lost = real(found.graph(number), rows) - wanted
        assert -np.abs(lost).max() == step.score >= -0.5
        assert np.square(lost).mean() == step.loss


@given(seed=seeds)
@settings(max_examples=15)
def test_it_ends_where_no_move_fits_into_the_budget(seed: int) -> None:
    """Moves that lost too much before are measured again in the end, each on its own here."""
    random = Random(seed)
    graph = random_graph(random, 14)
    rows = random_inputs(random, graph, 60)
    judge, budget = errors(graph, rows), 0.25
    found = tune_widths(graph, MODEL, rows, judge, budget)
    every = Judged(rows, judge)
    widths = {w.node: w for w in found.widths()}
    work = _Tuner(graph, MODEL, every, every, False, SCORES, widths)
    assert work.round(-budget) == []


def test_moves_that_lost_too_much_are_measured_again_where_no_other_is_left() -> None:
    graph = random_graph(Random(0), 18)
    rows = random_inputs(Random(4), graph, 40)
    seen: Counter[bytes] = Counter()

    def refused(out: np.ndarray) -> float:
        seen[out.tobytes()] += 1
        return 0.0 if seen.total() == 1 else -1.0  # the first are those of the graph itself

    tune_widths(graph, MODEL, rows, Judge(refused, lambda out: 0.0), 0.5)
    seen[real(graph, rows).tobytes()] -= 1
    assert seen.total() > 8
    assert all(count % 2 == 0 for count in seen.values())


def test_a_format_that_saturates_keeps_its_largest_value() -> None:
    builder = GraphBuilder(("x",))
    x = builder.input(0, Fixed(5, 5, False), 5, 14)
    graph = builder.build([builder.cast(x, Fixed(2, 6), Quant.RND, Overflow.SAT_SYM)], ["y"])
    rows = np.arange(5, 15)[:, None]
    assert same(graph, tuned(graph, rows, 0.0).graph(0), rows)


@given(seeds)
@settings(max_examples=10)
def test_the_same_rows_give_the_same_curve(seed: int) -> None:
    graph = random_graph(Random(seed), 16)
    rows = random_inputs(Random(seed), graph, 40)
    assert tuned(graph, rows, 1.0).steps == tuned(graph, rows, 1.0).steps


def decisions(graph: Graph, random: Random) -> list[Width]:
    """Random formats at random nodes, often too narrow; those left away that would wrap."""
    found: list[Width] = []
    for k, node in enumerate(graph.nodes):
        if random.random() < 0.5 and node.op not in (GOp.CONST, GOp.SCALE):
            lost = random.randint(0, 3)
            fmt = Fixed(
                max(1, node.fmt.width - lost - random.randint(0, 2)),
                node.fmt.frac - lost,
                node.fmt.signed,
            )
            most = graph.nodes[node.args[0]].fmt.width - 1 if node.op is GOp.TABLE else 0
            quant = random.choice(list(Quant))
            width = Width(k, fmt, quant, random.randint(0, min(most, 2)))
            try:
                with_widths(graph, [*found, width], keep_ports=False)
            except InputError:
                continue
            found.append(width)
    return found


@given(seeds)
@example(140)  # a product with a constant whose bits are read, refused without a decision, too
@settings(max_examples=100)
def test_decisions_saturate_only_where_a_value_could_overflow(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 20)
    widths = decisions(graph, random)
    try:
        after = with_widths(graph, widths, keep_ports=False)
    except InputError as error:
        assert not widths and "reads single bits" in str(error)
        return
    after.check()
    before = {(n.fmt, n.quant, n.overflow) for n in graph.nodes if n.op is GOp.CAST}
    for node in after.nodes:
        if node.op is not GOp.CAST or (node.fmt, node.quant, node.overflow) in before:
            continue
        if node.overflow is Overflow.SAT:
            source = after.nodes[node.args[0]]
            ends = np.array([source.lo, source.hi], object)
            wide = cast_raw(ends, source.fmt.frac, Fixed(128, node.fmt.frac), node.quant,
                            Overflow.SAT)  # fmt: skip
            assert not node.fmt.keeps(int(wide[0]), int(wide[1]), Overflow.SAT)
    again = [Width.from_dict(w.to_dict()) for w in widths]
    assert with_widths(graph, again, keep_ports=False) == after


def start(*formats: Fixed) -> tuple[GraphBuilder, list[int]]:
    builder = GraphBuilder(tuple("abc"[: len(formats)]))
    return builder, [builder.input(k, fmt) for k, fmt in enumerate(formats)]


def test_a_range_that_no_row_needs_is_saturated_not_wrapped() -> None:
    b, (x, y) = start(Fixed(8, 0), Fixed(8, 0))
    table = b.table(x, [p if p < 128 else p - 256 for p in range(256)], Fixed(8, 0))
    graph = b.build([b.op(GOp.MUL, b.op(GOp.ADD, table, y), y)], ["z"])
    rows = np.random.default_rng(0).integers(-3, 4, (200, 2))
    found = tuned(graph, rows, 0.0)
    after = found.graph()
    assert found.steps[-1].area.lut < found.steps[0].area.lut / 2
    assert (after.evaluate(rows) == graph.evaluate(rows)).all()
    # far outside, the largest values of the rows stand in for what is larger
    high, low = after.evaluate([[127, 1], [-128, 1]])[:, 0]
    assert 0 < high < 127
    assert -128 < low < 0


def test_rounding_up_at_the_end_of_an_address_does_not_wrap() -> None:
    b, (x,) = start(Fixed(7, 0, False))
    first = b.table(x, [min(p, 63) for p in range(128)], Fixed(6, 0, False))
    second = b.table(first, [3 * p for p in range(64)], Fixed(8, 0, False))
    graph = b.build([second], ["y"])
    # 63 is nearest to 64, which six bits do not hold
    short = with_widths(graph, [Width(1, Fixed(5, -1, False))], keep_ports=False)
    rows = np.arange(128)[:, None]
    assert np.abs(real(short, rows) - real(graph, rows)).max() <= 6
    # neither does a part of the bits that is read as a pattern
    b, (x,) = start(Fixed(7, 0))
    low = b.cast(x, Fixed(4, 0, False), Quant.TRN, Overflow.WRAP)
    graph = b.build([b.op(GOp.ADD, low, b.op(GOp.NEG, x))], ["y"])
    with pytest.raises(InputError, match="leaves top bits away on purpose"):
        with_widths(graph, [Width(0, Fixed(6, -2), Quant.RND)], keep_ports=False)
    cut = with_widths(graph, [Width(0, Fixed(6, -1))], keep_ports=False)
    assert (real(cut, rows - 64) == (rows - 64 >> 1 << 1 & 15) - (rows - 64 >> 1 << 1)).all()


def test_address_bits_go_where_neighbours_are_alike() -> None:
    b, (x,) = start(Fixed(8, 0, False))
    table = b.table(x, [p // 4 for p in range(256)], Fixed(6, 0, False))
    graph = with_widths(
        b.build([table], ["y"]), [Width(1, Fixed(6, 0, False), Quant.RND, 2)], keep_ports=False
    )
    (node,) = (n for n in graph.nodes if n.op is GOp.TABLE)
    assert len(node.contents) == 64
    raw = np.arange(256)[:, None]
    assert (graph.evaluate(raw)[:, 0] == raw[:, 0] // 4).all()


def test_a_table_rounds_to_the_nearest_mean() -> None:
    b, (x,) = start(Fixed(2, 0, False))
    graph = b.build([b.table(x, [0, 3, 5, 7], Fixed(3, 0, False))], ["y"])
    halved = with_widths(graph, [Width(1, Fixed(3, 0, False), Quant.RND, 1)], keep_ports=False)
    rows = np.arange(4)[:, None]
    assert real(halved, rows)[:, 0].tolist() == [2, 2, 6, 6]
    short = with_widths(graph, [Width(1, Fixed(2, -1, False))], keep_ports=False)
    assert real(short, rows)[:, 0].tolist() == [0, 4, 6, 6]  # halves up; 8 would overflow


def test_a_larger_budget_saves_more_and_any_point_can_be_taken() -> None:
    b, (x, y) = start(Fixed(6, 3), Fixed(6, 3))
    terms = [
        b.table(s, [round(40 * np.sin(k * (p + 1))) for p in range(64)], Fixed(7, 4))
        for s in (x, y)
        for k in (0.1, 0.37)
    ]
    whole = b.op(GOp.ADD, b.op(GOp.ADD, terms[0], terms[2]), b.op(GOp.ADD, terms[1], terms[3]))
    graph = b.build([whole], ["z"])
    rows = np.random.default_rng(1).integers(-32, 32, (500, 2))
    found = tuned(graph, rows, 2.0)
    points = [found.within(budget) for budget in (0.0, 0.2, 1.0, 2.0)]
    saved = [found.steps[k].area.lut for k in points]
    assert saved == sorted(saved, reverse=True)
    assert saved[-1] < 0.7 * saved[0]
    for budget, k in zip((0.0, 0.2, 1.0, 2.0), points, strict=True):
        assert np.abs(real(found.graph(k), rows) - real(graph, rows)).max() <= budget
    judge = errors(graph, rows)
    going_on = tune_widths(graph, MODEL, rows, judge, 0.2, further=(1.0, 2.0))
    alone = tune_widths(graph, MODEL, rows, judge, 0.2)
    assert going_on.steps[: len(alone.steps)] == alone.steps != going_on.steps
    assert all(step.score >= -2.0 for step in going_on.steps)
    with pytest.raises(InputError, match="a budget must be 0 or more, not -1"):
        tune_widths(graph, MODEL, rows, judge, 0.2, further=(-1.0,))


@pytest.mark.parametrize(
    ("width", "message"),
    [
        (Width(9, Fixed(4, 0)), "no node 9"),
        (Width(0, Fixed(4, 0), Quant.TRN, 1), "cannot lose 1 address bits"),
    ],
)
def test_decisions_that_fit_no_node_are_refused(width: Width, message: str) -> None:
    b, (x,) = start(Fixed(4, 0))
    graph = b.build([b.op(GOp.NEG, x)], ["y"])
    with pytest.raises(InputError, match=message):
        with_widths(graph, [width], keep_ports=False)
    twice = [Width(1, Fixed(4, 0))] * 2
    with pytest.raises(InputError, match="stated twice"):
        with_widths(graph, twice, keep_ports=False)


def test_a_negative_budget_is_refused() -> None:
    b, (x,) = start(Fixed(4, 0))
    graph = b.build([b.op(GOp.NEG, x)], ["y"])
    rows = np.zeros((3, 1), np.int64)
    with pytest.raises(InputError, match="a budget must be 0 or more, not -1"):
        tuned(graph, rows, -1.0)
    for budget in (-1.0, float("nan")):
        with pytest.raises(InputError, match=f"a budget must be 0 or more, not {budget}"):
            tuned(graph, rows, 0.0).within(budget)


def test_tuning_needs_rows() -> None:
    b, (x,) = start(Fixed(4, 0))
    graph = b.build([b.op(GOp.NEG, x)], ["y"])
    judge = Judge(lambda out: 0.0, lambda out: 0.0)
    with pytest.raises(InputError, match="tuned on rows, but there are none"):
        tune_widths(graph, MODEL, np.zeros((0, 1), np.int64), judge, 0.0)


@pytest.mark.parametrize("change", [{"node": 1.5}, {"signed": 1}, {"quant": "UP"}, {"width": 0}])
def test_damaged_decisions_are_refused(change: dict[str, object]) -> None:
    held = Width(1, Fixed(4, 0)).to_dict() | change
    with pytest.raises((InputError, KeyError)):
        Width.from_dict(held)


@given(seeds)
@example(72)
@settings(max_examples=15, deadline=None)
def test_a_tuned_design_takes_no_more_ticks(seed: int) -> None:
    random = Random(seed)
    expression, formats = random_expression(random), [Fixed(6, 3)] * 3
    model = SizedModel(budget_ns=1.9)
    full = compile_expression(expression, formats, model, Precision(), name="top")
    rows = raw_samples(formats, 200, seed % 1000)
    widths = tune_widths(full.graph, model, rows, errors(full.graph, rows), 0.2).widths()
    narrow = compile_expression(
        expression, formats, model, Precision(), name="top", widths=widths
    )  # fmt: skip
    assert narrow.schedule.latency <= full.schedule.latency


@given(seeds)
@settings(max_examples=20)
def test_what_reads_the_outputs_counts_as_well(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 14)
    rows = random_inputs(random, graph, 40)
    decision = Decision(("above",), (0.5,))
    found = tune_widths(graph, MODEL, rows, errors(graph, rows), 1.0, decision=decision)
    for count, step in enumerate(found.steps):
        after = found.graph(count)
        assert luts(decided(after, decision, MODEL)) == pytest.approx(step.area.lut)


class ComparingModel(UnitModel):
    """A comparison takes a LUT for each bit that it compares."""

    def area(self, graph: Graph, node: int) -> Area:
        if graph.nodes[node].op is not GOp.GE:
            return super().area(graph, node)
        return Area(lut=float(max(graph.nodes[a].fmt.width for a in graph.nodes[node].args)))


COMPARING = ComparingModel()


def test_the_comparisons_of_an_index_count_as_well() -> None:
    builder = GraphBuilder(tuple("abcdefghij"))
    inputs = [builder.input(k, Fixed(8, 4)) for k in range(10)]
    terms = [
        builder.table(k, [n * n // 64 for n in range(-128, 128)], Fixed(10, 4)) for k in inputs
    ]
    sums = [builder.op(GOp.ADD, *pair) for pair in zip(terms[::2], terms[1::2], strict=True)]
    graph = builder.build(sums, [f"y{k}" for k in range(5)])
    rows = np.random.default_rng(1).integers(-128, 128, (200, 10))
    judge, index = errors(graph, rows), Decision(("index",))
    found = tune_widths(graph, COMPARING, rows, judge, 1.0, decision=index)
    wholes = [decided(found.graph(k), index, COMPARING) for k in range(len(found.steps))]
    assert [luts(whole, COMPARING) for whole in wholes] == [s.area.lut for s in found.steps]
    compared = [sum(n.op is GOp.GE for n in whole.nodes) for whole in wholes]
    assert min(compared) == max(compared) > 0
    assert found.steps[-1].area.lut < found.steps[0].area.lut
