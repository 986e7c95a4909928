"""What a term would take from the joint loss, for many terms at once.

A new term u that outputs read with weights w changes the loss of each row, to second order, by
-u r.w + u^2 w.H w / 2, where r is minus the gradient of the loss by the outputs and H its
curvature. The best weights are w = C^-1 g with g = mean(u r) and C = mean(u^2 H), and take g.w / 2
from the loss: the Newton step of gradient boosting (Friedman 2001; Chen and Guestrin 2016,
arXiv:1603.02754), with all outputs together. For values it is exact.

All sums are numpy's own (no BLAS), so that the number of threads changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.data.objective import softmax
from symtick.search.data.problem import Problem

RIDGE = 1e-3  # share of each curvature that is added to it: softmax has a flat direction
LEAST = 1e-3  # of the largest weight of a row
FLAT = 1e-100  # curvature where there is none; steps stay finite


@dataclass(frozen=True, eq=False)
class Slope:
    """Derivatives of the rows' losses by their outputs.

    Attributes:
        residual: minus the first ones, (outputs, rows).
        curvature: second ones, (outputs, outputs, rows).
    """

    residual: FloatArray
    curvature: FloatArray

    @classmethod
    def of(cls, problem: Problem, outputs: FloatArray, goal: FloatArray) -> Slope:
        """At outputs (rows, outputs) that should be `goal`."""
        count = outputs.shape[1]
        if problem.kind == "values":
            unit = 2.0 / (np.square(problem.spread) * count)
            curvature = np.repeat(np.diag(unit)[:, :, None], len(outputs), axis=2)
            return cls(np.ascontiguousarray((goal - outputs).T * unit[:, None]), curvature)
        chance = np.ascontiguousarray(softmax(outputs).T)
        residual = np.ascontiguousarray(goal.T) - chance
        curvature = -chance[:, None] * chance[None, :]
        places = np.arange(count)
        curvature[places, places] += chance
        return cls(residual, curvature)

    def rows(self, count: int) -> Slope:
        """Of the first rows only."""
        return Slope(self.residual[:, :count], self.curvature[:, :, :count])

    def working(self, direction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The target of a term that moves the outputs along a direction, and weights of rows."""
        weights = np.einsum("k,kln,l->n", direction, self.curvature, direction)
        most = float(weights.max())
        # without curvature all rows count alike: outputs that are certain, or a flat direction
        weights = np.maximum(weights, LEAST * most) if most > 0.0 else np.ones(len(weights))
        return np.einsum("k,kn->n", direction, self.residual) / weights, weights

    def direction(self, rng: np.random.Generator, spread: FloatArray) -> FloatArray:
        """A random direction in which much is left to learn, in units of the outputs."""
        scaled = self.residual * spread[:, None]
        sizes, axes = np.linalg.eigh(np.einsum("kn,ln->kl", scaled, scaled))
        mixed = axes @ (np.sqrt(np.maximum(sizes, 0.0)) * rng.standard_normal(len(sizes)))
        most = float(np.abs(mixed).max())
        return np.asarray(spread * (mixed / most if most > 0.0 else np.ones(len(spread))))


@dataclass(frozen=True, eq=False)
class Steps:
    """Newton steps of terms.

    Attributes:
        gain: loss that each takes where its best 1, 2, ... outputs read it, (terms, outputs).
        order: the outputs, the best one first, (terms, outputs).
        first: g, (terms, outputs).
        second: C, (terms, outputs, outputs).
    """

    gain: FloatArray
    order: IntArray
    first: FloatArray
    second: FloatArray

    def weights(self, term: int, count: int) -> FloatArray:
        """The weights of one term that its best `count` outputs read, (outputs,)."""
        chosen = self.order[term, :count]
        out = np.zeros(self.first.shape[1])
        out[chosen] = np.linalg.solve(
            self.second[term][np.ix_(chosen, chosen)], self.first[term, chosen]
        )
        return out


def steps(values: FloatArray, slope: Slope) -> Steps:
    """The steps of terms with these values, (terms, rows), whose means are 0."""
    count, rows = slope.residual.shape
    first = np.einsum("tn,kn->tk", values, slope.residual) / rows
    squares = values * values
    second = np.zeros((len(values), count, count))
    for k in range(count):
        for m in range(k + 1):
            second[:, k, m] = np.einsum("tn,n->t", squares, slope.curvature[k, m]) / rows
            second[:, m, k] = second[:, k, m]
    places = np.arange(count)
    second[:, places, places] = np.maximum(second[:, places, places] * (1.0 + RIDGE), FLAT)
    alone = first * first / second[:, places, places]
    order = np.argsort(-alone, axis=1, kind="stable")
    gain = np.zeros((len(values), count))
    right = np.take_along_axis(first, order, axis=1)
    left = np.take_along_axis(second, order[:, :, None], axis=1)
    left = np.take_along_axis(left, order[:, None, :], axis=2)
    for size in range(1, count + 1):
        step = np.linalg.solve(left[:, :size, :size], right[:, :size, None])[:, :, 0]
        gain[:, size - 1] = 0.5 * (step * right[:, :size]).sum(axis=1)
    return Steps(gain, order, first, second)
