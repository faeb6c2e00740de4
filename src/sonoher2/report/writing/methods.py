"""The methods section, written from the settings of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sonoher2.classifiers.encoding import LEAST_PATIENTS
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.models import ModelName, ValidationConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.split import DateSplit, GivenSplit, RandomSplit, SiteSplit
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.core.spelling import FILLED, level
from sonoher2.networks.sources import AUTO, HUB, NONE, OFFLINE
from sonoher2.report.content.image_networks import enhancer_words, given_outlines, segmenter_words
from sonoher2.report.content.parts import Item
from sonoher2.report.content.updates import labelled_sizes
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import listing, named, plural
from sonoher2.selection.harmonise import FEWEST
from sonoher2.signatures.monotone import LEAST_WEIGHT
from sonoher2.signatures.registry import (
    COMBINED,
    COMBINED_CANDIDATES,
    DEEP_SIGNATURE,
    DLR,
    DLR_EARLY,
    REGISTRY,
    uses_clinical,
)
from sonoher2.study.analyses.performance.uncertainty import SLACK
from sonoher2.study.results import columns as c

_REFERENCES = {
    "hu": ("Hu et al. Scientific Reports, 2025", "10.1038/s41598-025-12825-7"),
    "tripod": ("Collins et al. TRIPOD+AI statement. BMJ, 2024;385:e078378", "10.1136/bmj-2023-078378"),
    "asco2018": ("Wolff et al. HER2 testing in breast cancer, ASCO/CAP focused update. J Clin Oncol, 2018;36:2105",
                 "10.1200/JCO.2018.77.8738"),
    "asco2023": ("Wolff et al. HER2 testing in breast cancer, ASCO/CAP guideline update. J Clin Oncol, 2023;41:3867",
                 "10.1200/JCO.22.02864"),
    "ibsi": ("Zwanenburg et al. The Image Biomarker Standardization Initiative. Radiology, 2020;295:328",
             "10.1148/radiol.2020191145"),
    "pyradiomics": ("van Griethuysen et al. Computational radiomics system. Cancer Res, 2017;77:e104",
                    "10.1158/0008-5472.CAN-17-0339"),
    "combat": ("Johnson et al. Adjusting batch effects by empirical Bayes. Biostatistics, 2007;8:118",
               "10.1093/biostatistics/kxj037"),
    "combat-images": ("Fortin et al. Harmonization of cortical thickness across scanners and sites. NeuroImage,"
                      " 2018;167:104", "10.1016/j.neuroimage.2017.11.024"),
    "icc": ("Shrout & Fleiss. Intraclass correlations. Psychol Bull, 1979;86:420", "10.1037/0033-2909.86.2.420"),
    "perturbation": ("Zwanenburg et al. Robustness of radiomic features by image perturbation. Sci Rep, 2019;9:614",
                     "10.1038/s41598-018-36938-4"),
    "fdr": ("Benjamini & Hochberg. Controlling the false discovery rate. J R Stat Soc B, 1995;57:289",
            "10.1111/j.2517-6161.1995.tb02031.x"),
    "mrmr": ("Ding & Peng. Minimum redundancy feature selection. J Bioinform Comput Biol, 2005;3:185",
             "10.1142/S0219720005001004"),
    "cart": ("Breiman et al. Classification and Regression Trees. Wadsworth, 1984", ""),
    "platt": ("Platt. Probabilistic outputs for support vector machines. Advances in Large Margin Classifiers, 1999:61",
              ""),
    "lasso": ("Tibshirani. Regression shrinkage and selection via the lasso. J R Stat Soc B, 1996;58:267",
              "10.1111/j.2517-6161.1996.tb02080.x"),
    "varma": ("Varma & Simon. Bias in error estimation when using cross-validation for model selection. BMC"
              " Bioinformatics, 2006;7:91", "10.1186/1471-2105-7-91"),
    "youden": ("Youden. Index for rating diagnostic tests. Cancer, 1950;3:32",
               "10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3"),
    "delong": ("DeLong et al. Comparing the areas under correlated ROC curves. Biometrics, 1988;44:837",
               "10.2307/2531595"),
    "wilson": ("Wilson. Probable inference. J Am Stat Assoc, 1927;22:209", "10.1080/01621459.1927.10502953"),
    "holm": ("Holm. A simple sequentially rejective multiple test procedure. Scand J Stat, 1979;6:65", ""),
    "calibration": ("Van Calster et al. A calibration hierarchy for risk models. J Clin Epidemiol, 2016;74:167",
                    "10.1016/j.jclinepi.2015.12.005"),
    "dca": ("Vickers & Elkin. Decision curve analysis. Med Decis Making, 2006;26:565", "10.1177/0272989X06295361"),
    "smd": ("Austin. Balance diagnostics for baseline covariates. Stat Med, 2009;28:3083", "10.1002/sim.3697"),
    "conformal": ("Angelopoulos & Bates. Conformal prediction: a gentle introduction. Found Trends Mach Learn,"
                  " 2023;16:494", "10.1561/2200000101"),
    "nomogram": ("Iasonos et al. How to build and interpret a nomogram. J Clin Oncol, 2008;26:1364",
                 "10.1200/JCO.2007.12.9791"),
}  # fmt: skip

_MODELS = {
    "ridge": "ridge regression on the class",
    "linear": "linear regression (least squares)",
    "logistic": "logistic regression",
    "lasso": "L1-penalised logistic regression",
    "elastic-net": "elastic-net logistic regression",
    "svm": "support vector machine",
    "knn": "k nearest neighbours",
    "random-forest": "random forest",
    "extra-trees": "extremely randomised trees",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "mlp": "multilayer perceptron",
    "naive-bayes": "naive Bayes",
}
_TESTS = {
    "mann-whitney": ("Mann–Whitney U test", "Kruskal–Wallis test"),
    "t-test": ("t-test", "one-way analysis of variance"),
}
"""Names of the univariate tests for two classes, and for more."""
_CODES = {
    "number": "numbers were z-scored",
    "ordered": "grades were counted from 0 and z-scored",
    "yes/no": "yes/no columns count as 0 and 1",
    "category": f"levels of a category that at least {LEAST_PATIENTS} training patients have are variables of 0 and 1",
}
"""How clinical columns are coded, by kind; see `ClinicalEncoder`."""
_WINDOWS = {
    "centred": "The window was centred on the lesion, and black beyond the image.",
    "inside": "The window was shifted to lie inside the image.",
}
_SHOWN_MASKS = {
    "none": "",
    "channel": " The mask stood in the network's third channel.",
    "blank": " All that lies outside the mask was blanked.",
}
_FILTERS = {"lbp-2d": "local binary pattern", "squareroot": "square root"}
_SOFTWARE = ("sonoher2", "python", "numpy", "pandas", "scipy", "scikit-learn", "lightgbm", "xgboost", "numba", "skops")


@dataclass
class Citations:
    """Numbers references in the order in which the text names them."""

    keys: list[str] = field(default_factory=list)

    def __call__(self, *keys: str) -> str:
        """``[1, 2]`` for the named references."""
        self.keys += [key for key in keys if key not in self.keys]
        return f"[{', '.join(str(self.keys.index(key) + 1) for key in keys)}]"

    def items(self) -> tuple[Item, ...]:
        """List the references."""
        pairs = [_REFERENCES[key] for key in self.keys]
        return tuple(Item(text, link=f"https://doi.org/{doi}" if doi else "") for text, doi in pairs)


def methods_text(view: View) -> tuple[tuple[str, ...], tuple[Item, ...]]:
    """Write the methods.

    Returns
    -------
    The paragraphs, and the references that they number.
    """
    study, cite = view.result.about.config, Citations()
    paragraphs = [_design(view, cite), _label(study.target, view.result.about.classes, cite), _split(view)]
    if study.images is not None:
        paragraphs += [_outlines(view, study.images), _enhancement(view), _radiomics(study.radiomics, cite)]
        paragraphs += [_harmonisation(view, cite), _deep(view, study.deep) if study.deep else ""]
    if view.validation:
        paragraphs.append(_frozen(view))
    else:
        paragraphs += [_selection(view, cite)] if not view.result.model.selection.empty else []
        paragraphs += [_models(view, cite), _coding(view), _threshold(study, cite), _uncertainty(view, cite)]
    paragraphs += [_statistics(view, cite), _stability(view, cite), _ablation(view), _software(view)]
    return tuple(filter(None, paragraphs)), cite.items()


def _design(view: View, cite: Citations) -> str:
    study = view.result.about.config
    kind = _validation(view) if view.validation else "Development of a prediction model with a locked test set"
    columns = study.clinical.columns
    sources = ["clinical data"] if columns else []
    sources += ["the B-mode ultrasound image of the lesion"] if study.images is not None else []
    text = f"{kind}, reported after TRIPOD+AI {cite('tripod')}; the system follows Hu et al. {cite('hu')}."
    text += f" Predictors: {listing(sources)}, all known at the time of the prediction ({study.timing})."
    if columns:
        text += f" Clinical columns: {listing([f'{name} ({column.timing})' for name, column in columns.items()])}."
    return text + " One prediction per patient; several images of a patient were pooled."


def _validation(view: View) -> str:
    text = "External validation of a frozen model: nothing of the model was fitted, chosen or tuned on these patients"
    updated, sizes = view.result.external.updated, labelled_sizes(view)
    if updated is not None:
        text += (
            f"; an update of its probabilities was learned on {updated.learned_on:,} of them and judged on the others"
        )
    if sizes:
        text += (
            "; to show what a recalibration would give, updates of its probabilities were learned on random draws of"
            f" {listing([str(size) for size in sizes])} of them and judged on those not drawn, and none is used"
        )
    return text


def _label(target: Her2Target | ColumnTarget, classes: tuple[str, ...], cite: Citations) -> str:
    names = listing([f"“{name}”" for name in classes])
    if isinstance(target, ColumnTarget):
        return f"The label is the column “{target.column}”, with the classes {names}."
    key = "asco2018" if target.rule == "ASCO/CAP 2018" else "asco2023"
    return (
        f"HER2 status was derived from raw immunohistochemistry and in-situ hybridisation by the {target.rule} rule"
        f" {cite(key)}, task {target.task}, with the classes {names}. Indeterminate patients (such as 2+ without"
        " in-situ"
        " hybridisation) were left out and counted. A reported status was compared with the derived one, never used."
        f"{_spellings(target)}"
    )


def _spellings(target: Her2Target) -> str:
    number = sum(1 if isinstance(meaning, str) else len(meaning) for meaning in target.values.values())
    mean = "means" if number == 1 else "mean"
    told = f" The study file says what {plural(number, 'spelling')} of these results {mean}." if number else ""
    followed = (
        f" The words of the in-situ hybridisation follow {target.ish_rule}, as declared." if target.ish_rule else ""
    )
    return told + followed


def _split(view: View) -> str:
    if TRAIN_OOF not in view.sets:
        return ""
    split = view.result.about.config.split
    ways = {
        RandomSplit: lambda s: f"at random, stratified by class, {s.test_share:.0%} of patients to the test set",
        DateSplit: lambda s: f"by date: patients from {s.test_from} on are the test set",
        SiteSplit: lambda s: f"by site: all patients of {listing(s.test)} are the test set",
        GivenSplit: lambda s: f"as given by the column “{s.column}” (test: {listing(s.test)})",
    }
    drawn = f"drawn once (seed {view.result.about.config.seed})," if isinstance(split, RandomSplit) else "fixed"
    return (
        f"Patients, never images, were split {ways[type(split)](split)}. The split was {drawn} before anything was"
        f" fitted.{_kept_together(view)}"
        " Every learned step was fitted on training patients only and, in cross-validation, inside the fold."
        f"{_leaks(view)}"
    )


def _leaks(view: View) -> str:
    """Name the checks that found what the words about the split deny."""
    found = [name.partition(" ")[0] for name in view.failed_checks if name.startswith("LEAK")]
    return f" Checks of this run speak against this: {listing(found)}." if found else ""


def _kept_together(view: View) -> str:
    images = view.result.about.config.images
    if images is None:
        return ""
    shared = "a near-duplicate image" if images.near_duplicates else "an identical image file"
    return f" Patients who share {shared} stayed on one side."


def _outlines(view: View, images: ImagesConfig) -> str:
    """Whose outlines the features rest on: masks that were given, or the segmenter's."""
    result = view.result
    outlined, given = len(result.cohort.segmented), given_outlines(view)
    if not outlined:
        return f"The lesions were outlined by the masks that were given; SonoHER2 drew none.{_masks_read(images)}"
    found = int(result.cohort.segmented[c.FOUND].sum())
    text = (
        f"{plural(outlined, 'image')} had the lesion outlined automatically, by {segmenter_words(view)};"
        f" a lesion was found in {found} of them"
    )
    if given <= 0:
        return f"{text}; no given mask was used.{_cut(images)}"
    return f"{text}, and {plural(given, 'image')} had a given mask.{_masks_read(images)}"


def _masks_read(images: ImagesConfig) -> str:
    """How the files of the given masks were read, where the study file says more than which they are."""
    text = f" The lesion was the value {images.mask_label} of the masks." if images.mask_label is not None else ""
    if images.several_masks == "largest":
        text += " Of several masks of one image the largest was the lesion."
    return text + _cut(images)


def _cut(images: ImagesConfig) -> str:
    return " Images were cut to their B-mode part first." if images.crop_to_b_mode else ""


def _enhancement(view: View) -> str:
    if view.result.about.config.enhance == "none":
        return ""
    return (
        f"Before they were measured, all images were enhanced by {enhancer_words(view)}."
        " Its effect on texture was not corrected for."
    )


def _radiomics(radiomics: RadiomicsConfig, cite: Citations) -> str:
    sigmas = listing([f"{sigma:g}" for sigma in radiomics.log_sigma])
    unit = "pixels" if radiomics.resample_mm is None else "mm"
    named = _FILTERS | {"log": f"Laplacian of Gaussian (sigma {sigmas} {unit})"}
    filters = listing([named.get(name, name) for name in radiomics.filters])
    bins = (
        f"a fixed bin width of {radiomics.bin_width:g}"
        if radiomics.bin_width is not None
        else f"{radiomics.bin_count or 32} grey levels per region"
    )
    text = "Shape, first-order and texture features (GLCM, GLRLM, GLSZM, GLDM, NGTDM) were measured in two dimensions"
    text += f" inside the lesion mask, on these images: {filters}"
    text += f"; texture matrices used {bins}."
    resampled = "Images were not resampled."
    if radiomics.resample_mm is not None:
        resampled = f"Images were resampled to square pixels of {radiomics.resample_mm:g} mm first."
    text += f" {resampled}"
    if radiomics.unit is not None:
        text += f" Lengths are in {radiomics.unit}."
    ring = radiomics.ring
    if ring is not None:
        width = f"{ring.mm:g} mm" if ring.mm is not None else f"{ring.share:.0%} of the lesion's equivalent diameter"
        text += f" The tissue around the lesion ({width} wide) was measured as a region of its own."
    return f"{text} Definitions and names follow IBSI {cite('ibsi')} and pyradiomics {cite('pyradiomics')}."


def _harmonisation(view: View, cite: Citations) -> str:
    """ComBat between sites; a validation has the model's own, whatever its study file asks for."""
    harmonise = view.result.about.config.harmonise
    if view.validation:
        reference = view.result.model.reference_site
        how = "applied as the frozen model had learned it on its own training patients. Patients of sites that are new"
        how += " to the model"
    else:
        reference = harmonise.reference if harmonise else ""
        how = (
            "learned on training patients only, inside the outer fold, without the outcome; the inner folds shared it."
            f" Patients of unknown sites, and of sites with fewer than {FEWEST} training patients,"
        )
    if not reference:
        return ""
    return (
        "Differences between sites were taken out of the radiomic features by ComBat"
        f" {cite('combat', 'combat-images')}, which shifts and scales each feature of a site towards the site"
        f" “{reference}”. It was {how} kept their features as measured."
    )


def _deep(view: View, deep: DeepConfig) -> str:
    pooled = "in the halves of the lesion and around it" if deep.pooling == "lesion" else "as the network does"
    named = " and of ".join(deep.network)
    text = (
        f"A network saw the lesion with {deep.margin:.0%} of its longer side around it, at {deep.size} pixels, and its"
        f" maps were pooled {pooled}: the embedding of {named}. {_WINDOWS[deep.window]}{_SHOWN_MASKS[deep.mask]} "
    )
    if deep.mirror:
        text += "It saw the mirror image too, and the mean of the two embeddings counts. "
    components = f"for {DLR_EARLY} one for every five training patients, at most 64"
    if deep.training == "frozen":
        components = f"for {DEEP_SIGNATURE} one for every two training patients, at most 128; "
        components += f"for {DLR_EARLY} one for every five, at most 64"
        text += (
            f"{_frozen_weights(view, deep)}; {DEEP_SIGNATURE} is the best of"
            " the candidate models on principal components of the embedding"
        )
    else:
        text += (
            f"{_tuned_from(view, deep)}{_tuned_stages(view, deep)} for {deep.epochs} epochs, patients and classes"
            " weighing alike, on varied crops (mirror image, gain, attenuation, dynamic range, speckle, scale, shift):"
            " once without each outer fold, once without each two of them, and once on all training patients, so that"
            " each training patient was described by networks that had not seen the patient;"
            f" {DEEP_SIGNATURE} is the network's own score, calibrated"
        )
    if len(deep.network) > 1:
        text += "; of several networks the one with the highest AUC in the inner folds was taken"
    return (
        f"{text}. Principal components ({components}) were learned inside the fold. {DLR} (deep learning radiomics)"
        f" stacks the scores of {' and '.join(REGISTRY[DLR].parents)}; {DLR_EARLY} selects among radiomic features"
        f" and deep components together{_combined(view)}."
    )


def _combined(view: View) -> str:
    if COMBINED not in view.signatures:
        return ""
    return (
        f"; {COMBINED} stacks {DLR} and the clinical columns, by a logistic regression"
        f" and, as {COMBINED_CANDIDATES}, by the best of the candidate models"
    )


def _frozen_weights(view: View, deep: DeepConfig) -> str:
    """Where the weights of a frozen network are from; a bundle carries them without naming their source."""
    if view.validation:
        return "Its weights came with the frozen model"
    if deep.weights == NONE:
        return "Its weights were random and frozen, the network was not trained on any patient"
    if deep.weights in (AUTO, HUB, OFFLINE):
        return "ImageNet weights were frozen, the network was not trained on any patient"
    return f"The weights of the file {Path(deep.weights).name} were frozen, the study trained the network on no patient"


def _tuned_from(view: View, deep: DeepConfig) -> str:
    if view.validation or deep.weights in (AUTO, HUB, OFFLINE):
        return "It was fine-tuned"
    if deep.weights == NONE:
        return "It was trained, from random weights"
    return f"It was fine-tuned, from the weights of the file {Path(deep.weights).name}"


def _tuned_stages(view: View, deep: DeepConfig) -> str:
    """Which parts of the network learned; a bundle does not say whether it began from random weights."""
    if view.validation:
        return ""
    if deep.trains_all_stages:
        return ", in all stages,"
    stages = {0: "", 1: "last stage and "}.get(deep.unfreeze, f"last {deep.unfreeze} stages and ")
    return f", in its {stages}classifier,"


def _selection(view: View, cite: Citations) -> str:
    selection = view.result.about.config.selection
    steps = ["features without variance, or missing in more than half of the patients, were dropped"]
    if selection.icc is not None:
        readers = "the outlines and a second reader's" if len(view.result.cohort.segmented) else "readers"
        between = readers if selection.icc_from == "second-reader" else "the masks and the same redrawn at random"
        apart = f" (not for {DLR_EARLY})" if DLR_EARLY in view.signatures else ""
        below = f"between {between} is below {selection.icc:g}"
        steps.insert(0, f"features whose ICC(2,1) {cite('icc')} {below} were dropped{apart}")
    if selection.test is not None:
        name = _TESTS[selection.test][len(view.result.about.classes) > 2]
        adjusted = f", false discovery rate controlled {cite('fdr')}" if selection.fdr else ""
        steps.append(f"a {name} kept those with p below {selection.alpha:g}{adjusted}")
    if selection.correlation is not None:
        name = selection.correlation.capitalize()
        steps.append(f"of two features with {name} correlation above {selection.max_correlation:g} one was dropped")
    if selection.mrmr is not None:
        steps.append(f"minimum redundancy–maximum relevance {cite('mrmr')} kept at most {selection.mrmr}")
    if selection.lasso:
        steps.append(f"LASSO {cite('lasso')} with a cross-validated penalty kept those with a non-zero coefficient")
    text = f"Radiomic features were selected in this order: {'; '.join(steps)}."
    if selection.bootstraps:
        text += (
            f" To show how stable this choice is, it was repeated on {plural(selection.bootstraps, 'bootstrap sample')}"
            " of the training patients; nothing was chosen by that."
        )
    return text


def _frozen(view: View) -> str:
    return (
        f"The frozen model was applied as it is: {named('signature', view.signatures)}, with the imputation, scaling,"
        " selection and operating thresholds that it learned on its own training patients. How it was trained"
        " stands in the"
        " report of the study that made it."
    )


def _models(view: View, cite: Citations) -> str:
    study, folds = view.result.about.config, view.result.about.config.validation
    text = f"Signatures: {listing(view.signatures)}."
    if not view.result.model.candidates.empty:
        names = listing([_MODELS[name] for name in study.models])
        text += f" The model of the radiomic features and its settings were chosen among: {names};"
        text += f" the simplest within one standard error of the best inner AUC was taken {cite('cart')},"
        text += f" and its score calibrated by a logistic function {cite('platt')}.{_class_weights(study.models)}"
    text += _with_clinical(view)
    text += (
        f" Training patients were scored by nested cross-validation {cite('varma')} ({_outer_folds(folds)} and"
        f" {folds.inner_folds} inner folds, patients grouped)."
    )
    return text + (
        f" Nomograms were drawn after Iasonos et al. {cite('nomogram')}." if view.result.model.nomograms else ""
    )


def _class_weights(models: Sequence[ModelName]) -> str:
    cannot = " (not in k nearest neighbours, which have no weights)" if "knn" in models else ""
    return (
        f" Classes weighed alike while models were fitted{cannot}, and no patient was resampled; the calibration, on"
        " out-of-fold scores, brings probabilities back to the shares of the classes in training."
    )


def _with_clinical(view: View) -> str:
    """How the clinical columns and the scores of other signatures were joined."""
    using = [name for name in view.signatures if uses_clinical(name)]
    if not using:
        return ""
    chosen = [name for name in using if REGISTRY[name].family]
    but = f", other than {listing(chosen)}," if chosen else ""
    ridge = "logistic regressions with a ridge penalty chosen by log-loss"
    text = f" Signatures with clinical data{but} are {ridge}"
    parents = dict.fromkeys(parent for name in using for parent in REGISTRY[name].parents)
    if not parents:
        return f"{text}."
    joins = "the radiomic score joins them"
    if DLR in parents:
        joins = f"the scores of {listing(list(parents))} join the clinical columns, each"
    variables = "one variable" if len(view.result.about.classes) == 2 else "one variable for each class but the first"
    return (
        f"{text}; {joins} as {variables}, out of fold in training, with a coefficient of at least {LEAST_WEIGHT:g} per"
        " standard deviation: a score may be flattened and not turned round."
    )


def _coding(view: View) -> str:
    """Say how predictors were scaled and coded, and what became of missing values, as TRIPOD+AI asks."""
    study, texts = view.result.about.config, []
    if study.images is not None:
        texts.append(
            "Features were z-scored, and one that could not be measured counts as its median, by the training patients,"
            " inside the fold."
        )
    kinds = {column.kind for column in study.clinical.columns.values()}
    coded = [words for kind, words in _CODES.items() if kind in kinds]
    if coded:
        texts.append(f"Clinical columns: {'; '.join(coded)}.")
        texts.append(f"A missing clinical value was {FILLED}. No patient was left out for it.")
    return " ".join(texts)


def _outer_folds(folds: ValidationConfig) -> str:
    return "one outer fold for each site" if folds.by == "site" else f"{folds.outer_folds} outer"


def _threshold(study: StudyConfig, cite: Citations) -> str:
    evaluation = study.evaluation
    rule = (
        f"the largest Youden index {cite('youden')}"
        if evaluation.threshold == "youden"
        else f"a {evaluation.threshold} of at least {level(evaluation.threshold_at)}"
    )
    return (
        f"The operating threshold of each signature is the one with {rule} on out-of-fold training scores, then frozen."
    )


def _uncertainty(view: View, cite: Citations) -> str:
    evaluation, found = view.result.about.config.evaluation, view.result.uncertainty
    texts = []
    if not found.coverage.empty:
        texts.append(
            "Limits of the probabilities were learned, on the same scores, that give each patient a set of classes"
            f" which holds the true one in {level(evaluation.coverage)} of the patients of each class (conformal"
            f" prediction {cite('conformal')}), widened by {SLACK:g} as the models of the folds differ."
        )
    if not found.zones.empty:
        texts.append(
            "Two more thresholds were set on them: one that rules out with a sensitivity of at least"
            f" {level(evaluation.rule_out_sensitivity)}, and one that rules in with a specificity of at least"
            f" {level(evaluation.rule_in_specificity)}."
        )
    return " ".join(texts)


def _statistics(view: View, cite: Citations) -> str:
    evaluation = view.result.about.config.evaluation
    bootstrapped = "the mean AUC over the classes, AUPRC and F1" if view.several else "AUPRC and F1"
    text = (
        f"Intervals are {view.confidence}: AUC by DeLong {cite('delong')}, proportions by Wilson"
        f" {cite('wilson')},"
        f" {bootstrapped} by {evaluation.bootstrap:,} stratified bootstrap samples of patients, calibration by Wald. "
    )
    if not view.result.performance.comparisons.empty:
        text += f"AUCs were compared by DeLong's test {cite('delong')} with Holm's correction {cite('holm')}. "
    text += (
        f"Calibration is shown as slope, intercept and smooth curve {cite('calibration')}, clinical use as net benefit"
        f" {cite('dca')}. "
    )
    if TRAIN_OOF in view.sets:
        text += f"Balance between the sets is given as standardised mean differences {cite('smd')}. "
    if view.several:
        text += "Each class was evaluated against all the others. "
    openings = len(view.result.about.record.get("ledger", ()))
    return text + (f"The ledger of the test set knows of {plural(openings, 'opening')}." if openings else "")


def _stability(view: View, cite: Citations) -> str:
    stability, icc = view.result.about.config.stability, view.result.robustness.feature_icc
    if stability is None or icc.empty:
        return ""
    strengths = listing([f"{strength:.3g}" for strength in sorted(stability.strengths)])
    lesions = plural(int(icc[c.LESIONS].iloc[0]), "image")
    text = (
        f"To see how far results depend on the outline, the masks of {lesions} of training patients"
        f" were shifted, enlarged, shrunk and given contour noise {cite('perturbation')} by {stability.strength:.3g} of"
        f" the lesion's equivalent diameter; ICC(2,1) {cite('icc')} compares the five measurements of each feature."
    )
    applied = list(dict.fromkeys(map(str, view.result.robustness.perturbed.get(c.SIGNATURE, ()))))
    if applied:
        text += (
            f" The frozen {named('signature', applied)} answered for the test patients with randomly redrawn outlines"
            f" (strengths {strengths}) and with outlines drawn too large and too small{_not_redrawn(view, applied)}."
        )
    return f"{text} Nothing was chosen by these figures."


def _not_redrawn(view: View, applied: Sequence[str]) -> str:
    return "" if view.main in applied else f"; {view.main}, whose network sees the outline as well, was not asked"


def _ablation(view: View) -> str:
    readings = list(dict.fromkeys(map(str, view.result.robustness.ablation.get(c.READING, ()))))[1:]
    if not readings:
        return ""
    return (
        f"To see how far results depend on the reading, the test patients were also scored with {listing(readings)}, by"
        " the shipped networks where the study does not use its own. Nothing was chosen by these figures."
    )


def _software(view: View) -> str:
    versions = {str(name): str(value) for name, value in dict(view.result.about.record.get("machine", {})).items()}
    named = [f"{name} {versions[name]}" for name in _SOFTWARE if name in versions]
    return f"Software: {listing(named)}. Random seed {view.result.about.config.seed}." if named else ""
