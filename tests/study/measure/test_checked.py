"""A checked cohort knows its files, and whether they are still those that were read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.core.errors import Finding, InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.measure import checked as module
from sonoher2.study.measure.checked import Checked, _with_unit
from study_facts import facts


def test_a_table_and_an_image_that_changed_are_noticed(tmp_path: Path) -> None:
    known = facts(3)
    table, image = tmp_path / "t.csv", tmp_path / "i.png"
    hashes = {}
    for path in (table, image):
        path.write_bytes(path.name.encode())
        hashes[str(path)] = hashlib.sha256(path.name.encode()).hexdigest()
    images, tables = {str(image): hashes[str(image)]}, {str(table): hashes[str(table)]}
    checked = Checked(known.config, known.cohort, [], images, pd.DataFrame(), tables)
    checked.require_unchanged()
    for path in (table, image):
        path.write_bytes(b"other")
        with pytest.raises(InputError, match=path.name):
            checked.require_unchanged()
        path.write_bytes(path.name.encode())


@pytest.mark.parametrize(("sizes", "unit"), [([0.1, 0.2, 0.3], "mm"), ([0.1, None, 0.3], "pixel")])
def test_lesions_are_measured_in_mm_where_every_size_is_known(sizes: list[float | None], unit: str) -> None:
    known = facts(3)
    records: Any = [SimpleNamespace(mm_per_pixel=size and (size, size), problem="") for size in sizes]
    study, findings = _with_unit(known.config, known.cohort, records)
    assert study.radiomics.unit.rstrip("s") == unit
    assert bool(findings) == (unit != "mm")


def test_without_images_the_study_stays_as_it_is() -> None:
    known = facts(3, images=False)
    cohort: Any = SimpleNamespace(images=pd.DataFrame({"image": []}))
    assert _with_unit(known.config, cohort, []) == (known.config, [])


def test_weights_that_changed_are_noticed_those_without_a_fold_too(tmp_path: Path) -> None:
    known = facts(3)
    weights = []
    for name in ("final", "without"):
        (tmp_path / name).write_bytes(name.encode())
        weights.append(Weights(str(tmp_path / name), hashlib.sha256(name.encode()).hexdigest(), name))
    networks = ImageNetworks(None, OwnNetwork(weights[0], {"P000": weights[1]}))
    checked = Checked(known.config, known.cohort, [], {}, pd.DataFrame(), networks=networks)
    checked.require_unchanged()
    (tmp_path / "without").write_bytes(b"other")
    with pytest.raises(InputError, match="without"):
        checked.require_unchanged()


@pytest.mark.parametrize("images", [True, False])
def test_a_cohort_is_read_outlined_looked_at_and_grouped(
    images: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Findings of the tables come first, then those of the images, then the unit; an absent table has no hash."""
    known = facts(3, images=images)
    study = known.config.model_copy(update={"data": tmp_path})
    (tmp_path / "c.csv").write_bytes(b"table")
    cohort = replace(known.cohort, findings=(Finding("note", "of the tables"),))
    networks, asked = ImageNetworks(), dict[str, Any]()
    segmented = pd.DataFrame({"mask": ["m"]})
    monkeypatch.setattr(module, "load_cohort", lambda own: cohort)
    monkeypatch.setattr(
        module, "segment_cohort", lambda *given: asked.update(outlined=given[1:]) or (cohort, segmented)
    )
    monkeypatch.setattr(module, "with_enhancers", lambda *given: asked.update(cleared=given[1:]) or cohort)
    monkeypatch.setattr(module, "file_hashes", lambda rows: {"a": "1"})
    monkeypatch.setattr(module, "image_records", lambda rows, *given: asked.update(looked=given) or ["record"])
    monkeypatch.setattr(module, "with_groups", lambda own, groups: asked.update(groups=groups) or own)
    monkeypatch.setattr(module, "_with_unit", lambda own, of, records: ("settled", [Finding("note", "of the unit")]))
    monkeypatch.setattr(module, "patients_trained_on", lambda *given: asked.update(trained=given) or {"segmenter": "P"})

    def findings(of: object, own: object, records: list[str], hashes: object, pairs: Any) -> Any:
        asked.update(found=(own, records, hashes), pairs=pairs.keywords)
        return [Finding("note", "of the images")], "groups"

    monkeypatch.setattr(module, "image_findings", findings)
    checked = module.checked_cohort(study, "context", networks)  # type: ignore[arg-type]
    records = ["record"] if images else []
    assert asked.get("looked") == ((study.reading, {"a": "1"}, "context") if images else None)
    assert (asked["outlined"], asked["cleared"]) == ((study, "context", networks), (study, networks))
    assert (asked["found"], asked["pairs"]) == ((study, records, {"a": "1"}), {"context": "context"})
    own, rows, outlines, context, given = asked["trained"]
    assert (own, outlines is segmented, context, given) == ("settled", True, "context", networks)
    assert rows is cohort.images
    assert asked["groups"] == "groups"
    assert [finding.what for finding in checked.cohort.findings] == ["of the tables", "of the images", "of the unit"]
    assert checked.tables == {str(tmp_path / "c.csv"): hashlib.sha256(b"table").hexdigest()}
    assert (checked.study, checked.records, checked.hashes) == ("settled", records, {"a": "1"})
    assert (checked.segmented is segmented, checked.trained_on, checked.networks) == (
        True,
        {"segmenter": "P"},
        networks,
    )
