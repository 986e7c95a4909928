"""The jet generator's own arithmetic, without Pythia and FastJet: features and detector."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[3] / "examples" / "jets"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("jets_generate", FOLDER / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_jet(size: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pt, rap = rng.exponential(20, size), rng.normal(0.3, 0.2, size)
    return np.stack([pt, rap, (np.pi + rng.normal(0, 0.2, size)) % (2 * np.pi)], axis=1)


def brute_force(jet: np.ndarray, beta: int) -> tuple[float, float, float, float]:
    """e2, e3, 1e3 and 2e3 by the sums of their definitions."""
    z = jet[:, 0] / jet[:, 0].sum()

    def angle(i: int, j: int) -> float:
        turn = abs(jet[i, 2] - jet[j, 2])
        return float(np.hypot(jet[i, 1] - jet[j, 1], min(turn, 2 * np.pi - turn)))

    pairs = itertools.combinations(range(len(z)), 2)
    e2 = sum(z[i] * z[j] * angle(i, j) ** beta for i, j in pairs)
    e3 = v1 = v2 = 0.0
    for i, j, k in itertools.combinations(range(len(z)), 3):
        weight = z[i] * z[j] * z[k]
        low, middle, high = sorted([angle(i, j), angle(i, k), angle(j, k)])
        e3 += weight * (low * middle * high) ** beta
        v1 += weight * low**beta
        v2 += weight * (low * middle) ** beta
    return float(e2), e3, v1, v2


@pytest.mark.parametrize("size", [3, 4, 17])
def test_correlators_are_their_definitions(generator: ModuleType, size: int) -> None:
    jet = random_jet(size, seed=size)
    found = generator.correlators(jet[:, 0] / jet[:, 0].sum(), jet[:, 1], jet[:, 2])
    for beta in (1, 2):
        names = (f"e2_{beta}", f"e3_{beta}", f"v1_{beta}", f"v2_{beta}")
        expected = brute_force(jet, beta)
        assert np.allclose([found[name] for name in names], expected, rtol=1e-12)


def test_features_stand_in_the_order_of_the_sample(generator: ModuleType) -> None:
    with np.load(FOLDER / "jets_sample.npz", allow_pickle=False) as sample:
        assert tuple(sample["feature_names"]) == generator.FEATURES
        assert tuple(sample["classes"]) == generator.CLASSES
    whole, groomed = random_jet(30), random_jet(12, seed=4)
    row = dict(zip(generator.FEATURES, generator.features(whole, groomed, 80.0), strict=True))
    e2, e3, v1, v2 = brute_force(groomed, 2)
    z = whole[:, 0] / whole[:, 0].sum()
    share = groomed[:, 0] / groomed[:, 0].sum()
    assert row["zlogz"] == pytest.approx((z * np.log(z)).sum())
    assert row["c1_b0_mmdt"] == pytest.approx((1 - (share**2).sum()) / 2)
    assert row["c1_b2_mmdt"] == pytest.approx(e2)
    assert row["c2_b2_mmdt"] == pytest.approx(e3 / e2**2)
    assert row["d2_b2_mmdt"] == pytest.approx(e3 / e2**3)
    assert row["m2_b2_mmdt"] == pytest.approx(v1 / e2)
    assert row["n2_b2_mmdt"] == pytest.approx(v2 / e2**2)
    assert row["d2_a1_b1_mmdt"] == row["d2_b1_mmdt"]
    assert (row["mass_mmdt"], row["multiplicity"]) == (80.0, 30)


def test_the_features_of_the_sample_obey_their_definitions() -> None:
    """e3 can be had from C2 and from D2; both must give the same."""
    with np.load(FOLDER / "jets_sample.npz", allow_pickle=False) as sample:
        names = list(sample["feature_names"])
        X = sample["X_train"].astype(np.float64)
    for beta in (1, 2):
        e2, c2, d2 = (X[:, names.index(f"{k}_b{beta}_mmdt")] for k in ("c1", "c2", "d2"))
        assert np.allclose(c2 * e2**2, d2 * e2**3, rtol=1e-5, atol=1e-30)


def test_cells_keep_the_energy_and_sum_neighbours(generator: ModuleType) -> None:
    eta, phi = np.array([0.501, 0.502, -1.2]), np.array([0.301, 0.302, 2.0])
    pt = np.array([10.0, 20.0, 30.0])
    momenta = np.stack(
        [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1
    )
    rng = np.random.default_rng(0)
    towers = generator.cells(momenta, 0.1, 0.0, rng)
    assert len(towers) == 2
    assert towers[:, 0].sum() == pytest.approx(momenta[:, 0].sum())
    mass = towers[:, 0] ** 2 - (towers[:, 1:] ** 2).sum(axis=1)
    assert np.allclose(mass, 0.0, atol=1e-9 * towers[:, 0].max() ** 2)


def test_tracks_are_cut_and_smeared(generator: ModuleType) -> None:
    momenta = np.tile([5.0, 3.0, 0.0, 4.0], (20_000, 1))
    momenta[:5000] *= 0.1  # pT of 0.3 GeV
    seen = generator.tracks(momenta, np.random.default_rng(1))
    assert len(seen) == pytest.approx(15_000 * 0.98, rel=0.01)
    assert seen[:, 1].std() / 3.0 == pytest.approx(0.01, rel=0.05)


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        # without the optional group, as on most machines, whatever is installed here
        code = (
            "import sys, runpy; sys.modules['pythia8mc'] = None; sys.argv = sys.argv[1:]; "
            "runpy.run_path(sys.argv[0], run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(FOLDER / "generate.py"), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    out = tmp_path / "jets.npz"
    status, text = run("--jets", "2", "--out", str(out))
    assert status == 1 and "symtick[jets]" in text and "Traceback" not in text
    status, text = run("--jets", "0", "--out", str(out))
    assert status == 1 and "jets must be 1 or more" in text
    out.write_text("mine")
    status, text = run("--out", str(out))
    assert status == 1 and "must be a new .npz file" in text and out.read_text() == "mine"
