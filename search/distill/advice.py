"""What to raise where no design is good enough, and what each setting would buy.

All of it is read from the run itself: from designs that were measured beyond the limits, from the
teacher on inputs of more bits, and from how losses fell. Nothing is extrapolated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from symtick.errors import counted
from symtick.search.data.dataset import FloatArray
from symtick.search.data.problem import Problem, shuffled
from symtick.search.designs.front import Front, FrontEntry
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.inputs.maps import InputMap
from symtick.settings import within

MOST = 4  # lines shown
FEW = 3  # designs from which on it says something that none of them is better
FALL = 0.02  # share by which a loss that still falls does so
MORE_BITS = 2  # beyond those of the inputs, that the teacher is tried with
LAST = 4  # the last quarter of a loss curve is looked at


@dataclass(frozen=True)
class Suggestion:
    """A setting, and what the run's figures say about raising it.

    Attributes:
        setting: its key in a job.
        value: what to set it to; None where the figures name none.
        helps: whether more of it is expected to help.
        text: the figures, in one line.
    """

    setting: str
    value: float | None
    helps: bool
    text: str


@dataclass(frozen=True)
class Evidence:
    """What a search knows at its end, beside its front.

    Attributes:
        entries: every measured design, those beyond the limits too.
        hidden: hidden sums of each layered start; the designs of start k come from `layers-k`.
        refits: pairs of a layered design and the same form after `refit_steps` further fitting
            steps.
        refit_steps: see there.
        curves: of each joint model the loss that it left after each round of growth.
        rounds: of growth.
    """

    entries: tuple[FrontEntry, ...] = ()
    hidden: tuple[int, ...] = ()
    refits: tuple[tuple[FrontEntry, FrontEntry], ...] = ()
    refit_steps: int = 0
    curves: tuple[tuple[float, ...], ...] = ()
    rounds: int = 0


@dataclass(frozen=True)
class QuantisedTeacher:
    """The teacher itself on validation rows whose inputs are quantised.

    Attributes:
        bits: of each input.
        score: as `FrontEntry.score`.
        rmse: as `FrontEntry.rmse`.
    """

    bits: int
    score: float
    rmse: tuple[float, ...] = ()


def unmet(choice: ChoiceSettings, entries: Sequence[FrontEntry]) -> str:
    """Why a front is empty, and what the nearest designs need."""
    most = choice.max_ticks
    ticks = "any number of ticks" if most is None else counted(most, "tick")
    lut = "any number of" if choice.max_lut is None else f"{choice.max_lut:g}"
    nodes = "" if choice.max_nodes is None else f", {counted(choice.max_nodes, 'node')}"
    text = f"no design met the limits of {ticks} and {lut} LUTs{nodes}: raise them"
    if not entries:
        return f"{text} (none could be measured at all)"
    fast = min(entries, key=lambda e: (e.ticks, e.cost))
    small = min(entries, key=lambda e: (e.cost, e.ticks))
    least = counted(fast.ticks, "tick")
    text += f" (the fastest measured takes {least} and {math.ceil(fast.cost):,} LUT"
    if small.cost < fast.cost:
        text += f", the smallest {small.ticks} and {math.ceil(small.cost):,}"
    if nodes:
        text += f", the shortest {min(e.nodes for e in entries)} nodes"
    return f"{text})"


def quantised_teacher(
    inputs: Mapping[int, InputMap],
    X: FloatArray,
    problem: Problem,
    seed: int,
    teacher: Callable[[FloatArray], FloatArray],
) -> list[QuantisedTeacher]:
    """The teacher itself on validation rows as maps of so many bits tell them.

    Args:
        inputs: the maps by their bits.
        X: all rows (n, features) of the problem in the user's units, in their own order.
        problem: what the search imitated, made with `seed`.
        seed: of its shuffle.
        teacher: from such rows to its outputs.
    """
    rows = problem.valid
    held_out = X[shuffled(len(X), seed)[rows]]
    measured = []
    for bits, made in inputs.items():
        outputs = teacher(made.told(held_out))
        score, rmse = problem.score(outputs, rows), problem.rmse(outputs, rows)
        measured.append(QuantisedTeacher(bits, score, rmse))
    return measured


def suggestions(
    front: Front,
    choice: ChoiceSettings,
    evidence: Evidence,
    quantised: Sequence[QuantisedTeacher] = (),
    inputs: str = "inputs.bits",
) -> tuple[Suggestion, ...]:
    """What the run says about its settings; nothing where the chosen design is good enough.

    Args:
        front: of the run.
        choice: its limits, and what was asked for.
        evidence: see there.
        quantised: the teacher on inputs of the run's bits, then of more.
        inputs: the key that holds these bits.

    Returns:
        Settings that are expected to help before those that are not.
    """
    if not front.entries or front.missing(front.entry(), choice) <= 0:
        return ()
    yardstick = _Yardstick(front, choice)
    found = [
        *_limits(yardstick, evidence.entries),
        *_bits(yardstick, quantised, inputs),
        *_hidden(yardstick, evidence),
        *_effort(yardstick, evidence),
        *_rounds(yardstick, evidence),
    ]
    return tuple(sorted(found, key=lambda s: not s.helps))


@dataclass(frozen=True)
class _Yardstick:
    """What designs are compared by, and with."""

    front: Front
    choice: ChoiceSettings

    @property
    def noise(self) -> float:
        """Steps of `missing` that the validation rows cannot tell apart."""
        values = self.front.entry().rmse
        return self.choice.rmse_resolution if values else self.choice.resolution

    def missing(self, entry: FrontEntry) -> float:
        return self.front.missing(entry, self.choice)

    def better(self, entry: FrontEntry, than: FrontEntry) -> bool:
        return self.missing(than) - self.missing(entry) > self.noise

    def worth(self, entry: FrontEntry) -> str:
        """`97.1 %` of the teacher's score, or `1.31 times` its RMSE."""
        ratio = self.front.ratio(entry)
        if ratio is not None:
            return f"{ratio:.2f} times the teacher's RMSE"
        return f"{100 * entry.score / self.front.teacher_score:.1f} %"

    def best(self, entries: Sequence[FrontEntry]) -> FrontEntry:
        return min(entries, key=lambda e: (self.missing(e), e.ticks, e.cost))

    def pick(self, entries: Sequence[FrontEntry]) -> FrontEntry | None:
        """The fastest and cheapest that is good enough, else about as good as the best.

        None where none is better than the chosen design.
        """
        if not entries:
            return None
        best = self.best(entries)
        if not self.better(best, self.front.entry()):
            return None
        goal = max(0.0, self.missing(best) + self.noise)
        enough = [e for e in entries if self.missing(e) <= goal]
        return min(enough, key=lambda e: (e.ticks, e.cost))


def _limits(yardstick: _Yardstick, entries: Sequence[FrontEntry]) -> list[Suggestion]:
    """Designs that were measured and refused by a limit, or by those on ticks and LUTs together."""
    choice = yardstick.choice
    refused: dict[tuple[bool, bool], list[FrontEntry]] = {}
    long = []
    for e in entries:
        fits = within(e.ticks, choice.max_ticks), within(e.cost, choice.max_lut)
        if within(e.nodes, choice.max_nodes):
            refused.setdefault(fits, []).append(e)
        elif all(fits):
            long.append(e)
    slow, large, both = (refused.get(k, []) for k in ((False, True), (True, False), (False, False)))
    found = [
        *_limit(yardstick, slow, "hardware.max_ticks", "slower"),
        *_limit(yardstick, large, "hardware.max_lut", "larger"),
        *_limit(yardstick, long, "search.max_nodes", "longer"),
    ]
    pick = yardstick.pick(both)
    singles = [p for p in (yardstick.pick(slow), yardstick.pick(large)) if p is not None]
    enough = any(yardstick.missing(p) <= 0 for p in singles)
    if pick is not None and not enough and all(yardstick.better(pick, p) for p in singles):
        lut = math.ceil(pick.cost)
        text = f"{pick.ticks} with {lut:,} LUT allowed would give {yardstick.worth(pick)}"
        found.append(Suggestion("hardware.max_ticks", pick.ticks, True, text))
    return found


def _limit(
    yardstick: _Yardstick, refused: Sequence[FrontEntry], setting: str, word: str
) -> list[Suggestion]:
    pick = yardstick.pick(refused)
    if pick is None and len(refused) < FEW:
        return []
    if pick is None:
        count = f"{len(refused)} {word} designs"
        text = f"more is not expected to help: {count} measured, none better"
        return [Suggestion(setting, None, False, text)]
    values = {"ticks": pick.ticks, "lut": math.ceil(pick.cost), "nodes": pick.nodes}
    value = values[setting.rpartition("_")[2]]
    price = counted(pick.ticks, "tick")
    if word != "larger":
        price = f"{pick.cost:,.0f} LUT" if word == "slower" else f"{price} and {pick.cost:,.0f} LUT"
    text = f"{value:,} would give {yardstick.worth(pick)} at {price} (measured, then refused)"
    return [Suggestion(setting, value, True, text)]


def _bits(
    yardstick: _Yardstick, quantised: Sequence[QuantisedTeacher], setting: str
) -> list[Suggestion]:
    if not quantised:
        return []
    teachers = {
        q.bits: replace(yardstick.front.entry(), score=q.score, rmse=q.rmse) for q in quantised
    }
    (now, first), *others = teachers.items()
    worths = ", ".join(f"{yardstick.worth(t)} on {bits}" for bits, t in others)
    best = yardstick.best([first, *(t for _, t in others)])
    # where the teacher itself has enough bits for what is asked, the designs lack something else
    if yardstick.missing(first) <= 0 or not yardstick.better(best, first):
        text = f"more is not expected to help: on {now} bits the teacher itself reaches "
        return [Suggestion(setting, None, False, text + yardstick.worth(first))]
    value = next(bits for bits, t in others if not yardstick.better(best, t))
    text = f"the teacher itself reaches {yardstick.worth(first)} on inputs of {now} bits, {worths}"
    return [Suggestion(setting, value, True, text)]


def _hidden(yardstick: _Yardstick, evidence: Evidence) -> list[Suggestion]:
    """The best design of each number of hidden sums, where it grows with every step."""
    starts = {f"layers-{k}": count for k, count in enumerate(evidence.hidden)}
    groups: dict[int, list[FrontEntry]] = {}
    for e in evidence.entries:
        if e.origin in starts:
            groups.setdefault(starts[e.origin], []).append(e)
    best = {count: yardstick.best(groups[count]) for count in sorted(groups)}
    steps = list(best.values())
    if len(steps) < 2 or not all(yardstick.better(b, a) for a, b in pairwise(steps)):
        return []
    reached = ", ".join(f"{yardstick.worth(e)} with {count}" for count, e in best.items())
    text = f"forms of more hidden sums are better, the best {reached}; more may give more"
    return [Suggestion("search.hidden", None, True, text)]


def _effort(yardstick: _Yardstick, evidence: Evidence) -> list[Suggestion]:
    pairs = [(a, b) for a, b in evidence.refits if a.loss > 0.0]
    if not pairs:
        return []
    fall = median(1.0 - after.loss / before.loss for before, after in pairs)
    before, after = min(pairs, key=lambda pair: yardstick.missing(pair[1]))
    text = (
        f"{evidence.refit_steps} further fitting steps took {100 * max(fall, 0.0):.1f} % off the "
        f"loss of the designs around the choice ({yardstick.worth(before)} became "
        f"{yardstick.worth(after)})"
    )
    helps = fall >= FALL and yardstick.missing(after) <= yardstick.missing(before)
    return [_still(helps, "search.effort", text)]


def _rounds(yardstick: _Yardstick, evidence: Evidence) -> list[Suggestion]:
    curves = [c for c in evidence.curves if len(c) >= LAST]
    curves = [c for c in curves if 0.0 < c[-1 - len(c) // LAST] < math.inf]
    grown = [e for e in evidence.entries if e.origin.startswith("joint-")]
    if not curves or not grown:
        return []
    fall = median(1.0 - c[-1] / c[-1 - len(c) // LAST] for c in curves)
    text = (
        f"the losses of the joint models fell by {100 * fall:.1f} % in the last quarter of "
        f"{evidence.rounds} rounds (the best design of them has "
        f"{yardstick.worth(yardstick.best(grown))})"
    )
    return [_still(fall >= FALL, "search.rounds", text)]


def _still(helps: bool, setting: str, text: str) -> Suggestion:
    end = "more may give more" if helps else "more is not expected to help"
    return Suggestion(setting, None, helps, f"{text}: {end}")


def lines(advice: Sequence[Suggestion]) -> list[str]:
    """The first few as lines of text."""
    return [f"{s.setting}: {s.text}" for s in advice[:MOST]]
