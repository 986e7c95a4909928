"""Verilator's run-time library, compiled once: the same for every simulation.

Its four files take most of the build time of a small simulation, whatever the design, and share
most of their headers: they are compiled as one. The object is kept in the user's cache folder
(`builds.base`), one for each combination of versions and flags. If that folder cannot be read or
written, it is compiled for each simulation.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from symtick.errors import ToolError
from symtick.files import write_bytes, write_text
from symtick.sim import builds, tools

_NAME = "verilated_whole"
_OBJECT = f"{_NAME}.o"
_PARTS = ("verilated", "verilated_dpi", "verilated_vpi", "verilated_threads")
_SOURCE = "".join(f'#include "{name}.cpp"\n' for name in _PARTS)
MAKE_FLAGS = f"VM_GLOBAL_FAST={_NAME}"  # in place of the four files
# make compares the object with a file that Verilator writes on every run
_AHEAD_SECONDS = 3600.0
_BUILDING = threading.Lock()


def provide(parts: Sequence[str], build: Path, env: Mapping[str, str]) -> None:
    """Put the object into a build folder, from the cache or compiled now, dated ahead.

    Args:
        parts: versions, places and flags that it depends on.
        build: the folder.
        env: the environment of Verilator and make, with their flags.

    Raises:
        ToolError: a tool is missing or fails.
    """
    content = _content(parts, env)
    write_text(build / f"{_NAME}.cpp", _SOURCE)
    write_bytes(build / _OBJECT, content)
    ahead = time.time() + _AHEAD_SECONDS
    os.utime(build / _OBJECT, (ahead, ahead))


def compile_ahead(parts: Sequence[str], env: Mapping[str, str]) -> None:
    """Compile the object if it is not kept; the next `provide` waits for it.

    Raises:
        ToolError: as `provide`.
    """
    _content(parts, env)


def _content(parts: Sequence[str], env: Mapping[str, str]) -> bytes:
    cache = builds.base() / f"verilator-{builds.key(parts)[:16]}" / _OBJECT
    with _BUILDING:  # a second simulation waits for the object of the first
        content = _kept(cache)
        if content is None:
            content = _compiled(env)
            with suppress(OSError):
                write_bytes(cache, content)
    return content


def _kept(cache: Path) -> bytes | None:
    try:
        return cache.read_bytes()
    except OSError:
        return None


def _compiled(env: Mapping[str, str]) -> bytes:
    """The object, made by Verilator's own rules for an empty module."""
    program = tools.find("verilator")
    with tools.build_folder() as work:
        write_text(work / "empty.v", "module empty; endmodule\n")
        write_text(work / f"{_NAME}.cpp", _SOURCE)
        log = work / "build.log"
        command = [*program.command, "--cc", "--vpi", "--prefix", "Vtop", "-Mdir", ".", "empty.v"]
        tools.execute(command, folder=work, log=log, env=env)
        make = [*tools.find("make").command, "-f", "Vtop.mk", _OBJECT]
        tools.execute(make, folder=work, log=log, env=env)
        if not (work / _OBJECT).exists():
            raise ToolError(f"make has left no {_OBJECT}")
        return (work / _OBJECT).read_bytes()
