"""Makes the events of this example: trigger objects as words, and which events hold top quarks.

    python examples/ugt/generate.py --rows 60000 --seed 1

README.md in this folder describes the toy events.
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

# step of a word's last bit, in GeV or pseudorapidity, and the bits of the word
WORDS = {
    "jet1_pt": (0.5, 11), "jet1_eta": (0.0435, 8), "jet2_pt": (0.5, 11), "jet2_eta": (0.0435, 8),
    "met": (0.5, 12), "ht": (0.5, 12), "mu_pt": (0.5, 9), "mu_eta": (0.010875, 9),
}  # fmt: skip
SIGNED = {"jet1_eta", "jet2_eta", "mu_eta"}
CLASSES = ("soft", "top")
RESOLUTION = 0.8  # of the momentum balance in GeV, times the root of the energy
OUT = Path(__file__).with_name("events.npz")  # where job.yaml looks for it
MOST_ROWS = 10_000_000


def soft_events(rows: int, rng: np.random.Generator) -> Floats:
    """Two jets of a steeply falling spectrum, no neutrino, a muon of a decay in one of 25."""
    first = 30.0 + 30.0 * rng.pareto(3.0, rows)
    second = first * rng.beta(5.0, 2.0, rows)
    boost = rng.normal(0.0, 1.3, rows)
    ht = first + second + rng.exponential(35.0, rows)
    met = np.hypot(*rng.normal(0.0, RESOLUTION, (2, rows)) * np.sqrt(ht))
    muon = (rng.random(rows) < 0.06) * (3.0 + rng.exponential(5.0, rows))
    return _events(first, second, boost, 0.9, met, ht, muon, rng)


def top_events(rows: int, rng: np.random.Generator) -> Floats:
    """A pair of top quarks: central jets, a neutrino in the balance, a muon in one of three."""
    first = 30.0 + rng.gamma(2.5, 18.0, rows)
    second = np.minimum(0.35 * first + rng.gamma(3.0, 8.0, rows), first)
    boost = rng.normal(0.0, 0.8, rows)
    ht = first + second + rng.gamma(3.0, 18.0, rows)
    neutrino = rng.gamma(2.0, 20.0, rows)
    noise = rng.normal(0.0, RESOLUTION, (2, rows)) * np.sqrt(ht)
    met = np.hypot(neutrino + noise[0], noise[1])
    muon = (rng.random(rows) < 0.33) * (5.0 + rng.gamma(2.0, 16.0, rows))
    return _events(first, second, boost, 0.7, met, ht, muon, rng)


def _events(
    first: Floats, second: Floats, boost: Floats, spread: float, met: Floats, ht: Floats,
    muon: Floats, rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Quantities in the order of `WORDS`; an object that is not there has momentum and eta 0."""
    etas = boost + spread * rng.standard_normal((3, len(boost)))
    return np.column_stack([
        first, etas[0], second, etas[1], met, ht, muon,
        np.where(muon > 0.0, np.clip(etas[2], -2.4, 2.4), 0.0),
    ])  # fmt: skip


def words(events: Floats) -> Floats:
    """Quantities as the words of the trigger, which saturate: whole numbers, same shape."""
    columns = []
    for column, (name, (step, bits)) in zip(events.T, WORDS.items(), strict=True):
        most = (1 << (bits - (name in SIGNED))) - 1
        low = -most if name in SIGNED else 0
        columns.append(np.clip(np.floor(column / step), low, most))
    return np.column_stack(columns)


def generate(rows: int, seed: int, out: Path) -> None:
    """Write `rows` events, half of each class: the same bytes for the same rows and seed.

    Raises:
        InputError: rows or a seed out of range, or an output that exists or is not .npz.
    """
    if not 2 <= rows <= MOST_ROWS or seed < 0:
        raise InputError(
            f"rows must be 2 to {MOST_ROWS} and the seed 0 or more, not {rows}, {seed}"
        )
    if out.suffix != ".npz" or out.exists():
        raise InputError(f"the output must be a new .npz file, not {out}")
    rng = np.random.default_rng(seed)
    tops = rows // 2
    events = np.concatenate([soft_events(rows - tops, rng), top_events(tops, rng)])
    labels = np.repeat([0, 1], [rows - tops, tops])
    order = rng.permutation(rows)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        X=words(events)[order].astype(np.int16),
        y=labels[order].astype(np.int8),
        feature_names=np.array(list(WORDS)),
        classes=np.array(CLASSES),
    )
    write_bytes(out, buffer.getvalue())


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make toy events of a trigger.")
    parser.add_argument("--rows", type=int, default=60_000)
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
