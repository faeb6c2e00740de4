"""Files named by their content."""

from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path

import pytest

from sonoher2.core.errors import InputError
from sonoher2.server.storage.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_a_file_is_called_by_its_hash_and_only_its_owner_reads_it(blobs: Blobs) -> None:
    name = blobs.put(b"abc")
    assert name == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert blobs.read(name) == b"abc"
    assert stat.S_IMODE(blobs.path(name).stat().st_mode) == 0o600
    assert stat.S_IMODE(blobs.folder.stat().st_mode) == 0o700


def test_a_stream_is_kept_whole_with_its_suffix(blobs: Blobs) -> None:
    data = bytes(range(256)) * 10_000
    name = blobs.put_stream(io.BytesIO(data), ".nii.gz")
    assert name == hashlib.sha256(data).hexdigest() + ".nii.gz"
    assert blobs.read(name) == data


@pytest.mark.parametrize("name", ["../x", "a" * 63, "A" * 64, "a" * 64 + "/x", "", "a" * 64])
def test_other_names_are_no_files(blobs: Blobs, name: str) -> None:
    blobs.put(b"abc")
    (blobs.folder.parent / "x").write_bytes(b"secret")
    with pytest.raises(KeyError):
        blobs.read(name)


@pytest.mark.parametrize("room", ["..", "a/b", "", "a.b"])
def test_a_room_is_no_path(blobs: Blobs, room: str) -> None:
    with pytest.raises(ValueError, match="room"):
        blobs.of(room)


def test_a_room_is_removed_alone(blobs: Blobs) -> None:
    one, two = blobs.of("cases", "1").put(b"abc"), blobs.of("cases", "2").put(b"abc")
    blobs.of("cases", "1").clear()
    assert one == two
    assert blobs.of("cases", "2").read(two) == b"abc"
    with pytest.raises(KeyError):
        blobs.of("cases", "1").read(one)


def test_what_breaks_off_is_not_kept(blobs: Blobs) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().read(3)

    with pytest.raises(InputError, match="No space left on device"):
        blobs.put_stream(Broken(b"abcdef"))
    assert list(blobs.folder.iterdir()) == []


def test_a_store_says_who_is_making_or_removing_it(blobs: Blobs) -> None:
    assert blobs.mark_of() == ""
    blobs.mark("me")
    assert blobs.mark_of() == "me"
    blobs.unmark()
    blobs.unmark()
    assert blobs.mark_of() == ""


def test_what_a_killed_server_left_is_swept_away(blobs: Blobs) -> None:
    name = blobs.of("cases").put(b"abc")
    (blobs.folder / "cases" / "tmpx.part").write_bytes(b"ab")
    blobs.sweep()
    assert [path.name for path in (blobs.folder / "cases").iterdir()] == [name]
