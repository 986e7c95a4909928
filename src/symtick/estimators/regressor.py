"""`SymbolicRegressor`: symbolic regression in scikit-learn's conventions, with ticks in the search.

It has the features that users of PySR know, on symtick's kernel; docs/regression.md lists the names
of both side by side.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, validate_data

from symtick.defaults import CLOCK_MHZ
from symtick.errors import InputError
from symtick.estimators.equations import SELECTIONS, Equations
from symtick.estimators.fitted import Fitted, Target, read_json
from symtick.estimators.parameters import language_constants
from symtick.estimators.resolve import Plan, usable_guesses
from symtick.estimators.validation import check_callables, check_numbers, check_spreads
from symtick.expr import Expression
from symtick.search.data.preparing import denoised, select_features
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Operator
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.candidate import Candidate, Penalty
from symtick.search.kernel_api.losses import Loss
from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import Arrays
from symtick.search.regression.cluster import connected
from symtick.search.regression.islands import (
    Islands,
    IslandSettings,
)
from symtick.search.regression.regression import Outcome, pursue, search_of
from symtick.search.regression.rounding import rounded_front
from symtick.search.regression.task import ENUMERATIONS, METHODS, Task

Floats = npt.NDArray[np.float64]


class SymbolicRegressor(Fitted, MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Find closed forms for `y` with few ticks, LUTs or symbols.

    A front of equations is found for each target, and one of them chosen; `predict` and the exports
    take the chosen one, or the one at `index`: a row of `equations_`, with several targets a list.

    Operators and tokens
        operators: names of all operators, instead of the next two.
        binary_operators: names or symbols; + - * / by default.
        unary_operators: names; none by default.
        custom_operators: definitions, as "inv2(a) = 1/a**2" (`search.grammar.operators` lists ready
            ones, that need only be named); each is one token, priced and compiled as its body.
        constants: whether there are free constants.
        literals: numbers that are tokens and are not tuned.
        constant_bits: round the constants of the front to so many significant bits, tuning those
            that are left after each; None leaves them.

    Objective
        loss: a name of `search.kernel_api.losses.LOSSES`, or a callable of (prediction, target,
            weights).
        huber_delta: where Huber's loss turns linear.
        penalty: a callable of an `Expression` that returns a number from 0, added to the loss.

    Limits
        max_nodes: tokens of an equation.
        max_depth: levels.
        max_constants: free constants; None for what the preset says.
        max_complexity: sum of the complexities of the tokens, or None.
        complexity_of_operators: by name or symbol; 1 otherwise.
        complexity_of_constants: of each constant or literal.
        complexity_of_variables: of each feature, or a number for each that is searched over.
        nested_constraints: {outer: {inner: n}}: at most n `inner` on any way down from `outer`.
        constraints: {operator: n} or {operator: (n, m)}: most complexity of its arguments, -1 for
            any.
        X_units: unit of each feature as text, a list or a dict by name; "" is a plain number.
        y_units: unit of the target; with several targets a list; None for any.
        max_ticks: latency by the cost table, or None.
        max_lut: LUTs by the cost table, a DSP block counted as 173 of them, or None.

    Hardware
        cost: what prices candidates: `open` (a device's delays and areas; functions of one input
            are tables), `published` (whole cycles per operator, as in the literature), `unit` (one
            tick and one LUT for everything) or `complexity` (ticks are levels of operators, LUTs
            add up their complexities: a front as PySR's, no hardware meant).
        device: a device of that kind, None for the usual one (`symtick devices` lists them).
        clock_mhz: clock.
        input_bits: width of each input in hardware; the point goes where the column just fits.
        input_formats: `fixed<W,I>` of all features, or a dict of some by name.
        domain: `rows`: an equation must be finite on the rows; `box`: it must be defined in the
            whole box that the features span, as firmware needs it.

    Search
        method: `gp` (evolution), `policy` (a policy that learns to write equations), `hybrid` (each
            feeds the other), `enumeration` (all small functions, in order of size) or
            `bidirectional` (the same, and parts of the target looked up among them: exact laws in
            data without noise). The last two take no guesses and no preset.
        evaluations: budget for each target: candidates computed over the rows.
        target_loss: stop at this loss.
        preset: settings that have no parameter here: the name of a published search
            (`mundhenk2021`, `petersen2021`), `symtick` (our own), an `EngineConfig` or a
            `HybridConfig`. None: the defaults. At most a quarter of the budget goes to exact laws
            first. A preset's rules hold where no parameter here is set.
        guesses: equations to start from, as text; with several targets a list for each.
        warm_start: a further `fit` goes on from the last one: exactly, where data and settings but
            the budget are the same (a loss or penalty of one's own must be the same object), else
            from its front.
        seed: of every random choice.
        threads: worker threads; they change nothing but the time.
        n_workers: processes of a local dask cluster to spread islands over.
        scheduler: address of a dask scheduler, a cluster of dask's or a `distributed.Client`, to do
            so on its workers.
        islands: an `IslandSettings` for these; they change the result, workers do not. Islands only
            evolve: there is no bidirectional enumeration first.
        checkpoint: a folder for the islands' states, replaced after each epoch; a fit of the same
            data and settings goes on from there.

    Data
        select_k_features: search over so many features, chosen by a random forest.
        denoise: replace the target by the mean of a Gaussian process first, for which all rows
            weigh the same.
        batching: score candidates on `batch_size` random rows (the front is always settled on all
            rows): True, False, or `auto` for more rows than that.
        batch_size: rows of a batch.

    Result
        model_selection: `best`, `accuracy` or `score`, as in `Equations.choose`.
        axis: what the score divides by: `ticks`, `lut` or `complexity`.
        verbose: 1 prints a line for each tenth of the budget.

    Attributes:
        fronts_: an `Equations` for each target.
        names_: names of the features in equations: those of a DataFrame with other characters than
            tokens, digits and _ replaced, or x0, x1, ...
        selected_: numbers of the features that were searched over.
        interrupted_: whether Ctrl-C ended the search early; what it had found is kept.
        evaluations_: candidates computed, of each target.
        n_features_in_: number of features.

    Examples:
        >>> from symtick import SymbolicRegressor
        >>> SymbolicRegressor(unary_operators=["exp"], max_ticks=3).get_params()["max_ticks"]
        3
    """

    def __init__(
        self,
        *,
        operators: Sequence[str] | None = None,
        binary_operators: Sequence[str] | None = None,
        unary_operators: Sequence[str] | None = None,
        custom_operators: Sequence[str | Operator] = (),
        constants: bool = True,
        literals: Sequence[float] = (),
        constant_bits: int | None = None,
        loss: str | Callable[[Floats, Floats, Floats], float] = "mse",
        huber_delta: float = 1.0,
        penalty: Callable[[Expression], float] | None = None,
        max_nodes: int = 30,
        max_depth: int = 64,
        max_constants: int | None = None,
        max_complexity: float | None = None,
        complexity_of_operators: Mapping[str, float] | None = None,
        complexity_of_constants: float = 1.0,
        complexity_of_variables: float | Sequence[float] = 1.0,
        nested_constraints: Mapping[str, Mapping[str, int]] | None = None,
        constraints: Mapping[str, int | Sequence[int]] | None = None,
        X_units: Sequence[str] | Mapping[str, str] | None = None,
        y_units: str | Sequence[str | None] | None = None,
        max_ticks: int | None = None,
        max_lut: float | None = None,
        cost: str = "open",
        device: str | None = None,
        clock_mhz: float = CLOCK_MHZ,
        input_bits: int = 8,
        input_formats: str | Mapping[str, str] | None = None,
        domain: str = "rows",
        method: str = "gp",
        evaluations: int = 100_000,
        target_loss: float | None = None,
        preset: str | EngineConfig | HybridConfig | None = None,
        guesses: Sequence[str] | Sequence[Sequence[str]] = (),
        warm_start: bool = False,
        seed: int = 0,
        threads: int = 1,
        n_workers: int | None = None,
        scheduler: Any = None,
        islands: IslandSettings | None = None,
        checkpoint: str | Path | None = None,
        select_k_features: int | None = None,
        denoise: bool = False,
        batching: bool | str = "auto",
        batch_size: int = 1500,
        model_selection: str = "best",
        axis: str = "ticks",
        verbose: int = 0,
    ) -> None:
        self.operators = operators
        self.binary_operators = binary_operators
        self.unary_operators = unary_operators
        self.custom_operators = custom_operators
        self.constants = constants
        self.literals = literals
        self.constant_bits = constant_bits
        self.loss = loss
        self.huber_delta = huber_delta
        self.penalty = penalty
        self.max_nodes = max_nodes
        self.max_depth = max_depth
        self.max_constants = max_constants
        self.max_complexity = max_complexity
        self.complexity_of_operators = complexity_of_operators
        self.complexity_of_constants = complexity_of_constants
        self.complexity_of_variables = complexity_of_variables
        self.nested_constraints = nested_constraints
        self.constraints = constraints
        self.X_units = X_units
        self.y_units = y_units
        self.max_ticks = max_ticks
        self.max_lut = max_lut
        self.cost = cost
        self.device = device
        self.clock_mhz = clock_mhz
        self.input_bits = input_bits
        self.input_formats = input_formats
        self.domain = domain
        self.method = method
        self.evaluations = evaluations
        self.target_loss = target_loss
        self.preset = preset
        self.guesses = guesses
        self.warm_start = warm_start
        self.seed = seed
        self.threads = threads
        self.n_workers = n_workers
        self.scheduler = scheduler
        self.islands = islands
        self.checkpoint = checkpoint
        self.select_k_features = select_k_features
        self.denoise = denoise
        self.batching = batching
        self.batch_size = batch_size
        self.model_selection = model_selection
        self.axis = axis
        self.verbose = verbose

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> SymbolicRegressor:
        """Search.

        Args:
            X: (rows, features); a DataFrame's column names become those of the features.
            y: (rows,) or (rows, targets).
            sample_weight: (rows,), or None for equal weights.

        Raises:
            InputError: a parameter or the data are not acceptable.
        """
        self._check()
        rows, goal = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        goals = np.asarray(goal, np.float64).reshape(len(rows), -1).T
        check_spreads(goals)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        selected = self._selection(rows, goals, weights)
        plan = Plan.of(self, rows, getattr(self, "feature_names_in_", None), selected)
        tasks = self._tasks(plan, rows, goals, weights)
        memories = self._memories(plan, tasks)
        outcomes = self._run(tasks, memories)
        fronts = [self._front(plan, task, o) for task, o in zip(tasks, outcomes, strict=True)]
        names = _target_names(y, plan.names, len(goals))
        self.targets_ = tuple(
            Target(name, float(np.std(column)), front)
            for name, column, front in zip(names, goals, fronts, strict=True)
        )
        self.single_, self.names_, self.selected_ = goal.ndim == 1, plan.names, selected
        self.hardware_, self.literals_ = plan.hardware, language_constants(plan.vocabulary)
        self.evaluations_ = tuple(o.evaluations for o in outcomes)
        self._memory = tuple(
            Memory(m.key, m.guesses, o.state, t.config.loss, t.penalty)
            for m, o, t in zip(memories, outcomes, tasks, strict=True)
        )
        self._report_interruption(outcomes)
        return self

    @classmethod
    def load(cls, path: Path | str) -> SymbolicRegressor:
        """A fitted regressor from the file that `save` wrote.

        Callables, presets that are no names and clusters among its parameters are not stored: they
        are at their defaults, which matters for another `fit` only.

        Raises:
            InputError: the file cannot be read or is damaged.
        """
        stored = read_json(path)
        try:
            made = cls(**stored["parameters"])
        except (KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged: {error}") from None
        made.take(stored)
        return made

    def _check(self) -> None:
        check_numbers(self)
        if self.method == "closed_forms":
            raise InputError("method='closed_forms' is called 'bidirectional' now")
        if self.method not in METHODS:
            raise InputError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
        if self.method in ENUMERATIONS and len(self.guesses):
            raise InputError(f"method={self.method!r} takes no guesses: it writes down everything")
        if self.checkpoint is not None and self._islands() is None:
            raise InputError("a checkpoint is of islands on a cluster: give n_workers or scheduler")
        if self.islands is not None and not isinstance(self.islands, IslandSettings):
            raise InputError(f"islands must be an IslandSettings or None, not {self.islands!r}")
        if self.islands is not None and self._islands() is None:
            raise InputError("islands live on a cluster: give n_workers or scheduler")
        if self.method != "gp" and self._islands() is not None:
            raise InputError(
                "islands on a cluster evolve: n_workers and scheduler need method='gp'"
            )
        Equations.of((), self.axis)
        if self.model_selection not in SELECTIONS:
            raise InputError(
                f"model_selection must be one of {', '.join(SELECTIONS)}, "
                f"not {self.model_selection!r}"
            )

    def _selection(self, X: Floats, goals: Floats, weights: Floats | None) -> tuple[int, ...]:
        if self.select_k_features is None:
            return tuple(range(X.shape[1]))
        return select_features(
            X, goals.T if len(goals) > 1 else goals[0], int(self.select_k_features),
            seed=int(self.seed), weights=weights,
        )  # fmt: skip

    def _tasks(self, plan: Plan, X: Floats, goals: Floats, weights: Floats | None) -> list[Task]:
        units = _per_target("y_units", self.y_units, len(goals))
        guesses = _guesses(self.guesses, len(goals))
        tasks: list[Task] = []
        for k, goal in enumerate(goals):
            y = denoised(X[:, plan.selected], goal, seed=int(self.seed)) if self.denoise else goal
            check_callables(self.loss, self.penalty, y, weights, plan.names)
            tasks.append(plan.task(X, y, weights, unit=units[k], guesses=guesses[k]))
        return tasks

    def _memories(self, plan: Plan, tasks: Sequence[Task]) -> list[Memory]:
        """For each target what a warm start goes on from: a state, or guesses of the last front."""
        warm = self.warm_start and hasattr(self, "targets_") and len(self.targets_) == len(tasks)
        memories: list[Memory] = []
        for k, task in enumerate(tasks):
            key = f"{self._kind()} {task.key()}"
            before = self._memory[k] if warm and hasattr(self, "_memory") else None
            if before is not None and before.key == key and before.same(task):
                memories.append(before)
            elif warm:
                front = [e.text for e in self.targets_[k].front.entries]
                memories.append(Memory(key, usable_guesses(front, plan.vocabulary, task), None))
            else:
                memories.append(Memory(key, (), None))
        return memories

    def _kind(self) -> str:
        """How is searched, as far as it matters for a stored state."""
        return f"{self.method} {self._islands()}"

    def _islands(self) -> IslandSettings | None:
        """Settings of the islands on a cluster, or None for a search in this process."""
        if self.n_workers is None and self.scheduler is None:
            return None
        return self.islands or IslandSettings()

    def _run(self, tasks: Sequence[Task], memories: Sequence[Memory]) -> list[Outcome]:
        islands, outcomes = self._islands(), list[Outcome]()
        with ExitStack() as stack:
            client = None
            if islands is not None:
                client = stack.enter_context(connected(self.n_workers, self.scheduler))
            for task, memory in zip(tasks, memories, strict=True):
                full = replace(task, guesses=(*task.guesses, *memory.guesses))
                search: Search[Candidate]
                if islands is not None and client is not None:
                    path = self._checkpoint(len(outcomes))
                    search = Islands(full, islands, client, path)
                    if memory.state is not None and not search.epoch:
                        search.restore(memory.state)
                else:
                    search = search_of(full, memory.state)
                stopped = any(o.interrupted for o in outcomes)
                outcomes.append(
                    pursue(full, search, int(self.threads), self._report(), brief=stopped)
                )
        return outcomes

    def _checkpoint(self, target: int) -> Path | None:
        return None if self.checkpoint is None else Path(self.checkpoint) / f"target{target}.npz"

    def _report(self) -> Callable[[Search[Candidate], float], None]:
        """Prints a line for each tenth of the budget, if that is wanted."""
        told = 0

        def report(search: Search[Candidate], share: float) -> None:
            nonlocal told
            if self.verbose and int(10 * share) > told:
                told = int(10 * share)
                status = search.status
                print(
                    f"{min(10 * told, 100):3d} %  {status.evaluations} evaluations, "
                    f"loss {status.best_loss:.6g}, {len(search.front())} equations",
                    flush=True,
                )

        return report

    def _front(self, plan: Plan, task: Task, outcome: Outcome) -> Equations:
        candidates = outcome.front
        if self.constant_bits is not None:
            candidates = rounded_front(
                candidates, plan.vocabulary, task, int(self.constant_bits), int(self.threads)
            )
        return Equations.of((plan.equation(c) for c in candidates), self.axis)

    def _report_interruption(self, outcomes: Sequence[Outcome]) -> None:
        self.interrupted_ = any(o.interrupted for o in outcomes)
        if self.interrupted_:
            warnings.warn(
                "the search was interrupted: what it had found so far is kept", stacklevel=3
            )


@dataclass(frozen=True, eq=False)
class Memory:
    """What a warm start needs of a target: what was searched for, the start, and where it stood."""

    key: str
    guesses: tuple[str, ...]
    state: Arrays | None
    loss: Loss = "mse"
    penalty: Penalty | None = None

    def same(self, task: Task) -> bool:
        """Whether loss and penalty are the very objects of the task; names of losses just equal."""
        return _same(self.loss, task.config.loss) and _same(self.penalty, task.penalty)


def _same(one: object, other: object) -> bool:
    if isinstance(one, partial) and isinstance(other, partial):
        return one.func is other.func and one.args == other.args
    return one is other or (isinstance(one, str) and one == other)


def _per_target(what: str, given: Any, count: int) -> list[Any]:
    """One value for each target."""
    if given is None or isinstance(given, str):
        return [given] * count
    if len(given) != count:
        raise InputError(f"{what} needs an entry for each of {count} targets, not {len(given)}")
    return list(given)


def _guesses(given: Sequence[Any], count: int) -> list[tuple[str, ...]]:
    """The guesses of each target; those of one target need not stand in a list of their own."""
    if isinstance(given, str):
        raise InputError(f"guesses must be a list of texts, not the text {given!r}")
    nested = [not isinstance(guess, str) for guess in given]
    if not any(nested) and (count == 1 or not nested):
        return [tuple(given)] * count
    if not all(nested) or len(given) != count:
        raise InputError(f"guesses needs a list of texts for each of {count} targets")
    return [tuple(guesses) for guesses in given]


def _target_names(y: Any, taken: Sequence[str], count: int) -> list[str]:
    """Names of the output ports: those of a Series or DataFrame where they fit, else y0, y1, ..."""
    columns = getattr(y, "columns", None)
    given = [getattr(y, "name", None)] if columns is None else list(columns)
    names = [str(n) for n in given]
    fit = all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", n) for n in names)
    if None in given or not fit or len({*names, *taken}) < count + len(taken):
        names = [f"y{k}" for k in range(count)]
        while set(names) & set(taken):
            names = [f"{n}_out" for n in names]
    return names
