"""Hand-made designs that hold every operation, rounding and overflow mode of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random

from graph_samples import _grow

from symtick.codegen import (
    Design,
    Fixed,
    GOp,
    Graph,
    GraphBuilder,
    Overflow,
    Quant,
    Schedule,
)
from symtick.expr import parse

BINARY = (GOp.ADD, GOp.SUB, GOp.MUL, GOp.MIN, GOp.MAX, GOp.GE, GOp.CONCAT)


def design(graph: Graph, stages: Sequence[int], latency: int, name: str = "hand") -> Design:
    """A design around a graph; the formula in its header is not the graph's."""
    formula = parse([graph.input_names[0]] * len(graph.outputs), inputs=graph.input_names)
    arrival = (0.0,) * len(graph.nodes)
    return Design(name, formula, graph, Schedule(tuple(stages), arrival, latency, 5.0, 4.0), "unit")


def built(builder: GraphBuilder, outputs: Sequence[int]) -> Graph:
    """The graph with these outputs, equal ones once, named y0, y1, ..."""
    distinct = list(dict.fromkeys(outputs))
    return builder.build(distinct, [f"y{k}" for k in range(len(distinct))])


def spread(graph: Graph, latency: int, seed: int) -> list[int]:
    """Random legal stages: each node in the stage of its last argument, or up to two later."""
    random = Random(seed)
    stages: list[int] = []
    for node in graph.nodes:
        first = max((stages[a] for a in node.args), default=0)
        later = 0 if node.op is GOp.INPUT else random.choice((0, 0, 1, 2))
        stages.append(min(first + later, max(latency - 1, 0)))
    return stages


def mixed_inputs(builder: GraphBuilder) -> list[int]:
    """Signed and unsigned, points inside and outside the bits, bounds inside the formats."""
    return [
        builder.input(0, Fixed(6, 3)),
        builder.input(1, Fixed(9, -2), -200, 131),
        builder.input(2, Fixed(5, 7, False)),
        builder.input(3, Fixed(8, 2, False), 3, 250),
    ]


def arithmetic() -> Graph:
    """Every exact operation on every pair of mixed inputs, and with constants; tables."""
    b = GraphBuilder(("x0", "x1", "u0", "u1", "idle"))
    ends = mixed_inputs(b)
    outputs = [b.op(op, p, q) for op in BINARY for p, q in product(ends, ends)]
    outputs += [b.op(op, p) for op in (GOp.NEG, GOp.ABS) for p in ends]
    for width, signed in product((1, 2), (False, True)):
        digit = b.cast(ends[3], Fixed(width, 0, signed), Quant.TRN, Overflow.WRAP)
        triples = [b.op(GOp.ADD, p, b.scale(p, 1)) for p in ends]
        outputs += [b.op(GOp.DIGIT_ROW, q, digit, p, t) for p, t in zip(ends, triples, strict=True)
                    for q in (*ends, b.const(0, 0))]  # fmt: skip
    test = b.op(GOp.GE, ends[0], ends[2])
    outputs += [b.op(GOp.SELECT, test, p, q) for p, q in product(ends, ends)]
    outputs += [b.scale(p, k) for p in ends for k in (3, -9)]
    for constant in (b.const(-13, 4), b.const(7, -2), b.const(0, 0)):
        outputs.append(constant)
        outputs += [b.op(op, p, constant) for op in BINARY for p in ends]
    negative = b.op(GOp.NEG, b.op(GOp.ABS, ends[0]))
    outputs += [b.op(GOp.ABS, negative), b.op(GOp.SUB, negative, b.scale(ends[0], -1))]
    random = Random(1)
    for p, fmt in product((ends[0], ends[2], ends[3]), (Fixed(7, 3), Fixed(1, 0, False))):
        size = 1 << b.nodes[p].fmt.width
        contents = [random.randint(fmt.raw_min, fmt.raw_max) for _ in range(size)]
        outputs.append(b.table(p, contents, fmt))
    return built(b, outputs)


def casts() -> Graph:
    """Every rounding mode with every overflow mode, and the edges of each."""
    b = GraphBuilder(("x0", "x1", "u0", "u1"))
    ends = mixed_inputs(b)
    sources = (b.op(GOp.MUL, ends[0], ends[1]), b.op(GOp.MUL, ends[2], ends[3]))
    outputs: list[int] = []
    for source in sources:
        fmt = b.nodes[source].fmt
        for quant, overflow, signed in product(Quant, Overflow, (True, False)):
            narrow = Fixed(fmt.width // 2, fmt.frac - 3, signed)
            outputs.append(b.cast(source, narrow, quant, overflow))
        for quant in Quant:
            for frac in (fmt.frac - fmt.width, fmt.frac - fmt.width - 1):  # all bits dropped
                outputs.append(b.cast(source, Fixed(4, frac), quant, Overflow.SAT))
            outputs.append(b.cast(source, Fixed(30, fmt.frac - 1), quant, Overflow.SAT_SYM))
        for overflow, signed in product(Overflow, (True, False)):
            outputs.append(b.cast(source, Fixed(5, fmt.frac + 2, signed), Quant.RND, overflow))
            outputs.append(b.cast(source, Fixed(1, fmt.frac, signed), Quant.RND, overflow))
    for source, quant, signed in product((ends[0], ends[2]), Quant, (True, False)):
        narrow = Fixed(1, b.nodes[source].fmt.frac - 3, signed)  # one bit takes the increment
        outputs.append(b.cast(source, narrow, quant, Overflow.WRAP))
    return built(b, outputs)


def wide() -> Graph:
    """Values over 64 bits, points far away, two-bit and one-bit signals."""
    b = GraphBuilder(("x0", "x1", "u0", "bit", "sign"))
    x = b.input(0, Fixed(40, 33))
    y = b.input(1, Fixed(35, -90))
    u = b.input(2, Fixed(48, 20, False))
    ends = [b.input(3, Fixed(1, 0, False)), b.input(4, Fixed(1, 3))]
    big = b.op(GOp.MUL, b.op(GOp.MUL, x, u), y)
    outputs = [big, b.op(GOp.MUL, u, u), b.op(GOp.MUL, x, u)]
    outputs += [b.op(GOp.ABS, big), b.op(GOp.NEG, outputs[2]), b.scale(big, 150)]
    outputs += [b.op(GOp.MIN, outputs[1], outputs[2]), b.op(GOp.SUB, outputs[1], outputs[2])]
    outputs += [
        b.cast(big, Fixed(20, -60), Quant.RND_CONV, Overflow.SAT),
        b.cast(outputs[1], Fixed(66, 30), Quant.RND_INF, Overflow.SAT_SYM),
        b.cast(outputs[2], Fixed(70, 40, False), Quant.TRN_ZERO, Overflow.WRAP),
    ]
    outputs += [b.op(op, p, q) for op in BINARY for p, q in product(ends, ends)]
    outputs += [b.op(GOp.NEG, p) for p in ends] + [b.op(GOp.ABS, p) for p in ends]
    outputs += [
        b.op(GOp.MUL, u, b.const((1 << 60) + 1, 61)),
        b.table(ends[1], [3, -4], Fixed(3, 0)),
    ]
    return built(b, outputs)


def chance(seed: int, size: int) -> Graph:
    """Random operations on random inputs, every node an output."""
    random = Random(seed)
    builder = GraphBuilder(("x0", "x1", "x2", "x3"))
    for k in range(4):
        fmt = Fixed(random.randint(2, 8), random.randint(-2, 5), random.random() < 0.6)
        builder.input(k, fmt)
    while len(builder.nodes) < size:
        _grow(builder, random)
    return built(builder, range(len(builder.nodes)))
