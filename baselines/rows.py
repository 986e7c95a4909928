"""Rows of the comparison table: figures of each method, and their text forms.

A figure that nobody measured is None and shown as a dash; nothing is filled in from the literature.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from symtick.errors import InputError
from symtick.search.data.dataset import Dataset
from symtick.search.data.metrics import accuracy, agreement, auc_per_class

DASH = "-"
COLUMNS = ("accuracy %", "agreement %", "mean AUC", "LUT", "FF", "DSP", "ticks", "MHz", "ns")


@dataclass(frozen=True)
class ComparisonRow:
    """One design.

    Attributes:
        name: what it is.
        accuracy: part of the test rows that it classifies right, 0 to 1.
        agreement: part of the test rows for which it chooses the float teacher's class.
        auc: area under the ROC curve of each class against the rest.
        lut, ff, dsp: after Yosys for UltraScale+.
        ticks: clock ticks from input to output.
        mhz: the clock after place and route for the ECP5.
        note: what a reader must know, such as why a figure is missing.
    """

    name: str
    accuracy: float | None = None
    agreement: float | None = None
    auc: Mapping[str, float] = field(default_factory=dict)
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    ticks: int | None = None
    mhz: float | None = None
    note: str = ""

    @property
    def ns(self) -> float | None:
        """Latency in nanoseconds at that clock."""
        if self.ticks is None or self.mhz is None:
            return None
        return self.ticks * 1000.0 / self.mhz

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON."""
        return {
            "name": self.name,
            "accuracy": self.accuracy,
            "agreement": self.agreement,
            "auc": dict(self.auc),
            "lut": self.lut,
            "ff": self.ff,
            "dsp": self.dsp,
            "ticks": self.ticks,
            "mhz": self.mhz,
            "ns": self.ns,
            "note": self.note,
        }


def scored_row(
    name: str,
    scores: npt.ArrayLike,
    test: Dataset,
    teacher_scores: npt.ArrayLike,
    *,
    lut: int | None = None,
    ff: int | None = None,
    dsp: int | None = None,
    ticks: int | None = None,
    mhz: float | None = None,
    note: str = "",
) -> ComparisonRow:
    """A row with accuracy, agreement and AUC computed from the scores of the test rows.

    Args:
        name: of the design.
        scores: (rows, classes) in the design's own arithmetic.
        test: the rows; without labels there is agreement only.
        teacher_scores: (rows, classes) of the float teacher.
        lut, ff, dsp, ticks, mhz, note: as `ComparisonRow`.

    Raises:
        InputError: numbers of rows or classes that do not fit.
    """
    labels = test.y
    return ComparisonRow(
        name=name,
        accuracy=None if labels is None else accuracy(scores, labels),
        agreement=agreement(scores, teacher_scores),
        auc={} if labels is None else auc_per_class(scores, labels, test.class_names),
        lut=lut,
        ff=ff,
        dsp=dsp,
        ticks=ticks,
        mhz=mhz,
        note=note,
    )


def cells(row: ComparisonRow) -> list[str]:
    """The figures of a row as text, in the order of `COLUMNS`."""

    def shown(value: float | None, form: str, factor: float = 1.0) -> str:
        return DASH if value is None else format(value * factor, form)

    mean = sum(row.auc.values()) / len(row.auc) if row.auc else None
    return [
        shown(row.accuracy, ".2f", 100),
        shown(row.agreement, ".2f", 100),
        shown(mean, ".4f"),
        shown(row.lut, ",.0f"),
        shown(row.ff, ",.0f"),
        shown(row.dsp, ",.0f"),
        shown(row.ticks, ".0f"),
        shown(row.mhz, ".0f"),
        shown(row.ns, ".1f"),
    ]


def to_json(rows: Sequence[ComparisonRow]) -> list[dict[str, Any]]:
    """For `write_json`, reports and tools."""
    return [row.to_dict() for row in rows]


def to_csv(rows: Sequence[ComparisonRow]) -> str:
    """One line per design, one `auc_<class>` column per class; a missing figure is empty."""
    classes = list(dict.fromkeys(name for row in rows for name in row.auc))
    lines = []
    for row in rows:
        line = row.to_dict()
        areas = line.pop("auc")
        note = line.pop("note")
        lines.append({**line, **{f"auc_{c}": areas.get(c) for c in classes}, "note": note})
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(lines[0]) if lines else ["name"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def read_rows(path: Path) -> list[ComparisonRow]:
    """The rows in a file of `to_json`; none where there is no file.

    Raises:
        InputError: it is damaged.
    """
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [ComparisonRow(**{k: v for k, v in row.items() if k != "ns"}) for row in content]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
