"""The error classes of symtick.

The command line turns every `SymtickError` into one paragraph on stderr and a non-zero exit
status; any other exception is a bug in symtick.
"""


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
