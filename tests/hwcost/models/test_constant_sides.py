"""Comparisons and choices with a constant, against what Yosys made of them (UltraScale+)."""

from __future__ import annotations

import pytest

from symtick.codegen import Fixed, Precision, compile_expression
from symtick.expr import parse
from symtick.hwcost import estimate, model


@pytest.mark.parametrize(
    ("text", "width", "measured"),
    [
        ("x0 > 0.3", 12, 4), ("x0 > 0.3", 16, 6), ("max(x0, 0.3)", 12, 4),
        ("max(x0, 0.3)", 16, 7), ("min(x0, 2.71875)", 16, 6), ("x0 if x0 > 1 else 1.2", 16, 8),
        ("clip(x0, -1.3, 1.6)", 12, 5), ("clip(x0, -1.3, 1.6)", 16, 15),
        ("max(x0, 0.30078125) + x1", 16, 18),
    ],
)  # fmt: skip
def test_constant_sides_cost_what_synthesis_makes(text: str, width: int, measured: int) -> None:
    cost = model("open", 200.0)
    formats = [Fixed(width, width - 4)] * 2
    design = compile_expression(parse(text, ("x0", "x1")), formats, cost, Precision(), name="top")
    assert estimate(design, cost).area.lut == pytest.approx(measured, abs=4.5)
