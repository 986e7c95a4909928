"""Random graphs and an independent evaluation of them, in rationals."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from random import Random

import numpy as np

from symtick.codegen import (
    BIT,
    Fixed,
    GNode,
    GOp,
    Graph,
    GraphBuilder,
    Overflow,
    Quant,
    RawArray,
    Width,
    cast_raw,
)

_WIDEST = 40


def random_graph(random: Random, size: int = 14, inputs: int = 3) -> Graph:
    """A graph of about `size` operations on `inputs` narrow inputs, every operation possible."""
    builder = GraphBuilder(tuple(f"x{k}" for k in range(inputs)))
    for k in range(inputs):
        fmt = Fixed(random.randint(1, 6), random.randint(-2, 5), random.random() < 0.6)
        ends = sorted(random.randint(fmt.raw_min, fmt.raw_max) for _ in range(2))
        builder.input(k, fmt, *(ends if random.random() < 0.5 else ()))
    builder.const(random.randint(-20, 20), random.randint(-2, 4))
    while len(builder.nodes) < size + inputs:
        _grow(builder, random)
    tail = range(len(builder.nodes) - 4, len(builder.nodes))
    return builder.build([*random.sample(tail, 2)], ["y0", "y1"])


def _grow(builder: GraphBuilder, random: Random) -> None:
    op = random.choice(list(GOp))
    a, b = (random.randrange(len(builder.nodes)) for _ in range(2))
    node = builder.nodes[a]
    if op is GOp.CONST:
        builder.const(random.randint(-9, 9), random.randint(-2, 4))
    elif op is GOp.SCALE:
        builder.scale(a, random.randint(-3, 3))
    elif op is GOp.CAST:
        width = random.randint(1, 10)
        frac = node.fmt.frac + random.randint(-4, 2)
        fmt = Fixed(width, frac, random.random() < 0.5)
        builder.cast(a, fmt, random.choice(list(Quant)), random.choice(list(Overflow)))
    elif op is GOp.TABLE and node.fmt.width <= 8:
        fmt = Fixed(random.randint(1, 7), random.randint(0, 4), random.random() < 0.5)
        few = [random.randint(fmt.raw_min, fmt.raw_max) for _ in range(random.randint(1, 9))]
        builder.table(a, [random.choice(few) for _ in range(1 << node.fmt.width)], fmt)
    elif op in (GOp.NEG, GOp.ABS) and node.fmt.width < _WIDEST:
        builder.op(op, a)
    elif op is GOp.DIGIT_ROW and node.fmt.width < _WIDEST // 2:
        signed = random.random() < 0.3
        fmt = Fixed(random.randint(1, 2), 0, signed)
        digit = builder.cast(b, fmt, Quant.TRN, Overflow.WRAP)
        if builder.nodes[digit].fmt == fmt:
            triple = builder.op(GOp.ADD, a, builder.scale(a, 1))
            builder.op(GOp.DIGIT_ROW, random.randrange(len(builder.nodes)), digit, a, triple)
    elif op in (GOp.ADD, GOp.SUB, GOp.MIN, GOp.MAX, GOp.MUL, GOp.GE, GOp.CONCAT, GOp.SELECT):
        other = builder.nodes[b]
        spread = abs(node.fmt.frac - other.fmt.frac)
        if node.fmt.width + other.fmt.width + spread < _WIDEST:
            bits = [k for k, found in enumerate(builder.nodes) if found.fmt == BIT]
            condition = (random.choice(bits or [builder.op(GOp.GE, a, b)]),)
            builder.op(op, *(condition if op is GOp.SELECT else ()), a, b)


def random_inputs(random: Random, graph: Graph, count: int) -> RawArray:
    """Raw inputs within the bounds: the corners' values often."""
    columns = []
    held = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
    for k in range(len(graph.input_names)):
        lo, hi = (held[k].lo, held[k].hi) if k in held else (0, 0)
        columns.append([random.choice((lo, hi, random.randint(lo, hi))) for _ in range(count)])
    return np.array(columns, np.int64).T


def evaluated(graph: Graph, row: list[int], width: Width | None = None) -> list[Fraction]:
    """Real values of all nodes for one row of raw inputs, by the table in `graph`'s docstring.

    With a width stated by hand its node's value is cast so before anything reads it.
    """
    values: list[Fraction] = []
    for k, node in enumerate(graph.nodes):
        values.append(_value(graph, node, values, row))
        if width is not None and k == width.node:
            assert width.overflow is not None
            values[k] = cast_value(values[k], width.fmt, width.quant, width.overflow)
    return values


def cast_value(value: Fraction, fmt: Fixed, quant: Quant, overflow: Overflow) -> Fraction:
    """A real value, a multiple of 2**-frac for some frac, in a format."""
    frac = value.denominator.bit_length() - 1
    (raw,) = cast_raw([value.numerator], frac, fmt, quant, overflow)
    return int(raw) * Fraction(2) ** -fmt.frac


def overflows(graph: Graph, node: GNode) -> bool:
    """Whether a cast meets values outside its format, by the bounds of what it casts."""
    source, wide = graph.nodes[node.args[0]], Fixed(100, node.fmt.frac)
    ends = [Fraction(v) * Fraction(2) ** -source.fmt.frac for v in (source.lo, source.hi)]
    return any(
        cast_value(v, wide, node.quant, Overflow.SAT)
        != cast_value(v, node.fmt, node.quant, Overflow.SAT)
        for v in ends
    )


def _value(graph: Graph, node: GNode, values: list[Fraction], row: list[int]) -> Fraction:
    step = Fraction(2) ** -node.fmt.frac
    args = [values[a] for a in node.args]
    if node.op in (GOp.INPUT, GOp.CONST):
        return (row[node.number] if node.op is GOp.INPUT else node.number) * step
    if node.op is GOp.SCALE:
        return args[0] * Fraction(2) ** node.number
    if node.op is GOp.TABLE:
        source = graph.nodes[node.args[0]]
        # beyond the bounds stands the nearest entry
        raw = min(max(floor(args[0] * Fraction(2) ** source.fmt.frac), source.lo), source.hi)
        return node.contents[raw % len(node.contents)] * step
    if node.op is GOp.CAST:
        # what wraps because nothing overflows saturates where something comes to
        safe = node.overflow is Overflow.WRAP and not overflows(graph, node)
        mode = Overflow.SAT if safe else node.overflow
        return cast_value(args[0], node.fmt, node.quant, mode)
    if node.op is GOp.CONCAT:
        formats = [graph.nodes[a].fmt for a in node.args]
        high, low = (
            int(v * Fraction(2) ** f.frac) % 2**f.width for v, f in zip(args, formats, strict=True)
        )
        return Fraction(high * 2 ** formats[1].width + low)
    return {
        GOp.ADD: lambda: args[0] + args[1],
        GOp.SUB: lambda: args[0] - args[1],
        GOp.MUL: lambda: args[0] * args[1],
        GOp.MIN: lambda: min(args),
        GOp.MAX: lambda: max(args),
        GOp.NEG: lambda: -args[0],
        GOp.ABS: lambda: abs(args[0]),
        GOp.GE: lambda: Fraction(args[0] >= args[1]),
        GOp.SELECT: lambda: args[1] if args[0] else args[2],
        GOp.DIGIT_ROW: lambda: args[0] + (args[3] if args[1] == 3 else args[1] * args[2]),
    }[node.op]()


def same(before: Graph, after: Graph, rows: RawArray) -> bool:
    """Equal real outputs: the raw values at the finer of the two points."""
    pairs = zip(before.output_formats, after.output_formats, strict=True)
    a, b = before.evaluate(rows).astype(object), after.evaluate(rows).astype(object)
    for k, (old, new) in enumerate(pairs):
        fine = max(old.frac, new.frac)
        if ((a[:, k] << (fine - old.frac)) != (b[:, k] << (fine - new.frac))).any():
            return False
    return True
