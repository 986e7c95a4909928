"""Width tuning of the designs on a front: each again, with signals as narrow as its score bears.

A tuned design is judged by training rows; its entry on the front is measured on validation rows,
like every other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.codegen import Decision, Design, Judge, Judged, Width, tune_widths
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import error_ratio, predicted_classes
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.one_slice import OneSlice
from symtick.search.kernel_api.search import Status

FEW = 5_000  # of the rows that judge: those that moves are ranked by


def score_judge(problem: Problem, built: Design, rows: slice, decision: Decision) -> Judge:
    """Score and loss of the problem on these rows, for designs narrowed from `built`.

    The loss is `Problem.judge_for` what they deliver.

    Of values the score is minus the RMSE in units of the teacher's, or of the targets' spread.

    Of classes the score falls by the accuracy lost, or by the accuracy that the targets' own
    probabilities expect to be lost, whichever is more: the labels of the rows are one draw, and
    moves that are chosen by it would look better than they are.
    """
    if problem.kind == "values":
        units = problem.units

        def error(out: FloatArray) -> float:
            return error_ratio(problem.rmse(out, rows), units)

        return Judge(lambda out: -error(out), lambda out: error(out) ** 2)
    assert problem.soft is not None  # the targets are classes
    first = built.real_outputs(problem.raw[rows])
    soft, truths = problem.soft[rows], problem.truths(rows)
    weights = None if problem.weights is None else problem.weights[rows]
    chances = soft if problem.outputs > 1 else np.concatenate([1.0 - soft, soft], axis=1)
    each = np.arange(len(chances))

    def figures(out: FloatArray) -> tuple[float, float]:
        chosen = predicted_classes(out)
        own = (
            float(np.average(chosen == truths, weights=weights))
            if problem.chosen_by.name == "accuracy"
            else problem.score(out, rows)
        )
        return own, float(np.average(chances[each, chosen], weights=weights))

    scored, expected = figures(first)

    def score(out: FloatArray) -> float:
        own, by_chances = figures(out)
        return min(own, scored - (expected - by_chances))

    return Judge(score, problem.judge_for(decision, rows))


def allowed_loss(problem: Problem, built: Design, rows: slice, share: float) -> float:
    """What a judge's score may fall by: a share of the rows, or of the RMSE of values."""
    if problem.kind != "values":
        return share
    outputs = built.real_outputs(problem.raw[rows])
    return share * error_ratio(problem.rmse(outputs, rows), problem.units)


class WidthTuning(OneSlice):
    """Tunes the widths of one design of the front, in one slice.

    Args:
        evaluator: measures designs.
        entry: the design.
        shares: of the score that may be lost (`allowed_loss`), ascending: a design for each.
        rows: training rows that judge.
    """

    def __init__(
        self,
        evaluator: DesignEvaluator,
        entry: FrontEntry,
        shares: Sequence[float],
        rows: int,
    ) -> None:
        super().__init__()
        self._evaluator = evaluator
        self._entry = entry
        self._shares = shares
        self._rows = slice(0, min(rows, evaluator.problem.train.stop))

    @property
    def status(self) -> Status:
        """Where it stands."""
        loss = self._entries[0].loss if self._entries else self._entry.loss
        text = f"{self._entry.cost:.0f} LUT"
        if self._done:
            text += "".join(f" -> {e.cost:.0f}" for e in self.front())
        name = f"tune-{self._entry.name}"
        count = len(self._entries)
        return Status(name, self._done, int(self._done), text, loss, count, count)

    def _made(self) -> list[FrontEntry]:
        """The tuned designs, each cheaper than the one before it."""
        found = [self._entry]
        for widths in self._widths():
            tuned = self._evaluator.narrowed(self._entry, widths)
            if tuned and tuned.cost < found[-1].cost and tuned.ticks <= self._entry.ticks:
                found.append(tuned)
        return found[1:]

    def _widths(self) -> list[tuple[Width, ...]]:
        problem, model = self._evaluator.problem, self._evaluator.model
        built = self._evaluator.design(self._entry.expression, self._entry.precision)
        decision, few = self._evaluator.decision, slice(0, min(FEW, self._rows.stop))
        judge = score_judge(problem, built, self._rows, decision)
        ranking = Judged(problem.raw[few], score_judge(problem, built, few, decision))
        budgets = [allowed_loss(problem, built, self._rows, share) for share in self._shares]
        tuning = tune_widths(
            built.graph, model, problem.raw[self._rows], judge, budgets[0], few=ranking,
            further=budgets[1:], decision=decision,
        )  # fmt: skip
        counts = dict.fromkeys(tuning.within(budget) for budget in budgets)
        return [tuning.widths(count) for count in counts]
