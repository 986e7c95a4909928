"""Policies: sampling, agreement of torch and the kernel, and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from symtick.errors import InputError
from symtick.expr import OPCODES, is_searched
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.grammar import Operator, Rules, Unit, Units, Vocabulary, accepts
from symtick.search.policy.policy import Policy
from symtick.search.policy.pretraining import pretrain
from symtick.search.policy.settings import NetworkSettings, PretrainSettings, Priors

pytestmark = pytest.mark.kernel
KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
VOCABULARY = Vocabulary.of(KOZA, 2)
RULES = Rules.dso(max_nodes=20)
WIDE = NetworkSettings(
    hidden=20, layers=2, observe=("parent", "sibling", "previous", "open"), learned_start=True
)


def policy(settings: NetworkSettings | None = None, scale: float = 0.0, seed: int = 1) -> Policy:
    """A policy whose weights, all of them, are random numbers of this scale."""
    made = Policy(VOCABULARY, RULES, settings or NetworkSettings())
    rng = np.random.default_rng(seed)
    made.take({n: (rng.normal(size=w.shape) * scale).astype(np.float32)
               for n, w in made.weights().items()})  # fmt: skip
    return made


@pytest.mark.parametrize("settings", [NetworkSettings(), WIDE], ids=["published", "wide"])
@pytest.mark.parametrize("level", _kernel.isa_levels())
def test_the_kernel_and_torch_agree(settings: NetworkSettings, level: str) -> None:
    held, before = policy(settings, 0.7), _kernel.isa()
    try:
        _kernel.choose_isa(level)
        drawn = held.sample(300, 5)
    finally:
        _kernel.choose_isa(before)
    reading, kept = held.read(drawn.sequences)
    log_share, entropy = (part.detach().double().sum(1).numpy() for part in held.score(reading))
    assert kept.all()
    assert np.abs(log_share - drawn.log_probability).max() < 1e-4
    assert np.abs(entropy - drawn.entropy).max() < 1e-4


def test_threads_and_portions_change_nothing() -> None:
    held = policy(scale=0.5)
    whole = held.sample(700, 3)
    threads = held.sample(700, 3, threads=3)
    assert np.array_equal(whole.sequences, threads.sequences)
    assert np.array_equal(whole.log_probability, threads.log_probability)
    part = held.sample(100, 3, first=300)
    assert np.array_equal(part.log_probability, whole.log_probability[300:400])
    assert not np.array_equal(held.sample(700, 4).log_probability, whole.log_probability)


def test_tokens_come_as_often_as_their_probability_says() -> None:
    """Chi-square on the first token, and on the second after each common first one."""
    held = policy(WIDE, 0.5)
    drawn = held.sample(40_000, 11).sequences
    tested = 0
    for step, group in _groups(drawn):
        reading, _ = held.read(drawn[group[:1]])
        logits = (held.network(reading.codes) + reading.shift).detach().double()
        expected = logits.softmax(2).numpy()[0, step] * len(group)
        found = np.bincount(drawn[group, step], minlength=len(VOCABULARY))
        assert not found[expected == 0].any()
        common = expected > 5
        rest = expected[~common].sum()
        e, f = np.append(expected[common], rest), np.append(found[common], found[~common].sum())
        if common.sum() > 1 and rest > 5:
            tested += 1
            assert stats.chisquare(f, e * f.sum() / e.sum()).pvalue > 1e-4
        elif common.sum() > 1:
            tested += 1
            e, f = e[:-1], f[:-1]
            assert stats.chisquare(f, e * f.sum() / e.sum()).pvalue > 1e-4
    assert tested >= 5


def _groups(drawn: npt.NDArray[np.int16]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    yield 0, np.arange(len(drawn))
    for first in range(len(VOCABULARY)):
        if np.sum(drawn[:, 0] == first) > 1000:
            yield 1, np.flatnonzero(drawn[:, 0] == first)


ARITY = np.array([{"add": 2, "sub": 2, "mul": 2, "div": 2, "x0": 0, "x1": 0, "const": 0}.get(n, 1)
                  for n in VOCABULARY.names])  # fmt: skip


def is_a(name: str, tokens: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    return tokens == VOCABULARY.names.index(name)


def breaches(rows: npt.NDArray[np.int16]) -> dict[str, npt.NDArray[np.bool_]]:
    """Which rules of `RULES` each sequence breaks; knows nothing of the kernel's judge."""
    n, length = rows.shape
    sizes = (rows >= 0).sum(axis=1)
    found = {
        "length": (sizes < 4) | (sizes > 20),
        "constants": is_a("const", rows).sum(axis=1) > 3,
        "input": ~(is_a("x0", rows) | is_a("x1", rows)).any(axis=1),
    } | {name: np.zeros(n, bool) for name in ("form", "trig", "inverse", "constants only")}
    parent = np.full((n, 2 * length + 2), -1, np.int16)  # of the open slots, the next one last
    below = np.zeros(parent.shape, bool)  # whether there is trig above
    opened = np.ones(n, np.int64)
    for tokens in rows.T:
        k = np.flatnonzero(tokens >= 0)
        found["form"][k] |= opened[k] < 1
        k, token = k[opened[k] > 0], tokens[k[opened[k] > 0]]
        opened[k] -= 1
        over, trig = parent[k, opened[k]], below[k, opened[k]]
        own = is_a("sin", token) | is_a("cos", token)
        found["trig"][k] |= trig & own
        found["inverse"][k] |= is_a("exp", over) & is_a("log", token)
        found["inverse"][k] |= is_a("log", over) & is_a("exp", token)
        for copy in (1, 2):
            pushed = k[ARITY[token] >= copy]
            parent[pushed, opened[pushed]] = tokens[pushed]
            below[pushed, opened[pushed]] = (trig | own)[ARITY[token] >= copy]
            opened[pushed] += 1
    found["form"] |= opened != 0
    constant = np.zeros(parent.shape, bool)  # from behind: whether a sub-tree is a constant
    held = np.zeros(n, np.int64)
    for tokens in rows.T[::-1]:
        k = np.flatnonzero(tokens >= 0)
        arity = ARITY[tokens[k]]
        every = np.ones(len(k), bool)
        for copy in (1, 2):
            some = arity >= copy
            held[k[some]] -= 1
            every[some] &= constant[k[some], held[k[some]]]
        found["constants only"][k] |= every & (arity > 0)
        constant[k, held[k]] = is_a("const", tokens[k])
        held[k] += 1
    return found


def broken(text: str) -> set[str]:
    row = VOCABULARY.sequence(text)[0]
    return {name for name, held in breaches(row[None]).items() if held[0]}


def test_the_judge_of_this_test_finds_breaches() -> None:
    cases = {
        "sin(x0 + cos(x1))": "trig", "exp(log(x0)) + x1": "inverse", "x0 + x1": "length",
        "x0 + sin(1.5)": "constants only", "(x0 + 1)*(2 + x0)*(3 + x0)*(4 + x0)": "constants",
    }  # fmt: skip
    for text, name in cases.items():
        assert broken(text) == {name}, text
    assert broken("x0*(x1 + 2)") == set()
    whole = VOCABULARY.sequence("x0*x1 + sin(x0)")[0]
    assert breaches(whole[None, :-1])["form"].all()
    assert breaches(np.append(whole, whole[-1:])[None])["form"].all()


@pytest.mark.parametrize("scale", [0.0, 1.5])
def test_no_sample_breaks_a_rule(scale: float) -> None:
    held = policy(scale=scale)
    drawn = held.sample(100_000, 7)
    assert drawn.attempts == len(drawn.sequences) == 100_000
    assert accepts(RULES, VOCABULARY, drawn.sequences).all()
    for name, held_by in breaches(drawn.sequences).items():
        assert not held_by.any(), (name, VOCABULARY.text(drawn.sequences[held_by.argmax()]))


def test_ticks_are_masked() -> None:
    cost = SearchCost.unit(2)
    rules = replace(RULES, max_ticks=3)
    drawn = Policy(VOCABULARY, rules, cost=cost).sample(1000, 1)
    assert drawn.attempts == 1000
    assert accepts(rules, VOCABULARY, drawn.sequences, cost).all()


def test_units_are_kept_by_drawing_again() -> None:
    units = Units((Unit.parse("m"), Unit.parse("s")), Unit.parse("m/s"))
    rules = replace(RULES, max_nodes=8, units=units)
    drawn = Policy(VOCABULARY, rules).sample(100, 1)
    assert drawn.attempts > len(drawn.sequences) > 0
    assert accepts(rules, VOCABULARY, drawn.sequences).all()


def test_rules_that_leave_nothing_are_an_error() -> None:
    impossible = Units((Unit.parse("m"), Unit.parse("m")), Unit.parse("s"))
    vocabulary = Vocabulary.of(("add", "sub"), 2, constants=False)
    with pytest.raises(InputError, match=r"none of \d+ sequences keeps the rules"):
        Policy(vocabulary, Rules(max_nodes=8, units=impossible)).sample(3, 0)


def test_priors_shift_length_arity_and_tokens() -> None:
    free = Rules(max_nodes=60)
    plain = Policy(VOCABULARY, free, priors=Priors(length=None, uniform_arity=False))
    for length in (8.0, 16.0):  # operators written by then still want their arguments
        drawn = Policy(VOCABULARY, free, priors=Priors(length=length)).sample(3000, 1).sequences
        sizes = (drawn >= 0).sum(axis=1)
        assert length < sizes.mean() < length + 8
        assert sizes.std() < 5
    arities = Policy(VOCABULARY, free, priors=Priors(length=None)).sample(3000, 1).sequences[:, 0]
    counts = np.bincount(VOCABULARY.arities[arities], minlength=3)
    assert stats.chisquare(counts).pvalue > 1e-4
    firsts = plain.sample(3000, 1).sequences[:, 0]
    assert stats.chisquare(np.bincount(firsts, minlength=len(VOCABULARY))).pvalue > 1e-4
    barred = Priors(length=None, tokens=(("sin", -100.0), ("x1", 2.0)))
    drawn = Policy(VOCABULARY, free, priors=barred).sample(3000, 1).sequences
    place = VOCABULARY.places
    assert not (drawn == place["sin"]).any()
    assert (drawn == place["x1"]).sum() > 4 * (drawn == place["x0"]).sum()
    with pytest.raises(InputError, match="a prior names 'tan'"):
        Policy(VOCABULARY, free, priors=Priors(tokens=(("tan", 1.0),)))


def test_a_saved_policy_reloads_to_the_same_samples(tmp_path: Path) -> None:
    held = policy(WIDE, 0.6)
    held.save(tmp_path / "policy.npz")
    again = Policy.load(tmp_path / "policy.npz", VOCABULARY, RULES)
    assert (again.settings, again.priors) == (held.settings, held.priors)
    one, other = held.sample(500, 9), again.sample(500, 9)
    assert np.array_equal(one.sequences, other.sequences)
    assert np.array_equal(one.log_probability, other.log_probability)


def test_other_tokens_and_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.npz"
    policy().save(path)
    with pytest.raises(InputError, match=r"writes the tokens add, .*, not add, sub, x0, x1, const"):
        Policy.load(path, Vocabulary.of(("add", "sub"), 2), RULES)
    with pytest.raises(InputError, match="there is no policy file"):
        Policy.load(tmp_path / "none.npz", VOCABULARY, RULES)
    content = path.read_bytes()
    for k in range(0, len(content), 997):
        path.write_bytes(content[:k])
        with pytest.raises(InputError, match=r"policy file .* is damaged"):
            Policy.load(path, VOCABULARY, RULES)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(InputError, match=r"policy file .* is damaged"):
        Policy.load(path, VOCABULARY, RULES)


def test_weights_of_another_shape_or_not_finite_are_refused() -> None:
    held = policy()
    weights = held.weights()
    with pytest.raises(InputError, match=r"weights 'score.bias': float32 of \(11,\), not none"):
        held.take({n: w for n, w in weights.items() if n != "score.bias"})
    with pytest.raises(InputError, match=r"not float32 of shape \(3,\)"):
        held.take(weights | {"score.bias": np.zeros(3, np.float32)})
    with pytest.raises(InputError, match="are not finite"):
        held.take(weights | {"score.bias": np.full(11, np.nan, np.float32)})


def test_any_expression_that_keeps_the_rules_can_be_read() -> None:
    held = policy(scale=0.5)
    bred = [VOCABULARY.sequence(text)[0] for text in ("x0*(x1 + 2)", "sin(x0*x0 + x1)", "x0 + x1")]
    rows = np.full((3, 9), -1, np.int16)
    for row, sequence in zip(rows, bred, strict=True):
        row[: len(sequence)] = sequence
    _, kept = held.read(rows)
    assert kept.tolist() == [True, True, False]  # the last is too short
    found = held.log_probability(rows)
    assert np.isfinite(found).tolist() == [True, True, False]
    with pytest.raises(InputError, match="sequence 0 is no expression"):
        held.read(rows[:1, :3])


def test_pretraining_makes_given_expressions_likely() -> None:
    held = Policy(VOCABULARY, RULES, NetworkSettings(start="scaled"))
    texts = ("x0*x0 + x1", "sin(x0) + x1*x1", "exp(x0*x1) - x0")
    rows = np.full((len(texts), 9), -1, np.int16)
    for row, text in zip(rows, texts, strict=True):
        sequence = VOCABULARY.sequence(text)[0]
        row[: len(sequence)] = sequence
    before = held.log_probability(rows)
    losses = pretrain(held, PretrainSettings(epochs=150, batch=3, rate=0.02), rows)
    after = held.log_probability(rows)
    assert losses[-1] < losses[0] / 2
    assert (after > before + 4).all()
    drawn = held.sample(1000, 2).sequences
    assert np.mean([(row[:9] == rows[:, : len(row[:9])]).all(axis=1).any() for row in drawn]) > 0.2


def test_pretraining_without_sequences_evens_out_what_is_drawn_often() -> None:
    vocabulary, rules = Vocabulary.of(("add", "mul", "sin"), 1, constants=False), Rules(max_nodes=7)
    priors = Priors(length=None, tokens=(("sin", 2.0),))
    held = Policy(vocabulary, rules, NetworkSettings(start="scaled"), priors)
    before = len(np.unique(held.sample(2000, 5).sequences, axis=0))
    pretrain(held, PretrainSettings(sequences=2000, epochs=40, rate=0.02))
    assert len(np.unique(held.sample(2000, 5).sequences, axis=0)) > 1.5 * before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": 0}, "hidden must be an integer from 1"),
        (
            {"observe": ("uncle",)},
            "observe.0 must be one of parent, sibling, .* not 'uncle'",
        ),
        ({"start": "cold"}, "start must be one of zeros, scaled"),
    ],
)
def test_settings_are_checked(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NetworkSettings(**changes)  # type: ignore[arg-type]


def test_a_custom_operator_is_a_token() -> None:
    vocabulary = Vocabulary.of(("add", "mul", "inv"), 1)
    drawn = Policy(vocabulary, Rules(max_nodes=9)).sample(200, 0).sequences
    assert (drawn == vocabulary.places["inv"]).any()
    programs = [vocabulary.program(row) for row in drawn]
    assert all(
        set(p.ops.tolist()) <= {int(op) for op in OPCODES if is_searched(op)} for p in programs
    )


def test_a_policy_of_other_custom_operators_is_refused(tmp_path: Path) -> None:
    one, other = (
        Vocabulary.of(("add", "mul"), 1, custom=(Operator.of("bell", text),))
        for text in ("exp(-a*a)", "a*a*a")
    )
    path = tmp_path / "policy.npz"
    Policy(one, Rules()).save(path)
    Policy.load(path, one, Rules())
    with pytest.raises(InputError, match="other custom operators"):
        Policy.load(path, other, Rules())
