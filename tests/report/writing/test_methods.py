"""Methods follow the settings of the run."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import report_by_hand as by
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.target import Her2Target
from sonoher2.report.writing.methods import methods_text
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.results.updated import Updated
from study_results import changed


def words(result: StudyResult | None = None, **settings: object) -> str:
    result = by.configured(result or by.study(), **settings)
    return " ".join(methods_text(by.view(result))[0])


def test_design_label_and_split() -> None:
    text = words()
    for sentence in (
        "Development of a prediction model with a locked test set, reported after TRIPOD+AI [1]; the system follows Hu"
        " et al. [2].",
        "Predictors: clinical data and the B-mode ultrasound image of the lesion, all known at the time of the"
        " prediction (biopsy).",
        "Clinical columns: age (pre-biopsy), menopausal (pre-biopsy), BI-RADS (biopsy) and quadrant (pre-biopsy).",
        "The label is the column “her2”, with the classes “HER2-negative” and “HER2-positive”.",
        "at random, stratified by class, 30% of patients to the test set. The split was drawn once (seed 11), before",
        "5 outer and 5 inner folds",
        "the one with the largest Youden index [",
        "Intervals are 90%: AUC by DeLong",
        "AUPRC and F1 by 300 stratified bootstrap samples of patients",
        "Laplacian of Gaussian (sigma 1, 2, 3, 4 and 5 pixels)",
    ):
        assert sentence in text, sentence


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (
            {"kind": "date", "column": "seen", "test_from": "2024-01-31"},
            "by date: patients from 2024-01-31 on are the test",
        ),
        ({"kind": "site", "test": ["North", "South"]}, "by site: all patients of North and South are the test set"),
        ({"kind": "given", "column": "part", "test": ["b"]}, "as given by the column “part” (test: b)"),
    ],
)
def test_other_splits(split: dict[str, object], said: str) -> None:
    images = ImagesConfig(table=Path("images.csv"), site="site", date="seen")
    text = words(split=split, images=images)
    assert said in text
    # no seed has drawn it
    assert "The split was fixed before anything was fitted." in text
    assert "(seed" not in text


def test_a_check_that_found_a_leak_is_named_beside_the_split() -> None:
    def checked(**results: str) -> str:
        rows = [(code, "", result, "", "", "") for code, result in results.items()]
        columns = ["code", "title", "result", "found", "remedy", "page"]
        return words(changed(by.study(), table=pd.DataFrame(rows, columns=columns)))

    text = checked(LEAK002="error", LEAK003="error", SIZE001="error", LEAK006="warning")
    assert "inside the fold. Checks of this run speak against this: LEAK002 and LEAK003." in text
    assert "speak against" not in checked(LEAK001="warning", SIZE001="error")


def test_settings_change_the_words() -> None:
    evaluation = {"threshold": "sensitivity", "threshold_at": 0.85}
    text = words(evaluation=evaluation)
    assert "the one with a sensitivity of at least 85% on out-of-fold training scores" in text
    assert "Youden" not in text
    text = words(radiomics={"bin_width": 20, "resample_mm": 0.1, "ring": {"mm": 2}, "filters": ["original"]})
    assert "a fixed bin width of 20" in text
    assert "resampled to square pixels of 0.1 mm first" in text
    assert "(2 mm wide) was measured as a region of its own" in text


def test_a_validation_fits_nothing() -> None:
    text = words(by.validation())
    assert "frozen model: nothing of the model was fitted, chosen or tuned on these patients, reported after" in text
    assert "The frozen model was applied as it is: signatures Clinical and Radiomics, with" in text
    assert "split" not in text
    assert "standardised mean differences" not in text


def test_a_validation_tells_of_the_update_that_it_learned() -> None:
    updated = Updated(0.25, 3, {"HER2-negative": 1, "HER2-positive": 2}, pd.DataFrame(), pd.DataFrame())
    text = words(by.validation(updated=updated))
    assert (
        "External validation of a frozen model: nothing of the model was fitted, chosen or tuned on these patients; an"
        " update of its probabilities was learned on 3 of them and judged on the others, reported after" in text
    )


def test_a_validation_tells_of_updates_that_were_learned_on_draws() -> None:
    def repairs(*sizes: int) -> pd.DataFrame:
        return pd.DataFrame({"labelled": list(sizes)})

    text = words(by.validation(repairs=repairs(0, 0, 60, 30)))
    assert (
        "nothing of the model was fitted, chosen or tuned on these patients; to show what a recalibration would give,"
        " updates of its probabilities were learned on random draws of 60 and 30 of them and judged on those not drawn,"
        " and none is used, reported after" in text
    )
    # too few patients to draw some
    assert "learned on random draws" not in words(by.validation(repairs=repairs(0, 0)))


def test_a_second_reader_is_compared_with_whoever_drew_the_outlines() -> None:
    two = {"icc": 0.8, "icc_from": "second-reader"}
    images = ImagesConfig(table=Path("images.csv"), second_mask="again")
    chosen = {"selection": pd.DataFrame({"step": ["x"]})}
    assert "between readers is below 0.8" in words(by.study(**chosen), selection=two, images=images)
    drawn = pd.DataFrame({"found": [True, True]})
    text = words(by.study(segmented=drawn, **chosen), selection=two, images=images)
    assert "between the outlines and a second reader's is below 0.8" in text


def test_every_reference_is_numbered_once() -> None:
    paragraphs, references = methods_text(by.view(selection=pd.DataFrame({"step": ["x"]})))
    cited = [int(n) for group in re.findall(r"\[([\d, ]+)\]", " ".join(paragraphs)) for n in group.split(", ")]
    assert set(cited) == set(range(1, len(references) + 1))
    assert [item.text[:8] for item in references[:2]] == ["Collins ", "Hu et al"]
    assert references[0].link == "https://doi.org/10.1136/bmj-2023-078378"


def test_selection_steps_in_order() -> None:
    result = by.study(selection=pd.DataFrame({"step": ["x"]}))
    text = words(result, selection={"icc": 0.8, "icc_from": "perturbation", "fdr": True})
    steps = [
        "between the masks and the same redrawn at random is below 0.8",
        "without variance",
        "false discovery rate",
        "LASSO",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


HER2 = {"ihc": "a", "rule": "ASCO/CAP 2023"}


def test_her2_rule_spellings_and_guideline() -> None:
    plain = words(target=Her2Target.model_validate(HER2))
    assert "by the ASCO/CAP 2023 rule" in plain
    assert "spelling" not in plain
    declared = {"values": {"9": "missing", "ish": {"1": "positive", "0": "negative"}}, "ish_rule": "ASCO/CAP 2018"}
    told = words(target=Her2Target.model_validate(HER2 | declared))
    assert "The study file says what 3 spellings of these results mean." in told
    assert "follow ASCO/CAP 2018, as declared" in told
    one = words(target=Her2Target.model_validate(HER2 | {"values": {"9": "missing"}}))
    assert "what 1 spelling of these results means." in one


def outlined(count: int, found: int, images: int) -> StudyResult:
    table = pd.DataFrame({"found": [True] * found + [False] * (count - found)})
    record = {"sha256": {"segmenter": "ab" * 32, "enhancer": "cd" * 32}}
    return by.study(segmented=table, flow=(FlowStep("", 0, images, images),), record=record)


def test_whose_outlines_the_features_rest_on() -> None:
    assert "The lesions were outlined by the masks that were given; SonoHER2 drew none." in words()
    drawn = words(outlined(30, 28, 28))
    assert "30 images had the lesion outlined automatically" in drawn
    assert "(weights sha256 abababababab)" in drawn
    assert "found in 28 of them; no given mask was used." in drawn
    assert "found in 28 of them, and 12 images had a given mask." in words(outlined(30, 28, 40))
    assert "and 1 image had a given mask." in words(outlined(30, 28, 29))


def test_how_files_of_masks_were_read_is_told_where_the_study_file_says_it() -> None:
    table = Path("images.csv")
    plain = "by the masks that were given; SonoHER2 drew none."
    assert f"{plain} Shape, first-order" in words()
    assert f"{plain} The lesion was the value #ff0000 of the masks. Shape" in words(
        images=ImagesConfig(table=table, mask_label="#ff0000")
    )
    assert f"{plain} Of several masks of one image the largest was the lesion. Images were cut to" in words(
        images=ImagesConfig(table=table, several_masks="largest", crop_to_b_mode=True)
    )
    own = ImagesConfig(table=table, several_masks="largest", crop_to_b_mode=True)
    # no mask was read where all lesions were outlined automatically
    drawn = words(outlined(30, 28, 28), images=own)
    assert "no given mask was used. Images were cut to their B-mode part first. Shape" in drawn
    some = words(outlined(30, 28, 40), images=own)
    assert "12 images had a given mask. Of several masks of one image the largest was the lesion. Images were" in some


def test_how_predictors_are_scaled_and_coded_and_what_became_of_missing_values() -> None:
    feature = (
        "Features were z-scored, and one that could not be measured counts as its median, by the training"
        " patients, inside the fold."
    )
    value = "A missing clinical value was counted as learned in training (numbers and grades: the median; yes/no: the"
    assert (
        f"{feature} Clinical columns: numbers were z-scored; grades were counted from 0 and z-scored;"
        " yes/no columns count as 0 and 1; levels of a category that at least 5 training patients have are"
        " variables of 0 and 1."
        f" {value}" in words()
    )
    without = words(images=None, stability=None)
    assert feature not in without
    assert value in without
    columns = {"age": ClinicalColumn(kind="number", timing="pre-biopsy")}
    few = words(clinical=ClinicalConfig(table=Path("clinical.csv"), columns=columns))
    assert "Clinical columns: numbers were z-scored. A missing" in few
    assert value not in words(clinical=ClinicalConfig(table=Path("clinical.csv")))
    # a frozen model fills as it has learned: its paragraph says so
    assert feature not in words(by.validation())


def test_weights_of_the_classes_are_told() -> None:
    result = by.study(candidates=pd.DataFrame({"model": ["x"]}))
    assert "(not in k nearest neighbours, which have no weights), and no patient was" in words(result)
    assert "weighed alike while models were fitted, and no patient was resampled; the" in words(result, models=["svm"])
    assert "weighed alike" not in words()


def test_sets_of_classes_and_zones_are_told_with_their_rates() -> None:
    rates = {"coverage": 0.8, "rule_out_sensitivity": 0.97, "rule_in_specificity": 0.925}
    one = pd.DataFrame({"set": ["test"]})
    assert "conformal" not in words(evaluation=rates)
    text = words(by.study(coverage=one, zones=one), evaluation=rates)
    assert (
        "then frozen. Limits of the probabilities were learned, on the same scores, that give each patient a set of"
        " classes which holds the true one in 80% of the patients of each class (conformal prediction [7]), widened by"
        " 0.02 as the models of the folds differ. Two more thresholds were set on them: one that rules out"
        " with a sensitivity of at least 97%, and one that rules in"
        " with a specificity of at least 92.5%." in text
    )
    assert "rules out" not in words(by.study(coverage=one), evaluation=rates)
    assert "conformal" not in words(by.study(zones=one), evaluation=rates)


def test_draws_for_the_stability_of_the_selection_are_told() -> None:
    result = by.study(selection=pd.DataFrame({"step": ["x"]}))
    assert "it was repeated" not in words(result)
    assert "it was repeated on 40 bootstrap samples of the training patients" in words(
        result, selection={"bootstraps": 40}
    )


def test_enhancement_is_told() -> None:
    assert "enhanced" not in words()
    told = words(outlined(1, 1, 1), enhance="gan")
    assert "all images were enhanced by the network that SonoHER2 ships (weights sha256 cdcdcdcdcdcd)" in told


def test_stability_and_software() -> None:
    icc = pd.DataFrame({"icc": [0.5], "lesions": [120]})
    record = {"machine": {"python": "3.11", "numpy": "2.4", "sonoher2": "9"}, "ledger": [{}]}
    text = words(by.study(feature_icc=icc, record=record))
    assert "the masks of 120 images of training patients were shifted" in text
    assert "Software: sonoher2 9, python 3.11 and numpy 2.4. Random seed 11." in text
    assert "The ledger of the test set knows of 1 opening." in text


def test_every_step_of_the_selection_is_told() -> None:
    result = by.study(selection=pd.DataFrame({"step": ["x"]}))
    assert (
        "Radiomic features were selected in this order: features without variance, or missing in more than"
        " half of the patients, were dropped; a Mann–Whitney U test"
        " kept those with p below 0.05; of two features with Spearman correlation above 0.9 one was dropped; minimum"
        " redundancy–maximum relevance [5] kept at most 30; LASSO [6] with a cross-validated penalty kept those with a"
        " non-zero coefficient." in words(result)
    )
    settings = {"test": "t-test", "alpha": 0.01, "fdr": True, "correlation": "pearson", "mrmr": None, "lasso": False}
    assert (
        "features without variance, or missing in more than half of the patients, were dropped; a t-test"
        " kept those with p below 0.01, false discovery rate controlled"
        " [5]; of two features with Pearson correlation above 0.9 one was dropped." in words(result, selection=settings)
    )
    images = ImagesConfig(table=Path("images.csv"), second_mask="reader 2")
    readers = words(result, selection={"icc": 0.75, "test": None, "correlation": None}, images=images)
    assert (
        "features whose ICC(2,1) [5] between readers is below 0.75 were dropped; features without variance" in readers
    )
    assert "patients, were dropped; minimum" in readers
    assert "were selected" not in words()


@pytest.mark.parametrize(
    ("test", "two", "more"),
    [
        ("mann-whitney", "a Mann–Whitney U test kept", "a Kruskal–Wallis test kept"),
        ("t-test", "a t-test kept", "a one-way analysis of variance kept"),
    ],
)
def test_the_univariate_test_is_that_of_the_number_of_classes(test: str, two: str, more: str) -> None:
    steps = pd.DataFrame({"step": ["x"]})
    plain, several = (words(one, selection={"test": test}) for one in (by.study(selection=steps), three(steps)))
    assert two in plain
    assert more not in plain
    assert more in several
    assert two not in several


def three(steps: pd.DataFrame) -> StudyResult:
    return by.three_classes(selection=steps)


def with_signatures(*names: str, **changes: object) -> StudyResult:
    """The study of twelve patients with its scores under other names."""
    rows = by.predictions().query("signature == 'Radiomics'")
    return by.study(predictions=pd.concat([rows.assign(signature=name) for name in names]), **changes)


def test_the_icc_filter_is_not_told_of_the_signature_that_has_none() -> None:
    settings = {"selection": {"icc": 0.8, "icc_from": "perturbation"}, "deep": {}}
    steps = pd.DataFrame({"step": ["x"]})
    with_early = words(with_signatures("Radiomics", "DLR (early)", selection=steps), **settings)
    assert "redrawn at random is below 0.8 were dropped (not for DLR (early)); features without variance" in with_early
    without = words(with_signatures("Radiomics", "DLR", selection=steps), **settings)
    assert "redrawn at random is below 0.8 were dropped; features without variance" in without


def test_harmonised_sites_are_told() -> None:
    images = ImagesConfig(table=Path("images.csv"), site="site")
    harmonise = {"reference": "North"}
    assert "ComBat" not in words(images=images)
    told = words(images=images, harmonise=harmonise)
    assert re.search(
        r"by ComBat \[5, 6\], which shifts and scales each feature of a site towards the site “North”\. It was learned"
        r" on training patients only, inside the outer fold, without the outcome; the inner folds shared it\. Patients"
        r" of unknown sites, and of sites with fewer than 5 training patients, kept their features as measured\.",
        told,
    )
    split = {"kind": "site", "test": ["South"]}
    assert "ComBat" not in words(images=None, stability=None, split=split, harmonise=harmonise)
    _, references = methods_text(by.view(by.configured(by.study(), images=images, harmonise=harmonise)))
    assert references[4].link == "https://doi.org/10.1093/biostatistics/kxj037"


def test_a_validation_harmonises_as_its_model_does_not_as_its_study_file_asks() -> None:
    images = ImagesConfig(table=Path("images.csv"), site="site")
    asked = {"images": images, "harmonise": {"reference": "North"}}
    assert "ComBat" not in words(by.validation(), **asked)
    told = words(by.validation(reference_site="West"), **asked)
    assert "towards the site “West”. It was applied as the frozen model had learned it" in told
    assert "Patients of sites that are new to the model kept their features as measured." in told
    assert "North" not in told
    assert "inner folds" not in told


def test_who_is_kept_together_depends_on_what_was_looked_for() -> None:
    assert "Patients who share a near-duplicate image stayed on one side." in words()
    files = words(images=ImagesConfig(table=Path("images.csv"), near_duplicates=False))
    assert "Patients who share an identical image file stayed on one side." in files
    assert "near-duplicate" not in files
    assert "stayed on one side" not in words(images=None, stability=None)


def test_models_that_were_tried_and_how_one_was_chosen() -> None:
    result = by.study(candidates=pd.DataFrame({"model": ["x"]}))
    text = words(result, models=["svm", "ridge"], validation={"outer_folds": 4, "inner_folds": 3})
    assert (
        "Signatures: Clinical and Radiomics. The model of the radiomic features and its settings were chosen among:"
        " support vector machine and ridge regression on the class; the simplest within one standard error of the best"
        " inner AUC was taken [5], and its score calibrated by a logistic function [6]. Classes weighed alike"
        " while models were fitted, and no patient was resampled; the calibration, on out-of-fold scores, brings"
        " probabilities back to the shares of the classes in training. Signatures with clinical data are"
        " logistic"
        " regressions with a ridge penalty chosen by log-loss. Training patients were scored by nested"
        " cross-validation [7] (4 outer and 3 inner folds,"
        " patients grouped)." in text
    )
    assert "Nomograms" not in text
    rows = by.predictions().replace({"signature": {"Clinical": "Clinical+Radiomics"}})
    text = words(by.study(predictions=rows, nomograms={"Clinical": None}))
    assert (
        "are logistic regressions with a ridge penalty chosen by log-loss; the radiomic score joins them as"
        " one variable,"
        " out of fold in training, with a coefficient of at least 0.1 per standard deviation: a score may be flattened"
        " and not turned round." in text
    )
    assert "Nomograms were drawn after Iasonos et al." in text
    text = words(with_signatures("Clinical", "Clinical+Radiomics", "DLR", "Combined", "Combined (zoo)"))
    assert (
        "Signatures with clinical data, other than Combined (zoo), are logistic regressions with a ridge penalty"
        " chosen by log-loss; the scores of Radiomics and DLR join the clinical columns, each as one variable, out of"
        " fold in training, with a coefficient" in text
    )
    rows = by.three_classes().performance.predictions.assign(signature="Clinical+Radiomics")
    text = words(by.three_classes(predictions=rows))
    assert "the radiomic score joins them as one variable for each class but the first, out of fold" in text
    images = ImagesConfig(table=Path("images.csv"), site="site")
    assert "(one outer fold for each site and 5 inner" in words(validation={"by": "site"}, images=images)


def test_networks_are_told_as_they_were_used() -> None:
    frozen = words(deep={"margin": 0.25, "size": 128})
    assert (
        "A network saw the lesion with 25% of its longer side around it, at 128 pixels, and its maps were pooled in the"
        " halves of the lesion and around it: the embedding of EfficientNet-Lite0. The window was centred on the"
        " lesion, and black beyond the image. ImageNet weights were frozen, the network was not trained on any patient;"
        " Deep is the best of the candidate models on principal components of"
        " the embedding. Principal components (for Deep one for every two training patients, at most 128; for DLR"
        " (early) one for every five, at most 64) were learned inside the fold. DLR (deep learning radiomics) stacks"
        " the scores of Radiomics and Deep; DLR (early) selects among" in frozen
    )
    tuned = words(deep={"training": "fine-tuned", "epochs": 7, "pooling": "own", "network": ["ResNet18", "ViT-S"]})
    assert (
        "its maps were pooled as the network does: the embedding of ResNet18 and of ViT-S. The window was centred on"
        " the lesion, and black beyond the image. It was fine" in tuned
    )
    assert (
        "It was fine-tuned, in its last stage and classifier, for 7 epochs, patients and classes weighing alike,"
        " on varied crops (mirror image, gain, attenuation, dynamic range, speckle, scale, shift): once without each"
        " outer fold" in tuned
    )
    assert "calibrated; of several networks the one with the highest AUC in the inner folds was taken. Prin" in tuned
    assert "Principal components (for DLR (early) one for every five training patients, at most 64) were" in tuned
    assert "mirror" not in frozen
    assert (
        " EfficientNet-Lite0. The window was centred on the lesion, and black beyond the image. It saw the"
        " mirror image too, and the mean of the two embeddings counts. ImageNet weights" in words(deep={"mirror": True})
    )
    assert "network saw the lesion" not in words()


@pytest.mark.parametrize(
    ("deep", "said"),
    [
        ({"weights": "hub"}, ". ImageNet weights were frozen, the network was not trained on any patient; Deep is"),
        ({"weights": "none"}, ". Its weights were random and frozen, the network was not trained on any patient; Deep"),
        (
            {"weights": "nets/own.safetensors"},
            ". The weights of the file own.safetensors were frozen, the study trained the network on no patient; Deep",
        ),
        (
            {"weights": "offline", "training": "fine-tuned"},
            ". It was fine-tuned, in its last stage and classifier, for 4 epochs, patients and classes weighing"
            " alike, on varied crops (mirror image, gain, attenuation, dynamic range, speckle, scale, shift): once"
            " without",
        ),
        (
            {"weights": "none", "training": "fine-tuned"},
            ". It was trained, from random weights, in all stages, for 4 epochs, patients and classes weighing"
            " alike, on varied crops (mirror image, gain, attenuation, dynamic range, speckle, scale, shift): once",
        ),
        (
            {"weights": "nets/own.safetensors", "training": "fine-tuned"},
            ". It was fine-tuned, from the weights of the file own.safetensors, in its last stage and classifier, for 4"
            " epochs, patients and classes weighing alike, on varied crops (mirror image, gain, attenuation, dynamic"
            " range, speckle, scale, shift): once",
        ),
    ],
)
def test_where_the_weights_of_a_network_are_from(deep: dict[str, object], said: str) -> None:
    text = words(deep=deep)
    assert said in text
    assert ("ImageNet" in text) is (deep["weights"] == "hub")


def test_a_validation_does_not_guess_where_the_weights_are_from() -> None:
    # a bundle carries its weights, and its settings say `none` whatever they were
    text = words(by.validation(), deep={"weights": "none"})
    assert ". Its weights came with the frozen model; Deep is the best" in text
    assert "It was fine-tuned for 4 epochs" in words(
        by.validation(), deep={"weights": "none", "training": "fine-tuned"}
    )


@pytest.mark.parametrize(
    ("deep", "said"),
    [
        ({}, "centred on the lesion, and black beyond the image. ImageNet weights"),
        ({"window": "inside"}, "EfficientNet-Lite0. The window was shifted to lie inside the image. ImageNet weights"),
        ({"mask": "channel"}, "beyond the image. The mask stood in the network's third channel. ImageNet weights"),
        ({"mask": "blank"}, "beyond the image. All that lies outside the mask was blanked. ImageNet weights"),
        ({"training": "fine-tuned", "unfreeze": 3}, "fine-tuned, in its last 3 stages and classifier, for 4 epochs"),
        ({"training": "fine-tuned", "unfreeze": 0}, "It was fine-tuned, in its classifier, for 4 epochs"),
        ({"training": "fine-tuned", "unfreeze": -1}, "fine-tuned, in all stages, for 4 epochs"),
    ],
)
def test_what_a_network_saw_and_which_stages_learned(deep: dict[str, object], said: str) -> None:
    assert said in words(deep=deep)


def test_combined_is_told_where_the_study_has_it() -> None:
    without = words(with_signatures("Radiomics", "Deep", "DLR", "DLR (early)"), deep={})
    assert "DLR (early) selects among radiomic features and deep components together. " in without
    assert "Combined" not in without
    assert (
        "deep components together; Combined stacks DLR and the clinical columns, by a logistic regression and, as"
        " Combined (zoo), by the best of the candidate models." in words(with_signatures("DLR", "Combined"), deep={})
    )


def test_a_study_without_images_speaks_of_none() -> None:
    text = words(images=None, stability=None)
    assert "Predictors: clinical data, all known" in text
    assert not any(word in text for word in ("outlined", "were measured", "masks"))


def test_what_the_radiomics_were_measured_in() -> None:
    text = words()
    assert (
        "on these images: original, wavelet, Laplacian of Gaussian (sigma 1, 2, 3, 4 and 5 pixels), square, square"
        " root, logarithm, exponential, gradient and local binary pattern; texture matrices used 32 grey levels per"
        " region. Images were not resampled. Definitions" in text
    )
    ring = words(radiomics={"bin_count": 64, "log_sigma": [0.5], "ring": {"share": 0.2}, "unit": "pixels"})
    assert "Gaussian (sigma 0.5 pixels)" in ring
    assert "used 64 grey levels per region. Images were not resampled. Lengths are in pixels." in ring
    assert "The tissue around the lesion (20% of the" in ring
    mm = words(radiomics={"resample_mm": 0.1, "log_sigma": [2]})
    assert "Laplacian of Gaussian (sigma 2 mm)" in mm
    assert "Images were resampled to square pixels of 0.1 mm first." in mm
    assert "not resampled" not in mm


def test_statistics_of_several_classes_and_of_comparisons() -> None:
    plain = words()
    assert "AUCs were compared" not in plain
    assert "Each class was evaluated" not in plain
    assert "standardised mean differences [" in plain
    assert "ledger" not in plain
    rows = pd.DataFrame({"set": ["test"]})
    text = words(by.three_classes(comparisons=rows, record={"ledger": [{}, {}]}))
    assert re.search(r"AUCs were compared by DeLong's test \[\d\] with Holm's correction \[\d+\]\.", text)
    assert "Each class was evaluated against all the others. The ledger of the test set knows of 2 openings." in text


def test_strengths_of_the_changed_outlines() -> None:
    icc = pd.DataFrame({"icc": [0.5], "lesions": [1]})
    redrawn = pd.DataFrame({"signature": ["Clinical", "Radiomics", "Clinical"]})
    text = words(by.study(feature_icc=icc, perturbed=redrawn), stability={"strength": 0.06, "strengths": [0.1, 0.025]})
    assert "the masks of 1 image of training patients were shifted" in text
    assert "contour noise [" in text
    assert "by 0.06 of the lesion's equivalent diameter" in text
    assert (
        "The frozen signatures Clinical and Radiomics answered for the test patients with randomly redrawn outlines"
        " (strengths 0.025 and 0.1) and with outlines drawn too large and too small. Nothing was chosen" in text
    )
    other = words(by.study(feature_icc=icc, perturbed=redrawn[:1]), stability={})
    assert "too small; Radiomics, whose network sees the outline as well, was not asked. Nothing was" in other
    assert "answered" not in words(by.study(feature_icc=icc), stability={})
    assert "were shifted" not in words(by.study(feature_icc=icc), stability=None)
    assert "were shifted" not in words()


def test_references_stand_in_the_order_of_the_text_and_link_where_they_can() -> None:
    _, references = methods_text(by.view(candidates=pd.DataFrame({"model": ["x"]})))
    links = {item.text.split(".")[0]: item.link for item in references}
    assert [item.text.split(" ")[0].rstrip(".") for item in references] == [
        "Collins", "Hu", "Zwanenburg", "van", "Breiman", "Platt", "Varma", "Youden", "DeLong", "Wilson", "Van",
        "Vickers", "Austin",
    ]  # fmt: skip
    assert links["Breiman et al"] == ""
    assert links["Austin"] == "https://doi.org/10.1002/sim.3697"


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("ASCO/CAP 2018", "focused update. J Clin Oncol, 2018;36:2105"),
        ("ASCO/CAP 2023", "guideline update. J Clin Oncol, 2023;41:3867"),
    ],
)
def test_the_guideline_that_is_cited_is_that_of_the_rule(rule: str, named: str) -> None:
    target = Her2Target.model_validate(HER2 | {"rule": rule})
    paragraphs, references = methods_text(by.view(by.configured(by.study(), target=target)))
    assert f"by the {rule} rule [3], task" in paragraphs[1]
    assert references[2].text.endswith(named)
    assert sum("Wolff" in item.text for item in references) == 1


def test_levels_that_were_asked_for_are_not_rounded() -> None:
    evaluation = {"bootstrap": 300, "confidence": 0.995, "threshold": "sensitivity", "threshold_at": 0.975}
    text = words(evaluation=evaluation)
    assert "a sensitivity of at least 97.5% on out-of-fold training scores" in text
    assert "Intervals are 99.5%: AUC by DeLong" in text


def test_the_mean_auc_over_the_classes_has_a_bootstrap_interval() -> None:
    said = "the mean AUC over the classes, AUPRC and F1 by 300 stratified bootstrap samples"
    assert said in words(by.three_classes())
    assert "the mean AUC" not in words()


def test_an_ablation_is_told_with_its_readings() -> None:
    table = pd.DataFrame({"reading": ["as run", "automatic masks", "automatic masks", "enhanced images"]})
    assert (
        "the test patients were also scored with automatic masks and enhanced images, by the shipped networks where the"
        " study does not use its own." in words(by.study(ablation=table))
    )
    assert "also scored" not in words()
