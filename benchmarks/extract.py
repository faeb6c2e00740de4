"""Memory and time of `sonoher2 extract` by the number of rows: the parent's memory must not grow with the table.

    python benchmarks/extract.py [--data DIR] [--rows 7500 30000] [--jobs 2] [--suffix .csv] [--out FILE.json]

Images are listed again and again under new names and patients (hard links), each time with a slightly other pixel size,
so that every row is measured anew. Without `--data` they are small and drawn here; with it, those of BUS-BRA. Each
number of rows is one run of the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES, SIZE = 64, (120, 160)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CALL = (
    "import json, resource, sys; from sonoher2.cli.app import run; code = run(sys.argv[2:]); "
    "from sonoher2.cli.common.terminal import end_workers; end_workers(); "
    "used = {name: resource.getrusage(who) for name, who in "
    "{'parent': resource.RUSAGE_SELF, 'workers': resource.RUSAGE_CHILDREN}.items()}; "
    "told = {name: [one.ru_utime + one.ru_stime, one.ru_maxrss / 1e6] for name, one in used.items()}; "
    "open(sys.argv[1], 'w').write(json.dumps(told)); sys.exit(code)"
)


def drawn(folder: Path) -> pd.DataFrame:
    """Draw small images of ellipses in noise, with their masks."""
    random = np.random.default_rng(0)
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    listed = []
    for number in range(PICTURES):
        height, width = random.uniform(15, 40, 2)
        mask = ((rows - SIZE[0] / 2) / height) ** 2 + ((columns - SIZE[1] / 2) / width) ** 2 < 1
        grey = np.clip(random.normal(120, 30, SIZE) - 50 * mask, 0, 255)
        paths = [str(folder / f"{number}{kind}.png") for kind in ("", "_mask")]
        Image.fromarray(grey.astype(np.uint8)).save(paths[0])
        Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(paths[1])
        listed.append((*paths, 0.1))
    return pd.DataFrame(listed, columns=["image", "mask", "mm_per_pixel"])


def of_bus_bra(data: Path, folder: Path) -> pd.DataFrame:
    """Copy the images of BUS-BRA, so that links to them can be made."""
    images = load_cohort(load_study(REPOSITORY / "examples" / "bus-bra.yaml", data / "BUS-BRA")).images
    files: dict[str, Iterable[Path]] = {"image": images["image"], "mask": [masks[0] for masks in images["masks"]]}
    copied = {kind: [shutil.copy(path, folder / f"{kind}-{Path(path).name}") for path in files[kind]] for kind in files}
    return pd.DataFrame({**copied, "mm_per_pixel": 0.1})


def listed(pictures: pd.DataFrame, rows: int, folder: Path) -> pd.DataFrame:
    """List pictures again and again under new names and patients, no row equal to another."""
    table = pd.concat([pictures] * -(-rows // len(pictures)), ignore_index=True).iloc[:rows]
    again = np.arange(rows) // len(pictures)
    folder.mkdir()
    for kind in ("image", "mask"):
        names = [str(folder / f"{kind}{i}{Path(path).suffix}") for i, path in enumerate(table[kind])]
        for path, name in zip(table[kind], names, strict=True):
            os.link(path, name)
        table = table.assign(**{kind: names})
    return table.assign(patient_id=[f"P{i}" for i in range(rows)], mm_per_pixel=0.1 * (1 + 1e-6 * again))


def measured(table: pd.DataFrame, folder: Path, jobs: int, suffix: str) -> dict[str, float]:
    """Run the command on a table."""
    source, out, told = folder / "images.csv", folder / f"features{suffix}", folder / "used.json"
    table.to_csv(source, index=False)
    call = [sys.executable, "-c", CALL, str(told), "extract", str(source), "--out", str(out), "--jobs", str(jobs)]
    start = time.perf_counter()
    subprocess.run(call, check=True, env={**os.environ, **dict.fromkeys(THREADS, "1")}, stdout=subprocess.DEVNULL)
    used = json.loads(told.read_text())
    size = out.stat().st_size
    out.unlink()
    return {
        "rows": len(table),
        "seconds": time.perf_counter() - start,
        "parent_cpu_seconds": used["parent"][0],
        "parent_peak_gb": used["parent"][1],
        # of processes that have ended; the largest one
        "worker_cpu_seconds": used["workers"][0],
        "worker_peak_gb": used["workers"][1],
        "table_mb": size / 1e6,
    }


def main() -> None:
    """Print a table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[7500, 30000])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--suffix", default=".csv")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "extract.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pictures = of_bus_bra(options.data, folder) if options.data else drawn(folder)
        # compiles the kernels, and tells what the start costs
        found = [
            measured(listed(pictures, rows, folder / str(rows)), folder, options.jobs, options.suffix)
            for rows in (4, *options.rows)
        ]
    start, *runs = found
    fixed = start["parent_cpu_seconds"] + start["worker_cpu_seconds"]
    for run in runs:
        spent = run["parent_cpu_seconds"] + run["worker_cpu_seconds"]
        run["cpu_ms_per_image"] = 1e3 * (spent - fixed) / run["rows"]
    print(pd.DataFrame(found).round(3).to_string(index=False))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"pictures": str(options.data or "drawn"), "runs": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
