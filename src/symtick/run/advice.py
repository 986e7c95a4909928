"""What to raise where no design of a run is good enough (`symtick.search.distill.advice`)."""

from __future__ import annotations

import json
from dataclasses import asdict

from symtick.codegen import Fixed
from symtick.config import InputsSection
from symtick.errors import InputError
from symtick.files import write_json
from symtick.run.folder import ADVICE, Run
from symtick.search.data.inputs import SLICE_BITS
from symtick.search.data.problem import shuffled
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.advice import Evidence, QuantisedTeacher, Suggestion, suggestions

MORE_BITS = 2  # that the teacher is tried with beyond the run's


def write_advice(run: Run, choice: ChoiceSettings, evidence: Evidence) -> None:
    """Write `advice.json`, which `Run.advice` reads."""
    front = run.front
    lacking = front.missing(front.entry(), choice) > 0
    key, quantised = quantised_teacher(run) if lacking else ("", [])
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


def quantised_teacher(run: Run) -> tuple[str, list[QuantisedTeacher]]:
    """The job's key of the bits of inputs, and the teacher on validation rows of these and more.

    Nothing where the labels or targets themselves were learnt.
    """
    job, problem, teacher = run.job, run.problem, run.teacher
    words = job.inputs.raw is not None
    key = "inputs.bits" if words else "inputs.format"
    if teacher is None:
        return key, []
    first = job.inputs.bits if words else Fixed.parse(job.inputs.format).width
    most = min(first + MORE_BITS, SLICE_BITS[-1]) if words else first + MORE_BITS
    X, rows = run.train.X, problem.valid
    held_out = X[shuffled(len(X), job.seed)[rows]]
    measured = []
    for bits in range(first, most + 1):
        inputs = _with_bits(job.inputs, bits).fit(run.train.feature_names, X)
        outputs = teacher.logits(inputs.told(held_out))
        score, rmse = problem.score(outputs, rows), problem.rmse(outputs, rows)
        measured.append(QuantisedTeacher(bits, score, rmse))
    return key, measured


def _with_bits(section: InputsSection, bits: int) -> InputsSection:
    if section.raw is not None:
        return section.model_copy(update={"bits": bits})
    return section.model_copy(update={"format": f"fixed<{bits},1>"})
