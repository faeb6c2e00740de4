"""One study at a time; whatever happens to the server or to a process, its state is told rightly."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server_studies import until
from sonoher2.server.base.errors import ApiError
from sonoher2.server.studies.jobs import supervisor as module
from sonoher2.server.studies.jobs.studies import add_audit, cancel, resume
from sonoher2.server.studies.jobs.supervisor import Supervisor
from sonoher2.server.studies.jobs.views import log_view, progress_view, study_view, summaries
from sonoher2.server.studies.processes.process import runs

if TYPE_CHECKING:
    from conftest import Bench


def state(bench: Bench, key: str) -> str:
    return study_view(bench.services, key).state


def turns_until(bench: Bench, key: str, wanted: str) -> None:
    def reached() -> bool:
        bench.supervisor.turn()
        return state(bench, key) == wanted

    until(reached, 60)


def test_one_runs_and_the_other_waits(bench: Bench) -> None:
    first, second = bench.add("a", "long"), bench.add("b", "quick")
    bench.supervisor.turn()
    until(lambda: progress_view(bench.services, "a").label == "Fitting")
    found = progress_view(bench.services, "a")
    assert (found.state, found.stage, found.number, found.stages) == ("running", "models", 6, 13)
    assert (found.done, found.total, found.seconds_left) == (0, 4, None)
    waiting = progress_view(bench.services, "b")
    assert (waiting.state, waiting.waits_for) == ("queued", 1)
    bench.supervisor.turn()
    assert not second.exists()
    (first / "go").write_text("")
    turns_until(bench, "a", "finished")
    turns_until(bench, "b", "finished")
    assert [one.id for one in summaries(bench.services)] == ["b", "a"]
    job = study_view(bench.services, "a").jobs[0]
    assert (job.code, job.state) == (0, "finished")
    assert job.typed == f"sonoher2 run {bench.folder / 'a.yaml'} --out {first}"
    assert log_view(bench.services, "a").text == f"run {bench.folder / 'a.yaml'} --out {first}\n"


def test_a_study_that_fails_says_why(bench: Bench) -> None:
    bench.add("a", "fails")
    turns_until(bench, "a", "failed")
    found = study_view(bench.services, "a")
    assert (found.jobs[0].code, found.message) == (3, "Error: t.csv: there is no column 'age'. Name it.")


def test_the_next_server_goes_on_watching(bench: Bench) -> None:
    out = bench.add("a", "long")
    bench.supervisor.turn()
    until((out / "begun").exists)
    (child,) = bench.supervisor._children.values()
    second = Supervisor(bench.services)
    second.turn()
    assert state(bench, "a") == "running"
    (out / "go").write_text("")
    child.wait(60)
    second.turn()
    assert (state(bench, "a"), study_view(bench.services, "a").jobs[0].code) == ("finished", 0)


def test_a_number_that_was_not_noted_is_found_in_the_file_of_progress(bench: Bench) -> None:
    out = bench.add("a", "long")
    bench.supervisor.turn()
    until((out / "begun").exists)
    (job,) = bench.supervisor._jobs("running")
    bench.supervisor._note(job.id, pid=None)
    Supervisor(bench.services).turn()
    (found,) = bench.supervisor._jobs("running")
    assert found.pid == bench.supervisor._children[job.id].pid


def test_a_killed_study_is_interrupted_and_resumes(bench: Bench) -> None:
    out = bench.add("a", "long")
    bench.supervisor.turn()
    until((out / "begun").exists)
    (child,) = bench.supervisor._children.values()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    turns_until(bench, "a", "interrupted")
    assert study_view(bench.services, "a").jobs[0].code is None
    (out / "go").write_text("")
    resume(bench.services, "local", "a")
    assert state(bench, "a") == "queued"
    turns_until(bench, "a", "finished")
    assert [job.state for job in study_view(bench.services, "a").jobs] == ["interrupted", "finished"]
    with pytest.raises(ApiError, match="finished"):
        resume(bench.services, "local", "a")


def test_a_study_that_the_command_line_finished_is_finished(bench: Bench) -> None:
    out = bench.add("a", "fails")
    turns_until(bench, "a", "failed")
    (out / "results").mkdir()
    results = out / "results" / "results.json"
    results.write_text("{}")
    os.utime(results, (0, 0))
    # results of an earlier run say nothing of one that failed since
    assert state(bench, "a") == "failed"
    os.utime(results)
    assert state(bench, "a") == "finished"


def test_cancel_stops_what_runs_and_what_waits(bench: Bench) -> None:
    out, waiting = bench.add("a", "long"), bench.add("b", "quick")
    bench.supervisor.turn()
    until((out / "begun").exists)
    cancel(bench.services, "local", "b")
    cancel(bench.services, "local", "a")
    with pytest.raises(ApiError, match="nothing of this study is running"):
        cancel(bench.services, "local", "a")
    (child,) = bench.supervisor._children.values()
    turns_until(bench, "a", "cancelled")
    turns_until(bench, "b", "cancelled")
    assert child.returncode == 4
    assert not waiting.exists()
    assert study_view(bench.services, "a").jobs[0].code == 4


def test_a_process_that_does_not_stop_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    out = bench.add("a", "deaf")
    bench.supervisor.turn()
    until((out / "begun").exists)
    (job,) = bench.supervisor._jobs("running")
    (child,) = bench.supervisor._children.values()
    cancel(bench.services, "local", "a")
    bench.supervisor.turn()
    bench.supervisor.turn()
    assert runs(child.pid, Path(bench.services.settings.home) / "studies" / "a" / f"{job.id}.jsonl")
    monkeypatch.setattr(module, "GRACE", module.GRACE * 0)
    turns_until(bench, "a", "cancelled")
    assert child.returncode == -signal.SIGKILL


def test_only_a_finished_study_is_audited(bench: Bench) -> None:
    out = bench.add("a", "quick")
    with pytest.raises(ApiError, match="under way"):
        add_audit(bench.services, "local", "a", "null", 5)
    turns_until(bench, "a", "finished")
    add_audit(bench.services, "local", "a", "planted", 5)
    turns_until(bench, "a", "finished")
    audit = study_view(bench.services, "a").jobs[-1]
    assert audit.typed == f"sonoher2 audit simulated-signal {bench.folder / 'a.yaml'} --out {out} --runs 5"
    assert log_view(bench.services, "a").job == audit.id


def test_what_is_not_there(bench: Bench) -> None:
    for ask in (study_view, progress_view, log_view):
        with pytest.raises(ApiError, match="no such study"):
            ask(bench.services, "none")
