"""Slices of input words: the design of words is the design of slices on what these hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Decision, Design, Fixed, GOp, Precision, Slice, compile_expression
from symtick.errors import InputError
from symtick.expr import parse

TEXT = "tanh(0.1*pt) - 0.2*eta; 0.01*pt*eta"


def compiled(parts: tuple[Slice, ...], **options: Any) -> Design:
    return compile_expression(
        parse(TEXT, ("pt", "eta")), [part.fmt for part in parts], UnitModel(),
        Precision(term_frac=5), name="top", **options,
    )  # fmt: skip


@st.composite
def drawn_slice(draw: st.DrawFn) -> Slice:
    """A word of up to 16 bits and a slice somewhere in it, or beyond its top."""
    word = Fixed(draw(st.integers(6, 16)), draw(st.integers(-4, 12)), draw(st.booleans()))
    signed = word.signed and draw(st.booleans())
    return Slice(word, Fixed(draw(st.integers(3, 6)), word.frac - draw(st.integers(0, 9)), signed))


@given(st.tuples(drawn_slice(), drawn_slice()), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_words_give_what_their_slices_give(pair: tuple[Slice, Slice], seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [rng.integers(p.word.raw_min, p.word.raw_max + 1, 200) for p in pair]
    words = np.stack(columns, axis=1)
    # an oracle of its own: floor of the real value, limited to what the slice can hold
    codes = []
    for part, column in zip(pair, columns, strict=True):
        steps = np.floor(np.ldexp(column.astype(float), -part.word.frac) / part.fmt.step)
        codes.append(np.clip(steps, part.fmt.raw_min, part.fmt.raw_max).astype(int))
    core, whole = compiled(pair), compiled(pair, slices=pair)
    wanted = core.graph.evaluate(np.stack(codes, axis=1))
    assert np.array_equal(whole.graph.evaluate(words), wanted)
    formats = {p.word for p in pair} | {None}
    assert set(whole.graph.input_formats) <= formats and whole.slices == pair


def test_a_slice_at_the_top_of_its_word_is_wires() -> None:
    word = Fixed(12, 4)
    part = Slice(word, Fixed(6, -2))
    whole = compiled((part, part), slices=(part, part))
    saturating = [n for n in whole.graph.nodes if n.op in (GOp.MIN, GOp.MAX, GOp.GE)]
    assert not saturating
    assert str(part) == "fixed<6,8>, rounded down to steps of 4"
    low = Slice(word, Fixed(6, 4, False))
    assert str(low) == "ufixed<6,2>, rounded down to steps of 0.0625 and saturated to [0, 3.9375]"


def test_decisions_are_made_of_sliced_words() -> None:
    part = Slice(Fixed(10, 0, False), Fixed(5, -3, False))
    made = compiled((part, part), slices=(part, part), decision=Decision(("index",)))
    scores = compiled((part, part), slices=(part, part))
    words = np.stack([np.arange(1024), np.arange(1024)[::-1]], axis=1)
    wanted = np.argmax(scores.real_outputs(words), axis=1)
    assert np.array_equal(made.graph.evaluate(words)[:, 0], wanted)


def test_slices_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="has bits below the last place of fixed<8,6>"):
        Slice(Fixed(8, 2), Fixed(4, 3))
    part = Slice(Fixed(8, 2), Fixed(4, 2))
    with pytest.raises(InputError, match="2 inputs need as many slices, not 1"):
        compiled((part, part), slices=(part,))
    other = Slice(Fixed(8, 2), Fixed(5, 2))
    with pytest.raises(InputError, match=r"input pt is read as fixed<4,2>, not as its slice"):
        compiled((part, part), slices=(other, part))
