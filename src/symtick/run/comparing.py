"""The side-by-side of a run: float teacher, its networks in firmware, and the designs.

Room: front door. Everything is scored on the same test rows; symtick's rows come from the exact
integers that its hardware computes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from symtick.baselines.table import ComparisonRow, compare, scored_row, to_csv, to_json
from symtick.design_folder.checks import read_synthesis
from symtick.errors import InputError
from symtick.files import write_json, write_text
from symtick.run.folder import Run, open_run
from symtick.search.data.dataset import FloatArray
from symtick.search.designs.front import FrontEntry
from symtick.sim.tools import find

RESULT = Path("results/compare.json")


def compare_run(
    folder: Path, route: bool = True, progress: Callable[[str], None] = lambda text: None
) -> list[ComparisonRow]:
    """Build the networks' firmware, score everything, and keep the table in the run folder.

    Args:
        folder: a run folder.
        route: place and route the quantised network, too.
        progress: is told of each step.

    Returns:
        The teacher, hls4ml's and da4ml's networks, then the designs by LUTs; the chosen one's
        name ends in ` *`.

    Raises:
        InputError: no run, or one without a teacher that is a plain perceptron.
        ToolError: a tool is missing or fails.
    """
    run = open_run(folder)
    if run.teacher is None:
        raise InputError(f"the run {folder} learnt from labels: it has no network to compare with")
    for tool in ("g++", "hls4ml", "verilator", "yosys", *(("nextpnr-ecp5",) if route else ())):
        find(tool)
    work = folder / "baselines"
    shutil.rmtree(work, ignore_errors=True)
    rows = compare(
        run.teacher, run.train, run.test, work, seed=run.job.seed, route=route, progress=progress
    )
    rows += symtick_rows(run, run.teacher.logits(run.test.X))
    write_json(folder / RESULT, to_json(rows))
    write_text(folder / RESULT.with_suffix(".csv"), to_csv(rows))
    return rows


def symtick_rows(run: Run, teacher_scores: FloatArray) -> list[ComparisonRow]:
    """Every design of a run on the test rows, with what was synthesised of it."""
    return [_row(run, entry, teacher_scores) for entry in run.front.entries]


def _row(run: Run, entry: FrontEntry, teacher_scores: FloatArray) -> ComparisonRow:
    design = run.spec(entry).scores()
    found = read_synthesis(run.design_folder(entry))
    mark = " *" if entry.name == run.front.chosen else ""
    return scored_row(
        f"symtick {entry.name}{mark}",
        design.real_outputs(run.raw(run.test.X)),
        run.test,
        teacher_scores,
        lut=None if found is None else round(found.measured.lut),
        ff=None if found is None else round(found.measured.ff),
        dsp=None if found is None else round(found.measured.dsp),
        ticks=entry.ticks,
        mhz=None if found is None else found.fmax_mhz,
    )


def read_comparison(run: Run) -> Sequence[ComparisonRow]:
    """The kept table of a run; empty where `compare_run` did not run."""
    path = run.folder / RESULT
    if not path.exists():
        return ()
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return [ComparisonRow(**{k: v for k, v in row.items() if k != "ns"}) for row in held]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
