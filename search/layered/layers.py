"""Layered forms: univariate functions of sums of univariate functions, the shape that suits FPGAs.

Output k of a `Layers` is

    y_k = bias_k + sum_j alpha_jk * tanh(beta_jk * h_j + gamma_jk)
    h_j = sum_i a_ij * s_ij(b_ij * x_i + c_ij),      s_ij = tanh, gauss or sin

Each summand is one table of one narrow signal in hardware, so a layer is a rank of look-up tables
and an adder tree. The shape is that of Kolmogorov-Arnold networks (arXiv:2404.19756; on FPGAs
KANELE, FPGA 2026), but with closed forms in place of splines. Summands can be switched off by
masks; `quantised` makes the forward pass compute as `codegen` will lower the expression (rounded
tables, a cut address), with straight-through gradients (arXiv:1308.3432).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.bit_views import dropped_bits
from symtick.expr import Builder, Expression, Op
from symtick.search.data.dataset import FloatArray, IntArray
from symtick.search.layered.codes import Codes, Singles

Params = dict[str, Singles]
Curve = Callable[[Singles], Singles]
Slope = Callable[[Singles, Singles], Singles]

INNER = ("a", "b", "c")  # shapes (inputs, hidden)
OUTER = ("alpha", "beta", "gamma")  # shapes (hidden, outputs)

OUTER_SHAPE = "tanh"

# name -> (function, derivative from argument and value, operators that it needs)
SHAPES: dict[str, tuple[Curve, Slope, tuple[Op, ...]]] = {
    "tanh": (np.tanh, lambda u, t: 1 - t * t, (Op.TANH,)),
    "gauss": (lambda u: np.exp(-u * u), lambda u, t: -2 * u * t, (Op.EXP, Op.NEG, Op.SQUARE)),
    "sin": (np.sin, lambda u, t: np.cos(u), (Op.SIN,)),
}


@dataclass(frozen=True)
class Grid:
    """How finely the hardware computes.

    Attributes:
        term_frac: bits after the point of an output's terms.
        address_bits: address bits of a table on a hidden sum.
    """

    term_frac: int
    address_bits: int


@dataclass
class Layers:
    """The form with its constants and masks; changed in place by the fits.

    Attributes:
        codes: the input codes that the tables are made for.
        shapes: names of the inner functions in use.
        kind: (inputs, hidden), place in `shapes` of each inner function.
        inner: (inputs, hidden) mask, 1 where the summand is alive.
        outer: (hidden, outputs) mask.
        params: a, b, c, alpha, beta, gamma, bias; float32.
        grid: the precision to imitate, or None for real arithmetic.
    """

    codes: Codes
    shapes: tuple[str, ...]
    kind: npt.NDArray[np.int8]
    inner: Singles
    outer: Singles
    params: Params
    grid: Grid | None = None
    _picks: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._picks = [(self.kind == s)[self.codes.feature] for s in range(len(self.shapes))]

    @classmethod
    def random(
        cls,
        codes: Codes,
        hidden: int,
        shapes: Sequence[str],
        center: FloatArray,
        spread: FloatArray,
        rng: np.random.Generator,
        reference: int | None = None,
    ) -> Layers:
        """A random start for outputs with these means and standard deviations.

        The first shape is drawn as often as all others together. The output `reference` stays
        constant.
        """
        inputs, outputs = len(codes.raw), len(center)
        chance = np.ones(len(shapes))
        chance[0] = max(1, len(shapes) - 1)
        kind = rng.choice(len(shapes), (inputs, hidden), p=chance / chance.sum())
        slope = rng.standard_normal((inputs, hidden))
        params = {
            "a": 0.4 * rng.standard_normal((inputs, hidden)),
            "b": slope + 2.0 * np.sign(slope),
            "c": rng.standard_normal((inputs, hidden)),
            "alpha": 0.7 * rng.standard_normal((hidden, outputs)) * spread,
            "beta": 1.0 + 0.3 * rng.standard_normal((hidden, outputs)),
            "gamma": 0.7 * rng.standard_normal((hidden, outputs)),
            "bias": center,
        }
        outer = np.ones((hidden, outputs), np.float32)
        if reference is not None:
            outer[:, reference] = 0.0
        return cls(
            codes,
            tuple(shapes),
            kind.astype(np.int8),
            np.ones((inputs, hidden), np.float32),
            outer,
            {name: np.asarray(array, np.float32) for name, array in params.items()},
        )

    @property
    def summands(self) -> int:
        """Number of live summands, inner and outer."""
        return int(self.inner.sum() + self.outer.sum())

    def curves(self) -> tuple[Singles, Singles, Singles]:
        """Arguments and values of the inner functions, and the tables a*s, on every code."""
        f, p = self.codes.feature, self.params
        u = self.codes.values[:, None] * p["b"][f] + p["c"][f]
        t = SHAPES[self.shapes[0]][0](u)
        for place in range(1, len(self.shapes)):
            t = np.where(self._picks[place], SHAPES[self.shapes[place]][0](u), t)
        tables: Singles = t * (p["a"] * self.inner)[f]
        return u, t, tables

    def slopes(self, u: Singles, t: Singles) -> Singles:
        """Derivatives of the inner functions on every code."""
        d = SHAPES[self.shapes[0]][1](u, t)
        for place in range(1, len(self.shapes)):
            d = np.where(self._picks[place], SHAPES[self.shapes[place]][1](u, t), d)
        return np.asarray(d)

    def rounded(self, tables: Singles) -> Singles:
        """The tables as stored; those of a sum with one summand stay exact (all is one table)."""
        if self.grid is None:
            return tables
        step = self.steps()
        wide = self.inner.sum(axis=0) > 1
        return np.asarray(np.where(wide, np.floor(tables / step + np.float32(0.5)) * step, tables))

    def steps(self) -> Singles:
        """Step of each hidden sum: it moves no output by more than one step of its terms."""
        assert self.grid is not None
        gain = np.abs(self.params["alpha"] * self.params["beta"] * self.outer).max(axis=1)
        bits = np.ceil(np.log2(np.maximum(gain, 2.0**-12)) - 1e-6)
        places = self.grid.term_frac + np.minimum(bits, 12)
        return np.asarray(np.exp2(-places), np.float32)

    def addressed(self, sums: Singles, tables: Singles) -> Singles:
        """Hidden sums (hidden, rows) as an address sees them: the middle of what it cannot tell."""
        if self.grid is None:
            return sums
        seen = sums.copy()
        low, high = (hull.sum(axis=0) for hull in self.codes.hull(tables))
        for j, step in enumerate(self.steps().tolist()):
            if self.inner[:, j].sum() > 1:
                ends = round(low[j] / step), round(high[j] / step)
                seen[j] = _cut(sums[j], step, *ends, self.grid.address_bits)
        return seen

    def pairs(self) -> tuple[IntArray, IntArray]:
        """The live outer summands: their hidden sums and their outputs."""
        j, k = np.nonzero(self.outer)
        return j, k

    def heads(self, hidden: Singles) -> tuple[Singles, Singles]:
        """Outer functions and summands of all live pairs, (pairs, rows), of sums (hidden, rows)."""
        p, at = self.params, self.pairs()
        t = np.tanh(hidden[at[0]] * p["beta"][at][:, None] + p["gamma"][at][:, None])
        terms = t * p["alpha"][at][:, None]
        if self.grid is not None:
            scale = np.float32(2.0**self.grid.term_frac)
            terms = np.floor(terms * scale + np.float32(0.5)) / scale
        return t, terms

    def added(self, terms: Singles) -> Singles:
        """Outputs of summands (pairs, rows), (outputs, rows)."""
        whole = np.repeat(self.params["bias"][:, None], terms.shape[1], axis=1)
        for term, k in zip(terms, self.pairs()[1].tolist(), strict=True):
            whole[k] += term
        return whole

    def hidden(self, matrix: Any) -> tuple[Singles, Singles]:
        """Hidden sums of rows given as a code matrix, plain and as addressed, (hidden, rows)."""
        stored = self.rounded(self.curves()[2])
        sums = np.ascontiguousarray((matrix @ stored).T)
        return sums, self.addressed(sums, stored)

    def outputs(self, matrix: Any) -> FloatArray:
        """Outputs of rows given as a code matrix, (rows, K)."""
        _, terms = self.heads(self.hidden(matrix)[1])
        return np.asarray(self.added(terms).T, np.float64)

    def expression(self, inputs: tuple[str, ...]) -> Expression:
        """The form as an `Expression`, dead summands left out."""
        builder = Builder(inputs)
        sums = [self._hidden_node(builder, j) for j in range(self.inner.shape[1])]
        count = self.outer.shape[1]
        return builder.build([self._output_node(builder, sums, k) for k in range(count)])

    def _number(self, name: str, *place: int) -> float:
        # nine digits tell float32 values apart, and read better than the double's seventeen
        return float(f"{self.params[name][place]:.9g}")

    def _hidden_node(self, builder: Builder, j: int) -> int | None:
        terms = []
        for i in np.flatnonzero(self.inner[:, j]).tolist():
            scaled = builder.op(Op.MUL, builder.const(self._number("b", i, j)), builder.input(i))
            u = builder.op(Op.ADD, scaled, builder.const(self._number("c", i, j)))
            shape = _shape_node(builder, self.shapes[int(self.kind[i, j])], u)
            terms.append(builder.op(Op.MUL, builder.const(self._number("a", i, j)), shape))
        return _sum_node(builder, terms)

    def _output_node(self, builder: Builder, sums: Sequence[int | None], k: int) -> int:
        terms = []
        for j in np.flatnonzero(self.outer[:, k]).tolist():
            hidden = sums[j]
            if hidden is None:
                continue
            scaled = builder.op(Op.MUL, builder.const(self._number("beta", j, k)), hidden)
            u = builder.op(Op.ADD, scaled, builder.const(self._number("gamma", j, k)))
            outer = builder.op(Op.TANH, u)
            terms.append(builder.op(Op.MUL, builder.const(self._number("alpha", j, k)), outer))
        bias = builder.const(self._number("bias", k))
        whole = _sum_node(builder, terms)
        return bias if whole is None else builder.op(Op.ADD, whole, bias)


def _shape_node(builder: Builder, name: str, u: int) -> int:
    if name == "gauss":
        return builder.op(Op.EXP, builder.op(Op.NEG, builder.op(Op.SQUARE, u)))
    return builder.op(Op.TANH if name == "tanh" else Op.SIN, u)


def _sum_node(builder: Builder, terms: Sequence[int]) -> int | None:
    if not terms:
        return None
    whole = terms[0]
    for term in terms[1:]:
        whole = builder.op(Op.ADD, whole, term)
    return whole


def _cut(sums: Singles, step: float, low: int, high: int, bits: int) -> Singles:
    cell = 2.0 ** dropped_bits(low, high, bits)
    raw = np.rint(sums * np.float32(1.0 / step))
    middle = np.floor(raw * np.float32(1.0 / cell)) * np.float32(cell) + np.float32((cell - 1) / 2)
    return np.asarray(np.clip(middle, low, high) * np.float32(step))
