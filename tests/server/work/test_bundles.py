"""Models that a server offers: by the hash of their manifest, each opened once."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sonoher2.core.errors import InputError
from sonoher2.server.work.bundles import Bundles, place_of
from sonoher2.server.work.models import BundlePlace
from sonoher2.server.work.open_bundles import opened_bundle

if TYPE_CHECKING:
    from conftest import FinishedStudy


def bundle(folder: Path, content: bytes) -> tuple[Path, str]:
    """Write a manifest; give the folder and the model's id."""
    folder.mkdir()
    (folder / "manifest.json").write_bytes(content)
    return folder, hashlib.sha256(content).hexdigest()


class Opened:
    """A pool that opens nothing and notes what it was asked to open."""

    def __init__(self) -> None:
        self.asked: list[BundlePlace] = []

    def run(self, function: object, place: BundlePlace) -> str:
        self.asked.append(place)
        return f"facts of {Path(place.folder).name}"


def test_models_are_offered_in_their_order_each_once(tmp_path: Path) -> None:
    (first, one), (second, two), (copy, _) = (
        bundle(tmp_path / name, content) for name, content in (("a", b"A"), ("b", b"B"), ("copy", b"A"))
    )
    key = tmp_path / "key.pem"
    pool: Any = Opened()
    offered = Bundles(pool, [second, first], key)
    assert offered.all() == [two, one]
    place = BundlePlace(str(first), str(key), one)
    assert offered.place(one) == place
    # the same model elsewhere, and signed by nobody, changes nothing
    assert offered.add(copy) == one
    assert offered.place(one) == place
    assert pool.asked == []
    assert [offered.facts(one) for _ in range(3)] == ["facts of a"] * 3
    assert pool.asked == [place]


def test_a_model_without_a_key_is_opened_without(tmp_path: Path) -> None:
    folder, name = bundle(tmp_path / "a", b"A")
    pool: Any = Opened()
    offered = Bundles(pool)
    assert offered.all() == []
    offered.add(folder)
    offered.facts(name)
    assert pool.asked == [BundlePlace(str(folder), "", name)]


def test_what_is_no_model_is_refused_and_an_unknown_id_is_unknown(tmp_path: Path) -> None:
    pool: Any = Opened()
    with pytest.raises(InputError, match=r"absent: this is no bundle\. Give the folder `bundle` of a finished run"):
        Bundles(pool, [tmp_path / "absent"])
    with pytest.raises(KeyError):
        Bundles(pool).place("0" * 64)
    with pytest.raises(KeyError):
        Bundles(pool).facts("0" * 64)


def test_a_folder_that_holds_another_model_by_now_answers_nothing(finished: FinishedStudy, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(Path(finished.run) / "bundle", folder)
    offered = place_of(folder)
    assert opened_bundle(offered).sha256 == offered.sha256
    # another text in the manifest is another model
    facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(facts, indent=3), encoding="utf-8")
    opened_bundle.cache_clear()
    with pytest.raises(InputError, match="holds another model since the server was started or the model was chosen"):
        opened_bundle(offered)
    assert opened_bundle(place_of(folder)).sha256 != offered.sha256
