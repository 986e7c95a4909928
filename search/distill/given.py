"""What a distillation is given to begin with, read from text: guesses and a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symtick.codegen import Fixed
from symtick.errors import InputError, did_you_mean
from symtick.expr import (
    Builder,
    Expression,
    Interval,
    Op,
    in_search_ops,
    read_formulas,
    with_affine_inputs,
)
from symtick.expr.templates import Template, read_template
from symtick.search.distill.given_settings import GivenSettings
from symtick.search.inputs.maps import InputMap


@dataclass(frozen=True)
class Given:
    """What was read.

    Attributes:
        guesses: each an expression of all outputs, of what designs read.
        template: over inputs as the search sees them, or none.
    """

    guesses: tuple[Expression, ...]
    template: Template | None


def read_given(
    settings: GivenSettings,
    names: Sequence[str],
    outputs: Sequence[str],
    formats: Sequence[Fixed],
    inputs: InputMap | None,
) -> Given:
    """Read guesses and template.

    Args:
        settings: with their texts.
        names: of the features.
        outputs: names of the outputs.
        formats: of the search's inputs.
        inputs: from features to these; None where they are the same.

    Raises:
        InputError: one of them cannot be read, or is of other outputs.
    """
    read = formats if inputs is None else inputs.read_formats
    ranges = [Interval(fmt.lo, fmt.hi) for fmt in read]
    units = [1.0] * len(names), [0.0] * len(names)
    if inputs is not None:
        units = inputs.to_units
    guesses = tuple(read_guess(text, names, outputs, ranges, units) for text in settings.guesses)
    if not settings.template:
        return Given(guesses, None)
    template = read_structure(settings.template, names, outputs)
    seen = [f * r.step / s.step for f, r, s in zip(units[0], read, formats, strict=True)]
    return Given(guesses, _scaled(template, seen, units[1]))


def read_guess(
    text: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    ranges: Sequence[Interval],
    units: tuple[Sequence[float], Sequence[float]],
) -> Expression:
    """A guess as one expression of all outputs, of what designs read.

    Args:
        text: formulas, `name = expression` for each output, or one for each without names, in
            order; what others read may have other names.
        inputs: names of the features.
        outputs: names of the outputs.
        ranges: of what designs read.
        units: factors and offsets from that to the features.

    Raises:
        InputError: it cannot be read, reads what is no feature, does not give all outputs, is
            undefined for some inputs, or has an operator that the search does not evaluate.
    """
    try:
        found = read_formulas(text, inputs)
        if found.names != tuple(outputs) and {*outputs} <= {*found.names}:
            found = read_formulas(text, inputs, outputs)
        expression = in_search_ops(found.expression)
        strange = expression.inputs[len(inputs) :]
        if strange:
            raise InputError(
                f"{strange[0]!r} is no feature: {did_you_mean(strange[0], inputs)}they are "
                f"{', '.join(inputs)}"
            )
        if len(expression.outputs) != len(outputs):
            raise InputError(
                f"it gives {', '.join(found.names)}, the outputs are {', '.join(outputs)}"
            )
        expression = with_affine_inputs(expression, *units)
        expression.intervals(ranges)
    except InputError as error:
        raise InputError(f"the guess {shown(text)!r}: {error}") from None
    return expression


def read_structure(text: str, inputs: Sequence[str], outputs: Sequence[str]) -> Template:
    """The template of all outputs.

    Args:
        text: see `symtick.expr.templates`.
        inputs: names of the features.
        outputs: names of the outputs, which its results have, or none.

    Raises:
        InputError: it cannot be read, or has other results than the outputs.
    """
    try:
        template = read_template(text, inputs)
        if template.results != len(outputs):
            raise InputError(
                f"its results are {template.results}, the outputs {len(outputs)} "
                f"({', '.join(outputs)}): each needs one, in their order"
            )
        if values := template.of_kind("category"):
            raise InputError(f"{values[0]}[...] has values by category, which designs have not")
        if {*template.names} == {*outputs} and list(template.names) != list(outputs):
            raise InputError(
                f"its results are in the order {', '.join(template.names)}, the outputs in the "
                f"order {', '.join(outputs)}: write them in the same"
            )
    except InputError as error:
        raise InputError(f"the template {shown(text)!r}: {error}") from None
    return template


def _scaled(template: Template, factors: Sequence[float], offsets: Sequence[float]) -> Template:
    """A template of features, over columns that these factors and offsets make features of.

    A function of a column alone stays one of the column, which is of a size near 1.
    """
    whole, builder = template.expression, Builder(template.expression.inputs)
    columns: dict[int, int] = {}
    made: list[int] = []
    for k, node in enumerate(whole.nodes):
        if node.op is Op.CONST:
            made.append(builder.const(node.value))
        elif node.op is not Op.INPUT:
            made.append(builder.op(node.op, *(made[a] for a in node.args)))
        else:
            value = builder.input(node.index)
            if node.index < len(factors):
                columns[k] = value
                scaled = builder.op(Op.MUL, value, builder.const(factors[node.index]))
                value = builder.op(Op.ADD, scaled, builder.const(offsets[node.index]))
            made.append(value)
    outputs = [
        columns.get(k, made[k]) if place >= template.results else made[k]
        for place, k in enumerate(whole.outputs)
    ]
    return replace(template, expression=builder.build(outputs))


def shown(text: str) -> str:
    """A text in one line, cut where it is long."""
    line = "; ".join(part.strip() for part in text.strip().splitlines())
    return line if len(line) <= 80 else f"{line[:77]}..."
