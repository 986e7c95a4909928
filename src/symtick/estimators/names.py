"""Names that users of PySR and scikit-learn type, and what they are called here.

There are no aliases: who uses such a name is told ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

_ENGINE = "a field of preset=EngineConfig(...)"
PARAMETERS: Mapping[str, str] = {
    "niterations": "evaluations",
    "max_evals": "evaluations",
    "expression_spec": "template",
    "maxsize": "max_nodes (max_complexity where symbols weigh differently)",
    "maxdepth": "max_depth",
    "elementwise_loss": "loss",
    "loss_function": "loss",
    "early_stop_condition": "target_loss",
    "timeout_in_seconds": "max_seconds",
    "random_state": "seed",
    "deterministic": "always so",
    "procs": "threads (n_workers for processes)",
    "n_jobs": "threads (n_workers for processes)",
    "cluster_manager": "scheduler",
    "verbosity": "verbose",
    "progress": "verbose",
    "logger_spec": "log",
    "populations": _ENGINE,
    "population_size": _ENGINE,
    "ncycles_per_iteration": _ENGINE,
    "parsimony": _ENGINE,
    "output_directory": "save(path)",
    "extra_sympy_mappings": "the definition in custom_operators",
    "extra_torch_mappings": "the definition in custom_operators",
    "dimensional_constraint_penalty": "X_units, a hard rule",
    "variable_names": "the column names of a DataFrame X",
}
FIT: Mapping[str, str] = {
    "weights": "sample_weight",
    "variable_names": "the column names of a DataFrame X",
    "X_units": "the parameter X_units of SymbolicRegressor",
    "y_units": "the parameter y_units of SymbolicRegressor",
}
ATTRIBUTES: Mapping[str, str] = {
    **PARAMETERS,
    "get_best": "best_",
    "pytorch": "torch",
    "equations": "equations_",
    "selection_mask_": "selected_",
    "nout_": "len(fronts_)",
}
S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


def elsewhere(kind: str, name: str, ours: str) -> str:
    """The message for a name that is not ours."""
    return f"{kind} has no {name!r}: it is {ours} here"


def saying(
    names: Mapping[str, str], where: str = "", error: type[Exception] = TypeError
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """A decorator of methods: a keyword among `names` is an error that says ours.

    Args:
        names: what others are called here.
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
