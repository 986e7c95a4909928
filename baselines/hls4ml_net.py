"""The teacher in hls4ml: its fixed-point scores from C++ compiled with plain g++.

No vendor tool is used, so that there are scores, but no LUTs, ticks or MHz.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import yaml

from symtick.errors import InputError, ToolError
from symtick.files import new_folder
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.teacher import TorchTeacher
from symtick.sim.tools import execute, find

Backend = Literal["Vitis", "Vivado"]
_PRECISION = re.compile(r"ap_fixed<(\d{1,2}),\s*(\d{1,2})>")
_LOG_NAME = "hls4ml.log"


@dataclass(frozen=True, eq=False)
class Hls4mlRun:
    """What a run gave.

    Attributes:
        scores: float64 (rows, outputs), fixed-point values before softmax.
        project: the folder of the generated HLS project, with the compiled library and a log.
        seconds: conversion, compilation and evaluation.
    """

    scores: FloatArray
    project: Path
    seconds: float


def run_hls4ml(
    teacher: TorchTeacher,
    X: npt.ArrayLike,
    project: Path,
    precision: str = "ap_fixed<16,6>",
    part: str = "xcvu9p-flga2577-2-e",
    clock_ns: float = 5.0,
    backend: Backend = "Vitis",
    timeout: float = 300.0,
) -> Hls4mlRun:
    """Convert a perceptron, compile its C++ and evaluate it on rows (n, features).

    The standardisation before the network stays outside, in floating point, as is usual with
    hls4ml. One type is used for inputs, weights, sums and outputs.

    Args:
        teacher: a plain perceptron.
        X: rows in the user's units.
        project: the folder to make.
        precision: that type.
        part, clock_ns: go into the project's build script.
        backend: hls4ml's.
        timeout: seconds.

    Raises:
        InputError: not a plain perceptron, bad data, a bad precision, or a folder that exists.
        ToolError: hls4ml or g++ is missing, fails or takes too long.
    """
    widths = _PRECISION.fullmatch(precision)
    if widths is None or not 1 <= int(widths[1]) <= 32 or int(widths[2]) > int(widths[1]):
        raise InputError(f"the precision must be ap_fixed<W,I> with I <= W <= 32, not {precision}")
    inputs = teacher.standardise(X)
    for tool in ("hls4ml", "g++"):
        find(tool)
    start = time.perf_counter()
    with new_folder(project) as draft, tempfile.TemporaryDirectory() as exchange:
        job: dict[str, str | float] = {
            "teacher": f"{exchange}/teacher.npz",
            "inputs": f"{exchange}/inputs.npy",
            "scores": f"{exchange}/scores.npy",
            "project": str(draft.resolve()),
            "precision": precision,
            "part": part,
            "clock_ns": clock_ns,
            "backend": backend,
        }
        teacher.save(f"{exchange}/teacher.npz")
        np.save(f"{exchange}/inputs.npy", inputs, allow_pickle=False)
        scores = _work(job, Path(exchange), timeout)
        name_folder(draft, project)
    return Hls4mlRun(scores, project, time.perf_counter() - start)


def _work(job: dict[str, str | float], exchange: Path, timeout: float) -> FloatArray:
    path = exchange / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    log = exchange / _LOG_NAME
    command = [sys.executable, "-m", "symtick.baselines.hls4ml_worker", str(path)]
    execute(command, folder=exchange, log=log, timeout=timeout)
    (Path(str(job["project"])) / _LOG_NAME).write_bytes(log.read_bytes())
    try:
        scores = np.load(exchange / "scores.npy", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ToolError(f"hls4ml left no scores: {error}") from error
    if not np.isfinite(scores).all():
        raise ToolError("hls4ml's C++ gave scores that are not finite")
    return np.asarray(scores, dtype=np.float64)


def name_folder(draft: Path, project: Path) -> None:
    """Let a project name its final folder, so that hls4ml's link_existing_project opens it."""
    config = draft / "hls4ml_config.yml"
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    content["OutputDir"] = str(project.resolve())
    config.write_text(yaml.safe_dump(content, allow_unicode=True, width=1000), encoding="utf-8")
