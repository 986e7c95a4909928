"""Width tuning of a run's design, judged by the run's rows.

A design is tuned on all rows of the run's training part; the test rows serve for the figure at the
end alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from symtick.design_folder.folder import DesignSpec
from symtick.design_folder.tuning import (
    ERROR,
    OF_SPREAD,
    OF_TEACHER,
    LossBudget,
    Tuned,
    TuningObserver,
    error_judge,
    tune_spec,
    unobserved,
    write_tuned,
)
from symtick.files import check_new_folder
from symtick.run.folder import Run
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import (
    accuracy,
    agreement,
    error_ratio,
    root_mean_squares,
)
from symtick.search.designs.width_tuning import allowed_loss, score_judge


def tune_run(
    run: Run,
    budget: str,
    design: str | None = None,
    output: Path | None = None,
    progress: TuningObserver = unobserved,
) -> Tuned:
    """See `Run.tune`."""
    bound = LossBudget.parse(budget)
    entry = run.front.entry(design)
    target = output or run.folder / "tuned" / entry.name
    check_new_folder(target)
    # with another budget, from the start
    spec, problem = replace(run.spec(entry), widths=()), run.problem
    built, rows = spec.core(), slice(0, len(problem.raw))
    judge, allowed, measure = error_judge(built, problem.raw), bound.value, ERROR
    if bound.of_score:
        judge = score_judge(problem, built, rows, run.job.hardware.decision)
        allowed = allowed_loss(problem, built, rows, bound.value)
    if bound.of_score and problem.kind == "values":
        measure = OF_SPREAD if run.said(run.train) is None or run.train.y is None else OF_TEACHER
    elif bound.of_score:
        measure = "agreement" if run.train.y is None else "accuracy"
    tuning = tune_spec(spec, problem.raw, judge, allowed, progress)
    taken = tuning.within(allowed)
    return write_tuned(target, spec, tuning, taken, measure, lambda made: _tested(run, made))


def _error(run: Run, outputs: FloatArray) -> float:
    """The RMSE of values on the test rows, in units of the teacher's or of the targets' spread."""
    test = run.test
    said = run.said(test)
    truth = said if test.y is None else test.targets
    assert truth is not None  # a run has targets or a teacher
    units: Sequence[float] = run.problem.spread.tolist()
    if said is not None and test.y is not None:
        units = root_mean_squares(said, truth)
    return error_ratio(root_mean_squares(outputs, truth), units)


def _tested(run: Run, spec: DesignSpec) -> float:
    """Accuracy on the test rows; agreement with the teacher where they have no labels.

    Of values minus the RMSE, as the judge's score.
    """
    outputs = spec.scores().real_outputs(run.raw(run.test.X))
    if run.test.target_names:
        return -_error(run, outputs)
    if run.test.y is not None:
        return accuracy(outputs, run.test.y, run.test.weights)
    said = run.said(run.test)
    assert said is not None  # a run has labels or a teacher
    return agreement(outputs, said, run.test.weights)
