"""The estimate against Yosys and nextpnr, on compiled designs."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from symtick.codegen import Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.ir.fixed import Fixed
from symtick.expr import parse
from symtick.hwcost import estimate, model
from symtick.sim import nextpnr, yosys

pytestmark = [pytest.mark.synth, pytest.mark.slow]

CLOCK = 200.0
NAMES = [f"x{k}" for k in range(16)]


def _sum(terms: int, turn: int) -> str:
    shapes = (
        "tanh({c}*{x})",
        "sin({c}*{x})",
        "exp(-square({c}*{x}))",
        "abs({x})",
        "cos({x} + {c})",
    )
    parts = []
    for k in range(terms):
        factor, inner = 0.3 + 0.37 * ((5 * k + 3 * turn) % 7), 0.4 + 0.21 * ((k + turn) % 6)
        shape = shapes[(k + turn) % len(shapes)].format(c=f"{inner:.2f}", x=f"x{(k + turn) % 16}")
        parts.append(f"{factor:.2f}*{shape}")
    return " + ".join(parts)


DESIGNS = {
    "sum6": [_sum(6, 0)],
    "products": ["x0*x1 - sin(x2)*tanh(x3)"],
    "nested": [f"tanh({_sum(4, 2)}) + 0.7*sin({_sum(4, 9)})"],
    "choice": ["max(sin(x0) + x1, x2) * 0.3 + abs(x3 - x4)"],
}


def test_luts_registers_and_clock_of_whole_designs(tmp_path: Path) -> None:
    made = model("open", CLOCK)
    errors: dict[str, float] = {}
    for name, texts in DESIGNS.items():
        design = compile_expression(
            parse(texts, NAMES), [Fixed(6, 3)] * 16, made, Precision(), name=name
        )
        source = tmp_path / f"{name}.v"
        source.write_text(verilog_files(design)[f"rtl/{name}.v"])
        found = estimate(design, made)
        area = yosys.synthesize([source], name, tmp_path / name, dsp=False)
        errors[name] = abs(found.area.lut - area.lut) / area.lut
        assert area.dsp == area.bram == 0
        assert area.ff == pytest.approx(found.area.ff, rel=0.2)
        timing = nextpnr.place_and_route(
            [source], name, tmp_path / name, target_mhz=CLOCK, dsp=False
        )
        assert timing.fmax_mhz >= CLOCK, name
    assert median(errors.values()) < 0.06, errors
    assert max(errors.values()) < 0.3, errors


def test_sixteen_table_terms_take_three_ticks() -> None:
    made = model("open", CLOCK)
    expression = parse([_sum(16, 1)], NAMES)
    design = compile_expression(expression, [Fixed(6, 3)] * 16, made, Precision(), name="sum16")
    assert design.schedule.latency == 3
