"""Reading data sets: .npz, .csv, .parquet, .h5 and ROOT trees; nothing is unpickled.

Two layouts:
  arrays   `X` and `y`, or `X_train`, `y_train`, `X_test`, `y_test` (both y may be left out), of
           .npz and .h5 files; optional `feature_names` and `classes` (or `class_names`) as text.
           For a regression y is real, (rows,) or (rows, targets), and `target_names` may name the
           targets. `scores` (or `scores_train`, `scores_test`) are what a teacher says of the rows,
           `weights` (or those of both parts) how much they count.
  columns  one value of each row by name, of .csv, .parquet and .h5 files and of a tree of a .root
           file (`symtick.search.data.tables`).
Labels are whole numbers from 0, or text.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from symtick.defaults import TEST
from symtick.errors import InputError
from symtick.expr import default_names
from symtick.files import check_file
from symtick.search.data.dataset import Dataset, DataTask, Part, check_matrix
from symtick.search.data.hdf5 import hdf5_arrays, hdf5_columns
from symtick.search.data.labels import numbered_labels
from symtick.search.data.tables import (
    Column,
    Columns,
    csv_columns,
    from_columns,
    parquet_columns,
    root_columns,
)

Arrays = dict[str, npt.NDArray[Any]]
_TABLES: dict[str, Callable[[Path, Columns], dict[str, Column]]] = {
    ".csv": lambda path, _: csv_columns(path),
    ".parquet": lambda path, _: parquet_columns(path),
    ".root": root_columns,
    ".h5": lambda path, wanted: hdf5_columns(path, wanted.table),
    ".hdf5": lambda path, wanted: hdf5_columns(path, wanted.table),
}
_HDF5 = (".h5", ".hdf5")


def load_dataset(
    path: Path | str,
    part: Part = "all",
    columns: Columns | None = None,
    task: DataTask = "classification",
) -> Dataset:
    """The rows of a file.

    Args:
        path: the file; its suffix says what it is.
        part: which part of a file that holds a training and a test part.
        columns: what the columns are; by default the label is called label, class, target or y.
        task: whether y holds class labels or real targets.

    Raises:
        InputError: missing, of another kind, damaged, or breaking a rule of `Dataset`.
        MissingExtraError: the package that reads such files is not installed.
    """
    path, columns = Path(path), columns or Columns()
    if part not in get_args(Part):
        raise InputError(f"the part must be one of {', '.join(get_args(Part))}, not {part!r}")
    check_file(path, "data file")
    if path.suffix not in (".npz", *_TABLES):
        raise InputError(f"{path} is none of .npz, {', '.join(_TABLES)}")
    arrays = _arrays(path, columns.table)
    if arrays is None and part != "all":
        raise InputError(f"{path} is a {path.suffix} file: it has no {part} part, only all")
    try:
        if arrays is not None:
            return _selected(_from_arrays(path, arrays, part, task), columns)
        return from_columns(path, _TABLES[path.suffix](path, columns), columns, task)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from None


def load_split(
    path: Path | str,
    fraction: float = TEST,
    seed: int = 0,
    columns: Columns | None = None,
    task: DataTask = "classification",
) -> tuple[Dataset, Dataset]:
    """Training and test part of a file: its own parts, or else a seeded cut.

    Raises:
        InputError: as `load_dataset` and `Dataset.split`, or one part alone has y.
    """
    file = Path(path)
    table = None if columns is None else columns.table
    arrays = (_arrays(file, table) if file.is_file() else None) or {}
    if "X_train" in arrays:
        for key in ("y", "scores", "weights"):
            given = [name for name in (f"{key}_train", f"{key}_test") if name in arrays]
            if len(given) == 1:
                raise InputError(
                    f"{path} has {given[0]} alone: give {key}_train and {key}_test, or neither"
                )
        train = load_dataset(file, "train", columns, task)
        test = load_dataset(file, "test", columns, task)
        if train.feature_names != test.feature_names:
            raise InputError(
                f"{path}: X_train has {train.X.shape[1]} columns, but X_test {test.X.shape[1]}: "
                "give the same features in both"
            )
        return train, test
    return load_dataset(file, "all", columns, task).split(fraction, seed)


def _arrays(path: Path, table: str | None) -> Arrays | None:
    """The arrays of a file in the layout of arrays; None for one of columns."""
    if path.suffix in _HDF5:
        return hdf5_arrays(path, table)
    if path.suffix != ".npz":
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            return {key: content[key] for key in content.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise InputError(
            f"{path} is not a .npz file of plain arrays (pickled objects are refused; store text "
            f"as fixed-width unicode): {error}"
        ) from error


def _from_arrays(path: Path, arrays: Arrays, part: Part, task: DataTask) -> Dataset:
    X = _stacked(path, arrays, "X", part)
    if X is None:
        wanted = "X or X_train and X_test" if part == "all" else f"X_{part}"
        raise InputError(f"{path} has no {wanted}: its arrays are {', '.join(sorted(arrays))}")
    y = _stacked(path, arrays, "y", part)
    given = arrays.get("feature_names")
    matrix = check_matrix(X, None if given is None else tuple(map(str, given)))
    names = default_names(matrix.shape[1]) if given is None else tuple(map(str, given))
    scores, weights = (_stacked(path, arrays, name, part) for name in ("scores", "weights"))
    if task == "regression":
        return Dataset(matrix, y, names, (), _target_names(arrays, y), scores, weights)
    named = arrays.get("class_names", arrays.get("classes"))
    classes = None if named is None else tuple(map(str, named))
    if y is not None:
        every = [arrays[name] for name in ("y", "y_train", "y_test") if name in arrays]
        y, classes = numbered_labels(y, every, classes)
    elif classes is None and scores is not None:
        outputs = 1 if scores.ndim == 1 else scores.shape[1]
        classes = tuple(str(k) for k in range(max(2, outputs)))
    return Dataset(matrix, y, names, classes or (), (), scores, weights)


def _selected(data: Dataset, columns: Columns) -> Dataset:
    """The features that are asked for; an array says itself what the other columns are."""
    for key, value in (("label", columns.label), ("weight", columns.weight),
                       ("scores", columns.scores)):  # fmt: skip
        if value:
            raise InputError(
                f"data.{key} names a column, but the file holds arrays: y are the labels, weights "
                "the weights, scores the teacher's scores"
            )
    if columns.classes:
        raise InputError(
            "data.classes orders the labels of a column, but the file holds arrays: give it an "
            "array classes of their names in this order"
        )
    return data.of_features(columns.features) if columns.features else data


def _target_names(arrays: Arrays, y: npt.NDArray[Any] | None) -> tuple[str, ...]:
    """Names of a regression's targets; y0, y1, ... where the file has none."""
    named = arrays.get("target_names")
    if named is not None:
        return tuple(map(str, np.atleast_1d(named)))
    if y is None:
        raise InputError(
            "a regression needs targets y, or target_names to name the outputs of its teacher"
        )
    if y.ndim not in (1, 2):
        raise InputError(f"targets are (rows,) or (rows, targets), not of shape {y.shape}")
    return tuple(f"y{k}" for k in range(1 if y.ndim == 1 else y.shape[1]))


def _stacked(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], key: str, part: Part
) -> npt.NDArray[Any] | None:
    keys = [f"{key}_{part}"] if part != "all" else [f"{key}_train", f"{key}_test"]
    if part == "all" and key in arrays:
        keys = [key]
    parts = [arrays[name] for name in keys if name in arrays]
    if len(parts) != len(keys):
        return None
    try:
        return np.concatenate(parts)
    except ValueError as error:
        raise InputError(f"{path}: {' and '.join(keys)} do not fit together: {error}") from error
