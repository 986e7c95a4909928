"""Adder graphs: exact, never larger than each constant alone, and as shallow as asked."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from graph_samples import random_inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder, RawArray, run_passes
from symtick.codegen.ir.signed_digits import signed_digits
from symtick.codegen.passes.linear.adder_graphs import AdderGraph, adder_graphs
from symtick.codegen.passes.linear.common_digits import (
    DigitSharing,
    Leaf,
    PairLevels,
    bounds,
    digits,
)
from symtick.codegen.passes.linear.shift_add import shift_add
from symtick.codegen.scheduling.scheduler import schedule

seeds = st.integers(0, 2**32)
Forms = tuple[tuple[tuple[int, int], ...], ...]


def random_forms(random: Random) -> tuple[tuple[Leaf, ...], Forms]:
    """Up to 6 forms of up to 6 signals with weights of up to 9 bits, some signals late."""
    count, most = random.randint(1, 6), 1 << random.randint(1, 9)
    leaves = []
    for _ in range(count):
        ends = sorted(random.randint(-200, 200) for _ in range(2))
        leaves.append(Leaf(ends[0], ends[1], random.choice((0, 0, 0, 1, 3))))
    forms = set()
    for _ in range(random.randint(1, 6)):
        chosen = sorted(random.sample(range(count), random.randint(1, count)))
        forms.add(tuple((k, random.randint(1, most) * random.choice((1, -1))) for k in chosen))
    return tuple(leaves), tuple(sorted(forms))


def adders(network: AdderGraph) -> int:
    return sum(term.pair is not None for term in network.terms)


def check_terms(network: AdderGraph, leaves: tuple[Leaf, ...]) -> None:
    """Every term is what its pair says, within its bounds, one level after its operands."""
    for k, term in enumerate(network.terms):
        if term.pair is None:
            continue
        a, b, shift, sign = term.pair
        assert max(a, b) < k
        total = {s: c << max(0, -shift) for s, c in network.terms[a].form.items()}
        for s, c in network.terms[b].form.items():
            total[s] = total.get(s, 0) + sign * (c << max(0, shift))
        assert {s: c for s, c in total.items() if c} == {s: c for s, c in term.form.items() if c}
        assert (term.lo, term.hi) == bounds(term.form, leaves)
        assert term.level == 1 + max(network.terms[a].level, network.terms[b].level)


@given(seeds, st.sampled_from([1, 2, 3, 50]))
@settings(max_examples=40, deadline=None)
def test_networks_compute_their_forms(seed: int, per_stage: int) -> None:
    leaves, forms = random_forms(Random(seed))
    found = adder_graphs(leaves, forms, per_stage)
    assert found
    for network in found:
        check_terms(network, leaves)
        for form, (number, shift, sign) in zip(forms, network.outputs, strict=True):
            got = {s: sign * (c << shift) for s, c in network.terms[number].form.items() if c}
            assert got == dict(form)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_no_more_adders_than_each_form_alone_and_no_deeper(seed: int) -> None:
    leaves, forms = random_forms(Random(seed))
    found = adder_graphs(leaves, forms, 2)
    alone = sum(len(digits(dict(form))) - 1 for form in forms)
    assert min(adders(network) for network in found) <= alone
    # 2**depth bounds the sum of 2**level over what a balanced tree adds
    weights = [sum(1 << leaves[k].level for k, _ in digits(dict(form))) for form in forms]
    least = max((weight - 1).bit_length() for weight in weights)
    assert least <= found[0].depth <= least + 1  # one more for a sign
    depths, bits = [n.depth for n in found], [n.bits for n in found]
    assert depths == sorted(set(depths)) and bits == sorted(set(bits), reverse=True)


def matrix_graph(weights: np.ndarray, width: int, signed: bool, offsets: list[int]) -> Graph:
    """Rows of `weights` times inputs plus offsets, as plain products and chains of sums."""
    count = weights.shape[1]
    builder = GraphBuilder(tuple(f"x{k}" for k in range(count)))
    xs = [builder.input(k, Fixed(width, 0, signed)) for k in range(count)]
    outputs = []
    for row, offset in zip(weights.tolist(), offsets, strict=True):
        total = builder.const(offset, 0)
        for x, weight in zip(xs, row, strict=True):
            product = builder.op(GOp.MUL, x, builder.const(weight, 0))
            total = builder.op(GOp.ADD, total, product)
        outputs.append(total)
    return builder.build(outputs, [f"y{k}" for k in range(len(outputs))])


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_matrices_are_exact_and_keep_their_ports(seed: int) -> None:
    random = Random(seed)
    shape = (random.randint(1, 5), random.randint(1, 5))
    rng = np.random.default_rng(seed)
    weights = rng.integers(-128, 128, shape)
    offsets = [random.choice((0, random.randint(-999, 999))) for _ in range(shape[0])]
    width, signed = random.choice((1, 3, 6, 9)), random.random() < 0.5
    graph = matrix_graph(weights, width, signed, offsets)
    fmt = Fixed(width, 0, signed)
    rows = rng.integers(fmt.raw_min, fmt.raw_max + 1, (50, shape[1]))
    after = shift_add(graph, UnitModel())
    after.check()
    assert after.output_formats == graph.output_formats
    wanted = rows @ weights.T + np.array(offsets)
    for found in (after, run_passes(graph, UnitModel())):
        got = found.evaluate(rows)
        for k, out in enumerate(found.output_formats):
            assert (out.to_real(got[:, k]) == wanted[:, k]).all()


def layered_graph(random: Random) -> Graph:
    """Three layers of sums with constants of any place, and what is not linear between them."""
    b = GraphBuilder(("x0", "x1", "x2"))
    held = [
        b.input(k, Fixed(random.randint(1, 5), random.randint(-3, 5), random.random() < 0.6))
        for k in range(3)
    ]
    for _ in range(3):
        rows = [_weighted_row(b, random, held[-6:]) for _ in range(random.randint(1, 3))]
        held += [
            b.op(GOp.ABS, row) if random.random() < 0.5 else b.op(GOp.MAX, row, random.choice(held))
            for row in rows
        ]
    return b.build(held[-2:], ["y0", "y1"])


def _weighted_row(b: GraphBuilder, random: Random, signals: list[int]) -> int:
    total = b.const(random.randint(-30, 30), random.randint(-1, 6))
    for signal in random.sample(signals, random.randint(1, 3)):
        factor = b.const(random.choice((-11, -5, -3, -1, 1, 3, 7, 13, 27)), random.randint(-2, 5))
        total = b.op(random.choice((GOp.ADD, GOp.SUB)), total, b.op(GOp.MUL, signal, factor))
    return total


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_layers_of_sums_with_points_of_their_own_are_exact(seed: int) -> None:
    random = Random(seed)
    graph = layered_graph(random)
    rows = random_inputs(random, graph, 40)
    wanted = reals(graph, rows)
    for after in (shift_add(graph, UnitModel()), run_passes(graph, UnitModel())):
        after.check()
        assert (reals(after, rows) == wanted).all()


def reals(graph: Graph, rows: RawArray) -> np.ndarray:
    """Real values of the outputs for rows of raw inputs."""
    out = graph.evaluate(rows)
    return np.stack([f.to_real(out[:, k]) for k, f in enumerate(graph.output_formats)], axis=1)


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_no_tick_is_spent_on_a_small_part_of_a_large_design(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = UnitModel(budget_ns=float(rng.integers(2, 4)))
    graph = matrix_graph(rng.integers(-32, 33, (3, 3)), 5, True, [0, 7, 0])
    builder = GraphBuilder((*graph.input_names, "z"))
    for node in graph.nodes:
        builder.again(node)
    wide = builder.input(3, Fixed(14, 0))
    table = builder.table(wide, rng.integers(0, 1 << 20, 1 << 14).tolist(), Fixed(21, 0))
    large = builder.build([*graph.outputs, table], ["a", "b", "c", "d"])
    after = shift_add(large, model)
    assert schedule(after, model).latency <= schedule(large, model).latency


def additions(graph: Graph) -> int:
    return sum(node.op in (GOp.ADD, GOp.SUB, GOp.NEG) for node in graph.nodes)


def test_a_matrix_takes_far_fewer_additions_than_its_digits() -> None:
    weights = np.random.default_rng(3).integers(-127, 128, (8, 8))
    graph = matrix_graph(weights, 8, True, [0] * 8)
    after = shift_add(graph, UnitModel())
    alone = sum(len(signed_digits(int(w))) for w in weights.flat) - 8
    assert alone > 160
    assert additions(after) < 0.66 * alone
    assert not any(node.op is GOp.MUL for node in after.nodes)


def test_symmetric_taps_are_added_before_they_are_multiplied() -> None:
    taps = np.array([[-3, 21, 87, 87, 21, -3]])
    after = shift_add(matrix_graph(taps, 8, True, [0]), UnitModel())
    # three sums of a pair; then 3 = 4 - 1, 21 = 16 + 4 + 1 and 87 = 64 + 16 + 8 - 1 of these
    assert additions(after) <= 3 + 8


def test_sums_that_share_nothing_stay_as_they_were() -> None:
    builder = GraphBuilder(("a", "b", "c", "d"))
    a, b, c, d = (builder.input(k, Fixed(5, 0)) for k in range(4))
    total = builder.op(GOp.ADD, builder.op(GOp.ADD, a, b), builder.op(GOp.SUB, c, d))
    graph = builder.build([total], ["y"])
    assert shift_add(graph, UnitModel()) is graph


def test_a_sum_read_by_two_others_is_made_once() -> None:
    builder = GraphBuilder(("a", "b", "c"))
    a, b, c = (builder.input(k, Fixed(5, 0)) for k in range(3))
    left = builder.op(GOp.ADD, builder.op(GOp.ADD, a, b), c)
    right = builder.op(GOp.SUB, a, builder.op(GOp.SUB, c, b))  # a + b - c
    after = shift_add(builder.build([left, right], ["y", "z"]), UnitModel())
    assert additions(after) == 3


def test_the_same_matrix_gives_the_same_graph() -> None:
    weights = np.random.default_rng(1).integers(-7, 8, (5, 16))
    graph = matrix_graph(weights, 6, True, [3] * 5)
    first = shift_add(graph, UnitModel())
    adder_graphs.cache_clear()
    assert shift_add(graph, UnitModel()) == first


def test_the_pair_that_is_worth_most_is_first_however_worths_have_changed() -> None:
    random, levels = Random(1), PairLevels()
    worth: dict[tuple[int, int, int, int], int] = {}

    def order(pair: tuple[int, int, int, int]) -> tuple[int, int, tuple[int, int, int, int]]:
        return pair[0] % 3, pair[1], pair

    for _ in range(3000):
        pair = (random.randrange(8), random.randrange(8), 0, 1)
        worth[pair] = random.randrange(6)
        if worth[pair]:
            levels.add(worth[pair], pair)
        if random.random() < 0.3:
            known = [p for p, v in worth.items() if v]
            wanted = min(known, key=lambda p: (-worth[p], order(p)), default=None)
            assert levels.best(worth.__getitem__, order) == wanted


def test_a_large_matrix_is_made_in_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    random, runs = Random(2), 0

    class Counting(DigitSharing):
        def run(self) -> None:
            nonlocal runs
            runs += 1
            super().run()

    monkeypatch.setattr("symtick.codegen.passes.linear.adder_graphs.DigitSharing", Counting)
    leaves = tuple(Leaf(-128, 127, 0) for _ in range(24))
    forms = tuple(
        tuple((k, random.choice((-1, 1)) * random.randrange(1, 128)) for k in range(24))
        for _ in range(24)
    )
    for network in adder_graphs(leaves, forms, 2):
        check_terms(network, leaves)
        for form, (number, shift, sign) in zip(forms, network.outputs, strict=True):
            made = {k: sign * c << shift for k, c in network.terms[number].form.items() if c}
            assert made == dict(form)
    assert 0 < runs <= 6
