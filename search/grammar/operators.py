"""Custom operators: named expressions over the built-in operators.

A custom operator is one token for the search and is written out before anything is evaluated,
costed or compiled, so no other stage knows of it. One record in `OPERATORS` makes an operator
available by name; `Operator.of` makes one at run time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from symtick.errors import InputError, ParseError
from symtick.expr import BY_NAME, Expression, Op, check_names, parse, to_text

ARGUMENTS = ("a", "b")
# names that DSO and others give to built-in operators
ALIASES: Mapping[str, str] = {"n2": "square", "n3": "cube"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Operator:
    """A custom operator of one or two arguments.

    Attributes:
        name: how text calls it.
        body: one output over the inputs `a` or `a`, `b`.
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
        if len(self.body.outputs) != 1 or self.body.inputs not in (ARGUMENTS[:1], ARGUMENTS):
            raise InputError(
                f"the operator {self.name!r} needs a body with one output over a, or a and b"
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
            text: its body in the expression language, with arguments `a` and `b`.
            inverses: as above.

        Raises:
            InputError: as above, or the text cannot be read; a body may not call custom operators,
                itself included.
        """
        try:
            body = parse(text, ARGUMENTS)
            if not any(n.op is Op.INPUT and n.index == 1 for n in body.nodes):
                body = parse(text, ARGUMENTS[:1])
        except ParseError as error:
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
    if name in BY_NAME or name in ALIASES:
        raise InputError(f"{name!r} is a built-in operator: give the custom one another name")
    if not _PLAIN.match(name) or name in ARGUMENTS:
        raise InputError(f"{name!r} cannot name an operator: use letters, digits and _")
    try:
        # the expression language knows a few names as shorthand; they must mean the same here
        shorthand = parse(f"{name}(a)", ("a",))
    except ParseError:
        _check_free(name)
        return
    if to_text(shorthand) != to_text(body):
        raise InputError(
            f"{name!r} stands for {to_text(shorthand)} in expressions: name {to_text(body)} "
            "differently"
        )


def _check_free(name: str) -> None:
    try:
        check_names((name,))
    except InputError:
        raise InputError(f"{name!r} means something else: it cannot name an operator") from None


def _ready(*records: tuple[str, str] | tuple[str, str, tuple[str, ...]]) -> dict[str, Operator]:
    return {record[0]: Operator.of(*record) for record in records}


# Those of DSO's function library (Petersen et al. 2021, arXiv:1912.04871; Landajuela et al. 2022)
# and of PySR's list that the built-in operators can express exactly; pow is for positive bases.
OPERATORS: Mapping[str, Operator] = _ready(
    ("inv", "1/a", ("inv",)),
    ("tan", "sin(a)/cos(a)"),
    ("sec", "1/cos(a)"),
    ("csc", "1/sin(a)"),
    ("cot", "cos(a)/sin(a)"),
    ("sinh", "(exp(a) - exp(-a))/2"),
    ("cosh", "(exp(a) + exp(-a))/2"),
    ("asinh", "log(a + sqrt(a*a + 1))", ("sinh",)),
    ("acosh", "log(a + sqrt(a*a - 1))", ("cosh",)),
    ("atanh", "log((1 + a)/(1 - a))/2", ("tanh",)),
    ("sigmoid", "sigmoid(a)"),
    ("softplus", "log(1 + exp(a))"),
    ("relu", "max(a, 0)"),
    ("gauss", "exp(-square(a))"),
    ("expneg", "exp(-a)"),
    ("exp2", "exp(0.6931471805599453*a)", ("log2",)),
    ("log2", "log(a)/0.6931471805599453", ("exp2",)),
    ("log10", "log(a)/2.302585092994046"),
    ("log1p", "log(1 + a)", ("expm1",)),
    ("expm1", "exp(a) - 1", ("log1p",)),
    ("logabs", "log(abs(a))"),
    ("sqrtabs", "sqrt(abs(a))"),
    ("invsqrt", "1/sqrt(a)"),
    ("inv2", "1/square(a)"),
    ("n4", "square(square(a))"),
    ("n5", "a*square(square(a))"),
    ("pow", "exp(b*log(a))"),
    ("hypot", "sqrt(a*a + b*b)"),
)
