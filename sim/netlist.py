"""What can be read off a synthesised netlist: how many registers lie between inputs and outputs.

Room: `sim`; imports the errors. The netlist is Yosys's JSON of a flattened module.
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
    found = _depths(drivers, ends, netlist)
    reached = [depths for bit in ends if (depths := found[bit]) is not None]
    if not reached:
        raise ToolError(f"no output of {top} depends on an input in {netlist}")
    return min(low for low, _ in reached), max(high for _, high in reached)


def _drivers(module: Mapping[str, Any]) -> dict[int, tuple[int, tuple[int, ...]]]:
    """By net: the registers that its cell is (0 or 1) and the nets that the cell reads."""
    found: dict[int, tuple[int, tuple[int, ...]]] = {}
    for port in module["ports"].values():
        if port["direction"] == "input":
            found.update(dict.fromkeys(port["bits"], (0, ())))
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
                found.update({bit: (registers, read) for bit in bits if isinstance(bit, int)})
    inputs = {b for p in module["ports"].values() if p["direction"] == "input" for b in p["bits"]}
    return {bit: held for bit, held in found.items() if bit in inputs or held[1]}


def _depths(
    drivers: Mapping[int, tuple[int, tuple[int, ...]]], ends: list[int], netlist: Path
) -> dict[int, _Depths | None]:
    """Fewest and most registers before each net; None where no input reaches it."""
    found: dict[int, _Depths | None] = {}
    open_nets: set[int] = set()
    pending = list(ends)
    while pending:
        bit = pending[-1]
        registers, read = drivers.get(bit, (-1, ()))
        missing = [b for b in read if b not in found]
        if bit in found or not missing:
            pending.pop()
            open_nets.discard(bit)
            if bit not in found:
                found[bit] = _joined(registers, [found[b] for b in read])
        elif bit in open_nets:
            raise ToolError(f"{netlist} has a loop through net {bit}")
        else:
            open_nets.add(bit)
            pending.extend(missing)
    return found


def _joined(registers: int, before: list[_Depths | None]) -> _Depths | None:
    if registers < 0:
        return None  # driven by nothing, or by a constant
    held = [depths for depths in before if depths is not None]
    if before and not held:
        return None
    low = min((d[0] for d in held), default=0)
    high = max((d[1] for d in held), default=0)
    return low + registers, high + registers
