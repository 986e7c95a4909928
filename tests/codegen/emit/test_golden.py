"""Whole designs against golden files in all languages, and what lint and synthesis report.

`SYMTICK_REGENERATE=1 pytest tests/codegen/emit/test_golden.py` writes the files anew; read the
difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from golden_designs import DESIGNS

from symtick.codegen.emit.hls import hls_files
from symtick.codegen.emit.project import write_verilog
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.emit.vhdl import vhdl_files
from symtick.sim import verilator, yosys
from symtick.sim.verify import verify

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_equals_its_golden_files(name: str) -> None:
    made = DESIGNS[name]()
    texts = {**verilog_files(made), **vhdl_files(made), **hls_files(made)}
    for path in (f"rtl/{name}.v", f"rtl/{name}.vhd", f"firmware/{name}.cpp"):
        golden = GOLDEN / f"{Path(path).name}.txt"
        if os.environ.get("SYMTICK_REGENERATE") == "1":
            golden.write_text(texts[path])
        assert texts[path] == golden.read_text()
        assert (
            max(len(line) for line in texts[path].splitlines()) <= 104
        )  # comments of ranges are not broken


def test_attributes_stand_on_declarations_without_assignment() -> None:
    """Icarus discards others, with a warning."""
    golden = [path.read_text() for path in GOLDEN.glob("*.v.txt")]
    styled = [line for text in golden for line in text.splitlines() if "(* rom_style" in line]
    wires = [line for line in styled if "wire" in line]
    assert wires and not [line for line in wires if "=" in line.split("*)")[1]]


@pytest.mark.sim
@pytest.mark.synth
@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_lint_check_and_simulation_have_nothing_to_say(name: str, tmp_path: Path) -> None:
    made = DESIGNS[name]()
    (source,) = write_verilog(made, tmp_path)
    assert "Warning" not in verilator.lint([source], name, tmp_path)
    assert yosys.check([source], name, tmp_path) == []
    verify(made, tmp_path / "sim", 2000).check()


@pytest.mark.synth
def test_check_finds_what_nothing_drives(tmp_path: Path) -> None:
    source = tmp_path / "loose.v"
    source.write_text("module loose (input a, output y); wire b; assign y = a & b; endmodule\n")
    assert any("no driver" in line for line in yosys.check([source], "loose", tmp_path))
