"""Formats of single signals, stated by hand: `add12=fixed<8,2>,AP_RND,AP_SAT`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from symtick.codegen import Design, Overflow, Quant, Width, read_format
from symtick.codegen.emit.names import ports, signal_names
from symtick.codegen.ir.fixed import MAX_WIDTH
from symtick.errors import InputError


def read_widths(texts: Sequence[str], design: Design) -> tuple[Width, ...]:
    """Formats and modes by the names that signals have in a design's Verilog.

    Args:
        texts: `NAME=fixed<W,I>`, with a quantisation and an overflow mode behind commas if wanted;
            AP_TRN and AP_WRAP by default, as ap_fixed's.
        design: of the scores, without decisions.

    Raises:
        InputError: a text is not one of these, or the design has no such signal.
    """
    names = signal_names(design.graph, ports(design))
    numbers = {name: k for k, name in enumerate(names)}
    return tuple(_width(text, numbers) for text in texts)


def _width(text: str, numbers: Mapping[str, int]) -> Width:
    name, equals, wanted = text.partition("=")
    if not equals:
        raise InputError(
            f"{text!r} is not the format of a signal: write NAME=fixed<W,I>, or with modes "
            "NAME=fixed<W,I>,AP_RND,AP_SAT"
        )
    stated = read_format(wanted, MAX_WIDTH)
    return Width(
        _number(name.strip(), numbers),
        stated.fmt,
        stated.quant or Quant.TRN,
        overflow=stated.overflow or Overflow.WRAP,
    )


def _number(name: str, numbers: Mapping[str, int]) -> int:
    if name not in numbers:
        near = get_close_matches(name, numbers, n=6, cutoff=0.5) or list(numbers)[-6:]
        raise InputError(
            f"the design has no signal {name!r}; names are those of the Verilog without --width, "
            f"such as {', '.join(near)}"
        )
    return numbers[name]
