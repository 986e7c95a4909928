"""Feature names as users write them, and the names that ports and formulas have for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from symtick.expr import can_name


def port_names(names: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Names that expressions, C++ and Verilog can have for features, one for each, all different.

    A name that can be one stays. Of others runs of characters that are no letters and digits become
    `_`; a name that means something already (`exp`, `e`, `if`) gets a `_` behind it, one that
    begins with no letter an `x_` before it, and equal ones are numbered: `p_{T} [GeV]` is
    `p_T_GeV`, `a b` and `a-b` are `a_b` and `a_b_2`.

    Args:
        names: of the features.
        taken: words that mean something else where the names are used.
    """
    unique: list[str] = []
    kept = {name for name in names if can_name(name) and name not in taken}
    for name in names:
        wanted = name if name in kept else _legal(name, taken)
        count, own = 1, wanted
        while own in unique or (own != name and own in kept):
            count += 1
            own = f"{wanted.rstrip('_')}_{count}"
        unique.append(own)
    return tuple(unique)


def _legal(name: str, taken: Collection[str]) -> str:
    plain = re.sub(r"[\W_]+", "_", name, flags=re.ASCII).strip("_")
    if not re.match(r"[A-Za-z]", plain):
        plain = f"x_{plain}".rstrip("_")
    while not can_name(plain) or plain in taken:
        plain += "_"
    return plain
