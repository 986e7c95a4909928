"""Design -> HLS C++ in hls4ml's project layout.

Every node is a constant of its own `ap_fixed` or `ap_ufixed` type (AMD UG1399, "Arbitrary Precision
Fixed-Point Data Types"). AMD's + - * and unary - grow so that they never lose a bit, and a node's
type holds every value that its graph node can take, so only casts, whose types carry AMD's
quantisation and overflow modes, change a value. Moving the point and looking up a table go through
the raw bits (`range()`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import (
    LINE,
    broken,
    format_text,
    header,
    node_text,
    remark,
    type_text,
)
from symtick.codegen.emit.names import PART, check, check_part, ports, signal_names
from symtick.codegen.emit.tables.functions import TableFunctions
from symtick.codegen.emit.templates import render
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp
from symtick.errors import WidthError

_SYMBOLS = {GOp.ADD: "+", GOp.SUB: "-", GOp.MUL: "*"}
_C_TYPES = ((8, "char"), (16, "short"), (32, "int"), (64, "long long"))
_ROM_COLUMNS = 92
_ENTRIES = (8, 4, 2, 1)  # of a table on a line, as many as fit


@dataclass(frozen=True)
class _CppRom:
    name: str
    comment: list[str]
    type: str
    size: int
    lines: list[str]


def hls_files(design: Design, part: str = PART) -> dict[str, str]:
    """The HLS project of a design, without test vectors.

    Top function `<name>`: one argument by value per graph input that is read, one by reference per
    output, in the order of the ports. All else, types and tables, is in the namespace
    `<name>_firmware`, so that several designs can be compiled into one program.

    Args:
        design: the design.
        part: AMD's part number, for build_prj.tcl.

    Returns:
        Relative path -> text, in hls4ml's layout: firmware/<name>.cpp, firmware/<name>.h,
        firmware/defines.h, <name>_test.cpp, build_prj.tcl, build_lib.sh.

    Raises:
        InputError: a name is no identifier, the part number has characters other than tokens,
            digits and -, or the schedule does not fit the graph.
        WidthError: a table entry has more than 64 bits.
    """
    check(design)
    check_part(part)
    return _Project(design).files(part)


def driver_files(design: Design) -> dict[str, str]:
    """driver.cpp, which feeds the project's function with vectors from a binary file.

    Each value is 16 bytes, little endian, two's complement; ports in order.
    """
    project = _Project(design)
    return {"driver.cpp": render("driver.cpp.j2", **project.bench())}


def vector_files(raw: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> dict[str, str]:
    """The test bench's data: raw integers, one vector on each line.

    Args:
        raw: integers of the inputs that have a port, shape (vectors, ports).
        expected: integers of the outputs, shape (vectors, outputs).
    """
    return {
        "tb_data/tb_input_features.dat": _lines(raw),
        "tb_data/tb_output_predictions.dat": _lines(expected),
    }


def _lines(values: npt.NDArray[np.generic]) -> str:
    return "".join(" ".join(str(v) for v in row) + "\n" for row in values.tolist())


class _Project:
    def __init__(self, design: Design) -> None:
        self.design = design
        self.graph = design.graph
        self.ports = ports(design)
        self.functions = TableFunctions(design)
        new = self.ports.namer.new
        self.space = new(f"{design.name}_firmware")
        self.names = signal_names(self.graph, self.ports)
        self.types = [new(f"{name}_t") for name in self.names]
        self.output_types = [new(f"{name}_t") for _, name in self.ports.outputs]
        self.wanted = [new(f"{name}_wanted") for _, name in self.ports.outputs]
        self.tables: list[_CppRom] = []

    def files(self, part: str) -> dict[str, str]:
        top = self.ports.top
        common = {"top": top, "space": self.space, "guard": top.upper()}
        arguments = self._arguments()
        body = [line for k, node in enumerate(self.graph.nodes) for line in self._node(k, node)]
        clock = f"{self.design.schedule.clock_ns:g}"
        return {
            f"firmware/{top}.cpp": render(
                "firmware/top.cpp.j2",
                **common,
                header=header(self.design, part),
                arguments=arguments,
                body=body,
                tables=self.tables,
                latency=self.design.schedule.latency,
                port_names=[name for *_, name in (*self.ports.inputs, *self.ports.outputs)],
                outputs=[(name, self.names[k]) for k, name in self.ports.outputs],
            ),
            f"firmware/{top}.h": render("firmware/top.h.j2", **common, arguments=arguments),
            "firmware/defines.h": render("firmware/defines.h.j2", **common, **self._types()),
            f"{top}_test.cpp": render("test.cpp.j2", **self.bench()),
            "build_prj.tcl": render("build_prj.tcl.j2", top=top, part=part, clock=clock),
            "build_lib.sh": render("build_lib.sh.j2", top=top),
        }

    def bench(self) -> dict[str, object]:
        """Values for the templates that call the top function."""
        outputs = [name for _, name in self.ports.outputs]
        return {
            "top": self.ports.top,
            "space": self.space,
            "inputs": [(self.types[k], name) for _, k, name in self.ports.inputs],
            "outputs": list(zip(self.output_types, outputs, self.wanted, strict=True)),
            "arguments": [name for *_, name in self.ports.inputs] + outputs,
        }

    def _arguments(self) -> list[str]:
        inputs = [f"{self.space}::{self.types[k]} {name}" for _, k, name in self.ports.inputs]
        outputs = zip(self.output_types, self.ports.outputs, strict=True)
        return inputs + [f"{self.space}::{kind} &{name}" for kind, (_, name) in outputs]

    def _types(self) -> dict[str, list[str]]:
        nodes = self.graph.nodes
        return {
            "inputs": [_typedef(nodes[k].fmt, self.types[k]) for _, k, _ in self.ports.inputs],
            "outputs": [
                _typedef(nodes[k].fmt, kind)
                for kind, (k, _) in zip(self.output_types, self.ports.outputs, strict=True)
            ],
            "nodes": [
                _typedef(node.fmt, self.types[k], _modes(node))
                for k, node in enumerate(nodes)
                if node.op is not GOp.INPUT
            ],
        }

    def _node(self, number: int, node: GNode) -> list[str]:
        """Commented lines that compute one node."""
        if node.op is GOp.INPUT:
            return []
        name, kind = self.names[number], self.types[number]
        meaning = node_text(self.graph, number, self.names, self.functions)
        comment = remark(meaning, format_text(node))
        value = self._value(number, node)
        if value.startswith("bits "):
            return [*comment, f"{kind} {name};", f"{name}.range() = {value[5:]};"]
        line, bound = f"const {kind} {name} = {value};", self._bound(number)
        if len(comment) == 1 and len(line) + len(comment[0]) + 6 <= LINE:
            return [f"{line}  {comment[0]}", *bound]
        return [*comment, *broken(line), *bound]

    def _bound(self, number: int) -> list[str]:
        """The pragma that makes a product of what the cost model counts, DSP blocks or LUTs."""
        chosen = self.design.in_dsp[number] if self.design.in_dsp else None
        if chosen is None:
            return []
        made = "dsp" if chosen else "fabric"
        return [f"#pragma HLS BIND_OP variable={self.names[number]} op=mul impl={made}"]

    def _value(self, number: int, node: GNode) -> str:
        """The C++ expression of a node; where it gives raw bits, with `bits ` before it."""
        args = [self.names[a] for a in node.args]
        kind = self.types[number]
        if node.op is GOp.CONST:
            return _constant(node)
        if node.op is GOp.SCALE:
            return f"bits {args[0]}.range()"
        if node.op is GOp.TABLE:
            rom = self._table(number, node)
            return f"bits ap_uint<{node.fmt.width}>({rom}[{args[0]}.range().to_uint()])"
        if node.op is GOp.CAST:
            if node.lo == node.hi == 0:
                # AMD's AP_SAT_SYM leaves -1 in a one-bit type, which has no symmetric range
                return "0"
            return self._cast(node, args[0])
        if node.op is GOp.NEG:
            return f"-{args[0]}"
        if node.op is GOp.ABS:
            if not self.graph.nodes[node.args[0]].fmt.signed:
                return args[0]
            return f"{args[0]} < 0 ? {kind}(-{args[0]}) : {kind}({args[0]})"
        if node.op in (GOp.MIN, GOp.MAX):
            first, second = args if node.op is GOp.MIN else reversed(args)
            return f"{self._compared(node, '<')} ? {kind}({first}) : {kind}({second})"
        if node.op is GOp.GE:
            return self._compared(node, ">=")
        if node.op is GOp.SELECT:
            return f"{args[0]} != 0 ? {kind}({args[1]}) : {kind}({args[2]})"
        if node.op is GOp.DIGIT_ROW:
            return f"{args[0]} + ({self._row(node)})"
        if node.op is GOp.CONCAT:
            high, low = (self._bits(a) for a in node.args)
            return f"bits {high}.concat({low})"
        return f"{args[0]} {_SYMBOLS[node.op]} {args[1]}"

    def _row(self, node: GNode) -> str:
        """digit * x of a DIGIT_ROW: 0, x, 2x and 3x (or -2x and -x) chosen by the digit."""
        _, digit, x, triple = (self.names[a] for a in node.args)
        choices = self.graph.nodes[node.args[1]]
        texts = {-2: f"-({x} + {x})", -1: f"-{x}", 0: "0", 1: x, 2: f"{x} + {x}", 3: triple}
        kind = type_text(self._row_type(node))
        chosen = [f"{kind}({texts[d]})" for d in range(choices.lo, choices.hi + 1)]
        tests = [f"{digit} == {d} ? " for d in range(choices.lo, choices.hi)]
        return " : ".join([f"{t}{c}" for t, c in zip(tests, chosen, strict=False)] + chosen[-1:])

    def _row_type(self, node: GNode) -> Fixed:
        """A type that holds d * x for every digit."""
        x = self.graph.nodes[node.args[2]]
        return Fixed(x.fmt.width + 3, x.fmt.frac)

    def _bits(self, number: int) -> str:
        """The bit pattern of a node."""
        return f"ap_uint<{self.graph.nodes[number].fmt.width}>({self.names[number]}.range())"

    def _compared(self, node: GNode, symbol: str) -> str:
        """A comparison of the arguments, of two signed values where one is signed.

        The headers for simulation compare unsigned with signed wrongly over 64 bits.
        """
        formats = [self.graph.nodes[a].fmt for a in node.args]
        signed = any(fmt.signed for fmt in formats)
        texts = [
            f"{type_text(Fixed(fmt.width + 1, fmt.frac))}({self.names[a]})"
            if signed and not fmt.signed
            else self.names[a]
            for a, fmt in zip(node.args, formats, strict=True)
        ]
        return f"{texts[0]} {symbol} {texts[1]}"

    def _cast(self, node: GNode, argument: str) -> str:
        """The argument; widened first where rounding would drop all of its bits.

        AMD's quantisation code reads the first dropped bit, and the headers for simulation refuse
        to read above the sign.
        """
        source = self.graph.nodes[node.args[0]].fmt
        width = source.frac - node.fmt.frac + 1
        if width <= source.width:
            return argument
        return f"{type_text(Fixed(width, source.frac, source.signed))}({argument})"

    def _table(self, number: int, node: GNode) -> str:
        name = self.ports.namer.new(f"{self.names[number]}_rom")
        meaning = node_text(self.graph, number, self.names, self.functions)
        self.tables.append(
            _CppRom(
                name,
                remark(f"{self.names[number]} = {meaning}", f"raw values of {node.fmt}"),
                _c_type(node.fmt),
                len(node.contents),
                _rows(node.contents),
            )
        )
        return name


def _typedef(fmt: Fixed, name: str, modes: Sequence[str] = ()) -> str:
    return f"typedef {type_text(fmt, modes)} {name};"


def _modes(node: GNode) -> Sequence[str]:
    if node.op is not GOp.CAST:
        return ()
    if (node.quant, node.overflow) == (Quant.TRN, Overflow.WRAP):
        return ()  # the defaults
    return (node.quant.value, node.overflow.value)


def _constant(node: GNode) -> str:
    raw, frac = node.number, node.fmt.frac
    if raw.bit_length() <= 53 and abs(frac) <= 500:
        return repr(float(raw) * 2.0**-frac)
    pattern = raw & ((1 << node.fmt.width) - 1)
    return f'bits ap_uint<{node.fmt.width}>("{pattern:x}", 16)'


def _c_type(fmt: Fixed) -> str:
    for width, name in _C_TYPES:
        if fmt.width <= width:
            return f"{'signed' if fmt.signed else 'unsigned'} {name}"
    raise WidthError(f"a table entry has at most 64 bits in C++, not {fmt.width}")


def _rows(contents: Sequence[int]) -> list[str]:
    """Lines of entries in columns."""
    # C++ has no negative literals: -2**63 has to be written as a difference
    texts = ["-9223372036854775807LL - 1" if v == -(1 << 63) else _number(v) for v in contents]
    column = max(map(len, texts))
    count = next(n for n in _ENTRIES if n * (column + 2) <= _ROM_COLUMNS or n == 1)
    rows = [texts[k : k + count] for k in range(0, len(texts), count)]
    lines = [", ".join(text.rjust(column) for text in row) for row in rows]
    return [f"{line}," for line in lines[:-1]] + lines[-1:]


def _number(value: int) -> str:
    if -(1 << 31) < value < 1 << 31:
        return str(value)
    return f"{value}{'LL' if value < 1 << 63 else 'ULL'}"
