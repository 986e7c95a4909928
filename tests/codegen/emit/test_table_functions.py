"""What is said of a table is true of its entries; what is not known is not said."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from expression_samples import random_expression
from golden_designs import DESIGNS
from unit_model import SizedModel, UnitModel

from symtick.codegen import (
    Design,
    Fixed,
    GOp,
    GraphBuilder,
    Precision,
    Quant,
    Schedule,
    compile_expression,
)
from symtick.codegen.emit.pair_functions import pair_function
from symtick.codegen.emit.table_functions import TableFunction, TableFunctions
from symtick.expr import parse


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
