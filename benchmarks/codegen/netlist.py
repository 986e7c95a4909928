"""Register depths of a synthesised netlist: its latency, without knowing the schedule.

The netlist is Yosys's JSON of a flattened module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symtick.errors import ToolError
from symtick.sim.yosys import REGISTERS

_CLOCK_PINS = ("C", "CLK")
_Depths = tuple[int, int]


def register_depths(netlist: Path, top: str) -> _Depths:
    """Fewest and most registers on a path from an input to an output.

    They are equal in a pipeline without loops, and are its latency in ticks. Outputs that are
    constant have no path.

    Raises:
        ToolError: the file is no such netlist, no output depends on an input, or there is a loop.
    """
    try:
        module = json.loads(netlist.read_text())["modules"][top]
        drivers = _drivers(module)
        ends = [
            bit
            for port in module["ports"].values()
            if port["direction"] == "output"
            for bit in port["bits"]
            if isinstance(bit, int)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"{netlist} is not a netlist of {top}: {error!r}") from None
    depths_of = _depths(drivers, ends, netlist)
    reached = [depths for bit in ends if (depths := depths_of[bit]) is not None]
    if not reached:
        raise ToolError(f"no output of {top} depends on an input in {netlist}")
    return min(low for low, _ in reached), max(high for _, high in reached)


def _drivers(module: Mapping[str, Any]) -> dict[int, tuple[int, tuple[int, ...]]]:
    """By net: the registers that its cell is (0 or 1) and the nets that the cell reads."""
    drivers: dict[int, tuple[int, tuple[int, ...]]] = {}
    for port in module["ports"].values():
        if port["direction"] == "input":
            drivers.update(dict.fromkeys(port["bits"], (0, ())))
    for cell in module["cells"].values():
        directions = cell["port_directions"]
        read = tuple(
            bit
            for pin, bits in cell["connections"].items()
            if directions[pin] == "input" and pin not in _CLOCK_PINS
            for bit in bits
            if isinstance(bit, int)
        )
        registers = int(cell["type"] in REGISTERS)
        for pin, bits in cell["connections"].items():
            if directions[pin] == "output":
                drivers.update({bit: (registers, read) for bit in bits if isinstance(bit, int)})
    inputs = {b for p in module["ports"].values() if p["direction"] == "input" for b in p["bits"]}
    return {bit: driver for bit, driver in drivers.items() if bit in inputs or driver[1]}


def _depths(
    drivers: Mapping[int, tuple[int, tuple[int, ...]]], ends: list[int], netlist: Path
) -> dict[int, _Depths | None]:
    """Fewest and most registers before each net; None where no input reaches it."""
    depths: dict[int, _Depths | None] = {}
    open_nets: set[int] = set()
    pending = list(ends)
    while pending:
        bit = pending[-1]
        registers, read = drivers.get(bit, (-1, ()))
        missing = [b for b in read if b not in depths]
        if bit in depths or not missing:
            pending.pop()
            open_nets.discard(bit)
            if bit not in depths:
                depths[bit] = _joined(registers, [depths[b] for b in read])
        elif bit in open_nets:
            raise ToolError(f"{netlist} has a loop through net {bit}")
        else:
            open_nets.add(bit)
            pending.extend(missing)
    return depths


def _joined(registers: int, before: list[_Depths | None]) -> _Depths | None:
    if registers < 0:
        return None  # driven by nothing, or by a constant
    reached = [depths for depths in before if depths is not None]
    if before and not reached:
        return None
    low = min((d[0] for d in reached), default=0)
    high = max((d[1] for d in reached), default=0)
    return low + registers, high + registers
