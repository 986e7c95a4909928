"""Progress as it is printed where there is no terminal."""

from __future__ import annotations

import pytest

from symtick.cli import console


def test_of_items_that_come_together_one_line_is_printed_and_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    with console.counting("verifying", 8) as tell:
        for item, moment in enumerate([1.9, 2.5, 2.6, 17.2, 18.5, 18.6, 18.7, 18.8]):
            now = moment
            tell(f"d{item}")
    lines = capsys.readouterr().err.splitlines()
    # the first comes before progress is worth a line
    assert [line.split(":")[1].split(",")[0].strip() for line in lines] == ["d1", "d3", "d4", "d7"]
    assert "4 of 8, 17 s, about 17 s left" in lines[1] and "8 of 8, 19 s" in lines[-1]
