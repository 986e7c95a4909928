"""Fit forms: the features that each row of a measured device is fitted to.

A form names the features of a least-squares regression and, where the cost is not linear, one
feature over which a value is kept for each point that was measured. Without the latter the
regression has a constant.
"""

from __future__ import annotations

from typing import NamedTuple


class FitForm(NamedTuple):
    """How a row depends on features: linearly on some, by points over one."""

    linear: tuple[str, ...] = ()
    points: str | None = None


class RowForms(NamedTuple):
    """The forms of one row's delay and LUTs."""

    delay: FitForm
    area: FitForm


FORMS: dict[str, RowForms] = {
    "add": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "offset": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "neg": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "abs": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "min": RowForms(FitForm(points="bits"), FitForm(("bits",))),
    "compare": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "select": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "digit_row": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "mul": RowForms(FitForm(("longer",), "shorter"), FitForm(("partial",))),
    "square": RowForms(FitForm(points="longer"), FitForm(points="longer")),
    "constant": RowForms(FitForm(("width",), "adders"), FitForm(("partial",))),
    "round": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "round_tie": RowForms(FitForm(("bits",)), FitForm(("bits",))),
    "saturate": RowForms(FitForm(("bits",)), FitForm(("bits",))),
}
# rows that cost what another does
ALIASES = {"sub": "add", "max": "min"}
