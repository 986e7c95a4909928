"""Types of the compiled kernel. Use `search.kernel_api` and `search.evolution`."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_F32 = npt.NDArray[np.float32]
_F64 = npt.NDArray[np.float64]
_I64 = npt.NDArray[np.int64]
_U64 = npt.NDArray[np.uint64]
_I32 = npt.NDArray[np.int32]
_U8 = npt.NDArray[np.uint8]
_I16 = npt.NDArray[np.int16]
_Written = tuple[_U8, _I32, _F64, _I32]

CUSTOM1: int
CUSTOM2: int
MAX_CUSTOM: int
FREE: int
LITERAL: int

class Population:
    def __init__(
        self, ops: _U8, args: _I32, consts: _F64, lengths: _I64, const_lengths: _I64, features: int
    ) -> None: ...
    def __len__(self) -> int: ...
    def marked(self, kinds: _I32) -> Population: ...

class Data:
    def __init__(self, x: _F64, y: _F64, w: _F64) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def features(self) -> int: ...

class Loss:
    def __init__(self, which: int | Callable[[_F64, _F64, _F64], float], delta: float) -> None: ...

class FitSettings:
    iterations: int
    tolerance: float
    restarts: int
    seed: int
    evaluations: int
    def __init__(self) -> None: ...

class CostTable:
    period: float
    chain: bool
    fuse: bool
    factor_bits: int
    def __init__(self) -> None: ...
    def set(
        self,
        op_delay: list[float],
        op_lut: list[float],
        table_delay: list[float],
        table_lut: list[float],
    ) -> None: ...

class Vocabulary:
    def __init__(
        self,
        ops: _U8,
        features: _I32,
        values: _F64,
        complexity: _F64,
        unary: list[tuple[_U8, _I32, _F64]],
        binary: list[tuple[_U8, _I32, _F64]],
    ) -> None: ...
    def __len__(self) -> int: ...

class RuleSettings:
    min_nodes: int
    max_nodes: int
    max_depth: int
    max_constants: int
    max_expanded: int
    max_complexity: float
    max_argument: list[float]
    nested: list[int]
    barred: list[int]
    constant_arguments: bool
    needs_input: bool
    max_ticks: int
    cost: CostTable
    def __init__(self) -> None: ...
    def set_counts(self, least: list[int], most: list[int]) -> None: ...
    def set_units(self, units: int, tokens: list[float], target: list[float]) -> None: ...

class Rules:
    def __init__(self, vocabulary: Vocabulary, settings: RuleSettings) -> None: ...
    def __len__(self) -> int: ...

class Prefix:
    def __init__(self, rules: Rules) -> None: ...
    def clear(self) -> None: ...
    def push(self, token: int) -> None: ...
    def allows(self, token: int) -> bool: ...
    def mask(self) -> _U8: ...
    def complete(self) -> bool: ...
    def length(self) -> int: ...
    def open(self) -> int: ...
    def depth(self) -> int: ...
    def parent(self) -> int: ...
    def sibling(self) -> int: ...
    def previous(self) -> int: ...
    def sequence(self) -> _I16: ...

class BreedSettings:
    interaction: float
    simplify: bool
    inner: float
    subtree_depth: int
    def __init__(self) -> None: ...
    def set_ranges(self, lo: list[float], hi: list[float]) -> None: ...

class EngineSettings:
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
    founder_depth: int
    patience: int
    target_loss: float
    constant_bits: int
    constant_fraction: bool
    loss: Loss
    def __init__(self) -> None: ...
    def set_moves(self, weights: list[float]) -> None: ...
    def set_loss(self, loss: Loss) -> None: ...

class Engine:
    def __init__(
        self,
        x: _F64,
        y: _F64,
        w: _F64,
        settings: EngineSettings,
        breed: BreedSettings,
        rules: Rules,
        cost: CostTable,
        guesses: tuple[_I16, _F64, _I64],
        penalty: Callable[[_U8, _I32, _F64], float] | None,
    ) -> None: ...
    def step(self, generations: int, threads: int, max_evaluations: int) -> dict[str, int]: ...
    def stats(self) -> dict[str, int]: ...
    def front(self) -> list[tuple[_U8, _I32, _F64, float, int, float, _I16, _F64]]: ...
    def offer(
        self, sequences: _I16, constants: _F64, counts: _I64, replant: bool, threads: int
    ) -> _F64: ...
    def people(self, most: int) -> tuple[_I16, _F64, _I64, _F64]: ...
    def best_loss(self) -> float: ...
    def save(self) -> dict[str, npt.NDArray[np.generic]]: ...
    def load(self, words: _U64, numbers: _F64, ops: _U8, features: _I32, values: _F64) -> None: ...

UNDEFINED: int
MOST_ROWS: int
_Found = list[tuple[_U8, _I32, _F64, float, int, float]]

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
    def program(self, number: int) -> tuple[_U8, _I32, _F64]: ...
    def values(self) -> _F64: ...
    def levels(self) -> _I64: ...
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
    ) -> tuple[_Found, int, int]: ...

class LibrarySettings:
    max_level: int
    max_functions: int
    max_rows: int
    def __init__(self) -> None: ...

class Matching:
    def __init__(
        self,
        rules: Rules,
        data: Data,
        settings: LibrarySettings,
        evaluations: int,
        candidates: int,
    ) -> None: ...
    def matched(self, sequence: _I16, seed: int) -> tuple[_U8, _I32, _F64] | None: ...

def meet(
    rules: Rules,
    data: Data,
    cost: CostTable,
    loss: Loss,
    settings: LibrarySettings,
    evaluations: int,
    enough: float,
) -> tuple[_Found, int, int, int]: ...

class PolicyWeights:
    def __init__(
        self,
        tokens: int,
        units: int,
        open_bins: int,
        observe: _F32,
        recurrent: list[_F32],
        bias: list[_F32],
        start_h: _F32,
        start_c: _F32,
        out: _F32,
        out_bias: _F32,
    ) -> None: ...

class PolicyPriors:
    def __init__(self, token: _F32, soft_length: bool, length: float, variance: float) -> None: ...

def sample_policy(
    weights: PolicyWeights,
    priors: PolicyPriors,
    rules: Rules,
    n: int,
    seed: int,
    first: int,
    tries: int,
    threads: int,
) -> tuple[_I16, _F64, _F64, int]: ...
def observe_policy(
    priors: PolicyPriors, rules: Rules, sequences: _I16
) -> tuple[_I16, _I16, _I16, _I16, _F32, _U8]: ...
def accepts(rules: Rules, sequences: _I16, threads: int) -> npt.NDArray[np.bool_]: ...
def replays(rules: Rules, sequences: _I16) -> npt.NDArray[np.bool_]: ...
def random_sequences(rules: Rules, count: int, seed: int) -> tuple[_I16, int]: ...
def tree(vocabulary: Vocabulary, sequence: _I16, constants: _F64) -> _Written: ...
def expand(vocabulary: Vocabulary, sequence: _I16, constants: _F64) -> _Written: ...
def retuned(vocabulary: Vocabulary, sequence: _I16, constants: _F64, tuned: _F64) -> _Written: ...
def sequence_of(vocabulary: Vocabulary, ops: _U8, args: _I32, consts: _F64, ties: _I32) -> _I16: ...
def opcodes() -> dict[str, int]: ...
def isa() -> str: ...
def isa_levels() -> list[str]: ...
def choose_isa(name: str) -> None: ...
def machine_limits(
    tries: int = 30, seconds: float = 0.0003
) -> dict[str, dict[str, float | dict[str, float]]]: ...
def evaluate32(population: Population, data: Data, out: _F32, threads: int) -> None: ...
def evaluate64(population: Population, data: Data, out: _F64, threads: int) -> None: ...
def evaluate_scalar(population: Population, data: Data) -> _F64: ...
def losses(population: Population, data: Data, loss: Loss, single: bool, threads: int) -> _F64: ...
def scalings(population: Population, data: Data, threads: int) -> _F64: ...
def jacobian(population: Population, data: Data) -> tuple[_F64, _F64]: ...
def vjp(population: Population, data: Data, seed: _F64) -> tuple[_F64, _F64]: ...
def fit(
    population: Population,
    data: Data,
    loss: Loss,
    settings: FitSettings,
    threads: int,
) -> tuple[_F64, _F64, _I64]: ...
def round_constants(
    population: Population,
    data: Data,
    loss: Loss,
    refit: FitSettings,
    bits: int,
    fraction: bool,
    threads: int,
) -> tuple[_F64, _F64]: ...
def intervals(population: Population, lo: _F64, hi: _F64) -> tuple[_I64, _F64, _F64]: ...
def costs(population: Population, table: CostTable) -> tuple[_I64, _F64]: ...
def simplify(population: Population) -> tuple[_U8, _I32, _F64]: ...
def hashes(population: Population) -> _U64: ...
def fingerprints(population: Population) -> _U64: ...
