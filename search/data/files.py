"""Reading data sets: .npz, .csv, and the public jet data set from OpenML.

Layouts:
  .npz  `X` and `y`, or `X_train`, `y_train`, `X_test`, `y_test` (both y may be left out); optional
        `feature_names` and `classes` (or `class_names`) as fixed-width text. Never unpickled. For a
        regression y is real, (rows,) or (rows, targets), and `target_names` may name the targets.
        `scores` (or `scores_train`, `scores_test`) are what a teacher says of the rows.
  .csv  one header line of names, then numbers. The label column is the one named by `target`,
        else the one called label, class, target or y; its values may be whole numbers or text. A
        regression takes one or several columns of numbers.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from symtick.defaults import TEST
from symtick.errors import InputError, ToolError
from symtick.expr import default_names
from symtick.search.data.dataset import (
    WRITE_REGRESSION,
    Dataset,
    DataTask,
    FloatArray,
    IntArray,
    Part,
    check_matrix,
)

TARGET_NAMES = ("label", "class", "target", "y")
MAX_CLASSES = 10_000  # a larger label is a mistake, such as a number of events
JET_CLASSES = ("g", "q", "w", "z", "t")


def load_dataset(
    path: Path | str,
    part: Part = "all",
    target: str | Sequence[str] | None = None,
    task: DataTask = "classification",
) -> Dataset:
    """A .npz or .csv file.

    Args:
        path: the file.
        part: which part of a file that holds a training and a test part.
        target: the name of a csv's label column; for a regression those of its target columns.
        task: whether y holds class labels or real targets.

    Raises:
        InputError: missing, of another kind, damaged, or breaking a rule of `Dataset`.
    """
    path = Path(path)
    if part not in get_args(Part):
        raise InputError(f"the part must be one of {', '.join(get_args(Part))}, not {part!r}")
    if not path.is_file():
        raise InputError(f"there is no data file {path}")
    if path.suffix not in (".npz", ".csv"):
        raise InputError(f"{path} is neither .npz nor .csv")
    if path.suffix == ".csv" and part != "all":
        raise InputError(f"{path} is a .csv file: it has no {part} part, only all")
    try:
        if path.suffix == ".npz":
            return _read_npz(path, part, task)
        wanted = (target,) if isinstance(target, str) else tuple(target or ())
        return _read_csv(path, wanted, task)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from None


def load_split(
    path: Path | str,
    fraction: float = TEST,
    seed: int = 0,
    target: str | Sequence[str] | None = None,
    task: DataTask = "classification",
) -> tuple[Dataset, Dataset]:
    """Training and test part of a file: its own parts, or else a seeded cut.

    Raises:
        InputError: as `load_dataset` and `Dataset.split`, or one part alone has y.
    """
    file = Path(path)
    arrays = _arrays(file) if file.suffix == ".npz" and file.is_file() else {}
    if "X_train" in arrays:
        for key in ("y", "scores", "weights"):
            given = [name for name in (f"{key}_train", f"{key}_test") if name in arrays]
            if len(given) == 1:
                raise InputError(
                    f"{path} has {given[0]} alone: give {key}_train and {key}_test, or neither"
                )
        return load_dataset(file, "train", task=task), load_dataset(file, "test", task=task)
    return load_dataset(file, "all", target, task).split(fraction, seed)


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as content:
            return {key: content[key] for key in content.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise InputError(
            f"{path} is not a .npz file of plain arrays (pickled objects are refused; store text "
            f"as fixed-width unicode): {error}"
        ) from error


def _read_npz(path: Path, part: Part, task: DataTask) -> Dataset:
    arrays = _arrays(path)
    X = _stacked(path, arrays, "X", part)
    if X is None:
        wanted = "X or X_train and X_test" if part == "all" else f"X_{part}"
        raise InputError(f"{path} has no {wanted}: its arrays are {', '.join(sorted(arrays))}")
    y = _stacked(path, arrays, "y", part)
    given = arrays.get("feature_names")
    matrix = check_matrix(X, None if given is None else tuple(map(str, given)))
    names = default_names(matrix.shape[1]) if given is None else given
    scores, weights = (_stacked(path, arrays, name, part) for name in ("scores", "weights"))
    if task == "regression":
        targets = _target_names(arrays, y)
        return Dataset(matrix, y, tuple(map(str, names)), (), targets, scores, weights)
    named = arrays.get("class_names", arrays.get("classes"))
    classes = _counted(path, arrays) if named is None else tuple(map(str, named))
    if not classes and scores is not None:
        classes = tuple(str(k) for k in range(max(2, np.atleast_2d(scores.T).shape[0])))
    return Dataset(matrix, y, tuple(map(str, names)), classes, (), scores, weights)


def _target_names(
    arrays: Mapping[str, npt.NDArray[Any]], y: npt.NDArray[Any] | None
) -> tuple[str, ...]:
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


def _counted(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[str, ...]:
    """Class names 0, 1, ... for labels that came without names; those of all parts."""
    parts = {name: arrays[name] for name in ("y", "y_train", "y_test") if name in arrays}
    for name, y in parts.items():
        if y.dtype.kind not in "iub":
            raise InputError(
                f"{path}: {name} holds {y.dtype}, but labels are whole numbers; {WRITE_REGRESSION}"
            )
    return _numbered(path, max((int(y.max()) for y in parts.values() if y.size), default=-1))


def _numbered(path: Path, largest: int) -> tuple[str, ...]:
    if largest >= MAX_CLASSES:
        raise InputError(
            f"{path} has the label {largest}: labels number the classes from 0, up to "
            f"{MAX_CLASSES - 1}"
        )
    return tuple(str(k) for k in range(largest + 1))


def _read_csv(path: Path, wanted: Sequence[str], task: DataTask) -> Dataset:
    header, rows = _csv_rows(path)
    columns = _target_columns(path, header, wanted)
    features = [i for i in range(len(header)) if i not in columns]
    names = tuple(header[i] for i in features)
    X = _numbers(path, [[row[i] for i in features] for row in rows], names)
    if task == "regression":
        if not columns:
            raise InputError(f"{path} has no target column: name one or several with data.label")
        targets = tuple(header[i] for i in columns)
        values = _numbers(path, [[row[i] for i in columns] for row in rows], targets)
        return Dataset(X, values, names, target_names=targets)
    if not columns:
        return Dataset(X, None, names)
    if len(columns) > 1:
        raise InputError(f"{path}: one label column is read, not {len(columns)}")
    y, classes = _labels(path, [row[columns[0]].strip() for row in rows])
    return Dataset(X, y, names, classes)


def _csv_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [row for row in csv.reader(file) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a csv file: {error}") from error
    if len(lines) < 2:
        raise InputError(f"{path} is empty: a header line and at least one row are needed")
    header = [name.strip() for name in lines[0]]
    for number, row in enumerate(lines[1:]):
        if len(row) != len(header):
            raise InputError(
                f"{path}: row {number} has {len(row)} values, but the header has {len(header)}"
            )
    return header, lines[1:]


def _target_columns(path: Path, header: Sequence[str], wanted: Sequence[str]) -> list[int]:
    for name in wanted:
        if name not in header:
            raise InputError(f"{path} has no column {name!r}: it has {', '.join(header)}")
    if wanted:
        return [header.index(name) for name in wanted]
    return [header.index(name) for name in TARGET_NAMES if name in header][:1]


def _numbers(path: Path, cells: Sequence[Sequence[str]], names: Sequence[str]) -> FloatArray:
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        pass  # find the cell, for the message
    for number, row in enumerate(cells):
        for name, cell in zip(names, row, strict=True):
            try:
                float(cell)
            except ValueError as error:
                raise InputError(
                    f"{path}: {cell!r} in row {number}, column {name!r} is not a number"
                ) from error
    raise InputError(f"{path} is not a matrix of numbers")


def _labels(path: Path, cells: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Whole numbers from 0 stay as they are; any other text is numbered in sorted order."""
    if all(cell.isascii() and cell.isdigit() for cell in cells):
        numbers = [int(cell) for cell in cells]
        classes = _numbered(path, max(numbers))
        return np.array(numbers, dtype=np.int64), classes
    fraction = next((cell for cell in cells if _fraction(cell)), None)
    if fraction is not None:
        raise InputError(
            f"{path}: the label {fraction!r} is neither a whole number nor a name; "
            f"{WRITE_REGRESSION}"
        )
    classes = tuple(sorted(set(cells)))
    places = {name: k for k, name in enumerate(classes)}
    return np.array([places[cell] for cell in cells], dtype=np.int64), classes


def _fraction(cell: str) -> bool:
    try:
        return not float(cell).is_integer()
    except ValueError:
        return False


def load_openml_jets(cache: Path | None = None) -> Dataset:
    """The original jet data set, OpenML `hls4ml_lhc_jets_hlf`: 830,000 jets, 16 features.

    Args:
        cache: where scikit-learn keeps the download; its own folder by default.

    Raises:
        ToolError: no internet, or the server does not answer as expected.
        InputError: what came is not the data set.
    """
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its retries warn; the error below says it all
            bunch = fetch_openml(
                name="hls4ml_lhc_jets_hlf",
                version=1,
                as_frame=False,
                parser="pandas",
                data_home=None if cache is None else str(cache),
                n_retries=1,
            )
    except (OSError, ValueError) as error:
        raise ToolError(
            f"could not fetch hls4ml_lhc_jets_hlf from OpenML ({error}): this needs internet. "
            "Without it use the committed sample examples/jets/jets_sample.npz, or a file of "
            "your own (.npz or .csv)"
        ) from error
    places = {name: k for k, name in enumerate(JET_CLASSES)}
    unknown = sorted(set(map(str, bunch.target)) - set(places))
    if unknown:
        raise InputError(f"hls4ml_lhc_jets_hlf came with the unknown classes {unknown}")
    y = np.array([places[str(label)] for label in bunch.target], dtype=np.int64)
    return Dataset(bunch.data, y, tuple(map(str, bunch.feature_names)), JET_CLASSES)
