"""The joint model: y_k = bias_k + sum_j w_jk u_j(x) with terms u_j that all outputs share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.expr import Builder, Expression, Op, Program
from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows, Quadratic, descended, single
from symtick.search.joint.trees import (
    Tree,
    from_list,
    grown,
    to_list,
    values_of_trees,
    with_constants,
    written,
)
from symtick.search.kernel_api.evaluation import Derivatives

FLOOR = 0.01  # curvature by a constant, below which damping keeps it where it is
CURVED = 2000  # rows that the curvature is taken from
BLOCK = 500  # rows whose slopes are kept at once
DIGITS = 9  # of weights in an expression


@dataclass(frozen=True, eq=False)
class JointModel:
    """A model.

    Attributes:
        terms: the u_j.
        weights: w, (terms, outputs); 0 where an output does not read a term.
        bias: (outputs,).
    """

    terms: tuple[Tree, ...]
    weights: FloatArray
    bias: FloatArray

    @property
    def readouts(self) -> int:
        """Weights that are not 0."""
        return int(np.count_nonzero(self.weights))

    def combined(self, values: FloatArray) -> FloatArray:
        """Outputs (rows, outputs) from values of the terms (terms, rows)."""
        return _combined(values, self.weights, self.bias)

    def outputs(self, X: FloatArray) -> FloatArray:
        """(rows, outputs)."""
        return self.combined(values_of_trees(self.terms, X))

    def joined(self, term: Tree, weights: FloatArray, mean: float) -> JointModel:
        """With one more term, whose mean goes to the biases."""
        bias = self.bias - weights * mean
        return JointModel((*self.terms, term), np.vstack([self.weights, weights]), bias)

    def without(self, place: int, mean: float) -> JointModel:
        """With the mean of one term in its place."""
        terms = self.terms[:place] + self.terms[place + 1 :]
        bias = self.bias + self.weights[place] * mean
        return JointModel(terms, np.delete(self.weights, place, axis=0), bias)

    def expression(self, inputs: Sequence[str]) -> Expression:
        """All outputs, what they share once."""
        builder = Builder(tuple(inputs))
        roots = [grown(builder, t) for t in self.terms]
        outputs = []
        for k, bias in enumerate(self.bias.tolist()):
            whole = builder.const(_shortened(bias))
            for j in np.flatnonzero(self.weights[:, k])[::-1].tolist():
                weight = builder.const(_shortened(float(self.weights[j, k])))
                whole = builder.op(Op.ADD, builder.op(Op.MUL, roots[j], weight), whole)
            outputs.append(whole)
        return builder.build(outputs)

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON; nothing is lost."""
        return {
            "terms": [to_list(t) for t in self.terms],
            "weights": self.weights.tolist(),
            "bias": self.bias.tolist(),
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> JointModel:
        """The inverse of `to_dict`."""
        bias = np.array(content["bias"], float)
        weights = np.array(content["weights"], float).reshape(-1, len(bias))
        return cls(tuple(from_list(t) for t in content["terms"]), weights, bias)


def fitted(model: JointModel, rows: FitRows, steps: int) -> JointModel:
    """The model with better constants, weights and biases; itself where none are found.

    Args:
        model: to begin with.
        rows: whose loss is to fall.
        steps: Levenberg-Marquardt steps, at most.
    """
    fit = ModelFit(model, rows)
    start = fit.start
    with np.errstate(all="ignore"):
        if not np.isfinite(fit.loss(start)):
            return model
        best, _ = descended(start, fit.loss, fit.expanded, np.ones(len(start), bool), steps)
    return model if best is start else fit.taken(best)


class ModelFit:
    """A model as a function of its parameters: constants, term by term, weights, biases.

    Each parameter moves the outputs by a signal, a value for each row, times an effect, a value for
    each output. The signals are the slopes of the terms by their constants, the terms, and 1.
    """

    def __init__(self, model: JointModel, rows: FitRows) -> None:
        self._model, self._rows = model, rows
        self._programs = [written(t) for t in model.terms]
        sizes = [len(p.consts) for p in self._programs]
        self._live = np.nonzero(model.weights)
        terms, readers = self._live
        count, outputs = sum(sizes), len(model.bias)
        self._derivatives = Derivatives(rows.X)
        self._ends = np.cumsum([*sizes, len(terms)])
        self._owners = np.repeat(np.arange(len(sizes)), sizes)
        self._signals = np.concatenate(
            [np.arange(count), count + terms, np.full(outputs, count + len(sizes))]
        )
        self._effects = np.zeros((len(self._signals), outputs))
        self._effects[count + np.arange(len(terms)), readers] = 1.0
        self._effects[count + len(terms) :] = np.eye(outputs)
        spread = rows.problem.spread
        self._units = np.concatenate([np.ones(count), spread[readers], spread])

    @property
    def start(self) -> FloatArray:
        """Parameters of the model, (parameters,)."""
        constants = [p.consts for p in self._programs]
        return np.concatenate([*constants, self._model.weights[self._live], self._model.bias])

    def loss(self, point: FloatArray) -> float:
        """The loss at parameters."""
        constants, weights, bias = self._split(point)
        values = self._derivatives.values(self._with(constants))
        return self._rows.loss(_combined(values, weights, bias))

    def expanded(self, point: FloatArray) -> Quadratic:
        """The expansion at parameters."""
        constants, weights, bias = self._split(point)
        parts = [self._derivatives.jacobian(p) for p in self._with(constants)]
        values = [v for v, _ in parts]
        signals = np.array(
            [*(s for _, j in parts for s in j.T), *values, np.ones(len(self._rows.X))]
        )
        signals[~np.isfinite(signals)] = 0.0  # as of a root at 0
        effects = self._effects.copy()
        effects[: len(self._owners)] = weights[self._owners]
        outputs = _combined(np.array(values).reshape(-1, len(self._rows.X)), weights, bias)
        loss, down = self._rows.objective(outputs, self._rows.goal)
        slope = ((signals @ down)[self._signals] * effects).sum(axis=1)
        curvature = self._curvature(signals, effects, outputs)
        return Quadratic(loss, slope, curvature, FLOOR / np.square(self._units))

    def _curvature(
        self, signals: FloatArray, effects: FloatArray, outputs: FloatArray
    ) -> FloatArray:
        signals, sizes = single(signals)
        effects, units = single(effects)
        count, used = len(effects), min(len(outputs), CURVED)
        curvature = np.zeros((count, count))
        for first in range(0, used, BLOCK):
            rows = slice(first, min(first + BLOCK, used))
            columns = self._rows.whitened(outputs[rows], effects[:, :, None])
            if columns.shape[2] == 1:  # the same for all rows
                columns = columns[:, :, 0]
                same = np.asarray(signals[:, :used] @ signals[:, :used].T, np.float64)
                curvature = same[np.ix_(self._signals, self._signals)] * (columns @ columns.T)
                break
            columns *= signals[self._signals, None, rows]
            columns = columns.reshape(count, -1)
            curvature += columns @ columns.T
        units = units * sizes[self._signals]
        return curvature * np.outer(units, units) * (len(outputs) / used)

    def taken(self, point: FloatArray) -> JointModel:
        """The model with other parameters."""
        constants, weights, bias = self._split(point)
        terms = tuple(
            with_constants(t, iter(c.tolist()))
            for t, c in zip(self._model.terms, constants, strict=True)
        )
        return JointModel(terms, weights, bias)

    def _split(self, point: FloatArray) -> tuple[list[FloatArray], FloatArray, FloatArray]:
        """Constants of each term, weights, biases."""
        *constants, live, bias = np.split(point, self._ends)
        weights = np.zeros_like(self._model.weights)
        weights[self._live] = live
        return constants, weights, bias

    def _with(self, constants: Sequence[FloatArray]) -> list[Program]:
        return [Program(p.ops, p.args, c) for p, c in zip(self._programs, constants, strict=True)]


def _combined(values: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    outputs = np.repeat(bias[:, None], values.shape[1], axis=1)
    for row, factors in zip(values, weights, strict=True):
        outputs += factors[:, None] * row
    return outputs.T


def _shortened(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
