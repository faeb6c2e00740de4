"""What a page must know of a model: above all, which clinical values it takes."""

from __future__ import annotations

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.schema import BundleSchema
from sonoher2.bundle.training import LevelSummary, NumberSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.target import Her2Target
from sonoher2.segmentation.shipped import SHIPPED_SHA256
from sonoher2.server.work.models import SITE_KEY, BundleFacts, ClinicalField

KINDS = {"number": "number", "yes/no": "binary", "category": "category", "ordered": "ordinal"}


def facts_of(bundle: Bundle) -> BundleFacts:
    """Describe a model; one that harmonises sites asks for the site beside the clinical values."""
    schema, harmoniser = bundle.schema, bundle.model.harmoniser_
    fields = [_field(schema, key, column) for key, column in schema.clinical.items()]
    if harmoniser is not None:
        fields.append(ClinicalField(SITE_KEY, "site", "category", "", None, None, tuple(harmoniser.sites_), "", ""))
    unit = schema.radiomics.unit if schema.radiomics else None
    return BundleFacts(
        title=schema.title,
        synthetic=schema.synthetic,
        needs_image=schema.reading is not None,
        signatures=schema.signatures,
        main=schema.main,
        outcomes=tuple(schema.outcomes),
        unit=unit or "",
        notice=schema.notice,
        segmenter=_segmenter(schema),
        clinical=tuple(fields),
        her2=isinstance(schema.target, Her2Target),
    )


def _segmenter(schema: BundleSchema) -> str:
    if schema.reading is None:
        return ""
    return f"{schema.segmenter or SHIPPED_SHA256}:{'b-mode' if schema.reading.crop_to_b_mode else 'whole'}"


def _field(schema: BundleSchema, key: str, column: ClinicalColumn) -> ClinicalField:
    known = schema.training.clinical.get(key)
    low, high = column.low, column.high
    words = []
    if isinstance(known, NumberSummary) and known.quantiles and column.kind == "number":
        low, high = known.quantiles[0], known.quantiles[-1]
        words.append(f"training patients: {low:g} to {high:g}")
    return ClinicalField(
        key=key,
        label=(column.column or key).replace("_", " "),
        kind=KINDS[column.kind],
        unit=column.unit,
        low=low,
        high=high,
        choices=_choices(column, known),
        help="; ".join(words),
        timing=column.timing,
    )


def _choices(column: ClinicalColumn, known: NumberSummary | LevelSummary | None) -> tuple[str, ...]:
    if column.levels:
        return tuple(column.levels)
    if column.kind == "yes/no":
        return ("no", "yes")
    return tuple(known.shares) if isinstance(known, LevelSummary) else ()
