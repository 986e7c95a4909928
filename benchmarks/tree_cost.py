"""Time to cost one tree in the kernel, against the compiler's graph and timing in Python.

Run: `python -m benchmarks.tree_cost`. Prints nanoseconds per tree and writes
benchmarks/results/tree_cost.json with machine and seed. The tables are real ones: `open` chains
operators within a tick and turns what depends on one input into a table (the search's default),
`published` counts whole ticks of every operator. Each pass costs many different random trees, so
that no branch predictor can learn them, in one call of the kernel, which holds them unpacked: the
call itself adds a nanosecond per tree or less. Both sides are compared first, exactly.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.runs import RESULTS, machine
from benchmarks.search.random_trees import EIGHT, FEATURES, programs_of
from symtick.codegen.ir.fixed import Fixed
from symtick.expr import Expression
from symtick.files import write_json
from symtick.hwcost.models.model import model
from symtick.hwcost.search_model.export import search_cost
from symtick.hwcost.search_model.graph import search_cost as reference_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.rows import pack

SIZES = (5, 25, 60)
_REFERENCE_TREES = 50


@dataclass(frozen=True)
class TreeCostRow:
    """One line of the table; times of one tree in nanoseconds."""

    cost: str
    nodes: int
    kernel_median: float
    kernel_best: float
    reference_median: float

    @property
    def ratio(self) -> float:
        return self.reference_median / self.kernel_median


def tables() -> dict[str, SearchCost]:
    """The two real tables, over inputs of eight bits at 200 MHz."""
    formats = (Fixed(8, 4),) * FEATURES
    return {
        "open": search_cost(model("open", 200.0), formats),
        "published": search_cost(model("xcvu9p-hls4sr"), formats),
    }


def times(run: Callable[[], object], repeats: int, each: int) -> list[float]:
    """Nanoseconds of one of `each` trees, in every pass."""
    spent = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        run()
        spent.append((time.perf_counter_ns() - start) / each)
    return spent


def measure(name: str, nodes: int, trees: int, repeats: int, seed: int) -> TreeCostRow:
    """One row of the table."""
    cost = tables()[name]
    pairs = programs_of(np.random.default_rng(seed), EIGHT, nodes, trees)
    population, table = pack([p for _, p in pairs], FEATURES), cost_table(cost)
    some = [tree for tree, _ in pairs[:_REFERENCE_TREES]]
    check(some, cost, _kernel.costs(population, table))
    ours = times(lambda: _kernel.costs(population, table), repeats, trees)
    theirs = times(lambda: [reference_cost(e, cost) for e in some], 3, len(some))
    return TreeCostRow(name, nodes, statistics.median(ours), min(ours), statistics.median(theirs))


def check(
    trees: Sequence[Expression], cost: SearchCost, costs: tuple[np.ndarray, np.ndarray]
) -> None:
    """Both sides give the same ticks and LUTs, to the last bit."""
    ticks, lut = costs
    for k, tree in enumerate(trees):
        if (int(ticks[k]), float(lut[k])) != reference_cost(tree, cost):
            raise SystemExit(f"tree {k}: the kernel's cost differs from the reference")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=101)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "tree_cost.json")
    options = parser.parse_args()
    table = [
        measure(name, nodes, options.trees, options.repeats, options.seed)
        for name in tables()
        for nodes in SIZES
    ]
    print(f"{'table':<12}{'nodes':>6}{'median':>11}{'best':>11}{'reference':>13}{'ratio':>9}")
    for row in table:
        print(
            f"{row.cost:<12}{row.nodes:>6}{row.kernel_median:>8.0f} ns{row.kernel_best:>8.0f} ns"
            f"{row.reference_median:>10.0f} ns{row.ratio:>9.0f}"
        )
    settings = {"trees": options.trees, "repeats": options.repeats, "seed": options.seed}
    rows = [{**asdict(row), "ratio": row.ratio} for row in table]
    write_json(options.out, {"machine": machine(), "settings": settings, "table": rows})


if __name__ == "__main__":
    main()
