"""Five designs whose emitted text is kept as golden files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from unit_model import SizedModel, UnitModel

from symtick.codegen import Decision, Design, Fixed, Precision, compile_expression
from symtick.expr import Interval, parse

_FOUR = ("pt", "mass", "tau21", "mult")


def tagger() -> Design:
    """Three class scores of tables on narrow inputs; delivered are the class and its margin."""
    texts = [
        "tanh(2*pt) + 0.5*mass",
        "square(mass) - 0.75*tau21",
        "0.3*abs(tau21) + sin(3*mult) - 0.2",
    ]
    return compile_expression(
        parse(texts, _FOUR), [Fixed(5, 4)] * 4, UnitModel(), Precision(term_frac=4), name="tagger",
        output_names=("g", "q", "t"), decision=Decision(("index", "margin")),
    )  # fmt: skip


def layers() -> Design:
    """A function of a sum of functions, as the layered search finds them."""
    return compile_expression(
        parse(["tanh(sin(2*pt) + 0.75*mass - tau21) + 0.25*mult"], _FOUR), [Fixed(5, 4)] * 4,
        UnitModel(), Precision(term_frac=5, output=Fixed(8, 6)), name="layers",
    )  # fmt: skip


def network() -> Design:
    """A constant matrix-vector product: shifts and sums that rows share."""
    texts = ["5*a + 3*b - 2*c", "5*a + 3*b + 7*c", "10*a + 6*b - c"]
    return compile_expression(
        parse(texts, ("a", "b", "c")), [Fixed(8, 0)] * 3, UnitModel(), Precision(term_frac=0),
        name="network",
    )  # fmt: skip


def quotient() -> Design:
    """A quotient that is exact to the last bit, by digit recurrence."""
    return compile_expression(
        parse(["x/y"], ("x", "y")), [Fixed(6, 4), Fixed(4, 2, False)], UnitModel(),
        Precision(term_frac=3, division="exact", output=Fixed(7, 3)), name="quotient",
        ranges=[Interval(-2.0, 2.0), Interval(0.5, 4.0)],
    )  # fmt: skip


def products() -> Design:
    """A product of wide signals, in rows of two-bit digits."""
    return compile_expression(
        parse(["x*y + z"], ("x", "y", "z")), [Fixed(12, 10), Fixed(10, 8), Fixed(8, 4)],
        SizedModel(budget_ns=2.0), Precision(term_frac=6), name="products",
    )  # fmt: skip


DESIGNS: Mapping[str, Callable[[], Design]] = {
    made.__name__: made for made in (tagger, layers, network, quotient, products)
}
