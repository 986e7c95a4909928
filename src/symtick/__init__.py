"""symtick: trained networks to tiny expressions to verified FPGA firmware.

The steps of the command line from Python:

    distill_job, resume_run       a job file to a run folder, as a `Run`
    open_run                      that `Run` again: its `designs`, `verify`, `synthesise`,
                                  `compare`, `tune`, `report`
    compile_text                  an expression to a design folder
    verify_folder, synthesise_folder, estimate_folder, fit_folder, tune_folder, take_point
                                  a design folder
    export_folder                 a design folder to a project for other tools
    devices, load_device          what designs can be costed for
    calibrate, refit_device       device files from measurements, or from a user's reports

and, for arrays, `SymbolicDistiller` and `SymbolicRegressor` in scikit-learn's conventions. Names
are loaded when first used, so that `import symtick` is quick and needs no extra.
"""

from __future__ import annotations

import sys

from symtick.version import __version__ as __version__

TYPE_CHECKING = False  # `typing` takes longer to load than all this, and Ctrl-C would hit it
if TYPE_CHECKING:
    from typing import Any

    from symtick.calibration.measuring import calibrate
    from symtick.calibration.refit import refit_device
    from symtick.codegen import Decision, Interface
    from symtick.design_folder.budgets import BudgetFit, EstimateTarget, fit_folder
    from symtick.design_folder.checks import Synthesis, synthesise_folder, verify_folder
    from symtick.design_folder.compiling import Compiled, compile_text
    from symtick.design_folder.exporting import export_folder
    from symtick.design_folder.folder import DesignSpec, estimate_folder
    from symtick.design_folder.tuning import Tuned, take_point, tune_folder
    from symtick.errors import SymtickError
    from symtick.estimators.distiller import SymbolicDistiller
    from symtick.estimators.regressor import SymbolicRegressor
    from symtick.expr import parse
    from symtick.hwcost import Budget, load_device
    from symtick.hwcost.devices.device import devices
    from symtick.modules.distilling import distill_modules
    from symtick.run.designs import RunDesign
    from symtick.run.distilling import distill_job, resume_run
    from symtick.run.folder import Run, open_run
    from symtick.sim.verify import Verification

_HOMES = {
    "Budget": "hwcost",
    "BudgetFit": "design_folder.budgets",
    "Compiled": "design_folder.compiling",
    "Decision": "codegen",
    "DesignSpec": "design_folder.folder",
    "EstimateTarget": "design_folder.budgets",
    "Interface": "codegen",
    "Run": "run.folder",
    "RunDesign": "run.designs",
    "SymbolicDistiller": "estimators.distiller",
    "SymbolicRegressor": "estimators.regressor",
    "SymtickError": "errors",
    "Synthesis": "design_folder.checks",
    "Tuned": "design_folder.tuning",
    "Verification": "sim.verify",
    "calibrate": "calibration.measuring",
    "compile_text": "design_folder.compiling",
    "devices": "hwcost.devices.device",
    "distill_job": "run.distilling",
    "distill_modules": "modules.distilling",
    "estimate_folder": "design_folder.folder",
    "export_folder": "design_folder.exporting",
    "fit_folder": "design_folder.budgets",
    "load_device": "hwcost",
    "open_run": "run.folder",
    "parse": "expr",
    "refit_device": "calibration.refit",
    "resume_run": "run.distilling",
    "synthesise_folder": "design_folder.checks",
    "take_point": "design_folder.tuning",
    "tune_folder": "design_folder.tuning",
    "verify_folder": "design_folder.checks",
}

__all__ = [
    "Budget",
    "BudgetFit",
    "Compiled",
    "Decision",
    "DesignSpec",
    "EstimateTarget",
    "Interface",
    "Run",
    "RunDesign",
    "SymbolicDistiller",
    "SymbolicRegressor",
    "SymtickError",
    "Synthesis",
    "Tuned",
    "Verification",
    "calibrate",
    "compile_text",
    "devices",
    "distill_job",
    "distill_modules",
    "estimate_folder",
    "export_folder",
    "fit_folder",
    "load_device",
    "open_run",
    "parse",
    "refit_device",
    "resume_run",
    "synthesise_folder",
    "take_point",
    "tune_folder",
    "verify_folder",
]

_GONE = {
    "DesignSource": "symtick.DesignSpec",
    "compare_run": "symtick.open_run(folder).compare()",
    "write_report": "symtick.open_run(folder).report()",
}


def __dir__() -> list[str]:
    """The public names, whether or not they are loaded yet."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Load a public name from its module.

    Raises:
        AttributeError: there is no such name; of one that is gone it says what to use, and of one
            whose module needs packages that an extra brings, which extra.
        MissingExtraError: such a name stands in `from symtick import ...`.
    """
    if name in _GONE:
        raise AttributeError(f"symtick.{name} is gone: use {_GONE[name]}")
    if name not in _HOMES:
        raise AttributeError(f"module 'symtick' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"symtick.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        from symtick.errors import MissingExtraError
        from symtick.extras import extra_of

        extra = extra_of(error.name)
        if extra is None:
            raise
        missing = MissingExtraError(f"symtick.{name}", extra)
        # `from` would put "cannot import name" in place of an AttributeError's text
        if sys._getframe(1).f_code.co_name == "_handle_fromlist":
            raise missing from None
        raise AttributeError(str(missing)) from None
