"""The unseen problems: Feynman laws, right-hand sides of differential equations, black boxes.

The laws are those of Udrescu and Tegmark 2020 (arXiv:1905.11481), their constants variables, in
`feynman.csv` with the published ranges. Those that other benchmarks of this project hold, and the
two with an arcus sine, are left out; of the others 40 are drawn with a seed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine, make_friedman1
from sklearn.preprocessing import StandardScaler

from symtick.errors import InputError
from symtick.expr import parse

Floats = npt.NDArray[np.float64]
TABLE = Path(__file__).with_name("feynman.csv")
ROWS, TEST_ROWS = 1000, 1000
DRAWN, DRAW_SEED = 40, 2026
# benchmarks.search.tick_sets has the first; the gas law and Planck's are in benchmarks.search.laws
SEEN = ("I.6.2b", "I.39.22", "I.41.16")


@dataclass(frozen=True)
class Law:
    """A closed form that is sought.

    Attributes:
        name: of the law.
        text: in symtick's language, over x0, x1, ...
        ranges: of each input, drawn from uniformly.
    """

    name: str
    text: str
    ranges: tuple[tuple[float, float], ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(f"x{k}" for k in range(len(self.ranges)))

    def values(self, X: Floats) -> Floats:
        """The law at these rows, shape (rows,)."""
        return np.asarray(parse(self.text, self.inputs).evaluate(X)[:, 0], np.float64)


@dataclass(frozen=True, eq=False)
class Data:
    """Rows to learn from and rows to test on; targets of the latter have no noise."""

    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats


def feynman() -> dict[str, Law]:
    """All laws of the table that can be written, by name, without those seen."""
    laws: dict[str, Law] = {}
    with TABLE.open() as file:
        for row in csv.DictReader(file):
            if row["name"] in SEEN or "arcsin" in row["law"]:
                continue
            ends = [pair.split(":") for pair in row["ranges"].split(";")]
            ranges = tuple((float(low), float(high)) for low, high in ends)
            laws[row["name"]] = Law(row["name"], row["law"], ranges)
    return laws


def drawn() -> tuple[Law, ...]:
    """The 40 laws of the benchmark, in the table's order."""
    laws = list(feynman().values())
    chosen = np.random.default_rng(DRAW_SEED).permutation(len(laws))[:DRAWN]
    return tuple(laws[k] for k in sorted(chosen.tolist()))


ODES: tuple[Law, ...] = tuple(
    Law(name, text, ranges)
    for name, text, ranges in (
        ("Lotka-Volterra, prey", "1.5*x0 - 0.8*x0*x1", ((0.2, 4.0), (0.2, 4.0))),
        ("van der Pol", "1.7*(1 - x0**2)*x1 - x0", ((-2.5, 2.5), (-3.0, 3.0))),
        ("Lorenz, second", "x0*(28 - x2) - x1", ((-18.0, 18.0), (-24.0, 24.0), (3.0, 45.0))),
        ("pendulum with friction", "-4.9*sin(x0) - 0.3*x1", ((-3.0, 3.0), (-4.0, 4.0))),
        ("SIR, infected", "0.6*x0*x1 - 0.2*x1", ((0.0, 1.0), (0.0, 0.5))),
        ("FitzHugh-Nagumo", "x0 - x0**3/3 - x1 + 0.5", ((-2.2, 2.2), (-1.0, 1.8))),
        ("Brusselator", "1 - 4*x0 + x0**2*x1", ((0.2, 3.5), (0.5, 5.0))),
        ("Michaelis-Menten", "2.3*x0/(0.7 + x0) - 0.4*x1", ((0.05, 5.0), (0.05, 5.0))),
    )
)


def law_data(law: Law, noise: float, seed: int) -> Data:
    """Rows of a law.

    Args:
        law: the law.
        noise: standard deviation of Gaussian noise on the target, relative to the target's.
        seed: of rows and noise.
    """
    rng = np.random.default_rng([seed, *law.name.encode()])
    low, high = np.array(law.ranges).T
    X = rng.uniform(low, high, (ROWS + TEST_ROWS, len(law.ranges)))
    exact = law.values(X)
    spread = float(np.std(exact[:ROWS]))
    y = exact[:ROWS] + noise * spread * rng.standard_normal(ROWS)
    return Data(X[:ROWS], y, X[ROWS:], exact[ROWS:])


BOXES = ("diabetes", "wine", "cancer", "iris", "friedman", "network", "steps")


def box_data(name: str, seed: int) -> Data:
    """A black box, split by a seed into three quarters to learn from and a quarter to test on.

    `diabetes`, and one measured column of three other sets of scikit-learn by the others: alcohol
    of `wine`, mean smoothness of `cancer`, petal width of `iris`. `friedman` has noise and five
    inputs that do not matter; `network` is a random network of five inputs; `steps` a sum of steps.

    Raises:
        InputError: there is no such box.
    """
    X, y = _box(name)
    order = np.random.default_rng(seed).permutation(len(y))
    cut = 3 * len(y) // 4
    train, test = order[:cut], order[cut:]
    scaler = StandardScaler().fit(X[train])
    rows = scaler.transform(X)
    return Data(rows[train], y[train], rows[test], y[test])


def _box(name: str) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(7)
    if name == "diabetes":
        bunch = load_diabetes(scaled=False)
        return np.asarray(bunch.data), np.asarray(bunch.target)
    if name == "wine":
        table = load_wine().data
        return table[:, 1:], table[:, 0]
    if name == "cancer":
        table = load_breast_cancer().data[:, :10]
        return np.delete(table, 4, axis=1), 10.0 * table[:, 4]
    if name == "iris":
        table = load_iris().data
        return table[:, :3], table[:, 3]
    if name == "friedman":
        X, y = make_friedman1(600, 10, noise=1.0, random_state=7)
        return X, y
    X = rng.uniform(-1.0, 1.0, (600, 5))
    if name == "network":
        hidden = np.tanh(1.5 * X @ rng.standard_normal((5, 12)) + rng.standard_normal(12))
        return X, hidden @ rng.standard_normal(12) + 0.05 * rng.standard_normal(600)
    if name == "steps":
        y = 1.0 * (X[:, 0] > 0.2) - 2.0 * (X[:, 1] * X[:, 2] > 0.0) + 0.5 * X[:, 3]
        return X, y + 0.05 * rng.standard_normal(600)
    raise InputError(f"there is no black box {name!r}: there are {', '.join(BOXES)}")
