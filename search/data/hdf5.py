"""Reading .h5 files: arrays, a table of records, or a data set for each column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError


@contextmanager
def _opened(path: Path, table: str | None) -> Iterator[Any]:
    """The file's root, or what data.table names in it."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if table is not None and table not in file:
                raise InputError(
                    f"{path} has no {table!r}, which data.table names: it has {', '.join(file)}"
                )
            yield file if table is None else file[table]
    except OSError as error:
        raise InputError(f"{path} is not an HDF5 file, or damaged: {error}") from error


def hdf5_arrays(path: Path, table: str | None) -> dict[str, npt.NDArray[Any]] | None:
    """The arrays of a file (or group) that has an X or X_train; else None."""
    import h5py

    with _opened(path, table) as root:
        if isinstance(root, h5py.Dataset) or not {"X", "X_train"} & set(root):
            return None
        return {k: _values(v) for k, v in root.items() if isinstance(v, h5py.Dataset)}


def hdf5_columns(path: Path, table: str | None) -> dict[str, npt.NDArray[Any]]:
    """The columns of a table of records, or data sets of one axis and the same length.

    Args:
        path: the file.
        table: the table, or a group of data sets; None for the file's root, or its one table.

    Raises:
        InputError: pandas's own layout, several tables, or data sets of other shapes.
    """
    import h5py

    with _opened(path, table) as root:
        if isinstance(root, h5py.Group) and any("pandas_type" in g.attrs for g in _groups(root)):
            raise InputError(
                f"{path} is in the layout of pandas's to_hdf, which holds pickles: write it by "
                "to_parquet, or by h5py with a data set for each column"
            )
        if isinstance(root, h5py.Dataset):
            return _fields(path, root)
        found = {k: v for k, v in root.items() if isinstance(v, h5py.Dataset)}
        tables = [v for v in found.values() if v.dtype.names]
        if len(tables) == 1 and len(found) == 1:
            return _fields(path, tables[0])
        columns = {k: _values(v) for k, v in found.items() if v.ndim == 1 and not v.dtype.names}
        lengths = {len(column) for column in columns.values()}
        if len(lengths) != 1 or len(columns) < len(found):
            shapes = ", ".join(f"{k} {v.shape}" for k, v in found.items()) or ", ".join(root)
            raise InputError(
                f"{path} holds {shapes}: give X and y, or one data set for each column, all of the "
                "same length; data.table names a table or group inside"
            )
        return columns


def _groups(root: Any) -> list[Any]:
    return [root, *(child for child in root.values() if hasattr(child, "attrs"))]


def _fields(path: Path, records: Any) -> dict[str, npt.NDArray[Any]]:
    if not records.dtype.names:
        raise InputError(f"{path}: {records.name} is an array without names, not a table")
    content = records[()]
    columns = {}
    for name in records.dtype.names:
        column = content[name]
        if column.ndim != 1 or column.dtype.names:
            raise InputError(f"{path}: the column {name!r} of {records.name} holds several values")
        columns[name] = _text(column)
    return columns


def _values(data: Any) -> npt.NDArray[Any]:
    import h5py

    if h5py.check_string_dtype(data.dtype) is not None:
        return np.asarray(data.asstr()[()], dtype=object)
    return np.asarray(data[()])


def _text(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Bytes as text."""
    if column.dtype.kind not in "OS":
        return column
    texts = [v.decode() if isinstance(v, bytes) else str(v) for v in column.tolist()]
    return np.array(texts, dtype=object)
