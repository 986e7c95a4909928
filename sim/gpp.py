"""The generated HLS C++, compiled with g++ and AMD's ap_types headers and run on vectors.

The compiled text is exactly that which a vendor tool gets; only the driver around it differs. The
designs that are compiled together are one translation unit, since most of the time goes into the
headers' templates, of which they share many. The program is kept by its sources (`builds`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.project import write_files
from symtick.codegen.emit.vectors import from_words, stacked, to_words
from symtick.codegen.forms.hls import driver_files, firmware_names, has_wide_words
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import ToolError
from symtick.sim import builds, tools
from symtick.sim.case import Case

# uninitialised bits in ap_types' own constructors are its business, and inlined into our text
_FLAGS = ("-std=c++14", "-Wall", "-Wno-unknown-pragmas", "-Wno-uninitialized")
# nothing throws or is unwound, and compiling is a little quicker
_LEAN = ("-fno-exceptions", "-fno-asynchronous-unwind-tables")
# g++ collects no garbage below a heap of 1 GB, which saves a sixth of its time
_HEAP = ("--param", "ggc-min-heapsize=1000000", "--param", "ggc-min-expand=1000")
_RUNS_AT_ONCE = 2  # of a program
_FEW = 2000  # vectors, for which compiling for speed costs more than it saves


def run_together(
    cases: Sequence[Case], extra: Sequence[str] = (), compiler: str = "g++"
) -> list[RawArray]:
    """Raw outputs of the compiled C++ of designs of different names, (vectors, outputs) each.

    Args:
        cases: each folder holds the project's firmware/, and gets, in `sim/cpp`, a driver for it
            and the logs.
        extra: flags of the compiler beside those for warnings and speed.
        compiler: `g++` or `clang++`.

    Returns:
        Integers; Python integers where one has over 62 bits.

    Raises:
        ToolError: g++ or the headers are missing, a text does not compile, or the program fails.
    """
    found: dict[int, RawArray] = {}
    for numbers in _programs(cases):
        group = [cases[k] for k in numbers]
        with tools.build_folder() as work:
            few = max(len(case.raw) for case in group) < _FEW
            flags = ("-O0" if few else "-Og", *_LEAN, *extra)
            pairs = [(case.design, case.folder) for case in group]
            program = build(pairs, work, flags, compiler)
            with ThreadPoolExecutor(_RUNS_AT_ONCE) as pool:
                runs = [pool.submit(_run, program, n, case, work) for n, case in enumerate(group)]
            found |= zip(numbers, (run.result() for run in runs), strict=True)
    return [found[k] for k in range(len(cases))]


def _programs(cases: Sequence[Case]) -> list[list[int]]:
    """Numbers of designs of one program: those of wide words each have their own."""
    alone = [k for k, case in enumerate(cases) if has_wide_words(case.design)]
    others = [k for k in range(len(cases)) if k not in alone]
    return [group for group in (others, *([k] for k in alone)) if group]


def build(
    designs: Sequence[tuple[Design, Path]], work: Path, extra: Sequence[str] = (),
    compiler: str = "g++",
) -> Path:  # fmt: skip
    """Compile the projects in the folders of designs with a driver; returns the program.

    Args:
        designs: designs of different names, each with the folder of its project.
        work: where to compile.
        extra, compiler: as of `run_together`.

    Raises:
        ToolError: as `run_together`.
    """
    flags = (*_FLAGS, *extra)
    found, headers = tools.find(compiler), tools.find("hls4ml")
    texts = driver_files([design for design, _ in designs])
    for design, folder in designs:
        for name in firmware_names(design):
            texts[f"{design.name}/{name}"] = (folder / name).read_text(encoding="utf-8")
        write_files(_place(folder), driver_files([design]))
    program = work / "driver"
    made_by = [found.version, str(found.path), headers.version, *flags]
    kept = builds.key(
        [*made_by, *_headers(headers.path), *(t for p in sorted(texts.items()) for t in p)]
    )
    if builds.fetch(kept, program):
        return program
    write_files(work, texts)
    simulated = [f"-I{design.name}/csim" for design, _ in designs]  # headers in place of AMD's
    heap = _HEAP if compiler == "g++" else ()
    command = [
        *found.command, *flags, *heap, "-isystem", str(headers.path), *simulated, "driver.cpp",
        "-o", str(program),
    ]  # fmt: skip
    log = _place(designs[0][1]) / "build.log"
    try:
        tools.execute(command, folder=work, log=log, env=found.environment())
    finally:
        for _, folder in designs[1:]:
            shutil.copyfile(log, _place(folder) / "build.log")
    builds.keep(kept, program)
    return program


def _place(folder: Path) -> Path:
    return folder.resolve() / "sim" / "cpp"


def _headers(folder: Path) -> list[str]:
    """The texts of AMD's headers."""
    return [path.read_text(errors="replace") for path in sorted(folder.rglob("*.h"))]


def _run(program: Path, number: int, case: Case, work: Path) -> RawArray:
    source, result = work / f"in{number}.bin", work / f"out{number}.bin"
    source.write_bytes(to_words(case.port_values).tobytes())
    command = [str(program), str(number), str(source), str(result), str(len(case.raw))]
    tools.execute(command, folder=work, log=_place(case.folder) / "run.log")
    return _read(result, case)


def _read(path: Path, case: Case) -> RawArray:
    formats, count = case.design.graph.output_formats, len(case.raw)
    content = path.read_bytes()
    if len(content) != 16 * count * len(formats):
        raise ToolError(f"the compiled C++ of {case.design.name} wrote {len(content)} bytes")
    words: npt.NDArray[np.uint64] = np.frombuffer(content, "<u8").reshape(count, len(formats), 2)
    return stacked([from_words(words[:, k], fmt) for k, fmt in enumerate(formats)], count)
