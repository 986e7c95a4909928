"""AMD's Vivado run on a design's Verilog, if it is installed: out of context, placed and routed.

`hwcost.reports` reads the reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from symtick.errors import InputError, ToolError
from symtick.sim.tools import execute, find

SCRIPT = Path("rtl/synth_ooc.tcl")
_REPORTS = Path("rtl/vivado_ooc")


@dataclass(frozen=True)
class RoutedRun:
    """The reports of the routed design: what it takes, and what clock it reaches."""

    utilisation: Path
    timing: Path


def run(folder: Path, top: str, *, timeout: float = 3600.0) -> RoutedRun:
    """Run `rtl/synth_ooc.tcl` of a folder.

    Args:
        folder: with the design's `rtl/`.
        top: name of the module.
        timeout: seconds.

    Raises:
        InputError: the folder has no such script.
        ToolError: Vivado is not installed, fails, or leaves no reports.
    """
    if not (folder / SCRIPT).is_file():
        raise InputError(f"{folder} has no {SCRIPT}")
    tool = find("vivado")
    made = RoutedRun(
        folder / _REPORTS / f"{top}_utilization.rpt", folder / _REPORTS / f"{top}_timing.rpt"
    )
    for path in (made.utilisation, made.timing):
        path.unlink(missing_ok=True)  # an earlier run's
    log = folder / "vivado.log"
    command = [*tool.command, "-mode", "batch", "-nojournal", "-nolog", "-source", str(SCRIPT)]
    execute(command, folder=folder, log=log, env=tool.environment(), timeout=timeout)
    for path in (made.utilisation, made.timing):
        if not path.is_file():
            raise ToolError(f"vivado ended well but left no {path}; see {log}")
    return made
