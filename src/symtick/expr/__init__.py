"""The language that every room speaks: operators, expressions, intervals, text and SymPy."""

from symtick.expr.expression import (
    Builder,
    Expression,
    Node,
    Program,
    from_programs,
)
from symtick.expr.interval import Interval
from symtick.expr.ops import BY_NAME, OPS, Op, OpSpec, arity
from symtick.expr.parsing import check_names, default_names, node_text, parse, read_into, to_text
from symtick.expr.sympy_io import from_sympy, to_sympy

__all__ = [
    "BY_NAME",
    "OPS",
    "Builder",
    "Expression",
    "Interval",
    "Node",
    "Op",
    "OpSpec",
    "Program",
    "arity",
    "check_names",
    "default_names",
    "from_programs",
    "from_sympy",
    "node_text",
    "parse",
    "read_into",
    "to_sympy",
    "to_text",
]
