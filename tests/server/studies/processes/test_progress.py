from __future__ import annotations

import json
from pathlib import Path

from sonoher2.server.studies.processes.progress import Progress, last_lines, read_progress


def written(path: Path, *lines: dict[str, object], rest: str = "") -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + rest, encoding="utf-8")
    return path


BEGIN = {"time": 100.0, "kind": "begin", "pid": 77}
MODELS = {"time": 110.0, "kind": "stage", "name": "models", "number": 6, "total": 13}


def step(time: float, done: int, *, ended: bool = False) -> dict[str, object]:
    return {"time": time, "kind": "step", "label": "Fitting", "done": done, "total": 10, "ended": ended}


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_progress(tmp_path / "none.jsonl") == Progress()


def test_the_time_left_is_that_of_the_step_at_its_pace(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    assert read_progress(written(file, BEGIN, MODELS)) == Progress(77, "models", 6, 13)
    written(file, BEGIN, MODELS, step(120.0, 0))
    assert read_progress(file) == Progress(77, "models", 6, 13, "Fitting", 0, 10, None)
    # four of ten in 20 s: the other six take 30 s
    written(file, BEGIN, MODELS, step(120.0, 0), step(125.0, 1), step(140.0, 4))
    assert read_progress(file) == Progress(77, "models", 6, 13, "Fitting", 4, 10, 30.0)
    written(file, BEGIN, MODELS, step(120.0, 0), step(140.0, 10), step(140.1, 10, ended=True))
    assert read_progress(file) == Progress(77, "models", 6, 13)


def test_a_second_step_of_the_same_name_has_its_own_pace(tmp_path: Path) -> None:
    lines = [
        BEGIN,
        MODELS,
        step(120.0, 0),
        step(140.0, 10),
        step(140.0, 10, ended=True),
        step(200.0, 0),
        step(203.0, 5),
    ]
    assert read_progress(written(tmp_path / "p.jsonl", *lines)).seconds_left == 3.0


def test_the_end_has_the_code_and_a_line_that_is_not_whole_is_left_out(tmp_path: Path) -> None:
    file = written(tmp_path / "p.jsonl", BEGIN, MODELS, rest='{"time": 111.0, "kind": "en')
    assert read_progress(file) == Progress(77, "models", 6, 13)
    written(file, BEGIN, MODELS, {"time": 111.0, "kind": "end", "code": 3}, rest="[1]\nnonsense\n")
    assert read_progress(file) == Progress(77, "models", 6, 13, code=3)


def test_of_a_long_file_the_beginning_and_the_end_are_read(tmp_path: Path) -> None:
    many = [step(120.0 + i / 1000, 1) for i in range(5000)]
    file = written(tmp_path / "p.jsonl", BEGIN, MODELS, step(120.0, 0), *many, step(140.0, 5))
    found = read_progress(file)
    assert (found.pid, found.done, found.total) == (77, 5, 10)


def test_the_end_of_a_log_begins_with_a_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "l.log"
    assert last_lines(log, 10) == ("", 0)
    log.write_text("first\nsecond\n第三\n", encoding="utf-8")
    assert last_lines(log, 1000) == ("first\nsecond\n第三\n", 20)
    # cut within a letter of three bytes
    assert last_lines(log, 9) == ("第三\n", 20)
