"""The signatures of a study and their joint fit: each is a classifier over the wide table of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from sonoher2.classifiers.search import Selection
from sonoher2.config.base import Kind
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.deep import DeepConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.selection.harmonise import SiteHarmoniser
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents
from sonoher2.signatures.candidate_models import CandidateModelsSignature
from sonoher2.signatures.feature_table import RADIOMICS, deep_block
from sonoher2.signatures.image_based import (
    CANDIDATE_COLUMNS,
    BestNetwork,
    FeatureSignature,
    ImageSignature,
    NetworkSignature,
    second_reader,
)
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.nomogram import Nomogram
from sonoher2.signatures.sites import fit_harmoniser, harmonised
from sonoher2.signatures.stacking import with_scores

__all__ = ["PRE_BIOPSY", "FeatureSignature", "ImageSignature", "SignatureSet", "build_signatures", "second_reader"]

PRE_BIOPSY = " (pre-biopsy)"


Signature = LogisticSignature | CandidateModelsSignature | FeatureSignature | NetworkSignature | BestNetwork


class SignatureSet(BaseEstimator):  # type: ignore[misc]
    """Signatures that are fitted together, so that a stacked one uses the parts fitted before it.

    Parameters
    ----------
    signatures
        Names and unfitted signatures; one that stacks comes after those whose scores it uses.
    harmoniser
        Takes site effects out of the radiomic features before anything else; None leaves them.

    Attributes
    ----------
    classes_
        Shape (K,).
    harmoniser_
        Fitted `SiteHarmoniser`, or None.
    fitted_
        Fitted signatures by name.
    """

    # bundles of the first format know no harmoniser
    harmoniser_: SiteHarmoniser | None = None

    def __init__(self, signatures: list[tuple[str, Signature]], harmoniser: SiteHarmoniser | None = None) -> None:
        self.signatures = signatures
        self.harmoniser = harmoniser

    @property
    def names(self) -> list[str]:
        """Names of the signatures, in order."""
        return [name for name, _ in self.signatures]

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit every signature once, in order.

        Parameters
        ----------
        X
            Patients by (block, name).
        y
            Shape (patients,), classes.
        groups
            Shape (patients,); patients of one group stay in one fold.
        """
        self.classes_ = np.unique(np.asarray(y))
        self.harmoniser_ = None if self.harmoniser is None else fit_harmoniser(clone(self.harmoniser), X)
        X = self.harmonised(X)
        self.fitted_: dict[str, Signature] = {}
        for name, signature in self.signatures:
            self.fitted_[name] = clone(signature).fit(_with_scores(X, signature, self.oof_), y, groups)
        return self

    def predict_proba(self, X: pd.DataFrame, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Probabilities by signature, each of shape (patients, K).

        Parameters
        ----------
        X
            Patients by (block, name).
        names
            Signatures to score with, those that others stack on included; all unless told.
        """
        check_is_fitted(self)
        X = self.harmonised(X)
        out: dict[str, NDArray[np.float64]] = {}
        for name, signature in self.fitted_.items():
            if names is None or name in names:
                out[name] = signature.predict_proba(_with_scores(X, signature, out))
        return out

    def harmonised(self, X: pd.DataFrame) -> pd.DataFrame:
        """Take the site effects out of a wide table, as learned; the table itself without a harmoniser or sites."""
        return harmonised(self.harmoniser_, X)

    @property
    def oof_(self) -> dict[str, NDArray[np.float64]]:
        """Out-of-fold probabilities of the training patients by signature: for stacking, not for the report."""
        return {name: signature.oof_proba_ for name, signature in self.fitted_.items()}

    @property
    def candidates_(self) -> pd.DataFrame:
        """All candidates: `signature, model, parameters, cv_auc, cv_auc_sd, chosen`."""
        check_is_fitted(self)
        tables = [
            signature.table_.assign(signature=name)
            for name, signature in self.fitted_.items()
            if not isinstance(signature, LogisticSignature)
        ]
        columns = ["signature", *CANDIDATE_COLUMNS]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)

    @property
    def nomograms_(self) -> dict[str, Nomogram]:
        """Nomograms by signature; none for more than two classes."""
        check_is_fitted(self)
        drawn = {
            name: signature.nomogram()
            for name, signature in self.fitted_.items()
            if isinstance(signature, LogisticSignature)
        }
        return {name: nomogram for name, nomogram in drawn.items() if nomogram is not None}


def build_signatures(config: StudyConfig, columns: Mapping[str, ClinicalColumn], has_images: bool) -> SignatureSet:
    """Signatures of a study: Clinical, Radiomics, Clinical+Radiomics; with a network Deep, DLR and Combined too.

    DLR (deep learning radiomics) stacks the scores of Radiomics and Deep; "DLR (early)" selects among radiomic
    features and deep components together. Combined stacks DLR and the clinical columns by a logistic regression,
    "Combined (zoo)" by the best of the model zoo. Of several networks each signature takes the one that is best in the
    inner folds.

    A study that also uses columns known only from the biopsy on (ER, PR, Ki-67) gets the clinical signatures a second
    time without them, named "... (pre-biopsy)".

    Parameters
    ----------
    config
        The study.
    columns
        The clinical columns by name; may be empty.
    has_images
        Whether there are radiomics.

    Returns
    -------
    Unfitted.

    Raises
    ------
    InputError
        There is neither a clinical column nor an image.
    """
    deep = config.deep if has_images else None
    selection = SelectionPipeline.from_config(config.selection, config.seed)
    signatures: list[tuple[str, Signature]] = []
    if has_images:
        signatures.append(("Radiomics", _search(config, (RADIOMICS,), selection)))
    if deep is not None:
        signatures += [("Deep", _deep(config, deep)), ("DLR (early)", _early(config, deep, selection))]
        signatures.append(("DLR", _logistic(config, {}, ("Radiomics", "Deep"))))
    early = {name: column for name, column in columns.items() if column.timing == "pre-biopsy"}
    for suffix, used in (("", columns), (PRE_BIOPSY, early if len(early) < len(columns) else {})):
        if used:
            signatures += _with_clinical(config, used, suffix, has_images)
    if not signatures:
        raise InputError("the study has neither clinical columns nor images", fix="Declare `clinical.columns`")
    # the report's order: Clinical first; a stable sort keeps Radiomics ahead of what is stacked on it
    harmoniser = SiteHarmoniser(config.harmonise.reference) if has_images and config.harmonise else None
    return SignatureSet(sorted(signatures, key=lambda item: item[0] != "Clinical"), harmoniser)


def _with_clinical(
    config: StudyConfig, columns: Mapping[str, ClinicalColumn], suffix: str, has_images: bool
) -> list[tuple[str, Signature]]:
    """Signatures that use clinical columns."""
    signatures: list[tuple[str, Signature]] = [(f"Clinical{suffix}", _logistic(config, columns, ()))]
    if has_images:
        signatures.append((f"Clinical+Radiomics{suffix}", _logistic(config, columns, ("Radiomics",))))
    if has_images and config.deep is not None:
        zoo = CandidateModelsSignature(
            _kinds(columns), ("DLR",), tuple(config.models), config.validation.inner_folds, config.seed
        )
        signatures += [(f"Combined{suffix}", _logistic(config, columns, ("DLR",))), (f"Combined (zoo){suffix}", zoo)]
    return signatures


def _deep(config: StudyConfig, deep: DeepConfig) -> Signature:
    if deep.training == "fine-tuned":
        folds, seed = config.validation.inner_folds, config.seed
        return _best(config, {name: NetworkSignature(name, folds, seed) for name in deep.network})
    return _best(config, {name: _search(config, (deep_block(name),), PrincipalComponents()) for name in deep.network})


def _early(config: StudyConfig, deep: DeepConfig, selection: SelectionPipeline) -> Signature:
    fused = EarlyFusion(selection)
    return _best(config, {name: _search(config, (RADIOMICS, deep_block(name)), fused) for name in deep.network})


def _best(config: StudyConfig, options: Mapping[str, FeatureSignature | NetworkSignature]) -> Signature:
    """Choose among the networks' signatures; one network alone needs no choice."""
    if len(options) == 1:
        return next(iter(options.values()))
    return BestNetwork(list(options.items()), config.validation.inner_folds, config.seed)


def _search(config: StudyConfig, blocks: tuple[str, ...], selection: Selection) -> FeatureSignature:
    return FeatureSignature(blocks, tuple(config.models), selection, config.validation.inner_folds, config.seed)


def _logistic(config: StudyConfig, columns: Mapping[str, ClinicalColumn], scores: tuple[str, ...]) -> LogisticSignature:
    return LogisticSignature(
        kinds=_kinds(columns),
        scores=scores,
        levels={name: list(column.levels) for name, column in columns.items()},
        units={name: column.unit for name, column in columns.items()},
        inner_folds=config.validation.inner_folds,
        seed=config.seed,
    )


def _kinds(columns: Mapping[str, ClinicalColumn]) -> dict[str, Kind]:
    return {name: column.kind for name, column in columns.items()}


def _with_scores(
    X: pd.DataFrame, signature: Signature, probabilities: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Add the scores that the signature stacks on to the wide table."""
    if isinstance(signature, ImageSignature) or not signature.scores:
        return X
    return with_scores(X, {name: probabilities[name] for name in signature.scores})
