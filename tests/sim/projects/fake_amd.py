"""Stand-ins for `vitis_hls`, `vitis-run` and `vivado`: they run the script that they are given.

Each command of the script is a Python function below, which refuses what the documented command
would refuse and writes a report in the documented format (the recorded ones of tests/data, under
the design's name). A command that is not there is an error, as in the tool. `calls.txt` in the
working folder keeps what was called.

    fake_amd.py <program> <words of its command line>
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPORTS = Path(__file__).parents[2] / "data" / "reports"
APP = """<project xmlns="com.autoesl.autopilot.project" top="{top}" name="{name}">
  <solutions><solution name="solution1" status=""/></solutions>
</project>
"""
COSIM = """Report time       : Tue Dec  1 08:00:00 UTC 2026.
Solution          : solution1.
Simulation tool   : xsim.

+----------+----------+-----------------------------+-----------------------------+-----------+
|          |          |    Latency(Clock Cycles)    |   Interval(Clock Cycles)    |   Total   |
+   RTL    +  Status  +-----------------------------+-----------------------------+ Execution +
|          |          |   min   |   avg   |   max   |   min   |   avg   |   max   |   Time    |
+----------+----------+-----------------------------+-----------------------------+-----------+
|      VHDL|        NA|       NA|       NA|       NA|       NA|       NA|       NA|         NA|
|   Verilog|      Pass|        3|        3|        3|        1|        1|        1|        503|
+----------+----------+-----------------------------+-----------------------------+-----------+
"""


class Fake:
    """One start of a program."""

    def __init__(self) -> None:
        import tkinter  # not every Python has it: see `installed`

        self.tcl = tkinter.Tcl()
        self.calls: list[str] = []
        self.top = ""
        self.state: set[str] = set()
        self.files: list[Path] = []
        commands = [name for name in dir(self) if name.startswith("do_")]
        for name in commands:
            self.tcl.createcommand(name[3:], self._command(name[3:], getattr(self, name)))
        self.tcl.createcommand("exit", lambda *words: self._end(int(*words or ("0",))))

    def _command(self, name: str, run: Callable[..., None]) -> Callable[..., str]:
        def called(*words: str) -> str:
            self.calls.append(" ".join([name, *words]))
            try:
                run(*words)
            except Exception as error:
                print(f"ERROR: {name}: {error!r}", flush=True)
                self._end(1)
            return ""

        return called

    def _end(self, status: int) -> None:
        Path("calls.txt").write_text("\n".join(self.calls) + "\n")
        sys.stdout.flush()
        os._exit(status)

    def run(self, script: str) -> None:
        self.tcl.evalfile(str(Path(script).resolve()))
        self._end(0)

    # ---- the HLS tool
    def do_open_project(self, reset: str, name: str) -> None:
        assert reset == "-reset"
        self.project = Path(name)
        self.project.mkdir(exist_ok=True)

    def do_set_top(self, name: str) -> None:
        self.top = name

    def do_add_files(self, *words: str) -> None:
        names = [w for k, w in enumerate(words) if w not in ("-tb", "-cflags") and
                 words[k - 1] != "-cflags"]  # fmt: skip
        (path,) = map(Path, names)
        assert path.exists(), path
        self.state.add("bench" if "-tb" in words else "source")

    def do_open_solution(self, reset: str, name: str) -> None:
        assert (reset, name) == ("-reset", "solution1") and self.top
        self.solution = self.project / name
        _write(self.project / "hls.app", APP.format(top=self.top, name=self.project.name))

    def do_set_part(self, part: str) -> None:
        assert re.fullmatch(r"xc[\w-]+", part), part
        self.state.add("part")

    def do_create_clock(self, *words: str) -> None:
        assert words[0] == "-period" and float(words[1]) > 0
        self.state.add("clock")

    def do_config_interface(self, option: str) -> None:
        assert option == "-clock_enable" and "clock" in self.state

    def do_csim_design(self) -> None:
        assert {"source", "bench"} <= self.state
        assert Path("tb_data/tb_input_features.dat").stat().st_size

    def do_csynth_design(self) -> None:
        assert {"source", "part", "clock"} <= self.state
        report = (REPORTS / "vitis_csynth.xml").read_text()
        name = re.search("<TopModelName>(.*?)<", report)
        assert name is not None
        _write(self.solution / f"syn/report/{self.top}_csynth.xml",
               report.replace(f">{name[1]}<", f">{self.top}<"))  # fmt: skip
        _write(self.solution / f"syn/verilog/{self.top}.v", _as_vitis_writes_it(self.top))
        self.state.add("rtl")

    def do_cosim_design(self) -> None:
        assert {"rtl", "bench"} <= self.state
        _write(self.solution / f"sim/report/{self.top}_cosim.rpt", COSIM)

    # ---- Vivado
    def do_read_verilog(self, name: str) -> None:
        assert f"module {Path(name).stem} " in Path(name).read_text()

    def do_read_xdc(self, *words: str) -> None:
        *mode, name = words
        assert mode == ["-mode", "out_of_context"] and "create_clock" in Path(name).read_text()

    def do_synth_design(self, *words: str) -> None:
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert options["-mode"] == "out_of_context"
        self.do_set_part(options["-part"])
        self.top = options["-top"]

    def do_opt_design(self) -> None:
        self.state.add("opt")

    def do_place_design(self) -> None:
        assert "opt" in self.state
        self.state.add("placed")

    def do_phys_opt_design(self) -> None:
        assert "placed" in self.state

    def do_route_design(self) -> None:
        assert "placed" in self.state
        self.state.add("routed")

    def do_report_utilization(self, option: str, name: str) -> None:
        self._report("vivado_utilization_ultrascale.rpt", option, name)

    def do_report_timing_summary(self, option: str, name: str) -> None:
        self._report("vivado_timing_summary.rpt", option, name)

    def _report(self, recorded: str, option: str, name: str) -> None:
        assert option == "-file" and "routed" in self.state
        text = (REPORTS / recorded).read_text()
        text = re.sub(r"(\| Design +: ).*", rf"\g<1>{self.top}", text, count=1)
        _write(Path(name), re.sub(r"(\| Design State +: ).*", r"\1Routed", text, count=1))

    def do_write_checkpoint(self, *words: str) -> None:
        assert words[0] == "-force" and words[1].endswith(".dcp")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _as_vitis_writes_it(top: str) -> str:
    """The design's own Verilog behind the module head that the HLS tool writes."""
    own = Path(f"rtl/{top}.v").read_text()
    if "input  wire ap_clk" in own:  # a form, which has the tool's names already
        core = Path(f"rtl/{top.rpartition('_')[0]}.v")
        return core.read_text() + own
    ports = re.findall(r"^ +(input|output) +wire +(?:signed )?(\[\d+:0\])? *(\w+)", own, re.M)
    names = ["ap_clk", "ap_rst", *(name for *_, name in ports if name != "clk")]
    declared = [f"{way} {wide} {name};" for way, wide, name in ports if name != "clk"]
    wired = [f".{name}({'ap_clk' if name == 'clk' else name})" for *_, name in ports]
    if os.environ.get("FAKE_AMD_PORT"):
        names.append(os.environ["FAKE_AMD_PORT"])
    return "\n".join(
        [own.replace(f"module {top} ", f"module {top}_core "), f"module {top} (",
         ",\n".join(f"        {name}" for name in names), ");", "input ap_clk;", "input ap_rst;",
         *declared, f"{top}_core core ({', '.join(wired)});", "endmodule\n"]
    )  # fmt: skip


def _script(program: str, words: list[str]) -> str | None:
    """The script of a documented command line; None of another one."""
    if program == "vitis-run" and len(words) == 4:
        options = dict(zip(words[::2], words[1::2], strict=True))  # in any order
        return options.get("--tcl") if options.get("--mode") == "hls" else None
    before = {
        "vitis_hls": ["-f"],
        "vivado": ["-mode", "batch", "-nojournal", "-nolog", "-source"],
    }
    *given, script = words
    return script if given == before.get(program) else None


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    """Put stand-ins of these programs on PATH, and no others of AMD's."""
    pytest.importorskip("tkinter", reason="the stand-ins run Tcl in Python's tkinter")
    for name in ("SYMTICK_VITIS_HLS", "SYMTICK_VPP", "SYMTICK_VIVADO"):
        monkeypatch.delenv(name, raising=False)
    (folder / "bin").mkdir(exist_ok=True)
    for program in programs:
        file = folder / "bin" / program
        file.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {program} "$@"\n')
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


def main() -> None:
    """Check the command line as documented, then run the script."""
    program, *words = sys.argv[1:]
    if words[-1:] in (["-version"], ["--version"]):
        print(f"{program} v2023.2 (64-bit)")
        return
    script = _script(program, words)
    if script is None:
        print(f"ERROR: {program} does not take {words}")
        sys.exit(2)
    Fake().run(script)


if __name__ == "__main__":
    main()
