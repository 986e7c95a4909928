"""Inputs of a design as text states them: formats, ranges, and the worth of a word's last bit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from symtick.codegen import Fixed, read_format
from symtick.errors import InputError, did_you_mean
from symtick.expr import (
    Expression,
    Interval,
    can_name,
    default_names,
    parse,
    read_formulas,
    with_scaled_inputs,
)

_DEFAULTS = frozenset(default_names(10_000))


@dataclass(frozen=True)
class StatedInputs:
    """Formulas and what their inputs are.

    Attributes:
        expression: over the words of the ports.
        names: of the outputs.
        formats: of each input.
        ranges: of each input, in units of its format; None where all that the formats hold.
        steps: for each input the worth of its format's 1, in the formulas' units; 1 but for words
            whose last bit is worth no power of two.
    """

    expression: Expression
    names: tuple[str, ...]
    formats: tuple[Fixed, ...]
    ranges: tuple[Interval, ...] | None
    steps: tuple[float, ...]


class Assigned(NamedTuple):
    """A value for all, None if there is none, and those by name."""

    everywhere: str | None
    named: Mapping[str, str]

    def of(self, name: str) -> str | None:
        """The value for one name."""
        return self.named.get(name, self.everywhere)

    def check(self, names: Sequence[str], what: str) -> None:
        """Raise InputError where a value is given for none of these names."""
        for given in self.named:
            if given not in names:
                raise InputError(
                    f"{what} is given for {given!r}: {did_you_mean(given, names)}there are "
                    f"{', '.join(names)}"
                )


def assigned(texts: Sequence[str], what: str) -> Assigned:
    """Values stated as `VALUE` for all and `NAME=VALUE` for one.

    Raises:
        InputError: there are two for all, two for one name, or two in one text.
    """
    everywhere: str | None = None
    named: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if "=" in value:
            raise InputError(f"{text!r} states more than one {what}: repeat the option for each")
        if not equals and everywhere is not None:
            raise InputError(f"two {what}s for all: {everywhere} and {text}")
        if name.strip() in named and equals:
            raise InputError(f"two {what}s for {name.strip()}")
        if equals:
            named[name.strip()] = value.strip()
        else:
            everywhere = text.strip()
    return Assigned(everywhere, named)


def read_inputs(
    text: str,
    input_formats: Sequence[str],
    input_ranges: Sequence[str] = (),
    lsbs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> StatedInputs:
    """Formulas with a format, a range and a step for each input.

    Args:
        text: formulas, see `expr.formulas`.
        input_formats: a format for all inputs, `NAME=format` for one; see `codegen.read_format`.
        input_ranges: `LO:HI` for all, `NAME=LO:HI` for one, in the formulas' units.
        lsbs: worth of a word's last bit, in the formulas' units, for all or one; the format then
            states the bits of the word, and its point says nothing.
        outputs: results to deliver; by default those that no other formula reads.

    Raises:
        InputError: a text is not acceptable, or an input has no format.
    """
    formats, ranges = assigned(input_formats, "input format"), assigned(input_ranges, "input range")
    steps = assigned(lsbs, "lsb")
    for name in formats.named:
        if not can_name(name):
            raise InputError(
                f"{name!r} cannot name an input: use letters, digits and _, and no operator's name "
                "or Python keyword"
            )
    own = [n for n in formats.named if n not in _DEFAULTS]
    formulas = read_formulas(text, [*formats.named] if own else (), outputs)
    names = formulas.expression.inputs
    for given, what in ((formats, "a format"), (ranges, "a range"), (steps, "an lsb")):
        given.check(names, what)
    _check_all_stated(names, formats)
    words = [_word(name, formats.of(name) or "", steps.of(name)) for name in names]
    worth = tuple(step for _, step in words)
    expression = formulas.expression
    if any(step != 1.0 for step in worth):
        expression = with_scaled_inputs(expression, worth)
    spans = None
    if input_ranges:
        spans = tuple(
            _range(name, ranges.of(name), *word) for name, word in zip(names, words, strict=True)
        )
    return StatedInputs(expression, formulas.names, tuple(fmt for fmt, _ in words), spans, worth)


def _check_all_stated(names: Sequence[str], formats: Assigned) -> None:
    missing = [n for n in names if formats.of(n) is None]
    if missing:
        meant = did_you_mean(missing[0], formats.named)
        remedy = f"{meant}{'else ' if meant else ''}add --input-format"
        raise InputError(f"no input format for {', '.join(missing)}: {remedy}")


def _word(name: str, fmt: str, lsb: str | None) -> tuple[Fixed, float]:
    """The format of an input, and the worth of its 1."""
    stated = read_format(fmt).fmt
    if lsb is None:
        return stated, 1.0
    step = number(lsb, f"the lsb of {name}")
    if step <= 0.0:
        raise InputError(f"the lsb of {name} must be positive, not {lsb}")
    mantissa, exponent = math.frexp(step)
    if mantissa == 0.5:
        return Fixed(stated.width, 1 - exponent, stated.signed), 1.0
    return Fixed(stated.width, 0, stated.signed), step


def number(text: str, what: str) -> float:
    """A number as text: an expression without inputs, such as `pi/2048`.

    Raises:
        InputError: it is none, or not finite.
    """
    try:
        value = float(parse(text, ()).evaluate([[]])[0, 0])
    except InputError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} must be a number such as 0.25 or pi/2048, not {text!r}")
    return value


def _range(name: str, text: str | None, fmt: Fixed, step: float) -> Interval:
    """The range of an input in units of its format, by default all that this holds."""
    if text is None:
        return Interval(fmt.lo, fmt.hi)
    low, _, high = text.partition(":")
    try:
        ends = [number(end, "an end of a range") / step for end in (low, high)]
    except InputError:
        raise InputError(f"{text!r} is not a range: write LO:HI with two numbers") from None
    if ends[0] > ends[1]:
        raise InputError(f"the range {text} of {name} begins above its end: write LO:HI")
    if ends[0] > fmt.hi or ends[1] < fmt.lo:
        raise InputError(
            f"the range {text} of {name} is outside what its word holds, {fmt.lo * step:g} to "
            f"{fmt.hi * step:g}: state another format, or its --lsb"
        )
    return Interval(*ends)
