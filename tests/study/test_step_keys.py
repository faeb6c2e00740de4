"""What the steps of a study are given is in their keys: each thing that is changed changes them, nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit import refit as refit_module
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.deep import DeepConfig
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.models import ValidationConfig
from sonoher2.config.radiomics import RadiomicsConfig, Ring
from sonoher2.config.selection import HarmoniseConfig, SelectionConfig
from sonoher2.core.files import content_key
from sonoher2.engine import key_of
from sonoher2.engine.executors import SERIAL
from sonoher2.signatures.registry import build_signatures
from sonoher2.study.analyses.performance import comparisons, signatures, subgroups
from sonoher2.study.explain import heat_maps
from sonoher2.study.fit import signatures as fit_module
from sonoher2.study.fit.signatures import estimator_key, fit_signatures
from sonoher2.study.fit.training_set import TrainingSet
from sonoher2.study.measure.crops import crop_lesions
from sonoher2.study.measure.embeddings import embed_crops
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import LesionFile, keyed_reading
from sonoher2.study.measure.perturbed_features import Way, measure_perturbed
from sonoher2.study.measure.records import image_records
from sonoher2.study.measure.segmented import SEGMENTED, segment_cohort


class AskedError(Exception):
    """Ends what asked for values of a step."""


@dataclass
class Asking:
    """Stands in the place of a context: notes what was asked for, and computes nothing."""

    keys: list[str] = field(default_factory=list)
    first_only: bool = True
    executor: Any = SERIAL

    def attempt(self, step: Any, items: Any, *shared: object, cost: Any = None) -> Any:
        self.keys += [content_key(step.name, key_of(shared), key_of(item)) for item in items]
        if self.first_only:
            raise AskedError
        return pd.DataFrame()

    files = map = stream = attempt

    def run(self, step: Any, *given: object) -> Any:
        return self.attempt(step, given[:1], *given[1:])


def asked(call: Callable[[Any], object]) -> list[str]:
    asking = Asking()
    with pytest.raises(AskedError):
        call(asking)
    return asking.keys


HASHES = {"a.png": "1", "m.png": "2", "n.png": "3", "b.png": "4", "s.png": "5"}
FILE = LesionFile("a.png", ("m.png",), 0.1, None)
FILES = {
    "as it is": FILE,
    "another image": replace(FILE, image="b.png"),
    "another mask": replace(FILE, masks=("n.png",)),
    "one more mask": replace(FILE, masks=("m.png", "n.png")),
    "masks the other way round": replace(FILE, masks=("n.png", "m.png")),
    "another pixel size": replace(FILE, mm_per_pixel=0.2),
    "no pixel size": replace(FILE, mm_per_pixel=float("nan")),
    "first frame": replace(FILE, frame=1),
    "second frame": replace(FILE, frame=2),
}
READINGS = {
    "as it is": ImageReading(),
    "largest mask": ImageReading(several_masks="largest"),
    "B-mode part": ImageReading(crop_to_b_mode=True),
    "one label": ImageReading(mask_label="2"),
    "cleared": ImageReading(enhance="gan"),
}
RADIOMICS = {
    "as it is": RadiomicsConfig(),
    "one filter": RadiomicsConfig(filters=["original"]),
    "sigma": RadiomicsConfig(log_sigma=[1.0]),
    "bins": RadiomicsConfig(bin_count=16),
    "width": RadiomicsConfig(bin_width=25),
    "resampled": RadiomicsConfig(resample_mm=0.1),
    "ring": RadiomicsConfig(ring=Ring(share=0.1)),
    "wider ring": RadiomicsConfig(ring=Ring(share=0.2)),
    "unit": RadiomicsConfig(unit="mm"),
}


def all_differ(keys: dict[str, list[str]]) -> None:
    by_key: dict[str, str] = {}
    for name, key in keys.items():
        text = content_key(key)
        assert text not in by_key, f"{name} has the key of {by_key[text]}"
        by_key[text] = name


PLAIN, MEASURED, NETWORK = ImageReading(), RadiomicsConfig(), DeepConfig()
GROW = (Way("grow", 0.1),)


def features(
    context: Any, file: LesionFile = FILE, reading: ImageReading = PLAIN, radiomics: RadiomicsConfig = MEASURED
) -> object:
    return measure_lesions([file], reading, radiomics, HASHES, context)


def perturbed(
    context: Any,
    file: LesionFile = FILE,
    reading: ImageReading = PLAIN,
    radiomics: RadiomicsConfig = MEASURED,
    ways: tuple[Way, ...] = GROW,
    seed: int = 0,
) -> object:
    return measure_perturbed([file], ways, reading, radiomics, HASHES, seed, context)


def crops(context: Any, file: LesionFile = FILE, reading: ImageReading = PLAIN, deep: DeepConfig = NETWORK) -> object:
    return crop_lesions([file], reading, deep, HASHES, context)


LESION_STEPS: dict[str, Callable[..., object]] = {"features": features, "perturbed": perturbed, "crops": crops}


@pytest.mark.parametrize("name", sorted(LESION_STEPS))
def test_what_a_lesion_is_read_from_and_how(name: str) -> None:
    step = LESION_STEPS[name]
    keys = {f"file {what}": asked(lambda context, file=file: step(context, file=file)) for what, file in FILES.items()}
    for what, reading in READINGS.items():
        if what != "as it is":
            keys[f"reading {what}"] = asked(lambda context, reading=reading: step(context, reading=reading))
    all_differ(keys)


@pytest.mark.parametrize("name", ["features", "perturbed"])
def test_what_is_measured(name: str) -> None:
    step = LESION_STEPS[name]
    all_differ(
        {what: asked(lambda context, given=given: step(context, radiomics=given)) for what, given in RADIOMICS.items()}
    )


def test_how_a_mask_is_changed() -> None:
    step = LESION_STEPS["perturbed"]
    ways = [GROW, (Way("shrink", 0.1),), (Way("grow", 0.2),), (*GROW, Way("shift", 0.1))]
    keys = {str(some): asked(lambda context, some=some: step(context, ways=some)) for some in ways}
    all_differ(keys | {"another seed": asked(lambda context: step(context, seed=1))})


def test_what_is_cut_out_and_nothing_else_of_a_network() -> None:
    def key(**deep: object) -> list[str]:
        return asked(lambda context: LESION_STEPS["crops"](context, deep=DeepConfig(**deep)))

    all_differ({"as it is": key(), "size": key(size=96), "margin": key(margin=0.2)})
    assert key(training="fine-tuned", pooling="own", mask="channel", epochs=3) == key()


def test_where_the_files_lie_does_not_count() -> None:
    moved = {f"elsewhere/{name}": sha256 for name, sha256 in HASHES.items()}
    file = LesionFile("elsewhere/a.png", ("elsewhere/m.png",), 0.1)
    there = asked(lambda context: measure_lesions([file], ImageReading(), RadiomicsConfig(), moved, context))
    assert there == asked(lambda context: LESION_STEPS["features"](context))


def test_the_enhancer_counts_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [content_key(key_of(keyed_reading(READINGS[name]))) for name in ("as it is", "cleared")]
    weights = SimpleNamespace(sha256="other weights")
    monkeypatch.setattr("sonoher2.enhancement.enhancer.load_enhancer", lambda: weights)
    after = [content_key(key_of(keyed_reading(READINGS[name]))) for name in ("as it is", "cleared")]
    assert after[0] == before[0]
    assert after[1] != before[1]


def rows_of(file: LesionFile, second: str | None) -> pd.DataFrame:
    row = {"image": file.image, "masks": file.masks, "second_mask": second, "mm_per_pixel": file.mm_per_pixel}
    return pd.DataFrame([row | {"frame": float("nan") if file.frame is None else float(file.frame)}])


def test_what_an_image_is_looked_at_by() -> None:
    def key(file: LesionFile = FILE, second: str | None = None, reading: ImageReading | None = None) -> list[str]:
        return asked(lambda context: image_records(rows_of(file, second), reading or ImageReading(), HASHES, context))

    keys = {name: key(file) for name, file in FILES.items()}
    keys |= {"second mask": key(second="s.png"), "another second mask": key(second="n.png")}
    keys |= {name: key(reading=READINGS[name]) for name in ("largest mask", "B-mode part", "one label")}
    all_differ(keys)
    # images are looked at as they are
    assert key(reading=ImageReading(enhance="gan")) == key()


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    return [str(tmp_path / "a.png"), str(tmp_path / "b.png")]


def test_what_a_lesion_is_segmented_from(pictures: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def key(path: str, frame: float = float("nan"), crop: bool = False, weights: str = "w") -> list[str]:
        monkeypatch.setattr("sonoher2.segmentation.segmenter.load_segmenter", lambda: SimpleNamespace(sha256=weights))
        images = pd.DataFrame({"patient_id": ["P"], "image": [path], "masks": [()], "frame": [frame]})
        study = SimpleNamespace(regions="segment", reading=ImageReading(crop_to_b_mode=crop))
        return asked(lambda context: segment_cohort(SimpleNamespace(images=images), study, context))

    first, second = pictures
    all_differ(
        {
            "as it is": key(first),
            "another image": key(second),
            "a frame": key(first, 1.0),
            "another frame": key(first, 2.0),
            "cropped": key(first, crop=True),
            "other weights": key(first, weights="v"),
        }
    )
    assert SEGMENTED.name == "segmented"


def test_what_embeds_a_crop() -> None:
    network = SimpleNamespace(sha256="1", mask="none", mirror=False, pooling="lesion", size=160)

    def key(crop: str = "crop", **change: object) -> list[str]:
        return asked(
            lambda context: embed_crops([Path(f"{crop}.npy")], SimpleNamespace(**{**vars(network), **change}), context)
        )

    keys = {"as it is": key(), "another crop": key("other")}
    keys |= {name: key(**{name: "another"}) for name in vars(network)}
    all_differ(keys)


COLUMNS = {
    "age": ClinicalColumn(kind="number", timing="pre-biopsy"),
    "er": ClinicalColumn(kind="yes/no", timing="biopsy"),
}


def study_of(**change: object) -> Any:
    """What the signatures of a study are built from."""
    own = {
        "seed": 0,
        "selection": SelectionConfig(),
        "models": ["ridge", "svm"],
        "validation": ValidationConfig(),
        "harmonise": None,
        "deep": DeepConfig(),
        "comparison": False,
    }
    given = {**own, **change}
    return SimpleNamespace(**given, networks=given["deep"])


def signatures_key(columns: dict[str, ClinicalColumn] | None = None, **change: object) -> list[str]:
    found = build_signatures(study_of(**change), COLUMNS if columns is None else columns, True)
    return [content_key(key_of(estimator_key(found)))]


def test_what_the_signatures_are_made_of() -> None:
    keys = {"as it is": signatures_key()}
    selections = [{"icc": 0.8}, {"test": "t-test"}, {"alpha": 0.1}, {"fdr": True}, {"correlation": "pearson"},
                  {"max_correlation": 0.8}, {"mrmr": 10}, {"lasso": False}]  # fmt: skip
    keys |= {str(change): signatures_key(selection=SelectionConfig(**change)) for change in selections}
    keys |= {"seed": signatures_key(seed=1), "models": signatures_key(models=["ridge"])}
    keys["inner folds"] = signatures_key(validation=ValidationConfig(inner_folds=4))
    keys["ComBat"] = signatures_key(harmonise=HarmoniseConfig(reference="A"))
    keys["another reference"] = signatures_key(harmonise=HarmoniseConfig(reference="B"))
    keys["no network"] = signatures_key(deep=None)
    keys["another network"] = signatures_key(deep=DeepConfig(network="resnet18"))
    keys["fine-tuned"] = signatures_key(deep=DeepConfig(training="fine-tuned"))
    keys["fewer columns"] = signatures_key({"age": COLUMNS["age"]})
    keys["another kind"] = signatures_key({**COLUMNS, "er": ClinicalColumn(kind="category", timing="biopsy")})
    keys["another unit"] = signatures_key({**COLUMNS, "age": COLUMNS["age"].model_copy(update={"unit": "years"})})
    all_differ(keys)


def test_how_a_network_is_trained_does_not_matter_to_what_is_fitted_on_its_features() -> None:
    assert signatures_key(deep=DeepConfig(epochs=9, size=96, weights="file.bin")) == signatures_key()


def test_the_code_of_every_signature_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: set[str] = set()

    def code(kind: type) -> str:
        kinds.add(kind.__name__)
        return kind.__name__

    monkeypatch.setattr(fit_module, "code_fingerprint", code)
    signatures_key(harmonise=HarmoniseConfig(reference="A"))
    signatures_key(deep=DeepConfig(network=["resnet18", "resnet34"], training="fine-tuned"))
    assert kinds >= {
        "SignatureSet", "LogisticSignature", "FeatureSignature", "NetworkSignature", "BestNetwork", "StackedCandidates",
        "SelectionPipeline", "EarlyFusion", "PrincipalComponents", "SiteHarmoniser",
    }  # fmt: skip


TRAINING = TrainingSet(
    pd.DataFrame({("clinical", "age"): np.arange(12.0), ("clinical", "kind"): ["a", "b", None] * 4}),
    np.array([0, 1] * 6),
    np.arange(12),
)


def fit_key(training: TrainingSet = TRAINING, **change: object) -> list[str]:
    study = study_of(validation=ValidationConfig(outer_folds=3), **change)
    signatures = build_signatures(study, COLUMNS, False)
    return asked(lambda context: fit_signatures(signatures, training, study, context))


def test_what_the_signatures_are_fitted_on() -> None:
    X, y = TRAINING.X.copy(), TRAINING.y.copy()
    X.iloc[3, 0] += 1e-12
    y[[4, 5]] = y[[5, 4]]
    words = TRAINING.X.copy()
    words.iloc[2, 1] = "None"
    renamed = TRAINING.X.rename(columns={"age": "size"})
    groups = TRAINING.groups.copy()
    groups[1] = 3
    keys = {
        "as it is": fit_key(),
        "a value": fit_key(replace(TRAINING, X=X)),
        "a word": fit_key(replace(TRAINING, X=words)),
        "a name": fit_key(replace(TRAINING, X=renamed)),
        "labels": fit_key(replace(TRAINING, y=y)),
        "groups": fit_key(replace(TRAINING, groups=groups)),
        "seed": fit_key(seed=1),
    }
    all_differ(keys)
    # each fold by itself and the final fit
    assert len(set(keys["as it is"])) == len(keys["as it is"]) == 4


def test_a_fold_sees_its_own_columns() -> None:
    deep = pd.DataFrame({("deep", "0"): np.zeros(12)})
    whole = TrainingSet(pd.concat([TRAINING.X, deep], axis=1), TRAINING.y, TRAINING.groups, (deep, deep, deep))
    other = replace(whole, by_fold=(deep + 1, deep, deep))
    one, two = fit_key(whole), fit_key(other)
    assert [a == b for a, b in zip(one, two, strict=True)] == [False, True, True, True]


def predictions() -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["a", "b"], "set": "test", "label": ["x", "y"], "outcome": "y",
                         "signature": "S", "score": [0.2, 0.7]})  # fmt: skip


def tables_keys(**change: Any) -> list[str]:
    evaluation = change.get("evaluation", EvaluationConfig(subgroups=["age"]))
    columns = change.get("columns", COLUMNS)
    study = SimpleNamespace(
        evaluation=evaluation, seed=change.get("seed", 0), clinical=SimpleNamespace(columns=columns)
    )
    patients = pd.DataFrame({"set": ["test"] * 2, "age": change.get("age", [40.0, 50.0]), "other": [1, 2]}, ["a", "b"])
    thresholds = pd.DataFrame({"signature": ["S"], "outcome": ["y"], "threshold": [change.get("threshold", 0.5)]})
    asking = Asking(first_only=False)
    scored: Any = SimpleNamespace(
        predictions=change.get("scores", predictions()),
        thresholds=thresholds,
        patients=patients,
        study=study,
        context=asking,
        confidence=evaluation.confidence,
        bundle=change.get("bundle"),
    )
    for analysis in (signatures.ANALYSIS, comparisons.ANALYSIS, subgroups.SUBGROUPS, subgroups.INTERACTIONS):
        analysis.compute(scored)
    return asking.keys


def test_what_each_table_of_figures_rests_on() -> None:
    """Tables are in the order of signatures, comparisons, subgroups and interactions."""
    before = tables_keys()

    def same(**change: object) -> list[bool]:
        return [one == other for one, other in zip(before, tables_keys(**change), strict=True)]

    assert same() == [True] * 4
    assert same(scores=predictions().assign(score=[0.2, 0.8])) == [False] * 4
    assert same(threshold=0.6) == [False, True, True, True]
    assert same(seed=1) == [False, True, True, True]
    assert same(evaluation=EvaluationConfig(subgroups=["age"], bootstrap=500)) == [False, True, True, True]
    assert same(evaluation=EvaluationConfig(subgroups=["age"], confidence=0.9)) == [False] * 4
    assert same(evaluation=EvaluationConfig()) == [True, True, False, False]
    assert same(evaluation=EvaluationConfig(subgroups=["age"], coverage=0.8)) == [True] * 4
    assert same(age=[40.0, 60.0]) == [True, True, False, False]
    # how a column's levels are called, which was once forgotten
    named = {**COLUMNS, "age": ClinicalColumn(kind="ordered", levels=["young", "old"], timing="pre-biopsy")}
    assert same(columns=named) == [True, True, False, False]
    assert same(columns={**COLUMNS, "er": ClinicalColumn(kind="category", timing="biopsy")}) == [True] * 4
    # where a validation cuts its numbers
    training = SimpleNamespace(clinical={"age": SimpleNamespace(quantiles=(30.0, 45.0, 90.0))})
    frozen = SimpleNamespace(schema=SimpleNamespace(training=training))
    assert same(bundle=frozen) == [True, True, False, False]


def test_whose_heat_maps_are_drawn() -> None:
    of = SimpleNamespace(model=None, networks=(), sha256="model")

    def key(predicted: int = 1, crop: str = "crop", sha256: str = "model", step: Any = heat_maps.SHARES) -> list[str]:
        table, paths = pd.DataFrame({"called": [predicted]}, ["P"]), pd.Series({"P": [Path(f"{crop}.npy")]})
        given = SimpleNamespace(**{**vars(of), "sha256": sha256})
        return asked(lambda context: heat_maps._each(step, given, table, paths, ["P"], context))

    all_differ(
        {
            "as it is": key(),
            "the other class": key(predicted=0),
            "another crop": key(crop="other"),
            "another model": key(sha256="other"),
            "another test": key(step=heat_maps.DELETION),
        }
    )


def test_what_a_run_of_an_audit_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def settings(study: Any, *fields: str) -> dict[str, object]:
        return {name: key_of(getattr(study, name)) for name in fields}

    monkeypatch.setattr(refit_module, "settings_key", settings)

    def key(
        study: Any = None,
        table: Any = TRAINING.X,
        training: int = 8,
        labels: Any = TRAINING.y,
        group: int = 0,
        **cohort: Any,
    ) -> list[str]:
        patients = pd.DataFrame({"group": [*range(11), group], "age": 1.0})
        known = {"patients": patients, "clinical": COLUMNS, "classes": ("x", "y"), **cohort}
        measured = refit_module.Measured(SimpleNamespace(**known), pd.DataFrame(), table)
        bench = refit_module.Bench(study or study_of(deep=None), measured, np.arange(12) < training)
        runs = [refit_module.Refit(3, labels)]
        return asked(lambda context: list(refit_module.refit(bench, runs, context, "Runs")))

    keys = {
        "as it is": key(),
        "other labels": key(labels=1 - TRAINING.y),
        "other values": key(table=TRAINING.X.iloc[::-1]),
        "another split": key(training=9),
        "another group": key(group=11),
        "other classes": key(classes=("x", "z")),
        "other columns": key(clinical={"age": COLUMNS["age"]}),
        "seed": key(study_of(deep=None, seed=1)),
        "models": key(study_of(deep=None, models=["svm"])),
        "selection": key(study_of(deep=None, selection=SelectionConfig(lasso=False))),
        "folds": key(study_of(deep=None, validation=ValidationConfig(outer_folds=4))),
        "ComBat": key(study_of(deep=None, harmonise=HarmoniseConfig(reference="A"))),
        "a comparison of models": key(study_of(deep=None, comparison=True)),
        "a network": key(study_of()),
    }
    all_differ(keys)
