"""cocotb test of a module between two AXI4-Streams, ours or one that Vitis HLS made.

Its folder stands alone: it is copied beside a design and can be run there again (`python run.py`).
Vectors come one after the other, then with gaps, some of them long, while the receiver is ready
always, then not, at times for long, and resets of one clock or several come in mid stream. All
outputs and tlast are compared; latencies are measured wherever the receiver has held nothing back.
Broken rules of the protocol are faults: valid or data that change before they are taken, a vector
that is refused though the receiver always was ready, a ready of the input that follows that of the
output within a clock.
"""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer
from scoreboard import (  # type: ignore[import-not-found]  # copied beside this
    GAPS,
    LONGEST_RESET,
    STALLS,
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

_CALM, _GAP, _WAIT, _RESET, _PROBE = 0.3, 0.3, 0.4, 0.02, 0.1
_STUCK = 8  # times the clocks in which all that is under way comes out


class _Lines:
    """The ports; Vitis HLS writes TDATA and the like, and calls clock and reset otherwise."""

    def __init__(self, ports: Any) -> None:
        self.clock = ports.get("aclk", "ap_clk")
        self.reset = ports.get("aresetn", "ap_rst_n")
        self.data, self.valid, self.ready, self.last = _stream(ports, "s_axis")
        self.out_data, self.out_valid, self.out_ready, self.out_last = _stream(ports, "m_axis")
        for name in ("s_axis_TKEEP", "s_axis_TSTRB"):  # of Vitis: every byte counts
            if (line := ports.get(name)) is not None:
                line.value = (1 << len(line)) - 1


def _stream(ports: Any, side: str) -> list[Any]:
    names = (f"{side}_{name}" for name in ("tdata", "tvalid", "tready", "tlast"))
    return [ports.get(name, f"{side}_{name[7:].upper()}") for name in names]


class _Bench:
    """The streams in one run.

    Attributes:
        offered: the vector at the input, until it is taken.
        left: what the output has shown and the receiver has not taken.
        calm: nothing is held back since the module was empty.
        gaps: long ones at the input.
        stalls: long times in which the receiver is not ready.
    """

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        self.job, self.random = job, Random(2)
        self.lines = _Lines(Ports(dut, job["prefix"]))
        self.rows = read_rows(job, "stimulus.txt")
        self.marks = [k % 7 == 3 for k in range(len(self.rows))]  # tlast of each vector
        expected = read_rows(job, "expected.txt")
        self.board = Scoreboard([[*e, int(m)] for e, m in zip(expected, self.marks, strict=True)])
        self.offered = False
        self.left: tuple[int, int] | None = None
        self.calm = True
        self.gaps, self.stalls = (
            Pauses(len(self.rows), job["flush"], shares) for shares in (GAPS, STALLS)
        )

    def steady(self) -> bool:
        """In the first part, where nothing ever waits."""
        return len(self.rows) - len(self.board.waiting) < _CALM * len(self.rows)

    def offer(self) -> None:
        """A vector to the input, or none; one that was not taken stays."""
        board, lines = self.board, self.lines
        if not self.offered:
            gap = self.gaps.now(len(board.given)) or (
                not self.steady() and self.random.random() < _GAP
            )
            self.offered = bool(board.waiting) and not gap
            number = board.waiting[0] if self.offered else self.random.randrange(len(self.rows))
            lines.data.value = packed(self.rows[number], self.job["lanes"], self.random)
            lines.last.value = int(self.marks[number] if self.offered else True)
        lines.valid.value = int(self.offered)

    def look(self, ready: bool) -> None:
        """What happens at the next edge."""
        board, lines = self.board, self.lines
        if self.offered and read(lines.ready, board):
            board.take()
            self.offered = False
        elif self.offered and self.calm and board.tick and self.steady():
            board.fault("a vector is refused though nothing was ever held back")
        shown = None
        if read(lines.out_valid, board):
            shown = read(lines.out_data, board), read(lines.out_last, board)
        if self.left is not None and shown != self.left:
            board.fault(f"the output changes from {self.left} to {shown} before it was taken")
        if shown is not None and ready:
            values = [unpacked(shown[0], lane) for lane in self.job["formats"]]
            board.give([*values, shown[1]], timed=self.calm)
        self.left = None if ready else shown
        if not board.under_way:
            self.calm = True
        elif self.left is not None:
            self.calm = False

    async def reset(self, rising: Any, falling: Any, clocks: int) -> None:
        """A reset of some clocks: what is under way is lost."""
        lines = self.lines
        lines.reset.value, lines.valid.value, lines.out_ready.value = 0, 0, 0
        for _ in range(clocks - 1):
            await rising
        await falling
        # what is there before the first edge of a reset is not said
        if clocks > 1 and (read(lines.out_valid, self.board) or read(lines.ready, self.board)):
            self.board.fault("the module is valid or ready in reset")
        await rising
        lines.reset.value = 1
        self.board.clear()
        self.offered, self.left, self.calm = False, None, True
        self.board.tick = 0

    def resets(self) -> bool:
        """Whether there is a reset now: as soon as there is something to lose, then at times."""
        if self.steady() or not (self.board.waiting or self.board.under_way):
            return False
        first = not self.board.lost and bool(self.board.under_way)
        # between two of them most of what was taken comes out
        return first or self.random.random() < min(_RESET, 1 / self.job["flush"])

    async def cycle(self, falling: Any) -> bool:
        """A clock, from just behind its rising edge; whether the receiver was ready."""
        ready = self.steady() or not self.board.waiting or self.random.random() >= _WAIT
        ready = ready and not self.stalls.now(len(self.board.given))
        self.offer()
        if self.random.random() < _PROBE:
            self.lines.out_ready.value = int(not ready)
            await Timer(1, unit="ns")
            before = read(self.lines.ready, self.board)
            self.lines.out_ready.value = int(ready)
            await falling
            if read(self.lines.ready, self.board) != before:
                self.board.fault("s_axis_tready follows m_axis_tready within a clock")
        else:
            self.lines.out_ready.value = int(ready)
            await falling
        self.look(ready)
        self.board.tick += 1
        return bool(ready)


@cocotb.test()
async def axi_stream(dut: Any) -> None:
    """Drive the modules one after the other."""
    for job in read_jobs("axi_stream"):
        await _drive(_Bench(dut, job))


async def _drive(bench: _Bench) -> None:
    """Drive just after each rising edge, sample just before the next one."""
    clock = Clock(bench.lines.clock, 4, unit="ns")
    clock.start()
    rising, falling = RisingEdge(bench.lines.clock), FallingEdge(bench.lines.clock)
    await rising
    await bench.reset(rising, falling, LONGEST_RESET)
    idle = 0
    while idle < bench.job["flush"] and not bench.board.stuck(_STUCK * bench.job["flush"]):
        await rising
        if bench.resets():
            await bench.reset(rising, falling, bench.random.randint(1, LONGEST_RESET))
            idle = 0
        else:
            ready = await bench.cycle(falling)
            idle = 0 if bench.board.waiting or not ready else idle + 1
    clock.stop()
    write(bench.job, bench.board.given, bench.board.outcome(bench.job["latency"]))
