"""A policy that writes expressions token by token, under rules and priors.

An autoregressive network scores the tokens (Petersen et al. 2021, arXiv:1912.04871), the rules mask
those that may not stand next, and priors shift the scores (Landajuela et al. 2021, "Improving
exploration in policy gradient search", the soft length and the uniform arity). The kernel draws the
sequences; torch computes the same probabilities again, of any sequence, for training.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from symtick.errors import InputError
from symtick.files import write_bytes
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.policy.network import Network, Weights
from symtick.search.policy.settings import NetworkSettings, Priors
from symtick.search.torch_threads import one_thread

FORMAT = "symtick-policy-1"
Sequences = npt.NDArray[np.int16]
_HEAD = "__policy__"


@dataclass(frozen=True, eq=False)
class Samples:
    """Sequences drawn from a policy.

    Attributes:
        sequences: tokens, root first, shape (n, length), -1 behind each end.
        log_probability: of each sequence, (n,), among those that the mask allows.
        entropy: of each sequence's steps together, (n,).
        attempts: sequences written for these, kept or not.
    """

    sequences: Sequences
    log_probability: npt.NDArray[np.float64]
    entropy: npt.NDArray[np.float64]
    attempts: int


@dataclass(frozen=True, eq=False)
class PolicyInputs:
    """What the network needs to score given sequences.

    Attributes:
        codes: what it observes, (n, length, codes).
        shift: priors, and minus infinity for what the rules mask, (n, length, tokens).
        tokens: what stands there, (n, length), 0 behind the end.
        live: 1 for a step, 0 behind the end, (n, length).
    """

    codes: Tensor
    shift: Tensor
    tokens: Tensor
    live: Tensor

    def rows(self, places: Tensor) -> PolicyInputs:
        """Some of the sequences."""
        return PolicyInputs(
            self.codes[places], self.shift[places], self.tokens[places], self.live[places]
        )


class Policy:
    """A distribution over expressions.

    Args:
        vocabulary: the tokens.
        rules: what no sequence may break.
        settings: the network.
        priors: shifts of its scores.
        cost: needed where the rules limit ticks.
        seed: of the first weights.

    Raises:
        InputError: a prior names an unknown token, or rules and vocabulary do not fit.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        rules: Rules,
        settings: NetworkSettings | None = None,
        priors: Priors | None = None,
        *,
        cost: SearchCost | None = None,
        seed: int = 0,
    ) -> None:
        self.vocabulary = vocabulary
        self.priors = priors or Priors()
        self.settings = settings or NetworkSettings()
        self.network = Network(len(vocabulary.names), self.settings, seed)
        self._rules = rules.to_kernel(vocabulary, cost)
        self._priors = _kernel_priors(self.priors, vocabulary)

    def sample(
        self, n: int, seed: int, *, first: int = 0, threads: int = 1, at_least: int = 1
    ) -> Samples:
        """Draw `n` sequences; number k comes from the random stream (seed, first + k).

        Args:
            n: how many.
            seed: 0 .. 2**63-1.
            first: number of the first one.
            threads: they change nothing but the time.
            at_least: fewer that keep the rules are an error.

        Raises:
            InputError: the rules let (almost) nothing through.
        """
        if n < 0 or threads < 1:
            raise InputError("n must not be negative and threads at least 1")
        weights = self.network.to_kernel()
        try:
            sequences, log_probability, entropy, attempts = _kernel.sample_policy(
                weights, self._priors, self._rules, n, seed, first, _TRIES, threads
            )
        except ValueError as error:
            raise InputError(f"the policy cannot write: {error}") from None
        written = (sequences >= 0).any(axis=1) if sequences.size else np.zeros(n, bool)
        if n and at_least > written.sum():
            raise InputError(
                f"{written.sum() or 'none'} of {attempts} sequences keeps the rules: loosen them"
            )
        if not written.all():
            sequences, entropy = sequences[written], entropy[written]
            log_probability = log_probability[written]
        return Samples(sequences, log_probability, entropy, attempts)

    def read(self, sequences: Sequences) -> tuple[PolicyInputs, npt.NDArray[np.bool_]]:
        """What the network needs to score sequences, and which of them it can write.

        Args:
            sequences: shape (n, length), -1 behind each end; from anywhere.

        Returns:
            The reading of those that it can write, and a mask (n,) of them.

        Raises:
            InputError: a row is no expression.
        """
        rows = np.ascontiguousarray(sequences, np.int16)
        try:
            *read, shift, possible = _kernel.observe_policy(self._priors, self._rules, rows)
        except ValueError as error:
            raise InputError(f"cannot read the sequences: {error}") from None
        kept = possible.astype(bool)
        tokens = rows[kept, : shift.shape[1]].astype(np.int64)
        with one_thread():
            codes = self.network.encode(
                (read[0][kept], read[1][kept], read[2][kept], read[3][kept])
            )
        ends = torch.from_numpy((tokens >= 0).astype(np.float32))
        there = torch.from_numpy(np.maximum(tokens, 0))
        return PolicyInputs(codes, torch.from_numpy(shift[kept]), there, ends), kept

    def score(self, reading: PolicyInputs) -> tuple[Tensor, Tensor]:
        """Log-probability and entropy of each step, (n, length) each, 0 behind the ends."""
        logits = self.network(reading.codes) + reading.shift
        log_share = torch.log_softmax(logits, dim=2)
        chosen = log_share.gather(2, reading.tokens.unsqueeze(2)).squeeze(2)
        share = log_share.exp()
        finite = torch.where(share > 0, log_share, torch.zeros(()))
        return chosen * reading.live, -(share * finite).sum(2) * reading.live

    def log_probability(self, sequences: Sequences) -> npt.NDArray[np.float64]:
        """Of each sequence, (n,); minus infinity where the policy cannot write it."""
        out = np.full(len(sequences), -np.inf)
        reading, kept = self.read(sequences)
        with torch.no_grad(), one_thread():
            out[kept] = self.score(reading)[0].double().sum(1).numpy()
        return out

    def weights(self) -> Weights:
        """Copies of the network's weights, by name."""
        return self.network.arrays()

    def take(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Use these weights.

        Raises:
            InputError: they are not for this network.
        """
        self.network.take(weights)

    def save(self, path: Path | str) -> None:
        """Write weights, settings, priors and tokens to one .npz file (no pickle)."""
        head = {
            "format": FORMAT,
            "tokens": list(self.vocabulary.names),
            "bodies": _bodies(self.vocabulary),
            "settings": asdict(self.settings),
            "priors": asdict(self.priors),
        }
        text = io.BytesIO()
        np.savez(text, **{_HEAD: np.array(json.dumps(head, allow_nan=False))}, **self.weights())  # type: ignore[arg-type]
        write_bytes(Path(path), text.getvalue())

    @classmethod
    def load(
        cls,
        path: Path | str,
        vocabulary: Vocabulary,
        rules: Rules,
        *,
        priors: Priors | None = None,
        cost: SearchCost | None = None,
    ) -> Policy:
        """A saved policy, for the same tokens; rules (and priors, if given) may be others.

        Raises:
            InputError: the file is damaged, or its tokens are not the vocabulary's.
        """
        head, weights = _read(Path(path))
        if head["tokens"] != list(vocabulary.names):
            raise InputError(
                f"the policy in {path} writes the tokens {', '.join(head['tokens'])}, "
                f"not {', '.join(vocabulary.names)}: use it with its own vocabulary, "
                "or train another"
            )
        if head["bodies"] != _bodies(vocabulary):
            raise InputError(
                f"the policy in {path} was trained with other custom operators: "
                f"{head['bodies']}, not {_bodies(vocabulary)}"
            )
        try:
            settings = NetworkSettings(**head["settings"])
            own = Priors(**head["priors"])
        except TypeError as error:
            raise InputError(f"the policy file {path} is damaged: {error}") from None
        policy = cls(vocabulary, rules, settings, priors or own, cost=cost)
        policy.take(weights)
        return policy


_TRIES = 200  # drawings of one sequence, where rules are checked at the end only


def _bodies(vocabulary: Vocabulary) -> dict[str, str]:
    return {operator.name: str(operator.body) for operator in vocabulary.custom}


def _kernel_priors(priors: Priors, vocabulary: Vocabulary) -> _kernel.PolicyPriors:
    names = list(vocabulary.names)
    shift = np.zeros(len(names), np.float32)
    arities = np.array(vocabulary.arities)
    if priors.uniform_arity:
        shift -= np.log([np.sum(arities == arity) for arity in arities]).astype(np.float32)
    for name, value in priors.tokens:
        if name not in names:
            raise InputError(f"a prior names {name!r}: the tokens are {', '.join(names)}")
        shift[names.index(name)] += value
    length = 0.0 if priors.length is None else priors.length
    return _kernel.PolicyPriors(shift, priors.length is not None, length, priors.variance)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        head = json.loads(str(arrays.pop(_HEAD)))
        if head["format"] != FORMAT or not all(isinstance(n, str) for n in head["tokens"]):
            raise InputError(f"{path} is not a policy of the format {FORMAT}")
        dict(head["settings"]), dict(head["priors"]), dict(head["bodies"])
    except FileNotFoundError:
        raise InputError(f"there is no policy file {path}") from None
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"the policy file {path} is damaged: {error}") from error
    return head, arrays
