"""Parameters of a regression read into the tokens, rules, units and names of a search.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from symtick.errors import InputError, ParseError, did_you_mean
from symtick.estimators.settings import LimitSettings, OperatorSettings
from symtick.expr import (
    ARGUMENTS,
    SEARCH_NAMES,
    Op,
    arity,
    default_names,
    parse,
)
from symtick.search.data.names import port_names
from symtick.search.grammar.grammar import OPERATORS, Operator, Rules, Units, Vocabulary

ARITHMETIC = ("add", "sub", "mul", "div")
# operators of other packages, as definitions of one's own
ELSEWHERE: Mapping[str, str] = {
    "mod": "mod(a, b) = a - b*floor(a/b)",
    "cbrt": "cbrt(a) = sign(a)*exp(log(abs(a))/3)",
    "cond": "cond(a, b) = where(a > 0, b, 0)",
}
_SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "**": "pow"}
_DEFINITION = re.compile(r"\s*(\w+)\s*\(([\s\w,]*)\)\s*=(?!=)(.*)", re.DOTALL)


def operator_of(source: str | Operator) -> Operator:
    """A custom operator from its definition, `name(a) = body` with up to three arguments.

    Raises:
        InputError: the text is no definition, or its parts are not acceptable.
    """
    if isinstance(source, Operator):
        return source
    definition = _DEFINITION.fullmatch(str(source))
    arguments = [a.strip() for a in definition[2].split(",")] if definition else []
    if definition is None or not 1 <= len(arguments) <= len(ARGUMENTS) or not all(arguments):
        raise InputError(
            f"{source!r} defines no operator: write name(a) = ..., name(a, b) = ... or "
            "name(a, b, c) = ..., as in 'inv(a) = 1/a'"
        )
    try:
        body = parse(definition[3], arguments)
    except ParseError as error:
        raise InputError(f"in the definition {source!r}: {error}") from None
    return Operator(definition[1], replace(body, inputs=ARGUMENTS[: len(arguments)]))


def operator_names(settings: OperatorSettings, custom: Sequence[Operator]) -> tuple[str, ...]:
    """Names of the operators that are asked for; + - * / where none are.

    Raises:
        InputError: a name is unknown or takes another number of arguments, or both ways to name
            operators are used.
    """
    binary, unary = settings.binary_operators, settings.unary_operators
    if settings.operators is not None:
        if binary is not None or unary is not None:
            raise InputError("give operators, or binary_operators and unary_operators, not both")
        return tuple(_known(name, custom)[0] for name in settings.operators)
    known: list[str] = []
    asked = (
        ("binary_operators", ARITHMETIC if binary is None else binary, 2),
        ("unary_operators", () if unary is None else unary, 1),
    )
    for what, names, wanted in asked:
        for given in names:
            name, count = _known(given, custom)
            if count != wanted:
                raise InputError(f"{what}: {given!r} takes {count} argument(s), not {wanted}")
            known.append(name)
    return tuple(known)


def plain(name: str) -> str:
    """An operator's name; that of a symbol such as `+`."""
    return _SYMBOLS.get(name, name)


def is_operator(name: str) -> bool:
    """Whether this names a ready operator, or is the symbol of one."""
    return plain(name) in SEARCH_NAMES or plain(name) in OPERATORS


def _known(given: str, custom: Sequence[Operator]) -> tuple[str, int]:
    """Name and number of arguments of an operator."""
    name = plain(given)
    own = {o.name: o for o in custom}
    if name in own or name in OPERATORS:
        return name, (own.get(name) or OPERATORS[name]).arity
    if name in SEARCH_NAMES:
        return name, arity(SEARCH_NAMES[name])
    known = sorted({*SEARCH_NAMES, *OPERATORS, *own})
    text = ELSEWHERE.get(name.lower())
    define = f'define it, custom_operators=["{text}"]: '
    meant = did_you_mean(given, known) if text is None else define
    raise InputError(f"unknown operator {given!r}: {meant}there are + - * / ^ {', '.join(known)}")


def vocabulary_of(
    settings: OperatorSettings, limits: LimitSettings, names: Sequence[str]
) -> Vocabulary:
    """The tokens of a search over the features with these names.

    Raises:
        InputError: a name is unknown, or numbers do not fit the features.
    """
    custom = tuple(operator_of(source) for source in settings.custom_operators)
    operators = operator_names(settings, custom)
    weights = dict.fromkeys(("constant", "literal"), limits.complexity_of_constants)
    inputs = limits.complexity_of_variables
    if isinstance(inputs, float):
        weights["input"] = inputs
    elif len(inputs) == len(names):
        weights |= zip(names, inputs, strict=True)
    else:
        raise InputError(
            f"complexity_of_variables needs {len(names)} numbers, one for each feature that is "
            f"searched over ({', '.join(names)}), not {len(inputs)}"
        )
    for name, value in (limits.complexity_of_operators or {}).items():
        if is_operator(name) and plain(name) not in operators:
            raise InputError(
                f"complexity_of_operators names {name!r}, which is not among the operators: "
                f"{', '.join(operators)}"
            )
        weights[plain(name)] = value
    return Vocabulary.of(
        operators, len(names), settings.constants, settings.literals, custom, weights, names
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
                f"X_units names {unknown[0]!r}: {did_you_mean(unknown[0], names)}the features are "
                f"{', '.join(names)}"
            )
        inputs = [inputs.get(name, "") for name in names]
    if isinstance(inputs, str) or len(inputs) != len(names):
        raise InputError(
            f"X_units needs {len(names)} texts, one for each feature ({', '.join(names)})"
        )
    return Units.parse(inputs, target)


def input_names(
    given: Sequence[str] | None, count: int, settings: OperatorSettings
) -> tuple[str, ...]:
    """Names of the features in expressions (`symtick.search.data.names`).

    One that is called as an operator of the search, or `const`, as the search calls its free
    constants, gets a `_` behind it.

    Args:
        given: names of a DataFrame's columns, or None for x0, x1, ...
        count: of the features.
        settings: the operators.

    Raises:
        InputError: an operator is unknown.
    """
    if given is None:
        return default_names(count)
    custom = [operator_of(source) for source in settings.custom_operators]
    operators = {*operator_names(settings, custom), *(o.name for o in custom)}
    return port_names([str(name) for name in given], {"const"} | operators)


def operator_complexity(vocabulary: Vocabulary) -> dict[Op, float]:
    """Complexity of the built-in operators among the tokens."""
    return {Op(t.op): t.complexity for t in vocabulary.tokens if t.name in SEARCH_NAMES}


def rules_of(base: Rules, limits: LimitSettings) -> Rules:
    """The rules of a search: the limits over those of a preset; names may be symbols."""
    names = ("max_nodes", "max_depth", "max_constants", "max_complexity", "max_ticks")
    given = {name: getattr(limits, name) for name in names}
    given["min_nodes"] = min(base.min_nodes, limits.max_nodes)
    if limits.nested_constraints is not None:
        given["nested"] = {
            plain(outer): {plain(name): most for name, most in inner.items()}
            for outer, inner in limits.nested_constraints.items()
        }
    if limits.constraints is not None:
        given["max_argument"] = {
            plain(name): tuple(
                None if limit < 0 else limit
                for limit in (most if isinstance(most, tuple) else (most,))
            )
            for name, most in limits.constraints.items()
        }
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def language_constants(vocabulary: Vocabulary) -> frozenset[float]:
    """Constants that are no free ones: literals, and those in the bodies of custom operators."""
    literals = {t.value for t in vocabulary.tokens if t.kind == "literal"}
    return frozenset(literals.union(*(o.body.constants for o in vocabulary.custom)))
