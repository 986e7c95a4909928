"""Class labels as users write them: whole numbers from 0, other whole numbers, or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.search.data.dataset import WRITE_REGRESSION, IntArray

MAX_CLASSES = 10_000  # a larger label is a mistake, such as a number of events
_SHOWN = 20  # names in a message
_WHOLE = re.compile(r"[+-]?\d+")
_MISSING = ("", "nan", "na", "n/a", "null")  # of text, in small letters


def numbered_labels(
    y: npt.NDArray[Any], every: Sequence[npt.NDArray[Any]], classes: tuple[str, ...] | None = None
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Class numbers and class names of labels.

    Whole numbers from 0 are class numbers. Text, and whole numbers of which some are negative, are
    names: without `classes` they are numbered in sorted order.

    Args:
        y: labels of some rows, (rows,).
        every: labels of all parts, which have the same classes.
        classes: names of the classes in their order, where these are stated.

    Raises:
        InputError: missing labels, fractions, numbers that are too large, or names that are not
            among `classes`.
    """
    parts = [_plain(part) for part in every]
    values = _plain(y)
    if any(part.dtype.kind in "US" for part in parts) or _signed(parts):
        return _by_name(values, parts, classes)
    for part in (*parts, values):
        _check_whole(part)
    if classes is None:
        largest = max((int(part.max()) for part in parts if part.size), default=-1)
        if largest >= MAX_CLASSES:
            raise InputError(
                f"has the label {largest}: labels number the classes from 0, up to "
                f"{MAX_CLASSES - 1}"
            )
        classes = tuple(str(k) for k in range(largest + 1))
    return values, classes


def ordered_labels(
    y: npt.NDArray[Any], classes: tuple[str, ...]
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Class numbers of labels by the order of the stated classes.

    Text is names of classes, and so are whole numbers where all of `classes` are; other whole
    numbers are class numbers, which `classes` names.

    Args:
        y: labels of all rows, (rows,).
        classes: names in the order of their numbers.

    Raises:
        InputError: as `numbered_labels`.
    """
    values = _plain(y)
    if values.dtype.kind in "iufb" and all(_WHOLE.fullmatch(name) for name in classes):
        _check_whole(values)
        return _by_name(values.astype(np.int64), [values], classes)
    return numbered_labels(y, [values], classes)


def _plain(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Text as unicode, and text of numbers as numbers."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        _check_given([value is None for value in array.ravel().tolist()])
        array = np.array([str(v) for v in array.ravel()]).reshape(array.shape)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.dtype.kind != "U":
        return array
    array = np.char.strip(array)
    _check_given([text.lower() in _MISSING for text in array.ravel().tolist()])
    try:
        return array.astype(np.float64)
    except ValueError:
        return array


def _check_given(missing: Sequence[bool]) -> None:
    if any(missing):
        raise InputError(
            f"row {missing.index(True)} has no label: leave out the {sum(missing)} such rows"
        )


def _signed(parts: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether whole numbers stand for names, as -1 and 1 do: each on two rows in the mean."""
    if any(part.dtype.kind not in "if" for part in parts):
        return False
    every = np.concatenate([part.ravel() for part in parts])
    distinct = np.unique(every)
    whole = bool((distinct == np.floor(distinct)).all())
    return whole and bool((distinct < 0).any()) and 2 * len(distinct) <= len(every)


def _check_whole(part: npt.NDArray[Any]) -> None:
    if part.dtype.kind not in "iufb":
        raise InputError(f"labels are whole numbers or text, not {part.dtype}; {WRITE_REGRESSION}")
    if part.dtype.kind == "f":
        _check_given(np.isnan(part).ravel().tolist())
        bad = np.flatnonzero(part.ravel() != np.floor(part.ravel()))
        if len(bad):
            raise InputError(
                f"the label {part.ravel()[bad[0]]:g} in row {bad[0]} is neither a whole number nor "
                f"a name; {WRITE_REGRESSION}"
            )


def _by_name(
    values: npt.NDArray[Any], parts: Sequence[npt.NDArray[Any]], classes: tuple[str, ...] | None
) -> tuple[IntArray, tuple[str, ...]]:
    text = [_text(part) for part in parts]
    if classes is None:
        found = np.unique(np.concatenate([part.ravel() for part in text]))
        numeric = all(part.dtype.kind in "if" for part in parts)
        classes = tuple(sorted(found.tolist(), key=float if numeric else str))
    places = {name: k for k, name in enumerate(classes)}
    names = _text(values)
    strange = sorted(set(names.ravel().tolist()) - set(places))
    if strange:
        raise InputError(
            f"the label {strange[0]!r} is none of the classes {', '.join(classes[:_SHOWN])}"
        )
    numbers = [places[name] for name in names.ravel().tolist()]
    return np.array(numbers, dtype=np.int64).reshape(names.shape), classes


def _text(values: npt.NDArray[Any]) -> npt.NDArray[np.str_]:
    if values.dtype.kind in "if":
        return np.array([str(int(v)) for v in values.ravel()]).reshape(values.shape)
    return values.astype(np.str_)
