"""The loss of outputs around parameters, to second order, and the least of it.

Gauss-Newton: the Hessian of the loss by the outputs is exact, the outputs are taken as linear in
the parameters. For softmax and cross-entropy this is the generalised Gauss-Newton matrix
(Schraudolph 2002), positive semidefinite like that of squares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import numpy as np
import numpy.typing as npt

from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.data.objective import Objective, choice, entropy, least_choice, softmax
from symtick.search.data.problem import Problem

DAMPING = 1e-4  # share of each parameter's own curvature: what the rows do not decide stays
TRIES, FARTHER, NEARER = 10, 8.0, 4.0  # of a step, and how its damping goes up and down
BLOCK = 4  # parameters whose slopes on all rows stay in the cache
TINY = 1e-30  # curvature of a parameter that does nothing
SMALL = 1e-5  # share of the loss that a step must gain


@dataclass(frozen=True, eq=False)
class FitRows:
    """Rows of a problem on which parameters are fitted.

    Attributes:
        problem: gives the loss.
        X: what is read, (rows, inputs).
        goal: what the outputs should be, (rows, outputs).
        by_class: whether `choice` is the loss. Its curvature may be negative; steps and what is
            decided by curvature keep to that of the cross-entropy.
    """

    problem: Problem
    X: FloatArray
    goal: FloatArray
    by_class: bool = False

    @property
    def objective(self) -> Objective:
        """Loss and gradient from outputs and goal."""
        return choice if self.by_class else self.problem.objective

    @property
    def least(self) -> float:
        """The loss that cannot be undercut."""
        if self.by_class:
            return least_choice(self.goal)
        return entropy(self.goal) if self.problem.kind == "classes" else 0.0

    @property
    def curvature(self) -> FloatArray:
        """Of the loss by each output where they are as they should be, mean of the rows."""
        width = self.goal.shape[1]
        if self.problem.kind == "values":
            return np.asarray(2.0 / (width * np.square(self.problem.spread)))
        return np.asarray((self.goal * (1.0 - self.goal)).mean(axis=0))

    def loss(self, outputs: FloatArray) -> float:
        """The loss of outputs (rows, outputs), infinity where a value is not finite."""
        if not np.isfinite(outputs).all():
            return inf
        return self.objective(outputs, self.goal)[0]

    def whitened(self, outputs: FloatArray, slopes: FloatArray) -> FloatArray:
        """Slopes (.., outputs, rows) times a root of the loss's Hessian by the outputs.

        The sum over outputs and rows of products of two such columns is the Hessian by two
        parameters, if `outputs` (rows, outputs) are those of all rows; it is the part of some rows
        if they are those.
        """
        return self._root(outputs, slopes.dtype)(slopes)

    def columns(
        self, outputs: FloatArray, slopes: FloatArray, places: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes (parameters, outputs, rows) of some parameters, whitened in single precision.

        Returns:
            (places, outputs * rows), over sizes (places,) as `single` has them.
        """
        root = self._root(outputs, np.float32)
        columns: FloatArray = np.empty((len(places), outputs.size), np.float32)
        sizes = np.empty(len(places))
        for start in range(0, len(places), BLOCK):
            block = slice(start, start + BLOCK)
            narrow, sizes[block] = single(slopes[places[block]])
            columns[block] = root(narrow).reshape(len(narrow), -1)
        return columns, sizes

    def _root(
        self, outputs: FloatArray, dtype: npt.DTypeLike
    ) -> Callable[[FloatArray], FloatArray]:
        """What `whitened` does to slopes of one precision."""
        count, width = len(self.goal), outputs.shape[1]
        if self.problem.kind == "values":
            scale = np.sqrt(2.0 / (width * count)) / self.problem.spread
            each = scale[:, None].astype(dtype)
            return lambda slopes: np.asarray(slopes * each)
        p = np.ascontiguousarray(softmax(outputs).T).astype(dtype)
        if width == 1:
            alone = np.sqrt(p * (1.0 - p) / count)
            return lambda slopes: np.asarray(slopes * alone)
        root = np.sqrt(p / count)

        def whitened(slopes: FloatArray) -> FloatArray:
            # (diag(root) - p root^T)^T is such a root, as the probabilities add up to 1
            mean = np.einsum("kr,...kr->...r", p, slopes)
            return np.asarray(root * (slopes - mean[..., None, :]))

        return whitened


@dataclass(eq=False)
class Quadratic:
    """Loss, slope and curvature at some parameters.

    Attributes:
        loss: there.
        slope: of the loss by the parameters, (parameters,).
        curvature: the Gauss-Newton matrix, (parameters, parameters), without damping.
        floor: own curvature that damping takes for that of a parameter of less.
    """

    loss: float
    slope: FloatArray
    curvature: FloatArray
    floor: FloatArray = field(default_factory=lambda: np.array(TINY))

    def inverse(self, free: npt.NDArray[np.bool_], damping: float = DAMPING) -> FloatArray:
        """Inverse of the damped curvature by the free parameters, 0 in all other rows."""
        at = np.ix_(*[np.flatnonzero(free)] * 2)
        whole = np.zeros_like(self.curvature)
        floor = np.broadcast_to(self.floor, free.shape)[free]
        whole[at] = damped_inverse(self.curvature[at], damping, floor)
        return whole


def single(slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes (parameters, ..) in single precision over a size of each, and these sizes.

    So nothing overflows whatever units inputs have. The sizes are powers of two, so that nothing
    else changes.
    """
    others = tuple(range(1, slopes.ndim))
    most = np.maximum(slopes.max(others, initial=0.0), -slopes.min(others, initial=0.0))
    sizes = np.ldexp(1.0, np.frexp(np.where(np.isfinite(most), most, 1.0))[1])
    return (slopes / sizes.reshape(-1, *(1 for _ in others))).astype(np.float32), sizes


def damped_inverse(
    curvature: FloatArray, damping: float = DAMPING, floor: FloatArray | float = TINY
) -> FloatArray:
    """Inverse of a curvature to whose diagonal a share of it, or of a floor, is added."""
    own = np.sqrt(np.maximum(np.diag(curvature), floor))  # parameters have all sorts of units
    units = np.outer(own, own)
    return np.asarray(np.linalg.inv(curvature / units + damping * np.eye(len(own))) / units)


def descended(
    start: FloatArray,
    loss: Callable[[FloatArray], float],
    expanded: Callable[[FloatArray], Quadratic],
    free: npt.NDArray[np.bool_],
    steps: int,
    enough: float = inf,
) -> tuple[FloatArray, Quadratic | None]:
    """Levenberg-Marquardt steps until they gain nothing (Marquardt 1963).

    Args:
        start: parameters to begin with, of finite loss.
        loss: of parameters; infinity where there is none.
        expanded: the expansion at parameters; its loss is that of `loss`.
        free: which parameters may change.
        steps: most of them.
        enough: loss that is of use; the steps end early where they do not come near.

    Returns:
        the parameters of least loss, never above that of the start, and the expansion there, if it
        was made.
    """
    point, damping, now = start, DAMPING, None
    for _ in range(steps):
        now = expanded(point) if now is None else now
        for _ in range(TRIES):
            further = point - now.inverse(free, damping) @ now.slope
            reached = loss(further)
            if reached < now.loss:
                break
            damping *= FARTHER
        else:
            break
        before, point, now = now.loss, further, None
        damping = max(damping / NEARER, DAMPING)
        gained = before - reached
        if gained < SMALL * before or reached - gained > enough:
            break
    return point, now
