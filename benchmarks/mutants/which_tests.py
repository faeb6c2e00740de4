"""Say which tests run which function, and run some of them in a process of their own: a part of `make mutants`.

A test file is run once under coverage. What a fixture runs counts for every test that uses the fixture, since a shared
fixture's lines would otherwise belong to the first test alone. The answers are kept by the test file's hash.
"""

from __future__ import annotations

import ast
import compileall
import contextlib
import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import pytest

HEAVY = (
    "numpy", "pandas", "pyarrow.parquet", "openpyxl", "pydantic", "yaml", "typer", "rich", "scipy.stats",
    "scipy.ndimage", "scipy.optimize", "sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection",
    "sklearn.pipeline", "sklearn.svm", "sklearn.calibration", "skimage.measure", "statsmodels.api",
    "matplotlib.pyplot", "PIL.Image", "pydicom", "SimpleITK", "numba", "lightgbm", "xgboost", "skops.io", "torch",
)  # fmt: skip
"""Imported once, before the children part: they are most of a small test's time."""
OPTIONS = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--tb=line", "--no-header"]
MEASURE_SECONDS = 1500


def import_heavy() -> None:
    """Import the libraries, not the program: every child imports its own copy of that."""
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in HEAVY:
        importlib.import_module(name)


def in_child(work: Callable[[], int], src: Path, log: Path, seconds: float) -> int | None:
    """Exit code of some work in a process of its own that imports the program from `src`; None where time ran out."""
    child = os.fork()
    if child == 0:
        os.setsid()
        with log.open("wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        sys.path.insert(0, str(src))
        sys.dont_write_bytecode = True
        os.environ |= {"PYTHONPATH": str(src), "PYTHONDONTWRITEBYTECODE": "1"}
        code = 70
        try:
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    end = time.monotonic() + seconds
    done, status = 0, 0
    while not done and time.monotonic() < end:
        time.sleep(0.02)
        done, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):  # the whole group: workers that a test started must not stay
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return None
    return os.waitstatus_to_exitcode(status)


def functions(source: str) -> Iterator[tuple[str, range]]:
    """Names and lines of a file's functions; an inner function comes after its outer one."""

    def inside(node: ast.AST, name: str) -> Iterator[tuple[str, range]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                inner = f"{name}.{child.name}" if name else child.name
                if not isinstance(child, ast.ClassDef):
                    yield inner, range(child.body[0].lineno, (child.end_lineno or child.lineno) + 1)
                yield from inside(child, inner)
            else:
                yield from inside(child, name)

    yield from inside(ast.parse(source), "")


def function_at(source: str, line: int) -> str:
    """Name of the innermost function of a line; empty outside functions, where a line runs when a file is imported."""
    return next((name for name, lines in reversed(list(functions(source))) if line in lines), "")


class Recorder:
    """pytest plugin: which test, or which fixture, runs now, how long it takes, which tests passed."""

    def __init__(self, meter: coverage.Coverage) -> None:
        self.meter, self.stack = meter, [""]
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, list[str]] = {}
        self.failed: set[str] = set()

    def _within(self, name: str) -> Iterator[Any]:
        self.stack.append(name)
        self.meter.switch_context(name)
        start = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.stack.pop()
            self.meter.switch_context(self.stack[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        """Count for the fixture."""
        return (yield from self._within(f"fixture {fixturedef.argname}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Count for the test."""
        self.fixtures[item.nodeid] = list(getattr(item, "fixturenames", ()))
        return (yield from self._within(item.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what cannot be asked."""
        if report.outcome != "passed":
            self.failed.add(report.nodeid)


@dataclass(frozen=True)
class Place:
    """Where a worker has its own copy of src and writes."""

    copy: Path
    scratch: Path


PLACE: list[Place] = []


def settle(src: Path, folder: Path) -> None:
    """Give this worker a copy of the program of its own."""
    scratch = folder / str(os.getpid())
    shutil.copytree(src, scratch / "src")
    compileall.compile_dir(scratch / "src", quiet=2)
    PLACE[:] = [Place(scratch / "src", scratch)]


def measure(file: Path, root: Path) -> dict[str, Any]:
    """Run the tests of one file: seconds of those that pass, and the functions that each runs, as `path:function`."""
    src, scratch = PLACE[0].copy, PLACE[0].scratch
    answer = scratch / "measured.json"

    def work() -> int:
        meter = coverage.Coverage(data_file=None, source=[str(src)], config_file=False)
        recorder = Recorder(meter)
        meter.start()
        code = pytest.main([*OPTIONS, f"--rootdir={root}", f"--basetemp={scratch / 'tmp'}", str(file)], [recorder])
        meter.stop()
        answer.write_text(json.dumps(tests_of(recorder, ran_by_context(meter, src))), encoding="utf-8")
        return int(code)

    answer.unlink(missing_ok=True)
    log = scratch / "measure.log"
    in_child(work, src, log, MEASURE_SECONDS)
    if not answer.is_file():
        raise RuntimeError(f"{file}: its tests could not be run\n{log.read_text(encoding='utf-8')[-2000:]}")
    tests: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return tests


def ran_by_context(meter: coverage.Coverage, src: Path) -> dict[str, set[str]]:
    """Functions of the program that ran in each test or fixture."""
    data, ran = meter.get_data(), dict[str, set[str]]()
    for path in map(Path, data.measured_files()):
        if path.suffix != ".py":  # a page's template is compiled too
            continue
        source = path.read_text(encoding="utf-8")
        places = {line: name for name, lines in functions(source) for line in lines}
        for line, contexts in data.contexts_by_lineno(str(path)).items():
            if line in places:
                for context in contexts:
                    ran.setdefault(context, set()).add(f"{path.relative_to(src).as_posix()}:{places[line]}")
    return ran


def tests_of(recorder: Recorder, ran: dict[str, set[str]]) -> dict[str, Any]:
    """Passed tests with what their fixtures ran and took."""
    tests = {}
    for test, names in recorder.fixtures.items():
        if test not in recorder.failed:
            parts = [test, *(f"fixture {name}" for name in names)]
            seconds = sum(recorder.seconds.get(part, 0.0) for part in parts)
            tests[test] = {"seconds": round(seconds, 3), "runs": sorted(set().union(*(ran.get(p, ()) for p in parts)))}
    return tests


def which_tests(files: Iterable[Path], root: Path, kept: Path, workers: Executor) -> dict[str, Any]:
    """Measure the tests of many files; what was measured before is read again as long as the test file is the same."""
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    stamps = {f.relative_to(root).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    known = {name for name, stamp in stamps.items() if before.get(name, {}).get("stamp") == stamp}
    waiting = {
        workers.submit(measure, root / name, root): name
        for name in stamps
        if name not in known or not before[name]["tests"]
    }
    for done in as_completed(waiting):
        name = waiting[done]
        before[name] = {"stamp": stamps[name], "tests": done.result()}
        kept.write_text(json.dumps(before), encoding="utf-8")
        print(f"measured {name}", flush=True)
    return {test: facts for name in stamps for test, facts in before[name]["tests"].items()}


class Chosen:
    """pytest plugin: the chosen tests alone, in their order, until the time is spent."""

    def __init__(self, tests: list[str], seconds: float) -> None:
        self.order = {test: index for index, test in enumerate(tests)}
        self.seconds, self.end = seconds, 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen."""
        items[:] = sorted((item for item in items if item.nodeid in self.order), key=lambda i: self.order[i.nodeid])
        # reading many files of tests may take as long as the tests themselves
        self.end = time.monotonic() + self.seconds

    def pytest_runtest_logfinish(self) -> None:
        """Stop where the time is spent."""
        if time.monotonic() > self.end:
            pytest.exit("time is spent", returncode=0)


def run_tests(tests: list[str], root: Path, seconds: float) -> int | None:
    """Exit code of pytest on chosen tests, up to the first that fails: 1 or 2 where one noticed; None where it hung."""
    src, scratch = PLACE[0].copy, PLACE[0].scratch
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    temporary = scratch / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)

    def work() -> int:
        options = [*OPTIONS, "-x", f"--rootdir={root}", f"--basetemp={temporary}"]
        return int(pytest.main([*options, *(str(root / file) for file in files)], [Chosen(tests, seconds)]))

    return in_child(work, src, scratch / "run.log", 4 * seconds + 60)
