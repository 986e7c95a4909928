"""How features become what a design reads: raw words and slices of them, or scaled features.

The search works on values of [-1, 1). They come from one of two maps:

* `WordInputs`: the ports carry the words of the detector, and the design reads a slice of each, a
  power of two times the search's value. Nothing stands outside the firmware.
* `ScaledInputs`: features are scaled by quantiles of the training rows outside the firmware, and
  the ports carry what the search sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from symtick.codegen import Fixed, Slice
from symtick.errors import InputError
from symtick.expr import Expression, with_affine_inputs
from symtick.search.data.dataset import FloatArray, IntArray, Scaler, check_matrix
from symtick.search.data.names import port_names

SLICE_BITS = range(4, 11)  # bits of a slice
_ROWS = 20_000  # rows that slices are chosen on
_LOST_BITS = 1.0  # of entropy that a slice may have less than a scaled feature
_SAME_BITS = 0.01  # of entropy that two slices may differ by and say as much
_SATURATED = 0.02  # share of the rows that a slice may saturate
_OUTSIDE = 0.01  # share of the rows that a word need not hold


class InputMap(Protocol):
    """From features in the user's units to the inputs of search and design.

    Attributes:
        names: one for each feature, as ports and expressions have it.
        titles: the same as the user wrote them.
        formats: what the search's expressions read, within [-1, 1).
        read_formats: the same codes as the design's expressions read them.
        slices: of which words they are, for each input; empty where the ports carry them.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def titles(self) -> tuple[str, ...]: ...

    @property
    def formats(self) -> tuple[Fixed, ...]: ...

    @property
    def read_formats(self) -> tuple[Fixed, ...]: ...

    @property
    def slices(self) -> tuple[Slice, ...]: ...

    def values(self, X: npt.ArrayLike) -> FloatArray:
        """What the search sees of rows (n, features), same shape."""
        ...

    def words(self, X: npt.ArrayLike) -> IntArray:
        """Raw integers that the ports carry for rows (n, features), same shape."""
        ...

    def told(self, X: npt.ArrayLike) -> FloatArray:
        """Features of rows (n, features) as far as the design can tell: the middle of each step.

        In the user's units, same shape.
        """
        ...

    def as_read(self, expression: Expression) -> Expression:
        """An expression of the search as one of what the design reads."""
        ...

    def in_units(self, expression: Expression) -> Expression:
        """An expression of what the design reads as one of features in the user's units."""
        ...

    @property
    def to_units(self) -> tuple[list[float], list[float]]:
        """For each input factor and offset: the feature is factor * (what is read) + offset."""
        ...

    def to_json(self) -> list[dict[str, Any]]:
        """A record for each input."""
        ...


@dataclass(frozen=True)
class Word:
    """An input as the detector delivers it: feature = unit * value of the word + offset.

    Raises:
        InputError: the unit is 0.
    """

    fmt: Fixed
    unit: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.unit, self.offset]).all() and self.unit):
            raise InputError(f"a word's unit must be a number other than 0, not {self.unit!r}")

    def raw(self, feature: FloatArray) -> IntArray:
        """Words for values of the feature, (rows,); values beyond the format saturate."""
        return self.fmt.to_raw((feature - self.offset) / self.unit)

    def check(self, name: str, feature: FloatArray) -> None:
        """Whether the word holds the feature.

        Raises:
            InputError: over 1 % of the rows lie outside.
        """
        ends = sorted(self.unit * v + self.offset for v in (self.fmt.lo, self.fmt.hi))
        outside = float(np.mean((feature < ends[0]) | (feature > ends[1])))
        if outside > _OUTSIDE:
            raise InputError(
                f"inputs.raw: {100 * outside:.3g} % of the rows of {name} lie outside of "
                f"{self.fmt}, which holds {ends[0]:g} to {ends[1]:g} of it: state its own word, "
                "as {format: ..., unit: ...}"
            )


@dataclass(frozen=True)
class WordInputs:
    """Ports that carry words; see `InputMap`.

    Attributes:
        names: one for each input.
        from_words: the word of each input.
        slices: what the design reads of each, in the word's units.
        titles: the user's names.
    """

    names: tuple[str, ...]
    from_words: tuple[Word, ...]
    slices: tuple[Slice, ...]
    titles: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        names: Sequence[str],
        words: Sequence[Word],
        X: npt.ArrayLike,
        *,
        bits: int,
        widths: Mapping[str, int],
        tail: float,
    ) -> WordInputs:
        """Slices from the data: the finest step of each input that saturates up to 2 % of its rows.

        Args:
            names: one for each input, as the user wrote them.
            words: the word of each.
            X: training rows (n, inputs) in the user's units.
            bits: of a slice, from 4 to 10. A slice has more where the entropy of its codes is
                over 1 bit under that of the feature scaled by quantiles (a range that is a power
                of two may cost so much), and fewer where these say as much.
            widths: the bits of single slices, by name, instead.
            tail: of those quantiles.

        Raises:
            InputError: bad data, a word that does not hold its feature or is too coarse for it, or
                a slice wider than its word.
        """
        matrix = check_matrix(X, names)
        for name, word, feature in zip(names, words, matrix.T, strict=True):
            word.check(name, feature)
        matrix = matrix[np.random.default_rng(0).permutation(len(matrix))[:_ROWS]]
        scaled = np.floor(Scaler.fit(matrix, tail).transform(matrix) * 2.0 ** (bits - 1))
        slices = []
        for name, word, feature, codes in zip(names, words, matrix.T, scaled.T, strict=True):
            least = _entropy(codes.astype(np.int64)) - _LOST_BITS
            width = widths.get(name)
            if width is not None and width > word.fmt.width:
                raise InputError(
                    f"inputs.widths: {name} has {width} bits, but its word {word.fmt} has fewer"
                )
            raw = word.raw(feature)
            stated = None if width is None else _finest(word.fmt, raw, width)
            slices.append(stated or _best_slice(name, word.fmt, raw, bits, least))
        return cls(port_names(names), tuple(words), tuple(slices), tuple(names))

    @property
    def formats(self) -> tuple[Fixed, ...]:
        """What the search reads."""
        return tuple(replace(s.fmt, frac=s.fmt.width - s.fmt.signed) for s in self.slices)

    @property
    def read_formats(self) -> tuple[Fixed, ...]:
        """What the design reads, in units of the words."""
        return tuple(s.fmt for s in self.slices)

    def words(self, X: npt.ArrayLike) -> IntArray:
        """What the ports carry."""
        matrix = check_matrix(X, self.titles)
        columns = [w.raw(c) for w, c in zip(self.from_words, matrix.T, strict=True)]
        return np.stack(columns, axis=1)

    def values(self, X: npt.ArrayLike) -> FloatArray:
        """What the search sees."""
        columns = zip(self.formats, self.slices, self.words(X).T, strict=True)
        return np.stack([fmt.to_real(part.codes(raw)) for fmt, part, raw in columns], axis=1)

    def told(self, X: npt.ArrayLike) -> FloatArray:
        """Of words; a slice leaves low bits away."""
        columns = []
        for word, part, raw in zip(self.from_words, self.slices, self.words(X).T, strict=True):
            middle = (part.fmt.step - word.fmt.step) / 2
            value = part.fmt.to_real(part.codes(raw)) + middle
            columns.append(word.unit * value + word.offset)
        return np.stack(columns, axis=1)

    def as_read(self, expression: Expression) -> Expression:
        """Of words: every factor is a power of two."""
        steps = zip(self.formats, self.read_formats, strict=True)
        factors = [fmt.step / read.step for fmt, read in steps]
        return with_affine_inputs(expression, factors, [0.0] * len(factors))

    def in_units(self, expression: Expression) -> Expression:
        """Of features."""
        words = self.from_words
        return with_affine_inputs(
            expression, [1.0 / w.unit for w in words], [-w.offset / w.unit for w in words]
        )

    @property
    def to_units(self) -> tuple[list[float], list[float]]:
        """Units and offsets of the words."""
        return [w.unit for w in self.from_words], [w.offset for w in self.from_words]

    def to_json(self) -> list[dict[str, Any]]:
        """Word, unit, offset and slice of each."""
        return [
            {
                **names,
                "word": str(word.fmt),
                "unit": word.unit,
                "offset": word.offset,
                "slice": str(part.fmt),
            }
            for names, word, part in zip(_named(self), self.from_words, self.slices, strict=True)
        ]


@dataclass(frozen=True)
class ScaledInputs:
    """Ports that carry features scaled to [-1, 1) outside the firmware; see `InputMap`."""

    names: tuple[str, ...]
    scaler: Scaler
    formats: tuple[Fixed, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], scaler: Scaler, formats: Sequence[Fixed]) -> ScaledInputs:
        """The map of features with these names, as the user wrote them."""
        return cls(port_names(names), scaler, tuple(formats), tuple(names))

    @property
    def read_formats(self) -> tuple[Fixed, ...]:
        """What the ports carry."""
        return self.formats

    @property
    def slices(self) -> tuple[Slice, ...]:
        """None: the ports carry what the design reads."""
        return ()

    def values(self, X: npt.ArrayLike) -> FloatArray:
        """Scaled features."""
        return self.scaler.transform(X)

    def words(self, X: npt.ArrayLike) -> IntArray:
        """Scaled features, rounded."""
        columns = zip(self.formats, self.values(X).T, strict=True)
        return np.stack([fmt.to_raw(column) for fmt, column in columns], axis=1)

    def told(self, X: npt.ArrayLike) -> FloatArray:
        """Of scaled features, which are rounded."""
        columns = zip(self.formats, self.words(X).T, strict=True)
        scaled = np.stack([fmt.to_real(raw) for fmt, raw in columns], axis=1)
        low, high = np.asarray(self.scaler.low), np.asarray(self.scaler.high)
        return np.asarray(low + (scaled + 1.0) * (high - low) / 2.0)

    def as_read(self, expression: Expression) -> Expression:
        """The same."""
        return expression

    def in_units(self, expression: Expression) -> Expression:
        """Of features; a feature that is constant has the factor 0."""
        return with_affine_inputs(
            expression, self.scaler.slope.tolist(), self.scaler.offset.tolist()
        )

    @property
    def to_units(self) -> tuple[list[float], list[float]]:
        """Half the range and its middle; a feature that is constant has the factor 0."""
        low, high = np.asarray(self.scaler.low), np.asarray(self.scaler.high)
        return ((high - low) / 2.0).tolist(), (low + (high - low) / 2.0).tolist()

    def to_json(self) -> list[dict[str, Any]]:
        """Range and format of each."""
        ranges = zip(_named(self), self.scaler.low, self.scaler.high, self.formats, strict=True)
        return [
            {**names, "low": low, "high": high, "format": str(fmt)}
            for names, low, high, fmt in ranges
        ]


def _named(inputs: InputMap) -> list[dict[str, str]]:
    """The names of each input in its record; the user's own where it is another."""
    pairs = zip(inputs.names, inputs.titles, strict=True)
    return [{"name": n} if n == title else {"name": n, "title": title} for n, title in pairs]


def from_json(records: object) -> InputMap:
    """The inverse of `to_json`.

    Raises:
        InputError: it is damaged.
    """
    try:
        assert isinstance(records, list) and records
        names = tuple(str(r["name"]) for r in records)
        titles = tuple(str(r.get("title", r["name"])) for r in records)
        if "low" in records[0]:
            scaler = Scaler.from_dict({key: [r[key] for r in records] for key in ("low", "high")})
            formats = tuple(Fixed.parse(r["format"]) for r in records)
            return ScaledInputs(names, scaler, formats, titles)
        words = tuple(
            Word(Fixed.parse(r["word"]), float(r["unit"]), float(r["offset"])) for r in records
        )
        slices = tuple(
            Slice(word.fmt, Fixed.parse(r["slice"])) for word, r in zip(words, records, strict=True)
        )
        return WordInputs(names, words, slices, titles)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"the description of the inputs is damaged: {error!r}") from None


def _entropy(codes: IntArray) -> float:
    """Bits of information in a column of codes."""
    _, counts = np.unique(codes, return_counts=True)
    shares = counts / len(codes)
    return float(-(shares * np.log2(shares)).sum())


def _best_slice(name: str, word: Fixed, raw: IntArray, bits: int, least: float) -> Slice:
    """A slice of `bits` bits; of more where its entropy is under `least`, of fewer where they say
    as much.

    Raises:
        InputError: that of the most bits has less entropy.
    """
    slices = slices_by_bits(word, raw)
    widths = list(slices)
    entropy = {k: _entropy(part.codes(raw)) for k, part in slices.items()}
    first = min(bits, word.width)
    enough = [k for k in widths if k >= first and entropy[k] >= least]
    if not enough:
        most = max(widths)
        count = len(np.unique(slices[most].codes(raw)))
        raise InputError(
            f"inputs.raw: a slice of {most} bits of {word} tells {count} values of {name} apart, "
            "too few for it: state a finer word or its unit, subtract what all values share before "
            f"the firmware, or accept it by inputs.widths: {{{name}: {most}}}"
        )
    width = min(enough)
    while width - 1 in slices and entropy[width - 1] > entropy[width] - _SAME_BITS:
        width -= 1
    return slices[width]


def slices_by_bits(word: Fixed, raw: IntArray) -> dict[int, Slice]:
    """The finest slice of each number of bits that saturates few of these words, (rows,)."""
    return {k: _finest(word, raw, k) for k in sorted({min(k, word.width) for k in SLICE_BITS})}


def _finest(word: Fixed, raw: IntArray, bits: int) -> Slice:
    """The slice of so many bits with the finest step that saturates few rows."""
    signed = word.signed and bool((raw < 0).any())
    for drop in range(word.width):
        part = Slice(word, Fixed(bits, word.frac - drop, signed))
        low, high = part.fmt.raw_min << drop, (part.fmt.raw_max + 1 << drop) - 1
        if np.mean((raw < low) | (raw > high)) <= _SATURATED:
            break
    return part
