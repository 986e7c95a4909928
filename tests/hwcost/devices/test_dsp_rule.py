"""DSP blocks: the model's count for every product size equals Yosys's, on both kinds of block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir import lut_equivalent as score
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.schedule import Area
from symtick.codegen.scheduling.scheduler import schedule
from symtick.expr import Op, parse
from symtick.hwcost import load_device, model, search_cost
from symtick.sim import yosys

# where the rules change: two bits, nine bits of product, 18, 25, 27, and pieces of 17 beyond
SIGNED = (
    (1, 12), (2, 6), (2, 7), (4, 5), (18, 25), (18, 26), (18, 27), (18, 28), (18, 42), (18, 43),
    (18, 44), (18, 45), (19, 19), (20, 30),
)  # fmt: skip
UNSIGNED = ((4, 4), (4, 5), (17, 24), (17, 25), (17, 26), (17, 27))
MIXED = ((4, 5), (18, 24))
SQUARES = (4, 5, 19)
CONSTANTS = ((8, 5), (6, 3), (12, 77), (6, 13), (16, -23_117), (10, -3), (30, 21), (12, 355_711))


def _products() -> Iterator[tuple[str, Graph]]:
    kinds = ((SIGNED, True, True), (UNSIGNED, False, False), (MIXED, True, False))
    for pairs, left, right in kinds:
        for a, b in pairs:
            builder = GraphBuilder(("a", "b"))
            x, y = builder.input(0, Fixed(a, 0, left)), builder.input(1, Fixed(b, 0, right))
            graph = builder.build([builder.op(GOp.MUL, x, y)], ["y"])
            yield f"product_{a}_{b}_{left}_{right}", graph
    for width in SQUARES:
        builder = GraphBuilder(("a",))
        x = builder.input(0, Fixed(width, 0))
        yield f"square_{width}", builder.build([builder.op(GOp.MUL, x, x)], ["y"])
    for width, raw in CONSTANTS:
        builder = GraphBuilder(("a",))
        x, y = builder.input(0, Fixed(width, 0)), builder.const(raw, 0)
        name = f"constant_{width}_{abs(raw)}"
        yield name, builder.build([builder.op(GOp.MUL, x, y)], ["y"])


def test_a_block_has_its_price_in_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of 16 by 16 bits is one DSP48; where there are none its price is nothing."""
    formats = [Fixed(22, 11)] * 2
    made, plain = (search_cost(model(name, 200.0), formats) for name in ("xcvu13p-2", "open"))
    assert made.op_lut[Op.MUL] == lut_equivalent(Area(dsp=1.0))
    assert made.op_lut[Op.CUBE] > made.op_lut[Op.SQUARE] + made.op_lut[Op.MUL] - 1
    monkeypatch.setattr(score, "_LUT_PER_DSP", 1e6)
    assert search_cost(model("open", 200.0), formats) == plain


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.parametrize("device", ["xcvu9p-2", "xc7z020-1"])
def test_the_dsp_rule_is_the_synthesiser_s(device: str, tmp_path: Path) -> None:
    made = model(device, 100.0)
    expected: dict[str, float] = {}
    sources = []
    for name, graph in _products():
        plan = schedule(graph, model(kind="unit"), 0)
        design = Design(name, parse("a + b", ["a", "b"]), graph, plan, "unit")
        sources.append(tmp_path / f"{name}.v")
        sources[-1].write_text(verilog_files(design)[f"rtl/{name}.v"])
        expected[name] = made.area(graph, graph.outputs[0]).dsp
    family = load_device(device).family
    assert family is not None
    found = yosys.synthesize_each(sources, tmp_path / "out", family)
    assert {name: found[name].dsp for name in expected} == expected
    assert {0.0, 1.0, 2.0, 3.0, 4.0} <= set(expected.values())
