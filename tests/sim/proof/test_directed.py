"""Vectors for what is not decided: rare entries are read as often as others, faults are found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from unit_model import UnitModel

from symtick.codegen import Design, Fixed, GOp, Graph, Precision, compile_expression
from symtick.codegen.lowering.lower import lower
from symtick.expr import parse
from symtick.sim.proof import Specification, Verdict, directed
from symtick.sim.proof.prove import ScoreProof

_NAMES = ("x", "y", "z")


def _made(text: str, formats: list[Fixed]) -> tuple[Design, Graph]:
    expression = parse([text], _NAMES)
    design = compile_expression(expression, formats, UnitModel(), Precision(), name="whole")
    return design, lower(expression, formats, UnitModel(), Precision(), ["y0"]).graph


def test_rare_entries_are_read_as_often_as_others() -> None:
    """The address is x + y, of which the ends are rare; z is none of it and stays."""
    design, _ = _made("tanh(x + y) + z", [Fixed(6, 4)] * 3)
    (table,) = [k for k, n in enumerate(design.graph.nodes) if n.op is GOp.TABLE]
    rng = np.random.default_rng(1)
    columns = [rng.integers(-32, 32, 50_000) for _ in _NAMES]
    made = directed.levelled(design, columns, table, rng)
    before = np.unique(columns[0] + columns[1], return_counts=True)[1]
    after = np.unique(made[0] + made[1], return_counts=True)[1]
    assert len(before) == len(after) and before.max() > 20 * before.min()
    assert after.max() < 2 * after.min()
    assert made[2] is columns[2]


def test_a_fault_that_the_first_vectors_miss_is_found() -> None:
    """One entry of 4,096 that is off counts for a thirtieth of all values of another input."""
    formats = [Fixed(12, 10), Fixed(10, 8), Fixed(12, 10)]
    design, scores = _made("where(y >= 1.875, tanh(x), z)", formats)
    graph = design.graph
    number = next(k for k, n in enumerate(graph.nodes) if n.op is GOp.TABLE)
    node = graph.nodes[number]
    at = len(node.contents) // 3
    contents = tuple(v + (1 - 2 * (v > 0)) * (k == at) for k, v in enumerate(node.contents))
    nodes = tuple(replace(n, contents=contents) if k == number else n
                  for k, n in enumerate(graph.nodes))  # fmt: skip
    changed = replace(design, graph=replace(graph, nodes=nodes))
    work = ScoreProof(changed, Specification(scores, formats, design.errors))
    assert work._differs(work.columns, [0]) is None
    first, shown = work.same()
    assert first.verdict is Verdict.UNDECIDED
    assert shown.verdict is Verdict.COUNTEREXAMPLE and "specified is" in shown.reason
