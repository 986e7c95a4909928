"""Fixed-point arithmetic as RTL by da4ml or alkaid, its values compared with exact integers.

Both are LGPL libraries (arXiv:2507.04535), which are only run here, in a process of their own.
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
class Setting:
    """Settings of a library.

    Attributes:
        extra_depth: additions in a row that a matrix may take above its minimum; -1 for any number.
        cutoff: additions in a row in one stage; -1 for one stage in all.
    """

    extra_depth: int
    cutoff: int


@dataclass(frozen=True)
class Traced:
    """What a library made in a setting.

    Attributes:
        setting: the setting.
        sources: Verilog files; the top module is `libraries_worker.TOP`.
        stages: stages of logic between registers: clock edges from an input to its output where
            the inputs come from registers outside.
        cost: the library's own estimate of LUTs.
        depth: the library's own estimate of latency, in additions.
    """

    setting: Setting
    sources: tuple[Path, ...]
    stages: int
    cost: float
    depth: float


def trace(
    tool: str,
    settings: Sequence[Setting],
    steps: Sequence[Mapping[str, Any]],
    rows: npt.NDArray[np.float64],
    fmt: tuple[int, int, bool],
    expected: npt.NDArray[np.float64],
    folder: Path,
) -> list[Traced]:
    """Trace a chain of steps on a vector, write its Verilog and check its values.

    Settings that the library refuses are left out.

    Args:
        tool: `da4ml` or `alkaid`.
        settings: each gives one design.
        steps: see `benchmarks.codegen.arithmetic_problems`.
        rows: input values (rows, inputs), real.
        fmt: width, bits after the point and sign of every input.
        expected: output values (rows, outputs), exact.
        folder: is created; holds the projects and the log.

    Raises:
        InputError: there is no such library.
        ToolError: it is not installed, fails, refuses all settings or takes over ten minutes.
        VerificationError: its values are not the expected ones.
    """
    if tool not in TOOLS:
        raise InputError(f"no library {tool!r}: there are {', '.join(TOOLS)}")
    if find_spec(tool) is None:
        raise ToolError(f"{tool} is not installed: pip install 'symtick[bench,da]'")
    folder.mkdir(parents=True, exist_ok=True)
    projects = [folder / f"project{k}" for k in range(len(settings))]
    places = {name: folder / f"{name}.npz" for name in ("rows", "results")}
    np.savez(places["rows"], allow_pickle=False, rows=rows)
    job = {
        "tool": tool, "steps": list(steps), "inputs": rows.shape[1],
        "format": dict(zip(("width", "frac", "signed"), fmt, strict=True)),
        "settings": [
            (s.extra_depth, s.cutoff, str(p)) for s, p in zip(settings, projects, strict=True)
        ],
        **{name: str(path) for name, path in places.items()},
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    worker = Path(__file__).with_name("libraries_worker.py")
    command = [sys.executable, str(worker), str(folder / "job.json")]
    # da4ml's solver is decorated for numba, which compiles for a minute and then saves seconds
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    execute(command, folder=folder, log=folder / "trace.log", env=env, timeout=600.0)
    with np.load(places["results"], allow_pickle=False) as content:
        values, figures, made = (content[name] for name in ("values", "figures", "made"))
    if not len(made):
        raise ToolError(f"{tool} makes this in no setting: see {folder / 'trace.log'}")
    wrong = int((values != expected).any(axis=(0, 2)).sum())
    if wrong:
        raise VerificationError(f"{tool} gives other values in {wrong} of {len(rows)} rows")
    return [
        Traced(settings[k], _sources(projects[k]), int(stages), float(cost), float(depth))
        for k, (stages, cost, depth) in zip(made.tolist(), figures, strict=True)
    ]


def _sources(project: Path) -> tuple[Path, ...]:
    files = (project / "src").rglob("*.v")
    return tuple(sorted(p for p in files if not p.name.endswith("_wrapper.v")))
