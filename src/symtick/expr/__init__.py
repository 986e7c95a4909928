"""The language of expressions: operators, nodes, intervals, text and SymPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symtick.expr.definitions import definition, in_search_ops
from symtick.expr.expression import Builder, Expression, from_programs, to_text
from symtick.expr.formulas import Formulas, read_formulas
from symtick.expr.interval import Interval
from symtick.expr.named import ARGUMENTS, NAMED
from symtick.expr.node import Node, Program, reachable
from symtick.expr.ops import (
    BY_NAME,
    FUNCTIONS,
    OPCODES,
    OPS,
    SEARCH_NAMES,
    SEARCH_OPS,
    STEPS,
    USUAL_NAMES,
    Op,
    OpSpec,
    arity,
    is_searched,
)
from symtick.expr.parsing import can_name, check_names, default_names, parse, read_into
from symtick.expr.printing import node_text, shared_texts
from symtick.expr.scaling import Scaled, factored, with_scaled_inputs
from symtick.expr.substitution import with_affine_inputs
from symtick.expr.sums import tidied, with_digits

if TYPE_CHECKING:
    from symtick.expr.sympy_io import from_sympy, to_sympy

__all__ = [
    "ARGUMENTS",
    "BY_NAME",
    "FUNCTIONS",
    "NAMED",
    "OPCODES",
    "OPS",
    "SEARCH_NAMES",
    "SEARCH_OPS",
    "STEPS",
    "USUAL_NAMES",
    "Builder",
    "Expression",
    "Formulas",
    "Interval",
    "Node",
    "Op",
    "OpSpec",
    "Program",
    "Scaled",
    "arity",
    "can_name",
    "check_names",
    "default_names",
    "definition",
    "factored",
    "from_programs",
    "from_sympy",
    "in_search_ops",
    "is_searched",
    "node_text",
    "parse",
    "reachable",
    "read_formulas",
    "read_into",
    "shared_texts",
    "tidied",
    "to_sympy",
    "to_text",
    "with_affine_inputs",
    "with_digits",
    "with_scaled_inputs",
]


def __getattr__(name: str) -> Any:
    """What imports SymPy is loaded when it is asked for.

    Raises:
        AttributeError: there is no such name.
    """
    if name not in ("from_sympy", "to_sympy"):
        raise AttributeError(f"module 'symtick.expr' has no attribute {name!r}")
    from symtick.expr import sympy_io

    return getattr(sympy_io, name)
