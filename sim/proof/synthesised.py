"""Netlist = Verilog: what Yosys makes of a design's Verilog for UltraScale+ computes the same.

Both are pipelines without feedback. Once all their paths are known to pass the same number of
registers, they are compared without these, as logic, by ABC's checker of combinational equivalence
(Mishchenko et al., "Improvements to combinational equivalence checking", ICCAD 2006). Flip-flops
are as AMD's UG974 says, the other cells as Yosys's own models of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ENABLE, ports
from symtick.files import write_text
from symtick.sim import yosys
from symtick.sim.proof.cuts.budget import OutOfTimeError, processor_seconds
from symtick.sim.proof.equivalence import BOTH, compared, without_registers
from symtick.sim.proof.netlist import (
    FreeNets,
    Net,
    Netlist,
    NetlistError,
    always_enabled,
    run_yosys,
)
from symtick.sim.proof.outcome import Finding, Step, Verdict

CLAIM = "netlist = Verilog"
_FLIP_FLOPS = """\
module {name} (output Q, input C, CE, D, {pin});
  parameter INIT = 0;
  parameter [0:0] IS_C_INVERTED = 0, IS_D_INVERTED = 0, IS_{pin}_INVERTED = 0;
  wire data = {pin} ^ IS_{pin}_INVERTED ? 1'b{value} : CE ? D ^ IS_D_INVERTED : Q;
  \\$dff #(.WIDTH(1), .CLK_POLARITY(!IS_C_INVERTED)) _TECHMAP_REPLACE_ (.CLK(C), .D(data), .Q(Q));
endmodule
"""
_SIDES = ("verilog", "netlist")
_MODELLED = r"LUT[1-6]|MUXF[789]|CARRY[48]|INV|FD[RS]E"
_KINDS = (("FDRE", "R", 0), ("FDSE", "S", 1))


def netlist_equals_verilog(
    design: Design, source: Path, netlist: Path, folder: Path, timeout: float
) -> Step:
    """Prove that a netlist computes what a Verilog file says, as late.

    Args:
        design: the design, of which the ports' names and the latency are taken over.
        source: its Verilog.
        netlist: what Yosys made of it for a Xilinx family, as JSON.
        folder: where scripts and logs go; it is created.
        timeout: processor seconds for the checker.

    Raises:
        ToolError: Yosys or ABC is missing, or Yosys cannot read a file.
    """
    start = processor_seconds()
    try:
        findings = _compared(design, source, netlist, folder, timeout)
    except NetlistError as error:
        findings = [Finding("netlist", Verdict.UNDECIDED, str(error))]
    except OutOfTimeError:
        findings = [Finding("netlist", Verdict.UNDECIDED, "out of time")]
    return Step(CLAIM, tuple(findings), processor_seconds() - start)


def _compared(
    design: Design, source: Path, netlist: Path, folder: Path, timeout: float
) -> list[Finding]:
    folder.mkdir(parents=True, exist_ok=True)
    read = [f'read_verilog -sv -nolatches "{source.resolve()}"']
    verilog = _read(design, read, folder, "verilog")
    made = _read(design, _cells(design, netlist, folder), folder, "netlist")
    answers = [_latency(design, made)]
    if answers[0].verdict is not Verdict.PROVED:
        return answers
    unknown = FreeNets(made.last, made.known)
    logic = {
        "netlist": without_registers(made, _wires(design, made), "netlist", unknown),
        "verilog": without_registers(verilog, _wires(design, verilog), "verilog"),
    }
    if unknown.made:  # the Verilog has as many bits, which it does not read
        bits = [verilog.last + k for k, _ in enumerate(unknown.made, 1)]
        spare = {"direction": "input", "bits": bits}
        logic["verilog"]["modules"]["verilog"]["ports"]["i_x"] = spare
    for name, module in logic.items():
        write_text(folder / f"{name}_logic.json", json.dumps(module))
    sides = [f'read_json "{folder.resolve() / name}_logic.json"' for name in _SIDES]
    found = compared(sides, _SIDES, folder, timeout)
    if found.verdict is Verdict.PROVED and not made.partial():
        why = "equivalence checker, for all values of the inputs"
        return [*answers, Finding("logic", Verdict.PROVED, why)]
    shown = _shown(design, found.inputs, folder) if found.inputs else ""
    if shown:
        return [*answers, Finding("logic", Verdict.COUNTEREXAMPLE, shown)]
    why = "the equivalence checker does not decide whether it is that of the Verilog"
    return [*answers, Finding("logic", Verdict.UNDECIDED, why)]


# -- both sides as logic


def _cells(design: Design, netlist: Path, folder: Path) -> list[str]:
    """Commands that read the netlist, with models for its cells.

    Raises:
        NetlistError: a cell has no model, as the multiplier blocks.
    """
    made = json.loads(netlist.read_text())["modules"][design.name]
    for name, cell in made["cells"].items():
        if re.fullmatch(_MODELLED, cell["type"]) is None:
            raise NetlistError(f"cell {name} is a {cell['type']}, of which there is no model")
    _free_undefined(made)
    path = folder.resolve()
    top = {"creator": "symtick", "modules": {design.name: made}}
    write_text(path / "cells.json", json.dumps(top))
    rules = [_FLIP_FLOPS.format(name=n, pin=p, value=v) for n, p, v in _KINDS]
    write_text(path / "flip_flops.v", "".join(rules))
    return [
        f'read_json "{path / "cells.json"}"',
        f'techmap -map "{path / "flip_flops.v"}"',
        "read_verilog +/xilinx/cells_sim.v",
    ]


def _free_undefined(module: dict[str, Any]) -> None:
    """Give each undefined bit that a cell reads a net of its own, before Yosys decides on it."""
    cells, names = module["cells"].values(), module["netnames"].values()
    bits = [*(b for c in cells for b in c["connections"].values()), *(n["bits"] for n in names)]
    last = max((n for nets in bits for n in nets if isinstance(n, int)), default=0)
    for cell in cells:
        for pin, nets in cell["connections"].items():
            if cell["port_directions"][pin] == "input":
                free = [n if n not in ("x", "z") else (last := last + 1) for n in nets]
                cell["connections"][pin] = free


def _read(design: Design, lines: Sequence[str], folder: Path, name: str) -> Netlist:
    path = folder.resolve() / f"{name}.json"
    run_yosys(
        [*lines, f"hierarchy -check -top {design.name}", "proc", "flatten", "memory_collect",
         "opt_expr", "opt_clean", f'write_json "{path}"'],
        folder, f"read_{name}", yosys.TIMEOUT,
    )  # fmt: skip
    module: Mapping[str, Any] = json.loads(path.read_text())["modules"][design.name]
    return Netlist(always_enabled(module, ENABLE) if design.interface.enable else module)


def _latency(design: Design, netlist: Netlist) -> Finding:
    """Whether all paths of the netlist pass as many registers as the schedule says."""
    wrong = {
        name: sorted(ticks)
        for _, name in ports(design).outputs
        if (ticks := frozenset().union(*(netlist.ticks.get(n, ()) for n in netlist.port(name))))
        - {design.schedule.latency}
    }
    if not wrong:
        return Finding("latency", Verdict.PROVED, f"{design.schedule.latency} registers")
    text = ", ".join(f"paths to {n} pass {t} registers" for n, t in wrong.items())
    text += f", scheduled are {design.schedule.latency}"
    return Finding("latency", Verdict.COUNTEREXAMPLE, text)


def _wires(design: Design, netlist: Netlist) -> dict[tuple[str, int], Sequence[Net]]:
    names = ports(design)
    wires: dict[tuple[str, int], Sequence[Net]] = {
        ("input", j): netlist.port(name) for j, _, name in names.inputs
    }
    return wires | {("output", j): netlist.port(n) for j, (_, n) in enumerate(names.outputs)}


# -- the comparison


def _shown(design: Design, inputs: Mapping[str, int], folder: Path) -> str:
    """The outputs of both for an input, in words; "" where they agree."""
    read = [j for j, _, _ in ports(design).inputs]
    given = " ".join(f"-set {name} {value}" for name, value in inputs.items())
    lines = [f'read_json "{folder.resolve() / BOTH}"']
    for name in _SIDES:
        lines += [f"cd {name}", f"eval {given}", "cd .."]
    run_yosys(lines, folder, "eval", yosys.TIMEOUT)
    found = re.findall(r"Eval result: \\o_(\d+) = \d+'([01x]+)", (folder / "eval.log").read_text())
    count = len(design.graph.outputs)
    sides = [dict(found[:count]), dict(found[count:])]
    if len(found) != 2 * count or sides[0] == sides[1]:
        return ""
    at = ", ".join(f"{design.graph.input_names[j]}={inputs[f'i_{j}']:#x}" for j in read)
    texts = [", ".join(f"{n}={side[str(k)]}" for k, (_, n) in enumerate(ports(design).outputs))
             for side in sides]  # fmt: skip
    return f"bits {at} give {texts[1]} in the netlist, the Verilog {texts[0]}"
