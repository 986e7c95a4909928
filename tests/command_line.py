"""The command line in this process."""

from __future__ import annotations

import sys

import pytest

from symtick.cli import main


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit code of `symtick` with these words."""
    monkeypatch.setattr(sys, "argv", ["symtick", *words])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
