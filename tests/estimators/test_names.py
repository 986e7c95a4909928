"""Names of PySR and scikit-learn are errors of `SymbolicRegressor` that say ours."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from symtick import SymbolicRegressor
from symtick.estimators.names import ATTRIBUTES, FIT, PARAMETERS

PAGE = Path(__file__).parents[2] / "docs" / "regression.md"


def test_keywords_of_others_say_the_name_here() -> None:
    ours = inspect.signature(SymbolicRegressor).parameters
    assert "max_nodes" in ours and not set(PARAMETERS) & set(ours)
    for name, here in PARAMETERS.items():
        wanted = f"SymbolicRegressor has no '{name}': it is {here} here"
        with pytest.raises(TypeError, match=re.escape(wanted)):
            SymbolicRegressor(**{name: 1})
        wanted = f"SymbolicRegressor.set_params has no '{name}': it is {here} here"
        with pytest.raises(ValueError, match=re.escape(wanted)):
            SymbolicRegressor().set_params(**{name: 1})
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        SymbolicRegressor(nonsense=1)
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        SymbolicRegressor().set_params(nonsense=1)
    assert SymbolicRegressor().set_params(max_nodes=7).max_nodes == 7


def test_keywords_of_fit_say_the_name_here() -> None:
    assert not set(FIT) & set(inspect.signature(SymbolicRegressor.fit).parameters)
    X = np.ones((3, 1))
    for name, here in FIT.items():
        wanted = f"SymbolicRegressor.fit has no '{name}': it is {here} here"
        with pytest.raises(TypeError, match=re.escape(wanted)):
            SymbolicRegressor().fit(X, X[:, 0], **{name: None})


def test_attributes_of_others_say_the_name_here() -> None:
    model = SymbolicRegressor()
    for name, here in ATTRIBUTES.items():
        wanted = f"SymbolicRegressor has no '{name}': it is {here} here"
        with pytest.raises(AttributeError, match=re.escape(wanted)):
            getattr(model, name)
        assert not hasattr(SymbolicRegressor, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        model.nonsense  # noqa: B018
    with pytest.raises(NotFittedError):
        model.equations_  # noqa: B018


def test_what_the_names_stand_for_exists_and_is_documented() -> None:
    ours = {*inspect.signature(SymbolicRegressor).parameters, *dir(SymbolicRegressor)}
    ours |= {*inspect.signature(SymbolicRegressor.fit).parameters, "selected_"}
    table = PAGE.read_text(encoding="utf-8").split("## From PySR's names")[1].split("\n## ")[0]
    for name, here in (ATTRIBUTES | FIT).items():
        if name != "deterministic":
            assert set(re.findall(r"\w+", here)) & ours, (name, here)
        assert re.search(rf"\b{name}\b", table), name
