"""What the fuzzer compiles: formulas with formats, precision, schedule, ports and decision.

A case is plain data, so that one that fails is kept as a file and compiled again from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from symtick.codegen import (
    Decision,
    Design,
    Fixed,
    Interface,
    Precision,
    Slice,
    compile_expression,
)
from symtick.codegen.forms.form import form
from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.expr import Expression, parse
from symtick.hwcost import Model, model

Format = tuple[int, int, bool]  # width, bits after the point, whether it is signed


@dataclass(frozen=True)
class FuzzCase:
    """One design to be.

    Attributes:
        texts: its formulas.
        inputs: their names.
        formats: width, bits after the point and sign of each input.
        words: the same of the ports' words; empty where the ports carry the formats.
        term_frac: of `Precision`, like the next ones.
        output: format of every output; None leaves them exact.
        options: `table_bits`, `wide_bits`, `chords`, `division`, `strict`, by name.
        quant, overflow: modes of the cast to `output`.
        device: the cost model's.
        clock_mhz: its clock.
        scheduler: `asap`, `alap` or `registers`.
        more_ticks: ticks beyond the fewest; None is combinational.
        decision: what is delivered of the outputs.
        threshold: of `above`.
        interface: kind, enable and reset.
    """

    texts: tuple[str, ...]
    inputs: tuple[str, ...]
    formats: tuple[Format, ...]
    words: tuple[Format, ...] = ()
    term_frac: int = 5
    output: Format | None = None
    options: Mapping[str, Any] | None = None
    quant: str = "AP_RND"
    overflow: str = "AP_SAT"
    device: str = "open"
    clock_mhz: float = 200.0
    scheduler: str = "registers"
    more_ticks: int | None = 0
    decision: tuple[str, ...] = ("scores",)
    threshold: float = 0.0
    interface: tuple[str, bool, bool] = ("plain", False, False)

    def to_json(self) -> dict[str, Any]:
        """Plain values, by attribute name."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> FuzzCase:
        """Inverse of `to_json`."""
        made = dict(content)
        for name in ("texts", "inputs", "decision", "interface"):
            made[name] = tuple(made[name])
        for name in ("formats", "words"):
            made[name] = tuple(tuple(fmt) for fmt in made[name])
        made["output"] = made["output"] and tuple(made["output"])
        return cls(**made)

    @property
    def expression(self) -> Expression:
        """The formulas, parsed."""
        return parse(list(self.texts), self.inputs)

    @property
    def precision(self) -> Precision:
        """How exactly it is compiled."""
        return Precision(
            term_frac=self.term_frac,
            output=self.output and Fixed(*self.output),
            quant=Quant(self.quant),
            overflow=Overflow(self.overflow),
            **(self.options or {}),
        )

    @property
    def scores_alone(self) -> FuzzCase:
        """The same formulas with nothing decided, and plain ports that carry the formats."""
        return replace(self, decision=("scores",), words=(), interface=("plain", False, False))

    def compiled(self, name: str) -> Design:
        """The design.

        Raises:
            SymtickError: it is refused.
        """
        made = self._compiled(name, 0 if self.more_ticks is None else None)
        if self.more_ticks:
            made = self._compiled(name, made.schedule.latency + self.more_ticks)
        form(made)  # which may be refused for what no input reaches
        return made

    def _compiled(self, name: str, latency: int | None) -> Design:
        formats = [Fixed(*fmt) for fmt in self.formats]
        words = zip(self.words, formats, strict=True) if self.words else ()
        limits = (self.threshold,) if "above" in self.decision else ()
        return compile_expression(
            self.expression, formats, _model(self.device, self.clock_mhz), self.precision,
            name=name, latency=latency, scheduler=self.scheduler,
            decision=Decision(self.decision, limits),
            slices=[Slice(Fixed(*word), fmt) for word, fmt in words],
            interface=Interface(*self.interface),
        )  # fmt: skip


@cache
def _model(device: str, clock_mhz: float) -> Model:
    return model(device, clock_mhz)


def formats(case: FuzzCase) -> Sequence[Fixed]:
    """Of its formulas' inputs."""
    return [Fixed(*fmt) for fmt in case.formats]
