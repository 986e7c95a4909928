"""`SymbolicRegressor`: symbolic regression in scikit-learn's conventions, with ticks in the search.

It has the features that users of PySR know, on symtick's kernel; docs/regression.md lists the names
of both side by side.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, validate_data

from symtick.errors import InputError
from symtick.estimators.fitted import FORMAT, Fitted, Target
from symtick.estimators.names import FIT, PARAMETERS, saying
from symtick.estimators.parameters import language_constants
from symtick.estimators.resolve import Plan, usable_guesses
from symtick.estimators.searches import front_of, searched, selected_features, tasks_of
from symtick.estimators.settings import (
    DataSettings,
    HardwareSettings,
    LimitSettings,
    ObjectiveSettings,
    OperatorSettings,
    Parameters,
    ResultSettings,
    SearchSettings,
)
from symtick.estimators.storing import read_stored
from symtick.estimators.validation import check_sizes, check_spreads, target_names
from symtick.expr import Expression
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Operator
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.regression.islands import IslandSettings
from symtick.search.regression.memory import Memory
from symtick.search.regression.regression import Outcome
from symtick.search.regression.task import Task

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
        template: formulas with functions and numbers that are to be found, as
            "y = p1 * f(x0) + a[kind]" (`symtick.expr.templates`); None: the whole is. Limits and
            operators are then those of each function, and `guesses` look as "f = 2*x0; p1 = 3".
        max_nodes: tokens of an equation.
        max_depth: levels.
        max_constants: free constants; None for what the preset says, 10 in laws without one.
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
        cost: what prices candidates; None: `complexity`, or `open` where `device`, `max_ticks` or
            `max_lut` is given. `open` (a device's delays and areas; functions of one input
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
        evaluations: budget for each target: candidates computed over the rows; 1e6 is taken, too.
        max_passes: end after so many passes over the rows for each target, looked at between
            slices of the search. They are the evaluations, the terms that were tried and the steps
            of fits; `evaluations` counts none of the last two in evolution, and a fit plans for no
            more evaluations than passes. None: as many as come, but for laws without a preset twice
            the evaluations, where these are 50,000 at least.
        target_loss: stop at this loss.
        max_seconds: end after so many seconds, looked at between slices of the search (some
            hundredths of a second; the laws from parts at the beginning look at it, too, but take a
            second at least); several targets share them. The clean-up of the front comes after it.
            What such a fit finds depends on the machine. None: the evaluations alone end it.
        preset: settings that have no parameter here: the name of a published search
            (`mundhenk2021`, `petersen2021`), `symtick` (our own), an `EngineConfig` or a
            `HybridConfig`. None: `symtick`, or settings for hardware where `cost` is not
            `complexity`. Up to half of the budget goes to laws from parts first, a quarter to
            exact laws. A preset's rules hold where no parameter here is set.
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
        model_selection: `mdl` (shortest description), `best`, `accuracy` or `score`, as in
            `Equations.choose`.
        axis: what equations are ordered by and the score divides by: `ticks`, `lut` or
            `complexity`; None: `complexity` where that is the cost, else `ticks`.
        verbose: `auto` shows time, evaluations a second, loss and the front so far while the search
            runs, in a terminal or a notebook, and nothing elsewhere; 1 prints a line for each tenth
            of the budget; 0 nothing.
        log: a file `*.jsonl`, to which lines of JSON with the front are added, or a folder for
            TensorBoard.

    Attributes:
        fronts_: an `Equations` for each target.
        names_: names of the features in equations: those of a DataFrame, or x0, x1, ... Greek
            letters are written out (`alpha`), `sin` is `sin_`, other characters than letters,
            digits and _ are replaced.
        selected_: numbers of the features that were searched over.
        interrupted_: whether Ctrl-C ended the search early; what it had found is kept.
        evaluations_: candidates computed, of each target.
        passes_: all that was computed over the rows, of each target (`max_passes`).
        n_features_in_: number of features.

    Examples:
        >>> from symtick import SymbolicRegressor
        >>> SymbolicRegressor(unary_operators=["exp"], max_ticks=3).get_params()["max_ticks"]
        3
    """

    @saying(PARAMETERS)
    def __init__(
        self,
        *,
        operators: Sequence[str] | None = OperatorSettings.operators,
        binary_operators: Sequence[str] | None = OperatorSettings.binary_operators,
        unary_operators: Sequence[str] | None = OperatorSettings.unary_operators,
        custom_operators: Sequence[str | Operator] = OperatorSettings.custom_operators,
        constants: bool = OperatorSettings.constants,
        literals: Sequence[float] = OperatorSettings.literals,
        constant_bits: int | None = OperatorSettings.constant_bits,
        loss: str | Callable[[Floats, Floats, Floats], float] = ObjectiveSettings.loss,
        huber_delta: float = ObjectiveSettings.huber_delta,
        penalty: Callable[[Expression], float] | None = ObjectiveSettings.penalty,
        template: str | None = LimitSettings.template,
        max_nodes: int = LimitSettings.max_nodes,
        max_depth: int = LimitSettings.max_depth,
        max_constants: int | None = LimitSettings.max_constants,
        max_complexity: float | None = LimitSettings.max_complexity,
        complexity_of_operators: Mapping[str, float] | None = LimitSettings.complexity_of_operators,
        complexity_of_constants: float = LimitSettings.complexity_of_constants,
        complexity_of_variables: float | Sequence[float] = LimitSettings.complexity_of_variables,
        nested_constraints: (
            Mapping[str, Mapping[str, int]] | None
        ) = LimitSettings.nested_constraints,
        constraints: Mapping[str, float | Sequence[float]] | None = LimitSettings.constraints,
        X_units: Sequence[str] | Mapping[str, str] | None = LimitSettings.X_units,
        y_units: str | Sequence[str | None] | None = LimitSettings.y_units,
        max_ticks: int | None = LimitSettings.max_ticks,
        max_lut: float | None = LimitSettings.max_lut,
        cost: str | None = HardwareSettings.cost,
        device: str | None = HardwareSettings.device,
        clock_mhz: float = HardwareSettings.clock_mhz,
        input_bits: int = HardwareSettings.input_bits,
        input_formats: str | Mapping[str, str] | None = HardwareSettings.input_formats,
        domain: str = HardwareSettings.domain,
        method: str = SearchSettings.method,
        evaluations: float = SearchSettings.evaluations,
        max_passes: float | None = SearchSettings.max_passes,
        target_loss: float | None = SearchSettings.target_loss,
        max_seconds: float | None = SearchSettings.max_seconds,
        preset: str | EngineConfig | HybridConfig | None = SearchSettings.preset,
        guesses: Sequence[str] | Sequence[Sequence[str]] = SearchSettings.guesses,
        warm_start: bool = SearchSettings.warm_start,
        seed: int = SearchSettings.seed,
        threads: int = SearchSettings.threads,
        n_workers: int | None = SearchSettings.n_workers,
        scheduler: Any = SearchSettings.scheduler,
        islands: IslandSettings | None = SearchSettings.islands,
        checkpoint: str | Path | None = SearchSettings.checkpoint,
        select_k_features: int | None = DataSettings.select_k_features,
        denoise: bool = DataSettings.denoise,
        batching: bool | str = DataSettings.batching,
        batch_size: int = DataSettings.batch_size,
        model_selection: str = ResultSettings.model_selection,
        axis: str | None = ResultSettings.axis,
        verbose: bool | int | str = ResultSettings.verbose,
        log: str | Path | None = ResultSettings.log,
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
        self.template = template
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
        self.max_passes = max_passes
        self.target_loss = target_loss
        self.max_seconds = max_seconds
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
        self.log = log

    @saying(PARAMETERS, ".set_params", ValueError)
    def set_params(self, /, **params: Any) -> SymbolicRegressor:
        """Set parameters by name.

        Raises:
            ValueError: there is no such parameter; the message says what it is called here.
        """
        return super().set_params(**params)  # type: ignore[no-any-return]

    @saying(FIT, ".fit")
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
        parameters = Parameters.of(self.get_params(deep=False))
        rows, goal = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        goals = np.asarray(goal, np.float64).reshape(len(rows), -1).T
        check_spreads(goals)
        check_sizes(rows, getattr(self, "feature_names_in_", None))
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        selected = selected_features(parameters, rows, goals, weights)
        columns = getattr(self, "feature_names_in_", None)
        plan = Plan.of(parameters, rows, columns, selected)
        if parameters.limits.template is not None:
            return self._fit_template(plan, rows, goals, weights, y)
        tasks = tasks_of(plan, rows, goals, weights)
        memories = self._memories(plan, tasks)
        names = target_names(y, plan.names, len(goals))
        outcomes = searched(plan, tasks, memories, names if goal.ndim > 1 else [""])
        fronts = [front_of(plan, task, o) for task, o in zip(tasks, outcomes, strict=True)]
        self.targets_ = tuple(
            Target(name, float(np.std(column)), front)
            for name, column, front in zip(names, goals, fronts, strict=True)
        )
        self.single_, self.names_, self.selected_ = goal.ndim == 1, plan.names, selected
        self.hardware_, self.literals_ = plan.hardware, language_constants(plan.vocabulary)
        self.evaluations_ = tuple(o.evaluations for o in outcomes)
        self.passes_ = tuple(o.passes for o in outcomes)
        self._memory = tuple(
            Memory(m.key, m.guesses, o.state, t.config.loss, t.penalty)
            for m, o, t in zip(memories, outcomes, tasks, strict=True)
        )
        self._report_interruption(outcomes)
        return self

    def _fit_template(
        self, plan: Plan, X: Floats, goals: Floats, weights: Floats | None, y: npt.ArrayLike
    ) -> SymbolicRegressor:
        from symtick.estimators.template_fit import fit_template

        names = target_names(y, plan.names, len(goals))
        warm = plan.parameters.search.warm_start and hasattr(self, "targets_")
        before = self.targets_ if warm else None
        memory = self._memory[0] if warm and hasattr(self, "_memory") else None
        fit = fit_template(plan, X, goals, weights, names, before, memory)
        self.targets_, self.single_ = fit.targets, np.ndim(y) == 1
        self.names_, self.selected_ = plan.names, plan.selected
        self.hardware_, self.literals_ = plan.hardware, language_constants(plan.vocabulary)
        self.evaluations_ = (fit.outcome.evaluations,) * len(goals)
        self.passes_ = (fit.outcome.passes,) * len(goals)
        self._memory = (fit.memory,) * len(goals)
        self._report_interruption([fit.outcome])
        return self

    @classmethod
    def load(cls, path: Path | str) -> SymbolicRegressor:
        """A fitted regressor from the file that `save` wrote.

        Callables, presets that are no names and clusters among its parameters are not stored: they
        are at their defaults, which matters for another `fit` only.

        Raises:
            InputError: the file cannot be read or is damaged.
        """
        stored = read_stored(path, FORMAT, "regression")
        try:
            made = cls(**stored["parameters"])
        except (KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged: {error}") from None
        made.take(stored)
        return made

    def _memories(self, plan: Plan, tasks: Sequence[Task]) -> list[Memory]:
        """For each target what a warm start goes on from: a state, or guesses of the last front."""
        search = plan.parameters.search
        warm = search.warm_start and hasattr(self, "targets_") and len(self.targets_) == len(tasks)
        memories: list[Memory] = []
        for k, task in enumerate(tasks):
            key = f"{search.method} {search.cluster} {task.key()}"
            before = self._memory[k] if warm and hasattr(self, "_memory") else None
            if (
                before is not None
                and before.key == key
                and before.same(task.config.loss, task.penalty)
            ):
                memories.append(before)
            elif warm:
                front = [e.text for e in self.targets_[k].front.entries]
                memories.append(Memory(key, usable_guesses(front, plan.vocabulary, task), None))
            else:
                memories.append(Memory(key, (), None))
        return memories

    def _report_interruption(self, outcomes: Sequence[Outcome]) -> None:
        self.interrupted_ = any(o.interrupted for o in outcomes)
        if self.interrupted_:
            warnings.warn(
                "the search was interrupted: what it had found so far is kept", stacklevel=3
            )
