"""What the C++ and the Verilog printers share: names, header comments, node comments, templates.

Room: `codegen`; imports `expr` and, as data, the templates of `hls_templates`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import jinja2

from symtick.codegen.design import Design
from symtick.codegen.emit_keywords import KEYWORDS
from symtick.codegen.fixed import Fixed
from symtick.codegen.graph import GNode, GOp, Graph
from symtick.errors import InputError
from symtick.expr import to_text
from symtick.hls_templates import FOLDER

LINE = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SYMBOLS = {GOp.ADD: "+", GOp.SUB: "-", GOp.MUL: "*"}


@dataclass
class Namer:
    """Gives out identifiers, each once, in both emitted languages legal."""

    taken: set[str] = field(default_factory=set)

    def new(self, wanted: str) -> str:
        """`wanted`, or with as many underscores behind it as make it free.

        Raises:
            InputError: it is no identifier.
        """
        if not _IDENTIFIER.match(wanted):
            raise InputError(
                f"{wanted!r} cannot name a port or a module: use letters, digits and _"
            )
        while wanted in self.taken or wanted in KEYWORDS:
            wanted += "_"
        self.taken.add(wanted)
        return wanted


@dataclass(frozen=True)
class Ports:
    """Names of the ports of a design, and the namer that has given them out.

    Attributes:
        top: the module's and the function's name.
        inputs: (input index, INPUT node number, port name), in order of the index; inputs that
            no node reads have no port.
        outputs: (node number, port name) of each output.
        namer: for further names.
    """

    top: str
    inputs: tuple[tuple[int, int, str], ...]
    outputs: tuple[tuple[int, str], ...]
    namer: Namer


def ports(design: Design) -> Ports:
    """The port names: the graph's own, with `_` behind where a language has taken the word.

    Raises:
        InputError: the design or a port has a name that is no identifier, or the design's name is
            a reserved word.
    """
    graph, namer = design.graph, Namer()
    if namer.new(design.name) != design.name:
        raise InputError(f"the design cannot be named {design.name!r}: that is a reserved word")
    read = {node.number: k for k, node in enumerate(graph.nodes) if node.op is GOp.INPUT}
    inputs = tuple((j, read[j], namer.new(graph.input_names[j])) for j in sorted(read))
    outputs = tuple(
        (k, namer.new(name)) for k, name in zip(graph.outputs, graph.output_names, strict=True)
    )
    return Ports(design.name, inputs, outputs, namer)


def signal_names(graph: Graph, held: Ports) -> list[str]:
    """The name of each node's signal: an input's port, else its operation and number."""
    inputs = {k: name for _, k, name in held.inputs}
    new = held.namer.new
    return [
        inputs[k] if k in inputs else new(f"{node.op.value}{k}")
        for k, node in enumerate(graph.nodes)
    ]


def check(design: Design) -> None:
    """Refuse a schedule that the printed pipeline would not keep.

    Raises:
        InputError: stages that do not fit the graph or the latency.
    """
    stage, latency = design.schedule.stage, design.schedule.latency
    if len(stage) != len(design.graph.nodes):
        raise InputError(f"the schedule of {design.name} belongs to another graph")
    for k, node in enumerate(design.graph.nodes):
        if node.op is GOp.INPUT and stage[k]:
            raise InputError(f"input node {k} of {design.name} must be in stage 0")
        if not 0 <= stage[k] <= max(latency - 1, 0) and node.op not in (GOp.CONST, GOp.SCALE):
            raise InputError(f"node {k} of {design.name} runs after the last register rank")
        late = [a for a in node.args if stage[a] > stage[k] and _moves(design.graph, a)]
        if late:
            raise InputError(f"node {k} of {design.name} runs before its arguments {late}")


def _moves(graph: Graph, number: int) -> bool:
    """Whether a node is a signal of its own; constants and SCALE stand at every stage."""
    return graph.nodes[number].op not in (GOp.CONST, GOp.SCALE)


def value_text(raw: int, frac: int) -> str:
    """raw * 2**-frac for a reader: a decimal number, exact where it is short."""
    if frac <= 0 and raw.bit_length() - frac <= 24:
        return str(raw << -frac)
    if abs(frac) > 200:
        return f"{raw}*2**{-frac}"
    value = raw / (1 << frac) if frac > 0 else float(raw << -frac)
    exact = f"{value:.12g}"
    return exact if len(exact) <= 12 else f"{value:.6g}"


def format_text(node: GNode) -> str:
    """Format and range of a node: `fixed<9,4> [-8, 7.5]`."""
    low, high = value_text(node.lo, node.fmt.frac), value_text(node.hi, node.fmt.frac)
    return f"{node.fmt} [{low}, {high}]"


def node_text(graph: Graph, number: int, names: list[str]) -> str:
    """What a node computes, in the names of its arguments."""
    node = graph.nodes[number]
    args = [names[a] for a in node.args]
    if node.op in _SYMBOLS:
        return f"{args[0]} {_SYMBOLS[node.op]} {args[1]}"
    if node.op is GOp.NEG:
        return f"-{args[0]}"
    if node.op is GOp.SCALE:
        return f"{args[0]} * 2**{node.number}, the same bits"
    if node.op is GOp.CAST:
        return f"{args[0]} cast, {node.quant.name} {node.overflow.name}"
    if node.op is GOp.TABLE:
        return f"table of {args[0]}"
    if node.op is GOp.GE:
        return f"{args[0]} >= {args[1]}"
    if node.op is GOp.SELECT:
        return f"{args[0]} ? {args[1]} : {args[2]}"
    if node.op is GOp.MADD:
        return f"{args[0]} + {args[1]} * {args[2]}"
    if node.op is GOp.CONCAT:
        return f"the bits of {args[0]}, then those of {args[1]}"
    if node.op is GOp.CONST:
        return value_text(node.number, node.fmt.frac)
    return f"{node.op.value}({', '.join(args)})"


def header(design: Design) -> list[str]:
    """Lines of the comment that opens every emitted file."""
    found, graph = ports(design), design.graph
    lines = [f"{design.name}: generated by symtick", "", "Formula"]
    # a port may be called otherwise than the output, where a language has taken the word
    scores = design.score_names or [name for _, name in found.outputs]
    texts = [to_text(design.expression, k) for k in range(len(scores))]
    for line in design.decision.formulas(scores, texts):
        lines += _wrapped(line)
    lines += ["Inputs"]
    lines += [f"  {name} : {format_text(graph.nodes[k])}" for _, k, name in found.inputs]
    lines += ["Outputs"]
    lines += [f"  {name} : {format_text(graph.nodes[k])}" for k, name in found.outputs]
    return [*lines, "Timing", *_timing(design)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, LINE - 8, initial_indent="  ", subsequent_indent="      ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _timing(design: Design) -> list[str]:
    latency, clock = design.schedule.latency, design.schedule.clock_ns
    ticks = "0 ticks (combinational)" if not latency else f"{latency} tick{'s'[: latency > 1]}"
    return [
        f"  latency {ticks}, initiation interval {design.schedule.ii}, "
        f"clock {clock:g} ns ({1000 / clock:.4g} MHz)",
        f"  scheduled with the cost model {design.model}",
    ]


def type_text(fmt: Fixed, modes: Iterable[str] = ()) -> str:
    """The ap_fixed type of a format, with quantisation and overflow modes if given."""
    name = "ap_fixed" if fmt.signed else "ap_ufixed"
    return f"{name}<{', '.join([str(fmt.width), str(fmt.integer), *modes])}>"


def broken(code: str) -> list[str]:
    """A line of code as lines that fit, the later ones indented; it has no comment."""
    return textwrap.wrap(
        code, LINE - 4, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def render(template: str, **values: Any) -> str:
    """A filled template; an unknown name in it is an error, not an empty text."""
    return _environment().get_template(template).render(**values)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
