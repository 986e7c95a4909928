"""Random expressions as searches find them, with input formats: what estimates are judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from symtick.codegen import Design, Fixed, GOp, Precision, compile_expression
from symtick.errors import AccuracyError, DomainError, ResourceError, WidthError
from symtick.expr import Builder, Expression, Op, to_text
from symtick.hwcost import Model

_WIDTHS = (6, 6, 8, 8, 10, 12)
_SIZES = (5, 26)
_OPERATORS: Mapping[Op, float] = {
    Op.ADD: 5, Op.SUB: 3, Op.MUL: 4, Op.NEG: 0.5, Op.ABS: 1, Op.MIN: 0.7, Op.MAX: 0.7,
    Op.SQUARE: 1, Op.CUBE: 0.3, Op.TANH: 1.5, Op.SIN: 1, Op.COS: 1, Op.EXP: 1, Op.SQRT: 0.5,
    Op.LOG: 0.5, Op.DIV: 0.5,
}  # fmt: skip
_BINARY = (Op.ADD, Op.SUB, Op.MUL, Op.MIN, Op.MAX, Op.DIV)


@dataclass(frozen=True)
class Drawn:
    """A random expression that compiles and depends on an input.

    Attributes:
        expression: one to three outputs.
        formats: of its inputs.
        refused: how many before it were outside a domain, could not be compiled, or were constant.
    """

    expression: Expression
    formats: tuple[Fixed, ...]
    refused: int

    @property
    def text(self) -> str:
        """All outputs, for a reader."""
        return "; ".join(to_text(self.expression, k) for k in range(len(self.expression.outputs)))


def draw(seed: int, number: int, model: Model) -> tuple[Drawn, Design]:
    """Expression `number` of a seed, and its design for a model's device and clock."""
    rng = np.random.default_rng([seed, number])
    refused = 0
    while True:
        expression, formats = _expression(rng), _formats(rng)
        formats = formats[: len(expression.inputs)]
        made = _compiled(expression, formats, model, f"drawn_{seed}_{number}")
        if made is not None:
            return Drawn(expression, formats, refused), made
        refused += 1


def _compiled(
    expression: Expression, formats: tuple[Fixed, ...], model: Model, name: str
) -> Design | None:
    """The design; None where there is none, or only constants, of which nothing is to estimate."""
    try:
        made = compile_expression(expression, formats, model, Precision(), name=name)
    except (AccuracyError, DomainError, WidthError, ResourceError):
        return None
    graph = made.graph
    return None if all(graph.nodes[k].op is GOp.CONST for k in graph.outputs) else made


def _formats(rng: np.random.Generator) -> tuple[Fixed, ...]:
    """One width for most inputs, as in a job; the point varies."""
    common = int(rng.choice(_WIDTHS))
    widths = [common if rng.random() < 0.8 else int(rng.choice(_WIDTHS)) for _ in range(6)]
    return tuple(Fixed(w, w - int(rng.integers(1, 4)), bool(rng.random() < 0.8)) for w in widths)


def _expression(rng: np.random.Generator) -> Expression:
    builder = Builder(tuple(f"x{k}" for k in range(int(rng.integers(2, 7)))))
    outputs = [
        _grown(rng, builder, int(rng.integers(*_SIZES))) for _ in range(int(rng.integers(1, 4)))
    ]
    return builder.build(outputs)


def _grown(rng: np.random.Generator, builder: Builder, left: int) -> int:
    if left <= 1:
        return builder.input(int(rng.integers(len(builder.inputs))))
    weights = np.array(list(_OPERATORS.values()))
    op = list(_OPERATORS)[int(rng.choice(len(weights), p=weights / weights.sum()))]
    if op not in _BINARY or left == 2:
        return _unary(rng, builder, op if op not in _BINARY else Op.TANH, left)
    share = int(rng.integers(1, left - 1))
    first = _grown(rng, builder, share)
    # a product or a sum with a constant is as common as one with a variable
    if rng.random() < 0.3:
        second = builder.const(round(float(rng.uniform(0.1, 3.0)), 3))
    else:
        second = _grown(rng, builder, left - 1 - share)
    if op is Op.DIV:
        second = builder.op(Op.ADD, builder.op(Op.ABS, second), builder.const(1.0))
    return builder.op(op, first, second)


def _unary(rng: np.random.Generator, builder: Builder, op: Op, left: int) -> int:
    inner = _grown(rng, builder, left - 1)
    # inside the domain, and of a size that a narrow design can hold
    guard: Mapping[Op, Callable[[int], int]] = {
        Op.SQRT: lambda k: builder.op(Op.ABS, k),
        Op.LOG: lambda k: builder.op(Op.ADD, builder.op(Op.ABS, k), builder.const(0.5)),
        Op.EXP: lambda k: builder.op(Op.NEG, builder.op(Op.ABS, k)),
    }
    return builder.op(op, guard[op](inner) if op in guard else inner)
