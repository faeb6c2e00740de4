"""Options on where the work is done: those that contradict each other, and what a batch system is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cli.common.processes import Processes
from sonoher2.core.errors import FindingsError, UsageError
from sonoher2.engine.cluster import connect

FILE = Path("cluster.yaml")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Processes(jobs=2, cluster="tcp://h:1"), "--jobs counts processes of this machine"),
        (Processes(cluster="slurm"), "--cluster-settings is needed with"),
        (Processes(cluster_settings=FILE), "--cluster-settings is needed with"),
        (Processes(cluster="tcp://h:1", cluster_settings=FILE), "--cluster-settings is needed with"),
        (Processes(cluster="head"), "--cluster takes an address such as tcp://HOST:8786"),
    ],
)
def test_options_that_contradict_each_other(options: Processes, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told), options.workers(tmp_path / "run"):
        pass
    assert not (tmp_path / "run").exists()


def test_without_a_cluster_the_number_is_given_on(tmp_path: Path) -> None:
    for jobs in (None, 3):
        with Processes(jobs=jobs).workers(tmp_path) as workers:
            assert workers is jobs


def test_a_batch_system_is_told_what_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Stand:
        """Stands in the place of a cluster that is started."""

        def __init__(self, *given: object) -> None:
            asked.extend(given)

        def __enter__(self) -> str:
            return "executor"

        def __exit__(self, *error: object) -> None:
            asked.append("ended")

    monkeypatch.setattr(connect, "cluster_executor", Stand)
    file = tmp_path / "cluster.yaml"
    file.write_text('jobs: 2\ncores: 8\nmemory: 16GB\nwalltime: "01:30:00"\njob_extra_directives: ["-x node7"]\n')
    with Processes(cluster="pbs", cluster_settings=file).workers(tmp_path / "run") as workers:
        assert workers == "executor"
    kind, folder, queue, ended = asked
    assert (kind, folder, ended) == ("pbs", tmp_path / "run", "ended")
    assert {name: value for name, value in dict(queue).items() if value is not None} == {
        "jobs": 2, "cores": 8, "memory": "16GB", "walltime": "01:30:00", "job_extra_directives": ["-x node7"]
    }  # fmt: skip
    file.write_text("jobs: 0\ncores: 8\nqueues: night\n")
    with pytest.raises(FindingsError) as caught, Processes(cluster="pbs", cluster_settings=file).workers(tmp_path):
        pass
    assert {finding.where.rpartition(", ")[2] for finding in caught.value.findings} == {"jobs", "memory", "queues"}
