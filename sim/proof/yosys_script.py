"""Yosys on a script of its own, with its log beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symtick.files import write_text
from symtick.sim.tools import execute, find


def run_yosys(lines: Sequence[str], folder: Path, name: str, timeout: float) -> None:
    """Run commands in `folder`; script and log are `<name>.ys` and `<name>.log`.

    Raises:
        ToolError: Yosys is missing, fails or takes too long.
    """
    tool = find("yosys")
    script = folder.resolve() / f"{name}.ys"
    write_text(script, "\n".join(lines) + "\n")
    execute(
        [*tool.command, script],
        folder=script.parent,
        log=script.with_suffix(".log"),
        env=tool.environment(),
        timeout=timeout,
    )
