"""Throughput of the kernel's evaluation against pyoperon, in one process on one thread.

Run: `python -m benchmarks.evaluation` (needs the `bench` extra). Prints node-rows per second and
the ratio, and writes benchmarks/results/evaluation.json with the machine and the seed. A node-row
is one node of a tree, leaves included, at one row. Both sides get the same random trees and rows,
prepared beforehand; each figure is the median over repeated passes that alternate between the two.
The values are compared first, so that both are known to compute the same. pyoperon computes in
float32; the reference of float64 is the language's own evaluation with NumPy, on some of the trees.

The machine's limits are measured in the same run: multiply-adds in registers, sums of arrays in the
first cache, and each operator alone over one block. `bound` is what the trees would reach if every
operator ran at its own speed and nothing else took time; `share` is how much of that they do reach.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyoperon

from benchmarks.runs import RESULTS, machine
from benchmarks.search.random_trees import ARITHMETIC, EIGHT, FEATURES, random_tree
from symtick.expr import Expression, Op, Program
from symtick.files import write_json
from symtick.search import _kernel
from symtick.search.kernel_api.rows import Rows, pack

ROWS = (20, 1_000, 10_000)
OP_SETS = {"eight": EIGHT, "arithmetic": ARITHMETIC}
_NUMPY_TREES = 50
_OPERON = {
    Op.ADD: "Add", Op.SUB: "Sub", Op.MUL: "Mul", Op.DIV: "Div",
    Op.EXP: "Exp", Op.LOG: "Log", Op.SIN: "Sin", Op.COS: "Cos",
}  # fmt: skip


@dataclass(frozen=True)
class ThroughputRow:
    """One line of the table; rates in node-rows per second."""

    ops: str
    precision: str
    rows: int
    symtick: float
    symtick_best: float
    reference: str
    reference_rate: float
    bound: float

    def record(self) -> dict[str, object]:
        """With the ratios."""
        ratio = self.symtick / self.reference_rate
        return {**asdict(self), "ratio": ratio, "share": self.symtick_best / self.bound}


@dataclass(frozen=True)
class TreeSet:
    """The trees of one operator set, and how many of their nodes are which operator."""

    name: str
    expressions: Sequence[Expression]
    programs: Sequence[Program]

    @classmethod
    def make(cls, name: str, count: int, seed: int) -> TreeSet:
        rng = np.random.default_rng(seed)
        drawn = [random_tree(rng, OP_SETS[name], int(rng.integers(5, 50))) for _ in range(count)]
        return cls(name, drawn, [e.to_program() for e in drawn])

    @property
    def nodes(self) -> int:
        return sum(len(p.ops) for p in self.programs)

    def bound(self, operators: Mapping[str, float]) -> float:
        """Node-rows per second if each operator took what it takes alone, and leaves nothing."""
        count = Counter(code for p in self.programs for code in p.ops.tolist())
        spent = sum(n / operators[Op(c).name] for c, n in count.items() if Op(c).name in operators)
        return self.nodes / spent


def operon_tree(program: Program, hashes: Sequence[int]) -> pyoperon.Tree:
    """The same tree for pyoperon, which wants the first argument next to its operator."""
    stack: list[list[pyoperon.Node]] = []
    for code, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        op = Op(code)
        if op is Op.INPUT:
            leaf = pyoperon.Node.Variable(1.0)
            leaf.HashValue = leaf.CalculatedHashValue = hashes[arg]
            stack.append([leaf])
        elif op is Op.CONST:
            stack.append([pyoperon.Node.Constant(float(program.consts[arg]))])
        else:
            node = [pyoperon.Node(getattr(pyoperon.NodeType, _OPERON[op]))]
            last = stack.pop()
            first = stack.pop() if op in ARITHMETIC else []
            stack.append([*last, *first, *node])
    return pyoperon.Tree(stack[0]).UpdateNodes()


def seconds(run: Callable[[], object], budget: float) -> float:
    """Seconds of one pass: as many passes as fit the budget, at least one."""
    start = time.perf_counter()
    passes = 0
    while True:
        run()
        passes += 1
        spent = time.perf_counter() - start
        if spent >= budget:
            return spent / passes


def measure(trees: TreeSet, rows: int, repeats: int, seed: int, bound: float) -> ThroughputRow:
    """One row of the table in float32, against pyoperon."""
    X = np.random.default_rng(seed).uniform(0.5, 2.0, (rows, FEATURES))
    population, data = pack(trees.programs, FEATURES), Rows.make(X).kernel
    columns = np.asfortranarray(X, dtype=np.float32)  # kept: the data set is a view of it
    dataset = pyoperon.Dataset(columns)
    hashes = [v.Hash for v in sorted(dataset.Variables, key=lambda v: v.Index)]
    theirs = [operon_tree(p, hashes) for p in trees.programs]
    ours_out, out = np.zeros((2, len(theirs), rows), np.float32)
    span = pyoperon.Range(0, rows)

    def run_operon() -> None:
        pyoperon.EvaluateTrees(theirs, dataset, span, out, 1)

    def run_symtick() -> None:
        _kernel.evaluate32(population, data, ours_out, 1)

    run_operon()
    run_symtick()
    check(ours_out, out)
    times = [(seconds(run_symtick, 0.15), seconds(run_operon, 0.15)) for _ in range(repeats)]
    work = trees.nodes * rows
    ours, others = zip(*times, strict=True)
    return ThroughputRow(
        trees.name, "float32", rows, work / statistics.median(ours), work / min(ours),
        "pyoperon", work / statistics.median(others), bound,
    )  # fmt: skip


def measure_double(
    trees: TreeSet, rows: int, repeats: int, seed: int, bound: float
) -> ThroughputRow:
    """One row of the table in float64, against NumPy."""
    X = np.random.default_rng(seed).uniform(0.5, 2.0, (rows, FEATURES))
    population, data = pack(trees.programs, FEATURES), Rows.make(X).kernel
    out = np.zeros((len(trees.programs), rows))
    some = trees.expressions[:_NUMPY_TREES]

    def run_numpy() -> None:
        with np.errstate(all="ignore"):
            for expression in some:
                expression.evaluate(X)

    def run_symtick() -> None:
        _kernel.evaluate64(population, data, out, 1)

    run_symtick()
    with np.errstate(all="ignore"):
        check(out[: len(some)], np.array([e.evaluate(X)[:, 0] for e in some]))
    times = [(seconds(run_symtick, 0.15), seconds(run_numpy, 0.05)) for _ in range(repeats)]
    ours, others = zip(*times, strict=True)
    work, part = trees.nodes * rows, sum(len(p.ops) for p in trees.programs[: len(some)]) * rows
    return ThroughputRow(
        trees.name, "float64", rows, work / statistics.median(ours), work / min(ours),
        "numpy", part / statistics.median(others), bound,
    )  # fmt: skip


def check(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Most values must agree; float32 trees with cancellations and poles never all do."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    close = np.isclose(ours[both], theirs[both], rtol=1e-2, atol=1e-3)
    if close.mean() < 0.97:
        raise SystemExit(f"the two disagree at {1 - close.mean():.1%} of the values")


def show(
    limits: Mapping[str, dict[str, float | dict[str, float]]], table: Sequence[ThroughputRow]
) -> None:
    """Print the table."""
    for kind, limit in limits.items():
        fma, sums = limit["multiply_adds"], limit["sums"]
        assert isinstance(fma, float) and isinstance(sums, float)
        print(f"{kind}: {fma / 1e9:.0f} G multiply-adds/s, {sums / 1e9:.0f} G sums/s in cache")
    print(
        f"{'operators':<12}{'type':<9}{'rows':>7}{'symtick':>11}{'best':>9}{'reference':>12}"
        f"{'ratio':>8}{'share':>7}   node-rows/s"
    )
    for row in table:
        print(
            f"{row.ops:<12}{row.precision:<9}{row.rows:>7}{row.symtick / 1e9:>9.2f} G"
            f"{row.symtick_best / 1e9:>7.2f} G{row.reference_rate / 1e9:>10.2f} G"
            f"{row.symtick / row.reference_rate:>8.1f}{row.symtick_best / row.bound:>7.0%}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "evaluation.json")
    options = parser.parse_args()
    limits = _kernel.machine_limits()
    table = []
    for name in OP_SETS:
        trees = TreeSet.make(name, options.trees, options.seed)
        for kind, run in (("float32", measure), ("float64", measure_double)):
            operators = limits[kind]["operators"]
            assert isinstance(operators, dict)
            bound = trees.bound(operators)
            table += [run(trees, rows, options.repeats, options.seed, bound) for rows in ROWS]
    show(limits, table)
    write_json(
        options.out,
        {
            "machine": {**machine(), "pyoperon": version("pyoperon")},
            "threads": 1,
            "settings": {"trees": options.trees, "repeats": options.repeats, "seed": options.seed},
            "limits": limits,
            "table": [row.record() for row in table],
        },
    )


if __name__ == "__main__":
    main()
