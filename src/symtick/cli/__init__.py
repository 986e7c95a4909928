"""The command line: `symtick <verb> ...`.

Every error that the user can mend is one paragraph on stderr and exit status 1; an interrupt is
130. What a verb needs is imported inside it, so that help and completion are quick and a verb runs
where the extras of other verbs are not installed.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the `symtick` program."""
    try:  # an interrupt while modules load is one, too
        from symtick.cli.program import run

        run()
    except KeyboardInterrupt:
        print("symtick: interrupted", file=sys.stderr)
        sys.exit(130)
