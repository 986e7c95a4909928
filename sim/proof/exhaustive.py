"""All inputs of small designs, and samples of large ones, in integers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.lowering.decision import Decision
from symtick.codegen.lowering.slices import Slice
from symtick.expr import Expression
from symtick.sim.proof.integers import Integers, result
from symtick.sim.proof.reals import Enclosure, enclosures
from symtick.sim.proof.walk import part_code

_BLOCK = 1 << 17


def outputs(graph: Graph, columns: Sequence[Integers]) -> list[Integers]:
    """Raw outputs for raw inputs, one array for each input."""
    values: list[Integers] = []
    for node in graph.nodes:
        if node.op is GOp.INPUT:
            values.append(columns[node.number])
        elif node.op is GOp.CONST:
            values.append(np.full(1, node.number, np.int64 if node.fmt.width < 60 else object))
        else:
            before = [graph.nodes[a] for a in node.args]
            values.append(result(node, before, [values[a] for a in node.args]))
    shape = np.broadcast_shapes(*(c.shape for c in columns)) if columns else (1,)
    return [np.broadcast_to(values[k], shape) for k in graph.outputs]


def sliced(columns: Sequence[Integers], slices: Sequence[Slice]) -> list[Integers]:
    """What a design reads of its words."""
    if not slices:
        return list(columns)
    read = []
    for column, part in zip(columns, slices, strict=True):
        ends = part_code(part, part.word.raw_min), part_code(part, part.word.raw_max)
        down = column >> part.word.frac - part.fmt.frac
        read.append(np.where(down < ends[0], ends[0], np.where(down > ends[1], ends[1], down)))
    return read


def decided(scores: Graph, columns: Sequence[Integers], decision: Decision) -> list[Integers]:
    """What a decision delivers of the scores, by its definition; raw values by port.

    Margins and best scores are in units of the finest last place of all scores.
    """
    raw = outputs(scores, columns)
    fracs = [fmt.frac for fmt in scores.output_formats]
    fine = max(fracs)
    table = np.stack([v * (1 << fine - f) for v, f in zip(raw, fracs, strict=True)])
    ordered = np.sort(table, axis=0)
    ports: list[Integers] = []
    for name in decision.ordered():
        if name == "scores":
            ports += raw
        elif name == "index":
            ports.append(table.argmax(axis=0) if len(raw) > 1 else (table[0] > 0).astype(np.int64))
        elif name == "margin":
            ports.append(ordered[-1] - ordered[-2])
        elif name == "top":
            ports.append(ordered[-1])
        else:
            limits = decision.limits(len(raw))
            pairs = zip(raw, fracs, limits, strict=True)
            ports += [(v >= math.ceil(math.ldexp(t, f))).astype(np.int64) if abs(t) < 2.0**52
                      else np.full(v.shape, int(t < 0)) for v, f, t in pairs]  # fmt: skip
    return ports


def same_units(
    graph: Graph, ports: Sequence[Integers], scores: Graph, decision: Decision
) -> list[Integers]:
    """The outputs of a graph in the units of `decided`."""
    fine = max(fmt.frac for fmt in scores.output_formats)
    count, made = len(scores.outputs), []
    names = [n for name in decision.ordered()
             for n in [name] * (count if name in ("scores", "above") else 1)]  # fmt: skip
    for place, (name, column, fmt) in enumerate(
        zip(names, ports, graph.output_formats, strict=True)
    ):
        frac = scores.output_formats[place].frac if name == "scores" else fine
        frac = 0 if name in ("index", "above") else frac
        wide = column.astype(object) if fmt.width + abs(frac - fmt.frac) > 60 else column
        scaled = wide * (1 << max(frac - fmt.frac, 0))
        step = 1 << max(fmt.frac - frac, 0)
        # a finer last place than the reference has: what is left below must be 0
        made.append(
            np.where(scaled % step == 0, scaled // step, -(1 << 59)) if step > 1 else scaled
        )
    return made


def blocks(graph: Graph) -> Iterator[list[Integers]]:
    """All inputs of a graph within their ranges, a block of columns at a time."""
    nodes = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
    ends = [
        (nodes[j].lo, nodes[j].hi) if j in nodes else (0, 0) for j in range(len(graph.input_names))
    ]
    sizes = [hi - lo + 1 for lo, hi in ends]
    for start in range(0, math.prod(sizes), _BLOCK):
        flat = np.arange(start, min(start + _BLOCK, math.prod(sizes)))
        places = np.unravel_index(flat, sizes) if sizes else ()
        yield [p.astype(np.int64) + lo for p, (lo, _) in zip(places, ends, strict=True)]


def input_count(graph: Graph) -> int:
    """How many inputs there are within their ranges."""
    return math.prod(n.hi - n.lo + 1 for n in graph.nodes if n.op is GOp.INPUT)


def farthest(
    scores: Graph, columns: Sequence[Integers], expression: Expression, formats: Sequence[Fixed]
) -> tuple[list[float], list[int]]:
    """The largest distance of each output from its formula, in real units, and in which row.

    It is infinite where the formula is not shown to be defined.
    """
    inputs = [
        Enclosure.exactly(np.ldexp(c.astype(np.longdouble), -fmt.frac))
        for c, fmt in zip(columns, formats, strict=True)
    ]
    largest, rows = [], []
    wanted = enclosures(expression, inputs)
    for raw, fmt, enclosure in zip(
        outputs(scores, columns), scores.output_formats, wanted, strict=True
    ):
        value = np.ldexp(raw.astype(np.longdouble), -fmt.frac)
        gap = np.maximum(np.abs(value - enclosure.lo), np.abs(enclosure.hi - value))
        gap = np.broadcast_to(np.where(np.isnan(gap), np.inf, gap), value.shape)
        row = int(gap.argmax())
        largest.append(float(np.nextafter(float(gap[row]), np.inf)))
        rows.append(row)
    return largest, rows
