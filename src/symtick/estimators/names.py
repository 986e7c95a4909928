"""Names that users of PySR and scikit-learn type, and what they are called here.

There are no aliases: who uses such a name is told ours, or that there is none and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar


def _is(ours: str) -> str:
    return f"it is {ours} here"


def _named(names: str, said: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), said)


_ENGINE = _is("a field of preset=EngineConfig(...)")
_MOVE = _is("a weight of preset=EngineConfig(moves=Moves(...))")
_DEFINITION = _is("the definition in custom_operators")
_FILES = _is("save(path) and load(path)")
_SERIES = _is("the column names of a DataFrame X")
_JULIA = "there is none here, for nothing runs in Julia"
_NO_JAX = "there is none here: torch() and equations_.function are what computes"
PARAMETERS: Mapping[str, str] = {
    **_named("niterations max_evals", _is("evaluations")),
    "expression_spec": _is("template"),
    "maxsize": _is("max_nodes (max_complexity where symbols weigh differently)"),
    "maxdepth": _is("max_depth"),
    "warmup_maxsize_by": "there is none here: max_nodes holds from the beginning",
    **_named("elementwise_loss loss_function loss_function_expression", _is("loss")),
    "loss_scale": "there is none here: scores are changes of log(loss)",
    "complexity_mapping": _is("penalty, or complexity_of_operators"),
    "early_stop_condition": _is("target_loss"),
    "timeout_in_seconds": _is("max_seconds"),
    "random_state": _is("seed"),
    "deterministic": _is("always so"),
    **_named("parallelism multithreading procs n_jobs", _is("threads (n_workers for processes)")),
    **_named("cluster_manager worker_timeout worker_imports", _is("scheduler")),
    **_named("verbosity progress update_verbosity", _is("verbose")),
    "print_precision": "it is the precision of latex here; print has the digits that the rows need",
    "logger_spec": _is("log"),
    "input_stream": "there is none here: Ctrl-C ends a fit and keeps what was found",
    "precision": "there is none here: a search is in double precision",
    **_named(
        "populations population_size ncycles_per_iteration ncyclesperiteration parsimony "
        "adaptive_parsimony_scaling use_frequency use_frequency_in_tournament "
        "tournament_selection_n tournament_selection_p "
        "migration topn fraction_replaced fraction_replaced_hof hof_migration "
        "should_optimize_constants optimizer_iterations optimize_probability should_simplify "
        "crossover_probability",
        _ENGINE,
    ),
    **_named(
        "weight_add_node weight_insert_node weight_delete_node weight_do_nothing "
        "weight_mutate_constant weight_mutate_operator weight_mutate_feature "
        "weight_swap_operands weight_rotate_tree weight_randomize weight_simplify "
        "weight_optimize",
        _MOVE,
    ),
    **_named("annealing alpha", "there is none here: tournaments have no temperature"),
    **_named(
        "optimizer_algorithm optimizer_f_calls_limit optimizer_nrestarts autodiff_backend "
        "enable_autodiff",
        "there is none here: constants are tuned by Levenberg and Marquardt's method with exact "
        "derivatives",
    ),
    **_named(
        "perturbation_factor probability_negate_constant",
        "there is none here: of moves of constants the weight alone is set, jitter of "
        "preset=EngineConfig(moves=Moves(...))",
    ),
    "skip_mutation_failures": "there is none here",
    "fraction_replaced_guesses": "there is none here: guesses are there from the beginning",
    **_named("fast_cycle turbo bumper", "there is none here: the kernel is compiled C++"),
    "heap_size_hint_in_bytes": "there is none here, for there is no garbage collector",
    **_named("update julia_project", _JULIA),
    **_named("output_directory run_id equation_file", _FILES),
    **_named(
        "temp_equation_file tempdir delete_tempfiles",
        "there is none here: a fit writes no file but log and checkpoint",
    ),
    "extra_sympy_mappings": _DEFINITION,
    "extra_torch_mappings": _DEFINITION,
    "output_torch_format": _is("torch()"),
    **_named("output_jax_format extra_jax_mappings", _NO_JAX),
    "dimensional_constraint_penalty": _is("X_units, a hard rule"),
    "dimensionless_constants_only": "there is none here: a free constant may have any unit",
    "variable_names": _SERIES,
}
FIT: Mapping[str, str] = {
    "weights": _is("sample_weight"),
    "variable_names": _SERIES,
    "Xresampled": "there is none here: denoise=True keeps the rows",
    **{
        name: _is(f"the parameter {name} of SymbolicRegressor")
        for name in ("complexity_of_variables", "X_units", "y_units")
    },
    "category": _is("a column of X that the template reads, as a[kind]"),
}
PREDICT: Mapping[str, str] = {"category": FIT["category"]}
ATTRIBUTES: Mapping[str, str] = {
    **PARAMETERS,
    **_named("get_best", _is("best_")),
    **_named("equations get_hof equation_file_contents_", _is("equations_")),
    "pytorch": _is("torch"),
    "jax": _NO_JAX,
    "refresh": "there is none here: equations_ and fronts_ are there once the fit ends; log is "
    "written while it runs",
    **_named(
        "from_file get_pkl_filename get_equation_file equation_file_ output_directory_ run_id_ "
        "tempdir_ show_pickle_warnings_",
        _FILES,
    ),
    "selection_mask_": _is("selected_"),
    "nout_": _is("len(fronts_)"),
    "display_feature_names_in_": _is("names_"),
    **{
        f"{name}_": _is(f"the parameter {name}")
        for name in ("complexity_of_variables", "X_units", "y_units")
    },
    "expression_spec_": "it is template here; parts_ has what fills it",
    "logger_": _is("log"),
    **_named(
        "julia_state_ julia_options_ raw_julia_state_ julia_state_stream_ julia_options_stream_",
        _JULIA,
    ),
}
S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


class Answering(type):
    """A class that says of `PySRRegressor.from_file` and the like what it is called here."""

    def __getattr__(cls, name: str) -> Any:
        """For names that the class has not."""
        if name in ATTRIBUTES:
            raise AttributeError(elsewhere(cls.__name__, name, ATTRIBUTES[name]))
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


def elsewhere(kind: str, name: str, said: str) -> str:
    """The message for a name that is not ours."""
    return f"{kind} has no {name!r}: {said}"


def saying(
    names: Mapping[str, str], where: str = "", error: type[Exception] = TypeError
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """A decorator of methods: a keyword among `names` is an error that says ours.

    Args:
        names: what is said of others.
        where: what stands behind the name of the class in the message.
        error: its class.
    """

    def decorate(call: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        @wraps(call)
        def told(self: S, /, *args: P.args, **given: P.kwargs) -> R:
            for name in given:
                if name in names:
                    kind = f"{type(self).__name__}{where}"
                    raise error(elsewhere(kind, name, names[name]))
            return call(self, *args, **given)

        return told

    return decorate
