"""A cluster is found, asked whether it fits, started by a batch system, and never imported unasked."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster, Security

from engine_steps import WHERE
from sonoher2.core.errors import InputError
from sonoher2.engine import ArtifactStore, ExecutionContext
from sonoher2.engine.cluster import connect, environment
from sonoher2.engine.cluster.connect import cluster_executor, job_options
from sonoher2.engine.cluster.worker import FIX

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SBATCH = """#!/bin/sh
# runs the job in the background, as a batch system would somewhere else; the script is gone when this has ended
cp "$1" "$QUEUE/script-$$"
cp "$1" "$QUEUE/script"
nohup sh "$QUEUE/script-$$" >> "$QUEUE/log" 2>&1 &
echo $! >> "$QUEUE/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
echo "$@" >> "$QUEUE/cancelled"
"""


def refused(address: str, folder: Path) -> str:
    with pytest.raises(InputError) as caught, cluster_executor(address, folder, {}):
        pass
    assert list(folder.glob(".cluster*")) == []
    return str(caught.value)


def test_processes_with_other_code_or_libraries_are_refused_with_both_named(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = environment.this_environment()
    other = replace(here, versions=here.versions | {"scipy": "0.1"}, code="f" * 64)
    monkeypatch.setattr(environment, "this_environment", lambda: other)
    said = refused(cluster.scheduler_address, tmp_path)
    assert f"scipy {here.versions['scipy']} there, 0.1 here" in said
    assert f"code {here.code[:8]} there, ffffffff here" in said
    assert f"{here.fingerprint} there, {other.fingerprint} here" in said
    assert said.startswith("tcp://127.0.0.1:")
    assert said.endswith(f"{FIX}.")


def test_a_folder_that_the_processes_do_not_see_is_told(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # stands in the place of a disk that only this machine has
    monkeypatch.setattr(connect.Path, "touch", lambda path: None)
    monkeypatch.setattr(connect, "SEEN_SECONDS", 0.0)
    assert "does not see the results in" in refused(cluster.scheduler_address, tmp_path)


def test_several_threads_are_refused(tmp_path: Path) -> None:
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://", dashboard_address="127.0.0.1:0"
    ) as threads:
        assert "has 2 threads" in refused(threads.scheduler_address, tmp_path)


def test_without_a_scheduler_or_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "ANSWER_SECONDS", 1)
    assert "no scheduler answers" in refused("tcp://127.0.0.1:9", tmp_path)
    with LocalCluster(n_workers=0, protocol="tcp://", dashboard_address="127.0.0.1:0") as empty:
        assert "the scheduler has no workers" in refused(empty.scheduler_address, tmp_path)


def test_tls_takes_its_keys_from_the_settings_of_dask(tmp_path: Path) -> None:
    keys = Security.temporary()
    with LocalCluster(
        1, threads_per_worker=1, security=keys, protocol="tls://", dashboard_address="127.0.0.1:0"
    ) as safe:
        address = safe.scheduler_address
        assert address.startswith("tls://")
        assert "do not name the keys for TLS" in refused(address, tmp_path)
        named = {"ca-file": keys.tls_ca_file, "client.cert": keys.tls_client_cert, "client.key": keys.tls_client_key}
        settings = {f"distributed.comm.tls.{key}": value for key, value in named.items()}
        with dask.config.set(settings), cluster_executor(address, tmp_path, {}) as executor:
            context = ExecutionContext(ArtifactStore(tmp_path / "cache"), executor)
            assert os.getpid() not in context.map(WHERE, [1, 2])


def test_a_job_has_a_process_for_each_core_and_no_page() -> None:
    queue = {"jobs": 3, "cores": 8, "memory": "32GB", "queue": None, "account": "lab", "walltime": "01:00:00"}
    told = job_options("slurm", queue)
    assert told["scheduler_options"]["dashboard"] is False
    del told["scheduler_options"], told["python"]
    assert told == {"cores": 8, "processes": 8, "memory": "32GB", "account": "lab", "walltime": "01:00:00"}
    assert job_options("sge", queue)["project"] == "lab"
    assert "account" not in job_options("sge", queue)


def test_a_batch_system_is_asked_for_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]))
    queue = {"jobs": 2, "cores": 1, "memory": "2GB", "walltime": "00:10:00", "account": "lab", "interface": "lo"}
    queue["local_directory"] = str(tmp_path / "scratch")
    with cluster_executor("slurm", tmp_path / "run", queue) as executor:
        context = ExecutionContext(ArtifactStore(tmp_path / "run" / "cache"), executor)
        assert os.getpid() not in context.map(WHERE, list(range(10)))
    script = (tmp_path / "script").read_text()
    assert "#SBATCH -A lab" in script
    assert "#SBATCH -t 00:10:00" in script
    assert "--nthreads 1" in script
    # both jobs are ended with the work
    jobs = (tmp_path / "jobs").read_text().split()
    assert sorted((tmp_path / "cancelled").read_text().split()) == sorted(jobs)


def test_nothing_of_it_is_imported_unasked() -> None:
    # dask itself is imported by LightGBM where it is installed
    code = (
        "import sys, sonoher2.cli.app, sonoher2.study.run, sonoher2.cli.common.processes; "
        "print([name for name in ('distributed', 'dask_jobqueue') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "Install SonoHER2 with the extra `cluster`" in refused("tcp://127.0.0.1:9", tmp_path)
