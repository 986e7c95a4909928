"""Design -> the text of its C++: types, tables, and a commented line for each node.

Every node is a constant of its own fixed-point type. The types' + - * and unary - grow so that they
never lose a bit, and a node's type holds every value that its graph node can take, so only casts,
whose types carry quantisation and overflow modes, change a value. Moving the point and looking up a
table go through the raw bits. `cpp_types` spells types and bits in AMD's way or oneAPI's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import LINE, broken, format_text, node_text, remark
from symtick.codegen.emit.cpp_types import CppTypes
from symtick.codegen.emit.names import ports, signal_names
from symtick.codegen.emit.tables.functions import TableFunctions, table_functions
from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp

_SYMBOLS = {GOp.ADD: "+", GOp.SUB: "-", GOp.MUL: "*"}
_C_TYPES = ((8, "char"), (16, "short"), (32, "int"), (64, "long long"))
_ROM_COLUMNS = 92
_WORD = re.compile(r"\w+")
_ENTRIES = (8, 4, 2, 1)  # of a table on a line, as many as fit


@dataclass(frozen=True)
class CppRom:
    """A table's array: name, comment, type of an entry, number of entries, lines of them."""

    name: str
    comment: list[str]
    type: str
    size: int
    lines: list[str]


class CppText:
    """The text of one design's C++, in one library of types.

    Attributes:
        design: the design.
        ports: names of the top function and its arguments.
        space: namespace of types and tables.
        names: of each node's variable.
        types: of each node, its type's name.
        output_types: of each output, its type's name.
        wanted: of each output, a free name for its expected value.

    Args:
        design: the design.
        library: spells types and bits.
        product_pragma: of a product's variable and whether it is made of DSP blocks, the pragma
            that asks for it, or "".
    """

    def __init__(
        self,
        design: Design,
        library: CppTypes,
        product_pragma: Callable[[str, bool], str] = lambda name, in_dsp: "",
    ) -> None:
        self.design = design
        self.graph = design.graph
        self.library = library
        self.product_pragma = product_pragma
        self.ports = ports(design)
        new = self.ports.namer.new
        self.space = new(f"{design.name}_firmware")
        self.names = signal_names(self.graph, self.ports)
        self.types = [new(f"{name}_t") for name in self.names]
        self.output_types = [new(f"{name}_t") for _, name in self.ports.outputs]
        self.wanted = [new(f"{name}_wanted") for _, name in self.ports.outputs]
        self._tables: list[CppRom] = []

    @cached_property
    def body(self) -> list[str]:
        """Commented lines that compute all nodes."""
        lines = [line for k, node in enumerate(self.graph.nodes) for line in self._node(k, node)]
        read = {word for line in lines for word in _WORD.findall(line.partition("//")[0])}
        read |= {source for _, source in self.results}
        return [
            *(f"(void){n};  // read by nothing" for _, n in self.inputs if n not in read),
            *lines,
        ]

    @property
    def tables(self) -> list[CppRom]:
        """The arrays that these lines read."""
        return self._tables if self.body else []

    @cached_property
    def _functions(self) -> TableFunctions:
        return table_functions(self.design)

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """(type, name) of each input's argument."""
        return [(self.types[k], name) for _, k, name in self.ports.inputs]

    @property
    def outputs(self) -> list[tuple[str, str, str]]:
        """(type, name, name of the expected value) of each output's argument."""
        names = [name for _, name in self.ports.outputs]
        return list(zip(self.output_types, names, self.wanted, strict=True))

    @property
    def results(self) -> list[tuple[str, str]]:
        """(name of the output, name of the variable that it takes)."""
        return [(name, self.names[k]) for k, name in self.ports.outputs]

    @property
    def arguments(self) -> list[str]:
        """Names of the top function's arguments in order."""
        return [name for _, name in self.inputs] + [name for _, name, _ in self.outputs]

    def parameters(self, space: str) -> list[str]:
        """The top function's parameters, with `space` before their types."""
        inputs = [f"{space}{kind} {name}" for kind, name in self.inputs]
        return inputs + [f"{space}{kind} &{name}" for kind, name, _ in self.outputs]

    def typedefs(self) -> dict[str, list[str]]:
        """Declarations of the types of inputs, outputs and nodes."""
        nodes, of = self.graph.nodes, self._typedef
        return {
            "inputs": [of(nodes[k].fmt, self.types[k]) for _, k, _ in self.ports.inputs],
            "outputs": [
                of(nodes[k].fmt, kind)
                for kind, (k, _) in zip(self.output_types, self.ports.outputs, strict=True)
            ],
            "nodes": [
                of(node.fmt, self.types[k], _modes(node))
                for k, node in enumerate(nodes)
                if node.op is not GOp.INPUT
            ],
        }

    def _typedef(self, fmt: Fixed, name: str, modes: Sequence[str] = ()) -> str:
        return f"typedef {self.library.type(fmt, modes)} {name};"

    def _node(self, number: int, node: GNode) -> list[str]:
        """Commented lines that compute one node."""
        if node.op is GOp.INPUT:
            return []
        name, kind = self.names[number], self.types[number]
        meaning = node_text(self.graph, number, self.names, self._functions)
        comment = remark(meaning, format_text(node))
        value = self._value(number, node)
        if value.startswith("bits "):
            return [*comment, f"{kind} {name};", *broken(self.library.set_bits(name, value[5:]))]
        line, bound = f"const {kind} {name} = {value};", self._bound(number)
        if len(comment) == 1 and len(line) + len(comment[0]) + 6 <= LINE:
            return [f"{line}  {comment[0]}", *bound]
        return [*comment, *broken(line), *bound]

    def _bound(self, number: int) -> list[str]:
        """The pragma that makes a product of what the cost model counts, DSP blocks or LUTs."""
        chosen = self.design.in_dsp[number] if self.design.in_dsp else None
        pragma = "" if chosen is None else self.product_pragma(self.names[number], chosen)
        return [pragma] if pragma else []

    def _value(self, number: int, node: GNode) -> str:
        """The C++ expression of a node; where it gives raw bits, with `bits ` before it."""
        args = [self.names[a] for a in node.args]
        kind = self.types[number]
        if node.op is GOp.CONST:
            return self._constant(node)
        if node.op is GOp.SCALE:
            return f"bits {self.library.same_bits(args[0], node.fmt.width)}"
        if node.op is GOp.TABLE:
            width = self.graph.nodes[node.args[0]].fmt.width
            entry = f"{self._table(number, node)}[{self.library.address(args[0], width)}]"
            return f"bits {self.library.pattern(entry, node.fmt.width)}"
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
            high, low = (self.graph.nodes[a].fmt.width for a in node.args)
            return f"bits {self.library.joined(args[0], args[1], (high, low))}"
        return f"{args[0]} {_SYMBOLS[node.op]} {args[1]}"

    def _row(self, node: GNode) -> str:
        """digit * x of a DIGIT_ROW: 0, x, 2x and 3x (or -2x and -x) chosen by the digit."""
        _, digit, x, triple = (self.names[a] for a in node.args)
        choices = self.graph.nodes[node.args[1]]
        texts = {-2: f"-({x} + {x})", -1: f"-{x}", 0: "0", 1: x, 2: f"{x} + {x}", 3: triple}
        kind = self.library.type(self._row_type(node))
        chosen = [f"{kind}({texts[d]})" for d in range(choices.lo, choices.hi + 1)]
        tests = [f"{digit} == {d} ? " for d in range(choices.lo, choices.hi)]
        return " : ".join([f"{t}{c}" for t, c in zip(tests, chosen, strict=False)] + chosen[-1:])

    def _row_type(self, node: GNode) -> Fixed:
        """A type that holds d * x for every digit."""
        x = self.graph.nodes[node.args[2]]
        return Fixed(x.fmt.width + 3, x.fmt.frac)

    def _compared(self, node: GNode, symbol: str) -> str:
        """A comparison of the arguments, of two signed values where one is signed.

        The headers for simulation compare unsigned with signed wrongly over 64 bits.
        """
        formats = [self.graph.nodes[a].fmt for a in node.args]
        signed = any(fmt.signed for fmt in formats)
        texts = [
            f"{self.library.type(Fixed(fmt.width + 1, fmt.frac))}({self.names[a]})"
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
        return f"{self.library.type(Fixed(width, source.frac, source.signed))}({argument})"

    def _constant(self, node: GNode) -> str:
        raw, frac = node.number, node.fmt.frac
        if raw.bit_length() <= 53 and abs(frac) <= 500:
            return repr(float(raw) * 2.0**-frac)
        width = node.fmt.width
        return f"bits {self.library.constant(raw & ((1 << width) - 1), width)}"

    def _table(self, number: int, node: GNode) -> str:
        name = self.ports.namer.new(f"{self.names[number]}_rom")
        meaning = node_text(self.graph, number, self.names, self._functions)
        self._tables.append(
            CppRom(
                name,
                remark(f"{self.names[number]} = {meaning}", f"raw values of {node.fmt}"),
                _c_type(node.fmt),
                len(node.contents),
                _rows(node.contents),
            )
        )
        return name


def _modes(node: GNode) -> Sequence[str]:
    if node.op is not GOp.CAST:
        return ()
    if (node.quant, node.overflow) == (Quant.TRN, Overflow.WRAP):
        return ()  # the defaults
    return (node.quant.value, node.overflow.value)


def _c_type(fmt: Fixed) -> str:
    name = next(name for width, name in _C_TYPES if fmt.width <= width)
    return f"{'signed' if fmt.signed else 'unsigned'} {name}"


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
