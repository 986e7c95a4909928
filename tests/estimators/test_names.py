"""Names of PySR and scikit-learn are errors of `SymbolicRegressor` that say ours."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from symtick import SymbolicRegressor
from symtick.estimators.names import ATTRIBUTES, FIT, PARAMETERS, PREDICT

# of PySRRegressor in June 2026
SETTINGS = re.findall(
    r"\w+",
    """
model_selection binary_operators unary_operators operators expression_spec niterations populations
population_size max_evals maxsize maxdepth warmup_maxsize_by timeout_in_seconds constraints
nested_constraints elementwise_loss loss_function loss_function_expression loss_scale
complexity_of_operators complexity_of_constants complexity_of_variables complexity_mapping parsimony
dimensional_constraint_penalty dimensionless_constants_only use_frequency
use_frequency_in_tournament adaptive_parsimony_scaling alpha annealing early_stop_condition
ncycles_per_iteration fraction_replaced fraction_replaced_hof fraction_replaced_guesses
weight_add_node weight_insert_node weight_delete_node weight_do_nothing weight_mutate_constant
weight_mutate_operator weight_mutate_feature weight_swap_operands weight_rotate_tree
weight_randomize weight_simplify weight_optimize crossover_probability skip_mutation_failures
migration hof_migration topn should_simplify should_optimize_constants optimizer_algorithm
optimizer_nrestarts optimizer_f_calls_limit optimize_probability optimizer_iterations
perturbation_factor probability_negate_constant tournament_selection_n tournament_selection_p
parallelism procs cluster_manager heap_size_hint_in_bytes worker_timeout worker_imports batching
batch_size fast_cycle turbo bumper precision autodiff_backend random_state deterministic warm_start
guesses verbosity update_verbosity print_precision progress logger_spec input_stream run_id
output_directory temp_equation_file tempdir delete_tempfiles update output_jax_format
output_torch_format extra_sympy_mappings extra_torch_mappings extra_jax_mappings denoise
select_k_features
""",
)
METHODS = re.findall(
    r"\w+",
    """
from_file get_pkl_filename equations julia_options_ julia_state_ raw_julia_state_ expression_spec_
get_best equation_file_ fit refresh predict sympy latex jax pytorch get_equation_file get_hof
latex_table score get_params set_params
""",
)
FITTED = re.findall(
    r"\w+",
    """
equations_ n_features_in_ feature_names_in_ display_feature_names_in_ complexity_of_variables_
X_units_ y_units_ nout_ selection_mask_ run_id_ output_directory_ tempdir_ julia_state_stream_
julia_options_stream_ logger_ equation_file_contents_ show_pickle_warnings_
""",
)
ARGUMENTS = {
    "fit": "X y Xresampled weights variable_names complexity_of_variables X_units y_units category",
    "predict": "X index category",
    "latex": "index precision",
    "latex_table": "indices precision columns",
    "sympy": "index",
}
PAGE = Path(__file__).parents[2] / "docs" / "regression.md"


def test_keywords_of_others_say_the_name_here() -> None:
    ours = inspect.signature(SymbolicRegressor).parameters
    assert "max_nodes" in ours and not set(PARAMETERS) & set(ours)
    for name, here in PARAMETERS.items():
        wanted = f"SymbolicRegressor has no '{name}': {here}"
        with pytest.raises(TypeError, match=re.escape(wanted)):
            SymbolicRegressor(**{name: 1})
        wanted = f"SymbolicRegressor.set_params has no '{name}': {here}"
        with pytest.raises(ValueError, match=re.escape(wanted)):
            SymbolicRegressor().set_params(**{name: 1})
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        SymbolicRegressor(nonsense=1)
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        SymbolicRegressor().set_params(nonsense=1)
    assert SymbolicRegressor().set_params(max_nodes=7).max_nodes == 7


def test_every_name_of_pysr_s_is_the_same_here_or_is_answered() -> None:
    ours = inspect.signature(SymbolicRegressor).parameters
    assert not [n for n in SETTINGS if n not in ours and n not in PARAMETERS]
    model = SymbolicRegressor(evaluations=150).fit(pd.DataFrame({"a": [1.0, 2.0, 4.0]}), [1, 2, 3])
    for name in (*METHODS, *FITTED):
        if name in ATTRIBUTES:
            for owner in (model, SymbolicRegressor):
                with pytest.raises(AttributeError, match=re.escape(ATTRIBUTES[name])):
                    getattr(owner, name)
        else:
            assert hasattr(model, name), name
    for method, names in ARGUMENTS.items():
        told = {"fit": FIT, "predict": PREDICT}.get(method, {})
        here = inspect.signature(getattr(SymbolicRegressor, method)).parameters
        assert not [n for n in names.split() if n not in here and n not in told]
    with pytest.raises(TypeError, match="predict has no 'category': it is a column of X"):
        model.predict(np.ones((1, 1)), category=[0])  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="type object 'SymbolicRegressor' has no attribute"):
        SymbolicRegressor.nonsense  # noqa: B018


def test_keywords_of_fit_say_the_name_here() -> None:
    assert not set(FIT) & set(inspect.signature(SymbolicRegressor.fit).parameters)
    X = np.ones((3, 1))
    for name, here in FIT.items():
        wanted = f"SymbolicRegressor.fit has no '{name}': {here}"
        with pytest.raises(TypeError, match=re.escape(wanted)):
            SymbolicRegressor().fit(X, X[:, 0], **{name: None})


def test_attributes_of_others_say_the_name_here() -> None:
    model = SymbolicRegressor()
    for name, here in ATTRIBUTES.items():
        wanted = f"SymbolicRegressor has no '{name}': {here}"
        with pytest.raises(AttributeError, match=re.escape(wanted)):
            getattr(model, name)
        assert not hasattr(SymbolicRegressor, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        model.nonsense  # noqa: B018
    with pytest.raises(NotFittedError):
        model.equations_  # noqa: B018


def model_attributes() -> set[str]:
    """Of a fitted regressor, as its class says."""
    text = inspect.getdoc(SymbolicRegressor) or ""
    return set(re.findall(r"^ +(\w+_): ", text, re.MULTILINE))


def test_what_the_names_stand_for_exists_and_is_documented() -> None:
    ours = {*inspect.signature(SymbolicRegressor).parameters, *dir(SymbolicRegressor)}
    ours |= {*inspect.signature(SymbolicRegressor.fit).parameters, *model_attributes()}
    table = PAGE.read_text(encoding="utf-8").split("## From PySR's names")[1].split("\n## ")[0]
    for name, here in (ATTRIBUTES | FIT).items():
        if here.startswith("it is") and name != "deterministic":
            assert set(re.findall(r"\w+", here)) & ours, (name, here)
        else:
            assert here.startswith("there is none here") or name == "deterministic"
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    shown = set(re.findall(r"`(\w+)[`=(]", "\n".join(rows)))
    known = {*ours, *ATTRIBUTES, *FIT, *model_attributes()}
    unknown = {n for n in shown - known if not n.startswith("_of_")}  # these go on after a comma
    assert len(shown) > 60 and not unknown, unknown
