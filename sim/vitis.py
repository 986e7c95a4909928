"""AMD's HLS tool run on a generated project, if it is installed.

`hwcost.reports` reads the report.
"""

from __future__ import annotations

import os
from pathlib import Path

from symtick.errors import InputError, ToolError
from symtick.sim.tools import Tool, execute, find

SCRIPT = "build_prj.tcl"


def run(project: Path, top: str, *, timeout: float = 3600.0) -> Path:
    """Run `build_prj.tcl` of a project folder; returns the path of its csynth.xml.

    Args:
        project: folder of the project, with the script in it.
        top: name of the top function.
        timeout: seconds.

    Raises:
        InputError: the folder has no build script.
        ToolError: no HLS tool is installed, it fails, or it leaves no report.
    """
    script = project / SCRIPT
    if not script.is_file():
        raise InputError(f"{project} is not an HLS project: it has no {SCRIPT}")
    tool, words = _launcher()
    before = set(_reports(project, top))
    started = {path: path.stat().st_mtime_ns for path in before}
    execute(
        [*words, SCRIPT], folder=project, log=project / "vitis_hls.log", env=tool.environment(),
        timeout=timeout,
    )  # fmt: skip
    fresh = [p for p in _reports(project, top) if started.get(p) != p.stat().st_mtime_ns]
    if not fresh:
        raise ToolError(
            f"{tool.name} ended well but left no {top}_csynth.xml under {project}; "
            f"see {project / 'vitis_hls.log'}"
        )
    return max(fresh, key=lambda path: path.stat().st_mtime_ns)


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


def _reports(project: Path, top: str) -> list[Path]:
    return sorted(project.glob(f"*/*/syn/report/{top}_csynth.xml"))
