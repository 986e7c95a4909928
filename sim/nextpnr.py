"""Place and route for the ECP5: the clock that a design really reaches, routing included.

The design is put between register ranks in a small wrapper, so that every path is from register to
register, and is routed without pins (`--out-of-context`), so that their number is no limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symtick.errors import InputError, ToolError
from symtick.files import write_text
from symtick.sim import yosys
from symtick.sim.tools import execute, find

SIZES = ("25k", "45k", "85k")
SPEEDS = (6, 7, 8)
# of timing against wire length in the placement; pipelines are 5 to 10 % faster than with nextpnr's
# own, and take as long to place
TIMING_WEIGHT = 20
OWN_TIMING_WEIGHT = 10
_CLOCKS = ("clk", "ap_clk", "clock", "aclk")


@dataclass(frozen=True)
class Timing:
    """The result of place and route.

    Attributes:
        fmax_mhz: the highest clock that every register-to-register path allows.
        clock: name of the clock net.
        logic_ns: cell delays on the critical path, clock-to-out and set-up included.
        routing_ns: wire delays on the critical path.
        overhead_ns: what registers take of it: clock-to-out, the last hop and set-up.
        path: the critical path's cells, from register to register.
        target_mhz: the clock that the tools worked for.
        seed: the placement's seed.
        part: size and speed grade.
    """

    fmax_mhz: float
    clock: str
    logic_ns: float
    routing_ns: float
    overhead_ns: float
    path: tuple[str, ...]
    target_mhz: float
    seed: int
    part: str

    @property
    def period_ns(self) -> float:
        """The shortest clock period."""
        return 1000.0 / self.fmax_mhz


def place_and_route(
    sources: Sequence[Path],
    top: str,
    folder: Path,
    *,
    target_mhz: float = 200.0,
    seed: int = 1,
    size: str = "85k",
    speed: int = 8,
    dsp: bool = True,
    clock: str | None = None,
    timing_weight: int = TIMING_WEIGHT,
    timeout: float = yosys.TIMEOUT,
) -> Timing:
    """Synthesise for the ECP5, place, route, and report the clock.

    Args:
        sources: Verilog files.
        top: top module.
        folder: where wrapper, netlist, logs and report go; it is created.
        target_mhz: the clock to work for.
        seed: of the placement; the same seed gives the same result.
        size: `25k`, `45k` or `85k`.
        speed: speed grade 6 to 8, 8 the fastest.
        dsp: let products become multiplier blocks.
        clock: the clock port; without it `clk`, `ap_clk`, `clock` or `aclk`, if there is one, else
            the design is combinational.
        timing_weight: of the placement; nextpnr's own is `OWN_TIMING_WEIGHT`.
        timeout: seconds of each tool.

    Raises:
        InputError: size, speed, a source or the clock port does not exist.
        ToolError: a tool is missing or fails, or the design does not fit the part.
    """
    if size not in SIZES or speed not in SPEEDS:
        raise InputError(f"no ECP5 {size!r} grade {speed!r}: sizes {SIZES}, speeds {SPEEDS}")
    folder = folder.resolve()
    ports = yosys.ports(sources, top, folder)
    if clock is not None and clock not in ports:
        raise InputError(f"{top} has no port {clock!r} to clock it with: {', '.join(ports)}")
    clock = clock or next((name for name in _CLOCKS if name in ports), None)
    shell = f"{top}_between_registers"
    wrapper = folder / f"{shell}.v"
    write_text(wrapper, wrapped(top, shell, ports, clock))
    yosys.synthesize([wrapper, *sources], shell, folder, "ecp5", dsp=dsp, timeout=timeout)
    report = folder / f"{shell}.timing.json"
    tool = find("nextpnr-ecp5")
    options = [
        f"--{size}", "--package", "CABGA381", "--speed", str(speed), "--out-of-context",
        "--json", f"{shell}.ecp5.json", "--freq", f"{target_mhz:g}", "--seed", str(seed),
        "--placer-heap-timingweight", str(timing_weight),
        "--threads", "1", "--timing-allow-fail", "--report", report.name,
    ]  # fmt: skip
    log = folder / f"{shell}.nextpnr.log"
    execute(
        [*tool.command, *options], folder=folder, log=log, env=tool.environment(), timeout=timeout
    )
    return _timing(report, target_mhz, seed, f"LFE5U-{size}-{speed}")


def wrapped(
    top: str, shell: str, module_ports: Mapping[str, tuple[str, int]], clock: str | None
) -> str:
    """Verilog of module `shell`: `top` with a register on every input and output bit."""
    inputs = [(n, w) for n, (d, w) in module_ports.items() if d == "input" and n != clock]
    outputs = [(n, w) for n, (d, w) in module_ports.items() if d == "output"]
    ports = ["input wire shell_clk"]
    ports += [f"input wire [{w - 1}:0] in_{n}" for n, w in inputs]
    ports += [f"output reg [{w - 1}:0] out_{n}" for n, w in outputs]
    lines = [f"module {shell} (", "    " + ",\n    ".join(ports), ");"]
    lines += [f"    reg [{w - 1}:0] held_{n};" for n, w in inputs]
    lines += [f"    wire [{w - 1}:0] made_{n};" for n, w in outputs]
    pins = [f".{clock}(shell_clk)"] if clock else []
    pins += [f".{n}(held_{n})" for n, _ in inputs] + [f".{n}(made_{n})" for n, _ in outputs]
    lines += [f"    {top} inner ({', '.join(pins)});", "    always @(posedge shell_clk) begin"]
    lines += [f"        held_{n} <= in_{n};" for n, _ in inputs]
    lines += [f"        out_{n} <= made_{n};" for n, _ in outputs]
    return "\n".join([*lines, "    end", "endmodule", ""])


def _timing(report: Path, target_mhz: float, seed: int, part: str) -> Timing:
    try:
        content: Any = json.loads(report.read_text())
        clock, figures = max(content["fmax"].items())
        paths = [p for p in content["critical_paths"] if p["from"] == p["to"] == f"posedge {clock}"]
        steps = paths[0]["path"]
        routing = sum(s["delay"] for s in steps if s["type"] == "routing")
        total = sum(s["delay"] for s in steps)
        hop = [s["delay"] for s in steps if s["type"] == "routing"][-1]
        edge = sum(s["delay"] for s in steps if s["type"] in ("clk-to-q", "setup"))
        cells = tuple(dict.fromkeys(str(s["to"]["cell"]) for s in steps))
        return Timing(
            float(figures["achieved"]), clock, total - routing, routing, edge + hop, cells,
            target_mhz, seed, part,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ToolError(f"nextpnr's report {report} has no clock to read: {error!r}") from None
