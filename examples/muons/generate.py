"""Makes the muons of this example: hits of five stations and eta, and the curvature q/pT.

    python examples/muons/generate.py --rows 30000 --seed 1

README.md in this folder describes the toy detector.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, SymtickError
from symtick.files import write_bytes

Floats = npt.NDArray[np.float64]

FEATURES = ("dphi1", "dphi2", "dphi3", "dphi4", "dphi5", "eta")
TARGET = "q/pT"
OUT = Path(__file__).with_name("muons.npz")  # where job.yaml looks for it
MOST_ROWS = 10_000_000
CURVATURE = 0.25  # largest |q/pT| in 1/GeV: pT from 4 GeV
LEVERS = np.array([0.35, 0.7, 1.1, 1.5, 2.0])  # of the stations, in metres behind the magnet
STRIPS = 1500.0  # per metre of lever at q/pT = 1/GeV
SCATTER = 0.015  # angle of a station's material, in shares of the bend
NOISE = 1.5  # strips, before rounding
ETA_STEPS = 60.0  # of the largest |eta|
FALL = 0.35  # of the field, from the middle to the largest |eta|


def muon_hits(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Whole numbers (rows, 6), in the order of `FEATURES`, and q/pT in 1/GeV (rows,)."""
    rng = np.random.default_rng(seed)
    curvature = rng.uniform(-CURVATURE, CURVATURE, rows)
    eta = np.rint(rng.uniform(-ETA_STEPS, ETA_STEPS, rows))
    field = 1.0 - FALL * (eta / ETA_STEPS) ** 2
    kinks = SCATTER * np.abs(curvature)[:, None] * rng.standard_normal((rows, len(LEVERS)))
    steps = np.diff(LEVERS, prepend=0.0)
    bend = np.cumsum(
        steps * (curvature * field)[:, None] + steps * np.cumsum(kinks, axis=1), axis=1
    )
    hits = np.rint(STRIPS * bend + NOISE * rng.standard_normal(bend.shape))
    return np.column_stack([hits, eta]), curvature


def generate(rows: int, seed: int, out: Path) -> None:
    """Write `rows` muons to a .npz: the same bytes for the same rows and seed.

    Raises:
        InputError: rows or a seed out of range, or an output that exists or is not .npz.
    """
    if not 1 <= rows <= MOST_ROWS or seed < 0:
        raise InputError(
            f"rows must be 1 to {MOST_ROWS} and the seed 0 or more, not {rows}, {seed}"
        )
    if out.suffix != ".npz" or out.exists():
        raise InputError(f"the output must be a new .npz file, not {out}")
    hits, curvature = muon_hits(rows, seed)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        X=hits.astype(np.int16),
        y=curvature,
        feature_names=np.array(FEATURES),
        target_names=np.array([TARGET]),
    )
    write_bytes(out, buffer.getvalue())


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Simulate muons in a toy of a muon trigger.")
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT, help="the .npz file to write")
    wanted = parser.parse_args()
    try:
        generate(wanted.rows, wanted.seed, wanted.out)
    except SymtickError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
