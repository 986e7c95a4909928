"""The operations that `symtick calibrate` measures, one graph node each, between registers.

Tables of more address bits than a LUT has are counted several at a time and as designs have them.
A table of seven address bits fits into a tick with the sum that reads it, and lies on the deepest
path itself. Of more address bits it has its tick alone, and other logic is deeper: synthesis makes
a table that is alone as shallow as it can, and saves cells where other logic of the design is
deeper anyway, which takes some 10 % more LUTs.

Whoever adds a row to the device files, or wants a row to be fitted better, adds
points here: only those that the kept measurements lack are measured.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import BIT, GOp, Graph, GraphBuilder
from symtick.hwcost.devices.measured import Column
from symtick.hwcost.models.features import PricedPart, parts, shape

_Term = tuple[int, int, Sequence[int]]  # address bits, width and contents of a table

_SEED = 20_250_101
# of the deeper logic: a bit chosen from 2**6, which reads more bits than two levels of LUTs can
_CHOICES = 6
_SUMMED = 7  # address bits of a table that has a sum in its tick
_SUMMED_TERMS, _TERMS, _WIDE_TERMS = 30, 10, 4  # tables of such a point
# of the logic that is not tables, alone, as Yosys makes it
_DEEPER_LUTS: Mapping[Column, int] = {"xcup": 31, "xc7": 31, "ecp5": 56}
_SUM_LUTS: Mapping[Column, int] = {"xcup": 80, "xc7": 80, "ecp5": 132}  # less columns taken in


@dataclass(frozen=True)
class CalibrationPoint:
    """A one-operation graph to measure.

    Attributes:
        label: unique name, a Verilog identifier.
        graph: inputs and one operation; or several tables with other logic.
        timed: whether to place and route it too, or only to count LUTs.
        other: LUTs of the other logic alone.
    """

    label: str
    graph: Graph
    timed: bool = True
    other: Mapping[Column, int] = field(default_factory=dict)

    @property
    def features(self) -> dict[str, float]:
        """The features that the device rows may use; for tables the LUTs counted and, of several,
        how many they are."""
        features = {name: float(value) for name, value in self._part.features.items()}
        nodes = [node for node in self.graph.nodes if node.op is GOp.TABLE]
        if nodes:
            features["counted"] = sum(shape(node).luts for node in nodes)
        if len(nodes) > 1:
            features["tables"] = float(len(nodes))
        return features

    @property
    def digest(self) -> str:
        """Hexadecimal digits that change with the operation, its formats or its contents."""
        contents = [node.contents for node in self.graph.nodes]
        return hashlib.sha256(f"{self.graph}{contents}".encode()).hexdigest()[:12]

    @property
    def row(self) -> str:
        """The device row that it measures."""
        return self._part.row

    @property
    def _part(self) -> PricedPart:
        nodes = self.graph.nodes
        tables = (k for k, node in enumerate(nodes) if node.op is GOp.TABLE)
        return parts(self.graph, next(tables, self.graph.outputs[0]))[0]


def _built(label: str, make: Callable[[GraphBuilder], int], timed: bool = True) -> CalibrationPoint:
    builder = GraphBuilder(("a", "b", "c", "d"))
    return CalibrationPoint(label, builder.build([make(builder)], ["y"]), timed)


def _placed(builder: GraphBuilder, tables: Sequence[_Term]) -> list[int]:
    """The nodes of tables of an input each."""
    return [
        builder.table(builder.input(k, Fixed(address, 0, False)), contents, Fixed(width, 0))
        for k, (address, width, contents) in enumerate(tables)
    ]


def _summed(label: str, tables: Sequence[_Term]) -> CalibrationPoint:
    """An even number of tables, added in pairs."""
    builder = GraphBuilder(tuple(f"x{k}" for k in range(len(tables))))
    nodes = _placed(builder, tables)
    sums = [builder.op(GOp.ADD, a, b) for a, b in zip(nodes[::2], nodes[1::2], strict=True)]
    graph = builder.build(sums, [f"y{k}" for k in range(len(sums))])
    return CalibrationPoint(label, graph, False, _SUM_LUTS)


def _beside_deeper_logic(label: str, tables: Sequence[_Term]) -> CalibrationPoint:
    """Tables that are outputs, and a deeper choice."""
    size = len(tables)
    inputs = size + _CHOICES + (1 << _CHOICES)
    builder = GraphBuilder(tuple(f"x{k}" for k in range(inputs)))
    outputs = _placed(builder, tables)
    bits = [builder.input(k, BIT) for k in range(size, inputs)]
    for choice in bits[:_CHOICES]:
        pairs = zip(bits[_CHOICES::2], bits[_CHOICES + 1 :: 2], strict=True)
        bits[_CHOICES:] = [builder.op(GOp.SELECT, choice, a, b) for a, b in pairs]
    outputs.append(bits[-1])
    names = [f"y{k}" for k in range(size + 1)]
    return CalibrationPoint(label, builder.build(outputs, names), False, _DEEPER_LUTS)


def _binary(op: GOp, a: Fixed, b: Fixed) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(op, g.input(0, a), g.input(1, b))


def _unary(op: GOp, a: Fixed) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(op, g.input(0, a))


def _plus(width: int, raw: int) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(GOp.ADD, g.input(0, Fixed(width, 0)), g.const(raw, 0))


def _times(width: int, raw: int) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(GOp.MUL, g.input(0, Fixed(width, 0)), g.const(raw, 0))


def _select(width: int) -> Callable[[GraphBuilder], int]:
    def make(builder: GraphBuilder) -> int:
        choice = builder.input(2, BIT)
        a, b = (builder.input(k, Fixed(width, 0)) for k in (0, 1))
        return builder.op(GOp.SELECT, choice, a, b)

    return make


def _row(width: int) -> Callable[[GraphBuilder], int]:
    def make(builder: GraphBuilder) -> int:
        digit, triple = builder.input(2, Fixed(2, 0, False)), builder.input(3, Fixed(width + 2, 0))
        a, x = builder.input(0, Fixed(width + 2, 0)), builder.input(1, Fixed(width, 0))
        return builder.op(GOp.DIGIT_ROW, a, digit, x, triple)

    return make


def _square(width: int) -> Callable[[GraphBuilder], int]:
    def make(builder: GraphBuilder) -> int:
        a = builder.input(0, Fixed(width, 0))
        return builder.op(GOp.MUL, a, a)

    return make


def _cast(
    width: int, drop: int, up: int, quant: Quant, overflow: Overflow
) -> Callable[[GraphBuilder], int]:
    """A cast to `width` bits from a format with `drop` more below and `up` more above."""
    return lambda g: g.cast(
        g.input(0, Fixed(width + drop + up, drop)), Fixed(width, 0), quant, overflow
    )


def _table(address: int, width: int, contents: Sequence[int]) -> Callable[[GraphBuilder], int]:
    fmt = Fixed(width, 0)
    return lambda g: g.table(g.input(0, Fixed(address, 0, False)), contents, fmt)


def _noise(address: int, width: int) -> list[int]:
    random = np.random.default_rng([_SEED, address])
    contents = random.integers(-(1 << (width - 1)), 1 << (width - 1), 1 << address)
    return [int(v) for v in contents]


def _curve(
    address: int, width: int, f: Callable[[float], float], signed: bool = False
) -> list[int]:
    """f over -3..3 in two's complement, f within -1..1; signed: as codes of such a signal."""
    size, top = 1 << address, (1 << (width - 1)) - 1
    contents = [round(top * f(6.0 * (k + 0.5 * (not signed)) / size - 3.0)) for k in range(size)]
    return [*contents[size // 2 :], *contents[: size // 2]] if signed else contents


# what tables hold in practice: smooth functions; two of them are timed too
_CURVES: Mapping[str, tuple[Callable[[float], float], bool]] = {
    "tanh": (math.tanh, True),
    "wave": (lambda x: math.sin(2 * x) * math.exp(-x * x / 4), True),
    "exp": (lambda x: math.exp(x - 3), False),
    "bump": (lambda x: 1.8 * math.exp(-x * x) - 0.9, False),
    "cubic": (lambda x: (x**3 - 4 * x) / 16, False),
}
_SIGNED_CURVES: Mapping[str, Callable[[float], float]] = {
    "square": lambda x: x * x / 4.5 - 1.0,
    "sine": lambda x: math.sin(2.5 * x),
    "root": lambda x: math.sqrt(abs(x) / 3.0),
    "inverse": lambda x: 1.0 / (1.0 + x * x),
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-2.0 * x)),
}


def _term(random: np.random.Generator, address: int) -> _Term:
    """A table as a design has it: some f(slope * x + offset) of a signal x in -1..1, as codes."""
    slope, offset = random.normal(0.0, 2.0), random.normal(0.0, 0.7)
    f = (math.tanh, lambda u: math.exp(-u * u), lambda u: u * u, lambda u: math.exp(u - 3.0))[
        random.choice(4, p=(0.4, 0.3, 0.15, 0.15))
    ]
    width, half = int(random.integers(4, 11)), 1 << (address - 1)
    values = [f(slope * k / half + offset) for k in (*range(half), *range(-half, 0))]
    top = ((1 << (width - 1)) - 1) * random.uniform(0.55, 1.0) / max(map(abs, values))
    return address, width, [round(top * v) for v in values]


def points() -> list[CalibrationPoint]:
    """All points, in a fixed order."""
    return [*_sums(), *_choices(), *_products(), *_casts(), *_tables()]


def _sums() -> Iterator[CalibrationPoint]:
    for w in (4, 8, 12, 16, 24, 32):
        yield _built(f"add_{w}", _binary(GOp.ADD, Fixed(w, 0), Fixed(w, 0)))
    yield _built("add_12_shifted", _binary(GOp.ADD, Fixed(12, 0), Fixed(12, 4)))
    for w in (8, 16):
        yield _built(f"sub_{w}", _binary(GOp.SUB, Fixed(w, 0), Fixed(w, 0)))
    for w, raw in ((6, 21), (10, 371), (16, 23_117)):
        yield _built(f"offset_{w}", _plus(w, raw))
    for w in (4, 8, 16, 24):
        yield _built(f"neg_{w}", _unary(GOp.NEG, Fixed(w, 0)))
        yield _built(f"abs_{w}", _unary(GOp.ABS, Fixed(w, 0)))


def _choices() -> Iterator[CalibrationPoint]:
    for w in (4, 6, 8, 12, 16, 24):
        yield _built(f"min_{w}", _binary(GOp.MIN, Fixed(w, 0), Fixed(w, 0)))
    for w in (4, 8, 12, 16, 24, 32):
        yield _built(f"compare_{w}", _binary(GOp.GE, Fixed(w, 0), Fixed(w, 0)))
    for w in (4, 8, 16, 24):
        yield _built(f"select_{w}", _select(w))
    for w in (4, 8, 12, 16, 24):
        yield _built(f"digit_row_{w}", _row(w))


def _products() -> Iterator[CalibrationPoint]:
    for a, b in ((2, 2), (3, 3), (4, 2), (4, 4), (6, 2), (6, 3), (6, 4), (6, 6), (8, 2), (8, 3),
                 (8, 4), (8, 8), (12, 2), (12, 4), (12, 6), (12, 12), (16, 4),
                 (16, 8)):  # fmt: skip
        yield _built(f"mul_{a}_{b}", _binary(GOp.MUL, Fixed(a, 0), Fixed(b, 0)))
    for w in (4, 6, 8, 10, 12):
        yield _built(f"square_{w}", _square(w))
    for w, raw in ((8, 5), (12, 9), (8, 11), (6, 77), (12, 77), (10, 151), (10, 379), (14, 379)):
        yield _built(f"constant_{w}_{raw}", _times(w, raw))


def _casts() -> Iterator[CalibrationPoint]:
    for w in (4, 8, 12, 16, 24):
        yield _built(f"round_{w}", _cast(w, 3, 0, Quant.RND, Overflow.WRAP))
        yield _built(f"saturate_{w}", _cast(w, 0, 3, Quant.TRN, Overflow.SAT))
    for w in (6, 8, 12, 20):
        yield _built(f"round_even_{w}", _cast(w, 4, 0, Quant.RND_CONV, Overflow.WRAP))


def _tables() -> Iterator[CalibrationPoint]:
    for k in range(2, 13):
        yield _built(f"table_{k}_noise", _table(k, 8, _noise(k, 8)), k < 12)
    for k in range(5, 13):
        for name, (f, timed) in _CURVES.items():
            if timed or k <= 6:
                yield _built(f"table_{k}_{name}", _table(k, 8, _curve(k, 8, f)), timed and k < 12)
    for k in (5, 6):
        for name, g in _SIGNED_CURVES.items():
            yield _built(f"table_{k}_{name}", _table(k, 8, _curve(k, 8, g, signed=True)), False)
    for k in range(_SUMMED, 13):
        random = np.random.default_rng([_SEED, 1, k])
        count = _SUMMED_TERMS if k == _SUMMED else _TERMS if k < 11 else _WIDE_TERMS
        terms = [_term(random, k) for _ in range(count)]
        yield (_summed if k == _SUMMED else _beside_deeper_logic)(f"tables_{k}_terms", terms)
