"""What a page must know of a model: above all, which clinical values it takes."""

from __future__ import annotations

from sonoher2.bundle.schema import BundleSchema
from sonoher2.bundle.training import LevelSummary, NumberSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.server.work.models import BundleFacts, ClinicalField

KINDS = {"number": "number", "yes/no": "binary", "category": "category", "ordered": "ordinal"}


def facts_of(schema: BundleSchema) -> BundleFacts:
    """Describe a model.

    Parameters
    ----------
    schema
        Of the model.
    """
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
        clinical=tuple(_field(schema, key, column) for key, column in schema.clinical.items()),
    )


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
