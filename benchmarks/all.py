"""The quick measurements in one command, beside what was stored last.

    python benchmarks/all.py --quick [--data ../shared/data] [--lesions 10] [--patients 60] [--store]

Every command runs in a child process on one thread; the times are its CPU seconds, of its own children too. The engine
is compared with pyradiomics and Nyxus by `radiomics.py`, in one process, and with pictologics in two processes that
measure the same lesion in turn: first-order and texture features of the original image. The other tools live in
environments of their own in `.venv-peers`, made when they are missing; one that cannot be installed is named.
pictologics compiles for some minutes at its first import. `--store` keeps the figures as `results/all.json`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from lesions import lesions

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results"
PEERS = REPOSITORY / ".venv-peers"
_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMBA", "PICTOLOGICS")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in _LIBRARIES} | {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}
ENVIRONMENT = os.environ | ONE_THREAD | {"PYTHONPATH": str(REPOSITORY / "src")}

# a child that measures lesion k of a file whenever it reads k, and says its CPU seconds
TIMED = """
import sys, time
import numpy as np
kept = np.load(sys.argv[1])
{setup}
for line in sys.stdin:
    pixels, mask = kept["pixels" + line.strip()], kept["mask" + line.strip()]
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        measure(pixels, mask)
        best = min(best, time.process_time() - start)
    print(best, flush=True)
"""
OURS = """
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.radiomics.extract import extract
config = RadiomicsConfig(filters=["original"])
def measure(pixels, mask): return extract(pixels, mask, config)
"""
PICTOLOGICS = """
from pictologics import Image, RadiomicsPipeline
families = {"families": ["intensity", "histogram", "texture"]}
pipeline = RadiomicsPipeline().add_config("original", [
    {"step": "discretise", "params": {"method": "FBN", "n_bins": 32}},
    {"step": "extract_features", "params": families},
])
unit = (1.0, 1.0, 1.0)
def volume(array): return Image(array=array.T[:, :, None].astype(float), spacing=unit, origin=(0.0, 0.0, 0.0))
def measure(pixels, mask): return pipeline.run(volume(pixels), volume(mask), config_names=["original"])
"""
WARM = """
import sys, time
import sonoher2
bundle = sonoher2.load_bundle(sys.argv[1])
patient = sonoher2.PatientInput((sonoher2.ImageInput(sys.argv[2], (sys.argv[3],), 0.1),))
times = []
for _ in range(6):
    start = time.process_time()
    sonoher2.predict_patient(bundle, patient)
    times.append(time.process_time() - start)
print(min(times[1:]))
"""


@dataclass
class Figure:
    """One line of the table; `value` is None where it could not be measured, and `remark` says why."""

    name: str
    value: float | None
    unit: str
    remark: str = ""


def cpu_seconds(*command: str | Path) -> tuple[float, float]:
    """CPU seconds and peak memory in GB of a command and of all processes that it waited for."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([str(part) for part in command], env=ENVIRONMENT, stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode(errors="replace").strip().splitlines()[-1])
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6


def sonoher2(*words: str | Path) -> tuple[float, float]:
    """Time our command line."""
    return cpu_seconds(sys.executable, "-m", "sonoher2", *words)


def environment(name: str, python: str, *requirements: str) -> Path | None:
    """Python of a peer's environment, which is made when it is missing; None when that cannot be done."""
    place = PEERS / name
    found = place / "bin" / "python"
    if (place / "installed").exists():
        return found
    base = shutil.which(python)
    if base is None:
        return None
    commands: list[list[str | Path]] = [
        [base, "-m", "venv", place],
        [found, "-m", "pip", "install", "--quiet", *requirements],
    ]
    for command in commands:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    (place / "installed").touch()
    return found


def study(work: Path, patients: int) -> list[Figure]:
    """Time the study of the demo, first and with all kept; then one prediction, one outline, and extraction."""
    demo, run = work / "demo", work / "run"
    sonoher2("demo", "--out", demo, "--patients", str(patients))
    figures = []
    for name in ("study of the demo, first", "study of the demo, kept"):
        seconds, memory = sonoher2("run", demo / "study.yaml", "--out", run, "--jobs", "1")
        figures += [Figure(name, seconds, "s"), Figure(f"{name}: memory", memory, "GB")]
    with (demo / "images.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    image, mask = demo / rows[0]["image"], demo / rows[0]["mask"]
    given: list[str | Path] = ["--image", image, "--mask", mask, "--mm-per-pixel", "0.1"]
    seconds, memory = min(sonoher2("predict", run / "bundle", *given) for _ in range(3))
    figures += [Figure("predict, cold", seconds, "s"), Figure("predict, cold: memory", memory, "GB")]
    warm: list[str | Path] = [sys.executable, "-c", WARM, run / "bundle", image, mask]
    said = subprocess.run(warm, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    figures.append(Figure("predict, warm", float(said.stdout) if not said.returncode else None, "s", said.stderr[-80:]))
    seconds, memory = sonoher2("segment", image, "--out", work / "masks", "--jobs", "1")
    figures += [Figure("segment one image, cold", seconds, "s"), Figure("segment, cold: memory", memory, "GB")]
    return [*figures, extraction(work, demo, rows)]


def extraction(work: Path, demo: Path, rows: list[dict[str, str]]) -> Figure:
    """CPU of one image more in a table, its start left out."""
    seconds = {}
    for count in (10, len(rows)):
        table = demo / f"images-{count}.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows[:count])
        seconds[count], _ = sonoher2("extract", table, "--out", work / f"features-{count}.csv", "--jobs", "1")
    return Figure("extract, per image", 1e3 * (seconds[len(rows)] - seconds[10]) / (len(rows) - 10), "ms")


def engine(work: Path, data: Path, count: int) -> list[Figure]:
    """Compare with pyradiomics and, where it installs, Nyxus."""
    requirements = ("-r", str(REPOSITORY / "tests" / "oracles" / "requirements.txt"), "pandas")
    python = environment("pyradiomics-nyxus", "python3.11", *requirements, "nyxus")
    python = python or environment("pyradiomics", "python3.11", *requirements)
    if python is None:
        return [Figure("pyradiomics, 1,497 features", None, "ms", "cannot be installed here")]
    out = work / "radiomics.json"
    cpu_seconds(
        python, REPOSITORY / "benchmarks" / "radiomics.py", "--data", data, "--lesions", str(count), "--out", out
    )
    found = json.loads(out.read_text(encoding="utf-8"))
    summary, original = found["summary"]["bin count 32"], found["original image only"]
    nyxus = original.get("nyxus median ms")
    return [
        Figure("1,497 features of a lesion", summary["sonoher2 median ms"], "ms"),
        Figure("the same, pyradiomics", summary["pyradiomics median ms"], "ms"),
        Figure("ratio", summary["ratio of medians"], ""),
        Figure("original image alone", original["sonoher2 median ms"], "ms"),
        Figure("original image alone, Nyxus", nyxus, "ms", "" if nyxus else "cannot be installed here"),
    ]


def against_pictologics(work: Path, data: Path, count: int) -> list[Figure]:
    """Median times of both on the original image, lesion by lesion in turn."""
    name = "original image alone, pictologics 0.9"
    python = environment("pictologics", "python3.12", "pictologics==0.9.*")
    if python is None:
        return [Figure(name, None, "ms", "cannot be installed here: it needs python3.12")]
    import numpy as np

    cases = list(lesions(data, count))
    kept = work / "lesions.npz"
    arrays: dict[str, Any] = {f"pixels{k}": case.pixels for k, case in enumerate(cases)}
    arrays |= {f"mask{k}": case.mask for k, case in enumerate(cases)}
    np.savez(kept, **arrays)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    children = [
        subprocess.Popen(
            [program, "-c", TIMED.format(setup=setup), kept], env=ENVIRONMENT, text=True, cwd=work, **pipes
        )
        for program, setup in ((sys.executable, OURS), (python, PICTOLOGICS))
    ]
    times: list[list[float]] = [[], []]
    for k in [0, *range(len(cases))]:  # the first time compiles
        for child, found in zip(children, times, strict=True):
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(f"{k}\n")
            child.stdin.flush()
            said = child.stdout.readline()
            if not said:
                return [Figure(name, None, "ms", "stops with an error")]
            found.append(1e3 * float(said))
    for child in children:
        child.communicate()
    ours, theirs = (median(found[1:]) for found in times)
    return [
        Figure(name, theirs, "ms"),
        Figure("the same, ours beside it", ours, "ms"),
        Figure("ratio to pictologics", theirs / ours, ""),
    ]


def stored() -> dict[str, float]:
    """Figures of the last run that was kept, and of the longer benchmark of the engine."""
    found: dict[str, float] = {}
    longer = json.loads((RESULTS / "radiomics.json").read_text(encoding="utf-8"))
    summary, original = longer["summary"]["bin count 32"], longer["original image only"]
    found["1,497 features of a lesion"] = summary["sonoher2 median ms"]
    found["the same, pyradiomics"] = summary["pyradiomics median ms"]
    found["ratio"] = summary["ratio of medians"]
    found["original image alone"] = original["sonoher2 median ms"]
    found["original image alone, Nyxus"] = original["nyxus median ms"]
    if (RESULTS / "all.json").exists():
        found |= json.loads((RESULTS / "all.json").read_text(encoding="utf-8"))
    return found


def report(figures: list[Figure], before: dict[str, float]) -> None:
    """Print lines of the table."""
    for each in figures:
        then = f"{before[each.name]:.3g}" if each.name in before else "–"
        now = f"{each.value:.3g}" if each.value is not None else "–"
        print(f"{each.name:44}{now:>10}{then:>10} {each.unit} {each.remark}".rstrip(), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="what takes minutes; the only choice so far")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--lesions", type=int, default=10)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--store", action="store_true")
    options = parser.parse_args()
    before = stored()
    figures: list[Figure] = []
    print(f"{'':44}{'now':>10}{'stored':>10}")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for part, *given in (
            (study, options.patients), (engine, options.data, options.lesions),
            (against_pictologics, options.data, options.lesions),
        ):  # fmt: skip
            try:
                found = part(work, *given)
            except RuntimeError as error:
                found = [Figure(part.__name__, None, "", str(error))]
            report(found, before)
            figures += found
    if options.store:
        content = {each.name: round(each.value, 4) for each in figures if each.value is not None}
        (RESULTS / "all.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
