"""Which other readings a study is compared with, on whom, and how."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.study import StudyConfig
from sonoher2.networks.own import ImageNetworks
from sonoher2.study.analyses.robustness import ablation as module
from sonoher2.study.analyses.robustness.ablation import other_readings


def study(regions: str, enhance: str, mask: str | None = "mask") -> StudyConfig:
    images = {"table": "images.csv", **({"mask": mask} if mask else {})}
    return StudyConfig.model_validate(
        {
            "title": "t",
            "clinical": {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy"}}},
            "target": {"column": "x", "positive": "1"},
            "images": images,
            "regions": regions,
            "enhance": enhance,
        }
    )


@pytest.mark.parametrize(
    ("regions", "enhance", "mask", "others"),
    [
        ("given", "none", "mask", {"automatic masks": {"regions": "segment"}, "enhanced images": {"enhance": "gan"}}),
        ("segment", "gan", "mask", {"given masks": {"regions": "given"}, "images as they are": {"enhance": "none"}}),
        ("segment", "none", None, {"enhanced images": {"enhance": "gan"}}),
        ("segment-missing", "none", "mask", {"enhanced images": {"enhance": "gan"}}),
    ],
)
def test_the_other_mask_and_the_other_image(
    regions: str, enhance: str, mask: str | None, others: dict[str, dict[str, str]]
) -> None:
    assert other_readings(study(regions, enhance, mask)) == others


def test_a_study_without_images_has_no_other_reading() -> None:
    assert other_readings(study("given", "none").model_copy(update={"images": None})) == {}


def test_the_plain_reading_stands_once_unless_a_reading_lost_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Automatic masks leave nine of ten patients."""
    asked = []
    changes = {"automatic masks": {"regions": "segment"}, "enhanced images": {"enhance": "gan"}, "a": {"enhance": "x"}}
    monkeypatch.setattr(module, "other_readings", lambda study: changes)
    monkeypatch.setattr(module, "measured_otherwise", lambda scored, study: (study, 0.75))

    def compared(scored: Any, name: str, table: Any, overlap: float) -> list[dict[str, Any]]:
        asked.append((name, table, overlap))
        place = {"signature": "Radiomics", "outcome": "yes", "n": 9 if name == "automatic masks" else 10}
        return [{"reading": "as run", **place}, {"reading": name, **place}]

    monkeypatch.setattr(module, "_compared", compared)
    study = SimpleNamespace(model_copy=lambda update: update)
    table = module.reading_ablation(SimpleNamespace(study=study))  # type: ignore[arg-type]
    assert asked == [(name, change, 0.75) for name, change in changes.items()]
    assert table[["reading", "n"]].to_numpy().tolist() == [
        ["as run", 9], ["as run", 10], ["automatic masks", 9], ["enhanced images", 10], ["a", 10],
    ]  # fmt: skip


NAMES = pd.Index(list("ABCDE"), name="patient_id")


def scored(**own: object) -> Any:
    """A is a training patient; B and C are cases, D and E are not."""
    patients = pd.DataFrame({"label": [1, 1, 1, 0, 0]}, index=NAMES)
    area = pd.DataFrame({("radiomics", "area"): [0.5, 0.9, 0.6, 0.2, 0.1]}, index=NAMES)
    images = pd.DataFrame({"patient_id": list("ABBCDE"), "image": list("abbcde")})
    cohort = Cohort(patients, images, ("no", "yes"), {}, ())

    def probabilities(X: pd.DataFrame) -> dict[str, np.ndarray]:
        assert X.columns.tolist() == [("radiomics", "area")]
        p = X["radiomics", "area"].to_numpy()
        return {"Radiomics": np.column_stack([1 - p, p])}

    given = {
        "measured": SimpleNamespace(cohort=cohort, feature_table=area, networks="its networks"), "X": area[1:],
        "model": SimpleNamespace(predict_proba=probabilities), "classes": ("no", "yes"), "confidence": 0.95,
        "limits": pd.Series([0.5], index=pd.MultiIndex.from_tuples([("Radiomics", "yes")])),
        "networks": None, "context": "context", "bundle": None,
    }  # fmt: skip
    return SimpleNamespace(**{**given, **own})


def test_the_same_patients_are_scored_both_ways() -> None:
    """B was lost; D is above C when read otherwise, so that one of two pairs is right."""
    other = pd.DataFrame(
        {("radiomics", "more"): [1.0, 1.0, 1.0], ("radiomics", "area"): [0.6, 0.7, 0.1]},
        index=pd.Index(list("CDE"), name="patient_id"),
    )
    plain, changed = module._compared(scored(), "given masks", other, 0.8)
    assert (plain["reading"], changed["reading"], changed["dice"]) == ("as run", "given masks", 0.8)
    assert np.isnan(plain["dice"])
    assert (plain["n"], plain["events"], plain["auc"], plain["moved"]) == (3, 1, 1, 0)
    assert (changed["n"], changed["auc"], changed["difference"]) == (3, 0.5, -0.5)
    assert changed["moved"] == pytest.approx(0.5 / 3)
    assert changed["switched"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("outlined", [True, False])
@pytest.mark.parametrize("networks", [None, ImageNetworks()])
def test_test_patients_alone_are_read_otherwise_from_the_files_as_they_are(
    outlined: bool, networks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The images are those that the table names, not those with the masks of the run."""
    known = scored(networks=networks)
    whole = Cohort(
        pd.DataFrame(), pd.DataFrame({"patient_id": list("ABBE"), "image": list("wxyz")}), ("no", "yes"), {}, ()
    )
    asked: list[Any] = []
    segmented = pd.DataFrame({"dice": [0.7, np.nan, 0.9]}) if outlined else pd.DataFrame()
    monkeypatch.setattr(module, "load_cohort", lambda study: whole)
    monkeypatch.setattr(module, "segment_cohort", lambda cohort, *rest: asked.append(rest) or (cohort, segmented))
    monkeypatch.setattr(module, "with_enhancers", lambda cohort, *rest: asked.append(rest) or cohort)
    monkeypatch.setattr(module, "file_hashes", lambda images: images["image"].tolist())
    monkeypatch.setattr(
        module, "measure_cohort", lambda *given: asked.append(given) or SimpleNamespace(feature_table="table")
    )
    table, overlap = module.measured_otherwise(known, "study")  # type: ignore[arg-type]
    assert table == "table"
    assert overlap == pytest.approx(0.8 if outlined else np.nan, nan_ok=True)
    first, second, (cohort, *rest) = asked
    assert first == ("study", "context", ImageNetworks())
    assert second == ("study", ImageNetworks())
    assert rest == ["study", ["x", "y", "z"], "context", "its networks"]
    assert cohort.patients.index.tolist() == list("BCDE")
    assert cohort.images.index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("bundle", "asked", "images", "wanted"),
    [(None, True, True, True), (None, False, True, False), ("model", True, True, False), (None, True, False, False)],
)
def test_only_a_study_of_images_that_asks_for_it_is_read_otherwise(
    bundle: str | None, asked: bool, images: bool, wanted: bool
) -> None:
    own = study("given", "none").model_copy(update={"ablation": asked} | ({} if images else {"images": None}))
    assert module.ANALYSIS.applies(scored(bundle=bundle, study=own)) is wanted
    assert module.SCHEMA.names[:8] == (
        "reading", "dice", "signature", "outcome", "n", "events", "auc", "auc_low",
    )  # fmt: skip
