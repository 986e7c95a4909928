"""The search for all functions of a template together.

A population of genomes evolves on the loss of the whole, all constants fitted together, and in
turn one function of a good genome is searched for alone (`one_function`), where that is possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from symtick.errors import InputError
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.rows import LITERAL, Rows
from symtick.search.kernel_api.search import Status
from symtick.search.kernel_api.states import Arrays, State, restoring, values_of, with_values
from symtick.search.parts.criterion import price
from symtick.search.template.breeding import Breeder
from symtick.search.template.composing import Composed, Function, Genome
from symtick.search.template.one_function import OneFunction
from symtick.search.template.task import Filling, TemplateTask, front_of_fillings

POPULATION, BATCH, BATCHES = 160, 40, 3
TOURNAMENT = 4
ELITE = 0.35  # chance that a parent comes from the front
ITERATIONS, LONG = 8, 30  # of fits: of offspring; of what comes onto the front
SIMPLEX = 40  # evaluations of a loss that is a callable in each fit
NO_LIMIT = 2**62
ALONE = 4_000  # evaluations of a search for one function
SHARE = 0.5  # of the evaluations that these may take
MOVED_IN = 0.5  # chance that a part of what reads a function is first made part of it
PARSIMONY = 0.02  # relative loss that a token must gain in a tournament
PATIENCE = 0.4  # of the budget without a shorter description, after which it ends


@dataclass(frozen=True)
class Individual:
    """A genome with its loss over the screening rows."""

    genome: Genome
    loss: float
    size: int

    @property
    def rank(self) -> float:
        """What tournaments compare."""
        return self.loss * math.exp(PARSIMONY * self.size)


class TemplateSearch:
    """A search for the functions of a template; its front holds `Filling`s.

    Args:
        task: what is searched for.
    """

    def __init__(self, task: TemplateTask) -> None:
        self.task, self.composer = task, task.composer
        seed = task.config.seed
        self._draw = np.random.default_rng(seed)
        self.rows = self.composer.rows(task.X, task.y, task.weights)
        self._screen = self._screening(seed)
        self.breeder = Breeder(task.vocabularies, task.rules, self.composer.numbers, seed)
        self._one = OneFunction(self.composer, task.config, task.rules, task.levels, task.hybrid)
        self._places = [k for k in range(len(task.rules)) if self._one.possible(k)]
        self._readers = {k: self.composer.readers(k) for k in self._places}
        self._population: list[Individual] = []
        self._front: list[Filling] = []
        self._slices, self._spent, self._alone, self._turn, self._since = 0, 0, 0, 0, 0
        self._further = 0  # passes of the searches for one function beside their evaluations
        self._shortest = math.inf
        self._most, self._last = NO_LIMIT, 0

    def _screening(self, seed: int) -> Rows:
        most, count = self.task.config.screen_rows, len(self.task.X)
        if count <= most:
            return self.rows
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[:most])
        weights = self.task.weights
        return self.composer.rows(
            self.task.X[chosen], self.task.y[chosen], None if weights is None else weights[chosen]
        )

    @property
    def status(self) -> Status:
        """Where it stands."""
        best = min((f.loss for f in self._front), default=math.inf)
        target, criterion = self.task.config.target_loss, self.task.criterion
        enough, why = target is not None and best <= target, ""
        if not enough and criterion is not None and self._front:
            why = "exact" if criterion.exact(best) else "no better" if self._stalled else ""
        text = f"{len(self._front)} on the front"
        passes = self._spent + self._further
        done = enough or bool(why)
        return Status("template", done, self._slices, text, best, self._spent, passes, why)

    @property
    def _stalled(self) -> bool:
        return self._spent - self._since > PATIENCE * self.task.evaluations

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        """First genomes, a search for one function, or some generations."""
        self._most = NO_LIMIT if budget is None else budget
        left = self._most - self._spent
        if left <= 0:
            return
        if not self._population:
            self._begin(threads)
        elif self._places and self._alone <= SHARE * self._spent:
            self._search_one(min(left, ALONE), threads)
        else:
            for _ in range(BATCHES):
                self._generation(threads)
        self._slices += 1
        shortest = min((f.description for f in self._front), default=math.inf)
        if shortest < self._shortest - 1.0:
            self._shortest, self._since = shortest, self._spent

    def _begin(self, threads: int) -> None:
        guesses = [self._guessed(k) for k in range(len(self.task.guesses))]
        self._settle(self._tried(guesses, LONG, threads), threads)
        random = [self.breeder.random(self._draw) for _ in range(3 * POPULATION)]
        found = self._tried(self.breeder.allowed(random), ITERATIONS, threads)
        self._settle(found, threads)
        self._population = sorted(
            [*self._population, *found], key=lambda i: (i.rank, repr(i.genome))
        )[:POPULATION]
        if not self._population:
            raise InputError(
                "no function that was tried for the template is finite on all rows: check the "
                "template for logarithms, roots and quotients of what it reads"
            )

    def _guessed(self, number: int) -> Genome:
        """A guess as a genome; functions of which nothing is given are random."""
        parts, random = self.task.guesses[number], self.breeder.random(self._draw)
        functions = list[Function]()
        for k, (name, vocabulary) in enumerate(
            zip(self.composer.functions, self.task.vocabularies, strict=True)
        ):
            if name not in parts.functions:
                functions.append(random.functions[k])
                continue
            tokens, constants = vocabulary.sequence(parts.functions[name])
            values, constant = iter(constants.tolist()), vocabulary.places.get("const", -1)
            functions.append(
                tuple((t, next(values) if t == constant else 0.0) for t in tokens.tolist())
            )
        return self.composer.numbered(Genome(tuple(functions), random.numbers), parts)

    def _parent(self) -> Genome:
        if self._front and self._draw.random() < ELITE:
            return self._front[int(self._draw.integers(len(self._front)))].genome
        drawn = self._draw.integers(len(self._population), size=TOURNAMENT)
        return min((self._population[int(k)] for k in drawn), key=lambda i: i.rank).genome

    def _generation(self, threads: int) -> None:
        made = [
            self.breeder.offspring(self._parent(), self._parent(), self._draw) for _ in range(BATCH)
        ]
        fresh = list(dict.fromkeys(self.breeder.allowed(made)))
        found = self._tried(fresh, ITERATIONS, threads)
        self._settle(found, threads)
        self._population = [*self._population, *found][-POPULATION:]

    def _search_one(self, budget: int, threads: int) -> None:
        place = self._places[self._turn % len(self._places)]
        best = min(self._front, key=lambda f: f.description, default=None)
        genome = best.genome if best and self._draw.random() < 0.5 else self._parent()
        readers = self._readers[place]
        if readers and self._draw.random() < MOVED_IN:
            genome = self.breeder.moved_in(genome, place, readers, self._draw)
        seed = int(self._draw.integers(2**31))
        made, spent, passes = self._one.found(genome, place, self._screen, budget, seed, threads)
        self._spent += spent
        self._further += passes - spent
        self._alone += max(spent, 1)
        self._turn += 1
        found = self._tried(self.breeder.allowed(made), LONG, threads)
        self._settle(found, threads)
        self._population = [*self._population, *found][-POPULATION:]

    def fitted(
        self,
        genomes: Sequence[Genome],
        rows: Rows,
        iterations: int,
        threads: int = 1,
        *,
        simple: bool = False,
    ) -> list[Individual]:
        """Genomes with their constants fitted together; those without a finite loss are left out.

        Args:
            genomes: they.
            rows: of the composer.
            iterations: of each fit.
            threads: that share the fits.
            simple: simple numbers (`criterion.price`) stay as they are.
        """
        made = [(g, self.composer.composed(g)) for g in genomes]
        whole = [(g, c) for g, c in made if c is not None]
        config = self.task.config
        fits = fit(
            [c.program for _, c in whole], rows, loss=config.loss, delta=config.huber_delta,
            iterations=iterations, kinds=[_kinds(c, simple) for _, c in whole], threads=threads,
            evaluations=SIMPLEX,
        ) if whole else []  # fmt: skip
        self._last = sum(1 + f.iterations for f in fits)
        return [
            Individual(self.composer.refitted(g, c, f), f.loss, sum(map(len, g.functions)))
            for (g, c), f in zip(whole, fits, strict=True)
            if math.isfinite(f.loss)
        ]

    def _tried(self, genomes: Sequence[Genome], iterations: int, threads: int) -> list[Individual]:
        """As many as the budget allows, `fitted` to the screening rows."""
        left = self._most - self._spent
        if not genomes or left <= 0:
            return []
        own = 0 if isinstance(self.task.config.loss, str) else SIMPLEX
        count = min(len(genomes), max(1, left // (1 + iterations + own)))
        steps = min(iterations, left // count - 1 - own)
        if steps < 0:  # too little for a fit
            self._spent = self._most
            return []
        found = self.fitted(genomes[:count], self._screen, steps, threads)
        self._spent += self._last
        return found

    def _settle(self, found: Iterable[Individual], threads: int) -> None:
        """Takes those onto the front that belong there over all rows."""
        for one in found:
            if not self._promising(one):
                continue
            (better,) = self._tried([one.genome], LONG, threads) or [one]
            if self._screen is not self.rows:
                all_rows = self.fitted([better.genome], self.rows, ITERATIONS, threads)
                if not all_rows:
                    continue
                better = all_rows[0]
            filling = self.task.measured(better.genome, better.loss)
            if filling is not None:
                self._front = front_of_fillings([*self._front, filling], self.task.by_complexity)

    def _promising(self, one: Individual) -> bool:
        """Whether nothing on the front has less complexity and a lower loss."""
        complexity = self.task.complexity(one.genome)
        return all(f.loss > one.loss or f.complexity > complexity for f in self._front)

    def front(self) -> Sequence[Filling]:
        """What no other beats, so far."""
        return tuple(self._front)

    def state(self) -> State:
        """Everything to go on from."""
        return with_values(
            {},
            population=[[_stored(i.genome), i.loss] for i in self._population],
            front=[[_stored(f.genome), f.loss] for f in self._front],
            draw=self._draw.bit_generator.state,
            counts=[self._slices, self._spent, self._alone, self._turn, self._since, self._further],
            shortest=None if math.isinf(self._shortest) else self._shortest,
        )

    @restoring()
    def restore(self, state: Arrays) -> None:
        """Take up the `state()` of a search of the same task; patience begins anew.

        Raises:
            InputError: it is damaged, or belongs to another task.
        """
        values = values_of(state)
        self._population = [
            Individual(g, float(loss), sum(map(len, g.functions)))
            for g, loss in ((_read(g), loss) for g, loss in values["population"])
        ]
        fillings = [self.task.measured(_read(g), float(loss)) for g, loss in values["front"]]
        self._front = [f for f in fillings if f is not None]
        self._draw.bit_generator.state = values["draw"]
        counts = map(int, values["counts"])
        self._slices, self._spent, self._alone, self._turn, self._since, self._further = counts
        self._shortest = math.inf if values["shortest"] is None else float(values["shortest"])
        if self._stalled:
            self._since = self._spent


def _kinds(composed: Composed, simple: bool) -> list[int]:
    if not simple:
        return list(composed.kinds)
    values = composed.program.consts.tolist()
    return [
        LITERAL if price(v) is not None else k for k, v in zip(composed.kinds, values, strict=True)
    ]


def _stored(genome: Genome) -> list[object]:
    return [[[list(pair) for pair in f] for f in genome.functions], list(genome.numbers)]


def _read(stored: Sequence[Sequence[Sequence[Sequence[float]]]]) -> Genome:
    functions, numbers = stored
    return Genome(
        tuple(tuple((int(t), float(v)) for t, v in f) for f in functions),
        tuple(float(v) for v in numbers),  # type: ignore[arg-type]
    )
