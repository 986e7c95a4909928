"""The estimate of values that saturate against recorded figures of Yosys (UltraScale+, no DSPs)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from symtick.codegen import Fixed, GraphBuilder, Overflow, Quant
from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.scheduling.scheduler import schedule
from symtick.expr import parse
from symtick.hwcost import estimate, model
from symtick.sim import yosys

OPEN = model("open", 200.0)
TRN, RND = Quant.TRN, Quant.RND


@dataclass(frozen=True)
class Case:
    """A word that saturates to a format; with tables, two smooth ones read it without a register.

    Attributes:
        lut: what Yosys makes of it.
    """

    word: Fixed
    fmt: Fixed
    quant: Quant
    lut: int
    tables: bool = False

    def design(self) -> Design:
        """One stage, then registers."""
        builder = GraphBuilder(("x",))
        part = builder.cast(builder.input(0, self.word), self.fmt, self.quant, Overflow.SAT)
        outs = [part]
        if self.tables:
            codes = np.arange(1 << self.fmt.width)
            if self.fmt.signed:
                codes = np.where(codes < codes.size // 2, codes, codes - codes.size)
            u = codes / codes.size * (2 if self.fmt.signed else 1)
            made = (30 * np.tanh(1.3 * u - 0.2) + 3, 25 * np.exp(-0.7 * u) - 11)
            outs = [builder.table(part, [int(v) for v in np.round(m)], Fixed(7, 0)) for m in made]
        graph = builder.build(outs, [f"y{k}" for k in range(len(outs))])
        expression = parse(["x"] * len(outs), ["x"])
        return Design("made", expression, graph, schedule(graph, OPEN, None), "open")


HELD = [
    Case(Fixed(12, 12), Fixed(8, 12), TRN, 8),  # four bits above, on both sides
    Case(Fixed(15, 15), Fixed(10, 15), TRN, 12),
    Case(Fixed(18, 18), Fixed(8, 16), TRN, 12),
    Case(Fixed(18, 18), Fixed(6, 18), TRN, 14),
    Case(Fixed(12, 12, False), Fixed(4, 12, False), TRN, 3),  # above alone
    Case(Fixed(18, 18, False), Fixed(6, 18, False), TRN, 3),
    Case(Fixed(18, 18), Fixed(8, 10, False), TRN, 8),  # one bit above, and the sign
    Case(Fixed(12, 12), Fixed(8, 8, False), TRN, 0),  # below alone
    Case(Fixed(12, 12), Fixed(10, 10), RND, 2),  # what rounding leads to alone
    Case(Fixed(12, 12, False), Fixed(10, 10, False), RND, 1),
    Case(Fixed(12, 12), Fixed(8, 10), RND, 9),
]
MERGED = [
    Case(Fixed(12, 12), Fixed(4, 6), TRN, 12, tables=True),  # two bits above
    Case(Fixed(12, 12), Fixed(4, 9), TRN, 14, tables=True),
    Case(Fixed(12, 12), Fixed(5, 7), TRN, 23, tables=True),
    Case(Fixed(12, 12), Fixed(6, 8), TRN, 49, tables=True),
    Case(Fixed(12, 12, False), Fixed(5, 7, False), TRN, 11, tables=True),
]


@pytest.mark.parametrize("case", HELD, ids=str)
def test_saturation_before_a_register(case: Case) -> None:
    assert estimate(case.design(), OPEN).area.lut == pytest.approx(case.lut, abs=0.5)


@pytest.mark.parametrize("case", MERGED, ids=str)
def test_a_slice_that_tables_read_without_a_register(case: Case) -> None:
    assert estimate(case.design(), OPEN).area.lut == pytest.approx(case.lut, rel=0.12)


def test_without_registers_each_bit_is_limited() -> None:
    """A combinational design has no register that could be set."""
    case = HELD[8]
    design = case.design()
    graph = design.graph
    plain = Design("made", design.expression, graph, schedule(graph, OPEN, 0), "open")
    assert estimate(plain, OPEN).area.lut >= case.fmt.width - 1


@pytest.mark.synth
@pytest.mark.parametrize("case", [HELD[3], MERGED[2]], ids=str)
def test_the_figures_are_what_yosys_makes(case: Case, tmp_path: Path) -> None:
    design = case.design()
    source = tmp_path / "made.v"
    source.write_text(verilog_files(design)["rtl/made.v"])
    assert yosys.synthesize([source], "made", tmp_path, dsp=False).lut == case.lut
