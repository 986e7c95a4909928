"""What `symtick estimate` prints: designs beside a budget, as table, JSON and picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symtick.cli.console import line, print_json, print_rows
from symtick.design_folder.budgets import BudgetFit
from symtick.errors import InputError, ResourceError
from symtick.files import write_bytes
from symtick.hwcost.models.budget import Use

_SUFFIXES = (".svg", ".png")
_HEADS = {"ticks": "ticks", "ns": "ns", "lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM"}


def show(fits: Sequence[BudgetFit], as_json: bool, picture: Path | None) -> None:
    """Print, and draw where a file is named and a design runs.

    Raises:
        InputError: the picture's name has another suffix, or there is no budget to draw.
        ResourceError: nothing fits.
    """
    if as_json:
        print_json([fit.to_json() for fit in fits])
    else:
        _print_fits(fits)
    if picture is not None and any(fit.estimate is not None for fit in fits):
        _draw(fits, picture)
        if not as_json:
            line(f"picture: {picture}")
    if not any(fit.fits for fit in fits):
        reasons = {fit.reason for fit in fits if fit.reason}
        why = f": {next(iter(reasons))}" if len(fits) == 1 and reasons else ""
        raise ResourceError(
            f"no design fits the budget{why or ': raise it, or distil with a smaller one'}"
        )


def _print_fits(fits: Sequence[BudgetFit]) -> None:
    limits = list(dict.fromkeys(name for fit in fits for name in fit.uses))
    shares = [f"{_HEADS[name]} %" for name in limits]
    head = ("design", "MHz", *_HEADS.values(), *shares, *(["fits"] if limits else []))
    styles = [None if fit.fits else "dim" for fit in fits]
    print_rows("Estimates", head, [_row(fit, limits) for fit in fits], styles=styles)
    _print_notes(fits)


def _row(fit: BudgetFit, limits: Sequence[str]) -> list[str]:
    e = fit.estimate
    if e is None:
        blank = ["-"] * (1 + len(_HEADS) + len(limits))
        return [fit.design, *blank, *(["does not run"] if limits else [])]
    area = ["-" if value is None else f"{value:.0f}" for value in fit.area.values()]
    shares = [_share(fit.uses[name]) for name in limits]
    verdict = "yes" if fit.fits else "no: " + ", ".join(_HEADS[name] for name in fit.over)
    cells = [fit.design, f"{e.clock_mhz:g}", str(e.ticks), f"{e.ns:.1f}", *area, *shares]
    return cells + ([verdict] if limits else [])


def _share(use: Use) -> str:
    share = use.share
    return "over" if share == float("inf") else f"{100 * share:.3g}"


def _print_notes(fits: Sequence[BudgetFit]) -> None:
    first = next((fit for fit in fits if fit.estimate is not None), None)
    if first is not None:
        line(f"Device {first.device.name}: {first.device.title}.")
        limits = [f"{use.allowed:g} {_HEADS[name]}" for name, use in first.uses.items()]
        if limits:
            line(f"Budget: at most {', '.join(limits)}.")
    for fit in fits:
        if fit.reason:
            line(f"{fit.design} does not run: {fit.reason}")
    for note in dict.fromkeys(fit.note for fit in fits):
        if note:
            line(note)


def _draw(fits: Sequence[BudgetFit], picture: Path) -> None:
    from symtick.report.plots.budget_plot import budget_picture

    if picture.suffix.lower() not in _SUFFIXES:
        raise InputError(f"a picture is written as {' or '.join(_SUFFIXES)}, not as {picture.name}")
    shares = [
        (fit.design, {_HEADS[name]: use.share for name, use in fit.uses.items()}) for fit in fits
    ]
    if not any(uses for _, uses in shares):
        raise InputError("a picture shows parts of a budget: give one (--share 1%, --budget-lut)")
    first = next(fit for fit in fits if fit.estimate is not None)
    modelled = ", delays modelled" if first.device.modelled else ""
    title = f"Parts of the budget on {first.device.name}{modelled}"
    write_bytes(picture, budget_picture(shares, title, picture.suffix.lower()[1:]))
