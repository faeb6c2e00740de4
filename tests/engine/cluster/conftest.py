"""Clusters for tests; each needs processes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from sonoher2.engine import Executor
from sonoher2.engine.cluster.connect import cluster_executor


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two processes of this machine that talk over TCP."""
    scratch = str(tmp_path_factory.mktemp("scratch"))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, protocol="tcp://", dashboard_address="127.0.0.1:0", local_directory=scratch
    ) as found:
        yield found


@pytest.fixture
def executor(cluster: LocalCluster, tmp_path: Path) -> Iterator[Executor]:
    with cluster_executor(cluster.scheduler_address, tmp_path, {}) as found:
        yield found
