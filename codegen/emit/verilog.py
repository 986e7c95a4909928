"""Design -> pipelined Verilog-2001.

Every vector is extended and cut by hand to the width of its result, so no rule of Verilog's about
mixed signs and widths is ever asked (a product alone leaves it to `$signed`, which is what the
inference of multipliers looks for).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import LINE, broken, header, remark
from symtick.codegen.emit.logic.expressions import Assignment, Field, Signal
from symtick.codegen.emit.logic.verilog_text import declared, literal, sliced, text, vector
from symtick.codegen.emit.names import PART, check_part
from symtick.codegen.emit.pipeline import NodeText, Pipeline, Rom, Stage
from symtick.codegen.emit.templates import render

_ROM_COLUMNS = LINE - 12


@dataclass(frozen=True)
class _VerilogRom:
    name: str
    comment: list[str]
    address: str
    data: str
    rows: list[str]
    other: str
    large: bool


@dataclass(frozen=True)
class _Register:
    name: str
    declared: str
    source: str


@dataclass(frozen=True)
class _VerilogStage:
    number: int
    next: int
    wires: list[str]
    registers: list[_Register]


def verilog_files(design: Design, part: str = PART) -> dict[str, str]:
    """The Verilog of a design.

    Top module `<name>`: port `clk`, one input per graph input that is read, one output per graph
    output, all two's complement or unsigned raw values; no reset, a new input every tick, outputs
    `design.schedule.latency` ticks after their inputs (0: `clk` is not used). With the interface's
    enable a port `ce`: a tick is a rising edge at which it is 1, and nothing changes at others.

    Args:
        design: the design.
        part: AMD's part number, for the header.

    Returns:
        {"rtl/<name>.v": text}.

    Raises:
        InputError: a name is no identifier, the part number is none, or the schedule does not fit
            the graph.
    """
    check_part(part)
    return {f"rtl/{design.name}.v": _module(Pipeline(design), part)}


def _module(made: Pipeline, part: str) -> str:
    declared_ports = _declared_ports(made)
    unread = [sliced(Field(*place)) for place in made.unread()]
    return render(
        "rtl/module.v.j2",
        header=header(made.design, part),
        top=made.ports.top,
        ports=declared_ports,
        indent=max(len(p["vector"]) for p in declared_ports),
        constants=[
            f"localparam {declared(c.signal)} = {literal(c.raw, c.signal.fmt.width)};"
            f"  // {c.meaning}"
            for c in made.constants
        ],
        tables=[_rom(table) for table in made.tables.values()],
        stages=[_stage(stage) for stage in made.stages],
        outputs=[(port.name, source.name) for port, source in made.outputs],
        clocked=made.clocked,
        enable=made.enable,
        unused=_read_together(([] if made.clocked else ["clk", *made.enable.split()]) + unread),
    )


def _declared_ports(made: Pipeline) -> list[dict[str, str]]:
    rows: list[tuple[str, Signal]] = [("input ", signal) for signal in made.inputs]
    rows += [("output", port) for port, _ in made.outputs]
    return [{"direction": d, "vector": vector(s), "name": s.name} for d, s in rows]


def _stage(stage: Stage) -> _VerilogStage:
    wires = [line for node in stage.nodes for line in _node(node)]
    registers = [
        _Register(r.target.name, declared(r.target), text(r.value)) for r in stage.registers
    ]
    return _VerilogStage(stage.number, stage.next, wires, registers)


def _node(node: NodeText) -> list[str]:
    """The lines of a node: its comment behind its only line, or before the lines."""
    if not node.assignments:
        return remark(f"{node.name} = {node.meaning}", node.format)
    *helpers, own = node.assignments
    lines = [_wire(helper) for helper in helpers]
    if node.attribute is None:
        lines.append(_wire(own))
    else:
        # the declaration has no assignment in it, for Icarus then drops attributes with a warning
        attribute, value = node.attribute
        lines.append(f'(* {attribute} = "{value}" *) wire {declared(own.target)};')
        lines.append(f"assign {own.target.name} = {text(own.value)};")
    alone = len(lines) == 1
    comment = remark(node.meaning if alone else f"{node.name} = {node.meaning}", node.format)
    if alone and len(comment) == 1 and len(lines[0]) + len(comment[0]) + 5 <= LINE:
        return [f"{lines[0]}  {comment[0]}"]
    return [*comment, *(part for line in lines for part in broken(line))]


def _wire(assignment: Assignment) -> str:
    return f"wire {declared(assignment.target)} = {text(assignment.value)};"


def _rom(table: Rom) -> _VerilogRom:
    """A function with a table's contents; Yosys reads the attribute before its `case`."""
    width = table.fmt.width
    return _VerilogRom(
        table.name,
        remark(table.meaning, f"raw values of {table.fmt}"),
        f"[{table.address_bits - 1}:0]",
        f"[{width - 1}:0]",
        _rows(table.name, table.contents, width),
        literal(0, width),
        table.large,
    )


def _rows(name: str, contents: Sequence[int], width: int) -> list[str]:
    """The items of a table's case statement, packed in columns."""
    address, mask = len(contents).bit_length() - 1, (1 << width) - 1
    items = [
        f"{_hex(k, address)}: {name} = {_hex(raw & mask, width)};" for k, raw in enumerate(contents)
    ]
    count = max(1, _ROM_COLUMNS // (len(items[0]) + 1))
    return [" ".join(items[k : k + count]) for k in range(0, len(items), count)]


def _hex(value: int, width: int) -> str:
    return f"{width}'h{value:0{-(-width // 4)}x}"


def _read_together(names: Sequence[str]) -> list[str]:
    """A wire that reads what nothing else does, so that lint has nothing to say of it."""
    return broken(f"wire unused = &{{1'b0, {', '.join(names)}}};") if names else []
