"""Export of an expression: SymPy, LaTeX, a NumPy function.

Everything is built node by node from the expression; no text is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sympy

from symtick.expr import Expression, to_sympy


@dataclass(frozen=True)
class Function:
    """An expression as a function of an array (rows, inputs); one output gives shape (rows,)."""

    expression: Expression

    def __call__(self, X: npt.ArrayLike) -> npt.NDArray[np.floating]:
        """The values at the rows of `X`."""
        values = self.expression.evaluate(X)
        return values[:, 0] if values.shape[1] == 1 else values

    def __repr__(self) -> str:
        return f"Function({self.expression})"


def rounded_sympy(expression: Expression, digits: int, output: int = 0) -> sympy.Expr:
    """One output in SymPy with `digits` significant digits in its constants."""
    exact = to_sympy(expression, output)
    return exact.xreplace(
        {
            number: sympy.Float(number, digits)
            for number in exact.atoms(sympy.Float)
            if number.is_finite
        }
    )


def latex(expression: Expression, digits: int = 3, output: int = 0) -> str:
    """One output as LaTeX with `digits` significant digits in its constants.

    Names are printed as SymPy does (`x0` with an index, `alpha` as the letter), those with more
    than one underscore upright as they are.
    """
    upright = {
        sympy.Symbol(name, real=True): rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
        for name in expression.inputs
        if name.count("_") > 1
    }
    return str(sympy.latex(rounded_sympy(expression, digits, output), symbol_names=upright))


def latex_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], equations: Sequence[str]
) -> str:
    """A LaTeX table (package booktabs): an equation and its figures in each row.

    Args:
        head: names of the figures.
        rows: figures of each row, as text.
        equations: LaTeX of each row's equation.
    """
    lines = [
        rf"\begin{{tabular}}{{p{{0.6\linewidth}}{'r' * len(head)}}}",
        r"\toprule",
        " & ".join(("equation", *head)) + r" \\",
        r"\midrule",
    ]
    for figures, equation in zip(rows, equations, strict=True):
        lines.append(" & ".join((f"${equation}$", *map(_power_of_ten, figures))) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _power_of_ten(figure: str) -> str:
    """`1.2e-05` as LaTeX."""
    mantissa, mark, exponent = figure.partition("e")
    return rf"${mantissa} \cdot 10^{{{int(exponent)}}}$" if mark else f"${figure}$"
