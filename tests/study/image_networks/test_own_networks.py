"""A study with a segmenter and an enhancer of its own: nobody's image goes through a network that learned from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.cohort.load import load_cohort
from sonoher2.config.image_networks import SegmentedRegions
from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.engine import local_context
from sonoher2.enhancement.enhancer import SHIPPED as CLEARING
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.report.chapters.cohort.segmentation import region_parts
from sonoher2.report.content.parts import Table
from sonoher2.report.content.view import View
from sonoher2.report.writing.methods import methods_text
from sonoher2.segmentation.weights_file import check_card, load_weights, save_weights
from sonoher2.study.external import validate_bundle
from sonoher2.study.image_networks.crossfit import image_networks
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.results.ledger import settings_key
from sonoher2.study.run import run_study
from study.image_networks.own_study import OwnRun, replace_training


def sets_of(run: OwnRun) -> pd.Series:
    return run.result.cohort.patients["set"]


def test_no_network_draws_or_clears_what_it_learned_from(own_run: OwnRun) -> None:
    record = json.loads((own_run.folder / "run.json").read_text(encoding="utf-8"))
    outlines, sets = own_run.result.cohort.segmented, sets_of(own_run)
    owners = outlines.set_index("image")["patient_id"]
    tested = set(outlines["image"][outlines["patient_id"].map(sets) == "test"])
    for name, lessons in (("segmenter", own_run.lessons.segmenters), ("enhancer", own_run.lessons.enhancers)):
        networks = record["networks"][name]
        assert [one["without_fold"] for one in networks] == [None, 1, 2, 3]
        assert set(lessons) == {one["sha256"] for one in networks}
        final, *others = (lessons[one["sha256"]] for one in networks)
        assert not final & tested
        assert final == set(owners.index) - tested
        # each image of a training patient is new to exactly one of the others, together with all of the patient's
        for image in final:
            unseen = [number for number, seen in enumerate(others) if image not in seen]
            assert len(unseen) == 1
            assert all(unseen[0] == n for n, s in enumerate(others) for i in own_images(owners, image) if i not in s)
        assert record["sha256"][name] == networks[0]["sha256"]


def own_images(owners: pd.Series, image: str) -> list[str]:
    return list(owners.index[owners == owners[image]])


def test_the_segmenter_learns_from_masks_alone_and_the_enhancer_needs_none(own_run: OwnRun) -> None:
    record = json.loads((own_run.folder / "run.json").read_text(encoding="utf-8"))
    images = own_run.result.cohort.segmented["image"]
    for sha256, seen in own_run.lessons.segmenters.items():
        assert seen <= own_run.lessons.masked
        told = next(one for one in record["networks"]["segmenter"] if one["sha256"] == sha256)
        assert told["images"] == len(seen)
        assert told["patients"] == len({name.split("_")[0] for name in seen})
    assert own_run.lessons.masked <= set(images)


def test_each_outline_names_the_network_that_drew_it(own_run: OwnRun) -> None:
    outlines, sets = own_run.result.cohort.segmented, sets_of(own_run)
    tested = outlines["patient_id"].map(sets) == "test"
    assert (outlines["network"][tested] == "all training patients").all()
    assert set(outlines["network"][~tested]) == {f"training patients but fold {fold}" for fold in (1, 2, 3)}
    record = json.loads((own_run.folder / "run.json").read_text(encoding="utf-8"))
    for one in record["networks"]["segmenter"][1:]:
        drawn = set(outlines["image"][outlines["network"] == f"training patients but fold {one['without_fold']}"])
        assert not drawn & own_run.lessons.segmenters[one["sha256"]]
    listed = pd.read_csv(own_run.folder / "outlines.csv")
    assert listed["network"].tolist() == outlines["network"].tolist()


def test_leak007_knows_the_networks_and_finds_nobody(own_run: OwnRun) -> None:
    checks = own_run.result.checks.table.set_index("code")
    assert checks.loc["LEAK007", "result"] == "passed"


def test_the_ablation_takes_the_given_masks_and_the_images_as_they_are(own_run: OwnRun) -> None:
    readings = own_run.result.robustness.ablation["reading"]
    assert list(readings.drop_duplicates()) == ["as run", "given masks", "images as they are"]
    by_outline = own_run.result.robustness.outline_features
    selection = own_run.result.model.selection
    assert set(by_outline["reading"]) == {"given masks"}
    # every feature that the model sees, once for each outcome
    assert len(by_outline) == selection["features_out"].iloc[-1] == by_outline["feature"].nunique()


def test_a_patient_is_predicted_from_the_bundle_alone(own_run: OwnRun, tmp_path: Path) -> None:
    moved = tmp_path / "bundle"
    shutil.copytree(own_run.folder / "bundle", moved)
    bundle, study = load_bundle(moved), own_run.study
    record = json.loads((own_run.folder / "run.json").read_text(encoding="utf-8"))
    assert (bundle.schema.segmenter, bundle.schema.enhancer) == tuple(
        record["sha256"][name] for name in ("segmenter", "enhancer")
    )
    tested = own_run.result.performance.predictions.query("set == 'test' and signature == 'Radiomics'")
    found = own_run.result.cohort.segmented.groupby("patient_id")["found"].all()
    row = next(row for row in tested.itertuples() if found[row.patient_id])
    images = pd.read_csv(study.path("images.csv"), dtype=str).query("patient_id == @row.patient_id")
    size = float(images["mm_per_pixel"].iloc[0])
    files = tuple(ImageInput(study.path(image), mm_per_pixel=size) for image in images["image"])
    prediction = predict_patient(bundle, PatientInput(files, {}))
    scores = {score.signature: score.probability for score in prediction.scores}
    assert scores["Radiomics"] == pytest.approx(row.score, abs=1e-6)
    assert {mask.origin for mask in prediction.masks} == {"segmented"}


def test_a_bundle_without_its_network_is_refused(own_run: OwnRun, tmp_path: Path) -> None:
    for name in ("segmenter.safetensors", "enhancer.images.json"):
        broken = tmp_path / name
        shutil.copytree(own_run.folder / "bundle", broken)
        (broken / name).unlink()
        manifest = json.loads((broken / "manifest.json").read_text(encoding="utf-8"))
        del manifest["files"][name]
        (broken / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(InputError, match=rf"the {name.split('.')[0]} is missing"):
            load_bundle(broken)


def test_another_network_in_the_bundle_is_refused(own_run: OwnRun, tmp_path: Path) -> None:
    shutil.copytree(own_run.folder / "bundle", tmp_path / "bundle")
    path = tmp_path / "bundle" / "enhancer.safetensors"
    shutil.copy(CLEARING, path)
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][path.name] = file_sha256(path)
    (tmp_path / "bundle" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match="not the one that the model was fitted with"):
        load_bundle(tmp_path / "bundle")


def test_a_second_run_trains_nothing(own_run: OwnRun, monkeypatch: pytest.MonkeyPatch) -> None:
    lessons = replace_training(monkeypatch)
    again = run_study(own_run.study, own_run.folder, jobs=1)
    assert lessons.trained == 0
    pd.testing.assert_frame_equal(again.performance.predictions, own_run.result.performance.predictions)
    own = own_run.result.about.record["ledger"][-1]
    # tests of the same cohort may have opened its test set with other networks; this one counts once
    assert [entry["model"] for entry in again.about.record["ledger"]].count(own["model"]) == 1


def test_a_validation_uses_the_networks_of_the_model(own_run: OwnRun, tmp_path: Path) -> None:
    bundle = load_bundle(own_run.folder / "bundle")
    with pytest.raises(InputError, match="a validation trains no network"):
        validate_bundle(bundle, own_run.study, tmp_path / "asked", jobs=1)
    second = own_run.study.model_copy(update={"regions": "segment", "enhance": "none"})
    validated = validate_bundle(bundle, second, tmp_path / "validation", jobs=1)
    key = ["patient_id", "signature"]
    before = own_run.result.performance.predictions.query("set == 'test'").set_index(key)["score"].sort_index()
    after = validated.performance.predictions.set_index(key)["score"]
    np.testing.assert_allclose(after.loc[before.index], before, atol=1e-9)
    # the training patients meet networks that saw them here, and the check says so
    checks = validated.checks.table.set_index("code")
    trained = (sets_of(own_run) != "test").sum()
    assert f"the segmenter was trained on images of {trained} of" in checks.loc["LEAK007", "found"]
    assert f"the enhancer was trained on images of {trained} of" in checks.loc["LEAK007", "found"]


def test_weights_of_no_known_kind_are_refused(own_run: OwnRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # nobody could run such a network
    monkeypatch.setattr("sonoher2.segmentation.network.generator_graph", lambda network, size, channels: None)
    network, card = load_weights(own_run.folder / "bundle" / "segmenter.safetensors")
    for number, change in enumerate(({"size": 1 << 20}, {"network": "vit_giant_patch14_224"}, {"size": "96"})):
        path = tmp_path / f"{number}.safetensors"
        save_weights(path, network, card | change)
        with pytest.raises(InputError, match="no weights of a segmenter of a study"):
            check_card(path)
    check_card(own_run.folder / "bundle" / "segmenter.safetensors")


def test_weights_of_a_file_are_used_and_their_patients_told(own_run: OwnRun, tmp_path: Path) -> None:
    """The final segmenter of the study, as if somebody had trained it elsewhere: it saw the training patients."""
    for name in ("segmenter.safetensors", "segmenter.images.json"):
        shutil.copy(own_run.folder / "bundle" / name, tmp_path / name)
    path = tmp_path / "segmenter.safetensors"
    study = own_run.study.model_copy(update={"regions": SegmentedRegions(segment=path), "enhance": "none"})
    networks, drawn = image_networks(study, local_context(own_run.folder / "cache", 1))
    assert drawn is None
    checked = checked_cohort(study, local_context(own_run.folder / "cache", 1), networks)
    sets = sets_of(own_run)
    assert checked.trained_on["segmenter"] == set(sets.index[sets != "test"])
    assert "network" not in checked.segmented
    assert any("the segmenter of segmenter.safetensors" in finding.what for finding in checked.cohort.findings)
    (tmp_path / "segmenter.images.json").unlink()
    with pytest.raises(InputError, match="nothing says which images these weights were trained on"):
        image_networks(study, local_context(tmp_path / "cache", 1))


def test_the_weights_of_a_file_count_in_the_ledger_and_their_path_does_not(own_run: OwnRun) -> None:
    cohort = load_cohort(own_run.study)
    hashes = dict.fromkeys(cohort.images["image"], "0")

    def key(path: str, weights: dict[str, str] | None = None) -> str:
        study = own_run.study.model_copy(update={"regions": SegmentedRegions(segment=Path(path))})
        return settings_key(study, cohort, list(cohort.patients.index), hashes, weights)

    assert key("a", {"segmenter": "1"}) == key("b", {"segmenter": "1"})
    assert key("a", {"segmenter": "1"}) != key("a", {"segmenter": "2"})


def test_the_report_says_who_drew_the_masks(own_run: OwnRun) -> None:
    view = View(own_run.result)
    paragraphs, _ = methods_text(view)
    text = " ".join(paragraphs)
    networks = own_run.result.about.record["networks"]
    final = networks["segmenter"][0]
    said = f"from {final['patients']} training patients with a given mask ({final['images']} images)"
    assert f"a segmenter that was trained in this study (weights sha256 {final['sha256'][:12]})" in text
    assert said in text
    assert "through one of 3 that were trained without the patient's fold" in text
    assert (
        f"by a network that was trained in this study (weights sha256 {networks['enhancer'][0]['sha256'][:12]})" in text
    )
    assert "SonoHER2 ships" not in text
    parts = {part.name: part for part in region_parts(view) if isinstance(part, Table)}
    agreement = parts["agreement"].data.set_index("set")
    outlines = own_run.result.cohort.segmented
    tested = outlines["patient_id"].map(sets_of(own_run)) == "test"
    for name, rows in (("test", tested), ("train_oof", ~tested)):
        assert agreement.loc[name, "n"] == int((outlines["found"] & rows).sum())
        assert agreement.loc[name, "mean"] == pytest.approx(outlines["dice"][rows].mean())
        assert agreement.loc[name, "median"] == pytest.approx(outlines["dice"][rows].median())
