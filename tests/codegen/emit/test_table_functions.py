"""What is said of a table is true of its entries; what is not known is not said."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from expression_samples import random_expression
from golden_designs import DESIGNS
from hand_designs import chance
from hand_designs import design as hand_design
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    CostModel,
    Design,
    Fixed,
    GOp,
    GraphBuilder,
    Overflow,
    Precision,
    Quant,
    Schedule,
    compile_expression,
)
from symtick.codegen.emit.tables.functions import TableFunction, TableFunctions
from symtick.codegen.emit.tables.logic import table_logic
from symtick.codegen.emit.tables.pairs import pair_function
from symtick.codegen.emit.tables.parts import TablePart
from symtick.codegen.ir.nodes import BIT
from symtick.expr import Interval, parse


def _tables(design: Design) -> list[int]:
    return [k for k, node in enumerate(design.graph.nodes) if node.op is GOp.TABLE]


def _names(design: Design) -> list[str]:
    inputs = design.graph.input_names
    return [
        inputs[node.number] if node.op is GOp.INPUT else f"n{k}"
        for k, node in enumerate(design.graph.nodes)
    ]


def test_tables_on_inputs_and_on_sums_say_their_functions() -> None:
    tagger, layers = DESIGNS["tagger"](), DESIGNS["layers"]()
    for design, wanted in (
        (tagger, ["tanh(2.0*pt), AP_RND, <= 0.49 ulp", "square(mass), AP_RND, <= 0.44 ulp"]),
        (layers, ["sin(2.0*pt), AP_RND, <= 0.49 ulp", "tanh(n8), AP_RND, <= 0.50 ulp"]),
    ):
        functions = TableFunctions(design)
        texts = [f.text(_names(design)) for k in _tables(design) if (f := functions.of(k))]
        assert set(wanted) <= set(texts)


def test_without_a_sum_of_the_signal_no_part_of_a_table_is_found() -> None:
    """All that follows the unit's signal is the table itself."""
    graph = chance(seed=174, size=70)
    functions = TableFunctions(hand_design(graph, [0] * len(graph.nodes), 0))
    assert len([functions.of(k) for k, n in enumerate(graph.nodes) if n.op is GOp.TABLE]) > 1


@pytest.mark.parametrize("seed", range(12))
def test_a_stated_function_is_that_of_the_entries(seed: int) -> None:
    formats = [Fixed(6, 3), Fixed(5, 3, False), Fixed(7, 4)]
    design = compile_expression(
        random_expression(Random(seed)), formats, UnitModel(), Precision(), name="d"
    )
    functions, graph = TableFunctions(design), design.graph
    for number in _tables(design):
        found = functions.of(number)
        if not isinstance(found, TableFunction) or found.codes > 1:
            continue
        node, source = graph.nodes[number], graph.nodes[found.source]
        codes = np.arange(source.lo, source.hi + 1)
        entries = np.array([node.contents[c & len(node.contents) - 1] for c in codes])
        values = found.function.values(np.ldexp(codes.astype(float), -source.fmt.frac))
        scaled = np.ldexp(values, node.fmt.frac)
        assert np.abs(scaled - entries).max() <= found.ulp + 1e-9 <= 1.0 + 1e-9
        if found.quant is Quant.RND:
            assert (np.floor(scaled + 0.5) == entries).mean() > 0.99  # halves apart


def test_a_table_on_the_last_bits_of_a_wide_signal_is_no_function_of_it() -> None:
    b = GraphBuilder(("x0",))
    last = b.cast(b.input(0, Fixed(44, 4)), Fixed(4, 4), Quant.TRN, Overflow.WRAP)
    table = b.table(last, [(5 * k * k) % 11 for k in range(16)], Fixed(5, 0))
    graph = b.build([table], ["y0"])
    functions = TableFunctions(hand_design(graph, [0] * len(graph.nodes), 0))
    found = functions.of(table)
    assert not isinstance(found, TableFunction) or found.source == last


def test_another_entry_is_no_longer_that_function() -> None:
    design = DESIGNS["layers"]()
    number = _tables(design)[-1]
    node = design.graph.nodes[number]
    contents = (*node.contents[:3], node.contents[3] + 2, *node.contents[4:])
    nodes = list(design.graph.nodes)
    nodes[number] = replace(node, contents=contents)
    changed = replace(design, graph=replace(design.graph, nodes=tuple(nodes)))
    assert TableFunctions(design).of(number) is not None
    assert TableFunctions(changed).of(number) is None


def test_a_design_without_units_still_knows_lines() -> None:
    b = GraphBuilder(("x0",))
    table = b.table(b.input(0, Fixed(2, 0, False)), [3, 1, -1, -3], Fixed(3, 1))
    graph = b.build([table], ["y"])
    design = Design("line", parse("x0"), graph, Schedule((0, 0), (0.0, 0.0), 1, 5.0, 4.0), "unit")
    found = TableFunctions(design).of(1)
    assert found is not None and found.text(["x0", "y"]) == "1.5 - x0, exact"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("min(x*y, x + y)", "fused: min(x*y, x + y), exact"),
        ("max(x*y, x - y)", "fused: max(x*y, x - y), exact"),
    ],
)
def test_a_fused_table_says_what_it_is_of_two_signals(text: str, wanted: str) -> None:
    design = compile_expression(
        parse([text], ("x", "y")), [Fixed(3, 1), Fixed(3, 1)], SizedModel(budget_ns=2.0),
        Precision(term_frac=6), name="d",
    )  # fmt: skip
    functions, names = TableFunctions(design), _names(design)
    (table,) = _tables(design)
    found = functions.of(table)
    assert found is not None and found.text(names) == wanted


@pytest.mark.parametrize(
    ("op", "wanted"),
    [(GOp.ADD, "x + y"), (GOp.SUB, "x - y"), (GOp.MUL, "x*y"), (GOp.MIN, "min(x, y)"),
     (GOp.MAX, "max(x, y)"), (GOp.GE, "x >= y")],
)  # fmt: skip
def test_single_operations_fused_are_known_wherever_the_points_are(op: GOp, wanted: str) -> None:
    b = GraphBuilder(("x", "y"))
    x, y = b.input(0, Fixed(3, 2), -4, 2), b.input(1, Fixed(4, 1, False), 1, 15)
    node = b.op(op, x, y)
    low, high = np.meshgrid(np.arange(8), np.arange(16), indexing="ij")
    codes = np.stack([(low.ravel() + 4) % 8 - 4, high.ravel()], axis=1)
    inside = np.stack([np.clip(codes[:, 0], -4, 2), np.clip(codes[:, 1], 1, 15)], axis=1)
    contents = b.build([node], ["z"]).evaluate(inside)[:, 0].tolist()
    table = b.table(b.op(GOp.CONCAT, x, y), contents, b.nodes[node].fmt)
    graph = b.build([table], ["z"])
    number = graph.outputs[0]
    found = pair_function(graph, number, parse("x", ("x", "y")))
    assert found is not None and found.text(["x", "y"]) == f"fused: {wanted}, exact"
    node_of = graph.nodes[number]
    first, reached, *rest = node_of.contents
    changed = (first, reached + 2, *rest)
    wrong = replace(graph, nodes=(*graph.nodes[:number], replace(node_of, contents=changed)))
    other = pair_function(wrong, number, parse("x", ("x", "y")))
    assert other is None or other.pattern != found.pattern


def _compiled(
    text: str, formats: list[Fixed], model: CostModel, term_frac: int, **options: Any
) -> Design:
    precision = Precision(term_frac=term_frac, division="exact")
    return compile_expression(parse(text), formats, model, precision, name="d", **options)


def _meanings(design: Design) -> list[str]:
    functions, names = TableFunctions(design), _names(design)
    found = [functions.of(k) for k in _tables(design)]
    return ["" if meaning is None else meaning.text(names) for meaning in found]


_POLYNOMIALS = [
    ("tanh(x0)", Fixed(14, 10), UnitModel(), 10),
    ("log(x0)", Fixed(14, 10, False), UnitModel(), 8),
    ("sin(3*x0)", Fixed(16, 10), UnitModel(), 8),
    ("tanh(2*x0)", Fixed(9, 6), SizedModel(budget_ns=1.0), 8),
]


@pytest.mark.parametrize(("text", "fmt", "model", "frac"), _POLYNOMIALS)
def test_the_function_that_parts_make_is_within_what_is_said(
    text: str, fmt: Fixed, model: CostModel, frac: int
) -> None:
    ranges = [Interval(0.01, 15.0)] if text.startswith("log") else None
    design = _compiled(text, [fmt], model, frac, ranges=ranges)
    functions, graph = TableFunctions(design), design.graph
    parts = [p for k in _tables(design) if isinstance(p := functions.of(k), TablePart)]
    named = [p for p in parts if p.function is not None]
    assert named
    for part in named:
        source = graph.nodes[part.source]
        assert source.op is GOp.INPUT and part.function is not None
        codes = np.arange(source.lo, source.hi + 1)
        raw = replace(graph, outputs=(part.node,), output_names=("z",)).evaluate(codes[:, None])
        values = np.ldexp(raw[:, 0].astype(float), -graph.nodes[part.node].fmt.frac)
        wanted = part.function.values(np.ldexp(codes.astype(float), -source.fmt.frac))
        assert np.abs(values - wanted).max() <= part.error * (1 + 1e-9)


def test_coefficients_say_their_degree_and_halves_their_table() -> None:
    polynomial = _meanings(_compiled("tanh(x0)", [Fixed(14, 10)], UnitModel(), 10))
    assert [m for m in polynomial if m.startswith("coefficient of degree 1 in n7 = tanh(x0), <= ")]
    halves = _meanings(_compiled("sin(x0)", [Fixed(9, 6)], SizedModel(budget_ns=1.0), 8))
    assert any(m.startswith("differences of a split table in ") for m in halves)
    assert all("coefficient" not in m for m in halves)
    first = _meanings(_compiled("exp(x0)", [Fixed(14, 10)], UnitModel(), 10))
    assert [m for m in first if m.startswith("exp(")] == first


def test_a_part_of_other_entries_is_no_longer_that_functions() -> None:
    design = _compiled("tanh(x0)", [Fixed(14, 10)], UnitModel(), 10)
    functions = TableFunctions(design)
    (number,) = (k for k in _tables(design) if isinstance(functions.of(k), TablePart))
    node, nodes = design.graph.nodes[number], list(design.graph.nodes)
    contents = (node.contents[0] + 8, *node.contents[1:])
    nodes[number] = replace(node, contents=contents, hi=max(node.hi, contents[0]))
    changed = replace(design, graph=replace(design.graph, nodes=tuple(nodes)))
    part = TableFunctions(changed).of(number)
    assert isinstance(part, TablePart) and part.function is None


def test_decoders_and_digits_of_quotients_say_their_logic() -> None:
    tagger, quotient = DESIGNS["tagger"](), DESIGNS["quotient"]()
    assert "n16 ? !n13 : 2, exact" in _meanings(tagger)
    assert "fused: n11 < y*2**2 ? n11 : n11 - y*2**2, exact" in _meanings(quotient)


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [([1, 0, 0, 0], "{0} == 0"), ([0, 0, 0, 1], "{0} == -0.5"), ([1, 1, 0, 1], "{0} != -1"),
     ([1, 1, 0, 0], "{0} >= 0"), ([0, 0, 1, 1], "{0} < 0"), ([0, 1, 0, 1], None)],
)  # fmt: skip
def test_predicates_of_a_signal(contents: list[int], wanted: str | None) -> None:
    b = GraphBuilder(("x",))
    graph = b.build([b.table(b.input(0, Fixed(2, 1)), contents, BIT)], ["z"])
    logic = table_logic(graph, 1)
    assert (None if logic is None else logic.pattern) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_logic_is_that_of_the_entries(seed: int) -> None:
    random, b = Random(seed), GraphBuilder(("a", "b", "c"))
    widths = [1, 1, random.randint(1, 2)]
    signals = [b.input(k, Fixed(w, 0, False)) for k, w in enumerate(widths)]
    joined = b.op(GOp.CONCAT, b.op(GOp.CONCAT, *signals[:2]), signals[2])
    contents = [random.randint(0, 2) for _ in range(1 << sum(widths))]
    graph = b.build([b.table(joined, contents, Fixed(2, 0, False))], ["z"])
    logic = table_logic(graph, graph.outputs[0])
    if logic is None:
        return
    for address, entry in enumerate(contents):
        bits = (address >> widths[2] + 1, address >> widths[2] & 1, address % (1 << widths[2]))
        assert _value(logic.pattern.format(*bits)) == entry


def _value(text: str) -> int:
    """A conditional expression on numbers, as C reads it."""
    condition, question, rest = _outer(text, "?")
    if question:
        where, _, otherwise = _outer(rest, ":")
        return _value(where) if int(condition) else _value(otherwise)
    if text.startswith("(") and text.endswith(")"):
        return _value(text[1:-1])
    if text.startswith("!"):
        return int(text[1:] == "0")
    first, _, second = text.partition(" ")
    return int(first) + (int(second.replace(" ", "")) if second else 0)


def _outer(text: str, sign: str) -> tuple[str, str, str]:
    """A text parted at a sign that stands in no brackets, as str.partition does."""
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == sign and depth == 0:
            return text[:k].strip(), sign, text[k + 1 :].strip()
    return text, "", ""
