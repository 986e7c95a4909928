"""Whether an expression is a given law with other constants, as an identity at 50 digits.

The law's constants are solved for by Gauss-Newton steps in mpmath on a few points; the expression
is of the family if the solved law then agrees with it to 1e-30 at many other points. So any way of
writing the law passes, however its constants are spread, and nothing that only comes close does.
"""

from __future__ import annotations

from collections.abc import Sequence

import mpmath

from benchmarks.precise import Formula, Point, Real, agree, carrying, points

STEPS = 60
CHECKS = 60
LEAST = 20  # points at which both must be defined
_SHIFT = mpmath.mpf("1e-40")  # for differences; relative


def member(
    candidate: Formula, law: Formula, free: Sequence[int], ranges: Sequence[tuple[float, float]]
) -> tuple[Real, ...] | None:
    """The law's constants with which it equals the candidate, or None.

    Args:
        candidate: what was found.
        law: what was sought; the search starts from its constants.
        free: places of the law's constants that may change; the others are part of its form.
        ranges: of each input; the inputs' domain.
    """
    with carrying():
        places = list(free)
        fitted = list(law.constants)
        wanted = 2 * len(places) + 4
        known: list[tuple[Point, Real]] = []
        for point in points(ranges, 20 * wanted, seed=2):
            found = candidate.value(point)
            if found is not None and law.value(point) is not None:
                known.append((point, found))
            if len(known) == wanted:
                break
        else:
            return None
        if places and not _solve(law, fitted, places, known):
            return None
        return tuple(fitted) if _identical(candidate, law, fitted, ranges) else None


def _identical(
    candidate: Formula,
    law: Formula,
    constants: Sequence[Real],
    ranges: Sequence[tuple[float, float]],
) -> bool:
    seen = 0
    for point in points(ranges, CHECKS, seed=3):
        a, b = candidate.value(point), law.value(point, constants)
        if (a is None) != (b is None) or (a is not None and not agree(a, b)):
            return False
        seen += a is not None
    return seen >= LEAST


def _residual(law: Formula, constants: Sequence[Real], known: list[tuple[Point, Real]]) -> Real:
    """A column of differences relative to the values' size, or None where the law is undefined."""
    found = [law.value(point, constants) for point, _ in known]
    if any(v is None for v in found):
        return None
    size = max(abs(v) for _, v in known) or mpmath.mpf(1)
    return mpmath.matrix([(a - b) / size for a, (_, b) in zip(found, known, strict=True)])


def _solve(
    law: Formula, constants: list[Real], free: list[int], known: list[tuple[Point, Real]]
) -> bool:
    """Gauss-Newton in place with halved steps; whether the residual vanished."""
    residual = _residual(law, constants, known)
    for _ in range(STEPS):
        if residual is None:
            return False
        norm = mpmath.norm(residual)
        if norm < mpmath.mpf("1e-60"):
            return True
        step = _step(law, constants, free, known, residual)
        if step is None:
            return False
        for halving in range(30):
            trial = list(constants)
            for place, change in zip(free, step, strict=True):
                trial[place] -= change / 2**halving
            found = _residual(law, trial, known)
            if found is not None and mpmath.norm(found) < norm:
                constants[:], residual = trial, found
                break
        else:
            # no step helps: at the limit of the digits, or the candidate is of another form
            return bool(norm < mpmath.mpf("1e-35"))
    return bool(mpmath.norm(residual) < mpmath.mpf("1e-35"))


def _step(
    law: Formula,
    constants: list[Real],
    free: list[int],
    known: list[tuple[Point, Real]],
    residual: Real,
) -> list[Real] | None:
    columns = []
    for place in free:
        moved = list(constants)
        shift = _SHIFT * (abs(moved[place]) or 1)
        moved[place] += shift
        found = _residual(law, moved, known)
        if found is None:
            return None
        columns.append([(a - b) / shift for a, b in zip(found, residual, strict=True)])
    jacobian = mpmath.matrix(columns).T
    try:
        return list(mpmath.lu_solve(jacobian, residual))
    except ZeroDivisionError:
        return None
