"""Training patients as numbers without names: what a new patient is compared with.

One row per training patient, in an order that tells nothing (see `_order`): the class, the out-of-fold score of each
signature, the encoded clinical columns and the selected, standardised features. No identifier, no date, no image.
These are still measurements of people: whoever holds other data of theirs could find a row again.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    # steps that compare with the training patients need not be computed anew for a new setting
    from sonoher2.bundle.schema import BundleSchema

MOST_CELLS = 20_000_000
"""20,000 patients with 1,000 columns; as numbers 160 MB."""
SAME = 1e-5
"""Standard deviations by which a feature of one lesion may differ: a reference keeps single precision."""
FIRST = 200
"""Cases by which it is seen which column tells most apart."""
BY_CHANCE = 1e-3
"""Cases that agree with a stranger by chance, from which on agreement tells nothing: grey levels are whole numbers."""
_LABEL, _SCORE, _SPACE = "label", "score", "space"


@dataclass(frozen=True)
class Reference:
    """The training patients, numbered from 1.

    Attributes
    ----------
    labels
        (cases,), names of the classes.
    scores
        (cases, (signature, outcome)): out-of-fold probabilities.
    spaces
        (cases, columns) each: the encoded clinical columns as `CLINICAL`, and by signature the features that its model
        sees.
    """

    labels: pd.Series
    scores: pd.DataFrame
    spaces: dict[str, pd.DataFrame]


def build_reference(
    model: SignatureSet,
    X: pd.DataFrame,
    labels: pd.Series,
    scores: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> tuple[Reference, list[str]]:
    """Take from the training patients what new ones are compared with.

    Parameters
    ----------
    model
        Fitted on them.
    X
        Training patients by (feature group, name).
    labels
        (patients,), names of the classes, same index.
    scores
        By signature and outcome, out of fold, (patients,).

    Returns
    -------
    The reference; and the patients' identifiers in the order of the cases, for whoever may know them.
    """
    order = _order(X, labels)
    cases = pd.RangeIndex(1, len(X) + 1, name="case")
    flat = {(name, outcome): p for name, found in scores.items() for outcome, p in found.items()}
    reference = Reference(
        pd.Series(labels.to_numpy()[order], index=cases),
        pd.DataFrame(flat).iloc[order].set_axis(cases),
        {name: space.iloc[order].set_axis(cases) for name, space in model_spaces(model, X).items()},
    )
    return reference, [str(patient) for patient in X.index[order]]


def _order(X: pd.DataFrame, labels: pd.Series) -> NDArray[np.intp]:
    """Order of the cases, (patients,) positions: it can neither be guessed nor differ from run to run.

    A permutation by the study's seed could be undone by whoever guesses the seed and knows the order of the table. Here
    the patients are sorted by an HMAC (RFC 2104) of their own rows. Its key is the sha256 over the rows of all: their
    identifiers, classes and every value, most of which the bundle does not hold. To know the key is to know all the
    data; and the same data give the same key, so that the bundle's bytes stay the same, however the table is sorted.
    """
    # in single precision, as they are written: the last bit of a feature must not decide the order of all
    numbers = X.select_dtypes("number").to_numpy(np.float32)
    texts = X.select_dtypes(exclude="number").astype(str).to_numpy(dtype=object)
    rows = []
    for patient, label, values, words in zip(X.index, labels, numbers, texts, strict=True):
        said = json.dumps([str(patient), str(label), *map(str, words)]).encode()
        rows.append(hashlib.sha256(said + b"\0" + values.tobytes()).digest())
    key = hashlib.sha256(b"".join(sorted(rows))).digest()
    tags = [hmac.new(key, row, hashlib.sha256).digest() for row in rows]
    return np.array(sorted(range(len(tags)), key=tags.__getitem__), dtype=np.intp)


def model_spaces(model: SignatureSet, X: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Patients as the models see them: encoded clinical columns, and selected features by signature.

    Parameters
    ----------
    model
        Fitted.
    X
        Patients by (feature group, name). What lacks a feature group is left out.

    Returns
    -------
    By name of the space, (patients, columns).
    """
    X, present = model.harmonised(X), set(X.columns.get_level_values(0))
    spaces = {CLINICAL: _encoded(model, X)} if CLINICAL in present else {}
    spaces |= model.feature_spaces(X)
    return {name: space for name, space in spaces.items() if space.shape[1]}


def image_spaces(
    schema: BundleSchema, model: SignatureSet, spaces: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Spaces in which a training patient's image measures again as it did.

    Clinical values do not tell people apart, and for a fine-tuned network the training patients' features come from
    networks that had not seen them.

    Parameters
    ----------
    schema, model
        Of the bundle.
    spaces
        From `model_spaces`.
    """
    tuned = schema.deep is not None and schema.deep.training != "frozen"
    return {
        name: space
        for name, space in spaces.items()
        if name != CLINICAL and not (tuned and model.fitted_[name].network is not None)
    }


def training_cases(reference: Reference, spaces: Mapping[str, pd.DataFrame]) -> NDArray[np.intp]:
    """Find the training case that each patient measures as, to the last digit that is kept.

    Parameters
    ----------
    reference
        The training patients.
    spaces
        New patients, (patients, columns) each, from `image_spaces`.

    Returns
    -------
    (patients,), number of the case; 0 where there is none, or where the features agree too often by chance. Of no
    length without a space.
    """
    pairs = [(reference.spaces[name][space.columns], space) for name, space in spaces.items()]
    if not pairs:
        return np.zeros(0, np.intp)
    known, new = (np.hstack([pair[side].to_numpy(np.float64) for pair in pairs]) for side in (0, 1))
    # the column that tells most cases apart leaves few candidates for the others
    leading = int(np.argmax([len(np.unique(column)) for column in known[:FIRST].T]))
    order = np.argsort(known[:, leading], kind="stable")
    low, high = (np.searchsorted(known[order, leading], new[:, leading] + step) for step in (-SAME, SAME))
    found = np.zeros(len(new), np.intp)
    for patient, candidates in enumerate(order[first:last] for first, last in zip(low, high, strict=True)):
        same = candidates[(np.abs(known[candidates] - new[patient]) < SAME).all(axis=1)]
        if len(same):
            found[patient] = reference.labels.index[same[0]]
    if found.any() and len(known) * np.prod([_share_alike(column) for column in known.T]) > BY_CHANCE:
        return np.zeros(len(new), np.intp)
    return found


def _share_alike(column: NDArray[np.float64]) -> float:
    """Share of the pairs of cases that agree in a standardised column, and what rounding alone would give."""
    ordered = np.sort(column)
    following = np.searchsorted(ordered, ordered + SAME, side="right") - np.arange(1, len(ordered) + 1)
    return float(following.sum() / max(len(column) * (len(column) - 1) / 2, 1)) + SAME


def spaces_seen(model: SignatureSet) -> dict[str, tuple[str, ...]]:
    """Names of the spaces of `model_spaces` that each signature rests on, by itself or through those that it stacks.

    Parameters
    ----------
    model
        Fitted. A name among the spaces of a signature may have no space: a stacked one has none of its own.
    """
    seen: dict[str, tuple[str, ...]] = {}
    for name, signature in model.fitted_.items():
        own = (name, CLINICAL) if signature.clinical_kinds else (name,)
        inherited = [space for parent in signature.parents for space in seen[parent]]
        seen[name] = tuple(dict.fromkeys([*own, *inherited]))
    return seen


def _encoded(model: SignatureSet, X: pd.DataFrame) -> pd.DataFrame:
    """Clinical columns as the logistic signatures encode them, each column once."""
    columns: dict[str, NDArray[np.float64]] = {}
    for signature in model.fitted_.values():
        encoder = signature.clinical_encoder
        if encoder is None:
            continue
        for variable in signature.clinical_kinds:
            values = encoder.encode(variable, X[CLINICAL, variable])
            columns |= {name: values[:, i] for i, name in enumerate(encoder.columns_of(variable))}
    return pd.DataFrame(columns, index=X.index)


def dump_reference(reference: Reference) -> bytes:
    """Write as Parquet; features in single precision."""
    parts = {_LABEL: pd.DataFrame({(_LABEL, ""): reference.labels.astype(str)}), _SCORE: reference.scores}
    if reference.spaces:
        # no space is left where every column encodes to nothing, as a category without a level that is frequent enough
        parts[_SPACE] = pd.concat({name: s.astype(np.float32) for name, s in reference.spaces.items()}, axis=1)
    table = pd.concat(parts, axis=1)
    return bytes(table.to_parquet())


def load_reference(data: bytes) -> Reference:
    """Read what `dump_reference` wrote.

    Raises
    ------
    InputError
        The file holds something else.
    """
    try:
        _check_size(data)
        table = pd.read_parquet(io.BytesIO(data))
        labels, scores = (pd.DataFrame(table[part]) for part in (_LABEL, _SCORE))
        spaces = pd.DataFrame(table[_SPACE]) if _SPACE in table.columns.unique(0) else pd.DataFrame()
        names = spaces.columns.unique(0) if spaces.shape[1] else ()
        named = {str(name): pd.DataFrame(spaces[name]).astype(np.float64) for name in names}
        if scores.isna().any(axis=None) or any(not np.isfinite(space).all(axis=None) for space in named.values()):
            raise ValueError("not numbers")
        return Reference(labels.iloc[:, 0], scores.astype(np.float64), named)
    except InputError:
        raise
    # pyarrow's own errors, and whatever pandas makes of a table that it did not write
    except Exception:
        raise InputError(
            "the file of training cases cannot be read",
            fix="Use the folder `bundle` that `sonoher2 run` wrote, unchanged",
        ) from None


def _check_size(data: bytes) -> None:
    """Refuse a table whose few bytes stand for more cells than any cohort has."""
    about = pyarrow.parquet.ParquetFile(io.BytesIO(data)).metadata
    unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows * about.num_columns > MOST_CELLS or unpacked > 8 * MOST_CELLS:
        raise InputError(
            f"the file of training cases has more than {MOST_CELLS:,} cells",
            fix="Use the folder `bundle` that `sonoher2 run` wrote, unchanged",
        )
