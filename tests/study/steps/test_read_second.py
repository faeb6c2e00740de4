"""A second cohort is read as the model reads: its kinds and levels, the cohort's own columns and spellings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.bundle.schema import schema_of
from sonoher2.bundle.training import LevelSummary, TrainingSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.steps import read_second as module
from sonoher2.study.steps.read_second import _as_trained, as_the_model_reads, read_second_cohort, second_networks


def column(**declared: object) -> ClinicalColumn:
    return ClinicalColumn.model_validate({"kind": "number", "timing": "pre-biopsy", **declared})


def test_the_cohort_says_where_a_value_stands_and_the_model_what_it_means() -> None:
    own = column(column="Alter", missing=["?"], timing="biopsy", unit="years")
    found = _as_trained("age", own, column(column="Age", missing=["-"], unit="years"))
    assert (found.column, found.missing) == ("Alter", ["?"])
    assert (found.timing, found.unit, found.kind) == ("pre-biopsy", "years", "number")
    assert _as_trained("age", column(), column(column="Age")).column == "age"


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (
            column(kind="category"),
            "age: the column is of kind category, the model's of kind number. Declare it as in the first study",
        ),
        (column(unit="months"), "age: the column is in months, the model's in years. Give the values in years"),
    ],
)
def test_another_kind_or_unit_is_refused(own: ClinicalColumn, what: str) -> None:
    with pytest.raises(InputError, match=what):
        _as_trained("age", own, column(unit="years"))


@pytest.mark.parametrize(
    ("kind", "own", "trained", "same"),
    [
        ("ordered", ["1", "2", "3"], ["1", "2", "3"], True),
        ("ordered", ["1.0", "2"], ["1", "2", "3"], True),
        ("ordered", ["3", "4A", "5", "6"], ["3", "4a", "5"], True),
        # grades that are counted from 0 would be read as the next lower ones
        ("ordered", ["0", "1", "2"], ["1", "2", "3"], False),
        ("ordered", ["3", "2", "1"], ["1", "2", "3"], False),
        ("yes/no", ["pre", "post"], ["pre", "post"], True),
        ("yes/no", ["post", "pre"], ["pre", "post"], False),
        ("yes/no", ["无", "有"], [], True),
        # 1 for no and 2 for yes: 1 would be read as yes
        ("yes/no", ["1", "2"], [], False),
        ("yes/no", [], ["pre", "post"], True),
        ("category", ["b"], ["a", "b"], True),
    ],
)
def test_scales_on_which_a_word_means_something_else_are_refused(
    kind: str, own: list[str], trained: list[str], same: bool
) -> None:
    given, model = (column(kind=kind, levels=levels) for levels in (own, trained))
    if same:
        assert _as_trained("x", given, model).levels == trained
        return
    known = ", ".join(trained or ["no", "yes"])
    what = f"clinical.columns.x: the levels are {', '.join(own)}, the model's {known}. Write"
    with pytest.raises(InputError, match=what):
        _as_trained("x", given, model)


IMAGES = {"table": "i.csv", "site": "site"}
FILE, ITS_OWN, CLEARER = (OwnNetwork(Weights(f"{name}.safetensors", name, f"{name}.json")) for name in "abc")


def study(columns: tuple[str, ...] = ("age",), **settings: object) -> StudyConfig:
    declared = {name: {"kind": "number", "timing": "pre-biopsy"} for name in columns}
    given = {"clinical": {"table": "c.csv", "columns": declared}, "target": {"column": "x", "positive": "1"}}
    return StudyConfig.model_validate({**given, **settings})


def model(first: StudyConfig, networks: ImageNetworks | None = None, training: TrainingSummary | None = None) -> Any:
    schema = schema_of(
        first, version="0", classes=("no", "yes"), signatures=("Clinical",), main="Clinical", thresholds={},
        threshold_rule="Youden", training_patients={},
    ).model_copy(update={"training": training or TrainingSummary()})  # fmt: skip
    return SimpleNamespace(schema=schema, image_networks=networks or ImageNetworks())


def test_images_are_read_and_lesions_measured_as_in_training_but_masks_are_the_cohorts() -> None:
    first = study(
        ("age", "grade"), enhance="gan", radiomics={"bin_count": 16}, deep={},
        images={**IMAGES, "crop_to_b_mode": True, "mask_label": "1"},
    )  # fmt: skip
    second = study(
        ("height", "age"), regions="segment", radiomics={"bin_count": 8}, ablation=True,
        images={"table": "other.csv", "site": "place", "mask_label": "2", "several_masks": "largest"},
        evaluation={"subgroups": ["height", "age", "site"]},
    )  # fmt: skip
    found = as_the_model_reads(second, model(first))
    assert found.images is not None
    assert (str(found.images.table), found.images.site, found.images.mask_label) == ("other.csv", "place", "2")
    assert (found.images.crop_to_b_mode, found.images.several_masks) == (True, "union")
    assert (found.enhance, found.regions, found.radiomics.bin_count) == ("gan", "segment", 16)
    assert found.deep is not None
    assert list(found.clinical.columns) == ["age"]
    assert found.evaluation.subgroups == ["age", "site"]
    assert not found.ablation


def test_a_model_without_images_looks_at_none() -> None:
    second = study(
        images=IMAGES, enhance="gan", deep={}, radiomics={"bin_count": 8}, evaluation={"subgroups": ["age", "site"]}
    )
    found = as_the_model_reads(second, model(study()))
    assert (found.images, found.enhance, found.deep, found.radiomics.bin_count) == (None, "none", None, 8)
    assert found.evaluation.subgroups == ["age"]


@pytest.mark.parametrize(
    ("regions", "segmenter", "read"),
    [
        ({"segment": "own.safetensors"}, ITS_OWN, "segment"),
        ({"segment": "own.safetensors"}, None, {"segment": "own.safetensors"}),
        ("given", ITS_OWN, "given"),
    ],
)
def test_where_the_study_outlines_a_model_outlines_with_its_own_segmenter(
    regions: object, segmenter: OwnNetwork | None, read: object
) -> None:
    second = study(images=IMAGES, regions=regions)
    found = as_the_model_reads(second, model(study(images=IMAGES), ImageNetworks(segmenter)))
    assert found.model_dump(mode="json", exclude_none=True)["regions"] == read


@pytest.mark.parametrize("segmenter", [None, ITS_OWN])
def test_the_models_networks_come_first_and_only_the_model_clears_images(
    segmenter: OwnNetwork | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "networks_of_files", lambda study: ImageNetworks(FILE, FILE))
    found = second_networks(study(), model(study(), ImageNetworks(segmenter, CLEARER)))
    assert found == ImageNetworks(segmenter or FILE, CLEARER)
    assert second_networks(study(), model(study())).enhancer is None


HER2 = {"ihc": "i", "rule": "ASCO/CAP 2018"}


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"target": HER2}, {"target": HER2}, []),
        ({"target": HER2}, {"target": HER2 | {"rule": "ASCO/CAP 2023"}}, [("warning", "follow ASCO/CAP 2023")]),
        ({}, {}, []),
        ({}, {"timing": "post-op"}, [("warning", "the cohort is said to be post-op")]),
        ({}, {"target": {"column": "y", "positive": "1"}}, [("note", "the cohort's label is the column 'y'")]),
        (
            {"target": {"column": "x", "positive": "cancer", "negative": "benign"}},
            {"target": {"column": "x", "positive": "Benign", "negative": "cancer"}},
            [("error", "means one class in the model's study means the other class here")],
        ),
        (
            {"target": HER2},
            {"target": {"column": "h", "positive": ["negative", "0"], "negative": "positive"}},
            [("error", "means the other class here"), ("warning", "the model predicts HER2 status by ASCO/CAP 2018")],
        ),
        (
            {"target": HER2},
            {"target": {"column": "h", "positive": "阳性", "negative": "阴性"}},
            [("warning", "the model predicts HER2 status by ASCO/CAP 2018, and the cohort's label is the column 'h'")],
        ),
    ],
)  # fmt: skip
def test_another_label_or_time_than_the_models_is_told(
    first: dict[str, Any], second: dict[str, Any], said: list[tuple[str, str]]
) -> None:
    found = module._other_target(study(**second), model(study(**first)))
    assert [finding.severity for finding in found] == [severity for severity, _ in said]
    for finding, (_, words) in zip(found, said, strict=True):
        assert words in finding.what


def test_a_column_that_is_known_later_than_the_models_is_told() -> None:
    def timed(timing: str) -> StudyConfig:
        columns = {"nodes": {"kind": "number", "timing": timing}, "age": {"kind": "number", "timing": "pre-biopsy"}}
        return study(clinical={"table": "c.csv", "columns": columns}, timing="post-op")

    (told,) = module._later_columns(timed("post-op"), model(timed("biopsy")))
    assert told.where == "clinical.columns.nodes"
    assert "the column is known post-op, the model's biopsy" in told.what
    assert module._later_columns(timed("biopsy"), model(timed("post-op"))) == []


def test_a_number_that_meant_nothing_in_the_models_table_is_told() -> None:
    ages = {"kind": "number", "timing": "pre-biopsy", "unit": "years", "missing": ["999 years", "unclear"]}
    first = model(study(clinical={"table": "c.csv", "columns": {"age": ages, "size": ages}}))
    clinical = pd.DataFrame({"age": [52.0, 999.0, None], "size": [9.0, 99.0, 99.9]})
    [told] = module._not_known_to_the_model(clinical, first)
    assert (told.severity, told.where) == ("warning", "clinical.columns.age")
    assert told.what.startswith("1 patient has a number that the model's table wrote where nothing was known")
    assert module._not_known_to_the_model(clinical[["size"]], first) == []


def test_a_validation_trains_nothing() -> None:
    asked = study(images={**IMAGES, "mask": "mask"}, regions={"segment": "trained"})
    with pytest.raises(InputError, match=r"trains no network\. Write `regions: segment`"):
        second_networks(asked, model(study()))


def sizes(unit: str, *millimetres: float | None) -> Any:
    """Images, of which one more cannot be read."""
    records = [SimpleNamespace(mm_per_pixel=size and (size, size), problem="") for size in millimetres]
    records.append(SimpleNamespace(mm_per_pixel=None, problem="broken"))
    images = pd.DataFrame({"image": [f"/{place}.png" for place in range(len(records))]})
    return SimpleNamespace(
        study=SimpleNamespace(radiomics=SimpleNamespace(unit=unit)),
        cohort=SimpleNamespace(images=images), records=records,
    )  # fmt: skip


def test_a_model_in_mm_needs_the_size_of_every_pixel_and_one_in_pixels_says_that_it_uses_none() -> None:
    assert module._in_the_models_unit(sizes("mm", 0.1, 0.2)) == []
    with pytest.raises(InputError, match=r"in mm, and the size of a pixel is unknown for 1 of 2 images \(1\.png\)"):
        module._in_the_models_unit(sizes("mm", 0.1, None))
    assert module._in_the_models_unit(sizes("pixels", None, None)) == []
    [note] = module._in_the_models_unit(sizes("pixels", 0.1, None, 0.2))
    assert (note.severity, note.where) == ("note", "images")
    assert note.what == "the model measures lesions in pixels, so the known pixel sizes of 2 images were not used"


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A second cohort of two patients without images on its way; classes, sites and findings may be changed."""
    training = TrainingSummary(clinical={"shape": LevelSummary(missing=0.0, shares={"round": 1.0})})
    now = SimpleNamespace(
        study=study(("age", "shape")), context="context", findings=["before"],
        model_bundle=model(study(("age", "shape")), training=training),
        cohort=SimpleNamespace(
            findings=(Finding("warning", "a hair"),), classes=("no", "yes"), images=pd.DataFrame({"image": []}),
            clinical=["shape"],
            patients=pd.DataFrame(
                {"shape": ["round", "oval"], "group": [0, 1]}, index=pd.Index(["A", "B"], name="patient_id")
            ),
        ),
    )  # fmt: skip

    def checked(read: StudyConfig, context: object, networks: object) -> Any:
        assert (list(read.clinical.columns), context, networks) == (["age", "shape"], "context", ImageNetworks())
        return SimpleNamespace(study=read.model_copy(update={"title": "settled"}), cohort=now.cohort, records=[])

    monkeypatch.setattr(module, "checked_cohort", checked)
    return now


def test_all_patients_of_a_second_cohort_are_test_patients(second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_in_the_models_unit", lambda checked: ["in pixels"])
    read_second_cohort(second)
    assert second.split.sets.to_dict() == {"A": TEST, "B": TEST}
    assert second.study.title == "settled"
    assert second.findings[:2] == ["before", Finding("warning", "a hair")]
    unit, told = second.findings[2:]
    assert unit == "in pixels"
    assert told.where == "clinical.columns.shape"
    assert told.what == "1 of 2 patients have a value that was not seen in training: oval"


def test_a_second_cohort_that_cannot_be_used_is_refused(second: Any) -> None:
    second.cohort.classes = ("yes", "no")
    with pytest.raises(
        InputError, match=r"the cohort's classes are yes, no, the model's no, yes\. Give the second study"
    ):
        read_second_cohort(second)
    second.cohort.patients["shape"] = "oval"
    second.cohort.classes = ("no", "yes")
    with pytest.raises(FindingsError, match="no value was seen in training: oval"):
        read_second_cohort(second)
    second.cohort.findings = (Finding("error", "no image"),)
    with pytest.raises(FindingsError, match="no image"):
        read_second_cohort(second)
    second.study = study(("height",))
    with pytest.raises(InputError, match="none of the model's columns and no images"):
        read_second_cohort(second)
