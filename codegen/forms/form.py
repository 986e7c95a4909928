"""What stands around a design's core, where its interface asks for more than plain ports.

The core keeps its name, ports and latency; around it stands `<name>_vld` or `<name>_axis`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symtick.codegen.design import Design
from symtick.codegen.emit.comments import DIGEST_DIGITS, format_text
from symtick.codegen.emit.names import Namer, ports
from symtick.codegen.interface import Interface
from symtick.codegen.ir.fixed import Fixed
from symtick.errors import InputError, WidthError
from symtick.version import __version__

MOST_BITS = 4096  # of a word: what AMD's ap_uint can be widened to in every version
INPUTS = "inputs"  # port of the input vector of `ap_vld`
_BYTE = 8
# names of ports and signals in the form `ap_vld`, which no output can have
_TAKEN = """ap_clk ap_rst ap_rst_n ap_ce ap_start ap_done ap_idle ap_ready inputs inputs_ap_vld core
valid done"""


@dataclass(frozen=True)
class Lane:
    """Where a value stands in a word.

    Attributes:
        port: its port at the core.
        fmt: its format.
        low: its lowest bit in the word.
        room: bits that it has there, of which the lowest are its own.
        text: format and range, for comments.
    """

    port: str
    fmt: Fixed
    low: int
    room: int
    text: str

    @property
    def high(self) -> int:
        """The highest bit of its own."""
        return self.low + self.fmt.width - 1

    @property
    def padding(self) -> int:
        """Bits above its own: of an input nothing reads them; of an output they repeat its sign."""
        return self.room - self.fmt.width


@dataclass(frozen=True)
class Port:
    """A port of a form.

    Attributes:
        name: its name.
        direction: `input` or `output`.
        width: bits of a vector; None of a line.
    """

    name: str
    direction: str
    width: int | None = None


@dataclass(frozen=True)
class Form:
    """A form of ports, filled with a design's values.

    Attributes:
        core: name of the module inside, of the design.
        top: name of the module around it.
        inputs: what the word that enters holds, from bit 0 up.
        outputs: what the word that leaves holds, from bit 0 up; of `ap_vld` each output has a port
            of its own, and begins at bit 0 of it.
        names: of `ap_vld` the port of each output; that of its valid line has `_ap_vld` behind.
        interface: what the form was made for.
    """

    core: str
    top: str
    inputs: tuple[Lane, ...]
    outputs: tuple[Lane, ...]
    names: tuple[str, ...]
    interface: Interface

    @property
    def ports(self) -> tuple[Port, ...]:
        """All ports, in order."""
        if self.interface.kind == "axi_stream":
            return (
                *(Port(name, "input") for name in ("aclk", "aresetn")),
                *_stream("s_axis", "input", "output", self.input_bits),
                *_stream("m_axis", "output", "input", self.output_bits),
            )
        asked = [("ap_clk", True), ("ap_rst", self.interface.reset)]
        asked += [("ap_ce", self.interface.enable)]
        made = [Port(name, "input") for name, there in asked if there]
        made += [Port(INPUTS, "input", self.input_bits), Port(f"{INPUTS}_ap_vld", "input")]
        for name, lane in zip(self.names, self.outputs, strict=True):
            made += [Port(name, "output", lane.room), Port(f"{name}_ap_vld", "output")]
        return tuple(made)

    @property
    def input_bits(self) -> int:
        """Bits of the word that enters."""
        return sum(lane.room for lane in self.inputs)

    @property
    def output_bits(self) -> int:
        """Bits of all that leaves."""
        return sum(lane.room for lane in self.outputs)


def form(design: Design) -> Form | None:
    """The form around a design's core; None of a plain one, whose core is all.

    Raises:
        InputError: a name is no identifier, or the design reads no input.
        WidthError: a word has more than 4096 bits.
    """
    kind = design.interface.kind
    if kind == "plain":
        return None
    core = ports(design)
    if not core.inputs:
        raise InputError(f"{design.name} reads no input, so that only interface plain is possible")
    streamed = kind == "axi_stream"
    made = Form(
        core=core.top,
        top=design.top,
        inputs=_lanes(design, ((k, name) for _, k, name in core.inputs), streamed, one_word=True),
        outputs=_lanes(design, core.outputs, streamed, one_word=streamed),
        names=() if streamed else _valid_ports(design, [name for _, name in core.outputs]),
        interface=design.interface,
    )
    most = max(made.input_bits, made.output_bits if streamed else 0)
    if most > MOST_BITS:
        raise WidthError(f"a word of interface {kind} has at most {MOST_BITS} bits, not {most}")
    return made


def form_values(design: Design, made: Form) -> dict[str, object]:
    """What the templates of forms are filled with, in every language."""
    latency = design.schedule.latency
    address = max(1, latency.bit_length())
    return {
        "form": made,
        "latency": latency,
        "interface": design.interface,
        "made_by": f"symtick {__version__}, digest {design.digest[:DIGEST_DIGITS]}",
        # at full throughput `latency` words are under way, and one more place refills it
        "address": address,
        "depth": 1 << address,
    }


def _stream(side: str, forth: str, back: str, bits: int) -> tuple[Port, ...]:
    lines = [Port(f"{side}_tdata", forth, bits), Port(f"{side}_tvalid", forth)]
    return (*lines, Port(f"{side}_tready", back), Port(f"{side}_tlast", forth))


def _lanes(
    design: Design, named: Iterable[tuple[int, str]], padded: bool, one_word: bool
) -> tuple[Lane, ...]:
    lanes: list[Lane] = []
    low = 0
    for k, name in named:
        node = design.graph.nodes[k]
        room = -(-node.fmt.width // _BYTE) * _BYTE if padded else node.fmt.width
        lanes.append(Lane(name, node.fmt, low, room, format_text(node)))
        low += room if one_word else 0
    return tuple(lanes)


def _valid_ports(design: Design, outputs: Iterable[str]) -> tuple[str, ...]:
    """A port name for each output, free together with that of its valid line."""
    namer, names = Namer({design.name, design.top, *_TAKEN.split()}), []
    for wanted in outputs:
        name = namer.free(wanted)
        while namer.free(f"{name}_ap_vld") != f"{name}_ap_vld":
            name = namer.free(f"{name}_p")
        namer.taken |= {name, f"{name}_ap_vld"}
        names.append(name)
    return tuple(names)
