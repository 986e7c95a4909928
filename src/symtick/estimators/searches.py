"""The searches of a fit: a task for each target, its search and clean-up, and its equations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from symtick.estimators.course.moments import Course, ViewOf
from symtick.estimators.course.watchers import watchers
from symtick.estimators.fronts.display import FrontSoFar, Shown
from symtick.estimators.fronts.equations import Equations, by_complexity
from symtick.estimators.resolve import Plan
from symtick.estimators.settings import Parameters
from symtick.estimators.validation import check_callables, guesses_of_targets, units_of_targets
from symtick.search.cluster import connected
from symtick.search.data.preparing import denoised, select_features
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.search import Search
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.noise import descriptions
from symtick.search.regression.islands import Islands
from symtick.search.regression.laws import cleaned_front
from symtick.search.regression.memory import Memory
from symtick.search.regression.regression import Outcome, pursue, search_of
from symtick.search.regression.rounding import rounded_front
from symtick.search.regression.scaling import ScaledTask, balanced
from symtick.search.regression.task import Task

Floats = npt.NDArray[np.float64]


def selected_features(
    parameters: Parameters, X: Floats, goals: Floats, weights: Floats | None
) -> tuple[int, ...]:
    """Places of the features that are searched over: all, or `select_k_features` of them.

    Args:
        parameters: of the regressor.
        X: shape (rows, features).
        goals: shape (targets, rows).
        weights: shape (rows,), or None for equal ones.
    """
    count = parameters.data.select_k_features
    if count is None:
        return tuple(range(X.shape[1]))
    y = balanced(goals.T)
    return select_features(
        balanced(X), y if len(goals) > 1 else y[:, 0], count,
        seed=parameters.search.seed, weights=weights,
    )  # fmt: skip


def tasks_of(plan: Plan, X: Floats, goals: Floats, weights: Floats | None) -> list[Task]:
    """What is searched for, for each target.

    Args:
        plan: the parameters as they were resolved.
        X: shape (rows, features).
        goals: shape (targets, rows).
        weights: shape (rows,), or None for equal ones.

    Raises:
        InputError: a unit or guess does not fit the targets, or a callable fails.
    """
    given, search = plan.parameters, plan.parameters.search
    units = units_of_targets(given.limits.y_units, len(goals))
    guesses = guesses_of_targets(search.guesses, len(goals))
    tasks: list[Task] = []
    for goal, unit, texts in zip(goals, units, guesses, strict=True):
        y = (
            denoised(balanced(X[:, plan.selected]), goal, seed=search.seed)
            if given.data.denoise
            else goal
        )
        check_callables(given.objective.loss, given.objective.penalty, y, weights, plan.names)
        tasks.append(plan.task(X, y, weights, unit=unit, guesses=texts))
    return tasks


def searched(
    plan: Plan, tasks: Sequence[Task], memories: Sequence[Memory], names: Sequence[str]
) -> list[Outcome]:
    """The tasks searched one after another, each with its clean-up; fronts in the user's units.

    Args:
        plan: the parameters as they were resolved.
        tasks: one for each target.
        memories: of an earlier fit, for each target.
        names: of the targets, as they are shown and logged.
    """
    given, result = plan.parameters.search, plan.parameters.result
    islands, outcomes = given.cluster, list[Outcome]()
    with ExitStack() as stack:
        course = stack.enter_context(Course(watchers(result.verbose, result.log)))
        client = None
        if islands is not None:
            client = stack.enter_context(connected(given.n_workers, given.scheduler))
        for task, memory, target in zip(tasks, memories, names, strict=True):
            scaled = ScaledTask.of(replace(task, guesses=(*task.guesses, *memory.guesses)))
            full = scaled.inner
            search: Search[Candidate]
            if islands is not None and client is not None:
                name = f"target{len(outcomes)}.npz"
                path = None if given.checkpoint is None else given.checkpoint / name
                search = Islands(full, islands, client, path)
                if memory.state is not None and not search.epoch:
                    search.restore(memory.state)
            else:
                search = search_of(full, memory.state)
            told = course.of(target, scaled.loss, _view(plan, scaled, target))
            told.begin(search)
            stopped = any(o.interrupted for o in outcomes)
            left = None
            if given.max_seconds is not None:
                left = (given.max_seconds - course.seconds) / (len(tasks) - len(outcomes))
            outcome = pursue(
                full, search, given.threads, told, brief=stopped, seconds=left,
                passes=plan.passes,
            )  # fmt: skip
            del search  # its copies of the rows make room for those of the clean-up
            outcome = _cleaned(plan, full, outcome)
            told.end((outcome.evaluations, outcome.passes), outcome.ended, outcome.front)
            outcomes.append(replace(outcome, front=scaled.front(outcome.front)))
    return outcomes


def _view(plan: Plan, scaled: ScaledTask, name: str) -> ViewOf:
    """How candidates of the search are shown."""
    result = plan.parameters.result
    criterion = _criterion(plan, scaled.task)

    def view(candidates: Sequence[Candidate], evaluations: int) -> FrontSoFar:
        front = _equations(plan, scaled.task, scaled.front(candidates), criterion)
        chosen = front.choose(result.model_selection) if front.entries else 0
        shown = Shown(name, front, chosen, evaluations)
        return FrontSoFar(shown, plan.hardware.kind, result.model_selection)

    return view


def front_of(plan: Plan, task: Task, outcome: Outcome) -> Equations:
    """The front of a search as equations, constants rounded to `constant_bits` where those are."""
    given, candidates = plan.parameters, outcome.front
    bits = given.operators.constant_bits
    if bits is not None:
        threads = given.search.threads
        candidates = rounded_front(candidates, plan.vocabulary, task, bits, threads)
    return _equations(plan, task, candidates, _criterion(plan, task))


def _cleaned(plan: Plan, task: Task, outcome: Outcome) -> Outcome:
    """With the front cleaned up, where its constants are free and stay as they are.

    Ctrl-C leaves it as it was found.
    """
    given = plan.parameters.operators
    fixed = given.literals or not given.constants or given.constant_bits is not None
    if fixed or task.penalty is not None:
        return outcome
    try:
        return replace(outcome, front=cleaned_front(outcome.front, task))
    except KeyboardInterrupt:
        return replace(outcome, ended="interrupted")


def _criterion(plan: Plan, task: Task) -> Criterion | None:
    if task.penalty is not None:
        return None
    return Criterion.of(task.rows, task.config.loss, len(plan.vocabulary))


def _equations(
    plan: Plan, task: Task, candidates: Sequence[Candidate], criterion: Criterion | None
) -> Equations:
    equations = [plan.equation(c, task, criterion) for c in candidates]
    if criterion is not None and task.config.loss == "mse" and task.weights is None:
        lengths = descriptions(
            [c.program for c in candidates],
            [c.loss for c in candidates],
            [e.description for e in equations],
            task.X,
            task.y,
            criterion,
        )
        described = zip(equations, lengths, strict=True)
        equations = [replace(e, description=length) for e, length in described]
    if plan.hardware.kind == "complexity":
        equations = by_complexity(equations)
    return Equations.of(equations, plan.parameters.axis)
