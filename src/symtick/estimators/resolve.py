"""Resolution of a regressor's parameters to one task for each target.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.estimators.equations import Equation
from symtick.estimators.parameters import (
    input_names,
    is_operator,
    operator_complexity,
    operator_names,
    operator_of,
    plain,
    rules_of,
    units_of,
    vocabulary_of,
)
from symtick.estimators.target import Hardware, renumbered
from symtick.estimators.validation import whole
from symtick.expr import Expression, from_programs, to_text
from symtick.hwcost import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, Units, Vocabulary, accepts
from symtick.search.hybrid.settings import HYBRID_METHODS, HybridConfig
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import costs, evaluate
from symtick.search.regression.task import Task
from symtick.settings import within

Floats = npt.NDArray[np.float64]
MOST_EXACT = 100_000  # evaluations of bidirectional enumeration first, without a preset
PRESETS: dict[str, Callable[[tuple[str, ...]], HybridConfig]] = {
    "mundhenk2021": HybridConfig.mundhenk2021,
    "petersen2021": HybridConfig.petersen2021,
    "symtick": HybridConfig.symtick,
}


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
        settings: the regressor, whose parameters are read only.
        units: of the features, as they were given but for their names.
    """

    names: tuple[str, ...]
    selected: tuple[int, ...]
    hardware: Hardware
    vocabulary: Vocabulary
    cost: SearchCost
    config: EngineConfig
    hybrid: HybridConfig | None
    settings: Any
    units: Any

    @classmethod
    def of(
        cls, settings: Any, X: Floats, columns: Sequence[str] | None, selected: Sequence[int]
    ) -> Plan:
        """The plan of a regressor for its rows.

        Args:
            settings: a `SymbolicRegressor`.
            X: shape (rows, features), all features.
            columns: names of a DataFrame's columns, or None.
            selected: numbers of the features to search over.

        Raises:
            InputError: a parameter is not acceptable.
        """
        names = input_names(columns, X.shape[1])
        hardware = Hardware.of(
            X,
            cost=settings.cost,
            device=settings.device,
            clock_mhz=float(settings.clock_mhz),
            bits=int(settings.input_bits),
            formats=_by_name(settings.input_formats, columns, names),
            names=names,
        )
        vocabulary = _tokens(settings, [names[k] for k in selected])
        cost = hardware.search_cost(selected, operator_complexity(vocabulary))
        # the number of nodes is the user's, whatever a preset lets exact laws have
        base = replace(_preset(settings.preset), bidirectional_nodes=0)
        config = _config(settings, base.engine, vocabulary, len(X))
        hybrid = None
        if settings.method in HYBRID_METHODS:
            hybrid = replace(base, method=settings.method)
        units = _by_name(settings.X_units, columns, names)
        return cls(
            names, tuple(selected), hardware, vocabulary, cost, config, hybrid, settings, units
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
        domain = self.settings.domain
        if domain not in ("rows", "box"):
            raise InputError(f"domain must be rows or box, not {domain!r}")
        rules = self.rules(unit)
        made = Task(
            X=np.ascontiguousarray(X[:, self.selected]),
            y=y,
            names=self.vocabulary.inputs,
            cost=self.cost,
            config=replace(self.config, rules=rules),
            weights=weights,
            ranges=tuple(self.hardware.ranges[k] for k in self.selected)
            if domain == "box"
            else None,
            penalty=self._penalty(),
            guesses=tuple(guesses),
            evaluations=int(self.settings.evaluations),
            method=self.settings.method,
            hybrid=self.hybrid,
        )
        check_guesses(guesses, rules, self.vocabulary, made)
        return made

    def _penalty(self) -> Callable[[Expression], float] | None:
        """The penalty of an expression over the features that are searched over."""
        given = self.settings.penalty
        if given is None or len(self.selected) == len(self.names):
            return cast("Callable[[Expression], float] | None", given)
        return partial(_widened, given, self.names, self.selected)

    def equation(self, candidate: Candidate) -> Equation:
        """A candidate as an equation over all features."""
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


def _tokens(settings: Any, names: Sequence[str]) -> Vocabulary:
    custom = tuple(operator_of(source) for source in settings.custom_operators)
    operators = operator_names(
        settings.operators, settings.binary_operators, settings.unary_operators, custom
    )
    return vocabulary_of(
        names,
        operators,
        custom,
        constants=settings.constants,
        literals=settings.literals,
        complexity=settings.complexity_of_operators,
        complexity_of_constants=settings.complexity_of_constants,
        complexity_of_variables=settings.complexity_of_variables,
    )


def _preset(preset: object) -> HybridConfig:
    """The settings that the regressor's parameters are put into."""
    if preset is None:
        return HybridConfig(bidirectional=MOST_EXACT)
    if isinstance(preset, EngineConfig):
        return HybridConfig(engine=preset)
    if isinstance(preset, HybridConfig):
        return preset
    if preset not in PRESETS:
        raise InputError(
            f"preset must be one of {', '.join(PRESETS)}, an EngineConfig or a HybridConfig, "
            f"not {preset!r}"
        )
    return PRESETS[str(preset)](("add",))


def _config(settings: Any, base: EngineConfig, vocabulary: Vocabulary, rows: int) -> EngineConfig:
    """The engine's settings: the regressor's over those of its preset."""
    _check_nested(settings.nested_constraints, vocabulary)
    rules = rules_of(
        base.rules or Rules(),
        max_nodes=int(settings.max_nodes),
        max_depth=int(settings.max_depth),
        max_constants=_whole(settings.max_constants),
        max_complexity=settings.max_complexity,
        nested=settings.nested_constraints,
        arguments=settings.constraints,
        max_ticks=_whole(settings.max_ticks),
    )
    limits = replace(
        base.limits,
        max_nodes=int(settings.max_nodes),
        max_depth=int(settings.max_depth),
        max_magnitude=None,
        max_lut=base.limits.max_lut if settings.max_lut is None else settings.max_lut,
    )
    pure = bool(settings.literals) or not settings.constants
    return replace(
        base,
        ops=tuple(t.name for t in vocabulary.tokens if t.kind == "operator"),
        custom=vocabulary.custom,
        literals=tuple(settings.literals),
        constants=settings.constants,
        complexity={t.name: t.complexity for t in vocabulary.tokens if t.complexity != 1.0},
        rules=rules,
        simplify=base.simplify and not pure and settings.X_units is None,
        seed=int(settings.seed),
        loss=settings.loss,
        huber_delta=settings.huber_delta,
        target_loss=settings.target_loss,
        constant_bits=_whole(settings.constant_bits) or base.constant_bits,
        screen_rows=_screen(settings.batching, int(settings.batch_size), rows),
        limits=limits,
    )


def _check_nested(nested: Mapping[str, Mapping[str, int]] | None, vocabulary: Vocabulary) -> None:
    """Whether the operators of nesting rules are among the tokens, and the limits are numbers;
    other words are judged later.

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
    for most in [most for inner in (nested or {}).values() for most in inner.values()]:
        if not whole(most) or most < 0:
            raise InputError(f"nested_constraints must hold integers from 0, not {most!r}")


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _by_name(given: Any, columns: Sequence[str] | None, names: Sequence[str]) -> Any:
    """With the names of features in place of those of the user's columns, where it has names."""
    if not isinstance(given, Mapping) or columns is None:
        return given
    own = dict(zip(columns, names, strict=True))
    return {own.get(name, name): value for name, value in given.items()}


def _screen(batching: object, size: int, rows: int) -> int:
    if batching not in (True, False, "auto"):
        raise InputError(f"batching must be True, False or 'auto', not {batching!r}")
    return size if batching else rows


def check_guesses(guesses: Sequence[str], rules: Rules, vocabulary: Vocabulary, task: Task) -> None:
    """Whether every guess can be what the search starts from.

    Raises:
        InputError: one cannot be read or written with the tokens, breaks a rule or a limit, or is
            not finite on the rows; the message names it and the reason.
    """
    for text in guesses:
        if not isinstance(text, str):
            raise InputError(f"a guess is a text, not {text!r}; of several targets a list of each")
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


def _broken(rules: Rules, vocabulary: Vocabulary, tokens: Any, cost: SearchCost) -> str:
    """The rule without which the tokens would be accepted."""
    plain_rules = Rules(max_nodes=100_000, max_depth=1000, max_constants=1000, max_expanded=100_000)
    for field in fields(rules):
        relaxed = replace(rules, **{field.name: getattr(plain_rules, field.name)})
        if accepts(relaxed, vocabulary, tokens[None, :], cost)[0]:
            if field.name == "units":
                return "its units do not fit those of the features and the target"
            return f"{field.name}={getattr(rules, field.name)}"
    return "more than one of them"
