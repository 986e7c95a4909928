"""The loss around a form's present constants, to second order.

Gauss-Newton: the Hessian of the loss by the outputs is exact, the outputs are taken as linear in
the constants. For softmax and cross-entropy this is the generalised Gauss-Newton matrix
(Schraudolph 2002), positive semidefinite like that of squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import entropy, softmax
from symtick.search.data.problem import Problem
from symtick.search.shortening.form import Form

DAMPING = 1e-4  # share of each constant's own curvature: what the rows do not decide stays
TRIES, FARTHER, NEARER = 10, 8.0, 4.0  # of a step, and how its damping goes up and down
TINY = 1e-30  # curvature of a constant that does nothing
SMALL = 1e-5  # share of the loss that a step of a fit must gain


@dataclass(frozen=True, eq=False)
class FitRows:
    """Rows of a problem as a form reads them.

    Attributes:
        problem: gives the loss.
        X: what the form reads, (rows, inputs).
        goal: what its outputs should be, (rows, outputs).
    """

    problem: Problem
    X: FloatArray
    goal: FloatArray

    @property
    def least(self) -> float:
        """The loss that cannot be undercut."""
        return entropy(self.goal) if self.problem.kind == "classes" else 0.0

    def loss(self, form: Form) -> float:
        """The loss of the form, infinity where a value is not finite."""
        with np.errstate(all="ignore"):
            outputs = form.computed(form.forward(self.X)[0])
            if not np.isfinite(outputs).all():
                return float("inf")
            return self.problem.objective(outputs, self.goal)[0]

    def whitened(self, outputs: FloatArray, slopes: FloatArray) -> FloatArray:
        """Slopes (.., outputs, rows) times a root of the loss's Hessian by the outputs.

        The sum over outputs and rows of products of two such columns is the Hessian by two
        constants.
        """
        count, width = outputs.shape
        if self.problem.kind == "values":
            scale = np.sqrt(2.0 / (width * count)) / self.problem.spread
            return np.asarray(slopes * scale[:, None].astype(slopes.dtype))
        p = np.ascontiguousarray(softmax(outputs).T).astype(slopes.dtype)
        if width == 1:
            return np.asarray(slopes * np.sqrt(p * (1.0 - p) / count))
        root = np.sqrt(p / count)
        # (diag(root) - p root^T)^T is such a root, as the probabilities add up to 1
        mean = np.einsum("kr,...kr->...r", p, slopes)
        return np.asarray(root * (slopes - mean[..., None, :]))


@dataclass(eq=False)
class Quadratic:
    """Loss, slope and curvature at a form's constants.

    Attributes:
        loss: there.
        slope: of the loss by the constants, (parameters,).
        curvature: the Gauss-Newton matrix, (parameters, parameters), without damping.
    """

    loss: float
    slope: FloatArray
    curvature: FloatArray

    @classmethod
    def at(cls, form: Form, rows: FitRows) -> Quadratic:
        """The expansion at the form's present values."""
        values, seen = form.forward(rows.X)
        outputs = form.computed(values)
        loss, down = rows.problem.objective(outputs, rows.goal)
        slopes = form.jacobian(values, seen)[1]
        slope = np.einsum("pkr,rk->p", slopes, down)
        there = np.flatnonzero(~form.plain | (form.values != 0.0))
        narrow, sizes = single(slopes[there])
        columns = rows.whitened(outputs, narrow).reshape(len(there), outputs.size)
        curvature = np.zeros((len(slope), len(slope)))
        curvature[np.ix_(there, there)] = (columns @ columns.T) * np.outer(sizes, sizes)
        return cls(loss, slope, curvature)

    def inverse(self, free: npt.NDArray[np.bool_], damping: float = DAMPING) -> FloatArray:
        """Inverse of the damped curvature by the free constants, 0 in all other rows."""
        at = np.ix_(*[np.flatnonzero(free)] * 2)
        whole = np.zeros_like(self.curvature)
        whole[at] = damped_inverse(self.curvature[at], damping)
        return whole


def single(slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes (parameters, outputs, rows) in single precision over a size of each, and these sizes.

    So nothing overflows whatever units inputs have. The sizes are powers of two, so that nothing
    else changes.
    """
    most = np.maximum(slopes.max((1, 2), initial=0.0), -slopes.min((1, 2), initial=0.0))
    sizes = np.ldexp(1.0, np.frexp(np.where(np.isfinite(most), most, 1.0))[1])
    return (slopes / sizes[:, None, None]).astype(np.float32), sizes


def damped_inverse(curvature: FloatArray, damping: float = DAMPING) -> FloatArray:
    """Inverse of a curvature to whose diagonal a share of it is added."""
    own = np.sqrt(np.maximum(np.diag(curvature), TINY))  # constants have all sorts of units
    units = np.outer(own, own)
    return np.asarray(np.linalg.inv(curvature / units + damping * np.eye(len(own))) / units)


def fit(form: Form, rows: FitRows, steps: int, enough: float = inf) -> Quadratic:
    """Levenberg-Marquardt steps in place, until they gain nothing; the expansion where they end.

    Args:
        form: changed in place.
        rows: to fit on.
        steps: most of them.
        enough: loss that is of use; the fit ends early where it does not come near.
    """
    now, damping = Quadratic.at(form, rows), DAMPING
    for _ in range(steps):
        before, loss = form.values, now.loss
        for _ in range(TRIES):
            form.values = before - now.inverse(~form.plain, damping) @ now.slope
            if rows.loss(form) < loss:
                break
            damping *= FARTHER
        else:
            form.values = before
            break
        now = Quadratic.at(form, rows)
        damping = max(damping / NEARER, DAMPING)
        gained = loss - now.loss
        if gained < SMALL * loss or now.loss - gained > enough:
            break
    return now
