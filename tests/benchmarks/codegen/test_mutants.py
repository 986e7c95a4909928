"""Faults that are put into graphs, Verilog and C++."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from benchmarks.codegen.mutants import cpp_mutants, graph_mutants, verilog_mutants
from symtick.codegen import Design, Fixed, Precision, compile_expression
from symtick.codegen.emit.hls import hls_files
from symtick.codegen.emit.verilog import verilog_files
from symtick.expr import parse
from symtick.hwcost import model


def _design(text: str, latency: int | None = None, output: Fixed | None = None) -> Design:
    return compile_expression(
        parse(text, ["x0", "x1"]), [Fixed(6, 3)] * 2, model("open", 200.0),
        Precision(output=output), name="m", latency=latency,
    )  # fmt: skip


@pytest.mark.parametrize(("text", "count"), [("x0", 0), ("x0 + x1", 20)])
def test_a_graph_that_cannot_be_changed_has_no_mutants(text: str, count: int) -> None:
    design = _design(text)
    found = [graph for _, graph in islice(graph_mutants(design.graph, Random(1)), 20)]
    assert len(found) == count
    assert all(graph != design.graph for graph in found)


@pytest.mark.parametrize(("text", "count"), [("x0", 0), ("tanh(x0) + x1", 20)])
def test_a_text_that_cannot_be_changed_has_no_mutants(text: str, count: int) -> None:
    verilog = verilog_files(_design(text, 0))["rtl/m.v"]
    found = list(islice(verilog_mutants(verilog, Random(1)), 20))
    assert len(found) == count
    assert all(changed != verilog for _, changed in found)


def test_a_mode_of_a_cast_is_changed_in_graph_and_cpp() -> None:
    design = _design("clip(x0*x1, -1, 0.9)*x0", output=Fixed(6, 3))
    kinds = {kind for kind, _ in islice(graph_mutants(design.graph, Random(1)), 100)}
    assert {"cast", "argument"} <= kinds
    files = hls_files(design)
    body, types = files["firmware/m.cpp"], files["firmware/defines.h"]
    found = list(islice(cpp_mutants(body, types, Random(1)), 20))
    assert "mode" in {kind for kind, *_ in found}
    assert all((one, other) != (body, types) for _, one, other in found)
    assert list(cpp_mutants("", "", Random(1))) == []
