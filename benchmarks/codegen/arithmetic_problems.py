"""Ten arithmetic problems that da4ml, alkaid and symtick can all express.

Each is a chain of steps on a vector of equal inputs; `reference` computes it in Python integers,
`expression` writes it for our compiler, and the steps as they are go to the others. Constants come
from one seeded generator, or from the textbook where there is one (cosine transform, low-pass).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.codegen import Fixed
from symtick.expr import Builder, Expression, Op

ArithmeticStep = dict[str, Any]


@dataclass(frozen=True)
class ArithmeticProblem:
    """A chain of steps.

    Attributes:
        name: short name.
        title: what it is.
        inputs: number of inputs.
        fmt: format of each.
        steps: matrix (weights: inputs x outputs, frac), bias (values, frac), relu, halves (larger
            of the first half and the second), polynomial (coefficients, highest power first, frac).
    """

    name: str
    title: str
    inputs: int
    fmt: Fixed
    steps: tuple[ArithmeticStep, ...]


def _matrix(rng: np.random.Generator, inputs: int, outputs: int, bits: int) -> ArithmeticStep:
    most = (1 << (bits - 1)) - 1
    weights = rng.integers(-most, most + 1, (inputs, outputs)).tolist()
    return {"kind": "matrix", "weights": weights, "frac": 0}


def _bias(rng: np.random.Generator, outputs: int, most: int) -> ArithmeticStep:
    values = rng.integers(-most, most + 1, outputs).tolist()
    return {"kind": "bias", "values": values, "frac": 0}


def problems() -> tuple[ArithmeticProblem, ...]:
    """The ten, the same at every call."""
    rng = np.random.default_rng(20)
    cosines = [
        [round(127 * math.cos((2 * place + 1) * row * math.pi / 16)) for row in range(8)]
        for place in range(8)
    ]
    low_pass = [[c] for c in (-3, -9, 21, 87, 87, 21, -9, -3)]
    block = [[23, 45, 77, 105, 89, 51, 119, 93]]
    hidden = (_matrix(rng, 8, 8, 4), _bias(rng, 8, 100), {"kind": "relu"}, _matrix(rng, 8, 3, 4))
    two = (_matrix(rng, 8, 8, 4), _bias(rng, 8, 100), {"kind": "halves"})
    return (
        ArithmeticProblem("fir8", "8-tap low-pass filter, 8-bit samples", 8, Fixed(8, 0),
                ({"kind": "matrix", "weights": low_pass, "frac": 0},)),
        ArithmeticProblem("multiples8", "one 10-bit signal times 8 constants of 7 bits", 1,
                Fixed(10, 0), ({"kind": "matrix", "weights": block, "frac": 0},)),
        ArithmeticProblem("matrix4x4", "4 x 4 matrix of 8-bit weights, 8-bit inputs", 4,
                Fixed(8, 0), (_matrix(rng, 4, 4, 8),)),
        ArithmeticProblem("matrix8x8", "8 x 8 matrix of 6-bit weights, 8-bit inputs", 8,
                Fixed(8, 0), (_matrix(rng, 8, 8, 6),)),
        ArithmeticProblem("matrix16x5", "16 x 5 matrix of 6-bit weights, 7-bit inputs, biases", 16,
                Fixed(7, 0), (_matrix(rng, 16, 5, 6), _bias(rng, 5, 500))),
        ArithmeticProblem("matrix16x16", "16 x 16 matrix of 4-bit weights, 6-bit inputs", 16,
                Fixed(6, 0), (_matrix(rng, 16, 16, 4),)),
        ArithmeticProblem("cosine8", "8-point cosine transform of 8-bit constants, 8-bit inputs", 8,
                Fixed(8, 0), ({"kind": "matrix", "weights": cosines, "frac": 0},)),
        ArithmeticProblem("cubic", "cubic polynomials of two 6-bit inputs", 2, Fixed(6, 5),
                ({"kind": "polynomial", "coefficients": [11, 27, 45, 9], "frac": 0},)),
        ArithmeticProblem("maxout", "4 larger ones of two sums of 8 products, 6-bit inputs", 8,
                Fixed(6, 0), two),
        ArithmeticProblem("dense8x8x3", "two layers 8-8-3 with biases and ReLU, 5-bit inputs", 8,
                Fixed(5, 0), hidden),
    )  # fmt: skip


def reference(
    problem: ArithmeticProblem, raw: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], int]:
    """Outputs in whole numbers for raw inputs (rows, inputs), and their bits after the point."""
    values, frac = raw.astype(object), problem.fmt.frac
    for step in problem.steps:
        kind, places = step["kind"], step.get("frac", 0)
        if kind == "matrix":
            values, frac = values.dot(np.array(step["weights"], object)), frac + places
        elif kind == "bias":
            fine = max(frac, places)
            offset = np.array(step["values"], object) << (fine - places)
            values, frac = (values << (fine - frac)) + offset, fine
        elif kind == "relu":
            values = np.maximum(values, 0)
        elif kind == "halves":
            half = values.shape[1] // 2
            values = np.maximum(values[:, :half], values[:, half:])
        else:
            values, frac = _polynomial(step["coefficients"], places, values, frac)
    return values, frac


def _polynomial(
    coefficients: Sequence[int], places: int, x: np.ndarray[Any, Any], frac: int
) -> tuple[np.ndarray[Any, Any], int]:
    degree = len(coefficients) - 1
    total = 0 * x
    for power, c in zip(range(degree, -1, -1), coefficients, strict=True):
        total = total + (c * x**power << frac * (degree - power))
    return total, places + degree * frac


def expression(problem: ArithmeticProblem) -> Expression:
    """The problem as an expression."""
    builder = Builder(tuple(f"x{k}" for k in range(problem.inputs)))
    values = [builder.input(k) for k in range(problem.inputs)]
    for step in problem.steps:
        values = _stepped(builder, values, step)
    return builder.build(values)


def _stepped(b: Builder, values: list[int], step: ArithmeticStep) -> list[int]:
    kind = step["kind"]
    scale = 2.0 ** -step.get("frac", 0)
    if kind == "matrix":
        columns = zip(*step["weights"], strict=True)
        return [_dot(b, values, [w * scale for w in column]) for column in columns]
    if kind == "bias":
        return [b.op(Op.ADD, v, b.const(c * scale))
                for v, c in zip(values, step["values"], strict=True)]  # fmt: skip
    if kind == "relu":
        return [b.op(Op.MAX, v, b.const(0.0)) for v in values]
    if kind == "halves":
        half = len(values) // 2
        return [b.op(Op.MAX, p, q) for p, q in zip(values[:half], values[half:], strict=True)]
    outputs = []
    for v in values:
        total = b.const(step["coefficients"][0] * scale)
        for c in step["coefficients"][1:]:
            total = b.op(Op.ADD, b.op(Op.MUL, total, v), b.const(c * scale))
        outputs.append(total)
    return outputs


def _dot(b: Builder, values: Sequence[int], weights: Sequence[float]) -> int:
    total: int | None = None
    for v, w in zip(values, weights, strict=True):
        if w:
            product = b.op(Op.MUL, b.const(w), v)
            total = product if total is None else b.op(Op.ADD, total, product)
    return b.const(0.0) if total is None else total
