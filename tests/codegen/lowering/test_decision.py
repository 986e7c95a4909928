"""Decisions: equal to numpy's on the exact scores, ties included."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from graph_samples import random_graph, random_inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    SCORES,
    Decision,
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Precision,
    compile_expression,
    run_passes,
)
from symtick.codegen.lowering.decision import decided, stated
from symtick.codegen.lowering.pairwise import index_of_largest
from symtick.errors import InputError
from symtick.expr import default_names, parse

EVERYTHING = ("scores", "index", "margin", "top", "above")


def scored(random: Random, count: int) -> Graph:
    """A random graph with `count` scores, equal ones among them."""
    graph = random_graph(random, 12)
    chosen = [random.randrange(len(graph.nodes)) for _ in range(count)]
    return Graph(graph.nodes, tuple(chosen), graph.input_names, tuple(f"s{k}" for k in chosen))


@given(st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_decisions_are_those_of_the_exact_scores(seed: int) -> None:
    random = Random(seed)
    count = random.randint(2, 9)
    builder_names = tuple(f"s{k}" for k in range(count))
    held = scored(random, count)
    graph = Graph(held.nodes, held.outputs, held.input_names, builder_names)
    limits = tuple(round(random.uniform(-9, 9), 3) for _ in range(count))
    decision = Decision(EVERYTHING, limits)
    made = decided(graph, decision, UnitModel())
    made.check()
    raw = random_inputs(random, graph, 40)
    scores = exact(graph, raw)
    names = made.output_names
    for row, found in zip(scores, exact(made, raw), strict=True):
        got = dict(zip(names, found, strict=True))
        ordered = sorted(row, reverse=True)
        assert [got[n] for n in builder_names] == row
        assert got["index"] == row.index(ordered[0])
        assert got["margin"] == ordered[0] - ordered[1]
        assert got["top"] == ordered[0]
        for name, score, limit in zip(builder_names, row, limits, strict=True):
            assert got[f"above_{name}"] == (score >= Fraction(limit))
    again = run_passes(made, SizedModel(budget_ns=2.5))
    assert exact(again, raw) == exact(made, raw)
    place = names.index("index")
    assert stated(again, decision, count).output_formats[place] == made.output_formats[place]


def exact(graph: Graph, raw: np.ndarray) -> list[list[Fraction]]:
    """Outputs as rationals, for each row."""
    steps = [Fraction(2) ** -f.frac for f in graph.output_formats]
    return [[int(v) * s for v, s in zip(row, steps, strict=True)] for row in graph.evaluate(raw)]


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4)])
def test_the_index_is_narrow_and_ties_go_to_the_lowest(count: int, bits: int) -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = (builder.input(k, Fixed(3, 0)) for k in range(2))
    graph = builder.build([a, b] * (count // 2) + [a] * (count % 2), default_names(count))
    made = decided(graph, Decision(("index",)), UnitModel())
    assert made.output_formats == (Fixed(bits, 0, False),)
    raw = np.array([[p, q] for p in range(-4, 4) for q in range(-4, 4)])
    wanted = np.argmax(graph.evaluate(raw), axis=1)
    assert np.array_equal(made.evaluate(raw)[:, 0], wanted)
    assert set(wanted) == {0, 1}


def test_the_tournament_is_as_deep_as_a_balanced_tree() -> None:
    builder = GraphBuilder(default_names(16))
    graph = builder.build([builder.input(k, Fixed(6, 0)) for k in range(16)], default_names(16))
    made = decided(graph, Decision(("index", "top")), UnitModel())
    depth = [0] * len(made.nodes)
    for k, node in enumerate(made.nodes):
        depth[k] = max((depth[a] for a in node.args), default=0) + (node.op is GOp.GE)
    assert depth[made.outputs[0]] == 4


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_all_pairs_at_once_find_the_same_index(seed: int) -> None:
    random = Random(seed)
    graph = scored(random, random.randint(2, 9))
    builder = GraphBuilder.of(graph)
    made = builder.build([index_of_largest(builder, graph.outputs)], ["index"])
    made.check()
    raw = random_inputs(random, graph, 40)
    wanted = [row.index(max(row)) for row in exact(graph, raw)]
    assert [row[0] for row in exact(made, raw)] == wanted


def test_all_pairs_at_once_are_one_comparison_and_two_luts_deep_for_five() -> None:
    builder = GraphBuilder(default_names(5))
    scores = [builder.input(k, Fixed(6, 0)) for k in range(5)]
    made = builder.build([index_of_largest(builder, scores)], ["index"])
    ops = [n.op for n in made.nodes]
    assert ops.count(GOp.GE) == 10 and GOp.SELECT not in ops
    depth = [0] * len(made.nodes)
    for k, node in enumerate(made.nodes):
        depth[k] = max((depth[a] for a in node.args), default=0) + (node.op is GOp.TABLE)
    assert depth[made.outputs[0]] == 2
    assert max(made.nodes[n.args[0]].fmt.width for n in made.nodes if n.op is GOp.TABLE) <= 6


def test_scores_that_are_not_asked_for_leave_nothing_behind() -> None:
    expression = parse("x0 + x1; x0*x1; x1 - x0", default_names(2))
    formats = [Fixed(5, 4)] * 2
    options = {"name": "top", "output_names": ("a", "b", "c")}
    design = compile_expression(
        expression, formats, UnitModel(), Precision(), decision=Decision(("index",)), **options
    )
    plain = compile_expression(expression, formats, UnitModel(), Precision(), **options)
    assert design.graph.output_names == ("index",)
    assert plain.decision == SCORES and plain.graph.output_names == ("a", "b", "c")
    raw = np.array([[p, q] for p in range(-16, 16) for q in range(-16, 16)])
    real = [f.to_real(c) for f, c in zip(plain.graph.output_formats, plain.graph.evaluate(raw).T,
                                         strict=True)]  # fmt: skip
    assert np.array_equal(design.graph.evaluate(raw)[:, 0], np.argmax(real, axis=0))


@pytest.mark.parametrize(
    ("outputs", "thresholds", "message"),
    [
        (("indx",), (), "must be some of scores, index, margin, top, above, once each, not indx"),
        ((), (), "once each, not nothing"),
        (("top", "top"), (), "once each, not top, top"),
        (("above",), (), "above needs a threshold"),
        (("index",), (0.5,), "a threshold the output above"),
        (("above",), (float("inf"),), "must be finite numbers, not .inf"),
        (("above",), (float("nan"),), "must be finite numbers, not .nan"),
        (("above",), ("a",), "must be finite numbers, not .'a'"),
        ((1,), (), "once each, not 1"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    outputs: tuple[Any, ...], thresholds: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Decision(outputs, thresholds)


@pytest.mark.parametrize("outputs", [("index",), ("scores", "index", "top")])
def test_the_index_of_one_score_is_its_sign(outputs: tuple[str, ...]) -> None:
    expression = parse("x0*x1 - 0.5", default_names(2))
    decision = Decision(outputs)
    design = compile_expression(
        expression, [Fixed(5, 2)] * 2, UnitModel(), Precision(), name="top", decision=decision
    )
    raw = np.indices((32, 32)).reshape(2, -1).T - 16
    place = design.graph.output_names.index("index")
    assert design.graph.output_formats[place] == Fixed(1, 0, False)
    wanted = raw[:, 0] * raw[:, 1] / 16 - 0.5 > 0
    assert np.array_equal(design.graph.evaluate(raw)[:, place], wanted)
    assert decision.formulas(["y"], ["a"])[1] == "index = 1 where y > 0, else 0"


def test_decisions_have_to_suit_the_scores() -> None:
    builder = GraphBuilder(("a",))
    graph = builder.build([builder.input(0, Fixed(4, 0))], ["y"])
    with pytest.raises(InputError, match="margin needs two scores or more"):
        decided(graph, Decision(("index", "margin")), UnitModel())
    with pytest.raises(InputError, match="1 scores take one threshold or 1, not 2"):
        decided(graph, Decision(("above",), (0.0, 1.0)), UnitModel())
    one = decided(graph, Decision(("above",), (0.5,)), UnitModel())
    assert one.evaluate(np.array([[0], [1]]))[:, 0].tolist() == [0, 1]
