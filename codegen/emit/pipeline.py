"""Design -> the parts of its module in no language: signals, logic and registers by stage.

A value computed in stage s and read in stage t goes through the registers `_s<s+1>` ... `_s<t>`.
The emitters of Verilog and VHDL print the parts, so that both have the same names, logic, registers
and comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import format_text, node_text, value_text
from symtick.codegen.emit.logic.expressions import (
    Assignment,
    Expression,
    Lookup,
    Signal,
    reads,
    whole,
)
from symtick.codegen.emit.logic.nodes import NodeLogic
from symtick.codegen.emit.names import ENABLE, check, ports, signal_names
from symtick.codegen.emit.tables.functions import table_functions
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GNode, GOp

_LUT_INPUTS = 6


@dataclass(frozen=True)
class Rom:
    """The contents of a table, for all nodes that look values up in it.

    Attributes:
        name: its identifier.
        meaning: what it holds, in words.
        fmt: format of the entries.
        contents: raw entries, one for each bit pattern of the address.
    """

    name: str
    meaning: str
    fmt: Fixed
    contents: Sequence[int]

    @property
    def address_bits(self) -> int:
        """Bits of an address."""
        return len(self.contents).bit_length() - 1

    @property
    def large(self) -> bool:
        """Whether one LUT for each bit does not hold it."""
        return self.address_bits > _LUT_INPUTS


@dataclass(frozen=True)
class Constant:
    """A named constant, and its value in words."""

    signal: Signal
    raw: int
    meaning: str


@dataclass(frozen=True)
class NodeText:
    """What a node of the graph becomes.

    Attributes:
        name: of the node's signal.
        meaning: what it computes, in words.
        format: its format and range, in words.
        assignments: of helper signals, and last that of its own signal; none of a SCALE.
        attribute: (name, value) of the synthesis attribute of its own signal, if it has one.
    """

    name: str
    meaning: str
    format: str
    assignments: tuple[Assignment, ...]
    attribute: tuple[str, str] | None = None


@dataclass
class Stage:
    """The logic between two register ranks, and the rank behind it."""

    number: int
    nodes: list[NodeText] = field(default_factory=list)
    registers: list[Assignment] = field(default_factory=list)

    @property
    def next(self) -> int:
        """Number of the stage that reads the registers."""
        return self.number + 1


class Pipeline:
    """Collects the parts of a design's module.

    Attributes:
        design: the design.
        ports: names of its ports, with the namer of all other names.
        inputs: the input ports.
        outputs: (port, the signal that it shows) of each output.
        tables: by contents and width.
        stages: logic and registers.
        copies: the signal of a node in each stage after its own, by (node, stage).

    Raises:
        InputError: a name is no identifier, or the schedule does not fit the graph.
    """

    def __init__(self, design: Design) -> None:
        check(design)
        self.design = design
        self.graph = design.graph
        self.ports = ports(design)
        self.names = signal_names(self.graph, self.ports)
        self.stages = [Stage(s) for s in range(max(design.schedule.latency, 1))]
        self.copies: dict[tuple[int, int], Signal] = {}
        self.tables: dict[tuple[object, ...], Rom] = {}
        self._constants: dict[int, Constant] = {}
        self._assigned: list[Assignment] = []  # in order of the nodes
        self._functions = table_functions(design)
        self._logic = NodeLogic(self.graph, self.ports.namer.new)
        self._add_register_names()
        for k, node in enumerate(self.graph.nodes):
            if node.op not in (GOp.INPUT, GOp.CONST):
                self._add_node(k, node)
        for (k, stage), copy in self.copies.items():
            register = Assignment(copy, whole(self.signal(k, stage - 1)))
            self.stages[stage - 1].registers.append(register)
        self.inputs = [self.signal(k, 0) for _, k, _ in self.ports.inputs]
        self.outputs = [
            (Signal(name, self.graph.nodes[k].fmt), self.signal(k, design.schedule.latency))
            for k, name in self.ports.outputs
        ]
        self._read = self._bits_read()

    @property
    def clocked(self) -> bool:
        """Whether there is a register."""
        return any(stage.registers for stage in self.stages)

    @property
    def enable(self) -> str:
        """Name of the clock enable's port; empty where there is none."""
        return ENABLE if self.design.interface.enable else ""

    @property
    def constants(self) -> list[Constant]:
        """The constants that an expression reads."""
        return [c for c in self._constants.values() if c.signal.name in self._read]

    def unread(self) -> list[tuple[Signal, int, int]]:
        """(signal, high, low) of the bits that no expression reads, registers' sources included."""
        slices: list[tuple[Signal, int, int]] = []
        for signal in self._signals():
            read, top = self._read.get(signal.name, 0), signal.fmt.width
            while top:
                low = top
                while low and not read >> (low - 1) & 1:
                    low -= 1
                if low < top:
                    slices.append((signal, top - 1, low))
                top = max(low - 1, 0)
        return slices

    # -- where a value is found

    def _holder(self, number: int) -> int:
        """The node whose bits a chain of SCALE nodes renames."""
        while self.graph.nodes[number].op is GOp.SCALE:
            number = self.graph.nodes[number].args[0]
        return number

    def signal(self, number: int, stage: int) -> Signal:
        """The signal that holds a node in a stage (or after the last register rank)."""
        holder = self._holder(number)
        node = self.graph.nodes[holder]
        if node.op is GOp.CONST:
            return self._constant(holder, node)
        if stage == self.design.schedule.stage[holder]:
            return self._own(holder)
        return self.copies[holder, stage]

    def _own(self, number: int) -> Signal:
        node = self.graph.nodes[number]
        return Signal(self.names[number], node.fmt, port=node.op is GOp.INPUT)

    def _constant(self, number: int, node: GNode) -> Signal:
        signal = Signal(self.names[number], node.fmt)
        meaning = f"{value_text(node.number, node.fmt.frac)} : {node.fmt}"
        self._constants.setdefault(number, Constant(signal, node.number, meaning))
        return signal

    # -- registers, and what is read

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
            for stage in range(self.design.schedule.stage[k] + 1, last + 1):
                name = self.ports.namer.new(f"{self.names[k]}_s{stage}")
                self.copies[k, stage] = Signal(name, node.fmt)

    def _bits_read(self) -> dict[str, int]:
        """A mask of the bits that are read, for each signal of which one is."""
        values: list[Expression] = [whole(source) for _, source in self.outputs]
        values += [assignment.value for assignment in self._assigned]
        values += [register.value for stage in self.stages for register in stage.registers]
        masks: dict[str, int] = {}
        for part in (part for value in values for part in reads(value)):
            mask = ((1 << (part.high - part.low + 1)) - 1) << part.low
            masks[part.signal.name] = masks.get(part.signal.name, 0) | mask
        return masks

    def _signals(self) -> list[Signal]:
        """Each node's signal and its copies, then helper signals."""
        own = (k for k, n in enumerate(self.graph.nodes) if n.op not in (GOp.SCALE, GOp.CONST))
        kept = {k: [self._own(k)] for k in own}
        for (k, _), copy in self.copies.items():
            kept[k].append(copy)
        signals = [signal for signals in kept.values() for signal in signals]
        signals += [assignment.target for assignment in self._assigned]
        return list(dict.fromkeys(signals))

    # -- nodes

    def _add_node(self, number: int, node: GNode) -> None:
        stage = min(self.design.schedule.stage[number], len(self.stages) - 1)
        meaning = node_text(self.graph, number, self._read_as(node, stage), self._functions)
        assignments: tuple[Assignment, ...] = ()
        if node.op is not GOp.SCALE:
            args = [self.signal(a, stage) for a in node.args]
            helpers: list[Assignment] = []
            value: Expression
            if node.op is GOp.TABLE:
                value = Lookup(self._table(number, node), whole(args[0]))
            else:
                helpers, value = self._logic.of(node, self.names[number], args)
            assignments = (*helpers, Assignment(self._own(number), value))
            self._assigned += assignments
        text = NodeText(
            self.names[number], meaning, format_text(node), assignments,
            self._attribute(number, node),
        )  # fmt: skip
        self.stages[stage].nodes.append(text)

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

    def _attribute(self, number: int, node: GNode) -> tuple[str, str] | None:
        """The attribute that has synthesis make of a node what the cost model counts.

        A table stays out of block RAM, which would cost a tick that the schedule has not. A product
        is DSP blocks or LUTs.
        """
        if self.design.in_dsp and (chosen := self.design.in_dsp[number]) is not None:
            return "use_dsp", "yes" if chosen else "no"
        large = node.op is GOp.TABLE and len(node.contents) > 1 << _LUT_INPUTS
        return ("rom_style", "distributed") if large else None

    def _table(self, number: int, node: GNode) -> str:
        """Name of the table with these contents, made once for equal contents."""
        key = (node.contents, node.fmt.width)
        if key not in self.tables:
            name = self.ports.namer.new(f"{self.names[number]}_rom")
            meaning = node_text(self.graph, number, self.names, self._functions)
            self.tables[key] = Rom(
                name, f"{self.names[number]} = {meaning}", node.fmt, node.contents
            )
        return self.tables[key].name
