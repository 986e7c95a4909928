"""The recovery problems and their points against the literature's table and stored data."""

from __future__ import annotations

import ast
import csv
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.search.problems import GROUPS, PROBLEMS, PointSpec, RecoveryProblem, select
from benchmarks.search.sampling import LIMIT, sample, values
from benchmarks.search.tokens import SETS
from symtick.errors import InputError

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT.parent / "shared" / "data" / "sr_benchmarks" / "dso"
# laws that the published table writes differently from the papers; `Livermore-d` has its forms
DIFFERENT = {"Livermore-5", "Livermore-14", "Livermore-16"}
_PARAMETERS = {"n2": "square", "n3": "cube", "const": "const"}
Floats = npt.NDArray[np.float64]

ROWS = [
    'Nguyen-5,1,"sin(pow(x1,2))*cos(x1)-1","{""all"":{""U"":[-1,1,20]}}",None,Koza',
    'Nguyen-12a,2,"pow(x1,4)-pow(x1,3)+div(pow(x2,2),2)-x2","{""all"":{""U"":[0,10,20]}}",'
    "None,Koza",
    'Livermore-23,1,"exp(-0.5*pow(x1,2))","{""all"":{""U"":[-1,1,20]}}",None,Koza',
    'Jin-1,2,"2.5*pow(x1,4)-1.3*pow(x1,3)+0.5*pow(x2,2)-1.7*x2","{""all"":{""U"":[-3.0,3.0,100]}}"'
    ',"{""all"":{""U"":[-3.0,3.0,30]}}",Jin',
    'Neat-6,1,harmonic(x1),"{""all"":{""E"":[1,50,1]}}","{""all"":{""E"":[1,120,1]}}",KeijzerPlus1',
    'R2a,1,"div((pow(x1,5)-3*pow(x1,3)+1),(pow(x1,2)+1))","{""all"":{""E"":[-10,10,20]}}",'
    '"{""all"":{""E"":[-10,10,20]}}",None',
]
HEAD = "name,variables,expression,train_spec,test_spec,function_set"
FUNCTION_SETS = [
    "name,function_set",
    'Koza,"add,sub,mul,div,sin,cos,exp,log"',
    'None,"add,sub,mul,div,sin,cos,exp,log"',
    'Jin,"add,sub,mul,div,sin,cos,exp,n2,n3,const"',
    'KeijzerPlus1,"add,mul,inv,neg,sqrt,1.0,const"',
]


@pytest.fixture
def tables(tmp_path: Path) -> tuple[dict[str, dict[str, str]], dict[str, set[str]]]:
    """The published tables where they lie beside the project, else rows of the same layout."""
    folder = PUBLISHED
    if not folder.exists():
        folder = tmp_path
        (folder / "benchmarks.csv").write_text("\n".join([HEAD, *ROWS]))
        (folder / "function_sets.csv").write_text("\n".join(FUNCTION_SETS))
    with (folder / "benchmarks.csv").open() as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    with (folder / "function_sets.csv").open() as file:
        sets = {row["name"]: set(row["function_set"].split(",")) for row in csv.DictReader(file)}
    return rows, sets


def computed(text: str, X: Floats) -> Floats:
    """The table's formula, read with a small walker of its own."""
    functions: dict[str, Any] = {
        "pow": np.power, "div": np.divide, "sin": np.sin, "cos": np.cos, "exp": np.exp,
        "log": np.log, "sqrt": np.sqrt,
        "harmonic": np.vectorize(lambda n: math.fsum(1 / k for k in range(1, int(n) + 1))),
    }  # fmt: skip
    binary = {
        ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
        ast.Pow: np.power,
    }  # fmt: skip

    def walk(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=number):
                return float(number)
            case ast.Name(id=name):
                return X[:, int(name[1:]) - 1]
            case ast.UnaryOp(operand=inner):
                return -walk(inner)
            case ast.BinOp(left=left, op=op, right=right):
                return binary[type(op)](walk(left), walk(right))
            case ast.Call(func=ast.Name(id=name), args=args):
                return functions[name](*(walk(a) for a in args))
        raise AssertionError(ast.dump(node))

    return np.asarray(walk(ast.parse(text, mode="eval").body) + np.zeros(len(X)))


def published_spec(text: str) -> dict[str, list[float]]:
    (spec,) = json.loads(text).values()
    return dict(spec)


def same_spec(ours: PointSpec, text: str) -> bool:
    ((kind, numbers),) = published_spec(text).items()
    # where the papers give a number of points, the table's E stands for it
    mine = "E" if ours.kind == "N" else ours.kind
    return (mine, ours.low, ours.high, ours.points) == (kind, *numbers)


def test_the_table_is_the_published_one(
    tables: tuple[dict[str, dict[str, str]], dict[str, set[str]]],
) -> None:
    rows, sets = tables
    compared = 0
    for problem in PROBLEMS.values():
        if problem.key not in rows or problem.name in DIFFERENT:
            continue
        row = rows[problem.key]
        drawn = sample(problem)
        expected = computed(row["expression"], drawn.X_test)
        assert np.allclose(drawn.y_test, expected, rtol=1e-12, atol=1e-12), problem.name
        assert same_spec(problem.train, row["train_spec"]), problem.name
        assert row["test_spec"] == "None" or same_spec(problem.test or problem.train,
                                                       row["test_spec"]), problem.name  # fmt: skip
        wanted = {_PARAMETERS.get(name, name) for name in sets[row["function_set"]]}
        tokens = problem.tokens
        have = {*tokens.ops, *tokens.extra, *map(repr, tokens.literals)}
        assert have | ({"const"} if tokens.constants else set()) == wanted, problem.name
        compared += 1
    assert compared in (len(ROWS), len(PROBLEMS) - len(DIFFERENT))


def test_the_sets_have_the_published_sizes() -> None:
    sizes = Counter(problem.group for problem in PROBLEMS.values())
    assert sizes == {
        "Nguyen": 12, "Nguyen-12": 1, "Livermore": 22, "Livermore-d": 4, "Jin": 6, "Nguyen-c": 5,
        "Neat": 9, "R": 3, "R*": 3,
    }  # fmt: skip
    assert tuple(sizes) == GROUPS


def test_seeded_points_are_those_of_the_literature() -> None:
    drawn = sample(PROBLEMS["Nguyen-1"])
    assert np.array_equal(drawn.X[:2, 0], [-0.7403801071368961, 0.5206056048792103])
    assert drawn.X_test[0, 0] == -0.11630564721763292
    assert drawn.y_test[0] == pytest.approx(-0.10435191054859261, rel=1e-15)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda p: p.name)
def test_points_keep_the_rules(problem: RecoveryProblem) -> None:
    drawn = sample(problem, seed=5)
    for X, y, spec in (
        (drawn.X, drawn.y, problem.train),
        (drawn.X_test, drawn.y_test, problem.test or problem.train),
    ):
        assert X.shape == (len(y), len(problem.inputs))
        assert X.min() >= spec.low and X.max() <= spec.high
        assert np.array_equal(values(problem, X), y)
        if spec.kind == "U":
            assert len(y) == spec.points and np.abs(y).max() < LIMIT
        elif spec.kind == "N":
            assert np.allclose(X[:, 0], np.linspace(spec.low, spec.high, int(spec.points)))
        else:
            assert np.allclose(np.diff(np.unique(X[:, 0])), spec.points)
            assert (X.min(), X.max()) == (spec.low, spec.high)
    random = problem.train.kind == "U"
    assert np.array_equal(sample(problem, seed=6).X, drawn.X) != random
    assert np.array_equal(drawn.X, drawn.X_test) != (random or problem.name == "Neat-6")


def test_only_neat_6_has_no_closed_form() -> None:
    assert [p.name for p in PROBLEMS.values() if not p.truth] == ["Neat-6"]
    with pytest.raises(InputError, match=r"Neat-6 has no closed form"):
        _ = PROBLEMS["Neat-6"].law
    assert values(PROBLEMS["Neat-6"], np.array([[1.0], [4.0]])) == pytest.approx([1.0, 25 / 12])


def test_select_by_name_and_group() -> None:
    chosen = select(["Nguyen-c", "R2", "Nguyen-5c"])
    assert [p.name for p in chosen] == [
        "Nguyen-1c", "Nguyen-5c", "Nguyen-7c", "Nguyen-8c", "Nguyen-10c", "R2",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"no problem or group 'Nguyen-99'"):
        select(["Nguyen-99"])


@pytest.mark.parametrize(
    ("tokens", "text", "found"),
    [
        ("Koza", "sin(x*x)*cos(x) - x/x", ""),
        ("Koza", "sin(square(x))", "square"),
        ("Koza", "sin(x) - 1", "1.0"),
        ("Koza", "-x", "neg"),
        ("CKoza", "sin(1.5*x)", ""),
        ("CKoza", "tanh(x)", "tanh"),
        ("KozaPlus1", "x + 1", ""),
        ("KozaPlus1", "x + 2", "2.0"),
        ("Jin", "cube(y) + 0.3*square(x)", ""),
        ("Jin", "log(x)", "log"),
        ("Korns", "sin(x)/cos(x) + tanh(x)", ""),
        ("KeijzerPlus1", "1/x", ""),
        ("Vladislavleva-B", "exp(-x)", ""),
        ("Vladislavleva-B", "exp(-x) + 1.2", "1.2"),
    ],
)
def test_foreign_tokens_are_seen(tokens: str, text: str, found: str) -> None:
    assert SETS[tokens].foreign(text, ("x", "y")) == found
