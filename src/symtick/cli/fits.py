"""What `symtick estimate` prints: designs beside a budget, as table, JSON and picture.

Room: front door. Nothing is computed here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from symtick.design_folder.budgets import Fit
from symtick.errors import InputError, ResourceError
from symtick.files import write_bytes
from symtick.hwcost.models.budget import Use

_FORMS = (".svg", ".png")
_HEADS = {"ticks": "ticks", "ns": "ns", "lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM"}


def show(console: Console, found: Sequence[Fit], as_json: bool, picture: Path | None) -> None:
    """Print, and draw where a file is named and a design runs.

    Raises:
        InputError: the picture's name has another suffix, or there is no budget to draw.
        ResourceError: nothing fits.
    """
    if as_json:
        console.print_json(json.dumps([fit.to_json() for fit in found], allow_nan=False))
    else:
        console.print(_table(found), soft_wrap=True)
        _notes(console, found)
    if picture is not None and any(fit.estimate is not None for fit in found):
        _draw(found, picture)
        if not as_json:
            console.print(f"picture: {picture}", markup=False, soft_wrap=True)
    if not any(fit.fits for fit in found):
        reasons = {fit.reason for fit in found if fit.reason}
        why = f": {next(iter(reasons))}" if len(found) == 1 and reasons else ""
        raise ResourceError(
            f"no design fits the budget{why or ': raise it, or distil with a smaller one'}"
        )


def _table(found: Sequence[Fit]) -> Table:
    limits = list(dict.fromkeys(name for fit in found for name in fit.uses))
    table = Table(title="Estimates", title_justify="left", box=None, pad_edge=False)
    table.add_column("design", no_wrap=True)
    for head in ("MHz", *(_HEADS.values())):
        table.add_column(head, justify="right", no_wrap=True)
    for name in limits:
        table.add_column(f"{_HEADS[name]} %", justify="right", no_wrap=True)
    if limits:
        table.add_column("fits", no_wrap=True)
    for fit in found:
        table.add_row(*_row(fit, limits), style=None if fit.fits else "dim")
    return table


def _row(fit: Fit, limits: Sequence[str]) -> list[str]:
    e = fit.estimate
    if e is None:
        blank = ["-"] * (1 + len(_HEADS) + len(limits))
        return [escape(fit.design), *blank, *(["does not run"] if limits else [])]
    area = ["-" if value is None else f"{value:.0f}" for value in fit.area.values()]
    shares = [_share(fit.uses[name]) for name in limits]
    verdict = "yes" if fit.fits else "no: " + ", ".join(_HEADS[name] for name in fit.over)
    cells = [fit.design, f"{e.clock_mhz:g}", str(e.ticks), f"{e.ns:.1f}", *area, *shares]
    return [escape(cell) for cell in cells] + ([verdict] if limits else [])


def _share(use: Use) -> str:
    share = use.share
    return "over" if share == float("inf") else f"{100 * share:.3g}"


def _notes(console: Console, found: Sequence[Fit]) -> None:
    first = next((fit for fit in found if fit.estimate is not None), None)
    if first is not None and first.estimate is not None:
        console.print(f"Device {first.device.name}: {first.device.title}.", markup=False)
        limits = [f"{use.allowed:g} {_HEADS[name]}" for name, use in first.uses.items()]
        if limits:
            console.print(f"Budget: at most {', '.join(limits)}.", markup=False)
    for fit in found:
        if fit.reason:
            console.print(f"{fit.design} does not run: {fit.reason}", markup=False, soft_wrap=True)
    for note in dict.fromkeys(fit.note for fit in found):
        if note:
            console.print(note, markup=False, soft_wrap=True)


def _draw(found: Sequence[Fit], picture: Path) -> None:
    from symtick.report.plots.budget_plot import budget_picture

    if picture.suffix.lower() not in _FORMS:
        raise InputError(f"a picture is written as {' or '.join(_FORMS)}, not as {picture.name}")
    shares = [
        (fit.design, {_HEADS[name]: use.share for name, use in fit.uses.items()}) for fit in found
    ]
    if not any(held for _, held in shares):
        raise InputError("a picture shows parts of a budget: give one (--share 1%, --budget-lut)")
    first = next(fit for fit in found if fit.estimate is not None)
    modelled = ", delays modelled" if first.device.modelled else ""
    title = f"Parts of the budget on {first.device.name}{modelled}"
    write_bytes(picture, budget_picture(shares, title, picture.suffix.lower()[1:]))
