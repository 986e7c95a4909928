"""cocotb test: a new input vector every clock, the outputs recorded every clock.

This file stands alone: it is copied beside a design and can be run there again (`python run.py`).
It compares nothing and knows no latency; it only records. Where the design has a clock enable, the
vectors come at enabled clocks, and between these are others with junk at the inputs, of which
nothing is recorded.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

_OFF = 0.25  # share of the clocks at which an enable is 0


class _Inputs:
    """The input ports, of which only those are written that change."""

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        self.ports = [dut[name] for name in job["inputs"]]
        self.last: list[int | None] = [None] * len(self.ports)
        self.rows = [
            [int(word) for word in line.split()]
            for line in Path("stimulus.txt").read_text().splitlines()
        ]

    def drive(self, number: int) -> None:
        """A vector at the ports."""
        values = self.rows[number]
        for handle, value, old in zip(self.ports, values, self.last, strict=True):
            if value != old:
                handle.value = value
        self.last = list(values)


@cocotb.test()
async def stream(dut: Any) -> None:
    """Drive stimulus.txt just after each rising edge, sample just before the next one."""
    job = json.loads(Path("job.json").read_text())
    inputs, outputs = _Inputs(dut, job), [dut[name] for name in job["outputs"]]
    count = len(inputs.rows)
    seen: list[str] = []
    Clock(dut.clk, 2, unit="ns").start()
    rising, falling = RisingEdge(dut.clk), FallingEdge(dut.clk)
    enable = dut[job["enable"]] if job["enable"] else None
    random = Random(1)
    for cycle in range(count + job["flush"]):
        await rising
        while enable is not None and random.random() < _OFF:
            enable.value = 0
            inputs.drive(random.randrange(count))
            await rising
        if enable is not None:
            enable.value = 1
        if cycle < count:
            inputs.drive(cycle)
        await falling
        seen.append(" ".join(str(int(handle.value)) for handle in outputs))
    Path("response.txt").write_text("\n".join(seen) + "\n")
