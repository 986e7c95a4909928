"""Stored states of searches: plain arrays, and values for JSON, in one .npz file. Nothing is
pickled."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.files import write_bytes

Arrays = Mapping[str, npt.NDArray[Any]]
State = dict[str, npt.NDArray[Any]]
_VALUES = "__values__"


def part_of(state: Arrays, prefix: str) -> State:
    """The arrays whose names begin with the prefix, without it."""
    return {
        name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)
    }


def prefixed(state: Arrays, prefix: str) -> State:
    """The arrays with a prefix before their names; `part_of` inverts it."""
    return {f"{prefix}{name}": array for name, array in state.items()}


def write_state(path: Path, arrays: Arrays, values: Mapping[str, Any]) -> None:
    """Store arrays and values in one file, which is replaced as a whole."""
    content = io.BytesIO()
    text = json.dumps(values, allow_nan=False)
    np.savez(content, **{_VALUES: np.array(text)}, **arrays)  # type: ignore[arg-type]
    write_bytes(path, content.getvalue())


def read_state(path: Path) -> tuple[Arrays, Mapping[str, Any]]:
    """Arrays and values of one file.

    Raises:
        InputError: it is damaged or not a checkpoint.
    """
    try:
        # from memory: a damaged archive would leave its file open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        values = json.loads(str(arrays.pop(_VALUES)))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"the checkpoint file {path} is damaged: {error}") from error
    return arrays, values
