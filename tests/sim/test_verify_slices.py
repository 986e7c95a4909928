"""Designs that read slices of words: reference = C++ = Verilog, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit_model import SizedModel

from symtick.codegen import Decision, Fixed, Precision, Slice, compile_expression
from symtick.expr import parse
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim

SLICES = (
    Slice(Fixed(16, 6, False), Fixed(5, -2, False)),  # saturates above
    Slice(Fixed(12, 8), Fixed(5, 3)),  # saturates on both sides
    Slice(Fixed(9, 4), Fixed(5, 1, False)),  # negative words are 0
    Slice(Fixed(10, 0), Fixed(6, -4)),  # wires
)


def test_raw_words_to_an_index_are_bit_exact(tmp_path: Path) -> None:
    names = ("pt", "eta", "dxy", "mass")
    design = compile_expression(
        parse("0.1*pt - tanh(eta); 0.05*pt*dxy; 0.01*mass + eta; 1 - dxy", names),
        [part.fmt for part in SLICES],
        SizedModel(budget_ns=2.0),
        Precision(),
        name="top",
        decision=Decision(("index", "scores")),
        slices=SLICES,
    )
    assert [str(f) for f in design.graph.input_formats] == [str(p.word) for p in SLICES]
    folder = tmp_path / "a block für pt"  # make builds in no such folder
    found = verify(design, folder, count=3000)
    found.check()
    assert (folder / "sim/verilog/simulation.log").is_file()
    text = (folder / "rtl/top.v").read_text()
    assert "eta : fixed<5,2>, rounded down to steps of 0.125 and saturated to [-2, 1.875]" in text
