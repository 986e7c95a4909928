"""The Pareto front of designs, the result of a distillation, and the choice among them.

A front is stored as `front.json` (complete: expressions with all digits of their constants) and
`front.csv` (a table).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symtick.codegen import Area, Precision
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.errors import InputError
from symtick.expr import Expression, parse, to_text
from symtick.files import write_json, write_text
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.kernel_api.pareto import non_dominated
from symtick.settings import within

FORMAT = "symtick-front-1"


@dataclass(frozen=True)
class FrontEntry:
    """One design: closed forms, precision, and what they were measured to be.

    Attributes:
        name: short and unique in its front, d1, d2, ... by cost.
        expression: one output per target.
        precision: what it was compiled with.
        origin: which part of the search it comes from.
        loss: on validation rows, of the fixed-point outputs: mean Kullback-Leibler divergence from
            the targets' classes, or mean squared error over the variance.
        score: accuracy (or R^2) of the fixed-point outputs on validation rows.
        agreement: share of validation rows with the teacher's class (or R^2).
        ticks: compiled latency.
        lut, ff, dsp: estimated resources; ff counts pipeline registers.
        search_ticks: latency of the slowest output as the search's cost table sees it.
    """

    name: str
    expression: Expression
    precision: Precision
    origin: str
    loss: float
    score: float
    agreement: float
    ticks: int
    lut: float
    ff: float
    dsp: float
    search_ticks: int

    @property
    def cost(self) -> float:
        """LUTs, with those that a DSP block counts as; what designs are compared by."""
        return lut_equivalent(Area(lut=self.lut, dsp=self.dsp))

    @property
    def figures(self) -> tuple[float, ...]:
        """What designs are compared by, each to be small: -score, ticks, cost."""
        return (-self.score, self.ticks, self.cost)

    def text(self, output: int, digits: int | None = None) -> str:
        """One output's expression; exact by default."""
        return to_text(self.expression, output, digits)

    def to_dict(self) -> dict[str, Any]:
        """A form for JSON; nothing is lost."""
        content: dict[str, Any] = {
            key: getattr(self, key)
            for key in (
                "name", "origin", "loss", "score", "agreement", "ticks", "lut", "ff", "dsp",
                "search_ticks",
            )
        }  # fmt: skip
        content["inputs"] = list(self.expression.inputs)
        content["expressions"] = [self.text(k) for k in range(len(self.expression.outputs))]
        content["precision"] = self.precision.to_dict()
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> FrontEntry:
        """The inverse of `to_dict`.

        Raises:
            InputError: a key is missing or a value is not what it should be.
        """
        try:
            plain = dict(content)
            texts, inputs = plain.pop("expressions"), plain.pop("inputs")
            precision = Precision.from_dict(plain.pop("precision"))
            return cls(expression=parse(texts, inputs), precision=precision, **plain)
        except (KeyError, TypeError) as error:
            raise InputError(f"a front's entry is damaged: {error}") from error


def best_for_cost(entries: Iterable[FrontEntry]) -> list[FrontEntry]:
    """The entries that no other beats, one of equals (by loss), by cost, named d1, d2, ..."""
    return _numbered(non_dominated(entries, lambda e: e.figures, _order))


def _order(e: FrontEntry) -> tuple[Any, ...]:
    return (e.cost, e.ticks, -e.score, e.loss, e.origin, str(e.expression))


def _numbered(entries: Iterable[FrontEntry]) -> list[FrontEntry]:
    return [replace(e, name=f"d{number}") for number, e in enumerate(entries, 1)]


@dataclass(frozen=True)
class Front:
    """Non-dominated designs by cost, and the score they are measured against.

    Attributes:
        entries: ascending in cost (`FrontEntry.cost`).
        teacher_score: the targets' own score on the validation rows.
        chosen: name of the chosen entry; empty when there is none.
    """

    entries: tuple[FrontEntry, ...]
    teacher_score: float
    chosen: str

    @classmethod
    def of(
        cls, entries: Iterable[FrontEntry], teacher_score: float, choice: ChoiceSettings
    ) -> Front:
        """The front of these entries within the limits, and its choice.

        Chosen is the entry with the least cost (then ticks) among those that keep
        `choice.share` of the teacher's score; where none does, the one with the best score.
        Designs under `choice.floor` of it are left out, unless all are.
        """
        best = best_for_cost(
            e
            for e in entries
            if within(e.ticks, choice.max_ticks) and within(e.cost, choice.max_lut)
        )
        useful = [e for e in best if e.score >= choice.floor * teacher_score]
        kept = _numbered(useful or best)
        enough = [e for e in kept if e.score >= choice.share * teacher_score]
        chosen = enough[:1] or sorted(kept, key=lambda e: (-e.score, e.cost))[:1]
        return cls(tuple(kept), teacher_score, chosen[0].name if chosen else "")

    def thinned(self, resolution: float) -> Front:
        """The front without steps that the validation rows cannot tell apart.

        An entry goes where one that costs no more ticks and area scores less than `resolution`
        below it; the chosen and the best stay.
        """
        kept: list[FrontEntry] = []
        for entry in self.entries:
            near = any(k.ticks <= entry.ticks and k.score > entry.score - resolution for k in kept)
            if not near or entry in (self.entry(), self.best):
                kept.append(entry)
        names = {e.name: f"d{n}" for n, e in enumerate(kept, 1)}
        renamed = tuple(replace(e, name=names[e.name]) for e in kept)
        return replace(self, entries=renamed, chosen=names.get(self.chosen, ""))

    def entry(self, name: str | None = None) -> FrontEntry:
        """The entry of that name; the chosen one without a name.

        Raises:
            InputError: there is none.
        """
        wanted = self.chosen if name is None else name
        for entry in self.entries:
            if entry.name == wanted:
                return entry
        if not self.entries:
            raise InputError("the front is empty: no design met the limits on ticks and LUTs")
        names = ", ".join(e.name for e in self.entries)
        raise InputError(f"there is no design {wanted!r} on the front: there are {names}")

    @property
    def smallest(self) -> FrontEntry:
        """The entry of the least cost."""
        return self.entry(self.entries[0].name if self.entries else None)

    @property
    def best(self) -> FrontEntry:
        """The entry with the best score (the smallest of equals)."""
        if not self.entries:
            return self.entry()
        return min(self.entries, key=lambda e: (-e.score, e.cost))

    def to_json(self) -> dict[str, Any]:
        """A form for JSON; nothing is lost."""
        return {
            "format": FORMAT,
            "teacher_score": self.teacher_score,
            "chosen": self.chosen,
            "entries": [e.to_dict() for e in self.entries],
        }

    def save(self, folder: Path) -> None:
        """Write `front.json` and `front.csv`."""
        write_json(folder / "front.json", self.to_json())
        write_text(folder / "front.csv", self.to_csv())

    @classmethod
    def load(cls, folder: Path) -> Front:
        """Read `front.json`.

        Raises:
            InputError: it is missing, damaged or of another version.
        """
        path = folder / "front.json"
        try:
            content = json.loads(path.read_text())
            if content["format"] != FORMAT:
                raise InputError(f"{path} has the format {content['format']!r}, not {FORMAT!r}")
            entries = tuple(FrontEntry.from_dict(e) for e in content["entries"])
            return cls(entries, float(content["teacher_score"]), str(content["chosen"]))
        except FileNotFoundError:
            raise InputError(f"there is no front in {folder}: {path.name} is missing") from None
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path} is damaged: {error}") from error

    def to_csv(self) -> str:
        """One line per entry; expressions with six digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        head = ("name", "chosen", "score", "agreement", "loss", "ticks", "lut", "ff", "dsp")
        count = len(self.entries[0].expression.outputs) if self.entries else 0
        writer.writerow([*head, "origin", *(f"expression_{k}" for k in range(count))])
        for e in self.entries:
            figures = [f"{v:.6g}" for v in (e.score, e.agreement, e.loss)]
            areas = [f"{v:.6g}" for v in (e.lut, e.ff, e.dsp)]
            chosen = int(e.name == self.chosen)
            texts = [e.text(k, 6) for k in range(count)]
            writer.writerow([e.name, chosen, *figures, e.ticks, *areas, e.origin, *texts])
        return text.getvalue()
