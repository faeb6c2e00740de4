"""Models that a server offers: by the hash of their manifest, each opened once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sonoher2.core.errors import InputError
from sonoher2.server.work.bundles import Bundles


def bundle(folder: Path, content: bytes) -> tuple[Path, str]:
    """Write a manifest; give the folder and the model's id."""
    folder.mkdir()
    (folder / "manifest.json").write_bytes(content)
    return folder, hashlib.sha256(content).hexdigest()


class Opened:
    """A pool that opens nothing and notes what it was asked to open."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def run(self, function: object, folder: str, trust: str) -> str:
        self.asked.append((folder, trust))
        return f"facts of {Path(folder).name}"


def test_models_are_offered_in_their_order_each_once(tmp_path: Path) -> None:
    (first, one), (second, two), (copy, _) = (
        bundle(tmp_path / name, content) for name, content in (("a", b"A"), ("b", b"B"), ("copy", b"A"))
    )
    key = tmp_path / "key.pem"
    pool: Any = Opened()
    offered = Bundles(pool, [second, first], key)
    assert offered.all() == [two, one]
    assert offered.folder(one) == (first, key)
    # the same model elsewhere, and signed by nobody, changes nothing
    assert offered.add(copy) == one
    assert offered.folder(one) == (first, key)
    assert pool.asked == []
    assert [offered.facts(one) for _ in range(3)] == ["facts of a"] * 3
    assert pool.asked == [(str(first), str(key))]


def test_a_model_without_a_key_is_opened_without(tmp_path: Path) -> None:
    folder, name = bundle(tmp_path / "a", b"A")
    pool: Any = Opened()
    offered = Bundles(pool)
    assert offered.all() == []
    offered.add(folder)
    offered.facts(name)
    assert pool.asked == [(str(folder), "")]


def test_what_is_no_model_is_refused_and_an_unknown_id_is_unknown(tmp_path: Path) -> None:
    pool: Any = Opened()
    with pytest.raises(InputError, match=r"absent: this is no bundle\. Give the folder `bundle` of a finished run"):
        Bundles(pool, [tmp_path / "absent"])
    with pytest.raises(KeyError):
        Bundles(pool).folder("0" * 64)
    with pytest.raises(KeyError):
        Bundles(pool).facts("0" * 64)
