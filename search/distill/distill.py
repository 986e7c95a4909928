"""The distillation driver: from a problem to a Pareto front of compiled designs.

Three ways of finding expressions for all outputs together run side by side, in slices: joint
models, which grow by terms that a policy and evolution propose, backward elimination of layered
forms, and perceptrons that are made shorter. A second round refines the best of the pruned forms
and makes designs of the front shorter. All designs, whatever their origin, are compiled, measured
and compared on the same validation rows. A third round tunes the widths of those on the front.

Slices are independent of each other and counted in steps, so the result depends on the seed only:
not on threads, time, interruptions or checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from symtick.codegen import CostModel
from symtick.errors import InputError
from symtick.expr import SEARCH_NAMES, Expression, Op
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.designs.width_tuning import WidthTuning
from symtick.search.distill.advice import Evidence
from symtick.search.distill.checkpoint import Checkpoint, fingerprint
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.unit_check import check_units
from symtick.search.inputs.maps import InputMap
from symtick.search.joint.search import JointRows, JointSearch
from symtick.search.kernel_api.search import Search, Status
from symtick.search.layered.elimination import Elimination, LayeredRows, PrunedForm, unpack
from symtick.search.layered.layers import OUTER_SHAPE, SHAPES, Layers
from symtick.search.shortening.shortening import Shortening, ShorteningRows
from symtick.settings import tightest

Stage = Literal["search", "finish", "tune", "write"]
_DOING: dict[Stage, str] = {
    "search": "searching",
    "finish": "finishing",
    "tune": "tuning widths",
    "write": "writing designs",
}


@dataclass(frozen=True)
class Progress:
    """What a progress callback sees after each round of slices.

    Attributes:
        stage: `search` (first round of searches), `finish` (second round), `tune` (width tuning) or
            `write` (all are done, and the designs are written).
        slices: slices done in this stage; how many there will be is not known, so a bar should use
            `share`.
        share: part of this stage's searches that are done, 0 to 1.
        searches: where each of them stands.
        front: the front so far.
    """

    stage: Stage
    slices: int
    share: float
    searches: tuple[Status, ...]
    front: Front

    @property
    def doing(self) -> str:
        """The stage in words."""
        return _DOING[self.stage]

    @property
    def line(self) -> str:
        """Stage, parts done and designs, in one line."""
        states, count = self.searches, len(self.front.entries)
        parts = f", {sum(s.done for s in states)} of {len(states)} parts" if states else ""
        if self.stage == "write":
            parts = f", {self.slices} of {count}"
        return f"{self.doing}{parts}, {count} designs on the front"


class Distiller:
    """One distillation.

    Args:
        problem: rows, targets and formats.
        config: settings.
        model: the device's cost model (`symtick.hwcost.models.model`).
        cost: the same device's table for the search (`symtick.hwcost.search_cost`).
        inputs: how designs read the problem's codes; None for as they are.

    Raises:
        InputError: the cost table is for another number of inputs, the decision for another
            number of scores, or a target is in a unit that no design can hold.
    """

    def __init__(
        self,
        problem: Problem,
        config: DistillConfig,
        model: CostModel,
        cost: SearchCost,
        inputs: InputMap | None = None,
    ) -> None:
        self.problem = problem
        self.config = config
        config.decision.check(problem.outputs)
        check_units(problem, problem.output_names, config)
        self.evaluator = DesignEvaluator(
            problem, model, cost, config.decision, config.scheduler, inputs,
            config.choice.max_ticks, config.latency,
        )  # fmt: skip
        self.interrupted = False
        self._teacher_score = problem.teacher_score(problem.valid)
        self._teacher_rmse = problem.teacher_rmse(problem.valid)
        self._joint: list[JointSearch] = []
        self._layered: list[Elimination] = []
        self._perceptrons: list[Shortening] = []
        self._shortening_rows: ShorteningRows | None = None
        self._second: list[Search[FrontEntry]] = []
        self._refits: list[tuple[FrontEntry, Elimination]] = []
        self._tuned: list[WidthTuning] = []
        self._thinned: Front | None = None

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: Path | None = None,
        stop: Callable[[], bool] | None = None,
        resume: bool = False,
    ) -> Front:
        """Search, and return the front.

        Ctrl-C (KeyboardInterrupt) and `stop` end the search early: what is there is measured and
        returned, `interrupted` is set, and a checkpoint can be resumed later.

        Args:
            progress: called after each round of slices.
            checkpoint: folder for checkpoints.
            stop: asked after each round of slices.
            resume: go on from the checkpoint.

        Raises:
            InputError: the checkpoint folder holds a run already, or (resume) not this one.
        """
        store = self._store(checkpoint, resume)
        tell = progress or (lambda _: None)
        ask = stop or (lambda: False)
        first = self._searches()
        self._second, self._tuned, self._thinned = [], [], None
        self.interrupted = not self._advance(first, "search", store, tell, ask, resume)
        self._second = self._finishers(quick=self.interrupted)
        kept = None if self.interrupted else store
        if not self._advance(self._second, "finish", kept, tell, lambda: False, resume):
            self.interrupted = True
        self._thinned = self.front().thinned(self.config.choice)
        self._tuned = [] if self.interrupted else self._tunings(self._thinned)
        if not self._advance(self._tuned, "tune", kept, tell, lambda: False, resume):
            self.interrupted = True
        tell(self._progress("write", self._tuned or self._second, 0))
        return self.front()

    def front(self) -> Front:
        """The front of everything that was measured so far."""
        if self._thinned is not None:
            tuned = [entry for part in self._tuned for entry in part.front()]
            return self._thinned.with_tuned(tuned, self.config.choice)
        return Front.of(
            self._entries(), self._teacher_score, self.config.choice, self._teacher_rmse
        )

    def evidence(self) -> Evidence:
        """What the search shows of its settings, beside the front."""
        refits = [(a, search.pruned[0].entry) for a, search in self._refits if search.pruned]
        rounds = self.config.joint.rounds
        return Evidence(
            entries=tuple(self._entries()),
            hidden=self.config.layered.hidden,
            refits=tuple(refits),
            refit_steps=self.config.layered.refine_steps,
            curves=tuple(s.curve for s in self._joint if len(s.curve) == rounds),
            rounds=rounds,
        )

    def _entries(self) -> list[FrontEntry]:
        # joint searches that were cut off are parts of the second round, too
        parts: dict[Search[FrontEntry], None] = dict.fromkeys(
            (*self._joint, *self._layered, *self._perceptrons, *self._second)
        )
        return [entry for part in parts for entry in part.front()]

    def _store(self, folder: Path | None, resume: bool) -> Checkpoint | None:
        if folder is None:
            if resume:
                raise InputError("to resume, name the checkpoint folder")
            return None
        inputs = self.evaluator.inputs
        slices = () if inputs is None else inputs.slices
        store = Checkpoint(
            folder, fingerprint(self.problem, self.config, self.evaluator.model.name, slices)
        )
        store.begin(resume)
        return store

    # --- what there is to do -------------------------------------------------------------------

    def _searches(self) -> list[Search[Any]]:
        """The first round: joint models, layered forms and perceptrons."""
        self._joint, self._layered = self._joint_searches(), self._eliminations()
        self._perceptrons = self._shortened_perceptrons()
        return [*self._joint, *self._layered, *self._perceptrons]

    def _joint_searches(self) -> list[JointSearch]:
        config, settings = self.config, self.config.joint
        limits, choice = settings.engine.limits, config.choice
        limits = replace(
            limits,
            max_ticks=tightest(limits.max_ticks, choice.max_ticks),
            max_lut=tightest(limits.max_lut, choice.max_lut),
        )
        engine = replace(settings.engine, ops=config.ops, limits=limits)
        rows = JointRows.of(self.problem, settings)
        started = []
        for number in range(settings.starts):
            seed = int(np.random.default_rng([config.seed, 1, number]).integers(2**62))
            name, fixed = f"joint-{number}", config.fixed_point
            search = JointSearch(name, self.evaluator, rows, settings, engine, fixed, seed)
            started.append(search)
        return started

    def _eliminations(self) -> list[Elimination]:
        settings, problem = self.config.layered, self.problem
        shapes = [s for s in settings.shapes if self._allowed(s)]
        if not settings.hidden or not shapes or not self._allowed(OUTER_SHAPE):
            return []
        rows = LayeredRows.of(problem, settings)
        center = np.zeros(problem.outputs)
        if problem.kind == "values":
            center = problem.targets[problem.train].mean(axis=0)
        started = []
        for number, hidden in enumerate(settings.hidden):
            use = shapes if settings.mixed and number % 2 else shapes[:1]
            rng = np.random.default_rng([self.config.seed, 2, number])
            reference = self._reference(number)
            start = Layers.random(rows.codes, hidden, use, center, problem.spread, rng, reference)
            started.append(Elimination(f"layers-{number}", self.evaluator, rows, settings, start))
        return started

    def _reference(self, number: int) -> int | None:
        """The score that stays constant, as only differences of class scores count; or None."""
        problem = self.problem
        relative = problem.kind == "classes" and problem.outputs > 1
        relative = relative and self.config.decision.differences_only
        return number % problem.outputs if relative else None

    @property
    def _ops(self) -> frozenset[Op]:
        return frozenset(SEARCH_NAMES[name] for name in self.config.ops)

    def _allowed(self, shape: str) -> bool:
        return all(op in self._ops for op in SHAPES[shape][2])

    def _rows_to_shorten_on(self) -> ShorteningRows:
        if self._shortening_rows is None:
            self._shortening_rows = ShorteningRows.of(self.evaluator, self.config.shortening)
        return self._shortening_rows

    def _shortened_perceptrons(self) -> list[Shortening]:
        settings = self.config.shortening
        if not settings.perceptrons or not self._allowed(OUTER_SHAPE):
            return []
        rows = self._rows_to_shorten_on()
        started = [
            Shortening.of_perceptron(
                number, self.evaluator, rows, settings, self._ops, self._reference(number),
                self.config.seed,
            )
            for number in range(len(settings.perceptrons))
        ]  # fmt: skip
        return [search for search in started if search is not None]

    def _shortened_designs(self) -> list[Shortening]:
        """Shortenings of designs on the front: the best, and those around the choice."""
        settings, front = self.config.shortening, self.front()
        if not front.entries or not settings.designs:
            return []
        rows, choice = self._rows_to_shorten_on(), self.config.choice
        order = sorted(front.entries, key=lambda e: (abs(front.missing(e, choice)), e.cost))
        chosen = list(dict.fromkeys(e.name for e in (front.best, *order)))[: settings.designs]
        return [
            Shortening(
                f"shorten-{number}", self.evaluator, rows, settings, self._ops,
                partial(_expression, front.entry(name)),
            )
            for number, name in enumerate(chosen)
        ]  # fmt: skip

    def _finishers(self, quick: bool) -> list[Search[FrontEntry]]:
        """The second round, from the results of the first; where that was cut off, what it has."""
        if not quick:
            return [*self._refinements(), *self._shortened_designs()]
        for search in self._joint:
            search.conclude()
        return [search for search in self._joint if not search.status.done]

    def _refinements(self) -> list[Elimination]:
        """Eliminations that go on from pruned forms around the choice."""
        settings = self.config.layered
        self._refits = []
        for number, (search, form) in enumerate(self._worthy(settings.refined)):
            start = unpack(form.layers, search.rows.codes, search.layers.shapes)
            name = f"refine-{number}"
            refit = Elimination(name, self.evaluator, search.rows, settings, start, fitted=True)
            self._refits.append((form.entry, refit))
        return [refit for _, refit in self._refits]

    def _tunings(self, front: Front) -> list[WidthTuning]:
        """The third round: the front's designs, as far as their device states areas."""
        tuning = self.config.tuning
        share = tuning.rmse if self.problem.kind == "values" else tuning.accuracy
        if share is None:
            return []
        return [
            WidthTuning(self.evaluator, entry, share, tuning.rows)
            for entry in front.entries
            if entry.cost > 0
        ]

    def _worthy(self, count: int) -> list[tuple[Elimination, PrunedForm]]:
        """Pruned forms on the front, scores nearest to what the choice asks for first."""
        forms = {
            str(form.entry.to_dict()): (search, form)
            for search in self._layered
            for form in search.pruned
        }
        front, choice = self.front(), self.config.choice
        entries = [replace(e, name="") for e in front.entries]
        order = sorted(entries, key=lambda e: (abs(front.missing(e, choice)), e.cost))
        keys = [str(e.to_dict()) for e in order]
        return [forms[key] for key in keys if key in forms][:count]

    # --- doing it ------------------------------------------------------------------------------

    def _advance(
        self,
        searches: Sequence[Search[Any]],
        stage: Stage,
        store: Checkpoint | None,
        tell: Callable[[Progress], None],
        ask: Callable[[], bool],
        resume: bool,
    ) -> bool:
        """Round after round of slices until all are done; False where it was cut off."""
        if store is not None and resume:
            for search in searches:
                store.load(search)
        rounds = 0
        pool = ThreadPoolExecutor(self.config.threads)
        # BLAS has one thread, so that its sums have one order
        blas = threadpool_limits(1, user_api="blas")
        try:
            while open_ := [s for s in searches if not s.status.done]:
                for search in pool.map(_stepped, open_):
                    if store is not None:
                        store.save(search)
                rounds += 1
                tell(self._progress(stage, searches, rounds))
                if ask():
                    return False
        except KeyboardInterrupt:
            return False
        finally:
            # slices that have begun run to their end, so that every search is whole
            pool.shutdown(wait=True, cancel_futures=True)
            blas.restore_original_limits()
        return True

    def _progress(self, stage: Stage, searches: Sequence[Search[Any]], rounds: int) -> Progress:
        states = tuple(s.status for s in searches)
        share = sum(s.done for s in states) / max(1, len(states))
        return Progress(stage, rounds, share, states, self.front())


def _expression(entry: FrontEntry) -> Expression:
    return entry.expression


def _stepped(search: Search[Any]) -> Search[Any]:
    search.step()
    return search
