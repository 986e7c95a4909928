"""The driver: from a problem to a Pareto front of measured designs.

Room: `search`. Two ways of finding expressions run side by side, in slices: an evolutionary search
for each output, and ladders of layered forms for all outputs together. A second round assembles
the evolved outputs into designs and refines the best ladders' rungs. All designs, whatever their
origin, are compiled, measured and compared on the same validation rows.

Slices are independent of each other and counted in steps, so the result depends on the seed only:
not on threads, time, interruptions or checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from symtick.codegen import CostModel
from symtick.errors import InputError
from symtick.expr import BY_NAME
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import Bench
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.designs.joint_fit import Polisher
from symtick.search.distill.assemble import Assembly, combinations
from symtick.search.distill.checkpoint import Checkpoint, fingerprint
from symtick.search.distill.output_search import Evolution
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.stage import Source
from symtick.search.kernel_api.status import Status
from symtick.search.layered.elimination import Ground, Ladder, unpack
from symtick.search.layered.layers import OUTER_SHAPE, SHAPES, Layers

Stage = Literal["search", "finish", "done"]


@dataclass(frozen=True)
class Progress:
    """What a progress callback sees after each round of slices.

    Attributes:
        stage: `search` (first round of sources), `finish` (second round) or `done`.
        slices: slices done in this stage; `total` is known for the evolution only, so a bar should
            use `share`.
        share: part of this stage's sources that are done, 0 to 1.
        sources: where each source stands.
        front: the front so far.
    """

    stage: Stage
    slices: int
    share: float
    sources: tuple[Status, ...]
    front: Front


class Distiller:
    """One distillation.

    Args:
        problem: rows, targets and formats.
        config: settings.
        model: the device's cost model (`symtick.hwcost.models.model`).
        cost: the same device's table for the search (`symtick.hwcost.search_cost`).

    Raises:
        InputError: the cost table is for another number of inputs, or the decision for another
            number of scores.
    """

    def __init__(
        self, problem: Problem, config: DistillConfig, model: CostModel, cost: SearchCost
    ) -> None:
        self.problem = problem
        self.config = config
        config.decision.check(problem.outputs)
        self.bench = Bench(problem, model, cost, config.decision, config.scheduler)
        self.interrupted = False
        self._teacher_score = problem.teacher_score(problem.valid)
        self._ground: Ground | None = None
        self._first: list[Source] = []
        self._second: list[Source] = []

    def run(
        self,
        progress: Callable[[Progress], None] | None = None,
        checkpoint: Path | None = None,
        stop: Callable[[], bool] | None = None,
        resume: bool = False,
    ) -> Front:
        """Search, and return the front.

        Ctrl-C (KeyboardInterrupt) and `stop` end the search early: what is there is assembled and
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
        self._first = self._searches()
        self._second = []
        self.interrupted = not self._advance(self._first, "search", store, tell, ask, resume)
        self._second = self._finishers(quick=self.interrupted)
        kept = None if self.interrupted else store
        if not self._advance(self._second, "finish", kept, tell, lambda: False, resume):
            self.interrupted = True
        tell(self._progress("done", self._second, 0))
        return self.front().thinned(self.config.choice.resolution)

    def front(self) -> Front:
        """The front of everything that was measured so far."""
        return Front.of(self._entries(), self._teacher_score, self.config.choice)

    def _entries(self) -> list[FrontEntry]:
        return [entry for source in (*self._first, *self._second) for entry in source.entries]

    def _store(self, folder: Path | None, resume: bool) -> Checkpoint | None:
        if folder is None:
            if resume:
                raise InputError("to resume, name the checkpoint folder")
            return None
        store = Checkpoint(folder, fingerprint(self.problem, self.config, self.bench.model.name))
        store.begin(resume)
        return store

    # --- what there is to do -------------------------------------------------------------------

    def _searches(self) -> list[Source]:
        """The first round: ladders and one evolution for each output."""
        found: list[Source] = []
        if self.config.evolution.generations:
            found += [
                Evolution(self.problem, self.bench.cost, self.config, k)
                for k in range(self.problem.outputs)
            ]
        return found + list(self._ladders())

    def _ladders(self) -> list[Ladder]:
        settings, problem = self.config.layered, self.problem
        shapes = [s for s in settings.shapes if self._allowed(s)]
        if not settings.hidden or not shapes or not self._allowed(OUTER_SHAPE):
            return []
        self._ground = Ground.of(problem, settings)
        center = np.zeros(problem.outputs)
        if problem.kind == "values":
            center = problem.targets[problem.train].mean(axis=0)
        found = []
        for number, hidden in enumerate(settings.hidden):
            use = shapes if settings.mixed and number % 2 else shapes[:1]
            rng = np.random.default_rng([self.config.seed, 2, number])
            start = Layers.random(self._ground.codes, hidden, use, center, problem.spread, rng)
            found.append(Ladder(f"ladder-{number}", self.bench, self._ground, settings, start))
        return found

    def _allowed(self, shape: str) -> bool:
        allowed = {BY_NAME[name] for name in self.config.ops}
        return all(op in allowed for op in SHAPES[shape][2])

    def _finishers(self, quick: bool) -> list[Source]:
        """The second round, from the results of the first; shorter where it was cut off."""
        assemble = self.config.assemble
        if quick:
            assemble = replace(assemble, polish_iterations=assemble.polish_iterations // 4)
        found: list[Source] = list(self._assemblies(assemble.designs, assemble.polish_iterations))
        return found if quick else found + list(self._refinements())

    def _assemblies(self, count: int, iterations: int) -> list[Assembly]:
        evolved = [s for s in self._first if isinstance(s, Evolution)]
        fronts = [s.candidates for s in evolved]
        if not fronts or not all(fronts) or not count:
            return []
        problem, config = self.problem, self.config
        rows = slice(0, min(config.assemble.polish_rows, problem.train.stop))
        polisher = Polisher(
            problem.real(rows), problem.goal[rows], problem.objective, problem.ranges
        )
        sizes = [float(v) for v in np.maximum(problem.targets[problem.train].var(axis=0), 1e-30)]
        settings = replace(config.assemble, polish_iterations=iterations)
        return [
            Assembly(f"assembly-{k}", self.bench, polisher, programs, settings, config.fixed_point)
            for k, programs in enumerate(combinations(fronts, sizes, count))
        ]

    def _refinements(self) -> list[Ladder]:
        """Ladders that go on from rungs around the choice."""
        settings = self.config.layered
        climbed = [s for s in self._first if isinstance(s, Ladder)]
        found = []
        for number, (ladder, place) in enumerate(self._worthy(climbed, settings.refined)):
            rung = ladder.rungs[place]
            start = unpack(rung.layers, ladder.ground.codes, ladder.layers.shapes)
            found.append(
                Ladder(f"refine-{number}", self.bench, ladder.ground, settings, start, fitted=True)
            )
        return found

    def _worthy(self, climbed: Sequence[Ladder], count: int) -> list[tuple[Ladder, int]]:
        """Rungs on the front, those with scores nearest to what the choice asks for first."""
        rungs = {
            str(rung.entry.to_dict()): (ladder, place)
            for ladder in climbed
            for place, rung in enumerate(ladder.rungs)
        }
        wanted = self.config.choice.share * self._teacher_score
        entries = [replace(e, name="") for e in self.front().entries]
        order = sorted(entries, key=lambda e: (abs(e.score - wanted), e.cost))
        keys = [str(e.to_dict()) for e in order]
        return [rungs[key] for key in keys if key in rungs][:count]

    # --- doing it ------------------------------------------------------------------------------

    def _advance(
        self,
        sources: Sequence[Source],
        stage: Stage,
        store: Checkpoint | None,
        tell: Callable[[Progress], None],
        ask: Callable[[], bool],
        resume: bool,
    ) -> bool:
        """Round after round of slices until all are done; False where it was cut off."""
        if store is not None and resume:
            for source in sources:
                store.load(source)
        rounds = 0
        pool = ThreadPoolExecutor(self.config.threads)
        try:
            while open_ := [s for s in sources if not s.status.done]:
                for source in pool.map(_stepped, open_):
                    if store is not None:
                        store.save(source)
                rounds += 1
                tell(self._progress(stage, sources, rounds))
                if ask():
                    return False
        except KeyboardInterrupt:
            return False
        finally:
            # slices that have begun run to their end, so that every source is whole
            pool.shutdown(wait=True, cancel_futures=True)
        return True

    def _progress(self, stage: Stage, sources: Sequence[Source], rounds: int) -> Progress:
        states = tuple(s.status for s in sources)
        share = sum(s.done for s in states) / max(1, len(states))
        return Progress(stage, rounds, share, states, self.front())


def _stepped(source: Source) -> Source:
    source.step()
    return source
