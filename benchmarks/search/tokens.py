"""Token sets of the recovery benchmarks: what an expression may be written with.

Sources: Koza's set with and without free constants, and Jin's, as in Petersen et al. (ICLR 2021,
arXiv:1912.04871) and Mundhenk et al. (NeurIPS 2021, arXiv:2111.00053); Keijzer, Korns and
Vladislavleva sets for the Neat problems as in the same authors' benchmark table. Their n2 and n3
are our `square` and `cube`; operators that the language lacks are written with those it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symtick.expr import SEARCH_NAMES, SEARCH_OPS, Op, in_search_ops, parse
from symtick.search.grammar.operators import OPERATORS


@dataclass(frozen=True)
class TokenSet:
    """Operators, literal numbers, and whether free constants may occur; inputs always may.

    Attributes:
        name: the literature's name of the set.
        ops: operators of the language.
        extra: names of ready custom operators, from `symtick.search.grammar.operators`.
        literals: numbers that may be written.
        constants: whether tuned constants may be written.
    """

    name: str
    ops: tuple[str, ...]
    extra: tuple[str, ...] = ()
    literals: tuple[float, ...] = ()
    constants: bool = False

    def foreign(self, text: str, inputs: Iterable[str]) -> str:
        """The first thing in an expression that the set cannot write; empty if there is none.

        Extra operators count as what they are made of, because candidates come expanded.
        """
        allowed = {SEARCH_NAMES[name] for name in self.ops} | {Op.INPUT, Op.CONST}
        numbers = set(self.literals)
        for name in self.extra:
            nodes = OPERATORS[name].body.nodes
            allowed |= {node.op for node in nodes}
            numbers |= {node.value for node in nodes if node.op is Op.CONST}
        for node in in_search_ops(parse(text, tuple(inputs))).nodes:
            if node.op not in allowed:
                return SEARCH_OPS[node.op].name
            if node.op is Op.CONST and not self.constants and node.value not in numbers:
                return repr(node.value)
        return ""


_KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
_JIN = ("add", "sub", "mul", "div", "sin", "cos", "exp", "square", "cube")
_VLADISLAVLEVA = ("add", "sub", "mul", "div", "square", "exp")

SETS: dict[str, TokenSet] = {
    token_set.name: token_set
    for token_set in (
        TokenSet("Koza", _KOZA),
        TokenSet("CKoza", _KOZA, constants=True),
        TokenSet("KozaPlus1", _KOZA, literals=(1.0,)),
        TokenSet("Jin", _JIN, constants=True),
        TokenSet(
            "KeijzerPlus1",
            ("add", "mul", "neg", "sqrt"),
            extra=("inv",),
            literals=(1.0,),
            constants=True,
        ),
        TokenSet(
            "Korns", (*_KOZA, "square", "cube", "sqrt", "tanh"), extra=("tan",), constants=True
        ),
        TokenSet("Vladislavleva-B", _VLADISLAVLEVA, extra=("expneg",)),
    )
}
