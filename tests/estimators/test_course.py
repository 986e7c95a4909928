"""What is shown and logged while a fit runs."""

from __future__ import annotations

import io
import json
import math
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from regressor_samples import law, quick
from rich.console import Console

from symtick.errors import InputError
from symtick.estimators.course.live import Lines, NotebookDisplay, TerminalDisplay, display
from symtick.estimators.course.logs import JsonLines, TensorBoard
from symtick.estimators.course.moments import Course, Moment
from symtick.estimators.course.tensorboard import Event, crc32c, framed
from symtick.expr import parse
from symtick.search.kernel_api.search import Status
from symtick.search.regression.regression import ENDS, spend


@dataclass
class View:
    """A front of one equation that counts how often it was made."""

    made: list[int] = field(default_factory=list)

    def __call__(self) -> View:
        self.made.append(1)
        return self

    def text(self) -> str:
        return "1 equation\n  2*x0"

    def html(self) -> str:
        return "<b>2*x0</b>"

    def rows(self) -> list[Mapping[str, Any]]:
        return [{"complexity": 3.0, "loss": 0.5, "equation": "2*x0", "chosen": True}]


MOMENT = Moment("", 75.0, 0.345, 12_345, 67_890, 678.9, 0.5, "", View())


def at(seconds: float, **changed: Any) -> Moment:
    return replace(MOMENT, seconds=seconds, look=View(), **changed)


def test_a_moment_is_a_line() -> None:
    start = " 34 %  1 min 15 s, 12345 evaluations (679/s), 67890 passes, "
    assert MOMENT.line == f"{start}loss 0.5, 1 equation"
    assert replace(MOMENT, best_loss=math.inf).line == f"{start}no loss yet, 1 equation"
    assert replace(MOMENT, target="y1", share=2.0).line.startswith("y1: 100 %")


def test_short_fits_show_nothing_and_long_ones_now_and_then() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=90)
    shown = TerminalDisplay(console)
    moments = [at(s) for s in (0.0, 0.9, 1.0, 1.2, 1.5, 1.6)] + [at(9.0, ended="exact")]
    for moment in moments:
        shown(moment)
    shown.close()
    looks = [len(m.look.made) for m in moments]  # type: ignore[attr-defined]
    assert looks == [0, 0, 1, 0, 1, 0, 0]
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2*x0" in text and "loss 0.5" in text
    assert text.rstrip("\r\n").endswith("\x1b[2K")  # what was drawn is gone


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A program that a kernel of Jupyter's runs, and the pages that it shows."""
    pages: list[str] = []
    handle = SimpleNamespace(update=pages.append)

    def put(page: str, display_id: bool) -> SimpleNamespace:
        pages.append(page)
        return handle

    ipython, shown = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=1)  # type: ignore[attr-defined]
    shown.display, shown.HTML = put, str  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    yield pages


def test_notebooks_show_a_page_that_is_gone_at_the_end(notebook: list[str]) -> None:
    shown = display()
    assert isinstance(shown, NotebookDisplay)
    with Course([shown]) as course:
        for seconds in (0.5, 1.0, 1.1, 2.0):
            course.tell(at(seconds))
    assert len(notebook) == 3 and notebook[-1] == ""
    assert "12345 evaluations" in notebook[0] and "<b>2*x0</b>" in notebook[0]


def test_a_display_is_for_people_who_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert display() is None  # pytest reads stderr
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(display(), TerminalDisplay)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(display()))
    thread.start()
    thread.join()
    assert found == [None]


def test_lines_are_told_by_tenths(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for target in ("a", "b"):
        for share in (0.05, 0.1, 0.15, 0.35, 0.3501):
            lines(replace(MOMENT, target=target, share=share))
        lines(replace(MOMENT, target=target, share=0.36, ended="time"))
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" %")[0] for line in said] == [
        "a:  10", "a:  35", "a:  36", "b:  10", "b:  35", "b:  36",
    ]  # fmt: skip
    assert said[2].endswith("(end: time)")


def test_a_log_of_lines_has_every_fall_of_the_loss(tmp_path: Path) -> None:
    path = tmp_path / "new" / "fit.jsonl"
    for _ in range(2):
        log = JsonLines(path)
        for second, loss in ((0.0, math.inf), (0.05, 3.0), (0.2, 2.0), (0.9, 2.0), (1.2, 2.0)):
            log(at(second, best_loss=loss))
        log(at(1.3, best_loss=2.0, ended="time"))
        log.close()
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(records) == 10
    assert [r["event"] for r in records[:5]] == ["begin", *["progress"] * 3, "end"]
    assert [r["seconds"] for r in records[1:5]] == [0.0, 0.2, 1.2, 1.3]
    assert records[1]["best_loss"] is None and records[4]["ended"] == "time"
    assert records[2]["front"][0]["equation"] == "2*x0"


# an independent reader of event files: the field numbers of TensorFlow's event.proto, summary.proto
# and tensor.proto, read by Google's library
_FIELDS = {
    "Event": {
        "wall_time": (1, 1), "step": (2, 3), "file_version": (3, 9), "summary": (5, "Summary"),
    },
    "Summary": {"value": (1, "Value")},
    "Value": {
        "tag": (1, 9), "simple_value": (2, 2), "tensor": (8, "Tensor"), "metadata": (9, "Metadata"),
    },
    "Metadata": {"plugin_data": (1, "Plugin")},
    "Plugin": {"plugin_name": (1, 9)},
    "Tensor": {"dtype": (1, 5), "tensor_shape": (2, "Shape"), "string_val": (8, 12)},
    "Shape": {"dim": (2, "Dim")},
    "Dim": {"size": (1, 3)},
}  # fmt: skip
_REPEATED = ("value", "string_val", "dim")


def event_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for key, (number, kind) in fields.items():
            one = message.field.add(name=key, number=number)
            one.label = 3 if key in _REPEATED else 1
            one.type = 11 if isinstance(kind, str) else kind  # type: ignore[assignment]
            if isinstance(kind, str):
                one.type_name = f".t.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def records(data: bytes) -> Iterator[bytes]:
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        yield data[12 : 12 + length]
        data = data[16 + length :]


def test_checksums_are_those_of_rfc_3720() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    # TFRecord's mask, by its definition, in integers
    data = Event(1.0, 2, "a", 3.0).encoded()
    (masked,) = struct.unpack("<I", framed(data)[-4:])
    turned = int(f"{crc32c(data):032b}"[-15:] + f"{crc32c(data):032b}"[:-15], 2)
    assert masked == (turned + 0xA282EAD8) % 2**32


def test_a_folder_for_tensorboard_has_scalars_and_the_front(tmp_path: Path) -> None:
    log = TensorBoard(tmp_path / "tb")
    log(at(0.0, target="y", best_loss=0.01, evaluations=300_000))
    log(at(1.0, target="y", best_loss=0.0, ended="exact"))
    log.close()
    TensorBoard(tmp_path / "tb").close()
    files = sorted((tmp_path / "tb").iterdir())
    assert len(files) == 2 and all(f.name.startswith("events.out.tfevents.") for f in files)
    events = [event_class().FromString(r) for r in records(files[0].read_bytes())]
    assert events[0].file_version == "brain.Event:2"
    assert {e.step for e in events} == {0, 300_000, 12_345} and events[0].wall_time > 1.7e9
    scalars = [
        (v.tag, v.simple_value)
        for e in events
        for v in e.summary.value
        if not v.metadata.ByteSize()
    ]
    assert [tag for tag, _ in scalars[:4]] == [
        "y/best_loss", "y/log10_best_loss", "y/evaluations_per_second", "y/equations",
    ]  # fmt: skip
    assert [v for _, v in scalars[:4]] == pytest.approx([0.01, -2.0, 678.9, 1.0], rel=1e-6)
    (text,) = events[5].summary.value
    assert text.tag == "y/front" and text.metadata.plugin_data.plugin_name == "text"
    assert text.tensor.dtype == 7 and text.tensor.tensor_shape.dim[0].size == 1
    assert text.tensor.string_val == [b"    1 equation\n      2*x0"]


@pytest.mark.kernel
def test_a_fit_is_logged_in_the_units_of_the_data(tmp_path: Path) -> None:
    X, y = law()
    path = tmp_path / "fit.jsonl"
    goals = np.column_stack([np.sin(3 * y) * 1e30, y])
    model = quick(log=path).fit(X, goals)
    quick(log=str(tmp_path / "tb")).fit(X, y)
    assert list((tmp_path / "tb").iterdir())
    said = [json.loads(line) for line in path.read_text().splitlines()]
    ends = [r for r in said if r["event"] == "end"]
    assert [r["target"] for r in ends] == ["y0", "y1"]
    for record, goal in zip(ends, goals.T, strict=True):
        for row in record["front"]:
            values = parse(row["equation"], model.names_).evaluate(X)[:, 0]
            own = float(np.mean((values - goal) ** 2))
            assert row["loss"] == pytest.approx(own, rel=1e-6, abs=1e-20 * np.mean(goal**2))
        best = min(row["loss"] for row in record["front"])
        assert record["best_loss"] == pytest.approx(best, rel=1e-6, abs=1e-20 * np.mean(goal**2))
        assert record["evaluations"] == 1500 or record["ended"] != "evaluations"
        assert sum(r["chosen"] for r in record["front"]) == 1
    assert ends[0]["best_loss"] > 1e50


@pytest.mark.kernel
def test_the_log_counts_passes_beside_evaluations(tmp_path: Path) -> None:
    X, y = law()
    path = tmp_path / "fit.jsonl"
    model = quick(log=path, max_passes=30_000, evaluations=10**9).fit(X, np.exp(np.sin(y)))
    said = [json.loads(line) for line in path.read_text().splitlines()]
    counts = [r["passes"] for r in said if r["event"] != "begin"]
    assert counts == sorted(counts) and (counts[-1],) == model.passes_
    assert all(r["evaluations"] <= r["passes"] for r in said if r["event"] != "begin")
    assert said[-1]["ended"] == "passes" and said[-1]["evaluations"] == model.evaluations_[0]


@pytest.mark.kernel
def test_logs_and_displays_that_are_none_are_refused(tmp_path: Path) -> None:
    X, y = law(30)
    (tmp_path / "dir.jsonl").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("fit.txt", "dir.jsonl"):
        with pytest.raises(InputError, match=r"log must be a file \*.jsonl"):
            quick(log=tmp_path / name).fit(X, y)
    with pytest.raises(InputError, match="cannot write the log"):
        quick(log=tmp_path / "file").fit(X, y)
    with pytest.raises(InputError, match="verbose must be 'auto', True, False or an integer"):
        quick(verbose="loud").fit(X, y)


@pytest.mark.kernel
def test_a_display_sees_a_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = law()
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    shown = TerminalDisplay(console)
    shown._next = 0.0
    monkeypatch.setattr("symtick.estimators.course.watchers.display", lambda: shown)
    model = quick().fit(X, np.sin(5 * y))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "evaluations (" in text and "equations by" in text
    assert model.to_json()["targets"] == quick(verbose=0).fit(X, np.sin(5 * y)).to_json()["targets"]


@pytest.mark.kernel
def test_the_log_says_what_ended_the_fit(tmp_path: Path) -> None:
    X, y = law()
    noise = np.random.default_rng(0).normal(size=len(y))
    fits = {
        "exact": (y, {}),
        "target_loss": (y + noise, {"target_loss": 3.0}),
        "no better": (noise, {"evaluations": 8000, "max_nodes": 5}),
        "evaluations": (
            np.sin(y) + noise,
            {"evaluations": 400, "preset": "symtick", "cost": "unit"},
        ),
    }
    templates = {
        "exact": (y, {}),
        "no better": (noise, {"evaluations": 8000, "max_nodes": 5}),
        "target_loss": (y, {"target_loss": 9.0}),
    }
    for template, cases in ((None, fits), ("y = f(x0, x1) - g(x2)", templates)):
        for wanted, (goal, settings) in cases.items():
            path = tmp_path / f"{template is None}{wanted}.jsonl"
            quick(log=path, template=template, **({"evaluations": 3000} | settings)).fit(X, goal)
            end = json.loads(path.read_text().splitlines()[-1])
            assert end["ended"] == wanted, (template, end)
            assert end["share"] <= 1.0 and wanted in ENDS


def test_the_share_is_of_the_whole_budget_after_an_interrupt_without_a_front() -> None:
    search, shares = Interrupted(), list[float]()
    outcome = spend(30_000, search, report=lambda search, share: shares.append(share))  # type: ignore[arg-type]
    assert outcome.ended == "interrupted" and shares == [1000 / 30_000]


class Interrupted:
    """A search that Ctrl-C comes in the first slice of."""

    def __init__(self) -> None:
        self.evaluations, self.begun = 0, False

    @property
    def status(self) -> Status:
        return Status("search", False, 0, "", 1.0, self.evaluations, self.evaluations)

    def step(self, *, threads: int = 1, budget: int | None = None) -> None:
        if not self.begun:
            self.begun = True
            raise KeyboardInterrupt
        self.evaluations = budget or 0

    def front(self) -> list[int]:
        return [1] if self.evaluations else []

    def state(self) -> dict[str, np.ndarray]:
        return {}
