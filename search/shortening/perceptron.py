"""Perceptrons of one hidden layer: the formulas whose terms are easiest to read.

Fitted by Levenberg-Marquardt steps from random starts, which on networks of this size end lower
than stochastic gradients do (Hagan and Menhaj 1994 compared them).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.expr import Builder, Expression, Op
from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows
from symtick.search.shortening.fitting import fit
from symtick.search.shortening.form import Form

INPUT_SIZE = 0.4  # of each weight, times the standard deviation of what it multiplies
OFFSET_SIZE = 0.5
OUTPUT_SIZE = 0.5
FEWEST_STEPS = 20  # with which a start is worth its while


def perceptron(
    inputs: Sequence[str],
    rows: FitRows,
    hidden: int,
    reference: int | None,
    rng: np.random.Generator,
) -> Expression:
    """A random start: each output a constant plus weights times tanh of weighted inputs.

    The constants of class scores are 0 and stay so, which makes formulas shorter; a hidden function
    can take their place.

    Args:
        inputs: names.
        rows: their means and standard deviations decide the sizes of the weights.
        hidden: number of hidden functions.
        reference: an output that is 0, as of class scores only differences count; or None.
        rng: of the weights.
    """
    mean, deviation = rows.X.mean(axis=0), rows.X.std(axis=0)
    weights = rng.standard_normal((hidden, len(inputs))) * INPUT_SIZE
    weights = np.where(deviation > 0.0, weights / np.where(deviation > 0.0, deviation, 1.0), 0.0)
    offsets = rng.standard_normal(hidden) * OFFSET_SIZE - weights @ mean
    builder = Builder(tuple(inputs))
    signals = [builder.input(k) for k in range(len(inputs))]
    bent = [
        builder.op(Op.TANH, _sum(builder, row, signals, float(offset)))
        for row, offset in zip(weights, offsets, strict=True)
    ]
    outputs = []
    center, spread = rows.goal.mean(axis=0), rows.problem.spread
    for k in range(rows.goal.shape[1]):
        if k == reference:
            outputs.append(builder.const(0.0))
            continue
        own = rng.standard_normal(hidden) * OUTPUT_SIZE * spread[k]
        const = float(center[k]) if rows.problem.kind == "values" else 0.0
        outputs.append(_sum(builder, own, bent, const))
    return builder.build(outputs)


def fitted_perceptron(
    inputs: Sequence[str],
    rows: FitRows,
    hidden: int,
    reference: int | None,
    starts: Sequence[np.random.Generator],
    steps: int,
) -> Expression:
    """The one of several starts that fits best; arguments as in `perceptron`."""
    best: tuple[float, Form] | None = None
    for rng in starts:
        form = Form.of(perceptron(inputs, rows, hidden, reference, rng))
        loss = fit(form, rows, steps).loss
        if best is None or loss < best[0]:
            best = loss, form
    assert best is not None
    return best[1].expression()


def within_work(
    work: float, starts: int, steps: int, parameters: int, residuals: int
) -> tuple[int, int]:
    """How many starts, and steps of each, take no more than so many multiplications.

    A step takes about as many as the curvature has: residuals times parameters squared. None where
    a single start would have fewer than `FEWEST_STEPS`.

    Args:
        work: most multiplications.
        starts, steps: wanted.
        parameters: of the perceptron.
        residuals: rows times outputs.
    """
    most = int(work // (residuals * parameters**2))
    if most < min(FEWEST_STEPS, steps):
        return 0, 0
    if most < steps:
        return 1, most
    return min(starts, most // max(1, steps)), steps


def _sum(builder: Builder, factors: FloatArray, signals: Sequence[int], const: float) -> int:
    whole = builder.const(const)
    for factor, signal in zip(factors.tolist(), signals, strict=True):
        if factor != 0.0:
            term = builder.op(Op.MUL, builder.const(factor), signal)
            whole = builder.op(Op.ADD, whole, term)
    return whole
