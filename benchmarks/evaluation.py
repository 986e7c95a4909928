"""Throughput of the kernel's evaluation against pyoperon, in one process on one thread.

Run: `python benchmarks/evaluation.py` (needs the `bench` extra). Prints node-rows per second and
the ratio, and writes benchmarks/results/evaluation.json with the machine and the seed. A node-row
is one node of a tree, leaves included, at one row. Both sides get the same random trees and rows in
float32, prepared beforehand; each figure is the median over repeated passes that alternate between
the two. The values are compared first, so that both are known to compute the same.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyoperon

from symtick.expr import Builder, Expression, Op, Program
from symtick.files import write_json
from symtick.search import _kernel
from symtick.search.evaluation import Rows, pack

FEATURES = 10
ROWS = (20, 1_000, 10_000)
ARITHMETIC = (Op.ADD, Op.SUB, Op.MUL, Op.DIV)
OP_SETS = {
    "eight": (*ARITHMETIC, Op.EXP, Op.LOG, Op.SIN, Op.COS),
    "arithmetic": ARITHMETIC,
}
_OPERON = {
    Op.ADD: "Add", Op.SUB: "Sub", Op.MUL: "Mul", Op.DIV: "Div",
    Op.EXP: "Exp", Op.LOG: "Log", Op.SIN: "Sin", Op.COS: "Cos",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the table; rates in node-rows per second."""

    ops: str
    rows: int
    symtick: float
    pyoperon: float

    @property
    def ratio(self) -> float:
        return self.symtick / self.pyoperon


def random_tree(rng: np.random.Generator, ops: Sequence[Op], size: int) -> Expression:
    """A random tree of about `size` nodes; two leaves of three are inputs."""
    builder = Builder(tuple(f"x{k}" for k in range(FEATURES)))

    def grow(left: int) -> int:
        if left <= 1:
            if rng.random() < 2 / 3:
                return builder.input(int(rng.integers(FEATURES)))
            return builder.const(float(rng.uniform(0.5, 2.0)))
        choice = [op for op in ops if left > 2 or op not in ARITHMETIC] or list(ops)
        op = choice[int(rng.integers(len(choice)))]
        if op not in ARITHMETIC:
            return builder.op(op, grow(left - 1))
        first = int(rng.integers(1, max(2, left - 1)))
        return builder.op(op, grow(first), grow(left - 1 - first))

    return builder.build([grow(size)])


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


def measure(name: str, rows: int, trees: int, repeats: int, seed: int) -> Row:
    """One row of the table."""
    rng = np.random.default_rng(seed)
    programs = [
        random_tree(rng, OP_SETS[name], int(rng.integers(5, 50))).to_program() for _ in range(trees)
    ]
    X = rng.uniform(0.5, 2.0, (rows, FEATURES))
    population, data = pack(programs, FEATURES), Rows.make(X).to_kernel()
    columns = np.asfortranarray(X, dtype=np.float32)  # kept: the data set is a view of it
    dataset = pyoperon.Dataset(columns)
    hashes = [v.Hash for v in sorted(dataset.Variables, key=lambda v: v.Index)]
    theirs = [operon_tree(p, hashes) for p in programs]
    ours_out, out = np.zeros((2, trees, rows), np.float32)
    span = pyoperon.Range(0, rows)

    def run_operon() -> None:
        pyoperon.EvaluateTrees(theirs, dataset, span, out, 1)

    def run_symtick() -> None:
        _kernel.evaluate32(population, data, ours_out, 1)

    run_operon()
    run_symtick()
    check(ours_out, out)
    times = [(seconds(run_symtick, 0.15), seconds(run_operon, 0.15)) for _ in range(repeats)]
    work = sum(len(p.ops) for p in programs) * rows
    ours, others = (statistics.median(side) for side in zip(*times, strict=True))
    return Row(name, rows, work / ours, work / others)


def check(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Most values must agree; float32 trees with cancellations and poles never all do."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    close = np.isclose(ours[both], theirs[both], rtol=1e-2, atol=1e-3)
    if close.mean() < 0.97:
        raise SystemExit(f"the two disagree at {1 - close.mean():.1%} of the values")


def cpu() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "evaluation.json"
    )
    options = parser.parse_args()
    table = [
        measure(name, rows, options.trees, options.repeats, options.seed)
        for name in OP_SETS
        for rows in ROWS
    ]
    print(f"{'operators':<12}{'rows':>8}{'symtick':>12}{'pyoperon':>12}{'ratio':>8}   node-rows/s")
    for row in table:
        print(
            f"{row.ops:<12}{row.rows:>8}{row.symtick / 1e9:>10.2f} G{row.pyoperon / 1e9:>10.2f} G"
            f"{row.ratio:>8.1f}"
        )
    write_json(
        options.out,
        {
            "machine": cpu(),
            "isa": _kernel.isa(),
            "python": platform.python_version(),
            "pyoperon": version("pyoperon"),
            "threads": 1,
            "settings": {"trees": options.trees, "repeats": options.repeats, "seed": options.seed},
            "table": [{**asdict(row), "ratio": row.ratio} for row in table],
        },
    )


if __name__ == "__main__":
    main()
