"""Proofs by cuts hold for all inputs, also where few vectors make much look alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product
from random import Random

import numpy as np
import pytest
from graph_samples import random_graph, random_inputs
from unit_model import SizedModel, UnitModel

from benchmarks.codegen.mutants import graph_mutants
from symtick.codegen import Decision, Fixed, GOp, Graph, GraphBuilder, Precision
from symtick.codegen.lowering.lower import lower
from symtick.codegen.passes.pipeline import run_passes
from symtick.expr import parse
from symtick.sim.proof.cuts import network
from symtick.sim.proof.cuts.budget import Budget
from symtick.sim.proof.cuts.lemmas import ALL, bounds, degrees
from symtick.sim.proof.cuts.network import Line, Network, exactly
from symtick.sim.proof.cuts.outputs import undecided
from symtick.sim.proof.cuts.sweep import sweep
from symtick.sim.proof.values.integers import Integers

_FEW = 3  # vectors: with so few, nodes that differ look alike


def _every(graph: Graph, most: int = 4096) -> list[Integers]:
    """All inputs of a graph, or some of them at random."""
    ends = {n.number: (n.lo, n.hi) for n in graph.nodes if n.op is GOp.INPUT}
    pairs = [ends.get(j, (0, 0)) for j in range(len(graph.input_names))]
    codes = [range(lo, hi + 1) for lo, hi in pairs]
    rows = list(product(*codes))
    if len(rows) > most:
        rows = Random(5).sample(rows, most)
    return [np.array(column, np.int64) for column in zip(*rows, strict=True)]


def _few(columns: list[Integers], seed: int) -> list[Integers]:
    rows = np.random.default_rng(seed).choice(len(columns[0]), _FEW)
    return [c[rows] for c in columns]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("split", [True, False])
def test_networks_have_the_values_of_their_graphs(seed: int, split: bool) -> None:
    random = Random(seed)
    graph = random_graph(random)
    rows = random_inputs(random, graph, 10)
    made = Network([rows[:, j] for j in range(rows.shape[1])], split)
    places = made.add(graph)
    expected = graph.evaluate(rows)
    for j, k in enumerate(graph.outputs):
        found = np.broadcast_to(made.samples[places[k]], (len(rows),))
        up = made.nodes[places[k]].fmt.frac - graph.nodes[k].fmt.frac
        scaled = expected[:, j] * (1 << max(up, 0))
        assert (found * (1 << max(-up, 0)) == scaled).all()


@pytest.mark.parametrize("listed", [0, network.LISTED])
@pytest.mark.parametrize("seed", range(40))
def test_lines_and_bounds_hold_for_all_inputs(
    seed: int, listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "LISTED", listed)
    graph = random_graph(Random(seed), 40)
    columns = _every(graph)
    made, whole = Network(_few(columns, seed)), Network(columns)
    assert made.add(graph) == whole.add(graph)
    sweep(made, Budget(1 << 22))
    for k, line in enumerate(made.lines):
        values = whole.samples[k]
        assert (line.of(whole.samples[line.root]) == values).all()
        assert made.nodes[k].lo <= values.min() and values.max() <= made.nodes[k].hi


def test_few_vectors_leave_much_to_refute() -> None:
    """The test above is one only where nodes look alike that differ."""
    doubts = 0
    for seed in range(20):
        graph = random_graph(Random(seed), 40)
        made = Network(_few(_every(graph), seed))
        made.add(graph)
        sweep(made, Budget(1 << 22))
        doubts += len(made.doubts)
    assert doubts > 10


@pytest.mark.parametrize("seed", range(60))
def test_degrees_are_those_of_differences(seed: int) -> None:
    """The difference of order d + 1 of a polynomial of degree d is 0."""
    random = Random(seed)
    graph = random_graph(random, 10)
    made = Network(_every(graph, 50))
    places = made.add(graph)
    inputs = [k for k, n in enumerate(made.nodes) if n.op is GOp.INPUT]
    for top in (places[k] for k in graph.outputs):
        found = degrees(made, (top,), dict.fromkeys(inputs))
        low, high = bounds(made, top, dict.fromkeys(inputs)) or (0, 0)
        for leaf, degree in found.items():
            node = made.nodes[leaf]
            grid = {k: np.array(random.randint(made.nodes[k].lo, made.nodes[k].hi))
                    for k in inputs}  # fmt: skip
            grid[leaf] = np.arange(node.lo, node.hi + 1)
            values = np.broadcast_to(made.evaluated((top,), grid)[0], grid[leaf].shape)
            assert low <= values.min() and values.max() <= high
            if degree < min(ALL, len(values) - 1):
                assert not np.diff(values, degree + 1).any()


_TEXTS = [
    "x*y*z - 0.3*x*y", "tanh(x + y)*(x - 1.7*z)", "min(x*y, max(z, x - 0.3))*z",
    "abs(x - z)*y + sin(x)", "square(x - y)*cos(z)",
]  # fmt: skip


def _lowered(texts: list[str], width: int) -> Graph:
    names = [f"y{k}" for k in range(len(texts))]
    formats = [Fixed(width, width - 2)] * 3
    expression = parse(texts, ("x", "y", "z"))
    return lower(expression, formats, UnitModel(), Precision(term_frac=5), names).graph


def _vectors(graph: Graph, count: int) -> list[Integers]:
    rows = random_inputs(Random(1), graph, count)
    return [rows[:, j] for j in range(rows.shape[1])]


@pytest.mark.parametrize("width", [6, 12])
@pytest.mark.parametrize("model", [UnitModel(), SizedModel(budget_ns=2.0)], ids=["unit", "sized"])
def test_what_passes_make_is_equal(width: int, model: UnitModel | SizedModel) -> None:
    scores = _lowered(_TEXTS, width)
    graph = run_passes(scores, model)
    vectors = _vectors(scores, 500)
    assert undecided(graph, (), scores, Decision(), vectors) == [""] * len(_TEXTS)


def test_a_fault_that_no_vector_shows_is_not_proved() -> None:
    """One more, at a single input of 2**36."""
    scores = _lowered(["x*y*z"], 12)
    builder = GraphBuilder.of(run_passes(scores, UnitModel()))
    output = run_passes(scores, UnitModel()).outputs[0]
    ports = [k for k, n in enumerate(builder.nodes) if n.op is GOp.INPUT]
    lifted = [builder.scale(k, builder.nodes[k].fmt.frac) for k in ports]
    gaps = [
        builder.op(GOp.ABS, builder.op(GOp.SUB, k, builder.const(v, 0)))
        for k, v in zip(lifted, (1234, -77, 5), strict=True)
    ]
    far = builder.op(GOp.ADD, gaps[0], builder.op(GOp.ADD, gaps[1], gaps[2]))
    rare = builder.op(GOp.GE, builder.const(0, 0), far)
    wrong = builder.build([builder.op(GOp.ADD, output, rare)], ["y0"])
    columns = _vectors(scores, 500)
    (why,) = undecided(wrong, (), scores, Decision(), columns)
    assert "not shown for all inputs" in why and why.startswith("add")


def test_inputs_in_other_ranges_are_not_equal() -> None:
    def made(most: int) -> Graph:
        builder = GraphBuilder(("x",))
        return builder.build([builder.input(0, Fixed(8, 0), 0, most)], ["y"])

    columns = [np.arange(10)]
    assert undecided(made(10), (), made(10), Decision(), columns) == [""]
    (why,) = undecided(made(20), (), made(10), Decision(), columns)
    assert why == "the graphs read an input in different ranges"


def test_faults_in_passed_graphs_are_found() -> None:
    """What is called equal agrees for all inputs."""
    scores = _lowered(_TEXTS[:3], 5)
    graph = run_passes(scores, UnitModel())
    every = _every(graph, 1 << 15)
    expected = graph.evaluate(np.stack(every, axis=1))
    found = 0
    for _, changed in islice(graph_mutants(graph, Random(7)), 40):
        reasons = undecided(changed, (), scores, Decision(), _few(every, 1))
        made = changed.evaluate(np.stack(every, axis=1))
        for j, why in enumerate(reasons):
            found += bool(why)
            assert why or (made[:, j] == expected[:, j]).all()
    assert found > 20


def test_lines_beyond_64_bits_are_exact() -> None:
    """2**63 more than a multiple is no multiple, which int64 would not tell."""
    values = np.array([0, 1 << 40, 3 << 41], np.int64)
    line = Line(0, 1 << 24, 1 << 63, 1 << 20)
    assert line.of(values).tolist() == [((int(v) << 24) + (1 << 63)) >> 20 for v in values]
    assert line.of(values).dtype == np.int64
    assert exactly(values, 1 << 30).tolist() == [int(v) << 30 for v in values]


def test_nodes_too_wide_for_a_format_are_not_decided() -> None:
    builder = GraphBuilder(("x",))
    x = builder.input(0, Fixed(64, 0))
    square = builder.op(GOp.MUL, x, builder.scale(x, 1))
    graph = builder.build([builder.op(GOp.MIN, square, builder.op(GOp.NEG, square))], ["y"])
    other = replace(graph, output_names=("z",))
    reasons = undecided(graph, (), other, Decision(), [np.arange(5)])
    assert reasons == ["its values have more bits than a format can have"]
