"""Baselines kept in the user's cache, since they depend on the network and its rows alone.

A search for other designs of the same network, or of the same job once more, takes them from there.
Kept are their rows of the table and the projects, one zip file for each key (`sim.builds`).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import numpy.typing as npt

from symtick.baselines.hls4ml_net import name_folder
from symtick.baselines.rows import ComparisonRow, read_rows, to_json
from symtick.errors import ToolError
from symtick.files import new_folder
from symtick.search.data.dataset import Dataset
from symtick.search.teachers.teacher import TorchTeacher
from symtick.sim import builds
from symtick.sim.tools import find
from symtick.version import __version__

_PROJECTS = ("hls4ml", "da4ml")
_ROWS = "rows.json"
_FORMAT = "1"  # to be raised with every change of what baselines are
_PACKAGES = ("torch", "numpy")
_TOOLS = ("hls4ml", "da4ml", "g++", "verilator", "yosys", "nextpnr-ecp5")


def key_of(teacher: TorchTeacher, train: Dataset, test: Dataset, settings: Sequence[object]) -> str:
    """A hash of all that baselines depend on: network, rows, settings, versions of the tools."""
    versions = [*map(metadata.version, _PACKAGES), *map(_version, _TOOLS)]
    parts = [_FORMAT, __version__, *versions, repr(tuple(settings))]
    parts += [repr(teacher.architecture), teacher.task, *_texts([teacher.mean, teacher.std])]
    parts += _texts(array for layer in teacher.layers() for array in layer)
    for rows in (train, test):
        parts += [repr((rows.feature_names, rows.class_names, rows.target_names))]
        parts += _texts([rows.X, rows.y, rows.weights])
    return f"baselines-{builds.key(parts)}"


def _version(tool: str) -> str:
    """Of the program that would run; nothing where there is none."""
    try:
        return find(tool).version
    except ToolError:
        return ""


def _texts(arrays: Iterable[npt.NDArray[np.generic] | None]) -> list[str]:
    return [
        "" if a is None else f"{a.dtype} {a.shape} {builds.key([a.tobytes().hex()])}"
        for a in arrays
    ]


def fetch(key: str, folder: Path) -> list[ComparisonRow] | None:
    """The rows that are kept under a key, with the projects put into a new folder; None if none."""
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place) / "baselines.zip"
        if not builds.fetch(key, packed):
            return None
        with new_folder(folder) as draft:
            with ZipFile(packed) as archive:
                for one in archive.infolist():
                    path = Path(archive.extract(one, draft))
                    path.chmod(one.external_attr >> 16 & 0o777 or 0o644)
            rows = read_rows(draft / _ROWS)
            (draft / _ROWS).unlink()
            name_folder(draft / "hls4ml", folder / "hls4ml")
    return rows


def keep(key: str, folder: Path, rows: Sequence[ComparisonRow]) -> None:
    """Keep rows and the projects in a folder; nothing where that cannot be read or written."""
    with suppress(OSError), tempfile.TemporaryDirectory() as place:
        packed = Path(place) / "baselines.zip"
        with ZipFile(packed, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
            archive.writestr(_ROWS, json.dumps(to_json(rows)))
            for path in sorted(p for name in _PROJECTS for p in (folder / name).rglob("*")):
                archive.write(path, path.relative_to(folder))
        builds.keep(key, packed)
