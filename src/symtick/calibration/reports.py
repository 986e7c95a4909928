"""The vendors' reports beside a design: which are of it, and the latest of each kind.

Every file in a design's folder or below that is a report of a known format may
belong to it. Those that name another design (the sub-modules of an HLS top, an earlier project) are
left out. Where several state the same, the later step of the vendor's flow is believed: after
routing, after synthesis, then the HLS estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from symtick.errors import InputError
from symtick.hwcost.reports.hls import HlsReport
from symtick.hwcost.reports.hls4ml import Hls4mlReport
from symtick.hwcost.reports.reader import Report, find_report
from symtick.hwcost.reports.vivado import TimingReport, UtilisationReport, step

_SUFFIXES = (".rpt", ".xml", ".json", ".txt")

_Single = HlsReport | UtilisationReport | TimingReport
_Staged = TypeVar("_Staged", UtilisationReport, TimingReport)


@dataclass(frozen=True)
class Reports:
    """What is reported of one design; None where no report says it.

    Attributes:
        area: the latest report with LUTs and flip-flops.
        reached_ns: the shortest clock period.
        routed: whether that is of the routed design, not an estimate.
        parts: the parts that these reports are of, as they spell them.
        left_out: what there was and was not used, in words; or "".
    """

    area: UtilisationReport | HlsReport | None
    reached_ns: float | None
    routed: bool
    parts: tuple[str, ...]
    left_out: str


def reports_of(folder: Path, name: str, period_ns: float) -> Reports | None:
    """The reports of a design; None where there is none at all.

    Args:
        folder: of the design.
        name: of the design, its top.
        period_ns: the clock period that it was made for.

    Raises:
        InputError: a report is damaged, all are of other designs, two of one step differ, or it is
            not clear which clock is the design's.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
    whole = [report for path in files if (report := find_report(path)) is not None]
    reports = [single for report in whole for single in _singles(report)]
    own = [report for report in reports if _top(report) in ("", name)]
    others = ", ".join(sorted({_top(report) for report in reports} - {"", name}))
    if reports and not own:
        raise InputError(f"the reports in {folder} are of {others}, not of {name}")
    if not own:
        return None
    try:
        return _chosen(own, name, period_ns, others)
    except InputError as error:
        raise InputError(f"{folder}: {error}") from None


def _singles(report: Report) -> Iterator[_Single]:
    if isinstance(report, Hls4mlReport):
        yield from filter(None, (report.csynth, report.synthesis, report.implementation))
    else:
        yield report


def _top(report: _Single) -> str:
    return report.top if isinstance(report, HlsReport) else report.design


def _chosen(own: Sequence[_Single], name: str, period_ns: float, others: str) -> Reports:
    hls = _synthesised([r for r in own if isinstance(r, HlsReport)])
    timing = _latest([r for r in own if isinstance(r, TimingReport)])
    area = _latest([r for r in own if isinstance(r, UtilisationReport)]) or hls
    parts = [r.part for r in (area, timing or hls) if r is not None and r.part]
    reached = timing.clock(period_ns).reached_ns if timing else hls.estimated_ns if hls else None
    return Reports(
        area,
        reached,
        timing is not None and timing.routed,
        tuple(dict.fromkeys(parts)),
        f"reports of {others} are left out: they are not of {name}" if others else "",
    )


def _synthesised(reports: Sequence[HlsReport]) -> HlsReport | None:
    """The report of synthesis from C++: the tool's own before hls4ml's dict, which names no top."""
    top = max((r.top for r in reports), default="")
    same = [r for r in reports if r.top == top]
    if any(_figures(r) != _figures(same[0]) for r in same):
        raise InputError(f"two reports of the synthesis of {top or 'the C++'} differ: leave one")
    return same[0] if same else None


def _latest(reports: Sequence[_Staged]) -> _Staged | None:
    """The report of the latest step; those of one step have to agree."""
    last = max((step(r.state) for r in reports), default=0)
    latest = [r for r in reports if step(r.state) == last]
    if any(_figures(r) != _figures(latest[0]) for r in latest):
        raise InputError(f"two reports after the same step ({latest[0].state}) differ: leave one")
    return max(latest, key=lambda r: r.part, default=None)


def _figures(report: _Single) -> object:
    if isinstance(report, TimingReport):
        return report.clocks
    return report.lut, report.ff, report.dsp, report.bram


def same_part(one: str, other: str) -> bool:
    """Whether two spellings may be of one part: Vivado leaves out `xc`, and the grade in timing."""
    first, second = (text.lower().removeprefix("xc").replace("-", "") for text in (one, other))
    return first.startswith(second) or second.startswith(first)
