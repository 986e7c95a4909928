"""From a regressor's parameters to the letters, rules and names that its search has.

Room: front door. Errors name the parameter, the value and what to do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from symtick.equations import Equation
from symtick.errors import InputError, ParseError
from symtick.expr import (
    BY_NAME,
    Expression,
    Op,
    arity,
    check_names,
    default_names,
    from_programs,
    parse,
    to_text,
)
from symtick.hardware import Hardware, renumbered
from symtick.hwcost import SearchCost
from symtick.search.engine import Candidate, EngineConfig
from symtick.search.evaluation import costs, evaluate
from symtick.search.grammar import OPERATORS, Alphabet, Operator, Rules, Units, accepts
from symtick.search.regression import Task

Floats = npt.NDArray[np.float64]

ARITHMETIC = ("add", "sub", "mul", "div")
_SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "**": "pow"}
_DEFINITION = re.compile(r"\s*(\w+)\s*\(([\s\w,]*)\)\s*=(?!=)(.*)", re.DOTALL)


def operator_of(source: str | Operator) -> Operator:
    """A custom operator from its definition, `name(a) = body` or `name(a, b) = body`.

    Raises:
        InputError: the text is no definition, or its parts are not acceptable.
    """
    if isinstance(source, Operator):
        return source
    found = _DEFINITION.fullmatch(str(source))
    arguments = [a.strip() for a in found[2].split(",")] if found else []
    if found is None or not 1 <= len(arguments) <= 2 or not all(arguments):
        raise InputError(
            f"{source!r} defines no operator: write name(a) = ... or name(a, b) = ..., "
            "as in 'inv(a) = 1/a'"
        )
    try:
        body = parse(found[3], arguments)
    except ParseError as error:
        raise InputError(f"in the definition {source!r}: {error}") from None
    return Operator(found[1], replace(body, inputs=("a", "b")[: len(arguments)]))


def operator_names(
    operators: Sequence[str] | None,
    binary: Sequence[str] | None,
    unary: Sequence[str] | None,
    custom: Sequence[Operator],
) -> tuple[str, ...]:
    """Names of the operators that are asked for; + - * / where none are.

    Raises:
        InputError: a name is unknown or takes another number of arguments, or both ways to name
            operators are used.
    """
    if operators is not None and (binary is not None or unary is not None):
        raise InputError("give operators, or binary_operators and unary_operators, not both")
    if operators is not None:
        return tuple(_known(name, custom)[0] for name in _listed("operators", operators))
    held: list[str] = []
    asked = (
        ("binary_operators", ARITHMETIC if binary is None else binary, 2),
        ("unary_operators", () if unary is None else unary, 1),
    )
    for what, names, wanted in asked:
        for given in _listed(what, names):
            name, count = _known(given, custom)
            if count != wanted:
                raise InputError(f"{what}: {given!r} takes {count} argument(s), not {wanted}")
            held.append(name)
    return tuple(held)


def _listed(what: str, names: Sequence[str]) -> Sequence[str]:
    if isinstance(names, str):
        raise InputError(f"{what} must be a list of names, not the text {names!r}")
    return names


def plain(name: str) -> str:
    """An operator's name; that of a symbol such as `+`."""
    return _SYMBOLS.get(name, name)


def _known(given: str, custom: Sequence[Operator]) -> tuple[str, int]:
    """Name and number of arguments of an operator."""
    name = plain(given)
    own = {o.name: o for o in custom}
    if name in own or name in OPERATORS:
        return name, (own.get(name) or OPERATORS[name]).arity
    if name in BY_NAME:
        return name, arity(BY_NAME[name])
    known = ", ".join(sorted({*BY_NAME, *OPERATORS, *own}))
    raise InputError(f"unknown operator {given!r}: there are + - * / ^ and {known}")


def alphabet_of(
    names: Sequence[str],
    operators: Sequence[str],
    custom: Sequence[Operator],
    *,
    constants: bool,
    literals: Sequence[float],
    complexity: Mapping[str, float] | None,
    complexity_of_constants: float,
    complexity_of_variables: float | Sequence[float],
) -> Alphabet:
    """The letters of a search.

    Args:
        names: of the features that are searched over.
        operators: names of the operators.
        custom: those among them that are not ready ones.
        constants: whether there are free constants.
        literals: numbers that are letters.
        complexity: of operators by name or symbol.
        complexity_of_constants: of constants and literals.
        complexity_of_variables: of every feature, or one number for each.

    Raises:
        InputError: a name is unknown or a number out of range.
    """
    weights = {"constant": complexity_of_constants, "literal": complexity_of_constants}
    if isinstance(complexity_of_variables, int | float):
        weights["input"] = complexity_of_variables
    else:
        if len(complexity_of_variables) != len(names):
            raise InputError(
                f"complexity_of_variables needs {len(names)} numbers, one for each feature that is "
                f"searched over ({', '.join(names)}), not {len(complexity_of_variables)}"
            )
        weights |= dict(zip(names, complexity_of_variables, strict=True))
    weights |= {plain(name): value for name, value in (complexity or {}).items()}
    return Alphabet.of(
        operators, len(names), constants, tuple(literals), tuple(custom), weights, names
    )


def units_of(
    inputs: Sequence[str] | Mapping[str, str] | None, target: str | None, names: Sequence[str]
) -> Units | None:
    """Units of the features and of one target, from text.

    Args:
        inputs: one for each feature, or by name (those not named are plain numbers).
        target: of the target; None where it may have any.
        names: of the features.

    Raises:
        InputError: a text is not a unit, or their number does not fit.
    """
    if inputs is None:
        if target is not None:
            raise InputError("y_units needs X_units: give a unit for each feature ('' for none)")
        return None
    if isinstance(inputs, Mapping):
        if unknown := [n for n in inputs if n not in names]:
            raise InputError(
                f"X_units names {unknown[0]!r}, but the features are {', '.join(names)}"
            )
        inputs = [inputs.get(name, "") for name in names]
    if isinstance(inputs, str) or len(inputs) != len(names):
        raise InputError(
            f"X_units needs {len(names)} texts, one for each feature ({', '.join(names)})"
        )
    return Units.parse(inputs, target)


def input_names(given: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Names of the features in expressions: other characters than letters, digits and _ become _.

    Args:
        given: names of a DataFrame's columns, or None for x0, x1, ...
        count: of the features.

    Raises:
        InputError: two names would be equal, or one means something else in expressions.
    """
    if given is None:
        return default_names(count)
    held = [re.sub(r"\W", "_", str(name), flags=re.ASCII).strip("_") for name in given]
    held = [n if re.match(r"[A-Za-z]", n) else f"x_{n}" for n in held]
    try:
        return check_names(held)
    except InputError as error:
        raise InputError(f"the columns {', '.join(map(str, given))}: {error}") from None


def operator_complexity(alphabet: Alphabet) -> dict[Op, float]:
    """Complexity of the built-in operators among the letters."""
    return {Op(t.op): t.complexity for t in alphabet.tokens if t.name in BY_NAME}


def rules_of(
    *,
    max_nodes: int,
    max_depth: int,
    max_constants: int,
    max_complexity: float | None,
    nested: Mapping[str, Mapping[str, int]] | None,
    arguments: Mapping[str, int | Sequence[int]] | None,
    units: Units | None,
    max_ticks: int | None,
) -> Rules:
    """The rules of a search; names may be symbols.

    Raises:
        InputError: a number is out of range.
    """
    limits = {
        plain(name): (float(most),) if isinstance(most, int | float) else tuple(map(float, most))
        for name, most in (arguments or {}).items()
    }
    return Rules(
        max_nodes=max_nodes,
        max_depth=max_depth,
        max_constants=max_constants,
        max_complexity=math.inf if max_complexity is None else max_complexity,
        nested={
            plain(outer): {plain(name): most for name, most in inner.items()}
            for outer, inner in (nested or {}).items()
        },
        max_argument=limits,
        units=units,
        max_ticks=max_ticks,
    )


@dataclass(frozen=True, eq=False)
class Plan:
    """What a regressor's parameters mean for its data; shared by all targets.

    Attributes:
        names: of all features.
        selected: numbers of the features that are searched over.
        hardware: formats and costs.
        alphabet: the letters.
        cost: the table that prices candidates.
        config: settings of the engine, without the units of a target.
        settings: the regressor, whose parameters are read only.
    """

    names: tuple[str, ...]
    selected: tuple[int, ...]
    hardware: Hardware
    alphabet: Alphabet
    cost: SearchCost
    config: EngineConfig
    settings: Any

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
            clock_mhz=settings.clock_mhz,
            bits=settings.input_bits,
            formats=settings.input_formats,
            names=names,
        )
        alphabet = _letters(settings, [names[k] for k in selected])
        cost = hardware.search_cost(selected, operator_complexity(alphabet))
        config = _config(settings, alphabet, len(X))
        return cls(names, tuple(selected), hardware, alphabet, cost, config, settings)

    def rules(self, target_unit: str | None) -> Rules:
        """The rules for one target."""
        rules = self.config.all_rules()
        units = units_of(self.settings.X_units, target_unit, self.names)
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
        held = Task(
            X=np.ascontiguousarray(X[:, self.selected]),
            y=y,
            names=self.alphabet.inputs,
            cost=self.cost,
            config=replace(self.config, rules=rules),
            weights=weights,
            ranges=tuple(self.hardware.ranges[k] for k in self.selected)
            if domain == "box"
            else None,
            penalty=self._penalty(),
            guesses=tuple(guesses),
            evaluations=self.settings.evaluations,
        )
        check_guesses(guesses, rules, self.alphabet, held)
        return held

    def _penalty(self) -> Callable[[Expression], float] | None:
        """The penalty of an expression over the features that are searched over."""
        given = self.settings.penalty
        if given is None or len(self.selected) == len(self.names):
            return cast("Callable[[Expression], float] | None", given)
        return partial(_widened, given, self.names, self.selected)

    def equation(self, found: Candidate) -> Equation:
        """A candidate as an equation over all features."""
        own = from_programs([found.program], self.alphabet.inputs)
        whole = renumbered(own, dict(enumerate(self.selected)), self.names)
        letters = found.sequence
        return Equation(
            expression=whole,
            text=self.alphabet.text(letters, found.constants) if letters else to_text(whole),
            loss=found.loss,
            ticks=found.ticks,
            lut=found.lut,
            complexity=float(sum(self.alphabet.tokens[k].complexity for k in letters))
            if letters
            else float(len(found.program.ops)),
        )


def language_constants(alphabet: Alphabet) -> frozenset[float]:
    """Constants that are no free ones: literals, and those in the bodies of custom operators."""
    literals = {t.value for t in alphabet.tokens if t.kind == "literal"}
    return frozenset(literals.union(*(o.body.constants for o in alphabet.custom)))


def usable_guesses(
    texts: Sequence[str], alphabet: Alphabet, task: Task
) -> tuple[str, ...]:
    """Those of these texts that the task's search can start from."""
    rules, kept = task.config.all_rules(), list[str]()
    for text in texts:
        try:
            check_guesses([text], rules, alphabet, task)
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


def _letters(settings: Any, names: Sequence[str]) -> Alphabet:
    custom = tuple(operator_of(source) for source in settings.custom_operators)
    operators = operator_names(
        settings.operators, settings.binary_operators, settings.unary_operators, custom
    )
    return alphabet_of(
        names,
        operators,
        custom,
        constants=settings.constants,
        literals=settings.literals,
        complexity=settings.complexity_of_operators,
        complexity_of_constants=settings.complexity_of_constants,
        complexity_of_variables=settings.complexity_of_variables,
    )


def _config(settings: Any, alphabet: Alphabet, rows: int) -> EngineConfig:
    """The engine's settings: the regressor's over those of its `engine`."""
    base: EngineConfig = settings.engine or EngineConfig()
    rules = rules_of(
        max_nodes=settings.max_nodes,
        max_depth=settings.max_depth,
        max_constants=settings.max_constants,
        max_complexity=settings.max_complexity,
        nested=settings.nested_constraints,
        arguments=settings.constraints,
        units=None,
        max_ticks=settings.max_ticks,
    )
    limits = replace(
        base.limits,
        max_nodes=settings.max_nodes,
        max_depth=settings.max_depth,
        max_constants=settings.max_constants,
        max_magnitude=1e300,
        max_lut=base.limits.max_lut if settings.max_lut is None else settings.max_lut,
    )
    pure = bool(settings.literals) or not settings.constants
    return replace(
        base,
        ops=tuple(t.name for t in alphabet.tokens if t.kind == "operator"),
        custom=alphabet.custom,
        literals=tuple(settings.literals),
        constants=settings.constants,
        complexity={t.name: t.complexity for t in alphabet.tokens if t.complexity != 1.0},
        rules=rules,
        simplify=base.simplify and not pure and settings.X_units is None,
        seed=settings.seed,
        loss=settings.loss,
        huber_delta=settings.huber_delta,
        target_loss=settings.target_loss,
        screen_rows=_screen(settings.batching, settings.batch_size, rows),
        limits=limits,
    )


def _screen(batching: object, size: int, rows: int) -> int:
    if batching not in (True, False, "auto"):
        raise InputError(f"batching must be True, False or 'auto', not {batching!r}")
    return size if batching else rows


def check_guesses(
    guesses: Sequence[str], rules: Rules, alphabet: Alphabet, task: Task
) -> None:
    """Whether every guess can be what the search starts from.

    Raises:
        InputError: one cannot be read or written with the letters, breaks a rule or a limit, or is
            not finite on the rows; the message names it and the reason.
    """
    for text in guesses:
        if not isinstance(text, str):
            raise InputError(f"a guess is a text, not {text!r}; of several targets a list of each")
        try:
            letters, constants = alphabet.sequence(text)
        except InputError as error:
            raise InputError(f"the guess {text!r}: {error}") from None
        if not accepts(rules, alphabet, letters[None, :], task.cost)[0]:
            broken = _broken(rules, alphabet, letters, task.cost)
            raise InputError(f"the guess {text!r} breaks a rule: {broken}")
        program = alphabet.program(letters, constants)
        lut = float(costs([program], task.cost)[1][0])
        if lut > task.config.limits.max_lut:
            raise InputError(
                f"the guess {text!r} takes {lut:g} LUTs, over max_lut={task.config.limits.max_lut:g}"
            )
        if not np.isfinite(evaluate([program], task.X)).all():
            raise InputError(f"the guess {text!r} is not finite on all rows")


def _broken(rules: Rules, alphabet: Alphabet, letters: Any, cost: SearchCost) -> str:
    """The rule without which the letters would be accepted."""
    plain_rules = Rules(max_nodes=100_000, max_depth=1000, max_constants=1000, max_expanded=100_000)
    for field in fields(rules):
        relaxed = replace(rules, **{field.name: getattr(plain_rules, field.name)})
        if accepts(relaxed, alphabet, letters[None, :], cost)[0]:
            return f"{field.name}={getattr(rules, field.name)}"
    return "more than one of them"
