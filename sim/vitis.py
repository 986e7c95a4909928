"""AMD's HLS tool run on a generated project, if it is installed.

`hwcost.reports` reads the reports.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from symtick.errors import InputError, ToolError
from symtick.sim.tools import Tool, execute, find

SCRIPT = "build_prj.tcl"
_SOLUTION = "*/*/"  # of the project and of its solution


@dataclass(frozen=True)
class HlsRun:
    """What the tool has left.

    Attributes:
        csynth: the report of C synthesis, csynth.xml.
        cosim: the report of co-simulation, None where that was not asked for.
        verilog: the RTL that it has made, in order.
    """

    csynth: Path
    cosim: Path | None
    verilog: tuple[Path, ...]


def run(project: Path, top: str, *, cosim: bool = False, timeout: float = 3600.0) -> HlsRun:
    """Run `build_prj.tcl` of a project folder: C simulation, C synthesis, co-simulation if wanted.

    Args:
        project: folder of the project, with the script in it.
        top: name of the top function.
        cosim: whether the test bench is run on the RTL, too.
        timeout: seconds.

    Raises:
        InputError: the folder has no build script.
        ToolError: no HLS tool is installed, it fails, or it leaves no report.
    """
    if not (project / SCRIPT).is_file():
        raise InputError(f"{project} is not an HLS project: it has no {SCRIPT}")
    tool, words = _launcher()
    wanted = {"syn": f"{_SOLUTION}syn/report/{top}_csynth.xml"}
    if cosim:
        wanted["sim"] = f"{_SOLUTION}sim/report/{top}_cosim.rpt"
    before = {path: path.stat().st_mtime_ns for w in wanted.values() for path in project.glob(w)}
    # vitis-run passes no words on to a script
    options = {"HLS_OPTIONS": f"csim=1 synth=1 cosim={int(cosim)} export=0"}
    execute(
        [*words, SCRIPT], folder=project, log=project / "vitis_hls.log",
        env=tool.environment() | options, timeout=timeout,
    )  # fmt: skip
    found = {step: _fresh(project, w, before, tool.name) for step, w in wanted.items()}
    verilog = found["syn"].parents[1] / "verilog"
    return HlsRun(found["syn"], found.get("sim"), tuple(sorted(verilog.glob("*.v"))))


def available() -> bool:
    """Whether an HLS tool is installed."""
    try:
        _launcher()
    except ToolError:
        return False
    return True


def _launcher() -> tuple[Tool, tuple[str, ...]]:
    """The tool and the words that make it run a script."""
    try:
        tool = find("vitis_hls")
        return tool, (*tool.command, "-f")
    except ToolError as missing:
        # from 2023.2 on the compiler is v++, and the program beside it runs the scripts
        try:
            tool = find("v++")
        except ToolError:
            raise missing from None
        beside = tool.path.parent / "vitis-run"
        if not os.access(beside, os.X_OK):
            raise missing from None
        return tool, (str(beside), "--mode", "hls", "--tcl")


def _fresh(project: Path, pattern: str, before: dict[Path, int], tool: str) -> Path:
    """The report of this pattern that the run has written."""
    made = [p for p in project.glob(pattern) if before.get(p) != p.stat().st_mtime_ns]
    if not made:
        raise ToolError(
            f"{tool} ended well but left no {pattern.rpartition('/')[2]} under {project}; "
            f"see {project / 'vitis_hls.log'}"
        )
    return max(made, key=lambda path: path.stat().st_mtime_ns)
