"""Comparison of a run's designs with the float teacher and its networks in firmware.

Everything is scored on the same test rows; symtick's rows come from the exact integers that its
hardware computes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from symtick.baselines import kept
from symtick.baselines.compare import compare
from symtick.baselines.rows import ComparisonRow, scored_row, to_csv, to_json
from symtick.design_folder.checks import Synthesis
from symtick.errors import InputError
from symtick.files import locked, write_json, write_text
from symtick.run.designs import RunDesign
from symtick.run.folder import COMPARISON, Run
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.teacher import TorchTeacher


def compare_run(run: Run, route: bool, progress: Callable[[str], None]) -> list[ComparisonRow]:
    """See `Run.compare`."""
    if run.teacher is None:
        source = "labels or targets"
        if run.train.scores is not None:
            source = "scores, or from a network that is no plain perceptron"
        raise InputError(
            f"the run {run.folder} learnt from {source}: hls4ml and da4ml have no network to "
            "convert; symtick verify, synth and report measure its designs"
        )
    with locked(run.folder, "compare"):
        work = run.folder / "baselines"
        shutil.rmtree(work, ignore_errors=True)
        rows = _baselines(run, run.teacher, work, route, progress)
    scores = run.teacher.logits(run.test.X)
    rows += [_row(run, design, scores) for design in run.designs.values()]
    write_json(run.folder / COMPARISON, to_json(rows))
    write_text(run.folder / COMPARISON.with_suffix(".csv"), to_csv(rows))
    return rows


def _baselines(
    run: Run, teacher: TorchTeacher, work: Path, route: bool, progress: Callable[[str], None]
) -> list[ComparisonRow]:
    seed = run.job.seed
    key = kept.key_of(teacher, run.train, run.test, (seed, route))
    rows = kept.fetch(key, work)
    if rows is not None:
        progress("hls4ml and da4ml: as measured before for this network and these rows")
        return rows
    rows = compare(teacher, run.train, run.test, work, seed=seed, route=route, progress=progress)
    if all(row.lut is not None for row in rows[2:]):  # the network in da4ml was measured
        kept.keep(key, work, rows)
    return rows


def _row(run: Run, design: RunDesign, teacher_scores: FloatArray) -> ComparisonRow:
    """A design on the test rows, with what was synthesised of it."""
    synthesis = design.synthesis
    area = None if synthesis is None else synthesis.measured
    mark = " *" if design.name == run.front.chosen else ""
    return scored_row(
        f"symtick {design.name}{mark}",
        design.predict(run.test.X),
        run.test,
        teacher_scores,
        lut=None if area is None else round(area.lut),
        ff=None if area is None else round(area.ff),
        dsp=None if area is None else round(area.dsp),
        ticks=design.entry.ticks,
        mhz=None if synthesis is None else synthesis.fmax_mhz,
        core=_core(synthesis),
    )


def _core(synthesis: Synthesis | None) -> tuple[int | None, int | None, int | None]:
    if synthesis is None or synthesis.core is None:
        return (None, None, None)
    return (round(synthesis.core.lut), round(synthesis.core.ff), synthesis.core_ticks)
