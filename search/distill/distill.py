"""The distillation driver: from a problem to a Pareto front of compiled designs.

Ways of finding expressions for all outputs together run side by side, in slices: joint models,
which grow by terms that a policy and evolution propose, backward elimination of layered forms, and
what is given to begin with. A second round refines the best
of the pruned forms and makes designs of the front shorter. All designs, whatever their origin, are
compiled, measured and compared on the same validation rows. A third round tunes the widths of those
on the front.

Slices are independent of each other and counted in steps, so the result depends on the seed only:
not on workers, time, interruptions or checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from threadpoolctl import threadpool_limits

from symtick.codegen import CostModel
from symtick.errors import InputError
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.distill.advice import Evidence
from symtick.search.distill.checkpoint import Checkpoint, fingerprint
from symtick.search.distill.cluster import Cluster
from symtick.search.distill.parts import Ingredients, Parts, Recipe
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.unit_check import check_units
from symtick.search.distill.workers import Part, Workers, slices, workers
from symtick.search.inputs.maps import InputMap
from symtick.search.joint.search import JointSearch
from symtick.search.kernel_api.search import Search, Status
from symtick.search.layered.elimination import Elimination, PrunedForm

if TYPE_CHECKING:
    from distributed import Client

Stage = Literal["search", "finish", "tune", "write"]
_DOING: dict[Stage, str] = {
    "search": "searching",
    "finish": "finishing",
    "tune": "tuning widths",
    "write": "writing designs",
}


@dataclass(frozen=True)
class Progress:
    """What a progress callback sees after each round of slices, and when a search is done.

    Attributes:
        stage: `search` (first round of searches), `finish` (second round), `tune` (width tuning) or
            `write` (all are done, and the designs are written).
        slices: rounds of slices done in this stage; how many there will be is not known, so a bar
            should use `share`.
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
            number of scores, a target is in a unit that no design can hold, or a guess or the
            template cannot be read.
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
        self._ingredients = Ingredients(problem, config, model, cost, inputs)
        self.parts = Parts(self._ingredients)
        self.evaluator = self.parts.evaluator
        self.interrupted = False
        self._teacher_score = problem.teacher_score(problem.valid)
        self._teacher_rmse = problem.teacher_rmse(problem.valid)
        self._first: list[Part] = []
        self._second: list[Part] = []
        self._tuned: list[Part] = []
        self._thinned: Front | None = None

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: Path | None = None,
        stop: Callable[[], bool] | None = None,
        resume: bool = False,
        client: Client | None = None,
    ) -> Front:
        """Search, and return the front.

        Ctrl-C (KeyboardInterrupt) and `stop` end the search early: what is there is measured and
        returned, `interrupted` is set, and a checkpoint can be resumed later.

        Args:
            progress: called after each round of slices, and when a search is done.
            checkpoint: folder for checkpoints.
            stop: asked after each round of slices.
            resume: go on from the checkpoint.
            client: of a cluster (`search.cluster.connected`), to search on its workers in place of
                processes of this machine.

        Raises:
            InputError: the checkpoint folder holds a run already, or (resume) not this one.
        """
        store = self._store(checkpoint, resume)
        tell = progress or (lambda _: None)
        ask = stop or (lambda: False)
        own = self._ingredients
        at_work = workers(own) if client is None else Cluster(own, client)
        # BLAS has one thread, so that its sums have one order
        with threadpool_limits(1, user_api="blas"), closing(at_work):
            return self._run(at_work, store, tell, ask, resume)

    def _run(
        self,
        at_work: Workers,
        store: Checkpoint | None,
        tell: Callable[[Progress], None],
        ask: Callable[[], bool],
        resume: bool,
    ) -> Front:
        def advance(parts: Sequence[Part], stage: Stage) -> bool:
            first = stage == "search"
            kept = store if first or not self.interrupted else None
            stop = ask if first else lambda: False
            if kept is not None and resume:
                for part in parts:
                    kept.load(part.search)
            return self._advance(parts, stage, at_work, kept, tell, stop)

        self._second, self._tuned, self._thinned = [], [], None
        self._first = self._made(self.parts.first())
        self.interrupted = not advance(self._first, "search")
        self._second = self._finishers(quick=self.interrupted)
        self.interrupted |= not advance(self._second, "finish")
        self._thinned = self.front().thinned(self.config.choice)
        self._tuned = [] if self.interrupted else self._made(self._tunings(self._thinned))
        # the largest first, which take longest: no worker waits for them in the end
        self.interrupted |= not advance(self._tuned[::-1], "tune")
        tell(self._progress("write", [p.search for p in self._tuned or self._second], 0))
        front = self.front()
        return replace(front, entries=tuple(self.evaluator.with_core(e) for e in front.entries))

    def front(self) -> Front:
        """The front of everything that was measured so far."""
        if self._thinned is None:
            return self._front_of(self._entries())
        tuned = (entry for part in self._tuned for entry in part.search.front())
        return self._front_of([*self._thinned.entries, *tuned]).thinned(self.config.choice)

    def _front_of(self, entries: Iterable[FrontEntry]) -> Front:
        return Front.of(entries, self._teacher_score, self.config.choice, self._teacher_rmse)

    def evidence(self) -> Evidence:
        """What the search shows of its settings, beside the front."""
        refits = [
            (part.recipe.entry, part.search.pruned[0].entry)
            for part in self._second
            if isinstance(part.search, Elimination) and part.search.pruned and part.recipe.entry
        ]
        rounds = self.config.joint.rounds
        joint = [p.search for p in self._first if isinstance(p.search, JointSearch)]
        return Evidence(
            entries=tuple(self._entries()),
            hidden=self.config.layered.hidden,
            refits=tuple(refits),
            refit_steps=self.config.layered.refine_steps,
            curves=tuple(s.curve for s in joint if len(s.curve) == rounds),
            rounds=rounds,
        )

    def _entries(self) -> list[FrontEntry]:
        # joint searches that were cut off are parts of the second round, too
        parts = dict.fromkeys((*self._first, *self._second))
        return [entry for part in parts for entry in part.search.front()]

    def _store(self, folder: Path | None, resume: bool) -> Checkpoint | None:
        if folder is None:
            if resume:
                raise InputError("to resume, name the checkpoint folder")
            return None
        inputs = self.evaluator.inputs
        read = () if inputs is None else inputs.slices
        store = Checkpoint(
            folder, fingerprint(self.problem, self.config, self.evaluator.model.name, read)
        )
        store.begin(resume)
        return store

    # --- what there is to do -------------------------------------------------------------------

    def _made(self, recipes: Iterable[Recipe]) -> list[Part]:
        return [Part(recipe, self.parts.made(recipe)) for recipe in recipes]

    def _finishers(self, quick: bool) -> list[Part]:
        """The second round, from the results of the first; where that was cut off, what it has."""
        if not quick:
            return self._made([*self._refinements(), *self._shortened_designs()])
        open_ = []
        for part in self._first:
            if isinstance(part.search, JointSearch):
                part.search.conclude()
                open_ += [] if part.search.status.done else [part]
        return open_

    def _refinements(self) -> list[Recipe]:
        """Eliminations that go on from pruned forms around the choice."""
        return [
            Recipe("refine", number, form.layers, search.layers.shapes, form.entry)
            for number, (search, form) in enumerate(self._worthy(self.config.layered.refined))
        ]

    def _shortened_designs(self) -> list[Recipe]:
        """Shortenings of designs on the front that are not too long: the best, and those around the
        choice."""
        settings, front = self.config.shortening, self.front()
        if not front.entries or not settings.designs:
            return []
        choice = self.config.choice
        short = [e for e in front.entries if e.nodes <= settings.longest]
        order = sorted(short, key=lambda e: (abs(front.missing(e, choice)), e.cost))
        best = sorted(short, key=lambda e: -e.score)[:1]
        chosen = list(dict.fromkeys(e.name for e in (*best, *order)))[: settings.designs]
        return [Recipe("shorten", k, entry=front.entry(name)) for k, name in enumerate(chosen)]

    def _tunings(self, front: Front) -> list[Recipe]:
        """The third round: the front's designs, as far as their device states areas."""
        tuning = self.config.tuning
        share = tuning.rmse if self.problem.kind == "values" else tuning.accuracy
        if share is None:
            return []
        return [
            Recipe("tune", k, entry=entry)
            for k, entry in enumerate(front.entries)
            if entry.cost > 0
        ]

    def _worthy(self, count: int) -> list[tuple[Elimination, PrunedForm]]:
        """Pruned forms on the front, scores nearest to what the choice asks for first."""
        forms = {
            str(form.entry.to_dict()): (search, form)
            for search in (p.search for p in self._first)
            if isinstance(search, Elimination)
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
        parts: Sequence[Part],
        stage: Stage,
        at_work: Workers,
        store: Checkpoint | None,
        tell: Callable[[Progress], None],
        ask: Callable[[], bool],
    ) -> bool:
        """Slices until all parts are done; False where it was cut off."""
        searches = [part.search for part in parts]

        def waiting() -> int:
            return sum(not s.status.done for s in searches)

        left, rounds = waiting(), 0
        try:
            with closing(slices(parts, at_work)) as ended:
                for part in ended:
                    if store is not None:
                        store.save(part.search)
                    left -= 1
                    over = left <= 0 or not waiting()
                    if over:
                        left, rounds = waiting(), rounds + 1
                    if over or part.search.status.done:
                        tell(self._progress(stage, searches, rounds))
                    if over and ask():
                        return False
        except KeyboardInterrupt:
            return False
        return True

    def _progress(self, stage: Stage, searches: Sequence[Search[Any]], rounds: int) -> Progress:
        states = tuple(s.status for s in searches)
        share = sum(s.done for s in states) / max(1, len(states))
        return Progress(stage, rounds, share, states, self.front())
