"""What to raise where no design of a run is good enough (`symtick.search.distill.advice`)."""

from __future__ import annotations

import json
from dataclasses import asdict

from symtick.errors import InputError
from symtick.files import write_json
from symtick.run.folder import ADVICE, Run
from symtick.run.teaching import teacher_again
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.advice import (
    MORE_BITS,
    Evidence,
    QuantisedTeacher,
    Suggestion,
    quantised_teacher,
    suggestions,
)
from symtick.search.teachers.teacher import Teacher


def write_advice(
    run: Run, choice: ChoiceSettings, evidence: Evidence, teacher: Teacher | None
) -> None:
    """Write `advice.json`, which `Run.advice` reads."""
    front = run.front
    quantised = teacher_by_bits(run, teacher) if front.missing(front.entry(), choice) > 0 else []
    key = f"inputs.{run.job.inputs.bits_key}"
    advice = suggestions(front, choice, evidence, quantised, key)
    write_json(run.folder / ADVICE, [asdict(s) for s in advice])


def read_advice(run: Run) -> tuple[Suggestion, ...]:
    """See `Run.advice`."""
    path = run.folder / ADVICE
    if not path.exists():  # a run of an earlier version, or one that was killed
        return ()
    try:
        return tuple(Suggestion(**record) for record in json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error}") from None


def teacher_by_bits(run: Run, teacher: Teacher | None) -> list[QuantisedTeacher]:
    """The teacher on inputs of the run's bits and of more; nothing without a teacher.

    Without one at hand, as in a run that is resumed, that of the job is read again.
    """
    job, train = run.job, run.train
    teacher = teacher or teacher_again(job, train)
    if teacher is None:
        return []
    maps = job.inputs.finer(run.inputs, train.X, MORE_BITS)
    return quantised_teacher(maps, train.X, run.problem, job.seed, teacher.logits)
