"""The hypervolume of a run's front, to compare fronts before and after a change.

Run: `python -m benchmarks.front runs/demo/front.json [another ...]`. Prints, for each front, the
share of the box below the reference that it dominates, over loss x ticks x LUT and over error x
ticks x LUT, where the error is 1 - score (accuracy or R^2). The reference is the same for all.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.search.hypervolume import hypervolume
from symtick.errors import SymtickError
from symtick.search.designs.front import Front

REFERENCE = (0.5, 6.0, 1000.0)  # loss or error, ticks, LUT


def shares(front: Front, reference: Sequence[float]) -> tuple[float, float]:
    """Dominated share of the box from 0 to the reference, by loss and by error."""
    bound = np.array(reference, float)
    by_loss = [(e.loss, e.ticks, e.lut) for e in front.entries]
    by_error = [(1.0 - e.score, e.ticks, e.lut) for e in front.entries]
    box = float(bound.prod())
    return hypervolume(by_loss, bound) / box, hypervolume(by_error, bound) / box


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fronts", nargs="+", type=Path, help="front.json, or a run's folder")
    parser.add_argument(
        "--reference", nargs=3, type=float, default=REFERENCE, metavar=("LOSS", "TICKS", "LUT")
    )
    options = parser.parse_args(arguments)
    print("reference: loss (error) {:g}, {:g} ticks, {:g} LUT".format(*options.reference))
    print(f"{'by loss':>9}{'by error':>10}{'designs':>9}  front")
    for path in options.fronts:
        try:
            front = Front.load(path if path.is_dir() else path.parent)
        except SymtickError as error:
            parser.exit(1, f"{error}\n")
        loss, error_share = shares(front, options.reference)
        print(f"{loss:>9.5f}{error_share:>10.5f}{len(front.entries):>9}  {path}")


if __name__ == "__main__":
    main()
