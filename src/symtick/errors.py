"""The error classes of symtick.

The command line turns every `SymtickError` into one paragraph on stderr and a non-zero exit
status; any other exception is a bug in symtick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

_NEAR = 0.6  # likeness from which on a name may have been meant
_AS_NEAR = 0.2  # by which a name may be less like than the one most like
_PART = 3  # letters from which on a part of a name is as good as the name


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean sqrt or square? `, to stand before a list; nothing where no name comes near."""
    return asked(nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three names that may have been meant, the most like first."""

    def likeness(other: str) -> float:
        one, two = name.casefold(), other.casefold()
        part = len(one) >= _PART and one in two
        return max(0.9 * part, SequenceMatcher(None, one, two).ratio())

    near = sorted(known, key=likeness, reverse=True)[:3]
    least = max(_NEAR, likeness(near[0]) - _AS_NEAR) if near else 0.0
    return [other for other in near if likeness(other) >= least]


def asked(near: Sequence[str]) -> str:
    """`did you mean sqrt or square? `, or nothing."""
    return f"did you mean {' or '.join(near)}? " if near else ""


def counted(number: int, noun: str) -> str:
    """`1 tick`, `3 ticks`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class SymtickError(Exception):
    """Base of every error that a user can cause and mend; the text says how."""


class SymtickWarning(UserWarning):
    """Something about data or settings that is accepted, but that a user should know of."""


class InputError(SymtickError, ValueError):
    """A value from outside (data, configuration, text, a file) is not acceptable."""


class ParseError(InputError):
    """The text of an expression is not in symtick's language."""


class DomainError(InputError):
    """An operator is not defined on the whole interval that its argument can take."""


class WidthError(InputError):
    """A fixed-point format is outside the supported widths."""


class AccuracyError(InputError):
    """No method computes a function as exactly as was asked for."""


class ToolError(SymtickError, RuntimeError):
    """An external tool is missing, too old, or failed."""


class MissingExtraError(SymtickError, ImportError):
    """Packages are not installed that an extra of symtick brings."""

    def __init__(self, what: str, *extras: str) -> None:
        """State what needs the extras, and how to get them, in one line."""
        quoted = [f"'{extra}'" for extra in extras]
        names = " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
        plural = "s" if len(extras) > 1 else ""
        super().__init__(
            f"{what} needs the extra{plural} {names}: pip install 'symtick[{','.join(extras)}]'"
        )


class VerificationError(SymtickError, RuntimeError):
    """Two models of the same design disagree."""


class ResourceError(SymtickError, RuntimeError):
    """A design does not fit its budget of ticks, area or time."""
