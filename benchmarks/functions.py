"""Every unary function at several widths: method, cost, bound and worst error.

Run: `python -m benchmarks.functions`; it writes docs/functions.md. Inputs of up to 16 bits are
tested on every code, wider ones on the ends and random codes (seed 0). The reference is float64 up
to 32 bits, where its own error is below a thousandth of a unit, and mpmath at 48.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mpmath
import numpy as np
import sympy

from benchmarks.document.markdown import table
from benchmarks.runs import ROOT
from symtick.codegen import Design, Fixed, Precision, RawArray, compile_expression
from symtick.expr import Interval, parse, to_sympy
from symtick.files import write_text
from symtick.hwcost import estimate, model

OUT = ROOT / "docs" / "functions.md"
WIDTHS = (8, 12, 16, 24, 32)
# functions defined everywhere on three integer bits, and functions of a positive argument
SIGNED = (
    "sin(x0)", "cos(x0)", "exp(x0)", "tanh(x0)", "square(x0)", "cube(x0)", "abs(x0)", "-x0",
    "sinh(x0)", "cosh(x0)", "tan(x0/3)", "asin(x0/4)", "acos(x0/4)", "atan(x0)", "asinh(x0)",
    "erf(x0)", "atanh(x0/8)", "expm1(x0)", "sigmoid(x0)", "sign(x0)", "floor(x0)", "max(x0, 0)",
)  # fmt: skip
POSITIVE = (
    "sqrt(x0)", "log(x0)", "1/x0", "log1p(x0)", "log2(x0)", "acosh(x0 + 1)", "x0**1.5", "x0**-0.7",
)  # fmt: skip
LEAST = 0.125
EXHAUSTIVE = 16
_RANDOM = 20_000
_EXACT_POINTS = 400
_TEXT = """# Functions in hardware

`python -m benchmarks.functions` writes this page. Each design is one function of one input in
`fixed<W,3>` (for functions of a positive argument: `ufixed<W,3>` from {least:g} on), computed to
W - 3 bits after the point (40 at most) at 200 MHz on the device `open`. Bounds and errors are in
units of the last of those bits (ulp). Bounds are computed by the compiler. Errors are the largest
measured: on every code up to {exhaustive} bits, on the ends and random codes beyond. 0.50 is
correct rounding; rows without a bound are exact arithmetic.

{rows}
"""


@dataclass(frozen=True)
class FunctionRow:
    """One function at one width; bound and error in units of its last place, see `places`."""

    function: str
    width: int
    method: str
    lut: float
    ff: float
    ticks: int
    bound: float
    error: float

    def cells(self) -> list[str]:
        """As a line of the table."""
        bound = f"{self.bound:.2f}" if self.bound else "exact"
        return [
            f"`{self.function}`", str(self.width), self.method, f"{self.lut:.0f}",
            f"{self.ff:.0f}", str(self.ticks), bound, f"{self.error:.2f}",
        ]  # fmt: skip


def places(width: int) -> int:
    """Bits after the point of the result."""
    return min(width - 3, 40)


def design(text: str, width: int, **options: int | str) -> Design:
    """A function alone."""
    fmt = Fixed(width, width - 3, text in SIGNED)
    ranges = None if text in SIGNED else [Interval(LEAST, fmt.hi)]
    precision = Precision(term_frac=places(width), **options)  # type: ignore[arg-type]
    return compile_expression(
        parse(text, ("x0",)), [fmt], model(), precision, name="alone", ranges=ranges
    )


def codes(made: Design, width: int) -> RawArray:
    """Raw inputs: all of them, or the ends and random ones."""
    (node,) = (n for n in made.graph.nodes if not n.args and n.contents == () and n.lo != n.hi)
    if width <= EXHAUSTIVE:
        return np.arange(node.lo, node.hi + 1)[:, None]
    count = _RANDOM if width <= 32 else _EXACT_POINTS
    drawn = np.random.default_rng(0).integers(node.lo, node.hi + 1, count)
    drawn[:2] = node.lo, node.hi
    return drawn[:, None]


def error(made: Design, raw: RawArray, width: int) -> float:
    """Largest distance from the real function in units of the last place."""
    (fmt,) = made.graph.output_formats
    out = made.graph.evaluate(raw)[:, 0]
    if width <= 32:
        real = np.ldexp(raw.astype(np.float64), 3 - width)
        wanted = made.expression.evaluate(real)[:, 0]
        return float(np.abs(fmt.to_real(out) - wanted).max() * 2.0 ** places(width))
    symbolic = to_sympy(made.expression)
    exact = sympy.lambdify(list(symbolic.free_symbols), symbolic, "mpmath")
    with mpmath.workprec(200):
        gaps = [
            abs(mpmath.ldexp(int(y), -fmt.frac) - exact(mpmath.ldexp(int(x), 3 - width)))
            for x, y in zip(raw[:, 0], out, strict=True)
        ]
        return float(mpmath.ldexp(max(gaps), places(width)))


def row(text: str, width: int) -> FunctionRow:
    """Compile and measure."""
    made = design(text, width)
    cost = estimate(made, model())
    methods = "; ".join(unit.method for unit in made.units) or "arithmetic"
    bound = sum(unit.ulp * 2.0 ** (places(width) - unit.frac) for unit in made.units)
    worst = error(made, codes(made, width), width)
    return FunctionRow(text, width, methods, cost.area.lut, cost.area.ff, cost.ticks, bound, worst)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUT)
    parser.add_argument("--widths", type=int, nargs="*", default=WIDTHS)
    asked = parser.parse_args(arguments)
    rows = []
    for text in (*SIGNED, *POSITIVE):
        for width in asked.widths:
            rows.append(row(text, width))
            print(*rows[-1].cells(), flush=True)
    head = ["function", "W", "method", "LUT", "FF", "ticks", "bound", "error"]
    page = _TEXT.format(
        least=LEAST, exhaustive=EXHAUSTIVE, rows=table(head, [r.cells() for r in rows])
    )
    write_text(asked.output, page)


if __name__ == "__main__":
    main()
