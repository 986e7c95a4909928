"""Data sets from columns: .csv, .parquet and ROOT trees, and what each column is.

A column is numbers or text. One is the label (of a regression one or several are targets), one may
hold weights and several a teacher's scores; the others are features, or those that are named.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, MissingExtraError, SymtickWarning, did_you_mean
from symtick.search.data.dataset import Dataset, DataTask, FloatArray
from symtick.search.data.labels import numbered_labels, ordered_labels

Column = npt.NDArray[Any]
LABELS = ("label", "class", "target", "y")  # what the label column may be called
_SEPARATORS = ",;\t"
_MISSING = ("", "na", "n/a", "none", "null", "nan")
_SHOWN = 40  # names of columns in a message


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are, by name.

    Attributes:
        label: the label; of a regression the targets.
        features: the features, in this order; all other columns by default.
        weight: how much a row counts.
        scores: what a teacher says, in the order of the classes or targets.
        table: the tree of a .root file, or the group or data set of an .h5 file.
        classes: names of the classes in the order of the teacher's outputs; sorted by default.
    """

    label: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    weight: str | None = None
    scores: tuple[str, ...] = ()
    table: str | None = None
    classes: tuple[str, ...] = ()


def from_columns(
    path: Path, content: Mapping[str, Column], columns: Columns, task: DataTask
) -> Dataset:
    """The data set of a file's columns.

    Raises:
        InputError: a column is missing or is text where numbers are needed, or as `Dataset`.
    """
    for key, names in (("label", columns.label), ("features", columns.features),
                       ("weight", (columns.weight,)), ("scores", columns.scores)):  # fmt: skip
        for name in names:
            if name is not None and name not in content:
                raise InputError(_lacking(path, name, f"data.{key}", content))
    label = columns.label or tuple(name for name in LABELS if name in content)[:1]
    other = {*label, *columns.scores, columns.weight}
    features = columns.features or tuple(name for name in content if name not in other)
    doubled = [name for name in features if name in other]
    if doubled:
        raise InputError(f"{path}: {doubled[0]!r} is named as a feature and as something else")
    if not features:
        raise InputError(f"{path} has no column for a feature, only {', '.join(content)}")
    X = _matrix(path, content, features, "name it as data.label, or leave it out by data.features")
    scores = _matrix(path, content, columns.scores, "scores are numbers")
    weights = _matrix(path, content, (columns.weight,) if columns.weight else (), "of weights")
    more = {"scores": scores, "weights": None if weights is None else weights[:, 0]}
    assert X is not None  # there are features
    if task == "regression":
        if not label:
            raise InputError(f"{path} has no target column: name one or several with data.label")
        y = _matrix(path, content, label, "targets are numbers")
        return Dataset(X, y, features, target_names=label, **more)  # type: ignore[arg-type]
    if len(label) > 1:
        raise InputError(f"{path}: one label column is read, not {len(label)}")
    if not label:
        classes = columns.classes
        if scores is not None and not classes:
            classes = tuple(map(str, range(max(2, scores.shape[1]))))
        return Dataset(X, None, features, classes, **more)  # type: ignore[arg-type]
    try:
        numbers, names = _numbered(content[label[0]], columns.classes, f"{path}, {label[0]!r}")
    except InputError as error:
        raise InputError(f"{path}, column {label[0]!r}: {error}") from None
    return Dataset(X, numbers, features, names, **more)  # type: ignore[arg-type]


def _numbered(
    labels: Column, classes: tuple[str, ...], where: str
) -> tuple[Column, tuple[str, ...]]:
    """Class numbers and names, with a `SymtickWarning` for codes that are taken for numbers."""
    if classes:
        return ordered_labels(labels, classes)
    numbers, names = numbered_labels(labels, [labels])
    found = np.unique(numbers).astype(np.int64).tolist()
    if 2 * len(found) < len(names):
        warnings.warn(
            f"{where}: the labels {', '.join(map(str, found[:_SHOWN]))} number {len(names)} "
            "classes from 0, most of them without a row: if they are codes, list them as "
            "data.classes, in the order of the teacher's outputs",
            SymtickWarning,
            stacklevel=2,
        )
    return numbers, names


def _lacking(path: Path, name: str, key: str, content: Mapping[str, Column]) -> str:
    meant = did_you_mean(name, content)
    names = ", ".join(list(content)[:_SHOWN])
    more = f", and {len(content) - _SHOWN} more" if len(content) > _SHOWN else ""
    return f"{path} has no column {name!r}, which {key} names: {meant}it has {names}{more}"


def _matrix(
    path: Path, content: Mapping[str, Column], names: Sequence[str], remedy: str
) -> FloatArray | None:
    """Columns as float64 (rows, columns); None for no columns."""
    if not names:
        return None
    return np.stack([_numbers(path, name, content[name], remedy) for name in names], axis=1)


def _numbers(path: Path, name: str, column: Column, remedy: str) -> FloatArray:
    if column.dtype.kind in "iufb":
        return np.asarray(column, np.float64)
    try:
        return np.array(column, dtype=np.float64)
    except (ValueError, TypeError):
        pass  # find the cell, for the message
    for number, cell in enumerate(column.tolist()):
        if str(cell).strip().lower() in _MISSING:
            raise InputError(
                f"{path}: row {number} has no value in column {name!r} ({cell!r}): leave such rows "
                "out, or fill them"
            )
        try:
            float(cell)
        except (ValueError, TypeError):
            comma = isinstance(cell, str) and _is_number(cell.replace(",", ".", 1))
            advice = "write decimal points, not commas" if comma else remedy
            raise InputError(
                f"{path}: {cell!r} in row {number}, column {name!r} is not a number: {advice}"
            ) from None
    raise InputError(f"{path}: the column {name!r} is not numbers: {remedy}")


def csv_columns(path: Path) -> dict[str, Column]:
    """One header line of names, then values, separated by commas, semicolons or tabs.

    Raises:
        InputError: not a csv file, no rows, rows of unequal length, or a name that stands twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            separator = max(_SEPARATORS, key=lambda one: len(_fields(first, one)))
            lines = [row for row in csv.reader(file, delimiter=separator) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a csv file in UTF-8: {error}") from error
    if len(lines) < 2:
        raise InputError(f"{path} is empty: a header line and at least one row are needed")
    header = [name.strip() for name in lines[0]]
    if all(_is_number(name) for name in header):
        raise InputError(f"{path} has no header: its first line must name the columns")
    if len(header) == 1 and re.search(r"[\s|:]", header[0]):
        raise InputError(
            f"{path} has one column, {header[0]!r}: separate columns by commas, semicolons or tabs"
        )
    if "" in header:
        raise InputError(
            f"{path}: column {header.index('')} has no name in the header; pandas writes its index "
            "so unless to_csv(index=False) is asked for"
        )
    for number, row in enumerate(lines[1:]):
        if len(row) != len(header):
            raise InputError(
                f"{path}: row {number} has {len(row)} values, but the header has {len(header)}"
            )
    _distinct(path, header)
    return {name: _cells([row[k] for row in lines[1:]]) for k, name in enumerate(header)}


def _fields(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cells(texts: Sequence[str]) -> Column:
    """Numbers, if all of them are, or truth values; else text."""
    if set(texts) <= {"True", "False"}:
        return np.array([text == "True" for text in texts])
    try:
        return np.array(texts, dtype=np.float64)
    except ValueError:
        return np.array(texts, dtype=object)


def _distinct(path: Path, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: the column name {name!r} occurs {names.count(name)} times")


def parquet_columns(path: Path) -> dict[str, Column]:
    """The columns of a .parquet file; an index that pandas stored is left out.

    Raises:
        InputError: damaged, empty, or a column is neither numbers nor text.
        MissingExtraError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise MissingExtraError(f"the data file {path}", "parquet")
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a .parquet file, or damaged: {error}") from error
    _distinct(path, table.column_names)
    types, columns = pyarrow.types, {}
    for name in table.column_names:
        if name.startswith("__index_level_"):
            continue
        column = table.column(name).combine_chunks()
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if types.is_string(kind) or types.is_large_string(kind):
            columns[name] = np.array(column.to_pylist(), dtype=object)
        elif any(of(kind) for of in (types.is_boolean, types.is_integer, types.is_floating)):
            columns[name] = column.to_numpy(zero_copy_only=False)
        else:
            raise InputError(
                f"{path}: the column {name!r} is of type {kind}: store one number or text for each "
                "row, such as a column for each element"
            )
    return columns


def root_columns(path: Path, wanted: Columns) -> dict[str, Column]:
    """The branches of a tree that hold one value for each entry.

    Args:
        path: the file.
        wanted: its `table` is the tree, None where there is one alone; branches that it names hold
            one value for each entry.

    Raises:
        InputError: damaged, no such tree, several of them, branches of several values alone, or
            one of these is named.
        MissingExtraError: uproot is not installed.
    """
    if find_spec("uproot") is None:
        raise MissingExtraError(f"the data file {path}", "root")
    import uproot

    try:
        with uproot.open(path) as file:
            kinds = file.classnames(recursive=True)
            trees = {k.partition(";")[0]: None for k, kind in kinds.items()
                     if kind == "TTree" or "RNTuple" in kind}  # fmt: skip
            return _branches(path, file[_tree(path, [*trees], wanted.table)], wanted)
    except (OSError, ValueError, KeyError, uproot.DeserializationError) as error:
        if isinstance(error, InputError):
            raise
        line = next(iter(str(error).strip().splitlines()), "")
        raise InputError(f"{path} is not a .root file, or damaged: {line}") from error


def _tree(path: Path, trees: Sequence[str], table: str | None) -> str:
    """The tree that is named, or the only one."""
    if not trees:
        raise InputError(f"{path} holds no tree (TTree or RNTuple) to read rows from")
    if table is None and len(trees) > 1:
        raise InputError(f"{path} holds the trees {', '.join(trees)}: name one as data.table")
    if table is not None and table not in trees:
        raise InputError(
            f"{path} has no tree {table!r}, which data.table names: it has {', '.join(trees)}"
        )
    return table or trees[0]


def _branches(path: Path, tree: Any, wanted: Columns) -> dict[str, Column]:
    columns, several = {}, []
    for name in tree.keys(recursive=False):
        values = tree[name].array(library="np")
        if values.ndim == 1 and values.dtype.kind in "iufb":
            columns[name] = values
        elif values.ndim == 1 and all(isinstance(v, str) for v in values[:1]):
            columns[name] = np.array(values.tolist(), dtype=object)
        else:
            several.append(name)
    named = {*(wanted.label or LABELS), *wanted.features, *wanted.scores, wanted.weight}
    wrong = [name for name in several if name in named]
    if wrong:
        raise InputError(
            f"{path}: the branch {wrong[0]!r} does not hold one number or text for each entry: "
            "write flat branches, such as one for each of the leading particles"
        )
    if not columns:
        raise InputError(
            f"{path}: no branch holds one number for each entry (there are {', '.join(several)}): "
            "write flat branches, such as one for each of the leading particles"
        )
    return columns
