"""Export of an expression: SymPy, LaTeX, MathML, a NumPy function.

Everything is built node by node from the expression; no text is run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import sympy
from sympy.core.parameters import distribute

from symtick.estimators.exports.digits import digits_of
from symtick.expr import Expression, to_sympy

_LONG = 10**15  # whole numbers from here are written as powers of ten
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


def rounded_sympy(
    expression: Expression,
    digits: int,
    output: int = 0,
    *,
    needed: Mapping[float, int] = MappingProxyType({}),
) -> sympy.Expr:
    """One output in SymPy with rounded constants.

    Factors are not distributed over sums, for `6*(x0 - 1700000000)` may have fewer digits than
    `6*x0 - 10200000000`, but where SymPy cannot compare what it holds then.

    Args:
        expression: with names of the inputs.
        digits: significant digits of the constants. Whole numbers below 10**15 that so many digits
            hold are integers.
        output: number of the output.
        needed: by magnitude of a constant the digits that it needs, where those are more
            (`digits.needed_digits`).
    """

    def made() -> sympy.Expr:
        exact = to_sympy(expression, output).replace(_is_negated_sum, _negated_terms)
        numbers = [n for n in exact.atoms(sympy.Float, sympy.Rational) if n.is_finite]
        return exact.xreplace(
            {n: _rounded(n, digits_of(float(n), needed, digits)) for n in numbers}
        )

    try:
        with distribute(False):
            return made()
    except RecursionError:  # Abs(-(1 - Piecewise(...))) of SymPy 1.14, which Max and Min ask for
        return made()


def _rounded(number: sympy.Number, digits: int) -> sympy.Number:
    exact = isinstance(number, sympy.Rational)
    if exact and max(abs(number.p), number.q) < _LONG:
        return number
    value = float(f"{float(number):.{digits}g}")
    whole = abs(value) < min(10**digits, _LONG) and value.is_integer()
    return sympy.Integer(int(value)) if whole else sympy.Float(number, digits)


def _is_negated_sum(item: sympy.Basic) -> bool:
    return bool(item.is_Mul and len(item.args) == 2 and item.args[0] == -1 and item.args[1].is_Add)


def _negated_terms(item: sympy.Basic) -> sympy.Expr:
    return sympy.Add(*(-term for term in item.args[1].args))


def latex(
    expression: Expression,
    digits: int = 3,
    output: int = 0,
    *,
    needed: Mapping[float, int] = MappingProxyType({}),
) -> str:
    """One output as LaTeX; arguments as of `rounded_sympy`.

    Names are printed as SymPy does (`x0` with an index, `alpha` as the letter), those with more
    than one underscore, or one at the end, upright as they are.
    """
    upright = {
        sympy.Symbol(name, real=True): rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
        for name in _long_names(expression)
    }
    rounded = rounded_sympy(expression, digits, output, needed=needed)
    return str(sympy.latex(rounded, symbol_names=upright))


def mathml(
    expression: Expression,
    digits: int = 3,
    output: int = 0,
    *,
    needed: Mapping[float, int] = MappingProxyType({}),
) -> str:
    """One output as presentation MathML, what stands inside of `<math>`; names as in `latex`."""
    exact = rounded_sympy(expression, digits, output, needed=needed)
    names = _long_names(expression)
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
