"""Which form each row of a measured device is fitted in.

A form names the features of a least-squares regression and, where the cost is not
linear, one feature over which a value is kept for each point that was measured. Without the latter
the regression has a constant.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """How a row depends on features: linearly on some, by points over one."""

    linear: tuple[str, ...] = ()
    points: str | None = None


class RowForms(NamedTuple):
    """The forms of one row's delay and LUTs."""

    delay: Form
    area: Form


FORMS: dict[str, RowForms] = {
    "add": RowForms(Form(("bits",)), Form(("bits",))),
    "offset": RowForms(Form(("bits",)), Form(("bits",))),
    "neg": RowForms(Form(("bits",)), Form(("bits",))),
    "abs": RowForms(Form(("bits",)), Form(("bits",))),
    "min": RowForms(Form(points="bits"), Form(("bits",))),
    "compare": RowForms(Form(("bits",)), Form(("bits",))),
    "select": RowForms(Form(("bits",)), Form(("bits",))),
    "digit_row": RowForms(Form(("bits",)), Form(("bits",))),
    "mul": RowForms(Form(("longer",), "shorter"), Form(("partial",))),
    "square": RowForms(Form(points="longer"), Form(points="longer")),
    "constant": RowForms(Form(("width",), "adders"), Form(("partial",))),
    "round": RowForms(Form(("bits",)), Form(("bits",))),
    "round_tie": RowForms(Form(("bits",)), Form(("bits",))),
    "saturate": RowForms(Form(("bits",)), Form(("bits",))),
}
# rows that cost what another does
ALIASES = {"sub": "add", "max": "min"}
