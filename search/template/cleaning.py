"""The front of a template made shorter, and its constants simpler, by description length."""

from __future__ import annotations

from collections.abc import Iterable

from symtick.search.parts.criterion import price, simple_near
from symtick.search.template.composing import Genome
from symtick.search.template.search import LONG, Individual, TemplateSearch
from symtick.search.template.task import Filling, front_of_fillings

CLEANED = 4  # fillings of the shortest descriptions that are made shorter
ROUNDS = 12


def cleaned_fillings(search: TemplateSearch, threads: int = 1) -> list[Filling]:
    """The front without what description and soundness speak against.

    Parts of functions are left out and constants become simple numbers where that makes the
    description shorter. Fillings with poles between the rows or constants that cancel are left out,
    unless they are exact; a front of nothing else stays.

    Args:
        search: that found it.
        threads: of the fits.
    """
    task, front = search.task, list(search.front())
    if task.criterion is None:
        return front
    made = list(front)
    for one in sorted(front, key=lambda f: f.description)[:CLEANED]:
        better = _polished(search, Individual(one.genome, one.loss, 0), threads)
        made += [f for f in [task.measured(better.genome, better.loss)] if f is not None]
    kept = [f for f in made if task.criterion.exact(f.loss) or task.sound(f)]
    return front_of_fillings(kept or front, task.by_complexity)


def _polished(search: TemplateSearch, start: Individual, threads: int) -> Individual:
    """Shorter parts and simpler constants in turn, as long as the description falls."""
    best, length = start, search.task.description(start.genome, start.loss)
    for _ in range(ROUNDS):
        ways = [
            search.fitted(
                search.breeder.shorter(best.genome), search.rows, LONG, threads, simple=True
            ),
            search.fitted(
                list(_simpler(best.genome, search)), search.rows, LONG, threads, simple=True
            ),
        ]
        found = [
            (search.task.description(i.genome, i.loss), k, i) for w in ways for k, i in enumerate(w)
        ]
        shortest = min(found, default=None, key=lambda f: f[:2])
        if shortest is None or shortest[0] >= length - 1e-9:
            break
        length, best = shortest[0], shortest[2]
    return best


def _simpler(genome: Genome, search: TemplateSearch) -> Iterable[Genome]:
    """With one constant at a simple number near it, or at 0 or 1."""
    for number, value in enumerate(search.composer.constants(genome)):
        if price(value) is None:
            for near in dict.fromkeys([*simple_near(value), 1.0, 0.0]):
                yield search.composer.with_constant(genome, number, near)
