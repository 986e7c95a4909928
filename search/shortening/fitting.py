"""The loss of a form around its present constants, to second order, and their fit."""

from __future__ import annotations

from math import inf

import numpy as np

from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows, Quadratic, descended, single
from symtick.search.shortening.form import Form


def loss_of(form: Form, rows: FitRows) -> float:
    """The loss of the form, infinity where a value is not finite."""
    with np.errstate(all="ignore"):
        return rows.loss(form.computed(form.forward(rows.X)[0]))


def expanded(form: Form, rows: FitRows) -> Quadratic:
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
    return Quadratic(loss, slope, curvature)


def fit(form: Form, rows: FitRows, steps: int, enough: float = inf) -> Quadratic:
    """Levenberg-Marquardt steps in place, until they gain nothing; the expansion where they end.

    Args:
        form: changed in place.
        rows: to fit on.
        steps: most of them.
        enough: loss that is of use; the fit ends early where it does not come near.
    """

    def loss(values: FloatArray) -> float:
        form.values = values
        return loss_of(form, rows)

    def at(values: FloatArray) -> Quadratic:
        form.values = values
        return expanded(form, rows)

    form.values, now = descended(form.values, loss, at, ~form.plain, steps, enough)
    return expanded(form, rows) if now is None else now
