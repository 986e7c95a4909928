"""Fitted estimators as JSON files: reading one, and the parameters that have a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symtick.errors import InputError


def read_stored(path: Path | str, form: str, what: str) -> dict[str, Any]:
    """What `save` of an estimator wrote.

    Args:
        path: the file.
        form: the format that it must state.
        what: is stored there, for messages.

    Raises:
        InputError: it cannot be read or is something else.
    """
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}") from None
    if not isinstance(stored, dict) or stored.get("format") != form:
        raise InputError(f"{path} is not a stored {what} of the format {form}")
    return stored


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those that JSON can hold; callables, engines, teachers and clusters are left out."""
    kept: dict[str, Any] = {}
    for name, value in parameters.items():
        try:
            kept[name] = json.loads(json.dumps(value, allow_nan=False, default=_as_text))
        except (TypeError, ValueError):
            continue
    return kept


def _as_text(value: object) -> object:
    from symtick.search.grammar.grammar import Operator

    if isinstance(value, Operator):
        return f"{value.name}({', '.join(value.body.inputs)}) = {value.text}"
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path | Mapping):
        return str(value) if isinstance(value, Path) else dict(value)
    raise TypeError
