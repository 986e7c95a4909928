"""Designs that decide: reference = C++ = Verilog, bit for bit, ties included."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit_model import SizedModel

from symtick.codegen import Decision, Fixed, Precision, compile_expression
from symtick.expr import parse
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim

SCORES = "x0 + x1; x0*x1; x0; tanh(x0 - x1); x1 - 0.3"


@pytest.mark.parametrize(
    ("outputs", "thresholds"),
    [(("index",), ()), (("scores", "index", "margin", "top", "above"), (0.3,))],
)
def test_decisions_are_bit_exact(
    outputs: tuple[str, ...], thresholds: tuple[float, ...], tmp_path: Path
) -> None:
    design = compile_expression(
        parse(SCORES),
        [Fixed(5, 4)] * 2,
        SizedModel(budget_ns=2.0),
        Precision(),
        name="top",
        scheduler="alap",
        decision=Decision(outputs, thresholds),
    )
    found = verify(design, tmp_path, count=2000)
    found.check()
    assert found.exhaustive
