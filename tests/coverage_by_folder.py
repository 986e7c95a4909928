"""Line coverage by folder, as a table, from the data that `pytest --cov=symtick` leaves.

Run by `make coverage`. Files that no test imported count, with all their lines missing.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("search", "hwcost", "codegen", "sim", "baselines", "src/symtick")


def counts(data: coverage.Coverage, folder: str) -> dict[str, tuple[int, int]]:
    """Statements, and those that ran, of the folder as a whole and of each folder in it."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path.resolve() != path:
            continue  # reached through a link: counted where it lies
        _, statements, _, missing, _ = data.analysis2(str(path))
        within = path.relative_to(ROOT / folder).parts
        for name in {folder, f"{folder}/{within[0]}" if len(within) > 1 else folder}:
            sums[name][0] += len(statements)
            sums[name][1] += len(statements) - len(missing)
    return {name: (total, ran) for name, (total, ran) in sorted(sums.items())}


def main() -> None:
    data = coverage.Coverage(config_file=False)
    data.load()
    print("| folder | statements | covered % |\n|---|---|---|")
    for folder in FOLDERS:
        for name, (total, ran) in counts(data, folder).items():
            print(f"| `{name}` | {total:,} | {100 * ran / max(total, 1):.1f} |")


if __name__ == "__main__":
    main()
