"""How near the search's nominal cost comes to the estimate of the compiled design.

Run: `python -m benchmarks.search_prices`. Random expressions like those that a search breeds, a
third of them functions of sums of functions, are priced by the kernel and compiled; the table says
how well ticks and LUTs agree. The prices were chosen on seed 5, so that seed 77 is the test.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import spearmanr

from symtick.codegen import Fixed, Precision, compile_expression
from symtick.expr import Builder, Expression, Op
from symtick.hwcost import estimate, model, search_cost
from symtick.search.kernel_api.evaluation import costs

FEATURES = 6
_FUNCTIONS = (Op.TANH, Op.SIN, Op.COS, Op.EXP, Op.SQUARE, Op.ABS, Op.SQRT, Op.LOG, Op.CUBE)
_ODDS = (0.25, 0.15, 0.1, 0.12, 0.14, 0.1, 0.05, 0.05, 0.04)


class Writer:
    """Writes random expressions that are defined everywhere."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.builder = Builder(tuple(f"x{k}" for k in range(FEATURES)))

    def constant(self) -> int:
        """Three decimals, as a search would print."""
        return self.builder.const(float(np.round(self.rng.normal(), 3)) or 0.5)

    def tree(self, depth: int) -> int:
        """Sums, products, functions and quotients up to a depth."""
        op, u = self.builder.op, self.rng.random()
        if depth == 0 or u < 0.12:
            return self.builder.input(int(self.rng.integers(FEATURES)))
        below = depth - 1
        if u < 0.42:
            return op(Op.ADD if self.rng.random() < 0.7 else Op.SUB, *self.two(below))
        if u < 0.55:
            return op(Op.MUL, self.constant(), self.tree(below))
        if u < 0.63:
            return op(Op.ADD, self.tree(below), self.constant())
        if u < 0.75:
            return op(Op.MUL, *self.two(below))
        if u < 0.78:
            return op(Op.MAX if self.rng.random() < 0.5 else Op.MIN, *self.two(below))
        if u < 0.80:
            over, under = self.two(below)
            return op(Op.DIV, over, op(Op.ADD, op(Op.SQUARE, under), self.builder.const(1.0)))
        return self.function(self.tree(below))

    def two(self, depth: int) -> tuple[int, int]:
        """Two trees."""
        return self.tree(depth), self.tree(depth)

    def function(self, argument: int) -> int:
        """A function, its argument where it is defined and small."""
        chosen, op = _FUNCTIONS[int(self.rng.choice(len(_FUNCTIONS), p=_ODDS))], self.builder.op
        if chosen in (Op.SQRT, Op.LOG):
            argument = op(Op.ADD, op(Op.ABS, argument), self.builder.const(0.5))
        if chosen is Op.EXP:
            argument = op(Op.NEG, op(Op.ABS, argument))
        return op(chosen, argument)

    def layered(self) -> int:
        """A sum of functions of sums of functions."""
        op = self.builder.op
        terms = [
            op(Op.MUL, self.constant(), op(self.one_of(Op.TANH, Op.SIN, Op.ABS), self.inner()))
            for _ in range(int(self.rng.integers(1, 4)))
        ]
        return self.total(terms)

    def inner(self) -> int:
        """A sum of functions of two or three inputs, and a constant."""
        terms = []
        for k in self.rng.choice(FEATURES, int(self.rng.integers(2, 4)), replace=False).tolist():
            x = self.builder.input(k)
            if self.rng.random() < 0.6:
                terms.append(self.builder.op(Op.MUL, self.constant(), x))
            else:
                terms.append(self.builder.op(self.one_of(Op.TANH, Op.SIN, Op.SQUARE), x))
        return self.builder.op(Op.ADD, self.total(terms), self.constant())

    def one_of(self, *ops: Op) -> Op:
        """Any of these."""
        return ops[int(self.rng.integers(len(ops)))]

    def total(self, terms: list[int]) -> int:
        """Their sum."""
        sum_so_far = terms[0]
        for term in terms[1:]:
            sum_so_far = self.builder.op(Op.ADD, sum_so_far, term)
        return sum_so_far


def samples(count: int, seed: int) -> list[Expression]:
    """Expressions of 5 to 40 nodes over at least two inputs."""
    rng = np.random.default_rng(seed)
    expressions: list[Expression] = []
    while len(expressions) < count:
        writer = Writer(rng)
        layered = rng.random() < 0.3
        root = writer.layered() if layered else writer.tree(int(rng.integers(3, 6)))
        expression = writer.builder.build([root])
        program = expression.to_program()
        several = len(set(program.args[program.ops == Op.INPUT].tolist())) > 1
        if several and 5 <= len(program.ops) <= 40:
            expressions.append(expression)
    return expressions


def compared(expressions: list[Expression], bits: int, clock_mhz: float) -> dict[str, float]:
    """Rank correlation and median ratio of LUTs and ticks, and how often the ticks are exact."""
    device, formats = model("open", clock_mhz), [Fixed(bits, bits - 2)] * FEATURES
    precision = Precision(term_frac=6, wide_bits=8, chords=False)
    ticks, luts = costs([e.to_program() for e in expressions], search_cost(device, formats))
    designs = (
        compile_expression(e, formats, device, precision, name="sample") for e in expressions
    )
    estimates = [estimate(design, device) for design in designs]
    real_ticks = np.array([f.ticks for f in estimates])
    real_luts = np.array([f.area.lut for f in estimates])
    some = real_luts > 0.0
    return {
        "bits": bits,
        "LUT rank": float(spearmanr(luts, real_luts)[0]),
        "LUT ratio": float(np.median(luts[some] / real_luts[some])),
        "ticks rank": float(spearmanr(ticks, real_ticks)[0]),
        "ticks ratio": float(np.median(ticks / real_ticks)),
        "ticks exact": float(np.mean(ticks == real_ticks)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=77)
    options = parser.parse_args()
    expressions = samples(options.count, options.seed)
    rows = [compared(expressions, bits, 200.0) for bits in (6, 8)]
    print("".join(f"{name:>13}" for name in rows[0]))
    for row in rows:
        print("".join(f"{value:>13.3f}" for value in row.values()))


if __name__ == "__main__":
    main()
