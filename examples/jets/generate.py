"""Makes jets like those of jets_sample.npz: Pythia 8 events, a simple detector, FastJet, soft drop.

    python examples/jets/generate.py --jets 1000 --seed 1 --out my_jets.npz

Needs the optional group: pip install "symtick[jets]". About 20 ms a jet on one core. README.md in
this folder gives the recipe and the definition of every feature.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, SymtickError, ToolError
from symtick.files import write_bytes

Floats = npt.NDArray[np.float64]

CLASSES = ("g", "q", "w", "z", "t")
FEATURES = (
    "zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c1_b2_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt",
    "d2_b2_mmdt", "d2_a1_b1_mmdt", "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt",
    "n2_b2_mmdt", "mass_mmdt", "multiplicity",
)  # fmt: skip
COMMON = (
    "Beams:eCM = 13000.",
    "PhaseSpace:pTHatMin = 995.",
    "PhaseSpace:pTHatMax = 1005.",
    "PartonLevel:MPI = on",
    "Print:quiet = on",
)
HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
PROCESSES = {
    "g": ("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"),
    "q": ("HardQCD:qq2qq = on", "HardQCD:qqbar2qqbarNew = on", "HardQCD:gg2qqbar = on"),
    "w": ("WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W),
    "z": (
        "WeakDoubleBoson:ffbar2gmZgmZ = on",
        "WeakZ0:gmZmode = 2",
        "23:onMode = off",
        "23:onIfAny = 1 2 3 4 5",
    ),
    "t": ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W),
}
JET_RADIUS = 0.8
JET_PT = 500.0  # GeV
JET_ETA = 2.5
DETECTOR_ETA = 4.0
TRACK_PT = 0.6  # GeV
TRACK_EFFICIENCY = 0.98
TRACK_SMEARING = 0.01  # relative, at low pT ...
TRACK_SLOPE = 1e-4  # ... and added in quadrature, per GeV
PHOTON_CELL, HADRON_CELL = 0.0175, 0.022  # in eta and phi
PHOTON_NOISE, HADRON_NOISE = 0.05, 1.0  # relative, times 1 / sqrt(E / GeV)
CELL_ENERGY = 1.0  # GeV, below which a cell is not read out
SYMMETRY_CUT = 0.1


def visible(event: Any) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(E, px, py, pz) of the visible final particles, and which are charged, and photons."""
    rows = [
        (p.e(), p.px(), p.py(), p.pz(), p.isCharged(), p.id() == 22)
        for p in event
        if p.isFinal() and p.isVisible() and abs(p.eta()) < DETECTOR_ETA
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return table[:, :4], table[:, 4] > 0, table[:, 5] > 0


def tracks(momenta: Floats, rng: np.random.Generator) -> Floats:
    """Charged particles as the tracker sees them, (n, 4)."""
    pt = np.hypot(momenta[:, 1], momenta[:, 2])
    kept = (pt > TRACK_PT) & (rng.random(len(pt)) < TRACK_EFFICIENCY)
    width = np.hypot(TRACK_SMEARING, TRACK_SLOPE * pt[kept])
    return (
        momenta[kept] * np.clip(1.0 + width * rng.standard_normal(len(width)), 0.01, None)[:, None]
    )


def cells(momenta: Floats, size: float, noise: float, rng: np.random.Generator) -> Floats:
    """Neutral particles summed in calorimeter cells, smeared, as massless towers, (cells, 4)."""
    if len(momenta) == 0:
        return momenta
    eta = np.arcsinh(momenta[:, 3] / np.hypot(momenta[:, 1], momenta[:, 2]))
    phi = np.arctan2(momenta[:, 2], momenta[:, 1])
    places = np.floor(np.stack([eta, phi], axis=1) / size)
    unique, index = np.unique(places, axis=0, return_inverse=True)
    energy = np.bincount(index.ravel(), weights=momenta[:, 0])
    energy += noise * np.sqrt(energy) * rng.standard_normal(len(energy))
    centre = (unique + 0.5) * size
    pt = energy / np.cosh(centre[:, 0])
    towers = np.stack(
        [energy, pt * np.cos(centre[:, 1]), pt * np.sin(centre[:, 1]), pt * np.sinh(centre[:, 0])],
        axis=1,
    )
    return towers[energy > CELL_ENERGY]


def detected(event: Any, rng: np.random.Generator) -> Floats:
    """What the detector hands to the jet finder, (n, 4)."""
    momenta, charged, photon = visible(event)
    return np.concatenate(
        [
            tracks(momenta[charged], rng),
            cells(momenta[photon], PHOTON_CELL, PHOTON_NOISE, rng),
            cells(momenta[~charged & ~photon], HADRON_CELL, HADRON_NOISE, rng),
        ]
    )


def soft_drop(jet: Any) -> Any:
    """Declusters a C/A jet until the softer branch carries at least `SYMMETRY_CUT` of the pT.

    Soft drop with beta = 0 (arXiv:1402.2657), which is the modified mass drop tagger.
    """
    import fastjet

    first, second = fastjet.PseudoJet(), fastjet.PseudoJet()
    while jet.has_parents(first, second):
        soft = min(first.perp(), second.perp())
        if soft > SYMMETRY_CUT * (first.perp() + second.perp()):
            break
        harder = first if first.perp() > second.perp() else second
        jet = fastjet.PseudoJet(harder)
    return jet


def leading_jets(particles: Floats) -> Iterator[tuple[Floats, Floats, float]]:
    """The (at most) two leading jets: constituents before and after grooming, groomed mass.

    Constituents are (n, 3): pT in GeV, rapidity, phi.
    """
    import fastjet

    inputs = [fastjet.PseudoJet(*map(float, p[[1, 2, 3, 0]])) for p in particles]
    finder = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    sequence = fastjet.ClusterSequence(inputs, finder)
    for jet in fastjet.sorted_by_pt(sequence.inclusive_jets(JET_PT))[:2]:
        if abs(jet.eta()) >= JET_ETA:
            continue
        redo = fastjet.JetDefinition(fastjet.cambridge_algorithm, 10 * JET_RADIUS)
        again = fastjet.ClusterSequence(list(jet.constituents()), redo)
        groomed = soft_drop(fastjet.sorted_by_pt(again.inclusive_jets())[0])
        yield _constituents(jet), _constituents(groomed), float(groomed.m())


def _constituents(jet: Any) -> Floats:
    return np.array([(c.perp(), c.rap(), c.phi()) for c in jet.constituents()])


def correlators(z: Floats, rap: Floats, phi: Floats) -> dict[str, float]:
    """Energy correlators of one jet: e2, e3 of arXiv:1305.0007 and the v_e_3 of arXiv:1609.07483.

    Args:
        z: (n,) fractions of the jet's pT.
        rap, phi: (n,) directions.

    Returns:
        "e2_b", "e3_b" for exponents b = 0 (e2 only), 1, 2, and "v1_b", "v2_b": the three-point
        functions with the smallest angle, and with the two smallest.
    """
    turn = np.abs(phi[:, None] - phi[None, :])
    angle = np.hypot(rap[:, None] - rap[None, :], np.minimum(turn, 2 * np.pi - turn))
    pair = np.triu(z[:, None] * z[None, :], 1)
    values = {f"e2_{b}": float((pair * angle**b).sum()) for b in (0, 1, 2)}
    values.update({f"{kind}_{b}": 0.0 for kind in ("e3", "v1", "v2") for b in (1, 2)})
    for i in range(len(z) - 2):
        rest = slice(i + 1, None)
        weight = z[i] * pair[rest, rest]
        third = angle[rest, rest]
        one, two = np.broadcast_arrays(angle[i, rest, None], angle[i, None, rest])
        product = one * two * third
        least = np.minimum(np.minimum(one, two), third)
        most = np.maximum(np.maximum(one, two), third)
        two_least = np.divide(product, most, out=np.zeros_like(product), where=most > 0)
        for kind, value in (("e3", product), ("v1", least), ("v2", two_least)):
            values[f"{kind}_1"] += float((weight * value).sum())
            values[f"{kind}_2"] += float((weight * value**2).sum())
    return values


def features(whole: Floats, groomed: Floats, mass: float) -> Floats:
    """The 16 features of one jet, (16,), as `FEATURES`; may hold NaN or inf.

    `zlogz` and `multiplicity` are of the whole jet, the rest is of the groomed one.
    """
    share = whole[:, 0] / whole[:, 0].sum()
    e = correlators(groomed[:, 0] / groomed[:, 0].sum(), groomed[:, 1], groomed[:, 2])
    with np.errstate(divide="ignore", invalid="ignore"):
        e2 = {b: np.float64(e[f"e2_{b}"]) for b in (0, 1, 2)}
        values = [np.sum(share * np.log(share)), e2[0], e2[1], e2[2]]
        values += [e[f"e3_{b}"] / e2[b] ** 2 for b in (1, 2)]  # C2
        values += [e[f"e3_{b}"] / e2[b] ** 3 for b in (1, 2)]  # D2
        values += [e["e3_1"] / e2[b] ** (3 / b) for b in (1, 2)]  # D2 with alpha = 1
        values += [e[f"v1_{b}"] / e2[b] for b in (1, 2)]  # M2
        values += [e[f"v2_{b}"] / e2[b] ** 2 for b in (1, 2)]  # N2
    return np.array([*values, mass, len(whole)], dtype=np.float64)


def make_class(name: str, count: int, seed: int) -> Floats:
    """`count` jets of one class, (count, 16); jets with a ratio that is not finite are dropped."""
    import pythia8mc

    pythia = pythia8mc.Pythia("", False)
    for line in (*COMMON, *PROCESSES[name], "Random:setSeed = on", f"Random:seed = {seed}"):
        if not pythia.readString(line):
            raise ToolError(f"Pythia does not accept the setting {line!r}")
    if not pythia.init():
        raise ToolError(f"Pythia could not be set up for class {name!r}")
    rng = np.random.default_rng([seed, CLASSES.index(name)])
    rows: list[Floats] = []
    while len(rows) < count:
        if not pythia.next():
            continue
        for jet in leading_jets(detected(pythia.event, rng)):
            row = features(*jet)
            if np.isfinite(row).all():
                rows.append(row)
    return np.array(rows[:count])


def check_tools() -> None:
    """Raises ToolError where Pythia or FastJet is not installed."""
    try:
        import fastjet  # noqa: F401
        import pythia8mc  # noqa: F401
    except ImportError as error:
        raise ToolError(
            f"{error.name} is not installed: pip install 'symtick[jets]' brings Pythia 8 and "
            "FastJet; the committed sample jets_sample.npz needs neither"
        ) from error


def generate(count: int, seed: int, out: Path) -> None:
    """Write `count` jets of each class to a .npz, in shuffled order.

    Raises:
        InputError: a count or seed out of range, or an output that exists or is not .npz.
        ToolError: Pythia or FastJet is missing or fails.
    """
    if count < 1 or not 0 < seed < 900_000_000:
        raise InputError(f"jets must be 1 or more and the seed 1 to 899999999, not {count}, {seed}")
    if out.suffix != ".npz" or out.exists():
        raise InputError(f"the output must be a new .npz file, not {out}")
    check_tools()
    X = np.concatenate([make_class(name, count, seed) for name in CLASSES])
    y = np.repeat(np.arange(len(CLASSES), dtype=np.int8), count)
    order = np.random.default_rng(seed).permutation(len(X))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        X=X[order].astype(np.float32),
        y=y[order],
        feature_names=np.array(FEATURES),
        classes=np.array(CLASSES),
    )
    write_bytes(out, buffer.getvalue())


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Simulate jets of five kinds.")
    parser.add_argument("--jets", type=int, default=1000, help="jets of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="the .npz file to write")
    wanted = parser.parse_args()
    try:
        generate(wanted.jets, wanted.seed, wanted.out)
    except SymtickError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
