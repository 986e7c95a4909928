"""The files beside a design's Verilog and VHDL: test benches, clock constraint, Vivado script."""

from __future__ import annotations

from symtick.codegen.design import Design
from symtick.codegen.emit.logic.expressions import Signal
from symtick.codegen.emit.logic.verilog_text import vector
from symtick.codegen.emit.logic.vhdl_text import is_scalar, places
from symtick.codegen.emit.names import ENABLE, PART, check_part, ports
from symtick.codegen.emit.templates import render

_SLACK = 4  # ticks beyond the latency at which the bench looks for the outputs, too
_LEAST_BITS = 33  # the bench adds a 32-bit digit to a number that is wider


def rtl_files(design: Design, part: str = PART) -> dict[str, str]:
    """The test benches on `tb_data`, the clock constraint and the out-of-context script.

    Args:
        design: the design, whose Verilog stands in `rtl/<name>.v`, its VHDL in `rtl/<name>.vhd`.
        part: AMD's part number, for the script.

    Returns:
        {path: text} of rtl/<name>_tb.v and rtl/<name>_tb.vhd, benches of the core, and of
        rtl/<top>.xdc and rtl/synth_ooc.tcl, for the outermost module.

    Raises:
        InputError: a name is no identifier, or the part number is none.
    """
    check_part(part)
    name, top, period = design.name, design.top, f"{design.schedule.clock_ns:g}"
    names = list(dict.fromkeys([name, top]))
    return {
        f"rtl/{name}_tb.v": render("rtl/bench.v.j2", **_bench(design)),
        f"rtl/{name}_tb.vhd": render("rtl/bench.vhd.j2", **_vhdl_bench(design)),
        f"rtl/{top}.xdc": render(
            "rtl/clock.xdc.j2", top=top, period=period, clock=design.interface.clock
        ),
        "rtl/synth_ooc.tcl": render("rtl/synth_ooc.tcl.j2", top=top, part=part, names=names),
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
        "enable": ENABLE if design.interface.enable else "",
        "latency": design.schedule.latency,
        "slack": _SLACK,
        "bits": max(_LEAST_BITS, max(widths) + 1),
        "width": sum(design.graph.nodes[k].fmt.width for k in design.graph.outputs),
        "inputs": inputs,
        "outputs": outputs,
        "indent": max(len(str(port["vector"])) for port in (*inputs, *outputs)),
    }


def _vhdl_bench(design: Design) -> dict[str, object]:
    names, nodes = ports(design), design.graph.nodes
    inputs = [Signal(name, nodes[k].fmt) for _, k, name in names.inputs]
    outputs = [Signal(name, nodes[k].fmt) for k, name in names.outputs]
    return {
        "top": design.name,
        "enable": ENABLE if design.interface.enable else "",
        "latency": design.schedule.latency,
        "lags": design.schedule.latency + _SLACK,
        "bits": max(port.fmt.width for port in (*inputs, *outputs)) + 1,
        "input_bits": max(1, sum(port.fmt.width for port in inputs)),
        "output_bits": sum(port.fmt.width for port in outputs),
        "inputs": _vhdl_ports(inputs, "tb_in"),
        "outputs": _vhdl_ports(outputs, "tb_out"),
    }


def _vhdl_ports(signals: list[Signal], word: str) -> list[dict[str, str]]:
    """Each port, its bits of the word of all, and its bits of the number that is read."""
    rows = []
    for signal, (name, place) in zip(signals, places(signals, word), strict=True):
        bits = f"std_logic_vector(number({signal.fmt.width - 1} downto 0))"
        if is_scalar(signal.fmt):
            bits = "number(0)"
        wanted = place.replace(word, "wanted", 1)
        rows.append({"name": name, "place": place, "wanted": wanted, "bits": bits})
    return rows


def _port(signal: Signal) -> dict[str, object]:
    return {"name": signal.name, "vector": vector(signal), "width": signal.fmt.width}
