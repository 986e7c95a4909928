"""The whole of emitted Verilog against its graph, from the inputs to the outputs at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.files import write_text
from symtick.sim import verilator
from symtick.sim.proof.cuts.budget import OutOfTimeError
from symtick.sim.proof.equivalence import Compared, compared, without_registers
from symtick.sim.proof.model import assigned, constant, holder, signal, within
from symtick.sim.proof.netlist import FreeNets, Net, Netlist
from symtick.sim.proof.outcome import Verdict


def same_for_all(
    graph: Graph, netlist: Netlist, wires: Mapping[tuple[str, int], Sequence[Net]], folder: Path,
    seconds: float,
) -> Compared:  # fmt: skip
    """Compare the logic of a netlist, registers aside, with the graph's own text.

    Args:
        graph: the graph, whose ranges hold.
        netlist: the emitted logic.
        wires: the nets of each port, by direction and index.
        folder: for scripts and logs.
        seconds: processor seconds.

    Returns:
        The verdict; of a counterexample the bits of the inputs `f_<index>`. Nothing is called equal
        where the logic may give an undefined bit.

    Raises:
        ToolError: a tool is missing or fails.
    """
    target = folder.resolve()
    unknown = FreeNets(netlist.last, netlist.known)
    logic = without_registers(netlist, wires, "emitted_logic", unknown)
    free = len(unknown.made)
    write_text(target / "whole.json", json.dumps(logic))
    write_text(target / "whole.v", "\n".join([*_emitted(graph, free), *_modelled(graph, free)]))
    lines = [
        f'read_json "{target / "whole.json"}"',
        f'read_verilog -sv "{target / "whole.v"}"',
        "proc -norom",
    ]
    try:
        found = compared(lines, ("emitted", "modelled"), folder, seconds)
    except OutOfTimeError:
        return Compared(Verdict.UNDECIDED, {})
    if found.verdict is Verdict.PROVED and netlist.partial():
        return Compared(Verdict.UNDECIDED, {})
    return found


def _inputs(graph: Graph) -> list[tuple[int, GNode]]:
    return [(k, node) for k, node in enumerate(graph.nodes) if node.op is GOp.INPUT]


def _head(graph: Graph, name: str, free: int) -> str:
    """The head of a module: any values of the inputs, free bits, and the outputs."""
    listed = [f"input [{n.fmt.width - 1}:0] f_{n.number}" for _, n in _inputs(graph)]
    listed += [f"input [{free - 1}:0] f_x"] if free else []
    listed += [
        f"output [{graph.nodes[holder(graph, k)].fmt.width - 1}:0] y_{j}"
        for j, k in enumerate(graph.outputs)
    ]
    return f"module {name}({', '.join(listed)});"


def _emitted(graph: Graph, free: int) -> list[str]:
    """A module with the emitted logic, whose inputs keep to their ranges."""
    pins = [f".i_{n.number}({within(n, f'f_{n.number}')})" for _, n in _inputs(graph)]
    pins += [".i_x(f_x)"] if free else []
    pins += [f".o_{j}(y_{j})" for j in range(len(graph.outputs))]
    return [
        _head(graph, "emitted", free),
        f"emitted_logic part({', '.join(pins)});",
        "endmodule",
        "",
    ]


def _modelled(graph: Graph, free: int) -> list[str]:
    """A module with the graph's own text; it does not read the free bits."""
    lines = [_head(graph, "modelled", free)]
    for k, node in enumerate(graph.nodes):
        if node.op in (GOp.CONST, GOp.SCALE):
            continue
        value = f"m_{k}"
        if node.op is GOp.INPUT:
            value = within(node, f"f_{node.number}")
        else:
            lines += assigned(graph, k)
        lines.append(f"wire [{node.fmt.width - 1}:0] {signal(k)} = {value};")
    for j, k in enumerate(graph.outputs):
        node = graph.nodes[holder(graph, k)]
        value = signal(holder(graph, k))
        if node.op is GOp.CONST:
            value = constant(node.number, node.fmt.width)
        lines.append(f"assign y_{j} = {value};")
    return [*lines, "endmodule", ""]


def replayed(design: Design, inputs: Mapping[str, int], source: Path, folder: Path) -> str:
    """What Verilator and the graph give for one input, in words; "" where they agree.

    Args:
        design: the design.
        inputs: bits of the inputs `f_<index>`, as `same_for_all` gives them.
        source: the Verilog.
        folder: for the build; it is created.

    Raises:
        ToolError: Verilator is missing or fails.
    """
    raw = [0] * len(design.graph.input_names)
    for _, node in _inputs(design.graph):
        bits = inputs.get(f"f_{node.number}", 0)
        sign = bits >> node.fmt.width - 1 if node.fmt.signed else 0
        value = bits - (sign << node.fmt.width)
        raw[node.number] = value if node.lo <= value <= node.hi else node.lo
    rows = np.array([raw] * 4, object)
    expected = design.graph.evaluate(rows)
    found = verilator.run(design, rows, folder, expected, source).outputs
    if (found == expected).all():
        return ""
    names = [name for _, name in ports(design).outputs]
    at = ", ".join(f"{n}={v}" for n, v in zip(design.graph.input_names, raw, strict=True))
    sides = [", ".join(f"{n}={v}" for n, v in zip(names, row.tolist(), strict=True))
             for row in (found[0], expected[0])]  # fmt: skip
    return f"raw {at} gives {sides[0]} in Verilator, the graph {sides[1]}"
