"""Width tuning of a run's design, judged by the run's rows.

A design is tuned on all rows of the run's training part; the test rows serve for the figure at the
end alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from symtick.codegen import Design, Judge
from symtick.design_folder.folder import DesignSpec
from symtick.design_folder.tuning import (
    ERROR,
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
from symtick.search.data.metrics import accuracy, agreement, predicted_classes
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
    judge = judge_of(problem, spec.scores(), bound)
    tuning = tune_spec(spec, problem.raw, judge, bound.value, progress)
    measure = ERROR
    if bound.of_score:
        measure = "agreement" if run.train.y is None else "accuracy"
    taken = tuning.within(bound.value)
    return write_tuned(target, spec, tuning, taken, measure, lambda made: _tested(run, made))


def judge_of(problem: Problem, built: Design, bound: LossBudget) -> Judge:
    """Score and loss of the problem on all its rows; an error is one against the design itself.

    Of classes the score falls by the accuracy lost, or by the accuracy that the targets' own
    probabilities expect to be lost, whichever is more: the labels of the rows are one draw, and
    moves that are chosen by it would look better than they are.
    """
    rows = slice(0, len(problem.raw))
    if not bound.of_score:
        return error_judge(built, problem.raw)
    first = built.real_outputs(problem.raw)
    scored, expected = problem.score(first, rows), expected_accuracy(problem, first)

    def score(out: FloatArray) -> float:
        lost = expected - expected_accuracy(problem, out)
        return min(problem.score(out, rows), scored - lost)

    return Judge(score, lambda out: problem.loss(out, rows))


def expected_accuracy(problem: Problem, outputs: FloatArray) -> float:
    """Mean probability, by the problem's targets, of the classes chosen on all rows."""
    assert problem.soft is not None  # a run's targets are classes
    chosen = predicted_classes(outputs)
    if problem.outputs == 1:
        first = problem.soft[:, 0]
        return float(np.where(chosen == 1, first, 1.0 - first).mean())
    return float(np.take_along_axis(problem.soft, chosen[:, None], axis=1).mean())


def _tested(run: Run, spec: DesignSpec) -> float:
    """Accuracy on the test rows; agreement with the teacher where they have no labels."""
    outputs = spec.scores().real_outputs(run.raw(run.test.X))
    if run.test.y is not None:
        return accuracy(outputs, run.test.y)
    assert run.teacher is not None  # a run has labels or a teacher
    return agreement(outputs, run.teacher.logits(run.test.X))
