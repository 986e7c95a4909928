"""Random cases, each by its seed and number alone."""

from __future__ import annotations

from random import Random
from typing import Any

from benchmarks.fuzz.cases import Format, FuzzCase
from symtick.codegen.ir.fixed import Overflow, Quant

# most are defined for every argument; of the others many are refused, which must be said in words
_UNARY = (
    "sin({})", "cos({})", "tanh({})", "atan({})", "exp(min({}, 2))", "sqrt(abs({}))", "-({})",
    "square({})", "cube({})", "log(abs({}) + 0.3)", "asin(clip({}, -1, 1))", "abs({})",
    "acos(0.9*tanh({}))", "sigmoid({})", "floor({})", "cosh(clip({}, -1.5, 2))", "sign({})",
    "pow(abs({}) + 0.01, 0.7)", "asinh({})", "erf({})", "acosh(abs({}) + 1)", "log1p(abs({}))",
    "expm1(clip({}, -2, 1))", "atanh(0.9*tanh({}))", "log2(abs({}) + 1)", "tan(clip({}, -1, 1))",
    "sinh(clip({}, -2, 2))", "sqrt({})", "log({})", "1/({})", "pow({}, 3)",
)  # fmt: skip
_BINARY = (
    "{} + {}", "{} - ({})", "({})*({})", "min({}, {})", "max({}, {})", "({})/(abs({}) + 0.5)",
    "atan2({}, {})", "hypot({}, {})", "0.3*({}) + 1.1*({})", "where({} > {}, x0, 1.7)",
    "where({} >= {}, 0.5, x0)", "({})/({})",
)  # fmt: skip
_FREQUENT = ("{} + {}", "({})*({})", "{} - ({})", "0.3*({}) + 1.1*({})")
_DEVICES = (("open", 100.0), ("open", 250.0), ("open", 400.0), ("xcvu9p-2", 240.0))


def draw(seed: int, number: int) -> FuzzCase:
    """Case `number` of a seed."""
    random = Random(f"{seed} {number}")
    inputs = tuple(f"x{k}" for k in range(random.randint(1, 4)))
    texts = tuple(
        _text(random, inputs, random.choice((1, 2, 2, 3)))
        for _ in range(random.choice((1, 1, 2, 3)))
    )
    formats = tuple(_format(random) for _ in inputs)
    device, clock = random.choice(_DEVICES)
    decision, interface = _decision(random, len(texts)), _interface(random)
    worded = random.random() < 0.2
    ticks = random.choices((0, 1, 3, None), (6, 1, 1, 1))[0]
    return FuzzCase(
        texts=texts,
        inputs=inputs,
        formats=formats,
        words=tuple(_word(random, fmt) for fmt in formats if worded),
        term_frac=random.randint(0, 7),
        output=_output(random) if random.random() < 0.3 else None,
        options=_options(random),
        quant=random.choice([mode.value for mode in Quant]),
        overflow=random.choice([mode.value for mode in Overflow]),
        device=device,
        clock_mhz=clock,
        scheduler=random.choice(("asap", "alap", "registers")),
        more_ticks=0 if interface[0] != "plain" and ticks is None else ticks,
        decision=decision,
        threshold=round(random.uniform(-2.0, 2.0), 3),
        interface=interface,
    )


def _text(random: Random, inputs: tuple[str, ...], depth: int) -> str:
    if depth == 0 or random.random() < 0.1:
        constant = repr(round(random.uniform(-3.0, 3.0), random.choice((1, 3, 9))))
        return constant if random.random() < 0.2 else random.choice(inputs)
    if random.random() < 0.45:
        return random.choice(_UNARY).format(_text(random, inputs, depth - 1))
    shape = random.choice(_FREQUENT if random.random() < 0.5 else _BINARY)
    return shape.format(*(_text(random, inputs, depth - 1) for _ in range(2)))


def _format(random: Random) -> Format:
    width = random.choice((1, 3, 5, 6, 6, 8, 8, 10, 12))
    return width, width - random.choice((-2, 0, 1, 2, 2, 3, 3, 4, 12)), random.random() < 0.6


def _word(random: Random, fmt: Format) -> Format:
    below, above = random.randint(0, 4), random.randint(0, 4)
    return fmt[0] + below + above, fmt[1] + below, fmt[2] or random.random() < 0.3


def _output(random: Random) -> Format:
    width = random.randint(2, 14)
    return width, width - random.randint(-1, 6), random.random() < 0.8


def _options(random: Random) -> dict[str, Any]:
    return {
        "table_bits": random.choice((0, 6, 12, 12)),
        "wide_bits": random.choice((6, 10, 10)),
        "chords": random.random() < 0.8,
        "division": random.choice(("auto", "auto", "exact")),
        "strict": random.random() < 0.1,
    }


def _decision(random: Random, count: int) -> tuple[str, ...]:
    if count < 2 or random.random() < 0.6:
        return ("scores",)
    names = ("scores", "index", "margin", "top", "above")
    return tuple(n for n in names if random.random() < 0.5) or ("index",)


def _interface(random: Random) -> tuple[str, bool, bool]:
    kind = random.choices(("plain", "ap_vld", "axi_stream"), (18, 1, 1))[0]
    enable = kind != "axi_stream" and random.random() < 0.3
    return kind, enable, kind == "ap_vld" and random.random() < 0.5
