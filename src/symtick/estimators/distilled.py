"""The designs that a `SymbolicDistiller` found, as tables and formulas."""

from __future__ import annotations

import pandas as pd
import sympy
from sklearn.utils.validation import check_is_fitted

from symtick.estimators.exporting import latex, rounded_sympy
from symtick.expr import Expression, to_text
from symtick.search.data.inputs import InputMap
from symtick.search.designs.front import Front


class Distilled:
    """What a fitted distiller says of its designs.

    Formulas are of the features in the user's units; the hardware reads these in steps and
    saturated, as `inputs_` says, and their constants as exactly as `spec(name)` holds them.
    """

    front_: Front
    inputs_: InputMap
    _output_names: tuple[str, ...]

    @property
    def equations_(self) -> pd.DataFrame:
        """A row for each design of the front, smallest first, with a column for each formula.

        Scores are of the rows held out; LUT, FF and DSP are estimates.
        """
        check_is_fitted(self, "front_")
        rows = [
            {"design": e.name, "chosen": e.name == self.front_.chosen, "score": e.score,
             "rmse": e.rmse, "ticks": e.ticks, "lut": e.lut, "ff": e.ff, "dsp": e.dsp,
             **self.formulas(e.name)}
            for e in self.front_.entries
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("design")

    def formulas(self, name: str | None = None, digits: int | None = 4) -> dict[str, str]:
        """The formula of each output of a design; of the chosen one without a name.

        Args:
            name: of the design, as on the front.
            digits: significant digits of the constants; None writes them exactly.

        Raises:
            InputError: there is no such design.
        """
        whole = self._in_units(name)
        return {port: to_text(whole, k, digits) for k, port in enumerate(self._output_names)}

    def sympy(self, name: str | None = None, digits: int = 17) -> dict[str, sympy.Expr]:
        """The same as SymPy expressions of symbols named like the features."""
        whole = self._in_units(name)
        return {p: rounded_sympy(whole, digits, k) for k, p in enumerate(self._output_names)}

    def latex(self, name: str | None = None, digits: int = 3) -> dict[str, str]:
        """The same as LaTeX."""
        whole = self._in_units(name)
        return {p: latex(whole, digits, k) for k, p in enumerate(self._output_names)}

    def _in_units(self, name: str | None) -> Expression:
        check_is_fitted(self, "front_")
        return self.inputs_.in_units(self.front_.entry(name).expression)
