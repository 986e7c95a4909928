"""Design -> pipelined Verilog-2001.

Every vector is extended and cut by hand to the width of its result, so no rule of Verilog's about
mixed signs and widths is ever asked (a product alone leaves it to `$signed`, which is what the
inference of multipliers looks for). Modulo 2**width all operations of the graph are exact, because
a node's width holds its value. A value computed in stage s and read in stage t goes through the
registers `_s<s+1>` ... `_s<t>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import (
    LINE,
    broken,
    format_text,
    header,
    node_text,
    remark,
    value_text,
)
from symtick.codegen.emit.names import PART, check, check_part, ports, signal_names
from symtick.codegen.emit.table_functions import TableFunctions
from symtick.codegen.emit.templates import render
from symtick.codegen.emit.verilog_bits import Bits, Signal, literal
from symtick.codegen.emit.verilog_nodes import NodeLogic
from symtick.codegen.ir.graph import GNode, GOp

_LUT_INPUTS = 6
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


@dataclass
class _Stage:
    number: int
    wires: list[str] = field(default_factory=list)
    registers: list[_Register] = field(default_factory=list)

    @property
    def next(self) -> int:
        return self.number + 1


def verilog_files(design: Design, part: str = PART) -> dict[str, str]:
    """The Verilog of a design.

    Top module `<name>`: port `clk`, one input per graph input that is read, one output per graph
    output, all two's complement or unsigned raw values; no reset, a new input every tick, outputs
    `design.schedule.latency` ticks after their inputs (0: `clk` is not used).

    Args:
        design: the design.
        part: AMD's part number, for the header.

    Returns:
        {"rtl/<name>.v": text}.

    Raises:
        InputError: a name is no identifier, the part number is none, or the schedule does not fit
            the graph.
    """
    check(design)
    check_part(part)
    return {f"rtl/{design.name}.v": _Module(design).text(part)}


class _Module:
    """Collects the parts of one module; every bit read goes through `Bits`."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.graph = design.graph
        self.ports = ports(design)
        self.functions = TableFunctions(design)
        self.namer = self.ports.namer
        self.bits = Bits()
        self.logic = NodeLogic(self.graph, self.bits, self.namer)
        self.constants: dict[int, str] = {}
        self.tables: dict[tuple[object, ...], _VerilogRom] = {}
        self.stages = [_Stage(s) for s in range(max(design.schedule.latency, 1))]
        self.names = signal_names(self.graph, self.ports)
        self.copies: dict[tuple[int, int], Signal] = {}

    def text(self, part: str) -> str:
        self._add_register_names()
        for k, node in enumerate(self.graph.nodes):
            if node.op not in (GOp.INPUT, GOp.CONST):
                self._add_node(k, node)
        self._add_registers()
        outputs = [
            (name, self.bits.all(self._signal(k, self.design.schedule.latency)))
            for k, name in self.ports.outputs
        ]
        declared = self._declared_ports()
        clocked = any(stage.registers for stage in self.stages)
        return render(
            "rtl/module.v.j2",
            header=header(self.design, part),
            top=self.ports.top,
            ports=declared,
            indent=max(len(p["vector"]) for p in declared),
            constants=[t for k, t in self.constants.items() if self.bits.reads(self.names[k])],
            tables=list(self.tables.values()),
            stages=self.stages,
            outputs=outputs,
            clocked=clocked,
            unused=_read_together(([] if clocked else ["clk"]) + self.bits.unread()),
        )

    def _declared_ports(self) -> list[dict[str, str]]:
        nodes = self.graph.nodes
        rows = [("input ", k, name) for _, k, name in self.ports.inputs]
        rows += [("output", k, name) for k, name in self.ports.outputs]
        signals = [(d, Signal(name, nodes[k].fmt)) for d, k, name in rows]
        return [{"direction": d, "vector": s.vector, "name": s.name} for d, s in signals]

    # -- where a value is found

    def _holder(self, number: int) -> int:
        """The node whose bits a chain of SCALE nodes renames."""
        while self.graph.nodes[number].op is GOp.SCALE:
            number = self.graph.nodes[number].args[0]
        return number

    def _signal(self, number: int, stage: int) -> Signal:
        """The signal that holds a node in a stage (or after the last register rank)."""
        holder = self._holder(number)
        node = self.graph.nodes[holder]
        if node.op is GOp.CONST:
            return self._constant(holder, node)
        born = self.design.schedule.stage[holder]
        if stage == born:
            return self.bits.known(Signal(self.names[holder], node.fmt))
        return self.copies[holder, stage]

    def _constant(self, number: int, node: GNode) -> Signal:
        signal = Signal(self.names[number], node.fmt, constant=True)
        if number not in self.constants:
            value = literal(node.number, node.fmt.width)
            text = f"localparam {signal.vector}{signal.name} = {value};"
            meaning = value_text(node.number, node.fmt.frac)
            self.constants[number] = f"{text}  // {meaning} : {node.fmt}"
        return signal

    # -- registers

    def _reach(self) -> list[int]:
        """The last stage in which each holder's bits are read."""
        last = self.design.schedule.last_use(self.graph)
        reach = [0] * len(last)
        for k, stage in enumerate(last):
            holder = self._holder(k)
            reach[holder] = max(reach[holder], stage)
        return reach

    def _add_register_names(self) -> None:
        for k, last in enumerate(self._reach()):
            node = self.graph.nodes[k]
            if self._holder(k) != k or node.op is GOp.CONST:
                continue
            self.bits.known(Signal(self.names[k], node.fmt))
            for stage in range(self.design.schedule.stage[k] + 1, last + 1):
                name = self.namer.new(f"{self.names[k]}_s{stage}")
                self.copies[k, stage] = self.bits.known(Signal(name, node.fmt))

    def _add_registers(self) -> None:
        for (k, stage), signal in self.copies.items():
            source = self.bits.all(self._signal(k, stage - 1))
            register = _Register(signal.name, signal.declared, source)
            self.stages[stage - 1].registers.append(register)

    # -- nodes

    def _add_node(self, number: int, node: GNode) -> None:
        stage = min(self.design.schedule.stage[number], len(self.stages) - 1)
        meaning = node_text(self.graph, number, self._read_as(node, stage), self.functions)
        if node.op is GOp.SCALE:
            same = remark(f"{self.names[number]} = {meaning}", format_text(node))
            self.stages[stage].wires += same
            return
        args = [self._signal(a, stage) for a in node.args]
        target = Signal(self.names[number], node.fmt)
        lines: list[str] = []
        if node.op is GOp.TABLE:
            value = f"{self._table(number, node)}({self.bits.all(args[0])})"
        else:
            lines, value = self.logic.of(node, self.names[number], args)
        if style := self._style(number, node):
            lines = [*lines, f"{style}wire {target.declared};", f"assign {target.name} = {value};"]
        else:
            lines = [*lines, f"wire {target.declared} = {value};"]
        comment = remark(meaning if len(lines) == 1 else f"{target.name} = {meaning}",
                         format_text(node))  # fmt: skip
        wires = self.stages[stage].wires
        if len(lines) == len(comment) == 1 and len(lines[0]) + len(comment[0]) + 5 <= LINE:
            wires.append(f"{lines[0]}  {comment[0]}")
        else:
            wires += [*comment, *(part for line in lines for part in broken(line))]

    def _read_as(self, node: GNode, stage: int) -> dict[int, str]:
        """How the module reads a node's arguments in a stage, for comments.

        What a table is can be said of any signals: all names.
        """
        if node.op is GOp.CONCAT:  # of bits, wherever their point is
            return {a: self._operand(self._holder(a), stage) for a in node.args}
        names = {a: self._operand(a, stage) for a in node.args}
        return {**dict(enumerate(self.names)), **names} if node.op is GOp.TABLE else names

    def _operand(self, number: int, stage: int) -> str:
        holder = self._holder(number)
        exponent = self.graph.nodes[holder].fmt.frac - self.graph.nodes[number].fmt.frac
        if self.graph.nodes[holder].op is GOp.CONST:
            return value_text(self.graph.nodes[holder].number, self.graph.nodes[number].fmt.frac)
        copy = self.copies.get((holder, stage))
        name = self.names[holder] if copy is None else copy.name
        return f"{name}*2**{exponent}" if exponent else name

    def _style(self, number: int, node: GNode) -> str:
        """The attribute that has synthesis make of a node what the cost model counts.

        A table stays out of block RAM, which would cost a tick that the schedule has not: Vivado
        reads the attribute here, Yosys the one before the table's `case`. A product is DSP blocks
        or LUTs. The declaration has no assignment in it, for Icarus then drops attributes with a
        warning.
        """
        if self.design.in_dsp and (chosen := self.design.in_dsp[number]) is not None:
            return f'(* use_dsp = "{"yes" if chosen else "no"}" *) '
        large = node.op is GOp.TABLE and len(node.contents) > 1 << _LUT_INPUTS
        return '(* rom_style = "distributed" *) ' if large else ""

    def _table(self, number: int, node: GNode) -> str:
        """Name of the function with a table's contents, made once for equal contents."""
        key = (node.contents, node.fmt.width)
        if key not in self.tables:
            address, width = len(node.contents).bit_length() - 1, node.fmt.width
            name = self.namer.new(f"{self.names[number]}_rom")
            meaning = node_text(self.graph, number, self.names, self.functions)
            self.tables[key] = _VerilogRom(
                name,
                remark(f"{self.names[number]} = {meaning}", f"raw values of {node.fmt}"),
                f"[{address - 1}:0]",
                f"[{width - 1}:0]",
                _rows(name, node.contents, width),
                literal(0, width),
                address > _LUT_INPUTS,
            )
        return self.tables[key].name


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
