"""The joint search of one start: a model for all outputs grows term by term, then is cut down.

Growth is gradient boosting with a joint fit: in each round terms are proposed for the model as it
stands (`search.joint.proposals`), the one or two join that take the most loss for their price
(`search.joint.gains`), and all constants are fitted together. Then follows backward elimination of
readouts, terms and parts of terms (`search.joint.cuts`). The models on the way that no cheaper one
beats are compiled and measured, as far as their prices differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from symtick.search.data.dataset import FloatArray
from symtick.search.data.problem import Problem
from symtick.search.data.quadratic import FitRows
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.evolution.settings import EngineConfig
from symtick.search.joint.cuts import LARGEST, Prices, cuts
from symtick.search.joint.gains import Slope, Steps, steps
from symtick.search.joint.model import JointModel, fitted
from symtick.search.joint.proposals import Proposals, Wanted
from symtick.search.joint.settings import JointSettings
from symtick.search.joint.trees import Tree, values_of_trees, written
from symtick.search.kernel_api.evaluation import costs, intervals
from symtick.search.kernel_api.limits import FINITE, as_limit
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
from symtick.settings import within

JOINING, SECOND = 2, 0.5  # terms of a round; reward of a further one in shares of the first one's
GUESSES = 8  # of the pool, that evolution begins with
TRIED = 6  # terms that are fitted with the model before one of them joins
BETWEEN = 2  # steps of the fit between two terms of a round
READOUT_BITS = (6, 5)  # address and entry of the table of a readout
LEAST = 1e-6  # deviation of a term's values
FEW = 3  # models that are measured where the search is cut off
TELLING = 0.02  # share of the loss that a dearer model takes away, else it is not measured
CHEAPER = 0.85  # price of a model that is measured as a share of the dearer one's before it


@dataclass(frozen=True, eq=False)
class JointRows:
    """Training rows as joint models learn from them; shared by all starts."""

    problem: Problem
    fit: FitRows
    few: FitRows

    @classmethod
    def of(cls, problem: Problem, settings: JointSettings) -> JointRows:
        """The first rows of the problem."""

        def first(count: int) -> FitRows:
            rows = slice(0, min(count, problem.train.stop))
            goal = np.asfortranarray(problem.goal[rows])
            return FitRows(problem, problem.real(rows), goal)

        few = min(settings.probe_rows, settings.rows)
        return cls(problem, first(settings.rows), first(few))


class JointSearch:
    """One start; a search whose front is of measured designs.

    Args:
        name: of the search.
        evaluator: measures the designs.
        rows: rows to learn from.
        settings: of growth and cuts.
        engine: of the evolution, with operators and limits.
        fixed_point: bits to try.
        seed: of every random choice.
    """

    def __init__(
        self,
        name: str,
        evaluator: DesignEvaluator,
        rows: JointRows,
        settings: JointSettings,
        engine: EngineConfig,
        fixed_point: FixedPointSettings,
        seed: int,
    ) -> None:
        problem = evaluator.problem
        self._name, self._evaluator, self._rows = name, evaluator, rows
        self._settings, self._engine, self._fixed_point = settings, engine, fixed_point
        self._seed = seed
        address, entry = READOUT_BITS
        readout = evaluator.table_luts(address, entry) + evaluator.adder_luts(entry + 1)
        self._prices = Prices(evaluator.cost, readout, settings.node_price)
        self._proposals = Proposals(settings, engine, problem.ranges, evaluator.cost, seed)
        center = problem.targets[problem.train].mean(axis=0)
        empty = JointModel((), np.zeros((0, problem.outputs)), center)
        self._model = fitted(empty, rows.fit, settings.fit_steps)
        self._pool: list[Tree] = []
        self._path: list[tuple[JointModel, float, float]] = []  # models, losses, prices
        self._left: list[JointModel] | None = None  # to be measured
        self._entries: list[FrontEntry] = []
        self._curve: list[float] = []
        self._slices = 0

    @property
    def status(self) -> Status:
        """Where it stands."""
        text = f"{len(self._model.terms)} terms"
        if self._left is not None:
            text = f"{len(self._entries)} designs"
        done = self._left is not None and not self._left
        losses = [*(loss for _, loss, _ in self._path), *(e.loss for e in self._entries)]
        best = min(losses, default=float("inf"))
        count = self._proposals.evaluations
        return Status(self._name, done, self._slices, text, best, count, count)

    @property
    def curve(self) -> tuple[float, ...]:
        """The loss that was left after each round of growth."""
        return tuple(self._curve)

    def front(self) -> list[FrontEntry]:
        """The measured designs, those that others beat too."""
        return list(self._entries)

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """A round of growth, a round of cuts, or one model measured."""
        spent = budget is not None and self._proposals.evaluations >= budget
        if self.status.done or spent:
            return
        if self._left is not None:
            model = self._for_the_class(self._left.pop(0))
            expression = model.expression(self._rows.problem.input_names)
            self._entries += self._evaluator.coarsest(expression, self._fixed_point, self._name)
        elif len(self._curve) < self._settings.rounds:
            self._grow(budget)
        elif not self._shrink():
            self._left = telling(self._path)
        self._slices += 1

    def _for_the_class(self, model: JointModel) -> JointModel:
        """The model fitted for the class, where that alone counts."""
        if not self._rows.problem.class_counts(self._evaluator.decision):
            return model
        rows = replace(self._rows.fit, by_class=True)
        last = fitted(model, rows, self._settings.fit_steps)
        return last if self._sound(last) else model

    def conclude(self) -> None:
        """Measure a few of the models that there are, and nothing more."""
        if self._left is None:
            found = telling(self._path)
            self._left = found[:: -(-len(found) // FEW)] if found else []

    # --- growth --------------------------------------------------------------------------------

    def _grow(self, budget: int | None) -> None:
        problem, fit = self._rows.problem, self._rows.fit
        rng = np.random.default_rng([self._seed, len(self._curve)])
        slope = Slope.of(problem, self._model.outputs(fit.X), fit.goal)
        few = slope.rows(len(self._rows.few.X))
        target, weights = slope.working(slope.direction(rng, problem.spread))
        wanted = Wanted(
            fit.X, target, weights, self._pool[:GUESSES], lambda trees: self._rated(trees, few)[0]
        )
        found = self._allowed(self._proposals.made(wanted, rng, budget))
        trees = list(dict.fromkeys([*found, *self._pool]))
        order = np.argsort(-self._rated(trees, few)[0], kind="stable").tolist()
        self._pool = [trees[k] for k in order[: self._settings.pool]]
        grown = self._extended(few)
        better = fitted(grown, fit, self._settings.fit_steps)
        self._take(better if self._sound(better) else grown)
        self._curve.append(problem.loss(self._outputs(self._model), self._few))

    @property
    def _few(self) -> slice:
        return slice(0, len(self._rows.few.X))

    def _outputs(self, model: JointModel) -> FloatArray:
        return model.outputs(self._rows.few.X)

    def _take(self, model: JointModel) -> None:
        """A new model; its least worthy terms make room where there are too many."""
        while len(model.terms) > self._settings.terms:
            found = cuts(model, self._rows.few.X, self._rows.few.loss, self._prices)
            model = next(c.model for c in found if len(c.model.terms) < len(model.terms))
        self._model = model
        self._keep(model)

    def _keep(self, model: JointModel) -> None:
        loss = self._rows.problem.loss(self._outputs(model), self._few)
        self._path.append((model, loss, self._prices.whole(model)))

    def _rated(self, trees: Sequence[Tree], slope: Slope) -> tuple[FloatArray, Steps, FloatArray]:
        """Rewards of terms, their steps, and by how many outputs each is read."""
        values = values_of_trees(trees, self._rows.few.X)
        finite = np.isfinite(values).all(axis=1) & (np.abs(values).max(axis=1) < LARGEST)
        values[~finite] = 0.0
        values -= values.mean(axis=1, keepdims=True)
        found = steps(values, slope)
        counts = np.arange(1, found.gain.shape[1] + 1)
        price = self._prices.terms(trees)[:, None] + self._prices.readout * counts
        rewards = found.gain / np.maximum(price, 1.0) ** self._settings.thrift
        rewards[~finite | (values.std(axis=1) < LEAST)] = 0.0
        rewards = rewards[:, : self._settings.readers]
        return rewards.max(axis=1), found, rewards.argmax(axis=1) + 1

    def _extended(self, slope: Slope) -> JointModel:
        """The model with the best term of the pool, and another one that is nearly as good then."""
        model, least = self._model, 0.0
        for _ in range(JOINING):
            tried = self._tried(model, slope)
            gain, joined = max(tried, key=lambda t: t[0], default=(0.0, model))
            if gain <= least:
                break
            model, least = joined, max(least, SECOND * gain)
            slope = Slope.of(self._rows.problem, self._outputs(model), self._rows.few.goal)
        return model

    def _tried(self, model: JointModel, slope: Slope) -> list[tuple[float, JointModel]]:
        """The model with each of the terms of highest reward, fitted, and what that gains."""
        before, price = self._rows.few.loss(self._outputs(model)), self._prices.whole(model)
        rewards, found, readers = self._rated(self._pool, slope)
        tried = []
        for place in np.argsort(-rewards, kind="stable")[:TRIED].tolist():
            if rewards[place] <= 0.0:
                break
            term = self._pool[place]
            mean = float(values_of_trees([term], self._rows.few.X).mean())
            joined = model.joined(term, found.weights(place, int(readers[place])), mean)
            joined = fitted(joined, self._rows.few, BETWEEN)
            if self._sound(joined):
                gain = before - self._rows.few.loss(self._outputs(joined))
                more = max(self._prices.whole(joined) - price, 1.0)
                tried.append((gain / more**self._settings.thrift, joined))
        return tried

    def _allowed(self, trees: Sequence[Tree]) -> list[Tree]:
        """Those that keep the engine's limits."""
        limits = self._engine.limits
        few = [t for t in trees if t.size <= limits.max_nodes]
        if not few:
            return []
        figures = zip(*costs([written(t) for t in few], self._evaluator.cost), strict=True)
        return [
            t
            for t, (ticks, lut), fits in zip(few, figures, self._bounded(few), strict=True)
            if fits and within(int(ticks), limits.max_ticks) and within(lut, limits.max_lut)
        ]

    def _bounded(self, trees: Sequence[Tree]) -> list[bool]:
        """Whether each is defined, and not too large, everywhere in the ranges."""
        if not trees:
            return []
        most = as_limit(self._engine.limits.max_magnitude, FINITE)
        found = intervals([written(t) for t in trees], self._rows.problem.ranges)
        return [
            bounds is not None and all(-most <= i.lo and i.hi <= most for i in bounds)
            for bounds in found
        ]

    def _sound(self, model: JointModel) -> bool:
        return all(self._bounded(model.terms))

    # --- cuts ----------------------------------------------------------------------------------

    def _shrink(self) -> bool:
        """A share of the price less, and fitted again; False where nothing is left to cut."""
        if not self._model.terms:
            return False
        goal = (1.0 - self._settings.drop) * self._prices.whole(self._model)
        model = self._model
        while self._prices.whole(model) > goal:
            found = cuts(model, self._rows.few.X, self._rows.few.loss, self._prices)
            kept = next((c.model for c in found if self._sound(c.model)), None)
            if kept is None:
                return False
            model = kept
        better = fitted(model, self._rows.fit, self._settings.refit_steps)
        self._model = better if self._sound(better) else model
        self._keep(self._model)
        return bool(self._model.terms)

    # --- stopping and going on -----------------------------------------------------------------

    def state(self) -> State:
        """Models, pool, measured designs, what the policy has learned, and the counters."""
        models = [model for model, _, _ in self._path]
        return with_values(
            prefixed(self._proposals.state(), "proposals/"),
            slices=self._slices,
            model=self._model.to_dict(),
            pool=JointModel(tuple(self._pool), np.zeros((0, 1)), np.zeros(1)).to_dict(),
            path=[(m.to_dict(), loss, price) for m, loss, price in self._path],
            left=None if self._left is None else [models.index(m) for m in self._left],
            curve=self._curve,
            entries=[entry.to_dict() for entry in self._entries],
        )

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged.
        """
        values = values_of(state)
        self._proposals.restore(part_of(state, "proposals/"))
        self._slices = int(values["slices"])
        self._model = JointModel.from_dict(values["model"])
        self._pool = list(JointModel.from_dict(values["pool"]).terms)
        self._path = [(JointModel.from_dict(m), loss, price) for m, loss, price in values["path"]]
        left = values["left"]
        self._left = None if left is None else [self._path[k][0] for k in left]
        self._curve = list(values["curve"])
        self._entries = [FrontEntry.from_dict(entry) for entry in values["entries"]]


def telling(path: Sequence[tuple[JointModel, float, float]]) -> list[JointModel]:
    """Models to measure, the dearest first, which is the one of least loss.

    Each takes more than a share of the loss of all cheaper ones, and costs clearly less than the
    one before it: to compile a large model takes as long as to grow it.

    Args:
        path: models, their losses and their prices.
    """
    better: list[tuple[JointModel, float]] = []
    least = np.inf
    for model, loss, price in sorted(path, key=lambda p: (p[2], p[1])):
        if model.terms and loss < (1.0 - TELLING) * least:
            better.append((model, price))
            least = loss
    kept: list[JointModel] = []
    most = np.inf
    for model, price in reversed(better):
        if price <= most:
            kept.append(model)
            most = CHEAPER * price
    return kept
