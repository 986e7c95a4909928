"""The two tools that are compared: symtick's regressor with its defaults, and pyoperon.

Only the operators are given, the same to both. pyoperon counts seconds of the clock: it gets those
that symtick took just before, in whole seconds, rounded up, so that both have about the same CPU
time on a machine with other work; CPU seconds are measured of both.
"""

from __future__ import annotations

import math
import re
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick import SymbolicRegressor
from symtick.errors import ParseError
from symtick.estimators.fronts.display import short
from symtick.expr import parse

Floats = npt.NDArray[np.float64]
UNARY = ("sqrt", "square", "exp", "log", "sin", "cos", "tanh")
MOST_NODES = 30
SMALL = 0.01  # of the target's standard deviation: an offset of pyoperon's that is left out
_OFFSET = re.compile(r"\(\(?(-?[\d.e+-]+)\)? \+ (.*)\)")


@dataclass(frozen=True)
class Found:
    """What a tool found.

    Attributes:
        text: the chosen formula as it is printed.
        predicted: its values on the test rows, with all digits.
        collapsed: rows of the front whose values on the test rows are not finite, or farther from
            the targets seen than a hundred times their range.
        front: rows of the front.
        cpu_seconds: of the fit.
        seconds: of the clock.
    """

    text: str
    predicted: Floats
    collapsed: int
    front: int
    cpu_seconds: float
    seconds: float


def symtick(
    X: Floats,
    y: Floats,
    X_test: Floats,
    seed: int,
    unary: Sequence[str] = UNARY,
    binary: Sequence[str] | None = None,
) -> Found:
    """`SymbolicRegressor()` with these operators."""
    model = SymbolicRegressor(unary_operators=unary, binary_operators=binary, seed=seed)
    since, clock = time.process_time(), time.perf_counter()
    model.fit(X, y)
    cpu, seconds = time.process_time() - since, time.perf_counter() - clock
    (front,) = model.fronts_
    values = [np.asarray(e.function(X_test), np.float64) for e in front.entries]
    collapsed = sum(_collapsed(v, y) for v in values)
    chosen = model.equation()
    text = short(chosen.text, chosen.digits)
    return Found(text, model.predict(X_test), collapsed, len(values), cpu, seconds)


def operon(X: Floats, y: Floats, X_test: Floats, seed: int, seconds: float) -> Found:
    """pyoperon's regressor, its model chosen by its description length."""
    from pyoperon.sklearn import SymbolicRegressor as Operon

    symbols = ",".join(("add,sub,mul,div,constant,variable", *UNARY))
    model = Operon(
        allowed_symbols=symbols, max_length=MOST_NODES, optimizer_iterations=5,
        objectives=["r2", "length"], generations=10**6, max_evaluations=10**9, n_threads=1,
        max_time=max(1, math.ceil(seconds)), random_state=seed + 1,
    )  # fmt: skip
    since, clock = time.process_time(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    cpu, passed = time.process_time() - since, time.perf_counter() - clock
    text = model.get_model_string(model.model_, precision=6)
    front = [np.asarray(model.evaluate_model(f["tree"], X_test)) for f in model.pareto_front_]
    collapsed = sum(_collapsed(values, y) for values in front)
    predicted = np.asarray(model.predict(X_test), np.float64)
    read = without_offset(_readable(text, X.shape[1]), SMALL * float(np.std(y)))
    return Found(read, predicted, collapsed, len(front), cpu, passed)


def _readable(text: str, features: int) -> str:
    """pyoperon's text in symtick's language; empty where it cannot be written so."""
    text = text.replace("^", "**").replace("+ (-", "- (")
    for k in range(features, 0, -1):
        text = text.replace(f"X{k}", f"x{k - 1}")
    try:
        parse(text, [f"x{k}" for k in range(features)])
    except ParseError:
        return ""
    return text


def without_offset(text: str, most: float) -> str:
    """pyoperon's text without the offset that it always tunes, where that is small."""
    found = _OFFSET.fullmatch(text)
    return found[2] if found and abs(float(found[1])) <= most else text


def _collapsed(values: Floats, y: Floats) -> bool:
    reach = 100.0 * float(np.ptp(y))
    return not bool(np.isfinite(values).all() and (np.abs(values - np.mean(y)) <= reach).all())
