"""cocotb test: a new input vector every clock, the outputs recorded every clock.

This file stands alone: it is copied beside a design and can be run there again (`python run.py`).
It compares nothing and knows no latency; it only records.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge


@cocotb.test()
async def stream(dut: Any) -> None:
    """Drive stimulus.txt just after each rising edge, sample just before the next one."""
    job = json.loads(Path("job.json").read_text())
    inputs = [dut[name] for name in job["inputs"]]
    outputs = [dut[name] for name in job["outputs"]]
    lines = Path("stimulus.txt").read_text().splitlines()
    seen: list[str] = []
    Clock(dut.clk, 2, unit="ns").start()
    rising, falling = RisingEdge(dut.clk), FallingEdge(dut.clk)
    last: list[int | None] = [None] * len(inputs)
    for cycle in range(len(lines) + job["flush"]):
        await rising
        if cycle < len(lines):
            values = [int(word) for word in lines[cycle].split()]
            for handle, value, old in zip(inputs, values, last, strict=True):
                if value != old:
                    handle.value = value
            last = list(values)
        await falling
        seen.append(" ".join(str(int(handle.value)) for handle in outputs))
    Path("response.txt").write_text("\n".join(seen) + "\n")
