"""Twenty formulas of a physicist, compiled to an error that is asked for and measured by mpmath.

Run: `python -m benchmarks.codegen.physics_formulas`; it writes their table into docs/formulas.md.
The exact values are written out in mpmath once more, by hand, in the units of the formulas.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from benchmarks.document.markdown import table
from benchmarks.runs import ROOT
from symtick.codegen import RawArray
from symtick.design_folder.compiling import Compiled, compile_text
from symtick.design_folder.output_error import Tolerance, read_tolerances
from symtick.design_folder.stated_inputs import StatedInputs, read_inputs
from symtick.files import write_text

PAGE = ROOT / "docs" / "formulas.md"
MARKS = "<!-- physics:begin -->", "<!-- physics:end -->"
ROWS = 100_000
_BITS = 80

m: Any = mpmath  # which has no types
Exact = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class PhysicsFormula:
    """A text of formulas, the words that it reads, what is asked, and the exact values.

    Attributes:
        name: in the table.
        text: formulas.
        formats, lsbs, ranges, errors, outputs: as `compile_text` takes them.
        exact: the outputs' values in mpmath, given the inputs in the formulas' units by name.
    """

    name: str
    text: str
    formats: tuple[str, ...]
    errors: tuple[str, ...]
    exact: Exact
    lsbs: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    outputs: tuple[str, ...] = field(default=())

    def inputs(self) -> StatedInputs:
        """The inputs as they are read."""
        return read_inputs(self.text, self.formats, self.ranges, self.lsbs, self.outputs)

    def compiled(self, folder: Path) -> Compiled:
        """The design, in a new folder."""
        return compile_text(
            self.text, self.formats, folder=folder, name="formula", lsbs=self.lsbs,
            input_ranges=self.ranges, errors=self.errors, outputs=self.outputs,
        )  # fmt: skip


_PHI, _ETA = "pi/256", "0.025"


def _wrapped(a: Any, b: Any) -> Any:
    """The distance of two angles around the circle."""
    away = abs(a - b)
    return min(away, 2 * m.pi - away)


def _pair(pt1: Any, pt2: Any, eta1: Any, eta2: Any, phi1: Any, phi2: Any) -> tuple[Any, ...]:
    away = m.sqrt((eta1 - eta2) ** 2 + (phi1 - phi2) ** 2)
    lower = min(pt1, pt2)
    mass2 = 2 * pt1 * pt2 * (m.cosh(eta1 - eta2) - m.cos(phi1 - phi2))
    return away, lower * away, lower / (pt1 + pt2), mass2, m.mpf(away**2 < m.mpf(0.16))


def _jet_scale(pt: Any, eta: Any) -> tuple[Any, ...]:
    size = abs(eta)
    if size < m.mpf(1.3):
        factor = m.mpf(1.08)
    else:
        factor = m.mpf(1.15) if size < m.mpf(2.5) else m.mpf(1.25) + m.mpf(0.05) * (size - 2.5)
    return (pt * factor + (m.mpf(0.4) * (30 - pt) / 30 if pt < 30 else 0),)


FORMULAS = (
    PhysicsFormula(
        "invariant mass",
        "m2 = 2*pt1*pt2*(cosh(eta1 - eta2) - cos(phi1 - phi2)); mass = sqrt(m2)",
        ("ap_uint<10>", "eta1=ap_int<8>", "eta2=ap_int<8>", "phi1=ap_int<9>", "phi2=ap_int<9>"),
        ("1%",),
        lambda pt1, pt2, eta1, eta2, phi1, phi2: (
            m.sqrt(2 * pt1 * pt2 * (m.cosh(eta1 - eta2) - m.cos(phi1 - phi2))),
        ),
        ("pt1=0.5", "pt2=0.5", f"eta1={_ETA}", f"eta2={_ETA}", f"phi1={_PHI}", f"phi2={_PHI}"),
    ),
    PhysicsFormula(
        "transverse mass", "mt = sqrt(2*pt*met*(1 - cos(phi - mphi)))",
        ("ap_ufixed<10,9>", "phi=ap_int<9>", "mphi=ap_int<9>"), ("0.5",),
        lambda pt, met, phi, mphi: (m.sqrt(2 * pt * met * (1 - m.cos(phi - mphi))),),
        (f"phi={_PHI}", f"mphi={_PHI}"),
    ),
    PhysicsFormula(
        "Delta R in steps", "dr = hypot(eta1 - eta2, phi1 - phi2)", ("ap_int<9>",), ("0.01",),
        lambda eta1, eta2, phi1, phi2: (m.hypot(eta1 - eta2, phi1 - phi2),), ("0.0125",),
    ),
    PhysicsFormula(
        "Delta R around the circle",
        "d = abs(phi1 - phi2); dphi = min(d, 2*pi - d); dr = sqrt((eta1 - eta2)**2 + dphi**2)",
        ("fixed<10,3>",), ("0.01",),
        lambda phi1, phi2, eta1, eta2: (
            m.sqrt((eta1 - eta2) ** 2 + _wrapped(phi1, phi2) ** 2),
        ),
        ranges=("phi1=-pi:pi", "phi2=-pi:pi"),
    ),
    PhysicsFormula(
        "angle and size of a vector", "phi = atan2(py, px); pt = hypot(px, py)",
        ("fixed<12,9>",), ("phi=0.005", "pt=0.25"),
        lambda py, px: (m.atan2(py, px), m.hypot(px, py)),
    ),
    PhysicsFormula(
        "rapidity", "y = 0.5*log((en + pz)/(en - pz))",
        ("ap_ufixed<10,8>", "pz=ap_fixed<10,8>"), ("0.01",),
        lambda en, pz: (m.log((en + pz) / (en - pz)) / 2,), ranges=("en=140:255", "pz=-120:120"),
    ),
    PhysicsFormula(
        "pseudorapidity of a momentum", "eta = asinh(pz/pt)",
        ("ap_ufixed<9,8>", "pz=fixed<10,9>"), ("0.01",),
        lambda pz, pt: (m.asinh(pz / pt),), ranges=("pt=2:250",),
    ),
    PhysicsFormula(
        "momentum components", "px = pt*cos(phi); py = pt*sin(phi); pz = pt*sinh(eta)",
        ("ap_ufixed<9,8>", "phi=ap_int<9>", "eta=ap_int<8>"), ("0.1", "pz=0.5%"),
        lambda pt, phi, eta: (pt * m.cos(phi), pt * m.sin(phi), pt * m.sinh(eta)),
        (f"phi={_PHI}", "eta=0.02"),
    ),
    PhysicsFormula(
        "relative isolation", "iso = (ch + max(nh + ph - 0.5*pu, 0))/pt",
        ("ap_ufixed<8,7>", "pt=ap_ufixed<9,8>"), ("0.01",),
        lambda pt, ch, nh, ph, pu: ((ch + max(nh + ph - pu / 2, 0)) / pt,), ranges=("pt=5:255",),
    ),
    PhysicsFormula(
        "ratio of energies", "r9 = clip(e3/max(e5, 1), 0, 1.2)", ("ap_ufixed<10,8>",), ("0.005",),
        lambda e3, e5: (min(e3 / max(e5, 1), m.mpf(1.2)),),
    ),
    PhysicsFormula(
        "turn-on curve", "eff = 0.98*sigmoid((pt - 25)/3.2)", ("ap_ufixed<11,9>",), ("0.002",),
        lambda pt: (m.mpf(0.98) / (1 + m.exp(-(pt - 25) / m.mpf(3.2))),),
    ),
    PhysicsFormula(
        "turn-on curve by eta",
        "a = abs(eta); eff = (0.95 - 0.1*a/2.4)*sigmoid((pt - 20 - 2*a)/2.5)",
        ("ap_ufixed<10,8>", "eta=fixed<8,3>"), ("0.01",),
        lambda eta, pt: (
            (m.mpf(0.95) - m.mpf(0.1) * abs(eta) / m.mpf(2.4))
            / (1 + m.exp(-(pt - 20 - 2 * abs(eta)) / 2.5)),
        ),
        ranges=("eta=-2.4:2.4",),
    ),
    PhysicsFormula(
        "jet correction by pieces",
        "a = abs(eta); c = 1.08 if a < 1.3 else 1.15 if a < 2.5 else 1.25 + 0.05*(a - 2.5)\n"
        "ptc = pt*c + where(pt < 30, 0.4*(30 - pt)/30, 0)",
        ("ap_ufixed<12,10>", "eta=fixed<10,4>"), ("0.1",),
        lambda eta, pt: _jet_scale(pt, eta), ranges=("eta=-5:5",),
    ),
    PhysicsFormula(
        "acoplanarity", "d = abs(phi1 - phi2); a = 1 - min(d, 2 - d)", ("ap_int<10>",), ("0.001",),
        lambda phi1, phi2: (1 - min(abs(phi1 - phi2), 2 - abs(phi1 - phi2)),), ("1/512",),
    ),
    PhysicsFormula(
        "scattering angle", "c = tanh((eta1 - eta2)/2)", ("fixed<10,4>",), ("0.002",),
        lambda eta1, eta2: (m.tanh((eta1 - eta2) / 2),),
    ),
    PhysicsFormula(
        "curvature and bend", "k = 0.0345*q/pt; bend = asin(clip(0.57/pt, -1, 1))",
        ("q=fixed<2,2>", "ap_ufixed<12,8>"), ("0.0005",),
        lambda q, pt: (m.mpf(0.0345) * q / pt, m.asin(m.mpf(0.57) / pt)), ranges=("pt=2:250",),
    ),
    PhysicsFormula(
        "log-likelihood ratio", "llr = log(s + 0.01) - log1p(b) + 0.5*log2(s + 1)",
        ("ufixed<8,1>",), ("0.01",),
        lambda s, b: (m.log(s + m.mpf(0.01)) - m.log(1 + b) + m.log(s + 1) / m.log(4),),
    ),
    PhysicsFormula(
        "weight by powers", "w = (pt/20)**-1.7*exp(-eta**2/4)",
        ("ap_ufixed<10,8>", "eta=fixed<8,3>"), ("0.005",),
        lambda pt, eta: ((pt / 20) ** m.mpf(-1.7) * m.exp(-(eta**2) / 4),), ranges=("pt=10:255",),
    ),
    PhysicsFormula(
        "significance", "z = sqrt(max(2*((s + b)*log1p(s/b) - s), 0))", ("ufixed<8,5>",), ("0.02",),
        lambda s, b: (m.sqrt(2 * ((s + b) * m.log(1 + s / b) - s)),), ranges=("b=2:31",),
    ),
    PhysicsFormula(
        "five results of a pair",
        """
        dphi = phi1 - phi2; deta = eta1 - eta2
        dr2 = deta**2 + dphi**2
        dr = sqrt(dr2)
        kt = min(pt1, pt2)*dr
        z = min(pt1, pt2)/(pt1 + pt2)
        mass2 = 2*pt1*pt2*(cosh(deta) - cos(dphi))
        near = dr2 < 0.16
        """,
        ("ap_int<7>", "pt1=ap_uint<8>", "pt2=ap_uint<8>"),
        ("dr=0.01", "kt=1%", "z=0.005", "mass2=1%", "near=0.001"),
        lambda pt1, pt2, phi1, phi2, eta1, eta2: _pair(pt1, pt2, eta1, eta2, phi1, phi2),
        tuple(f"{name}={_ETA}" for name in ("eta1", "eta2", "phi1", "phi2")),
        ("pt1=1:255", "pt2=1:255"),
        ("dr", "kt", "z", "mass2", "near"),
    ),
)  # fmt: skip


def rows_of(inputs: StatedInputs, low: Sequence[int], high: Sequence[int]) -> RawArray:
    """Every row of raw words, or `ROWS` random ones, in every third of which some nearly agree."""
    sizes = [b - a + 1 for a, b in zip(low, high, strict=True)]
    if np.prod([float(v) for v in sizes]) <= ROWS:
        return np.asarray(np.indices(sizes).reshape(len(sizes), -1).T + np.array(low))
    rng = np.random.default_rng(20)
    rows = rng.integers(low, high, (ROWS, len(sizes)), endpoint=True)
    for j in range(1, len(sizes)):
        for i in (i for i in range(j) if inputs.formats[i] == inputs.formats[j]):
            near = rng.random(ROWS) < 0.2
            rows[near, j] = rows[near, i] + rng.integers(-2, 3, int(near.sum()))
    return np.asarray(np.clip(rows, low, high))


def worst_shares(
    formula: PhysicsFormula, made: Compiled, count: int = ROWS
) -> list[tuple[float, float]]:
    """Of each output the largest error, and the largest share of what was asked, by mpmath.

    Args:
        formula: the formula.
        made: what it was compiled to.
        count: of the inputs, every so many of the rows.
    """
    inputs = formula.inputs()
    bounds = {n.number: (n.lo, n.hi) for n in made.design.graph.nodes if n.op.value == "input"}
    low, high = zip(*(bounds[k] for k in range(len(inputs.formats))), strict=True)
    rows = rows_of(inputs, low, high)[:: max(ROWS // count, 1)]
    names = inputs.expression.inputs
    with mpmath.workprec(_BITS):
        units = [
            m.ldexp(m.mpf(step), -fmt.frac)
            for step, fmt in zip(inputs.steps, inputs.formats, strict=True)
        ]
        exact = [
            formula.exact(**{n: u * v for n, u, v in zip(names, units, row, strict=True)})
            for row in rows.tolist()
        ]
    wanted = np.array(exact, object)
    found = made.design.real_outputs(rows)
    gaps = np.abs((found - wanted).astype(np.float64))
    asked = read_tolerances(formula.errors, inputs.names)
    values = wanted.astype(np.float64)
    return [_worst(gaps[:, k], values[:, k], tolerance) for k, tolerance in enumerate(asked)]


def _worst(
    gaps: npt.NDArray[np.float64], values: npt.NDArray[np.float64], asked: Tolerance | None
) -> tuple[float, float]:
    assert asked is not None  # every output has one
    limits = asked.limits(values, float(np.abs(values).max()))
    return float(gaps.max()), float((gaps / limits).max())


def _row(formula: PhysicsFormula, folder: Path) -> list[str]:
    made = formula.compiled(folder)
    shares = worst_shares(formula, made)
    asked = [t.text for t in read_tolerances(formula.errors, made.design.score_names) if t]
    text = "<br>".join(f"`{line.strip()}`" for line in re.split(r";|\n", formula.text.strip()))
    cost = made.estimate
    return [
        formula.name, text, ", ".join(formula.formats), ", ".join(asked),
        ", ".join(f"{error:.2g}" for error, _ in shares), str(cost.ticks), f"{cost.area.lut:.0f}",
    ]  # fmt: skip


def main() -> None:
    """Compile and measure all, and write the table."""
    head = ["formula", "text", "formats", "error asked", "largest found", "ticks", "LUT"]
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(f, Path(folder) / str(k)) for k, f in enumerate(FORMULAS)]
    begin, end = MARKS
    made = f"{begin}\n\n{table(head, rows)}\n\n{end}"
    page = re.sub(f"{begin}.*?{end}", lambda _: made, PAGE.read_text(), flags=re.DOTALL)
    write_text(PAGE, page)


if __name__ == "__main__":
    main()
