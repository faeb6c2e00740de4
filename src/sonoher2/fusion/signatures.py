"""The signatures of a study and their joint fit: each is a classifier over the wide table of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from sonoher2.config import ClinicalColumn, ModelName, StudyConfig
from sonoher2.errors import InputError
from sonoher2.fusion.blocks import DEEP, RADIOMICS
from sonoher2.fusion.logistic import LogisticSignature, score_table
from sonoher2.fusion.nomogram import Nomogram
from sonoher2.models.search import ModelSearch, Selection
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents

PRE_BIOPSY = " (pre-biopsy)"


class FeatureSignature(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A `ModelSearch` on one or several blocks of the wide table.

    Parameters
    ----------
    blocks
        The blocks. The second reader's features are in the block `second_reader(block)`, for the ICC filter only.
    names, selection, inner_folds, seed
        As in `ModelSearch`.

    Attributes
    ----------
    classes_
        Shape (K,).
    search_
        The fitted `ModelSearch`.
    oof_proba_
        Shape (patients, K), out-of-fold.
    """

    def __init__(
        self,
        blocks: tuple[str, ...] = (RADIOMICS,),
        names: tuple[ModelName, ...] | None = None,
        selection: Selection | None = None,
        inner_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.blocks = blocks
        self.names = names
        self.selection = selection
        self.inner_folds = inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Select, choose, fit and calibrate.

        Parameters
        ----------
        X
            Patients by (block, name).
        y
            Shape (patients,), classes.
        groups
            Shape (patients,); patients of one group stay in one fold.
        """
        features = self._features(X)
        present = X.columns.get_level_values(0)
        twice = [second_reader(block) for block in self.blocks]
        second = X[twice[0]][features.columns] if len(twice) == 1 and twice[0] in present else None
        self.search_ = ModelSearch(self.names, self.selection, self.inner_folds, self.seed)
        self.search_.fit(features, y, groups, second)
        self.classes_, self.oof_proba_ = self.search_.classes_, self.search_.oof_proba_
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (patients, K).

        Raises
        ------
        InputError
            A feature of the training patients is absent.
        """
        check_is_fitted(self)
        names, features = self.search_.feature_names_in_, self._features(X)
        absent = [name for name in names if name not in features]
        if absent:
            raise InputError(
                f"{len(absent)} {' and '.join(self.blocks)} features are absent, {absent[0]} first",
                fix="Measure the patient with the model's own settings",
            )
        return self.search_.predict_proba(features[names])

    def _features(self, X: pd.DataFrame) -> pd.DataFrame:
        """Columns of the blocks that are there, side by side."""
        present = [block for block in self.blocks if block in X.columns.get_level_values(0)]
        return pd.concat([X[block] for block in present], axis=1) if present else pd.DataFrame(index=X.index)

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Most probable class, shape (patients,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


Signature = LogisticSignature | FeatureSignature


class SignatureSet(BaseEstimator):  # type: ignore[misc]
    """Signatures that are fitted together, so that a stacked one uses the parts fitted before it.

    Parameters
    ----------
    signatures
        Names and unfitted signatures; one that stacks comes after those whose scores it uses.

    Attributes
    ----------
    classes_
        Shape (K,).
    fitted_
        Fitted signatures by name.
    """

    def __init__(self, signatures: list[tuple[str, Signature]]) -> None:
        self.signatures = signatures

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
        out: dict[str, NDArray[np.float64]] = {}
        for name, signature in self.fitted_.items():
            if names is None or name in names:
                out[name] = signature.predict_proba(_with_scores(X, signature, out))
        return out

    @property
    def oof_(self) -> dict[str, NDArray[np.float64]]:
        """Out-of-fold probabilities of the training patients by signature: for stacking, not for the report."""
        return {name: signature.oof_proba_ for name, signature in self.fitted_.items()}

    @property
    def zoo_(self) -> pd.DataFrame:
        """All candidates: `signature, model, parameters, cv_auc, cv_auc_sd, chosen`."""
        check_is_fitted(self)
        tables = [
            signature.search_.table_.assign(signature=name)
            for name, signature in self.fitted_.items()
            if isinstance(signature, FeatureSignature)
        ]
        columns = ["signature", "model", "parameters", "cv_auc", "cv_auc_sd", "chosen"]
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


def second_reader(block: str) -> str:
    """Name of the block that holds the same features from the second reader's masks."""
    return f"{block} (second reader)"


def build_signatures(config: StudyConfig, columns: Mapping[str, ClinicalColumn], has_images: bool) -> SignatureSet:
    """Signatures of a study: Clinical, Radiomics, Clinical+Radiomics; with deep features Deep, DLR and Combined too.

    DLR (deep learning radiomics) stacks the scores of Radiomics and Deep; "DLR (early)" selects among radiomic
    features and deep components together. Combined stacks DLR and the clinical columns.

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
    signatures: list[tuple[str, Signature]] = []
    early = {name: column for name, column in columns.items() if column.timing == "pre-biopsy"}
    variants = [("", dict(columns))] + ([(PRE_BIOPSY, early)] if 0 < len(early) < len(columns) else [])
    has_deep = has_images and config.deep is not None
    selection = SelectionPipeline.from_config(config.selection, config.seed)
    if has_images:
        signatures.append(("Radiomics", _search(config, (RADIOMICS,), selection)))
    if has_deep:
        signatures.append(("Deep", _search(config, (DEEP,), PrincipalComponents())))
        signatures.append(("DLR (early)", _search(config, (RADIOMICS, DEEP), EarlyFusion(selection))))
        signatures.append(("DLR", _logistic(config, {}, ("Radiomics", "Deep"))))
    for suffix, used in variants:
        if used:
            signatures.append((f"Clinical{suffix}", _logistic(config, used, ())))
        if used and has_images:
            signatures.append((f"Clinical+Radiomics{suffix}", _logistic(config, used, ("Radiomics",))))
        if used and has_deep:
            signatures.append((f"Combined{suffix}", _logistic(config, used, ("DLR",))))
    if not signatures:
        raise InputError("the study has neither clinical columns nor images", fix="Declare `clinical.columns`")
    # the report's order: Clinical first; a stable sort keeps Radiomics ahead of what is stacked on it
    return SignatureSet(sorted(signatures, key=lambda item: item[0] != "Clinical"))


def _search(config: StudyConfig, blocks: tuple[str, ...], selection: Selection) -> FeatureSignature:
    return FeatureSignature(blocks, tuple(config.models), selection, config.validation.inner_folds, config.seed)


def _logistic(config: StudyConfig, columns: Mapping[str, ClinicalColumn], scores: tuple[str, ...]) -> LogisticSignature:
    return LogisticSignature(
        kinds={name: column.kind for name, column in columns.items()},
        scores=scores,
        levels={name: list(column.levels) for name, column in columns.items()},
        units={name: column.unit for name, column in columns.items()},
        inner_folds=config.validation.inner_folds,
        seed=config.seed,
    )


def _with_scores(
    X: pd.DataFrame, signature: Signature, probabilities: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Add the scores that the signature stacks on to the wide table."""
    if isinstance(signature, FeatureSignature) or not signature.scores:
        return X
    return pd.concat([X, *(score_table(name, probabilities[name], X.index) for name in signature.scores)], axis=1)
