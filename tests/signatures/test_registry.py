"""Which signatures each kind of study gets, how they are built, and which of them speaks for a study."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.deep import DeepConfig
from sonoher2.config.selection import HarmoniseConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents
from sonoher2.signatures.image_based import BestNetwork, FeatureSignature, NetworkSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.protocol import Signature
from sonoher2.signatures.registry import (
    REGISTRY,
    build_signatures,
    by_rank,
    clinical_counterpart,
    headline,
    is_single,
    nested_pairs,
    uses_clinical,
)
from sonoher2.signatures.stacked_candidates import StackedCandidates

ALL_COLUMNS = [
    "Clinical",
    "Radiomics",
    "Deep",
    "DLR (early)",
    "DLR",
    "Clinical+Radiomics",
    "Combined",
    "Combined (zoo)",
]
PRE_BIOPSY = [
    "Clinical (pre-biopsy)",
    "Clinical+Radiomics (pre-biopsy)",
    "Combined (pre-biopsy)",
    "Combined (zoo) (pre-biopsy)",
]


def early_ones(study: StudyConfig) -> dict[str, ClinicalColumn]:
    return {name: column for name, column in study.clinical.columns.items() if column.timing == "pre-biopsy"}


def with_network(study: StudyConfig, *networks: str, training: str = "frozen") -> StudyConfig:
    return study.model_copy(update={"deep": DeepConfig(network=list(networks), training=training)})


def built(study: StudyConfig, columns: Mapping[str, ClinicalColumn], has_images: bool) -> dict[str, Signature]:
    return dict(build_signatures(study, columns, has_images).signatures)


def test_the_names_are_what_tables_and_bundles_hold() -> None:
    assert list(REGISTRY) == ALL_COLUMNS + PRE_BIOPSY
    assert all(entry.name == name for name, entry in REGISTRY.items())


def test_a_signature_comes_after_those_that_it_stacks() -> None:
    order = list(REGISTRY)
    assert [
        (name, parent)
        for name, entry in REGISTRY.items()
        for parent in entry.parents
        if order.index(parent) > order.index(name)
    ] == []
    parents = {name: entry.parents for name, entry in REGISTRY.items() if entry.parents}
    assert parents == {
        "DLR": ("Radiomics", "Deep"),
        "Clinical+Radiomics": ("Radiomics",),
        "Combined": ("DLR",),
        "Combined (zoo)": ("DLR",),
        "Clinical+Radiomics (pre-biopsy)": ("Radiomics",),
        "Combined (pre-biopsy)": ("DLR",),
        "Combined (zoo) (pre-biopsy)": ("DLR",),
    }


@pytest.mark.parametrize(
    ("columns", "has_images", "deep", "names"),
    [
        ("none", True, False, ["Radiomics"]),
        ("early", False, False, ["Clinical"]),
        ("early", False, True, ["Clinical"]),
        ("early", True, False, ["Clinical", "Radiomics", "Clinical+Radiomics"]),
        ("none", True, True, ["Radiomics", "Deep", "DLR (early)", "DLR"]),
        ("early", True, True, ALL_COLUMNS),
        ("all", True, True, ALL_COLUMNS + PRE_BIOPSY),
        ("all", False, False, ["Clinical", "Clinical (pre-biopsy)"]),
        ("late", True, False, ["Clinical", "Radiomics", "Clinical+Radiomics"]),
    ],
)
def test_a_study_has_the_signatures_whose_data_it_has(
    study: StudyConfig, columns: str, has_images: bool, deep: bool, names: list[str]
) -> None:
    every, early = study.clinical.columns, early_ones(study)
    late = {name: column for name, column in every.items() if name not in early}
    used = {"none": {}, "early": early, "late": late, "all": every}[columns]
    assert list(built(with_network(study, "net") if deep else study, used, has_images)) == names


def test_a_study_without_anything_is_refused(study: StudyConfig) -> None:
    with pytest.raises(InputError, match="neither"):
        build_signatures(study, {}, False)


def test_columns_of_the_biopsy_are_left_out_before_it(study: StudyConfig) -> None:
    found = built(with_network(study, "net"), study.clinical.columns, True)
    kinds = {name: list(signature.clinical_kinds) for name, signature in found.items()}
    early, every = ["age", "birads", "palpable"], ["age", "birads", "palpable", "histology"]
    none: list[str] = []
    assert kinds == {
        **dict.fromkeys(["Radiomics", "Deep", "DLR (early)", "DLR"], none),
        **dict.fromkeys(["Clinical", "Clinical+Radiomics", "Combined", "Combined (zoo)"], every),
        **dict.fromkeys(PRE_BIOPSY, early),
    }


@pytest.mark.parametrize("training", ["frozen", "fine-tuned"])
def test_one_network(study: StudyConfig, training: str) -> None:
    found = built(with_network(study, "net", training=training), study.clinical.columns, True)
    radiomics, deep, early = found["Radiomics"], found["Deep"], found["DLR (early)"]
    assert isinstance(radiomics, FeatureSignature)
    assert isinstance(radiomics.selection, SelectionPipeline)
    assert radiomics.feature_groups == ("radiomics",)
    assert isinstance(early, FeatureSignature)
    assert isinstance(early.selection, EarlyFusion)
    assert early.feature_groups == ("radiomics", "deep net")
    assert deep.network == early.network == "net"
    if training == "frozen":
        assert isinstance(deep, FeatureSignature)
        assert isinstance(deep.selection, PrincipalComponents)
        assert deep.feature_groups == ("deep net",)
    else:
        assert isinstance(deep, NetworkSignature)
        assert deep.feature_groups == ("deep score net",)


@pytest.mark.parametrize(("training", "kind"), [("frozen", FeatureSignature), ("fine-tuned", NetworkSignature)])
def test_several_networks_are_chosen_among(study: StudyConfig, training: str, kind: type) -> None:
    found = built(with_network(study, "first", "second", training=training), {}, True)
    for name, expected in (("Deep", kind), ("DLR (early)", FeatureSignature)):
        best = found[name]
        assert isinstance(best, BestNetwork)
        assert [(network, option.network) for network, option in best.options] == [
            ("first", "first"),
            ("second", "second"),
        ]
        assert all(isinstance(option, expected) for _, option in best.options)


def test_settings_reach_every_signature(study: StudyConfig) -> None:
    changed = with_network(study, "net").model_copy(update={"seed": 7})
    for name, signature in built(changed, study.clinical.columns, True).items():
        assert (signature.seed, signature.inner_folds) == (7, 3), name  # type: ignore[attr-defined]
    stacked = built(changed, study.clinical.columns, True)["Combined (zoo)"]
    assert isinstance(stacked, StackedCandidates)
    assert stacked.names == ("logistic", "knn")


def test_a_stack_reads_the_scores_of_its_own_parents(study: StudyConfig, make_table) -> None:
    X, y = make_table(80, 10, image=1.0)
    fitted = build_signatures(study, study.clinical.columns, True).fit(X, y)
    encoder = fitted.fitted_["Clinical+Radiomics"].clinical_encoder
    assert encoder is not None
    assert list(encoder.kinds) == ["age", "birads", "palpable", "histology", "Radiomics score"]
    probability = fitted.oof_["Radiomics"]
    log_odds = np.log(probability[:, 1] / probability[:, 0])
    assert encoder.range_["Radiomics score"] == pytest.approx((log_odds.min(), log_odds.max()))


def test_the_main_signature_speaks_and_else_the_first_rank() -> None:
    names = ["Clinical", "Radiomics", "Deep", "DLR (early)", "DLR"]
    assert headline("Radiomics", names) == "Radiomics"
    assert headline("Combined", names) == "DLR"
    assert headline("", ["Clinical", "Radiomics"]) == "Radiomics"
    assert headline("", ["Clinical (pre-biopsy)", "Clinical"]) == "Clinical"
    assert headline("", ["one of another program"]) == "one of another program"


def test_ranks() -> None:
    assert by_rank(REGISTRY) == [
        "Combined", "Combined (zoo)", "Clinical+Radiomics", "DLR", "DLR (early)", "Deep", "Radiomics", "Clinical",
        "Combined (pre-biopsy)", "Combined (zoo) (pre-biopsy)", "Clinical+Radiomics (pre-biopsy)",
        "Clinical (pre-biopsy)",
    ]  # fmt: skip
    assert by_rank(["x", "a", "Deep"]) == ["Deep", "x", "a"]


def test_colours_are_the_palettes_first() -> None:
    coloured = {name: entry.colour for name, entry in REGISTRY.items() if entry.colour is not None}
    assert coloured == {"Clinical": 0, "Radiomics": 1, "Clinical+Radiomics": 2}


def test_one_kind_of_data() -> None:
    assert [name for name in REGISTRY if is_single(name)] == ["Clinical", "Radiomics", "Deep", "Clinical (pre-biopsy)"]
    assert not is_single("one of another program")
    assert [name for name in REGISTRY if not uses_clinical(name)] == ["Radiomics", "Deep", "DLR (early)", "DLR"]
    assert not uses_clinical("one of another program")


def test_clinical_data_alone_are_of_the_same_columns() -> None:
    late = {name for name in REGISTRY if clinical_counterpart(name) == "Clinical (pre-biopsy)"}
    assert late == set(PRE_BIOPSY)
    assert clinical_counterpart("DLR (early)") == clinical_counterpart("Combined (zoo)") == "Clinical"


def test_pairs_are_nested() -> None:
    assert list(nested_pairs(["Radiomics", "Clinical", "Clinical+Radiomics"])) == [
        ("Clinical", "Clinical+Radiomics"),
        ("Radiomics", "Clinical+Radiomics"),
    ]
    assert list(nested_pairs(["Radiomics", "Deep", "DLR (early)", "DLR"])) == [
        ("Radiomics", "DLR (early)"),
        ("Deep", "DLR (early)"),
        ("Radiomics", "DLR"),
        ("Deep", "DLR"),
    ]


def test_a_signature_before_the_biopsy_holds_no_signature_after_it() -> None:
    pairs = [(old, new) for old, new in nested_pairs(list(REGISTRY)) if new in PRE_BIOPSY]
    assert pairs == [
        ("Clinical (pre-biopsy)", "Clinical+Radiomics (pre-biopsy)"),
        ("Radiomics", "Clinical+Radiomics (pre-biopsy)"),
        ("Clinical (pre-biopsy)", "Combined (pre-biopsy)"),
        ("Clinical+Radiomics (pre-biopsy)", "Combined (pre-biopsy)"),
        ("DLR", "Combined (pre-biopsy)"),
        ("Clinical (pre-biopsy)", "Combined (zoo) (pre-biopsy)"),
        ("Clinical+Radiomics (pre-biopsy)", "Combined (zoo) (pre-biopsy)"),
        ("DLR", "Combined (zoo) (pre-biopsy)"),
    ]


def test_what_the_models_of_each_choice_see_in_a_comparison() -> None:
    assert {name: entry.family for name, entry in REGISTRY.items() if entry.family} == {
        "Radiomics": "Radiomics",
        "Deep": "Networks alone",
        "DLR (early)": "Radiomics + deep",
        "Combined (zoo)": "DLR + clinical",
        "Combined (zoo) (pre-biopsy)": "DLR + clinical (pre-biopsy)",
    }


@pytest.mark.parametrize(("harmonise", "has_images"), [(True, True), (True, False), (False, True)])
def test_sites_are_harmonised_where_there_are_images_and_it_is_asked_for(
    study: StudyConfig, harmonise: bool, has_images: bool
) -> None:
    asked = study.model_copy(update={"harmonise": HarmoniseConfig(reference="B") if harmonise else None})
    found = build_signatures(asked, study.clinical.columns, has_images).harmoniser
    assert (None if found is None else found.reference) == ("B" if harmonise and has_images else None)


def test_words_and_units_of_columns_reach_the_nomogram(study: StudyConfig) -> None:
    found = built(study, study.clinical.columns, True)
    for name in ("Clinical", "Clinical+Radiomics"):
        signature = found[name]
        assert isinstance(signature, LogisticSignature)
        assert signature.levels == {"age": [], "birads": ["3", "4", "5"], "palpable": [], "histology": []}
        assert signature.units == {"age": "years", "birads": "", "palpable": "", "histology": ""}
    radiomics = found["Radiomics"]
    assert isinstance(radiomics, FeatureSignature)
    assert radiomics.names == ("logistic", "knn")


def test_the_combined_signatures_are_compared_with_their_parts_in_order() -> None:
    names = ["Clinical", "Clinical+Radiomics", "DLR", "Combined", "Combined (zoo)"]
    assert list(nested_pairs(names)) == [
        ("Clinical", "Clinical+Radiomics"),
        *((old, new) for new in names[3:] for old in ("Clinical", "Clinical+Radiomics", "DLR")),
    ]
