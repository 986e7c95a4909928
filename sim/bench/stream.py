"""cocotb test: a new input vector every clock, the outputs recorded every clock.

This file stands alone: it is copied beside a design and can be run there again (`python run.py`).
It compares nothing and knows no latency; it only records. Designs that are simulated together have
their inputs side by side in one word, the first design's lowest, and their outputs in another.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge


def _rows(designs: list[dict[str, Any]]) -> list[str]:
    """For each clock the digits of all inputs; a design keeps its last vector to the end."""
    streams = [Path(d["folder"], "stimulus.txt").read_text().splitlines() for d in designs]
    longest = max(map(len, streams))
    held = [s + s[-1:] * (longest - len(s)) for s in streams]
    return ["".join(words) for words in zip(*reversed(held), strict=True)]


def _record(designs: list[dict[str, Any]], seen: list[str]) -> None:
    """Write the outputs of each design, as long as its own stream lasted."""
    end = len(seen[0])
    for design in designs:
        start = end - design["digits"]
        lines = len(Path(design["folder"], "stimulus.txt").read_text().splitlines())
        words = [line[start:end] for line in seen[:lines]]
        Path(design["folder"], "response.txt").write_text("\n".join(words) + "\n")
        end = start


@cocotb.test()
async def stream(dut: Any) -> None:
    """Drive the stimulus just after each rising edge, sample just before the next one."""
    designs = json.loads(Path("job.json").read_text())["designs"]
    digits = sum(design["digits"] for design in designs)
    stimulus, response = dut.stimulus, dut.response
    seen: list[str] = []
    Clock(dut.clk, 2, unit="ns").start()
    rising, falling = RisingEdge(dut.clk), FallingEdge(dut.clk)
    last = ""
    for row in _rows(designs):
        await rising
        if row != last:
            stimulus.value = int(row, 16)
            last = row
        await falling
        seen.append(f"{int(response.value):0{digits}x}")
    _record(designs, seen)
