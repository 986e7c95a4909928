"""Feature names as users write them, and the names that ports and formulas have for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from symtick.expr import can_name

_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")


def port_names(names: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Names that expressions, C++ and Verilog can have for features, one for each, all different.

    A name that can be one stays. In others Greek letters are written out, as formulas typeset them
    again (`θ_1` is `theta_1`, `Δx` is `Delta_x`, `λ` is `lamda`), and accents go. Then runs of
    characters that are no letters and digits become `_`; a name that means something already
    (`exp`, `e`, `if`) gets a `_` behind it, one that begins with no letter an `x_` before it, and
    equal ones are numbered: `p_{T} [GeV]` is `p_T_GeV`, `a b` and `a-b` are `a_b` and `a_b_2`.

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
    plain = re.sub(r"[\W_]+", "_", _written_out(name), flags=re.ASCII).strip("_")
    if not re.match(r"[A-Za-z]", plain):
        plain = f"x_{plain}".rstrip("_")
    while not can_name(plain) or plain in taken:
        plain += "_"
    return plain


def _written_out(name: str) -> str:
    """Greek letters by name, apart from other letters, and letters without their accents."""
    parts: list[str] = []
    for letter in unicodedata.normalize("NFKD", name):
        greek = _GREEK.fullmatch(unicodedata.name(letter, ""))
        if greek:
            word = greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
            parts.append(f"_{word}_")
        elif not unicodedata.combining(letter):
            # a digit may follow a letter's name directly
            after = letter.isdigit() and parts and parts[-1].endswith("_") and len(parts[-1]) > 1
            parts[-1:] = [parts[-1][:-1], letter] if after else [*parts[-1:], letter]
    return "".join(parts)
