"""The Pareto front of designs, the result of a distillation, and the choice among them.

A front is stored as `front.json` (complete: expressions with all digits of their constants) and
`front.csv` (a table).
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from symtick.codegen import Area, Precision, Width
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.errors import InputError, counted
from symtick.expr import Expression, parse, to_text
from symtick.files import write_json, write_text
from symtick.search.data.metrics import error_ratio
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.kernel_api.pareto import non_dominated
from symtick.settings import within

FORMAT = "symtick-front-1"
_LEAST = 1e-300  # a teacher without an error


@dataclass(frozen=True)
class Core:
    """The part of a design from slices of its inputs to scores: ticks and estimated resources."""

    ticks: int
    lut: float
    ff: float
    dsp: float


@dataclass(frozen=True)
class FrontEntry:
    """One design: closed forms, precision, and what they were measured to be.

    Its firmware reads what the ports carry, words or scaled features, and delivers what the job
    asks for, scores or decisions; `core` is what remains without slices and decisions.

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
        rmse: of values, the error of each output on validation rows in the values' units, against
            the truth where it is known, else against the teacher; empty for classes.
        core: figures of the core alone, once the search has ended; None where the design is no more
            than that, or the core cannot be made alone.
        widths: what width tuning decided, by node of the core without it.
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
    rmse: tuple[float, ...] = ()
    core: Core | None = None
    widths: tuple[Width, ...] = ()

    @property
    def cost(self) -> float:
        """LUTs, with those that a DSP block counts as; what designs are compared by."""
        return lut_equivalent(Area(lut=self.lut, dsp=self.dsp))

    @property
    def nodes(self) -> int:
        """Operators, inputs and constants of the formulas, each once for all outputs together."""
        return len(self.expression)

    @property
    def figures(self) -> tuple[float, ...]:
        """What designs are compared by, each to be small: -score, ticks, cost, nodes."""
        return (-self.score, self.ticks, self.cost, self.nodes)

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
        if self.rmse:
            content["rmse"] = list(self.rmse)
        content["inputs"] = list(self.expression.inputs)
        content["expressions"] = [self.text(k) for k in range(len(self.expression.outputs))]
        content["precision"] = self.precision.to_dict()
        content["core"] = None if self.core is None else asdict(self.core)
        if self.widths:
            content["widths"] = [width.to_dict() for width in self.widths]
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
            plain["rmse"] = tuple(plain.get("rmse", ()))
            core = plain.pop("core", None)  # fronts of older versions have none
            core = None if core is None else Core(**core)
            plain.pop("tuned_of", None)  # fronts of older versions have it
            plain["widths"] = tuple(Width.from_dict(w) for w in plain.get("widths", ()))
            return cls(expression=parse(texts, inputs), precision=precision, core=core, **plain)
        except (KeyError, TypeError) as error:
            raise InputError(f"a front's entry is damaged: {error}") from error


def best_for_cost(entries: Iterable[FrontEntry]) -> list[FrontEntry]:
    """The entries that no other beats, one of equals (by loss), by cost, named d1, d2, ..."""
    return _numbered(non_dominated(entries, lambda e: e.figures, _order))


def _order(e: FrontEntry) -> tuple[Any, ...]:
    return (e.cost, e.ticks, -e.score, e.nodes, e.loss, e.origin, str(e.expression))


def _numbered(entries: Iterable[FrontEntry]) -> list[FrontEntry]:
    return [replace(e, name=f"d{number}") for number, e in enumerate(entries, 1)]


@dataclass(frozen=True)
class Front:
    """Designs by cost, and the score they are measured against.

    No design beats another in score, ticks, cost and nodes.

    Attributes:
        entries: ascending in cost (`FrontEntry.cost`).
        teacher_score: the targets' own score on the validation rows.
        chosen: name of the chosen entry; empty when there is none.
        teacher_rmse: of values, the teacher's error of each output on the validation rows; empty
            for classes, and without a teacher or without the truth.
    """

    entries: tuple[FrontEntry, ...]
    teacher_score: float
    chosen: str
    teacher_rmse: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        entries: Iterable[FrontEntry],
        teacher_score: float,
        choice: ChoiceSettings,
        teacher_rmse: tuple[float, ...] = (),
    ) -> Front:
        """The front of these entries within the limits, and its choice.

        Chosen is the entry with the least cost, or what `choice.prefer` names, among those that are
        good enough: they keep `choice.share` of the teacher's score, or, where the teacher's error
        is known, make at most `choice.rmse_ratio` of it. Where none is, the best is chosen. Designs
        under `choice.floor` of the teacher's score (of values, of the best design's) are left out,
        unless all are.
        """
        allowed = (
            e
            for e in entries
            if within(e.ticks, choice.max_ticks)
            and within(e.cost, choice.max_lut)
            and within(e.nodes, choice.max_nodes)
        )
        best = best_for_cost(allowed)
        reach = teacher_score
        if best and best[0].rmse:
            reach = min(reach, max(e.score for e in best))
        useful = [e for e in best if e.score >= choice.floor * reach]
        front = cls(tuple(_numbered(useful or best)), teacher_score, "", teacher_rmse)
        return front._choosing(choice)

    def _choosing(self, choice: ChoiceSettings) -> Front:
        enough = [e for e in self.entries if self.missing(e, choice) <= 0]
        if choice.prefer != "lut":  # entries ascend in cost
            enough.sort(key=lambda e: e.ticks if choice.prefer == "ticks" else e.nodes)
        chosen = enough[0] if enough else self.best if self.entries else None
        return replace(self, chosen="" if chosen is None else chosen.name)

    def ratio(self, entry: FrontEntry) -> float | None:
        """An entry's error in units of the teacher's, the root mean square over the outputs.

        None for classes, and where the teacher's error is not known.
        """
        return error_ratio(entry.rmse, self.teacher_rmse) if self.teacher_rmse else None

    def error(self, entry: FrontEntry) -> float:
        """Of values: `ratio`, else the error in units of the targets' spread."""
        ratio = self.ratio(entry)
        return math.sqrt(max(0.0, 1.0 - entry.score)) if ratio is None else ratio

    def missing(self, entry: FrontEntry, choice: ChoiceSettings) -> float:
        """What an entry lacks of what the choice asks for; 0 or less where it is good enough.

        In score, or as a logarithm of errors.
        """
        ratio = self.ratio(entry)
        if ratio is None:
            return choice.share * self.teacher_score - entry.score
        return math.log(max(ratio, _LEAST) / choice.rmse_ratio)

    def thinned(self, choice: ChoiceSettings) -> Front:
        """The front without steps that the validation rows cannot tell apart.

        An entry goes where one that costs no more ticks and area scores less than
        `choice.resolution` below it (of values: makes an error larger by less than the share
        `choice.rmse_resolution`); the chosen and the best stay. So do the best of few nodes: from
        the best entry on the next one of as many nodes less as `choice.nodes_step` says.
        """
        kept: list[FrontEntry] = []
        for entry in self.entries:
            near = any(k.ticks <= entry.ticks and self._alike(k, entry, choice) for k in kept)
            if not near or entry in (self.entry(), self.best):
                kept.append(entry)
        names = {e.name for e in (*kept, *self._shortest(choice))}
        stay = [e for e in self.entries if e.name in names]
        anew = {old.name: new for old, new in zip(stay, _numbered(stay), strict=True)}
        chosen = anew[self.chosen].name if self.entries else ""
        return replace(self, entries=tuple(anew.values()), chosen=chosen)

    def _alike(self, first: FrontEntry, second: FrontEntry, choice: ChoiceSettings) -> bool:
        """Whether the first is hardly worse than the second, or better."""
        if second.rmse:
            return self.error(first) < self.error(second) * (1.0 + choice.rmse_resolution)
        return first.score > second.score - choice.resolution

    def _shortest(self, choice: ChoiceSettings) -> list[FrontEntry]:
        """The best entries of ever fewer nodes."""
        found: list[FrontEntry] = []
        able = list(self.entries)
        while able:
            best = min(able, key=lambda e: (self.error(e) if e.rmse else -e.score, e.nodes))
            alike = (e for e in able if self._alike(e, best, choice))
            found.append(min((best, *alike), key=lambda e: (e.nodes, e.cost)))
            able = [e for e in able if e.nodes * (1.0 + choice.nodes_step) <= found[-1].nodes]
        return found

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
    def line(self) -> str:
        """How many designs there are, and the figures of the chosen one."""
        e = self.entry()
        figures = f"score {e.score:.4g}, {counted(e.ticks, 'tick')}, {e.lut:.0f} LUT est."
        return f"{len(self.entries)} designs, chosen {e.name} ({figures})"

    @property
    def smallest(self) -> FrontEntry:
        """The entry of the least cost."""
        return self.entry(self.entries[0].name if self.entries else None)

    @property
    def best(self) -> FrontEntry:
        """The entry with the best score or least error (the smallest of equals)."""
        if not self.entries:
            return self.entry()
        if self.teacher_rmse:
            return min(self.entries, key=lambda e: (self.error(e), e.cost))
        return min(self.entries, key=lambda e: (-e.score, e.cost))

    def to_json(self) -> dict[str, Any]:
        """A form for JSON; nothing is lost."""
        return {
            "format": FORMAT,
            "teacher_score": self.teacher_score,
            "chosen": self.chosen,
            **({"teacher_rmse": list(self.teacher_rmse)} if self.teacher_rmse else {}),
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
        except FileNotFoundError:
            raise InputError(f"there is no front in {folder}: {path.name} is missing") from None
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}") from error
        return cls.from_json(content, str(path))

    @classmethod
    def from_json(cls, content: Any, where: str = "the front") -> Front:
        """The inverse of `to_json`.

        Args:
            content: what JSON held.
            where: that was, for messages.

        Raises:
            InputError: it is damaged or of another version.
        """
        try:
            if content["format"] != FORMAT:
                raise InputError(f"{where} has the format {content['format']!r}, not {FORMAT!r}")
            entries = tuple(FrontEntry.from_dict(e) for e in content["entries"])
            errors = tuple(float(v) for v in content.get("teacher_rmse", ()))
            return cls(entries, float(content["teacher_score"]), str(content["chosen"]), errors)
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{where} is damaged: {error}") from error

    def to_csv(self) -> str:
        """One line per entry; expressions with six digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        head = ("name", "chosen", "score", "agreement", "loss", "ticks", "lut", "ff", "dsp",
                "core_ticks", "core_lut", "core_ff", "core_dsp", "nodes")  # fmt: skip
        count = len(self.entries[0].expression.outputs) if self.entries else 0
        errors = [f"rmse_{k}" for k in range(count)] if self.entries and self.best.rmse else []
        writer.writerow([*head, *errors, "origin", *(f"expression_{k}" for k in range(count))])
        for e in self.entries:
            figures = [f"{v:.6g}" for v in (e.score, e.agreement, e.loss)]
            areas = [f"{v:.6g}" for v in (e.lut, e.ff, e.dsp)]
            core = [f"{v:.6g}" for v in astuple(e.core or Core(e.ticks, e.lut, e.ff, e.dsp))]
            chosen = int(e.name == self.chosen)
            texts = [*(f"{v:.6g}" for v in e.rmse), e.origin, *(e.text(k, 6) for k in range(count))]
            writer.writerow([e.name, chosen, *figures, e.ticks, *areas, *core, e.nodes, *texts])
        return text.getvalue()
