"""The stub of the compiled kernel, `search/_kernel.pyi`, generated from the kernel itself.

`make stubs` writes it; a test compares. nanobind's generator gives names and types; here arrays
lose what a type checker does not look at (shape, order, device), fields that are read and written
with one type become attributes, and ruff formats the whole.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

from symtick.search import _kernel

STUB = Path(__file__).parents[2] / "search" / "_kernel.pyi"

_ARRAY = re.compile(r"Annotated\[(NDArray\[[\w.]+\]), dict\([^\]]*?\)\]")
_FIELD = re.compile(
    r"    @property\n    def (?P<name>\w+)\(self\) -> (?P<kind>[\w.]+): \.\.\.\n\n"
    r"    @(?P=name)\.setter\n    def (?P=name)\(self, arg: (?P=kind), /\) -> None: \.\.\.\n\n"
)


def generated() -> str:
    """The text of the stub."""
    generator = StubGen(_kernel, recursive=False)
    generator.put(_kernel)
    text = generator.get()
    text = _ARRAY.sub(r"\1", text)
    text = _FIELD.sub(r"    \g<name>: \g<kind>\n", text)
    text = text.replace("from typing import Annotated\n", "")
    for command in (["check", "--fix", "--exit-zero", "--quiet"], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(STUB), "-"],
            input=text, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    return text


if __name__ == "__main__":
    STUB.write_text(generated())
