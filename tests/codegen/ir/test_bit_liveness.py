"""Bit liveness: wires found by it agree with the values, and register counts with Yosys."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from expression_samples import random_expression
from graph_samples import random_graph, random_inputs
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.codegen import (
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Precision,
    Quant,
    RawArray,
    compile_expression,
)
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir.bit_liveness import ONE, ZERO, BitLiveness
from symtick.hwcost import model
from symtick.sim import yosys


def bit_values(graph: Graph, rows: RawArray) -> list[RawArray]:
    """Of each node, its bits over the rows, shape (width, rows)."""
    everything = Graph(
        graph.nodes,
        tuple(range(len(graph.nodes))),
        graph.input_names,
        tuple(f"n{k}" for k in range(len(graph.nodes))),
    )
    raw = everything.evaluate(rows)
    return [
        np.array([raw[:, k] >> j & 1 for j in range(node.fmt.width)])
        for k, node in enumerate(graph.nodes)
    ]


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_all_names_of_a_bit_have_its_value(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    wiring = BitLiveness.of(graph)
    values = bit_values(graph, random_inputs(random, graph, 60))
    held: dict[int, RawArray] = {ZERO: np.zeros(60, int), ONE: np.ones(60, int)}
    for k, drivers in enumerate(wiring.bits):
        assert len(drivers) == graph.nodes[k].fmt.width
        for place, driver in enumerate(drivers):
            known = held.setdefault(driver, values[k][place])
            assert np.array_equal(known, values[k][place])
            assert driver < 0 or wiring.owner[driver] <= k


def test_bits_that_nothing_reads_have_no_reader() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = builder.input(0, Fixed(4, 0)), builder.input(1, Fixed(4, 2))
    product = builder.op(GOp.MUL, a, b)
    cut = builder.cast(product, Fixed(4, 0), Quant.TRN)
    graph = builder.build([cut], ["y"])
    wiring = BitLiveness.of(graph)
    read = [bool(wiring.readers[d]) for d in wiring.bits[2]]
    # two dropped below; the cast saturates and so reads all above
    assert read == [False] * 2 + [True] * 6
    assert wiring.is_wire(3) is False


def test_what_synthesis_merges_is_one_driver() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = builder.input(0, Fixed(4, 0)), builder.input(1, Fixed(4, 2))
    wide = builder.cast(a, Fixed(6, 1))
    total = builder.op(GOp.ADD, a, b)
    # columns: address bit 3, a constant, a new function twice
    rows = [(p >> 3) | 2 | (p % 3 == 1) * 12 for p in range(16)]
    table = builder.table(a, rows, Fixed(4, 0, False))
    graph = builder.build([wide, total, table], ["w", "t", "u"])
    a_bits, _, w, t, u = BitLiveness.of(graph).bits
    assert w == (ZERO, *a_bits, a_bits[3])
    assert t[:2] == BitLiveness.of(graph).bits[1][:2] and t[2] not in a_bits
    assert u[:2] == (a_bits[3], ONE) and u[2] == u[3] >= 0


@pytest.mark.synth
@pytest.mark.slow
@pytest.mark.parametrize("seed", [4, 14, 16])
def test_yosys_keeps_the_registers_that_were_counted(seed: int, tmp_path: Path) -> None:
    made = model("open", 250.0)
    design = compile_expression(
        random_expression(Random(seed)), [Fixed(6, 4)] * 3, made, Precision(), name="top"
    )
    source = tmp_path / "top.v"
    source.write_text(verilog_files(design)["rtl/top.v"])
    found = yosys.synthesize([source], "top", tmp_path / "syn", dsp=False)
    assert found.ff == design.schedule.registers(design.graph) > 0
