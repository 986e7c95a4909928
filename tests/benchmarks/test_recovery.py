"""The recovery benchmark: runs, the log that resumes after a stop, and the summary."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.document import published
from benchmarks.recovery import RecoveryRun, key_of, main, report, summary, work
from benchmarks.runs import Log, run_all
from benchmarks.search import methods
from benchmarks.search.methods import gp
from benchmarks.search.problems import GROUPS, PROBLEMS
from benchmarks.search.sampling import sample
from benchmarks.search.task import JudgeClock, MethodResult, MethodTask, node_cost, written
from symtick.errors import InputError
from symtick.expr import parse
from symtick.hwcost.search_model.graph import search_cost

KEY = {"max_evaluations": 1000, "data_seed": 0}


def row(problem: str, seed: int, recovered: bool, seconds: float = 1.0) -> dict[str, Any]:
    return {
        **KEY, "problem": problem, "method": "m", "seed": seed, "recovered": recovered,
        "group": PROBLEMS[problem].group, "evaluations": 10 * (seed + 1), "seconds": seconds,
        "expression": "x",
    }  # fmt: skip


def log_at(path: Path) -> Log[RecoveryRun]:
    return Log(path / "new" / "log.jsonl", key_of)


def test_a_set_counts_its_problems_alike() -> None:
    rows = [row("Jin-1", s, True) for s in range(4)] + [row("Jin-2", 0, False, 5.0)]
    (held,) = summary(rows, "group")
    assert held["recovery"] == 50.0 and held["runs"] == 5 and held["problems"] == 2
    assert (held["seconds_mean"], held["seconds_median"], held["seconds_max"]) == (1.8, 1.0, 5.0)
    assert held["evaluations_mean"] == 22
    both = summary(rows, "problem")
    assert [(r["problem"], r["recovery"]) for r in both] == [("Jin-1", 100.0), ("Jin-2", 0.0)]
    assert "NGGP 100" in report(rows) and "50.0%" in report(rows)


def test_published_averages_are_those_of_the_problems() -> None:
    names = list(published.RECOVERY)
    for group in ("Nguyen", "Livermore"):
        problems = [p.name for p in PROBLEMS.values() if p.group == group]
        assert all(name in published.BY_PROBLEM for name in problems)
        for k, name in enumerate(names):
            mean = np.mean([published.BY_PROBLEM[p][k] for p in problems])
            assert published.RECOVERY[name][group] == pytest.approx(mean, abs=0.15), (name, group)
    assert all(set(rates) <= set(GROUPS) for rates in published.RECOVERY.values())


def test_the_log_goes_on_after_a_kill(tmp_path: Path) -> None:
    log = log_at(tmp_path)
    jobs = [RecoveryRun("Jin-1", "m", seed, 1000, 0) for seed in range(3)]
    assert log.missing(jobs) == jobs
    log.append(row("Jin-1", 1, True))
    with log.path.open("ab") as file:
        file.write(b'{"problem": "Jin-1", "me')  # cut short by a kill
    assert log.missing(jobs) == [jobs[0], jobs[2]]
    log.append(row("Jin-1", 0, False))
    assert [r["seed"] for r in log.rows()] == [1, 0]
    log.path.write_text("{}\nnonsense\n")
    with pytest.raises(InputError, match=r"log\.jsonl is damaged"):
        log.rows()


@pytest.mark.parametrize("processes", [1, 2])
def test_only_missing_runs_are_done(tmp_path: Path, processes: int) -> None:
    log: Log[Any] = Log(tmp_path / "log.jsonl", lambda held: held["key"])
    jobs = [SimpleNamespace(key=k) for k in range(4)]
    log.append({"key": 2})
    seen: list[int] = []
    run_all(jobs, vars, log, processes, lambda held: seen.append(held["key"]))
    assert sorted(seen) == [0, 1, 3]
    assert not log.missing(jobs)
    with pytest.raises(InputError, match="at least one process"):
        run_all(jobs, vars, log, 0)


def test_a_failing_run_ends_the_benchmark_and_keeps_what_is_there(tmp_path: Path) -> None:
    log: Log[Any] = Log(tmp_path / "log.jsonl", lambda held: held["key"])
    jobs = [SimpleNamespace(key=0), SimpleNamespace(key=1, bad={1, 2})]
    with pytest.raises(TypeError, match="JSON"):
        run_all(jobs, vars, log, 1)
    assert log.rows() == [{"key": 0}]


@pytest.mark.kernel
def test_a_run_is_reproducible_and_judged() -> None:
    run = RecoveryRun("Nguyen-1", "gp", 0, 50_000, 0)
    first, again = work(run), work(run)
    for name in set(first) - {"seconds", "cpu_seconds"}:
        assert first[name] == again[name], name
    assert first["recovered"] and first["rule"] == "symbolic"
    assert first["evaluations"] < 50_000
    assert first["test_nmse"] < 1e-12
    assert not PROBLEMS["Nguyen-1"].tokens.foreign(first["expression"], ("x",))
    short = work(RecoveryRun("Nguyen-12*", "gp", 0, 500, 0))
    assert not short["recovered"] and short["evaluations"] <= 500
    assert short["expression"] and short["rule"] in ("error", "different")


@pytest.mark.kernel
def test_the_command_writes_its_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    arguments = ["--problems", "Jin-5", "Nguyen-10c", "--seeds", "2", "--evaluations", "3000",
                 "--processes", "1", "--log", str(tmp_path / "log"), "--out", str(out)]  # fmt: skip
    main(arguments)
    held = json.loads(out.read_text())
    assert len(held["runs"]) == 4 and held["settings"]["seeds"] == [0, 1]
    assert held["machine"]["cpu"] and {r["group"] for r in held["sets"]} == {"Jin", "Nguyen-c"}
    printed = capsys.readouterr()
    assert "PySR 65.4" in printed.out and printed.err.count("seed") == 4
    main(arguments)  # nothing is left to do
    assert "seed" not in capsys.readouterr().err
    assert json.loads(out.read_text())["runs"] == held["runs"]
    with pytest.raises(SystemExit, match="no problem or group 'Nguyen-0'"):
        main(["--problems", "Nguyen-0"])


def task(answer: bool) -> tuple[MethodTask, list[str]]:
    drawn = sample(PROBLEMS["Nguyen-1"])
    asked: list[str] = []

    def solved(text: str) -> bool:
        asked.append(text)
        return answer

    tokens = PROBLEMS["Nguyen-1"].tokens
    return MethodTask(drawn.X, drawn.y, ("x",), tokens, 0, 30_000, solved), asked


def test_the_judge_is_asked_once_and_only_about_fits() -> None:
    held, asked = task(False)
    watch = JudgeClock(held)
    assert not watch.solved([("x", 1.0), ("x*x", 0.0)])
    assert not watch.solved([("x*x", 0.0), ("x*x*x", 0.0)])
    assert asked == ["x*x", "x*x*x"]
    assert watch.stop() <= watch.stop()


@pytest.mark.kernel
def test_a_method_stops_at_the_law_or_at_its_budget() -> None:
    held, asked = task(True)
    found = gp(held)
    assert isinstance(found, MethodResult) and found.evaluations < 30_000 and len(asked) == 1
    assert asked[0] in found.front
    held, asked = task(False)
    assert 0 <= 30_000 - gp(held).evaluations < 2000
    assert asked


def test_complexity_is_the_number_of_operators() -> None:
    expression = parse("sin(x*x) + cos(x)*2", ("x", "y"))
    assert search_cost(expression, node_cost(2)) == (0, 5.0)
    assert written(expression.to_program(), ("x", "y")) == str(expression)
    assert all(callable(method) for method in methods.METHODS.values())
