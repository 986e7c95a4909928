"""Areas of what is left where nothing reads some bits, and where tables hold equal functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Precision, compile_expression
from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import BIT, GOp, GraphBuilder
from symtick.codegen.scheduling.scheduler import schedule
from symtick.expr import parse
from symtick.hwcost import estimate, model
from symtick.hwcost.models.estimate import Estimate
from symtick.sim import yosys

OPEN = model("open", 200.0)
RANDOM = np.random.default_rng(11)


def estimated(builder: GraphBuilder, *outputs: int) -> Estimate:
    graph = builder.build(list(outputs), [f"y{k}" for k in range(len(outputs))])
    formulas = parse(["a + b"] * len(outputs), ["a", "b"])
    return estimate(Design("d", formulas, graph, schedule(graph, OPEN, None), "open"), OPEN)


def column(address: int) -> list[int]:
    return [int(v) for v in RANDOM.integers(0, 2, 1 << address)]


def test_high_bits_that_a_cast_drops_cost_nothing() -> None:
    kept = 5
    g = GraphBuilder(("a", "b"))
    total = g.op(GOp.ADD, *(g.input(k, Fixed(12, 0)) for k in range(2)))
    low = g.cast(total, Fixed(kept, 0, False), Quant.TRN, Overflow.WRAP)
    narrow = GraphBuilder(("a", "b"))
    both = narrow.op(GOp.ADD, *(narrow.input(k, Fixed(kept, 0)) for k in range(2)))
    assert estimated(g, low).area.lut == estimated(narrow, both).area.lut
    assert estimated(g, total, low).area.lut == pytest.approx(12.0, abs=0.2)


def test_columns_that_nothing_reads_cost_nothing() -> None:
    g = GraphBuilder(("a", "b"))
    a, b, c = column(6), column(6), column(6)
    words = [x + 2 * y - 4 * z for x, y, z in zip(a, b, c, strict=True)]
    table = g.table(g.input(0, Fixed(6, 0, False)), words, Fixed(3, 0))
    low = g.cast(table, BIT, Quant.TRN, Overflow.WRAP)
    whole, one = estimated(g, table).area.lut, estimated(g, low).area.lut
    assert whole == pytest.approx(3 * one) and one == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("complement", [False, True])
def test_tables_of_one_address_hold_equal_functions_once(complement: bool) -> None:
    g = GraphBuilder(("a", "b"))
    a, b, c = column(6), column(6), column(6)
    x, other = g.input(0, Fixed(6, 0, False)), g.input(1, Fixed(6, 0, False))
    first = [p + 2 * q for p, q in zip(a, b, strict=True)]
    second = [(1 - p if complement else p) + 2 * q for p, q in zip(a, c, strict=True)]
    two = Fixed(2, 0, False)
    apart = estimated(g, g.table(x, first, two), g.table(other, second, two)).area.lut
    joined = estimated(g, g.table(x, first, two), g.table(x, second, two))
    # a register keeps each of them, so that the complement is there by an inverter
    assert joined.area.lut == pytest.approx(0.75 * apart + complement)
    assert joined.area.lut == pytest.approx(sum(node.lut for node in joined.by_node))


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.parametrize("text", ["tanh(1.3*a + 0.2)", "exp(0.35*a - 1.1)*21 - 7"])
def test_functions_of_twelve_bits_take_what_yosys_makes_of_them(text: str, tmp_path: Path) -> None:
    """Rows of digits: tables of one address, and sums whose high bits nothing reads."""
    design = compile_expression(
        parse(text, ["a"]), [Fixed(12, 11)], OPEN, Precision(), name="twelve"
    )
    source = tmp_path / "twelve.v"
    source.write_text(verilog_files(design)["rtl/twelve.v"])
    real = yosys.synthesize([source], "twelve", tmp_path, dsp=False).lut
    # alone: the estimate is for tables beside other logic, which take a tenth more
    assert estimate(design, OPEN).area.lut == pytest.approx(real, rel=0.22)
    one_by_one = sum(OPEN.area(design.graph, k).lut for k in range(len(design.graph.nodes)))
    assert one_by_one > 1.15 * estimate(design, OPEN).area.lut


def test_two_sums_in_one_tick_are_deeper_than_tables() -> None:
    """Synthesis then saves cells in tables, which F7 and F8 would join."""
    chained = compile_expression(
        parse("tanh(a) + tanh(1.5*b) + tanh(0.7*c) + tanh(1.1*d)", ["a", "b", "c", "d"]),
        [Fixed(8, 7)] * 4, OPEN, Precision(), name="chained",
    )  # fmt: skip
    graph, stages = chained.graph, chained.schedule.stage
    sums = [k for k, node in enumerate(graph.nodes) if node.op is GOp.ADD]
    inside = [(a, k) for k in sums for a in graph.nodes[k].args if a in sums]
    assert any(stages[a] == stages[k] for a, k in inside)
    tables = [k for k, node in enumerate(graph.nodes) if node.op is GOp.TABLE]
    found = estimate(chained, OPEN)
    assert [found.by_node[k].lut for k in tables] == pytest.approx(
        [OPEN.area(graph, k).lut for k in tables]
    )
