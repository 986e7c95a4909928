"""Vectors in which the entries of a table are read about equally often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.ir.graph import GOp
from symtick.expr import reachable
from symtick.sim.proof import exhaustive
from symtick.sim.proof.values.integers import Integers

_BLOCK = 1 << 16


def blocks(
    design: Design, outputs: Sequence[int], count: int, seed: int
) -> Iterator[list[Integers]]:
    """Vectors of a design, a block at a time, each for another table below some outputs.

    Args:
        design: the design.
        outputs: places of these outputs.
        count: number of vectors, rounded up to whole blocks.
        seed: of the vectors.

    Yields:
        A column for each input.
    """
    graph = design.graph
    below = sorted(reachable(graph.nodes, [graph.outputs[j] for j in outputs]))
    tables = [k for k in below if graph.nodes[k].op is GOp.TABLE]
    for number in range(-(-count // _BLOCK)):
        raw = vectors.make(design, _BLOCK, seed + number)
        columns: list[Integers] = [raw[:, j] for j in range(raw.shape[1])]
        rng = np.random.default_rng(seed + number)
        yield levelled(design, columns, tables[number % len(tables)], rng) if tables else columns


def levelled(
    design: Design, columns: Sequence[Integers], table: int, rng: np.random.Generator
) -> list[Integers]:
    """Vectors in which each entry of a table that some read is read by about as many.

    Inputs that its address depends on are taken from vectors that read the entry; the others stay.

    Args:
        design: the design.
        columns: an array for each input, all of one length.
        table: number of its node.
        rng: chooses the vectors.
    """
    graph, address = design.graph, design.graph.nodes[table].args[0]
    alone = replace(graph, outputs=(address,), output_names=("address",))
    (read,) = exhaustive.outputs(alone, columns)
    _, entries, often = np.unique(read, return_inverse=True, return_counts=True)
    share = 1.0 / often[entries.reshape(-1)]
    rows = rng.choice(len(share), len(share), p=share / share.sum())
    moving = exhaustive.read_by(alone, [0])
    return [c[rows] if j in moving else c for j, c in enumerate(columns)]
