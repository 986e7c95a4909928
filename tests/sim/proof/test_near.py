"""Bounds on the distance from a formula, against what all inputs give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from graph_samples import random_inputs
from unit_model import UnitModel

from symtick.codegen import (
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Overflow,
    Precision,
    Quant,
    compile_expression,
)
from symtick.codegen.lowering.lower import lower
from symtick.expr import Expression, parse
from symtick.sim.proof import exhaustive
from symtick.sim.proof.cuts import network, outputs, parts
from symtick.sim.proof.cuts.outputs import distances
from symtick.sim.proof.values.integers import Integers

_NAMES = ("x", "y", "z")
_TEXTS = [
    "x*y - 0.3*z", "tanh(x + 0.5*y)*(z - 1.7)", "min(x*y, max(z, x))", "sin(x) + abs(x - z)*y",
    "square(x - y)*cos(z)", "x/(abs(y) + 1) + exp(-abs(z))", "log(abs(x*y + z) + 0.5)", "x - x + 2",
    "abs(tanh(x) - sin(0.5*x + z))", "(x + y)*(x - y)*0.7", "y",
    "tanh(x + (z - y)) * (z - (x + z))",
]  # fmt: skip


def _scores(expression: Expression, formats: Sequence[Fixed]) -> Graph:
    names = [f"y{k}" for k in range(len(expression.outputs))]
    return lower(expression, formats, UnitModel(), Precision(term_frac=5), names).graph


def _vectors(graph: Graph, count: int) -> list[Integers]:
    rows = random_inputs(Random(1), graph, count)
    return [rows[:, j] for j in range(rows.shape[1])]


def _largest(scores: Graph, expression: Expression, formats: Sequence[Fixed]) -> list[float]:
    """The error of each output, all inputs run."""
    every = {n.number for n in scores.nodes if n.op is GOp.INPUT}
    blocks = list(exhaustive.blocks(scores, every))
    return [
        max(exhaustive.farthest(scores, b, expression, formats, j)[0] for b in blocks)
        for j in range(len(expression.outputs))
    ]


@pytest.mark.parametrize("text", _TEXTS)
def test_bounds_hold_for_all_inputs(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all vectors or few, and with few combinations for a bound, so that leaves have ends."""
    formats = [Fixed(5, 3), Fixed(6, 4), Fixed(5, 4)]
    expression = parse([text], _NAMES)
    scores = _scores(expression, formats)
    (exact,) = _largest(scores, expression, formats)
    ((close, *_),) = distances(scores, _vectors(scores, 2000), expression, formats, None)
    exact *= 1 - 1e-12  # itself a bound, from intervals
    assert exact <= close <= 1.5 * exact + 1e-12
    monkeypatch.setattr(network, "LISTED", 0)
    for count, most in ((2000, 8), (2000, 80), (3, 80)):
        monkeypatch.setattr(outputs, "_EFFORTS", ((most, 1.02),))
        ((bound, *_),) = distances(scores, _vectors(scores, count), expression, formats, None)
        assert exact <= bound


def test_combinations_of_many_leaves_are_computed_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There may be more blocks than the longest leaf has values."""
    formats = [Fixed(4, 2)] * 3
    expression = parse(["tanh(0.3*x*y*z)"], _NAMES)
    scores = _scores(expression, formats)
    whole = distances(scores, _vectors(scores, 500), expression, formats, None)
    monkeypatch.setattr(parts, "_BLOCK", 8)
    assert distances(scores, _vectors(scores, 500), expression, formats, None) == whole


def test_a_wrong_entry_is_in_the_bound() -> None:
    formats = [Fixed(5, 3)] * 3
    expression = parse(["tanh(2*x - 0.1)*y + z"], _NAMES)
    scores = _scores(expression, formats)
    number = next(k for k, n in enumerate(scores.nodes) if n.op is GOp.TABLE)
    node = scores.nodes[number]
    contents = tuple(v + 9 * (k == 3) for k, v in enumerate(node.contents))
    nodes = tuple(replace(node, contents=contents, hi=node.hi + 9) if k == number else n
                  for k, n in enumerate(scores.nodes))  # fmt: skip
    wrong = replace(scores, nodes=nodes)
    few = [np.array([0, 1, -1, 5, 15, -16])] * 3
    ((bound, *_),) = distances(wrong, few, expression, formats, None)
    exact, right = (_largest(g, expression, formats)[0] for g in (wrong, scores))
    assert bound >= exact * (1 - 1e-12) and exact > 2 * right


def test_a_magnitude_of_the_other_sign_is_in_the_bound() -> None:
    """-abs(-x) is as far from abs(x) as -x is not from -x."""
    formats = [Fixed(5, 2), Fixed(8, 7)]
    builder = GraphBuilder(_NAMES[:2])
    x, y = (builder.input(k, fmt) for k, fmt in enumerate(formats))
    turned = builder.op(GOp.NEG, builder.op(GOp.ABS, builder.op(GOp.NEG, x)))
    wrong = builder.build([builder.op(GOp.MAX, turned, y)], ("y0",))
    expression = parse(["max(abs(x), y)"], _NAMES[:2])
    ((bound, *_),) = distances(wrong, _vectors(wrong, 2000), expression, formats, None)
    assert bound >= _largest(wrong, expression, formats)[0] == 5.0


def test_wide_designs_are_within_what_is_stated() -> None:
    formats = [Fixed(12, 10)] * 3
    expression = parse(_TEXTS, _NAMES)
    precision = Precision(term_frac=5)
    made = compile_expression(expression, formats, UnitModel(), precision, name="made")
    scores = _scores(expression, formats)
    found = distances(scores, _vectors(scores, 2000), expression, formats, made.errors)
    assert [b <= s for (b, *_), s in zip(found, made.errors, strict=True)] == [True] * len(_TEXTS)


@pytest.mark.parametrize("count", [2000, 3])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("tanh(x + 0.01*y)*z", "tanh(x)*z"),
        ("x*(1 + 0.02*y) - 0.01*y*y + z", "x + z"),
        ("x/(8 + 0.1*y) + z", "x/8 + z"),
        ("max(x - z, 0.02*abs(y) + z)", "max(x - z, z)"),
        ("0.1*sin(y) - 0.1*y", "0"),
    ],
)
def test_an_input_that_the_graph_does_not_read_can_have_any_value(
    text: str, kept: str, count: int
) -> None:
    """Its width was tuned to nothing; the vectors leave it at 0."""
    formats = [Fixed(5, 3), Fixed(4, 2), Fixed(5, 2)]
    scores = _scores(parse([kept], _NAMES), formats)
    codes = [np.arange(fmt.raw_min, fmt.raw_max + 1) for fmt in formats]
    columns = [c.ravel() for c in np.meshgrid(*codes, indexing="ij")]
    expression = parse([text], _NAMES)
    off = exhaustive.farthest(scores, columns, expression, formats, 0)[0]
    few = _vectors(scores, count)
    few[1] = np.zeros_like(few[1])
    ((bound, *_),) = distances(scores, few, expression, formats, None)
    assert off * (1 - 1e-12) <= bound <= 3 * off


def test_a_side_that_is_never_taken_need_not_be_read() -> None:
    formats = [Fixed(8, 4)] * 2
    scores = _scores(parse(["x"], _NAMES[:2]), formats)
    expression = parse(["where(x > 1e300, y, x) + where(x < 1e300, 0, y)"], _NAMES[:2])
    ((bound, *_),) = distances(scores, _vectors(scores, 500), expression, formats, None)
    assert bound == 0.0


@pytest.mark.parametrize("text", ["floor(x - 1e-25)", "where(1 >= x + 1e-25, y, 0)"])
def test_a_step_that_no_interval_tells_from_a_value_is_not_seen_to_be_off(text: str) -> None:
    formats = [Fixed(8, 4)] * 2
    expression = parse([text], _NAMES[:2])
    scores = _scores(expression, formats)
    codes = [np.arange(fmt.raw_min, fmt.raw_max + 1) for fmt in formats]
    columns = [c.ravel() for c in np.meshgrid(*codes, indexing="ij")]
    (found,) = distances(scores, columns, expression, formats, None)
    assert found.seen == 0.0 < found.bound


def test_without_a_bound_the_node_is_named() -> None:
    formats = [Fixed(16, 14)] * 3
    expression = parse(["floor(x*y*z)"], _NAMES)
    scores = _scores(expression, formats)
    ((bound, node, *_),) = distances(scores, _vectors(scores, 500), expression, formats, None)
    assert math.isinf(bound) or bound >= 1.0
    assert node.startswith("floor (formula node")


@pytest.mark.parametrize("count", [2000, 3])
@pytest.mark.parametrize("most", [1 << 12, 16])
def test_bounds_of_sums_with_casts_that_saturate_hold(
    count: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Widths of a tuned design: a limit within a sum, and one at its end."""
    monkeypatch.setattr(outputs, "_EFFORTS", ((most, 1.0),))
    names, formats = ("x", "y", "z"), [Fixed(5, 2), Fixed(5, 1), Fixed(4, 2)]
    builder = GraphBuilder(names)
    x, y, z = (builder.input(k, fmt) for k, fmt in enumerate(formats))
    inner = builder.cast(builder.op(GOp.ADD, x, y), Fixed(4, 1), Quant.TRN, Overflow.SAT)
    outer = builder.op(GOp.SUB, inner, builder.op(GOp.MUL, z, z))
    ends = [outer, builder.cast(outer, Fixed(4, 0), Quant.RND, Overflow.SAT_SYM)]
    scores = builder.build(ends, ("y0", "y1"))
    expression = parse(["x + y - z*z"] * 2, names)
    exact = _largest(scores, expression, formats)
    found = distances(scores, _vectors(scores, count), expression, formats, None)
    for distance, most_off in zip(found, exact, strict=True):
        assert most_off * (1 - 1e-12) <= distance.bound < 2.5 * most_off


@pytest.mark.parametrize("most", [1 << 20, 16])
def test_a_formula_without_a_known_range_gets_no_bound_from_a_limit(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As intervals, x*x - x + 1 holds 0."""
    monkeypatch.setattr(outputs, "_EFFORTS", ((most, 1.02),))
    formats = [Fixed(6, 4), Fixed(6, 4)]
    expression = parse(["1/(x*x - x + 1) + y"], _NAMES[:2])
    precision = Precision(term_frac=5, output=Fixed(7, 5), overflow=Overflow.SAT)
    scores = lower(expression, formats, UnitModel(), precision, ["y0"]).graph
    (exact,) = _largest(scores, expression, formats)
    (found,) = distances(scores, _vectors(scores, 2000), expression, formats, None)
    assert exact > 1.0 and found.bound >= exact * (1 - 1e-12)


def test_a_comparison_of_what_has_no_known_range_is_no_constant() -> None:
    formats = [Fixed(10, 8)] * 3
    expression = parse(["where(1/(x*x - x + 1) > 0.5, y*z, 0) + y"], _NAMES)
    builder = GraphBuilder(_NAMES)
    wrong = builder.build([builder.input(1, formats[1])], ("y0",))
    vectors = _vectors(_scores(expression, formats), 2000)
    (found,) = distances(wrong, vectors, expression, formats, None)
    assert found.bound >= found.seen > 3.0


def test_what_a_vector_is_beyond_is_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    formats = [Fixed(6, 4)] * 3
    expression = parse(["tanh(x + y)*z"], _NAMES)
    scores = _scores(expression, formats)
    monkeypatch.setattr(outputs, "_distance", lambda near, number, place: 1e-6)
    (found,) = distances(scores, _vectors(scores, 500), expression, formats, None)
    assert found.seen > 1e-6 and found.bound == math.inf
