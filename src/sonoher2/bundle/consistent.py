"""Whether the parts of a bundle speak of one model; each may be whole and yet belong to another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sonoher2.bundle.reference import Reference, model_spaces
from sonoher2.bundle.schema import BundleSchema
from sonoher2.core.errors import InputError
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS, SITE, join_feature_groups, network_feature_groups
from sonoher2.signatures.set import SignatureSet

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def check_consistent(
    schema: BundleSchema, model: SignatureSet, networks: tuple[FrozenEncoder, ...], reference: Reference | None
) -> None:
    """Compare names and shapes, then score a patient of whom nothing is known.

    Raises
    ------
    InputError
        The parts do not belong together.
    """
    try:
        faults = [*_in_the_schema(schema), *_with_the_model(schema, model, networks)]
        if not faults:
            X = _nobody(schema, model, networks)
            faults = [*_in_scores(schema, model, X), *_with_the_reference(schema, model, reference, X)]
    except InputError:
        raise
    # a model whose attributes were changed fails in any way that Python knows
    except Exception as error:
        faults = [f"the model cannot score a patient ({type(error).__name__})"]
    if faults:
        raise InputError(
            f"the parts of the bundle do not belong together: {faults[0]}",
            fix="Use the folder `bundle` that `sonoher2 run` wrote, unchanged",
        )


def _in_the_schema(schema: BundleSchema) -> Iterator[str]:
    classes, outcomes = schema.classes, set(schema.outcomes) if len(schema.classes) > 1 else set()
    if len(set(classes)) != len(classes) or len(classes) < 2:
        yield "classes are named twice, or there is only one"
    if not schema.signatures or set(schema.thresholds) != set(schema.signatures):
        yield "signatures and thresholds differ"
    if schema.main not in schema.signatures:
        yield "the main signature is none of the signatures"
    thresholds: list[Mapping[str, float]] = list(schema.thresholds.values())
    thresholds += [found for one in schema.uncertainty.values() for found in (one.rule_out, one.rule_in)]
    if any(set(found) != outcomes or any(math.isnan(value) for value in found.values()) for found in thresholds):
        yield "thresholds and outcomes differ"
    if not set(schema.uncertainty) <= set(schema.signatures):
        yield "conformal quantiles are given for a signature that is not there"
    if any(len(found.conformal_quantiles) != len(classes) for found in schema.uncertainty.values()):
        yield "conformal quantiles and classes differ"
    if not set(schema.training_patients) <= set(classes):
        yield "training patients are counted in a class that is not there"
    if (schema.reading is None) != (schema.radiomics is None) or (schema.deep and schema.reading is None):
        yield "it says how to measure images, but not how to read them, or the other way round"
    if schema.deep is not None and schema.deep.weights != "none":
        yield "it names a file of weights"


def _with_the_model(schema: BundleSchema, model: SignatureSet, networks: tuple[FrozenEncoder, ...]) -> Iterator[str]:
    if set(model.fitted_) != set(schema.signatures):
        yield "the model's signatures are others"
    if list(model.classes_) != list(range(len(schema.classes))):
        yield "the model's classes are others"
    if any(signature.needs_image for signature in model.fitted_.values()) and schema.reading is None:
        yield "the model needs images and nothing says how to read them"
    kinds = {key: column.kind for key, column in schema.clinical.items()}
    for name, signature in model.fitted_.items():
        if any(kinds.get(key) != kind for key, kind in signature.clinical_kinds.items()):
            yield f"the clinical columns of {name} are others"
    named = [] if schema.deep is None else list(schema.deep.network)
    if sorted(network.network for network in networks) != sorted(named):
        yield "the networks are others"
    if any(schema.deep is not None and network.size != schema.deep.size for network in networks):
        yield "the networks take pictures of another size"
    if any(schema.deep is not None and network.mirror != schema.deep.mirror for network in networks):
        yield "the networks disagree with the settings about mirror images"


def _nobody(schema: BundleSchema, model: SignatureSet, networks: tuple[FrozenEncoder, ...]) -> pd.DataFrame:
    """Feature table of one patient of whom nothing is known; features are 0."""
    missing = {
        key: pd.Series([None], dtype=object) if column.kind == "category" else pd.Series([np.nan])
        for key, column in schema.clinical.items()
    }
    feature_groups = {CLINICAL: pd.DataFrame(missing, index=[0])}
    if schema.radiomics is not None:
        from sonoher2.radiomics.extract import feature_names

        names = feature_names(schema.radiomics)
        feature_groups[RADIOMICS] = pd.DataFrame(np.zeros((1, len(names))), columns=names)
        if model.harmoniser_ is not None:
            feature_groups[SITE] = pd.DataFrame({SITE: [None]}, dtype=object)
    for network in networks:
        blank = np.zeros((1, 2, network.size, network.size), np.uint8)
        feature_groups |= network_feature_groups(network, pd.DataFrame(network.raw_embedding([blank])))
    return join_feature_groups(feature_groups)


def _in_scores(schema: BundleSchema, model: SignatureSet, X: pd.DataFrame) -> Iterator[str]:
    for name, scores in model.predict_proba(X).items():
        right = scores.shape == (1, len(schema.classes)) and np.isfinite(scores).all()
        if not right or (scores < 0).any() or abs(scores.sum() - 1) > 1e-6:
            yield f"what {name} gives are no probabilities"


def _with_the_reference(
    schema: BundleSchema, model: SignatureSet, reference: Reference | None, X: pd.DataFrame
) -> Iterator[str]:
    if reference is None:
        return
    scored = {(name, outcome) for name in schema.signatures for outcome in schema.outcomes}
    if {tuple(name) for name in reference.scores.columns} != scored or not set(reference.labels) <= set(schema.classes):
        yield "the training cases have other scores or classes"
    if _columns(reference.spaces) != _columns(model_spaces(model, X)):
        yield "the training cases have other columns"


def _columns(spaces: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
    return {name: list(map(str, space)) for name, space in spaces.items()}
