"""The hypervolume of a front: one number for how much of the objectives' space it dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError

Floats = npt.NDArray[np.float64]


def hypervolume(points: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Volume of what is worse than some point and better than the reference, exactly.

    Every objective is to be small. A point that is not better than the reference in every one of
    them adds nothing; so does one that another beats. Zitzler and Thiele, PPSN V (1998) 292;
    computed by slices along the last objective.

    Args:
        points: shape (points, objectives); may be empty.
        reference: shape (objectives,).

    Returns:
        The volume in the product of the objectives' units; 0 without points.

    Raises:
        InputError: shapes do not fit, or a number is not finite.
    """
    bound = np.asarray(reference, np.float64)
    rows = np.asarray(points, np.float64)
    if bound.ndim != 1 or not bound.size:
        raise InputError(f"the reference must be one point, not of shape {bound.shape}")
    rows = rows.reshape(-1, bound.size) if rows.size == 0 else rows
    if rows.ndim != 2 or rows.shape[1] != bound.size:
        raise InputError(f"points of shape {rows.shape} do not fit {bound.size} objectives")
    if not (np.isfinite(rows).all() and np.isfinite(bound).all()):
        raise InputError("the points and the reference must be finite numbers")
    return _volume(rows[(rows < bound).all(axis=1)], bound)


def _volume(points: Floats, bound: Floats) -> float:
    if not len(points):
        return 0.0
    if bound.size == 1:
        return float(bound[0] - points.min())
    points = points[np.lexsort(points.T)]
    if bound.size == 2:
        return _area(points, bound)
    ends = np.append(points[1:, -1], bound[-1])
    total = 0.0
    for count, (point, end) in enumerate(zip(points, ends, strict=True), 1):
        if end > point[-1]:
            total += (end - point[-1]) * _volume(points[:count, :-1], bound[:-1])
    return float(total)


def _area(points: Floats, bound: Floats) -> float:
    """In two objectives; the points ascend in the second."""
    best = np.minimum.accumulate(points[:, 0])
    heights = np.diff(np.append(points[:, 1], bound[1]))
    return float(((bound[0] - best) * heights).sum())
