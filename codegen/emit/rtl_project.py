"""The files beside a design's Verilog: test bench, clock constraint, Vivado script."""

from __future__ import annotations

from symtick.codegen.design import Design
from symtick.codegen.emit.logic.expressions import Signal
from symtick.codegen.emit.logic.verilog_text import vector
from symtick.codegen.emit.names import PART, check_part, ports
from symtick.codegen.emit.templates import render

_SLACK = 4  # ticks beyond the latency at which the bench looks for the outputs, too
_LEAST_BITS = 33  # the bench adds a 32-bit digit to a number that is wider


def rtl_files(design: Design, part: str = PART) -> dict[str, str]:
    """The test bench on `tb_data`, the clock constraint and the out-of-context script.

    Args:
        design: the design, whose Verilog stands in `rtl/<name>.v`.
        part: AMD's part number, for the script.

    Returns:
        {"rtl/<name>_tb.v": text, "rtl/<name>.xdc": text, "rtl/synth_ooc.tcl": text}.

    Raises:
        InputError: a name is no identifier, or the part number is none.
    """
    check_part(part)
    top, period = design.name, f"{design.schedule.clock_ns:g}"
    return {
        f"rtl/{top}_tb.v": render("rtl/bench.v.j2", **_bench(design)),
        f"rtl/{top}.xdc": render("rtl/clock.xdc.j2", top=top, period=period),
        "rtl/synth_ooc.tcl": render("rtl/synth_ooc.tcl.j2", top=top, part=part),
    }


def _bench(design: Design) -> dict[str, object]:
    names, nodes = ports(design), design.graph.nodes
    inputs = [_port(Signal(name, nodes[k].fmt)) for _, k, name in names.inputs]
    outputs = [
        _port(Signal(name, nodes[k].fmt)) | {"wanted": names.namer.new(f"{name}_wanted")}
        for k, name in names.outputs
    ]
    widths = [nodes[k].fmt.width for k in (*(k for _, k, _ in names.inputs), *design.graph.outputs)]
    return {
        "top": design.name,
        "latency": design.schedule.latency,
        "slack": _SLACK,
        "bits": max(_LEAST_BITS, max(widths) + 1),
        "width": sum(design.graph.nodes[k].fmt.width for k in design.graph.outputs),
        "inputs": inputs,
        "outputs": outputs,
        "indent": max(len(str(port["vector"])) for port in (*inputs, *outputs)),
    }


def _port(signal: Signal) -> dict[str, object]:
    return {"name": signal.name, "vector": vector(signal), "width": signal.fmt.width}
