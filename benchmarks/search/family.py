"""Families of functions: whether a form with constants can equal a function, at 50 digits.

The form's constants are solved for by Gauss-Newton steps in mpmath on a few points; the function is
of the family if the solved form then agrees with it to 1e-30 at many other points. So any way of
writing it passes, however its constants are spread, and nothing that only comes close does.
"""

from __future__ import annotations

from collections.abc import Sequence

import mpmath

from benchmarks.search.precise import Formula, InputPoint, Real, agree, carrying

STEPS = 60
LEAST = 20  # points at which both must be defined
_SHIFT = mpmath.mpf("1e-40")  # for differences; relative
_DAMPING = mpmath.mpf("1e-40")  # relative to the constant's own weight
_LEAST_DAMPING = mpmath.mpf("1e-60")  # relative to the heaviest one's
_VANISHED = mpmath.mpf("1e-45")  # of a sum of differences relative to the values
_PATIENCE = 6  # steps in which the differences must halve


def member(
    function: Formula, form: Formula, free: Sequence[int], domain: Sequence[InputPoint]
) -> tuple[Real, ...] | None:
    """The form's constants with which it equals the function, or None.

    Args:
        function: what is to be equalled.
        form: what may be adapted; the search starts from its constants.
        free: places of the form's constants that may change; the others stay.
        domain: points; both must be defined at the same of them.
    """
    with carrying():
        places, fitted = list(free), list(form.constants)
        wanted = 2 * len(places) + 4
        known: list[tuple[InputPoint, Real]] = []
        for point in domain:
            value = function.value(point)
            if value is not None and form.value(point) is not None:
                known.append((point, value))
            if len(known) == wanted:
                break
        else:
            return None
        if places and not _solve(form, fitted, places, known):
            return None
        return tuple(fitted) if _identical(function, form, fitted, domain) else None


def _identical(
    function: Formula, form: Formula, constants: Sequence[Real], domain: Sequence[InputPoint]
) -> bool:
    seen = 0
    for point in domain:
        a, b = function.value(point), form.value(point, constants)
        if (a is None) != (b is None) or (a is not None and not agree(a, b)):
            return False
        seen += a is not None
    return seen >= LEAST


def _residual(
    form: Formula, constants: Sequence[Real], known: list[tuple[InputPoint, Real]]
) -> Real:
    """A column of differences relative to the values' size, or None where the form is undefined."""
    values = [form.value(point, constants) for point, _ in known]
    if any(v is None for v in values):
        return None
    size = max(abs(v) for _, v in known) or mpmath.mpf(1)
    return mpmath.matrix([(a - b) / size for a, (_, b) in zip(values, known, strict=True)])


def _solve(
    form: Formula, constants: list[Real], free: list[int], known: list[tuple[InputPoint, Real]]
) -> bool:
    """Gauss-Newton in place with halved steps; whether the residual vanished."""
    residual = _residual(form, constants, known)
    norms: list[Real] = []
    for _ in range(STEPS):
        if residual is None:
            return False
        norm = mpmath.norm(residual)
        if norm < _VANISHED:
            return True
        norms.append(norm)
        if len(norms) > _PATIENCE and norm > norms[-_PATIENCE] / 2:
            return False
        step = _step(form, constants, free, known, residual)
        if step is None:
            return False
        for halving in range(30):
            trial = list(constants)
            for place, change in zip(free, step, strict=True):
                trial[place] -= change / 2**halving
            tried = _residual(form, trial, known)
            if tried is not None and mpmath.norm(tried) < norm:
                constants[:], residual = trial, tried
                break
        else:
            return False
    return False


def _step(
    form: Formula,
    constants: list[Real],
    free: list[int],
    known: list[tuple[InputPoint, Real]],
    residual: Real,
) -> list[Real] | None:
    columns = []
    for place in free:
        moved = list(constants)
        shift = _SHIFT * (abs(moved[place]) or 1)
        moved[place] += shift
        changed = _residual(form, moved, known)
        if changed is None:
            return None
        columns.append([(a - b) / shift for a, b in zip(changed, residual, strict=True)])
    # a trace of damping: constants that stand for one another share the change
    transposed = mpmath.matrix(columns)
    normal = transposed * transposed.T
    least = _LEAST_DAMPING * max(normal[k, k] for k in range(len(free)))
    if not least:
        return None
    for k in range(len(free)):
        normal[k, k] += _DAMPING * normal[k, k] + least
    try:
        return list(mpmath.lu_solve(normal, transposed * residual))
    except ZeroDivisionError:  # singular all the same
        return None
