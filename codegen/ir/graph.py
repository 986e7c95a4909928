"""The fixed-point graph: what is computed, exactly.

Nodes (`nodes`) are frozen, arguments always earlier, equal nodes once: `GraphBuilder` sees to it.
What a node costs and when it runs are other values (`CostModel`, `Schedule`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.bounds import joined_format, table_bounds, value_bounds
from symtick.codegen.ir.evaluation import evaluated
from symtick.codegen.ir.fixed import (
    Fixed,
    Overflow,
    Quant,
    RawArray,
    cast_raw,
    raw_dtype,
    rounded_raw,
)
from symtick.codegen.ir.nodes import (
    ARITY,
    BIT,
    MAX_ENTRY_BITS,
    MAX_TABLE_BITS,
    STATED,
    WIRES,
    GNode,
    GOp,
)
from symtick.errors import InputError, WidthError
from symtick.expr import reachable

__all__ = ["ARITY", "BIT", "MAX_TABLE_BITS", "WIRES", "GNode", "GOp", "Graph", "GraphBuilder"]


@dataclass(frozen=True)
class Graph:
    """A pure function from input ports to output ports.

    Attributes:
        nodes: operations, arguments before users.
        outputs: node number of each output port.
        input_names: port names, one for each input index.
        output_names: port names, one for each output.
    """

    nodes: tuple[GNode, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    @property
    def input_formats(self) -> tuple[Fixed | None, ...]:
        """Format of each input port; None where no node reads it."""
        formats: dict[int, Fixed] = {n.number: n.fmt for n in self.nodes if n.op is GOp.INPUT}
        return tuple(formats.get(k) for k in range(len(self.input_names)))

    @property
    def output_formats(self) -> tuple[Fixed, ...]:
        """Format of each output port."""
        return tuple(self.nodes[k].fmt for k in self.outputs)

    def users(self) -> list[list[int]]:
        """For each node, the numbers of the nodes that read it (once each, ascending)."""
        users: list[list[int]] = [[] for _ in self.nodes]
        for k, node in enumerate(self.nodes):
            for a in dict.fromkeys(node.args):
                users[a].append(k)
        return users

    def evaluate(self, raw: npt.ArrayLike) -> RawArray:
        """The reference: raw outputs for raw inputs, in exact integer arithmetic.

        Args:
            raw: integers of shape (vectors, inputs), each within its input's bounds.

        Returns:
            Integers of shape (vectors, outputs).
        """
        x = np.asarray(raw)
        if x.ndim != 2 or x.shape[1] != len(self.input_names) or x.dtype.kind not in "iuO":
            raise InputError(
                f"raw inputs must be integers of shape (n, {len(self.input_names)}), "
                f"not {x.dtype} of shape {x.shape}"
            )
        values: list[RawArray] = []
        for node in self.nodes:
            read = node.op is GOp.INPUT
            values.append(_read(self, node, x) if read else evaluated(self.nodes, node, values))
        return np.stack([np.broadcast_to(values[k], len(x)) for k in self.outputs], axis=1)

    def real_outputs(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """What `evaluate` gives for raw inputs (vectors, inputs), as reals (vectors, outputs)."""
        columns = self.evaluate(raw).T
        pairs = zip(self.output_formats, columns, strict=True)
        return np.stack([fmt.to_real(column) for fmt, column in pairs], axis=1)

    def value(self, number: int, values: Mapping[int, RawArray]) -> RawArray:
        """Raw values of one node (not an input) from those of its arguments, by node number."""
        return evaluated(self.nodes, self.nodes[number], values)

    def check(self) -> None:
        """Verify every rule in the docstrings of this module and of `nodes`.

        Raises:
            InputError: with the number of the first node that breaks a rule, and which.
        """
        again = GraphBuilder(self.input_names)
        for k, node in enumerate(self.nodes):
            if any(not 0 <= a < k for a in node.args):
                raise InputError(f"graph node {k} ({node.op.value}) reads a later node {node.args}")
            if again.again(node) != k:
                raise InputError(f"graph node {k} ({node.op.value}) stands twice")
            if again.nodes[k] != node:
                raise InputError(
                    f"graph node {k} should be {again.nodes[k]}, by the rules of its operation, "
                    f"not {node}"
                )
        if len(self.outputs) != len(self.output_names):
            raise InputError("every output needs one name")
        if any(not 0 <= k < len(self.nodes) for k in self.outputs):
            raise InputError(f"an output is not a node: {self.outputs}")

    def __str__(self) -> str:
        lines = [_line(k, node, self.input_names) for k, node in enumerate(self.nodes)]
        lines += [f"{n} = %{k}" for n, k in zip(self.output_names, self.outputs, strict=True)]
        return "\n".join(lines)


def _line(k: int, node: GNode, names: Sequence[str]) -> str:
    args = " ".join(f"%{a}" for a in node.args)
    extra = {
        GOp.INPUT: names[node.number] if node.op is GOp.INPUT else "",
        GOp.CONST: str(node.number),
        GOp.SCALE: str(node.number),
        GOp.CAST: f"{node.quant.name} {node.overflow.name}",
        GOp.TABLE: f"[{len(node.contents)}]",
    }.get(node.op, "")
    words = " ".join(w for w in (node.op.value, args, extra) if w)
    return f"%{k} = {words} : {node.fmt} [{node.lo}, {node.hi}]"


def _renumbered(node: GNode, place: Mapping[int, int]) -> GNode:
    """A node whose arguments have other numbers: what it computes is the same."""
    args = tuple([place[a] for a in node.args])
    if args == node.args:
        return node
    return GNode(
        node.op, args, node.fmt, node.lo, node.hi, node.number, node.quant, node.overflow,
        node.contents,
    )  # fmt: skip


def _read(graph: Graph, node: GNode, x: RawArray) -> RawArray:
    column = x[:, node.number]
    if ((column < node.lo) | (column > node.hi)).any():
        raise InputError(
            f"input {graph.input_names[node.number]} has a raw value outside [{node.lo}, {node.hi}]"
        )
    return column.astype(raw_dtype(node.fmt.width + 1))


@dataclass
class GraphBuilder:
    """Collects nodes, computes their formats and bounds, and keeps equal nodes once."""

    input_names: tuple[str, ...]
    nodes: list[GNode] = field(default_factory=list)
    _known: dict[GNode, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.input_names = tuple(self.input_names)  # a graph is hashable

    @classmethod
    def of(cls, graph: Graph) -> GraphBuilder:
        """A builder that holds a graph's nodes by their own numbers."""
        known = {node: k for k, node in enumerate(graph.nodes)}
        return cls(graph.input_names, list(graph.nodes), known)

    def view(self) -> Graph:
        """The nodes as a graph without outputs, which grows with the builder."""
        # a tuple would have to be made anew for every node
        return Graph(cast("tuple[GNode, ...]", self.nodes), (), self.input_names, ())

    def _add(self, node: GNode) -> int:
        number = self._known.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def input(self, index: int, fmt: Fixed, lo: int | None = None, hi: int | None = None) -> int:
        """Input port `index`; bounds default to all that the format holds."""
        if not 0 <= index < len(self.input_names):
            raise InputError(f"there is no input port {index}")
        low = fmt.raw_min if lo is None else lo
        high = fmt.raw_max if hi is None else hi
        if not fmt.raw_min <= low <= high <= fmt.raw_max:
            raise InputError(
                f"bounds [{low}, {high}] of input {self.input_names[index]} do not lie in {fmt}"
            )
        return self._add(GNode(GOp.INPUT, (), fmt, low, high, index))

    def const(self, raw: int, frac: int) -> int:
        """The constant raw * 2**-frac, stored without trailing zero bits (0 has frac 0)."""
        if raw == 0:
            frac = 0
        else:
            zeros = (raw & -raw).bit_length() - 1
            raw, frac = raw >> zeros, frac - zeros
        return self._add(GNode(GOp.CONST, (), Fixed.for_raw(raw, raw, frac), raw, raw, raw))

    def op(self, op: GOp, *args: int) -> int:
        """Any operation of earlier nodes alone, exact: all but those of `STATED`."""
        if len(args) != ARITY[op] or op in STATED:
            raise InputError(f"{op.value} is not built from {len(args)} arguments alone")
        if op in (GOp.MIN, GOp.MAX) and [self.nodes[a].op is GOp.CONST for a in args] == [1, 0]:
            args = args[::-1]  # a signal is compared with a constant: with 0 its sign suffices
        nodes = [self.nodes[a] for a in args]
        if op is GOp.SELECT and nodes[0].fmt != BIT:
            raise InputError(f"select asks one unsigned bit, {BIT}, not {nodes[0].fmt}")
        if op is GOp.DIGIT_ROW and (nodes[1].fmt.width > 2 or nodes[1].fmt.frac):
            raise InputError(f"digit_row asks a digit of at most two bits, not {nodes[1].fmt}")
        frac, lo, hi = value_bounds(op, nodes, len(set(args)) == 1)
        try:
            fmt = Fixed.for_raw(lo, hi, frac) if op is not GOp.CONCAT else joined_format(nodes)
        except WidthError as error:
            raise WidthError(f"{op.value} grows too wide: {error}; cast its arguments") from None
        return self._add(GNode(op, args, fmt, lo, hi))

    def scale(self, arg: int, exponent: int) -> int:
        """arg * 2**exponent, which moves the point and needs no hardware."""
        node = self.nodes[arg]
        if exponent == 0:
            return arg
        fmt = Fixed(node.fmt.width, node.fmt.frac - exponent, node.fmt.signed)
        return self._add(GNode(GOp.SCALE, (arg,), fmt, node.lo, node.hi, exponent))

    def cast(
        self,
        arg: int,
        fmt: Fixed,
        quant: Quant = Quant.RND,
        overflow: Overflow = Overflow.SAT,
    ) -> int:
        """arg in another format; nothing is added where that changes no value and no format."""
        node = self.nodes[arg]
        if node.fmt == fmt and fmt.keeps(node.lo, node.hi, overflow):
            return arg
        below = overflow is Overflow.WRAP and fmt.frac - node.fmt.frac >= fmt.width
        if node.lo == node.hi or below:
            # wrapped or not, it is one value; so are the zeros below the last place
            only = int(
                cast_raw(np.array([node.lo], object), node.fmt.frac, fmt, quant, overflow)[0]
            )
            return self._add(GNode(GOp.CAST, (arg,), fmt, only, only, 0, quant, overflow))
        exact = [rounded_raw(v, node.fmt.frac - fmt.frac, quant) for v in (node.lo, node.hi)]
        low, high = (min(max(v, fmt.raw_min), fmt.raw_max) for v in exact)
        if overflow in (Overflow.WRAP, Overflow.SAT_ZERO):
            if [low, high] != exact:
                low, high = fmt.raw_min, fmt.raw_max
        elif overflow is Overflow.SAT_SYM and fmt.signed:
            low, high = max(low, -fmt.raw_max), max(high, -fmt.raw_max)
        return self._add(GNode(GOp.CAST, (arg,), fmt, low, high, quant=quant, overflow=overflow))

    def bits(self, arg: int, fmt: Fixed) -> int:
        """The bits of arg at the places of a format, its sign repeated above (wires).

        The value is the same where the format holds it; lower bits are cut, higher ones dropped.
        """
        return self.cast(arg, fmt, Quant.TRN, Overflow.WRAP)

    def table(self, arg: int, contents: Sequence[int], fmt: Fixed) -> int:
        """contents[bit pattern of arg], raw values of `fmt`, 2**width entries."""
        node = self.nodes[arg]
        if node.fmt.width > MAX_TABLE_BITS:
            raise WidthError(
                f"a table has at most {MAX_TABLE_BITS} address bits, not {node.fmt.width}"
            )
        if len(contents) != 1 << node.fmt.width:
            raise InputError(
                f"a table of {node.fmt.width} address bits needs {1 << node.fmt.width} entries, "
                f"not {len(contents)}"
            )
        if fmt.width > MAX_ENTRY_BITS:
            raise WidthError(
                f"an entry of a table has at most {MAX_ENTRY_BITS} bits, not {fmt.width}"
            )
        entries = contents if type(contents) is tuple else tuple(int(v) for v in contents)
        least, most, lo, hi = table_bounds(entries, node.lo, node.hi)
        if least < fmt.raw_min or most > fmt.raw_max:
            raise InputError(f"a table entry does not fit {fmt}")
        return self._add(GNode(GOp.TABLE, (arg,), fmt, lo, hi, contents=entries))

    def again(self, node: GNode, args: Sequence[int] | None = None) -> int:
        """Build `node` once more, here, on these arguments (its own by default)."""
        places = tuple(node.args if args is None else args)
        if node.op is GOp.INPUT:
            return self.input(node.number, node.fmt, node.lo, node.hi)
        if node.op is GOp.CONST:
            return self.const(node.number, node.fmt.frac)
        if node.op is GOp.SCALE:
            return self.scale(places[0], node.number)
        if node.op is GOp.CAST:
            return self.cast(places[0], node.fmt, node.quant, node.overflow)
        if node.op is GOp.TABLE:
            return self.table(places[0], node.contents, node.fmt)
        return self.op(node.op, *places)

    def build(self, outputs: Sequence[int], output_names: Sequence[str]) -> Graph:
        """The graph with these outputs; nodes that none needs are dropped."""
        used = sorted(reachable(self.nodes, outputs))
        place = {k: number for number, k in enumerate(used)}
        return Graph(
            tuple(_renumbered(self.nodes[k], place) for k in used),
            tuple(place[k] for k in outputs),
            self.input_names,
            tuple(output_names),
        )
