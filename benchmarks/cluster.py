"""What a cluster costs: the same measurement by joblib and by a Dask cluster of as many processes on this machine.

    python benchmarks/cluster.py [--data DIR] [--rows 1875] [--jobs 2] [--repeats 3] [--out FILE.json]

Rows are made as in `extract.py`. Each run measures all rows anew, in processes that are warm; the two ways take turns.
CPU seconds are those of the head, of the scheduler (in the head's process here) and of all other processes together:
on a machine that does other work, too, the wall's time tells little.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pandas as pd
import psutil
from distributed import LocalCluster

from extract import REPOSITORY, THREADS, drawn, listed, of_bus_bra
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.engine import Executor, local_executor
from sonoher2.engine.cluster.connect import cluster_executor
from sonoher2.study.measure.extract import extract_table


@dataclass(frozen=True)
class Spent:
    """What one run took, in seconds."""

    wall: float
    cpu: float
    head_cpu: float


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process so far."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0


def measured(table: Path, out: Path, executor: Executor) -> Spent:
    """Measure a table."""
    head = psutil.Process()

    def used() -> tuple[float, float]:
        return cpu_seconds(head), sum(map(cpu_seconds, head.children(recursive=True)))

    (own, others), start = used(), time.perf_counter()
    extract_table(table, out, RadiomicsConfig(), data=None, reading=ImageReading(), workers=executor)
    wall, (own_after, others_after) = time.perf_counter() - start, used()
    return Spent(wall, own_after - own + others_after - others, own_after - own)


def main() -> None:
    """Print a table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=1875)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "cluster.json")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(THREADS, "1")
    found: dict[str, list[Spent]] = {"joblib": [], "dask": []}
    with (
        tempfile.TemporaryDirectory() as place,
        LocalCluster(options.jobs, threads_per_worker=1, protocol="tcp://", dashboard_address="127.0.0.1:0") as cluster,
        cluster_executor(cluster.scheduler_address, Path(place), {}) as dask,
    ):
        folder = Path(place)
        pictures = of_bus_bra(options.data, folder) if options.data else drawn(folder)
        executors = {"joblib": local_executor(options.jobs), "dask": dask}
        tables = {rows: folder / f"{rows}.csv" for rows in (8 * options.jobs, options.rows)}
        for rows, table in tables.items():
            listed(pictures, rows, folder / f"rows{rows}").to_csv(table, index=False)
        for executor in executors.values():
            measured(tables[8 * options.jobs], folder / "warm.csv", executor)
        for _ in range(options.repeats):
            for name, executor in executors.items():
                found[name].append(measured(tables[options.rows], folder / f"{name}.csv", executor))
        same = (folder / "joblib.csv").read_bytes() == (folder / "dask.csv").read_bytes()
    rows = [
        {"executor": name, **{kind: median(getattr(one, kind) for one in runs) for kind in ("wall", "cpu", "head_cpu")}}
        for name, runs in found.items()
    ]
    overhead = {kind: rows[1][kind] / rows[0][kind] - 1 for kind in ("wall", "cpu")}
    print(pd.DataFrame(rows).round(2).to_string(index=False))
    print(
        f"{options.rows} images, same bytes: {same}; more than joblib:", *(f"{k} {v:.1%}" for k, v in overhead.items())
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    all_runs = {name: [vars(one) for one in runs] for name, runs in found.items()}
    told = {"rows": options.rows, "jobs": options.jobs, "overhead": overhead, "same": same, "runs": all_runs}
    options.out.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
