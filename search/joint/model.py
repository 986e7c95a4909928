"""The joint model: y_k = bias_k + sum_j w_jk u_j(x) with terms u_j that all outputs share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from symtick.expr import Builder, Expression, Op
from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Objective
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

SHRINK = 1e-6  # of the squared distance from the start: keeps idle constants where they are
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
        outputs = np.repeat(self.bias[:, None], values.shape[1], axis=1)
        for row, weights in zip(values, self.weights, strict=True):
            outputs += weights[:, None] * row
        return outputs.T

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


@dataclass(frozen=True, eq=False)
class JointFit:
    """Rows and loss on which all constants of a model are fitted together.

    Attributes:
        X: inputs, (rows, inputs).
        goal: what the outputs should be, (rows, outputs).
        objective: loss and gradient from outputs and goal.
        spread: size of each output.
    """

    X: FloatArray
    goal: FloatArray
    objective: Objective
    spread: FloatArray

    def fitted(self, model: JointModel, iterations: int) -> JointModel:
        """The model with better constants and weights by L-BFGS; itself where none are found."""
        constants = [written(t).consts for t in model.terms]
        live = model.weights != 0.0
        parts = [*constants, (model.weights / self.spread)[live], model.bias / self.spread]
        start = np.concatenate(parts)
        ends = np.cumsum([len(p) for p in parts])[:-1]
        rows = Derivatives(self.X)

        def value(vector: FloatArray) -> tuple[float, FloatArray]:
            loss, gradient = self._value(rows, self._taken(model, np.split(vector, ends)), live)
            if not (np.isfinite(loss) and np.isfinite(gradient).all()):
                return 1e30, np.zeros_like(vector)
            away = vector - start
            return loss + SHRINK * float((away * away).sum()), gradient + 2.0 * SHRINK * away

        first = value(start)[0]
        with np.errstate(all="ignore"):
            optimum: Any = minimize(
                value, start, jac=True, method="L-BFGS-B",
                options={"maxiter": iterations, "maxcor": 20},
            )  # fmt: skip
        if not optimum.fun < first:
            return model
        return self._taken(model, np.split(np.asarray(optimum.x, np.float64), ends))

    def _taken(self, model: JointModel, parts: Sequence[FloatArray]) -> JointModel:
        weights = np.zeros_like(model.weights)
        weights[model.weights != 0.0] = parts[-2]
        terms = tuple(
            with_constants(t, iter(p.tolist()))
            for t, p in zip(model.terms, parts[:-2], strict=True)
        )
        return JointModel(terms, weights * self.spread, parts[-1] * self.spread)

    def _value(
        self, rows: Derivatives, model: JointModel, live: FloatArray
    ) -> tuple[float, FloatArray]:
        programs = [_program(t) for t in model.terms]
        zero = np.zeros(len(self.X))
        values = np.array([rows.vjp(p, zero)[0] for p in programs]).reshape(-1, len(self.X))
        outputs = model.combined(values)
        if not np.isfinite(outputs).all():
            return np.inf, np.zeros(1)
        loss, slope = self.objective(outputs, self.goal)
        down = np.ascontiguousarray(slope.T, np.float64)
        inner = [
            rows.vjp(p, np.einsum("k,kn->n", w, down))[1]
            for p, w in zip(programs, model.weights, strict=True)
        ]
        outer = (np.einsum("jn,kn->jk", values, down) * self.spread)[live]
        return loss, np.concatenate([*inner, outer, down.sum(axis=1) * self.spread])


_program = written.__wrapped__  # constants that change with every step are not to be kept


def _shortened(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
