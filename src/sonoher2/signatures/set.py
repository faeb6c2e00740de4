"""The signatures of a study and their joint fit: each is a classifier over the feature table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from sonoher2.classifiers.columns import CANDIDATE_COLUMNS
from sonoher2.core.columns import SIGNATURE
from sonoher2.selection.harmonise import SiteHarmoniser
from sonoher2.signatures.nomogram import Nomogram
from sonoher2.signatures.protocol import Signature
from sonoher2.signatures.sites import fit_harmoniser, harmonised
from sonoher2.signatures.stacking import with_scores


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
            Patients by (feature group, name).
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
            self.fitted_[name] = clone(signature).fit(_with_parents(X, signature, self.oof_), y, groups)
        return self

    def predict_proba(self, X: pd.DataFrame, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Probabilities by signature, each of shape (patients, K).

        Parameters
        ----------
        X
            Patients by (feature group, name).
        names
            Signatures to score with, those that others stack on included; all unless told.
        """
        check_is_fitted(self)
        X = self.harmonised(X)
        out: dict[str, NDArray[np.float64]] = {}
        for name, signature in self.fitted_.items():
            if names is None or name in names:
                out[name] = signature.predict_proba(_with_parents(X, signature, out))
        return out

    def compared(self, X: pd.DataFrame) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Score patients by every model and network that the signatures chose among; see `Signature.compared`.

        Parameters
        ----------
        X
            Patients by (feature group, name).

        Returns
        -------
        Probabilities (patients, K) by signature and model.
        """
        scores, table = self.predict_proba(X), self.harmonised(X)
        return {
            (name, model): probability
            for name, signature in self.fitted_.items()
            for model, probability in signature.compared(_with_parents(table, signature, scores)).items()
        }

    def harmonised(self, X: pd.DataFrame) -> pd.DataFrame:
        """Take the site effects out of a feature table, as learned; the table itself without a harmoniser or sites."""
        return harmonised(self.harmoniser_, X)

    @property
    def oof_(self) -> dict[str, NDArray[np.float64]]:
        """Out-of-fold probabilities of the training patients by signature: for stacking, not for the report."""
        return {name: signature.oof_proba_ for name, signature in self.fitted_.items()}

    @property
    def candidates_(self) -> pd.DataFrame:
        """All candidates: `signature, model, parameters, cv_auc, cv_auc_sd, chosen`."""
        check_is_fitted(self)
        found = {name: signature.candidates_ for name, signature in self.fitted_.items()}
        tables = [table.assign(**{SIGNATURE: name}) for name, table in found.items() if table is not None]
        columns = [SIGNATURE, *CANDIDATE_COLUMNS]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)

    @property
    def nomograms_(self) -> dict[str, Nomogram]:
        """Nomograms by signature; none for more than two classes."""
        check_is_fitted(self)
        drawn = {name: signature.nomogram() for name, signature in self.fitted_.items()}
        return {name: nomogram for name, nomogram in drawn.items() if nomogram is not None}

    def usable(self, clinical: Collection[str], has_image: bool) -> list[str]:
        """Signatures that can score a patient: the image that they need and one of their clinical columns are given.

        Parameters
        ----------
        clinical
            Keys of the clinical columns that are given.
        has_image
            Whether the lesion is measured.
        """
        names: list[str] = []
        for name, signature in self.fitted_.items():
            seen = has_image or not signature.needs_image
            known = not signature.clinical_kinds or any(key in clinical for key in signature.clinical_kinds)
            if seen and known and all(parent in names for parent in signature.parents):
                names.append(name)
        return names

    def image_leaves(self, name: str) -> list[str]:
        """Signatures of the image that a signature rests on in the end; itself when it reads the image."""
        signature = self.fitted_[name]
        own = [name] if signature.needs_image else []
        return own + [leaf for parent in signature.parents for leaf in self.image_leaves(parent)]

    def uses_clinical(self, name: str) -> bool:
        """Whether a signature or one that it stacks reads clinical columns."""
        signature = self.fitted_[name]
        return bool(signature.clinical_kinds) or any(self.uses_clinical(parent) for parent in signature.parents)

    def feature_spaces(self, X: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """See the patients as the models of features do: (patients, selected) by signature.

        A signature whose feature groups X lacks is left out.

        Parameters
        ----------
        X
            Patients by (feature group, name), harmonised.
        """
        found = {name: signature.feature_space(X) for name, signature in self.fitted_.items()}
        return {name: space for name, space in found.items() if space is not None}


def _with_parents(
    X: pd.DataFrame, signature: Signature, probabilities: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """Add the scores that the signature stacks on to the feature table."""
    parents = signature.parents
    return with_scores(X, {name: probabilities[name] for name in parents}) if parents else X
