"""AMD's programs, imitated (`fake_amd`): how they are run, what is refused and read.

`test_ugt_example` runs them all from `symtick synth`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_amd import COSIM, installed

from symtick import compile_text
from symtick.codegen import Area, Interface
from symtick.design_folder.checks import synthesise_folder
from symtick.design_folder.folder import read_spec
from symtick.design_folder.vendor_tools import (
    agreed,
    vendor_lines,
    vitis_figures,
    vivado_figures,
)
from symtick.errors import InputError, ToolError
from symtick.hwcost.reports.hls import CosimReport, parse_cosim
from symtick.sim import hls_rtl, vitis

pytest.importorskip("tkinter", reason="the stand-ins run Tcl in Python's tkinter")


_FAKE = Path(__file__).parent / "fake_amd.py"


def _compiled(folder: Path) -> Path:
    compile_text("s = x*y + sin(x)", ["x=fixed<7,3>", "y=ufixed<5,2>"], folder=folder, name="jets")
    return folder


@pytest.mark.sim
def test_a_form_is_what_the_tools_build_and_its_bench_drives_their_rtl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "design"
    compile_text("s = x*y", ["x=fixed<7,3>", "y=ufixed<5,2>"], folder=folder, name="jets",
                 device="xcvu9p-2", clock_mhz=360.0, latency=4,
                 interface=Interface("ap_vld", enable=True, reset=True))  # fmt: skip
    installed(tmp_path, monkeypatch, "vitis_hls", "vivado")
    _, design = read_spec(folder)
    vendor = vitis_figures(folder, design)
    assert vendor["top"] == "jets_vld"
    assert vendor["bench"] == {"vectors": 4096, "mismatches": 0, "latency": 4}
    calls = (folder / "calls.txt").read_text().splitlines()
    assert "set_top jets_vld" in calls and "config_interface -clock_enable" in calls
    assert [c.split()[1] for c in calls if c.startswith("add_files firmware")] == [
        "firmware/jets.cpp", "firmware/jets_vld.cpp",
    ]  # fmt: skip
    assert vivado_figures(folder, design)["state"] == "Routed"


def test_vitis_run_runs_the_same_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = _compiled(tmp_path / "design")
    installed(tmp_path, monkeypatch, "vitis-run")
    (tmp_path / "bin" / "v++").write_text("#!/bin/sh\necho v++ v2024.2\n")
    (tmp_path / "bin" / "v++").chmod(0o755)
    done = vitis.run(design, "jets", cosim=True)
    assert done.cosim is not None and parse_cosim(done.cosim.read_text()).passed
    assert [path.name for path in done.verilog] == ["jets.v"]
    done = vitis.run(design, "jets")
    assert done.cosim is None
    assert "cosim_design" not in (design / "calls.txt").read_text().splitlines()


def test_hls_rtl_with_other_ports_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = _compiled(tmp_path / "design")
    installed(tmp_path, monkeypatch, "vitis_hls")
    monkeypatch.setenv("FAKE_AMD_PORT", "ap_start")
    done = vitis.run(design, "jets")
    with pytest.raises(ToolError, match="other ports than the design: without none, and ap_start"):
        hls_rtl.simulate(read_spec(design)[1], done.verilog, [], tmp_path)


def test_a_script_that_the_tool_refuses_shows_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = _compiled(tmp_path / "design")
    installed(tmp_path, monkeypatch, "vitis_hls")
    (design / "firmware" / "jets.cpp").unlink()
    with pytest.raises(ToolError, match=r"status 1(?s:.*)ERROR: add_files.*jets\.cpp"):
        vitis.run(design, "jets")


def test_missing_and_unknown_tools_are_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = _compiled(tmp_path / "design")
    installed(tmp_path, monkeypatch)
    with pytest.raises(InputError, match="'quartus' is not a valid VendorTool: the vendor tools"):
        synthesise_folder(design, vendor_tools=["quartus"])
    for tool, program in (("vitis", "vitis_hls"), ("vivado", "vivado")):
        with pytest.raises(ToolError, match=f"{program} is missing"):
            synthesise_folder(design, vendor_tools=[tool])
    assert not (design / "synth").exists()


def test_cosim_reports_are_read() -> None:
    report = parse_cosim(COSIM)
    assert report == CosimReport("Verilog", "Pass", 3, 3, 1) and report.passed
    failed = parse_cosim(COSIM.replace("Pass", "Fail").replace("       3|", "      NA|"))
    assert not failed.passed and failed.latency_max is None
    with pytest.raises(InputError, match="no line of an RTL that was simulated"):
        parse_cosim(COSIM.replace("Pass", "  NA"))


def test_what_failed_is_not_agreed() -> None:
    bench = {"vectors": 10, "mismatches": 0, "latency": 3}
    good = {"cosim": {"status": "Pass"}, "bench": bench}
    assert agreed(None) and agreed(good)
    assert not agreed(good | {"cosim": {"status": "Fail"}})
    assert not agreed(good | {"bench": bench | {"mismatches": 1}})
    assert vendor_lines("d", 3, Area(1.0, 2.0, 0.0, 0.0), None, None) == []
