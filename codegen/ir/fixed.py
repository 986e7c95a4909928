"""Fixed-point formats, and the cast, the one operation that loses bits.

Arithmetic here is on integers and is the definition that every back end is compared with: a value
is `raw * 2**-frac`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, WidthError

MAX_WIDTH = 128
MAX_PORT_WIDTH = 48
_INT64_WIDTH = 62
_FLOAT_WIDTH = 58

# int64, or Python integers (dtype object) where more than 62 bits are needed
RawArray = npt.NDArray[Any]
Reals = npt.NDArray[np.float64]


class Quant(Enum):
    """What happens to bits below the last place: AMD's quantisation modes (UG1399, ap_fixed)."""

    __hash__ = object.__hash__

    TRN = "AP_TRN"
    TRN_ZERO = "AP_TRN_ZERO"
    RND = "AP_RND"
    RND_ZERO = "AP_RND_ZERO"
    RND_MIN_INF = "AP_RND_MIN_INF"
    RND_INF = "AP_RND_INF"
    RND_CONV = "AP_RND_CONV"


class Overflow(Enum):
    """What happens to values outside the range: AMD's overflow modes (UG1399, ap_fixed)."""

    __hash__ = object.__hash__

    WRAP = "AP_WRAP"
    SAT = "AP_SAT"
    SAT_ZERO = "AP_SAT_ZERO"
    SAT_SYM = "AP_SAT_SYM"


_Mode = TypeVar("_Mode", Quant, Overflow)


@dataclass(frozen=True, slots=True, order=True)
class Fixed:
    """A two's-complement or unsigned format of `width` bits with `frac` bits after the point.

    `frac` may be negative or larger than `width`.

    Raises:
        WidthError: the width is not from 1 to 128, or `frac` is beyond +-1000.
    """

    width: int
    frac: int
    signed: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise WidthError(f"a width must be from 1 to {MAX_WIDTH} bits, not {self.width}")
        if abs(self.frac) > 1000:
            raise WidthError(f"a format cannot have {self.frac} bits after the point")

    def __str__(self) -> str:
        return f"{'fixed' if self.signed else 'ufixed'}<{self.width},{self.width - self.frac}>"

    @property
    def integer(self) -> int:
        """Bits before the point, the sign's included: the second number of `ap_fixed<W,I>`."""
        return self.width - self.frac

    @property
    def raw_min(self) -> int:
        """The smallest raw integer."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def raw_max(self) -> int:
        """The largest raw integer."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def step(self) -> float:
        """The value of one unit in the last place."""
        return math.ldexp(1.0, -self.frac)

    @property
    def lo(self) -> float:
        """The smallest value."""
        return math.ldexp(self.raw_min, -self.frac)

    @property
    def hi(self) -> float:
        """The largest value."""
        return math.ldexp(self.raw_max, -self.frac)

    def keeps(self, lo: int, hi: int, overflow: Overflow) -> bool:
        """Whether every raw integer from `lo` to `hi` passes this overflow mode unchanged."""
        symmetric = overflow is Overflow.SAT_SYM and self.signed
        return self.raw_min + symmetric <= lo and hi <= self.raw_max

    @classmethod
    def for_raw(cls, lo: int, hi: int, frac: int) -> Fixed:
        """The narrowest format at `frac` that holds every raw integer from `lo` to `hi`."""
        if lo < 0:
            return cls(max(max(hi, 0).bit_length(), (-lo - 1).bit_length()) + 1, frac, True)
        return cls(max(hi.bit_length(), 1), frac, False)

    @classmethod
    def parse(cls, text: str, most: int = MAX_PORT_WIDTH) -> Fixed:
        """Read a format as `read_format` does, without the modes that may stand in it.

        Raises:
            InputError: the text is not a format, or one of its modes is none.
            WidthError: the width is outside 1 to `most`; the default is the limit for ports.
        """
        return read_format(text, most).fmt

    def to_raw(
        self, values: npt.ArrayLike, quant: Quant = Quant.RND, overflow: Overflow = Overflow.SAT
    ) -> npt.NDArray[np.int64]:
        """Raw integers of real values, same shape; exact, for floats are dyadic.

        Raises:
            InputError: a value is NaN or infinite.
            WidthError: the format is wider than 58 bits.
        """
        if self.width > _FLOAT_WIDTH:
            raise WidthError(f"{self} is wider than {_FLOAT_WIDTH} bits: give it raw integers")
        x = np.asarray(values, np.float64)
        if not np.isfinite(x).all():
            raise InputError("NaN and infinity have no fixed-point value")
        with np.errstate(over="ignore", under="ignore"):
            scaled = np.ldexp(x, self.frac)
        scaled = np.where((scaled == 0.0) & (x != 0.0), np.copysign(0.25, x), scaled)
        if overflow is Overflow.WRAP:
            # far outside, only the value modulo the format's span matters (inf: a multiple of it)
            far = np.where(np.isinf(scaled), 0.0, scaled)
            scaled = np.where(np.abs(scaled) < 2.0**59, scaled, np.fmod(far, 2.0**self.width))
        scaled = np.clip(scaled, -(2.0**60), 2.0**60)
        whole = np.floor(scaled)
        # two more bits say all that any rounding asks: 0, below, at or above one half
        rest = scaled - whole
        code = (rest > 0.0).astype(np.int64) + (rest >= 0.5) + (rest > 0.5)
        raw = whole.astype(np.int64) * 4 + code
        return np.asarray(cast_raw(raw, self.frac + 2, self, quant, overflow), np.int64)

    def to_real(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Real values of raw integers (rounded to double beyond 53 bits)."""
        return np.ldexp(np.asarray(raw).astype(np.float64), -self.frac)


class StatedFormat(NamedTuple):
    """A format with the modes of a conversion into it, None where they are not stated."""

    fmt: Fixed
    quant: Quant | None = None
    overflow: Overflow | None = None


_FIXED = re.compile(r"(?:ap_)?(u?)fixed<(\d{1,6}),(-?\d{1,6})((?:,\w+)*)>((?:,\w+)*)")
_INTEGER = re.compile(r"(?:ap_)?(u?)int(?:<(\d{1,6})>|(\d{1,6})(?:_t)?)")
_Q = re.compile(r"(u?)q(\d{1,6})\.(\d{1,6})", re.IGNORECASE)


def read_format(text: str, most: int = MAX_PORT_WIDTH) -> StatedFormat:
    """A format as people write it.

    Args:
        text: `fixed<W,I>` and `ufixed<W,I>` of W bits, I of them before the point, with or without
            AMD's prefix `ap_`, its modes inside as in `ap_fixed<16,6,AP_RND,AP_SAT>` or behind;
            integers `ap_int<W>`, `ap_uint<W>`, `int16`, `int16_t`; `qM.N` and `uqM.N` in ARM's
            convention, M bits before the point, the sign's included, and N after it.
        most: largest width; the default is the limit for ports.

    Raises:
        InputError: the text is not a format, or one of its modes is none.
        WidthError: the width is outside 1 to `most`.
    """
    plain = re.sub(r"\s", "", text)
    modes: list[str] = []
    if match := _FIXED.fullmatch(plain):
        width, frac = int(match[2]), int(match[2]) - int(match[3])
        modes = [word for word in (match[4] + match[5]).split(",") if word]
    elif match := _INTEGER.fullmatch(plain):
        width, frac = int(match[2] or match[3]), 0
    elif match := _Q.fullmatch(plain):
        width, frac = int(match[2]) + int(match[3]), int(match[3])
    if match is None or len(modes) > 2:
        raise InputError(
            f"{text!r} is not a format: write fixed<width,integer bits>, ufixed, ap_fixed with its "
            "modes, ap_int<width>, ap_uint, or q8.4 (8 bits before the point with the sign, 4 "
            "after it)"
        )
    if not 1 <= width <= most:
        what = "port" if most == MAX_PORT_WIDTH else "signal"
        wrong = "over the limit" if width else "0"
        raise WidthError(f"the width in {text!r} is {wrong}: a {what} has 1 to {most} bits")
    quant = _mode(Quant, modes[0], "a quantisation mode") if modes else None
    overflow = _mode(Overflow, modes[1], "an overflow mode") if len(modes) > 1 else None
    return StatedFormat(Fixed(width, frac, match[1] == ""), quant, overflow)


def _mode(kind: type[_Mode], word: str, what: str) -> _Mode:
    name = word.removeprefix("AP_")
    if name not in kind.__members__:
        raise InputError(f"{word!r} is not {what}: one of {', '.join(m.value for m in kind)}")
    return kind[name]


def raw_dtype(width: int) -> type[np.int64] | type[np.object_]:
    """int64 where `width` bits and one carry fit, else Python integers."""
    return np.int64 if width <= _INT64_WIDTH else np.object_


def _rounded(raw: RawArray, drop: int, quant: Quant) -> RawArray:
    """raw / 2**drop, drop > 0, rounded to an integer."""
    if quant is Quant.TRN:
        return np.asarray(raw >> drop)
    half = 1 << (drop - 1)
    added: RawArray | int
    if quant is Quant.RND:
        added = half
    elif quant is Quant.RND_MIN_INF:
        added = half - 1
    elif quant is Quant.RND_CONV:
        added = half - 1 + ((raw >> drop) & 1)
    else:
        negative = (raw < 0).astype(raw.dtype)
        if quant is Quant.TRN_ZERO:
            added = negative * ((1 << drop) - 1)
        elif quant is Quant.RND_INF:
            added = half - negative
        else:
            added = half - 1 + negative
    return np.asarray((raw + added) >> drop)


def rounded_raw(raw: int, drop: int, quant: Quant) -> int:
    """One raw integer moved down by `drop` places (up where negative), rounded."""
    if drop <= 0:
        return raw << -drop
    if quant is Quant.TRN:
        return raw >> drop
    return int(_rounded(np.array([raw], object), drop, quant)[0])


def rounded_ends(lo: int, hi: int, drop: int, quant: Quant) -> tuple[int, int]:
    """Both ends of a range as `rounded_raw` moves them, within what 128 bits hold."""
    least, most = -(1 << MAX_WIDTH - 1), (1 << MAX_WIDTH - 1) - 1
    low, high = (min(max(rounded_raw(v, drop, quant), least), most) for v in (lo, hi))
    return low, high


def _limited(raw: RawArray, target: Fixed, overflow: Overflow) -> RawArray:
    if overflow is Overflow.WRAP:
        return np.asarray(((raw - target.raw_min) & ((1 << target.width) - 1)) + target.raw_min)
    if overflow is Overflow.SAT_ZERO:
        return np.asarray(raw * ((raw >= target.raw_min) & (raw <= target.raw_max)))
    low = target.raw_min
    if overflow is Overflow.SAT_SYM and target.signed:
        low = -target.raw_max
    return np.asarray(np.minimum(np.maximum(raw, low), target.raw_max))


def _fits_int64(raw: RawArray, drop: int, target: Fixed) -> bool:
    """Whether every intermediate value of a cast stays within 64 bits."""
    if drop > _INT64_WIDTH - 1 or target.width > _INT64_WIDTH or raw.dtype.kind not in "iu":
        return False
    largest = max((abs(int(v)) for v in (raw.min(), raw.max())), default=0) if raw.size else 0
    return largest.bit_length() + max(0, -drop) <= _INT64_WIDTH


def cast_raw(
    raw: npt.ArrayLike, frac: int, target: Fixed, quant: Quant, overflow: Overflow
) -> RawArray:
    """Raw integers with `frac` bits after the point, converted to `target`.

    Args:
        raw: integers, any shape; int64 or Python integers (dtype object).
        frac: bits after the point of `raw`.
        target: the format to convert to.
        quant: rounding of the bits that are lost.
        overflow: treatment of values outside the target.

    Returns:
        Raw integers of `target`, same shape.
    """
    values = np.asarray(raw)
    drop = frac - target.frac
    if values.dtype != np.object_ and not _fits_int64(values, drop, target):
        values = values.astype(object)
    elif values.dtype != np.object_:
        values = values.astype(np.int64, copy=False)
    moved = _rounded(values, drop, quant) if drop > 0 else np.asarray(values << -drop)
    limited = _limited(moved, target, overflow)
    return limited if target.width > _INT64_WIDTH else limited.astype(np.int64, copy=False)
