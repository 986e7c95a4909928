"""Data sets, checked, and the scaler from their units to the hardware's range.

A data set is finite, rectangular and named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from symtick.defaults import TAIL
from symtick.errors import InputError, did_you_mean

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Part = Literal["all", "train", "test"]
DataTask = Literal["classification", "regression"]
WRITE_REGRESSION = "real targets are learnt with task: regression"

# the largest float32 below 1, so that the open end of [-1, 1) survives a cast to float32
TOP = 1.0 - 2.0**-24
_LEAST_SPAN = 1e-300  # a narrower range has no finite factor: the feature counts as constant


def check_matrix(X: npt.ArrayLike, names: Sequence[str] | None = None) -> FloatArray:
    """A finite, non-empty float64 matrix (rows, features), or an error that names the culprit.

    Args:
        X: anything that numpy reads as a matrix of numbers.
        names: the expected feature names; their number must be the number of columns.

    Raises:
        InputError: ragged, empty, not numeric, wrong number of columns, NaN or infinity.
    """
    try:
        matrix = np.array(X, dtype=np.float64) if _real(X) else None
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the data is not a matrix of numbers (rows of different length, or text?): {error}"
        ) from error
    if matrix is None:
        raise InputError("the data holds complex numbers: give real and imaginary part as features")
    if matrix.ndim != 2:
        raise InputError(f"the data must be a matrix (rows, features), not of shape {matrix.shape}")
    if 0 in matrix.shape:
        raise InputError(f"the data is empty: {matrix.shape[0]} rows, {matrix.shape[1]} features")
    if names is not None and matrix.shape[1] != len(names):
        raise InputError(
            f"the data has {matrix.shape[1]} features, but {len(names)} are expected: "
            f"{', '.join(names)}"
        )
    _check_finite(matrix, names)
    return matrix


def _real(values: npt.ArrayLike) -> bool:
    """Whether an array is of no complex numbers, whose imaginary part numpy would drop."""
    return not (isinstance(values, np.ndarray) and values.dtype.kind == "c")


def _check_finite(matrix: FloatArray, names: Sequence[str] | None) -> None:
    bad = np.argwhere(~np.isfinite(matrix))
    if len(bad) == 0:
        return
    row, column = (int(index) for index in bad[0])
    name = f" ({names[column]!r})" if names is not None else ""
    raise InputError(
        f"the data has {matrix[row, column]} in row {row}, column {column}{name}, and "
        f"{len(bad)} non-finite values in all: remove or repair these rows"
    )


def _check_unique(names: Sequence[str], what: str) -> tuple[str, ...]:
    unique = tuple(str(name) for name in names)
    for name in unique:
        if not name.strip():
            raise InputError(f"an empty {what} name among {list(unique)}")
        if unique.count(name) > 1:
            raise InputError(f"the {what} name {name!r} occurs {unique.count(name)} times")
    return unique


def check_labels(y: npt.ArrayLike, rows: int, classes: int) -> IntArray:
    """Labels as int64 of shape (rows,), each from 0 to classes - 1.

    Raises:
        InputError: another shape, fractions, or a label outside the range.
    """
    raw = np.asarray(y)
    if raw.shape == (rows, 1):
        raw = raw[:, 0]
    if raw.shape != (rows,):
        hot = raw.ndim == 2 and len(raw) == rows
        hint = "; of one-hot labels give y.argmax(axis=1)" if hot else ""
        raise InputError(f"{rows} rows need labels of shape ({rows},), not {raw.shape}{hint}")
    if raw.dtype.kind not in "iufb":
        raise InputError(f"labels must be whole numbers, not of type {raw.dtype}")
    bad = np.flatnonzero(~np.isfinite(raw) | (raw != np.floor(raw)) | (raw < 0) | (raw >= classes))
    if len(bad):
        row = int(bad[0])
        fraction = raw[row] != np.floor(raw[row])
        raise InputError(
            f"the label in row {row} is {raw[row]}, but with {classes} classes labels are whole "
            f"numbers from 0 to {classes - 1}{f'; {WRITE_REGRESSION}' if fraction else ''}"
        )
    return np.array(raw, dtype=np.int64)


def check_targets(y: npt.ArrayLike, rows: int, names: Sequence[str]) -> FloatArray:
    """Real targets as float64 of shape (rows, targets), from that shape or (rows,) for one.

    Raises:
        InputError: another shape, not numbers, NaN or infinity.
    """
    try:
        values = np.array(y, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"targets must be real numbers: {error}") from error
    if values.shape == (rows,):
        values = values[:, None]
    if values.shape != (rows, len(names)):
        raise InputError(
            f"{rows} rows need targets of shape ({rows}, {len(names)}) for {', '.join(names)}, "
            f"not {values.shape}"
        )
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = (int(index) for index in bad[0])
        raise InputError(
            f"the target {names[column]!r} of row {row} is {values[row, column]}: remove or repair "
            f"the {len(bad)} values that are not finite"
        )
    return values


def check_scores(scores: npt.ArrayLike, rows: int) -> FloatArray:
    """A teacher's scores as float64 of shape (rows, outputs), from that shape or (rows,) for one.

    Raises:
        InputError: another shape, not numbers, NaN or infinity.
    """
    if not _real(scores):
        raise InputError("the teacher's scores must be real numbers, not complex ones")
    try:
        values = np.array(scores, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"the teacher's scores must be real numbers: {error}") from error
    if values.shape == (rows,):
        values = values[:, None]
    if values.ndim != 2 or len(values) != rows or 0 in values.shape:
        raise InputError(
            f"{rows} rows need a teacher's scores of shape ({rows}, outputs), not {values.shape}"
        )
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = (int(index) for index in bad[0])
        raise InputError(
            f"the teacher's score {column} of row {row} is {values[row, column]}: give scores "
            "before softmax, which are finite, or leave the row out"
        )
    return values


def check_weights(weights: npt.ArrayLike, rows: int) -> FloatArray:
    """Weights of rows as float64 of shape (rows,).

    Raises:
        InputError: another shape, not numbers, not finite, negative, or all 0.
    """
    try:
        values = np.array(weights, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"weights must be real numbers: {error}") from error
    if values.shape != (rows,):
        raise InputError(f"{rows} rows need weights of shape ({rows},), not {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0.0))
    if len(bad):
        raise InputError(
            f"the weight of row {bad[0]} is {values[bad[0]]}: weights are finite numbers from 0 "
            f"({len(bad)} are not); leave rows of negative weight out, or take absolute values"
        )
    if not values.any():
        raise InputError("every weight is 0: at least one row must count")
    return values


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with names, and labels or real targets where they are known.

    Attributes:
        X: float64 (rows, features), finite, in the user's units.
        y: int64 (rows,) class numbers; of a regression float64 (rows, targets), finite, in the
            user's units; or None.
        feature_names: one distinct name per column.
        class_names: one distinct name per class; empty when there are no labels.
        target_names: of a regression, one distinct name per target; empty for classes.
        scores: float64 (rows, outputs), finite: what a teacher says of the rows, scores before
            softmax or values, where these came with them; or None.
        weights: float64 (rows,), finite, none negative and not all 0; or None where all rows count
            the same.

    Raises:
        InputError: on construction, for anything that breaks the lines above.
    """

    X: FloatArray
    y: IntArray | FloatArray | None
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    scores: FloatArray | None = None
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        names = _check_unique(self.feature_names, "feature")
        classes = _check_unique(self.class_names, "class")
        targets = _check_unique(self.target_names, "target")
        if classes and targets:
            raise InputError("a data set has classes or real targets, not both")
        matrix = check_matrix(self.X, names)
        y: IntArray | FloatArray | None = None
        if self.y is not None and targets:
            y = check_targets(self.y, len(matrix), targets)
        elif self.y is not None:
            y = check_labels(self.y, len(matrix), len(classes))
        scores = None if self.scores is None else check_scores(self.scores, len(matrix))
        weights = None if self.weights is None else check_weights(self.weights, len(matrix))
        for array in (matrix, y, scores, weights):
            if array is not None:
                array.setflags(write=False)
        for field, value in (
            ("X", matrix),
            ("y", y),
            ("scores", scores),
            ("weights", weights),
            ("feature_names", names),
            ("class_names", classes),
            ("target_names", targets),
        ):
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.X)

    @property
    def labels(self) -> IntArray:
        """The labels.

        Raises:
            InputError: there are none, or real targets.
        """
        if self.target_names:
            raise InputError(
                f"this step needs class labels, but the data set has the real targets "
                f"{', '.join(self.target_names)}"
            )
        if self.y is None:
            raise InputError("this step needs labels, but the data set has none")
        return np.asarray(self.y, np.int64)

    @property
    def targets(self) -> FloatArray:
        """The real targets, (rows, targets).

        Raises:
            InputError: there are none, or class labels.
        """
        if self.y is None or not self.target_names:
            other = "class labels" if self.y is not None else "none"
            raise InputError(f"this step needs real targets, but the data set has {other}")
        return np.asarray(self.y, np.float64)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Dataset:
        """The named rows, in the order given."""

        def part(array: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
            return None if array is None else array[rows]

        return replace(
            self,
            X=self.X[rows],
            y=part(self.y),
            scores=part(self.scores),
            weights=part(self.weights),
        )

    def of_features(self, names: Sequence[str]) -> Dataset:
        """The same rows with these features alone, in this order.

        Raises:
            InputError: it has no such feature.
        """
        for name in names:
            if name not in self.feature_names:
                raise InputError(
                    f"has no feature {name!r}, which data.features names: "
                    f"{did_you_mean(name, self.feature_names)}it has "
                    f"{', '.join(self.feature_names)}"
                )
        places = [self.feature_names.index(name) for name in names]
        return replace(self, X=self.X[:, places], feature_names=tuple(names))

    def split(self, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Shuffle and cut: the rest, and a part with about `fraction` of the rows.

        Raises:
            InputError: a fraction outside (0, 1), or one that leaves a part empty.
        """
        if not 0.0 < fraction < 1.0:
            raise InputError(f"the fraction must lie between 0 and 1, not {fraction!r}")
        count = round(fraction * len(self))
        if count in (0, len(self)):
            raise InputError(f"a fraction of {fraction} of {len(self)} rows leaves a part empty")
        order = np.random.default_rng(seed).permutation(len(self))
        return self.take(order[count:]), self.take(order[:count])


@dataclass(frozen=True)
class Scaler:
    """Per feature x -> (x - low) / (high - low) * 2 - 1, clipped to [-1, 1).

    A value outside [low, high] saturates, as the hardware's input does; a feature whose low is its
    high maps to 0.

    Attributes:
        low, high: the ends of each feature's range, in the user's units.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or not self.low:
            raise InputError(
                f"a scaler needs as many lows as highs and at least one, not {len(self.low)} and "
                f"{len(self.high)}"
            )
        for index, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if not (low <= high and math.isfinite(high - low)):
                raise InputError(f"feature {index} has the range [{low!r}, {high!r}]")

    @classmethod
    def fit(cls, X: npt.ArrayLike, tail: float = TAIL) -> Scaler:
        """Ranges from the data: the quantiles `tail` and 1 - `tail` of each feature.

        Raises:
            InputError: bad data, or a tail outside [0, 0.5).
        """
        if not 0.0 <= tail < 0.5:
            raise InputError(f"the tail of the quantiles must lie in [0, 0.5), not {tail!r}")
        low, high = np.quantile(check_matrix(X), [tail, 1.0 - tail], axis=0)
        return cls(tuple(map(float, low)), tuple(map(float, high)))

    @property
    def slope(self) -> FloatArray:
        """The factor of each feature; 0 for a constant one."""
        span = np.subtract(self.high, self.low)
        return np.divide(2.0, span, out=np.zeros_like(span), where=span > _LEAST_SPAN)

    @property
    def offset(self) -> FloatArray:
        """What is added after the factor: scaled = slope * x + offset, before clipping."""
        slope = self.slope
        return np.where(slope > 0, -1.0 - slope * np.asarray(self.low), 0.0)

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Rows (n, features) in the user's units to the same shape in [-1, 1).

        Raises:
            InputError: bad data, or another number of features.
        """
        matrix = check_matrix(X)
        if matrix.shape[1] != len(self.low):
            raise InputError(f"the data has {matrix.shape[1]} features, the scaler {len(self.low)}")
        slope = self.slope
        with np.errstate(over="ignore", invalid="ignore"):  # far outside: clipped or not used
            scaled = np.where(slope > 0, (matrix - np.asarray(self.low)) * slope - 1.0, 0.0)
        return np.clip(scaled, -1.0, TOP)

    def to_dict(self) -> dict[str, list[float]]:
        """A form for JSON; floats survive exactly."""
        return {"low": list(self.low), "high": list(self.high)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Scaler:
        """The inverse of `to_dict`.

        Raises:
            InputError: other keys, or values that are not numbers.
        """
        if set(content) != {"low", "high"}:
            raise InputError(f"a scaler has the keys low and high, not {sorted(content)}")
        try:
            low, high = (tuple(float(v) for v in content[key]) for key in ("low", "high"))
        except (TypeError, ValueError) as error:
            raise InputError(f"a scaler's ranges must be lists of numbers: {error}") from error
        return cls(low, high)
