"""All inputs of small designs, and samples of large ones, in integers."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.lowering.decision import Decision
from symtick.codegen.lowering.slices import Slice
from symtick.expr import Expression, reachable
from symtick.sim.proof.outcome import Finding, Verdict
from symtick.sim.proof.values.integers import Integers, result
from symtick.sim.proof.values.reals import Enclosure, enclosures

_BLOCK = 1 << 17


def outputs(
    graph: Graph, columns: Sequence[Integers], wanted: Sequence[int] | None = None
) -> list[Integers]:
    """Raw outputs for raw inputs.

    Args:
        graph: the graph.
        columns: an array for each input; they broadcast together.
        wanted: places of the outputs; all by default.
    """
    ends = graph.outputs if wanted is None else [graph.outputs[j] for j in wanted]
    values: dict[int, Integers] = {}
    for k in sorted(reachable(graph.nodes, ends)):
        node = graph.nodes[k]
        if node.op is GOp.INPUT:
            values[k] = columns[node.number]
        elif node.op is GOp.CONST:
            values[k] = np.full(1, node.number, np.int64 if node.fmt.width < 60 else object)
        else:
            before = [graph.nodes[a] for a in node.args]
            values[k] = result(node, before, [values[a] for a in node.args])
    shape = np.broadcast_shapes(*(c.shape for c in columns)) if columns else (1,)
    return [np.broadcast_to(values[k], shape) for k in ends]


def sliced(columns: Sequence[Integers], slices: Sequence[Slice]) -> list[Integers]:
    """What a design reads of its words."""
    if not slices:
        return list(columns)
    read = []
    for column, part in zip(columns, slices, strict=True):
        least, most = part.fmt.raw_min, part.fmt.raw_max
        down = column >> part.word.frac - part.fmt.frac
        read.append(np.where(down < least, least, np.where(down > most, most, down)))
    return read


def other_inputs(graph: Graph, scores: Graph, slices: Sequence[Slice]) -> str:
    """An input of which a graph takes other values than are specified, in words; "" if none.

    Args:
        graph: the graph.
        scores: the graph of the scores, whose ranges of its inputs are specified.
        slices: what the scores read of words, all values of both; none where they read the inputs.
    """
    wanted = {n.number: (n.fmt, n.lo, n.hi) for n in scores.nodes if n.op is GOp.INPUT}
    of_words = {j: (p.word, p.word.raw_min, p.word.raw_max) for j, p in enumerate(slices)}
    of_slices = {j: (p.fmt, p.fmt.raw_min, p.fmt.raw_max) for j, p in enumerate(slices)}
    for read, specified in ((graph, of_words or wanted), (scores, of_slices or wanted)):
        for node in read.nodes:
            if node.op is not GOp.INPUT or node.number not in specified:
                continue
            fmt, lo, hi = specified[node.number]
            if (node.fmt, node.lo, node.hi) != (fmt, lo, hi):
                name = graph.input_names[node.number]
                return (f"{name} is read as {node.fmt} from raw {node.lo} to {node.hi}, specified "
                        f"is {fmt} from {lo} to {hi}")  # fmt: skip
    return ""


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
            pairs = zip(raw, scores.output_formats, limits, strict=True)
            ports += [_above(v, fmt, threshold) for v, fmt, threshold in pairs]
    return ports


def _above(raw: Integers, fmt: Fixed, threshold: float) -> Integers:
    """1 where a value is at least a threshold, else 0."""
    if math.isinf(threshold):
        return np.full(raw.shape, int(threshold < 0))
    least = math.ceil(Fraction(threshold) * Fraction(2) ** fmt.frac)
    if not fmt.raw_min < least <= fmt.raw_max:
        return np.full(raw.shape, int(least <= fmt.raw_min))
    return np.asarray(raw >= least).astype(np.int64)


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


def difference(
    design: Design, scores: Graph, columns: Sequence[Integers], made: Sequence[Integers],
    places: Iterable[int],
) -> Finding | None:  # fmt: skip
    """An input for which outputs differ from what is specified; None where they do not.

    Args:
        design: the design.
        scores: the graph that its decision is specified of.
        columns: an array for each input; they broadcast together.
        made: raw outputs for them, one array for each port.
        places: of the outputs that are compared.
    """
    have = same_units(design.graph, made, scores, design.decision)
    wanted = decided(scores, sliced(columns, design.slices), design.decision)
    for port in places:
        one, other = (np.broadcast_to(v[port], have[0].shape) for v in (have, wanted))
        wrong = np.flatnonzero(one != other)
        if len(wrong):
            row, name = int(wrong[0]), design.graph.output_names[port]
            values = one.reshape(-1)[row], other.reshape(-1)[row]
            place = at(design.graph.input_names, columns, row)
            text = f"raw {place} gives {values[0]}, specified is {values[1]}"
            return Finding(f"output {name}", Verdict.COUNTEREXAMPLE, text)
    return None


def at(names: Sequence[str], columns: Sequence[Integers], row: int) -> str:
    """An input in words: the values in a row, where the columns are written out."""
    whole = np.broadcast_arrays(*columns)
    return ", ".join(f"{n}={c.reshape(-1)[row]}" for n, c in zip(names, whole, strict=True))


def inputs_of(graph: Graph) -> set[int]:
    """Numbers of the inputs that a graph reads."""
    return {n.number for n in graph.nodes if n.op is GOp.INPUT}


def blocks(graph: Graph, moving: Container[int]) -> Iterator[list[Integers]]:
    """All values of some inputs of a graph within their ranges, a block at a time.

    Args:
        graph: the graph.
        moving: numbers of these inputs; every other one keeps its least value.

    Yields:
        A column for each input, each along an axis of its own, so that what reads few of them is
        computed for few.
    """
    nodes = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
    count = len(graph.input_names)
    codes = [
        np.arange(nodes[j].lo, (nodes[j].hi if j in moving else nodes[j].lo) + 1, dtype=np.int64)
        if j in nodes else np.zeros(1, np.int64)
        for j in range(count)
    ]  # fmt: skip
    parts, left = [], _BLOCK
    for column in reversed(codes):
        size = min(len(column), left)
        parts.append([column[k : k + size] for k in range(0, len(column), size)])
        left //= size
    for chosen in product(*reversed(parts)):
        yield [c.reshape([-1 if a == j else 1 for a in range(count)]) for j, c in enumerate(chosen)]


def read_by(graph: Graph, outputs: Sequence[int]) -> set[int]:
    """Numbers of the inputs that some of a graph's outputs depend on."""
    below = reachable(graph.nodes, [graph.outputs[j] for j in outputs])
    return {graph.nodes[k].number for k in below if graph.nodes[k].op is GOp.INPUT}


def value_count(graph: Graph, moving: Container[int]) -> int:
    """How many values some inputs have together within their ranges."""
    return math.prod(
        n.hi - n.lo + 1 for n in graph.nodes if n.op is GOp.INPUT and n.number in moving
    )


class Farthest(NamedTuple):
    """The largest distance of an output from its formula, in real units.

    Attributes:
        most: what it never exceeds; infinite where the formula is not shown to be defined.
        row: where that is.
        least: what it is at least somewhere.
        least_row: where that is.
    """

    most: float
    row: int
    least: float
    least_row: int


def farthest(
    scores: Graph, columns: Sequence[Integers], expression: Expression, formats: Sequence[Fixed],
    number: int,
) -> Farthest:  # fmt: skip
    """How far an output is from its formula on some inputs, by enclosures of the latter."""
    inputs = [
        Enclosure.exactly(np.ldexp(c.astype(np.longdouble), -fmt.frac))
        for c, fmt in zip(columns, formats, strict=True)
    ]
    enclosure = enclosures(expression, inputs, (number,))[0]
    raw = outputs(scores, columns, (number,))[0]
    value = np.ldexp(raw.astype(np.longdouble), -scores.output_formats[number].frac)
    most = np.maximum(np.abs(value - enclosure.lo), np.abs(enclosure.hi - value))
    least = np.maximum(np.maximum(enclosure.lo - value, value - enclosure.hi), 0)
    most = np.broadcast_to(np.where(np.isnan(most), np.inf, most), value.shape).reshape(-1)
    least = np.broadcast_to(np.where(np.isnan(least), 0, least), value.shape).reshape(-1)
    row, other = int(most.argmax()), int(least.argmax())
    high, low = float(most[row]), float(least[other])
    return Farthest(
        high if high >= most[row] else math.nextafter(high, math.inf), row,
        low if low <= least[other] else math.nextafter(low, 0.0), other,
    )  # fmt: skip
