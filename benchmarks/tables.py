"""docs/benchmarks.md, made from the results: every figure as measured.

Run: `python -m benchmarks.tables` after the benchmarks. Sections without results say so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.document.arithmetic_section import arithmetic
from benchmarks.document.compiler_sections import (
    compiler,
    estimation,
    front_estimates,
    products,
)
from benchmarks.document.distilling_section import defaults, joint
from benchmarks.document.markdown import machine_line
from benchmarks.document.prose import PROSE
from benchmarks.document.search_sections import (
    ablation,
    empirical,
    evaluation,
    recovery,
    ticks,
    tree_cost,
    unseen,
)
from benchmarks.runs import RESULTS, ROOT, Result
from symtick.files import write_text

OUT = ROOT / "docs" / "benchmarks.md"


SECTIONS: Mapping[str, Callable[[Result], str]] = {
    "evaluation": evaluation,
    "tree_cost": tree_cost,
    "recovery": recovery,
    "ablation": ablation,
    "empirical": empirical,
    "unseen": unseen,
    "ticks": ticks,
    "arithmetic": lambda result: f"{machine_line(result)}\n\n{arithmetic(result)}",
    "compiler": compiler,
    "estimation": estimation,
    "front_estimates": front_estimates,
    "products": products,
    "joint": joint,
    "defaults": defaults,
}


def document(results: Path) -> str:
    """The whole document from a folder of results."""
    parts = [PROSE["head"]]
    for name, write in SECTIONS.items():
        path = results / f"{name}.json"
        parts.append(PROSE[name])
        if path.exists():
            parts.append(write(json.loads(path.read_text())))
        else:
            parts.append("Not measured yet.")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    write_text(options.out, document(options.results))


if __name__ == "__main__":
    main()
