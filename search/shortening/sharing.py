"""Constants of few digits, of which the text shows equal ones once.

Each constant in turn takes a value that another one has already, or one of few digits, whichever
adds less loss, and those that are not decided yet give way (as in the quantiser of Frantar and
Alistarh 2022, "Optimal Brain Compression"). In between, these are fitted again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symtick.search.data.dataset import FloatArray
from symtick.search.data.quadratic import FitRows, Quadratic
from symtick.search.shortening.fitting import fit
from symtick.search.shortening.form import Form
from symtick.search.shortening.surgery import Move, Operating

DIGITS = 3
STAGES = 6  # fits in between
STEPS = 2


def shared(form: Form, rows: FitRows, price: float, digits: int = DIGITS) -> Form:
    """The form with constants of few digits.

    Args:
        form: fitted.
        rows: to fit on.
        price: loss that one constant less in the text may cost.
        digits: of a constant whose value no other has.
    """
    plain, values = form.plain, list[float]()
    now = replace(form, plain=plain.copy())
    while not now.plain.all():
        at = fit(now, rows, STEPS)
        count = max(1, int((~plain).sum()) // STAGES)
        now = _decided(now, at, values, price, digits, count)
    return replace(now, plain=plain)


def _decided(
    form: Form, at: Quadratic, values: list[float], price: float, digits: int, count: int
) -> Form:
    """The form with so many constants more that are decided: they count as plain."""
    state = Operating(form, at)
    for _ in range(min(count, int(state.free.sum()))):
        place, value = _cheapest(state, values, price, digits)
        state.make(Move(0.0, 1.0, place, value))
        values.append(abs(value))
    return replace(form, values=state.values, plain=~state.free)


def _cheapest(
    state: Operating, values: list[float], price: float, digits: int
) -> tuple[int, float]:
    """The constant that is decided next, and its value."""
    places = np.flatnonzero(state.free)
    now = state.values[places]
    room = np.maximum(2.0 * state.room[places], 1e-300)
    rounded = np.array([float(f"{v:.{digits}g}") for v in now.tolist()])
    signs = np.where(now < 0.0, -1.0, 1.0)
    options: FloatArray = np.concatenate([rounded[None], np.outer(np.abs(values), signs)])
    lost = np.square(options - now) / room
    lost[0] += np.where(np.isin(np.abs(rounded), values), 0.0, price)
    which, place = np.unravel_index(int(np.argmin(lost)), lost.shape)
    return int(places[place]), float(options[which, place])
