"""Netlist = Verilog: what Yosys makes is proved, and a changed cell of it is shown at an input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from unit_model import UnitModel

from symtick.codegen import Design, Fixed, Interface, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.interface import PLAIN
from symtick.expr import parse
from symtick.files import write_text
from symtick.sim import yosys
from symtick.sim.proof.outcome import Step, Verdict
from symtick.sim.proof.synthesised import netlist_equals_verilog

pytestmark = pytest.mark.synth


_TEXTS = ("tanh(x + 0.5*y) + 0.3*x", "abs(x - y)")


def _made(
    folder: Path, interface: Interface = PLAIN, texts: Sequence[str] = _TEXTS
) -> tuple[Design, Path, Path]:
    design = compile_expression(
        parse(texts, ("x", "y")), [Fixed(6, 4)] * 2,
        UnitModel(), Precision(term_frac=4), name="tiny", interface=interface,
    )  # fmt: skip
    source = folder / "tiny.v"
    write_text(source, verilog_files(design)["rtl/tiny.v"])
    yosys.synthesize([source], "tiny", folder)
    return design, source, folder / "tiny.xcup.json"


def _step(design: Design, source: Path, netlist: Path) -> Step:
    return netlist_equals_verilog(design, source, netlist, source.parent / "proof", 60.0)


def _changed(netlist: Path, kind: str, change: str) -> Path:
    """The netlist with another parameter or connection of its first cell of a kind."""
    content: dict[str, Any] = json.loads(netlist.read_text())
    cells = content["modules"]["tiny"]["cells"]
    cell = next(c for c in cells.values() if c["type"].startswith(kind))
    if change == "type":
        cell["type"] = "DSP48E2"
    elif change == "floating":
        cell["connections"]["R"] = [1_000_000]
    elif change == "undefined":
        cell["connections"]["R"] = ["x"]
    elif change == "missing":
        del cell["connections"]["R"]
    elif change == "pin":
        cell["connections"]["CE"] = ["1"]
    elif change == "table":
        table = cell["parameters"]["INIT"]
        cell["parameters"]["INIT"] = table[:-1] + str(1 - int(table[-1]))
    else:  # the register is left out: its output is its input
        (q,), (d,) = cell["connections"]["Q"], cell["connections"]["D"]
        cell["connections"]["Q"] = ["x"]
        for other in cells.values():
            pins = other["connections"]
            pins |= {pin: [d if n == q else n for n in nets] for pin, nets in pins.items()}
        for port in content["modules"]["tiny"]["ports"].values():
            port["bits"] = [d if n == q else n for n in port["bits"]]
    other_file = netlist.with_name("changed.json")
    write_text(other_file, json.dumps(content))
    return other_file


def test_netlists_are_proved_and_faults_in_them_shown(tmp_path: Path) -> None:
    design, source, netlist = _made(tmp_path)
    step = _step(design, source, netlist)
    assert step.verdict is Verdict.PROVED, step.findings
    (fault,) = _step(design, source, _changed(netlist, "LUT", "table")).open
    assert fault.verdict is Verdict.COUNTEREXAMPLE
    assert fault.reason.startswith("bits x=0x") and " in the netlist, the Verilog " in fault.reason
    (early,) = _step(design, source, _changed(netlist, "FDRE", "register")).open
    assert (early.subject, early.verdict) == ("latency", Verdict.COUNTEREXAMPLE)
    for change in ("floating", "undefined", "missing"):
        (unknown,) = _step(design, source, _changed(netlist, "FDRE", change)).open
        assert unknown.verdict is Verdict.COUNTEREXAMPLE, change
    (strange,) = _step(design, source, _changed(netlist, "LUT", "type")).open
    assert strange.verdict is Verdict.UNDECIDED and "DSP48E2" in strange.reason


@pytest.mark.parametrize("texts", [_TEXTS, ["max(x - y, 0)"]])
def test_a_clock_enable_is_followed(texts: Sequence[str], tmp_path: Path) -> None:
    """Into the resets, and into LUTs that keep a value, too, where Yosys moves it there."""
    design, source, netlist = _made(tmp_path, Interface(enable=True), texts)
    pins = json.loads(netlist.read_text())["modules"]["tiny"]
    (enable,) = pins["ports"]["ce"]["bits"]
    moved = [c for c in pins["cells"].values() if c["type"].startswith("LUT")
             and [enable] in c["connections"].values()]  # fmt: skip
    assert bool(moved) == (texts is not _TEXTS)
    step = _step(design, source, netlist)
    assert step.verdict is Verdict.PROVED, step.findings
    assert _step(design, source, _changed(netlist, "LUT", "table")).verdict is not Verdict.PROVED


def test_a_register_that_does_not_obey_the_enable_is_named(tmp_path: Path) -> None:
    design, source, netlist = _made(tmp_path, Interface(enable=True))
    (free,) = _step(design, source, _changed(netlist, "FDRE", "pin")).open
    assert free.verdict is Verdict.UNDECIDED
    assert "does not keep its value while ce is 0" in free.reason
