"""cocotb test of a module with one input vector and valid lines, ours or one that Vitis HLS made.

Its folder stands alone: it is copied beside a design and can be run there again (`python run.py`).
Vectors come one after the other, then with gaps, some of them long; an enable is 0 at any time, a
few times for long, and resets of one tick or several come in mid stream, with junk at the inputs.
All outputs are compared, those in the tick of a reset too, and latencies are measured. Before the
first vector none may come out.
"""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer
from scoreboard import (  # type: ignore[import-not-found]  # copied beside this
    GAPS,
    LONGEST_RESET,
    STOPS,
    Pauses,
    Scoreboard,
)
from words import (  # type: ignore[import-not-found]
    Ports,
    packed,
    read,
    read_jobs,
    read_rows,
    unpacked,
    write,
)

_ONE_BY_ONE, _GAP, _OFF, _RESET = 0.4, 0.3, 0.2, 0.01
_STUCK = 8  # times the ticks in which all that is under way comes out
_PERIOD, _SAMPLED = 4, 3  # ns


class _Lines:
    """The module's ports; those that it may lack are None."""

    def __init__(self, ports: Any, job: dict[str, Any]) -> None:
        self.clock = ports.get("ap_clk")
        self.data, self.valid = ports.get(job["input"]), ports.get(f"{job['input']}_ap_vld")
        self.outputs = [ports.get(name) for name in job["outputs"]]
        self.valids = [ports.get(f"{name}_ap_vld") for name in job["outputs"]]
        self.enable, self.reset, self.start = map(ports.get, ("ap_ce", "ap_rst", "ap_start"))

    def drive(self, word: int, valid: int, enable: int, reset: int) -> None:
        """The inputs of one clock."""
        self.data.value, self.valid.value = word, valid
        for line, value in (self.enable, enable), (self.reset, reset), (self.start, valid):
            if line is not None:
                line.value = value


@cocotb.test()
async def ap_vld(dut: Any) -> None:
    """Drive the modules one after the other."""
    for job in read_jobs("ap_vld"):
        await _drive(_Lines(Ports(dut, job["prefix"]), job), job)


async def _drive(lines: _Lines, job: dict[str, Any]) -> None:
    """Drive just after each rising edge, sample just before the next one."""
    random = Random(1)
    rows = [packed(row, job["lanes"], random) for row in read_rows(job, "stimulus.txt")]
    board = Scoreboard(read_rows(job, "expected.txt"))
    clock = Clock(lines.clock, _PERIOD, unit="ns")
    rising, sampled = RisingEdge(lines.clock), Timer(_SAMPLED, unit="ns")
    await _start(lines, clock, board)
    calm = int(_ONE_BY_ONE * len(rows))
    gaps, stops = (Pauses(len(rows), job["flush"], shares) for shares in (GAPS, STOPS))
    idle = resets = 0
    while idle < job["flush"] and not board.stuck(_STUCK * job["flush"]):
        await rising
        steady = len(rows) - len(board.waiting) < calm
        stop = stops.now(len(board.given)) or (not steady and random.random() < _OFF)
        enable = int(lines.enable is None or not stop)
        if lines.reset is not None and not (resets or steady) and _resets(board, random):
            resets = random.randint(1, LONGEST_RESET)
        reset = int(resets > 0)
        resets -= reset
        gap = not steady and random.random() < _GAP
        if enable:
            gap |= gaps.now(len(board.given))
        valid = int(bool(board.waiting) and not gap)
        taken = valid and enable and not reset
        if not taken:  # nothing may be made of this
            valid = int(not enable or reset) & random.getrandbits(1)
        word = rows[board.waiting[0]] if taken else rows[random.randrange(len(rows))]
        lines.drive(word, valid, enable, reset)
        await sampled
        if taken:
            board.take()
        _look(lines, job["formats"], board, bool(enable))
        if reset:
            board.clear(job["latency"] if enable else None)
        board.tick += enable
        idle = 0 if board.waiting else idle + enable
    clock.stop()
    write(job, board.given, board.outcome(job["latency"]))


def _resets(board: Scoreboard, random: Random) -> bool:
    """Whether there is a reset now: as soon as there is something to lose, then now and then."""
    return random.random() < _RESET or (not board.lost and bool(board.under_way))


async def _start(lines: _Lines, clock: Any, board: Scoreboard) -> None:
    """A few clocks without vectors, in reset where there is one."""
    lines.drive(0, 0, 1, 1)
    await Timer(1, unit="ns")
    rising = RisingEdge(lines.clock)
    for edges in range(4):
        # what is there before the first edge of a reset is not said
        if (lines.reset is None or edges > 1) and any(read(line, board) for line in lines.valids):
            board.fault("outputs are valid before the first vector")
        if not edges:
            clock.start()
        await rising
    lines.drive(0, 0, 1, 0)


def _look(lines: _Lines, formats: list[dict[str, int]], board: Scoreboard, enable: bool) -> None:
    """What the outputs say before the next edge."""
    valids = [read(line, board) for line in lines.valids]
    if len(set(valids)) > 1:
        board.fault(f"the valid lines of the outputs differ: {valids}")
    elif valids[0] and not enable:
        board.fault("outputs are valid while the enable is 0")
    elif valids[0]:
        pairs = zip(lines.outputs, formats, strict=True)
        board.give([unpacked(read(handle, board), lane) for handle, lane in pairs])
