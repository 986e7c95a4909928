"""The quantised network: exact whole numbers, trained to be useful."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.baselines.quantised import BitWidths, QuantisedNet, train_quantised
from symtick.errors import InputError
from symtick.search.data.dataset import Scaler
from symtick.search.data.metrics import accuracy


def random_net(seed: int, bits: BitWidths) -> QuantisedNet:
    rng = np.random.default_rng(seed)
    widths = (3, 5, 4, 2)
    half = 2 ** (bits.weights[0] - 1)
    shapes = list(itertools.pairwise(widths))
    return QuantisedNet(
        Scaler((-1.0,) * 3, (1.0,) * 3),
        bits,
        tuple(rng.integers(-half, half, size=shape) for shape in shapes),
        tuple(rng.integers(-40, 40, size=shape[1]) for shape in shapes),
    )


def exact(net: QuantisedNet, words: list[int]) -> list[Fraction]:
    """The network in rational numbers, from the formats alone."""
    bits = net.bits
    values = [Fraction(word, 2**bits.inputs) for word in words]
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        sums = [
            Fraction(int(bias[j]), 2**bits.bias_fraction)
            + sum(
                (v * Fraction(int(weight[i, j]), 2**bits.weight_fraction))
                for i, v in enumerate(values)
            )
            for j in range(weight.shape[1])
        ]
        if layer == len(net.weights) - 1:
            return sums
        scale, top = 2**bits.activation_fraction, 2 ** bits.activations[0] - 1
        values = [Fraction(min(max(floor(s * scale), 0), top), scale) for s in sums]
    raise AssertionError("a network without layers")


@given(
    st.integers(0, 2**32 - 1),
    st.builds(
        BitWidths,
        inputs=st.integers(3, 8),
        weights=st.sampled_from([(4, 2), (5, 1), (6, 2)]),
        activations=st.sampled_from([(6, 3), (7, 4), (4, 2)]),
        bias_fraction=st.integers(2, 12),
    ),
)
def test_scores_are_exact(seed: int, bits: BitWidths) -> None:
    net = random_net(seed, bits)
    X = np.random.default_rng(seed).uniform(-1.2, 1.2, size=(4, 3))
    words, scores = net.raw_inputs(X), net.scores(X)
    for row in range(4):
        assert [Fraction(s) for s in scores[row]] == exact(net, words[row].tolist())


def test_inputs_are_rounded_and_saturated() -> None:
    net = random_net(0, BitWidths(inputs=3))
    words = net.raw_inputs([[-5.0, 5.0, 0.0], [0.06, 0.07, -0.06], [0.93, 0.99, -0.99]])
    assert words.tolist() == [[-8, 7, 0], [0, 1, 0], [7, 7, -8]]


def blobs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    y = np.arange(900) % 3
    X = rng.normal(size=(900, 3)) * 0.4 + np.eye(3)[y] * 2
    return X, y, np.eye(3)[y] * 6.0


def test_training_learns_within_its_formats_and_is_seeded() -> None:
    X, y, scores = blobs()
    net = train_quantised(X, y, scores, hidden=(8,), epochs=25, batch=64, seed=3)
    assert accuracy(net.scores(X), y) > 0.97
    half = 2 ** (net.bits.weights[0] - 1)
    for weight in net.weights:
        assert weight.dtype == np.int64 and weight.min() >= -half and weight.max() < half
    again = train_quantised(X, y, scores, hidden=(8,), epochs=25, batch=64, seed=3)
    assert all(np.array_equal(a, b) for a, b in zip(net.weights, again.weights, strict=True))


def test_bad_settings_are_refused() -> None:
    X, y, scores = blobs()
    with pytest.raises(InputError, match=r"weights of <4,5>"):
        BitWidths(weights=(4, 5))
    with pytest.raises(InputError, match="fraction bits out of range"):
        BitWidths(inputs=0)
    with pytest.raises(InputError, match=r"in \[0, 1\], not 2"):
        train_quantised(X, y, scores, soft=2.0)
    with pytest.raises(InputError, match=r"900 rows with teacher scores of shape \(5, 3\)"):
        train_quantised(X, y, scores[:5])


def test_values_are_learnt_in_their_units() -> None:
    X = np.random.default_rng(2).uniform(-3.0, 3.0, size=(900, 2))
    y = np.stack([1000.0 + 100.0 * np.abs(X[:, 0]), 1e-4 * X[:, 1]], axis=1)
    net = train_quantised(X, y, y, hidden=(12,), epochs=40, batch=64, seed=3, task="regression")
    errors = np.sqrt(np.mean((net.scores(X) - y) ** 2, axis=0))
    assert (errors < 0.2 * y.std(axis=0)).all()
    assert net.center is not None and net.center == pytest.approx(y.mean(axis=0))
    with pytest.raises(InputError, match=r"900 rows need targets of shape \(900, 2\)"):
        train_quantised(X, y[:, 0], y, task="regression")


def test_one_score_is_learnt_for_two_classes() -> None:
    X, y, _ = blobs()
    two = (y > 0).astype(int)
    logit = np.where(two == 1, 3.0, -3.0)[:, None]
    net = train_quantised(X, two, logit, hidden=(8,), epochs=25, batch=64)
    said = net.scores(X)
    assert said.shape == (len(X), 1) and accuracy(said, two) > 0.95
    with pytest.raises(InputError, match="with 2 classes labels are whole numbers from 0 to 1"):
        train_quantised(X, two + 1, logit, hidden=(8,), epochs=1)
