"""The RTL that AMD's HLS tool has made of a design, in the cocotb bench of the design's Verilog.

With `ap_ctrl_none` and `ap_none` (UG1399, "Interfaces") its module has the ports of the C++
function by their names, and `ap_clk` and `ap_rst`. A module around it gives it the design's ports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.templates import render
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import ToolError
from symtick.files import write_text
from symtick.sim import verilator
from symtick.sim.forms import FormRun, run_forms

_CONTROL = {"ap_clk": "clk", "ap_rst": "1'b0"}


def simulate(
    design: Design, sources: Sequence[Path], raw: RawArray, folder: Path
) -> verilator.Simulation:
    """Run vectors through the RTL, one in each clock.

    Args:
        design: the design; its graph is the reference.
        sources: the Verilog that the HLS tool has made; one module is named like the design.
        raw: raw input integers, shape (vectors, inputs).
        folder: gets the Verilog in one file, the bench and what it recorded.

    Raises:
        ToolError: the module has other ports than the design's, or a tool is missing or fails.
    """
    if design.interface.kind != "plain":  # its bench finds the ports by the tool's names
        return run_forms([FormRun(design, raw, design.graph.evaluate(raw), sources, folder)])[0]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    outer = replace(design, name=f"{design.name}_hls")
    file = folder / "hls_rtl" / f"{outer.name}.v"
    write_text(file, f"{text}\n{_wrapper(design, outer.name, _ports_of(text, design.name))}")
    return verilator.run(outer, raw, folder, source=file)


def _ports_of(text: str, module: str) -> list[str]:
    """The names in a module's head, as the HLS tool writes it: names alone, with commas."""
    head = re.search(rf"^\s*module\s+{module}\s*\(([^)]*)\)\s*;", text, re.MULTILINE)
    if head is None:
        raise ToolError(f"the HLS tool has left no Verilog with a module {module}")
    return re.findall(r"(\w+)\s*(?:,|$)", head[1])


def _wrapper(design: Design, name: str, inner: Sequence[str]) -> str:
    """A module with the design's ports around the HLS tool's."""
    names, nodes = ports(design), design.graph.nodes
    inputs = [(port, nodes[k].fmt.width) for _, k, port in names.inputs]
    outputs = [(port, nodes[k].fmt.width) for k, port in names.outputs]
    known = {port: port for port, _ in (*inputs, *outputs)} | _CONTROL
    missing = {port for port, _ in (*inputs, *outputs)} - {*inner}
    unknown = {*inner} - {*known}
    if missing or unknown:
        raise ToolError(
            f"the HLS tool's module {design.name} has other ports than the design: without "
            f"{', '.join(sorted(missing)) or 'none'}, and {', '.join(sorted(unknown)) or 'none'} "
            "beside them"
        )
    wired = [(port, known[port]) for port in inner]
    return render(
        "rtl/hls_wrapper.v.j2", outer=name, inner=design.name, inputs=inputs, outputs=outputs,
        wired=wired,
    )  # fmt: skip
