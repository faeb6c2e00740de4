"""Options on where the work is done: in processes of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.cli.common.options import Jobs
from sonoher2.core.errors import UsageError

if TYPE_CHECKING:
    from sonoher2.engine.executors import Workers


@dataclass(frozen=True)
class Processes:
    """Options on where the work is done."""

    jobs: Jobs = None
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Work on a Dask cluster: its scheduler's tcp:// or tls:// address, or slurm, pbs or sge.",
        ),
    ] = None
    cluster_settings: Annotated[
        Path | None, typer.Option("--cluster-settings", help="YAML file: what a job of slurm, pbs or sge asks for.")
    ] = None

    @contextmanager
    def workers(self, folder: Path) -> Iterator[Workers]:
        """Give the processes for as long as the work takes.

        Parameters
        ----------
        folder
            Of the results; all machines of a cluster see it.

        Raises
        ------
        UsageError
            The options contradict each other.
        InputError
            The cluster cannot be used.
        """
        self._check()
        if self.cluster is None:
            yield self.jobs
            return
        from sonoher2.engine.cluster.connect import cluster_executor

        with cluster_executor(self.cluster, folder, self._queue()) as executor:
            yield executor

    def _check(self) -> None:
        queued = self.cluster is not None and self.cluster in _batch_systems()
        if queued != (self.cluster_settings is not None):
            raise UsageError("--cluster-settings is needed with --cluster slurm, pbs or sge, and only there")
        if self.cluster is not None and self.jobs is not None:
            raise UsageError("--jobs counts processes of this machine; with --cluster the cluster says how many it has")
        if self.cluster is not None and not queued and "://" not in self.cluster:
            raise UsageError("--cluster takes an address such as tcp://HOST:8786, or slurm, pbs or sge")

    def _queue(self) -> dict[str, object]:
        if self.cluster_settings is None:
            return {}
        from sonoher2.config.cluster import load_cluster

        return load_cluster(self.cluster_settings).model_dump(mode="json")


def _batch_systems() -> Collection[str]:
    # the engine is slow to import, and --help needs none of it
    from sonoher2.engine.cluster.connect import QUEUES

    return QUEUES
