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
from symtick.search.data.metrics import (
    accuracy,
    agreement,
    auc_per_class,
    error_ratio,
    root_mean_squares,
)

DASH = "-"
OF_CLASSES = ("accuracy %", "agreement %", "mean AUC")
OF_HARDWARE = ("LUT", "FF", "DSP", "ticks", "MHz", "ns", "core LUT", "core FF", "core ticks")
RATIO = "RMSE / teacher's"


@dataclass(frozen=True)
class ComparisonRow:
    """One design.

    Attributes:
        name: what it is.
        accuracy: part of the test rows that it classifies right, 0 to 1.
        agreement: part of the test rows for which it chooses the float teacher's class.
        auc: area under the ROC curve of each class against the rest.
        rmse: of a regression, the error of each target by name, against the truth where it is
            known, else against the teacher.
        ratio: these in units of the teacher's, the root mean square over the targets.
        lut, ff, dsp: after Yosys for UltraScale+.
        ticks: clock ticks from input to output.
        mhz: the clock after place and route for the ECP5.
        core_lut, core_ff, core_ticks: of a design from slices of its inputs to scores alone, where
            it is more than that.
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
    rmse: Mapping[str, float] = field(default_factory=dict)
    ratio: float | None = None
    core_lut: int | None = None
    core_ff: int | None = None
    core_ticks: int | None = None

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
            "core_lut": self.core_lut,
            "core_ff": self.core_ff,
            "core_ticks": self.core_ticks,
            "note": self.note,
            **({"rmse": dict(self.rmse), "ratio": self.ratio} if self.rmse else {}),
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
    core: tuple[int | None, int | None, int | None] = (None, None, None),
) -> ComparisonRow:
    """A row with accuracy, agreement and AUC, or with errors, of the outputs of the test rows.

    Args:
        name: of the design.
        scores: (rows, classes) or values (rows, targets), in the design's own arithmetic.
        test: the rows; without labels there is agreement only.
        teacher_scores: the same of the float teacher.
        lut, ff, dsp, ticks, mhz, note: as `ComparisonRow`.
        core: LUT, FF and ticks of the core.

    Raises:
        InputError: numbers of rows or classes that do not fit.
    """
    quality = _errors if test.target_names else _shares
    return ComparisonRow(
        name=name,
        **quality(scores, test, teacher_scores),
        lut=lut,
        ff=ff,
        dsp=dsp,
        ticks=ticks,
        mhz=mhz,
        note=note,
        core_lut=core[0],
        core_ff=core[1],
        core_ticks=core[2],
    )


def _shares(scores: npt.ArrayLike, test: Dataset, teacher_scores: npt.ArrayLike) -> dict[str, Any]:
    labels = test.y
    return {
        "accuracy": None if labels is None else accuracy(scores, labels, test.weights),
        "agreement": agreement(scores, teacher_scores, test.weights),
        "auc": {}
        if labels is None
        else auc_per_class(scores, labels, test.class_names, test.weights),
    }


def _errors(values: npt.ArrayLike, test: Dataset, teacher_values: npt.ArrayLike) -> dict[str, Any]:
    truth = teacher_values if test.y is None else test.targets
    errors = root_mean_squares(values, truth, test.weights)
    ratio = None
    if test.y is not None:
        ratio = error_ratio(errors, root_mean_squares(teacher_values, test.targets, test.weights))
    return {"rmse": dict(zip(test.target_names, errors, strict=True)), "ratio": ratio}


def columns(rows: Sequence[ComparisonRow]) -> tuple[str, ...]:
    """Heads of the figures of `cells`."""
    names = _targets(rows)
    of_values = (*(f"RMSE {name}" for name in names), RATIO)
    return (*(of_values if names else OF_CLASSES), *OF_HARDWARE)


def _targets(rows: Sequence[ComparisonRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.rmse))


def cells(row: ComparisonRow) -> list[str]:
    """The figures of a row as text, in the order of `columns`."""

    def shown(value: float | None, form: str, factor: float = 1.0) -> str:
        return DASH if value is None else format(value * factor, form)

    mean = sum(row.auc.values()) / len(row.auc) if row.auc else None
    quality = [shown(row.accuracy, ".2f", 100), shown(row.agreement, ".2f", 100),
               shown(mean, ".4f")]  # fmt: skip
    if row.rmse:
        quality = [*(shown(error, ".4g") for error in row.rmse.values()), shown(row.ratio, ".3f")]
    return [
        *quality,
        shown(row.lut, ",.0f"),
        shown(row.ff, ",.0f"),
        shown(row.dsp, ",.0f"),
        shown(row.ticks, ".0f"),
        shown(row.mhz, ".0f"),
        shown(row.ns, ".1f"),
        shown(row.core_lut, ",.0f"),
        shown(row.core_ff, ",.0f"),
        shown(row.core_ticks, ".0f"),
    ]


def to_json(rows: Sequence[ComparisonRow]) -> list[dict[str, Any]]:
    """For `write_json`, reports and tools."""
    return [row.to_dict() for row in rows]


def to_csv(rows: Sequence[ComparisonRow]) -> str:
    """One line per design; a missing figure is empty.

    One `auc_<class>` column per class, or one `rmse_<target>` column per target.
    """
    targets = _targets(rows)
    classes = list(dict.fromkeys(name for row in rows for name in row.auc))
    lines = []
    for row in rows:
        line = row.to_dict()
        areas = line.pop("auc")
        note, errors = line.pop("note"), line.pop("rmse", {})
        if targets:
            line = {k: v for k, v in line.items() if k not in ("accuracy", "agreement")}
        parts = {f"auc_{c}": areas.get(c) for c in classes}
        parts |= {f"rmse_{name}": errors.get(name) for name in targets}
        lines.append({**line, **parts, "note": note})
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
