"""Two modules without registers, compared by ABC's checker of combinational equivalence.

Mishchenko et al., "Improvements to combinational equivalence checking", ICCAD 2006.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symtick.errors import ToolError
from symtick.sim.proof.cuts.budget import Clock
from symtick.sim.proof.netlist import REGISTER, FreeNets, Net, Netlist, limited, run_yosys
from symtick.sim.proof.outcome import Verdict
from symtick.sim.tools import find

BOTH = "both.json"  # the two modules as they were compared


@dataclass(frozen=True)
class Compared:
    """What the checker says of two modules.

    Attributes:
        verdict: whether they are equal for all values of their inputs.
        inputs: values of the inputs, as bit patterns, for which they differ; empty where none are
            shown.
    """

    verdict: Verdict
    inputs: dict[str, int]


def compared(
    lines: Sequence[str], names: tuple[str, str], folder: Path, seconds: float
) -> Compared:
    """Compare two modules with the same ports.

    Args:
        lines: Yosys's commands that read them.
        names: of the modules. A bit that nothing drives or defines is 0 in both.
        folder: for scripts and logs.
        seconds: processor seconds for the tools together.

    Raises:
        OutOfTimeError: they are spent.
        ToolError: Yosys or ABC is missing, or Yosys cannot read the modules.
    """
    clock, place = Clock(seconds), folder.resolve()
    run_yosys([*lines, *_miter(names, place / BOTH)], folder, "miter", clock.left)
    found = place / "differs.txt"
    found.unlink(missing_ok=True)
    commands = f"read_aiger miter.aig; &get -n; &cec -m; write_cex {found.name}"
    text = limited([_abc(), "-c", commands], place / "cec.log", clock.left)
    if "Networks are equivalent" in text:
        return Compared(Verdict.PROVED, {})
    if "NOT EQUIVALENT" not in text or not found.is_file():
        return Compared(Verdict.UNDECIDED, {})
    return Compared(Verdict.COUNTEREXAMPLE, _inputs(found, place / "miter.map"))


def _miter(names: tuple[str, str], both: Path) -> list[str]:
    """Commands that make one circuit of both, whose output is 1 where they differ."""
    return [
        "memory_map",
        "setundef -zero -undriven",
        f'write_json "{both}"',
        f"miter -equiv -flatten {names[0]} {names[1]} miter",
        "hierarchy -top miter",
        "techmap",
        "setundef -zero",  # of a cell that gives an undefined bit
        "opt -fast",
        "aigmap",
        "opt_clean",
        "write_aiger -map miter.map miter.aig",  # in the script's folder
    ]


def _inputs(found: Path, places: Path) -> dict[str, int]:
    """The input that ABC has written, by the places of its bits."""
    bits = re.sub(r"[^01]", "", found.read_text().partition("#")[0])
    values: dict[str, int] = {}
    for line in places.read_text().splitlines():
        kind, place, bit, name = line.split()[:4]
        if kind == "input":
            port = name.removeprefix("in_")
            values[port] = values.get(port, 0) | int(bits[int(place)]) << int(bit)
    return values


def _abc() -> Path:
    """ABC, as it comes with Yosys.

    Raises:
        ToolError: it is not there.
    """
    home = find("yosys").path
    for place in (home / "yosys-abc", home.parent / "yosys-abc"):
        if place.is_file():
            return place
    on_path = shutil.which("yosys-abc")
    if on_path is None:
        raise ToolError(f"there is no yosys-abc beside Yosys, {home}, or on the PATH")
    return Path(on_path)


def without_registers(
    netlist: Netlist, wires: Mapping[tuple[str, int], Sequence[Net]], name: str,
    free: FreeNets | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The logic of a netlist without registers, as a module of its own for Yosys's `read_json`.

    Args:
        netlist: the netlist.
        wires: the nets of each port, by direction and index; they become `i_0` and `o_0`.
        name: of the module.
        free: the nets, an input of their own, that stand for bits that nothing defines; these stay
            undefined where it is None.
    """

    def read(net: Net) -> Net:
        behind = netlist.undelayed(net)
        return behind if free is None else free.of(behind)

    made = {}
    for (direction, number), nets in wires.items():
        bits = [read(n) for n in nets] if direction == "output" else list(nets)
        made[f"{direction[0]}_{number}"] = {"direction": direction, "bits": bits}
    cells = {}
    for label, cell in netlist.cells.items():
        if cell["type"] == REGISTER:
            continue
        pins = {
            pin: nets if cell["port_directions"][pin] == "output"
            else [read(n) for n in nets]
            for pin, nets in cell["connections"].items()
        }  # fmt: skip
        cells[label] = {**cell, "connections": pins}
    return {
        "creator": "symtick",
        "modules": {
            name: {"ports": made | (free.port() if free else {}), "cells": cells, "netnames": {}}
        },
    }
