"""Laws from parts as candidates of a search, under its rules and limits; a front cleaned up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from symtick.errors import InputError
from symtick.expr import Interval, Program, from_programs
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.grammar.grammar import Rules, Vocabulary, accepts
from symtick.search.kernel_api.candidate import Candidate, front_of
from symtick.search.kernel_api.evaluation import costs, intervals
from symtick.search.kernel_api.losses import Loss
from symtick.search.kernel_api.pareto import non_dominated
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.find import Finder
from symtick.search.parts.language import Language, const, postfix_of, program_of
from symtick.search.parts.polish import START, Fitted, Polisher
from symtick.search.parts.sanity import sound
from symtick.settings import within

LEAST = 50_000  # evaluations below which nothing is looked for
CLEANED = 6  # candidates of a front that are shortened
ROWS_FOR_EACH = 3  # token of a function, for an exact one to be no chance
EQUAL = 3.0  # nats between losses that are as good
ROWS = 8192  # on which functions are fitted and shortened; what comes out is settled on all


@dataclass(frozen=True, eq=False)
class Bounds:
    """What candidates must keep to.

    Attributes:
        vocabulary: the tokens.
        rules: which expressions are allowed.
        cost: the cost table.
        max_lut: or None.
        ranges: intervals of the inputs in which candidates are defined, or None.
    """

    vocabulary: Vocabulary
    rules: Rules
    cost: SearchCost
    max_lut: float | None = None
    ranges: Sequence[Interval] | None = None

    def candidate(self, program: Program, loss: float) -> Candidate | None:
        """The program in tokens with its cost; None where it is not allowed."""
        expression = from_programs([program], self.vocabulary.inputs)
        try:
            sequence, constants = self.vocabulary.sequence(expression)
        except InputError:  # an operator is no token
            return None
        if not accepts(self.rules, self.vocabulary, sequence[None, :], self.cost)[0]:
            return None
        program = self.vocabulary.program(sequence, constants)
        ticks, lut = costs([program], self.cost)
        if not within(float(lut[0]), self.max_lut):
            return None
        if self.ranges is not None and intervals([program], self.ranges)[0] is None:
            return None
        tokens, free = tuple(sequence.tolist()), tuple(constants.tolist())
        return Candidate(program, loss, int(ticks[0]), float(lut[0]), tokens, free)


class _Workshop:
    """Fits and comparisons on some of the rows, and what they give on all of them."""

    def __init__(
        self, rows: Rows, bounds: Bounds, loss: Loss, delta: float, criterion: Criterion,
        budget: int | None = None, until: float | None = None,
    ) -> None:  # fmt: skip
        self._few = rows.spread(ROWS)
        tokens, inputs = len(bounds.vocabulary), bounds.vocabulary.inputs
        own = criterion if self._few is rows else Criterion.of(self._few, loss, tokens)
        self.all = Polisher(rows, criterion, loss, delta, inputs)
        self.some = Polisher(self._few, own or criterion, loss, delta, inputs, budget, until)

    def settled(self, found: Sequence[Fitted]) -> list[Fitted]:
        """Functions that were fitted on some of the rows, tuned on all of them."""
        if self._few is self.all.rows:
            return list(found)
        return self.all.fitted([one.function for one in found])

    def spent(self) -> int:
        """Steps of fits that were made."""
        return self.some.spent + self.all.spent


def laws(
    rows: Rows, bounds: Bounds, loss: Loss, delta: float, budget: int, until: float | None = None
) -> tuple[list[Candidate], int]:
    """The front of what the search for parts finds, and the evaluations that it took.

    An evaluation is a function of the library, a target compared with it, or a step of a fit.
    Nothing is found where the vocabulary has no free constants, + and *, where the loss is no
    likelihood's, or for a budget below `LEAST`.

    Args:
        rows: the data.
        bounds: what is allowed.
        loss: of the fits.
        delta: of the Huber loss.
        budget: evaluations at most.
        until: time of `time.monotonic` at which it comes to an end.
    """
    language = Language.of(bounds.vocabulary, bounds.rules.units)
    criterion = Criterion.of(rows, loss, len(bounds.vocabulary))
    if language is None or criterion is None or budget < LEAST:
        return [], 0
    shop = _Workshop(rows, bounds, loss, delta, criterion, budget // 2, until)
    finder = Finder(shop.some, language, bounds.rules)
    found = shop.settled(finder.find())
    return _allowed(found, bounds, rows, criterion), finder.computed + shop.spent()


def cleaned(
    front: Sequence[Candidate], rows: Rows, bounds: Bounds, loss: Loss, delta: float
) -> list[Candidate]:
    """A front without what description and soundness speak against.

    Constants become simple numbers where that makes the description shorter; candidates of the
    shortest descriptions are shortened besides. What has poles between the rows, constants that
    cancel or waves that the rows do not resolve is left out, but for exact laws. A front of nothing
    else stays.

    Args:
        front: candidates.
        rows: the data.
        bounds: what is allowed.
        loss: of the fits.
        delta: of the Huber loss.
    """
    criterion = Criterion.of(rows, loss, len(bounds.vocabulary))
    if criterion is None:
        return list(front)
    shop = _Workshop(rows, bounds, loss, delta, criterion)
    fitted = [shop.all.scored(postfix_of(c.program), c.loss) for c in front]
    order = sorted(range(len(front)), key=lambda k: fitted[k].length)
    made: list[Candidate] = []
    for place, k in enumerate(order):
        (few,) = shop.some.scored_anew([fitted[k].function])
        simple = shop.settled([shop.some.simplified(few)])
        better = _allowed([min([*simple, fitted[k]], key=lambda f: f.length)],
                          bounds, rows, criterion)  # fmt: skip
        made += better or ([front[k]] if _kept(front[k], rows, criterion) else [])
        if place < CLEANED:
            made += _allowed(shop.settled([shop.some.polished(few)]), bounds, rows, criterion)
    constant = _allowed(shop.all.fitted([const(START)]), bounds, rows, criterion)
    return _front([*made, *constant], criterion) or list(front)


def _kept(candidate: Candidate, rows: Rows, criterion: Criterion) -> bool:
    """Whether a candidate is sound, or the law itself, whose poles are those of the data."""
    many = len(rows.y) >= ROWS_FOR_EACH * len(candidate.program.ops)
    if many and criterion.exact(candidate.loss):
        return True
    some = rows.spread(ROWS)
    return sound(candidate.program, some.X, some.y)


def _front(candidates: Iterable[Candidate], criterion: Criterion) -> list[Candidate]:
    """What no other beats, where losses that differ by little are equal, and the shortest."""
    every = list(candidates)

    def figures(c: Candidate) -> tuple[float, ...]:
        return c.ticks, c.lut, round(criterion.errors(c.loss) / EQUAL)

    def order(c: Candidate) -> tuple[float, ...]:
        return *figures(c), description(c.program, c.loss, criterion)

    return with_shortest(non_dominated(every, figures, order), every, criterion)


def with_shortest(
    front: Sequence[Candidate], candidates: Sequence[Candidate], criterion: Criterion
) -> list[Candidate]:
    """A front with the candidate of the shortest description, which others may beat."""
    if not candidates:
        return list(front)
    shortest = min(candidates, key=lambda c: description(c.program, c.loss, criterion))
    here = any(c is shortest for c in front)
    return list(front) if here else [*front, shortest]


def description(program: Program, loss: float, criterion: Criterion) -> float:
    """Description length of a candidate, nats; looked up where it was asked for lately."""
    parts = program.ops.tobytes(), program.args.tobytes(), program.consts.tobytes()
    return _described(*parts, loss, criterion)


@lru_cache(maxsize=4096)
def _described(ops: bytes, args: bytes, consts: bytes, loss: float, criterion: Criterion) -> float:
    program = Program(
        np.frombuffer(ops, np.uint8), np.frombuffer(args, np.int32), np.frombuffer(consts)
    )
    return criterion.length(postfix_of(program), loss)


def _allowed(
    found: Iterable[Fitted], bounds: Bounds, rows: Rows, criterion: Criterion
) -> list[Candidate]:
    made = [bounds.candidate(program_of(f.function), f.loss) for f in found]
    kept = [c for c in made if c is not None and _kept(c, rows, criterion)]
    return with_shortest(front_of(kept), kept, criterion)
