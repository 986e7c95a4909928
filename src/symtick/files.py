"""Files and folders that are written whole or not at all.

A reader never sees a half-written file: the text goes to a temporary name in the same folder and
is then renamed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from symtick.errors import InputError


def check_file(path: Path, what: str = "file") -> None:
    """Refuse a path where no file is.

    Raises:
        InputError: there is nothing, or a folder.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a {what}")
    if not path.is_file():
        raise InputError(f"there is no {what} {path}")


def write_bytes(path: Path, content: bytes, executable: bool = False) -> None:
    """Write `content` to `path`, creating its folder.

    Raises:
        OSError: it cannot be written; its filename is `path`.
    """
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod((0o777 if executable else 0o666) & ~mask)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """An OSError of a file without a name, or with a temporary one, names this path."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_text(path: Path, content: str, executable: bool = False) -> None:
    """Write UTF-8 text to `path`, creating its folder."""
    write_bytes(path, content.encode(), executable)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON; NaN and infinity are refused, as JSON has none."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def copy_files(source: Path, target: Path) -> None:
    """Copy the files below a folder.

    Raises:
        OSError: one cannot be written; its filename is the place in `target`.
    """
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if path.is_file():
            with _named(target / inside):
                (target / inside).parent.mkdir(parents=True, exist_ok=True)
                try:
                    shutil.copy(path, target / inside)
                except OSError:
                    (target / inside).unlink(missing_ok=True)
                    raise


def check_new_folder(path: Path) -> None:
    """Refuse a path where no folder can be made, before any work goes into filling one.

    Raises:
        InputError: `path` exists already.
        OSError: no folder can be made there; its filename is `path`.
    """
    if path.exists() or path.is_symlink():
        raise InputError(f"the output folder {path} exists: remove it or name another")
    place = next(p for p in path.absolute().parents if p.exists())
    with _named(path):
        Path(tempfile.mkdtemp(dir=place, prefix=".symtick.")).rmdir()


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that appears under its name only when the block succeeds.

    Yields:
        The temporary folder to fill.

    Raises:
        InputError, OSError: as `check_new_folder`.
    """
    check_new_folder(path)
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield draft
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o777 & ~mask)
        try:
            draft.rename(path)
        except OSError as error:
            if not path.exists():
                raise
            raise InputError(f"the output folder {path} was made meanwhile: {error}") from None
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, OSError) and str(error.filename).startswith(str(draft)):
            name = f"{path}{str(error.filename).removeprefix(str(draft))}"
            raise OSError(error.errno, error.strerror, name) from None
        raise


@contextmanager
def locked(folder: Path, verb: str, wait: bool = False) -> Iterator[None]:
    """A block that one process at a time runs in a folder; a system without locks runs it at once.

    The lock ends with the process, however that ends. Its file, `.<verb>.lock`, stays.

    Args:
        folder: which folder.
        verb: names the lock: blocks of different verbs do not meet.
        wait: whether to wait for another process to end its block.

    Raises:
        InputError: another process is in such a block, and `wait` is not set.
        OSError: nothing can be written into the folder.
    """
    with ExitStack() as stack:
        with _named(folder):
            file = stack.enter_context((folder / f".{verb}.lock").open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise InputError(
                f"another symtick {verb} is at work in {folder}: wait for it, or stop it"
            ) from None
        except OSError:
            pass
        yield
