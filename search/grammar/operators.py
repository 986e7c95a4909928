"""Custom operators: named expressions over the built-in operators.

A custom operator is one token for the search and is written out before anything is evaluated,
costed or compiled, so no other stage knows of it. One record in `OPERATORS` makes an operator
available by name; `Operator.of` makes one at run time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from symtick.errors import InputError, did_you_mean
from symtick.expr import (
    ARGUMENTS,
    BY_NAME,
    NAMED,
    OPS,
    SEARCH_NAMES,
    Expression,
    Op,
    arity,
    check_names,
    in_search_ops,
    parse,
    to_text,
)

# names that DSO and others give to built-in operators
ALIASES: Mapping[str, str] = {"n2": "square", "n3": "cube"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Operator:
    """A custom operator of one to three arguments.

    Attributes:
        name: how text calls it.
        body: one output over the inputs `a`, or `a`, `b`, or `a`, `b`, `c`; held in the operators
            that the search has.
        inverses: operators that invert it, which `Rules.inverse_of_inverse` keeps from standing
            directly above or below it.

    Raises:
        InputError: the name is a built-in operator's or no identifier, or the body does not read
            each argument.
    """

    name: str
    body: Expression
    inverses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inverses", tuple(self.inverses))
        object.__setattr__(self, "body", in_search_ops(self.body))
        inputs = self.body.inputs
        if len(self.body.outputs) != 1 or not inputs or inputs != ARGUMENTS[: len(inputs)]:
            raise InputError(
                f"the operator {self.name!r} needs a body with one output over a, or a and b, "
                "or a, b and c"
            )
        _check_name(self.name, self.body)
        read = {n.index for n in self.body.nodes if n.op is Op.INPUT}
        if unread := [a for k, a in enumerate(self.body.inputs) if k not in read]:
            raise InputError(f"the body of the operator {self.name!r} does not read {unread[0]!r}")

    @classmethod
    def of(cls, name: str, text: str, inverses: tuple[str, ...] = ()) -> Operator:
        """From text: `Operator.of("hypot", "sqrt(a*a + b*b)")`.

        Args:
            name: the operator's name.
            text: its body in the expression language, with arguments `a`, `b` and `c`.
            inverses: as above.

        Raises:
            InputError: as above, or the text cannot be read; a body may not call custom operators,
                itself included.
        """
        try:
            read = [n.index for n in parse(text, ARGUMENTS).nodes if n.op is Op.INPUT]
            body = parse(text, ARGUMENTS[: max(read, default=0) + 1])
        except InputError as error:
            raise InputError(f"the body {text!r} of the operator {name!r}: {error}") from None
        return cls(name, body, inverses)

    @property
    def arity(self) -> int:
        """Number of arguments."""
        return len(self.body.inputs)

    @property
    def text(self) -> str:
        """The body as text."""
        return to_text(self.body)

    @property
    def trigonometric(self) -> bool:
        """Whether the body has a sine or cosine."""
        return any(n.op in (Op.SIN, Op.COS) for n in self.body.nodes)


def _check_name(name: str, body: Expression) -> None:
    if name in SEARCH_NAMES or name in ALIASES:
        raise InputError(f"{name!r} is a built-in operator: give the custom one another name")
    if not _PLAIN.match(name) or name in ARGUMENTS:
        raise InputError(f"{name!r} cannot name an operator: use letters, digits and _")
    if name not in BY_NAME and name not in NAMED:
        return _check_free(name)
    # the expression language knows these names; they must mean the same here
    count = arity(BY_NAME[name]) if name in BY_NAME else NAMED[name][0]
    meant = in_search_ops(_call(name, count))
    if to_text(meant) != to_text(body):
        raise InputError(
            f"{name!r} stands for {to_text(meant)} in expressions: name {to_text(body)} differently"
        )


def _call(name: str, count: int) -> Expression:
    """A function of the language, called with as many arguments as it takes."""
    names = ARGUMENTS[:count]
    return parse(f"{name}({', '.join(names)})", names)


def _check_free(name: str) -> None:
    try:
        check_names((name,))
    except InputError:
        raise InputError(f"{name!r} means something else: it cannot name an operator") from None


def _ready(*own: tuple[str, str], inverses: Mapping[str, str]) -> dict[str, Operator]:
    """The operators that the language names or defines by the search's own, and `own`."""
    texts = {name: text for name, (_, text) in NAMED.items()}
    texts |= {spec.name: spec.definition for spec in OPS.values() if spec.definition}
    return {
        name: Operator.of(name, text, tuple(filter(None, [inverses.get(name)])))
        for name, text in {**texts, **dict(own)}.items()
    }


# Those of DSO's function library (Petersen et al. 2021, arXiv:1912.04871; Landajuela et al. 2022)
# and of PySR's list that the built-in operators can express exactly; pow is for positive bases.
OPERATORS: Mapping[str, Operator] = _ready(
    ("expneg", "exp(-a)"),
    ("logabs", "log(abs(a))"),
    ("sqrtabs", "sqrt(abs(a))"),
    ("invsqrt", "1/sqrt(a)"),
    ("inv2", "1/square(a)"),
    ("n4", "square(square(a))"),
    ("n5", "a*square(square(a))"),
    inverses={
        "inv": "inv", "asinh": "sinh", "acosh": "cosh", "atanh": "tanh", "exp2": "log2",
        "log2": "exp2", "log1p": "expm1", "expm1": "log1p",
    },
)  # fmt: skip


def searched_operator(name: str, own: Mapping[str, Operator]) -> Op | Operator:
    """The operator of a name: of one's own, the kernel's, or a ready one.

    Raises:
        InputError: there is none.
    """
    found = own.get(name) or SEARCH_NAMES.get(name) or OPERATORS.get(name)
    if found is None:
        known = sorted({*SEARCH_NAMES, *OPERATORS, *own})
        meant = did_you_mean(name, known)
        raise InputError(f"unknown operator {name!r}: {meant}there are {', '.join(known)}")
    return found
