"""The graph as Verilog of its own: one assignment a node, by the table in `codegen.ir.nodes`.

It shares nothing with `codegen.emit` and is not made to be synthesised: sums are extended to the
full width, roundings are additions before a shift, limits are comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.sim.proof.values.ranges import code_range


def signal(number: int) -> str:
    """The vector that holds the bits of a node, an operand of others."""
    return f"c_{number}"


def holder(graph: Graph, number: int) -> int:
    """The node whose bits a chain of SCALE nodes renames."""
    while graph.nodes[number].op is GOp.SCALE:
        number = graph.nodes[number].args[0]
    return number


def constant(value: int, width: int) -> str:
    """A literal with the bits of an integer."""
    return f"{width}'h{value % (1 << width):x}"


class Operands:
    """Verilog text that reads nodes of a graph as integers of a stated width."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def extended(self, number: int, width: int, shift: int = 0) -> str:
        """The low `width` bits of the node's integer times 2**shift."""
        node = self.graph.nodes[number]
        if node.op is GOp.CONST:
            return constant(node.number << shift, width)
        name, have, keep = signal(holder(self.graph, number)), node.fmt.width, width - shift
        if keep <= 0:
            return constant(0, width)
        sign = f"{name}[{have - 1}]" if node.fmt.signed else "1'b0"
        parts = [f"{{{keep - have}{{{sign}}}}}"] if keep > have else []
        parts.append(f"{name}[{min(keep, have) - 1}:0]")
        parts += [constant(0, shift)] if shift else []
        return "{" + ", ".join(parts) + "}"

    def natural(self, number: int) -> str:
        """The node at its own width, as a signed or an unsigned operand of a product."""
        node = self.graph.nodes[number]
        return self.extended(number, node.fmt.width)


def assigned(graph: Graph, number: int) -> list[str]:
    """Verilog that gives `m_<number>` the value of a node; no INPUT, CONST or SCALE."""
    node, read = graph.nodes[number], Operands(graph)
    width, target = node.fmt.width, f"m_{number}"
    declared = f"wire [{width - 1}:0] {target}"
    if node.op is GOp.CAST:
        return _cast(read, node, number)
    if node.op is GOp.TABLE:
        return _table(read, node, number)
    if node.op is GOp.MUL:
        return [f"{declared} = {_product(read, node)};"]
    if node.op is GOp.CONCAT:
        return [f"{declared} = {{{', '.join(read.natural(a) for a in node.args)}}};"]
    if node.op is GOp.GE:
        a, b = _compared(read, node.args)
        return [f"{declared} = {a} >= {b};"]
    return [f"{declared} = {_sum_or_choice(read, node)};"]


def _sum_or_choice(read: Operands, node: GNode) -> str:
    nodes, width = read.graph.nodes, node.fmt.width
    values = node.args[1:] if node.op is GOp.SELECT else node.args
    if node.op is GOp.DIGIT_ROW:
        values = (node.args[0], *node.args[2:])
    frac = max(nodes[a].fmt.frac for a in values)
    texts = [read.extended(a, width, frac - nodes[a].fmt.frac) for a in values]
    if node.op is GOp.ADD:
        return f"{texts[0]} + {texts[1]}"
    if node.op is GOp.SUB:
        return f"{texts[0]} - {texts[1]}"
    if node.op is GOp.NEG:
        return f"{constant(0, width)} - {texts[0]}"
    if node.op is GOp.ABS:
        negative = f"$signed({read.natural(node.args[0])}) < 0" if _signed(read, node) else "1'b0"
        return f"({negative}) ? {constant(0, width)} - {texts[0]} : {texts[0]}"
    if node.op is GOp.SELECT:
        return f"{read.natural(node.args[0])} ? {texts[0]} : {texts[1]}"
    if node.op is GOp.DIGIT_ROW:
        return f"{texts[0]} + {_multiple(read, node, width, texts)}"
    a, b = _compared(read, node.args)
    order = "<=" if node.op is GOp.MIN else ">="
    return f"({a} {order} {b}) ? {texts[0]} : {texts[1]}"


def _signed(read: Operands, node: GNode) -> bool:
    return read.graph.nodes[node.args[0]].fmt.signed


def _compared(read: Operands, args: Sequence[int]) -> list[str]:
    """Two operands as signed integers that hold both."""
    nodes = [read.graph.nodes[a] for a in args]
    frac = max(n.fmt.frac for n in nodes)
    width = max(n.fmt.width + frac - n.fmt.frac for n in nodes) + 1
    pairs = zip(args, nodes, strict=True)
    return [f"$signed({read.extended(a, width, frac - n.fmt.frac)})" for a, n in pairs]


def _multiple(read: Operands, node: GNode, width: int, texts: Sequence[str]) -> str:
    """The digit times x, or the triple for a digit of 3."""
    digit = read.graph.nodes[node.args[1]]
    name, bits, text = read.natural(node.args[1]), digit.fmt.width, constant(0, width)
    zero = constant(0, width)
    for d in range(digit.lo, digit.hi + 1):
        value = texts[2] if d == 3 else {
            0: zero, 1: texts[1], 2: f"({texts[1]} << 1)",
            -1: f"({zero} - {texts[1]})", -2: f"({zero} - ({texts[1]} << 1))",
        }[d]  # fmt: skip
        text = f"({name} == {constant(d, bits)} ? {value} : {text})"
    return text


def _product(read: Operands, node: GNode) -> str:
    formats = [read.graph.nodes[a].fmt for a in node.args]
    texts = [read.natural(a) for a in node.args]
    if not any(fmt.signed for fmt in formats):
        return f"{texts[0]} * {texts[1]}"
    signed = [
        f"$signed({text})" if fmt.signed else f"$signed({{1'b0, {text}}})"
        for fmt, text in zip(formats, texts, strict=True)
    ]
    return f"{signed[0]} * {signed[1]}"


def _table(read: Operands, node: GNode, number: int) -> list[str]:
    address, width = read.graph.nodes[node.args[0]].fmt.width, node.fmt.width
    lines = [f"reg [{width - 1}:0] m_{number};", f"always @* case ({read.natural(node.args[0])})"]
    lines += [
        f"  {constant(k, address)}: m_{number} = {constant(raw, width)};"
        for k, raw in enumerate(node.contents)
    ]
    return [*lines, f"  default: m_{number} = {constant(0, width)};", "endcase"]


def _cast(read: Operands, node: GNode, number: int) -> list[str]:
    source = read.graph.nodes[node.args[0]]
    drop, width = source.fmt.frac - node.fmt.frac, node.fmt.width
    wide = max(source.fmt.width + abs(drop), width) + 2
    value = read.extended(node.args[0], wide, max(-drop, 0))
    lines = [f"wire signed [{wide - 1}:0] v_{number} = {value};"]
    moved = f"v_{number}"
    if drop > 0:
        moved = f"r_{number}"
        added = _added(node.quant, f"v_{number}", drop, wide)
        lines += [
            f"wire signed [{wide - 1}:0] a_{number} = v_{number} + {added};",
            f"wire signed [{wide - 1}:0] {moved} = a_{number} >>> {drop};",
        ]
    return [*lines, f"wire [{width - 1}:0] m_{number} = {_limited(node, moved, wide)};"]


def _added(quant: Quant, value: str, drop: int, wide: int) -> str:
    """What is added before the shift that rounds down."""
    half, negative = 1 << drop - 1, f"{value}[{wide - 1}]"

    def either(condition: str, yes: int, no: int) -> str:
        one, other = (f"$signed({constant(v, wide)})" for v in (yes, no))
        return f"({condition} ? {one} : {other})"

    return {
        Quant.TRN: either("1'b1", 0, 0),
        Quant.TRN_ZERO: either(negative, (1 << drop) - 1, 0),
        Quant.RND: either("1'b1", half, half),
        Quant.RND_MIN_INF: either("1'b1", half - 1, half - 1),
        Quant.RND_INF: either(negative, half - 1, half),
        Quant.RND_ZERO: either(negative, half, half - 1),
        Quant.RND_CONV: either(f"{value}[{drop}]", half, half - 1),
    }[quant]


def _limited(node: GNode, moved: str, wide: int) -> str:
    width, (least, most) = node.fmt.width, code_range(node)
    kept = f"{moved}[{width - 1}:0]"
    if node.overflow is Overflow.WRAP:
        return kept
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -most
    under, over = (f"$signed({constant(v, wide)})" for v in (least, most))
    ends = [constant(v, width) for v in (least, most)]
    if node.overflow is Overflow.SAT_ZERO:
        ends = [constant(0, width)] * 2
    return f"{moved} < {under} ? {ends[0]} : {moved} > {over} ? {ends[1]} : {kept}"


def within(node: GNode, name: str) -> str:
    """A value where it is in the node's range, else the least of the range."""
    width = node.fmt.width
    sign = f"{name}[{width - 1}]" if node.fmt.signed else "1'b0"
    value = f"$signed({{{sign}, {name}}})"
    low, high = (f"$signed({constant(v, width + 1)})" for v in (node.lo, node.hi))
    return f"({value} >= {low} && {value} <= {high}) ? {name} : {constant(node.lo, width)}"
