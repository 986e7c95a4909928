"""`SymbolicRegressor`: symbolic regression in scikit-learn's conventions, with ticks in the search.

Room: front door. What users of PySR expect, on symtick's kernel; docs/regression.md sets the names
of both side by side.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sympy
import torch
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from symtick.codegen import Design
from symtick.equations import Equation, Equations
from symtick.errors import InputError
from symtick.exporting import TorchExpression, latex, latex_table
from symtick.expr import Expression, from_programs, parse, to_sympy
from symtick.files import new_folder
from symtick.hardware import Hardware, renumbered
from symtick.search.engine import Candidate, EngineConfig, Limits
from symtick.search.preparing import denoised, select_features
from symtick.search.regression import GpSearch, Searcher, State, Task, finished
from symtick.store import DesignSource, write_design

Floats = npt.NDArray[np.float64]
Index = int | Sequence[int | None] | None


class SymbolicRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Find closed forms for `y` with few ticks, LUTs or symbols.

    Operators and letters
        operators: names of all operators; instead of the next two.
        binary_operators: names (`add` or `+`, ...); + - * / by default.
        unary_operators: names; none by default.

    Objective
        loss: `mse`, `mae` or `huber`.
        huber_delta: where Huber's loss turns linear.

    Limits
        max_nodes: nodes of an equation.
        max_depth: levels.
        max_constants: constants.
        max_ticks: latency by the cost table, or None.
        max_lut: LUTs by the cost table, or None.

    Hardware
        cost: what prices candidates: `open` (a device's measured or modelled delays; functions of
            one input are tables), `published` (whole cycles per operator, as in the literature),
            `unit` (one tick and one LUT for everything) or `complexity` (ticks are levels, LUTs add
            up the complexities of the operators; no hardware meant).
        device: a device of that kind, or None for the first (`symtick devices` lists them).
        clock_mhz: clock.
        input_bits: width of each input in hardware; the point goes where the column just fits.
        input_formats: `fixed<W,I>` of all features, or a dict of some by name.
        domain: `rows`: an equation must be finite on the rows; `box`: defined in the whole box
            that the features span, as firmware needs it.

    Search
        evaluations: budget for each target: candidates computed over the rows.
        target_loss: stop at this loss.
        engine: settings of the engine that have no parameter here.
        guesses: equations to start from, as text; with several targets a list for each.
        warm_start: a further `fit` goes on from the last one (exactly, where data and settings are
            the same; from its front otherwise).
        seed: of every random choice.
        threads: worker threads; they change nothing but the time.

    Data
        select_k_features: search over so many features, chosen by a random forest.
        denoise: replace the target by the mean of a Gaussian process first.
        batching: score candidates on `batch_size` random rows (the front is always settled on all
            rows): True, False, or `auto` for more rows than that.
        batch_size: rows of a batch.

    Result
        model_selection: `best`, `accuracy` or `score`, as in `Equations.choose`.
        axis: what the score divides by: `ticks`, `lut` or `complexity`.
        verbose: 1 prints a line for each tenth of the budget.

    Attributes:
        fronts_: an `Equations` for each target.
        names_: names of the features in equations: those of a DataFrame with other characters than
            letters, digits and _ replaced, or x0, x1, ...
        selected_: numbers of the features that were searched over.
        interrupted_: whether Ctrl-C ended the search early.
        n_outputs_: number of targets.
        n_features_in_: number of features.

    Examples:
        >>> from symtick import SymbolicRegressor
        >>> SymbolicRegressor(unary_operators=["exp"], max_ticks=3).get_params()["max_ticks"]
        3
    """

    def __init__(
        self,
        *,
        operators: Sequence[str] | None = None,
        binary_operators: Sequence[str] | None = None,
        unary_operators: Sequence[str] | None = None,
        loss: str = "mse",
        huber_delta: float = 1.0,
        max_nodes: int = 30,
        max_depth: int = 64,
        max_constants: int = 64,
        max_ticks: int | None = None,
        max_lut: float | None = None,
        cost: str = "open",
        device: str | None = None,
        clock_mhz: float = 200.0,
        input_bits: int = 8,
        input_formats: str | Mapping[str, str] | None = None,
        domain: str = "rows",
        evaluations: int = 100_000,
        target_loss: float | None = None,
        engine: EngineConfig | None = None,
        guesses: Sequence[str] | Sequence[Sequence[str]] = (),
        warm_start: bool = False,
        seed: int = 0,
        threads: int = 1,
        select_k_features: int | None = None,
        denoise: bool = False,
        batching: bool | str = "auto",
        batch_size: int = 1500,
        model_selection: str = "best",
        axis: str = "ticks",
        verbose: int = 0,
    ) -> None:
        self.operators = operators
        self.binary_operators = binary_operators
        self.unary_operators = unary_operators
        self.loss = loss
        self.huber_delta = huber_delta
        self.max_nodes = max_nodes
        self.max_depth = max_depth
        self.max_constants = max_constants
        self.max_ticks = max_ticks
        self.max_lut = max_lut
        self.cost = cost
        self.device = device
        self.clock_mhz = clock_mhz
        self.input_bits = input_bits
        self.input_formats = input_formats
        self.domain = domain
        self.evaluations = evaluations
        self.target_loss = target_loss
        self.engine = engine
        self.guesses = guesses
        self.warm_start = warm_start
        self.seed = seed
        self.threads = threads
        self.select_k_features = select_k_features
        self.denoise = denoise
        self.batching = batching
        self.batch_size = batch_size
        self.model_selection = model_selection
        self.axis = axis
        self.verbose = verbose
