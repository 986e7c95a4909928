"""Names that ports and formulas have for features; what a user is told of odd data."""

from __future__ import annotations

import keyword
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.errors import SymtickWarning
from symtick.expr import check_names, parse
from symtick.search.data.names import port_names
from symtick.search.data.oddities import warn_of_oddities, warn_of_other_order

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("pt", "pt"),
        ("p_{T} [GeV]", "p_T_GeV"),
        ("exp", "exp_"),
        ("e", "e_"),
        ("pi", "pi_"),
        ("if", "if_"),
        ("2nd jet", "x_2nd_jet"),
        ("Δφ(j₁, j₂)", "Delta_phi_j1_j2"),
        ("δ", "delta"),
        ("θ_1", "theta_1"),
        ("θ1", "theta1"),
        ("Δx", "Delta_x"),
        ("λ", "lamda"),  # lambda is a word of Python
        ("π", "pi_"),
        ("ϕ", "phi"),  # another form of the letter
        ("ς", "sigma"),
        ("\N{MICRO SIGN}s", "mu_s"),
        ("Größe", "Gro_e"),
        ("Ampère", "Ampere"),
        ("日", "x"),
        ("_hidden", "_hidden"),
        ("reg", "reg"),  # the emitter renames reserved words of C++ and Verilog
    ],
)
def test_a_name_becomes_one_that_a_port_can_have(name: str, port: str) -> None:
    found = port_names([name])[0]
    assert found == port
    assert parse(f"2*{found}", [found]).evaluate(np.array([[3.0]]))[0, 0] == 6.0


def test_equal_names_are_numbered_and_good_ones_stay() -> None:
    assert port_names(["a b", "a-b", "a_b", "exp", "exp_"]) == (
        "a_b_2", "a_b_3", "a_b", "exp_2", "exp_",
    )  # fmt: skip
    assert port_names(["const", "x"], {"const"}) == ("const_", "x")


WORDS = st.one_of(
    st.text(max_size=6), st.sampled_from(["exp", "e", "a b", "a_b", "a_b_2", *keyword.kwlist])
)


@given(st.lists(WORDS, min_size=1, max_size=12, unique=True))
def test_any_names_become_different_ports(names: list[str]) -> None:
    assert len(check_names(port_names(names))) == len(names)
    assert port_names(port_names(names)) == port_names(names)


def told(
    X: np.ndarray, labels: np.ndarray | None, classes: tuple[str, ...], validation: float
) -> list[str]:
    names = [f"f{k}" for k in range(X.shape[1])]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warn_of_oddities(X, names, labels, classes, validation)
    assert all(issubclass(w.category, SymtickWarning) for w in seen)
    return [str(w.message) for w in seen]


def test_ordinary_data_are_taken_without_a_word() -> None:
    X = np.stack(
        [RNG.normal(size=2000), RNG.exponential(1e6, 2000), RNG.standard_cauchy(2000),
         RNG.integers(0, 2, 2000), np.where(RNG.random(2000) < 1e-3, 50.0, 0.0)], axis=1,
    )  # fmt: skip
    assert told(X, np.arange(2000) % 3, ("a", "b", "c"), 0.2) == []


def told_of_teacher(scores: np.ndarray, labels: np.ndarray) -> list[str]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warn_of_other_order(
            scores, labels, ("electron", "photon", "pion")[: labels.max() + 1], "do this"
        )
    return [str(w.message) for w in seen]


def test_a_teacher_whose_classes_stand_in_another_order_is_told() -> None:
    labels = RNG.integers(0, 3, 900)
    scores = np.eye(3)[labels] + RNG.normal(0.0, 0.4, (900, 3))
    assert told_of_teacher(scores, labels) == []
    assert told_of_teacher(RNG.normal(size=(900, 3)), labels) == []  # it knows nothing
    (said,) = told_of_teacher(scores[:, [1, 0, 2]], labels)
    right = np.mean(scores.argmax(1) == labels)
    assert said.startswith("the teacher's largest score is the label's in ")
    assert f"in {100 * right:.0f} % if its outputs stood for photon, electron, pion" in said
    assert said.endswith(": do this")
    many = (np.arange(900) % 10 > 0).astype(int)
    assert told_of_teacher(np.full((900, 1), -1.0), many) == []  # one class of every row
    two = labels % 2
    assert told_of_teacher(2.0 * two[:, None] - 1.0, two) == []
    (said,) = told_of_teacher(1.0 - 2.0 * two[:, None], two)
    assert "in 0 % of the training rows, and would be in 100 % if its outputs" in said


def test_each_oddity_is_told() -> None:
    X = RNG.normal(size=(300, 4))
    X[:, 1] = 7.0
    X[5, 2], X[6, 2] = 1e30, -999e8
    labels = np.zeros(300, dtype=int)
    labels[100:] = 1
    labels[0] = 2
    constant, far, rare, few = told(X, labels, ("a", "b", "c", "d"), 0.1)
    assert constant.startswith("f1: the same value in every training row")
    assert far.startswith(
        "f2: 2 of 300 values are as far out as 1e+30, where half of them lie from -"
    )
    assert rare == ("classes with hardly a training row: c (1), d (0); nothing can be learnt of "
                    "them")  # fmt: skip
    assert few.startswith("30 validation rows") and "standard error of up to 9 %" in few
    (few,) = told(X[:, :1], None, (), 0.1)
    assert "an RMSE on them has a standard error of about 13 %" in few
