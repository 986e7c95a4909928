"""The loss of a form around its present constants, to second order, and their fit.

The hardware rounds the value of every function, and an output's factor multiplies that error. To
second order this adds to the loss the error's variance times the factor's square times half the
loss's curvature by the output. It is part of the loss here: without it fits end in large terms that
cancel each other, which need wide tables.
"""

from __future__ import annotations

from math import inf

import numpy as np

from symtick.expr import Op
from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.data.quadratic import FitRows, Quadratic, descended
from symtick.search.shortening.form import Form

# Variance of what the hardware's rounding does to a function's value. Class scores need a few bits
# after the point; values get as many as their error asks for.
ROUNDING = {"classes": 3e-4, "values": 1e-6}


def loss_of(form: Form, rows: FitRows) -> float:
    """The loss of the form, infinity where a value is not finite."""
    factors, weights = rounded(form, rows)
    with np.errstate(all="ignore"):
        more = 0.5 * float(weights @ np.square(form.values[factors]))
        return rows.loss(form.computed(form.forward(rows.X)[0])) + more


def rounded(form: Form, rows: FitRows) -> tuple[IntArray, FloatArray]:
    """Factors of functions in outputs, by parameter, and what rounding makes of their squares.

    Half the sum of weights times squares is what rounding adds to the loss.
    """
    curvature = ROUNDING[rows.problem.kind] * rows.curvature
    found = [
        (p, curvature[k])
        for k, place in enumerate(form.outputs)
        for p, a in form.present(place)
        if form.atoms[a].op is not Op.INPUT
    ]
    return np.array([p for p, _ in found], np.int64), np.array([c for _, c in found], np.float64)


def expanded(form: Form, rows: FitRows) -> Quadratic:
    """The expansion at the form's present values."""
    values, seen = form.forward(rows.X)
    outputs = form.computed(values)
    loss, down = rows.objective(outputs, rows.goal)
    slopes = form.jacobian(values, seen)[1]
    slope = np.einsum("pkr,rk->p", slopes, down)
    there = np.flatnonzero(~form.plain | (form.values != 0.0))
    columns, sizes = rows.columns(outputs, slopes, there)
    curvature = np.zeros((len(slope), len(slope)))
    curvature[np.ix_(there, there)] = (columns @ columns.T) * np.outer(sizes, sizes)
    factors, weights = rounded(form, rows)
    more = weights * form.values[factors]
    loss += 0.5 * float(more @ form.values[factors])
    # a sum may be that of several outputs
    np.add.at(slope, factors, more)
    np.add.at(curvature, (factors, factors), weights)
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
