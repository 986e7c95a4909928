"""The reader of vendors' reports: the format is recognised by the content."""

from __future__ import annotations

import json
from pathlib import Path

from symtick.errors import InputError
from symtick.hwcost.reports.hls import HlsReport, parse_rpt, parse_xml
from symtick.hwcost.reports.hls4ml import CSYNTH, VIVADO, Hls4mlReport, read_hls4ml
from symtick.hwcost.reports.vivado import (
    TimingReport,
    UtilisationReport,
    parse_timing,
    parse_utilisation,
)

Report = HlsReport | UtilisationReport | TimingReport | Hls4mlReport

_MAX_BYTES = 64 * 1024 * 1024
_MARK = "\ufeff"  # of UTF-8, by which some editors begin a file
_KNOWN = (
    "csynth.xml or csynth.rpt of Vitis HLS or Vivado HLS, report_utilization or "
    "report_timing_summary of Vivado, or hls4ml's report as JSON"
)


def read_report(path: Path) -> Report:
    """Read a report of any format that is known.

    Raises:
        InputError: the file is missing, too large or none of these reports, or lacks a part; the
            text says what.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"the report {path} is larger than {_MAX_BYTES >> 20} MiB")
        text = _text(path)
    except OSError as error:
        raise InputError(f"cannot read the report {path}: {error.strerror}") from None
    return _parsed(path, text)


def find_report(path: Path) -> Report | None:
    """The report in a file; None where it is another kind of file, or too large for a report.

    Raises:
        InputError: it is a report that lacks a part.
    """
    text = "" if path.stat().st_size > _MAX_BYTES else _text(path)
    return _parsed(path, text) if is_report(text) else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _parsed(path: Path, text: str) -> Report:
    try:
        return parse_report(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def is_report(text: str) -> bool:
    """Whether the text looks like one of the formats, complete or not."""
    return _format(text.removeprefix(_MARK)) is not None


def parse_report(text: str) -> Report:
    """The text of a report; errors as in `read_report`."""
    text = text.removeprefix(_MARK)
    form = _format(text)
    if form == "json":
        return read_hls4ml(json.loads(text))
    if form == "xml":
        return parse_xml(text)
    if form == "timing":
        return parse_timing(text)
    if form == "utilisation":
        return parse_utilisation(text)
    if form == "rpt":
        return parse_rpt(text)
    raise InputError(f"not a report that is known: {_KNOWN}")


def _format(text: str) -> str | None:
    start = text.lstrip()[:1]
    if start == "{":
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return "json" if isinstance(content, dict) and {CSYNTH, VIVADO} & set(content) else None
    if start == "<":
        return "xml" if "<profile" in text else None
    marks = {
        "timing": "| Design Timing Summary",
        "utilisation": "Utilization Design Information",
        "rpt": " HLS Report for '",
    }
    return next((form for form, mark in marks.items() if mark in text), None)
