"""The names of a design's ports and signals, legal in all emitted languages.

VHDL does not tell capitals from small letters, so that no two names differ in these alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from symtick.codegen.design import Design, check_design_name, legal_name
from symtick.codegen.emit.keywords import KEYWORDS, VHDL
from symtick.codegen.ir.graph import GOp, Graph
from symtick.errors import InputError

ENABLE = "ce"  # port of the clock enable, where there is one
PART = "xcvu9p-flga2577-2-e"  # where none is named; hls4ml's jet taggers are built for a VU9P


@dataclass
class Namer:
    """Gives out identifiers, each once, legal and distinct in all emitted languages."""

    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.taken |= {word.lower() for word in self.taken}

    def new(self, wanted: str) -> str:
        """`wanted`, an identifier, or with as many `_n` behind it as make it free in VHDL too."""
        while wanted in KEYWORDS or wanted.lower() in self.taken or wanted.lower() in VHDL:
            wanted += "_n"
        self.taken |= {wanted, wanted.lower()}
        return wanted

    def port(self, wanted: str) -> str:
        """The legal name near `wanted`, or with as many `_p` behind it as make it free in VHDL too.

        Raises:
            InputError: it is no identifier.
        """
        name = self.free(wanted)
        self.taken |= {name, name.lower()}
        return name

    def free(self, wanted: str) -> str:
        """What `port` gives, without giving it out."""
        name, small = legal_name(wanted), {word.lower() for word in self.taken}
        while name in KEYWORDS or name.lower() in small | VHDL:
            name += "_p"
        return name


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
    """The port names: the graph's own where they are legal (`legal_name`) and free.

    Raises:
        InputError: the design has no legal name, its name is a reserved word, or a port's is no
            identifier.
    """
    graph, namer = design.graph, Namer({ENABLE} if design.interface.enable else set())
    check_design_name(design.name)
    if namer.port(design.name) != design.name:
        raise InputError(
            f"the design cannot be named {design.name!r}: that is a reserved word "
            "of Verilog, C++ or VHDL"
        )
    read = {node.number: k for k, node in enumerate(graph.nodes) if node.op is GOp.INPUT}
    inputs = tuple((j, read[j], namer.port(graph.input_names[j])) for j in sorted(read))
    outputs = tuple(
        (k, namer.port(name)) for k, name in zip(graph.outputs, graph.output_names, strict=True)
    )
    return Ports(design.name, inputs, outputs, namer)


def signal_names(graph: Graph, names: Ports) -> list[str]:
    """The name of each node's signal: an input's port, else its operation and number."""
    inputs = {k: name for _, k, name in names.inputs}
    new = names.namer.new
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


def check_part(part: str) -> None:
    """Refuse what could be more than a part number in a script.

    Raises:
        InputError: it has characters other than letters, digits and -.
    """
    if not (part.isascii() and part.replace("-", "").isalnum()):
        raise InputError(f"{part!r} is not a part number")


def _moves(graph: Graph, number: int) -> bool:
    """Whether a node is a signal of its own; constants and SCALE stand at every stage."""
    return graph.nodes[number].op not in (GOp.CONST, GOp.SCALE)
