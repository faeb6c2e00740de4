"""Plant small faults in the program, one at a time, and count those that the tests notice.

    python benchmarks/mutants --number 300 --seed 1
    python benchmarks/mutants --number 25 --package evaluation --tests tests/evaluation

A seeded sample, shared over the packages by their lines. Each fault is written into a copy of src in a temporary
folder. The tests that run its function run against the copy, those of its package first and the quickest first, until
one fails. Left out: compiled kernels, figures, annotations. Which tests run which function is measured once and kept in
.mutants by the hash of the test file; delete that folder after larger changes of src.

A table by package is printed and written as JSON, with the faults that no test noticed. A change that no test could
notice, because it is equivalent, counts as not noticed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sample import Mutant, changed_code, draw
from which_tests import PLACE, function_at, import_heavy, run_tests, settle, which_tests

ROOT = Path(__file__).resolve().parents[2]
SRC, KEPT = ROOT / "src", ROOT / ".mutants"
SECONDS = 60, 60, 120
"""For the tests of the module's name, the others of its package, and all others."""
NOTHING_RAN = 5


def candidates(
    mutant: Mutant, source: str, tests: dict[str, Any], texts: dict[str, str]
) -> tuple[list[str], list[str], list[str]]:
    """List the tests that run the function: those of the module's name, the others of the package, and all others.

    Quick ones come first. The test file of the module's name counts whole, since its tests may start processes. Outside
    functions, and where no test was seen in the function: tests that run anything of the file or name its module; where
    there are none, as for a file of compiled kernels, all of the package.
    """
    function = f"{mutant.file}:{function_at(source, mutant.line)}"
    home, mirror = f"tests/{mutant.package}/", f"/test_{Path(mutant.file).stem}.py::"
    ran = [test for test, facts in tests.items() if function in facts["runs"] or (home in test and mirror in test)]
    if not ran:
        module = mutant.file.removesuffix(".py").replace("/", ".")
        naming = {file for file, text in texts.items() if module in text}
        anywhere = {t for t, facts in tests.items() if any(run.startswith(f"{mutant.file}:") for run in facts["runs"])}
        ran = [test for test in tests if test in anywhere or test.partition("::")[0] in naming]
    ran = ran or [test for test in tests if test.startswith(home)]

    def order(test: str) -> tuple[bool, bool, str, float]:
        file = test.partition("::")[0]
        seconds = tests[test]["seconds"]
        return seconds > 2, Path(mutant.file).stem not in file, file, seconds

    own = [test for test in ran if test.startswith(home)]
    named = [test for test in own if mirror in test]
    others, elsewhere = set(own) - set(named), set(ran) - set(own)
    return sorted(named, key=order), sorted(others, key=order), sorted(elsewhere, key=order)


def verdict(mutant: Mutant, groups: Iterable[list[str]], control: bool) -> str:
    """Say what became of a mutant: failed, hung (both noticed) or not noticed. The copy is as before afterwards."""
    original, changed = SRC / mutant.file, PLACE[0].copy / mutant.file
    if not control:
        changed.write_text(changed_code(original.read_text(encoding="utf-8"), mutant), encoding="utf-8")
    try:
        for group, seconds in zip(groups, SECONDS, strict=True):
            answer = run_tests(group, ROOT, seconds) if group else 0
            if answer not in {0, NOTHING_RAN}:
                return "hung" if answer is None else "failed"
        return "not noticed"
    finally:
        shutil.copy2(original, changed)


def table(results: list[dict[str, Any]]) -> str:
    """Noticed and all mutants by package."""
    counts = Counter((r["package"], r["verdict"] != "not noticed") for r in results)
    rows = [(p, counts[p, True], counts[p, True] + counts[p, False]) for p in sorted({r["package"] for r in results})]
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows)))
    return "\n".join(f"{name:<16}{good:>5} of {n:<5}{100 * good / max(n, 1):6.1f} %" for name, good, n in rows)


def main() -> None:
    """Draw, try, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=300, help="size of the sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--package", help="one package only, such as evaluation")
    parser.add_argument("--tests", nargs="*", default=["tests"], help="folders or files of tests that may notice")
    parser.add_argument("--out", type=Path, default=KEPT / "mutants.json")
    parser.add_argument("--resume", action="store_true", help="try only those that the written file has not as noticed")
    parser.add_argument("--jobs", type=int, default=2, help="faults tried at the same time")
    parser.add_argument("--control", action="store_true", help="change nothing: every mutant must be 'not noticed'")
    options = parser.parse_args()
    os.chdir(ROOT)
    KEPT.mkdir(exist_ok=True)
    sample = draw(SRC, options.number, options.seed, options.package)
    files = sorted(
        f for t in options.tests for f in ([ROOT / t] if t.endswith(".py") else (ROOT / t).rglob("test_*.py"))
    )
    files = [file for file in files if "oracles" not in file.parts and file.name != "test_examples.py"]
    texts = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}
    before = json.loads(options.out.read_text(encoding="utf-8")) if options.resume and options.out.is_file() else []
    known = {r["file"] + r["diff"]: r["verdict"] for r in before if r["verdict"] != "not noticed"}
    import_heavy()
    results: list[dict[str, Any]] = []
    fork = multiprocessing.get_context("fork")  # the workers have the libraries from here
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(options.jobs, fork, initializer=settle, initargs=(SRC, Path(folder))) as workers,
    ):
        tests = which_tests(files, ROOT, KEPT / "tests.json", workers)
        tried = [
            None
            if mutant.key in known
            else workers.submit(
                verdict,
                mutant,
                candidates(mutant, (SRC / mutant.file).read_text(encoding="utf-8"), tests, texts),
                options.control,
            )
            for mutant in sample
        ]
        for mutant, answer in zip(sample, tried, strict=True):
            said = known[mutant.key] if answer is None else answer.result()
            results.append({**asdict(mutant), "verdict": said})
            options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
            print(f"{len(results):>4}  {said:<12} {mutant.file}:{mutant.line} {mutant.operator}", flush=True)
    for result in results:
        if result["verdict"] == "not noticed":
            print(f"\n{result['file']} {result['operator']}\n@@{result['diff'].rstrip()}")
    print("\n" + table(results))


if __name__ == "__main__":
    main()
