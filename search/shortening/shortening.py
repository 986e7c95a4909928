"""The search for shorter formulas: a path from one formula, measured as designs along the way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from symtick.errors import DomainError
from symtick.expr import Expression, Op, parse, to_text
from symtick.search.data.objective import entropy
from symtick.search.data.problem import Problem
from symtick.search.data.quadratic import FitRows
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, restoring, values_of, with_values
from symtick.search.shortening.fitting import fit, loss_of
from symtick.search.shortening.form import Form
from symtick.search.shortening.path import Path
from symtick.search.shortening.settings import ShorteningSettings
from symtick.search.shortening.sharing import shared

FINAL_STEPS = 3
WHOLE_STEPS = 40
SHARING = 0.05  # share of the loss that constants of few digits may add together


@dataclass(frozen=True, eq=False)
class ShorteningRows:
    """Training rows of all paths of one problem.

    Attributes:
        fit: that constants are fitted on.
        swap: that swaps are weighed on, and long formulas fitted.
        final: that measured formulas are fitted on.
        most: loss on `fit` of constant outputs, above the least that there is.
    """

    fit: FitRows
    swap: FitRows
    final: FitRows
    most: float

    @classmethod
    def of(cls, evaluator: DesignEvaluator, settings: ShorteningSettings) -> ShorteningRows:
        """The first training rows, as designs read them."""
        problem = evaluator.problem

        def rows(count: int) -> FitRows:
            part = slice(0, min(count, problem.train.stop))
            return FitRows(problem, evaluator.read_values(part), problem.goal[part])

        fitted = rows(settings.rows)
        most = _constant_loss(problem, fitted) - fitted.least
        return cls(fitted, rows(settings.swap_rows), rows(settings.final_rows), most)


def _constant_loss(problem: Problem, rows: FitRows) -> float:
    mean = rows.goal.mean(axis=0)
    if problem.kind == "classes":
        wide = mean if len(mean) > 1 else np.array([1.0 - mean[0], mean[0]])
        return entropy(wide[None])
    return problem.objective(np.tile(mean, (len(rows.goal), 1)), rows.goal)[0]


def measured(
    expression: Expression, evaluator: DesignEvaluator, rows: FitRows,
    settings: ShorteningSettings, origin: str, steps: int = FINAL_STEPS,
) -> list[FrontEntry]:  # fmt: skip
    """Designs of a formula whose constants are fitted together, with few digits; none that is
    undefined on some inputs. Where the class alone counts they are fitted for it in the end.

    Args:
        expression: of what designs read.
        evaluator: measures them.
        rows: to fit on.
        settings: of the digits and of precision.
        origin: which part of the search they come from.
        steps: of the fit.
    """
    form = Form.of(expression)
    loss = fit(form, rows, steps).loss - rows.least
    price = settings.constant_price * loss
    if evaluator.problem.class_counts(evaluator.decision):
        rows = replace(rows, by_class=True)
        loss = fit(form, rows, steps).loss - rows.least
    decided = shared(form, rows, price)
    if loss_of(decided, rows) - rows.least <= (1.0 + SHARING) * loss:
        form = decided
    made = form.expression()
    try:
        made.intervals(evaluator.read_ranges)
    except DomainError:
        return []
    fixed = FixedPointSettings(settings.term_fracs, settings.address_bits)
    return evaluator.coarsest(made, fixed, origin, as_read=True)


class Shortening:
    """Shortens one formula; a search whose front is of measured designs, one each slice.

    Args:
        name: of the search.
        evaluator: measures the designs.
        rows: to fit on.
        settings: steps and limits.
        ops: operators that may occur.
        start: makes the formula to begin with, of what the designs read.
        whole: whether that is measured, too, as it is but for its constants.
    """

    def __init__(
        self,
        name: str,
        evaluator: DesignEvaluator,
        rows: ShorteningRows,
        settings: ShorteningSettings,
        ops: Collection[Op],
        start: Callable[[], Expression],
        whole: bool = False,
    ) -> None:
        self._name = name
        self._evaluator = evaluator
        self._rows = rows
        self._settings = settings
        self._ops = frozenset(ops)
        self._start = start
        self._whole = whole
        self._now: Expression | None = None
        self._price = settings.price
        self._slices = 0
        self._entries: list[FrontEntry] = []
        self._done = False

    @property
    def status(self) -> Status:
        """Where it stands."""
        text = "starting" if self._now is None else f"{len(self._now)} nodes"
        loss = min((e.loss for e in self._entries), default=float("inf"))
        return Status(self._name, self._done, self._slices, text, loss, self._slices, self._slices)

    def front(self) -> list[FrontEntry]:
        """The measured designs, those that others beat too."""
        return self._entries

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """The next formula that is shorter by a step, measured."""
        if self._done or (budget is not None and self._slices >= budget):
            return
        settings, rows = self._settings, self._rows
        first = self._now is None
        now = self._start() if self._now is None else self._now
        if first and self._whole:
            self._entries += measured(
                now, self._evaluator, rows.final, settings, self._name, WHOLE_STEPS
            )
        # a long formula only comes down to what is measured here: fewer rows say as much
        fitted = rows.swap if first and len(now) > settings.largest else rows.fit
        path = Path(Form.of(now), fitted, rows.swap, self._ops, self._price)
        wanted = min(len(now), settings.largest) if first else int(settings.finer * len(now))
        found = path.shortened(wanted)
        self._slices += 1
        if found.nodes > wanted and not first:
            self._done = True
            return
        self._now, self._price = found.expression, path.price
        self._entries += measured(
            found.expression, self._evaluator, rows.final, settings, self._name
        )
        self._done = found.nodes <= settings.smallest or found.loss > settings.floor * rows.most

    def state(self) -> State:
        """The formula, the price, and the entries."""
        now = self._now
        texts = None if now is None else [to_text(now, k) for k in range(len(now.outputs))]
        return with_values(
            {}, now=texts, price=self._price, slices=self._slices, done=self._done,
            entries=[e.to_dict() for e in self._entries],
        )  # fmt: skip

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        values = values_of(state)
        texts = values["now"]
        names = self._evaluator.problem.input_names
        self._now = None if texts is None else parse(texts, names)
        self._price = float(values["price"])
        self._slices = int(values["slices"])
        self._done = bool(values["done"])
        self._entries = [FrontEntry.from_dict(entry) for entry in values["entries"]]
