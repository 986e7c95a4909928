"""Design -> pipelined VHDL-93 on ieee.std_logic_1164 and ieee.numeric_std alone.

The entity has the name, the ports, the registers and the latency of the Verilog module; simulators
and synthesis tools take it as VHDL-93 and as VHDL-2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import LINE, broken, header, remark
from symtick.codegen.emit.logic.vhdl_text import (
    BIT_OF,
    constant,
    port_type,
    shown,
    signal_type,
    value,
)
from symtick.codegen.emit.names import PART, check_part
from symtick.codegen.emit.pipeline import NodeText, Pipeline, Rom, Stage
from symtick.codegen.emit.templates import render

_ROM_COLUMNS = LINE - 12


@dataclass(frozen=True)
class _VhdlRom:
    name: str
    kind: str
    comment: list[str]
    last: int
    entry: str
    rows: list[str]


@dataclass(frozen=True)
class _VhdlStage:
    number: int
    next: int
    signals: list[str]
    logic: list[str]
    registers: list[str]
    clocked: list[str]


def vhdl_files(design: Design, part: str = PART) -> dict[str, str]:
    """The VHDL of a design.

    Entity `<name>` with the ports of `verilog_files`, as `std_logic_vector`, or as `std_logic`
    where one unsigned bit is all; same latency, clock enable where there is one, and no reset.

    Args:
        design: the design.
        part: AMD's part number, for the header.

    Returns:
        {"rtl/<name>.vhd": text}.

    Raises:
        InputError: a name is no identifier, the part number is none, or the schedule does not fit
            the graph.
    """
    check_part(part)
    return {f"rtl/{design.name}.vhd": _entity(Pipeline(design), part)}


def _entity(made: Pipeline, part: str) -> str:
    stages = [_stage(stage) for stage in made.stages]
    new = made.ports.namer.new
    return render(
        "rtl/module.vhd.j2",
        header=header(made.design, part),
        top=made.ports.top,
        ports=_declared_ports(made),
        constants=[
            f"constant {c.signal.name} : {signal_type(c.signal.fmt)} := "
            f"{constant(c.raw, c.signal.fmt)};  -- {c.meaning}"
            for c in made.constants
        ],
        tables=[_rom(table, new(f"{table.name}_t")) for table in made.tables.values()],
        bit_of=BIT_OF if any(f"{BIT_OF}(" in line for s in stages for line in s.logic) else "",
        attributes=sorted({n.attribute[0] for s in made.stages for n in s.nodes if n.attribute}),
        stages=stages,
        outputs=[(port.name, shown(source)) for port, source in made.outputs],
        clocked=made.clocked,
        enable=made.enable,
    )


def _declared_ports(made: Pipeline) -> list[str]:
    rows = [(name, "in ", "std_logic") for name in ("clk", *made.enable.split())]
    rows += [(signal.name, "in ", port_type(signal.fmt)) for signal in made.inputs]
    rows += [(port.name, "out", port_type(port.fmt)) for port, _ in made.outputs]
    indent = max(len(name) for name, *_ in rows)
    return [f"{name.ljust(indent)} : {way} {kind}" for name, way, kind in rows]


def _stage(stage: Stage) -> _VhdlStage:
    signals, logic = [], []
    for node in stage.nodes:
        signals += _declared(node)
        logic += _logic(node)
    return _VhdlStage(
        stage.number,
        stage.next,
        signals,
        logic,
        [f"signal {r.target.name} : {signal_type(r.target.fmt)};" for r in stage.registers],
        [f"{r.target.name} <= {value(r.value, r.target.fmt)};" for r in stage.registers],
    )


def _declared(node: NodeText) -> list[str]:
    lines = [f"signal {a.target.name} : {signal_type(a.target.fmt)};" for a in node.assignments]
    if node.attribute is not None:
        name, setting = node.attribute
        lines.append(f'attribute {name} of {node.name} : signal is "{setting}";')
    return lines


def _logic(node: NodeText) -> list[str]:
    """The lines of a node: its comment behind its only line, or before the lines."""
    alone = len(node.assignments) == 1
    meaning = node.meaning if alone else f"{node.name} = {node.meaning}"
    comment = remark(meaning, node.format, "--")
    lines = [f"{a.target.name} <= {value(a.value, a.target.fmt)};" for a in node.assignments]
    if alone and len(comment) == 1 and len(lines[0]) + len(comment[0]) + 6 <= LINE:
        return [f"{lines[0]}  {comment[0]}"]
    return [*comment, *(part for line in lines for part in _broken(line))]


def _broken(line: str) -> list[str]:
    """A statement as lines that fit: a line for each value that it chooses from."""
    if len(line) + 4 <= LINE:
        return [line]
    first, *rest = line.replace(" else ", " else\n").split("\n")
    more = [f"    {part}" for row in rest for part in broken(row)]
    return [*broken(first), *more]


def _rom(table: Rom, kind: str) -> _VhdlRom:
    return _VhdlRom(
        table.name,
        kind,
        remark(table.meaning, f"raw values of {table.fmt}", "--"),
        len(table.contents) - 1,
        f"unsigned({table.fmt.width - 1} downto 0)",
        _rows(table.contents, table.fmt.width),
    )


def _rows(contents: Sequence[int], width: int) -> list[str]:
    """The entries of a table from address 0 on, packed in columns."""
    mask = (1 << width) - 1
    items = [_digits(raw & mask, width) for raw in contents]
    count = max(1, _ROM_COLUMNS // (len(items[0]) + 2))
    count = 1 << (count.bit_length() - 1)
    rows = [", ".join(items[k : k + count]) for k in range(0, len(items), count)]
    return [f"{row}," for row in rows[:-1]] + rows[-1:]


def _digits(pattern: int, width: int) -> str:
    """A bit string, of hexadecimal digits where these have its width."""
    return f'"{pattern:0{width}b}"' if width % 4 else f'x"{pattern:0{width // 4}x}"'
