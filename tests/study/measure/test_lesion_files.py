"""The files of a lesion, what stands for them in keys, and that they are still those that were hashed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.images import ImageReading
from sonoher2.core.errors import InputError
from sonoher2.networks.own import Weights
from sonoher2.study.measure.lesion_files import (
    KeyedFiles,
    LesionFile,
    chosen_frames,
    file_hashes,
    keyed_reading,
    lesion_files,
)


def images(folder: Path) -> pd.DataFrame:
    rows = {
        "image": [str(folder / "a.png"), str(folder / "b.png")],
        "masks": [(str(folder / "m.png"), str(folder / "n.png")), ()],
        "second_mask": [str(folder / "s.png"), None],
        "mm_per_pixel": [0.25, np.nan],
        "frame": [np.nan, 2.0],
    }
    return pd.DataFrame(rows)


def test_rows_become_files_in_order() -> None:
    first, second = lesion_files(images(Path("/x")))
    assert first == LesionFile("/x/a.png", ("/x/m.png", "/x/n.png"), 0.25, None)
    assert (second.image, second.masks, second.frame) == ("/x/b.png", (), 2)
    assert np.isnan(second.mm_per_pixel)
    [other] = lesion_files(images(Path("/x")).iloc[:1], "second_mask")
    assert other.masks == ("/x/s.png",)
    assert chosen_frames(images(Path("/x"))) == [None, 2]


def test_every_file_is_hashed_once_by_what_it_holds(tmp_path: Path) -> None:
    for name in "abmns":
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    found = file_hashes(images(tmp_path))
    assert found == {str(tmp_path / f"{name}.png"): hashlib.sha256(name.encode()).hexdigest() for name in "abmns"}


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    for name in "abmns":
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    known = images(tmp_path).iloc[:1]
    hashes = file_hashes(known)
    [item] = KeyedFiles(lesion_files(known), hashes)
    assert item.verify is not None
    item.verify()
    (tmp_path / "n.png").write_bytes(b"other")
    with pytest.raises(InputError, match=r"n\.png"):
        item.verify()


def test_the_key_is_of_contents_and_not_of_names() -> None:
    one = LesionFile("/x/a.png", ("/x/m.png",), 0.25)
    other = LesionFile("/y/c.png", ("/y/k.png",), 0.25)
    hashes = {"/x/a.png": "1", "/x/m.png": "2", "/y/c.png": "1", "/y/k.png": "2"}
    assert one.key(hashes) == other.key(hashes)
    assert one.key(hashes) != one.key(hashes | {"/x/m.png": "3"})


def test_weights_that_clear_an_image_are_in_its_key_and_so_are_frame_and_size() -> None:
    hashes = {"a": "1", "m": "2"}
    plain = LesionFile("a", ("m",), 0.25, 3)
    assert plain.key(hashes) == ["1", ["2"], "0.25", 3]
    cleared = replace(plain, enhancer=Weights("w", "own", "i"))
    assert cleared.key(hashes) == ["1", ["2"], "0.25", 3, "own"]
    assert len(KeyedFiles([plain, cleared], hashes)) == 2


def test_reading_through_the_enhancer_depends_on_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.enhancement.enhancer.load_enhancer", lambda: SimpleNamespace(sha256="shipped"))
    plain, cleared = (keyed_reading(ImageReading(enhance=how)) for how in ("none", "gan"))
    assert len(plain.key) == 1
    assert cleared.key[1:] == ["shipped"]
    assert cleared.value.enhance == "gan"
