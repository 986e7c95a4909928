"""Conversion of limits: None in Python, a large number in the kernel."""

from __future__ import annotations

import sys
from typing import TypeVar

from symtick.search import _kernel

ANY = _kernel.ANY_NUMBER  # the kernel's count that is no limit
FINITE = sys.float_info.max  # any finite number

N = TypeVar("N", int, float)


def as_limit(limit: N | None, none: N) -> N:
    """A limit as the kernel's number, `none` where there is none."""
    return none if limit is None else min(limit, none)
