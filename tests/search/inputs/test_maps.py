"""Maps from features to ports: words and slices chosen from the data, or scaled features."""

from __future__ import annotations

import json

import numpy as np
import pytest

from symtick.codegen import Fixed
from symtick.errors import InputError
from symtick.expr import parse
from symtick.search.data.dataset import Scaler
from symtick.search.inputs.maps import ScaledInputs, Word, WordInputs, from_json

RNG = np.random.default_rng(5)
# a momentum in quarters of a GeV, a signed angle, a count, and a mass far from 0
X = np.stack(
    [
        np.round(RNG.exponential(40.0, 6000) * 4) / 4,
        RNG.normal(0.0, 0.8, 6000),
        RNG.integers(0, 4, 6000).astype(float),
        RNG.normal(91.0, 5.0, 6000),
    ],
    axis=1,
)
NAMES = ("pt", "eta", "count", "mass")
WORDS = (
    Word(Fixed(14, 0, False), unit=0.25),
    Word(Fixed(16, 12)),
    Word(Fixed(8, 0, False)),
    Word(Fixed(16, 6)),
)


def fitted(bits: int = 6, **widths: int) -> WordInputs:
    return WordInputs.fit(NAMES, WORDS, X, bits=bits, widths=widths, tail=0.001)


def test_slices_follow_the_data() -> None:
    pt, eta, count, mass = fitted().slices
    # 0 to 256 GeV in steps of 4: 1.6 per mille saturate, and under 128 GeV 4 % would
    assert pt.fmt == Fixed(6, -4, False) and pt.word == Fixed(14, 0, False)
    assert eta.fmt == Fixed(6, 4)  # -2 to 2 saturates 1.2 %
    assert count.fmt == Fixed(4, 0, False)  # four bits, the fewest, are all that a count needs
    # all of it lies in two octaves below 128: the slice is wider, to tell the values apart
    assert mass.fmt.width > 6 and mass.fmt.hi >= 95.0 and not mass.fmt.signed


def test_features_as_the_design_can_tell_them() -> None:
    made = fitted()
    told = made.told(X)
    for k, (word, part) in enumerate(zip(WORDS, made.slices, strict=True)):
        step = part.fmt.step * word.unit
        inside = X[:, k] < (part.fmt.hi + part.fmt.step) * word.unit
        error = (told[:, k] - X[:, k])[inside & (X[:, k] > part.fmt.lo * word.unit)]
        assert np.abs(error).max() <= (step + part.word.step * word.unit) / 2
        assert abs(error.mean()) < step / 10  # in the middle of each step
    scaled = ScaledInputs.of(NAMES, Scaler.fit(X, 0.001), (Fixed(6, 5),) * 4)
    span = np.subtract(scaled.scaler.high, scaled.scaler.low)
    error = np.abs(scaled.told(X) - np.clip(X, scaled.scaler.low, scaled.scaler.high))
    assert (error <= span / 64 + 1e-9).mean() > 0.97  # half a step, a whole one at the upper end
    assert (error <= span / 32 + 1e-9).all()


def test_values_words_and_codes_are_one_map() -> None:
    made = fitted()
    words, values = made.words(X), made.values(X)
    for k, (word, part) in enumerate(zip(WORDS, made.slices, strict=True)):
        real = np.ldexp(words[:, k].astype(float), -part.word.frac)
        assert np.allclose(real * word.unit, X[:, k], atol=word.unit * part.word.step / 2 + 1e-12)
        floor = np.floor(real / part.fmt.step)
        codes = np.clip(floor, part.fmt.raw_min, part.fmt.raw_max)
        top = 2.0 ** (part.fmt.width - part.fmt.signed)
        assert np.array_equal(values[:, k], codes / top)
        assert np.array_equal(made.formats[k].to_raw(values[:, k]), codes)
    assert np.abs(values).max() <= 1.0


def test_expressions_are_in_words_and_in_units() -> None:
    made = fitted()
    expression = parse("tanh(3*pt - 1) + 2*eta*mass; count", NAMES)
    codes = [f.to_real(f.to_raw(v)) for f, v in zip(made.formats, made.values(X).T, strict=True)]
    seen = np.stack(codes, axis=1)
    read = np.stack(
        [part.fmt.to_real(part.codes(w)) for part, w in
         zip(made.slices, made.words(X).T, strict=True)], axis=1,
    )  # fmt: skip
    as_read = made.as_read(expression)
    np.testing.assert_allclose(as_read.evaluate(read), expression.evaluate(seen), rtol=1e-12)
    units = np.array([w.unit for w in WORDS])
    in_units = made.in_units(as_read)
    np.testing.assert_allclose(
        in_units.evaluate(read * units), expression.evaluate(seen), rtol=1e-12
    )


def test_both_maps_survive_json() -> None:
    scaled = ScaledInputs.of(NAMES, Scaler.fit(X), (Fixed(6, 5),) * 4)
    for made in (fitted(), scaled):
        again = from_json(json.loads(json.dumps(made.to_json())))
        assert again == made
    assert np.array_equal(scaled.words(X), from_json(scaled.to_json()).words(X))


def test_a_scaled_expression_is_shown_in_units() -> None:
    scaled = ScaledInputs.of(NAMES, Scaler.fit(X), (Fixed(6, 5),) * 4)
    expression = parse("tanh(2*pt + 1)*eta", NAMES)
    inside = np.clip(X, scaled.scaler.low, np.array(scaled.scaler.high) - 1e-6)
    wanted = expression.evaluate(scaled.values(inside))
    np.testing.assert_allclose(
        scaled.in_units(expression).evaluate(inside), wanted, rtol=1e-5, atol=1e-5
    )


def test_sorted_rows_make_the_same_slices() -> None:
    rising = np.sort(RNG.exponential(100.0, 60_000))[:, None]
    word = Word(Fixed(16, 6, False))
    (part,) = WordInputs.fit(("pt",), (word,), rising, bits=6, widths={}, tail=0.001).slices
    assert np.mean(rising > part.fmt.hi + part.fmt.step) <= 0.025


def test_a_word_too_coarse_for_its_feature_is_refused() -> None:
    far = RNG.normal(40_000.0, 30.0, (3000, 1))
    word = Word(Fixed(16, 0, False))
    with pytest.raises(InputError, match=r"10 bits of ufixed<16,16> tells \d+ values of adc apart"):
        WordInputs.fit(("adc",), (word,), far, bits=6, widths={}, tail=0.001)
    accepted = WordInputs.fit(("adc",), (word,), far, bits=6, widths={"adc": 10}, tail=0.001)
    assert accepted.slices[0].fmt.width == 10


def test_what_does_not_fit_is_refused() -> None:
    small = Word(Fixed(8, 4, False))
    with pytest.raises(InputError, match=r"% of the rows of mass lie outside of ufixed<8,4>, which "
                                         "holds 0 to 15.9375"):  # fmt: skip
        WordInputs.fit(NAMES, (*WORDS[:3], small), X, bits=6, widths={}, tail=0.0)
    with pytest.raises(InputError, match="count has 9 bits, but its word ufixed<8,8> has fewer"):
        fitted(count=9)
    with pytest.raises(InputError, match="unit must be a number other than 0, not 0"):
        Word(Fixed(8, 0), unit=0.0)
    for damaged in ([], {}, [{"name": "x"}], [{"name": "x", "word": "fixed<6>"}]):
        with pytest.raises(InputError, match=r"damaged|not a format"):
            from_json(damaged)
