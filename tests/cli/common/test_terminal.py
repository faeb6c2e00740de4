"""What the command line prints and how it ends, whatever a name holds and whoever ends it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoher2.cli.app import run
from sonoher2.cli.common.terminal import prepare, say, say_json, show_findings
from sonoher2.core.errors import Finding, InputError, plain

WORK = """
import os, sys, time
from pathlib import Path
import sonoher2.synthetic.demo as demo
from sonoher2.cli.app import main
from sonoher2.core.files import write_text
from sonoher2.engine import JoblibExecutor

def work(folder):
    (folder / str(os.getpid())).write_text("")
    time.sleep(300)

def write_demo_cohort(out, **_):
    out.mkdir()
    for _ in JoblibExecutor(2).run(work, [out] * 4):
        pass

demo.write_demo_cohort = write_demo_cohort
sys.argv = ["sonoher2", "demo", "--out", sys.argv[1]]
if __name__ == "__main__":
    main()
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # a process that has ended and that nobody has waited for is still listed
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_command_and_its_processes(name: str, tmp_path: Path) -> None:
    script, out = tmp_path / "work.py", tmp_path / "out"
    script.write_text(WORK)
    process = subprocess.Popen([sys.executable, script, out], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: out.is_dir() and len(list(out.iterdir())) == 2)
    process.send_signal(getattr(signal, name))
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 4, said
    assert said.splitlines() == ["Interrupted. What is finished is kept: the same command resumes."]
    wait_for(lambda: not any(alive(int(file.name)) for file in out.iterdir()))


def test_a_worker_that_is_ended_is_told(tmp_path: Path) -> None:
    script, out = tmp_path / "work.py", tmp_path / "out"
    script.write_text(WORK)
    process = subprocess.Popen([sys.executable, script, out], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: out.is_dir() and len(list(out.iterdir())) == 2)
    os.kill(int(next(out.iterdir()).name), signal.SIGKILL)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 3, said
    assert "fewer --jobs" in said


@pytest.fixture
def unprepared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process whose signals have their defaults; all is put back afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    for number in before:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("unprepared")
def test_a_prepared_process_ends_as_after_ctrl_c() -> None:
    prepare()
    for number in (signal.SIGTERM, signal.SIGHUP):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@pytest.mark.usefixtures("unprepared")
def test_under_nohup_a_hang_up_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    prepare()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    signal.raise_signal(signal.SIGHUP)


@pytest.mark.usefixtures("unprepared")
def test_letters_that_the_terminal_does_not_know_are_written_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    prepare()
    for stream in (sys.stdout, sys.stderr):
        stream.write("é 患")
        stream.flush()
        assert stream.buffer.getvalue() == rb"\xe9 \u60a3"


def test_what_was_imported_is_not_searched_for_waste_when_the_process_ends() -> None:
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000, gc.isenabled()));"
        "from sonoher2.cli.common.terminal import collect_seldom; collect_seldom();"
        "atexit.register(lambda: print(gc.get_freeze_count()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # what is registered last comes first
    assert done.stdout.split() == ["0", "True", "True"]


@pytest.mark.usefixtures("unprepared")
def test_a_warning_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    prepare()
    warnings.showwarning("few patients", UserWarning, "file.py", 3)
    assert capsys.readouterr() == ("", "warning: few patients\n")


def test_findings_go_to_standard_error_and_answers_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([Finding("error", "no image", "row 3", "Name one"), Finding("note", "60 patients")])
    say("done\x07")
    said = capsys.readouterr()
    assert said.err == "error: row 3: no image. Name one.\nnote: 60 patients.\n"
    assert said.out == "done\\u0007\n"


def test_control_characters_are_shown_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2J\x9b31m\u202egnp\x07\r.yaml"
    assert run(["check", str(tmp_path / name)]) == 3
    said = capsys.readouterr().err
    assert r"a\u001b[2J\u009b31m\u202egnp\u0007\u000d.yaml" in said
    assert run(["check", "--\x1b[31m"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_cell_cannot_fake_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(tmp_path / "a\nError: all is well")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert "\n" not in str(Finding("error", "a\nb", "c\nd"))


def test_names_that_are_no_letters_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")]) == 3
    assert r"\udcff" in capsys.readouterr().err


def test_plain_keeps_lines_letters_and_json() -> None:
    text = "患者 é 😀\n\tµ²"
    assert plain(text) == text
    value = {"a": "\x1b\x9b\u202e"}
    assert json.loads(plain(json.dumps(value, ensure_ascii=False))) == value


def test_a_name_that_no_file_can_have_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["check", "a" * 5000], ["init", "a" * 5000], ["predict", "a" * 5000, "--clinical", "age=5"]):
        assert run(command) == 3
        assert "Internal error" not in capsys.readouterr().err


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "x"), OSError("?"), MemoryError()])
def test_what_the_machine_refuses_is_no_internal_error(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("sonoher2.synthetic.demo.write_demo_cohort", fail)
    assert run(["demo", "--out", "nowhere"]) == 3
    assert "Internal error" not in capsys.readouterr().err


def test_errors_of_one_file_stay_one_line() -> None:
    assert str(InputError("bad", where="x\ny", fix="do")) == "x\\ny: bad. do."


@pytest.mark.parametrize(
    ("missing", "code", "said"),
    [
        ("torch.nn", 3, "Error: this needs the library torch. Install SonoHER2 with all it depends on."),
        ("sonoher2.nowhere", 1, "Internal error: ModuleNotFoundError"),
        (None, 1, "Internal error: ModuleNotFoundError"),
    ],
)
def test_a_library_that_is_not_installed_is_named(
    missing: str | None,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module", name=missing)

    monkeypatch.setattr("sonoher2.synthetic.demo.write_demo_cohort", fail)
    assert run(["demo", "--out", str(tmp_path / "demo")]) == code
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize("encoding", ["gbk", "latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_stays_json_in_every_encoding(encoding: str, indent: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"image": "Köln 患者² \U0001f600.png", "mm": 0.25}
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace"))
    say_json(json.dumps(facts, ensure_ascii=False, indent=indent))
    sys.stdout.flush()
    printed = raw.getvalue().decode(encoding)
    assert json.loads(printed) == facts
    assert ("患者" in printed) == (encoding == "utf-8")
    assert len(printed.splitlines()) == (1 if indent is None else 4)
