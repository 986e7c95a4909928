"""Faults put into emitted Verilog and into graphs: what a proof has to find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

from symtick.codegen import GNode, GOp, Graph
from symtick.codegen.ir.fixed import Overflow, Quant

_OPERATORS = {"+": "-", "-": "+", "*": "+", ">=": ">", "<": "<=", "&": "|", "|": "&", "^": "&"}
Change = tuple[str, str]  # the kind, and the changed text

IN_VAIN = 1000  # changes that change nothing, one after the other


def _in_turn(kinds: Mapping[str, Callable[[], str | None]]) -> Iterator[Change]:
    """Changes of each kind in turn; they end where nothing can be changed (any more)."""
    vain = 0
    while vain < IN_VAIN:
        for kind, change in kinds.items():
            made = change()
            vain = vain + 1 if made is None else 0
            if made is not None:
                yield kind, made


def verilog_mutants(text: str, random: Random) -> Iterator[Change]:
    """Changed texts, of each kind in turn, without end; some compute the same.

    There are none of a text that cannot be changed.

    Kinds: `entry` (a bit of a table), `operator`, `register` (one that is dropped), `sign` (a
    declaration or a `$signed`), `slice` (one bit off), `constant` (a bit of it), `order` (of the
    two sides of a choice), `address` (of a table).
    """
    kinds: dict[str, Callable[[str, Random], str | None]] = {
        "entry": _entry, "operator": _operator, "register": _register, "sign": _sign,
        "slice": _slice, "constant": _constant, "order": _order, "address": _address,
    }  # fmt: skip
    yield from _in_turn({kind: _changing(change, text, random) for kind, change in kinds.items()})


def _changing(
    change: Callable[[str, Random], str | None], text: str, random: Random
) -> Callable[[], str | None]:
    """A change of a text that gives None where the text stays as it is."""

    def changed() -> str | None:
        made = change(text, random)
        return None if made == text else made

    return changed


def _code(text: str) -> str:
    """The text with comments blanked, of the same length."""
    return re.sub(r"//[^\n]*", lambda m: " " * len(m[0]), text)


def _changed(
    text: str, random: Random, pattern: str, change: Callable[[re.Match[str]], str]
) -> str | None:
    """The text with one match of a pattern changed, after the ports and outside comments."""
    code = _code(text)
    places = list(re.finditer(pattern, code[code.index(");") :]))
    if not places:
        return None
    chosen, start = random.choice(places), code.index(");")
    return text[: start + chosen.start()] + change(chosen) + text[start + chosen.end() :]


def _entry(text: str, random: Random) -> str | None:
    def flip(match: re.Match[str]) -> str:
        value = int(match[3], 16) ^ 1 << random.randrange(int(match[2]))
        return f"{match[1]}{match[2]}'h{value:x};"

    return _changed(text, random, r"(_rom_* = )(\d+)'h([0-9a-f]+);", flip)


def _operator(text: str, random: Random) -> str | None:
    pattern = r"(?<= )(\+|-|\*|>=|<|&|\||\^)(?= )"
    return _changed(text, random, pattern, lambda m: _OPERATORS[m[1]])


def _register(text: str, random: Random) -> str | None:
    """A register becomes a wire: its value is there a tick early."""
    found = re.findall(r"^ +(\w+) <= ([^;]+);", _code(text), re.MULTILINE)
    if not found:
        return None
    name, source = random.choice(found)
    text = re.sub(rf"\n +{name} <= [^;]+;", "", text)
    return re.sub(rf"( +)reg ([^;\n]*\b{name});", rf"\1wire \2 = {source};", text)


def _sign(text: str, random: Random) -> str | None:
    pattern = r"\$signed\((?=[^;]*\))|(?<=wire )signed (?=\[)|(?<=reg )signed (?=\[)"
    return _changed(text, random, pattern, lambda m: "(" if m[0].startswith("$") else "")


def _slice(text: str, random: Random) -> str | None:
    def move(match: re.Match[str]) -> str:
        high, low = int(match[1]), int(match[2])
        return (
            f"[{high + 1}:{low + 1}]"
            if low == 0 or random.random() < 0.5
            else (f"[{high - 1}:{low - 1}]")
        )

    return _changed(text, random, r"(?<=\w)\[(\d+):(\d+)\]", move)


def _constant(text: str, random: Random) -> str | None:
    def flip(match: re.Match[str]) -> str:
        value = int(match[2]) ^ 1 << random.randrange(int(match[1]))
        return f"{match[1]}'d{value}"

    return _changed(text, random, r"(?<!_rom = )(?<!_rom_ = )\b(\d+)'d(\d+)", flip)


def _order(text: str, random: Random) -> str | None:
    pattern = r"\? ([\w'\[\]:]+) : ([\w'\[\]:]+)(?=;)"
    return _changed(text, random, pattern, lambda m: f"? {m[2]} : {m[1]}")


def _address(text: str, random: Random) -> str | None:
    """A table reads another one's address, or another register of it."""
    reads = re.findall(r"_rom_*\((\w+)\);", _code(text))
    return _changed(
        text, random, r"(_rom_*)\((\w+)\)(?=;)", lambda m: f"{m[1]}({random.choice(reads)})"
    )


def graph_mutants(graph: Graph, random: Random) -> Iterator[tuple[str, Graph]]:
    """Changed graphs without end, none of a graph that cannot be changed.

    Each keeps formats and ranges as they are stated. Kinds: `entry` (a table's, up or down by one),
    `operation` (another one of two arguments), `cast` (another mode of rounding or overflow),
    `argument` (another node of the same format).
    """
    vain = 0
    while vain < IN_VAIN:
        vain += 1
        k = random.randrange(len(graph.nodes))
        found = _changed_node(graph, k, random)
        if found is not None and found[1] != graph.nodes[k]:
            kind, node = found
            vain = 0
            yield kind, replace(graph, nodes=(*graph.nodes[:k], node, *graph.nodes[k + 1 :]))


def _changed_node(graph: Graph, number: int, random: Random) -> tuple[str, GNode] | None:
    node = graph.nodes[number]
    if node.op is GOp.TABLE:
        address = graph.nodes[node.args[0]]
        place = random.randint(address.lo, address.hi) % len(node.contents)
        moved = node.contents[place] + random.choice((-1, 1))
        if not node.lo <= moved <= node.hi:
            return None
        contents = (*node.contents[:place], moved, *node.contents[place + 1 :])
        return "entry", replace(node, contents=contents)
    if node.op in (GOp.ADD, GOp.SUB, GOp.MIN, GOp.MAX) and random.random() < 0.5:
        others = [op for op in (GOp.ADD, GOp.SUB, GOp.MIN, GOp.MAX) if op is not node.op]
        return "operation", replace(node, op=random.choice(others))
    if node.op is GOp.CAST and random.random() < 0.5:
        quants, overflows = list(Quant), list(Overflow)
        if random.random() < 0.5:
            return "cast", replace(node, quant=random.choice(quants))
        return "cast", replace(node, overflow=random.choice(overflows))
    alike = [
        k for k in range(number)
        if node.args and graph.nodes[k].fmt == graph.nodes[node.args[0]].fmt and k != node.args[0]
    ]  # fmt: skip
    if alike:
        return "argument", replace(node, args=(random.choice(alike), *node.args[1:]))
    return None


def cpp_mutants(body: str, types: str, random: Random) -> Iterator[tuple[str, str, str]]:
    """Changed C++, of each kind in turn, without end; some compute the same.

    There are none of texts that cannot be changed.

    Kinds: `entry` (of a table, one up), `operator`, `order` (of the two sides of a choice) in the
    body; `width` (a type without its last bit), `point` (one place off), `sign` (of a type) and
    `mode` (of a cast) in the types.

    Args:
        body: `firmware/<name>.cpp`.
        types: `firmware/defines.h`.
        random: chooses the places.

    Yields:
        The kind, the body and the types.
    """
    kinds: dict[str, tuple[bool, Callable[[str, Random], str | None]]] = {
        "entry": (True, _cpp_entry), "operator": (True, _cpp_operator), "order": (True, _cpp_order),
        "width": (False, _cpp_width), "point": (False, _cpp_point), "sign": (False, _cpp_sign),
        "mode": (False, _cpp_mode),
    }  # fmt: skip
    changes = {
        kind: _changing(change, body if in_body else types, random)
        for kind, (in_body, change) in kinds.items()
    }
    for kind, made in _in_turn(changes):
        yield (kind, made, types) if kinds[kind][0] else (kind, body, made)


def _cpp_changed(
    text: str, random: Random, start: str, pattern: str, change: Callable[[re.Match[str]], str]
) -> str | None:
    """The text with one match of a pattern changed, after a mark and outside comments."""
    code = _code(text)
    if start not in code:
        return None
    first = code.index(start)
    places = list(re.finditer(pattern, code[first:]))
    if not places:
        return None
    chosen = random.choice(places)
    return text[: first + chosen.start()] + change(chosen) + text[first + chosen.end() :]


def _cpp_entry(text: str, random: Random) -> str | None:
    pattern = r"(?<=[ \n])(-?\d+)(?=,| ?\n};|\n)"
    return _cpp_changed(text, random, "_rom[", pattern, lambda m: str(int(m[1]) + 1))


def _cpp_operator(text: str, random: Random) -> str | None:
    pattern = r"(?<= )(\+|-|\*|>=|<)(?= )"
    return _cpp_changed(text, random, "using namespace", pattern, lambda m: _OPERATORS[m[1]])


def _cpp_order(text: str, random: Random) -> str | None:
    pattern = r"\? (\w+\(-?\w+\)) : (\w+\(-?\w+\))(?=;)"
    return _cpp_changed(text, random, "using namespace", pattern, lambda m: f"? {m[2]} : {m[1]}")


def _cpp_width(text: str, random: Random) -> str | None:
    pattern = r"(ap_u?fixed<)(\d+)(?=, )"
    return _cpp_changed(
        text, random, "typedef", pattern, lambda m: f"{m[1]}{max(int(m[2]) - 1, 1)}"
    )


def _cpp_point(text: str, random: Random) -> str | None:
    pattern = r"(ap_u?fixed<\d+, )(-?\d+)"
    return _cpp_changed(text, random, "typedef", pattern, lambda m: f"{m[1]}{int(m[2]) + 1}")


def _cpp_sign(text: str, random: Random) -> str | None:
    pattern = r"ap_(u?)fixed(?=<)"
    return _cpp_changed(
        text, random, "typedef", pattern, lambda m: "ap_fixed" if m[1] else "ap_ufixed"
    )


def _cpp_mode(text: str, random: Random) -> str | None:
    others = {"AP_SAT": "AP_WRAP", "AP_WRAP": "AP_SAT", "AP_RND": "AP_TRN", "AP_TRN": "AP_RND"}
    pattern = r"\b(AP_SAT|AP_WRAP|AP_RND|AP_TRN)\b"
    return _cpp_changed(text, random, "typedef", pattern, lambda m: others[m[1]])
