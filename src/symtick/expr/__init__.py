"""The language of expressions: operators, nodes, intervals, text and SymPy."""

from symtick.expr.expression import Builder, Expression, from_programs, to_text
from symtick.expr.interval import Interval
from symtick.expr.node import Node, Program, reachable
from symtick.expr.ops import BY_NAME, FUNCTIONS, OPS, Op, OpSpec, arity
from symtick.expr.parsing import check_names, default_names, parse, read_into
from symtick.expr.printing import node_text
from symtick.expr.substitution import with_affine_inputs
from symtick.expr.sympy_io import from_sympy, to_sympy

__all__ = [
    "BY_NAME",
    "FUNCTIONS",
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
    "reachable",
    "read_into",
    "to_sympy",
    "to_text",
    "with_affine_inputs",
]
