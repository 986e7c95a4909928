"""Ranges and names that settings and job files are checked against."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import AfterValidator


def one_of(names: Collection[str]) -> AfterValidator:
    """A validator of texts: one of these names."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of {', '.join(names)}, not {name!r}")
        return name

    return AfterValidator(check)
