"""
symtick's search kernel: evaluation, derivatives, cost and evolution of programs
"""

from collections.abc import Callable, Sequence

import numpy
import numpy.typing
from numpy.typing import NDArray

def machine_limits(
    tries: int = 30, seconds: float = 0.0003
) -> dict[str, dict[str, float | dict[str, float]]]: ...

class Loss:
    def __init__(
        self,
        which: int
        | Callable[[NDArray[numpy.float64], NDArray[numpy.float64], NDArray[numpy.float64]], float],
        delta: float,
    ) -> None: ...

def opcodes() -> dict[str, int]: ...
def isa() -> str: ...
def isa_levels() -> list[str]: ...
def choose_isa(name: str) -> None: ...

class Population:
    def __init__(
        self,
        ops: NDArray[numpy.uint8],
        args: NDArray[numpy.int32],
        consts: NDArray[numpy.float64],
        lengths: NDArray[numpy.int64],
        const_lengths: NDArray[numpy.int64],
        features: int,
    ) -> None: ...
    def __len__(self) -> int: ...
    def marked(self, kinds: NDArray[numpy.int32]) -> Population: ...

class Data:
    def __init__(
        self, x: NDArray[numpy.float64], y: NDArray[numpy.float64], w: NDArray[numpy.float64]
    ) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def features(self) -> int: ...

class CostTable:
    def __init__(self) -> None: ...

    period: float
    chain: bool
    fuse: bool
    factor_bits: int
    def set(
        self,
        op_delay: Sequence[float],
        op_lut: Sequence[float],
        table_delay: Sequence[float],
        table_lut: Sequence[float],
    ) -> None: ...

def evaluate32(
    population: Population, data: Data, out: NDArray[numpy.float32], threads: int
) -> None: ...
def evaluate64(
    population: Population, data: Data, out: NDArray[numpy.float64], threads: int
) -> None: ...
def evaluate_scalar(population: Population, data: Data) -> NDArray[numpy.float64]: ...

class FitSettings:
    def __init__(self) -> None: ...

    iterations: int
    tolerance: float
    restarts: int
    seed: int
    evaluations: int

def losses(
    population: Population, data: Data, loss: Loss, single: bool, threads: int
) -> NDArray[numpy.float64]: ...
def scalings(population: Population, data: Data, threads: int) -> NDArray[numpy.float64]: ...
def round_constants(
    population: Population,
    data: Data,
    loss: Loss,
    refit: FitSettings,
    bits: int,
    fraction: bool,
    threads: int,
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]: ...
def jacobian(
    population: Population, data: Data
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]: ...
def vjp(
    population: Population, data: Data, seed: NDArray[numpy.float64]
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]: ...
def fit(
    population: Population, data: Data, loss: Loss, settings: FitSettings, threads: int
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64], NDArray[numpy.int64]]: ...
def intervals(
    population: Population, lo: NDArray[numpy.float64], hi: NDArray[numpy.float64]
) -> tuple[NDArray[numpy.int64], NDArray[numpy.float64], NDArray[numpy.float64]]: ...
def costs(
    population: Population, table: CostTable
) -> tuple[NDArray[numpy.int64], NDArray[numpy.float64]]: ...
def simplify(
    population: Population,
) -> tuple[NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64]]: ...
def hashes(population: Population) -> NDArray[numpy.uint64]: ...

CUSTOM1: int = 96

MAX_ARGUMENTS: int = 3

MAX_CUSTOM: int = 32

ANY_NUMBER: int = 2147483647

FREE: int = 0

LITERAL: int = -1

class Vocabulary:
    def __init__(
        self,
        ops: NDArray[numpy.uint8],
        features: NDArray[numpy.int32],
        values: NDArray[numpy.float64],
        complexity: NDArray[numpy.float64],
        bodies: Sequence[
            Sequence[tuple[NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64]]]
        ],
    ) -> None: ...
    def __len__(self) -> int: ...

class RuleSettings:
    def __init__(self) -> None: ...

    min_nodes: int
    max_nodes: int
    max_depth: int
    max_constants: int
    max_expanded: int
    max_complexity: float
    @property
    def max_argument(self) -> list[float]: ...
    @max_argument.setter
    def max_argument(self, arg: Sequence[float], /) -> None: ...
    @property
    def nested(self) -> list[int]: ...
    @nested.setter
    def nested(self, arg: Sequence[int], /) -> None: ...
    @property
    def barred(self) -> list[int]: ...
    @barred.setter
    def barred(self, arg: Sequence[int], /) -> None: ...

    constant_arguments: bool
    needs_input: bool
    cost: CostTable
    max_ticks: int
    def set_counts(self, least: Sequence[int], most: Sequence[int]) -> None: ...
    def set_units(self, units: int, tokens: Sequence[float], target: Sequence[float]) -> None: ...

class Rules:
    def __init__(self, vocabulary: Vocabulary, settings: RuleSettings) -> None: ...
    def __len__(self) -> int: ...

class Prefix:
    def __init__(self, rules: Rules) -> None: ...
    def clear(self) -> None: ...
    def push(self, token: int) -> None: ...
    def allows(self, token: int) -> bool: ...
    def mask(self) -> NDArray[numpy.uint8]: ...
    def complete(self) -> bool: ...
    def length(self) -> int: ...
    def open(self) -> int: ...
    def depth(self) -> int: ...
    def parent(self) -> int: ...
    def sibling(self) -> int: ...
    def previous(self) -> int: ...
    def sequence(self) -> NDArray[numpy.int16]: ...

def accepts(
    rules: Rules, sequences: NDArray[numpy.int16], threads: int
) -> NDArray[numpy.bool_]: ...
def replays(rules: Rules, sequences: NDArray[numpy.int16]) -> NDArray[numpy.bool_]: ...
def random_sequences(rules: Rules, count: int, seed: int) -> tuple[NDArray[numpy.int16], int]: ...
def tree(
    vocabulary: Vocabulary, sequence: NDArray[numpy.int16], constants: NDArray[numpy.float64]
) -> tuple[
    NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64], NDArray[numpy.int32]
]: ...
def expand(
    vocabulary: Vocabulary, sequence: NDArray[numpy.int16], constants: NDArray[numpy.float64]
) -> tuple[
    NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64], NDArray[numpy.int32]
]: ...
def retuned(
    vocabulary: Vocabulary,
    sequence: NDArray[numpy.int16],
    constants: NDArray[numpy.float64],
    tuned: NDArray[numpy.float64],
) -> tuple[
    NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64], NDArray[numpy.int32]
]: ...
def sequence_of(
    vocabulary: Vocabulary,
    ops: NDArray[numpy.uint8],
    args: NDArray[numpy.int32],
    consts: NDArray[numpy.float64],
    ties: NDArray[numpy.int32],
) -> NDArray[numpy.int16]: ...

NO_LIMIT: int = 9223372036854775808

class BreedSettings:
    def __init__(self) -> None: ...

    interaction: float
    simplify: bool
    inner: float
    subtree_depth: int
    def set_ranges(self, lo: Sequence[float], hi: Sequence[float]) -> None: ...

class EngineSettings:
    def __init__(self) -> None: ...

    seed: int
    islands: int
    population: int
    tournament: int
    tournament_best: float
    lut_tournament: float
    max_lut: float
    max_magnitude: float
    screen_rows: int
    screen_interval: int
    trial_terms: int
    library: int
    tune_iterations: int
    tune_probability: float
    tune_repeats: int
    migration_interval: int
    migrants: int
    elite_probability: float
    tick_elite_probability: float
    parsimony: float
    parsimony_window: int
    cache_size: int
    copies: int
    patience: int
    founder_depth: int
    target_loss: float
    def set_moves(self, weights: Sequence[float]) -> None: ...

    constant_bits: int
    constant_fraction: bool
    loss: Loss

class Engine:
    def __init__(
        self,
        data: Data,
        settings: EngineSettings,
        breed: BreedSettings,
        rules: Rules,
        cost: CostTable,
        guesses: tuple[NDArray[numpy.int16], NDArray[numpy.float64], NDArray[numpy.int64]],
        penalty: Callable[
            [NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64]], float
        ]
        | None,
    ) -> None: ...
    def step(self, generations: int, threads: int, max_evaluations: int) -> dict[str, int]: ...
    def stats(self) -> dict[str, int]: ...
    def front(
        self,
    ) -> list[
        tuple[
            NDArray[numpy.uint8],
            NDArray[numpy.int32],
            NDArray[numpy.float64],
            float,
            int,
            float,
            NDArray[numpy.int16],
            NDArray[numpy.float64],
        ]
    ]: ...
    def offer(
        self,
        sequences: NDArray[numpy.int16],
        constants: NDArray[numpy.float64],
        counts: NDArray[numpy.int64],
        replant: bool,
        threads: int,
    ) -> NDArray[numpy.float64]: ...
    def individuals(
        self, most: int
    ) -> tuple[
        NDArray[numpy.int16], NDArray[numpy.float64], NDArray[numpy.int64], NDArray[numpy.float64]
    ]: ...
    def best_loss(self) -> float: ...
    def save(self) -> dict[str, numpy.typing.NDArray[numpy.generic]]: ...
    def load(
        self,
        words: NDArray[numpy.uint64],
        numbers: NDArray[numpy.float64],
        ops: NDArray[numpy.uint8],
        features: NDArray[numpy.int32],
        values: NDArray[numpy.float64],
    ) -> None: ...

class PolicyWeights:
    def __init__(
        self,
        tokens: int,
        units: int,
        open_bins: int,
        observe: NDArray[numpy.float32],
        recurrent: Sequence[NDArray[numpy.float32]],
        bias: Sequence[NDArray[numpy.float32]],
        start_h: NDArray[numpy.float32],
        start_c: NDArray[numpy.float32],
        out: NDArray[numpy.float32],
        out_bias: NDArray[numpy.float32],
    ) -> None: ...

class PolicyPriors:
    def __init__(
        self, token: NDArray[numpy.float32], soft_length: bool, length: float, variance: float
    ) -> None: ...

def sample_policy(
    weights: PolicyWeights,
    priors: PolicyPriors,
    rules: Rules,
    n: int,
    seed: int,
    first: int,
    tries: int,
    threads: int,
) -> tuple[NDArray[numpy.int16], NDArray[numpy.float64], NDArray[numpy.float64], int]: ...
def observe_policy(
    priors: PolicyPriors, rules: Rules, sequences: NDArray[numpy.int16]
) -> tuple[
    NDArray[numpy.int16],
    NDArray[numpy.int16],
    NDArray[numpy.int16],
    NDArray[numpy.int16],
    NDArray[numpy.float32],
    NDArray[numpy.uint8],
]: ...

UNDEFINED: int = 18446744073709551615

MOST_ROWS: int = 512

def fingerprints(population: Population) -> NDArray[numpy.uint64]: ...

class Enumeration:
    def __init__(
        self,
        rules: Rules,
        data: Data,
        shared: bool,
        max_level: int,
        max_functions: int,
        symbols: int,
        largest: float,
        cheapest: CostTable | None,
    ) -> None: ...
    def run(self, evaluations: int) -> bool: ...
    def complete(self) -> int: ...
    def __len__(self) -> int: ...
    def program(
        self, number: int
    ) -> tuple[NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64]]: ...
    def values(self) -> NDArray[numpy.float64]: ...
    def levels(self) -> NDArray[numpy.int64]: ...
    def stats(self) -> dict[str, int]: ...
    def front(
        self,
        rules: Rules,
        screen: Data,
        rows: Data,
        cost: CostTable,
        loss: Loss,
        scaled: bool,
        fits: int,
        fit: FitSettings,
    ) -> tuple[
        list[
            tuple[
                NDArray[numpy.uint8],
                NDArray[numpy.int32],
                NDArray[numpy.float64],
                float,
                int,
                float,
            ]
        ],
        int,
        int,
    ]: ...

class LibrarySettings:
    def __init__(self) -> None: ...

    max_level: int
    max_functions: int
    max_rows: int

class Bidirectional:
    def __init__(
        self,
        rules: Rules,
        data: Data,
        cost: CostTable,
        loss: Loss,
        settings: LibrarySettings,
        enough: float,
    ) -> None: ...
    def run(self, evaluations: int) -> bool: ...
    def front(
        self,
    ) -> list[
        tuple[NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64], float, int, float]
    ]: ...
    def functions(self) -> int: ...
    def evaluations(self) -> int: ...
    def lookups(self) -> int: ...

class Matching:
    def __init__(
        self, rules: Rules, data: Data, settings: LibrarySettings, evaluations: int, candidates: int
    ) -> None: ...
    def matched(
        self, sequence: NDArray[numpy.int16], seed: int
    ) -> tuple[NDArray[numpy.uint8], NDArray[numpy.int32], NDArray[numpy.float64]] | None: ...

class LayeredRows:
    def __init__(
        self,
        first: NDArray[numpy.int32],
        code: NDArray[numpy.float32],
        places: NDArray[numpy.int32],
        goal: NDArray[numpy.float32],
        batch: int,
    ) -> None: ...
    @property
    def batches(self) -> int: ...

class LayeredGoal:
    def __init__(
        self,
        loss: int,
        sharpness: float,
        calibration: float,
        spread: NDArray[numpy.float32],
        decay: float,
        relative: bool,
        term_frac: int | None,
        address_bits: int,
    ) -> None: ...

def descend_layers(
    kind: NDArray[numpy.int8],
    inner: NDArray[numpy.float32],
    outer: NDArray[numpy.float32],
    params: Sequence[NDArray[numpy.float32]],
    rows: LayeredRows,
    goal: LayeredGoal,
    sizes: NDArray[numpy.float64],
    memory: Sequence[float],
    first: int,
) -> list[NDArray[numpy.float32]]: ...
def layers_gradient(
    kind: NDArray[numpy.int8],
    inner: NDArray[numpy.float32],
    outer: NDArray[numpy.float32],
    params: Sequence[NDArray[numpy.float32]],
    rows: LayeredRows,
    goal: LayeredGoal,
    batch: int,
) -> tuple[float, list[NDArray[numpy.float32]]]: ...
