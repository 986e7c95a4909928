"""All inputs of a design with few, through the pipeline of its Verilog in Verilator.

This stands beside a proof and not for it: it says what one simulator makes of the text. What is
compared with is the specification's decision of the scores, in the integers of `values`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.vectors import stacked
from symtick.codegen.ir.graph import Graph
from symtick.sim.proof import all_inputs, exhaustive
from symtick.sim.proof.cuts.budget import processor_seconds
from symtick.sim.proof.outcome import Simulated

MOST_BITS = 20


def all_inputs_simulated(
    design: Design, scores: Graph, source: Path, folder: Path, tell: Callable[[str], None]
) -> Simulated | None:
    """Run all inputs within their ranges, one a clock, up to the first that differs.

    Args:
        design: the design.
        scores: the graph that its decision is specified of.
        source: its Verilog.
        folder: for the log of the tools.
        tell: is told how many inputs have been run.

    Returns:
        What was seen; None where the inputs have more than 20 bits together, or where what is
        specified depends on an input that the design does not read.

    Raises:
        ToolError: a tool is missing or fails.
    """
    graph = design.graph
    read = [number for number, *_ in ports(design).inputs]
    bits = sum(graph.nodes[k].fmt.width for _, k, _ in ports(design).inputs)
    if bits > MOST_BITS or not exhaustive.inputs_of(scores) <= exhaustive.inputs_of(graph):
        return None
    start, done = processor_seconds(), 0
    count, every = exhaustive.value_count(graph, read), range(len(graph.outputs))
    fault = ""
    with all_inputs.built(design, source, folder / "all_inputs.log") as runner:
        for columns in exhaustive.blocks(graph, read):
            shape = np.broadcast_shapes((1,), *(c.shape for c in columns))
            raw = [np.broadcast_to(columns[j], shape).reshape(-1) for j in read]
            made = runner.outputs(stacked(raw, 1))
            outputs = list(made.T.reshape(-1, *shape))
            found = exhaustive.difference(design, scores, columns, outputs, every)
            if found is not None:
                fault = f"{found.subject}: {found.reason}"
                break
            done += len(made)
            tell(f"{done:,} of {count:,} inputs simulated")
    return Simulated(count, bits, fault, processor_seconds() - start)
