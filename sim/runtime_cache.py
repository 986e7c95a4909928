"""A cache of Verilator's compiled run-time library between builds.

Two thirds of the build time of a small simulation are spent on the same four files, whatever the
design. They are kept in the user's cache folder (`builds.base`), one folder for each combination of
versions and flags. If that folder cannot be read or written, nothing is kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from symtick.files import write_bytes
from symtick.sim import builds

_OBJECTS = ("verilated.o", "verilated_dpi.o", "verilated_threads.o", "verilated_vpi.o")
# make compares these objects with a file that Verilator writes on every run
_AHEAD_SECONDS = 3600.0


def folder(parts: Sequence[str]) -> Path:
    """The cache folder for one combination of versions, places and flags."""
    return builds.base() / f"verilator-{builds.key(parts)[:16]}"


def seed(cache: Path, build: Path) -> bool:
    """Put the kept objects into a build folder, dated ahead; False if there are not all."""
    try:
        contents = [(cache / name).read_bytes() for name in _OBJECTS]
    except OSError:
        return False
    ahead = time.time() + _AHEAD_SECONDS
    for name, content in zip(_OBJECTS, contents, strict=True):
        write_bytes(build / name, content)
        os.utime(build / name, (ahead, ahead))
    return True


def keep(cache: Path, build: Path) -> None:
    """Keep the objects of a finished build."""
    with suppress(OSError):
        for name in _OBJECTS:
            write_bytes(cache / name, (build / name).read_bytes())
