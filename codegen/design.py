"""A compiled design: the expression, its exact graph and its schedule, under one name.

Everything that is emitted, simulated, costed or drawn starts from a `Design`.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import CostModel, Schedule
from symtick.codegen.lowering.decision import SCORES, Decision
from symtick.codegen.lowering.function_units import FunctionUnit
from symtick.codegen.lowering.slices import Slice
from symtick.expr import Expression


@dataclass(frozen=True)
class Design:
    """What the compiler hands to the printers and the simulators.

    Attributes:
        name: top-level name, a C++ and Verilog identifier.
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

    def real_outputs(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """What the hardware computes for raw inputs (rows, inputs), as reals (rows, outputs).

        Raises:
            InputError: the inputs are no integers of that shape, or outside their bounds.
        """
        columns = self.graph.evaluate(raw).T
        pairs = zip(self.graph.output_formats, columns, strict=True)
        return np.stack([fmt.to_real(column) for fmt, column in pairs], axis=1)

    @property
    def digest(self) -> str:
        """A hash of graph, table contents and schedule, in 64 hexadecimal digits."""
        state = sha256(str(self.graph).encode())
        for node in self.graph.nodes:
            state.update(repr(node.contents).encode())
        state.update(repr((self.schedule.stage, self.schedule.latency)).encode())
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
