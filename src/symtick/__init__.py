"""symtick: trained networks to tiny expressions to verified FPGA firmware.

The steps of the command line as functions:

    distill_job, resume_run       a job file to a run folder
    compile_text                  an expression to a design folder
    verify_folder, synthesise_folder, estimate_folder
    compare_run, write_report     of a run folder

and, for arrays, `SymbolicDistiller` and `SymbolicRegressor` in scikit-learn's conventions. Names
are loaded when first used, so that `import symtick` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symtick.design_folder.checks import estimate_folder, synthesise_folder, verify_folder
    from symtick.design_folder.compiling import compile_text
    from symtick.errors import SymtickError
    from symtick.estimators.distiller import SymbolicDistiller
    from symtick.estimators.regressor import SymbolicRegressor
    from symtick.expr import parse
    from symtick.report.page import write_report
    from symtick.run.comparing import compare_run
    from symtick.run.distilling import distill_job, resume_run
    from symtick.run.folder import Run, open_run

__version__ = "0.1.0"

_HOMES = {
    "Run": "run.folder",
    "SymbolicDistiller": "estimators.distiller",
    "SymbolicRegressor": "estimators.regressor",
    "SymtickError": "errors",
    "compare_run": "run.comparing",
    "compile_text": "design_folder.compiling",
    "distill_job": "run.distilling",
    "estimate_folder": "design_folder.checks",
    "open_run": "run.folder",
    "parse": "expr",
    "resume_run": "run.distilling",
    "synthesise_folder": "design_folder.checks",
    "verify_folder": "design_folder.checks",
    "write_report": "report.page",
}

__all__ = [
    "Run",
    "SymbolicDistiller",
    "SymbolicRegressor",
    "SymtickError",
    "compare_run",
    "compile_text",
    "distill_job",
    "estimate_folder",
    "open_run",
    "parse",
    "resume_run",
    "synthesise_folder",
    "verify_folder",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'symtick' has no attribute {name!r}")
    return getattr(import_module(f"symtick.{_HOMES[name]}"), name)
