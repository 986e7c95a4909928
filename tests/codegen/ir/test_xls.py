"""XLS as a second opinion on the values that graphs compute, before and after the passes."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

pytest.importorskip("xls", reason="the package xls-python is not installed")

from graph_samples import random_graph, random_inputs
from unit_model import SizedModel
from xls_graph import XlsGraph

from symtick.codegen import GOp, Graph, Precision, compile_expression, run_passes
from symtick.codegen.ir.fixed import Fixed
from symtick.expr import parse
from symtick.hwcost import model

pytestmark = pytest.mark.slow


def agree(graph: Graph, rows: np.ndarray) -> None:
    second = XlsGraph(graph)
    wanted = graph.evaluate(rows).tolist()
    assert [second.run(row) for row in rows.tolist()] == wanted
    assert second.interpret(rows[0].tolist()) == wanted[0]


def test_every_operation_as_xls_computes_it() -> None:
    seen = set()
    for seed in range(60):
        random = Random(seed)
        graph = random_graph(random, 20)
        seen |= {node.op for node in graph.nodes}
        agree(graph, random_inputs(random, graph, 40))
    assert seen == set(GOp)


def test_graphs_after_all_passes_as_xls_computes_them() -> None:
    for seed in range(30):
        random = Random(seed)
        graph = run_passes(random_graph(random, 20), SizedModel(budget_ns=1.6))
        agree(graph, random_inputs(random, graph, 40))


@pytest.mark.parametrize("clock", [20.0, 200.0])
def test_a_shift_add_network_as_xls_computes_it(clock: float) -> None:
    weights = np.random.default_rng(0).integers(-127, 128, (5, 6))
    rows = [" + ".join(f"({w})*x{k}" for k, w in enumerate(row)) for row in weights.tolist()]
    design = compile_expression(
        parse("; ".join(rows)), [Fixed(8, 0)] * 6, model("open", clock), Precision(), name="top"
    )
    inputs = np.random.default_rng(1).integers(-128, 128, (100, 6))
    agree(design.graph, inputs)
    assert (design.graph.evaluate(inputs) == inputs @ weights.T).all()
