"""Width tuning of a run's design, judged by the run's rows.

A design is tuned on all rows of the run's training part; the test rows serve for the figure at the
end alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symtick.codegen import Design, Judge
from symtick.design_folder.folder import DesignSpec
from symtick.design_folder.tuning import (
    ERROR,
    OF_SPREAD,
    OF_TEACHER,
    LossBudget,
    Tuned,
    TuningObserver,
    error_judge,
    refuse_existing,
    tune_spec,
    unobserved,
    write_tuned,
)
from symtick.run.folder import Run
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import (
    accuracy,
    agreement,
    error_ratio,
    predicted_classes,
    root_mean_squares,
)
from symtick.search.data.problem import Problem


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
    refuse_existing(target)
    spec, problem = run.spec(entry), run.problem
    built = spec.core()
    judge, allowed = judge_of(problem, built, bound), bound.value
    measure = ERROR
    if bound.of_score and problem.kind == "values":
        measure = OF_SPREAD if run.teacher is None or run.train.y is None else OF_TEACHER
        allowed *= -judge.score(built.real_outputs(problem.raw))
    elif bound.of_score:
        measure = "agreement" if run.train.y is None else "accuracy"
    tuning = tune_spec(spec, problem.raw, judge, allowed, progress)
    taken = tuning.within(allowed)
    return write_tuned(target, spec, tuning, taken, measure, lambda made: _tested(run, made))


def judge_of(problem: Problem, built: Design, bound: LossBudget) -> Judge:
    """Score and loss of the problem on all its rows; an error is one against the design itself.

    Of values the score is minus the RMSE in units of the teacher's, or of the targets' spread.

    Of classes the score falls by the accuracy lost, or by the accuracy that the targets' own
    probabilities expect to be lost, whichever is more: the labels of the rows are one draw, and
    moves that are chosen by it would look better than they are.
    """
    rows = slice(0, len(problem.raw))
    if not bound.of_score:
        return error_judge(built, problem.raw)
    if problem.kind == "values":
        units = problem.units

        def error(out: FloatArray) -> float:
            return error_ratio(problem.rmse(out, rows), units)

        return Judge(lambda out: -error(out), lambda out: error(out) ** 2)
    first = built.real_outputs(problem.raw)
    scored, expected = problem.score(first, rows), expected_accuracy(problem, first)

    def score(out: FloatArray) -> float:
        lost = expected - expected_accuracy(problem, out)
        return min(problem.score(out, rows), scored - lost)

    return Judge(score, lambda out: problem.loss(out, rows))


def expected_accuracy(problem: Problem, outputs: FloatArray) -> float:
    """Mean probability, by the problem's targets, of the classes chosen on all rows."""
    assert problem.soft is not None  # the targets are classes
    chosen = predicted_classes(outputs)
    if problem.outputs == 1:
        first = problem.soft[:, 0]
        return float(np.where(chosen == 1, first, 1.0 - first).mean())
    return float(np.take_along_axis(problem.soft, chosen[:, None], axis=1).mean())


def _error(run: Run, outputs: FloatArray) -> float:
    """The RMSE of values on the test rows, in units of the teacher's or of the targets' spread."""
    test = run.test
    said = None if run.teacher is None else run.teacher.logits(test.X)
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
        return accuracy(outputs, run.test.y)
    assert run.teacher is not None  # a run has labels or a teacher
    return agreement(outputs, run.teacher.logits(run.test.X))
