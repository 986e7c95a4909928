"""The fit of a template: search, clean-up, and what the regressor keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.estimators.course.moments import Course
from symtick.estimators.course.watchers import watchers
from symtick.estimators.exports.digits import needed_digits
from symtick.estimators.fitted import Target
from symtick.estimators.fronts.display import FrontSoFar, Shown
from symtick.estimators.fronts.equations import Equation, Equations, by_complexity
from symtick.estimators.resolve import Plan
from symtick.estimators.template_task import (
    check_template_parameters,
    guess_of,
    template_task,
)
from symtick.expr import to_text
from symtick.expr.templates import Parts
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.states import digest
from symtick.search.regression.memory import Memory
from symtick.search.regression.regression import Outcome, spend
from symtick.search.template.cleaning import cleaned_fillings
from symtick.search.template.search import TemplateSearch
from symtick.search.template.task import Filling, TemplateTask

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TemplateFit:
    """What a fit of a template leaves.

    Attributes:
        targets: a `Target` for each result; row k of each front is the same filling.
        outcome: of the search.
        memory: for a warm start.
    """

    targets: tuple[Target, ...]
    outcome: Outcome
    memory: Memory


def fit_template(
    plan: Plan,
    X: Floats,
    goals: Floats,
    weights: Floats | None,
    names: Sequence[str],
    before: Sequence[Target] | None,
    memory: Memory | None,
) -> TemplateFit:
    """Search for the functions of the template of a plan.

    Args:
        plan: of the regressor.
        X: shape (rows, columns).
        goals: shape (targets, rows).
        weights: shape (rows,), or None.
        names: of the targets.
        before: the targets of the fit that a warm start goes on from, or None.
        memory: of that fit.

    Raises:
        InputError: a parameter is not acceptable.
    """
    check_template_parameters(plan.parameters)
    task = template_task(plan, X, goals, weights, names)
    key = _key(task)
    loss, penalty = task.config.loss, task.penalty
    state = None
    if memory is not None and memory.key == key and memory.same(loss, penalty):
        state = memory.state
    elif before is not None:
        task = replace(task, guesses=(*task.guesses, *_guesses(before[0].front, task)))
    search = TemplateSearch(task)
    if state is not None:
        search.restore(state)
    outcome = _spent(plan, task, search)
    fronts = _fronts(plan, task, outcome.front)
    targets = tuple(
        Target(name, float(np.std(goal)), front)
        for name, goal, front in zip(names, goals, fronts, strict=True)
    )
    return TemplateFit(targets, outcome, Memory(key, (), outcome.state, loss, penalty))


def _spent(plan: Plan, task: TemplateTask, search: TemplateSearch) -> Outcome:
    given, result = plan.parameters.search, plan.parameters.result
    with Course(watchers(result.verbose, result.log)) as course:

        def view(found: Sequence[Candidate], evaluations: int) -> FrontSoFar:
            front = _fronts(plan, task, found)[0]
            chosen = front.choose(result.model_selection) if front.entries else 0
            shown = Shown("", front, chosen, evaluations)
            return FrontSoFar(shown, plan.hardware.kind, result.model_selection)

        told = course.of("", 1.0, view)
        told.begin(search)
        outcome = spend(
            task.evaluations, search, given.threads, told, seconds=given.max_seconds,
            passes=given.max_passes,
        )  # fmt: skip
        fixed = plan.parameters.operators
        if fixed.constants and not fixed.literals:
            try:
                cleaned = tuple(cleaned_fillings(search, given.threads))
                outcome = replace(outcome, front=cleaned)
            except KeyboardInterrupt:
                outcome = replace(outcome, ended="interrupted")
        told.end((outcome.evaluations, outcome.passes), outcome.ended, outcome.front)
    return outcome


def _key(task: TemplateTask) -> str:
    """A digest of all that a stored state depends on."""
    settings = {
        "template": task.template.text,
        "columns": task.template.columns,
        "config": task.config,
        "hybrid": task.hybrid,
        "cost": task.cost,
        "units": task.units,
        "ranges": task.ranges,
        "guesses": [parts.to_json() for parts in task.guesses],
    }
    return digest(settings, [task.X, task.y, task.weights])


def _guesses(front: Equations, task: TemplateTask) -> list[Parts]:
    """The parts of a front that this task can start from."""
    kept, valued = list[Parts](), task.composer.valued
    for equation in front.entries:
        if equation.parts is not None:
            with suppress(InputError):
                parts = guess_of(equation.parts.text(), task)
                values = {n: v for n, v in equation.parts.categories.items() if n in valued}
                kept.append(replace(parts, categories=values))
    return kept


def _fronts(plan: Plan, task: TemplateTask, found: Sequence[Candidate]) -> list[Equations]:
    """For each result its equations; row k of each is the same filling."""
    fillings = [f for f in found if isinstance(f, Filling)]
    # so that equal figures do not order the results differently
    fillings = list({(f.complexity, f.loss): f for f in fillings}.values())
    columns = [[_equation(task, f, k) for f in fillings] for k in range(task.template.results)]
    if task.by_complexity:
        kept = by_complexity(columns[0]) if columns[0] else []
        places = [columns[0].index(e) for e in kept]
        columns = [[column[k] for k in places] for column in columns]
    return [Equations.of(column, plan.parameters.axis) for column in columns]


def _equation(task: TemplateTask, filling: Filling, result: int) -> Equation:
    parts = task.composer.parts(filling.genome)
    whole = task.template.filled(parts).select([result])
    return Equation(
        whole, to_text(whole), filling.loss, filling.ticks, filling.lut, filling.complexity,
        filling.description, parts=parts, digits=needed_digits(whole, task.X, task.y[:, result]),
    )  # fmt: skip
