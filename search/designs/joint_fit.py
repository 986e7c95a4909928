"""The joint fit of all constants of a design's expressions.

Expressions that were found one output at a time fit their scores; what counts is the class, so
their constants are tuned once more against the cross-entropy of the whole design (or the squares),
by L-BFGS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from symtick.expr import Interval, Program
from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Objective
from symtick.search.kernel_api.evaluation import Derivatives, intervals

SHRINK = 1e-6  # of the squared distance from the start: keeps idle constants where they are


@dataclass(frozen=True, eq=False)
class JointFit:
    """Rows and loss for polishing.

    Attributes:
        X: inputs (rows, inputs).
        goal: what the outputs should be, (rows, outputs).
        objective: loss and gradient from outputs and goal.
        ranges: of the inputs; a result that is undefined somewhere in them is refused.
    """

    X: FloatArray
    goal: FloatArray
    objective: Objective
    ranges: Sequence[Interval]

    def polish(self, programs: Sequence[Program], iterations: int) -> tuple[Program, ...]:
        """The programs with better constants; the same ones where none are found."""
        start = np.concatenate([p.consts for p in programs])
        if not len(start) or iterations == 0:
            return tuple(programs)
        rows = Derivatives(self.X)

        def value(constants: FloatArray) -> tuple[float, FloatArray]:
            return self._value(rows, programs, constants, start)

        first = value(start)[0]
        with np.errstate(all="ignore"):
            optimum: Any = minimize(
                value, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}
            )
        better = _with(programs, np.asarray(optimum.x, np.float64))
        defined = all(bounds is not None for bounds in intervals(better, self.ranges))
        return better if defined and optimum.fun < first else tuple(programs)

    def _value(
        self,
        rows: Derivatives,
        programs: Sequence[Program],
        constants: FloatArray,
        start: FloatArray,
    ) -> tuple[float, FloatArray]:
        changed = _with(programs, constants)
        zero = np.zeros(len(self.X))
        outputs = np.stack([rows.vjp(p, zero)[0] for p in changed], axis=1)
        if not np.isfinite(outputs).all():
            return 1e30, np.zeros_like(constants)
        loss, slope = self.objective(outputs, self.goal)
        parts = [rows.vjp(p, np.ascontiguousarray(slope[:, k]))[1] for k, p in enumerate(changed)]
        away = constants - start
        gradient = np.concatenate(parts) + 2.0 * SHRINK * away
        if not np.isfinite(gradient).all():
            return 1e30, np.zeros_like(constants)
        return loss + SHRINK * float((away * away).sum()), gradient


def _with(programs: Sequence[Program], constants: FloatArray) -> tuple[Program, ...]:
    ends = np.cumsum([len(p.consts) for p in programs])[:-1]
    return tuple(
        Program(p.ops, p.args, part.copy())
        for p, part in zip(programs, np.split(constants, ends), strict=True)
    )
