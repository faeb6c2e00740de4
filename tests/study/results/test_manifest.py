"""`run.json`: what went into a run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sonoher2.config.load import load_study
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.results.manifest import described_networks, run_record, settings, study_tables, table_hashes


def test_settings_hold_defaults_and_no_path_of_the_machine(small_study_file: Path) -> None:
    found = settings(load_study(small_study_file))
    assert "data" not in found
    assert found["seed"] == 0
    assert found["split"]["kind"] == "random"
    assert str(small_study_file.parent) not in str(found)


def test_tables_are_named_as_in_the_study_file_and_hashed(small_study_file: Path) -> None:
    study = load_study(small_study_file)
    tables = study_tables(study)
    assert [str(table) for table in tables] == [str(study.clinical.table), str(study.images.table)]
    first = small_study_file.parent / tables[0]
    assert table_hashes(study)[str(tables[0])] == hashlib.sha256(first.read_bytes()).hexdigest()


def test_networks_are_told_with_the_fold_that_they_did_not_see_counted_from_one() -> None:
    final, first = Weights("f", "aa", "i", None, 9, 12), Weights("g", "bb", "i", 0, 6, 8)
    networks = ImageNetworks(segmenter=OwnNetwork(final, {"P1": first}))
    assert described_networks(networks) == {
        "segmenter": [
            {"sha256": "aa", "without_fold": None, "patients": 9, "images": 12},
            {"sha256": "bb", "without_fold": 1, "patients": 6, "images": 8},
        ]
    }


def test_the_record_names_images_by_their_bytes_alone(small_study_file: Path) -> None:
    study = load_study(small_study_file)
    one, other = (
        run_record(study, "2026-01-01T00:00:00+00:00", {"cohort": 1.5}, hashes, {"model": "ab"}, [{"model": "m"}])
        for hashes in ({"a.png": "11", "b.png": "22"}, {"y/b.png": "22", "x/a.png": "11"})
    )
    assert one["images"] == other["images"]
    assert one["images"]["files"] == 2
    changed = run_record(study, "", {}, {"a.png": "11", "b.png": "23"}, {}, [])
    assert changed["images"]["sha256"] != one["images"]["sha256"]
    assert (one["seconds"], one["sha256"], one["ledger"]) == ({"cohort": 1.5}, {"model": "ab"}, [{"model": "m"}])
    assert one["started"] == "2026-01-01T00:00:00+00:00"
    assert one["notice"] == "Research software, not for clinical use."
