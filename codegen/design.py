"""A compiled design: the expression, its exact graph and its schedule, under one name.

Everything that is emitted, simulated, costed or drawn starts from a `Design`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from symtick.codegen.interface import PLAIN, Interface
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import CostModel, Schedule
from symtick.codegen.lowering.decision import SCORES, Decision
from symtick.codegen.lowering.function_units import FunctionUnit
from symtick.codegen.lowering.slices import Slice
from symtick.errors import InputError
from symtick.expr import Expression

LONGEST_NAME = 128  # characters of the name of a design or a port; files are named after designs
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Domain:
    """The raw integers that an input can be.

    Attributes:
        fmt: format of what its port carries.
        lo, hi: the least and the largest.
    """

    fmt: Fixed
    lo: int
    hi: int


@dataclass(frozen=True)
class Design:
    """What the compiler hands to the printers and the simulators.

    Attributes:
        name: name of the core, an identifier of C++, Verilog and VHDL.
        expression: the source expression; its outputs are the scores, in order.
        graph: the exact fixed-point graph after all passes.
        schedule: pipeline stage of every graph node.
        model: name of the cost model that the schedule was made with.
        decision: what the graph delivers of the scores; by default themselves, in order.
        score_names: names of the scores, where the graph does not deliver just them.
        units: how each function in it is computed, and how exactly.
        slices: what the expression reads of each port's word; empty where it reads all.
        errors: for each score a bound on its distance from the expression's real value at the same
            inputs, slices of words where there are some; empty where widths of signals are stated.
        in_dsp: for each node what `in_dsp` says of it; empty where that is not known.
        interface: the form of its ports.
        domains: of each input, also of those that the graph does not read; empty where that is not
            known.
    """

    name: str
    expression: Expression
    graph: Graph
    schedule: Schedule
    model: str
    decision: Decision = SCORES
    score_names: tuple[str, ...] = ()
    units: tuple[FunctionUnit, ...] = ()
    slices: tuple[Slice, ...] = ()
    errors: tuple[float, ...] = ()
    in_dsp: tuple[bool | None, ...] = ()
    interface: Interface = PLAIN
    domains: tuple[Domain, ...] = ()

    def real_outputs(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """What the hardware computes for raw inputs (rows, inputs), as reals (rows, outputs).

        Raises:
            InputError: the inputs are no integers of that shape, or outside their bounds.
        """
        return self.graph.real_outputs(raw)

    @property
    def top(self) -> str:
        """Name of the outermost module: the design's own, or that of the form around it."""
        return f"{self.name}{self.interface.suffix}"

    @property
    def digest(self) -> str:
        """A hash of graph, table contents, schedule and interface, in 64 hexadecimal digits."""
        state = sha256(str(self.graph).encode())
        for node in self.graph.nodes:
            state.update(repr(node.contents).encode())
        state.update(repr((self.schedule.stage, self.schedule.latency)).encode())
        if self.interface != PLAIN:
            state.update(repr(self.interface).encode())
        return state.hexdigest()


def in_dsp(graph: Graph, model: CostModel) -> tuple[bool | None, ...]:
    """For each node whether it is a product of DSP blocks, as the model counts it.

    False is a product of LUTs; None a node that is no product, or one that the model prices with
    neither.
    """
    return tuple(
        _priced(graph, k, model) if node.op is GOp.MUL else None
        for k, node in enumerate(graph.nodes)
    )


def _priced(graph: Graph, product: int, model: CostModel) -> bool | None:
    area = model.area(graph, product)
    return area.dsp > 0.0 if area.dsp or area.lut else None


def legal_name(word: str) -> str:
    """The word, or one near it, as an identifier of Verilog, C++ and VHDL, reserved words apart.

    VHDL's identifiers begin with a letter, and underscores stand between letters and digits, one at
    a time (IEEE 1076, 15.4.2).

    Raises:
        InputError: it is no identifier of any language.
    """
    if not _WORD.match(word):
        raise InputError(f"{word!r} cannot name a port or a module: use letters, digits and _")
    name = "_".join(part for part in word.split("_") if part)
    if not name[:1].isalpha():
        name = f"p{name}"
    return name[:LONGEST_NAME].rstrip("_")


def check_design_name(name: str) -> None:
    """Refuse a name that is no identifier in one of the languages; files carry it as it is.

    Raises:
        InputError: it is none; the text has one near it.
    """
    if (legal := legal_name(name)) != name:
        shown = name if len(name) <= LONGEST_NAME else f"{name[:20]}..."
        raise InputError(
            f"the design cannot be named {shown!r}: a name has at most {LONGEST_NAME} characters, "
            "begins with a letter, and has single underscores between letters and digits, for it "
            f"is an identifier in Verilog, C++ and VHDL; name it {legal!r}"
        )
