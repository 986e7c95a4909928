"""Stored states of searches, in one .npz file without pickles, and digests of their settings."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from inspect import getattr_static
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Expression
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


def with_values(arrays: Arrays, **values: Any) -> State:
    """The arrays, and values of JSON as one more of them."""
    return {**arrays, _VALUES: np.array(json.dumps(values, allow_nan=False))}


def values_of(state: Arrays) -> dict[str, Any]:
    """The values of `with_values`.

    Raises:
        KeyError: there are none.
        ValueError: they are damaged.
    """
    return dict(json.loads(str(state[_VALUES])))


@contextmanager
def restoring() -> Iterator[None]:
    """Around the reading of a state: what is missing or wrong in it is an `InputError`."""
    try:
        yield
    except InputError:
        raise
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"cannot go on from the saved search: {error!r}") from None


def write_state(path: Path, state: Arrays) -> None:
    """Store a state in one file, which is replaced as a whole."""
    content = io.BytesIO()
    np.savez(content, **state)  # type: ignore[arg-type]
    write_bytes(path, content.getvalue())


def read_state(path: Path) -> State:
    """The state of a file.

    Raises:
        InputError: it is damaged or not a checkpoint.
    """
    try:
        # from memory: a damaged archive would leave its file open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            state = {name: content[name] for name in content.files}
        values_of(state)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"the checkpoint file {path} is damaged: {error}") from error
    return state


def refuse_earlier(path: Path, held: object, wanted: str) -> None:
    """Refuse a checkpoint that an earlier version of symtick wrote.

    Args:
        path: of the checkpoint.
        held: its format.
        wanted: the format that is read, a name and a number.

    Raises:
        InputError: the format has that name and a smaller number.
    """
    kind, _, number = wanted.rpartition("-")
    before, _, old = str(held).rpartition("-")
    if before == kind and old.isdecimal() and int(old) < int(number):
        raise InputError(f"{path} was written by an earlier version of symtick: start anew")


def digest(
    settings: object,
    arrays: Iterable[npt.NDArray[Any] | None] = (),
    *,
    functions: bool = True,
) -> str:
    """A digest of settings and data, equal where a stored state may go on.

    Args:
        settings: dataclasses, mappings, sequences, numbers, texts, expressions.
        arrays: of the data.
        functions: whether settings may hold functions. Of those count code, constants, defaults,
            and which others they call by name; not what a closure, globals or an object's
            attributes hold.

    Raises:
        InputError: there is a function, and `functions` is false.
    """
    text = json.dumps(_plain(settings, functions), sort_keys=True)
    content = hashlib.sha256(text.encode())
    for array in arrays:
        flat = None if array is None else np.ascontiguousarray(array).reshape(-1)
        content.update(b"-" if flat is None else flat.view(np.uint8).data)
    return content.hexdigest()


def _plain(value: Any, functions: bool) -> Any:
    """Settings as JSON has them."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Expression):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), functions) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(each, functions) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, functions) for each in value]
    if callable(value) and not functions:
        raise InputError(
            f"a checkpoint cannot know whether {value!r} is the same when it is resumed: use "
            "settings that are plain values, such as a loss by its name"
        )
    return _named(value) if callable(value) else repr(value)


def _named(value: Any) -> object:
    """What a function does, as far as its code says so."""
    if isinstance(value, partial):
        return ["partial", _named(value.func), repr(value.args), repr(value.keywords)]
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
    function = getattr(value, "__func__", value)  # of a method
    if not isinstance(function, FunctionType):
        function = getattr_static(type(value), "__call__", None)
    if not isinstance(function, FunctionType):
        return name
    defaults = repr((function.__defaults__, function.__kwdefaults__))
    return [name, defaults, _written(function.__code__)]


def _written(code: CodeType) -> list[object]:
    constants = [_written(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_freevars]
