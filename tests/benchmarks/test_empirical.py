"""EmpiricalBench: the data are the paper's, and the judge tells a law's form from others."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks.empirical import EmpiricalRun, main, published, report, summary, work
from benchmarks.search.forms import best_error, grade_of, judge, pareto, reads_as
from benchmarks.search.laws import LAWS, Generator, data
from symtick.errors import ParseError

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "sr_benchmarks" / "empirical"
# the parts of the published description that the table must agree with
ROWS = """
problems:
  Schechter function:
    key: schechter
    data_generator:
      args: [L]
      ranges: {L: [1e6, 3e9, 'log']}
      size: 27
      noise: {scale: 0.2, type: relative}
    plot: {yscale: log}
  Bode's law:
    key: bode
    use: data
    data:
      target: [0.39, 0.72, 1.00, 1.52, 2.77, 5.20, 9.58, 19.22]
      inputs: {n: [-1000, 0, 1, 2, 3, 4, 5, 6]}
    plot: {yscale: log}
"""


def description() -> dict[str, dict[str, object]]:
    """The published one where it lies beside the project, else a part of it."""
    path = PUBLISHED / "equations.yml"
    held = yaml.safe_load(path.read_text() if path.exists() else ROWS)
    return {problem["key"]: problem for problem in held["problems"].values()}


def test_the_table_is_the_published_one() -> None:
    found = description()
    compared = 0
    for key, law in LAWS.items():
        if key not in found:
            continue
        problem = found[key]
        assert law.logarithm == (problem.get("plot", {}).get("yscale") == "log"), key
        if isinstance(law.source, Generator):
            generator = problem["data_generator"]
            assert law.source.size == generator["size"]
            scale = generator["noise"]["scale"]
            assert law.source.noise == (0.1 if scale == "None" else scale)
            for name, (low, high, logarithmic) in zip(
                generator["args"], law.source.ranges, strict=False
            ):
                given = generator["ranges"][name]
                assert (low, high) == (float(given[0]), float(given[1])), key
                assert logarithmic == (given[2:] != ["linear"]), key
        elif "target" in problem["data"]:
            columns = [*problem["data"]["inputs"].values(), problem["data"]["target"]]
            assert np.array_equal(law.source, np.transpose(columns).astype(float)), key
        compared += 1
    assert compared == (9 if len(found) > 2 else 2)
    assert "tully" not in LAWS


@pytest.mark.parametrize("key", ["hubble", "leavitt"])
def test_digitised_observations(key: str) -> None:
    X, y = data(LAWS[key])
    path = PUBLISHED / f"{key}.csv"
    if path.exists():
        with path.open() as file:
            rows = np.array([[float(v) for v in row] for row in list(csv.reader(file))[1:]])
        inputs = 10.0 ** rows[:, 0] if key == "leavitt" else rows[:, 0]
        assert np.allclose(X[:, 0], inputs, rtol=1e-14)
        assert np.array_equal(y, rows[:, 1])
    assert (len(y), y.min(), y.max()) == {
        "hubble": (32, -115.2166741058436, 1109.6275883483086),
        "leavitt": (26, 11.219865002566637, 15.107055569601826),
    }[key]


@pytest.mark.parametrize("key", LAWS)
def test_the_law_explains_its_data(key: str) -> None:
    law = LAWS[key]
    X, y = data(law)
    assert X.shape == (len(y), len(law.inputs))
    assert np.isfinite(X).all() and np.isfinite(y).all()
    again = data(law)
    assert np.array_equal(X, again[0]) and np.array_equal(y, again[1])
    error = best_error(law, X, y)
    if isinstance(law.source, Generator):
        # of a logarithm with noise of this relative size: the mean of a normal deviate's magnitude
        assert error == pytest.approx(law.source.noise * math.sqrt(2 / math.pi), rel=0.35)
    else:
        assert error < 0.7 * np.mean(np.abs(y - y.mean()))


def test_rydberg_levels_are_ordered() -> None:
    X, _ = data(LAWS["rydberg"])
    assert (X[:, 0] < X[:, 1]).all() and X.min() == 1 and X.max() == 7


GRADES = [
    ("hubble", "423.5*D", "solved"),
    ("hubble", "D*100*4.2", "solved"),
    ("hubble", "73.3*D", "almost"),  # not fitted to these data
    ("hubble", "423.5*D + 10", "missed"),
    ("kepler", "366.8*a*sqrt(a)", "solved"),
    ("kepler", "sqrt(134500*a*square(a))", "solved"),
    ("kepler", "366.8*exp(1.501*log(a))", "missed"),
    ("newton", "log(m1*m2/square(r)) - 23.43", "solved"),
    ("newton", "log(m1*0.000000001/r) + log(m2/(r*14.9))", "solved"),
    ("newton", "log(m1*m2) - 2.00000001*log(r) - 23.43", "solved"),
    ("newton", "log(m1*m2) - 1.99*log(r) - 23.7", "almost"),
    ("newton", "log(m1*m2) - 1.5*log(r) - 40", "missed"),
    ("planck", "log(cube(nu)/(exp(nu/T*4.799e-11) - 1)) - 114.74", "solved"),
    ("planck", "3*log(nu) - 4.799e-11*nu/T - log(1 - exp(nu*-4.799e-11/T)) - 114.74", "solved"),
    ("planck", "3*log(nu) - 114.74 - log(exp(4.799e-11*nu/T) - 0.99)", "almost"),
    ("planck", "3*log(nu) - 114.74 - 4.799e-11*nu/T", "missed"),  # Wien's
    ("leavitt", "15.6 - 0.905*log(P)", "solved"),
    ("leavitt", "15.89 - log(P)", "almost"),  # one constant for two
    ("schechter", "log(exp(L*-4e-09)/L) - 2.4 - 0.2*log(L)", "solved"),
    ("schechter", "-26 - 4e-09*L", "missed"),
    ("bode", "log(exp(0.69*n) + 1.33) - 1.2", "solved"),
    ("bode", "1.00001", "missed"),
    ("bode", "log(0.4 + 0.1*exp(n))", "almost"),
    ("ideal_gas", "log(n*8.3*T/V)", "solved"),
    ("ideal_gas", "log(n) + log(T) - 0.99*log(V) + 2.1", "missed"),
    ("rydberg", "log(square(n1*n2)/(square(n2) - square(n1))) - 16.21", "solved"),
    ("rydberg", "log(square(n1*n2)/(n2 - n1)) - 17.9", "missed"),
]


@pytest.mark.parametrize(("key", "text", "grade"), GRADES)
def test_grades(key: str, text: str, grade: str) -> None:
    assert grade_of(text, LAWS[key], *data(LAWS[key])) == grade


@pytest.mark.parametrize(
    ("key", "text", "read"),
    [
        ("leavitt", "log(8230067.99/P)", True),  # a slope of 1 need not be written
        ("leavitt", "15.89 - log(P + 1)", False),
        ("hubble", "73.3*D", True),  # however it fits
        ("rydberg", "log(square(n1)/(10953353.9 - 10942486.15*square(n1/n2)))", True),
        ("rydberg", "log(square(n1)/(10953353.9 - 10922486.15*square(n1/n2)))", False),
        ("newton", "log(m1*m2) - 1.99*log(r) - 23.7", False),
        ("newton", "log(m1*m2) - 2.001*log(r) - 23.7", True),
        ("bode", "log(0.4 + 0.1*exp(n))", True),
        ("planck", "3*log(nu) - 114.74 - 4.799e-11*nu/T", False),
    ],
)
def test_what_people_read_as_the_law(key: str, text: str, read: bool) -> None:
    assert reads_as(text, LAWS[key]) == read
    assert judge([text], LAWS[key]).read == (text if read else "")


def test_an_earlier_result_is_judged_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        "law": "leavitt", "method": "gp", "seed": 0, "max_evaluations": 10, "grade": "solved",
        "expression": "P", "front": ["15.89 - log(P)"], "evaluations": 10, "seconds": 1.0,
    }  # fmt: skip
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"machine": "m", "runs": [row]}))
    main(["--again", "--out", str(path)])
    result = json.loads(path.read_text())
    assert result["machine"] == "m" and result["laws"][0]["read"] == 1
    assert (result["runs"][0]["grade"], result["laws"][0]["solved"]) == ("almost", 0)
    assert "0/1" in capsys.readouterr().out


def test_every_law_is_graded_by_an_example() -> None:
    assert {key for key, _, grade in GRADES if grade == "solved"} == set(LAWS)


def test_only_the_front_of_loss_and_size_is_judged() -> None:
    law = LAWS["hubble"]
    X, y = data(law)
    long = " + ".join(["423.5*D/9"] * 9)
    front = ["423.5*D", "D", long, "400*D + 0*D", "log(D - 1)"]
    assert pareto(front, law, X, y) == ["D", "423.5*D"]
    assert judge(front, law).grade == "solved"
    assert judge([long], law).grade == "missed"  # over 30 nodes
    assert judge([], law).grade == "missed"
    with pytest.raises(ParseError):
        judge(["import os"], law)


@pytest.mark.kernel
def test_a_run_solves_hubbles_law() -> None:
    row = work(EmpiricalRun("hubble", "gp", 3, 20_000))
    assert row["grade"] == "solved"
    assert row["expression"] in row["front"]
    assert 0 < row["evaluations"] <= 20_000
    (line,) = summary([row])
    assert (line["solved"], line["runs"], line["title"]) == (1, 1, "Hubble's law")
    assert "1/1" in report([row]) and "PySR (paper)" in report([row])


def test_the_paper_s_fronts_are_judged(tmp_path: Path) -> None:
    for key, law in LAWS.items():
        text = "1.0\n(x0 * 474.8746952958881)\n" if key == "hubble" else f"x{len(law.inputs) - 1}\n"
        for seed in range(1, 6):
            (tmp_path / f"pysr_{key}_seed={seed}_v44_results.txt").write_text(text)
    rows = published(tmp_path)
    assert len(rows) == 45
    assert {row["law"] for row in rows if row["grade"] == "solved" and row["read"]} == {"hubble"}
