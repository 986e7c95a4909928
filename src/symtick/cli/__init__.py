"""The command line: `symtick <verb> ...`.

Room: front door. Every error that the user can mend is one paragraph on stderr and exit status 1;
an interrupt is 130.
"""

from __future__ import annotations

import sys
import textwrap

from rich.console import Console

from symtick.cli.app import app
from symtick.errors import SymtickError


def main() -> None:
    """Entry point of the `symtick` program."""
    try:
        app()
    except (SymtickError, OSError) as error:
        what = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        text = " ".join(f"symtick: {what}".split())
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False), markup=False
        )
        sys.exit(1)
    except KeyboardInterrupt:
        Console(stderr=True).print("symtick: interrupted")
        sys.exit(130)
