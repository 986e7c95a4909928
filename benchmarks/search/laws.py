"""The nine laws of EmpiricalBench: data, form, and the exact way to make the data again.

Source: Cranmer 2023 (arXiv:2305.01582), section 4.2, and the data set that goes with it, which has
a tenth law (Tully and Fisher's) that the paper leaves out. Hubble, Kepler, Leavitt and Bode use
historical observations; the other five are generated with the paper's ranges, sizes and noise, by a
Mersenne twister seeded with the SHA-256 sum of the law's name, so the data are the paper's. Where
the paper plots the target on a logarithmic axis the search is given its logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import mpmath
import numpy as np
import numpy.typing as npt

from benchmarks.search.observed import BODE, HUBBLE, KEPLER, LEAVITT
from benchmarks.search.precise import Formula, InputPoint, Real, carrying, points

Floats = npt.NDArray[np.float64]
DOMAIN = 200  # points at which forms are compared


@dataclass(frozen=True)
class Generator:
    """Synthetic data.

    Attributes:
        formula: of the target, in symtick's language over the law's inputs.
        ranges: (low, high, logarithmic) of each input; none where the inputs are level numbers.
        size: number of rows.
        noise: standard deviation relative to the value.
    """

    formula: str
    ranges: tuple[tuple[float, float, bool], ...]
    size: int
    noise: float


@dataclass(frozen=True)
class Law:
    """One law.

    Attributes:
        key: its name in the data set, which seeds the generator.
        title: for people.
        inputs: names of the inputs.
        form: what is to be found, of the searched target, in symtick's language.
        free: places of its constants, in the order they are written, that may have any value but 0.
        domain: ranges of the inputs in which forms are compared; where the law is undefined (two
            equal levels) they are not.
        logarithm: whether the search gets the target's logarithm.
        source: a generator, or rows of inputs and target.
    """

    key: str
    title: str
    inputs: tuple[str, ...]
    form: str
    free: tuple[int, ...]
    domain: tuple[tuple[float, float], ...]
    logarithm: bool
    source: Generator | tuple[tuple[float, ...], ...]

    @property
    def formula(self) -> Formula:
        """The form with the constants of the modern law."""
        return Formula.of(self.form, self.inputs)

    def points(self) -> list[InputPoint]:
        """Where forms are compared: the law is defined there."""
        law = self.formula
        with carrying():
            candidates = points(self.domain, 2 * DOMAIN)
            return [p for p in candidates if law.value(p) is not None][:DOMAIN]


def data(law: Law) -> tuple[Floats, Floats]:
    """What the search gets: X, shape (rows, inputs), and y, shape (rows,)."""
    if isinstance(law.source, Generator):
        return _generated(law, law.source)
    table = np.array(law.source, float)
    y = np.log(table[:, -1]) if law.logarithm else table[:, -1]
    return table[:, :-1], y


def _generated(law: Law, source: Generator) -> tuple[Floats, Floats]:
    words = np.frombuffer(sha256(law.key.encode()).digest(), np.uint32)
    rng = np.random.RandomState(words)
    X = _ranged(source, rng) if source.ranges else _levels(source.size, rng)
    formula = Formula.of(source.formula, law.inputs)
    noise = rng.randn(source.size)
    with carrying():
        values: list[Real] = [formula.value([mpmath.mpf(float(v)) for v in row]) for row in X]
        noisy = [v * (1 + source.noise * float(e)) for v, e in zip(values, noise, strict=True)]
        y = [mpmath.log(v) for v in noisy] if law.logarithm else noisy
    return X, np.array([float(v) for v in y])


def _ranged(source: Generator, rng: np.random.RandomState) -> Floats:
    columns = []
    for low, high, logarithmic in source.ranges:
        if logarithmic:
            low, high = float(np.log(low)), float(np.log(high))
        drawn = rng.rand(source.size) * (high - low) + low
        columns.append(np.exp(drawn) if logarithmic else drawn)
    return np.stack(columns, axis=1)


def _levels(size: int, rng: np.random.RandomState) -> Floats:
    """Pairs of quantum numbers, the second larger."""
    rows = []
    for _ in range(size):
        lower = rng.randint(1, 7)
        rows.append((lower, rng.randint(lower + 1, 8)))
    return np.array(rows, float)


LAWS: Mapping[str, Law] = {
    law.key: law
    for law in (
        Law("hubble", "Hubble's law", ("D",), "73.3*D", (0,), ((0.03, 2.0),), False, HUBBLE),
        Law(
            "kepler",
            "Kepler's third law",
            ("a",),
            "365*sqrt(a**3)",
            (0,),
            ((0.3, 10.0),),
            False,
            KEPLER,
        ),
        Law(
            "newton",
            "Newton's law of gravitation",
            ("r", "m1", "m2"),
            "log(m1*m2) - 2*log(r) - 23.43",
            (1,),
            ((3.7e8, 7.37593e12), (1.3e22, 2e30), (1.3e22, 2e30)),
            True,
            Generator(
                "6.67408e-11*m1*m2/r**2",
                ((3.7e8, 7.37593e12, True), (1.3e22, 2e30, True), (1.3e22, 2e30, True)),
                30,
                0.1,
            ),
        ),
        Law(
            "planck",
            "Planck's law",
            ("nu", "T"),
            "3*log(nu) - 114.74 - log(exp(4.799e-11*nu/T) - 1)",
            (1, 2),
            ((1e9, 1e16), (100.0, 6000.0)),
            True,
            Generator(
                "2*6.62607004e-34*nu**3/299792458**2"
                "/(exp(6.62607004e-34*nu/(1.38064852e-23*T)) - 1)",
                ((1e9, 1e16, True), (100.0, 6000.0, True)),
                100,
                0.1,
            ),
        ),
        Law(
            "leavitt",
            "Leavitt's law",
            ("P",),
            "15.65 - 0.905*log(P)",
            (0, 1),
            ((1.25, 158.0),),
            False,
            tuple((10.0**period, magnitude) for period, magnitude in LEAVITT),
        ),
        Law(
            "schechter",
            "Schechter's function",
            ("L",),
            "-2.35 - 1.2*log(L) - 4e-09*L",
            (0, 1, 2),
            ((1e6, 3e9),),
            True,
            Generator("0.002/2.5e8*exp(-1.2*log(L/2.5e8) - L/2.5e8)", ((1e6, 3e9, True),), 27, 0.2),
        ),
        Law(
            "bode",
            "Bode's law",
            ("n",),
            "log(0.4 + 0.3*exp(0.6931*n))",
            (0, 1, 2),
            ((-5.0, 7.0),),
            True,
            BODE,
        ),
        Law(
            "ideal_gas",
            "Ideal gas law",
            ("n", "T", "V"),
            "log(n*T) - log(V) + 2.118",
            (0,),
            ((1.0, 100.0), (300.0, 400.0), (1.0, 100.0)),
            True,
            Generator(
                "n*8.314*T/V",
                ((1.0, 100.0, False), (300.0, 400.0, False), (1.0, 100.0, False)),
                30,
                0.1,
            ),
        ),
        Law(
            "rydberg",
            "Rydberg's formula",
            ("n1", "n2"),
            "-16.21 - log(1/n1**2 - 1/n2**2)",
            (0,),
            ((1.0, 7.0), (1.0, 8.0)),
            True,
            Generator("1/(1.097e7*(1/n1**2 - 1/n2**2))", (), 50, 0.01),
        ),
    )
}
