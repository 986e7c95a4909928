"""The value that a normal form has for one row of raw inputs."""

from __future__ import annotations

from collections.abc import Mapping

from symtick.sim.proof.forms import Form
from symtick.sim.proof.signals import Signal, Space


def value(form: Form, inputs: Mapping[int, int]) -> int:
    """A form's integer, in units of its last place, where input `i` has the code `inputs[i]`."""
    space, total = form.space, form.offset
    for key, table in form.tables.items():
        codes = (_code(space, space.signals[n], inputs) for n in key)
        total += int(table[tuple(c - space.signals[n].lo for c, n in zip(codes, key, strict=True))])
    for n, weight in form.wide.items():
        total += weight * _code(space, space.signals[n], inputs)
    return total


def _code(space: Space, signal: Signal, inputs: Mapping[int, int]) -> int:
    if signal.kind == "input":
        (key,) = (k for k, s in space.known.items() if s is signal)
        return inputs[key[1]]
    if signal.kind == "sum":
        return value(signal.of, inputs)
    if signal.kind == "bit":
        return int(value(signal.of, inputs) >= signal.threshold)
    if signal.kind == "flag":
        base = space.signals[signal.of[0]]
        return int(signal.of[1][_code(space, base, inputs) - base.lo])
    raise NotImplementedError(signal.kind)
