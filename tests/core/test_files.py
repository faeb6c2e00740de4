"""Nothing is lost when writing fails, and a full disk is one clear sentence."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonoher2.core.errors import InputError
from sonoher2.core.files import (
    LONGEST_PATH,
    absolute_path,
    atomic_folder,
    atomic_path,
    check_unchanged,
    content_key,
    file_sha256,
    path_fault,
    run_lock,
    write_json,
    write_text,
)


def test_writes_whole_text(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.txt", "whole")
    assert (tmp_path / "deep" / "a.txt").read_text() == "whole"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]


def test_what_is_being_written_stands_beside_its_target_under_a_hidden_name(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "deep" / "a.csv") as temporary:
        assert temporary.parent == tmp_path / "deep"
        assert temporary.name.startswith(".a-")
        assert temporary.name.endswith(".part.csv")
    other = tmp_path / "other"
    other.mkdir()
    with atomic_path(tmp_path / "b.csv", other) as temporary:
        assert temporary.parent == other
    with atomic_folder(tmp_path / "bundle") as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".bundle-")
        assert folder.name.endswith(".part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv", "bundle", "deep", "other"]


@pytest.fixture
def for_the_group() -> Iterator[None]:
    """New files may be read by the group, and by nobody else."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("for_the_group")
def test_results_are_shared_as_the_user_says(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "a")
    with atomic_folder(tmp_path / "bundle"):
        pass
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o750
    assert os.umask(0o027) == 0o027


def test_json_is_indented_and_keeps_letters_and_the_order_of_keys(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": "患", "a": [1]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": "患",\n  "a": [\n    1\n  ]\n}\n'


def test_keeps_the_old_file_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    write_json(target, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(target, {"a": float("nan")})
    with pytest.raises(KeyError):
        _write_half(target)
    assert target.read_text() == '{\n  "a": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def _write_half(target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise KeyError


def test_full_disk_is_an_input_error_that_keeps_the_old_file(tmp_path: Path) -> None:
    # a limit on the size of files makes the kernel refuse to write on, as a full disk does
    target = tmp_path / "a.txt"
    write_text(target, "old")
    code = f"""
import resource
from pathlib import Path
from sonoher2.core.errors import InputError
from sonoher2.core.files import write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_text(Path({str(target)!r}), "x" * 10000)
except InputError as error:
    print(error, error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot write this file" in done.stdout
    assert done.stdout.rstrip().endswith("output")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write this file"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_content_key_depends_on_content_and_not_on_key_order() -> None:
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
    written = '["患", {"a": [1.5, null], "b": "run/x"}]'
    key = content_key("患", {"b": Path("run/x"), "a": [1.5, None]})
    assert key == hashlib.sha256(written.encode()).hexdigest()


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    for text in ("old", "new"):
        with atomic_folder(target) as new:
            (new / text).write_text(text)
    with pytest.raises(KeyError):
        _fill_half(target)
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def _fill_half(target: Path) -> None:
    with atomic_folder(target) as new:
        (new / "half").write_text("half")
        raise KeyError


HOLD = """
import sys, time
from pathlib import Path
from sonoher2.core.files import atomic_folder, atomic_path, run_lock
out = Path(sys.argv[1])
with run_lock(out), atomic_folder(out / "bundle") as folder, atomic_path(out / "a" / "b.npy") as file:
    (folder / "model").write_text("half")
    file.write_text("half")
    print("holds", flush=True)
    time.sleep(300)
"""


def test_a_second_run_in_a_folder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "run"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n"
    with pytest.raises(InputError, match="another run is writing"), run_lock(tmp_path / "run"):
        pass
    assert len(list((tmp_path / "run").rglob("*.part*"))) == 2
    # however it ends, its lock ends with it, and what it was writing is removed
    process.kill()
    process.communicate()
    with run_lock(tmp_path / "run"):
        assert not list((tmp_path / "run").rglob("*.part*"))
    with run_lock(tmp_path / "run"):
        pass


def test_a_run_makes_its_folder(tmp_path: Path) -> None:
    with run_lock(tmp_path / "results" / "of" / "today"):
        assert (tmp_path / "results" / "of" / "today").is_dir()


def test_a_run_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write this file"), run_lock(tmp_path / "file" / "run"):
        pass


def test_files_that_were_changed_are_named(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_text("x")
    hashes = {str(file): file_sha256(file) for file in files}
    check_unchanged(hashes)
    files[0].write_text("y")
    files[2].unlink()
    with pytest.raises(InputError, match="2 input files were changed or deleted") as caught:
        check_unchanged(hashes)
    assert str(files[0]) in str(caught.value)
    assert str(files[1]) not in str(caught.value)


def test_paths_of_a_table_start_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    assert absolute_path(folder / "data", "../images/a.png") == str(folder / "images" / "a.png")
    assert absolute_path(folder, "/a/../b.png") == "/b.png"
    assert absolute_path(folder, "a\0b") == "a\0b"
    (folder / "loop").symlink_to(folder / "loop")
    assert absolute_path(folder, "loop") == str(folder / "loop")


def test_what_no_file_can_be_called() -> None:
    assert path_fault("a\0b") == "it holds a NUL character"
    assert path_fault("a" * 200 + "\\" + "b" * 200) == ""
    longest = "a/" * (LONGEST_PATH // 2) + "a"
    assert len(longest) == 4095
    assert path_fault(longest) == ""
    assert path_fault(longest + "a") == "a name has at most 255 bytes and a path 4095"
    assert path_fault("a" * 256) == "a name has at most 255 bytes and a path 4095"
