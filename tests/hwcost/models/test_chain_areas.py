"""Sums, the table columns in them, and comparisons, against what Yosys made of them (UltraScale+).

LUTs of a graph with a register before and behind it, by Yosys 0.66 unless a test runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Fixed, GOp, GraphBuilder
from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir.absorption import columns_taken
from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.chains import formed, luts
from symtick.codegen.scheduling.scheduler import schedule
from symtick.expr import parse
from symtick.hwcost import estimate, model
from symtick.hwcost.models.chain_areas import ChainAreas
from symtick.sim import yosys

OPEN = model("open", 200.0)
NAMES = ("a", "b", "c")
FORMATS = st.builds(Fixed, st.integers(1, 9), st.integers(-2, 6), st.booleans())


def table(builder: GraphBuilder, source: int, bits: int, signed: bool = False) -> int:
    """A table of erratic columns."""
    fmt, size = Fixed(bits, 0, signed), 1 << builder.nodes[source].fmt.width
    entries = np.random.default_rng(5).integers(fmt.raw_min, fmt.raw_max + 1, size)
    entries[:2] = fmt.raw_min, fmt.raw_max
    return builder.table(source, entries.tolist(), fmt)


def tanh(builder: GraphBuilder, source: int, middle: int, steps: float) -> int:
    """A smooth table of 5 bits that is constant far from its middle."""
    codes = np.arange(1 << builder.nodes[source].fmt.width)
    entries = np.round(14 * np.tanh((codes - middle) / steps)).astype(int)
    return builder.table(source, entries.tolist(), Fixed(5, 0))


def plus(a: Fixed, b: Fixed, op: GOp = GOp.ADD) -> Callable[[GraphBuilder], list[int]]:
    return lambda g: [g.op(op, g.input(0, a), g.input(1, b))]


def with_table(
    address: int, signed: bool = False, read: bool = False
) -> Callable[[GraphBuilder], list[int]]:
    def build(g: GraphBuilder) -> list[int]:
        made = table(g, g.input(1, Fixed(address, 0, False)), 6, signed)
        return [g.op(GOp.ADD, g.input(0, Fixed(9, 0)), made), *([made] if read else [])]

    return build


def offset(g: GraphBuilder) -> list[int]:
    return [g.op(GOp.ADD, g.input(0, Fixed(8, 0)), g.const(21, 0))]


def offset_table(g: GraphBuilder) -> list[int]:
    return [g.op(GOp.ADD, table(g, g.input(0, Fixed(5, 0, False)), 5), g.const(21, 0))]


def reset(middle: int, steps: float) -> Callable[[GraphBuilder], list[int]]:
    return lambda g: [tanh(g, g.input(0, Fixed(8, 0, False)), middle, steps)]


U = False
CASES = {
    "signed": (plus(Fixed(8, 0), Fixed(8, 0)), 8),
    "short": (plus(Fixed(8, 0), Fixed(5, 0)), 8),
    "unsigned": (plus(Fixed(8, 0, U), Fixed(5, 0, U)), 5),
    "difference": (plus(Fixed(8, 0, U), Fixed(5, 0, U), GOp.SUB), 9),
    "coarse": (plus(Fixed(8, 3), Fixed(6, 0)), 6),
    "compared 3": (plus(Fixed(3, 0), Fixed(3, 0), GOp.GE), 1),
    "taken in": (with_table(5), 6),
    "sign twice": (with_table(5, signed=True), 9),
    "six bits": (with_table(6), 12),
    "read twice": (with_table(5, read=True), 12),
    "offset": (offset, 3),
    "offset of a table": (offset_table, 8),
    "reset where high": (reset(60, 25.0), 8),
    "reset where low": (reset(200, 20.0), 8),
}


def design(name: str) -> Design:
    builder = GraphBuilder(NAMES)
    outputs = CASES[name][0](builder)
    graph = builder.build(outputs, [f"y{k}" for k in range(len(outputs))])
    formulas = parse(["a + b + c"] * len(outputs), NAMES)
    title = "t_" + name.replace(" ", "_")
    return Design(title, formulas, graph, schedule(graph, OPEN, None), "open")


@pytest.mark.parametrize("name", CASES)
def test_estimates_are_what_synthesis_makes(name: str) -> None:
    assert estimate(design(name), OPEN).area.lut == pytest.approx(CASES[name][1], abs=1.7)


@pytest.mark.slow
@pytest.mark.synth
def test_synthesis_makes_what_the_cases_say(tmp_path: Path) -> None:
    made = {name: design(name) for name in ("short", "sign twice", "offset", "reset where low")}
    sources = []
    for one in made.values():
        sources.append(tmp_path / f"{one.name}.v")
        sources[-1].write_text(verilog_files(one)[f"rtl/{one.name}.v"])
    found = yosys.synthesize_each(sources, tmp_path, dsp=False)
    for name, one in made.items():
        assert found[one.name].lut == pytest.approx(CASES[name][1], abs=1), name


@given(FORMATS, FORMATS, st.sampled_from([GOp.ADD, GOp.SUB]))
def test_sums_of_inputs_are_counted_alike_by_formats_and_by_wires(
    a: Fixed, b: Fixed, op: GOp
) -> None:
    builder = GraphBuilder(("a", "b"))
    made = builder.op(op, builder.input(0, a), builder.input(1, b))
    graph = builder.build([made], ["y"])
    args = [graph.nodes[k] for k in graph.nodes[made].args]
    areas = ChainAreas.of(graph, schedule(graph, OPEN, None), BitLiveness.of(graph))
    assert areas.sums[made] == luts(formed(graph.nodes[made], args))


@pytest.mark.parametrize(
    ("name", "taken"),
    [("taken in", 6), ("sign twice", 5), ("six bits", 0), ("read twice", 6), ("short", None)],
)
def test_an_adder_takes_in_columns_that_one_gate_reads(name: str, taken: int | None) -> None:
    graph = design(name).graph
    (adder,) = (k for k, node in enumerate(graph.nodes) if node.op is GOp.ADD)
    if taken is not None:  # who else reads the table is for others to see
        assert columns_taken(graph.nodes, adder) == taken
    areas = ChainAreas.of(graph, schedule(graph, OPEN, None), BitLiveness.of(graph))
    assert sum(areas.taken.values()) == (0 if name in ("read twice", "short") else taken)


def test_equal_gates_of_two_sums_are_one_lut() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = (builder.input(k, Fixed(6, 0, False)) for k in range(2))
    low = builder.bits(a, Fixed(4, 0, False))
    outputs = [builder.op(GOp.ADD, a, b), builder.op(GOp.ADD, low, b)]
    graph = builder.build(outputs, ["y0", "y1"])
    areas = ChainAreas.of(graph, schedule(graph, OPEN, None), BitLiveness.of(graph))
    assert [areas.sums[k] for k in outputs] == [(6, 0), (0, 0)]


def test_ports_without_registers_read_bits_as_they_are() -> None:
    graph = design("read twice").graph
    areas = ChainAreas.of(graph, schedule(graph, OPEN, 0), BitLiveness.of(graph))
    assert sum(areas.taken.values()) == 0
