"""The program: a verb is run, and what went wrong becomes a paragraph on stderr."""

from __future__ import annotations

import sys
import textwrap
import warnings
from typing import TextIO

from symtick.cli.app import app
from symtick.errors import MissingExtraError, SymtickError, SymtickWarning
from symtick.interrupts import announced, say

_COLUMNS = 100
_SHOW = warnings.showwarning


def run() -> None:
    """Run the verb of the command line; an error that the user can mend ends with status 1."""
    warnings.showwarning = _show
    try:
        with announced(_interrupted):
            app()
    except MissingExtraError as error:
        _quit(str(error), 1)  # one line, to be copied, and it names the verb
    except (SymtickError, OSError) as error:
        what = str(error)
        if isinstance(error, OSError) and error.filename:
            what = f"{error.filename}: {error.strerror}"
        text = " ".join(f"symtick: {what}".split())
        _quit(textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False), 1)


def _interrupted() -> bool:
    say("symtick: interrupted")
    return True


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print what a user should know as a paragraph of its own, above a bar that is drawn."""
    from symtick.cli.console import messages

    if issubclass(category, SymtickWarning):
        messages.print(f"note: {message}", markup=False, soft_wrap=True, style="yellow")
    else:
        _SHOW(message, category, filename, lineno, file, line)


def _quit(text: str, status: int) -> None:
    print(text, file=sys.stderr)
    sys.exit(status)
