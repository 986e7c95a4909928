"""Random expressions that are defined everywhere, and the error of designs made from them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from symtick.codegen import Fixed, Graph, RawArray
from symtick.expr import Builder, Expression, Op

_UNARY = (Op.NEG, Op.ABS, Op.SQUARE, Op.SIN, Op.COS, Op.TANH, Op.EXP, Op.LOG, Op.SQRT)
_BINARY = (Op.ADD, Op.SUB, Op.MUL, Op.MIN, Op.MAX, Op.DIV)


def random_expression(random: Random, inputs: int = 3, depth: int = 3) -> Expression:
    """A random tree over `inputs` inputs; divisors, logarithms and exponents are guarded."""
    builder = Builder(tuple(f"x{k}" for k in range(inputs)))
    return builder.build([_grown(builder, random, depth) for _ in range(random.choice((1, 2)))])


def _grown(b: Builder, random: Random, depth: int) -> int:
    if depth == 0 or random.random() < 0.1:
        if random.random() < 0.25:
            return b.const(round(random.uniform(-3.0, 3.0), 3))
        return b.input(random.randrange(len(b.inputs)))
    if random.random() < 0.4:
        return _unary(b, random.choice(_UNARY), _grown(b, random, depth - 1))
    op = random.choice(_BINARY)
    left, right = (_grown(b, random, depth - 1) for _ in range(2))
    if op is Op.DIV:
        right = b.op(Op.ADD, b.op(Op.SQUARE, _bounded(b, right)), b.const(1.0))
    if op is Op.MUL:
        left, right = _bounded(b, left), _bounded(b, right)
    return b.op(op, left, right)


def _bounded(b: Builder, node: int) -> int:
    return b.op(Op.MAX, b.op(Op.MIN, node, b.const(4.0)), b.const(-4.0))


def _unary(b: Builder, op: Op, node: int) -> int:
    if op in (Op.LOG, Op.SQRT):
        node = b.op(Op.ADD, b.op(Op.ABS, node), b.const(0.25))
    if op is Op.EXP:
        node = b.op(Op.MIN, node, b.const(1.5))
    if op is Op.SQUARE:
        node = _bounded(b, node)
    return b.op(op, node)


def raw_samples(formats: Sequence[Fixed], count: int, seed: int = 0) -> RawArray:
    """Raw inputs of all formats: the ends often, every code of narrow inputs likely."""
    rng = np.random.default_rng(seed)
    columns = [rng.integers(fmt.raw_min, fmt.raw_max + 1, count) for fmt in formats]
    for column, fmt in zip(columns, formats, strict=True):
        column[rng.random(count) < 0.1] = fmt.raw_min
        column[rng.random(count) < 0.1] = fmt.raw_max
    return np.stack(columns, axis=1)


def errors(
    expression: Expression, graph: Graph, formats: Sequence[Fixed], raw: RawArray
) -> npt.NDArray[np.float64]:
    """Design minus float64 expression, shape (rows, outputs)."""
    real = np.stack([fmt.to_real(raw[:, k]) for k, fmt in enumerate(formats)], axis=1)
    out = graph.evaluate(raw)
    got = [fmt.to_real(out[:, k]) for k, fmt in enumerate(graph.output_formats)]
    return np.asarray(np.stack(got, axis=1) - expression.evaluate(real))
