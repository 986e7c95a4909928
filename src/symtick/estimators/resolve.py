"""Resolution of a regressor's parameters to one task for each target.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.estimators.exports.digits import needed_digits
from symtick.estimators.fronts.equations import Equation
from symtick.estimators.parameters import (
    input_names,
    is_operator,
    operator_complexity,
    plain,
    rules_of,
    units_of,
    vocabulary_of,
)
from symtick.estimators.settings import PRESETS, Parameters
from symtick.estimators.target import Hardware, renumbered
from symtick.expr import Expression, from_programs, to_text
from symtick.hwcost import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, Units, Vocabulary, accepts
from symtick.search.hybrid.settings import HYBRID_METHODS, HybridConfig
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import costs, evaluate
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.front import LEAST, description
from symtick.search.regression.task import Task
from symtick.settings import within

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
MOST_CONSTANTS = 10  # free constants of a law, without a preset
MOST_EXACT = 100_000  # evaluations of bidirectional enumeration first, without a preset
MOST_PASSES = 2  # times the evaluations: passes of a search for laws, without a preset


@dataclass(frozen=True, eq=False)
class Plan:
    """What a regressor's parameters mean for its data; shared by all targets.

    Attributes:
        names: of all features.
        selected: numbers of the features that are searched over.
        hardware: formats and costs.
        vocabulary: the tokens.
        cost: the table that prices candidates.
        config: settings of the engine, without the units of a target.
        hybrid: settings of all but the engine, or None where the functions are written down.
        parameters: of the regressor.
        units: of the features, as they were given but for their names.
    """

    names: tuple[str, ...]
    selected: tuple[int, ...]
    hardware: Hardware
    vocabulary: Vocabulary
    cost: SearchCost
    config: EngineConfig
    hybrid: HybridConfig | None
    parameters: Parameters
    units: tuple[str, ...] | Mapping[str, str] | None

    @classmethod
    def of(
        cls,
        parameters: Parameters,
        X: Floats,
        columns: Sequence[str] | None,
        selected: Sequence[int],
    ) -> Plan:
        """The plan of a regressor for its rows.

        Args:
            parameters: of the regressor.
            X: shape (rows, features), all features.
            columns: names of a DataFrame's columns, or None.
            selected: numbers of the features to search over.

        Raises:
            InputError: a parameter is not acceptable.
        """
        names = input_names(columns, X.shape[1], parameters.operators)
        wanted = parameters.hardware
        formats = _by_name(wanted.input_formats, columns, names)
        wanted = replace(wanted, input_formats=formats, cost=parameters.cost)
        hardware = Hardware.of(X, wanted, names)
        limits, searched = parameters.limits, [names[k] for k in selected]
        vocabulary = vocabulary_of(parameters.operators, limits, searched)
        cost = hardware.search_cost(selected, operator_complexity(vocabulary))
        # the number of nodes is the user's, whatever a preset lets exact laws have
        base = replace(_preset(parameters), bidirectional_nodes=0)
        config = _config(parameters, base.engine, vocabulary, len(X))
        method = parameters.search.method
        hybrid = replace(base, method=method) if method in HYBRID_METHODS else None
        units = _by_name(limits.X_units, columns, names)
        return cls(
            names, tuple(selected), hardware, vocabulary, cost, config, hybrid, parameters, units
        )

    def rules(self, target_unit: str | None) -> Rules:
        """The rules for one target."""
        rules = self.config.all_rules()
        units = units_of(self.units, target_unit, self.names)
        if units is None:
            return rules
        return replace(rules, units=Units(tuple(units.inputs[k] for k in self.selected),
                                          units.target))  # fmt: skip

    def task(
        self,
        X: Floats,
        y: Floats,
        weights: Floats | None,
        *,
        unit: str | None,
        guesses: Sequence[str],
    ) -> Task:
        """The search for one target.

        Raises:
            InputError: units or guesses are not acceptable.
        """
        search, rules = self.parameters.search, self.rules(unit)
        every = tuple(self.selected) == tuple(range(X.shape[1]))
        made = Task(
            X=X if every else np.ascontiguousarray(X[:, self.selected]),
            y=y,
            names=self.vocabulary.inputs,
            cost=self.cost,
            config=replace(self.config, rules=rules),
            weights=weights,
            ranges=tuple(self.hardware.ranges[k] for k in self.selected)
            if self.parameters.hardware.domain == "box"
            else None,
            penalty=self._penalty(),
            guesses=tuple(guesses),
            evaluations=search.budget,
            method=search.method,
            parts=self._parts(),
            hybrid=self.hybrid,
        )
        check_guesses(guesses, rules, self.vocabulary, made)
        return made

    @property
    def passes(self) -> int | None:
        """Passes over the rows after which the search for a target ends, or None.

        Fits and trial terms of evolution take more of them the longer its equations are.
        """
        search = self.parameters.search
        laws = search.preset is None and self.parameters.cost == "complexity" and self._parts()
        usual = MOST_PASSES * search.evaluations if search.evaluations >= LEAST and laws else None
        return search.max_passes or usual

    def _parts(self) -> bool:
        """Whether laws from parts are looked for first: in evolution, without other settings."""
        search = self.parameters.search
        plain = search.preset in (None, "symtick") and search.cluster is None
        return plain and search.method == "gp" and self.parameters.objective.penalty is None

    def _penalty(self) -> Callable[[Expression], float] | None:
        """The penalty of an expression over the features that are searched over."""
        given = self.parameters.objective.penalty
        if given is None or len(self.selected) == len(self.names):
            return given
        return partial(_widened, given, self.names, self.selected)

    def equation(self, candidate: Candidate, task: Task, criterion: Criterion | None) -> Equation:
        """A candidate as an equation over all features.

        Args:
            candidate: in the user's units.
            task: whose rows say how many digits its constants need.
            criterion: that describes it, or None.
        """
        own = from_programs([candidate.program], self.vocabulary.inputs)
        whole = renumbered(own, dict(enumerate(self.selected)), self.names)
        numbers, constants = self._tokens(candidate, own)
        tokens = [self.vocabulary.tokens[k] for k in numbers]
        return Equation(
            expression=whole,
            text=self.vocabulary.text(numbers, constants) if numbers else to_text(whole),
            loss=candidate.loss,
            ticks=candidate.ticks,
            lut=candidate.lut,
            complexity=sum(t.complexity for t in tokens) if tokens else float(len(own.nodes)),
            description=math.nan
            if criterion is None
            else description(candidate.program, candidate.loss, criterion),
            digits=needed_digits(own, task.X, task.y),
        )

    def _tokens(
        self, candidate: Candidate, own: Expression
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """A candidate in tokens; nothing where it cannot be written so."""
        if candidate.sequence:
            return candidate.sequence, candidate.constants
        try:
            sequence, constants = self.vocabulary.sequence(own)
        except InputError:
            return (), ()
        return tuple(sequence.tolist()), tuple(constants.tolist())


def usable_guesses(texts: Sequence[str], vocabulary: Vocabulary, task: Task) -> tuple[str, ...]:
    """Those of these texts that the task's search can start from."""
    rules, kept = task.config.all_rules(), list[str]()
    for text in texts:
        try:
            check_guesses([text], rules, vocabulary, task)
        except InputError:
            continue
        kept.append(text)
    return tuple(kept)


def _widened(
    penalty: Callable[[Expression], float],
    names: tuple[str, ...],
    selected: tuple[int, ...],
    expression: Expression,
) -> float:
    return penalty(renumbered(expression, dict(enumerate(selected)), names))


def _preset(parameters: Parameters) -> HybridConfig:
    """The settings that the regressor's parameters are put into."""
    preset = parameters.search.preset
    if preset is None:
        return _usual(parameters.cost)
    if isinstance(preset, EngineConfig):
        return HybridConfig(engine=preset)
    return PRESETS[preset](("add",)) if isinstance(preset, str) else preset


def _usual(cost: str) -> HybridConfig:
    """The settings without a preset: for laws, or for hardware."""
    if cost != "complexity":
        return HybridConfig(bidirectional=MOST_EXACT)
    laws = HybridConfig.symtick(("add",))
    rules = replace(
        laws.engine.rules or Rules(),
        needs_input=False,  # a constant may be the best
        max_constants=MOST_CONSTANTS,
    )
    return replace(laws, engine=replace(laws.engine, rules=rules), bidirectional=MOST_EXACT)


def _config(
    parameters: Parameters, base: EngineConfig, vocabulary: Vocabulary, rows: int
) -> EngineConfig:
    """The engine's settings: the regressor's over those of its preset."""
    operators, objective, given = parameters.operators, parameters.objective, parameters.limits
    data, search = parameters.data, parameters.search
    _check_nested(given.nested_constraints, vocabulary)
    limits = replace(
        base.limits,
        max_nodes=given.max_nodes,
        max_depth=given.max_depth,
        max_magnitude=None,
        max_lut=base.limits.max_lut if given.max_lut is None else given.max_lut,
    )
    pure = bool(operators.literals) or not operators.constants
    return replace(
        base,
        ops=tuple(t.name for t in vocabulary.tokens if t.kind == "operator"),
        custom=vocabulary.custom,
        literals=operators.literals,
        constants=operators.constants,
        complexity={t.name: t.complexity for t in vocabulary.tokens if t.complexity != 1.0},
        rules=rules_of(base.rules or Rules(), given),
        simplify=base.simplify and not pure and given.X_units is None,
        seed=search.seed,
        loss=objective.loss,
        huber_delta=objective.huber_delta,
        target_loss=search.target_loss,
        constant_bits=operators.constant_bits or base.constant_bits,
        screen_rows=data.batch_size if data.batching else rows,
        limits=limits,
    )


def _check_nested(nested: Mapping[str, Mapping[str, int]] | None, vocabulary: Vocabulary) -> None:
    """Whether the operators of nesting rules are among the tokens; other words are judged later.

    Raises:
        InputError: one is not.
    """
    tokens = [t.name for t in vocabulary.tokens if t.kind == "operator"]
    for name in [n for outer, inner in (nested or {}).items() for n in (outer, *inner)]:
        if is_operator(name) and plain(name) not in tokens:
            raise InputError(
                f"nested_constraints names {name!r}, which is not among the operators: "
                f"{', '.join(tokens)}"
            )


def _by_name(
    given: T | Mapping[str, str], columns: Sequence[str] | None, names: Sequence[str]
) -> T | Mapping[str, str]:
    """With the names of features in place of those of the user's columns, where it has names."""
    if not isinstance(given, Mapping) or columns is None:
        return given
    own = dict(zip(columns, names, strict=True))
    return {own.get(name, name): value for name, value in given.items()}


def check_guesses(guesses: Sequence[str], rules: Rules, vocabulary: Vocabulary, task: Task) -> None:
    """Whether every guess can be what the search starts from.

    Raises:
        InputError: one cannot be read or written with the tokens, breaks a rule or a limit, or is
            not finite on the rows; the message names it and the reason.
    """
    for text in guesses:
        try:
            tokens, constants = vocabulary.sequence(text)
        except InputError as error:
            raise InputError(f"the guess {text!r}: {error}") from None
        if not accepts(rules, vocabulary, tokens[None, :], task.cost)[0]:
            broken = _broken(rules, vocabulary, tokens, task.cost)
            raise InputError(f"the guess {text!r} breaks a rule: {broken}")
        program = vocabulary.program(tokens, constants)
        lut = float(costs([program], task.cost)[1][0])
        most = task.config.limits.max_lut
        if not within(lut, most):
            raise InputError(f"the guess {text!r} takes {lut:g} LUTs, over max_lut={most:g}")
        if not np.isfinite(evaluate([program], task.X)).all():
            raise InputError(f"the guess {text!r} is not finite on all rows")


def _broken(
    rules: Rules, vocabulary: Vocabulary, tokens: npt.NDArray[np.int16], cost: SearchCost
) -> str:
    """The rule without which the tokens would be accepted."""
    plain_rules = Rules(max_nodes=100_000, max_depth=1000, max_constants=1000, max_expanded=100_000)
    for field in fields(rules):
        relaxed = replace(rules, **{field.name: getattr(plain_rules, field.name)})
        if accepts(relaxed, vocabulary, tokens[None, :], cost)[0]:
            if field.name == "units":
                return "its units do not fit those of the features and the target"
            return f"{field.name}={getattr(rules, field.name)}"
    return "more than one of them"
