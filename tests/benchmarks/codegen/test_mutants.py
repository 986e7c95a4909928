"""Faults that are put into graphs."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from benchmarks.codegen.mutants import graph_mutants
from symtick.codegen import Fixed, Precision, compile_expression
from symtick.expr import parse
from symtick.hwcost import model


@pytest.mark.parametrize(("text", "count"), [("x0", 0), ("x0 + x1", 20)])
def test_a_graph_that_cannot_be_changed_has_no_mutants(text: str, count: int) -> None:
    design = compile_expression(
        parse(text, ["x0", "x1"]), [Fixed(6, 3)] * 2, model("open", 200.0), Precision(), name="m"
    )
    found = [graph for _, graph in islice(graph_mutants(design.graph, Random(1)), 20)]
    assert len(found) == count
    assert all(graph != design.graph for graph in found)
