"""An input for which emitted Verilog and its graph differ, sought by SAT and shown in Verilator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.ir.graph import GOp, Graph
from symtick.errors import ToolError
from symtick.files import write_text
from symtick.sim import verilator
from symtick.sim.proof.cuts.budget import OutOfTimeError
from symtick.sim.proof.model import assigned, constant, holder, signal, within
from symtick.sim.proof.netlist import REGISTER, Net, Netlist, run_yosys


def counterexample(
    graph: Graph, netlist: Netlist, wires: Mapping[tuple[str, int], Sequence[Net]], folder: Path,
    timeout: float,
) -> list[int] | None:  # fmt: skip
    """Raw inputs for which the logic, registers aside, differs from the graph; None without any.

    Args:
        graph: the graph.
        netlist: the emitted logic.
        wires: the nets of each port, by direction and index.
        folder: for scripts and logs.
        timeout: seconds.
    """
    target = folder.resolve()
    write_text(target / "whole.json", json.dumps(without_registers(netlist, wires, "whole")))
    write_text(target / "whole.v", "\n".join(_top(graph)) + "\n")
    inputs = [n for n in graph.nodes if n.op is GOp.INPUT]
    found = target / "counterexample.json"
    found.unlink(missing_ok=True)
    shown = " ".join(f"-show v_{n.number}" for n in inputs)
    lines = [
        f'read_json "{target / "whole.json"}"',
        f'read_verilog -sv "{target / "whole.v"}"',
        "hierarchy -check -top top",
        "proc -norom",
        "flatten",
        "memory_map",
        "opt -full",
        f'sat -prove same 1\'1 {shown} -timeout {int(timeout)} -dump_json "{found}" top',
    ]
    try:
        run_yosys(lines, folder, "refute", 2 * timeout)
    except (ToolError, OutOfTimeError):
        return None
    if not found.exists():
        return None
    data = {s["name"]: s["data"][0] for s in json.loads(found.read_text())["signal"]}
    raw = [0] * len(graph.input_names)
    for node in inputs:
        bits = data.get(f"v_{node.number}", "0").replace("x", "0").replace("-", "0")
        value = int(bits, 2)
        if node.fmt.signed and value >> node.fmt.width - 1:
            value -= 1 << node.fmt.width
        raw[node.number] = value
    return raw


def without_registers(
    netlist: Netlist, wires: Mapping[tuple[str, int], Sequence[Net]], name: str
) -> dict[str, object]:
    """The logic of a netlist without registers, as a module of its own for Yosys's `read_json`.

    Args:
        netlist: the netlist.
        wires: the nets of each port, by direction and index; they become `i_0` and `o_0`.
        name: of the module.
    """
    made = {}
    for (direction, number), nets in wires.items():
        bits = [netlist.undelayed(n) for n in nets] if direction == "output" else list(nets)
        made[f"{direction[0]}_{number}"] = {"direction": direction, "bits": bits}
    cells = {}
    for label, cell in netlist.cells.items():
        if cell["type"] == REGISTER:
            continue
        pins = {
            pin: nets if cell["port_directions"][pin] == "output"
            else [netlist.undelayed(n) for n in nets]
            for pin, nets in cell["connections"].items()
        }  # fmt: skip
        cells[label] = {**cell, "connections": pins}
    return {
        "creator": "symtick",
        "modules": {name: {"ports": made, "cells": cells, "netnames": {}}},
    }


def _top(graph: Graph) -> list[str]:
    """A module that says whether the logic and the graph's own text agree."""
    declared, lines, pins, same = [], [], [], ["1'b1"]
    for k, node in enumerate(graph.nodes):
        if node.op in (GOp.CONST, GOp.SCALE):
            continue
        vector = f"[{node.fmt.width - 1}:0]"
        if node.op is GOp.INPUT:
            declared.append(f"input {vector} f_{node.number}")
            lines += [
                f"wire {vector} v_{node.number} = {within(node, f'f_{node.number}')};",
                f"wire {vector} {signal(k)} = v_{node.number};",
            ]
            pins.append(f".i_{node.number}(v_{node.number})")
        else:
            lines += [*assigned(graph, k), f"wire {vector} {signal(k)} = m_{k};"]
    for j, k in enumerate(graph.outputs):
        node = graph.nodes[holder(graph, k)]
        value = signal(holder(graph, k))
        if node.op is GOp.CONST:
            value = constant(node.number, node.fmt.width)
        lines.append(f"wire [{node.fmt.width - 1}:0] y_{j};")
        pins.append(f".o_{j}(y_{j})")
        same.append(f"(y_{j} == {value})")
    declared.append("output same")
    return [f"module top({', '.join(declared)});", *lines, f"whole whole({', '.join(pins)});",
            f"assign same = {' && '.join(same)};", "endmodule"]  # fmt: skip


def replayed(design: Design, raw: Sequence[int], source: Path, folder: Path) -> str:
    """What Verilator and the graph give for one input, in words; "" where they agree."""
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
