"""The hardware side of a regression: input formats, cost tables and designs from its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen import TERM_FRACS, Fixed, Precision
from symtick.design_folder.folder import DesignSpec
from symtick.errors import InputError, did_you_mean
from symtick.estimators.settings import HardwareSettings
from symtick.expr import OPCODES, Builder, Expression, Interval, Op
from symtick.hwcost import Model, SearchCost, model, search_cost

Floats = npt.NDArray[np.float64]
_DEVICES = {"open": "open", "published": "xcvu9p-hls4sr"}
_TERM_BITS = 7  # an output's terms are computed to this many bits below the target's spread


@dataclass(frozen=True)
class Hardware:
    """What equations run on, as far as the search must know.

    Attributes:
        kind: `open`, `published`, `unit` (one tick and one LUT for everything) or `complexity`.
        device: name of the device for which designs are compiled.
        clock_mhz: its clock.
        formats: format of each feature.
        ranges: smallest and largest value of each feature.
    """

    kind: str
    device: str
    clock_mhz: float
    formats: tuple[Fixed, ...]
    ranges: tuple[Interval, ...]

    @classmethod
    def of(cls, X: Floats, settings: HardwareSettings, names: Sequence[str]) -> Hardware:
        """The hardware for features like these.

        Args:
            X: shape (rows, features).
            settings: a kind without a device means its first one; the point of the features whose
                formats are not given is put where the column's values just fit.
            names: names of the features.

        Raises:
            InputError: a name or a format is not acceptable.
        """
        ranges = tuple(Interval(float(c.min()), float(c.max())) for c in X.T)
        device, kind = settings.device, settings.cost or "open"
        if device is None:
            device = _DEVICES.get(kind, "open")
        formats = _formats(ranges, settings, names)
        return cls(kind, device, settings.clock_mhz, formats, ranges)

    def model(self) -> Model:
        """The cost model."""
        kind = self.kind if self.kind in ("unit", "open", "published") else "unit"
        return model(self.device, self.clock_mhz, kind)

    def search_cost(
        self, features: Sequence[int], complexity: Mapping[Op, float] | None = None
    ) -> SearchCost:
        """The table that the search reads, for these features.

        Args:
            features: numbers of the features that the search sees.
            complexity: of each operator, 1 by default; for the kind `complexity` only, whose
                `ticks` are levels of operators and whose `lut` adds up the operators' complexities.
        """
        if self.kind == "complexity":
            return level_cost(len(features), complexity or {})
        return search_cost(self.model(), [self.formats[k] for k in features])

    def spec(
        self, expression: Expression, spread: float, name: str, outputs: Sequence[str]
    ) -> DesignSpec:
        """A design of an expression over all features; it reads the features that occur in it.

        Args:
            expression: over all features.
            spread: standard deviation of the target, which the precision follows.
            name: top-level name.
            outputs: names of the output ports.

        Raises:
            InputError: the target varies by less than the last place of an output's terms.
        """
        if 0.0 < spread < 2.0 ** -TERM_FRACS[1]:
            raise InputError(
                f"the target varies by {spread:g} only, and the terms of an output end at "
                f"2**-{TERM_FRACS[1]}: for firmware, multiply y by a power of two and fit again"
            )
        used = sorted({n.index for n in expression.nodes if n.op is Op.INPUT}) or [0]
        bits = _TERM_BITS - (math.floor(math.log2(spread)) if spread > 0.0 else 0)
        return DesignSpec(
            name=name,
            expression=restricted(expression, used),
            output_names=tuple(outputs),
            formats=tuple(self.formats[k] for k in used),
            precision=Precision(term_frac=int(np.clip(bits, *TERM_FRACS))),
            device=self.device,
            clock_mhz=self.clock_mhz,
            ranges=tuple(self.ranges[k] for k in used),
        )


def level_cost(features: int, complexity: Mapping[Op, float]) -> SearchCost:
    leaves = (Op.INPUT, Op.CONST)
    levels = tuple(0.0 if op in leaves else 1.0 for op in OPCODES)
    costs = tuple(0.0 if op in leaves else float(complexity.get(op, 1.0)) for op in OPCODES)
    free = (0.0,) * features
    return SearchCost(1.0, False, False, levels, costs, free, free)


def _formats(
    ranges: Sequence[Interval], settings: HardwareSettings, names: Sequence[str]
) -> tuple[Fixed, ...]:
    named = settings.input_formats or {}
    if isinstance(named, str):
        return (Fixed.parse(named),) * len(ranges)
    if unknown := [n for n in named if n not in names]:
        raise InputError(
            f"a format is given for {unknown[0]!r}: {did_you_mean(unknown[0], names)}the features "
            f"are {', '.join(names)}"
        )
    return tuple(
        Fixed.parse(named[name]) if name in named else fitting_format(span, settings.input_bits)
        for name, span in zip(names, ranges, strict=True)
    )


def fitting_format(span: Interval, bits: int) -> Fixed:
    """The finest format of `bits` bits that holds the interval, but for a step at its upper end."""
    signed = span.lo < 0.0
    largest = max(abs(span.lo), abs(span.hi))
    frac = bits - signed - math.floor(math.log2(largest)) if largest else bits - signed
    while True:
        fmt = Fixed(bits, max(-1000, min(1000, frac)), signed)
        if (fmt.hi + fmt.step >= span.hi and fmt.lo <= span.lo) or frac < -1000:
            return fmt
        frac -= 1


def restricted(expression: Expression, used: Sequence[int]) -> Expression:
    """The expression over these of its inputs only; it must not read others."""
    place = {old: new for new, old in enumerate(used)}
    return renumbered(expression, place, [expression.inputs[k] for k in used])


def renumbered(
    expression: Expression, place: Mapping[int, int], inputs: Sequence[str]
) -> Expression:
    """The expression with its input k as input place[k] of `inputs`."""
    builder = Builder(tuple(inputs))
    numbers: list[int] = []
    for node in expression.nodes:
        if node.op is Op.INPUT:
            numbers.append(builder.input(place[node.index]))
        elif node.op is Op.CONST:
            numbers.append(builder.const(node.value))
        else:
            numbers.append(builder.op(node.op, *(numbers[a] for a in node.args)))
    return builder.build([numbers[k] for k in expression.outputs])
