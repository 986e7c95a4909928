"""One target's search for a regression: rows and settings in, a front of candidates out.

Room: `search`. A `Searcher` is any way to search; it goes on in slices, between which it can be
asked for its front, stored, or stopped. Everything is counted in evaluations, never in seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from inspect import getattr_static
from types import CodeType, FunctionType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symtick.expr import Interval, from_programs
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.enumeration.bidirectional import closed_forms
from symtick.search.enumeration.enumeration import enumerate_front
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate, Penalty
from symtick.search.kernel_api.evaluation import intervals
from symtick.search.kernel_api.states import Arrays, State

Floats = npt.NDArray[np.float64]

METHODS = ("gp", "policy", "hybrid", "enumeration", "closed_forms")
MOST_LEVELS = 12  # of an enumeration, which its budget ends much sooner
BRIEF = 1_000  # evaluations to find something at least, where Ctrl-C came before that
SLICE = 5  # generations between two looks at the keyboard
PATIENCE = 100  # slices without a new function, after which there is none


@dataclass(frozen=True, eq=False)
class Task:
    """What is searched for.

    Attributes:
        X: shape (rows, features).
        y: shape (rows,).
        names: of the features.
        cost: the table that prices candidates.
        config: settings of the engine.
        weights: shape (rows,), or None for equal weights.
        ranges: intervals in which candidates must be defined, or None: on the rows.
        penalty: of an expression, added to its loss, or None.
        guesses: text of equations to start from.
        evaluations: budget.
        method: one of `METHODS`.
        hybrid: settings of `gp`, `policy` and `hybrid`, whose engine's are `config`; None for the
            engine alone.
    """

    X: Floats
    y: Floats
    names: tuple[str, ...]
    cost: SearchCost
    config: EngineConfig
    weights: Floats | None = None
    ranges: tuple[Interval, ...] | None = None
    penalty: Penalty | None = None
    guesses: tuple[str, ...] = ()
    evaluations: int = 100_000
    method: str = "gp"
    hybrid: HybridConfig | None = None

    def key(self) -> str:
        """A digest of everything that a stored state depends on (not the budget).

        Of a function its code, constants and defaults count, and which of them it calls by name;
        not seen is what its closure, its globals or an object's attributes hold.
        """
        words = {
            "config": asdict(self.config),
            "cost": asdict(self.cost),
            "names": self.names,
            "ranges": self.ranges,
            "penalty": self.penalty,
            "guesses": self.guesses,
            "method": self.method,
            "hybrid": None if self.hybrid is None else asdict(self.hybrid),
        }
        text = json.dumps(words, sort_keys=True, default=_named)
        held = hashlib.sha256(text.encode())
        for array in (self.X, self.y, self.weights):
            held.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        return held.hexdigest()

    @property
    def done(self) -> float:
        """The loss at which the search may end."""
        return -np.inf if self.config.target_loss is None else self.config.target_loss


def _named(value: object) -> object:
    """JSON for what has none: of a function what it does, other things by their fields."""
    if isinstance(value, partial):
        return ["partial", _named(value.func), repr(value.args), repr(value.keywords)]
    if not callable(value):
        return repr(value)
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
    function = getattr(value, "__func__", value)  # of a method
    if not isinstance(function, FunctionType):
        function = getattr_static(type(value), "__call__", None)
    if not isinstance(function, FunctionType):
        return name
    defaults = repr((function.__defaults__, function.__kwdefaults__))
    return [name, defaults, _written(function.__code__)]


def _written(code: CodeType) -> list[object]:
    """What a function does, as far as its code says so."""
    constants = [_written(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_freevars]


class Searcher(Protocol):
    """A search that goes on in slices."""

    @property
    def evaluations(self) -> int:
        """Candidates computed so far."""

    def step(self, threads: int, budget: int) -> None:
        """Go on for a slice, up to `budget` evaluations in all."""

    def front(self) -> Sequence[Candidate]:
        """The front so far."""

    def best_loss(self) -> float:
        """Lowest loss so far; infinity before the first step."""

    def state(self) -> State:
        """All that another searcher of the task needs to go on from here."""


def _others(task: Task) -> dict[str, Any]:
    return {
        "weights": task.weights,
        "guesses": task.guesses,
        "penalty": task.penalty,
        "names": task.names,
    }


def make_engine(task: Task, state: Arrays | None = None) -> Engine:
    """The task's engine, at a stored state where one is given."""
    data, extra = (task.X, task.y, task.ranges, task.cost, task.config), _others(task)
    return Engine(*data, **extra) if state is None else Engine.restore(*data, state, **extra)


class GpSearch:
    """Genetic programming in the kernel: a `Searcher`."""

    def __init__(self, task: Task, state: Arrays | None = None) -> None:
        self._engine = make_engine(task, state)

    @property
    def evaluations(self) -> int:
        """Candidates computed so far."""
        return self._engine.stats().evaluations

    def step(self, threads: int, budget: int) -> None:
        """A few generations."""
        self._engine.step(SLICE, threads, budget)

    def front(self) -> Sequence[Candidate]:
        """The Pareto front over loss, ticks and LUTs."""
        return self._engine.front()

    def best_loss(self) -> float:
        """Lowest loss so far."""
        return self._engine.stats().best_loss

    def state(self) -> State:
        """The engine's."""
        return self._engine.state()


class JointSearch:
    """Closed forms first, then evolution, a policy that learns, or both: a `Searcher`."""

    def __init__(self, task: Task, config: HybridConfig, state: Arrays | None = None) -> None:
        held = replace(config, engine=task.config, seed=task.config.seed)
        data, extra = (task.X, task.y, task.ranges, task.cost, held), _others(task)
        self._search = (
            HybridSearch(*data, **extra)
            if state is None
            else HybridSearch.restore(*data, state, **extra)
        )

    @property
    def evaluations(self) -> int:
        """Candidates computed so far."""
        return self._search.evaluations

    def step(self, threads: int, budget: int) -> None:
        """A batch of the policy's, and its generations; of evolution alone a few generations."""
        self._search.budget = budget
        self._search.step(threads, SLICE if self._search.config.method == "gp" else None)

    def front(self) -> Sequence[Candidate]:
        """The Pareto front over loss, ticks and LUTs."""
        return self._search.front()

    def best_loss(self) -> float:
        """Lowest loss so far."""
        return self._search.best_loss

    def state(self) -> State:
        """The engine's and the policy's."""
        return self._search.state()


class ListSearch:
    """Functions written down one after another, small ones first: a `Searcher` of one step.

    Guesses are left out. Going on means to begin again with the larger budget.

    Args:
        task: what is searched for.
        meet: look up parts of the target among the functions first (`closed_forms`, for half the
            budget), which finds exact laws in data without noise. Where there is none, or else, the
            front of the functions themselves (`enumerate_front`).
        state: a stored state.
    """

    def __init__(self, task: Task, meet: bool, state: Arrays | None = None) -> None:
        self._task, self._meet = task, meet
        self._rules = task.config.all_rules()
        self._front: list[Candidate] = []
        self._searched = 0  # the budget that was searched with
        self.evaluations = 0 if state is None else int(state["evaluations"][0])

    def step(self, threads: int, budget: int) -> None:
        """All of it; nothing more happens with the same budget."""
        if budget <= self._searched:
            return
        task, config = self._task, self._task.config
        vocabulary = config.vocabulary(task.X.shape[1], task.names)
        data = (task.X, task.y, task.cost, vocabulary, self._rules)
        extra: dict[str, Any] = {
            "weights": task.weights,
            "loss": config.loss,
            "delta": config.huber_delta,
        }
        found, self.evaluations = list[Candidate](), 0
        if self._meet:
            share, enough = max(1, budget // 2), config.target_loss
            forms = closed_forms(*data, **extra, max_evaluations=share, enough=enough)
            found, self.evaluations = self._admitted(forms.front), forms.evaluations
        if not found:
            left = budget - self.evaluations
            found, stats = enumerate_front(
                *data, **extra, max_level=MOST_LEVELS, max_evaluations=left
            )
            found = self._admitted(found)
            self.evaluations += stats.evaluations
        self._front, self._searched = found, budget

    def _admitted(self, found: Sequence[Candidate]) -> list[Candidate]:
        """Those within the limits that the kernel's lists do not know, penalties added."""
        task, kept = self._task, list[Candidate]()
        for one in found:
            if one.lut > task.config.limits.max_lut or (
                task.ranges is not None and intervals([one.program], task.ranges)[0] is None
            ):
                continue
            if task.penalty is not None:
                held = from_programs([one.program], task.names)
                one = replace(one, loss=one.loss + task.penalty(held))
            kept.append(one)
        return non_dominated(kept)

    def front(self) -> Sequence[Candidate]:
        """The best for each cost."""
        return self._front

    def best_loss(self) -> float:
        """Lowest loss so far."""
        return min((c.loss for c in self._front), default=float("inf"))

    def state(self) -> State:
        """How much was done."""
        return {"evaluations": np.array([self.evaluations])}


def searcher(task: Task, state: Arrays | None = None) -> Searcher:
    """The task's way to search, at a stored state where one is given."""
    if task.method in ("enumeration", "closed_forms"):
        return ListSearch(task, task.method == "closed_forms", state)
    if task.hybrid is None:
        return GpSearch(task, state)
    return JointSearch(task, task.hybrid, state)


def non_dominated(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other beats in (loss, ticks, LUT), one of equals, by ticks, then LUT."""
    order = sorted(
        candidates,
        key=lambda c: (c.ticks, c.lut, c.loss, len(c.program.ops), c.program.ops.tobytes(),
                       c.program.args.tobytes(), c.program.consts.tobytes()),
    )  # fmt: skip
    kept: list[Candidate] = []
    for one in order:
        # all that are cheaper or equal in ticks stand before it
        if not any(k.lut <= one.lut and k.loss <= one.loss for k in kept):
            kept.append(one)
    return kept


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a search ended.

    Attributes:
        front: what it found.
        state: where it can go on from.
        evaluations: candidates computed, earlier runs included.
        interrupted: whether Ctrl-C ended it.
    """

    front: tuple[Candidate, ...]
    state: State
    evaluations: int
    interrupted: bool


def run(
    task: Task,
    search: Searcher,
    threads: int = 1,
    report: Callable[[Searcher, float], None] = lambda search, share: None,
    *,
    brief: bool = False,
) -> Outcome:
    """Search until the budget is spent, the loss is good enough, nothing is new, or Ctrl-C.

    Args:
        task: what is searched for; its budget counts from here.
        search: a way to do so.
        threads: worker threads.
        report: called after each slice with the share of the budget that is spent.
        brief: end after the first slice that finds something.

    Raises:
        KeyboardInterrupt: a second Ctrl-C came before anything was found.
    """
    since, interrupted = search.evaluations, False
    try:
        _go_on(task, search, threads, report, since, brief)
    except KeyboardInterrupt:
        interrupted = True
        if not search.front():
            little = replace(task, evaluations=min(task.evaluations, BRIEF))
            _go_on(little, search, threads, report, search.evaluations, brief=True)
    return Outcome(tuple(search.front()), search.state(), search.evaluations, interrupted)


def _go_on(
    task: Task,
    search: Searcher,
    threads: int,
    report: Callable[[Searcher, float], None],
    since: int,
    brief: bool,
) -> None:
    idle, budget = 0, since + task.evaluations
    while search.evaluations < budget and search.best_loss() > task.done and idle < PATIENCE:
        before = search.evaluations
        search.step(threads, budget)
        idle = idle + 1 if search.evaluations == before else 0
        report(search, (search.evaluations - since) / task.evaluations)
        if brief and search.front():
            return
