"""From a job file to a run folder: what `symtick distill` does.

Everything that the user gave is read and checked before the run folder appears;
from then on the folder can always be resumed, and `front.json` in it is always whole.
"""

from __future__ import annotations

import io
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symtick.config import Job, SearchSection, load_job
from symtick.design_folder.folder import JOB, write_design
from symtick.errors import InputError
from symtick.files import check_new_folder, locked, new_folder, write_bytes, write_json, write_text
from symtick.hwcost import model, search_cost
from symtick.interrupts import stopping
from symtick.run.advice import write_advice
from symtick.run.folder import INPUTS, Run, make_problem, open_run
from symtick.run.teaching import kept, make_teacher, with_scores
from symtick.search.cluster import connected_if
from symtick.search.data.dataset import Dataset
from symtick.search.data.files import load_split
from symtick.search.data.oddities import (
    warn_of_oddities,
    warn_of_other_order,
    warn_of_thin_background,
)
from symtick.search.data.problem import Problem
from symtick.search.distill.advice import unmet
from symtick.search.distill.checkpoint import HEAD
from symtick.search.distill.distill import Distiller, Progress
from symtick.search.distill.given import read_given
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.unit_check import check_units
from symtick.search.inputs.slice_bits import AskedTeacher
from symtick.search.teachers.teacher import Teacher
from symtick.version import __version__

if TYPE_CHECKING:
    from distributed import Client

LARGER = 4  # sums by which the starts of more effort grow
MOST_LARGER = 5  # of these starts

SearchObserver = Callable[[Progress], None]


def _unobserved(progress: Progress) -> None:
    """Nobody looks on."""


def distill_job(
    path: Path,
    folder: Path | None = None,
    observer: SearchObserver = _unobserved,
    scheduler: Any = None,
) -> Run:
    """Run a job into a new run folder.

    Args:
        path: the job file.
        folder: a folder that does not exist; `runs/<job name>` by default.
        observer: is told how the search goes on.
        scheduler: of a dask cluster whose workers search in place of processes of this machine:
            its address, a cluster or a client (`search.cluster.connected`).

    Raises:
        InputError: the job, the data or the teacher is not acceptable, or the folder exists.
        ToolError: there is no scheduler at the address.
        OSError: the folder cannot be made.
    """
    job = load_job(path)
    target = folder if folder is not None else Path("runs") / job.name
    check_new_folder(target)
    with connected_if(scheduler) as client:
        return _distilled(job, target, observer, client)


def _distilled(job: Job, target: Path, observer: SearchObserver, client: Client | None) -> Run:
    model(job.hardware.device, job.hardware.clock_mhz)
    config = distill_config(job)
    data = job.data
    train, test = load_split(data.path, data.test, job.seed, data.columns, job.task)
    inputs = job.inputs.fit(train.feature_names, train.X)
    _check_y(job, train)
    teacher = make_teacher(job, train)
    if teacher is not None:
        truth = train.targets if train.target_names else None
        classes = job.task == "classification"
        inputs = job.inputs.suited(inputs, AskedTeacher(teacher.logits, train.X, classes, truth))
    train, test = with_scores(train, test, teacher)
    own = kept(teacher)
    problem = make_problem(job, train, own, inputs)
    check_units(problem, train.target_names, config)
    names = problem.input_names, problem.output_names
    read_given(config.given, *names, problem.formats, inputs)
    _check_teacher(job, problem)
    _check_outputs(job, problem)
    labels = None if train.target_names or train.y is None else train.labels
    warn_of_oddities(train.X, train.feature_names, labels, train.class_names, job.data.validation)
    if problem.kind == "classes":
        if problem.labels is not None:
            said, meant = problem.targets[problem.train], problem.labels[problem.train]
            remedy = "give data.classes, or classes of the file, in that order"
            warn_of_other_order(said, meant, train.class_names, remedy)
        warn_of_thin_background(problem.chosen_by, problem.truths(problem.valid))
    with new_folder(target) as draft:
        write_text(draft / JOB, job.to_yaml())
        write_bytes(draft / "data.npz", _packed(train, test))
        if own is not None:
            own.save(draft / "teacher.npz")
        write_json(draft / INPUTS, inputs.to_json())
    with locked(target, "distill"):
        return _search(Run(target), observer, teacher, client)


def _check_y(job: Job, train: Dataset) -> None:
    if train.y is None:
        return
    if job.task == "classification" and len(np.unique(train.y)) < 2:
        raise InputError(f"{job.data.path}: the labels hold one class only")
    for name, column in zip(train.target_names, np.atleast_2d(train.y.T), strict=False):
        if np.ptp(column) == 0:
            raise InputError(f"{job.data.path}: the target {name!r} is {column[0]} in every row")


def _check_teacher(job: Job, problem: Problem) -> None:
    if not np.ptp(problem.targets[problem.train], axis=0).any():
        raise InputError(
            f"{job.data.path}: the teacher says the same of every row: "
            f"{problem.targets[0].tolist()}"
        )


def _check_outputs(job: Job, problem: Problem) -> None:
    """Say which outputs a design of one score has, before the search."""
    if problem.kind == "classes" and problem.outputs == 1 and "margin" in job.hardware.outputs:
        of = problem.output_names[0].removeprefix("score_")
        raise InputError(
            f"hardware.outputs: a margin of one score, that of {of}, cannot be: write index, which "
            f"is 1 for {of}, or above with thresholds"
        )


def resume_run(folder: Path, observer: SearchObserver = _unobserved, scheduler: Any = None) -> Run:
    """Go on with an interrupted search; the result is that of an uninterrupted one.

    Args:
        folder: of the run.
        observer, scheduler: as of `distill_job`.

    Raises:
        InputError: there is no run, or nothing to resume.
        ToolError: there is no scheduler at the address.
    """
    run = open_run(folder)
    # designs that are on the front no longer are removed at its end
    with (
        connected_if(scheduler) as client,
        locked(run.folder, "distill"),
        locked(run.folder, "verify"),
        locked(run.folder, "synth"),
    ):
        return _search(run, observer, run.teacher, client, resume=True)


def _packed(train: Dataset, test: Dataset) -> bytes:
    text = io.BytesIO()
    arrays = {"X_train": train.X, "X_test": test.X, "feature_names": np.array(train.feature_names)}
    if train.target_names:
        arrays["target_names"] = np.array(train.target_names)
    else:
        arrays["classes"] = np.array(train.class_names)
    for name in ("y", "scores", "weights"):
        for part, data in (("train", train), ("test", test)):
            if getattr(data, name) is not None:
                arrays[f"{name}_{part}"] = getattr(data, name)
    np.savez_compressed(text, **arrays)  # type: ignore[arg-type]
    return text.getvalue()


def _hidden(search: SearchSection, base: DistillConfig) -> tuple[int, ...]:
    """Hidden sums of the layered starts; where none are stated, larger ones for more effort."""
    stated, usual = tuple(search.hidden), base.layered.hidden
    if stated != usual or search.effort < 2.0:
        return stated
    count = min(int(search.effort), MOST_LARGER)
    return (*usual, *(usual[-1] + LARGER * k for k in range(1, count + 1)))


def distill_config(job: Job) -> DistillConfig:
    """The search's settings for a job.

    Raises:
        InputError: the job's values do not go together.
    """
    search, base = job.search, DistillConfig()
    steps = {
        name: max(1, round(getattr(base.layered, name) * search.effort))
        for name in ("fit_steps", "refit_steps", "refine_steps")
    }
    engine = replace(
        base.joint.engine,
        islands=search.islands,
        population=search.population,
        limits=replace(base.joint.engine.limits, max_nodes=search.term_nodes),
    )
    return replace(
        base,
        seed=job.seed,
        workers=search.workers,
        ops=tuple(search.operators),
        joint=replace(
            base.joint,
            method=search.method,
            starts=search.starts,
            rounds=search.rounds,
            generations=search.generations,
            engine=engine,
        ),
        layered=replace(base.layered, hidden=_hidden(search, base), **steps),
        shortening=replace(base.shortening, designs=search.shorten),
        choice=replace(
            base.choice,
            prefer=job.choose.prefer,
            share=job.choose.accuracy_share,
            rmse_ratio=job.choose.rmse_ratio,
            max_ticks=job.hardware.max_ticks,
            max_lut=job.hardware.max_lut,
            max_nodes=search.max_nodes,
        ),
        given=replace(
            base.given,
            guesses=tuple(search.guesses),
            template=search.template,
            evaluations=max(1, round(base.given.evaluations * search.effort)),
        ),
        tuning=replace(base.tuning, accuracy=job.tune.accuracy, rmse=job.tune.rmse),
        decision=job.hardware.decision,
        scheduler=job.hardware.scheduler,
        latency=job.hardware.latency,
    )


def _search(
    run: Run,
    observer: SearchObserver,
    teacher: Teacher | None,
    client: Client | None,
    resume: bool = False,
) -> Run:
    """Search and write; an interrupt that leaves something to resume carries the folder's name."""
    try:
        return _searched(run, observer, teacher, client, resume)
    except KeyboardInterrupt as stop:
        stop.add_note(str(run.folder))
        raise


def _searched(
    run: Run,
    observer: SearchObserver,
    teacher: Teacher | None,
    client: Client | None,
    resume: bool,
) -> Run:
    job = run.job
    costs = model(job.hardware.device, job.hardware.clock_mhz)
    table = search_cost(costs, run.inputs.formats)
    distiller = Distiller(run.problem, distill_config(job), costs, table, run.inputs)

    latest: list[Progress] = []

    def tell(progress: Progress) -> None:
        if progress.front.entries:
            progress.front.save(run.folder)
        latest[:] = [progress]
        observer(progress)

    start = time.monotonic()
    checkpoint = run.folder / "checkpoint"
    # a run that was killed before its first checkpoint starts over
    begun = resume and (checkpoint / HEAD).exists()
    front = distiller.run(tell, checkpoint, stopping, begun, client)
    if not front.entries and distiller.interrupted:
        raise KeyboardInterrupt  # before there was anything to keep
    if not front.entries:
        raise InputError(
            f"{unmet(distiller.config.choice, distiller.evidence().entries)}, or search longer "
            f"with symtick distill --resume {run.folder}"
        )
    front.save(run.folder)
    finished = Run(run.folder)
    if resume:
        _remove_outdated(finished)
    for k, design in enumerate(finished.designs.values(), 1):
        write_design(design.folder, design.spec)
        observer(replace(latest[0], slices=k, share=k / len(front.entries)))
    write_json(run.folder / "run.json", _record(distiller, time.monotonic() - start, resume))
    write_advice(finished, distiller.config.choice, distiller.evidence(), teacher)
    return finished


def _remove_outdated(run: Run) -> None:
    """Remove designs of an earlier, interrupted front, and what was made from them all."""
    names = {entry.name for entry in run.front.entries}
    for folder in (run.folder / "designs").glob("*"):
        if folder.name not in names:
            shutil.rmtree(folder)
    shutil.rmtree(run.folder / "results", ignore_errors=True)
    (run.folder / "report.html").unlink(missing_ok=True)


def _record(distiller: Distiller, seconds: float, resumed: bool) -> dict[str, object]:
    return {
        "symtick": __version__,
        "seed": distiller.config.seed,
        "complete": not distiller.interrupted,
        "resumed": resumed,
        "search_seconds": round(seconds, 1),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
