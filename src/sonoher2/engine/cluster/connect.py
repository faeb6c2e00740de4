"""Finding or starting a Dask cluster, and asking its processes whether they fit."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from sonoher2.core.errors import InputError
from sonoher2.engine.executors import Executor

QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster"}
"""Batch systems, by the name under which they are asked for, and their class in dask-jobqueue."""
ANSWER_SECONDS, SEEN_SECONDS = 30, 30.0
MISSING = "Install SonoHER2 with the extra `cluster`"


@contextmanager
def cluster_executor(where: str, folder: Path, queue: Mapping[str, object]) -> Iterator[Executor]:
    """Give an executor on a cluster; what was started for it ends with it.

    Parameters
    ----------
    where
        Address of a scheduler, such as ``tcp://head:8786`` or ``tls://head:8786``, or one of `QUEUES`.
    folder
        Of the results, which all machines see under the same path; made when it is not there.
    queue
        For a batch system: `jobs`, how many, and what dask-jobqueue is told of each.

    Raises
    ------
    InputError
        The cluster cannot be reached, or a process does not fit.
    """
    try:
        from distributed import Client

        from sonoher2.engine.cluster.executor import DaskExecutor
        from sonoher2.engine.cluster.worker import Terms
    except ImportError as error:
        raise InputError(f"a cluster needs the library {error.name}", fix=MISSING) from None
    import dask

    from sonoher2.engine.cluster.environment import this_environment

    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f".cluster-{uuid4().hex}.part"
    mark.touch()
    # a function that holds a network is large, and goes to each process once
    quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"})
    try:
        with quiet, _address(where, queue) as address:
            client = _connected(Client, address)
            try:
                terms = Terms(this_environment(), str(mark), SEEN_SECONDS)
                _require_fit(client, terms, waits=where in QUEUES)
                yield DaskExecutor(client, terms)
            finally:
                with suppress(Exception):
                    client.close(timeout=5)
    finally:
        mark.unlink(missing_ok=True)


@contextmanager
def _address(where: str, queue: Mapping[str, object]) -> Iterator[Any]:
    if where not in QUEUES:
        yield where
        return
    try:
        import dask_jobqueue
    except ImportError as error:
        raise InputError(f"a batch system needs the library {error.name}", fix=MISSING) from None
    try:
        cluster = getattr(dask_jobqueue, QUEUES[where])(**job_options(where, queue))
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"the cluster cannot be started ({error})", where=where, fix="Mend its settings") from error
    with cluster:
        cluster.scale(jobs=queue["jobs"])
        yield cluster


def job_options(where: str, queue: Mapping[str, object]) -> dict[str, object]:
    """Say what dask-jobqueue is told: one process with one thread for each core, and no page for browsers."""
    told = {name: value for name, value in queue.items() if name != "jobs" and value is not None}
    if where == "sge" and "account" in told:
        told["project"] = told.pop("account")
    open_to_nobody = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return told | {"processes": told["cores"], "python": sys.executable, "scheduler_options": open_to_nobody}


def _connected(client: Any, address: Any) -> Any:
    from distributed import Security

    if str(address).startswith("tls://") and Security().get_connection_args("client").get("ssl_context") is None:
        fix = "Name `ca-file` and the client's `cert` and `key` under `distributed.comm.tls`; see docs/scale.md"
        raise InputError("Dask's settings do not name the keys for TLS", where=str(address), fix=fix)
    try:
        return client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        # what follows the first line tells of Dask's own calls
        said = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"no scheduler answers ({said})",
            where=str(address),
            fix="Start one with `dask scheduler`, and check the address, the network and, for tls://, the keys",
        ) from error


def _require_fit(client: Any, terms: Any, waits: bool) -> None:
    """Ask all processes that are there; those that come later are asked with their first work."""
    from sonoher2.engine.cluster.worker import FIX, refusal

    try:
        # jobs may stand in a queue for hours
        client.wait_for_workers(1, timeout=None if waits else ANSWER_SECONDS)
    except TimeoutError:
        raise InputError(
            "the scheduler has no workers", fix="Start some with `dask worker`, one thread each; see docs/scale.md"
        ) from None
    for address, found in sorted(client.run(refusal, terms, on_error="return").items()):
        if found:
            said = found if isinstance(found, str) else f"this process cannot be asked ({found})"
            raise InputError(said, where=address, fix=FIX)
