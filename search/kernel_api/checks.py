"""Checks of numbers that searches take."""

from __future__ import annotations

from symtick.errors import InputError


def check_budget(name: str, value: int, least: int) -> None:
    """Whether a setting is a number of things.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise InputError(f"{name} must be an integer from {least}, not {value!r}")
