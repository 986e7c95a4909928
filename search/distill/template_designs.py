"""A template in a distillation: its functions are found, and what they make becomes designs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symtick.expr.templates import Template
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.quadratic import FitRows
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.distill.given_settings import GivenSettings
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import (
    Arrays,
    State,
    part_of,
    prefixed,
    restoring,
    values_of,
    with_values,
)
from symtick.search.shortening.settings import ShorteningSettings
from symtick.search.shortening.shortening import WHOLE_STEPS, measured
from symtick.search.template.search import TemplateSearch
from symtick.search.template.task import TemplateTask


class TemplateDesigns:
    """Finds a template's functions on the targets, then measures what they make, one each slice.

    The functions are found by mean squares on what the outputs should be: scores of classes before
    softmax, or values. All constants of a filling are then fitted on the distillation's loss.

    Args:
        name: of the search.
        template: its results are the outputs.
        evaluator: measures the designs.
        rows: training rows that fillings are fitted on.
        settings: rows and evaluations of the search for the functions.
        fixed: digits and precision of what is measured.
        engine: operators, limits and seed.
    """

    def __init__(
        self,
        name: str,
        template: Template,
        evaluator: DesignEvaluator,
        rows: FitRows,
        settings: GivenSettings,
        fixed: ShorteningSettings,
        engine: EngineConfig,
    ) -> None:
        self._name, self._evaluator, self._rows = name, evaluator, rows
        self._settings, self._fixed = settings, fixed
        self._search = TemplateSearch(_task(template, evaluator, settings, engine))
        self._entries: list[FrontEntry] = []
        self._measured = 0

    @property
    def _found(self) -> bool:
        """Whether the functions are found."""
        status = self._search.status
        return status.done or status.evaluations >= self._settings.evaluations

    @property
    def _count(self) -> int:
        return min(len(self._search.front()), self._settings.designs)

    @property
    def status(self) -> Status:
        """Where it stands."""
        inner, done = self._search.status, self._found and self._measured >= self._count
        text = f"{self._measured} of {self._count} fillings" if self._found else inner.text
        loss = min((e.loss for e in self._entries), default=float("inf"))
        slices, evaluations, passes = (
            n + self._measured for n in (inner.slices, inner.evaluations, inner.passes)
        )
        return Status(self._name, done, slices, text, loss, evaluations, passes)

    def front(self) -> list[FrontEntry]:
        """The measured designs, those that others beat too."""
        return self._entries

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """Goes on with the functions; once they are found, the design of one more filling."""
        if budget is not None and self.status.evaluations >= budget:
            return
        if not self._found:
            most = self._settings.evaluations
            self._search.step(threads=threads, budget=most if budget is None else min(most, budget))
        elif self._measured < self._count:
            best = sorted(self._search.front(), key=lambda f: f.loss)[self._measured]
            expression = self._search.task.expression(best.genome)
            if self._evaluator.inputs is not None:
                expression = self._evaluator.inputs.as_read(expression)
            self._entries += measured(
                expression, self._evaluator, self._rows, self._fixed, self._name, WHOLE_STEPS
            )
            self._measured += 1

    def state(self) -> State:
        """The search for the functions, and what is measured."""
        entries = [e.to_dict() for e in self._entries]
        inner = prefixed(self._search.state(), "search/")
        return with_values(inner, entries=entries, measured=self._measured)

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        values = values_of(state)
        self._search.restore(part_of(state, "search/"))
        self._entries = [FrontEntry.from_dict(entry) for entry in values["entries"]]
        self._measured = int(values["measured"])


def _task(
    template: Template, evaluator: DesignEvaluator, settings: GivenSettings, engine: EngineConfig
) -> TemplateTask:
    problem = evaluator.problem
    part = slice(0, min(settings.rows, problem.train.stop))
    X, names = problem.real(part), problem.input_names
    vocabularies = tuple(
        engine.vocabulary(len(arguments), arguments) for arguments in template.arguments.values()
    )
    rules = replace(engine.all_rules(), units=None, max_ticks=None)
    return TemplateTask(
        template=template,
        X=X,
        y=np.ascontiguousarray(problem.targets[part]),
        weights=None,
        categories={},
        vocabularies=vocabularies,
        rules=(rules,) * len(vocabularies),
        config=engine,
        hybrid=HybridConfig(method="gp"),
        cost=SearchCost.unit(len(names)),
        levels=SearchCost.unit,
        by_complexity=True,
        evaluations=settings.evaluations,
    )
