"""Fixed-point arithmetic as RTL by da4ml or alkaid, its values compared with exact integers.

Room: `baselines`. May import sim and the errors. Both are LGPL libraries that are only run here
(arXiv:2507.04535), in a process of their own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, ToolError, VerificationError
from symtick.sim.tools import execute

TOOLS = ("da4ml", "alkaid")


@dataclass(frozen=True)
class Options:
    """Settings of a library.

    Attributes:
        tool: `da4ml` or `alkaid`.
        extra_depth: additions in a row that a matrix may take above its minimum; -1 for any number.
        cutoff: additions in a row in one stage; -1 for one stage in all.
    """

    tool: str
    extra_depth: int
    cutoff: int


@dataclass(frozen=True)
class Traced:
    """What a library made.

    Attributes:
        sources: Verilog files; the top module is `arithmetic_worker.TOP`.
        stages: stages of logic between registers: clock edges from an input to its output where
            the inputs come from registers outside.
        cost: the library's own estimate of LUTs.
        depth: the library's own estimate of latency, in additions.
    """

    sources: tuple[Path, ...]
    stages: int
    cost: float
    depth: float


def trace(
    options: Options,
    steps: Sequence[Mapping[str, Any]],
    rows: npt.NDArray[np.float64],
    fmt: tuple[int, int, bool],
    expected: npt.NDArray[np.float64],
    folder: Path,
) -> Traced:
    """Trace a chain of steps on a vector, write its Verilog and check its values.

    Args:
        options: library and settings.
        steps: see `benchmarks.arithmetic_problems`.
        rows: input values (rows, inputs), real.
        fmt: width, bits after the point and sign of every input.
        expected: output values (rows, outputs), exact.
        folder: is created; holds the project and the log.

    Raises:
        InputError: there is no such library.
        ToolError: it is not installed, fails or takes over five minutes.
        VerificationError: its values are not the expected ones.
    """
    if options.tool not in TOOLS:
        raise InputError(f"no library {options.tool!r}: there are {', '.join(TOOLS)}")
    if find_spec(options.tool) is None:
        raise ToolError(f"{options.tool} is not installed: pip install 'symtick[bench,da]'")
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.npz" for name in ("rows", "found")}
    np.savez(paths["rows"], allow_pickle=False, rows=rows)
    job = {
        **vars(options), "steps": list(steps), "inputs": rows.shape[1],
        "format": dict(zip(("width", "frac", "signed"), fmt, strict=True)),
        "project": str(folder / "project"), **{name: str(path) for name, path in paths.items()},
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    worker = "symtick.baselines.arithmetic_worker"
    command = [sys.executable, "-m", worker, str(folder / "job.json")]
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    execute(command, folder=folder, log=folder / "trace.log", env=env, timeout=300.0)
    with np.load(paths["found"], allow_pickle=False) as content:
        found = {name: content[name] for name in content.files}
    wrong = int((found["values"] != expected).any(axis=1).sum())
    if wrong:
        raise VerificationError(f"{options.tool} gives other values in {wrong} of {len(rows)} rows")
    source = folder / "project" / "src"
    return Traced(
        tuple(sorted(p for p in source.rglob("*.v") if not p.name.endswith("_wrapper.v"))),
        int(found["stages"]), float(found["cost"]), float(found["depth"]),
    )  # fmt: skip
