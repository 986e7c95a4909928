"""Types of the compiled kernel. Use `symtick.search.evaluation` and `symtick.search.engine`."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_F32 = npt.NDArray[np.float32]
_F64 = npt.NDArray[np.float64]
_I64 = npt.NDArray[np.int64]
_U64 = npt.NDArray[np.uint64]
_I32 = npt.NDArray[np.int32]
_U8 = npt.NDArray[np.uint8]

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
    const_mul_delay: float
    const_mul_lut: float
    def __init__(self) -> None: ...
    def set(
        self,
        op_delay: list[float],
        op_lut: list[float],
        table_delay: list[float],
        table_lut: list[float],
    ) -> None: ...

class BreedSettings:
    allowed: list[bool]
    interaction: float
    def __init__(self) -> None: ...
    def set_ranges(self, lo: list[float], hi: list[float]) -> None: ...

class EngineSettings:
    seed: int
    islands: int
    population: int
    tournament: int
    max_nodes: int
    max_depth: int
    max_constants: int
    max_ticks: int
    max_lut: float
    max_magnitude: float
    screen_rows: int
    trial_terms: int
    tune_iterations: int
    tune_probability: float
    migration_interval: int
    migrants: int
    elite_probability: float
    def __init__(self) -> None: ...
    def set_moves(self, weights: list[float]) -> None: ...
    def set_loss(self, kind: int, delta: float) -> None: ...

class Engine:
    def __init__(
        self,
        x: _F64,
        y: _F64,
        w: _F64,
        settings: EngineSettings,
        breed: BreedSettings,
        cost: CostTable,
        guesses: Population,
    ) -> None: ...
    def step(self, generations: int, threads: int) -> dict[str, int]: ...
    def front(self) -> list[tuple[_U8, _I32, _F64, float, int, float]]: ...
    def best_loss(self) -> float: ...
    def save(self) -> dict[str, npt.NDArray[np.generic]]: ...
    def load(self, words: _U64, numbers: _F64, ops: _U8, features: _I32, values: _F64) -> None: ...

UNDEFINED: int

def opcodes() -> dict[str, int]: ...
def isa() -> str: ...
def isa_levels() -> list[str]: ...
def choose_isa(name: str) -> None: ...
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
