"""Export of an expression: SymPy, LaTeX, MathML, a NumPy function.

Everything is built node by node from the expression; no text is run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

import numpy as np
import numpy.typing as npt
import sympy

from symtick.expr import Expression, to_sympy

_PRIVATE = 0xE000  # first code point of Unicode's private use area
_PRODUCT = ("<mo>&InvisibleTimes;</mo>", '<mo rspace="0.17em">&#8290;</mo>')  # SymPy's, and ours
_ENTITY = re.compile(r"&(?!lt|gt|amp)[A-Za-z]+;")  # of HTML, not of XML


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
    than one underscore, or one at the end, upright as they are.
    """
    upright = {
        sympy.Symbol(name, real=True): rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
        for name in _long_names(expression)
    }
    return str(sympy.latex(rounded_sympy(expression, digits, output), symbol_names=upright))


def mathml(expression: Expression, digits: int = 3, output: int = 0) -> str:
    """One output as presentation MathML, what stands inside of `<math>`; names as in `latex`."""
    exact, names = rounded_sympy(expression, digits, output), _long_names(expression)
    # SymPy would split these names at every underscore, but not a single letter
    letters = [sympy.Symbol(chr(_PRIVATE + k), real=True) for k in range(len(names))]
    long = [sympy.Symbol(name, real=True) for name in names]
    exact = exact.xreplace(dict(zip(long, letters, strict=True)))
    text = str(sympy.mathml(exact, printer="presentation"))
    text = text.replace(*_PRODUCT).replace("&ExponentialE;", "e")
    text = _ENTITY.sub(lambda entity: unescape(entity[0]), text)
    for k, name in enumerate(names):
        text = text.replace(
            f"&#{_PRIVATE + k};", name.encode("ascii", "xmlcharrefreplace").decode()
        )
    return text


def _long_names(expression: Expression) -> list[str]:
    """Names with more than one underscore, or one at the end."""
    return [n for n in expression.inputs if n.count("_") > 1 or n.endswith("_")]


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
